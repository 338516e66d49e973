#include "app/publisher.h"

#include <event2/event.h>
#include <event2/http.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/gateway.h"
#include "app/publicpage.h"
#include "app/worker.h"
#include "base/alloc.h"
#include "base/buf.h"
#include "base/log.h"
#include "store/savings.h"
#include "wire/http.h"

#define PUBLISHER_EVERY_S 300
#define PUBLISHER_AGAIN_S 20            /* after a question that failed */
#define PUBLISHER_PAGE_MAX (1024 * 1024)
/* Who is asked to end waits for a question under way. */
#define PUBLISHER_OPTIONS " connect_timeout=5 options='-c statement_timeout=10s -c default_transaction_read_only=on'"

struct publisher {
    struct http *http;
    const struct gateway *gateway;
    struct worker *worker;
    struct event *timer;
    char *conninfo;
    char *json, *en, *bn;               /* owned; NULL: not asked yet */
};

struct publisher_job {
    struct worker_job job;
    struct publisher *to;
    char *json;                         /* NULL: err says why */
    char err[256];
};

static void publisher_after(struct publisher *p, int seconds)
{
    const struct timeval wait = { seconds, 0 };

    evtimer_add(p->timer, &wait);
}

static void publisher_work(struct worker_job *job)
{
    struct publisher_job *j = (struct publisher_job *)job;

    j->json = savings_public(j->to->conninfo, j->err, sizeof j->err);
}

static void publisher_drop(struct worker_job *job)
{
    struct publisher_job *j = (struct publisher_job *)job;

    free(j->json);
    free(j);
}

static char *publisher_page(const json_t *all, const struct menu *menu, enum publicpage_lang lang)
{
    struct buf out;
    char *page;

    buf_init(&out, PUBLISHER_PAGE_MAX);
    publicpage_write(all, menu, lang, &out);
    page = out.full ? NULL : xstrdup(buf_str(&out));
    buf_fini(&out);
    return page;
}

static void publisher_take(struct publisher *p, char *json)
{
    json_t *all = json_loads(json, 0, NULL);

    free(p->json);
    free(p->en);
    free(p->bn);
    p->json = json;
    p->en = all != NULL ? publisher_page(all, gateway_menu(p->gateway), PUBLICPAGE_EN) : NULL;
    p->bn = all != NULL ? publisher_page(all, gateway_menu(p->gateway), PUBLICPAGE_BN) : NULL;
    json_decref(all);
}

static void publisher_done(struct worker_job *job)
{
    struct publisher_job *j = (struct publisher_job *)job;
    struct publisher *p = j->to;

    if (j->json != NULL)
        publisher_take(p, j->json);
    else
        log_warn("event=public_not_asked error=\"%s\"", j->err);
    publisher_after(p, j->json != NULL ? PUBLISHER_EVERY_S : PUBLISHER_AGAIN_S);
    j->json = NULL;
    publisher_drop(job);
}

static void publisher_on_timer(evutil_socket_t fd, short what, void *arg)
{
    struct publisher *p = arg;
    struct publisher_job *j = xcalloc(1, sizeof *j);

    (void)fd;
    (void)what;
    j->job = (struct worker_job){ .work = publisher_work, .done = publisher_done, .drop = publisher_drop };
    j->to = p;
    worker_push(p->worker, &j->job);
}

static void publisher_answer(struct evhttp_request *req, const char *type, const char *text)
{
    static const char not_yet[] = "not yet: ask again in a minute\n";

    if (text != NULL)
        http_answer(req, 200, type, text, strlen(text));
    else
        http_answer(req, 503, "text/plain; charset=utf-8", not_yet, sizeof not_yet - 1);
}

static void publisher_on_json(void *arg, struct evhttp_request *req, const char *rest)
{
    const struct publisher *p = arg;

    (void)rest;
    publisher_answer(req, "application/json; charset=utf-8", p->json);
}

static void publisher_on_page(void *arg, struct evhttp_request *req, const char *rest)
{
    const struct publisher *p = arg;

    (void)rest;
    publisher_answer(req, "text/html; charset=utf-8", p->en);
}

static void publisher_on_bangla(void *arg, struct evhttp_request *req, const char *rest)
{
    const struct publisher *p = arg;

    (void)rest;
    publisher_answer(req, "text/html; charset=utf-8", p->bn);
}

struct publisher *publisher_new(struct event_base *base, struct http *http, const struct gateway *gateway, const char *conninfo,
                                char *err, size_t err_size)
{
    struct worker *w = worker_new(base, err, err_size);
    struct publisher *p;
    size_t n = strlen(conninfo) + sizeof PUBLISHER_OPTIONS;

    if (w == NULL)
        return NULL;
    p = xcalloc(1, sizeof *p);
    p->http = http;
    p->gateway = gateway;
    p->worker = w;
    p->conninfo = xcalloc(1, n);
    /* a URI and options of the operator's own stay as they are */
    (void)snprintf(p->conninfo, n, "%s%s", conninfo, strstr(conninfo, "options=") == NULL && strstr(conninfo, "://") == NULL
                   ? PUBLISHER_OPTIONS : "");
    p->timer = evtimer_new(base, publisher_on_timer, p);
    http_route(http, "/public.json", EVHTTP_REQ_GET, publisher_on_json, p);
    http_route(http, "/public", EVHTTP_REQ_GET, publisher_on_page, p);
    http_route(http, "/public/bn", EVHTTP_REQ_GET, publisher_on_bangla, p);
    publisher_after(p, 1);
    return p;
}

void publisher_free(struct publisher *p)
{
    if (p == NULL)
        return;
    http_route(p->http, "/public.json", 0, NULL, NULL);
    http_route(p->http, "/public", 0, NULL, NULL);
    http_route(p->http, "/public/bn", 0, NULL, NULL);
    worker_free(p->worker);
    event_free(p->timer);
    free(p->conninfo);
    free(p->json);
    free(p->en);
    free(p->bn);
    free(p);
}
