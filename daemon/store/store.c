#include "store/store.h"

#include <assert.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/stats.h"
#include "store/answers.h"
#include "store/cases.h"
#include "store/days.h"
#include "store/errands.h"
#include "store/handovers.h"
#include "store/series.h"
#include "store/messages.h"
#include "store/officers.h"
#include "store/payments.h"
#include "store/polls.h"
#include "store/reach.h"
#include "store/sweeps.h"
#include "store/pg.h"
#include "store/questions.h"
#include "store/seals.h"
#include "store/reminds.h"
#include "store/sessions.h"
#include "store/shelf.h"
#include "store/trials.h"
#include "store/feeds.h"
#include "store/waits.h"
#include "store/wakes.h"

#define STORE_WRITERS_MAX 16
#define STORE_READERS_MAX 64
#define STORE_BATCH_MAX   8192
#define STORE_BUCKETS     1024          /* part of every primary key: never changes */
#define STORE_TAPE_EPOCH  INT64_C(1577836800)       /* 2020-01-01: names fit until 2088 */

/*
 * A commit costs PostgreSQL the same for one row as for thirty.  Where steps
 * trickle in, as through bearerbox, a smaller batch that comes soon after
 * another waits for company: at least this time, and twice as long as
 * commits take of late, so that small ones never keep a slow or busy server
 * from its work.  Under 150 steps a second hardly any waits; a burst has its
 * thirty-two rows at once.  Measured against 2 ms and sixteen rows: PostgreSQL
 * spends half as much on a step that comes through bearerbox.
 */
#define STORE_PACE_US     6000
#define STORE_PACE_MAX_US 16000
#define STORE_PACE_TIMES  2
#define STORE_PACE_ROWS   32

enum store_kind { STORE_WRITER = 0, STORE_READER, STORE_KINDS };

/* The first question on a connection: is it our database, and how it is to
 * behave.  $1: statement_timeout.
 * Writers send point look-ups only, so every plan is the walk of an index, also
 * on tables that grew since they were last analyzed. */
static const char *const store_hello[STORE_KINDS] = {
    [STORE_WRITER] =
        "SELECT (SELECT max(v.version) FROM kheya.version v), pg_catalog.set_config('statement_timeout', $1, false),"
        " pg_catalog.set_config('plan_cache_mode', 'force_generic_plan', false),"
        " pg_catalog.set_config('enable_seqscan', 'off', false),"
        " pg_catalog.set_config('enable_bitmapscan', 'off', false),"
        " pg_catalog.set_config('enable_hashjoin', 'off', false),"
        " pg_catalog.set_config('enable_mergejoin', 'off', false),"
        " pg_catalog.set_config('jit', 'off', false)",
    [STORE_READER] =
        "SELECT (SELECT max(v.version) FROM kheya.version v), pg_catalog.set_config('statement_timeout', $1, false),"
        " pg_catalog.set_config('default_transaction_read_only', 'on', false),"
        " pg_catalog.set_config('jit', 'off', false)",
};

/* Then a reader becomes the role that may see no table of ours. */
static const char store_become_menu[] =
    "SELECT pg_catalog.set_config('role', r.rolname, false) FROM pg_catalog.pg_roles r"
    " WHERE r.rolname = 'kheya_menu' AND pg_catalog.pg_has_role(r.oid, 'MEMBER')";

struct store_connection {
    struct store *store;
    struct pg *pg;
    enum store_kind kind;
    int n;
    char name[24];
    int64_t sent;                       /* a writer's batch in flight: clock_mono_us(); 0 none */
};

struct store {
    const struct store_ops *ops;
    void *arg;
    char *conninfo;
    int stall_ms;
    struct store_connection writers[STORE_WRITERS_MAX];
    struct store_connection readers[STORE_READERS_MAX];
    int writer_count, reader_count;
    struct sessions *sessions;
    struct messages *messages;
    struct series *series;
    struct trials *trials;
    struct errands *errands;
    struct handovers *handovers;
    struct payments *payments;
    struct questions *questions;
    struct event *later;                /* answers what cannot be sent */
    struct event *pace;                 /* sends a small batch that waits for company */
    int64_t sent;                       /* clock_mono_us() of the last batch */
    int64_t takes;                      /* us from a batch to its answer, of late */
    bool up;                            /* as last told to ops->state */
    bool warned_role;
    char trouble[PG_REASON_SIZE];       /* as last logged, so that it is logged once */
};

