/*
 * evhttp answers one request of a connection at a time and stops reading it
 * meanwhile, so a connection holds at most one request.  It tells of a closed
 * connection only to who has asked, so each connection gets a record at its
 * first request; the records are also what connections_max counts.
 */
#include "wire/http.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>

/* keys are pointers and running numbers; Knuth, The Art of Computer Programming 6.4, multiplicative */
#define HASH_FUNCTION(key, len, hash) ((hash) = http_hash(key))
static unsigned http_hash(const void *key);
#include <uthash.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/stats.h"
#include "wire/address.h"

#define HTTP_BACKLOG 1024
#define HTTP_TICK_MS 100                /* how often held requests are looked at */
#define HTTP_FULL_MS 100                /* pause of accept(2) when it fails */
#define HTTP_TEXT "text/plain; charset=utf-8"
#define HTTP_METHODS (EVHTTP_REQ_GET | EVHTTP_REQ_POST | EVHTTP_REQ_HEAD | EVHTTP_REQ_PUT | EVHTTP_REQ_DELETE | \
                      EVHTTP_REQ_OPTIONS | EVHTTP_REQ_TRACE | EVHTTP_REQ_CONNECT | EVHTTP_REQ_PATCH)

struct http_route {
    LIST_ENTRY(http_route) link;
    char *path;
    size_t path_len;
    unsigned methods;
    http_fn *fn;
    void *arg;
};

struct http_conn {
    struct http *h;
    struct evhttp_connection *evcon;    /* key of by_evcon */
    struct evhttp_request *held;        /* NULL: none */
    uint64_t ticket;                    /* of held; key of by_ticket */
    int64_t since;                      /* clock_mono() */
    UT_hash_handle by_evcon;
    UT_hash_handle by_ticket;           /* in the order they were held */
};

struct http {
    LIST_ENTRY(http) link;
    struct event_base *base;
    struct evhttp *evhttp;
    struct evconnlistener *listener;    /* owned by evhttp */
    struct event *tick;                 /* while requests are held */
    struct event *full;                 /* while accept(2) rests */
    LIST_HEAD(, http_route) routes;     /* the longest path first */
    struct http_conn *conns;
    struct http_conn *tickets;
    uint64_t last_ticket;
    int connections_max;
    int timeout_s;
};

static unsigned http_hash(const void *key)
{
    uint64_t k;

    _Static_assert(sizeof(void *) == sizeof k, "a pointer is a key");
    memcpy(&k, key, sizeof k);
    return (unsigned)(k * UINT64_C(0x9e3779b97f4a7c15) >> 32);
}

/* evhttp keeps the listener's argument for itself, so an accept error finds its
 * listener here. */
static LIST_HEAD(, http) http_all = LIST_HEAD_INITIALIZER(http_all);

/* --- answers ---------------------------------------------------------------- */

void http_answer(struct evhttp_request *req, int status, const char *type, const void *body, size_t n)
{
    struct evkeyvalq *headers = evhttp_request_get_output_headers(req);
    char length[24];

    evhttp_add_header(headers, "Content-Type", type);
    /* RFC 9110 9.3.2: HEAD gets the headers alone */
    if (evhttp_request_get_command(req) == EVHTTP_REQ_HEAD) {
        snprintf(length, sizeof length, "%zu", n);
        evhttp_add_header(headers, "Content-Length", length);
    } else if (n > 0) {
        evbuffer_add(evhttp_request_get_output_buffer(req), body, n);
    }
    evhttp_send_reply(req, status, NULL, NULL);
}

static void http_refuse(struct evhttp_request *req, int status, const char *line)
{
    stats_inc(http_refused);
    http_answer(req, status, HTTP_TEXT, line, strlen(line));
}

/* --- connections -------------------------------------------------------------- */

static void http_release(struct http_conn *c)
{
    HASH_DELETE(by_ticket, c->h->tickets, c);
    c->held = NULL;
    if (c->h->tickets == NULL)
        event_del(c->h->tick);
}

static void http_on_close(struct evhttp_connection *evcon, void *arg)
{
    struct http_conn *c = arg;

    (void)evcon;
    if (c->held != NULL) {
        /* a request that evhttp has already cut loose is ours to free */
        if (evhttp_request_get_connection(c->held) == NULL)
            evhttp_request_free(c->held);
        http_release(c);
    }
    HASH_DELETE(by_evcon, c->h->conns, c);
    free(c);
}

/* The record of req's connection; NULL when it is new and there are too many. */
static struct http_conn *http_conn(struct http *h, struct evhttp_request *req)
{
    struct evhttp_connection *evcon = evhttp_request_get_connection(req);
    struct http_conn *c;

