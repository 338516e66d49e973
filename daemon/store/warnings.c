#include "store/warnings.h"

#include <stdio.h>
#include <stdlib.h>

#include "store/blocking.h"

#define WARNINGS_LOCAL(column) "to_char(" column " AT TIME ZONE 'Asia/Dhaka', 'YYYY-MM-DD HH24:MI')"

/* $1 place, $2 signal, $3 end, $4 days, $5 free, $6 to $11 languages and texts, NULL where there is none */
static const char warnings_put[] =
    "SELECT p.id, p.hash FROM kheya.alert_propose($1::text, $2::smallint, $3::text, $4::smallint, $5::boolean,"
    " array_remove(ARRAY[$6::text, $8::text, $10::text], NULL), array_remove(ARRAY[$7::text, $9::text, $11::text], NULL)) p";

static const char warnings_second[] = "SELECT p.cases FROM kheya.alert_approve($1::bigint, $2::text) p";

static const char warnings_end[] = "SELECT kheya.alert_clear($1::text)";

static const char warnings_all[] =
    "SELECT a.id, a.state, a.place, a.signal, " WARNINGS_LOCAL("a.since") ","
    " CASE WHEN isfinite(a.ends) THEN " WARNINGS_LOCAL("a.ends") " ELSE '-' END,"
    " a.days, CASE WHEN a.free THEN 'free' ELSE '-' END, a.set_by, a.approved_by, a.text, a.hash FROM kheya.alert_list() a";

bool warnings_propose(const char *conninfo, const struct warning *w, int64_t *id, char hash[WARNINGS_HASH_SIZE], char *err,
                      size_t n)
{
    char signal[16], days[16];
    const char *values[11] = { w->place, signal, w->ends, days, w->free ? "t" : "f" };
    PGresult *rows;

    snprintf(signal, sizeof signal, "%d", w->signal);
    snprintf(days, sizeof days, "%d", w->days);
    for (int i = 0; i < WARNINGS_LANGS; i++) {
        values[5 + 2 * i] = i < w->lang_count ? w->langs[i] : NULL;
        values[6 + 2 * i] = i < w->lang_count ? w->texts[i] : NULL;
    }
    rows = blocking_once(conninfo, warnings_put, 11, values, err, n);
    if (rows == NULL)
        return false;
    *id = strtoll(PQgetvalue(rows, 0, 0), NULL, 10);
    snprintf(hash, WARNINGS_HASH_SIZE, "%s", PQgetvalue(rows, 0, 1));
    PQclear(rows);
    return true;
}

bool warnings_approve(const char *conninfo, const char *id, const char *hash, int64_t *cases, char *err, size_t n)
{
    const char *const values[] = { id, hash };
    PGresult *rows = blocking_once(conninfo, warnings_second, 2, values, err, n);

    if (rows != NULL)
        *cases = strtoll(PQgetvalue(rows, 0, 0), NULL, 10);
    PQclear(rows);
    return rows != NULL;
}

bool warnings_clear(const char *conninfo, const char *place, char *err, size_t n)
{
    const char *const values[] = { place };
    PGresult *rows = blocking_once(conninfo, warnings_end, 1, values, err, n);
    bool found = rows != NULL && PQntuples(rows) > 0;

    PQclear(rows);
    return found;
}

bool warnings_list(const char *conninfo, void (*row)(void *arg, const struct warning_row *r), void *arg, char *err, size_t n)
{
    PGresult *rows = blocking_once(conninfo, warnings_all, 0, NULL, err, n);

    for (int i = 0; rows != NULL && i < PQntuples(rows); i++) {
        const struct warning_row r = { PQgetvalue(rows, i, 0), PQgetvalue(rows, i, 1), PQgetvalue(rows, i, 2),
                                       PQgetvalue(rows, i, 3), PQgetvalue(rows, i, 4), PQgetvalue(rows, i, 5),
                                       PQgetvalue(rows, i, 6), PQgetvalue(rows, i, 7), PQgetvalue(rows, i, 8),
                                       PQgetvalue(rows, i, 9), PQgetvalue(rows, i, 10), PQgetvalue(rows, i, 11) };

        row(arg, &r);
    }
    PQclear(rows);
    return rows != NULL;
}
