#include "store/imports.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"

#define IMPORTS_TEXT_MAX (64u << 20)

/* Counts of what was added, changed and taken away, which the audit is told too. */
#define IMPORTS_COUNTS(list) \
    " SELECT n.added, n.changed, n.gone, kheya.audit_act('list/" list "', 'list_imported'," \
    "  jsonb_build_object('added', n.added, 'changed', n.changed, 'gone', n.gone))" \
    " FROM (SELECT (SELECT count(*) FROM put WHERE fresh) AS added, (SELECT count(*) FROM put WHERE NOT fresh) AS changed," \
    "  (SELECT count(*) FROM gone) AS gone) n"

/* $1 days, $2 are they worked, $3 names; $4 the weekend, NULL: as it is */
static const char imports_calendar_sql[] =
    "WITH f AS (SELECT * FROM unnest($1::date[], $2::boolean[], $3::text[]) AS f(day, worked, name)),"
    " gone AS (DELETE FROM kheya.holiday h"
    "  WHERE extract(year FROM h.day) IN (SELECT extract(year FROM f.day) FROM f)"
    "  AND NOT EXISTS (SELECT FROM f WHERE f.day = h.day) RETURNING 1),"
    " put AS (INSERT INTO kheya.holiday AS h (day, worked, name) SELECT f.day, f.worked, f.name FROM f"
    "  ON CONFLICT (day) DO UPDATE SET worked = EXCLUDED.worked, name = EXCLUDED.name"
    "  WHERE (h.worked, h.name) IS DISTINCT FROM (EXCLUDED.worked, EXCLUDED.name)"
    "  RETURNING h.xmax = 0 AS fresh),"
    " off AS (DELETE FROM kheya.weekend w WHERE w.weekday <> ALL ($4::smallint[])),"
    " on_ AS (INSERT INTO kheya.weekend (weekday) SELECT unnest($4::smallint[]) ON CONFLICT DO NOTHING)"
    IMPORTS_COUNTS("calendar");

/* $1 services, $2 places, $3 first days, $4 last days */
static const char imports_windows_sql[] =
    "WITH f AS (SELECT * FROM unnest($1::text[], $2::text[], $3::date[], $4::date[]) AS f(service, place, opens, closes)),"
    " gone AS (DELETE FROM kheya.service_window w WHERE w.service IN (SELECT f.service FROM f)"
    "  AND NOT EXISTS (SELECT FROM f WHERE f.service = w.service AND f.place = w.place AND f.opens = w.opens)"
    "  RETURNING 1),"
    " put AS (INSERT INTO kheya.service_window AS w (service, place, opens, closes)"
    "  SELECT f.service, f.place, f.opens, f.closes FROM f"
    "  ON CONFLICT (service, place, opens) DO UPDATE SET closes = EXCLUDED.closes WHERE w.closes <> EXCLUDED.closes"
    "  RETURNING w.xmax = 0 AS fresh)"
    IMPORTS_COUNTS("windows");

/* $1 unions, $2 places in the list, $3 to $5 texts, $6 keepers */
static const char imports_shelters_sql[] =
    "WITH f AS (SELECT * FROM unnest($1::text[], $2::smallint[], $3::text[], $4::text[], $5::text[], $6::text[])"
    "  AS f(union_code, seq, en, bn, latn, keeper)),"
    " gone AS (DELETE FROM svc.shelter s WHERE s.union_code IN (SELECT f.union_code FROM f)"
    "  AND NOT EXISTS (SELECT FROM f WHERE f.union_code = s.union_code AND f.seq = s.seq) RETURNING 1),"
    " put AS (INSERT INTO svc.shelter AS s (union_code, seq, en, bn, latn, keeper) SELECT * FROM f"
    "  ON CONFLICT (union_code, seq) DO UPDATE SET en = EXCLUDED.en, bn = EXCLUDED.bn, latn = EXCLUDED.latn,"
    "  keeper = EXCLUDED.keeper WHERE (s.en, s.bn, s.latn, s.keeper) IS DISTINCT FROM"
    "  (EXCLUDED.en, EXCLUDED.bn, EXCLUDED.latn, EXCLUDED.keeper) RETURNING s.xmax = 0 AS fresh)"
    IMPORTS_COUNTS("shelters");

