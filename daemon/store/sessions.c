#include "store/sessions.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/stats.h"
#include "store/array.h"
#include "store/batch.h"

#define SESSIONS_WAITING_MAX 200000     /* requests that wait; more are refused on the spot */
#define SESSIONS_SPARE_MAX   8          /* empty turns kept for use again */
#define SESSIONS_TRIES       5          /* of a range that met a deadlock */
#define SESSIONS_KEYS_MAX    (16u << 20)
#define SESSIONS_SQL_MAX     (64u << 10)

/* What both write statements begin with.  The guard: the row must still have
 * the turn that the step was computed from; for turn 1 there must be no row. */
#define SESSIONS_UPSERT(UNLESS) \
    "INSERT INTO kheya.session AS s (bucket, msisdn, code, turn, open, generation, at, screen, state)" \
    " SELECT k.bucket, k.msisdn, k.code, k.turn, k.open, k.generation, k.at, k.screen, k.state" \
    " FROM unnest($1::smallint[], $2::text[], $3::text[], $4::integer[], $5::boolean[], $6::bigint[], $7::bigint[]," \
    "             $8::text[], $9::bytea[])" \
    "      AS k(bucket, msisdn, code, turn, open, generation, at, screen, state)" \
    UNLESS \
    " ON CONFLICT (bucket, msisdn, code) DO UPDATE" \
    " SET turn = EXCLUDED.turn, open = EXCLUDED.open, generation = EXCLUDED.generation, at = EXCLUDED.at," \
    "     screen = EXCLUDED.screen, state = EXCLUDED.state" \
    " WHERE s.turn = EXCLUDED.turn - 1" \
    " RETURNING s.msisdn"

/* A subscriber has one row in a batch, so the msisdn says whether it was
 * written.  IS TRUE keeps the planner from making a join of it: as a hashed
 * subplan it needs no estimate, runs the steps first, and keeps the order of
 * the arrays, in which every process locks. */
#define SESSIONS_IF_WRITTEN " WHERE (k.msisdn IN (SELECT w.msisdn FROM w)) IS TRUE"

