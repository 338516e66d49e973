#include "app/backends.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "app/secret.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/stats.h"
#include "menu/reply.h"
#include "store/answers.h"
#include "store/store.h"
#include "wire/hook.h"

#define BACKENDS_PATH_MAX 4096
#define BACKENDS_SWEEP_MS (10 * 60 * 1000)

/* One for each name, address and key file that menus ever had: as many as people
 * have written. */
struct backend {
    struct backend *next;
    char *name, *url, *key;
    struct hook_place *place;
    bool ready;                         /* its key is read */
    bool complained;                    /* that it cannot be */
};

/* A hook that is out, whose answer is kept, or will be looked for. */
struct backends_asked {
    TAILQ_ENTRY(backends_asked) link;
    uint64_t ticket;
    const struct menu_action *action;   /* to be compared only */
    int utc_offset_min;
    unsigned char id[ANSWERS_ID_SIZE];
};
TAILQ_HEAD(backends_askeds, backends_asked);

struct backends {
    struct backends_args args;
    struct hook *hook;
    struct backend *list;
    struct reply reply;
    struct backends_askeds asked;
    struct store_answer_to recalled;
    unsigned char secret[SECRET_SIZE];
    int64_t swept;                      /* clock_mono() ms */
    backends_sent_fn sent, polled;
    void *sent_arg, *polled_arg;
};

/* --- keys ------------------------------------------------------------------------------ */

static size_t backends_key(const struct menu_backend *b, const char *folder, unsigned char key[HOOK_KEY_MAX],
                           char *err, size_t err_size)
{
    char path[BACKENDS_PATH_MAX];
    int n = snprintf(path, sizeof path, "%s/%s", folder, b->key);

    if (n > 0 && (size_t)n < sizeof path)
        return secret_read_key(path, key, HOOK_KEY_MAX, err, err_size);
    (void)snprintf(err, err_size, "key '%s': its path is too long", b->key);
    return 0;
}

bool backends_check(const struct menu *m, const char *folder, char *err, size_t err_size)
{
    unsigned char key[HOOK_KEY_MAX];
    char why[512];
    bool ok = true;

    for (int i = 0; i < m->backend_count && ok; i++) {
        const struct menu_backend *b = &m->backends[i];

        if (b->kind != MENU_BACKEND_HTTP)
            continue;
        ok = backends_key(b, folder, key, why, sizeof why) > 0;
        if (!ok)
            (void)snprintf(err, err_size, "back end '%s': %.400s", b->name, why);
    }
    sodium_memzero(key, sizeof key);
    return ok;
}

/* --- life ------------------------------------------------------------------------------- */

static void backends_on_answered(void *arg, const struct hook_answer *answer);
static void backends_on_recalled(void *arg, uint64_t ticket, int64_t at, const char *answer);

struct backends *backends_new(const struct backends_args *args, char *err, size_t err_size)
{
    struct backends *b = xcalloc(1, sizeof *b);
    const struct hook_args hook = { args->base, args->max, backends_on_answered, b };

    b->args = *args;
    TAILQ_INIT(&b->asked);
    b->recalled = (struct store_answer_to){ backends_on_recalled, b };
    reply_init(&b->reply);
    randombytes_buf(b->secret, sizeof b->secret);
    if (args->secret[0] == '\0' || secret_read(args->secret, "answers", b->secret, err, err_size))
        b->hook = hook_new(&hook, err, err_size);
    if (b->hook != NULL)
        return b;
    backends_free(b);
    return NULL;
}

static void backends_forget(struct backends *b, struct backends_asked *k)
{
    TAILQ_REMOVE(&b->asked, k, link);
    free(k);
}

void backends_free(struct backends *b)
{
    struct backend *next;

    if (b == NULL)
        return;
    if (b->hook != NULL)
        hook_free(b->hook);
    while (!TAILQ_EMPTY(&b->asked))
        backends_forget(b, TAILQ_FIRST(&b->asked));
    for (struct backend *e = b->list; e != NULL; e = next) {
        next = e->next;
        free(e->name);
        free(e->url);
        free(e->key);
        free(e);
    }
    reply_fini(&b->reply);
    free(b);
}

void backends_renew(struct backends *b)
{
    for (struct backend *e = b->list; e != NULL; e = e->next)
        e->ready = e->complained = false;
}

static struct backend *backends_find(struct backends *b, const struct menu_backend *of)
{
    struct backend *e = b->list;

    while (e != NULL && (strcmp(e->name, of->name) != 0 || strcmp(e->url, of->url) != 0 || strcmp(e->key, of->key) != 0))
        e = e->next;
    if (e != NULL)
        return e;
    e = xcalloc(1, sizeof *e);
    e->name = xstrdup(of->name);
    e->url = xstrdup(of->url);
    e->key = xstrdup(of->key);
    e->place = hook_place_new(b->hook, e->name, e->url);
    e->next = b->list;
    b->list = e;
    return e;
}

