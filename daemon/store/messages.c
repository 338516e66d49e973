#include "store/messages.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/random.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "store/array.h"

#define MESSAGES_MARKS_MAX 200000         /* that wait; past it the lease decides */
#define MESSAGES_NOTE_MAX  200            /* bytes kept of a note */
#define MESSAGES_LEASE     "15000"      /* ms */
#define MESSAGES_OTP       "300000"     /* ms: a one-time code counts no longer */
#define MESSAGES_ARRAY_MAX (32u << 20)

enum messages_statement { MESSAGES_TAKE = 0, MESSAGES_MARK, MESSAGES_EXPIRE, MESSAGES_STATEMENTS };

#define MESSAGES_NOW "(extract(epoch FROM now()) * 1000)::bigint"

static const struct messages_sql {
    const char *name;
    const char *sql;
} messages_statements[MESSAGES_STATEMENTS] = {
    /* $1 how many, $2 now, $3 who.  Leases end by the server's clock, which all
     * processes share.  Each branch walks its own partial index from the head. */
    [MESSAGES_TAKE] = { "messages_take",
        "WITH e AS ("
        "SELECT o.bucket, o.id FROM kheya.outbox o WHERE o.state = 1 AND o.lease_until <= " MESSAGES_NOW
        " ORDER BY o.lease_until LIMIT $1::integer FOR UPDATE SKIP LOCKED"
        "), w AS ("
        "SELECT o.bucket, o.id FROM kheya.outbox o WHERE o.state = 0 AND o.due <= $2::bigint"
        " ORDER BY o.due LIMIT $1::integer FOR UPDATE SKIP LOCKED"
        "), t AS (SELECT bucket, id FROM e UNION ALL SELECT bucket, id FROM w LIMIT $1::integer"
        "), u AS ("
        "UPDATE kheya.outbox o SET state = 1, tries = o.tries + 1, taker = $3::integer,"
        " lease_until = " MESSAGES_NOW " + " MESSAGES_LEASE ", changed = $2::bigint"
        " FROM t WHERE o.bucket = t.bucket AND o.id = t.id"
        " RETURNING o.bucket, o.id, o.tries, o.receiver, o.link, o.lang, o.class, o.text, o.due"
        ") SELECT u.bucket::integer, u.id, u.tries, u.receiver, u.link, u.lang, u.class, u.text FROM u"
        " ORDER BY u.due, u.id" },
    /* States move forward only.  A message is given back only by the process
     * that holds it: if another has taken it since, it stays with that one. */
    [MESSAGES_MARK] = { "messages_mark",
        "UPDATE kheya.outbox o SET state = k.state, note = k.note, changed = $6::bigint, lease_until = NULL,"
        " text = CASE WHEN o.class = 'otp' AND k.state > 1 THEN '' ELSE o.text END,"
        " due = CASE WHEN k.state = 0 THEN k.due ELSE o.due END"
        " FROM unnest($1::smallint[], $2::bigint[], $3::smallint[], $4::text[], $5::bigint[])"
        "      AS k(bucket, id, state, note, due)"
        " WHERE o.bucket = k.bucket AND o.id = k.id"
        " AND CASE WHEN k.state = 0 THEN o.state = 1 AND o.taker = $7::integer"
        "          ELSE o.state < k.state AND o.state < 4 END" },
    /* $1 now.  A one-time code that nobody could send in time is not sent any
     * more, and does not stay readable. */
    [MESSAGES_EXPIRE] = { "messages_expire",
        "UPDATE kheya.outbox o SET state = 6, text = '', note = 'expired', lease_until = NULL, changed = $1::bigint"
        " WHERE o.class = 'otp' AND o.state < 2 AND o.created < $1::bigint - " MESSAGES_OTP
        " AND (o.state = 0 OR o.lease_until <= " MESSAGES_NOW ")" },
};

struct messages_mark {
    int64_t id;
    int64_t due;
    char *note;                         /* owned; NULL = "" */
    int16_t bucket;
    int16_t state;
};

/* The marks of one statement. */
struct messages_marks {
    TAILQ_ENTRY(messages_marks) link;
    struct messages *owner;
    struct pg *pg;
    int count;
    bool bare;                          /* PostgreSQL refused the notes: send without */
    struct messages_mark rows[];          /* batch_max of them */
};
TAILQ_HEAD(messages_list, messages_marks);