/* $1 numbers, $2 roles, $3 places */
static const char imports_responders_sql[] =
    "WITH f AS (SELECT DISTINCT * FROM unnest($1::text[], $2::text[], $3::text[]) AS f(msisdn, role, place)),"
    " gone AS (DELETE FROM svc.responder r WHERE NOT EXISTS (SELECT FROM f WHERE f.msisdn = r.msisdn AND f.role = r.role"
    "  AND f.place = r.place) RETURNING 1),"
    " put AS (INSERT INTO svc.responder (msisdn, role, place) SELECT * FROM f ON CONFLICT DO NOTHING RETURNING true AS fresh)"
    IMPORTS_COUNTS("responders");

/* $1 to $10 the columns of svc.rule */
static const char imports_rules_sql[] =
    "WITH f AS (SELECT * FROM unnest($1::text[], $2::text[], $3::smallint[], $4::smallint[], $5::text[], $6::text[],"
    "  $7::text[], $8::date[], $9::date[], $10::text[])"
    "  AS f(service, sex, min_age, max_age, income, status, place, since, until, source)),"
    " gone AS (DELETE FROM svc.rule r WHERE r.service IN (SELECT f.service FROM f) AND NOT EXISTS (SELECT FROM f"
    "  WHERE (f.service, f.sex, f.min_age, f.max_age, f.income, f.status, f.place, f.since)"
    "  = (r.service, r.sex, r.min_age, r.max_age, r.income, r.status, r.place, r.since)) RETURNING 1),"
    " put AS (INSERT INTO svc.rule AS r (service, sex, min_age, max_age, income, status, place, since, until, source)"
    "  SELECT * FROM f ON CONFLICT (service, sex, min_age, max_age, income, status, place, since) DO UPDATE"
    "  SET until = EXCLUDED.until, source = EXCLUDED.source"
    "  WHERE (r.until, r.source) IS DISTINCT FROM (EXCLUDED.until, EXCLUDED.source) RETURNING r.xmax = 0 AS fresh)"
    IMPORTS_COUNTS("rules");

/* $1 kinds, $2 days, $3 sources */
static const char imports_schedules_sql[] =
    "WITH f AS (SELECT * FROM unnest($1::text[], $2::smallint[], $3::text[]) AS f(kind, days, source)),"
    " gone AS (DELETE FROM svc.schedule s WHERE s.kind IN (SELECT f.kind FROM f)"
    "  AND NOT EXISTS (SELECT FROM f WHERE f.kind = s.kind AND f.days = s.days) RETURNING 1),"
    " put AS (INSERT INTO svc.schedule AS s (kind, days, source) SELECT * FROM f ON CONFLICT (kind, days) DO UPDATE"
    "  SET source = EXCLUDED.source WHERE s.source <> EXCLUDED.source RETURNING s.xmax = 0 AS fresh)"
    IMPORTS_COUNTS("schedules");

#define IMPORTS_ARRAYS 10               /* of one statement, at most */

/* --- an array of PostgreSQL's, as text ------------------------------------------------- */

static void imports_array_begin(struct buf *b)
{
    buf_init(b, IMPORTS_TEXT_MAX);
    buf_addc(b, '{');
}

static void imports_array_add(struct buf *b, const char *item)
{
    if (b->len > 1)
        buf_addc(b, ',');
    buf_addc(b, '"');
    for (; *item != '\0'; item++) {
        if (*item == '"' || *item == '\\')
            buf_addc(b, '\\');
        buf_addc(b, *item);
    }
    buf_addc(b, '"');
}

