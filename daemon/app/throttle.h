/*
 * throttle.h - how often something may happen to one number in an hour.
 *
 * Of fixed size: where too many numbers meet, the oldest is forgotten, and may
 * do more than it should.  Two machines that answer each other stop here.
 */
#ifndef THROTTLE_H
#define THROTTLE_H

#include <stdbool.h>
#include <stdint.h>

struct throttle;

struct throttle *throttle_new(int per_hour);
void throttle_free(struct throttle *t);

/* Once more; false: so often already within an hour of the first time.  now: ms
 * of a clock that is never set. */
bool throttle_take(struct throttle *t, const char *number, int64_t now);

#endif
