#include "store/reach.h"

#include <stdio.h>

#include "store/blocking.h"

/* state: enum session_mode, 2 ended; kind: enum flow_tape_kind, 0 a dial.  A dialogue's name has its first second in the
 * upper half (store_tape_name()). */
#define REACH_STEPS \
    "SELECT t.*, kheya.day((t.dialogue / 4294967296 + 1577836800) * 1000) AS day FROM kheya.tape t"
#define REACH_DAYS \
    " WHERE ($1::text = '' OR day >= nullif($1::text, '')::date) AND ($2::text = '' OR day <= nullif($2::text, '')::date)"

static const char reach_funnel_sql[] =
    "WITH s AS ("
    "SELECT t.bucket, t.dialogue, t.at, t.screen, t.state,"
    " CASE $3::text WHEN '0' THEN t.lang WHEN '1' THEN t.link"
    " ELSE coalesce(substring(first_value(t.facts) OVER w FROM '^[^}]*\"place\": \"([0-9]{6})\"'), 'unknown') END AS key,"
    " lead(t.step) OVER w IS NULL AS last"
    " FROM (" REACH_STEPS ") AS t" REACH_DAYS
    " WINDOW w AS (PARTITION BY t.bucket, t.dialogue ORDER BY t.step)"
    "), c AS ("
    "SELECT s.screen, s.key, count(DISTINCT (s.bucket, s.dialogue)) AS came,"
    " count(*) FILTER (WHERE s.last AND s.state <> 2 AND s.at < extract(epoch FROM now()) * 1000 - 300000) AS gone"
    " FROM s GROUP BY 1, 2"
    "), r AS ("
    "SELECT c.*, coalesce(sum(c.came) OVER (PARTITION BY c.screen ORDER BY c.came, c.key"
    " ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS fewer_came, min(c.came) OVER (PARTITION BY c.screen) AS least_came,"
    " coalesce(sum(c.gone) OVER (PARTITION BY c.screen ORDER BY c.gone, c.key"
    " ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS fewer_gone, min(c.gone) OVER (PARTITION BY c.screen) AS least_gone"
    " FROM c) "
    "SELECT r.screen, r.key, r.came, CASE WHEN $3::text <> '2' OR (r.gone >= 10 AND NOT (r.least_gone < 10 AND r.fewer_gone < 10))"
    " THEN r.gone END"
    " FROM r WHERE $3::text <> '2' OR (r.came >= 10 AND NOT (r.least_came < 10 AND r.fewer_came < 10))"
    " ORDER BY CASE WHEN $3::text <> '2' OR r.gone >= 10 THEN r.gone ELSE 0 END DESC, r.came DESC, r.screen, r.key";

bool reach_funnel(const char *conninfo, const char *since, const char *until, enum reach_by by,
                  void (*row)(void *arg, const struct reach_funnel_row *r), void *arg, char *err, size_t n)
{
    const char kind[2] = { (char)('0' + (int)by), '\0' };
    const char *const values[] = { since, until, kind };
    PGresult *rows = blocking_once(conninfo, reach_funnel_sql, 3, values, err, n);

    for (int i = 0; rows != NULL && i < PQntuples(rows); i++) {
        const struct reach_funnel_row r = { PQgetvalue(rows, i, 0), PQgetvalue(rows, i, 1), PQgetvalue(rows, i, 2),
                                            PQgetisnull(rows, i, 3) ? NULL : PQgetvalue(rows, i, 3) };

        row(arg, &r);
    }
    PQclear(rows);
    return rows != NULL;
}

/* Where "Continue?" was answered by "new", the dial stands at the end of the one dialogue, as its last step, and what
 * followed is another one ("before": so long after the dial): the two are one for the network. */
static const char reach_cost_sql[] =
    "WITH s AS ("
    "SELECT t.*, sum(CASE WHEN t.kind = 0 THEN 1 ELSE 0 END) OVER (PARTITION BY t.bucket, t.dialogue ORDER BY t.step) AS dial"
    " FROM (" REACH_STEPS ") AS t" REACH_DAYS
    "), d AS ("
    "SELECT (array_agg(s.link ORDER BY s.step))[1] AS link, bool_or(s.state = 2) AS ended,"
    " bool_or(s.facts ~ '\"wrote\": \"|\"pay\": \"(asked|late)\"') AS wrote,"
    " bool_or(s.step = 1 AND s.facts ~ '^[^}]*\"before\": ') AS goes_on,"
    " max(s.at) - min(s.at)"
    " + coalesce(max(substring(s.facts FROM '^[^}]*\"before\": ([0-9]{1,9})')::bigint) FILTER (WHERE s.step = 1), 0) AS ms"
    " FROM s GROUP BY s.bucket, s.dialogue, s.dial"
    "), b AS ("
    "SELECT d.link, d.wrote, 1 AS dials, d.ms, greatest(1, ceil(d.ms / 90000.0)) AS least,"
    " greatest(1, ceil((d.ms + CASE WHEN d.ended THEN 0 ELSE $3::integer * 1000 END) / 90000.0)) AS most FROM d"
    " UNION ALL "
    "SELECT d.link, false, -1, 0, -1, -greatest(1, ceil($3::integer / 90.0)) FROM d WHERE d.goes_on) "
    "SELECT b.link, b.wrote, sum(b.dials), round(sum(b.ms) / 1000), sum(b.least), sum(b.most) FROM b GROUP BY 1, 2"
    " HAVING sum(b.dials) > 0 ORDER BY 1, 2";

bool reach_cost(const char *conninfo, const char *since, const char *until, int idle,
                void (*row)(void *arg, const struct reach_cost_row *r), void *arg, char *err, size_t n)
{
    char seconds[16];
    const char *const values[] = { since, until, seconds };
    PGresult *rows;

    snprintf(seconds, sizeof seconds, "%d", idle);
    rows = blocking_once(conninfo, reach_cost_sql, 3, values, err, n);
    for (int i = 0; rows != NULL && i < PQntuples(rows); i++) {
        const struct reach_cost_row r = { PQgetvalue(rows, i, 0), PQgetvalue(rows, i, 1), PQgetvalue(rows, i, 2),
                                          PQgetvalue(rows, i, 3), PQgetvalue(rows, i, 4), PQgetvalue(rows, i, 5) };

        row(arg, &r);
    }
    PQclear(rows);
    return rows != NULL;
}
