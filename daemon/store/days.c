#include "store/days.h"

#include <string.h>

#include "store/errands.h"
#include "store/store.h"

#define DAYS_SINGLE_MAX "4096"          /* single days that are told, the latest: CALENDAR_DAYS_MAX */
#define DAYS_WINDOWS_MAX "50000"

enum days_statement { DAYS_EDITIONS = 0, DAYS_CALENDAR, DAYS_WINDOWS, DAYS_COUNTED, DAYS_STATEMENTS };

/* A day as clock.h counts them; infinities as its bounds. */
#define DAYS_NUMBER(d) \
    "CASE WHEN isfinite(" d ") THEN " d " - date '1970-01-01' WHEN " d " < date '1970-01-01' THEN -2147483648" \
    " ELSE 2147483647 END"

static const struct errand_sql days_statements[DAYS_STATEMENTS] = {
    [DAYS_EDITIONS] = { "days_editions",
        "SELECT e.name, e.number FROM kheya.edition e" },
    /* the edition first, then days of the week, then single days */
    [DAYS_CALENDAR] = { "days_calendar",
        "SELECT 0, e.number, false FROM kheya.edition e WHERE e.name = 'calendar'"
        " UNION ALL SELECT 1, w.weekday, false FROM kheya.weekend w"
        " UNION ALL (SELECT 2, h.day - date '1970-01-01', h.worked FROM kheya.holiday h"
        "            ORDER BY h.day DESC LIMIT " DAYS_SINGLE_MAX ")" },
    [DAYS_WINDOWS] = { "days_windows",
        "SELECT '', '', e.number, 0 FROM kheya.edition e WHERE e.name = 'windows'"
        " UNION ALL (SELECT w.service, w.place, " DAYS_NUMBER("w.opens") ", " DAYS_NUMBER("w.closes")
        "            FROM kheya.service_window w ORDER BY w.service, w.place, w.opens LIMIT " DAYS_WINDOWS_MAX ")" },
    [DAYS_COUNTED] = { "days_counted",
        "UPDATE kheya.edition e SET number = k.number"
        " FROM (VALUES ('clock_calendar', $1::bigint), ('clock_menus', $2::bigint)) AS k(name, number)"
        " WHERE e.name = k.name" },
};

void days_prepare(struct pg *pg)
{
    errands_prepare(pg, days_statements, DAYS_STATEMENTS);
}

static void days_ask(struct store *s, enum days_statement what, errand_fn fn, struct days_teller *to)
{
    const struct errand_params p = { .count = 0 };
    const struct errand_done done = { fn, to, 0 };

    store_errand(s, &days_statements[what], &p, &done);
}

static void days_on_editions(void *arg, uint64_t ticket, const PGresult *rows, bool lost)
{
    struct days_teller *to = arg;
    struct days_editions e = { .calendar = 0 };
    const struct {
        const char *name;
        int64_t *number;
    } names[] = { { "calendar", &e.calendar }, { "windows", &e.windows }, { "clock_calendar", &e.clock_calendar },
                  { "clock_menus", &e.clock_menus } };

    (void)ticket;
    (void)lost;
    for (int i = 0; rows != NULL && i < PQntuples(rows); i++)
        for (size_t k = 0; k < sizeof names / sizeof names[0]; k++)
            if (strcmp(errand_cell(rows, i, 0), names[k].name) == 0)
                *names[k].number = errand_cell_int(rows, i, 1);
    if (rows != NULL)
        to->ops->editions(to->arg, &e);
}

static void days_on_calendar(void *arg, uint64_t ticket, const PGresult *rows, bool lost)
{
    struct days_teller *to = arg;
    int64_t edition = 0;
    unsigned weekend = 0;

    (void)ticket;
    (void)lost;
    for (int i = 0; rows != NULL && i < PQntuples(rows); i++) {
        int64_t value = errand_cell_int(rows, i, 1);

        if (errand_cell_int(rows, i, 0) == 0)
            edition = value;
        else if (errand_cell_int(rows, i, 0) == 1)
            weekend |= 1u << (unsigned)value;
    }
    if (rows != NULL) {
        to->ops->weekend(to->arg, weekend);
        for (int i = 0; i < PQntuples(rows); i++)
            if (errand_cell_int(rows, i, 0) == 2)
                to->ops->day(to->arg, (int32_t)errand_cell_int(rows, i, 1), errand_cell(rows, i, 2)[0] == 't');
        to->ops->calendar(to->arg, edition);
    }
}

static void days_on_windows(void *arg, uint64_t ticket, const PGresult *rows, bool lost)
{
    struct days_teller *to = arg;
    int64_t edition = 0;

    (void)ticket;
    (void)lost;
    for (int i = 0; rows != NULL && i < PQntuples(rows); i++) {
        const struct days_window w = { errand_cell(rows, i, 0), errand_cell(rows, i, 1),
                                       (int32_t)errand_cell_int(rows, i, 2), (int32_t)errand_cell_int(rows, i, 3) };

        if (w.service[0] == '\0')
            edition = errand_cell_int(rows, i, 2);
        else
            to->ops->window(to->arg, &w);
    }
    if (rows != NULL)
        to->ops->windows(to->arg, edition);
}

void days_ask_editions(struct store *s, struct days_teller *to)
{
    days_ask(s, DAYS_EDITIONS, days_on_editions, to);
}

void days_ask_calendar(struct store *s, struct days_teller *to)
{
    days_ask(s, DAYS_CALENDAR, days_on_calendar, to);
}

void days_ask_windows(struct store *s, struct days_teller *to)
{
    days_ask(s, DAYS_WINDOWS, days_on_windows, to);
}

static void days_on_counted(void *arg, uint64_t ticket, const PGresult *rows, bool lost)
{
    (void)arg;
    (void)ticket;
    (void)rows;
    (void)lost;                         /* they are counted again then */
}

void days_counted(struct store *s, int64_t calendar, int64_t menus)
{
    const struct errand_done done = { days_on_counted, NULL, 0 };
    struct errand_params p = { .count = 0 };

    errand_int(&p, calendar);
    errand_int(&p, menus);
    store_errand(s, &days_statements[DAYS_COUNTED], &p, &done);
}
