/*
 * polls.h - cases that agencies' systems have, and what was last heard of each.
 *
 * Who takes a batch puts it off in the same statement: who dies has it asked for
 * again when the time is over.
 */
#ifndef STORE_POLLS_H
#define STORE_POLLS_H

#include <stdbool.h>
#include <stdint.h>

#include "store/pg.h"

struct store;

#define POLLS_HEARD_MAX 104             /* octets, with the NUL */

struct polls_case {                     /* borrowed until the callback returns */
    int16_t bucket;
    int64_t number, generation;
    int seq, news;                      /* of its last event; how often something new was heard */
    const char *service, *agency, *state, *heard;
};

struct polls_teller {
    /* list NULL: the database is away, or the statement failed; try again later */
    void (*taken)(void *arg, uint64_t ticket, const struct polls_case *list, int count);
    void *arg;
};

void polls_prepare(struct pg *pg);

/* Those of a back end that are due, at most max; none of them again for every_ms. */
#define POLLS_BATCH_MAX 50
void polls_take(struct store *s, uint64_t ticket, const char *backend, int max, int64_t every_ms,
                struct polls_teller *to);

/* Its news number news was this word; "" keeps what was heard. */
void polls_heard(struct store *s, int16_t bucket, int64_t number, int news, const char *word);

/* Not before at; 0: never again. */
void polls_next(struct store *s, int16_t bucket, int64_t number, int64_t at);

#endif