static void imports_array_add_day(struct buf *b, int32_t day)
{
    struct clock_date d;
    char text[40];

    if (day == INT32_MIN || day == INT32_MAX) {
        imports_array_add(b, day == INT32_MIN ? "-infinity" : "infinity");
        return;
    }
    d = clock_date_of(day);
    snprintf(text, sizeof text, "%04d-%02d-%02d", d.year, d.month, d.day);
    imports_array_add(b, text);
}

/* --- one statement, which is one transaction --------------------------------------------- */

static bool imports_counts(const PGresult *rows, struct imports_done *done)
{
    if (PQresultStatus(rows) != PGRES_TUPLES_OK || PQntuples(rows) != 1)
        return false;
    done->added = strtoll(PQgetvalue(rows, 0, 0), NULL, 10);
    done->changed = strtoll(PQgetvalue(rows, 0, 1), NULL, 10);
    done->gone = strtoll(PQgetvalue(rows, 0, 2), NULL, 10);
    return true;
}

static bool imports_run(const char *conninfo, const char *sql, const struct buf *arrays, int count,
                        struct imports_done *done, char *err, size_t n)
{
    const char *values[IMPORTS_ARRAYS];
    PGconn *conn;
    PGresult *rows = NULL, *more;
    bool ok = false;

    for (int i = 0; i < count; i++) {
        values[i] = arrays[i].len > 0 ? buf_str(&arrays[i]) : NULL;
        if (arrays[i].full) {
            snprintf(err, n, "the list is too long");
            return false;
        }
    }
    conn = PQconnectdb(conninfo);
    if (PQstatus(conn) == CONNECTION_OK && PQsendQueryParams(conn, sql, count, NULL, values, NULL, NULL, 0) == 1) {
        rows = PQgetResult(conn);
        while ((more = PQgetResult(conn)) != NULL)
            PQclear(more);
        ok = imports_counts(rows, done);
    }
    if (!ok)
        snprintf(err, n, "%.*s", (int)strcspn(PQerrorMessage(conn), "\n"), PQerrorMessage(conn));
    PQclear(rows);
    PQfinish(conn);
    return ok;
}

static void imports_weekend(const struct imports_calendar *c, struct buf *b)
{
    char text[4];

    buf_init(b, IMPORTS_TEXT_MAX);
    if (!c->has_weekend)
        return;
    buf_addc(b, '{');
    for (int i = 0; i < 7; i++) {
        if ((c->weekend & 1u << i) == 0)
            continue;
        snprintf(text, sizeof text, "%d", i);
        imports_array_add(b, text);
    }
    buf_addc(b, '}');
}

bool imports_calendar(const char *conninfo, const struct imports_calendar *c, struct imports_done *done, char *err,
                      size_t n)
{
    struct buf arrays[4];
    bool ok;

    for (int i = 0; i < 3; i++)
        imports_array_begin(&arrays[i]);
    imports_weekend(c, &arrays[3]);
    for (size_t i = 0; i < c->count; i++) {
        imports_array_add_day(&arrays[0], c->days[i].day);
        imports_array_add(&arrays[1], c->days[i].worked ? "t" : "f");
        imports_array_add(&arrays[2], c->days[i].name);
    }
    for (int i = 0; i < 3; i++)
        buf_addc(&arrays[i], '}');
    ok = imports_run(conninfo, imports_calendar_sql, arrays, 4, done, err, n);
    for (int i = 0; i < 4; i++)
        buf_fini(&arrays[i]);
    return ok;
}

bool imports_windows(const char *conninfo, const struct imports_window *windows, size_t count, struct imports_done *done,
                     char *err, size_t n)
{
    struct buf arrays[4];
    bool ok;

    for (int i = 0; i < 4; i++)
        imports_array_begin(&arrays[i]);
    for (size_t i = 0; i < count; i++) {
        imports_array_add(&arrays[0], windows[i].service);
        imports_array_add(&arrays[1], windows[i].place);
        imports_array_add_day(&arrays[2], windows[i].opens);
        imports_array_add_day(&arrays[3], windows[i].closes);
    }
    for (int i = 0; i < 4; i++)
        buf_addc(&arrays[i], '}');
    ok = imports_run(conninfo, imports_windows_sql, arrays, 4, done, err, n);
    for (int i = 0; i < 4; i++)
        buf_fini(&arrays[i]);
    return ok;
}