/* What both statements go on with that write more than the steps. */
#define SESSIONS_FULL \
    "), f AS (" \
    "INSERT INTO kheya.case_file (bucket, msisdn, code, turn, created, changed, number, service, agency, fields, state," \
    " generation, lang, place, contact, due, quiet, channel, actor, person)" \
    " SELECT k.bucket, k.msisdn, k.code, k.turn, k.at, k.at, k.number, k.service, k.agency, k.fields::jsonb, k.state," \
    " k.generation, k.lang, k.place, k.contact, k.due, k.quiet, k.channel, k.actor, k.person" \
    " FROM unnest($10::smallint[], $11::text[], $12::text[], $13::integer[], $14::bigint[], $15::bigint[]," \
    " $16::text[], $17::text[], $18::text[], $19::text[], $20::bigint[], $21::text[], $22::text[]," \
    " $23::text[], $24::bigint[], $25::smallint[], $26::text[], $27::text[], $28::text[], $76::smallint[])" \
    " AS k(bucket, msisdn, code, turn, at, number, service, agency, fields, state, generation, lang, place," \
    " contact, due, quiet, channel, actor, name, person)" SESSIONS_IF_WRITTEN \
    "), e AS (" \
    "INSERT INTO kheya.case_event (bucket, number, seq, at, kind, actor, state, key)" \
    " SELECT k.bucket, k.number, 1, k.at, k.actor, k.name, k.state, 'open'" \
    " FROM unnest($10::smallint[], $11::text[], $14::bigint[], $15::bigint[], $19::text[], $27::text[], $28::text[])" \
    " AS k(bucket, msisdn, at, number, state, actor, name)" SESSIONS_IF_WRITTEN \
    "), o AS (" \
    "INSERT INTO kheya.outbox (bucket, cause, receiver, link, lang, class, text, due, created, changed, asked, approval," \
    " quiet)" \
    " SELECT k.bucket, k.cause, k.receiver, k.link, k.lang, k.class, k.text, k.due, k.at, k.at, k.receiver = k.msisdn," \
    " k.approval, k.quiet" \
    " FROM unnest($29::smallint[], $30::text[], $31::bigint[], $32::text[], $33::text[], $34::text[], $35::text[]," \
    " $36::text[], $37::text[], $38::bigint[], $74::text[], $75::smallint[])" \
    " AS k(bucket, msisdn, at, cause, receiver, link, lang, class, text, due, approval, quiet)" SESSIONS_IF_WRITTEN \
    " ON CONFLICT (bucket, cause) DO NOTHING" \
    "), z AS (" \
    "INSERT INTO kheya.citizen AS z (bucket, msisdn, lang, link, seen)" \
    " SELECT k.bucket, k.msisdn, k.lang, k.link, k.at" \
    " FROM unnest($39::smallint[], $40::text[], $41::text[], $42::text[], $43::bigint[])" \
    " AS k(bucket, msisdn, lang, link, at)" SESSIONS_IF_WRITTEN \
    " ON CONFLICT (bucket, msisdn) DO UPDATE SET lang = EXCLUDED.lang, link = EXCLUDED.link, seen = EXCLUDED.seen" \
    "), p AS (" \
    "INSERT INTO kheya.tape (bucket, dialogue, step, at, generation, link, lang, kind, how, state, typed, screen, facts)" \
    " SELECT k.bucket, k.dialogue, k.step, k.at, k.generation, k.link, k.lang, k.kind, k.how, k.state, k.typed," \
    " k.screen, k.facts" \
    " FROM unnest($44::smallint[], $45::text[], $46::bigint[], $47::integer[], $48::bigint[], $49::bigint[]," \
    " $50::text[], $51::text[], $52::smallint[], $53::smallint[], $54::smallint[], $55::text[]," \
    " $56::text[], $57::text[])" \
    " AS k(bucket, msisdn, dialogue, step, at, generation, link, lang, kind, how, state, typed, screen, facts)" \
    SESSIONS_IF_WRITTEN \
    " ON CONFLICT (bucket, dialogue, step) DO NOTHING" \
    "), a AS (" \
    "INSERT INTO kheya.audit (bucket, msisdn, code, turn, at, seq, actor, event, fields)" \
    " SELECT k.bucket, k.msisdn, k.code, k.turn, k.at, k.seq, k.actor, k.event, k.fields::jsonb" \
    " FROM unnest($58::smallint[], $59::text[], $60::text[], $61::integer[], $62::bigint[], $63::smallint[]," \
    " $64::text[], $65::text[], $66::text[])" \
    " AS k(bucket, msisdn, code, turn, at, seq, actor, event, fields)" SESSIONS_IF_WRITTEN

/* And what the cases that were opened put into their back ends' queues. */
#define SESSIONS_LETTERS \
    "), l AS (" \
    "INSERT INTO kheya.backend_queue (bucket, number, seq, backend, body, secret, due, created, changed)" \
    " SELECT k.bucket, k.number, 1, k.backend, k.body, nullif(k.secret, ''::bytea), k.at, k.at, k.at" \
    " FROM unnest($67::smallint[], $68::text[], $69::bigint[], $70::bigint[], $71::text[], $72::text[], $73::bytea[])" \
    " AS k(bucket, msisdn, number, at, backend, body, secret)" SESSIONS_IF_WRITTEN

/* Cases that steps move.  Their rows are locked first, those that still have the
 * seq that was read; a step that lacks one of its cases is not written. */
#define SESSIONS_ORDERS \
    "unnest($77::smallint[], $78::text[], $79::bigint[], $80::text[], $81::bigint[], $82::integer[], $83::text[]," \
    " $84::text[], $85::text[], $86::text[], $87::text[], $88::boolean[], $89::text[], $90::text[], $91::text[]," \
    " $92::text[])" \
    " AS k(bucket, msisdn, at, opener, number, seq, key, kind, actor, state, note, ends, audit, told, backend, letter)"

