#include "store/warnings.h"

#include <stdio.h>
#include <stdlib.h>

#include "store/blocking.h"

/* $1 place, $2 signal, $3 end, $4 days, $5 free, $6 who, $7 to $12 languages and
 * texts, NULL where there is none.  One statement: all of it or nothing.  A
 * place's days are given once until it is cleared. */
static const char warnings_put[] =
    "WITH old AS (UPDATE kheya.alert a SET active = false, cleared = now(), cleared_by = $6::text"
    "  WHERE a.place = $1::text AND a.active RETURNING a.days, a.ends),"
    " given AS (SELECT coalesce(max(o.days), 0) AS days FROM old o WHERE o.ends > now()),"
    " a AS (INSERT INTO kheya.alert (place, signal, ends, days, free, set_by)"
    "  SELECT $1::text, $2::smallint, coalesce(nullif($3::text, '')::timestamptz, 'infinity'),"
    "  greatest($4::smallint, g.days), $5::boolean, $6::text FROM given g RETURNING id),"
    " t AS (INSERT INTO kheya.alert_text (alert, lang, text) SELECT a.id, x.lang, x.text FROM a,"
    "  (VALUES ($7::text, $8::text), ($9::text, $10::text), ($11::text, $12::text)) AS x(lang, text) WHERE x.text IS NOT NULL),"
    " c AS (UPDATE kheya.case_file c SET more = least(366, c.more + $4::smallint),"
    "  due = c.due + $4::bigint * 86400000, wake = 0"
    "  FROM given g WHERE g.days = 0 AND $4::smallint > 0 AND c.due > 0"
    "  AND c.place <> '' AND starts_with(c.place, $1::text) RETURNING 1)"
    " SELECT (SELECT a.id FROM a), CASE WHEN (SELECT g.days FROM given g) > 0 THEN -1 ELSE (SELECT count(*) FROM c) END";

static const char warnings_end[] =
    "UPDATE kheya.alert a SET active = false, cleared = now(), cleared_by = $2::text"
    " WHERE a.place = $1::text AND a.active RETURNING a.id";

static const char warnings_all[] =
    "SELECT a.id, a.place, a.signal, to_char(a.since AT TIME ZONE 'Asia/Dhaka', 'YYYY-MM-DD HH24:MI'),"
    " CASE WHEN isfinite(a.ends) THEN to_char(a.ends AT TIME ZONE 'Asia/Dhaka', 'YYYY-MM-DD HH24:MI') ELSE '-' END,"
    " a.days, CASE WHEN a.free THEN 'free' ELSE '-' END, a.set_by,"
    " coalesce((SELECT t.text FROM kheya.alert_text t WHERE t.alert = a.id ORDER BY t.lang <> 'en', t.lang LIMIT 1), '')"
    " FROM kheya.alert a WHERE a.active AND a.ends > now() ORDER BY a.place, a.id";

bool warnings_set(const char *conninfo, const struct warning *w, int64_t *id, int64_t *cases, char *err, size_t n)
{
    char signal[16], days[16];
    const char *values[12] = { w->place, signal, w->ends, days, w->free ? "t" : "f", w->by };
    PGresult *rows;

    snprintf(signal, sizeof signal, "%d", w->signal);
    snprintf(days, sizeof days, "%d", w->days);
    for (int i = 0; i < WARNINGS_LANGS; i++) {
        values[6 + 2 * i] = i < w->lang_count ? w->langs[i] : NULL;
        values[7 + 2 * i] = i < w->lang_count ? w->texts[i] : NULL;
    }
    rows = blocking_once(conninfo, warnings_put, 12, values, err, n);
    if (rows == NULL)
        return false;
    *id = strtoll(PQgetvalue(rows, 0, 0), NULL, 10);
    *cases = strtoll(PQgetvalue(rows, 0, 1), NULL, 10);
    PQclear(rows);
    return true;
}

bool warnings_clear(const char *conninfo, const char *place, const char *by, char *err, size_t n)
{
    const char *const values[] = { place, by };
    PGresult *rows = blocking_once(conninfo, warnings_end, 2, values, err, n);
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
                                       PQgetvalue(rows, i, 6), PQgetvalue(rows, i, 7), PQgetvalue(rows, i, 8) };

        row(arg, &r);
    }
    PQclear(rows);
    return rows != NULL;
}
