#include "store/payments.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"

#define PAYMENTS_PARAMS 24
#define PAYMENTS_LEASE "30000"          /* ms: longer than the longest wait for a provider */
#define PAYMENTS_NOW "(extract(epoch FROM now()) * 1000)::bigint"
#define PAYMENTS_COLUMNS \
    "p.bucket::integer, p.ref, p.msisdn, p.provider, p.service, p.about, p.lang, p.taka, p.state, p.trx, p.reason," \
    " p.refund, p.owes, p.tries, p.seq, p.created, p.expires, coalesce(p.due, 0), p.paid, p.back," \
    " coalesce((SELECT r.n || ' ' || r.state || ' ' || r.taka FROM kheya.refund r WHERE r.bucket = p.bucket AND r.ref = p.ref" \
    " AND r.state < 2 ORDER BY r.state DESC, r.n LIMIT 1), '')"

enum payments_column {
    PAYMENTS_BUCKET = 0, PAYMENTS_REF, PAYMENTS_MSISDN, PAYMENTS_PROVIDER, PAYMENTS_SERVICE, PAYMENTS_ABOUT,
    PAYMENTS_LANG, PAYMENTS_TAKA, PAYMENTS_STATE, PAYMENTS_TRX, PAYMENTS_REASON, PAYMENTS_REFUND, PAYMENTS_OWES,
    PAYMENTS_TRIES, PAYMENTS_SEQ, PAYMENTS_CREATED, PAYMENTS_EXPIRES, PAYMENTS_DUE, PAYMENTS_PAID, PAYMENTS_BACK, PAYMENTS_PART_OF,
    PAYMENTS_COLUMN_COUNT,
};

enum payments_statement { PAYMENTS_OPEN = 0, PAYMENTS_LOAD, PAYMENTS_WRITE, PAYMENTS_TAKE, PAYMENTS_PART, PAYMENTS_STATEMENTS };

