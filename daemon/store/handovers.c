#include "store/handovers.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/alloc.h"
#include "base/log.h"
#include "store/array.h"

#define HANDOVERS_MARKS_MAX 10000       /* that wait; past it the row comes back when its time is over */
#define HANDOVERS_NOTE_MAX  200         /* octets kept of a note */
#define HANDOVERS_ARRAY_MAX (1u << 20)

#define HANDOVERS_NOW "(extract(epoch FROM now()) * 1000)::bigint"
#define HANDOVERS_ROW "bucket::integer, number, seq, tries, created, backend, body, secret, ref"

/* An earlier row of the same case is out or waits: one after the other. */
#define HANDOVERS_IN_ORDER \
    " AND NOT EXISTS (SELECT FROM kheya.backend_queue e WHERE e.bucket = x.bucket AND e.number = x.number" \
    "                 AND e.seq < x.seq AND e.state = 0)"

enum handovers_statement {
    HANDOVERS_TAKE = 0,
    HANDOVERS_FILL,
    HANDOVERS_TAKE_FILE,
    HANDOVERS_MARK,
    HANDOVERS_MARK_FILE,
    HANDOVERS_STATEMENTS,
};

static const struct handovers_sql {
    const char *name;
    const char *sql;
} handovers_statements[HANDOVERS_STATEMENTS] = {
    /* $1 back ends, $2 how many of each, $3 ms until they come back */
    [HANDOVERS_TAKE] = { "handovers_take",
        "WITH t AS (SELECT q.bucket, q.number, q.seq, k.lease"
        " FROM unnest($1::text[], $2::integer[], $3::bigint[]) AS k(backend, rows, lease) CROSS JOIN LATERAL ("
        "SELECT x.bucket, x.number, x.seq FROM kheya.backend_queue x"
        " WHERE x.backend = k.backend AND x.state = 0 AND x.due <= " HANDOVERS_NOW HANDOVERS_IN_ORDER
        " ORDER BY x.due LIMIT k.rows FOR UPDATE SKIP LOCKED) AS q"
        "), u AS ("
        "UPDATE kheya.backend_queue o SET tries = o.tries + 1, due = " HANDOVERS_NOW " + t.lease,"
        " changed = " HANDOVERS_NOW
        " FROM t WHERE o.bucket = t.bucket AND o.number = t.number AND o.seq = t.seq RETURNING o.*"
        ") SELECT " HANDOVERS_ROW " FROM u ORDER BY created, number, seq" },
    /* $1 back end, $2 how many at most, $3 ms: what waits becomes a file */
    [HANDOVERS_FILL] = { "handovers_fill",
        "WITH t AS (SELECT x.bucket, x.number, x.seq FROM kheya.backend_queue x"
        " WHERE x.backend = $1::text AND x.state = 0 AND x.file IS NULL AND x.due <= " HANDOVERS_NOW
        HANDOVERS_IN_ORDER " ORDER BY x.due LIMIT $2::integer FOR UPDATE SKIP LOCKED"
        "), f AS ("
        "INSERT INTO kheya.backend_file (backend, due, created) SELECT $1::text, 0, " HANDOVERS_NOW
        " WHERE EXISTS (SELECT FROM t) RETURNING id"
        ") UPDATE kheya.backend_queue o SET file = f.id, changed = " HANDOVERS_NOW
        " FROM t, f WHERE o.bucket = t.bucket AND o.number = t.number AND o.seq = t.seq" },
    /* $1 back end, $2 ms: the oldest file that nobody writes */
    [HANDOVERS_TAKE_FILE] = { "handovers_take_file",
        "WITH f AS (UPDATE kheya.backend_file g SET due = " HANDOVERS_NOW " + $2::bigint WHERE g.id = ("
        "SELECT x.id FROM kheya.backend_file x WHERE x.backend = $1::text AND x.state = 0 AND x.due <= " HANDOVERS_NOW
        " ORDER BY x.id LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING g.id, g.created"
        ") SELECT q.bucket::integer, q.number, q.seq, q.tries, q.created, q.backend, q.body, q.secret, q.ref, f.id, f.created"
        " FROM f JOIN kheya.backend_queue q ON q.file = f.id AND q.state = 0 ORDER BY q.created, q.number, q.seq" },
    /* $1 bucket, $2 number, $3 seq, $4 state, $5 note, $6 due, $7 tries.  Given back
     * only by who has it. */
    [HANDOVERS_MARK] = { "handovers_mark",
        "UPDATE kheya.backend_queue q SET state = $4::smallint, note = $5::text, changed = " HANDOVERS_NOW ","
        " due = CASE WHEN $4::smallint = 0 THEN $6::bigint ELSE q.due END,"
        " body = CASE WHEN $4::smallint = 1 THEN '' ELSE q.body END,"
        " secret = CASE WHEN $4::smallint = 1 THEN NULL ELSE q.secret END"
        " WHERE q.bucket = $1::smallint AND q.number = $2::bigint AND q.seq = $3::integer AND q.state = 0"
        " AND ($4::smallint <> 0 OR q.tries = $7::integer)" },
    /* $1 file */
    [HANDOVERS_MARK_FILE] = { "handovers_mark_file",
        "WITH f AS (UPDATE kheya.backend_file g SET state = 1 WHERE g.id = $1::bigint RETURNING g.id)"
        " UPDATE kheya.backend_queue q SET state = 1, body = '', secret = NULL, tries = q.tries + 1,"
        " changed = " HANDOVERS_NOW " FROM f WHERE q.file = f.id AND q.state = 0" },
};

