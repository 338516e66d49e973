#include "base/stamp.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"

#define STAMP_DAY_MS INT64_C(86400000)
#define STAMP_FIRST (INT64_C(-719162) * STAMP_DAY_MS)                   /* 0001-01-01 */
#define STAMP_LAST (INT64_C(2932897) * STAMP_DAY_MS - 1)                /* 9999-12-31, its last */

const char *stamp_write(char out[STAMP_SIZE], int64_t ms)
{
    struct clock_date d;
    int32_t day;
    int rest;

    ms = ms < STAMP_FIRST ? STAMP_FIRST : ms > STAMP_LAST ? STAMP_LAST : ms;
    day = clock_day(ms, 0);
    d = clock_date_of(day);
    rest = (int)(ms - day * STAMP_DAY_MS);
    (void)snprintf(out, STAMP_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", d.year, d.month, d.day, rest / 3600000,
                   rest / 60000 % 60, rest / 1000 % 60, rest % 1000);
    return out;
}

/* Exactly n digits at *s, which moves on; -1: there are not. */
static int stamp_digits(const char **s, int n)
{
    int v = 0;

    for (; n > 0; n--, (*s)++) {
        if (**s < '0' || **s > '9')
            return -1;
        v = v * 10 + (**s - '0');
    }
    return v;
}

static bool stamp_is(const char **s, char a, char b)
{
    if (**s != a && **s != b)
        return false;
    (*s)++;
    return true;
}

/* "hh:mm:ss", at most 23:59:59: a leap second is not ours.  -1: it is none. */
static int stamp_clock(const char **s)
{
    int h = stamp_digits(s, 2), m, sec;

    if (h < 0 || h > 23 || !stamp_is(s, ':', ':') || (m = stamp_digits(s, 2)) < 0 || m > 59 ||
        !stamp_is(s, ':', ':') || (sec = stamp_digits(s, 2)) < 0 || sec > 59)
        return -1;
    return ((h * 60 + m) * 60 + sec) * 1000;
}

/* ".123", ".1", or nothing; -1: a point without digits, or more than three. */
static int stamp_fraction(const char **s)
{
    int ms = 0, weight = 100;

    if (!stamp_is(s, '.', '.'))
        return 0;
    if (**s < '0' || **s > '9')
        return -1;
    for (; **s >= '0' && **s <= '9'; (*s)++, weight /= 10) {
        if (weight == 0)
            return -1;
        ms += weight * (**s - '0');
    }
    return ms;
}

/* Minutes east of UTC. */
static bool stamp_zone(const char **s, int *minutes)
{
    int sign = **s == '-' ? -1 : 1, h, m;

    *minutes = 0;
    if (stamp_is(s, 'Z', 'z'))
        return true;
    if (!stamp_is(s, '+', '-') || (h = stamp_digits(s, 2)) < 0 || h > 23 || !stamp_is(s, ':', ':') ||
        (m = stamp_digits(s, 2)) < 0 || m > 59)
        return false;
    *minutes = sign * (h * 60 + m);
    return true;
}

bool stamp_read(const char *text, int64_t *ms)
{
    struct clock_date d = { 0 };
    int clock, fraction, zone;
    int32_t day;

    if ((d.year = stamp_digits(&text, 4)) < 1 || !stamp_is(&text, '-', '-') || (d.month = stamp_digits(&text, 2)) < 1 ||
        !stamp_is(&text, '-', '-') || (d.day = stamp_digits(&text, 2)) < 1 || !stamp_is(&text, 'T', 't'))
        return false;
    day = clock_day_of(d);
    if (day == CLOCK_DATE_NONE || (clock = stamp_clock(&text)) < 0 || (fraction = stamp_fraction(&text)) < 0 ||
        !stamp_zone(&text, &zone) || *text != '\0')
        return false;
    *ms = day * STAMP_DAY_MS + clock + fraction - zone * INT64_C(60000);
    return true;
}
