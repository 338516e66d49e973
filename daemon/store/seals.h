/*
 * seals.h - rows of the audit get their place in the chain of hashes (base/chain), some
 * at a time, in the order of their times, after they were written: no step waits
 * for it.
 */
#ifndef SEALS_H
#define SEALS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/chain.h"

struct pg;
struct store;

void seals_prepare(struct pg *pg);

struct seals_block {
    int64_t block, at;                  /* at: ms since the epoch; block 0: there is none yet */
    char hash[CHAIN_HEX_SIZE];
};

/* Whom it is told; outlives the store.  rows: sealed as one block behind last; 0: none waited, or another
 * process was faster; -1: it failed. */
struct seals_teller {
    void (*sealed)(void *arg, int rows, const struct seals_block *last);
    void *arg;
    /* the room's own, between its two statements */
    struct store *store;
    struct seals_block last;
    int rows;
    int64_t now;
};

#define SEALS_MAX 500                   /* rows of a block */

/* One at a time for a teller.  Two processes that seal the same rows: one of them does. */
void seals_some(struct store *s, int64_t now, struct seals_teller *to);

#endif
