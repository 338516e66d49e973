#include "store/pg.h"

#include <assert.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/log.h"

#define PG_HOSTS_MAX 8192               /* bytes of a list of hosts */

/*
 * DOWN        nothing is open; the timer leads to CONNECTING.
 * CONNECTING  libpq shakes hands; PQconnectPoll leads to SETUP, the timer or an error to DOWN.
 * SETUP       the owner's first units are out; pg_ready() leads to UP, the timer or an error to DOWN.
 * UP          units go out and answers come; the timer watches over the first unit unanswered.
 */
enum pg_state { PG_DOWN = 0, PG_CONNECTING, PG_SETUP, PG_UP, PG_STATES };

static const struct pg_rule {
    const char *name;
    unsigned next;
} pg_rules[PG_STATES] = {
    [PG_DOWN] = { "down", 1u << PG_CONNECTING },
    [PG_CONNECTING] = { "connecting", 1u << PG_SETUP | 1u << PG_DOWN },
    [PG_SETUP] = { "setup", 1u << PG_UP | 1u << PG_DOWN },
    [PG_UP] = { "up", 1u << PG_DOWN },
};

/* What the server still owes us, one for each statement and one for each Sync. */
struct pg_expect {
    pg_answer_fn fn;                    /* NULL: a statement */
    void *arg;
    int patience_ms;
};

struct pg {
    struct pg_args args;
    char *name;
    enum pg_state state;
    PGconn *conn;                       /* NULL when DOWN */
    struct event *io;                   /* readable; while connecting: what libpq waits for */
    struct event *writable;             /* added only while libpq holds unsent bytes */
    struct event *timer;
    struct event *later;                /* tears down a dropped connection */
    int retry_ms;
    int attempt;                        /* how often a host hung: turns the list of hosts */
    bool dropped;                       /* not DOWN yet, but as good as */
    enum pg_pace pace;
    char reason[PG_REASON_SIZE];
    struct pg_expect *queue;            /* ring: head .. head + count, cap is a power of two */
    size_t head;
    size_t count;
    size_t cap;
    size_t units;
    PGresult *held;                     /* of the unit at the head: first error, else last result */
    int done;                           /* its statements that have been answered */
    int failed_at;
};

/* --- errors -------------------------------------------------------------- */

/* By class, or by whole code; the first that fits counts.  What is not here
 * is the fault of a row.  PostgreSQL 15, appendix A. */
static const struct pg_error_row {
    const char *prefix;
    enum pg_error error;
} pg_error_rows[] = {
    { "40", PG_ERROR_AGAIN },           /* serialization failure, deadlock */
    { "55P03", PG_ERROR_AGAIN },        /* lock not available */
    { "08", PG_ERROR_TROUBLE },         /* connection exception */
    { "0A", PG_ERROR_TROUBLE },         /* cached plan must not change result type */
    { "25", PG_ERROR_TROUBLE },         /* 25006: read only, after a fail-over */
    { "26", PG_ERROR_TROUBLE },         /* a prepared statement is gone */
    { "28", PG_ERROR_TROUBLE },         /* not authorised */
    { "3D", PG_ERROR_TROUBLE },         /* no such database */
    { "3F", PG_ERROR_TROUBLE },         /* no such schema */
    { "42", PG_ERROR_TROUBLE },         /* no such table, no such right: the schema is not ours */
    { "53", PG_ERROR_TROUBLE },         /* disk full, out of memory */
    { "55", PG_ERROR_TROUBLE },         /* object not in the state asked for */
    { "57", PG_ERROR_TROUBLE },         /* shutting down, starting up, statement_timeout */
    { "58", PG_ERROR_TROUBLE },         /* I/O error */
};

enum pg_error pg_error_of(const char *sqlstate)
{
    for (size_t i = 0; i < sizeof pg_error_rows / sizeof pg_error_rows[0]; i++)
        if (strncmp(sqlstate, pg_error_rows[i].prefix, strlen(pg_error_rows[i].prefix)) == 0)
            return pg_error_rows[i].error;
    return PG_ERROR_ROW;
}

