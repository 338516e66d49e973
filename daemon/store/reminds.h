/*
 * reminds.h - people who are to be told something today that they did not ask for
 * today: by rules, by reminders they wished for, by money that was sent,
 * by work that they left.
 *
 * Each is taken, marked and put into the outbox by one statement.
 */
#ifndef REMINDS_H
#define REMINDS_H

#include <stdint.h>

struct pg;
struct store;

enum reminds_of { REMINDS_RULES = 0, REMINDS_WISHES, REMINDS_PAYMENTS, REMINDS_DRAFTS, REMINDS_KINDS };

/* Texts of the menus: what each is due for, its language and class. */
struct reminds_words {
    const char *const *dues, *const *langs, *const *classes, *const *texts;
    int count;                          /* the tree's first language first */
};

/* Told in a later turn of the loop how many were looked at, -1: it failed; outlives the store. */
struct reminds_teller {
    void (*told)(void *arg, int count);
    void *arg;
};

void reminds_some(struct store *s, enum reminds_of of, int max, int64_t now, const struct reminds_words *words,
                  struct reminds_teller *to);

/* A dialogue that was left at this turn is told of when it is due, if nobody has gone on by then.  Nobody waits for it:
 * with the database away nobody is told. */
struct reminds_draft {
    const char *msisdn, *code;
    int32_t turn;
    int64_t due;                        /* ms since the epoch */
};
void reminds_keep(struct store *s, const struct reminds_draft *d);

void reminds_prepare(struct pg *pg);

#endif
