/*
 * shelf.h - an agency's cases as its system reads them, and the nonces that it
 * has used.
 *
 * Every statement names the agency: a case of another one is not there.  A page
 * begins behind a case, not at a count, so that it misses none and shows none twice
 * while others come and move.
 */
#ifndef SHELF_H
#define SHELF_H

#include <stdbool.h>
#include <stdint.h>

#include "base/casefile.h"

struct shelf_rows;
struct store;

struct shelf_answer {
    bool lost;                          /* nobody knows: not now */
    int count;                          /* rows */
    const struct shelf_rows *rows;      /* borrowed until the callback returns */
};
typedef void (*shelf_fn)(void *arg, uint64_t ticket, const struct shelf_answer *a);

/* Whom the answer is for; lives until it is given. */
struct shelf_done {
    shelf_fn fn;
    void *arg;
    uint64_t ticket;
};

/* Use a nonce of a key, which is of no use to others until the time until: one
 * row when it was not used before, none when it was. */
void shelf_nonce(struct store *s, const char *key, const char *nonce, int64_t until, struct shelf_done *done);

struct shelf_list {
    const char *agency;
    const char *service, *state;        /* "" any */
    int64_t since;                      /* by_change: changed then or later */
    bool by_change;                     /* in the order of their last change, else of their creation */
    int64_t at, number;                 /* behind this one; 0, 0: from the beginning */
    int limit;
};
void shelf_list(struct store *s, const struct shelf_list *list, struct shelf_done *done);

/* One case with its events behind seq after, at most limit rows: no row when there is no such case; one row
 * without event (seq 0) when there is none behind it. */
void shelf_case(struct store *s, const char *agency, int64_t number, int after, int limit, struct shelf_done *done);

/* Of a row of a list: is it one that was asked for, and was no case behind it looked at? */
bool shelf_fits(const struct shelf_rows *rows, int row);
bool shelf_cuts(const struct shelf_rows *rows, int row);

/* Of a row. */
void shelf_file(const struct shelf_rows *rows, int row, struct casefile *f);
void shelf_event(const struct shelf_rows *rows, int row, struct casefile_event *e);

/* The writers' part. */
struct pg;
void shelf_prepare(struct pg *pg);

#endif