/* Its server goes, its prepared statements are gone or of another shape, or it is
 * read only after a fail-over.  57014, a statement that took too long, is none. */
bool pg_error_ends(const char *sqlstate)
{
    static const char *const ends[] = { "08", "0A", "25", "26", "57P" };

    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        if (strncmp(sqlstate, ends[i], strlen(ends[i])) == 0)
            return true;
    return false;
}

/* One line of a message of libpq's. */
static void pg_one_line(char *out, size_t size, const char *message)
{
    size_t n = strcspn(message, "\n");

    if (n >= size)
        n = size - 1;
    memcpy(out, message, n);
    out[n] = '\0';
}

/* "22P02 invalid input syntax for type json": the primary message, and of a
 * data error no more than up to the colon, behind which its value stands. */
static void pg_reason(char out[PG_REASON_SIZE], const PGresult *r)
{
    const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);
    const char *text = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);
    char line[PG_REASON_SIZE - 8];

    if (state == NULL || text == NULL) {
        pg_one_line(out, PG_REASON_SIZE, PQresultErrorMessage(r));
        return;
    }
    pg_one_line(line, sizeof line, text);
    if (strncmp(state, "22", 2) == 0)
        line[strcspn(line, ":")] = '\0';
    snprintf(out, PG_REASON_SIZE, "%.5s %s", state, line);
}

/* --- the queue of expectations --------------------------------------------- */

static void pg_expect(struct pg *pg, struct pg_expect e)
{
    if (pg->count == pg->cap) {
        size_t cap = pg->cap > 0 ? pg->cap * 2 : 16;
        struct pg_expect *q = xcalloc(cap, sizeof *q);

        for (size_t i = 0; i < pg->count; i++)
            q[i] = pg->queue[(pg->head + i) & (pg->cap - 1)];
        free(pg->queue);
        pg->queue = q;
        pg->head = 0;
        pg->cap = cap;
    }
    pg->queue[(pg->head + pg->count++) & (pg->cap - 1)] = e;
}

static struct pg_expect pg_met(struct pg *pg)
{
    struct pg_expect e = pg->queue[pg->head];

    assert(pg->count > 0);
    pg->head = (pg->head + 1) & (pg->cap - 1);
    pg->count--;
    return e;
}

static struct timeval pg_ms(int ms)
{
    return (struct timeval){ ms / 1000, (ms % 1000) * 1000 };
}

/* Watch over the unit at the head; in setup the timer watches over all of it. */
static void pg_watch(struct pg *pg)
{
    if (pg->state != PG_UP)
        return;
    for (size_t i = 0; i < pg->count; i++) {
        const struct pg_expect *e = &pg->queue[(pg->head + i) & (pg->cap - 1)];

        if (e->fn != NULL) {
            struct timeval tv = pg_ms(e->patience_ms);

            event_add(pg->timer, &tv);
            return;
        }
    }
    event_del(pg->timer);
}

/* --- states ---------------------------------------------------------------- */

static void pg_enter(struct pg *pg, enum pg_state next)
{
    assert(pg_rules[pg->state].next & 1u << next);
    log_debug("pg=%s event=enter from=%s to=%s", pg->name, pg_rules[pg->state].name, pg_rules[next].name);
    pg->state = next;
}

void pg_drop(struct pg *pg, enum pg_pace pace, const char *reason)
{
    if (pg->state == PG_DOWN || pg->dropped)
        return;
    pg->dropped = true;
    pg->pace = pace;
    pg_one_line(pg->reason, sizeof pg->reason, reason);
    event_active(pg->later, EV_TIMEOUT, 0);
}

