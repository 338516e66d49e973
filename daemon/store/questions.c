#include "store/questions.h"

#include <assert.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/stats.h"

#define QUESTIONS_MAX     10000         /* waiting or in flight; more are refused on the spot */
#define QUESTIONS_DEPTH   8             /* in the pipeline of one reader */
#define QUESTIONS_QUICK   20            /* ms: a question that takes no longer may have others behind it */
#define QUESTIONS_GRACE   1000          /* ms past its deadline: the reader is given up */
#define QUESTIONS_NAMES   4096          /* prepared on a connection; then all are forgotten */
#define QUESTIONS_SLOTS   (QUESTIONS_NAMES * 2)
#define QUESTIONS_ARGS    PG_PARAMS_MAX
#define QUESTIONS_TEXT    (1u << 20)    /* bytes of one question */

struct question {
    TAILQ_ENTRY(question) link;
    struct questions *owner;
    struct questions_reader *reader;    /* NULL: waits */
    struct event *timer;
    uint64_t ticket;
    bool answered;                      /* too late already: what comes is dropped */
    bool prepares;                      /* its unit began with a prepare */
    bool trusted;                       /* its statement was quick the last time */
    int id;                             /* of the statement, in this epoch of names */
    unsigned epoch;
    int timeout_ms;
    int max_rows;
    int arg_count;
    const char *name;                   /* these point behind the struct */
    const char *sql;
    const char *args[QUESTIONS_ARGS];
};
TAILQ_HEAD(question_list, question);

struct questions_reader {
    struct questions *owner;
    struct pg *pg;                      /* NULL: not up */
    int64_t head_since;                 /* clock_mono() when the first unanswered one began */
    int timeout_ms;                     /* its statement_timeout; 0 unknown */
    unsigned epoch;                     /* of the names it has prepared */
    int untrusted;                      /* questions in its pipeline that may be slow */
    bool lost_head;                     /* fallen, and the question it was on has been answered */
    uint8_t prepared[QUESTIONS_NAMES / 8];
};

struct questions {
    struct event_base *base;
    const struct store_ops *ops;
    void *arg;
    struct questions_reader *readers;
    int reader_count;
    struct question_list waiting, flying, refused;
    size_t count;                       /* of waiting and flying */
    /* statements by name and row limit: their number is their name on every reader */
    struct questions_name {
        char *key;
        int id;
    } names[QUESTIONS_SLOTS];
    int name_count;
    unsigned epoch;
    bool quick[QUESTIONS_NAMES];        /* by number */
};

struct store_rows {
    const PGresult *result;
};

/* --- rows --------------------------------------------------------------------- */

static int questions_column(const struct store_rows *rows, const char *column)
{
    int n = PQnfields(rows->result);

    for (int i = 0; i < n; i++)
        if (strcmp(PQfname(rows->result, i), column) == 0)
            return i;
    return -1;
}

int store_rows_count(const struct store_rows *rows)
{
    return PQntuples(rows->result);
}

bool store_rows_has(const struct store_rows *rows, const char *column)
{
    return questions_column(rows, column) >= 0;
}

const char *store_rows_cell(const struct store_rows *rows, int row, const char *column)
{
    int i = questions_column(rows, column);

    if (i < 0 || row < 0 || row >= PQntuples(rows->result) || PQgetisnull(rows->result, row, i))
        return NULL;
    return PQgetvalue(rows->result, row, i);
}

/* --- life ----------------------------------------------------------------------- */

struct questions *questions_new(struct event_base *base, const struct store_ops *ops, void *arg, int readers)
{
    struct questions *q = xcalloc(1, sizeof *q);

    q->base = base;
    q->ops = ops;
    q->arg = arg;
    q->reader_count = readers;
    q->readers = xcalloc((size_t)readers, sizeof *q->readers);
    for (int i = 0; i < readers; i++)
        q->readers[i].owner = q;
    TAILQ_INIT(&q->waiting);
    TAILQ_INIT(&q->flying);
    TAILQ_INIT(&q->refused);
    return q;
}

static void question_free(struct question_list *list, struct question *n)
{
    TAILQ_REMOVE(list, n, link);
    if (n->timer != NULL)
        event_free(n->timer);
    free(n);
}

static void questions_forget_names(struct questions *q)
{
    for (int i = 0; i < QUESTIONS_SLOTS; i++) {
        free(q->names[i].key);
        q->names[i].key = NULL;
    }
    q->name_count = 0;
    q->epoch++;
}