/* In parts: a literal of C has at most 4095 octets. */
#define SESSIONS_PARTS 3
static const char *const sessions_statements[SESSIONS_STATEMENTS][SESSIONS_PARTS] = {
    [SESSIONS_LOAD] = {
        "SELECT k.n, s.turn, s.open, s.generation, s.at, s.screen, s.state, c.lang, c.link, a.name, a.centre,"
        " coalesce(h.place, ''), coalesce(c.shared, false)"
        " FROM unnest($1::smallint[], $2::text[], $3::text[], $4::integer[]) AS k(bucket, msisdn, code, n)"
        " LEFT JOIN kheya.session s ON s.bucket = k.bucket AND s.msisdn = k.msisdn AND s.code = k.code"
        " LEFT JOIN kheya.citizen c ON c.bucket = k.bucket AND c.msisdn = k.msisdn"
        " LEFT JOIN kheya.agent a ON a.bucket = k.bucket AND a.msisdn = k.msisdn AND a.active"
        " AND (now() AT TIME ZONE 'Asia/Dhaka')::date BETWEEN coalesce(a.since, '-infinity')"
        " AND coalesce(a.until, 'infinity')"
        " LEFT JOIN LATERAL kheya.home_of(k.bucket, k.msisdn) h ON true" },
    [SESSIONS_WRITE_STEPS] = { SESSIONS_UPSERT("") },
    [SESSIONS_WRITE_FULL] = { "WITH w AS (" SESSIONS_UPSERT(""), SESSIONS_FULL, SESSIONS_LETTERS ") SELECT w.msisdn FROM w" },
    [SESSIONS_WRITE_ORDERS] = {
        "WITH g AS MATERIALIZED (SELECT c.number FROM " SESSIONS_ORDERS
        " JOIN kheya.case_file c ON c.bucket = k.bucket AND c.number = k.number AND c.seq = k.seq FOR UPDATE OF c"
        "), b AS MATERIALIZED (SELECT k.msisdn FROM " SESSIONS_ORDERS
        " WHERE (k.number NOT IN (SELECT g.number FROM g)) IS TRUE"
        "), w AS (" SESSIONS_UPSERT(" WHERE (k.msisdn NOT IN (SELECT b.msisdn FROM b)) IS TRUE"),
        SESSIONS_FULL,
        SESSIONS_LETTERS
        "), m AS ("
        "UPDATE kheya.case_file AS c SET seq = c.seq + 1, state = k.state, changed = greatest(c.changed, k.at),"
        " due = CASE WHEN k.ends THEN 0 ELSE c.due END"
        " FROM " SESSIONS_ORDERS SESSIONS_IF_WRITTEN
        " AND c.bucket = k.bucket AND c.number = k.number AND c.seq = k.seq"
        "), v AS ("
        "INSERT INTO kheya.case_event (bucket, number, seq, at, kind, actor, state, note, key)"
        " SELECT k.bucket, k.number, k.seq + 1, k.at, k.kind, k.actor, k.state, k.note, k.key"
        " FROM " SESSIONS_ORDERS SESSIONS_IF_WRITTEN
        "), t AS ("
        "INSERT INTO kheya.audit (bucket, msisdn, code, turn, at, seq, actor, event, fields)"
        " SELECT k.bucket, k.opener, 'case/' || k.number, k.seq + 1, k.at, 0, k.kind, k.audit, k.told::jsonb"
        " FROM " SESSIONS_ORDERS SESSIONS_IF_WRITTEN " AND k.audit <> ''"
        "), q AS ("
        "INSERT INTO kheya.backend_queue (bucket, number, seq, backend, body, due, created, changed)"
        " SELECT k.bucket, k.number, k.seq + 1, k.backend, k.letter, k.at, k.at, k.at"
        " FROM " SESSIONS_ORDERS SESSIONS_IF_WRITTEN " AND k.backend <> ''"
        ") SELECT w.msisdn FROM w" },
};

static const char *const sessions_names[SESSIONS_STATEMENTS] = {
    [SESSIONS_LOAD] = "sessions_load",
    [SESSIONS_WRITE_STEPS] = "sessions_write_steps",
    [SESSIONS_WRITE_FULL] = "sessions_write_full",
    [SESSIONS_WRITE_ORDERS] = "sessions_write_orders",
};