    HASH_FIND(by_evcon, h->conns, &evcon, sizeof evcon, c);
    if (c != NULL || HASH_CNT(by_evcon, h->conns) >= (unsigned)h->connections_max)
        return c;
    c = xcalloc(1, sizeof *c);
    c->h = h;
    c->evcon = evcon;
    HASH_ADD(by_evcon, h->conns, evcon, sizeof c->evcon, c);
    evhttp_connection_set_closecb(evcon, http_on_close, c);
    return c;
}

/* --- held requests -------------------------------------------------------------- */

uint64_t http_hold(struct http *h, struct evhttp_request *req)
{
    const struct timeval tick = { 0, HTTP_TICK_MS * 1000 };
    struct http_conn *c = http_conn(h, req);

    if (h->tickets == NULL)
        event_add(h->tick, &tick);
    c->held = req;
    c->ticket = ++h->last_ticket;
    c->since = clock_mono();
    HASH_ADD(by_ticket, h->tickets, ticket, sizeof c->ticket, c);
    return c->ticket;
}

/* evhttp does not read while we hold, so it does not know. */
static bool http_is_gone(const struct http_conn *c)
{
    evutil_socket_t fd = bufferevent_getfd(evhttp_connection_get_bufferevent(c->evcon));
    char octet;
    ssize_t n = recv(fd, &octet, 1, MSG_PEEK | MSG_DONTWAIT);

    return n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
}

bool http_header(struct http *h, uint64_t ticket, const char *name, const char *value)
{
    struct http_conn *c;

    HASH_FIND(by_ticket, h->tickets, &ticket, sizeof ticket, c);
    return c != NULL && evhttp_add_header(evhttp_request_get_output_headers(c->held), name, value) == 0;
}

bool http_finish(struct http *h, uint64_t ticket, int status, const char *type, const void *body, size_t n)
{
    struct evhttp_request *req;
    struct http_conn *c;
    bool gone;

    HASH_FIND(by_ticket, h->tickets, &ticket, sizeof ticket, c);
    if (c == NULL)
        return false;
    gone = http_is_gone(c);
    req = c->held;
    http_release(c);
    /* answered all the same: evhttp then ends the request and the connection */
    http_answer(req, status, type, body, n);
    return !gone;
}

static void http_on_tick(evutil_socket_t fd, short what, void *arg)
{
    static const char line[] = "no answer in time\n";
    struct http *h = arg;
    int64_t due = clock_mono() - (int64_t)h->timeout_s * 1000;

    (void)fd;
    (void)what;
    while (h->tickets != NULL && h->tickets->since <= due) {
        log_warn("http event=held_too_long seconds=%d", h->timeout_s);
        stats_inc(http_refused);
        http_finish(h, h->tickets->ticket, 503, HTTP_TEXT, line, strlen(line));
    }
}

/* --- routes ----------------------------------------------------------------------- */

static bool http_route_takes(const struct http_route *r, const char *path)
{
    if (strncmp(path, r->path, r->path_len) != 0)
        return false;
    return path[r->path_len] == '\0' || r->path[r->path_len - 1] == '/';
}

void http_route(struct http *h, const char *path, unsigned methods, http_fn *fn, void *arg)
{
    struct http_route *r;
    struct http_route *before = NULL;
    struct http_route *new;

    LIST_FOREACH(r, &h->routes, link) {
        if (strcmp(r->path, path) == 0)
            break;
    }
    if (r != NULL) {
        LIST_REMOVE(r, link);
        free(r->path);
        free(r);
    }
    if (fn == NULL)
        return;
    new = xcalloc(1, sizeof *new);
    new->path = xstrdup(path);
    new->path_len = strlen(path);
    new->methods = methods;
    new->fn = fn;
    new->arg = arg;
    LIST_FOREACH(r, &h->routes, link) {
        if (r->path_len < new->path_len)
            break;
        before = r;
    }
    if (before != NULL)
        LIST_INSERT_AFTER(before, new, link);
    else
        LIST_INSERT_HEAD(&h->routes, new, link);
}

/* RFC 9110 15.5.6: a 405 names the methods that there are. */
static void http_refuse_method(struct evhttp_request *req, unsigned methods)
{
    static const struct { unsigned bit; const char *name; } table[] = {
        { EVHTTP_REQ_GET, "GET" },       { EVHTTP_REQ_HEAD, "HEAD" },     { EVHTTP_REQ_POST, "POST" },
        { EVHTTP_REQ_PUT, "PUT" },       { EVHTTP_REQ_DELETE, "DELETE" }, { EVHTTP_REQ_PATCH, "PATCH" },
        { EVHTTP_REQ_OPTIONS, "OPTIONS" },
    };
    char allow[64] = "";
    size_t n = 0;

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if ((methods & table[i].bit) != 0)
            n += (size_t)snprintf(allow + n, sizeof allow - n, "%s%s", n > 0 ? ", " : "", table[i].name);
    evhttp_add_header(evhttp_request_get_output_headers(req), "Allow", allow);
    http_refuse(req, 405, "method not allowed\n");
}

