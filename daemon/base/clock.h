/*
 * clock.h - the only caller of clock_gettime(2); tests set the time.
 *
 * Times are milliseconds since 1970-01-01 UTC in an int64_t.  Dates are days
 * since 1970-01-01 (proleptic Gregorian) in an int32_t.
 */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#define CLOCK_DATE_NONE INT32_MIN

struct clock_date {
    int year;
    int month;              /* 1..12 */
    int day;                /* 1..31 */
};

/* Wall clock, in ms since the epoch. */
int64_t clock_now(void);

/* Clock that never goes back, in ms (and us, ns) from an arbitrary start: for timers. */
int64_t clock_mono(void);
int64_t clock_mono_us(void);

/* From now on both clocks stand at ms and move only by clock_fake_add(), until clock_fake_end(). */
void clock_fake_set(int64_t ms);
void clock_fake_end(void);
void clock_fake_add(int64_t ms);

/* The civil day at time ms, offset_minutes east of UTC. */
int32_t clock_day(int64_t ms, int offset_minutes);

/* CLOCK_DATE_NONE when there is no such day or the year is not in 1..9999. */
int32_t clock_day_of(struct clock_date date);
struct clock_date clock_date_of(int32_t day);

#endif
