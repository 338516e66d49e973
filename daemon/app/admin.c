#include "app/admin.h"

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/gateway.h"
#include "base/alloc.h"
#include "base/buf.h"
#include "base/stats.h"
#include "wire/http.h"

#define ADMIN_METRICS_MAX (256 * 1024)
#define ADMIN_PAGE_MAX (1024 * 1024)
#define ADMIN_PROXY_TIMEOUT_S 40        /* the handset's long polls last up to 30 s */
#define ADMIN_PROXY_MAX 64              /* requests under way to the simulator */

struct admin {
    struct event_base *base;
    struct http *http;
    struct gateway *gateway;
    char handset_host[64];
    unsigned short handset_port;        /* 0: no simulator */
    struct proxy *proxies;
    int proxy_count;
};

/* One request on its way through to the simulator. */
struct proxy {
    struct proxy *prev, *next;
    struct admin *admin;
    struct evhttp_connection *connection;
    uint64_t ticket;
};

static void admin_text(struct evhttp_request *req, int status, const char *text)
{
    http_answer(req, status, "text/plain; charset=utf-8", text, strlen(text));
}

static void admin_on_metrics(void *arg, struct evhttp_request *req, const char *rest)
{
    struct buf out;

    (void)arg;
    (void)rest;
    buf_init(&out, ADMIN_METRICS_MAX);
    stats_print(&out);
    http_answer(req, 200, "text/plain; version=0.0.4", buf_str(&out), out.len);
    buf_fini(&out);
}

static void admin_on_health(void *arg, struct evhttp_request *req, const char *rest)
{
    (void)arg;
    (void)rest;
    admin_text(req, 200, "ok\n");
}

static void admin_on_ready(void *arg, struct evhttp_request *req, const char *rest)
{
    const struct admin *a = arg;

    (void)rest;
    if (gateway_is_ready(a->gateway))
        admin_text(req, 200, "ready\n");
    else
        admin_text(req, 503, stats_get(database_up) ? "not ready: a link is down\n" : "not ready: database is away\n");
}

/* The header keeps a browser's page from doing it: no form can send it. */
static void admin_on_reload(void *arg, struct evhttp_request *req, const char *rest)
{
    struct admin *a = arg;
    struct buf report;
    bool ok;

    (void)rest;
    if (evhttp_find_header(evhttp_request_get_input_headers(req), "X-Kheya") == NULL) {
        admin_text(req, 403, "header X-Kheya is missing: use kheya reload\n");
        return;
    }
    buf_init(&report, ADMIN_PAGE_MAX);
    ok = gateway_reload(a->gateway, &report);
    if (ok && evhttp_find_header(evhttp_request_get_input_headers(req), "X-Kheya-Retire") != NULL)
        gateway_retire(a->gateway, &report);
    http_answer(req, ok ? 200 : 409, "text/plain; charset=utf-8", buf_str(&report), report.len);
    buf_fini(&report);
}

/* --- the demonstration handset ------------------------------------------------- */

static void proxy_free(struct proxy *p)
{
    struct admin *a = p->admin;

    if (p->prev != NULL)
        p->prev->next = p->next;
    else
        a->proxies = p->next;
    if (p->next != NULL)
        p->next->prev = p->prev;
    a->proxy_count--;
    evhttp_connection_free(p->connection);
    free(p);
}

/* evhttp forbids freeing the connection inside its own callback. */
static void proxy_on_end(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    proxy_free(arg);
}

static void proxy_on_done(struct evhttp_request *from, void *arg)
{
    static const struct timeval at_once = { 0, 0 };
    struct proxy *p = arg;
    struct evbuffer *body = from != NULL ? evhttp_request_get_input_buffer(from) : NULL;
    size_t n = body != NULL ? evbuffer_get_length(body) : 0;
    int status = from != NULL ? evhttp_request_get_response_code(from) : 0;
    const char *type = NULL;

    if (status == 0 || n > ADMIN_PAGE_MAX) {
        static const char away[] = "the telco simulator does not answer\n";

        http_finish(p->admin->http, p->ticket, 502, "text/plain; charset=utf-8", away, sizeof away - 1);
    } else {
        type = evhttp_find_header(evhttp_request_get_input_headers(from), "Content-Type");
        http_finish(p->admin->http, p->ticket, status, type != NULL ? type : "application/json",
                    n > 0 ? evbuffer_pullup(body, -1) : NULL, n);
    }
    event_base_once(p->admin->base, -1, EV_TIMEOUT, proxy_on_end, p, &at_once);
}

static void admin_on_handset(void *arg, struct evhttp_request *req, const char *rest)
{
    struct admin *a = arg;
    enum evhttp_cmd_type method = evhttp_request_get_command(req);
    struct evhttp_request *onward;
    struct proxy *p;

    (void)rest;
    if (a->handset_port == 0) {
        admin_text(req, 404, "no telco simulator is configured (http.handset)\n");
        return;
    }
    if (a->proxy_count >= ADMIN_PROXY_MAX) {
        admin_text(req, 503, "too many handsets\n");
        return;
    }
    p = xcalloc(1, sizeof *p);
    p->admin = a;
    p->connection = evhttp_connection_base_new(a->base, NULL, a->handset_host, a->handset_port);
    evhttp_connection_set_timeout(p->connection, ADMIN_PROXY_TIMEOUT_S);
    evhttp_connection_set_max_body_size(p->connection, ADMIN_PAGE_MAX);
    p->next = a->proxies;
    if (p->next != NULL)
        p->next->prev = p;
    a->proxies = p;
    a->proxy_count++;
    onward = evhttp_request_new(proxy_on_done, p);
    evhttp_add_header(evhttp_request_get_output_headers(onward), "Host", a->handset_host);
    evbuffer_add_buffer(evhttp_request_get_output_buffer(onward), evhttp_request_get_input_buffer(req));
    p->ticket = http_hold(a->http, req);
    if (evhttp_make_request(p->connection, onward, method, evhttp_request_get_uri(req)) != 0)
        proxy_on_done(NULL, p);
}

/* --- life ------------------------------------------------------------------------ */

struct admin *admin_new(struct event_base *base, struct http *http, struct gateway *gateway,
                        const char *handset)
{
    struct admin *a = xcalloc(1, sizeof *a);
    unsigned port = 0;

    a->base = base;
    a->http = http;
    a->gateway = gateway;
    if (sscanf(handset, "%63[^:]:%u", a->handset_host, &port) == 2 && port > 0 && port < 65536)
        a->handset_port = (unsigned short)port;
    http_route(http, "/metrics", EVHTTP_REQ_GET, admin_on_metrics, a);
    http_route(http, "/healthz", EVHTTP_REQ_GET, admin_on_health, a);
    http_route(http, "/readyz", EVHTTP_REQ_GET, admin_on_ready, a);
    http_route(http, "/admin/reload", EVHTTP_REQ_POST, admin_on_reload, a);
    http_route(http, "/handset", EVHTTP_REQ_GET, admin_on_handset, a);
    http_route(http, "/handset/", EVHTTP_REQ_GET | EVHTTP_REQ_POST, admin_on_handset, a);
    return a;
}

void admin_free(struct admin *a)
{
    if (a == NULL)
        return;
    while (a->proxies != NULL)
        proxy_free(a->proxies);
    free(a);
}
