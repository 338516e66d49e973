/*
 * digests.h - what waits for an officer: asked for by her, and told her each
 * morning once.
 */
#ifndef DIGESTS_H
#define DIGESTS_H

#include <stdint.h>

#include "base/buf.h"
#include "store/officers.h"

struct digests;
struct generations;

/* hour: of the country's day, on days that are worked; -1: none are sent. */
struct digests *digests_new(struct store *store, struct generations *generations, int hour);
void digests_free(struct digests *d);

/* Ask for her queue, by the current menus. */
void digests_queue(struct digests *d, const struct store_officer *her, int64_t now, struct store_officer_done *done);

/* Append it in words. */
void digests_say(struct buf *out, const char *lang, const struct store_queue *q, int64_t now);

/* While the database is up, some times a second. */
void digests_tick(struct digests *d);

#endif