static void pg_drop_broken(struct pg *pg)
{
    char reason[PG_REASON_SIZE];

    /* the server's last words say more than "connection closed" */
    if (pg->held != NULL && PQresultStatus(pg->held) == PGRES_FATAL_ERROR)
        pg_reason(reason, pg->held);
    else
        pg_one_line(reason, sizeof reason, PQerrorMessage(pg->conn));
    pg_drop(pg, PG_SOON, reason[0] != '\0' ? reason : "connection closed");
}

static void pg_close(struct pg *pg)
{
    if (pg->io != NULL)
        event_free(pg->io);
    if (pg->writable != NULL)
        event_free(pg->writable);
    pg->io = NULL;
    pg->writable = NULL;
    PQclear(pg->held);
    pg->held = NULL;
    PQfinish(pg->conn);                 /* non-blocking: says good-bye if the socket takes it */
    pg->conn = NULL;
    pg->done = 0;
}

/* Everything owed is lost: answer it in order.  The queue is taken aside first,
 * because the callbacks may not find it half empty. */
static void pg_lose(struct pg *pg)
{
    struct pg_expect *queue = pg->queue;
    size_t head = pg->head;
    size_t count = pg->count;
    size_t cap = pg->cap;
    char reason[PG_REASON_SIZE];
    struct pg_answer a = { .outcome = PG_LOST, .reason = reason };

    memcpy(reason, pg->reason, sizeof reason);
    pg->queue = NULL;
    pg->head = pg->count = pg->cap = pg->units = 0;
    for (size_t i = 0; i < count; i++) {
        const struct pg_expect *e = &queue[(head + i) & (cap - 1)];

        if (e->fn != NULL)
            e->fn(e->arg, &a);
    }
    free(queue);
}

static void pg_on_later(evutil_socket_t fd, short what, void *arg)
{
    struct pg *pg = arg;
    int wait;
    struct timeval tv;

    (void)fd;
    (void)what;
    if (!pg->dropped)
        return;
    pg_close(pg);
    pg->dropped = false;
    pg_enter(pg, PG_DOWN);
    wait = pg->pace == PG_SLOWLY ? pg->args.retry_max_ms : pg->retry_ms;
    pg->retry_ms = wait * 2 < pg->args.retry_max_ms ? wait * 2 : pg->args.retry_max_ms;
    tv = pg_ms(wait);
    event_add(pg->timer, &tv);
    pg->args.changed(pg->args.arg, pg, false, pg->reason, wait);
    pg_lose(pg);
    pg->args.answered(pg->args.arg, pg);
}

void pg_ready(struct pg *pg)
{
    if (pg->dropped)
        return;
    pg_enter(pg, PG_UP);
    pg->retry_ms = pg->args.retry_min_ms;
    pg_watch(pg);
    pg->args.changed(pg->args.arg, pg, true, "", 0);
}

/* --- connecting --------------------------------------------------------------- */

static void pg_on_readable(evutil_socket_t fd, short what, void *arg);
static void pg_on_writable(evutil_socket_t fd, short what, void *arg);
static void pg_on_connecting(evutil_socket_t fd, short what, void *arg);

/* Notices (a warning in a function of an operator's) go to the debug log. */
static void pg_on_notice(void *arg, const char *message)
{
    const struct pg *pg = arg;
    char line[PG_REASON_SIZE];

    pg_one_line(line, sizeof line, message);
    log_debug("pg=%s event=notice text=\"%s\"", pg->name, line);
}

static void pg_connected(struct pg *pg)
{
    if (PQsetnonblocking(pg->conn, 1) != 0 || PQenterPipelineMode(pg->conn) != 1) {
        pg_drop_broken(pg);
        return;
    }
    pg->io = event_new(pg->args.base, PQsocket(pg->conn), EV_READ | EV_PERSIST, pg_on_readable, pg);
    pg->writable = event_new(pg->args.base, PQsocket(pg->conn), EV_WRITE, pg_on_writable, pg);
    assert(pg->io != NULL && pg->writable != NULL);
    event_add(pg->io, NULL);
    pg_enter(pg, PG_SETUP);
    pg->args.setup(pg->args.arg, pg);
    pg_flush(pg);
}

