#include "store/tables.h"

#include <assert.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "store/agents.h"
#include "store/blocking.h"

#define TABLES_TEXT_MAX (64u << 20)     /* octets of a column */
#define TABLES_FAULTS_MAX "100"         /* of each kind, that are told */

/* What was done, for the person and the audit. */
#define TABLES_COUNTS(list) \
    " SELECT n.added, n.changed, n.gone, kheya.audit_act('list/" list "', 'list_imported'," \
    "  jsonb_build_object('added', n.added, 'changed', n.changed, 'gone', n.gone))" \
    " FROM (SELECT (SELECT count(*) FROM put WHERE fresh) AS added, (SELECT count(*) FROM put WHERE NOT fresh) AS changed," \
    "  (SELECT count(*) FROM gone) AS gone) n"

/* --- places ---------------------------------------------------------------------------------- */

#define TABLES_PLACES_F \
    "WITH f AS (SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])" \
    "  AS f(kind, code, division, en, bn, latn))," \
    " d AS (SELECT DISTINCT left(f.code, 2) AS code FROM f WHERE f.kind <> 'division')," \
    " lost AS (SELECT u.code FROM svc.union_council u WHERE left(u.code, 2) IN (SELECT d.code FROM d)" \
    "  AND NOT EXISTS (SELECT FROM f WHERE f.kind = 'union' AND f.code = u.code))"

static const char tables_places_check[] =
    TABLES_PLACES_F
    " SELECT 0, 1, 'union ' || w.uses || '; put it into the file, or move them first'"
    "  FROM (SELECT array_agg(lost.code) AS codes FROM lost HAVING count(*) > 0) l"
    "  CROSS JOIN LATERAL kheya.union_uses(l.codes) w ORDER BY w.code LIMIT " TABLES_FAULTS_MAX;

/* The Social Services office of an upazila comes with it, and stays. */
static const char tables_places_put[] =
    TABLES_PLACES_F ","
    " area AS (SELECT f.kind, f.code, CASE f.kind WHEN 'division' THEN '' WHEN 'district' THEN f.division"
    "  ELSE left(f.code, 2) END AS parent, f.en, f.bn, f.latn FROM f WHERE f.kind <> 'union'),"
    " office AS (INSERT INTO svc.office (code, agency, en, bn) SELECT 'dss-' || a.code, 'dss', a.en, a.bn FROM area a"
    "  WHERE a.kind = 'upazila' ON CONFLICT (code) DO NOTHING),"
    " put_area AS (INSERT INTO svc.area AS a (kind, code, parent, en, bn, latn) SELECT * FROM area"
    "  ON CONFLICT (kind, code) DO UPDATE SET parent = EXCLUDED.parent, en = EXCLUDED.en, bn = EXCLUDED.bn,"
    "  latn = EXCLUDED.latn WHERE (a.parent, a.en, a.bn, a.latn) IS DISTINCT FROM"
    "  (EXCLUDED.parent, EXCLUDED.en, EXCLUDED.bn, EXCLUDED.latn) RETURNING a.xmax = 0 AS fresh),"
    " put_union AS (INSERT INTO svc.union_council AS u (code, en, bn, latn, dss_office)"
    "  SELECT f.code, f.en, f.bn, f.latn, 'dss-' || left(f.code, 4) FROM f WHERE f.kind = 'union'"
    "  ON CONFLICT (code) DO UPDATE SET en = EXCLUDED.en, bn = EXCLUDED.bn, latn = EXCLUDED.latn"
    "  WHERE (u.en, u.bn, u.latn) IS DISTINCT FROM (EXCLUDED.en, EXCLUDED.bn, EXCLUDED.latn) RETURNING u.xmax = 0 AS fresh),"
    " gone_area AS (DELETE FROM svc.area a WHERE a.kind = 'upazila' AND a.parent IN (SELECT d.code FROM d)"
    "  AND NOT EXISTS (SELECT FROM f WHERE f.kind = 'upazila' AND f.code = a.code) RETURNING 1),"
    " gone_union AS (DELETE FROM svc.union_council u USING lost WHERE u.code = lost.code RETURNING 1),"
    " put AS (SELECT fresh FROM put_area UNION ALL SELECT fresh FROM put_union),"
    " gone AS (SELECT 1 FROM gone_area UNION ALL SELECT 1 FROM gone_union)"
    TABLES_COUNTS("places");