enum messages_column { MARK_BUCKET = 0, MARK_ID, MARK_STATE, MARK_NOTE, MARK_DUE, MARK_COLUMNS };

static const enum array_type messages_types[MARK_COLUMNS] = {
    [MARK_BUCKET] = ARRAY_INT2, [MARK_ID] = ARRAY_INT8, [MARK_STATE] = ARRAY_INT2, [MARK_NOTE] = ARRAY_TEXT,
    [MARK_DUE] = ARRAY_INT8,
};

struct messages {
    const struct store_ops *ops;
    void *arg;
    int batch_max;
    int stall_ms;
    int taker;                          /* who we are in outbox.taker: random */
    int wanted;                         /* to be taken next, 0 none */
    bool taking;
    struct pg *take_pg;
    struct messages_list waiting, flying;
    size_t waiting_rows;
    struct array columns[MARK_COLUMNS];
};

void messages_prepare(struct pg *pg)
{
    for (int i = 0; i < MESSAGES_STATEMENTS; i++)
        pg_prepare(pg, messages_statements[i].name, messages_statements[i].sql);
}

/* --- life -------------------------------------------------------------------- */

struct messages *messages_new(const struct store_ops *ops, void *arg, int batch_max, int stall_ms)
{
    struct messages *o = xcalloc(1, sizeof *o);
    uint32_t who = 0;

    if (getrandom(&who, sizeof who, 0) != (ssize_t)sizeof who)
        who = (uint32_t)clock_mono_us();
    o->ops = ops;
    o->arg = arg;
    o->batch_max = batch_max;
    o->stall_ms = stall_ms;
    o->taker = (int)(who & INT32_MAX);
    TAILQ_INIT(&o->waiting);
    TAILQ_INIT(&o->flying);
    for (int i = 0; i < MARK_COLUMNS; i++)
        array_init(&o->columns[i], MESSAGES_ARRAY_MAX);
    return o;
}

static void messages_marks_free(struct messages_list *list, struct messages_marks *m)
{
    TAILQ_REMOVE(list, m, link);
    for (int i = 0; i < m->count; i++)
        free(m->rows[i].note);
    free(m);
}

void messages_free(struct messages *o)
{
    struct messages_marks *m;

    if (o == NULL)
        return;
    while ((m = TAILQ_FIRST(&o->waiting)) != NULL)
        messages_marks_free(&o->waiting, m);
    while ((m = TAILQ_FIRST(&o->flying)) != NULL)
        messages_marks_free(&o->flying, m);
    for (int i = 0; i < MARK_COLUMNS; i++)
        array_fini(&o->columns[i]);
    free(o);
}

/* --- take ------------------------------------------------------------------------ */

void messages_take(struct messages *o, int max)
{
    if (max > o->wanted)
        o->wanted = max;
}

enum { TAKE_BUCKET = 0, TAKE_ID, TAKE_TRIES, TAKE_RECEIVER, TAKE_LINK, TAKE_LANG, TAKE_CLASS, TAKE_TEXT };

static void messages_on_taken(void *arg, const struct pg_answer *a)
{
    struct messages *o = arg;
    int n = a->outcome == PG_DONE ? PQntuples(a->rows) : 0;

    o->taking = false;
    if (a->outcome == PG_ERROR) {
        log_err("store event=messages_take_failed reason=\"%s\"", a->reason);
        if (pg_error_of(a->sqlstate) == PG_ERROR_TROUBLE)
            pg_drop(o->take_pg, PG_SOON, a->reason);
    }
    for (int i = 0; i < n; i++) {
        struct store_outgoing m = {
            .id = pg_int8(a->rows, i, TAKE_ID),
            .bucket = (int16_t)pg_int4(a->rows, i, TAKE_BUCKET),
            .tries = pg_int4(a->rows, i, TAKE_TRIES),
            .receiver = PQgetvalue(a->rows, i, TAKE_RECEIVER),
            .link = PQgetvalue(a->rows, i, TAKE_LINK),
            .lang = PQgetvalue(a->rows, i, TAKE_LANG),
            .class = PQgetvalue(a->rows, i, TAKE_CLASS),
            .text = PQgetvalue(a->rows, i, TAKE_TEXT),
        };

        o->ops->outgoing(o->arg, &m);
    }
}

