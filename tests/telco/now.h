/*
 * now.h - the telco's two clocks.
 */
#ifndef NOW_H
#define NOW_H

#include <stdint.h>
#include <sys/time.h>

/* Microseconds since some start; never goes back. */
int64_t now_us(void);
/* Milliseconds since the epoch, for people. */
int64_t now_wall_ms(void);

static inline struct timeval now_tv(int64_t ms)
{
    return (struct timeval){ .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };
}

#endif