/* --- centres and what they take ----------------------------------------------------------------- */

#define TABLES_CENTRES_F \
    "WITH f AS (SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[]," \
    "  $8::text[], $9::text[]) WITH ORDINALITY AS f(code, union_code, en, bn, phone, opens, closes, ramp, power, i))," \
    " lost AS (SELECT c.code FROM kheya.centre c WHERE left(c.union_code, 2) IN (SELECT left(f.union_code, 2) FROM f)" \
    "  AND NOT EXISTS (SELECT FROM f WHERE f.code = c.code))"

static const char tables_centres_check[] =
    TABLES_CENTRES_F
    " (SELECT f.i, 2, 'there is no union ' || f.union_code FROM f"
    "  WHERE NOT EXISTS (SELECT FROM svc.union_council u WHERE u.code = f.union_code) ORDER BY f.i LIMIT " TABLES_FAULTS_MAX ")"
    " UNION ALL (SELECT 0, 1, 'centre ' || lost.code || ': ' || count(*)"
    "  || ' agents; put it into the file, or move them first' FROM lost JOIN kheya.agent a ON a.place = lost.code"
    "  GROUP BY lost.code ORDER BY lost.code LIMIT " TABLES_FAULTS_MAX ")";

static const char tables_centres_put[] =
    TABLES_CENTRES_F ","
    " price AS (DELETE FROM svc.centre_price p USING lost WHERE p.centre = lost.code),"
    " gone AS (DELETE FROM kheya.centre c USING lost WHERE c.code = lost.code RETURNING 1),"
    " put AS (INSERT INTO kheya.centre AS c (code, union_code, en, bn, msisdn, opens, closes, ramp, power)"
    "  SELECT f.code, f.union_code, f.en, f.bn, f.phone, coalesce(nullif(f.opens, ''), '09:00')::time,"
    "  coalesce(nullif(f.closes, ''), '17:00')::time, CASE f.ramp WHEN 'yes' THEN true WHEN 'no' THEN false END, f.power FROM f"
    "  ON CONFLICT (code) DO UPDATE SET union_code = EXCLUDED.union_code, en = EXCLUDED.en, bn = EXCLUDED.bn,"
    "  msisdn = EXCLUDED.msisdn, opens = EXCLUDED.opens, closes = EXCLUDED.closes, ramp = EXCLUDED.ramp, power = EXCLUDED.power"
    "  WHERE (c.union_code, c.en, c.bn, c.msisdn, c.opens, c.closes, c.ramp, c.power) IS DISTINCT FROM (EXCLUDED.union_code,"
    "  EXCLUDED.en, EXCLUDED.bn, EXCLUDED.msisdn, EXCLUDED.opens, EXCLUDED.closes, EXCLUDED.ramp, EXCLUDED.power)"
    "  RETURNING c.xmax = 0 AS fresh, c.code, c.en),"
    /* what is shown of her centre */
    " named AS (UPDATE kheya.agent a SET centre = put.en FROM put WHERE a.place = put.code AND a.centre <> put.en)"
    TABLES_COUNTS("centres");

#define TABLES_PRICES_F \
    "WITH f AS (SELECT f.centre, f.service, f.taka::integer AS taka, f.i FROM unnest($1::text[], $2::text[], $3::text[])" \
    "  WITH ORDINALITY AS f(centre, service, taka, i))"

