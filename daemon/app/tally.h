/*
 * tally.h - where dialogues are left and how long they keep the network, counted in memory with each step and added to
 * the sums of the day (store/reach.h) every few seconds.
 *
 * A page adds one who came and is not gone on; her answer takes that back from the page it leaves.  So nothing is kept of a
 * dialogue, no timer runs, and the sums of several processes add up.  Blocks are counted likewise: each event adds what the
 * dial has become longer by.  Who is killed loses what was not sent yet; nothing is counted twice.
 *
 * Memory is bounded: beyond it keys, then screens too, are counted as "other".
 */
#ifndef TALLY_H
#define TALLY_H

#include <stdbool.h>

#include "engine/flow.h"

struct store;
struct tally;

/* The store outlives its use; it is freed after the store. */
struct tally *tally_new(struct store *store);
void tally_free(struct tally *t);

/* A dialled step was committed.  idle_ms: so long its network leaves a page before her.  Allocates nothing. */
void tally_step(struct tally *t, const struct session *s, const struct flow_out *out, const char *link, int idle_ms);

/* From the loop, some times a second, while the database is up.  now: at once, for we are about to end. */
void tally_tick(struct tally *t, bool now);

/* Nothing waits to be written. */
bool tally_is_idle(const struct tally *t);

#endif