/* Steps of one statement, waiting or in flight. */
struct sessions_turn {
    TAILQ_ENTRY(sessions_turn) link;
    struct sessions *owner;
    struct pg *pg;                      /* in flight by */
    struct batch *batch;
    struct batch_range range;           /* in flight */
    bool *written;                      /* by row of the sealed order */
    int tries;
};
TAILQ_HEAD(sessions_turns, sessions_turn);

/* Sessions to be read by one statement, waiting or in flight. */
struct sessions_read {
    TAILQ_ENTRY(sessions_read) link;
    struct sessions *owner;
    struct pg *pg;
    int count;
    uint64_t *tickets;
    bool *answered;
    struct array bucket, msisdn, code, n;
};
TAILQ_HEAD(sessions_reads, sessions_read);

struct sessions {
    const struct store_ops *ops;
    void *arg;
    int batch_max;
    int stall_ms;
    struct sessions_turns turns_waiting, turns_flying, turns_spare;
    struct sessions_reads reads_waiting, reads_flying, reads_spare;
    int spare_turns, spare_reads;
    size_t waiting;
    size_t flying;
    struct sessions_verdict {           /* refused on the spot */
        uint64_t ticket;
        bool load;
    } *refused;
    size_t refused_count, refused_cap;
};

const char *sessions_sql(enum sessions_statement statement)
{
    static struct buf whole[SESSIONS_STATEMENTS];
    struct buf *sql = &whole[statement];

    if (sql->max == 0) {
        buf_init(sql, SESSIONS_SQL_MAX);
        for (int i = 0; i < SESSIONS_PARTS && sessions_statements[statement][i] != NULL; i++)
            buf_adds(sql, sessions_statements[statement][i]);
    }
    return buf_str(sql);
}

void sessions_prepare(struct pg *pg)
{
    for (int i = 0; i < SESSIONS_STATEMENTS; i++)
        pg_prepare(pg, sessions_names[i], sessions_sql((enum sessions_statement)i));
}

/* --- life ------------------------------------------------------------------------ */

struct sessions *sessions_new(const struct store_ops *ops, void *arg, int batch_max, int stall_ms)
{
    struct sessions *s = xcalloc(1, sizeof *s);

    s->ops = ops;
    s->arg = arg;
    s->batch_max = batch_max;
    s->stall_ms = stall_ms;
    TAILQ_INIT(&s->turns_waiting);
    TAILQ_INIT(&s->turns_flying);
    TAILQ_INIT(&s->turns_spare);
    TAILQ_INIT(&s->reads_waiting);
    TAILQ_INIT(&s->reads_flying);
    TAILQ_INIT(&s->reads_spare);
    return s;
}

static void sessions_turn_free(struct sessions_turn *t)
{
    batch_free(t->batch);
    free(t->written);
    free(t);
}

static void sessions_read_free(struct sessions_read *r)
{
    array_fini(&r->bucket);
    array_fini(&r->msisdn);
    array_fini(&r->code);
    array_fini(&r->n);
    free(r->tickets);
    free(r->answered);
    free(r);
}

static void sessions_turns_free(struct sessions_turns *turns)
{
    struct sessions_turn *t;

    while ((t = TAILQ_FIRST(turns)) != NULL) {
        TAILQ_REMOVE(turns, t, link);
        sessions_turn_free(t);
    }
}

static void sessions_reads_free(struct sessions_reads *reads)
{
    struct sessions_read *r;

    while ((r = TAILQ_FIRST(reads)) != NULL) {
        TAILQ_REMOVE(reads, r, link);
        sessions_read_free(r);
    }
}

void sessions_free(struct sessions *s)
{
    if (s == NULL)
        return;
    sessions_turns_free(&s->turns_waiting);
    sessions_turns_free(&s->turns_flying);
    sessions_turns_free(&s->turns_spare);
    sessions_reads_free(&s->reads_waiting);
    sessions_reads_free(&s->reads_flying);
    sessions_reads_free(&s->reads_spare);
    free(s->refused);
    free(s);
}