/* A request, waiting or in flight. */
struct handovers_request {
    TAILQ_ENTRY(handovers_request) link;
    struct handovers *owner;
    struct pg *pg;
    enum handovers_statement what;      /* TAKE_FILE: with a FILL before it */
    struct array backends, counts, leases;      /* TAKE */
    char *text;                         /* back end; MARK: note */
    int count;                          /* TAKE_FILE */
    int64_t ms;                         /* TAKE_FILE: lease; MARK: due */
    int64_t number;                     /* MARK; MARK_FILE: file */
    int32_t seq, tries;
    int16_t bucket;
    enum store_handover_state state;
};
TAILQ_HEAD(handovers_list, handovers_request);

struct handovers {
    const struct store_ops *ops;
    void *arg;
    int stall_ms;
    int marks;                          /* of those that wait */
    struct handovers_list waiting, flying;
};

void handovers_prepare(struct pg *pg)
{
    for (int i = 0; i < HANDOVERS_STATEMENTS; i++)
        pg_prepare(pg, handovers_statements[i].name, handovers_statements[i].sql);
}

/* --- life ----------------------------------------------------------------------------- */

struct handovers *handovers_new(const struct store_ops *ops, void *arg, int stall_ms)
{
    struct handovers *h = xcalloc(1, sizeof *h);

    h->ops = ops;
    h->arg = arg;
    h->stall_ms = stall_ms;
    TAILQ_INIT(&h->waiting);
    TAILQ_INIT(&h->flying);
    return h;
}

static void handovers_drop(struct handovers_list *list, struct handovers_request *r)
{
    TAILQ_REMOVE(list, r, link);
    array_fini(&r->backends);
    array_fini(&r->counts);
    array_fini(&r->leases);
    free(r->text);
    free(r);
}

void handovers_free(struct handovers *h)
{
    struct handovers_request *r;

    if (h == NULL)
        return;
    while ((r = TAILQ_FIRST(&h->waiting)) != NULL)
        handovers_drop(&h->waiting, r);
    while ((r = TAILQ_FIRST(&h->flying)) != NULL)
        handovers_drop(&h->flying, r);
    free(h);
}

static struct handovers_request *handovers_add(struct handovers *h, enum handovers_statement what)
{
    struct handovers_request *r = xcalloc(1, sizeof *r);

    r->owner = h;
    r->what = what;
    TAILQ_INSERT_TAIL(&h->waiting, r, link);
    return r;
}

/* --- requests --------------------------------------------------------------------------- */

void handovers_take(struct handovers *h, const struct store_wanted *list, int count)
{
    struct handovers_request *r = handovers_add(h, HANDOVERS_TAKE);

    array_init(&r->backends, HANDOVERS_ARRAY_MAX);
    array_init(&r->counts, HANDOVERS_ARRAY_MAX);
    array_init(&r->leases, HANDOVERS_ARRAY_MAX);
    array_begin(&r->backends, ARRAY_TEXT);
    array_begin(&r->counts, ARRAY_INT4);
    array_begin(&r->leases, ARRAY_INT8);
    for (int i = 0; i < count; i++) {
        array_bytes(&r->backends, list[i].backend, strlen(list[i].backend));
        array_int4(&r->counts, list[i].count);
        array_int8(&r->leases, list[i].lease_ms);
    }
    array_end(&r->backends);
    array_end(&r->counts);
    array_end(&r->leases);
}

