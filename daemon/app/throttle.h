/*
 * throttle.h - how often something may happen to one number within some time.
 *
 * Of fixed size: where too many numbers meet, the oldest is forgotten, and may
 * do more than it should.  Two machines that answer each other stop here.
 */
#ifndef THROTTLE_H
#define THROTTLE_H

#include <stdbool.h>
#include <stdint.h>

struct throttle;

#define THROTTLE_HOUR (3600 * INT64_C(1000))
#define THROTTLE_DAY (24 * THROTTLE_HOUR)

struct throttle *throttle_new(int times, int64_t window_ms);
void throttle_free(struct throttle *t);

/* Once more; false: so often already within the window since the first time.  now: ms
 * of a clock that is never set. */
bool throttle_take(struct throttle *t, const char *number, int64_t now);

/* As if it had never happened to this number. */
void throttle_forget(struct throttle *t, const char *number);

#endif