void questions_free(struct questions *q)
{
    struct question *n;

    if (q == NULL)
        return;
    while ((n = TAILQ_FIRST(&q->waiting)) != NULL)
        question_free(&q->waiting, n);
    while ((n = TAILQ_FIRST(&q->flying)) != NULL)
        question_free(&q->flying, n);
    while ((n = TAILQ_FIRST(&q->refused)) != NULL)
        question_free(&q->refused, n);
    questions_forget_names(q);
    free(q->readers);
    free(q);
}

/* --- asking ------------------------------------------------------------------------ */

static void question_answer(struct question *n, const PGresult *result, const char *reason)
{
    struct questions *q = n->owner;
    struct store_rows rows = { result };

    if (n->answered)
        return;
    n->answered = true;
    if (result == NULL)
        stats_inc(queries_failed);
    q->ops->answered(q->arg, n->ticket, result != NULL ? &rows : NULL, reason);
}

static void questions_on_deadline(evutil_socket_t fd, short what, void *arg)
{
    struct question *n = arg;
    struct questions *q = n->owner;

    (void)fd;
    (void)what;
    question_answer(n, NULL, "timed out");
    if (n->reader == NULL) {
        q->count--;
        question_free(&q->waiting, n);
    }
}

/* A copy in one piece: the struct and its texts behind it. */
static struct question *question_new(const struct store_question *from)
{
    const char *texts[2 + QUESTIONS_ARGS] = { from->name, from->sql };
    size_t lengths[2 + QUESTIONS_ARGS];
    const char *copies[2 + QUESTIONS_ARGS];
    int count = 2 + from->arg_count;
    size_t size = sizeof(struct question);
    struct question *n;
    char *to;

    assert(from->arg_count >= 0 && from->arg_count <= QUESTIONS_ARGS);
    for (int i = 0; i < from->arg_count; i++)
        texts[2 + i] = from->args[i];
    for (int i = 0; i < count; i++) {
        lengths[i] = texts[i] != NULL ? strlen(texts[i]) + 1 : 0;
        size += lengths[i];
    }
    n = xcalloc(1, size);
    to = (char *)(n + 1);
    for (int i = 0; i < count; i++) {
        copies[i] = texts[i] != NULL ? memcpy(to, texts[i], lengths[i]) : NULL;
        to += lengths[i];
    }
    n->name = copies[0];
    n->sql = copies[1];
    memcpy(n->args, copies + 2, sizeof n->args);
    n->arg_count = from->arg_count;
    n->timeout_ms = from->timeout_ms > 0 ? from->timeout_ms : 1;
    n->max_rows = from->max_rows > 0 ? from->max_rows : 1;
    return n;
}

void questions_ask(struct questions *q, uint64_t ticket, const struct store_question *question)
{
    struct question *n = question_new(question);
    struct timeval tv = { n->timeout_ms / 1000, (n->timeout_ms % 1000) * 1000 };

    stats_inc(queries);
    n->owner = q;
    n->ticket = ticket;
    if (q->count >= QUESTIONS_MAX) {
        TAILQ_INSERT_TAIL(&q->refused, n, link);
        return;
    }
    n->timer = event_new(q->base, -1, 0, questions_on_deadline, n);
    assert(n->timer != NULL);
    event_add(n->timer, &tv);
    TAILQ_INSERT_TAIL(&q->waiting, n, link);
    q->count++;
}

bool questions_has_refused(const struct questions *q)
{
    return !TAILQ_EMPTY(&q->refused);
}

/* Answer and free all of a list that the callbacks cannot add to. */
static void questions_answer_all(struct question_list *list, const char *reason)
{
    struct question *n;

    while ((n = TAILQ_FIRST(list)) != NULL) {
        question_answer(n, NULL, reason);
        question_free(list, n);
    }
}

void questions_settle(struct questions *q)
{
    struct question_list refused = TAILQ_HEAD_INITIALIZER(refused);

    TAILQ_CONCAT(&refused, &q->refused, link);
    questions_answer_all(&refused, "too many questions wait");
}

void questions_fail(struct questions *q, const char *reason)
{
    struct question_list failed = TAILQ_HEAD_INITIALIZER(failed);
    struct question *n;

    TAILQ_CONCAT(&failed, &q->waiting, link);
    TAILQ_FOREACH(n, &failed, link) {
        event_del(n->timer);
        q->count--;
    }
    questions_answer_all(&failed, reason);
}

size_t questions_backlog(const struct questions *q)
{
    return q->count;
}

