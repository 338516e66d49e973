#include "store/stuck.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "store/blocking.h"

#define STUCK_NOW "(extract(epoch FROM now()) * 1000)::bigint"

enum stuck_statement { STUCK_LIST = 0, STUCK_SHOW, STUCK_RETRY, STUCK_STATEMENTS };

static const char *const stuck_statements[STUCK_STATEMENTS] = {
    [STUCK_LIST] =
        "SELECT q.backend, count(*) FILTER (WHERE q.state = 0), count(*) FILTER (WHERE q.state = 0 AND q.tries > 0),"
        " count(*) FILTER (WHERE q.state = 2), count(*) FILTER (WHERE q.state = 1),"
        " coalesce(min(q.created) FILTER (WHERE q.state = 0), 0) FROM kheya.backend_queue q GROUP BY 1 ORDER BY 1",
    [STUCK_SHOW] =
        "SELECT q.number, q.seq, q.tries, q.state, q.created, q.due, q.note, q.ref FROM kheya.backend_queue q"
        " WHERE q.backend = $1::text AND q.state <> 1 ORDER BY q.created, q.number, q.seq LIMIT 1000",
    /* one that is out comes again all the same, under its own name */
    [STUCK_RETRY] =
        "WITH u AS (UPDATE kheya.backend_queue q SET state = 0, due = " STUCK_NOW ", changed = " STUCK_NOW
        " WHERE q.backend = $1::text AND q.state <> 1 AND ($2::bigint = 0 OR q.number = $2::bigint)"
        " AND ($3::text = '' OR q.ref = $3::text) RETURNING 1)"
        " SELECT n.n, kheya.audit_act('backend/' || $1::text, 'handovers_retried', jsonb_build_object('count', n.n, 'case', $2::bigint)"
        " || CASE $3::text WHEN '' THEN '{}' ELSE jsonb_build_object('payment', $3::text) END)"
        " FROM (SELECT count(*) AS n FROM u) n",
};

static PGresult *stuck_ask(const char *conninfo, enum stuck_statement what, const char *first,
                           const char *second, const char *third, char *err, size_t n)
{
    const char *const values[] = { first, second, third };
    int count = 0;

    while (count < 3 && values[count] != NULL)
        count++;
    return blocking_once(conninfo, stuck_statements[what], count, values, err, n);
}

static int64_t stuck_int(const PGresult *rows, int row, int column)
{
    return strtoll(PQgetvalue(rows, row, column), NULL, 10);
}

bool store_stuck_list(const char *conninfo, void (*fn)(void *arg, const struct store_stuck *s), void *arg, char *err,
                      size_t n)
{
    PGresult *rows = stuck_ask(conninfo, STUCK_LIST, NULL, NULL, NULL, err, n);
    bool good = rows != NULL;

    for (int i = 0; good && i < PQntuples(rows); i++)
        fn(arg, &(struct store_stuck){ PQgetvalue(rows, i, 0), stuck_int(rows, i, 1), stuck_int(rows, i, 2),
                                       stuck_int(rows, i, 3), stuck_int(rows, i, 4), stuck_int(rows, i, 5) });
    PQclear(rows);
    return good;
}

bool store_stuck_show(const char *conninfo, const char *backend,
                      void (*fn)(void *arg, const struct store_stuck_case *c), void *arg, char *err, size_t n)
{
    PGresult *rows = stuck_ask(conninfo, STUCK_SHOW, backend, NULL, NULL, err, n);
    bool good = rows != NULL;

    for (int i = 0; good && i < PQntuples(rows); i++)
        fn(arg, &(struct store_stuck_case){ .number = stuck_int(rows, i, 0), .seq = (int)stuck_int(rows, i, 1),
                                            .tries = (int)stuck_int(rows, i, 2), .refused = stuck_int(rows, i, 3) == 2,
                                            .created = stuck_int(rows, i, 4), .due = stuck_int(rows, i, 5),
                                            .note = PQgetvalue(rows, i, 6), .ref = PQgetvalue(rows, i, 7) });
    PQclear(rows);
    return good;
}

bool store_stuck_retry(const char *conninfo, const char *backend, int64_t number, const char *ref, int64_t *count,
                       char *err, size_t n)
{
    char digits[24];
    PGresult *rows;
    bool good;

    (void)snprintf(digits, sizeof digits, "%" PRId64, number);
    rows = stuck_ask(conninfo, STUCK_RETRY, backend, digits, ref, err, n);
    good = rows != NULL && PQntuples(rows) == 1;
    *count = good ? stuck_int(rows, 0, 0) : 0;
    PQclear(rows);
    return good;
}