/* --- refused on the spot ------------------------------------------------------------ */

static void sessions_refuse(struct sessions *s, uint64_t ticket, bool load)
{
    if (s->refused_count == s->refused_cap) {
        s->refused_cap = s->refused_cap > 0 ? s->refused_cap * 2 : 16;
        s->refused = xrealloc(s->refused, s->refused_cap * sizeof *s->refused);
    }
    s->refused[s->refused_count++] = (struct sessions_verdict){ ticket, load };
}

bool sessions_has_refused(const struct sessions *s)
{
    return s->refused_count > 0;
}

void sessions_settle(struct sessions *s)
{
    struct sessions_verdict *refused = s->refused;
    size_t n = s->refused_count;

    s->refused = NULL;                  /* the callbacks may add to a new list */
    s->refused_count = s->refused_cap = 0;
    for (size_t i = 0; i < n; i++) {
        if (refused[i].load)
            s->ops->loaded(s->arg, refused[i].ticket, NULL, true);
        else
            s->ops->written(s->arg, refused[i].ticket, STORE_REFUSED);
    }
    free(refused);
}

/* --- reading -------------------------------------------------------------------------- */

static struct sessions_read *sessions_read_new(struct sessions *s)
{
    struct sessions_read *r = TAILQ_FIRST(&s->reads_spare);

    if (r != NULL) {
        TAILQ_REMOVE(&s->reads_spare, r, link);
        s->spare_reads--;
    } else {
        r = xcalloc(1, sizeof *r);
        r->owner = s;
        r->tickets = xcalloc((size_t)s->batch_max, sizeof *r->tickets);
        r->answered = xcalloc((size_t)s->batch_max, sizeof *r->answered);
        array_init(&r->bucket, SESSIONS_KEYS_MAX);
        array_init(&r->msisdn, SESSIONS_KEYS_MAX);
        array_init(&r->code, SESSIONS_KEYS_MAX);
        array_init(&r->n, SESSIONS_KEYS_MAX);
    }
    r->count = 0;
    array_begin(&r->bucket, ARRAY_INT2);
    array_begin(&r->msisdn, ARRAY_TEXT);
    array_begin(&r->code, ARRAY_TEXT);
    array_begin(&r->n, ARRAY_INT4);
    return r;
}

static void sessions_read_done(struct sessions_read *r)
{
    struct sessions *s = r->owner;

    if (s->spare_reads >= SESSIONS_SPARE_MAX) {
        sessions_read_free(r);
        return;
    }
    TAILQ_INSERT_HEAD(&s->reads_spare, r, link);
    s->spare_reads++;
}

void sessions_load(struct sessions *s, uint64_t ticket, const char *msisdn, const char *code)
{
    struct sessions_read *r = TAILQ_LAST(&s->reads_waiting, sessions_reads);
    size_t n = strlen(msisdn);
    size_t m = strlen(code);

    /* no key of ours is longer than a screen; this bounds the arrays of a turn */
    if (s->waiting >= SESSIONS_WAITING_MAX || n + m > 1024) {
        sessions_refuse(s, ticket, true);
        return;
    }
    if (r == NULL || r->count == s->batch_max) {
        r = sessions_read_new(s);
        TAILQ_INSERT_TAIL(&s->reads_waiting, r, link);
    }
    array_int2(&r->bucket, store_bucket(msisdn));
    array_bytes(&r->msisdn, msisdn, n);
    array_bytes(&r->code, code, m);
    array_int4(&r->n, r->count);
    r->answered[r->count] = false;
    r->tickets[r->count++] = ticket;
    s->waiting++;
}

/* Columns of SESSIONS_LOAD. */
enum {
    LOAD_N = 0, LOAD_TURN, LOAD_OPEN, LOAD_GENERATION, LOAD_AT, LOAD_SCREEN, LOAD_STATE, LOAD_LANG, LOAD_LINK,
    LOAD_AGENT_NAME, LOAD_AGENT_CENTRE, LOAD_PLACE, LOAD_SHARED,
};

