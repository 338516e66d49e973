/*
 * series.h - what is the same for all processes: runs of case numbers, the menu
 * generations with their sources, the warning that is on, the end of the tape and
 * of what was said in dialogues that were dropped.
 */
#ifndef SERIES_H
#define SERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/pg.h"
#include "store/store.h"

struct series;

struct series *series_new(const struct store_ops *ops, void *arg, int stall_ms);
void series_free(struct series *n);
void series_prepare(struct pg *pg);

void series_lease(struct series *n, uint64_t ticket, int series, int count);

/* Both wait until PostgreSQL has them, over any fall of the connection. */
void series_publish(struct series *n, const struct store_generation *g, bool again);
void series_retire(struct series *n, int64_t age_ms);

void series_cut_tape(struct series *n, int64_t at);
/* What was said in dialogues that nobody can continue any more: some at a time. */
void series_wipe(struct series *n, int64_t now);
void series_forget_retired(struct series *n);
void series_current(struct series *n);
void series_sources(struct series *n, int64_t id);
void series_alert(struct series *n);

bool series_waits(const struct series *n);
void series_send(struct series *n, struct pg *pg);

/* No writer: all that waits fails, but those two.  From the loop only. */
void series_fail(struct series *n);

#endif