/* The place to ask; NULL, with a log line, without its key. */
static struct hook_place *backends_place(struct backends *b, const struct menu_backend *of)
{
    struct backend *e = backends_find(b, of);
    unsigned char key[HOOK_KEY_MAX];
    char why[512];
    size_t n;

    if (e->ready)
        return e->place;
    n = backends_key(of, b->args.folder, key, why, sizeof why);
    if (n == 0) {
        if (!e->complained)
            log_err("backend=%s event=no_key reason=\"%s\" next=fail", of->name, why);
        e->complained = true;
        return NULL;
    }
    hook_place_key(e->place, key, n);
    sodium_memzero(key, sizeof key);
    e->ready = true;
    return e->place;
}

/* --- questions and answers ---------------------------------------------------------------- */

static const char *backends_cell(const void *arg, int row, const char *column)
{
    (void)row;
    return reply_cell(arg, column);
}

/* A JSON object to rows; false: it cannot be one, b->reply.why says why. */
static bool backends_read(struct backends *b, const struct menu_action *a, const char *json, size_t n,
                          struct flow_rows *rows)
{
    rows->cell = backends_cell;
    rows->arg = &b->reply;
    switch (reply_read(&b->reply, a->returns, json, n)) {
    case REPLY_ROW:
        rows->count = 1;
        return true;
    case REPLY_NONE:
        return true;
    case REPLY_BAD:
        rows->failed = true;
        return false;
    case REPLY_KINDS:
        break;
    }
    abort();
}

static void backends_mock(struct backends *b, const struct menu *m, const struct menu_action *a, struct flow_rows *rows)
{
    const struct menu_mock *mock = menu_mock_find(&m->backends[a->backend], a->path);

    rows->failed = mock == NULL || strcmp(mock->answer, "fail") == 0;
    if (!rows->failed && strcmp(mock->answer, "none") != 0 && backends_read(b, a, mock->answer, strlen(mock->answer), rows) &&
        a->heard != NULL)
        reply_hear(&b->reply, a->heard, clock_day(clock_now(), m->utc_offset_min));
}

/* --- last answers ------------------------------------------------------------------------- */

/* The same question has the same name, and nobody without the key can tell which. */
static struct backends_asked *backends_note(struct backends *b, const struct menu *m, const struct flow_question *q,
                                            uint64_t ticket)
{
    struct backends_asked *k;
    const char *name = m->backends[q->hook->backend].name;
    crypto_generichash_state state;

    if (q->hook->keep_ms == 0)
        return NULL;
    k = xcalloc(1, sizeof *k);
    k->ticket = ticket;
    k->action = q->hook;
    k->utc_offset_min = m->utc_offset_min;
    crypto_generichash_init(&state, b->secret, sizeof b->secret, sizeof k->id);
    crypto_generichash_update(&state, (const unsigned char *)name, strlen(name) + 1);
    crypto_generichash_update(&state, (const unsigned char *)q->hook->path, strlen(q->hook->path) + 1);
    crypto_generichash_update(&state, (const unsigned char *)q->body, strlen(q->body));
    crypto_generichash_final(&state, k->id, sizeof k->id);
    TAILQ_INSERT_TAIL(&b->asked, k, link);
    return k;
}

static struct backends_asked *backends_noted(struct backends *b, uint64_t ticket, const struct menu_action *a)
{
    struct backends_asked *k;

    TAILQ_FOREACH(k, &b->asked, link)
        if (k->ticket == ticket && k->action == a)
            return k;
    return NULL;
}

/* Nobody waits for what ticket asked before. */
static void backends_forget_all(struct backends *b, uint64_t ticket)
{
    struct backends_asked *k, *next;

    for (k = TAILQ_FIRST(&b->asked); k != NULL; k = next) {
        next = TAILQ_NEXT(k, link);
        if (k->ticket == ticket)
            backends_forget(b, k);
    }
}

static void backends_keep(struct backends *b, const struct backends_asked *k)
{
    int64_t now = clock_now();
    struct buf text;

    buf_init(&text, REPLY_MAX);
    reply_print(&b->reply, &text);
    if (!text.full)
        store_answer_keep(b->args.store, &(struct store_kept_answer){ k->id, now, now + k->action->keep_ms, buf_str(&text) });
    buf_fini(&text);
    reply_hear(&b->reply, k->action->heard, clock_day(now, k->utc_offset_min));
}

static void backends_recall(struct backends *b, const struct backends_asked *k)
{
    store_answer_recall(b->args.store, k->id, clock_now(), &b->recalled, k->ticket);
}

static void backends_on_recalled(void *arg, uint64_t ticket, int64_t at, const char *answer)
{
    struct backends *b = arg;
    const struct menu_action *a = b->args.waiting(b->args.arg, ticket);
    const struct backends_asked *k = a != NULL ? backends_noted(b, ticket, a) : NULL;
    struct flow_rows rows = { .failed = answer == NULL };

    if (k != NULL && answer != NULL && backends_read(b, a, answer, strlen(answer), &rows) && rows.count > 0)
        reply_hear(&b->reply, a->heard, clock_day(at, k->utc_offset_min));
    if (k != NULL && rows.count > 0)
        stats_inc(hooks_recalled);
    rows.failed = rows.count == 0;
    backends_forget_all(b, ticket);
    if (k != NULL)
        b->args.answered(b->args.arg, ticket, &rows);
}