static void sessions_loaded(struct sessions_read *r, const PGresult *rows, int row)
{
    struct sessions *s = r->owner;
    int n = pg_int4(rows, row, LOAD_N);
    struct store_session loaded = {
        .screen = "",
        .state = "",
        .lang = PQgetvalue(rows, row, LOAD_LANG),           /* "" where there is no row */
        .citizen_link = PQgetvalue(rows, row, LOAD_LINK),
        .place = PQgetvalue(rows, row, LOAD_PLACE),
        .shared = pg_bool(rows, row, LOAD_SHARED),
    };

    if (n < 0 || n >= r->count || r->answered[n])
        return;
    if (!PQgetisnull(rows, row, LOAD_TURN)) {
        loaded.turn = pg_int4(rows, row, LOAD_TURN);
        loaded.open = pg_bool(rows, row, LOAD_OPEN);
        loaded.generation = pg_int8(rows, row, LOAD_GENERATION);
        loaded.at = pg_int8(rows, row, LOAD_AT);
        loaded.screen = PQgetvalue(rows, row, LOAD_SCREEN);
        loaded.state = PQgetvalue(rows, row, LOAD_STATE);
        loaded.state_len = (size_t)PQgetlength(rows, row, LOAD_STATE);
    }
    if (!PQgetisnull(rows, row, LOAD_AGENT_NAME)) {
        loaded.agent_name = PQgetvalue(rows, row, LOAD_AGENT_NAME);
        loaded.agent_centre = PQgetvalue(rows, row, LOAD_AGENT_CENTRE);
    }
    r->answered[n] = true;
    s->ops->loaded(s->arg, r->tickets[n], &loaded, false);
}

static void sessions_read_fail(struct sessions_read *r)
{
    for (int i = 0; i < r->count; i++)
        if (!r->answered[i])
            r->owner->ops->loaded(r->owner->arg, r->tickets[i], NULL, true);
}

static void sessions_on_read(void *arg, const struct pg_answer *a)
{
    struct sessions_read *r = arg;
    struct sessions *s = r->owner;

    TAILQ_REMOVE(&s->reads_flying, r, link);
    s->flying -= (size_t)r->count;
    if (a->outcome == PG_DONE) {
        int n = PQntuples(a->rows);

        for (int i = 0; i < n; i++)
            sessions_loaded(r, a->rows, i);
    } else if (a->outcome == PG_ERROR) {
        log_err("store event=load_failed sessions=%d reason=\"%s\"", r->count, a->reason);
        if (pg_error_of(a->sqlstate) == PG_ERROR_TROUBLE)
            pg_drop(r->pg, PG_SOON, a->reason);
    }
    sessions_read_fail(r);              /* those that no row answered */
    sessions_read_done(r);
}

static void sessions_send_read(struct sessions *s, struct pg *pg)
{
    struct sessions_read *r = TAILQ_FIRST(&s->reads_waiting);
    struct pg_params p = { 0 };

    if (r == NULL)
        return;
    TAILQ_REMOVE(&s->reads_waiting, r, link);
    TAILQ_INSERT_TAIL(&s->reads_flying, r, link);
    s->waiting -= (size_t)r->count;
    s->flying += (size_t)r->count;
    r->pg = pg;
    array_end(&r->bucket);
    array_end(&r->msisdn);
    array_end(&r->code);
    array_end(&r->n);
    pg_param_binary(&p, r->bucket.bytes.data, r->bucket.bytes.len);
    pg_param_binary(&p, r->msisdn.bytes.data, r->msisdn.bytes.len);
    pg_param_binary(&p, r->code.bytes.data, r->code.bytes.len);
    pg_param_binary(&p, r->n.bytes.data, r->n.bytes.len);
    pg_query(pg, sessions_names[SESSIONS_LOAD], &p, PG_BINARY);
    pg_end(pg, s->stall_ms, sessions_on_read, r);
}

/* --- writing ------------------------------------------------------------------------------ */

static struct sessions_turn *sessions_turn_new(struct sessions *s)
{
    struct sessions_turn *t = TAILQ_FIRST(&s->turns_spare);

