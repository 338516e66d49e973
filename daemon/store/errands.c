#include "store/errands.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/alloc.h"
#include "base/log.h"

#define ERRANDS_AT_ONCE 64              /* sent by one writer in one turn: a step waits for no more of them */
#define ERRANDS_TRIES 5                 /* of one that met a deadlock */
#define ERRANDS_ARRAY_MAX (4u << 20)    /* octets of an array as text */

struct errand {
    TAILQ_ENTRY(errand) link;
    struct errands *owner;
    struct pg *pg;                      /* in flight by */
    const struct errand_sql *sql;
    struct errand_done done;
    int tries;
    int count;
    char *values[];                     /* owned */
};
TAILQ_HEAD(errand_list, errand);

struct errands {
    int stall_ms;
    struct errand_list waiting, flying;
};

void errands_prepare(struct pg *pg, const struct errand_sql *table, int count)
{
    for (int i = 0; i < count; i++)
        pg_prepare(pg, table[i].name, table[i].sql);
}

void errand_text(struct errand_params *p, const char *s)
{
    assert(p->count < ERRANDS_PARAMS_MAX);
    p->values[p->count++] = s;
}

/* PostgreSQL 8.15.6: elements in quotes, quotes and backslashes in them escaped. */
void errand_array(struct buf *out, const char *const *items, int count)
{
    buf_init(out, ERRANDS_ARRAY_MAX);
    buf_addc(out, '{');
    for (int i = 0; i < count; i++) {
        buf_adds(out, i > 0 ? ",\"" : "\"");
        for (const char *c = items[i]; *c != '\0'; c++) {
            if (*c == '"' || *c == '\\')
                buf_addc(out, '\\');
            buf_addc(out, *c);
        }
        buf_addc(out, '"');
    }
    buf_addc(out, '}');
}

void errand_int(struct errand_params *p, int64_t v)
{
    char *text = p->numbers[p->count];

    snprintf(text, sizeof p->numbers[0], "%" PRId64, v);
    errand_text(p, text);
}

int64_t errand_cell_int(const PGresult *rows, int row, int column)
{
    return strtoll(PQgetvalue(rows, row, column), NULL, 10);
}

const char *errand_cell(const PGresult *rows, int row, int column)
{
    return PQgetvalue(rows, row, column);
}

/* --- life ------------------------------------------------------------------------ */

struct errands *errands_new(int stall_ms)
{
    struct errands *e = xcalloc(1, sizeof *e);

    e->stall_ms = stall_ms;
    TAILQ_INIT(&e->waiting);
    TAILQ_INIT(&e->flying);
    return e;
}

static void errands_drop(struct errand_list *list, struct errand *r)
{
    TAILQ_REMOVE(list, r, link);
    for (int i = 0; i < r->count; i++)
        free(r->values[i]);
    free(r);
}

void errands_free(struct errands *e)
{
    struct errand *r;

    if (e == NULL)
        return;
    while ((r = TAILQ_FIRST(&e->waiting)) != NULL)
        errands_drop(&e->waiting, r);
    while ((r = TAILQ_FIRST(&e->flying)) != NULL)
        errands_drop(&e->flying, r);
    free(e);
}

void errands_add(struct errands *e, const struct errand_sql *sql, const struct errand_params *p,
                 const struct errand_done *done)
{
    struct errand *r = xcalloc(1, sizeof *r + (size_t)p->count * sizeof r->values[0]);

    r->owner = e;
    r->sql = sql;
    r->done = *done;
    r->count = p->count;
    for (int i = 0; i < p->count; i++)
        r->values[i] = p->values[i] != NULL ? xstrdup(p->values[i]) : NULL;
    TAILQ_INSERT_TAIL(&e->waiting, r, link);
}

/* --- sending ---------------------------------------------------------------------- */

static void errands_tell(struct errand_list *list, struct errand *r, const PGresult *rows, bool lost)
{
    const struct errand_done done = r->done;

    errands_drop(list, r);
    done.fn(done.arg, done.ticket, rows, lost);
}

/* It failed.  True: it waits for another try. */
static bool errands_again(struct errand *r, const struct pg_answer *a)
{
    enum pg_error error = pg_error_of(a->sqlstate);

    if (error == PG_ERROR_AGAIN && ++r->tries < ERRANDS_TRIES) {
        TAILQ_REMOVE(&r->owner->flying, r, link);
        TAILQ_INSERT_HEAD(&r->owner->waiting, r, link);
        return true;
    }
    log_err("store event=%s_failed reason=\"%s\"", r->sql->name, a->reason);
    /* what else flies on it, steps of citizens too, is not to fall with one errand */
    if (error == PG_ERROR_TROUBLE && pg_error_ends(a->sqlstate))
        pg_drop(r->pg, PG_SOON, a->reason);
    return false;
}

static void errands_on_answer(void *arg, const struct pg_answer *a)
{
    struct errand *r = arg;
    struct errands *e = r->owner;

    switch (a->outcome) {
    case PG_DONE:
        errands_tell(&e->flying, r, a->rows, false);
        return;
    case PG_ERROR:
        if (!errands_again(r, a))
            errands_tell(&e->flying, r, NULL, pg_error_of(a->sqlstate) != PG_ERROR_ROW);
        return;
    case PG_LOST:
    case PG_OUTCOMES:
        errands_tell(&e->flying, r, NULL, true);
        return;
    }
}

bool errands_wait(const struct errands *e)
{
    return !TAILQ_EMPTY(&e->waiting);
}

void errands_send(struct errands *e, struct pg *pg)
{
    struct errand *r;

    for (int n = 0; n < ERRANDS_AT_ONCE && (r = TAILQ_FIRST(&e->waiting)) != NULL; n++) {
        struct pg_params p = { 0 };

        TAILQ_REMOVE(&e->waiting, r, link);
        TAILQ_INSERT_TAIL(&e->flying, r, link);
        for (int i = 0; i < r->count; i++)
            pg_param_text(&p, r->values[i]);
        r->pg = pg;
        pg_query(pg, r->sql->name, &p, PG_TEXT);
        pg_end(pg, e->stall_ms, errands_on_answer, r);
    }
}

void errands_fail(struct errands *e)
{
    struct errand_list failed = TAILQ_HEAD_INITIALIZER(failed);
    struct errand *r;

    TAILQ_CONCAT(&failed, &e->waiting, link);   /* first: the callback may ask again */
    while ((r = TAILQ_FIRST(&failed)) != NULL)
        errands_tell(&failed, r, NULL, true);
}