static const char tables_prices_check[] =
    TABLES_PRICES_F
    " (SELECT f.i, 1, 'there is no centre ' || f.centre FROM f"
    "  WHERE NOT EXISTS (SELECT FROM kheya.centre c WHERE c.code = f.centre) ORDER BY f.i LIMIT " TABLES_FAULTS_MAX ")"
    " UNION ALL (SELECT f.i, 2, 'there is no fee of the service ' || f.service FROM f"
    "  WHERE NOT EXISTS (SELECT FROM svc.centre_fee t WHERE t.service = f.service) ORDER BY f.i LIMIT " TABLES_FAULTS_MAX ")"
    " UNION ALL (SELECT f.i, 3, f.taka || ' is more than a centre may take for it, ' || t.cap FROM f"
    "  JOIN svc.centre_fee t ON t.service = f.service WHERE f.taka > t.cap ORDER BY f.i LIMIT " TABLES_FAULTS_MAX ")";

static const char tables_prices_put[] =
    TABLES_PRICES_F ","
    " gone AS (DELETE FROM svc.centre_price p WHERE p.centre IN (SELECT f.centre FROM f)"
    "  AND NOT EXISTS (SELECT FROM f WHERE f.centre = p.centre AND f.service = p.service) RETURNING 1),"
    " put AS (INSERT INTO svc.centre_price AS p (centre, service, taka) SELECT f.centre, f.service, f.taka FROM f"
    "  ON CONFLICT (centre, service) DO UPDATE SET taka = EXCLUDED.taka WHERE p.taka <> EXCLUDED.taka"
    "  RETURNING p.xmax = 0 AS fresh)"
    TABLES_COUNTS("prices");

/* --- agents: whoever is not in the file is locked; she keeps her receipts and her PIN -------------- */

#define TABLES_AGENTS_F \
    "WITH f AS (SELECT f.number, f.name, f.centre, nullif(f.sex, '') AS sex, nullif(f.since, '')::date AS since," \
    "  nullif(f.until, '')::date AS until, f.i FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])" \
    "  WITH ORDINALITY AS f(number, name, centre, sex, since, until, i))"

static const char tables_agents_check[] =
    TABLES_AGENTS_F
    " SELECT f.i, 3, 'there is no centre ' || f.centre FROM f"
    "  WHERE NOT EXISTS (SELECT FROM kheya.centre c WHERE c.code = f.centre) ORDER BY f.i LIMIT " TABLES_FAULTS_MAX;

static const char tables_agents_put[] =
    TABLES_AGENTS_F ","
    " put AS (INSERT INTO kheya.agent AS o (msisdn, name, centre, place, sex, since, until)"
    "  SELECT f.number, f.name, c.en, c.code, f.sex, f.since, f.until FROM f JOIN kheya.centre c ON c.code = f.centre"
    "  ON CONFLICT (bucket, msisdn) DO UPDATE SET name = EXCLUDED.name, centre = EXCLUDED.centre, place = EXCLUDED.place,"
    "  sex = EXCLUDED.sex, since = EXCLUDED.since, until = EXCLUDED.until WHERE (o.name, o.centre, o.place, o.sex, o.since, o.until)"
    "  IS DISTINCT FROM (EXCLUDED.name, EXCLUDED.centre, EXCLUDED.place, EXCLUDED.sex, EXCLUDED.since, EXCLUDED.until)"
    "  RETURNING o.xmax = 0 AS fresh, o.bucket, o.msisdn),"
    " gone AS (UPDATE kheya.agent o SET active = false WHERE o.active AND o.place IN (SELECT f.centre FROM f)"
    "  AND NOT EXISTS (SELECT FROM f WHERE f.number = o.msisdn) RETURNING o.bucket, o.msisdn),"
    " told AS (INSERT INTO kheya.audit (bucket, msisdn, code, turn, at, seq, actor, event, fields)"
    "  SELECT w.bucket, w.msisdn, 'agent', coalesce((SELECT max(a.turn) FROM kheya.audit a WHERE a.bucket = w.bucket"
    "  AND a.msisdn = w.msisdn AND a.code = 'agent'), 0) + 1, (extract(epoch FROM now()) * 1000)::bigint, 0, 'operator', w.event,"
    "  jsonb_build_object('by', session_user, 'program', current_setting('application_name'))"
    "  FROM (SELECT bucket, msisdn, 'agent_set' AS event FROM put UNION ALL SELECT bucket, msisdn, 'agent_locked' FROM gone) w)"
    TABLES_COUNTS("agents");

/* --- fees --------------------------------------------------------------------------------------------- */

