#include "base/calendar.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"

#define CALENDAR_WEEK 7
#define CALENDAR_DAY_MS (INT64_C(24) * 3600 * 1000)
#define CALENDAR_EPOCH_WEEKDAY 4        /* 1970-01-01 was a Thursday */

struct calendar_day {
    int32_t day;
    bool worked;
};

struct calendar {
    unsigned weekend;
    int count;
    struct calendar_day days[CALENDAR_DAYS_MAX];        /* ascending */
};

struct calendar *calendar_new(void)
{
    struct calendar *c = xcalloc(1, sizeof *c);

    c->weekend = 1u << CALENDAR_FRIDAY | 1u << CALENDAR_SATURDAY;
    return c;
}

void calendar_free(struct calendar *c)
{
    free(c);
}

void calendar_set_weekend(struct calendar *c, unsigned days)
{
    assert(days < (1u << CALENDAR_WEEK) - 1);
    c->weekend = days;
}

/* Where the first single day that is not before day stands, or would stand. */
static int calendar_place(const struct calendar *c, int32_t day)
{
    int low = 0, high = c->count;

    while (low < high) {
        int middle = low + (high - low) / 2;

        if (c->days[middle].day < day)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool calendar_set_day(struct calendar *c, int32_t day, bool worked)
{
    int i = calendar_place(c, day);

    if (i == c->count || c->days[i].day != day) {
        if (c->count == CALENDAR_DAYS_MAX)
            return false;
        memmove(&c->days[i + 1], &c->days[i], (size_t)(c->count - i) * sizeof c->days[0]);
        c->count++;
    }
    c->days[i] = (struct calendar_day){ day, worked };
    return true;
}

int calendar_weekday(int32_t day)
{
    int rest = (int)(((int64_t)day + CALENDAR_EPOCH_WEEKDAY) % CALENDAR_WEEK);

    return rest < 0 ? rest + CALENDAR_WEEK : rest;
}

static bool calendar_is_weekday(const struct calendar *c, int32_t day)
{
    return (c->weekend & 1u << calendar_weekday(day)) == 0;
}

bool calendar_is_worked(const struct calendar *c, int32_t day)
{
    int i = calendar_place(c, day);

    if (i < c->count && c->days[i].day == day)
        return c->days[i].worked;
    return calendar_is_weekday(c, day);
}

/* One week has a worked day at least, and single days that are not worked are
 * bounded: this ends. */
int32_t calendar_after(const struct calendar *c, int32_t from, int count)
{
    int32_t day = from;

    assert(count >= 0 && count <= CALENDAR_COUNT_MAX);
    while (count > 0)
        count -= calendar_is_worked(c, ++day);
    return day;
}

int calendar_between(const struct calendar *c, int32_t from, int32_t to)
{
    int count = 0;

    for (int32_t day = from; day < to && count < CALENDAR_COUNT_MAX;)
        count += calendar_is_worked(c, ++day);
    return count;
}

bool calendar_knows(const struct calendar *c, int year)
{
    int32_t first = clock_day_of((struct clock_date){ year, 1, 1 });
    int32_t last = clock_day_of((struct clock_date){ year, 12, 31 });
    int i;

    if (first == CLOCK_DATE_NONE)
        return false;
    i = calendar_place(c, first);
    return i < c->count && c->days[i].day <= last;
}

int64_t calendar_end(int32_t day, int offset_minutes)
{
    return ((int64_t)day + 1) * CALENDAR_DAY_MS - (int64_t)offset_minutes * 60 * 1000 - 1;
}