static const struct payments_sql {
    const char *name;
    const char *sql;
} payments_statements[PAYMENTS_STATEMENTS] = {
    /* $1 bucket, $2 ref, $3 msisdn, $4 provider, $5 service, $6 about, $7 lang, $8 taka, $9 state, $10 now,
     * $11 expires, $12 due, $13 back end.  The row, new or as it was; none: another one is open for the same, or it is paid. */
    [PAYMENTS_OPEN] = { "payment_open",
        "WITH old AS (SELECT " PAYMENTS_COLUMNS " FROM kheya.payment p"
        "             WHERE p.bucket = $1::smallint AND p.ref = $2::text),"
        " new AS (INSERT INTO kheya.payment AS p (bucket, ref, msisdn, provider, service, about, lang, taka, state,"
        "             created, changed, expires, due, backend)"
        "         SELECT $1::smallint, $2::text, $3::text, $4::text, $5::text, $6::text, $7::text, $8::bigint, $9::text,"
        "             $10::bigint, $10::bigint, $11::bigint, $12::bigint, $13::text"
        "         WHERE NOT EXISTS (SELECT FROM old) AND NOT EXISTS (SELECT FROM kheya.payment o"
        "             WHERE o.bucket = $1::smallint AND o.about = $6::text AND o.about <> ''"
        "             AND o.state IN ('quoted', 'requested', 'approved', 'confirmed'))"
        "         ON CONFLICT DO NOTHING"
        "         RETURNING " PAYMENTS_COLUMNS "),"
        " e AS (INSERT INTO kheya.payment_event (bucket, ref, seq, at, actor, state)"
        "       SELECT $1::smallint, $2::text, 1, $10::bigint, 'citizen', $9::text FROM new)"
        " SELECT * FROM old UNION ALL SELECT * FROM new" },
    [PAYMENTS_LOAD] = { "payment_load",
        "SELECT " PAYMENTS_COLUMNS " FROM kheya.payment p WHERE p.bucket = $1::smallint AND p.ref = $2::text" },
    /* $3 the seq that was read, $4 state, $5 trx, $6 reason, $7 refund, $8 owes, $9 tries, $10 due or 0, $11 paid,
     * $12 back, $13 now; a row of its history: $14 actor or '', $15 note; a message: $16 text or '', $17 cause,
     * $18 lang, $19 class, $20 bucket of its receiver; $21 a part that she is told of by it, or 0.  No row: somebody else has written meanwhile. */
    [PAYMENTS_WRITE] = { "payment_write",
        "WITH u AS (UPDATE kheya.payment p SET state = $4::text, trx = $5::text, reason = $6::text,"
        "             refund = $7::boolean, owes = $8::integer, tries = $9::integer, due = nullif($10::bigint, 0),"
        "             paid = $11::bigint, back = $12::bigint, changed = $13::bigint, seq = p.seq + 1"
        "         WHERE p.bucket = $1::smallint AND p.ref = $2::text AND p.seq = $3::integer"
        "         RETURNING " PAYMENTS_COLUMNS "),"
        " e AS (INSERT INTO kheya.payment_event (bucket, ref, seq, at, actor, state, note)"
        "       SELECT $1::smallint, u.ref, u.seq, $13::bigint, $14::text, u.state, $15::text FROM u"
        "       WHERE $14::text <> ''),"
        " o AS (INSERT INTO kheya.outbox (bucket, cause, receiver, link, lang, class, text, due, created, changed, quiet)"
        "       SELECT $20::smallint, $17::text, u.msisdn, '', $18::text, $19::text, $16::text, $13::bigint,"
        "           $13::bigint, $13::bigint, coalesce((SELECT c.quiet FROM kheya.case_file c"
        "           WHERE u.about ~ '^[0-9]{10}$' AND c.number = u.about::bigint), 0) FROM u WHERE $16::text <> ''"
        "       ON CONFLICT (bucket, cause) DO NOTHING),"
        " r AS (UPDATE kheya.refund x SET state = 2 FROM u WHERE x.bucket = $1::smallint AND x.ref = u.ref"
        "       AND x.n = $21::smallint AND x.state = 1)"
        " SELECT * FROM u" },
    /* $1 how many.  Leases end by the server's clock. */
    [PAYMENTS_TAKE] = { "payment_take",
        "WITH t AS (SELECT p.bucket, p.ref FROM kheya.payment p WHERE p.due <= " PAYMENTS_NOW
        "           ORDER BY p.due LIMIT $1::integer FOR UPDATE SKIP LOCKED)"
        " UPDATE kheya.payment p SET due = " PAYMENTS_NOW " + " PAYMENTS_LEASE ", seq = p.seq + 1"
        " FROM t WHERE p.bucket = t.bucket AND p.ref = t.ref"
        " RETURNING " PAYMENTS_COLUMNS },
    /* $3 part, $4 refused, $5 taka or 0, $6 trx, $7 reason, $8 actor, $9 at.  What follows from it is sql/0056's.  No row: no
     * such part was asked for. */
    [PAYMENTS_PART] = { "payment_part",
        "WITH old AS (SELECT r.* FROM kheya.refund r WHERE r.bucket = $1::smallint AND r.ref = $2::text AND r.n = $3::smallint"
        "             AND $5::bigint IN (0, r.taka)),"
        " u AS (UPDATE kheya.refund r SET state = CASE WHEN $4::boolean THEN 3 ELSE 1 END, trx = $6::text, reason = $7::text,"
        "             actor = $8::text, back = CASE WHEN $4::boolean THEN 0 ELSE $9::bigint END"
        "         FROM old WHERE r.bucket = old.bucket AND r.ref = old.ref AND r.n = old.n AND r.state = 0)"
        " SELECT " PAYMENTS_COLUMNS " FROM kheya.payment p WHERE p.bucket = $1::smallint AND p.ref = $2::text"
        " AND EXISTS (SELECT FROM old)" },
};

struct payments_request {
    TAILQ_ENTRY(payments_request) link;
    struct payments *owner;
    struct pg *pg;
    uint64_t ticket;
    enum payments_statement statement;
    int count;
    char *params[PAYMENTS_PARAMS];
};
TAILQ_HEAD(payments_list, payments_request);

struct payments {
    const struct store_ops *ops;
    void *arg;
    int stall_ms;
    int wanted;                         /* to be taken next, 0 none */
    bool taking;
    struct payments_list waiting, flying;
};

void payments_prepare(struct pg *pg)
{
    for (int i = 0; i < PAYMENTS_STATEMENTS; i++)
        pg_prepare(pg, payments_statements[i].name, payments_statements[i].sql);
}

/* --- life -------------------------------------------------------------------- */

struct payments *payments_new(const struct store_ops *ops, void *arg, int stall_ms)
{
    struct payments *p = xcalloc(1, sizeof *p);

    p->ops = ops;
    p->arg = arg;
    p->stall_ms = stall_ms;
    TAILQ_INIT(&p->waiting);
    TAILQ_INIT(&p->flying);
    return p;
}