#define TABLES_FEES_F \
    "WITH f AS (SELECT f.service, f.official::integer AS official, f.cap::integer AS cap, nullif(f.option, '')::smallint AS option" \
    "  FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS f(service, official, cap, option))," \
    " lost AS (SELECT t.service FROM svc.centre_fee t WHERE NOT EXISTS (SELECT FROM f WHERE f.service = t.service))"

static const char tables_fees_check[] =
    TABLES_FEES_F
    " SELECT 0, 1, 'service ' || w.service || ': ' || w.why || '; put it into the file'"
    "  FROM (SELECT lost.service, CASE WHEN EXISTS (SELECT FROM svc.centre_price p WHERE p.service = lost.service)"
    "   THEN 'centres have a price for it' WHEN EXISTS (SELECT FROM kheya.daybook b WHERE b.service = lost.service)"
    "   THEN 'it is in agents'' day books' END AS why FROM lost) w"
    "  WHERE w.why IS NOT NULL ORDER BY w.service LIMIT " TABLES_FAULTS_MAX;

static const char tables_fees_put[] =
    TABLES_FEES_F ","
    " gone AS (DELETE FROM svc.centre_fee t USING lost WHERE t.service = lost.service RETURNING 1),"
    " put AS (INSERT INTO svc.centre_fee AS t (service, official, cap, option) SELECT f.service, f.official, f.cap, f.option FROM f"
    "  ON CONFLICT (service) DO UPDATE SET official = EXCLUDED.official, cap = EXCLUDED.cap, option = EXCLUDED.option"
    "  WHERE (t.official, t.cap, t.option) IS DISTINCT FROM (EXCLUDED.official, EXCLUDED.cap, EXCLUDED.option)"
    "  RETURNING t.xmax = 0 AS fresh)"
    TABLES_COUNTS("fees");

/* --- billers ------------------------------------------------------------------------------------------ */

#define TABLES_BILLERS_F \
    "WITH f AS (SELECT f.code, f.option::smallint AS option, f.en, f.bn, f.latn, f.what_en, f.what_bn, f.what_latn," \
    "  f.shortest::smallint AS shortest, f.longest::smallint AS longest, f.example FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]," \
    "  $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[])" \
    "  AS f(code, option, en, bn, latn, what_en, what_bn, what_latn, shortest, longest, example))"

/* Nothing speaks against a list that is right in itself: payments keep what they were for. */
static const char tables_billers_check[] = TABLES_BILLERS_F " SELECT 0, 0, '' FROM f WHERE false";

static const char tables_billers_put[] =
    TABLES_BILLERS_F ","
    " gone AS (DELETE FROM svc.biller t WHERE NOT EXISTS (SELECT FROM f WHERE f.code = t.code) RETURNING 1),"
    " put AS (INSERT INTO svc.biller AS t SELECT f.* FROM f"
    "  ON CONFLICT (code) DO UPDATE SET option = EXCLUDED.option, en = EXCLUDED.en, bn = EXCLUDED.bn, latn = EXCLUDED.latn,"
    "  what_en = EXCLUDED.what_en, what_bn = EXCLUDED.what_bn, what_latn = EXCLUDED.what_latn, shortest = EXCLUDED.shortest,"
    "  longest = EXCLUDED.longest, example = EXCLUDED.example WHERE t IS DISTINCT FROM EXCLUDED"
    "  RETURNING t.xmax = 0 AS fresh)"
    TABLES_COUNTS("billers");

static const struct tables_sql {
    const char *check, *put;
} tables_sqls[TABLES_LISTS] = {
    [TABLES_PLACES] = { tables_places_check, tables_places_put },
    [TABLES_CENTRES] = { tables_centres_check, tables_centres_put },
    [TABLES_PRICES] = { tables_prices_check, tables_prices_put },
    [TABLES_AGENTS] = { tables_agents_check, tables_agents_put },
    [TABLES_FEES] = { tables_fees_check, tables_fees_put },
    [TABLES_BILLERS] = { tables_billers_check, tables_billers_put },
};

