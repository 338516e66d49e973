/*
 * calendar.h - which days are worked, and how far apart two days are in them.
 *
 * A day of the week is worked or not; single days are holidays, or are worked
 * though they fall on a weekend.  Days are clock.h's: since 1970-01-01.  The
 * calendar is data: it is filled once, and then only read.
 */
#ifndef CALENDAR_H
#define CALENDAR_H

#include <stdbool.h>
#include <stdint.h>

#define CALENDAR_DAYS_MAX 4096          /* single days */
#define CALENDAR_FRIDAY 5               /* Sunday is 0 */
#define CALENDAR_SATURDAY 6
#define CALENDAR_COUNT_MAX 3650         /* days of a promise */

struct calendar;

/* Friday and Saturday are the weekend, and there are no holidays. */
struct calendar *calendar_new(void);
void calendar_free(struct calendar *c);

/* Days of the week that are not worked, one bit each; not all seven. */
void calendar_set_weekend(struct calendar *c, unsigned days);

/* A single day, in any order; the last word on a day counts.  False: too many. */
bool calendar_set_day(struct calendar *c, int32_t day, bool worked) __attribute__((warn_unused_result));

/* 0 (Sunday) .. 6 */
int calendar_weekday(int32_t day);

bool calendar_is_worked(const struct calendar *c, int32_t day);

/* The count-th worked day after from; from itself does not count. */
int32_t calendar_after(const struct calendar *c, int32_t from, int count);

/* Worked days after from, to and with to; 0 when to is not later, at most
 * CALENDAR_COUNT_MAX. */
int calendar_between(const struct calendar *c, int32_t from, int32_t to);

/* Is there a single day in this year?  Without one its holidays are not known. */
bool calendar_knows(const struct calendar *c, int year);

/* The last millisecond of a day, offset_minutes east of UTC. */
int64_t calendar_end(int32_t day, int offset_minutes);

#endif
