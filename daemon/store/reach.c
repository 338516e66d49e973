#include "store/reach.h"

#include <inttypes.h>
#include <stdio.h>

#include "store/blocking.h"
#include "store/errands.h"
#include "store/store.h"

/* --- the daemon ---------------------------------------------------------------------------- */

#define REACH_SEP "\x1f"                /* between the columns of a row; in no name */
#define REACH_QUOTED(x) #x
#define REACH_NUMBER(x) REACH_QUOTED(x)

/* $1: rows.  In the order of their keys, so that two processes wait for each other and never both. */
static const struct errand_sql reach_statement = { "reach_count",
    "WITH s AS (SELECT string_to_array(x, E'\\x1f') AS c FROM unnest($1::text[]) AS x"
    "), r AS (SELECT date '1970-01-01' + s.c[1]::integer AS day, s.c[2]::smallint AS kind, s.c[3] COLLATE \"C\" AS screen,"
    " s.c[4] COLLATE \"C\" AS key, s.c[5]::bigint AS a, s.c[6]::bigint AS b, s.c[7]::bigint AS c, s.c[8]::bigint AS d FROM s"
    "), p AS (INSERT INTO kheya.reach AS o (day, screen, kind, key, came, gone)"
    " SELECT r.day, r.screen, r.kind, r.key, r.a, r.b FROM r WHERE r.kind < 3 ORDER BY 1, 2, 3, 4"
    " ON CONFLICT (day, screen, kind, key) DO UPDATE SET came = o.came + excluded.came, gone = o.gone + excluded.gone"
    "), q AS (INSERT INTO kheya.reach_dial AS o (day, link, dealt, dials, ms, blocks, blocks_most)"
    " SELECT r.day, r.key, r.kind = 4, r.a, r.b, r.c, r.d FROM r WHERE r.kind > 2 ORDER BY 1, 2, 3"
    " ON CONFLICT (day, link, dealt) DO UPDATE SET dials = o.dials + excluded.dials, ms = o.ms + excluded.ms,"
    " blocks = o.blocks + excluded.blocks, blocks_most = o.blocks_most + excluded.blocks_most"
    "), y AS (DELETE FROM kheya.reach_dial WHERE day < current_date - " REACH_NUMBER(REACH_DAYS) ") "
    "DELETE FROM kheya.reach WHERE day < current_date - " REACH_NUMBER(REACH_DAYS) };

void reach_prepare(struct pg *pg)
{
    errands_prepare(pg, &reach_statement, 1);
}

void reach_rows_begin(struct buf *rows)
{
    buf_clear(rows);
    buf_addc(rows, '{');
}

static void reach_rows_text(struct buf *rows, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            buf_addc(rows, '\\');
        buf_addc(rows, *text);
    }
}

void reach_rows_add(struct buf *rows, const struct reach_sum *sum, const char *screen, const char *key)
{
    buf_addf(rows, "%s\"%" PRId32 REACH_SEP "%d" REACH_SEP, rows->len > 1 ? "," : "", sum->day, (int)sum->kind);
    reach_rows_text(rows, screen);
    buf_adds(rows, REACH_SEP);
    reach_rows_text(rows, key);
    for (int i = 0; i < REACH_SUMS; i++)
        buf_addf(rows, REACH_SEP "%" PRId64, sum->sums[i]);
    buf_addc(rows, '"');
}

static void reach_on_counted(void *arg, uint64_t ticket, const PGresult *rows, bool lost)
{
    const struct reach_teller *to = arg;

    (void)ticket;
    (void)lost;
    to->counted(to->arg, rows != NULL);
}

void reach_count(struct store *s, struct buf *rows, struct reach_teller *to)
{
    struct errand_params p = { .count = 0 };

    buf_addc(rows, '}');
    errand_text(&p, buf_str(rows));
    store_errand(s, &reach_statement, &p, &(struct errand_done){ reach_on_counted, to, 0 });
}

/* --- the command line ------------------------------------------------------------------------- */

#define REACH_BETWEEN \
    " ($1::text = '' OR day >= nullif($1::text, '')::date) AND ($2::text = '' OR day <= nullif($2::text, '')::date)"

static const char reach_funnel_sql[] =
    "WITH c AS ("
    "SELECT o.screen, o.key, sum(o.came) AS came, greatest(0, sum(o.gone)) AS gone FROM kheya.reach o"
    " WHERE o.kind = $3::smallint AND" REACH_BETWEEN " GROUP BY 1, 2"
    "), r AS ("
    "SELECT c.*, coalesce(sum(c.came) OVER (PARTITION BY c.screen ORDER BY c.came, c.key"
    " ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS fewer_came, min(c.came) OVER (PARTITION BY c.screen) AS least_came,"
    " coalesce(sum(c.gone) OVER (PARTITION BY c.screen ORDER BY c.gone, c.key"
    " ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS fewer_gone, min(c.gone) OVER (PARTITION BY c.screen) AS least_gone"
    " FROM c) "
    "SELECT r.screen, r.key, r.came, CASE WHEN $3::smallint <> 2 OR (r.gone >= 10 AND NOT (r.least_gone < 10 AND r.fewer_gone < 10))"
    " THEN r.gone END"
    " FROM r WHERE $3::smallint <> 2 OR (r.came >= 10 AND NOT (r.least_came < 10 AND r.fewer_came < 10))"
    " ORDER BY CASE WHEN $3::smallint <> 2 OR r.gone >= 10 THEN r.gone ELSE 0 END DESC, r.came DESC, r.screen, r.key";

bool reach_funnel(const char *conninfo, const char *since, const char *until, enum reach_kind by,
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

static const char reach_cost_sql[] =
    "SELECT d.link, d.dealt, sum(d.dials), round(sum(d.ms) / 1000), sum(d.blocks), sum(d.blocks_most) FROM kheya.reach_dial d"
    " WHERE" REACH_BETWEEN " GROUP BY 1, 2 HAVING sum(d.dials) > 0 ORDER BY 1, 2";

bool reach_cost(const char *conninfo, const char *since, const char *until,
                void (*row)(void *arg, const struct reach_cost_row *r), void *arg, char *err, size_t n)
{
    const char *const values[] = { since, until };
    PGresult *rows = blocking_once(conninfo, reach_cost_sql, 2, values, err, n);

    for (int i = 0; rows != NULL && i < PQntuples(rows); i++) {
        const struct reach_cost_row r = { PQgetvalue(rows, i, 0), PQgetvalue(rows, i, 1), PQgetvalue(rows, i, 2),
                                          PQgetvalue(rows, i, 3), PQgetvalue(rows, i, 4), PQgetvalue(rows, i, 5) };

        row(arg, &r);
    }
    PQclear(rows);
    return rows != NULL;
}
