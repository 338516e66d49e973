#include "store/blocking.h"

#include <stdio.h>
#include <string.h>

void blocking_fail(char *err, size_t n, const char *message)
{
    snprintf(err, n, "%.*s", (int)strcspn(message, "\n"), message);
}

PGresult *blocking_ask(PGconn *conn, const char *sql, int count, const char *const *values, char *err, size_t n)
{
    PGresult *rows = NULL;

    if (PQstatus(conn) != CONNECTION_OK) {
        blocking_fail(err, n, PQerrorMessage(conn));
        return NULL;
    }
    if (PQsendQueryParams(conn, sql, count, NULL, values, NULL, NULL, 0) == 1) {
        PGresult *more;

        rows = PQgetResult(conn);
        while ((more = PQgetResult(conn)) != NULL)
            PQclear(more);
    }
    if (PQresultStatus(rows) == PGRES_TUPLES_OK)
        return rows;
    blocking_fail(err, n, PQerrorMessage(conn));
    PQclear(rows);
    return NULL;
}

PGresult *blocking_once(const char *conninfo, const char *sql, int count, const char *const *values, char *err, size_t n)
{
    PGconn *conn = PQconnectdb(conninfo);
    PGresult *rows = blocking_ask(conn, sql, count, values, err, n);

    PQfinish(conn);
    return rows;
}

bool blocking_lock(PGconn *conn, const char *subject, char *err, size_t n)
{
    PGresult *rows = blocking_ask(conn, "SELECT pg_advisory_lock(hashtextextended('kheya ' || $1::text, 0))", 1, &subject, err, n);

    PQclear(rows);
    return rows != NULL;
}

PGresult *blocking_alone(const char *conninfo, const char *subject, const char *sql, int count, const char *const *values,
                         char *err, size_t n)
{
    PGconn *conn = PQconnectdb(conninfo);
    PGresult *rows = blocking_lock(conn, subject, err, n) ? blocking_ask(conn, sql, count, values, err, n) : NULL;

    PQfinish(conn);
    return rows;
}
