#include "store/series.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "base/alloc.h"
#include "base/event.h"
#include "base/log.h"

#define SERIES_TEXTS_MAX "8192"         /* of all warnings */

#define SERIES_CUT_ROWS 5000            /* steps deleted from the tape at a time */
#define SERIES_LOOK_ROWS 5000           /* sessions looked at, at a time */
#define SERIES_KNOWN_MAX "1000"         /* generations told of at a time, the newest first */

enum series_statement {
    SERIES_LEASE = 0,
    SERIES_PUBLISH,
    SERIES_CURRENT,
    SERIES_SOURCES,
    SERIES_ALERT,
    SERIES_RETIRE,
    SERIES_FORGET,
    SERIES_CUT,
    SERIES_WIPE,
    SERIES_STATEMENTS,
};

static const struct series_sql {
    const char *name;
    const char *sql;
} series_statements[SERIES_STATEMENTS] = {
    [SERIES_LEASE] = { "series_lease",
        "UPDATE kheya.case_series SET next = next + $2::integer"
        " WHERE series = $1::smallint AND next + $2::integer <= 100000000"
        " RETURNING next - $2::integer" },
    /* the current one stays as it is, or the one before would begin to age again; one
     * that was forgotten becomes current by an order only, not by a process
     * that starts with an old folder */
    [SERIES_PUBLISH] = { "series_publish",
        "INSERT INTO kheya.generation AS g (id, sources, published, published_at, resume_ms)"
        " VALUES ($1::bigint, $2::bytea, nextval('kheya.publication'), now(), $4::bigint)"
        " ON CONFLICT (id) DO UPDATE SET published = EXCLUDED.published, published_at = EXCLUDED.published_at,"
        "     sources = EXCLUDED.sources, retired = NULL, forgotten = NULL"
        " WHERE $3::boolean AND g.published < (SELECT max(m.published) FROM kheya.generation m)" },
    [SERIES_CURRENT] = { "series_current",
        "SELECT g.id, g.retired IS NOT NULL FROM kheya.generation g WHERE g.forgotten IS NULL"
        " ORDER BY g.published DESC LIMIT " SERIES_KNOWN_MAX },
    [SERIES_SOURCES] = { "series_sources",
        "SELECT g.sources, g.retired IS NOT NULL FROM kheya.generation g"
        " WHERE g.id = $1::bigint AND g.forgotten IS NULL" },
    [SERIES_ALERT] = { "series_alert",
        "SELECT a.id, a.place, a.signal::bigint, a.free, CASE WHEN isfinite(a.ends)"
        " THEN (extract(epoch FROM a.ends) * 1000)::bigint ELSE 9223372036854775807 END, t.lang, t.text"
        " FROM (SELECT DISTINCT ON (a.place) a.id, a.place, a.signal, a.free, a.ends FROM kheya.alert a WHERE a.active"
        "       AND a.ends > now() AND EXISTS (SELECT FROM kheya.alert_text x WHERE x.alert = a.id)"
        "       ORDER BY a.place, a.id DESC) a"
        " JOIN kheya.alert_text t ON t.alert = a.id ORDER BY a.place, a.id, t.lang LIMIT " SERIES_TEXTS_MAX },
    /* one that is being published again while we look is left alone */
    [SERIES_RETIRE] = { "series_retire",
        "UPDATE kheya.generation g SET retired = now()"
        " FROM (SELECT k.id, k.published, lead(k.published_at) OVER (ORDER BY k.published) AS until"
        "       FROM kheya.generation k) AS o"
        " WHERE o.id = g.id AND o.published = g.published AND g.retired IS NULL"
        " AND o.until <= now() - $1::bigint * interval '1 ms'" },
    /* every step since then has moved its dialogue: those left can only be resumed,
     * and that so long as the generation itself allowed */
    [SERIES_FORGET] = { "series_forget",
        "UPDATE kheya.generation g SET sources = '', forgotten = now()"
        " WHERE g.forgotten IS NULL AND g.retired < now() - g.resume_ms * interval '1 ms' - interval '1 hour'" },
    [SERIES_CUT] = { "series_cut",
        "WITH d AS (DELETE FROM kheya.tape t WHERE t.ctid = ANY (ARRAY("
        "SELECT o.ctid FROM generate_series(0, 1023) AS b CROSS JOIN LATERAL ("
        "SELECT x.ctid FROM kheya.tape x WHERE x.bucket = b::smallint AND x.dialogue < $1::bigint"
        " ORDER BY x.dialogue LIMIT $2::integer FOR UPDATE SKIP LOCKED) AS o LIMIT $2::integer)) RETURNING t.step) SELECT count(*) FROM d" },
    /* a page of sessions in the order of their key, which is all there is an index for; those of them that nobody
     * can continue any more lose what was said in them, and keep their turn */
    [SERIES_WIPE] = { "series_wipe",
        "WITH k AS MATERIALIZED (SELECT s.bucket, s.msisdn, s.code FROM kheya.session s"
        " WHERE (s.bucket, s.msisdn, s.code) > ($1::smallint, $2::text COLLATE \"C\", $3::text COLLATE \"C\")"
        " ORDER BY s.bucket, s.msisdn, s.code LIMIT $4::integer),"
        " o AS MATERIALIZED (SELECT s.bucket, s.msisdn, s.code FROM k JOIN kheya.session s USING (bucket, msisdn, code)"
        " LEFT JOIN kheya.generation g ON g.id = s.generation"
        " WHERE s.open AND s.at < $5::bigint - coalesce(g.resume_ms, 2592000000)"
        " ORDER BY s.bucket, s.msisdn, s.code FOR UPDATE OF s SKIP LOCKED),"
        " w AS (UPDATE kheya.session s SET open = false, state = '' FROM o"
        " WHERE s.bucket = o.bucket AND s.msisdn = o.msisdn AND s.code = o.code RETURNING 1)"
        " SELECT k.bucket::bigint, k.msisdn, k.code, (SELECT count(*) FROM k), (SELECT count(*) FROM w) FROM k"
        " ORDER BY k.bucket DESC, k.msisdn DESC, k.code DESC LIMIT 1" },
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
    int64_t id;                         /* PUBLISH, SOURCES */
    int64_t ms;                         /* PUBLISH: resume_ms; RETIRE: age */
    int64_t name;                       /* CUT: of a dialogue on the tape */
    char *sources;                      /* PUBLISH */
    size_t size;
    bool again;                         /* PUBLISH: a known generation becomes the current one again */
};
TAILQ_HEAD(series_list, series_request);

