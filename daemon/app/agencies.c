#include "app/agencies.h"

#include <event2/buffer.h>
#include <event2/http.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/apikeys.h"
#include "app/conf.h"
#include "app/inquiries.h"
#include "app/pages.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/stats.h"
#include "wire/api.h"
#include "wire/http.h"
#include "wire/signed.h"

#define AGENCIES_ANSWER_MAX 4096        /* octets of a refusal */
#define AGENCIES_BODY_MAX (1u << 20)    /* more than http takes */
#define AGENCIES_TARGET_MAX (32u << 10) /* more than http takes of all headers */
#define AGENCIES_JSON "application/json"

struct agencies {
    const struct conf *conf;
    struct http *http;
    struct apikeys *keys;
    struct inquiries *inquiries;
};

/* --- what came ---------------------------------------------------------------------------- */

/* What a request carries, as long as it is not held. */
struct incoming {
    struct evhttp_request *req;
    struct signed_head head;
    struct signed_request request;
    const char *path, *query;
    struct buf target, body;
};

static const char *agencies_header(const struct incoming *in, const char *name)
{
    return evhttp_find_header(evhttp_request_get_input_headers(in->req), name);
}

static const char *agencies_method(struct evhttp_request *req)
{
    static const struct { enum evhttp_cmd_type command; const char *name; } table[] = {
        { EVHTTP_REQ_GET, "GET" },       { EVHTTP_REQ_POST, "POST" },   { EVHTTP_REQ_PUT, "PUT" },
        { EVHTTP_REQ_DELETE, "DELETE" }, { EVHTTP_REQ_PATCH, "PATCH" }, { EVHTTP_REQ_HEAD, "HEAD" },
    };

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (table[i].command == evhttp_request_get_command(req))
            return table[i].name;
    return "OTHER";
}

static void incoming_init(struct incoming *in, struct evhttp_request *req, const char *rest)
{
    const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(req);
    struct evbuffer *body = evhttp_request_get_input_buffer(req);
    size_t n = evbuffer_get_length(body);

    memset(in, 0, sizeof *in);
    in->req = req;
    in->path = rest;
    in->query = evhttp_uri_get_query(uri);
    in->head.key = agencies_header(in, "X-Kheya-Key");
    in->head.time = agencies_header(in, "X-Kheya-Time");
    in->head.nonce = agencies_header(in, "X-Kheya-Nonce");
    in->head.signature = agencies_header(in, "X-Kheya-Signature");
    buf_init(&in->target, AGENCIES_TARGET_MAX);
    buf_adds(&in->target, evhttp_uri_get_path(uri));
    if (in->query != NULL)
        buf_addf(&in->target, "?%s", in->query);
    buf_init(&in->body, AGENCIES_BODY_MAX);
    if (n > 0)
        buf_add(&in->body, evbuffer_pullup(body, -1), n);
    in->request = (struct signed_request){ agencies_method(req), buf_str(&in->target), buf_str(&in->body), in->body.len };
}

static void incoming_fini(struct incoming *in)
{
    buf_fini(&in->target);
    buf_fini(&in->body);
}

static void agencies_refuse(struct evhttp_request *req, const struct api_problem *p)
{
    struct evkeyvalq *headers = evhttp_request_get_output_headers(req);
    struct buf out;

    if (p->error == API_TOO_MANY)
        evhttp_add_header(headers, "Retry-After", "1");
    if (api_error_row(p->error)->status == 401)
        evhttp_add_header(headers, "WWW-Authenticate", "Kheya");        /* RFC 9110 15.5.2 */
    if (p->error == API_BAD_METHOD && p->allow != NULL)
        evhttp_add_header(headers, "Allow", p->allow);
    stats_inc(api_refused);
    buf_init(&out, AGENCIES_ANSWER_MAX);
    pages_write(pages_problem(p), &out);
    http_answer(req, api_error_row(p->error)->status, AGENCIES_JSON, buf_str(&out), out.len);
    buf_fini(&out);
}

/* --- may it? ----------------------------------------------------------------------------- */

/* The key of a request that is whose it says; NULL, with the problem. */
static struct apikey *agencies_trust(struct agencies *a, const struct incoming *in, struct api_problem *p)
{
    const char *what = "";
    enum signed_verdict verdict;
    struct apikey *k;

