/*
 * probe.c - store_probe_*(): what the database says of an operator's queries
 * before any citizen asks them.
 *
 * Blocking, for the command line.  Each is prepared as it will be asked, and
 * planned, because the right to call a function is looked at no sooner; none is
 * run.
 */
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "store/questions.h"
#include "store/store.h"

#define PROBE_SQL_MAX (2u << 20)
#define PROBE_STATEMENT "probe"
#define PROBE_DENIED "42501"            /* SQLSTATE insufficient_privilege */

static const char probe_settings[] =
    "SET ROLE kheya_menu; SET default_transaction_read_only = on; SET statement_timeout = '10s';"
    " SET plan_cache_mode = force_generic_plan";

struct store_probe {
    PGconn *conn;
    PGresult *described;                /* of the last one */
    struct store_shape shape;
    char text[1024];
};

/* --- statements ---------------------------------------------------------------------- */

static void probe_quiet(void *arg, const char *message)
{
    (void)arg;
    (void)message;
}

/* All results of what was sent; the last one is kept, NULL when there is none. */
static PGresult *probe_result(struct store_probe *p, int sent)
{
    PGresult *last = NULL;
    PGresult *r;

    while (sent == 1 && (r = PQgetResult(p->conn)) != NULL) {
        ExecStatusType before = last != NULL ? PQresultStatus(last) : PGRES_EMPTY_QUERY;

        if (before == PGRES_FATAL_ERROR) {      /* the first error is the one to tell */
            PQclear(r);
            continue;
        }
        PQclear(last);
        last = r;
    }
    return last;
}

static bool probe_is_good(const PGresult *r)
{
    return PQresultStatus(r) == PGRES_COMMAND_OK || PQresultStatus(r) == PGRES_TUPLES_OK;
}

static void probe_trim(char *text)
{
    size_t n = strlen(text);

    while (n > 0 && text[n - 1] == '\n')
        text[--n] = '\0';
}

static const char *probe_message(struct store_probe *p, const PGresult *r)
{
    const char *message = r != NULL ? PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY) : NULL;
    const char *hint = r != NULL ? PQresultErrorField(r, PG_DIAG_MESSAGE_HINT) : NULL;

    snprintf(p->text, sizeof p->text, "%s%s%s", message != NULL ? message : PQerrorMessage(p->conn),
             hint != NULL ? "; " : "", hint != NULL ? hint : "");
    probe_trim(p->text);
    return p->text;
}

/* NULL, or why not. */
static const char *probe_run(struct store_probe *p, const char *sql)
{
    PGresult *r = probe_result(p, PQsendQuery(p->conn, sql));
    const char *why = probe_is_good(r) ? NULL : probe_message(p, r);

    PQclear(r);
    return why;
}

/* --- life ------------------------------------------------------------------------------- */

struct store_probe *store_probe_open(const char *conninfo, char *err, size_t n)
{
    struct store_probe *p = xcalloc(1, sizeof *p);
    const char *why;

    p->conn = PQconnectdb(conninfo);
    if (PQstatus(p->conn) != CONNECTION_OK) {
        snprintf(err, n, "%s", PQerrorMessage(p->conn));
        probe_trim(err);
        for (char *c = err; *c != '\0'; c++)
            if (*c == '\n' || *c == '\t')
                *c = ' ';               /* one line, though libpq tells of each address */
        store_probe_close(p);
        return NULL;
    }
    PQsetNoticeProcessor(p->conn, probe_quiet, NULL);
    why = probe_run(p, probe_settings);
    if (why != NULL) {
        snprintf(err, n, "%s", why);
        store_probe_close(p);
        return NULL;
    }
    return p;
}

void store_probe_close(struct store_probe *p)
{
    PQclear(p->described);
    PQfinish(p->conn);
    free(p);
}

/* --- one query ---------------------------------------------------------------------------- */

static enum store_probed probe_failed(struct store_probe *p, const PGresult *r)
{
    const char *state = r != NULL ? PQresultErrorField(r, PG_DIAG_SQLSTATE) : NULL;

    p->shape.error = probe_message(p, r);
    if (PQstatus(p->conn) != CONNECTION_OK)
        return STORE_PROBE_LOST;
    return state != NULL && strcmp(state, PROBE_DENIED) == 0 ? STORE_PROBE_DENIED : STORE_PROBE_BAD;
}

static enum store_probed probe_prepare(struct store_probe *p, const char *sql)
{
    PGresult *r = probe_result(p, PQsendPrepare(p->conn, PROBE_STATEMENT, sql, 0, NULL));
    enum store_probed result = STORE_PROBED;