/* --- names --------------------------------------------------------------------------- */

void questions_wrap(struct buf *out, const char *sql, int max_rows)
{
    size_t n = strlen(sql);

    while (n > 0 && strchr("; \t\r\n", sql[n - 1]) != NULL)
        n--;
    /* on lines of its own, so that a comment at its end hides nothing of ours */
    buf_adds(out, "SELECT * FROM (\n");
    buf_add(out, sql, n);
    buf_addf(out, "\n) AS question LIMIT %d", max_rows);
}

static uint32_t questions_hash(const char *s)
{
    uint32_t h = 2166136261u;           /* FNV-1a */

    for (; *s != '\0'; s++)
        h = (h ^ (unsigned char)*s) * 16777619u;
    return h;
}

/* The number of this statement; a new one when it was not seen since the names
 * were last forgotten. */
static int questions_name(struct questions *q, const struct question *n)
{
    struct buf key;
    uint32_t i;
    int id;

    buf_init(&key, QUESTIONS_TEXT);
    buf_addf(&key, "%d ", n->max_rows);
    buf_adds(&key, n->name);
    i = questions_hash(buf_str(&key)) % QUESTIONS_SLOTS;
    while (q->names[i].key != NULL && strcmp(q->names[i].key, buf_str(&key)) != 0)
        i = (i + 1) % QUESTIONS_SLOTS;
    if (q->names[i].key == NULL) {
        if (q->name_count == QUESTIONS_NAMES) {
            questions_forget_names(q);
            i = questions_hash(buf_str(&key)) % QUESTIONS_SLOTS;
        }
        q->quick[q->name_count] = false;
        q->names[i] = (struct questions_name){ xstrdup(buf_str(&key)), q->name_count++ };
    }
    id = q->names[i].id;
    buf_fini(&key);
    return id;
}

static bool questions_is_prepared(const struct questions_reader *r, int id)
{
    return r->prepared[id / 8] & 1u << id % 8;
}

static void questions_set_prepared(struct questions_reader *r, int id, bool is)
{
    uint8_t bit = (uint8_t)(1u << id % 8);

    r->prepared[id / 8] = (uint8_t)(is ? r->prepared[id / 8] | bit : r->prepared[id / 8] & ~bit);
}

/* --- readers ---------------------------------------------------------------------------- */

void questions_reader(struct questions *q, int i, struct pg *pg)
{
    struct questions_reader *r = &q->readers[i];

    assert(i >= 0 && i < q->reader_count);
    *r = (struct questions_reader){ .owner = q, .pg = pg, .epoch = q->epoch };
}

/* The question that a reader was on when it fell is answered: it may be what
 * felled it.  Those behind it have done nothing and wait for another reader. */
static void questions_lost(struct question *n, const char *reason)
{
    struct questions *q = n->owner;
    struct questions_reader *r = n->reader;
    bool was_head = !r->lost_head;

    r->lost_head = true;
    if (n->answered || was_head) {
        question_answer(n, NULL, reason);
        q->count--;
        question_free(&q->flying, n);
        return;
    }
    TAILQ_REMOVE(&q->flying, n, link);
    n->reader = NULL;
    TAILQ_INSERT_TAIL(&q->waiting, n, link);
}

/* A setting of the connection: without it the reader is of no use. */
static void questions_on_setting(void *arg, const struct pg_answer *a)
{
    struct questions_reader *r = arg;

    if (a->outcome == PG_ERROR)
        pg_drop(r->pg, PG_SLOWLY, a->reason);
}

/* What was prepared may fit the tables no more (0A000: cached plan must not
 * change result type) or be gone (26000): prepare it anew the next time. */
static void questions_unprepare(struct question *n, const struct pg_answer *a)
{
    struct questions_reader *r = n->reader;
    bool stale = strncmp(a->sqlstate, "0A", 2) == 0;
    struct pg_params none = { 0 };
    char sql[32];

    if (n->epoch != r->epoch || !questions_is_prepared(r, n->id))
        return;
    if (n->prepares && a->failed_at == 0) {
        questions_set_prepared(r, n->id, false);
    } else if (stale || strncmp(a->sqlstate, "26", 2) == 0) {
        questions_set_prepared(r, n->id, false);
        if (stale) {
            snprintf(sql, sizeof sql, "DEALLOCATE q%d", n->id);
            pg_query_sql(r->pg, sql, &none, PG_TEXT);
            pg_end(r->pg, QUESTIONS_GRACE, questions_on_setting, r);
        }
    }
}