int16_t store_bucket(const char *msisdn)
{
    uint32_t h = 2166136261u;           /* FNV-1a, 32 bits */

    for (; *msisdn != '\0'; msisdn++)
        h = (h ^ (unsigned char)*msisdn) * 16777619u;
    return (int16_t)(h % STORE_BUCKETS);
}

int64_t store_tape_name(int64_t at, uint32_t dice)
{
    return (at / 1000 - STORE_TAPE_EPOCH) * (INT64_C(1) << 32) + (int64_t)dice;
}

/* --- sending ------------------------------------------------------------------ */

static bool store_writes_wait(const struct store *s)
{
    return sessions_waiting(s->sessions) > 0 || messages_waits(s->messages) || series_waits(s->series) ||
           trials_wait(s->trials) || errands_wait(s->errands) || payments_wait(s->payments) ||
           handovers_wait(s->handovers);
}

/* Is what waits so little, and the last batch so recent, that it is to wait? */
static bool store_paces(struct store *s)
{
    int64_t pace = s->takes * STORE_PACE_TIMES;
    int64_t rest;

    pace = pace < STORE_PACE_US ? STORE_PACE_US : pace > STORE_PACE_MAX_US ? STORE_PACE_MAX_US : pace;
    rest = s->sent + pace - clock_mono_us();

    if (rest <= 0 || sessions_waiting(s->sessions) >= STORE_PACE_ROWS)
        return false;
    if (!event_pending(s->pace, EV_TIMEOUT, NULL))
        event_add(s->pace, &(struct timeval){ 0, rest });
    return true;
}

/* Every free writer takes one turn's worth of what waits. */
static void store_pump(struct store *s)
{
    for (int i = 0; i < s->writer_count && store_writes_wait(s); i++) {
        struct pg *pg = s->writers[i].pg;

        if (!pg_is_up(pg) || pg_units(pg) > 0)
            continue;
        if (store_paces(s))
            break;
        s->sent = s->writers[i].sent = clock_mono_us();
        sessions_send(s->sessions, pg);
        messages_send(s->messages, pg);
        series_send(s->series, pg);
        trials_send(s->trials, pg);
        errands_send(s->errands, pg);
        handovers_send(s->handovers, pg);
        payments_send(s->payments, pg);
        pg_flush(pg);
    }
    questions_send(s->questions);
    if (!store_is_up(s) && store_backlog(s) > 0)
        event_active(s->later, EV_TIMEOUT, 0);
}

void store_flush(struct store *s)
{
    store_pump(s);
}

static void store_on_pace(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    store_pump(arg);
}

/* Answer what waits for a database that is away: in the next turn of the loop,
 * never from within the request. */
static void store_on_later(evutil_socket_t fd, short what, void *arg)
{
    struct store *s = arg;

    (void)fd;
    (void)what;
    sessions_settle(s->sessions);
    questions_settle(s->questions);
    if (store_is_up(s))
        return;
    sessions_fail(s->sessions);
    series_fail(s->series);
    trials_fail(s->trials);
    errands_fail(s->errands);
    handovers_fail(s->handovers);
    payments_fail(s->payments);
    questions_fail(s->questions, "database away");
}

static void store_asked(struct store *s)
{
    if (!store_is_up(s) || sessions_has_refused(s->sessions) || questions_has_refused(s->questions))
        event_active(s->later, EV_TIMEOUT, 0);
}

/* --- connections ----------------------------------------------------------------- */

bool store_is_up(const struct store *s)
{
    for (int i = 0; i < s->writer_count; i++)
        if (pg_is_up(s->writers[i].pg))
            return true;
    return false;
}

static void store_judge(struct store *s)
{
    bool up = store_is_up(s);

    if (up == s->up)
        return;
    s->up = up;
    stats_set(database_up, up);
    if (up)
        log_info("store event=up");
    s->ops->state(s->arg, up);
    if (!up)
        event_active(s->later, EV_TIMEOUT, 0);
}

static void store_on_ping(void *arg, const struct pg_answer *a)
{
    (void)arg;
    (void)a;                            /* an answer is enough; none drops the connection */
}

/* One connection fell: do the idle ones still live?  A server that hangs, or a
 * host that is gone, says nothing by itself. */