/* The socket may be another after each call of PQconnectPoll. */
static void pg_poll(struct pg *pg, PostgresPollingStatusType status)
{
    if (pg->io != NULL)
        event_free(pg->io);
    pg->io = NULL;
    switch (status) {
    case PGRES_POLLING_OK:
        pg_connected(pg);
        return;
    case PGRES_POLLING_READING:
    case PGRES_POLLING_WRITING:
        pg->io = event_new(pg->args.base, PQsocket(pg->conn), status == PGRES_POLLING_READING ? EV_READ : EV_WRITE,
                           pg_on_connecting, pg);
        assert(pg->io != NULL);
        event_add(pg->io, NULL);
        return;
    case PGRES_POLLING_FAILED:
    case PGRES_POLLING_ACTIVE:
        pg_drop_broken(pg);
        return;
    }
}

static void pg_on_connecting(evutil_socket_t fd, short what, void *arg)
{
    struct pg *pg = arg;

    (void)fd;
    (void)what;
    if (!pg->dropped)
        pg_poll(pg, PQconnectPoll(pg->conn));
}

/* "a,b,c" turned by 1 is "b,c,a".  False when there is nothing to turn. */
bool pg_turn_list(struct buf *out, const char *list, int by)
{
    const char *at = list;
    int count = 1;

    for (const char *p = list; *p != '\0'; p++)
        count += *p == ',';
    if (by % count == 0)
        return false;
    for (int i = 0; i < by % count; i++)
        at = strchr(at, ',') + 1;
    buf_adds(out, at);
    buf_addc(out, ',');
    buf_add(out, list, (size_t)(at - list - 1));
    return true;
}

/* libpq asks the hosts of a list in turn, but waits for ever for one that took
 * the connection and says nothing: after such an attempt the next host is the
 * first.  Adds to keys and values what overrides the connection string. */
static void pg_turn_hosts(const struct pg *pg, const char **keys, const char **values, struct buf turned[3])
{
    static const char *const lists[3] = { "host", "hostaddr", "port" };
    PQconninfoOption *options = pg->attempt > 0 ? PQconninfoParse(pg->args.conninfo, NULL) : NULL;
    int n = 0;

    for (const PQconninfoOption *o = options; o != NULL && o->keyword != NULL; o++)
        for (int i = 0; i < 3; i++)
            if (o->val != NULL && strcmp(o->keyword, lists[i]) == 0 && pg_turn_list(&turned[i], o->val, pg->attempt)) {
                keys[n] = lists[i];
                values[n++] = buf_str(&turned[i]);
            }
    PQconninfoFree(options);
}

static void pg_connect(struct pg *pg)
{
    const char *keys[3 + 3 + 1] = { "dbname", "client_encoding", "fallback_application_name" };
    const char *values[3 + 3 + 1] = { pg->args.conninfo, "UTF8", "kheyad" };
    struct buf turned[3];
    struct timeval tv = pg_ms(pg->args.stall_ms);

    for (int i = 0; i < 3; i++)
        buf_init(&turned[i], PG_HOSTS_MAX);
    pg_turn_hosts(pg, keys + 3, values + 3, turned);
    pg_enter(pg, PG_CONNECTING);
    event_add(pg->timer, &tv);
    pg->conn = PQconnectStartParams(keys, values, 1);
    assert(pg->conn != NULL);
    for (int i = 0; i < 3; i++)
        buf_fini(&turned[i]);
    PQsetNoticeProcessor(pg->conn, pg_on_notice, pg);
    /* libpq: "behave as if PQconnectPoll had returned PGRES_POLLING_WRITING" */
    pg_poll(pg, PQstatus(pg->conn) == CONNECTION_BAD ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING);
}