static void http_on_request(struct evhttp_request *req, void *arg)
{
    const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(req);
    const char *path = uri != NULL ? evhttp_uri_get_path(uri) : NULL;
    struct http *h = arg;
    struct http_route *r;

    stats_inc(http_requests);
    if (http_conn(h, req) == NULL) {
        evhttp_add_header(evhttp_request_get_output_headers(req), "Connection", "close");
        http_refuse(req, 503, "too many connections\n");
        return;
    }
    if (path == NULL)
        path = "";
    LIST_FOREACH(r, &h->routes, link) {
        if (http_route_takes(r, path))
            break;
    }
    if (r == NULL)
        http_refuse(req, 404, "not found\n");
    else if ((r->methods & (unsigned)evhttp_request_get_command(req)) == 0)
        http_refuse_method(req, r->methods);
    else
        r->fn(r->arg, req, path + r->path_len);
}

/* --- life --------------------------------------------------------------------------- */

/* Out of descriptors: what waits in the backlog waits a little longer, instead
 * of the loop spinning on accept(2). */
static void http_on_accept_error(struct evconnlistener *listener, void *arg)
{
    const struct timeval pause = { 0, HTTP_FULL_MS * 1000 };
    const char *reason = strerror(errno);
    struct http *h;

    (void)arg;
    LIST_FOREACH(h, &http_all, link) {
        if (h->listener != listener)
            continue;
        log_warn("http event=accept_failed reason=\"%s\" retry_in_ms=%d", reason, HTTP_FULL_MS);
        evconnlistener_disable(listener);
        evtimer_add(h->full, &pause);
    }
}

static void http_on_full_over(evutil_socket_t fd, short what, void *arg)
{
    struct http *h = arg;

    (void)fd;
    (void)what;
    evconnlistener_enable(h->listener);
}

static struct evconnlistener *http_listen(struct event_base *base, const char *text, char *err, size_t err_size)
{
    struct address address;
    struct evconnlistener *l;

    if (!address_parse(&address, text)) {
        snprintf(err, err_size, "%s: not a numeric address with a port", text);
        return NULL;
    }
    l = evconnlistener_new_bind(base, NULL, NULL, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE,
                                HTTP_BACKLOG, (const struct sockaddr *)&address.sa, (int)address.len);
    if (l == NULL)
        snprintf(err, err_size, "%s: %s", text, strerror(errno));
    return l;
}

struct http *http_new(const struct http_args *args, char *err, size_t err_size)
{
    struct evconnlistener *listener = http_listen(args->base, args->address, err, err_size);
    struct http *h;

    if (listener == NULL)
        return NULL;
    h = xcalloc(1, sizeof *h);
    LIST_INIT(&h->routes);
    h->base = args->base;
    h->listener = listener;
    h->connections_max = args->connections_max > 0 ? args->connections_max : 20000;
    h->timeout_s = args->timeout_s > 0 ? args->timeout_s : 60;
    h->tick = event_new(h->base, -1, EV_PERSIST, http_on_tick, h);
    h->full = evtimer_new(h->base, http_on_full_over, h);
    h->evhttp = evhttp_new(h->base);
    /* evhttp's own standards are: none */
    evhttp_set_max_headers_size(h->evhttp, (ev_ssize_t)(args->headers_max > 0 ? args->headers_max : 16u << 10));
    evhttp_set_max_body_size(h->evhttp, (ev_ssize_t)(args->body_max > 0 ? args->body_max : 64u << 10));
    evhttp_set_timeout(h->evhttp, h->timeout_s);
    /* all of them, so that a wrong one is refused in our words */
    evhttp_set_allowed_methods(h->evhttp, HTTP_METHODS);
    evhttp_set_default_content_type(h->evhttp, NULL);
    evhttp_set_gencb(h->evhttp, http_on_request, h);
    evconnlistener_set_error_cb(listener, http_on_accept_error);
    evhttp_bind_listener(h->evhttp, listener);
    LIST_INSERT_HEAD(&http_all, h, link);
    return h;
}

void http_free(struct http *h)
{
    struct http_route *r;

    if (h == NULL)
        return;
    LIST_REMOVE(h, link);
    evhttp_free(h->evhttp);     /* closes every connection, and so empties both tables */
    event_free(h->tick);
    event_free(h->full);
    while ((r = LIST_FIRST(&h->routes)) != NULL) {
        LIST_REMOVE(r, link);
        free(r->path);
        free(r);
    }
    free(h);
}

int http_port(const struct http *h)
{
    struct address address = { .len = sizeof address.sa };

    if (getsockname(evconnlistener_get_fd(h->listener), (struct sockaddr *)&address.sa, &address.len) < 0)
        return 0;
    return address_port(&address);
}
