/*
 * http.h - the loopback listener: evhttp with its limits set.
 *
 * Routes are found by exact path or, when the route ends in '/', by prefix (the
 * longest wins).  A path or method that no route takes is answered here.
 */
#ifndef HTTP_H
#define HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct event_base;
struct evhttp_request;
struct http;

struct http_args {
    struct event_base *base;
    const char *address;            /* "127.0.0.1:8333"; port 0 = any */
    size_t body_max;                /* 0 = 64 KiB */
    size_t headers_max;             /* 0 = 16 KiB */
    int timeout_s;                  /* of an idle connection, and of a held request; 0 = 60 */
    int connections_max;            /* that have asked something; further ones get 503; 0 = 20,000 */
};

/* NULL with the reason in err (and logged by the caller) when the address is
 * bad or taken. */
struct http *http_new(const struct http_args *args, char *err, size_t err_size);

/* Held requests end without an answer. */
void http_free(struct http *h);
int http_port(const struct http *h);

/* The handler answers at once or keeps a ticket (http_hold) to answer later.
 * rest: what follows the prefix, still escaped; "" for an exact path.  Borrowed
 * until the handler returns. */
typedef void http_fn(void *arg, struct evhttp_request *req, const char *rest);

/* methods: EVHTTP_REQ_GET | ... of event2/http.h.  A path given again replaces
 * its route; fn NULL removes it. */
void http_route(struct http *h, const char *path, unsigned methods, http_fn *fn, void *arg);

/* Hold req for a later answer: a ticket that stays valid until answered, the
 * client has gone, or timeout_s has passed (then it is answered with 503).
 * Never 0.  Only inside the handler. */
uint64_t http_hold(struct http *h, struct evhttp_request *req);

/* A header of the answer to come of a held one; false: it has gone. */
bool http_header(struct http *h, uint64_t ticket, const char *name, const char *value);

/* Answer at once (http_answer) or a held one (http_finish; false: it has gone). */
void http_answer(struct evhttp_request *req, int status, const char *type, const void *body, size_t n);
bool http_finish(struct http *h, uint64_t ticket, int status, const char *type, const void *body, size_t n);

#endif