static void messages_on_expired(void *arg, const struct pg_answer *a)
{
    struct messages *o = arg;

    if (a->outcome != PG_ERROR)
        return;
    log_err("store event=messages_expire_failed reason=\"%s\"", a->reason);
    if (pg_error_of(a->sqlstate) == PG_ERROR_TROUBLE)
        pg_drop(o->take_pg, PG_SOON, a->reason);
}

/* Before each take, so that a code too old is not taken. */
static void messages_send_expire(struct messages *o, struct pg *pg)
{
    char now[24];
    struct pg_params p = { 0 };

    snprintf(now, sizeof now, "%" PRId64, clock_now());
    pg_param_text(&p, now);
    pg_query(pg, messages_statements[MESSAGES_EXPIRE].name, &p, PG_BINARY);
    pg_end(pg, o->stall_ms, messages_on_expired, o);
}

static void messages_send_take(struct messages *o, struct pg *pg)
{
    char max[16];
    char now[24];
    char who[16];
    struct pg_params p = { 0 };

    if (o->taking || o->wanted == 0)
        return;
    snprintf(max, sizeof max, "%d", o->wanted);
    snprintf(now, sizeof now, "%" PRId64, clock_now());
    snprintf(who, sizeof who, "%d", o->taker);
    pg_param_text(&p, max);
    pg_param_text(&p, now);
    pg_param_text(&p, who);
    o->taking = true;
    o->wanted = 0;
    o->take_pg = pg;
    messages_send_expire(o, pg);
    pg_query(pg, messages_statements[MESSAGES_TAKE].name, &p, PG_BINARY);
    pg_end(pg, o->stall_ms, messages_on_taken, o);
}

/* --- mark ---------------------------------------------------------------------------- */

static struct messages_marks *messages_marks_new(struct messages *o)
{
    struct messages_marks *m = xcalloc(1, sizeof *m + (size_t)o->batch_max * sizeof m->rows[0]);

    m->owner = o;
    TAILQ_INSERT_TAIL(&o->waiting, m, link);
    return m;
}

/* The beginning of a note, cut between characters (no UTF-8 sequence begins
 * with 10xxxxxx); NULL for none. */
static char *messages_note(const char *note)
{
    size_t n = note != NULL ? strlen(note) : 0;

    if (n == 0)
        return NULL;
    if (n > MESSAGES_NOTE_MAX) {
        n = MESSAGES_NOTE_MAX;
        while (n > 0 && ((unsigned char)note[n] & 0xc0) == 0x80)
            n--;
    }
    return xmemdup0(note, n);
}

/* A statement may meet a row once only: of two marks of a message the later
 * state stays. */
static bool messages_merge(struct messages_marks *m, int16_t bucket, int64_t id, enum store_sms_state state,
                         const char *note, int64_t due_ms)
{
    for (int i = 0; i < m->count; i++) {
        struct messages_mark *k = &m->rows[i];

        if (k->id != id || k->bucket != bucket)
            continue;
        if ((int)state > k->state && k->state < STORE_SMS_DELIVERED) {
            free(k->note);
            k->note = messages_note(note);
            k->state = (int16_t)state;
            k->due = due_ms;
        }
        return true;
    }
    return false;
}

void messages_mark(struct messages *o, int16_t bucket, int64_t id, enum store_sms_state state, const char *note,
                 int64_t due_ms)
{
    struct messages_marks *m = TAILQ_LAST(&o->waiting, messages_list);

    assert(state != STORE_SMS_TAKEN && state < STORE_SMS_STATES);
    if (m != NULL && messages_merge(m, bucket, id, state, note, due_ms))
        return;
    if (o->waiting_rows >= MESSAGES_MARKS_MAX) {
        log_err("store event=mark_dropped message=%" PRId64 " state=%d reason=\"too many wait\"", id, (int)state);
        return;
    }
    if (m == NULL || m->count == o->batch_max)
        m = messages_marks_new(o);
    m->rows[m->count++] = (struct messages_mark){
        .id = id,
        .due = due_ms,
        .note = messages_note(note),
        .bucket = bucket,
        .state = (int16_t)state,
    };
    o->waiting_rows++;
}