struct series {
    const struct store_ops *ops;
    void *arg;
    int stall_ms;
    struct series_list waiting, flying;
    struct series_place {
        int64_t bucket;                 /* -1: before the first */
        char msisdn[EVENT_MSISDN_MAX], code[EVENT_CODE_MAX];
    } wiped;                            /* the last session that was looked at */
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
    n->wiped.bucket = -1;
    TAILQ_INIT(&n->waiting);
    TAILQ_INIT(&n->flying);
    return n;
}

static void series_drop(struct series_list *list, struct series_request *r)
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
        series_drop(&n->waiting, r);
    while ((r = TAILQ_FIRST(&n->flying)) != NULL)
        series_drop(&n->flying, r);
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

void series_publish(struct series *n, const struct store_generation *g, bool again)
{
    struct series_request *r = series_add(n, SERIES_PUBLISH);

    r->id = g->id;
    r->ms = g->resume_ms;
    r->sources = xmemdup0(g->sources, g->size);
    r->size = g->size;
    r->again = again;
}

void series_retire(struct series *n, int64_t age_ms)
{
    series_add(n, SERIES_RETIRE)->ms = age_ms;
}

void series_cut_tape(struct series *n, int64_t at)
{
    series_add(n, SERIES_CUT)->name = store_tape_name(at, 0);
}