static void payments_drop(struct payments_list *list, struct payments_request *r)
{
    TAILQ_REMOVE(list, r, link);
    for (int i = 0; i < r->count; i++)
        free(r->params[i]);
    free(r);
}

void payments_free(struct payments *p)
{
    struct payments_request *r;

    if (p == NULL)
        return;
    while ((r = TAILQ_FIRST(&p->waiting)) != NULL)
        payments_drop(&p->waiting, r);
    while ((r = TAILQ_FIRST(&p->flying)) != NULL)
        payments_drop(&p->flying, r);
    free(p);
}

/* --- requests ------------------------------------------------------------------ */

static struct payments_request *payments_request(struct payments *p, enum payments_statement statement, uint64_t ticket)
{
    struct payments_request *r = xcalloc(1, sizeof *r);

    r->owner = p;
    r->statement = statement;
    r->ticket = ticket;
    TAILQ_INSERT_TAIL(&p->waiting, r, link);
    return r;
}

static void payments_text(struct payments_request *r, const char *text)
{
    assert(r->count < PAYMENTS_PARAMS);
    r->params[r->count++] = xstrdup(text);
}

static void payments_number(struct payments_request *r, int64_t n)
{
    char text[24];

    snprintf(text, sizeof text, "%" PRId64, n);
    payments_text(r, text);
}

void payments_open(struct payments *p, uint64_t ticket, const struct store_payment *row)
{
    struct payments_request *r = payments_request(p, PAYMENTS_OPEN, ticket);

    payments_number(r, row->bucket);
    payments_text(r, row->ref);
    payments_text(r, row->msisdn);
    payments_text(r, row->provider);
    payments_text(r, row->service);
    payments_text(r, row->about);
    payments_text(r, row->lang);
    payments_number(r, row->taka);
    payments_text(r, row->state);
    payments_number(r, row->created);
    payments_number(r, row->expires);
    payments_number(r, row->due);
    payments_text(r, row->backend);
}

void payments_load(struct payments *p, uint64_t ticket, int16_t bucket, const char *ref)
{
    struct payments_request *r = payments_request(p, PAYMENTS_LOAD, ticket);

    payments_number(r, bucket);
    payments_text(r, ref);
}

void payments_write(struct payments *p, uint64_t ticket, const struct store_payment_change *change)
{
    struct payments_request *r = payments_request(p, PAYMENTS_WRITE, ticket);
    const struct store_payment *row = change->row;
    const struct store_message *m = change->message;

    payments_number(r, row->bucket);
    payments_text(r, row->ref);
    payments_number(r, row->seq);
    payments_text(r, row->state);
    payments_text(r, row->trx);
    payments_text(r, row->reason);
    payments_text(r, row->refund ? "t" : "f");
    payments_number(r, row->owes);
    payments_number(r, row->tries);
    payments_number(r, row->due);
    payments_number(r, row->paid);
    payments_number(r, row->back);
    payments_number(r, clock_now());
    payments_text(r, change->actor);
    payments_text(r, change->note);
    payments_text(r, m != NULL ? m->text : "");
    payments_text(r, m != NULL ? m->cause : "");
    payments_text(r, m != NULL ? m->lang : "");
    payments_text(r, m != NULL ? m->class : "");
    payments_number(r, store_bucket(row->msisdn));
    payments_number(r, row->part.given ? row->part.n : 0);
}

void payments_part(struct payments *p, uint64_t ticket, const struct store_part_news *news)
{
    struct payments_request *r = payments_request(p, PAYMENTS_PART, ticket);

    payments_number(r, news->bucket);
    payments_text(r, news->ref);
    payments_number(r, news->n);
    payments_text(r, news->refused ? "t" : "f");
    payments_number(r, news->taka);
    payments_text(r, news->trx);
    payments_text(r, news->reason);
    payments_text(r, news->actor);
    payments_number(r, news->at);
}

void payments_take(struct payments *p, int max)
{
    if (max > p->wanted)
        p->wanted = max;
}

/* --- answers --------------------------------------------------------------------- */

static struct store_part payments_part_of(const char *text)
{
    struct store_part part = { .n = 0 };
    int state = 0;

    if (sscanf(text, "%d %d %" SCNd64, &part.n, &state, &part.taka) != 3)
        return (struct store_part){ .n = 0 };
    part.given = state == 1;
    return part;
}