/* Whether a mark is worth sending again after its connection fell: a message
 * given back is given back by the end of its lease as well. */
static bool messages_keeps(const struct messages_mark *k)
{
    return k->state != STORE_SMS_WAITING;
}

static void messages_again(struct messages *o, struct messages_marks *m)
{
    for (int i = 0; i < m->count; i++) {
        const struct messages_mark *k = &m->rows[i];

        if (messages_keeps(k))
            messages_mark(o, k->bucket, k->id, (enum store_sms_state)k->state, k->note, k->due);
    }
}

static void messages_put_marks(struct messages *o, struct messages_marks *m);

/* A note came from a telco and may be ill formed; a state never is.  So the
 * marks of a refused statement go out again without their notes. */
static bool messages_bare(struct messages *o, struct messages_marks *m, const struct pg_answer *a)
{
    if (m->bare || pg_error_of(a->sqlstate) != PG_ERROR_ROW)
        return false;
    m->bare = true;
    messages_put_marks(o, m);
    return true;
}

static void messages_on_marked(void *arg, const struct pg_answer *a)
{
    struct messages_marks *m = arg;
    struct messages *o = m->owner;

    switch (a->outcome) {
    case PG_DONE:
        break;
    case PG_ERROR:
        log_err("store event=messages_mark_failed rows=%d reason=\"%s\"", m->count, a->reason);
        if (messages_bare(o, m, a))
            return;
        if (pg_error_of(a->sqlstate) != PG_ERROR_ROW)
            messages_again(o, m);
        if (pg_error_of(a->sqlstate) == PG_ERROR_TROUBLE)
            pg_drop(m->pg, PG_SOON, a->reason);
        break;
    case PG_LOST:
    case PG_OUTCOMES:
        messages_again(o, m);
        break;
    }
    messages_marks_free(&o->flying, m);
}

static int messages_compare(const void *x, const void *y)
{
    const struct messages_mark *a = x;
    const struct messages_mark *b = y;

    if (a->bucket != b->bucket)
        return a->bucket < b->bucket ? -1 : 1;
    return a->id < b->id ? -1 : a->id > b->id;
}

static void messages_put_marks(struct messages *o, struct messages_marks *m)
{
    char now[24];
    char who[16];
    struct pg_params p = { 0 };

    for (int i = 0; i < MARK_COLUMNS; i++)
        array_begin(&o->columns[i], messages_types[i]);
    for (int i = 0; i < m->count; i++) {
        const struct messages_mark *k = &m->rows[i];

        array_int2(&o->columns[MARK_BUCKET], k->bucket);
        array_int8(&o->columns[MARK_ID], k->id);
        array_int2(&o->columns[MARK_STATE], k->state);
        array_bytes(&o->columns[MARK_NOTE], k->note, k->note != NULL && !m->bare ? strlen(k->note) : 0);
        array_int8(&o->columns[MARK_DUE], k->due);
    }
    for (int i = 0; i < MARK_COLUMNS; i++) {
        array_end(&o->columns[i]);
        pg_param_binary(&p, o->columns[i].bytes.data, o->columns[i].bytes.len);
    }
    snprintf(now, sizeof now, "%" PRId64, clock_now());
    snprintf(who, sizeof who, "%d", o->taker);
    pg_param_text(&p, now);
    pg_param_text(&p, who);
    pg_query(m->pg, messages_statements[MESSAGES_MARK].name, &p, PG_BINARY);
    pg_end(m->pg, o->stall_ms, messages_on_marked, m);
}

static void messages_send_marks(struct messages *o, struct pg *pg)
{
    struct messages_marks *m = TAILQ_FIRST(&o->waiting);

    if (m == NULL)
        return;
    TAILQ_REMOVE(&o->waiting, m, link);
    TAILQ_INSERT_TAIL(&o->flying, m, link);
    o->waiting_rows -= (size_t)m->count;
    m->pg = pg;
    qsort(m->rows, (size_t)m->count, sizeof m->rows[0], messages_compare);
    messages_put_marks(o, m);
}

bool messages_waits(const struct messages *o)
{
    return !TAILQ_EMPTY(&o->waiting) || (o->wanted > 0 && !o->taking);
}

void messages_send(struct messages *o, struct pg *pg)
{
    messages_send_marks(o, pg);
    messages_send_take(o, pg);
}
