#include "app/backends.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/secret.h"
#include "base/alloc.h"
#include "base/log.h"
#include "base/stats.h"
#include "menu/reply.h"
#include "wire/hook.h"

#define BACKENDS_PATH_MAX 4096

/* One for each name, address and key file that menus ever had: as many as people
 * have written. */
struct backend {
    struct backend *next;
    char *name, *url, *key;
    struct hook_place *place;
    bool ready;                         /* its key is read */
    bool complained;                    /* that it cannot be */
};

struct backends {
    struct backends_args args;
    struct hook *hook;
    struct backend *list;
    struct reply reply;
    backends_sent_fn sent;
    void *sent_arg;
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

struct backends *backends_new(const struct backends_args *args, char *err, size_t err_size)
{
    struct backends *b = xcalloc(1, sizeof *b);
    const struct hook_args hook = { args->base, args->max, backends_on_answered, b };

    b->args = *args;
    reply_init(&b->reply);
    b->hook = hook_new(&hook, err, err_size);
    if (b->hook != NULL)
        return b;
    backends_free(b);
    return NULL;
}

void backends_free(struct backends *b)
{
    struct backend *next;

    if (b == NULL)
        return;
    hook_free(b->hook);
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
    if (!rows->failed && strcmp(mock->answer, "none") != 0)
        (void)backends_read(b, a, mock->answer, strlen(mock->answer), rows);
}

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

    *rows = (struct flow_rows){ .failed = false };
    switch (of->kind) {
    case MENU_BACKEND_MOCK:
        backends_mock(b, m, q->hook, rows);
        return true;
    case MENU_BACKEND_HTTP:
        place = backends_place(b, of);
        if (place != NULL && hook_ask(b->hook, place, &question))
            return false;
        break;
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
        .path = l->of->cases,
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
    struct flow_rows rows = { .failed = false };
    const char *why;

    if ((answer->ticket & BACKENDS_CASE) != 0) {
        b->sent(b->sent_arg, answer);
        return;
    }
    a = b->args.waiting(b->args.arg, answer->ticket);
    if (a == NULL)
        return;
    why = backends_take(b, a, answer, &rows);
    rows.failed = why != NULL;
    if (rows.failed) {
        stats_inc(hooks_failed);
        log_warn("backend=%s event=hook_failed path=%s status=%d reason=\"%s\"", answer->place, a->path, answer->status,
                 why);
    }
    b->args.answered(b->args.arg, answer->ticket, &rows);
}