static struct store_payment payments_row(const PGresult *rows, int i)
{
    return (struct store_payment){
        .bucket = (int16_t)pg_int4(rows, i, PAYMENTS_BUCKET),
        .ref = PQgetvalue(rows, i, PAYMENTS_REF),
        .msisdn = PQgetvalue(rows, i, PAYMENTS_MSISDN),
        .provider = PQgetvalue(rows, i, PAYMENTS_PROVIDER),
        .service = PQgetvalue(rows, i, PAYMENTS_SERVICE),
        .about = PQgetvalue(rows, i, PAYMENTS_ABOUT),
        .lang = PQgetvalue(rows, i, PAYMENTS_LANG),
        .taka = pg_int8(rows, i, PAYMENTS_TAKA),
        .state = PQgetvalue(rows, i, PAYMENTS_STATE),
        .trx = PQgetvalue(rows, i, PAYMENTS_TRX),
        .reason = PQgetvalue(rows, i, PAYMENTS_REASON),
        .refund = pg_bool(rows, i, PAYMENTS_REFUND),
        .owes = pg_int4(rows, i, PAYMENTS_OWES),
        .tries = pg_int4(rows, i, PAYMENTS_TRIES),
        .seq = pg_int4(rows, i, PAYMENTS_SEQ),
        .created = pg_int8(rows, i, PAYMENTS_CREATED),
        .expires = pg_int8(rows, i, PAYMENTS_EXPIRES),
        .due = pg_int8(rows, i, PAYMENTS_DUE),
        .paid = pg_int8(rows, i, PAYMENTS_PAID),
        .back = pg_int8(rows, i, PAYMENTS_BACK),
        .part = payments_part_of(PQgetvalue(rows, i, PAYMENTS_PART_OF)),
    };
}

static void payments_tell(const struct payments_request *r, const struct pg_answer *a)
{
    struct payments *p = r->owner;
    int n = a->outcome == PG_DONE ? PQntuples(a->rows) : 0;

    if (r->statement == PAYMENTS_TAKE) {
        p->taking = false;
        for (int i = 0; i < n; i++) {
            const struct store_payment row = payments_row(a->rows, i);

            p->ops->payment_due(p->arg, &row);
        }
    } else if (n > 0) {
        const struct store_payment row = payments_row(a->rows, 0);

        p->ops->payment(p->arg, r->ticket, &row, false);
    } else {
        p->ops->payment(p->arg, r->ticket, NULL, a->outcome != PG_DONE);
    }
}

static void payments_on_answer(void *arg, const struct pg_answer *a)
{
    struct payments_request *r = arg;
    struct payments *p = r->owner;

    if (a->outcome == PG_ERROR) {
        log_err("store event=%s_failed reason=\"%s\"", payments_statements[r->statement].name, a->reason);
        if (pg_error_of(a->sqlstate) == PG_ERROR_TROUBLE)
            pg_drop(r->pg, PG_SOON, a->reason);
    }
    payments_tell(r, a);
    payments_drop(&p->flying, r);
}

/* --- sending ------------------------------------------------------------------------ */

bool payments_wait(const struct payments *p)
{
    return !TAILQ_EMPTY(&p->waiting) || (p->wanted > 0 && !p->taking);
}

/* One unit each: an error is that of its own request. */
void payments_send(struct payments *p, struct pg *pg)
{
    struct payments_request *r;

    if (p->wanted > 0 && !p->taking) {
        payments_number(payments_request(p, PAYMENTS_TAKE, 0), p->wanted);
        p->taking = true;
        p->wanted = 0;
    }
    while ((r = TAILQ_FIRST(&p->waiting)) != NULL) {
        struct pg_params params = { 0 };

        TAILQ_REMOVE(&p->waiting, r, link);
        TAILQ_INSERT_TAIL(&p->flying, r, link);
        for (int i = 0; i < r->count; i++)
            pg_param_text(&params, r->params[i]);
        r->pg = pg;
        pg_query(pg, payments_statements[r->statement].name, &params, PG_BINARY);
        pg_end(pg, p->stall_ms, payments_on_answer, r);
    }
}

void payments_fail(struct payments *p)
{
    static const struct pg_answer away = { .outcome = PG_LOST, .reason = "database away" };
    struct payments_list failed = TAILQ_HEAD_INITIALIZER(failed);
    struct payments_request *r;

    p->wanted = 0;
    TAILQ_CONCAT(&failed, &p->waiting, link);   /* first: the callback may ask again */
    while ((r = TAILQ_FIRST(&failed)) != NULL) {
        payments_tell(r, &away);
        payments_drop(&failed, r);
    }
}