void backends_tick(struct backends *b)
{
    int64_t now = clock_mono();

    if (!store_is_up(b->args.store) || (b->swept != 0 && now - b->swept < BACKENDS_SWEEP_MS))
        return;
    b->swept = now;
    store_answer_sweep(b->args.store, clock_now());
}

/* --- questions ------------------------------------------------------------------------------ */

bool backends_ask(struct backends *b, const struct menu *m, const struct flow_question *q, uint64_t ticket,
                  struct flow_rows *rows)
{
    const struct menu_backend *of = &m->backends[q->hook->backend];
    const struct hook_question question = {
        .ticket = ticket,
        .timeout_ms = of->timeout_ms,
        .breaker_fails = of->breaker_fails,
        .breaker_rest_ms = of->breaker_rest_ms,
        .path = q->hook->path,
        .id = q->key,
        .body = q->body,
    };
    struct hook_place *place;
    struct backends_asked *kept;

    *rows = (struct flow_rows){ .failed = false };
    switch (of->kind) {
    case MENU_BACKEND_MOCK:
        backends_mock(b, m, q->hook, rows);
        return true;
    case MENU_BACKEND_HTTP:
        backends_forget_all(b, ticket);
        kept = backends_note(b, m, q, ticket);
        place = backends_place(b, of);
        if (place != NULL && hook_ask(b->hook, place, &question))
            return false;
        if (kept == NULL)
            break;
        backends_recall(b, kept);       /* not asked at all: what was heard before? */
        return false;
    case MENU_BACKEND_CSV:              /* the checker lets no hook ask these */
    case MENU_BACKEND_INTERNAL:
    case MENU_BACKEND_KINDS:
        break;
    }
    rows->failed = true;
    return true;
}

/* --- cases --------------------------------------------------------------------------------- */

void backends_on_sent(struct backends *b, backends_sent_fn fn, void *arg)
{
    b->sent = fn;
    b->sent_arg = arg;
}

void backends_on_polled(struct backends *b, backends_sent_fn fn, void *arg)
{
    b->polled = fn;
    b->polled_arg = arg;
}

int backends_room(struct backends *b, const struct menu_backend *of)
{
    const struct hook_place *place = backends_place(b, of);

    return place != NULL ? hook_room(b->hook, place) : 0;
}

bool backends_send(struct backends *b, const struct backends_letter *l)
{
    const struct hook_question question = {
        .ticket = l->ticket | BACKENDS_CASE,
        .timeout_ms = l->of->timeout_ms,
        .breaker_fails = l->of->breaker_fails,
        .breaker_rest_ms = l->of->breaker_rest_ms,
        .path = l->path != NULL ? l->path : l->of->cases,
        .id = l->id,
        .body = l->body,
    };
    struct hook_place *place = backends_place(b, l->of);

    return place != NULL && hook_ask(b->hook, place, &question);
}

/* --- what comes back ------------------------------------------------------------------------ */

/* Why an answer is of no use; NULL: it is, and rows are it. */
static const char *backends_take(struct backends *b, const struct menu_action *a, const struct hook_answer *answer,
                                 struct flow_rows *rows)
{
    rows->cell = backends_cell;
    if (answer->status == 0)
        return answer->reason;
    if (answer->status == 404)
        return NULL;
    if (answer->status < 200 || answer->status > 299)
        return "its status";
    return backends_read(b, a, answer->body, answer->len, rows) ? NULL : b->reply.why;
}

static void backends_on_answered(void *arg, const struct hook_answer *answer)
{
    struct backends *b = arg;
    const struct menu_action *a;
    const struct backends_asked *kept;
    struct flow_rows rows = { .failed = false };
    const char *why;

    if ((answer->ticket & BACKENDS_CASE) != 0 && (answer->ticket & BACKENDS_POLL) != 0) {
        b->polled(b->polled_arg, answer);
        return;
    }
    if ((answer->ticket & BACKENDS_CASE) != 0) {
        b->sent(b->sent_arg, answer);
        return;
    }
    a = b->args.waiting(b->args.arg, answer->ticket);
    kept = a != NULL ? backends_noted(b, answer->ticket, a) : NULL;
    if (a == NULL) {
        backends_forget_all(b, answer->ticket);
        return;
    }
    why = backends_take(b, a, answer, &rows);
    rows.failed = why != NULL;
    if (rows.failed) {
        stats_inc(hooks_failed);
        log_warn("backend=%s event=hook_failed path=%s status=%d reason=\"%s\"", answer->place, a->path, answer->status,
                 why);
    }
    if (rows.failed && kept != NULL) {
        backends_recall(b, kept);
        return;
    }
    if (kept != NULL && rows.count > 0)
        backends_keep(b, kept);
    backends_forget_all(b, answer->ticket);
    b->args.answered(b->args.arg, answer->ticket, &rows);
}