    if (t != NULL) {
        TAILQ_REMOVE(&s->turns_spare, t, link);
        s->spare_turns--;
        batch_clear(t->batch);
    } else {
        t = xcalloc(1, sizeof *t);
        t->owner = s;
        t->batch = batch_new(s->batch_max);
        t->written = xcalloc((size_t)s->batch_max, sizeof *t->written);
    }
    t->tries = 0;
    return t;
}

static void sessions_turn_done(struct sessions_turn *t)
{
    struct sessions *s = t->owner;

    if (s->spare_turns >= SESSIONS_SPARE_MAX) {
        sessions_turn_free(t);
        return;
    }
    TAILQ_INSERT_HEAD(&s->turns_spare, t, link);
    s->spare_turns++;
}

void sessions_write(struct sessions *s, uint64_t ticket, const struct store_step *step)
{
    struct sessions_turn *t = TAILQ_LAST(&s->turns_waiting, sessions_turns);

    if (s->waiting >= SESSIONS_WAITING_MAX || batch_step_size(step) > BATCH_STEP_MAX) {
        char masked[LOG_MASK_SIZE];

        log_err("store msisdn=%s event=row_refused turn=%d reason=\"%s\"", log_mask(masked, step->msisdn),
                (int)step->turn, s->waiting >= SESSIONS_WAITING_MAX ? "too many rows wait" : "step too large");
        stats_inc(rows_refused);
        sessions_refuse(s, ticket, false);
        return;
    }
    if (t == NULL || !batch_add(t->batch, ticket, step)) {
        bool added;

        t = sessions_turn_new(s);
        added = batch_add(t->batch, ticket, step);
        assert(added);
        TAILQ_INSERT_TAIL(&s->turns_waiting, t, link);
    }
    s->waiting++;
}

static void sessions_on_written(void *arg, const struct pg_answer *a);

/* Send the range on top of the batch's stack. */
static void sessions_turn_send(struct sessions_turn *t)
{
    static const enum sessions_statement statements[BATCH_VARIANTS] = {
        [BATCH_STEPS] = SESSIONS_WRITE_STEPS,
        [BATCH_FULL] = SESSIONS_WRITE_FULL,
        [BATCH_ORDERS] = SESSIONS_WRITE_ORDERS,
    };
    struct pg_params p = { 0 };
    enum batch_variant v = batch_params(t->batch, t->range, &p);

    pg_query(t->pg, sessions_names[statements[v]], &p, PG_BINARY);
    pg_end(t->pg, t->owner->stall_ms, sessions_on_written, t);
}

static void sessions_answer(struct sessions_turn *t, int row, enum store_outcome outcome)
{
    struct sessions *s = t->owner;

    s->flying--;
    s->ops->written(s->arg, batch_ticket(t->batch, row), outcome);
}

/* Every row of the ranges not yet settled. */
static void sessions_turn_unknown(struct sessions_turn *t)
{
    while (batch_next(t->batch, &t->range)) {
        batch_settle(t->batch);
        for (int i = t->range.from; i < t->range.to; i++)
            sessions_answer(t, i, STORE_UNKNOWN);
    }
}

/* The rows returned were written, the others of the range lost. */
static void sessions_range_written(struct sessions_turn *t, const PGresult *rows)
{
    struct sessions *s = t->owner;
    struct batch_range range = t->range;
    int written = PQntuples(rows);
    int next = range.from;

    stats_inc(batches);
    stats_add(batch_rows, written);
    if (written == range.to - range.from) {
        for (int i = range.from; i < range.to; i++)
            sessions_answer(t, i, STORE_WRITTEN);
        return;
    }
    memset(t->written, 0, (size_t)s->batch_max * sizeof *t->written);
    for (int k = 0; k < written; k++) {
        next = batch_find(t->batch, PQgetvalue(rows, k, 0), next);
        if (next >= 0)
            t->written[next] = true;
        next++;
    }
    for (int i = range.from; i < range.to; i++)
        sessions_answer(t, i, t->written[i] ? STORE_WRITTEN : STORE_LOST);
}

