#include "base/clock.h"

#include <time.h>

static bool clock_faked;
static int64_t clock_fake_ms;

static int64_t clock_read_us(clockid_t id)
{
    struct timespec ts;

    clock_gettime(id, &ts);
    return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

int64_t clock_now(void)
{
    return clock_faked ? clock_fake_ms : clock_read_us(CLOCK_REALTIME) / 1000;
}

int64_t clock_mono(void)
{
    return clock_faked ? clock_fake_ms : clock_read_us(CLOCK_MONOTONIC) / 1000;
}

int64_t clock_mono_us(void)
{
    return clock_faked ? clock_fake_ms * 1000 : clock_read_us(CLOCK_MONOTONIC);
}

void clock_fake_set(int64_t ms)
{
    clock_faked = true;
    clock_fake_ms = ms;
}

void clock_fake_end(void)
{
    clock_faked = false;
}

void clock_fake_add(int64_t ms)
{
    clock_fake_ms += ms;
}

int32_t clock_day(int64_t ms, int offset_minutes)
{
    int64_t day_ms = INT64_C(86400000);
    int64_t t = ms + (int64_t)offset_minutes * 60000;

    return (int32_t)(t >= 0 ? t / day_ms : -((-t + day_ms - 1) / day_ms));
}

static bool clock_is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int clock_month_days(int year, int month)
{
    static const int days[12] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

    return month == 2 && clock_is_leap(year) ? 29 : days[month - 1];
}

/* Days before year-03-01 count from a March that starts the year, so that the
 * leap day comes last: the usual reduction of the Gregorian calendar. */
int32_t clock_day_of(struct clock_date d)
{
    int y;
    int m;

    if (d.year < 1 || d.year > 9999 || d.month < 1 || d.month > 12 || d.day < 1 ||
        d.day > clock_month_days(d.year, d.month))
        return CLOCK_DATE_NONE;
    y = d.month <= 2 ? d.year - 1 : d.year;
    m = d.month <= 2 ? d.month + 9 : d.month - 3;
    return (int32_t)(365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + d.day - 1 - 719468);
}

struct clock_date clock_date_of(int32_t day)
{
    int32_t z = day + 719468;
    int32_t era = (z >= 0 ? z : z - 146096) / 146097;
    int32_t doe = z - era * 146097;
    int32_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int32_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int32_t mp = (5 * doy + 2) / 153;
    struct clock_date d;

    d.day = doy - (153 * mp + 2) / 5 + 1;
    d.month = mp < 10 ? mp + 3 : mp - 9;
    d.year = yoe + era * 400 + (d.month <= 2 ? 1 : 0);
    return d;
}