static void store_ping(struct store *s)
{
    struct pg_params none = { 0 };

    for (int i = 0; i < s->writer_count; i++) {
        struct pg *pg = s->writers[i].pg;

        if (!pg_is_up(pg) || pg_units(pg) > 0)
            continue;
        pg_query_sql(pg, "SELECT 1", &none, PG_TEXT);
        pg_end(pg, s->stall_ms, store_on_ping, NULL);
        pg_flush(pg);
    }
}

static void store_on_changed(void *arg, struct pg *pg, bool up, const char *reason, int retry_ms)
{
    struct store_connection *c = arg;
    struct store *s = c->store;

    if (up) {
        s->trouble[0] = '\0';
    } else if (strcmp(s->trouble, reason) != 0) {
        snprintf(s->trouble, sizeof s->trouble, "%s", reason);
        log_warn("store connection=%s event=down reason=\"%s\" retry_in=%dms", c->name, reason, retry_ms);
    }
    if (c->kind == STORE_READER)
        questions_reader(s->questions, c->n, up ? pg : NULL);
    store_judge(s);
    if (up)
        store_pump(s);
    else
        store_ping(s);
}

static void store_on_answered(void *arg, struct pg *pg)
{
    struct store_connection *c = arg;
    struct store *s = c->store;

    if (c->kind == STORE_WRITER && c->sent != 0 && pg_units(pg) == 0) {
        s->takes += (clock_mono_us() - c->sent - s->takes) / 8;
        c->sent = 0;
    }
    store_pump(s);
}

/* --- the first words of a connection ------------------------------------------------- */

static void store_on_prepared(void *arg, const struct pg_answer *a)
{
    struct store_connection *c = arg;
    char reason[PG_REASON_SIZE];

    switch (a->outcome) {
    case PG_DONE:
        pg_ready(c->pg);
        return;
    case PG_ERROR:
        snprintf(reason, sizeof reason, "a statement does not fit the database: %.200s", a->reason);
        pg_drop(c->pg, PG_SLOWLY, reason);
        return;
    case PG_LOST:
    case PG_OUTCOMES:
        return;
    }
}

static void store_on_menu_role(void *arg, const struct pg_answer *a)
{
    struct store_connection *c = arg;

    if (a->outcome == PG_LOST)
        return;
    if (a->outcome == PG_ERROR) {
        pg_drop(c->pg, PG_SLOWLY, a->reason);
        return;
    }
    if (PQntuples(a->rows) == 0 && !c->store->warned_role) {
        c->store->warned_role = true;
        log_warn("store event=no_menu_role reason=\"kheya_menu is not granted to this role: questions of screens run "
                 "under it and may read every table it may\"");
    }
    pg_ready(c->pg);
}

static void store_go_on(struct store_connection *c)
{
    struct pg_params none = { 0 };

    if (c->kind == STORE_WRITER) {
        sessions_prepare(c->pg);
        messages_prepare(c->pg);
        series_prepare(c->pg);
        trials_prepare(c->pg);
        cases_prepare(c->pg);
        answers_prepare(c->pg);
        handovers_prepare(c->pg);
        days_prepare(c->pg);
        wakes_prepare(c->pg);
        waits_prepare(c->pg);
        polls_prepare(c->pg);
        sweeps_prepare(c->pg);
        reach_prepare(c->pg);
        feeds_prepare(c->pg);
        seals_prepare(c->pg);
        reminds_prepare(c->pg);
        payments_prepare(c->pg);
        officers_prepare(c->pg);
        shelf_prepare(c->pg);
        pg_end(c->pg, c->store->stall_ms, store_on_prepared, c);
    } else {
        pg_query_sql(c->pg, store_become_menu, &none, PG_TEXT);
        pg_end(c->pg, c->store->stall_ms, store_on_menu_role, c);
    }
    pg_flush(c->pg);
}

/* "" when it is the version this program knows. */
static void store_version_says(const PGresult *rows, char reason[PG_REASON_SIZE])
{
    int version = PQntuples(rows) == 1 ? (int)strtol(PQgetvalue(rows, 0, 0), NULL, 10) : 0;

    reason[0] = '\0';
    if (version < STORE_SCHEMA_VERSION)
        snprintf(reason, PG_REASON_SIZE, "the database has version %d, this program needs %d: run kheya migrate",
                 version, STORE_SCHEMA_VERSION);
    else if (version > STORE_SCHEMA_VERSION)
        snprintf(reason, PG_REASON_SIZE, "the database has version %d, newer than this program's %d: upgrade the program",
                 version, STORE_SCHEMA_VERSION);
}

