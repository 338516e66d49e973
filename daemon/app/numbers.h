/*
 * numbers.h - case numbers leased from the database, ahead of need.
 *
 * One pool per series.  A process that dies wastes what it leased; numbers are
 * plenty (10^8 per series) and are never given twice.
 */
#ifndef NUMBERS_H
#define NUMBERS_H

#include <stdbool.h>
#include <stdint.h>

struct numbers;
struct store;

/* Called for a waiter when its number came (n >= 0) or cannot come (n < 0). */
typedef void numbers_fn(void *arg, uint64_t waiter, int64_t n);

struct numbers *numbers_new(struct store *store, numbers_fn *fn, void *arg);
void numbers_free(struct numbers *n);

/* A number of series at once (*out), or false: fn tells waiter later. */
bool numbers_take(struct numbers *n, int series, uint64_t waiter, int64_t *out);

/* The store's answer to a lease: ticket is the one that was given to it. */
void numbers_leased(struct numbers *n, uint64_t ticket, int64_t first, int count);

#endif
