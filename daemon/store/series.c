#include "store/series.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "base/alloc.h"
#include "base/log.h"

enum series_statement { SERIES_LEASE = 0, SERIES_GENERATION, SERIES_STATEMENTS };

static const struct series_sql {
    const char *name;
    const char *sql;
} series_statements[SERIES_STATEMENTS] = {
    [SERIES_LEASE] = { "series_lease",
        "UPDATE kheya.case_series SET next = next + $2::integer"
        " WHERE series = $1::smallint AND next + $2::integer <= 100000000"
        " RETURNING next - $2::integer" },
    [SERIES_GENERATION] = { "series_generation",
        "INSERT INTO kheya.generation (id, sources) VALUES ($1::bigint, $2::bytea) ON CONFLICT (id) DO NOTHING" },
};

/* A request, waiting or in flight. */
struct series_request {
    TAILQ_ENTRY(series_request) link;
    struct series *owner;
    struct pg *pg;
    enum series_statement what;
    uint64_t ticket;                    /* LEASE */
    int series;
    int count;
    int64_t id;                         /* GENERATION */
    char *sources;
    size_t size;
};
TAILQ_HEAD(series_list, series_request);

struct series {
    const struct store_ops *ops;
    void *arg;
    int stall_ms;
    struct series_list waiting, flying;
};

void series_prepare(struct pg *pg)
{
    for (int i = 0; i < SERIES_STATEMENTS; i++)
        pg_prepare(pg, series_statements[i].name, series_statements[i].sql);
}

struct series *series_new(const struct store_ops *ops, void *arg, int stall_ms)
{
    struct series *n = xcalloc(1, sizeof *n);

    n->ops = ops;
    n->arg = arg;
    n->stall_ms = stall_ms;
    TAILQ_INIT(&n->waiting);
    TAILQ_INIT(&n->flying);
    return n;
}

static void series_forget(struct series_list *list, struct series_request *r)
{
    TAILQ_REMOVE(list, r, link);
    free(r->sources);
    free(r);
}

void series_free(struct series *n)
{
    struct series_request *r;

    if (n == NULL)
        return;
    while ((r = TAILQ_FIRST(&n->waiting)) != NULL)
        series_forget(&n->waiting, r);
    while ((r = TAILQ_FIRST(&n->flying)) != NULL)
        series_forget(&n->flying, r);
    free(n);
}

static struct series_request *series_add(struct series *n, enum series_statement what)
{
    struct series_request *r = xcalloc(1, sizeof *r);

    r->owner = n;
    r->what = what;
    TAILQ_INSERT_TAIL(&n->waiting, r, link);
    return r;
}

void series_lease(struct series *n, uint64_t ticket, int series, int count)
{
    struct series_request *r = series_add(n, SERIES_LEASE);

    r->ticket = ticket;
    r->series = series;
    r->count = count;
}

void series_generation(struct series *n, int64_t id, const void *sources, size_t size)
{
    struct series_request *r = series_add(n, SERIES_GENERATION);

    r->id = id;
    r->sources = xmemdup0(sources, size);
    r->size = size;
}

static void series_leased(struct series_request *r, const struct pg_answer *a)
{
    struct series *n = r->owner;
    bool got = a->outcome == PG_DONE && PQntuples(a->rows) == 1;

    if (a->outcome == PG_DONE && !got)
        log_err("store event=lease_failed series=%d count=%d reason=\"no such series, or its numbers are used up\"",
                r->series, r->count);
    n->ops->leased(n->arg, r->ticket, got ? pg_int8(a->rows, 0, 0) : -1, got ? r->count : 0);
}

/* A generation that could not be kept because of the connection waits again. */
static bool series_is_again(const struct series_request *r, const struct pg_answer *a)
{
    return r->what == SERIES_GENERATION &&
           (a->outcome == PG_LOST || (a->outcome == PG_ERROR && pg_error_of(a->sqlstate) != PG_ERROR_ROW));
}

static void series_on_answer(void *arg, const struct pg_answer *a)
{
    struct series_request *r = arg;
    struct series *n = r->owner;

    if (a->outcome == PG_ERROR) {
        log_err("store event=%s_failed reason=\"%s\"", series_statements[r->what].name, a->reason);
        if (pg_error_of(a->sqlstate) == PG_ERROR_TROUBLE)
            pg_drop(r->pg, PG_SOON, a->reason);
    }
    if (series_is_again(r, a)) {
        TAILQ_REMOVE(&n->flying, r, link);
        TAILQ_INSERT_HEAD(&n->waiting, r, link);
        return;
    }
    if (r->what == SERIES_LEASE)
        series_leased(r, a);
    series_forget(&n->flying, r);
}

static void series_send_one(struct series_request *r, struct pg *pg)
{
    char first[24];
    char second[24];
    struct pg_params p = { 0 };

    if (r->what == SERIES_LEASE) {
        snprintf(first, sizeof first, "%d", r->series);
        snprintf(second, sizeof second, "%d", r->count);
        pg_param_text(&p, first);
        pg_param_text(&p, second);
    } else {
        snprintf(first, sizeof first, "%" PRId64, r->id);
        pg_param_text(&p, first);
        pg_param_binary(&p, r->sources, r->size);
    }
    r->pg = pg;
    pg_query(pg, series_statements[r->what].name, &p, PG_BINARY);
    pg_end(pg, r->owner->stall_ms, series_on_answer, r);
}

bool series_waits(const struct series *n)
{
    return !TAILQ_EMPTY(&n->waiting);
}

void series_send(struct series *n, struct pg *pg)
{
    struct series_request *r;

    while ((r = TAILQ_FIRST(&n->waiting)) != NULL) {
        TAILQ_REMOVE(&n->waiting, r, link);
        TAILQ_INSERT_TAIL(&n->flying, r, link);
        series_send_one(r, pg);
    }
}

void series_fail(struct series *n)
{
    struct series_list leases = TAILQ_HEAD_INITIALIZER(leases);
    struct series_request *r;
    struct series_request *next;

    for (r = TAILQ_FIRST(&n->waiting); r != NULL; r = next) {
        next = TAILQ_NEXT(r, link);
        if (r->what != SERIES_LEASE)
            continue;
        TAILQ_REMOVE(&n->waiting, r, link);     /* first: the callback may ask again */
        TAILQ_INSERT_TAIL(&leases, r, link);
    }
    while ((r = TAILQ_FIRST(&leases)) != NULL) {
        n->ops->leased(n->arg, r->ticket, -1, 0);
        series_forget(&leases, r);
    }
}
