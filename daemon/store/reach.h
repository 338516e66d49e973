/*
 * reach.h - sums of a day: where dialogues are left, and how long they keep the network.
 */
#ifndef REACH_H
#define REACH_H

#include <stddef.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "store/pg.h"

struct store;

/* What a sum is by; the last two are of dials, by link. */
enum reach_kind { REACH_SCRIPT = 0, REACH_LINK, REACH_UNION, REACH_PLACES, REACH_ENQUIRY = REACH_PLACES, REACH_TRANSACTION };

#define REACH_SUMS 4
#define REACH_ROWS_MAX (2u << 20)       /* octets of rows as text */
#define REACH_DAYS 400                  /* sums are kept */

/* --- the daemon ---------------------------------------------------------------------------- */

void reach_prepare(struct pg *pg);

struct reach_sum {
    int32_t day;                        /* since 1970-01-01 */
    enum reach_kind kind;
    int64_t sums[REACH_SUMS];           /* came, gone; of dials: dials, ms, blocks, blocks at most */
};

void reach_rows_begin(struct buf *rows);
void reach_rows_add(struct buf *rows, const struct reach_sum *sum, const char *screen, const char *key);

struct reach_teller {
    void (*counted)(void *arg, bool done);      /* false: it may be or not */
    void *arg;
};

/* Add rows, which it ends, to what stands, in one statement; what is older than REACH_DAYS goes. */
void reach_count(struct store *s, struct buf *rows, struct reach_teller *to);

/* --- the command line; blocks ----------------------------------------------------------------- */

/* Sums as the database writes them, borrowed.  left NULL: too few to be told. */
struct reach_funnel_row {
    const char *screen, *key, *came, *left;
};

/* Of the days since..until ("": all): how often a screen came up, and how often it was left with no end shown.
 * By union a count under 10 is not told, nor one that could be found by taking the others from the sum. */
bool reach_funnel(const char *conninfo, const char *since, const char *until, enum reach_kind by,
                  void (*row)(void *arg, const struct reach_funnel_row *r), void *arg, char *err, size_t n)
    __attribute__((warn_unused_result));

/* Dials as the network has them: each one by itself, also where it went on with a dialogue. */
struct reach_cost_row {
    const char *link, *transaction;     /* "t": a case was opened or moved in it, or a payment asked for; else "f" */
    const char *dials, *seconds;        /* seconds from the dial to the last event */
    const char *blocks, *blocks_most;   /* most: she kept each page that asks before her until the network ended it */
};

bool reach_cost(const char *conninfo, const char *since, const char *until,
                void (*row)(void *arg, const struct reach_cost_row *r), void *arg, char *err, size_t n)
    __attribute__((warn_unused_result));

#endif