static void pg_on_timer(evutil_socket_t fd, short what, void *arg)
{
    struct pg *pg = arg;

    (void)fd;
    (void)what;
    switch (pg->state) {
    case PG_DOWN:
        pg_connect(pg);
        return;
    case PG_CONNECTING:
    case PG_SETUP:
        pg->attempt++;
        pg_drop(pg, PG_SOON, "no answer while connecting");
        return;
    case PG_UP:
        pg_drop(pg, PG_SOON, "no answer in time");
        return;
    case PG_STATES:
        break;
    }
    assert(false);
}

/* --- answers ------------------------------------------------------------------- */

/* Keep the first error of a unit, else its last result. */
static void pg_hold(struct pg *pg, PGresult *r)
{
    ExecStatusType status = PQresultStatus(r);

    if (status == PGRES_PIPELINE_ABORTED || (pg->held != NULL && PQresultStatus(pg->held) == PGRES_FATAL_ERROR)) {
        PQclear(r);
        return;
    }
    PQclear(pg->held);
    pg->held = r;
    if (status == PGRES_FATAL_ERROR)
        pg->failed_at = pg->done;
}

static void pg_unit_done(struct pg *pg)
{
    struct pg_expect e = pg_met(pg);
    PGresult *held = pg->held;
    char reason[PG_REASON_SIZE] = "";
    struct pg_answer a = { .outcome = PG_DONE, .rows = held };

    assert(e.fn != NULL);
    pg->held = NULL;
    pg->done = 0;
    pg->units--;
    if (held != NULL && PQresultStatus(held) == PGRES_FATAL_ERROR) {
        const char *state = PQresultErrorField(held, PG_DIAG_SQLSTATE);

        pg_reason(reason, held);
        a = (struct pg_answer){ .outcome = PG_ERROR, .sqlstate = state != NULL ? state : "XX000", .reason = reason,
                                .failed_at = pg->failed_at };
    }
    pg_watch(pg);
    e.fn(e.arg, &a);
    PQclear(held);
}

/* Answers come as: results, NULL; after an error ABORTED, NULL for the rest;
 * then SYNC without a NULL.  Only SYNC says that the unit has committed. */
static bool pg_drain(struct pg *pg)
{
    bool answered = false;

    while (pg->count > 0 && !pg->dropped && !PQisBusy(pg->conn)) {
        PGresult *r = PQgetResult(pg->conn);

        if (r == NULL) {
            if (PQstatus(pg->conn) == CONNECTION_BAD)
                break;
            assert(pg->queue[pg->head].fn == NULL);
            pg_met(pg);
            pg->done++;
        } else if (PQresultStatus(r) == PGRES_PIPELINE_SYNC) {
            PQclear(r);
            pg_unit_done(pg);
            answered = true;
        } else {
            pg_hold(pg, r);
            if (PQstatus(pg->conn) == CONNECTION_BAD)
                break;
        }
    }
    return answered;
}

static void pg_on_readable(evutil_socket_t fd, short what, void *arg)
{
    struct pg *pg = arg;
    bool alive;
    bool answered;

    (void)fd;
    (void)what;
    if (pg->dropped)
        return;
    alive = PQconsumeInput(pg->conn) == 1;
    answered = pg_drain(pg);            /* what came before the end still counts */
    if (!alive || PQstatus(pg->conn) == CONNECTION_BAD)
        pg_drop_broken(pg);
    if (answered)
        pg->args.answered(pg->args.arg, pg);
}

static void pg_on_writable(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    pg_flush(arg);
}

void pg_flush(struct pg *pg)
{
    if (pg->state < PG_SETUP || pg->dropped)
        return;
    switch (PQflush(pg->conn)) {
    case 0:
        return;
    case 1:
        event_add(pg->writable, NULL);
        return;
    default:
        pg_drop_broken(pg);
        return;
    }
}

/* --- units ----------------------------------------------------------------------- */

void pg_param_text(struct pg_params *p, const char *s)
{
    assert(p->count < PG_PARAMS_MAX);
    p->values[p->count] = s;
    p->lengths[p->count] = 0;
    p->formats[p->count++] = PG_TEXT;
}

