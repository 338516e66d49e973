#include "store/savings.h"

#include "base/alloc.h"
#include "store/blocking.h"

static const char savings_sums[] =
    "SELECT s.service, s.scope, sum(s.sign), sum(s.visits), sum(s.minutes), sum(s.taka) FROM kheya.saving s"
    " WHERE ($1::text = '' OR s.day >= nullif($1::text, '')::date) AND ($2::text = '' OR s.service = $2::text)"
    " GROUP BY 1, 2 ORDER BY 1, 2";

bool savings_list(const char *conninfo, const char *since, const char *service, void (*row)(void *arg, const struct savings_row *r),
                  void *arg, char *err, size_t n)
{
    const char *const values[] = { since, service };
    PGresult *rows = blocking_once(conninfo, savings_sums, 2, values, err, n);

    for (int i = 0; rows != NULL && i < PQntuples(rows); i++) {
        const struct savings_row r = { PQgetvalue(rows, i, 0), PQgetvalue(rows, i, 1), PQgetvalue(rows, i, 2),
                                       PQgetvalue(rows, i, 3), PQgetvalue(rows, i, 4), PQgetvalue(rows, i, 5) };

        row(arg, &r);
    }
    PQclear(rows);
    return rows != NULL;
}

char *savings_public(const char *conninfo, char *err, size_t n)
{
    PGresult *rows = blocking_once(conninfo, "SELECT kheya.public_json()", 0, NULL, err, n);
    char *text = rows != NULL ? xstrdup(PQgetvalue(rows, 0, 0)) : NULL;

    PQclear(rows);
    return text;
}