/* --- in ------------------------------------------------------------------------------------------------- */

/* One column as an array of PostgreSQL's. */
static void tables_array(struct buf *b, const struct tables_rows *rows, int column)
{
    buf_init(b, TABLES_TEXT_MAX);
    buf_addc(b, '{');
    for (size_t i = 0; i < rows->count; i++) {
        const char *s = rows->cells[i * (size_t)rows->columns + (size_t)column];

        buf_add(b, i > 0 ? ",\"" : "\"", i > 0 ? 2 : 1);
        for (; *s != '\0'; s++) {
            if (*s == '"' || *s == '\\')
                buf_addc(b, '\\');
            buf_addc(b, *s);
        }
        buf_addc(b, '"');
    }
    buf_addc(b, '}');
}

static long tables_number(const PGresult *r, int row, int column)
{
    return strtol(PQgetvalue(r, row, column), NULL, 10);
}

/* True: nothing speaks against the list. */
static bool tables_check(PGconn *conn, const struct tables_rows *rows, const char *const *values, tables_fault_fn *fault,
                         void *arg, char *err, size_t n)
{
    PGresult *r = blocking_ask(conn, tables_sqls[rows->list].check, rows->columns, values, err, n);
    bool ok = r != NULL && PQntuples(r) == 0;

    for (int i = 0; r != NULL && i < PQntuples(r); i++)
        fault(arg, (int)tables_number(r, i, 0) - 1, (int)tables_number(r, i, 1) - 1, PQgetvalue(r, i, 2));
    PQclear(r);
    return ok;
}

bool tables_put(const char *conninfo, const struct tables_rows *rows, struct imports_done *done, tables_fault_fn *fault,
                void *arg, char *err, size_t n)
{
    const char *values[TABLES_COLUMNS_MAX];
    struct buf arrays[TABLES_COLUMNS_MAX];
    PGconn *conn = NULL;
    PGresult *r = NULL;
    bool fits = true;

    assert(rows->columns >= 1 && rows->columns <= TABLES_COLUMNS_MAX);
    for (int i = 0; i < rows->columns; i++) {
        tables_array(&arrays[i], rows, i);
        values[i] = buf_str(&arrays[i]);
        fits = fits && !arrays[i].full;
    }
    if (!fits) {
        snprintf(err, n, "the list is too long");
    } else {
        conn = PQconnectdb(conninfo);
        if (blocking_lock(conn, rows->list == TABLES_AGENTS ? AGENTS_SUBJECT : "lists", err, n) &&
            tables_check(conn, rows, values, fault, arg, err, n))
            r = blocking_ask(conn, tables_sqls[rows->list].put, rows->columns, values, err, n);
        PQfinish(conn);
    }
    if (r != NULL)
        *done = (struct imports_done){ tables_number(r, 0, 0), tables_number(r, 0, 1), tables_number(r, 0, 2) };
    for (int i = 0; i < rows->columns; i++)
        buf_fini(&arrays[i]);
    PQclear(r);
    return r != NULL;
}

/* --- out -------------------------------------------------------------------------------------------------- */

/* Whatever the database's date style is. */
#define TABLES_DAY(day) "CASE WHEN isfinite(" day ") THEN to_char(" day ", 'YYYY-MM-DD') ELSE '' END"

