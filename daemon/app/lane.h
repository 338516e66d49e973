/*
 * lane.h - the pace of one way by which messages leave: so many segments a
 * second, and so many messages that no SMSC has taken yet.
 *
 * Bearerbox sends what lies in it newest first, so nothing is to lie there: what
 * was handed over counts until the SMSC's word comes.  A word that never comes
 * (bearerbox was started anew) frees its place after a while, one at a time, so
 * that a link which is down does not fill bearerbox either.
 * Pure: the caller says what time it is (clock_mono(), ms).
 */
#ifndef LANE_H
#define LANE_H

#include <stdbool.h>
#include <stdint.h>

struct lane;

/* rate: segments a second, 0 no limit.  window: messages handed over and not taken. */
struct lane *lane_new(int rate, int window);
void lane_free(struct lane *l);

/* How many messages may be handed over now.  0 too while only a few could: they
 * go together a moment later. */
int lane_room(struct lane *l, int64_t now);

/* This one was, and costs so many segments; it may be more than there was room for. */
void lane_sent(struct lane *l, int16_t bucket, int64_t id, int segments, int64_t now);

/* Its fate is known.  False: it is none of ours. */
bool lane_told(struct lane *l, int16_t bucket, int64_t id);

/* Bearerbox was connected anew: what it had is its own business. */
void lane_clear(struct lane *l);

/* From time to time. */
void lane_tick(struct lane *l, int64_t now);

int lane_waiting(const struct lane *l);

#endif
