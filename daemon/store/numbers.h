/*
 * numbers.h - what is counted once for all processes: runs of case numbers, and
 * the menu generations with their sources.
 */
#ifndef NUMBERS_H
#define NUMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/pg.h"
#include "store/store.h"

struct numbers;

struct numbers *numbers_new(const struct store_ops *ops, void *arg, int stall_ms);
void numbers_free(struct numbers *n);
void numbers_prepare(struct pg *pg);

void numbers_lease(struct numbers *n, uint64_t ticket, int series, int count);

/* Kept until PostgreSQL has it, over any fall of the connection. */
void numbers_generation(struct numbers *n, int64_t id, const void *sources, size_t size);

bool numbers_waits(const struct numbers *n);
void numbers_send(struct numbers *n, struct pg *pg);

/* No writer: the leases that wait fail.  From the loop only. */
void numbers_fail(struct numbers *n);

#endif
