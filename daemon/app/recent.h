/*
 * recent.h - answers of the menus' queries that may be given again for a
 * while ("cache: 60s"), in this process.
 *
 * Bounded in octets; the oldest goes first.  An answer belongs to its query and
 * its arguments, so one person's is never another's.
 */
#ifndef RECENT_H
#define RECENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/flow.h"

struct recent;

struct recent *recent_new(size_t max_octets);
void recent_free(struct recent *r);

/* The answer of this question under m, if it is not older than the query allows.
 * rows borrows from r until the next recent_put(). */
bool recent_get(struct recent *r, const struct menu *m, const struct flow_question *q, int64_t now,
                struct flow_rows *rows);

/* Keep an answer; nothing is kept of a query without "cache". */
void recent_put(struct recent *r, const struct menu *m, const struct flow_question *q, int64_t now,
                const struct flow_rows *rows);

#endif