static void store_on_hello(void *arg, const struct pg_answer *a)
{
    struct store_connection *c = arg;
    char reason[PG_REASON_SIZE] = "";

    switch (a->outcome) {
    case PG_DONE:
        store_version_says(a->rows, reason);
        break;
    case PG_ERROR:
        /* 42P01 no such table, 3F000 no such schema */
        if (strcmp(a->sqlstate, "42P01") == 0 || strcmp(a->sqlstate, "3F000") == 0)
            snprintf(reason, sizeof reason, "the database holds no tables of Kheya: run kheya migrate");
        else
            snprintf(reason, sizeof reason, "%s", a->reason);
        break;
    case PG_LOST:
    case PG_OUTCOMES:
        return;
    }
    if (reason[0] != '\0')
        pg_drop(c->pg, PG_SLOWLY, reason);
    else
        store_go_on(c);
}

static void store_on_setup(void *arg, struct pg *pg)
{
    struct store_connection *c = arg;
    struct pg_params p = { 0 };
    char ms[16];

    /* the server's own limit comes first: then it is known that nothing was written */
    snprintf(ms, sizeof ms, "%d", c->store->stall_ms - c->store->stall_ms / 4);
    pg_param_text(&p, ms);
    pg_query_sql(pg, store_hello[c->kind], &p, PG_TEXT);
    pg_end(pg, c->store->stall_ms, store_on_hello, c);
}

/* --- life ---------------------------------------------------------------------------- */

static int store_default(int v, int otherwise, int max)
{
    v = v > 0 ? v : otherwise;
    return v < max ? v : max;
}

static void store_connect(struct store *s, const struct store_args *args, struct store_connection *c,
                          enum store_kind kind, int n)
{
    struct pg_args a = {
        .base = args->base,
        .conninfo = s->conninfo,
        .name = c->name,
        .stall_ms = s->stall_ms,
        .retry_min_ms = store_default(args->retry_min_ms, 100, INT32_MAX),
        .retry_max_ms = store_default(args->retry_max_ms, 5000, INT32_MAX),
        .setup = store_on_setup,
        .changed = store_on_changed,
        .answered = store_on_answered,
        .arg = c,
    };

    c->store = s;
    c->kind = kind;
    c->n = n;
    snprintf(c->name, sizeof c->name, "%s%d", kind == STORE_WRITER ? "writer" : "reader", n + 1);
    c->pg = pg_new(&a);
}

struct store *store_new(const struct store_args *args)
{
    struct store *s = xcalloc(1, sizeof *s);
    int batch_max = store_default(args->batch_max, 512, STORE_BATCH_MAX);

    s->ops = args->ops;
    s->arg = args->arg;
    s->conninfo = xstrdup(args->conninfo);
    s->stall_ms = store_default(args->stall_ms, 5000, INT32_MAX);
    s->writer_count = store_default(args->writers, 2, STORE_WRITERS_MAX);
    s->reader_count = store_default(args->readers, 4, STORE_READERS_MAX);
    s->sessions = sessions_new(s->ops, s->arg, batch_max, s->stall_ms);
    s->messages = messages_new(s->ops, s->arg, batch_max, s->stall_ms);
    s->series = series_new(s->ops, s->arg, s->stall_ms);
    s->trials = trials_new(s->ops, s->arg, s->stall_ms);
    s->errands = errands_new(s->stall_ms);
    s->handovers = handovers_new(s->ops, s->arg, s->stall_ms);
    s->payments = payments_new(s->ops, s->arg, s->stall_ms);
    s->questions = questions_new(args->base, s->ops, s->arg, s->reader_count);
    s->later = event_new(args->base, -1, 0, store_on_later, s);
    s->pace = event_new(args->base, -1, 0, store_on_pace, s);
    assert(s->later != NULL && s->pace != NULL);
    stats_set(database_up, 0);
    for (int i = 0; i < s->writer_count; i++)
        store_connect(s, args, &s->writers[i], STORE_WRITER, i);
    for (int i = 0; i < s->reader_count; i++)
        store_connect(s, args, &s->readers[i], STORE_READER, i);
    return s;
}