static const struct tables_out {
    const char *list, *sql;
} tables_outs[] = {
    { "holidays",
      "SELECT day, kind, name FROM (SELECT 0 AS o, w.weekday AS n, (ARRAY['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday',"
      "  'Friday', 'Saturday'])[w.weekday + 1] AS day, 'weekend' AS kind, '' AS name FROM kheya.weekend w"
      " UNION ALL SELECT 1, h.day - date '2000-01-01', to_char(h.day, 'YYYY-MM-DD'), CASE WHEN h.worked THEN 'worked' ELSE 'holiday' END, h.name"
      "  FROM kheya.holiday h) h ORDER BY o, n" },
    { "windows",
      "SELECT w.service, w.place, " TABLES_DAY("w.opens") " AS opens, " TABLES_DAY("w.closes") " AS closes"
      " FROM kheya.service_window w ORDER BY w.service, w.place, w.opens" },
    { "shelters",
      "SELECT s.union_code AS \"union\", s.seq, s.en, s.bn, s.latn, s.keeper FROM svc.shelter s ORDER BY s.union_code, s.seq" },
    { "responders",
      "SELECT right(r.msisdn, 11) AS number, r.role, r.place FROM svc.responder r ORDER BY r.place, r.role, r.msisdn" },
    { "rules",
      "SELECT r.service, r.sex, r.min_age, r.max_age, r.income, r.status, r.place, " TABLES_DAY("r.since") " AS since,"
      " " TABLES_DAY("r.until") " AS until, r.source FROM svc.rule r"
      " ORDER BY r.service, r.sex, r.min_age, r.max_age, r.income, r.status, r.place, r.since" },
    { "schedules", "SELECT s.kind, s.days, s.source FROM svc.schedule s ORDER BY s.kind, s.days" },
    { "places",
      "SELECT kind, code, division, en, bn, latn FROM (SELECT array_position(ARRAY['division', 'district', 'upazila'], a.kind) AS o,"
      "  a.kind, a.code, CASE a.kind WHEN 'district' THEN a.parent ELSE '' END AS division, a.en, a.bn, a.latn FROM svc.area a"
      " UNION ALL SELECT 4, 'union', u.code, '', u.en, u.bn, coalesce(nullif(u.latn, ''), u.en) FROM svc.union_council u) p"
      " ORDER BY o, code" },
    { "centres",
      "SELECT c.code, c.union_code AS \"union\", c.en, c.bn, right(c.msisdn, 11) AS phone, to_char(c.opens, 'HH24:MI') AS opens,"
      " to_char(c.closes, 'HH24:MI') AS closes, CASE WHEN c.ramp THEN 'yes' WHEN NOT c.ramp THEN 'no' ELSE '' END AS ramp, c.power"
      " FROM kheya.centre c ORDER BY c.code" },
    { "prices", "SELECT p.centre, p.service, p.taka FROM svc.centre_price p ORDER BY p.centre, p.service" },
    { "agents",
      "SELECT right(a.msisdn, 11) AS number, a.name, a.place AS centre, coalesce(a.sex, '') AS sex,"
      " coalesce(" TABLES_DAY("a.since") ", '') AS since, coalesce(" TABLES_DAY("a.until") ", '') AS until FROM kheya.agent a WHERE a.active AND a.place IS NOT NULL ORDER BY a.place, a.msisdn" },
    { "fees",
      "SELECT t.service, t.official, t.cap, coalesce(t.option::text, '') AS option FROM svc.centre_fee t ORDER BY t.service" },
    { "billers",
      "SELECT b.code, b.option, b.en, b.bn, b.latn, b.what_en, b.what_bn, b.what_latn, b.shortest, b.longest, b.example"
      " FROM svc.biller b ORDER BY b.option" },
};

static const char *tables_out_of(const char *list)
{
    for (size_t i = 0; i < sizeof tables_outs / sizeof tables_outs[0]; i++)
        if (strcmp(tables_outs[i].list, list) == 0)
            return tables_outs[i].sql;
    return NULL;
}

bool tables_get(const char *conninfo, const char *list, tables_row_fn *fn, void *arg, char *err, size_t n)
{
    const char *cells[TABLES_COLUMNS_MAX], *sql = tables_out_of(list);
    PGresult *r;
    int columns;

    if (sql == NULL) {
        snprintf(err, n, "no list '%s'", list);
        return false;
    }
    r = blocking_once(conninfo, sql, 0, NULL, err, n);
    if (r == NULL)
        return false;
    columns = PQnfields(r);
    assert(columns <= TABLES_COLUMNS_MAX);
    for (int k = 0; k < columns; k++)
        cells[k] = PQfname(r, k);
    fn(arg, columns, cells);
    for (int i = 0; i < PQntuples(r); i++) {
        for (int k = 0; k < columns; k++)
            cells[k] = PQgetvalue(r, i, k);
        fn(arg, columns, cells);
    }
    PQclear(r);
    return true;
}