    if (!probe_is_good(r))
        result = probe_failed(p, r);
    PQclear(r);
    if (result != STORE_PROBED)
        return result;
    p->described = probe_result(p, PQsendDescribePrepared(p->conn, PROBE_STATEMENT));
    return probe_is_good(p->described) ? STORE_PROBED : probe_failed(p, p->described);
}

/* Without a row or a value: only that it may be asked. */
static enum store_probed probe_plan(struct store_probe *p)
{
    int args = PQnparams(p->described);
    enum store_probed result = STORE_PROBED;
    struct buf sql;
    PGresult *r;

    buf_init(&sql, PROBE_SQL_MAX);
    buf_adds(&sql, "EXPLAIN EXECUTE " PROBE_STATEMENT);
    for (int i = 0; i < args; i++)
        buf_adds(&sql, i == 0 ? "(NULL" : ", NULL");
    buf_adds(&sql, args > 0 ? ")" : "");
    r = probe_result(p, PQsendQuery(p->conn, buf_str(&sql)));
    if (!probe_is_good(r))
        result = probe_failed(p, r);
    PQclear(r);
    buf_fini(&sql);
    return result;
}

enum store_probed store_probe_sql(struct store_probe *p, const char *sql, const struct store_shape **shape)
{
    enum store_probed result;
    struct buf whole;

    PQclear(p->described);
    p->described = NULL;
    p->shape = (struct store_shape){ .error = "" };
    *shape = &p->shape;
    (void)probe_run(p, "DEALLOCATE ALL");
    buf_init(&whole, PROBE_SQL_MAX);
    questions_wrap(&whole, sql, 1);
    result = probe_prepare(p, buf_str(&whole));
    buf_fini(&whole);
    if (result != STORE_PROBED)
        return result;
    p->shape.column_count = PQnfields(p->described);
    p->shape.arg_count = PQnparams(p->described);
    return probe_plan(p);
}

/* --- types ----------------------------------------------------------------------------------- */

const char *store_probe_column(const struct store_probe *p, int column)
{
    return PQfname(p->described, column);
}

/* pg_type.typcategory, PostgreSQL 15 table 53.65 */
static enum store_sort probe_sort(const char *category, const char *name)
{
    static const struct {
        char category;
        enum store_sort sort;
    } sorts[] = {
        { 'B', STORE_BOOL }, { 'D', STORE_DATE }, { 'S', STORE_TEXT }, { 'E', STORE_TEXT }, { 'N', STORE_NUMBER },
    };

    if (strcmp(name, "smallint") == 0 || strcmp(name, "integer") == 0 || strcmp(name, "bigint") == 0)
        return STORE_WHOLE;
    if (strncmp(name, "time ", 5) == 0 || strcmp(name, "interval") == 0)
        return STORE_OTHER;
    for (size_t i = 0; i < sizeof sorts / sizeof sorts[0]; i++)
        if (category[0] == sorts[i].category)
            return sorts[i].sort;
    return STORE_OTHER;
}

static struct store_type probe_type(struct store_probe *p, Oid oid, int mod)
{
    static const char sql[] = "SELECT format_type($1::oid, $2::integer), typcategory, format_type($1::oid, NULL)"
                              "  FROM pg_type WHERE oid = $1::oid";
    struct store_type type = { .sort = STORE_OTHER, .name = "unknown" };
    char number[16], typmod[16];
    const char *values[2] = { number, typmod };
    PGresult *r;

    snprintf(number, sizeof number, "%u", oid);
    snprintf(typmod, sizeof typmod, "%d", mod);
    r = probe_result(p, PQsendQueryParams(p->conn, sql, 2, NULL, values, NULL, NULL, 0));
    if (probe_is_good(r) && PQntuples(r) == 1) {
        snprintf(type.name, sizeof type.name, "%s", PQgetvalue(r, 0, 0));
        type.sort = probe_sort(PQgetvalue(r, 0, 1), PQgetvalue(r, 0, 2));
        /* numeric(n,0): its modifier is (n << 16 | scale) + 4 */
        if (strcmp(PQgetvalue(r, 0, 2), "numeric") == 0 && mod >= 4 && ((mod - 4) & 0xffff) == 0)
            type.sort = STORE_WHOLE;
    }
    PQclear(r);
    return type;
}

struct store_type store_probe_column_type(struct store_probe *p, int column)
{
    return probe_type(p, PQftype(p->described, column), PQfmod(p->described, column));
}

struct store_type store_probe_arg_type(struct store_probe *p, int arg)
{
    return probe_type(p, PQparamtype(p->described, arg), -1);
}
