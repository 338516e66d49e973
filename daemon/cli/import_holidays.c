/* import_holidays.c - days that are not worked: a year's holidays, and the weekend. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/calendar.h"
#include "base/clock.h"
#include "cli/import.h"
#include "store/imports.h"

#define HOLIDAYS_NAME_MAX 80            /* characters, as the database says */
#define HOLIDAYS_WEEK 0x7fu

enum { HOLIDAYS_DAY = 0, HOLIDAYS_KIND, HOLIDAYS_NAME };

struct holidays {
    struct imports_holiday days[CALENDAR_DAYS_MAX];
    int lines[CALENDAR_DAYS_MAX];
    struct imports_calendar calendar;
    int weekend_lines[7];               /* 0: not in the file */
};

static void *holidays_begin(const struct import_list *list)
{
    (void)list;
    return xcalloc(1, sizeof(struct holidays));
}

static void holidays_end(void *data)
{
    struct holidays *h = data;

    for (size_t i = 0; i < h->calendar.count; i++)
        free((char *)(uintptr_t)h->days[i].name);
    free(h);
}

static int holidays_weekday(const char *name)
{
    static const char *const names[] = { "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday" };

    for (int i = 0; i < 7; i++)
        if (strcasecmp(name, names[i]) == 0)
            return i;
    return -1;
}

static void holidays_weekend(struct holidays *h, struct import *im, const struct import_row *row)
{
    int weekday = holidays_weekday(row->cells[HOLIDAYS_DAY]);

    if (weekday < 0) {
        import_error(im, row, HOLIDAYS_DAY, "'%.40s' is no day of the week; write it in English, like Friday",
                     row->cells[HOLIDAYS_DAY]);
    } else if (h->weekend_lines[weekday] != 0) {
        import_error(im, row, HOLIDAYS_DAY, "%s stands on line %d already", row->cells[HOLIDAYS_DAY],
                     h->weekend_lines[weekday]);
    } else if ((h->calendar.weekend | 1u << weekday) == HOLIDAYS_WEEK) {
        import_error(im, row, HOLIDAYS_DAY, "with %s no day of the week is worked", row->cells[HOLIDAYS_DAY]);
    } else {
        h->weekend_lines[weekday] = row->line;
        h->calendar.weekend |= 1u << weekday;
        h->calendar.has_weekend = true;
    }
}

static bool holidays_name(struct import *im, const struct import_row *row)
{
    size_t n = 0, len = strlen(row->cells[HOLIDAYS_NAME]);
    const char *s = row->cells[HOLIDAYS_NAME];

    for (size_t i = 0; i < len; i++)
        n += ((unsigned char)s[i] & 0xc0) != 0x80;
    if (n >= 1 && n <= HOLIDAYS_NAME_MAX)
        return true;
    import_error(im, row, HOLIDAYS_NAME, "a day has a name of 1 to %d characters", HOLIDAYS_NAME_MAX);
    return false;
}

static void holidays_day(struct holidays *h, struct import *im, const struct import_row *row, bool worked)
{
    size_t n = h->calendar.count;
    int32_t day;
    bool named = holidays_name(im, row);

    if (!import_day(im, row, HOLIDAYS_DAY, &day) || !named)
        return;
    for (size_t i = 0; i < n; i++) {
        if (h->days[i].day == day) {
            import_error(im, row, HOLIDAYS_DAY, "%s stands on line %d already", row->cells[HOLIDAYS_DAY], h->lines[i]);
            return;
        }
    }
    if (n == CALENDAR_DAYS_MAX) {
        import_error(im, row, HOLIDAYS_DAY, "more than %d days", CALENDAR_DAYS_MAX);
        return;
    }
    h->lines[n] = row->line;
    h->days[n] = (struct imports_holiday){ day, worked, xstrdup(row->cells[HOLIDAYS_NAME]) };
    h->calendar.count++;
}

static void holidays_row(void *data, struct import *im, const struct import_row *row)
{
    const char *kind = row->cells[HOLIDAYS_KIND];

    if (strcmp(kind, "weekend") == 0)
        holidays_weekend(data, im, row);
    else if (strcmp(kind, "holiday") == 0 || strcmp(kind, "worked") == 0)
        holidays_day(data, im, row, kind[0] == 'w');
    else
        import_error(im, row, HOLIDAYS_KIND, "'%.40s' is no kind of day; write holiday, worked or weekend", kind);
}

static void holidays_tell(const struct holidays *h, const struct imports_done *done)
{
    int first = INT32_MAX, last = 0;

    for (size_t i = 0; i < h->calendar.count; i++) {
        int year = clock_date_of(h->days[i].day).year;

        first = year < first ? year : first;
        last = year > last ? year : last;
    }
    if (last > 0)
        printf("holidays: %zu days, %d to %d: %" PRId64 " added, %" PRId64 " changed, %" PRId64 " gone\n",
               h->calendar.count, first, last, done->added, done->changed, done->gone);
    if (h->calendar.has_weekend)
        puts("weekend: as the file says");
}

static bool holidays_put(void *data, struct import *im, const char *conninfo, char *err, size_t n)
{
    struct holidays *h = data;
    struct imports_done done;

    (void)im;
    if (h->calendar.count == 0 && !h->calendar.has_weekend) {
        snprintf(err, n, "no day is in the file");
        return false;
    }
    h->calendar.days = h->days;
    if (!imports_calendar(conninfo, &h->calendar, &done, err, n))
        return false;
    holidays_tell(h, &done);
    return true;
}

const struct import_list import_holidays = {
    .name = "holidays",
    .help = "day, kind (holiday, worked, weekend), name: stands for the years in it",
    .columns = { [HOLIDAYS_DAY] = { "day", true }, [HOLIDAYS_KIND] = { "kind", true }, [HOLIDAYS_NAME] = { "name", true } },
    .begin = holidays_begin,
    .row = holidays_row,
    .put = holidays_put,
    .end = holidays_end,
};
