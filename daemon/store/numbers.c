#include "store/numbers.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "base/alloc.h"
#include "base/log.h"

enum numbers_statement { NUMBERS_LEASE = 0, NUMBERS_GENERATION, NUMBERS_STATEMENTS };

static const struct numbers_sql {
    const char *name;
    const char *sql;
} numbers_statements[NUMBERS_STATEMENTS] = {
    [NUMBERS_LEASE] = { "numbers_lease",
        "UPDATE kheya.case_series SET next = next + $2::integer"
        " WHERE series = $1::smallint AND next + $2::integer <= 100000000"
        " RETURNING next - $2::integer" },
    [NUMBERS_GENERATION] = { "numbers_generation",
        "INSERT INTO kheya.generation (id, sources) VALUES ($1::bigint, $2::bytea) ON CONFLICT (id) DO NOTHING" },
};

/* A request, waiting or in flight. */
struct numbers_request {
    TAILQ_ENTRY(numbers_request) link;
    struct numbers *owner;
    struct pg *pg;
    enum numbers_statement what;
    uint64_t ticket;                    /* LEASE */
    int series;
    int count;
    int64_t id;                         /* GENERATION */
    char *sources;
    size_t size;
};
TAILQ_HEAD(numbers_list, numbers_request);

struct numbers {
    const struct store_ops *ops;
    void *arg;
    int stall_ms;
    struct numbers_list waiting, flying;
};

void numbers_prepare(struct pg *pg)
{
    for (int i = 0; i < NUMBERS_STATEMENTS; i++)
        pg_prepare(pg, numbers_statements[i].name, numbers_statements[i].sql);
}

struct numbers *numbers_new(const struct store_ops *ops, void *arg, int stall_ms)
{
    struct numbers *n = xcalloc(1, sizeof *n);

    n->ops = ops;
    n->arg = arg;
    n->stall_ms = stall_ms;
    TAILQ_INIT(&n->waiting);
    TAILQ_INIT(&n->flying);
    return n;
}

static void numbers_forget(struct numbers_list *list, struct numbers_request *r)
{
    TAILQ_REMOVE(list, r, link);
    free(r->sources);
    free(r);
}

void numbers_free(struct numbers *n)
{
    struct numbers_request *r;

    if (n == NULL)
        return;
    while ((r = TAILQ_FIRST(&n->waiting)) != NULL)
        numbers_forget(&n->waiting, r);
    while ((r = TAILQ_FIRST(&n->flying)) != NULL)
        numbers_forget(&n->flying, r);
    free(n);
}

static struct numbers_request *numbers_add(struct numbers *n, enum numbers_statement what)
{
    struct numbers_request *r = xcalloc(1, sizeof *r);

    r->owner = n;
    r->what = what;
    TAILQ_INSERT_TAIL(&n->waiting, r, link);
    return r;
}

void numbers_lease(struct numbers *n, uint64_t ticket, int series, int count)
{
    struct numbers_request *r = numbers_add(n, NUMBERS_LEASE);

    r->ticket = ticket;
    r->series = series;
    r->count = count;
}

void numbers_generation(struct numbers *n, int64_t id, const void *sources, size_t size)
{
    struct numbers_request *r = numbers_add(n, NUMBERS_GENERATION);

    r->id = id;
    r->sources = xmemdup0(sources, size);
    r->size = size;
}

static void numbers_leased(struct numbers_request *r, const struct pg_answer *a)
{
    struct numbers *n = r->owner;
    bool got = a->outcome == PG_DONE && PQntuples(a->rows) == 1;

    if (a->outcome == PG_DONE && !got)
        log_err("store event=lease_failed series=%d count=%d reason=\"no such series, or its numbers are used up\"",
                r->series, r->count);
    n->ops->leased(n->arg, r->ticket, got ? pg_int8(a->rows, 0, 0) : -1, got ? r->count : 0);
}

/* A generation that could not be kept because of the connection waits again. */
static bool numbers_is_again(const struct numbers_request *r, const struct pg_answer *a)
{
    return r->what == NUMBERS_GENERATION &&
           (a->outcome == PG_LOST || (a->outcome == PG_ERROR && pg_error_of(a->sqlstate) != PG_ERROR_ROW));
}

static void numbers_on_answer(void *arg, const struct pg_answer *a)
{
    struct numbers_request *r = arg;
    struct numbers *n = r->owner;

    if (a->outcome == PG_ERROR) {
        log_err("store event=%s_failed reason=\"%s\"", numbers_statements[r->what].name, a->reason);
        if (pg_error_of(a->sqlstate) == PG_ERROR_TROUBLE)
            pg_drop(r->pg, PG_SOON, a->reason);
    }
    if (numbers_is_again(r, a)) {
        TAILQ_REMOVE(&n->flying, r, link);
        TAILQ_INSERT_HEAD(&n->waiting, r, link);
        return;
    }
    if (r->what == NUMBERS_LEASE)
        numbers_leased(r, a);
    numbers_forget(&n->flying, r);
}

static void numbers_send_one(struct numbers_request *r, struct pg *pg)
{
    char first[24];
    char second[24];
    struct pg_params p = { 0 };

    if (r->what == NUMBERS_LEASE) {
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
    pg_query(pg, numbers_statements[r->what].name, &p, PG_BINARY);
    pg_end(pg, r->owner->stall_ms, numbers_on_answer, r);
}

bool numbers_waits(const struct numbers *n)
{
    return !TAILQ_EMPTY(&n->waiting);
}

void numbers_send(struct numbers *n, struct pg *pg)
{
    struct numbers_request *r;

    while ((r = TAILQ_FIRST(&n->waiting)) != NULL) {
        TAILQ_REMOVE(&n->waiting, r, link);
        TAILQ_INSERT_TAIL(&n->flying, r, link);
        numbers_send_one(r, pg);
    }
}

void numbers_fail(struct numbers *n)
{
    struct numbers_list leases = TAILQ_HEAD_INITIALIZER(leases);
    struct numbers_request *r;
    struct numbers_request *next;

    for (r = TAILQ_FIRST(&n->waiting); r != NULL; r = next) {
        next = TAILQ_NEXT(r, link);
        if (r->what != NUMBERS_LEASE)
            continue;
        TAILQ_REMOVE(&n->waiting, r, link);     /* first: the callback may ask again */
        TAILQ_INSERT_TAIL(&leases, r, link);
    }
    while ((r = TAILQ_FIRST(&leases)) != NULL) {
        n->ops->leased(n->arg, r->ticket, -1, 0);
        numbers_forget(&leases, r);
    }
}