bool imports_shelters(const char *conninfo, const struct imports_shelter *shelters, size_t count,
                      struct imports_done *done, char *err, size_t n)
{
    struct buf arrays[IMPORTS_SHELTER_TEXTS];
    bool ok;

    for (int k = 0; k < IMPORTS_SHELTER_TEXTS; k++)
        imports_array_begin(&arrays[k]);
    for (size_t i = 0; i < count; i++)
        for (int k = 0; k < IMPORTS_SHELTER_TEXTS; k++)
            imports_array_add(&arrays[k], shelters[i].texts[k]);
    for (int k = 0; k < IMPORTS_SHELTER_TEXTS; k++)
        buf_addc(&arrays[k], '}');
    ok = imports_run(conninfo, imports_shelters_sql, arrays, IMPORTS_SHELTER_TEXTS, done, err, n);
    for (int k = 0; k < IMPORTS_SHELTER_TEXTS; k++)
        buf_fini(&arrays[k]);
    return ok;
}

bool imports_responders(const char *conninfo, const struct imports_responder *responders, size_t count,
                        struct imports_done *done, char *err, size_t n)
{
    struct buf arrays[3];
    bool ok;

    for (int k = 0; k < 3; k++)
        imports_array_begin(&arrays[k]);
    for (size_t i = 0; i < count; i++) {
        imports_array_add(&arrays[0], responders[i].msisdn);
        imports_array_add(&arrays[1], responders[i].role);
        imports_array_add(&arrays[2], responders[i].place);
    }
    for (int k = 0; k < 3; k++)
        buf_addc(&arrays[k], '}');
    ok = imports_run(conninfo, imports_responders_sql, arrays, 3, done, err, n);
    for (int k = 0; k < 3; k++)
        buf_fini(&arrays[k]);
    return ok;
}

bool imports_rules(const char *conninfo, const struct imports_rule *rules, size_t count, struct imports_done *done,
                   char *err, size_t n)
{
    struct buf arrays[IMPORTS_RULE_TEXTS];
    bool ok;

    for (int k = 0; k < IMPORTS_RULE_TEXTS; k++)
        imports_array_begin(&arrays[k]);
    for (size_t i = 0; i < count; i++)
        for (int k = 0; k < IMPORTS_RULE_TEXTS; k++)
            imports_array_add(&arrays[k], rules[i].texts[k]);
    for (int k = 0; k < IMPORTS_RULE_TEXTS; k++)
        buf_addc(&arrays[k], '}');
    ok = imports_run(conninfo, imports_rules_sql, arrays, IMPORTS_RULE_TEXTS, done, err, n);
    for (int k = 0; k < IMPORTS_RULE_TEXTS; k++)
        buf_fini(&arrays[k]);
    return ok;
}

bool imports_schedules(const char *conninfo, const struct imports_schedule *schedules, size_t count,
                       struct imports_done *done, char *err, size_t n)
{
    struct buf arrays[3];
    bool ok;

    for (int k = 0; k < 3; k++)
        imports_array_begin(&arrays[k]);
    for (size_t i = 0; i < count; i++) {
        char days[12];

        snprintf(days, sizeof days, "%d", schedules[i].days);
        imports_array_add(&arrays[0], schedules[i].kind);
        imports_array_add(&arrays[1], days);
        imports_array_add(&arrays[2], schedules[i].source);
    }
    for (int k = 0; k < 3; k++)
        buf_addc(&arrays[k], '}');
    ok = imports_run(conninfo, imports_schedules_sql, arrays, 3, done, err, n);
    for (int k = 0; k < 3; k++)
        buf_fini(&arrays[k]);
    return ok;
}