void store_free(struct store *s)
{
    if (s == NULL)
        return;
    for (int i = 0; i < s->writer_count; i++)
        pg_free(s->writers[i].pg);
    for (int i = 0; i < s->reader_count; i++)
        pg_free(s->readers[i].pg);
    event_free(s->later);
    event_free(s->pace);
    sessions_free(s->sessions);
    messages_free(s->messages);
    series_free(s->series);
    trials_free(s->trials);
    errands_free(s->errands);
    handovers_free(s->handovers);
    payments_free(s->payments);
    questions_free(s->questions);
    free(s->conninfo);
    free(s);
}

size_t store_backlog(const struct store *s)
{
    return sessions_backlog(s->sessions) + questions_backlog(s->questions);
}

/* --- requests --------------------------------------------------------------------------- */

void store_load(struct store *s, uint64_t ticket, const char *msisdn, const char *code)
{
    sessions_load(s->sessions, ticket, msisdn, code);
    store_asked(s);
}

void store_write(struct store *s, uint64_t ticket, const struct store_step *step)
{
    sessions_write(s->sessions, ticket, step);
    store_asked(s);
}

void store_ask(struct store *s, uint64_t ticket, const struct store_question *q)
{
    questions_ask(s->questions, ticket, q);
    store_asked(s);
}

void store_lease(struct store *s, uint64_t ticket, int series, int count)
{
    assert(series >= 1 && series <= 9 && count > 0);
    series_lease(s->series, ticket, series, count);
    store_asked(s);
}

void store_outbox_take(struct store *s, const struct store_taking *what)
{
    messages_take(s->messages, what);
}

void store_outbox_mark(struct store *s, const struct store_mark *mark)
{
    messages_mark(s->messages, mark);
}

void store_handover_take(struct store *s, const struct store_wanted *list, int count)
{
    handovers_take(s->handovers, list, count);
    store_asked(s);
}

void store_handover_take_file(struct store *s, const struct store_wanted *of)
{
    handovers_take_file(s->handovers, of);
    store_asked(s);
}

void store_handover_mark(struct store *s, const struct store_handed *handed)
{
    handovers_mark(s->handovers, handed);
}

void store_handover_mark_file(struct store *s, int64_t file)
{
    handovers_mark_file(s->handovers, file);
}

void store_publish(struct store *s, const struct store_generation *g, bool again)
{
    series_publish(s->series, g, again);
}

void store_retire(struct store *s, int64_t age_ms)
{
    series_retire(s->series, age_ms);
}

void store_cut_tape(struct store *s, int64_t at)
{
    series_cut_tape(s->series, at);
    store_asked(s);
}

void store_wipe_dropped(struct store *s, int64_t now)
{
    series_wipe(s->series, now);
    store_asked(s);
}

void store_forget_retired(struct store *s)
{
    series_forget_retired(s->series);
    store_asked(s);
}

void store_pin(struct store *s, uint64_t ticket, const struct store_pin *pin)
{
    trials_add(s->trials, ticket, pin);
    store_asked(s);
}

void store_errand(struct store *s, const struct errand_sql *sql, const struct errand_params *p,
                  const struct errand_done *done)
{
    errands_add(s->errands, sql, p, done);
    store_asked(s);
}

void store_payment_open(struct store *s, uint64_t ticket, const struct store_payment *row)
{
    payments_open(s->payments, ticket, row);
    store_asked(s);
}

void store_payment_load(struct store *s, uint64_t ticket, int16_t bucket, const char *ref)
{
    payments_load(s->payments, ticket, bucket, ref);
    store_asked(s);
}

void store_payment_part(struct store *s, uint64_t ticket, const struct store_part_news *news)
{
    payments_part(s->payments, ticket, news);
}

void store_payment_write(struct store *s, uint64_t ticket, const struct store_payment_change *change)
{
    payments_write(s->payments, ticket, change);
    store_asked(s);
}

void store_payment_take(struct store *s, int max)
{
    payments_take(s->payments, max);
}

void store_current(struct store *s)
{
    series_current(s->series);
    store_asked(s);
}

void store_alert(struct store *s)
{
    series_alert(s->series);
    store_asked(s);
}

void store_sources(struct store *s, int64_t id)
{
    series_sources(s->series, id);
    store_asked(s);
}