void handovers_take_file(struct handovers *h, const struct store_wanted *of)
{
    struct handovers_request *r = handovers_add(h, HANDOVERS_TAKE_FILE);

    r->text = xstrdup(of->backend);
    r->count = of->count;
    r->ms = of->lease_ms;
}

/* The beginning of a note, cut between characters. */
static char *handovers_note(const char *note)
{
    size_t n = strlen(note);

    if (n > HANDOVERS_NOTE_MAX) {
        n = HANDOVERS_NOTE_MAX;
        while (n > 0 && ((unsigned char)note[n] & 0xc0) == 0x80)
            n--;
    }
    return xmemdup0(note, n);
}

void handovers_mark(struct handovers *h, const struct store_handed *handed)
{
    struct handovers_request *r;

    if (h->marks >= HANDOVERS_MARKS_MAX) {
        log_err("store event=handover_mark_dropped reason=\"too many wait\" next=it_comes_back");
        return;
    }
    h->marks++;
    r = handovers_add(h, HANDOVERS_MARK);
    r->bucket = handed->bucket;
    r->number = handed->number;
    r->seq = handed->seq;
    r->tries = handed->tries;
    r->state = handed->state;
    r->ms = handed->due;
    r->text = handovers_note(handed->note);
}

void handovers_mark_file(struct handovers *h, int64_t file)
{
    handovers_add(h, HANDOVERS_MARK_FILE)->number = file;
}

/* --- answers ------------------------------------------------------------------------------ */

enum { ROW_BUCKET = 0, ROW_NUMBER, ROW_SEQ, ROW_TRIES, ROW_CREATED, ROW_BACKEND, ROW_BODY, ROW_SECRET, ROW_REF, ROW_FILE,
       ROW_FILE_CREATED };

static void handovers_row(const PGresult *rows, int i, struct store_handover *out)
{
    *out = (struct store_handover){
        .bucket = (int16_t)pg_int4(rows, i, ROW_BUCKET),
        .number = pg_int8(rows, i, ROW_NUMBER),
        .seq = pg_int4(rows, i, ROW_SEQ),
        .tries = pg_int4(rows, i, ROW_TRIES),
        .created = pg_int8(rows, i, ROW_CREATED),
        .backend = PQgetvalue(rows, i, ROW_BACKEND),
        .body = PQgetvalue(rows, i, ROW_BODY),
        .ref = PQgetvalue(rows, i, ROW_REF),
        .secret = PQgetisnull(rows, i, ROW_SECRET) ? NULL : PQgetvalue(rows, i, ROW_SECRET),
        .secret_len = PQgetisnull(rows, i, ROW_SECRET) ? 0 : (size_t)PQgetlength(rows, i, ROW_SECRET),
    };
}

static void handovers_tell(const struct handovers_request *r, const struct pg_answer *a)
{
    int n = a->outcome == PG_DONE ? PQntuples(a->rows) : 0;
    struct store_handover *list = xcalloc((size_t)n + 1, sizeof *list);
    struct store_handover_file file = { .backend = r->text };

    for (int i = 0; i < n; i++)
        handovers_row(a->rows, i, &list[i]);
    if (r->what == HANDOVERS_TAKE_FILE) {
        file.id = n > 0 ? pg_int8(a->rows, 0, ROW_FILE) : 0;
        file.created = n > 0 ? pg_int8(a->rows, 0, ROW_FILE_CREATED) : 0;
    }
    r->owner->ops->handovers(r->owner->arg, r->what == HANDOVERS_TAKE_FILE ? &file : NULL, list, n,
                             a->outcome != PG_DONE);
    free(list);
}

static bool handovers_is_take(const struct handovers_request *r)
{
    return r->what == HANDOVERS_TAKE || r->what == HANDOVERS_TAKE_FILE;
}

static void handovers_again(struct handovers *h, struct handovers_request *r)
{
    TAILQ_REMOVE(&h->flying, r, link);
    TAILQ_INSERT_HEAD(&h->waiting, r, link);
    h->marks += r->what == HANDOVERS_MARK;
}

