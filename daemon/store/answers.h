/*
 * answers.h - the last good answers of agencies' systems, for when they are away.
 *
 * An answer is kept under a name that tells nothing of what was asked, and for so
 * long as the menus say.
 */
#ifndef ANSWERS_H
#define ANSWERS_H

#include <stddef.h>
#include <stdint.h>

#include "store/pg.h"

#define ANSWERS_ID_SIZE 32

struct store;

void answers_prepare(struct pg *pg);

/* An older one under the same name goes. */
struct store_kept_answer {
    const unsigned char *id;            /* ANSWERS_ID_SIZE octets */
    int64_t at, until;                  /* ms since the epoch */
    const char *answer;
};
void store_answer_keep(struct store *s, const struct store_kept_answer *k);

/* answer NULL: there is none, or nobody knows.  Called in a later turn of the loop. */
struct store_answer_to {                /* must live until it is told */
    void (*fn)(void *arg, uint64_t ticket, int64_t at, const char *answer);
    void *arg;
};
void store_answer_recall(struct store *s, const unsigned char *id, int64_t now, struct store_answer_to *to,
                         uint64_t ticket);

/* Delete some of those whose time is over. */
void store_answer_sweep(struct store *s, int64_t now);

#endif