void series_wipe(struct series *n, int64_t now)
{
    series_add(n, SERIES_WIPE)->ms = now;
}

void series_forget_retired(struct series *n)
{
    series_add(n, SERIES_FORGET);
}

void series_current(struct series *n)
{
    series_add(n, SERIES_CURRENT);
}

void series_sources(struct series *n, int64_t id)
{
    struct series_request *r = series_add(n, SERIES_SOURCES);

    r->id = id;
}

void series_alert(struct series *n)
{
    series_add(n, SERIES_ALERT);
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

static void series_told_current(struct series_request *r, const struct pg_answer *a)
{
    struct series *n = r->owner;

    if (a->outcome != PG_DONE)
        return;
    for (int i = 0; i < PQntuples(a->rows); i++) {
        if (i == 0)
            n->ops->current(n->arg, pg_int8(a->rows, i, 0));
        n->ops->former(n->arg, pg_int8(a->rows, i, 0), pg_bool(a->rows, i, 1));
    }
}

static void series_told_alert(struct series_request *r, const struct pg_answer *a)
{
    struct series *n = r->owner;
    struct store_alert_text *texts;
    int count = a->outcome == PG_DONE ? PQntuples(a->rows) : 0;

    if (a->outcome != PG_DONE)
        return;
    texts = xcalloc((size_t)count + 1, sizeof *texts);
    for (int i = 0; i < count; i++)
        texts[i] = (struct store_alert_text){
            .id = pg_int8(a->rows, i, 0), .place = PQgetvalue(a->rows, i, 1), .signal = (int)pg_int8(a->rows, i, 2),
            .free = pg_bool(a->rows, i, 3), .ends = pg_int8(a->rows, i, 4), .lang = PQgetvalue(a->rows, i, 5),
            .text = PQgetvalue(a->rows, i, 6),
        };
    n->ops->alert(n->arg, texts, count);
    free(texts);
}

static void series_told_sources(struct series_request *r, const struct pg_answer *a)
{
    struct series *n = r->owner;

    if (a->outcome != PG_DONE)
        n->ops->generation(n->arg, r->id, false, NULL, 0, true);
    else if (PQntuples(a->rows) == 0)
        n->ops->generation(n->arg, r->id, false, NULL, 0, false);
    else
        n->ops->generation(n->arg, r->id, pg_bool(a->rows, 0, 1), PQgetvalue(a->rows, 0, 0),
                           (size_t)PQgetlength(a->rows, 0, 0), false);
}

/* What an operator ordered and the connection kept from being done waits again. */
static bool series_is_again(const struct series_request *r, const struct pg_answer *a)
{
    return (r->what == SERIES_PUBLISH || r->what == SERIES_RETIRE) &&
           (a->outcome == PG_LOST || (a->outcome == PG_ERROR && pg_error_of(a->sqlstate) != PG_ERROR_ROW));
}

/* A full share was deleted: there may be more. */
static void series_cut_more(struct series_request *r, const struct pg_answer *a)
{
    if (a->outcome == PG_DONE && pg_int8(a->rows, 0, 0) == SERIES_CUT_ROWS)
        series_add(r->owner, SERIES_CUT)->name = r->name;
}

/* Where the next look begins: behind this page, or after the last page at the first. */
static void series_wiped(struct series_request *r, const struct pg_answer *a)
{
    struct series_place *p = &r->owner->wiped;
    int64_t wiped;

    if (a->outcome != PG_DONE)
        return;
    if (PQntuples(a->rows) == 0 || PQgetlength(a->rows, 0, 1) >= (int)sizeof p->msisdn ||
        PQgetlength(a->rows, 0, 2) >= (int)sizeof p->code) {
        *p = (struct series_place){ .bucket = -1 };
        return;
    }
    wiped = pg_int8(a->rows, 0, 4);
    *p = (struct series_place){ .bucket = -1 };
    if (pg_int8(a->rows, 0, 3) == SERIES_LOOK_ROWS) {
        p->bucket = pg_int8(a->rows, 0, 0);
        (void)snprintf(p->msisdn, sizeof p->msisdn, "%s", PQgetvalue(a->rows, 0, 1));
        (void)snprintf(p->code, sizeof p->code, "%s", PQgetvalue(a->rows, 0, 2));
    }
    if (wiped > 0)
        log_info("store event=dropped_dialogues_wiped count=%" PRId64, wiped);
}

static void series_tell(struct series_request *r, const struct pg_answer *a)
{
    switch (r->what) {
    case SERIES_LEASE:
        series_leased(r, a);
        break;
    case SERIES_PUBLISH:                /* who asks next learns of it */
    case SERIES_RETIRE:
    case SERIES_FORGET:
        break;
    case SERIES_CUT:
        series_cut_more(r, a);
        break;
    case SERIES_WIPE:
        series_wiped(r, a);
        break;
    case SERIES_CURRENT:
        series_told_current(r, a);
        break;
    case SERIES_SOURCES:
        series_told_sources(r, a);
        break;
    case SERIES_ALERT:
        series_told_alert(r, a);
        break;
    case SERIES_STATEMENTS:
        abort();
    }
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
    series_tell(r, a);
    series_drop(&n->flying, r);
}

static void series_send_one(struct series_request *r, struct pg *pg)
{
    char first[24];
    char second[24];
    char third[24];
    struct pg_params p = { 0 };         /* points to them until the query is sent */

    switch (r->what) {
    case SERIES_LEASE:
        snprintf(first, sizeof first, "%d", r->series);
        snprintf(second, sizeof second, "%d", r->count);
        pg_param_text(&p, first);
        pg_param_text(&p, second);
        break;
    case SERIES_PUBLISH:
    case SERIES_SOURCES:
        snprintf(first, sizeof first, "%" PRId64, r->id);
        pg_param_text(&p, first);
        if (r->what == SERIES_PUBLISH) {
            pg_param_binary(&p, r->sources, r->size);
            pg_param_text(&p, r->again ? "t" : "f");
            snprintf(second, sizeof second, "%" PRId64, r->ms);
            pg_param_text(&p, second);
        }
        break;
    case SERIES_CUT:
        snprintf(first, sizeof first, "%" PRId64, r->name);
        snprintf(second, sizeof second, "%d", SERIES_CUT_ROWS);
        pg_param_text(&p, first);
        pg_param_text(&p, second);
        break;
    case SERIES_WIPE:
        snprintf(first, sizeof first, "%" PRId64, r->owner->wiped.bucket);
        snprintf(second, sizeof second, "%d", SERIES_LOOK_ROWS);
        snprintf(third, sizeof third, "%" PRId64, r->ms);
        pg_param_text(&p, first);
        pg_param_text(&p, r->owner->wiped.msisdn);
        pg_param_text(&p, r->owner->wiped.code);
        pg_param_text(&p, second);
        pg_param_text(&p, third);
        break;
    case SERIES_RETIRE:
        snprintf(first, sizeof first, "%" PRId64, r->ms);
        pg_param_text(&p, first);
        break;
    case SERIES_CURRENT:
    case SERIES_ALERT:
    case SERIES_FORGET:
        break;
    case SERIES_STATEMENTS:
        abort();
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
    static const struct pg_answer away = { .outcome = PG_LOST, .reason = "database away" };
    struct series_list failed = TAILQ_HEAD_INITIALIZER(failed);
    struct series_request *r;
    struct series_request *next;

    for (r = TAILQ_FIRST(&n->waiting); r != NULL; r = next) {
        next = TAILQ_NEXT(r, link);
        if (series_is_again(r, &away))
            continue;
        TAILQ_REMOVE(&n->waiting, r, link);     /* first: the callback may ask again */
        TAILQ_INSERT_TAIL(&failed, r, link);
    }
    while ((r = TAILQ_FIRST(&failed)) != NULL) {
        series_tell(r, &away);
        series_drop(&failed, r);
    }
}