    if (signed_shape(&in->head, &what) != SIGNED_GOOD) {
        api_fail(p, API_UNSIGNED, "a header is missing or not of its form: %s", what);
        return NULL;
    }
    k = apikeys_find(a->keys, in->head.key);
    verdict = k == NULL ? SIGNED_WRONG
                        : signed_check(&in->head, &in->request, k->secret, k->len, clock_now(), a->conf->api_window_ms);
    if (verdict == SIGNED_GOOD)
        return k;
    if (verdict == SIGNED_STALE)
        api_fail(p, API_STALE, "the signature is right, but its time is more than %d s from ours, %" PRId64,
                 a->conf->api_window_ms / 1000, clock_now() / 1000);
    else
        api_fail(p, API_BAD_SIGNATURE, "%s: sign five lines, time, nonce, method, path with query, body, with no line end "
                 "behind the last", api_error_row(API_BAD_SIGNATURE)->means);
    log_warn("api=%s event=refused code=%s", in->head.key, api_error_row(p->error)->code);
    return NULL;
}

static bool agencies_has_right(const struct apikey *k, enum api_kind kind, struct api_problem *p)
{
    enum api_right right = kind == API_POST ? API_EVENTS : API_READ;

    if (apikey_may(k, right))
        return true;
    api_fail(p, API_NO_RIGHT, "this key has no right '%s'", api_right_name(right));
    return false;
}

/* --- one request ------------------------------------------------------------------------------ */

/* False: it is refused, and p says why. */
static bool agencies_take(struct agencies *a, const struct incoming *in, struct api_problem *p)
{
    struct apikey *k = agencies_trust(a, in, p);
    const struct api_request r = {
        in->request.method, in->path, in->query, agencies_header(in, "Idempotency-Key"), in->request.body, in->body.len,
    };
    struct api_call call;

    if (k == NULL)
        return false;
    if (!inquiries_has_room(a->inquiries, k)) {
        api_fail(p, API_TOO_MANY, "too many requests are under way: send the same again in a second, signed anew");
        return false;
    }
    api_call_init(&call);
    if (!api_read(&call, &r, p) || !agencies_has_right(k, call.kind, p)) {
        api_call_fini(&call);
        return false;
    }
    /* its signature is good till then, and its nonce with it; strtoll: its form was checked */
    inquiries_begin(a->inquiries, in->req, k, in->head.nonce,
                    strtoll(in->head.time, NULL, 10) * 1000 + a->conf->api_window_ms, &call);
    return true;
}

static void agencies_on_request(void *arg, struct evhttp_request *req, const char *rest)
{
    struct agencies *a = arg;
    struct api_problem p = { .allow = NULL };
    struct incoming in;

    stats_inc(api_requests);
    evhttp_add_header(evhttp_request_get_output_headers(req), "Cache-Control", "no-store");
    incoming_init(&in, req, rest);
    if (!agencies_take(a, &in, &p))
        agencies_refuse(req, &p);
    incoming_fini(&in);
}

/* --- life ------------------------------------------------------------------------------------------ */

static void agencies_route(struct agencies *a, http_fn *fn)
{
    static const unsigned methods = EVHTTP_REQ_GET | EVHTTP_REQ_POST | EVHTTP_REQ_HEAD | EVHTTP_REQ_PUT | EVHTTP_REQ_DELETE |
                                    EVHTTP_REQ_PATCH | EVHTTP_REQ_OPTIONS;

    if (a->http != NULL)
        http_route(a->http, API_PREFIX, methods, fn, a);
}

struct agencies *agencies_new(const struct agencies_args *args)
{
    const struct inquiries_args inquiries = { args->conf->api, args->http, args->store, args->desk, args->generations };
    struct agencies *a = xcalloc(1, sizeof *a);

    a->conf = args->conf;
    a->http = args->http;
    a->keys = apikeys_new(args->conf);
    a->inquiries = inquiries_new(&inquiries);
    agencies_route(a, agencies_on_request);
    return a;
}

void agencies_free(struct agencies *a)
{
    if (a == NULL)
        return;
    agencies_route(a, NULL);
    inquiries_free(a->inquiries);
    apikeys_free(a->keys);
    free(a);
}

void agencies_renew(struct agencies *a)
{
    apikeys_renew(a->keys);
}

bool agencies_is_idle(const struct agencies *a)
{
    return inquiries_is_idle(a->inquiries);
}
