/*
 * kept.c - the generations that a database keeps, for the command line.
 *
 * Blocking.
 */
#include <inttypes.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/blocking.h"
#include "store/store.h"

#define KEPT_LIST \
    "SELECT g.id, (extract(epoch FROM g.published_at) * 1000)::bigint," \
    " coalesce((extract(epoch FROM g.retired) * 1000)::bigint, 0)," \
    " g.published = max(g.published) OVER ()"

static const char kept_list[] = KEPT_LIST ", -1::bigint"
    " FROM kheya.generation g WHERE g.forgotten IS NULL ORDER BY g.published DESC";

static const char kept_count[] = KEPT_LIST ", coalesce(n.sessions, 0)"
    " FROM kheya.generation g"
    " LEFT JOIN (SELECT s.generation, count(*) AS sessions FROM kheya.session s WHERE s.open GROUP BY 1) AS n"
    "      ON n.generation = g.id"
    " WHERE g.forgotten IS NULL ORDER BY g.published DESC";

/* No row: there is no such one; else whether it is the current one. */
static const char kept_retire[] =
    "WITH g AS (SELECT k.id, k.published = (SELECT max(m.published) FROM kheya.generation m) AS current"
    "           FROM kheya.generation k WHERE k.id = $1::bigint AND k.forgotten IS NULL),"
    " u AS (UPDATE kheya.generation t SET retired = now()"
    "       WHERE t.retired IS NULL AND t.id IN (SELECT g.id FROM g WHERE NOT g.current))"
    " SELECT g.current, CASE WHEN NOT g.current"
    "  THEN kheya.audit_act('generation/' || to_hex(g.id), 'menus_retired', '{}') END FROM g";

static int64_t kept_number(const PGresult *rows, int row, int column)
{
    return strtoll(PQgetvalue(rows, row, column), NULL, 10);
}

static bool kept_truth(const PGresult *rows, int row, int column)
{
    return PQgetvalue(rows, row, column)[0] == 't';
}

bool store_generations(const char *conninfo, bool count, store_kept_fn fn, void *arg, char *err, size_t n)
{
    PGresult *rows = blocking_once(conninfo, count ? kept_count : kept_list, 0, NULL, err, n);
    bool ok = rows != NULL;

    for (int i = 0; ok && i < PQntuples(rows); i++) {
        const struct store_kept kept = {
            .id = kept_number(rows, i, 0),
            .published = kept_number(rows, i, 1),
            .retired = kept_number(rows, i, 2),
            .current = kept_truth(rows, i, 3),
            .sessions = kept_number(rows, i, 4),
        };

        fn(arg, &kept);
    }
    PQclear(rows);
    return ok;
}

bool store_generation_retire(const char *conninfo, int64_t id, char *err, size_t n)
{
    char text[24];
    const char *values[1] = { text };
    PGresult *rows;
    bool ok = false;

    snprintf(text, sizeof text, "%" PRId64, id);
    rows = blocking_once(conninfo, kept_retire, 1, values, err, n);
    if (rows != NULL && PQntuples(rows) == 0)
        snprintf(err, n, "the database keeps no generation %016" PRIx64, (uint64_t)id);
    else if (rows != NULL && kept_truth(rows, 0, 0))
        snprintf(err, n, "%016" PRIx64 " is the current generation: publish another one first", (uint64_t)id);
    else
        ok = rows != NULL;
    PQclear(rows);
    return ok;
}