static void handovers_on_answer(void *arg, const struct pg_answer *a)
{
    struct handovers_request *r = arg;
    struct handovers *h = r->owner;
    bool bad = a->outcome == PG_ERROR && pg_error_of(a->sqlstate) == PG_ERROR_ROW;

    if (a->outcome == PG_ERROR) {
        log_err("store event=%s_failed reason=\"%s\"", handovers_statements[r->what].name, a->reason);
        if (pg_error_of(a->sqlstate) == PG_ERROR_TROUBLE)
            pg_drop(r->pg, PG_SOON, a->reason);
    }
    if (handovers_is_take(r))
        handovers_tell(r, a);
    else if (a->outcome != PG_DONE && !bad) {
        handovers_again(h, r);
        return;
    }
    handovers_drop(&h->flying, r);
}

/* --- sending -------------------------------------------------------------------------------- */

static void handovers_put(struct handovers_request *r, struct pg *pg, enum handovers_statement what)
{
    char ints[6][24];
    struct pg_params p = { 0 };

    (void)snprintf(ints[0], sizeof ints[0], "%d", r->bucket);
    (void)snprintf(ints[1], sizeof ints[1], "%" PRId64, r->number);
    (void)snprintf(ints[2], sizeof ints[2], "%" PRId32, r->seq);
    (void)snprintf(ints[3], sizeof ints[3], "%d", what == HANDOVERS_MARK ? (int)r->state : r->count);
    (void)snprintf(ints[4], sizeof ints[4], "%" PRId64, r->ms);
    (void)snprintf(ints[5], sizeof ints[5], "%" PRId32, r->tries);
    switch (what) {
    case HANDOVERS_TAKE:
        pg_param_binary(&p, r->backends.bytes.data, r->backends.bytes.len);
        pg_param_binary(&p, r->counts.bytes.data, r->counts.bytes.len);
        pg_param_binary(&p, r->leases.bytes.data, r->leases.bytes.len);
        break;
    case HANDOVERS_FILL:
        pg_param_text(&p, r->text);
        pg_param_text(&p, ints[3]);
        break;
    case HANDOVERS_TAKE_FILE:
        pg_param_text(&p, r->text);
        pg_param_text(&p, ints[4]);
        break;
    case HANDOVERS_MARK:
        pg_param_text(&p, ints[0]);
        pg_param_text(&p, ints[1]);
        pg_param_text(&p, ints[2]);
        pg_param_text(&p, ints[3]);
        pg_param_text(&p, r->text);
        pg_param_text(&p, ints[4]);
        pg_param_text(&p, ints[5]);
        break;
    case HANDOVERS_MARK_FILE:
        pg_param_text(&p, ints[1]);
        break;
    case HANDOVERS_STATEMENTS:
        abort();
    }
    pg_query(pg, handovers_statements[what].name, &p, PG_BINARY);
}

bool handovers_wait(const struct handovers *h)
{
    return !TAILQ_EMPTY(&h->waiting);
}

void handovers_send(struct handovers *h, struct pg *pg)
{
    struct handovers_request *r;

    while ((r = TAILQ_FIRST(&h->waiting)) != NULL) {
        TAILQ_REMOVE(&h->waiting, r, link);
        TAILQ_INSERT_TAIL(&h->flying, r, link);
        h->marks -= r->what == HANDOVERS_MARK;
        r->pg = pg;
        if (r->what == HANDOVERS_TAKE_FILE)
            handovers_put(r, pg, HANDOVERS_FILL);
        handovers_put(r, pg, r->what);
        pg_end(pg, h->stall_ms, handovers_on_answer, r);
    }
}

void handovers_fail(struct handovers *h)
{
    static const struct pg_answer away = { .outcome = PG_LOST, .reason = "database away" };
    struct handovers_list failed = TAILQ_HEAD_INITIALIZER(failed);
    struct handovers_request *r, *next;

    for (r = TAILQ_FIRST(&h->waiting); r != NULL; r = next) {
        next = TAILQ_NEXT(r, link);
        if (!handovers_is_take(r))
            continue;
        TAILQ_REMOVE(&h->waiting, r, link);     /* first: the callback may ask again */
        TAILQ_INSERT_TAIL(&failed, r, link);
    }
    while ((r = TAILQ_FIRST(&failed)) != NULL) {
        handovers_tell(r, &away);
        handovers_drop(&failed, r);
    }
}
