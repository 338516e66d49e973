/*
 * trials.h - PINs as the database has them: their hashes, how often they were
 * tried, and how long they are locked.  Knows no PIN.
 *
 * A try is counted when it begins, not when it turns out wrong.  What names the
 * same attempt counts once.
 */
#ifndef TRIALS_H
#define TRIALS_H

#include <stdbool.h>
#include <stdint.h>

#include "store/pg.h"
#include "store/store.h"

struct trials;

struct trials *trials_new(const struct store_ops *ops, void *arg, int stall_ms);
void trials_free(struct trials *t);
void trials_prepare(struct pg *pg);

void trials_add(struct trials *t, uint64_t ticket, const struct store_pin *pin);

bool trials_wait(const struct trials *t);
void trials_send(struct trials *t, struct pg *pg);

/* No writer: all that waits fails.  From the loop only. */
void trials_fail(struct trials *t);

#endif
