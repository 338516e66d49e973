/*
 * sweeps.h - what was kept long enough: letters that agencies' systems refused for
 * good, and nonces of the API whose signatures are too old by now.
 *
 * Each sweep takes a bounded number of rows, those first that are the oldest.  A
 * letter that goes leaves a line in the audit, without what it held.
 */
#ifndef STORE_SWEEPS_H
#define STORE_SWEEPS_H

#include <stdbool.h>
#include <stdint.h>

#include "store/pg.h"

struct store;

#define SWEEPS_MAX 500                  /* rows of one sweep */

struct sweeps_teller {
    void (*swept)(void *arg, int count);        /* rows; -1: not now */
    void *arg;
};

void sweeps_prepare(struct pg *pg);

/* Letters refused before, ms since the epoch. */
void sweeps_refused(struct store *s, int64_t before, struct sweeps_teller *to);
/* Nonces that were to be kept until before. */
void sweeps_nonces(struct store *s, int64_t before, struct sweeps_teller *to);

#endif