void pg_param_binary(struct pg_params *p, const void *data, size_t n)
{
    assert(p->count < PG_PARAMS_MAX && n <= INT32_MAX);
    p->values[p->count] = data;
    p->lengths[p->count] = (int)n;
    p->formats[p->count++] = PG_BINARY;
}

/* Whether a statement may go out; its expectation is kept even if not, so that
 * its unit is answered as lost. */
static bool pg_may_send(struct pg *pg)
{
    assert(pg->state == PG_SETUP || pg->state == PG_UP);
    pg_expect(pg, (struct pg_expect){ NULL, NULL, 0 });
    return !pg->dropped;
}

void pg_prepare(struct pg *pg, const char *name, const char *sql)
{
    if (pg_may_send(pg) && PQsendPrepare(pg->conn, name, sql, 0, NULL) != 1)
        pg_drop_broken(pg);
}

void pg_query(struct pg *pg, const char *prepared, const struct pg_params *p, enum pg_format format)
{
    if (pg_may_send(pg) && PQsendQueryPrepared(pg->conn, prepared, p->count, p->values, p->lengths, p->formats,
                                               (int)format) != 1)
        pg_drop_broken(pg);
}

void pg_query_sql(struct pg *pg, const char *sql, const struct pg_params *p, enum pg_format format)
{
    if (pg_may_send(pg) && PQsendQueryParams(pg->conn, sql, p->count, NULL, p->values, p->lengths, p->formats,
                                             (int)format) != 1)
        pg_drop_broken(pg);
}

void pg_end(struct pg *pg, int patience_ms, pg_answer_fn fn, void *arg)
{
    bool first = pg->units == 0;

    assert(fn != NULL && (pg->state == PG_SETUP || pg->state == PG_UP));
    pg_expect(pg, (struct pg_expect){ fn, arg, patience_ms });
    pg->units++;
    if (!pg->dropped && PQpipelineSync(pg->conn) != 1)
        pg_drop_broken(pg);
    if (first)
        pg_watch(pg);
}

bool pg_is_up(const struct pg *pg)
{
    return pg->state == PG_UP && !pg->dropped;
}

size_t pg_units(const struct pg *pg)
{
    return pg->units;
}

/* --- life --------------------------------------------------------------------------- */

struct pg *pg_new(const struct pg_args *args)
{
    struct pg *pg = xcalloc(1, sizeof *pg);
    struct timeval now = { 0, 0 };

    pg->args = *args;
    pg->name = xstrdup(args->name);
    pg->retry_ms = args->retry_min_ms;
    pg->timer = event_new(args->base, -1, 0, pg_on_timer, pg);
    pg->later = event_new(args->base, -1, 0, pg_on_later, pg);
    assert(pg->timer != NULL && pg->later != NULL);
    event_add(pg->timer, &now);
    return pg;
}

void pg_free(struct pg *pg)
{
    if (pg == NULL)
        return;
    event_free(pg->timer);
    event_free(pg->later);
    pg_close(pg);
    free(pg->queue);
    free(pg->name);
    free(pg);
}

/* --- cells ----------------------------------------------------------------------------- */

static struct rd pg_cell(const PGresult *r, int row, int column)
{
    return rd_of(PQgetvalue(r, row, column), (size_t)PQgetlength(r, row, column));
}

int32_t pg_int4(const PGresult *r, int row, int column)
{
    struct rd cell = pg_cell(r, row, column);

    return (int32_t)rd_u32(&cell);
}

int64_t pg_int8(const PGresult *r, int row, int column)
{
    struct rd cell = pg_cell(r, row, column);

    return (int64_t)rd_u64(&cell);
}

bool pg_bool(const PGresult *r, int row, int column)
{
    struct rd cell = pg_cell(r, row, column);

    return rd_u8(&cell) != 0;
}
