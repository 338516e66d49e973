#include "app/almanac.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"

#define ALMANAC_LOOK_MS 2000
#define ALMANAC_WEEK 0x7fu

struct almanac {
    struct store *store;
    struct days_teller teller;
    struct days_editions editions;
    struct calendar *calendar;
    struct calendar *coming;            /* being told */
    int64_t looked;                     /* clock_mono() */
    struct windows *windows;
    struct windows *opening;            /* being told */
};

static void almanac_on_editions(void *arg, const struct days_editions *e)
{
    struct almanac *a = arg;
    int64_t calendar = a->editions.calendar, windows = a->editions.windows;

    a->editions = *e;
    a->editions.calendar = calendar;    /* of the one in memory */
    if (a->calendar == NULL || e->calendar != calendar)
        days_ask_calendar(a->store, &a->teller);
    a->editions.windows = windows;
    if (a->windows == NULL || e->windows != windows)
        days_ask_windows(a->store, &a->teller);
}

static void almanac_on_weekend(void *arg, unsigned days)
{
    struct almanac *a = arg;

    calendar_free(a->coming);
    a->coming = calendar_new();
    if (days == ALMANAC_WEEK) {
        log_err("event=calendar_has_no_week reason=\"all days of the week are weekend\" next=\"Friday and Saturday are\"");
        return;
    }
    calendar_set_weekend(a->coming, days);
}

static void almanac_on_day(void *arg, int32_t day, bool worked)
{
    struct almanac *a = arg;

    if (!calendar_set_day(a->coming, day, worked))
        log_warn("event=calendar_full day=%" PRId32, day);
}

/* Promises reach into the year after: whoever runs this must bring its holidays. */
static void almanac_warn(const struct almanac *a)
{
    int year = clock_date_of(clock_day(clock_now(), 0)).year;

    if (!calendar_knows(a->calendar, year))
        log_warn("event=no_holidays year=%d next=\"promised days are counted without them; kheya import holidays\"", year);
}

static void almanac_on_calendar(void *arg, int64_t edition)
{
    struct almanac *a = arg;

    calendar_free(a->calendar);
    a->calendar = a->coming;
    a->coming = NULL;
    a->editions.calendar = edition;
    log_info("calendar=%" PRId64 " event=read", edition);
    almanac_warn(a);
}

static void almanac_on_window(void *arg, const struct days_window *w)
{
    struct almanac *a = arg;

    if (a->opening == NULL)
        a->opening = windows_new();
    windows_add(a->opening, w->service, w->place, w->opens, w->closes);
}

static void almanac_on_windows(void *arg, int64_t edition)
{
    struct almanac *a = arg;

    windows_free(a->windows);
    a->windows = a->opening != NULL ? a->opening : windows_new();
    a->opening = NULL;
    a->editions.windows = edition;
    log_info("windows=%" PRId64 " event=read", edition);
}

static const struct days_ops almanac_ops = {
    .editions = almanac_on_editions,
    .weekend = almanac_on_weekend,
    .day = almanac_on_day,
    .calendar = almanac_on_calendar,
    .window = almanac_on_window,
    .windows = almanac_on_windows,
};

struct almanac *almanac_new(struct store *store)
{
    struct almanac *a = xcalloc(1, sizeof *a);

    a->store = store;
    a->teller = (struct days_teller){ &almanac_ops, a };
    return a;
}

void almanac_free(struct almanac *a)
{
    if (a == NULL)
        return;
    calendar_free(a->calendar);
    calendar_free(a->coming);
    windows_free(a->windows);
    windows_free(a->opening);
    free(a);
}

void almanac_tick(struct almanac *a)
{
    int64_t now = clock_mono();

    if (a->looked != 0 && now - a->looked < ALMANAC_LOOK_MS)
        return;
    a->looked = now;
    days_ask_editions(a->store, &a->teller);
}

const struct calendar *almanac_calendar(const struct almanac *a)
{
    return a->calendar;
}

const struct windows *almanac_windows(const struct almanac *a)
{
    return a->windows;
}

const struct days_editions *almanac_editions(const struct almanac *a)
{
    return &a->editions;
}