static void sessions_row_refused(struct sessions_turn *t, const char *reason)
{
    char masked[LOG_MASK_SIZE];

    log_err("store msisdn=%s event=row_refused reason=\"%s\"",
            log_mask(masked, batch_msisdn(t->batch, t->range.from)), reason);
    stats_inc(rows_refused);
    sessions_answer(t, t->range.from, STORE_REFUSED);
}

/* A range failed: nothing of it was written.  Decide what becomes of it. */
static void sessions_range_failed(struct sessions_turn *t, const struct pg_answer *a)
{
    enum pg_error error = pg_error_of(a->sqlstate);

    if (error == PG_ERROR_AGAIN && t->tries++ < SESSIONS_TRIES)
        return;
    if (error != PG_ERROR_ROW) {
        log_err("store event=batch_failed rows=%d reason=\"%s\"", batch_count(t->batch), a->reason);
        if (error == PG_ERROR_TROUBLE)
            pg_drop(t->pg, PG_SOON, a->reason);
        sessions_turn_unknown(t);
    } else if (t->range.to - t->range.from > 1) {
        stats_inc(batch_splits);
        batch_halve(t->batch);
    } else {
        batch_settle(t->batch);
        sessions_row_refused(t, a->reason);
    }
}

static void sessions_on_written(void *arg, const struct pg_answer *a)
{
    struct sessions_turn *t = arg;
    struct sessions *s = t->owner;

    switch (a->outcome) {
    case PG_DONE:
        batch_settle(t->batch);
        t->tries = 0;
        sessions_range_written(t, a->rows);
        break;
    case PG_ERROR:
        sessions_range_failed(t, a);
        break;
    case PG_LOST:
    case PG_OUTCOMES:
        sessions_turn_unknown(t);
        break;
    }
    if (batch_next(t->batch, &t->range)) {
        sessions_turn_send(t);
        return;
    }
    TAILQ_REMOVE(&s->turns_flying, t, link);
    sessions_turn_done(t);
}

static void sessions_send_turn(struct sessions *s, struct pg *pg)
{
    struct sessions_turn *t = TAILQ_FIRST(&s->turns_waiting);
    bool any;

    if (t == NULL)
        return;
    TAILQ_REMOVE(&s->turns_waiting, t, link);
    TAILQ_INSERT_TAIL(&s->turns_flying, t, link);
    s->waiting -= (size_t)batch_count(t->batch);
    s->flying += (size_t)batch_count(t->batch);
    t->pg = pg;
    batch_seal(t->batch);
    any = batch_next(t->batch, &t->range);
    assert(any);
    sessions_turn_send(t);
}

/* --- both ------------------------------------------------------------------------------------ */

size_t sessions_waiting(const struct sessions *s)
{
    return s->waiting;
}

/* Reading first: it waits for no disk. */
void sessions_send(struct sessions *s, struct pg *pg)
{
    sessions_send_read(s, pg);
    sessions_send_turn(s, pg);
}

void sessions_fail(struct sessions *s)
{
    struct sessions_turns turns = TAILQ_HEAD_INITIALIZER(turns);
    struct sessions_reads reads = TAILQ_HEAD_INITIALIZER(reads);
    struct sessions_turn *t;
    struct sessions_read *r;

    TAILQ_CONCAT(&turns, &s->turns_waiting, link);      /* the callbacks may add to the emptied lists */
    TAILQ_CONCAT(&reads, &s->reads_waiting, link);
    s->flying += s->waiting;
    s->waiting = 0;
    while ((r = TAILQ_FIRST(&reads)) != NULL) {
        TAILQ_REMOVE(&reads, r, link);
        s->flying -= (size_t)r->count;
        sessions_read_fail(r);
        sessions_read_done(r);
    }
    while ((t = TAILQ_FIRST(&turns)) != NULL) {
        TAILQ_REMOVE(&turns, t, link);
        batch_seal(t->batch);
        sessions_turn_unknown(t);
        sessions_turn_done(t);
    }
}

size_t sessions_backlog(const struct sessions *s)
{
    return s->waiting + s->flying;
}