static void questions_failed(struct question *n, const struct pg_answer *a)
{
    questions_unprepare(n, a);
    question_answer(n, NULL, strcmp(a->sqlstate, "57014") == 0 ? "timed out" : a->reason);
}

/* The reader has done with this one: how long was it at it? */
static void questions_took(struct question *n)
{
    struct questions *q = n->owner;
    struct questions_reader *r = n->reader;
    int64_t now = clock_mono();

    if (n->epoch == q->epoch)
        q->quick[n->id] = now - r->head_since <= QUESTIONS_QUICK;
    r->untrusted -= !n->trusted;
    r->head_since = now;
}

static void questions_on_answer(void *arg, const struct pg_answer *a)
{
    struct question *n = arg;
    struct questions *q = n->owner;

    if (a->outcome != PG_LOST)
        questions_took(n);
    switch (a->outcome) {
    case PG_DONE:
        question_answer(n, a->rows, "");
        break;
    case PG_ERROR:
        questions_failed(n, a);
        break;
    case PG_LOST:
    case PG_OUTCOMES:
        questions_lost(n, a->reason);
        return;
    }
    q->count--;
    question_free(&q->flying, n);
}

static void questions_settings(struct questions_reader *r, const struct question *n)
{
    struct pg_params p = { 0 };
    char sql[64];

    if (r->epoch != r->owner->epoch) {
        pg_query_sql(r->pg, "DEALLOCATE ALL", &p, PG_TEXT);
        pg_end(r->pg, QUESTIONS_GRACE, questions_on_setting, r);
        memset(r->prepared, 0, sizeof r->prepared);
        r->epoch = r->owner->epoch;
    }
    if (r->timeout_ms != n->timeout_ms) {
        /* kheya_menu may not call set_config(): sql/0001_engine.sql */
        snprintf(sql, sizeof sql, "SET statement_timeout = %d", n->timeout_ms);
        pg_query_sql(r->pg, sql, &p, PG_TEXT);
        pg_end(r->pg, QUESTIONS_GRACE, questions_on_setting, r);
        r->timeout_ms = n->timeout_ms;
    }
}

static void questions_give(struct questions_reader *r, struct question *n)
{
    struct pg_params p = { 0 };
    char name[16];
    int id = questions_name(r->owner, n);

    if (pg_units(r->pg) == 0)
        r->head_since = clock_mono();
    questions_settings(r, n);
    n->reader = r;
    n->id = id;
    n->epoch = r->owner->epoch;
    n->trusted = r->owner->quick[id];
    r->untrusted += !n->trusted;
    n->prepares = !questions_is_prepared(r, id);
    snprintf(name, sizeof name, "q%d", id);
    if (n->prepares) {
        struct buf sql;

        buf_init(&sql, QUESTIONS_TEXT);
        questions_wrap(&sql, n->sql, n->max_rows);
        pg_prepare(r->pg, name, buf_str(&sql));
        buf_fini(&sql);
        questions_set_prepared(r, id, true);
    }
    for (int i = 0; i < n->arg_count; i++)
        pg_param_text(&p, n->args[i]);
    pg_query(r->pg, name, &p, PG_TEXT);
    pg_end(r->pg, n->timeout_ms + QUESTIONS_GRACE, questions_on_answer, n);
}

/* The least loaded reader; NULL when none can take more.  Behind a question that
 * may be slow, or has turned slow, there stands no other. */
static struct questions_reader *questions_free_reader(struct questions *q)
{
    struct questions_reader *best = NULL;
    int64_t now = clock_mono();

    for (int i = 0; i < q->reader_count; i++) {
        struct questions_reader *r = &q->readers[i];
        size_t units;

        if (r->pg == NULL || !pg_is_up(r->pg))
            continue;
        units = pg_units(r->pg);
        if (units > 0 && (units >= QUESTIONS_DEPTH || r->untrusted > 0 || now - r->head_since > QUESTIONS_QUICK))
            continue;
        if (best == NULL || units < pg_units(best->pg))
            best = r;
    }
    return best;
}

void questions_send(struct questions *q)
{
    struct question *n;

    while ((n = TAILQ_FIRST(&q->waiting)) != NULL) {
        struct questions_reader *r = questions_free_reader(q);

        if (r == NULL)
            break;
        TAILQ_REMOVE(&q->waiting, n, link);
        TAILQ_INSERT_TAIL(&q->flying, n, link);
        questions_give(r, n);
        pg_flush(r->pg);
    }
}
