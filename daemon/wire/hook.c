#include "wire/hook.h"

#include <assert.h>
#include <curl/curl.h>
#include <event2/event.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/stats.h"
#include "wire/breaker.h"

#define HOOK_URL_MAX 1024
#define HOOK_TOO_MANY 429               /* "not now" is a failure of the place, as 500 and above */

struct hook_place {
    struct hook_place *next;
    char *name, *url;
    unsigned char key[HOOK_KEY_MAX];
    size_t key_len;
    struct breaker breaker;
    int in_flight;
};

struct hook_request {
    struct hook_request *next, **at;    /* *at == this */
    struct hook_place *place;
    CURL *easy;
    struct curl_slist *headers;
    uint64_t ticket;
    uint32_t pass;                      /* of the breaker */
    size_t header_octets;
    bool too_long;
    struct buf body;
};

struct hook {
    struct event_base *base;
    CURLM *multi;
    struct event *timer;
    int max;
    int in_flight;
    void (*answered)(void *arg, const struct hook_answer *answer);
    void *arg;
    struct hook_place *places;
    struct hook_request *requests;
};

/* --- requests ------------------------------------------------------------------------ */

static void hook_request_free(struct hook *h, struct hook_request *r)
{
    *r->at = r->next;
    if (r->next != NULL)
        r->next->at = r->at;
    r->place->in_flight--;
    h->in_flight--;
    stats_set(hooks_in_flight, h->in_flight);
    curl_easy_cleanup(r->easy);
    curl_slist_free_all(r->headers);
    buf_fini(&r->body);
    free(r);
}

static struct hook_request *hook_request_new(struct hook *h, struct hook_place *p, uint64_t ticket)
{
    struct hook_request *r = xcalloc(1, sizeof *r);

    r->easy = curl_easy_init();
    if (r->easy == NULL) {
        free(r);
        return NULL;
    }
    r->place = p;
    r->ticket = ticket;
    buf_init(&r->body, HOOK_BODY_MAX);
    r->next = h->requests;
    r->at = &h->requests;
    if (r->next != NULL)
        r->next->at = &r->next;
    h->requests = r;
    p->in_flight++;
    h->in_flight++;
    stats_set(hooks_in_flight, h->in_flight);
    return r;
}

static size_t hook_on_body(char *data, size_t one, size_t n, void *arg)
{
    struct hook_request *r = arg;

    buf_add(&r->body, data, one * n);
    r->too_long = r->too_long || r->body.full;
    return r->too_long ? 0 : one * n;
}

static size_t hook_on_header(char *data, size_t one, size_t n, void *arg)
{
    struct hook_request *r = arg;

    (void)data;
    r->header_octets += one * n;
    r->too_long = r->too_long || r->header_octets > HOOK_HEADERS_MAX;
    return r->too_long ? 0 : one * n;
}

/* --- what is sent ---------------------------------------------------------------------- */

static bool hook_add_header(struct hook_request *r, const char *line)
{
    struct curl_slist *list = curl_slist_append(r->headers, line);

    if (list != NULL)
        r->headers = list;
    return list != NULL;
}

/* HMAC-SHA256 of "TIME.BODY" under the place's key, in hexadecimal. */
static void hook_sign(const struct hook_place *p, const char *now, const char *body,
                      char out[2 * crypto_auth_hmacsha256_BYTES + 1])
{
    unsigned char mac[crypto_auth_hmacsha256_BYTES];
    crypto_auth_hmacsha256_state state;

    crypto_auth_hmacsha256_init(&state, p->key, p->key_len);
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)now, strlen(now));
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)".", 1);
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)body, strlen(body));
    crypto_auth_hmacsha256_final(&state, mac);
    (void)sodium_bin2hex(out, 2 * sizeof mac + 1, mac, sizeof mac);
    sodium_memzero(&state, sizeof state);
}

static bool hook_headers(struct hook_request *r, const struct hook_question *q)
{
    char now[32], line[128];
    char signature[2 * crypto_auth_hmacsha256_BYTES + 1];

    (void)snprintf(now, sizeof now, "%" PRId64, clock_now() / 1000);
    hook_sign(r->place, now, q->body, signature);
    if (!hook_add_header(r, "Content-Type: application/json") || !hook_add_header(r, "Accept: application/json") ||
        !hook_add_header(r, "Expect:") ||       /* no 100-continue: it costs a round trip */
        !hook_add_header(r, "Connection: close"))
        return false;
    (void)snprintf(line, sizeof line, "X-Kheya-Time: %s", now);
    if (!hook_add_header(r, line))
        return false;
    (void)snprintf(line, sizeof line, "X-Kheya-Signature: %s", signature);
    if (!hook_add_header(r, line))
        return false;
    (void)snprintf(line, sizeof line, "X-Kheya-Id: %.64s", q->id);
    return hook_add_header(r, line);
}

#define HOOK_SET(option, value) (curl_easy_setopt(e, CURLOPT_##option, value) == CURLE_OK)

/* Where it may go, and that nothing of the environment leads it elsewhere.  Each
 * request has a connection of its own: a system that answers one twice would
 * else answer the next, another citizen's, by it. */
static bool hook_fence(CURL *e)
{
    return HOOK_SET(PROTOCOLS_STR, "http,https") && HOOK_SET(FOLLOWLOCATION, 0L) && HOOK_SET(PROXY, "") &&
           HOOK_SET(NOPROXY, "*") && HOOK_SET(NETRC, (long)CURL_NETRC_IGNORED) && HOOK_SET(SSL_VERIFYPEER, 1L) &&
           HOOK_SET(SSL_VERIFYHOST, 2L) && HOOK_SET(PATH_AS_IS, 1L) &&
           HOOK_SET(HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) && HOOK_SET(NOSIGNAL, 1L) && HOOK_SET(FRESH_CONNECT, 1L) &&
           HOOK_SET(FORBID_REUSE, 1L) &&
           /* else the end of a request waits on the loop for a lookup under way */
           HOOK_SET(QUICK_EXIT, 1L);
}

static bool hook_prepare(struct hook_request *r, const struct hook_question *q)
{
    CURL *e = r->easy;
    char url[HOOK_URL_MAX];
    int n = snprintf(url, sizeof url, "%s%s", r->place->url, q->path);

    return n > 0 && (size_t)n < sizeof url && hook_headers(r, q) && hook_fence(e) && HOOK_SET(URL, url) &&
           HOOK_SET(POST, 1L) && HOOK_SET(POSTFIELDSIZE, (long)strlen(q->body)) &&
           HOOK_SET(COPYPOSTFIELDS, q->body) && HOOK_SET(HTTPHEADER, r->headers) &&
           HOOK_SET(USERAGENT, "kheya/" KHEYA_VERSION) && HOOK_SET(TIMEOUT_MS, (long)q->timeout_ms) &&
           HOOK_SET(CONNECTTIMEOUT_MS, (long)q->timeout_ms) && HOOK_SET(WRITEFUNCTION, hook_on_body) &&
           HOOK_SET(WRITEDATA, (void *)r) && HOOK_SET(HEADERFUNCTION, hook_on_header) &&
           HOOK_SET(HEADERDATA, (void *)r) && HOOK_SET(PRIVATE, (void *)r);
}

/* --- what came ---------------------------------------------------------------------------- */

/* An answer is good for the breaker, whatever it says, unless the place says
 * itself that it cannot. */
static void hook_judge(struct hook_request *r, int status)
{
    bool good = status > 0 && status < 500 && status != HOOK_TOO_MANY;
    struct hook_place *p = r->place;

    if (breaker_done(&p->breaker, r->pass, good, clock_mono()))
        log_warn("backend=%s event=breaker state=%s", p->name, breaker_name(p->breaker.state));
}

/* A 404 is one, even if its page is long or late. */
static int hook_status(const struct hook_request *r, CURLcode code)
{
    long status = 0;

    (void)curl_easy_getinfo(r->easy, CURLINFO_RESPONSE_CODE, &status);
    return code == CURLE_OK || status == 404 ? (int)status : 0;
}

static void hook_finish(struct hook *h, struct hook_request *r, CURLcode code)
{
    int status = hook_status(r, code);
    struct hook_answer answer = {
        .ticket = r->ticket,
        .place = r->place->name,
        .status = status,
        .reason = status > 0 ? "" : r->too_long ? "its answer is too long" : curl_easy_strerror(code),
        .body = buf_str(&r->body),
        .len = r->body.len,
    };

    (void)curl_multi_remove_handle(h->multi, r->easy);
    hook_judge(r, status);
    h->answered(h->arg, &answer);
    hook_request_free(h, r);
}

static void hook_collect(struct hook *h)
{
    CURLMsg *msg;
    int left;

    while ((msg = curl_multi_info_read(h->multi, &left)) != NULL) {
        char *r = NULL;

        if (msg->msg == CURLMSG_DONE && curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &r) == CURLE_OK)
            hook_finish(h, (struct hook_request *)(void *)r, msg->data.result);
    }
}

/* --- libcurl on the loop -------------------------------------------------------------------- */

static void hook_on_socket(evutil_socket_t fd, short what, void *arg)
{
    struct hook *h = arg;
    int running;
    int mask = ((what & EV_READ) != 0 ? CURL_CSELECT_IN : 0) | ((what & EV_WRITE) != 0 ? CURL_CSELECT_OUT : 0);

    (void)curl_multi_socket_action(h->multi, fd, mask, &running);
    hook_collect(h);
}

static void hook_on_timer(evutil_socket_t fd, short what, void *arg)
{
    struct hook *h = arg;
    int running;

    (void)fd;
    (void)what;
    (void)curl_multi_socket_action(h->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    hook_collect(h);
}

/* libcurl says what it waits for on a socket. */
static int hook_on_want(CURL *easy, curl_socket_t fd, int want, void *arg, void *socket_arg)
{
    struct hook *h = arg;
    struct event *ev = socket_arg;
    short what = EV_PERSIST;

    (void)easy;
    if (ev != NULL)
        event_free(ev);
    ev = NULL;
    if (want != CURL_POLL_REMOVE) {
        what = (short)(what | ((want & CURL_POLL_IN) != 0 ? EV_READ : 0) | ((want & CURL_POLL_OUT) != 0 ? EV_WRITE : 0));
        ev = event_new(h->base, fd, what, hook_on_socket, h);
        if (ev == NULL || event_add(ev, NULL) != 0)
            abort();                    /* out of memory */
    }
    (void)curl_multi_assign(h->multi, fd, ev);
    return 0;
}

static int hook_on_wait(CURLM *multi, long ms, void *arg)
{
    struct hook *h = arg;
    const struct timeval wait = { ms / 1000, ms % 1000 * 1000 };

    (void)multi;
    if (ms < 0)
        event_del(h->timer);
    else
        event_add(h->timer, &wait);
    return 0;
}

/* --- life --------------------------------------------------------------------------------------- */

static bool hook_open(struct hook *h)
{
    h->multi = curl_multi_init();
    return h->multi != NULL && curl_multi_setopt(h->multi, CURLMOPT_SOCKETFUNCTION, hook_on_want) == CURLM_OK &&
           curl_multi_setopt(h->multi, CURLMOPT_SOCKETDATA, (void *)h) == CURLM_OK &&
           curl_multi_setopt(h->multi, CURLMOPT_TIMERFUNCTION, hook_on_wait) == CURLM_OK &&
           curl_multi_setopt(h->multi, CURLMOPT_TIMERDATA, (void *)h) == CURLM_OK;
}

struct hook *hook_new(const struct hook_args *args, char *err, size_t err_size)
{
    struct hook *h = xcalloc(1, sizeof *h);

    h->base = args->base;
    h->max = args->max;
    h->answered = args->answered;
    h->arg = args->arg;
    h->timer = evtimer_new(h->base, hook_on_timer, h);
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK || !hook_open(h)) {
        (void)snprintf(err, err_size, "libcurl cannot be started");
    } else if ((curl_version_info(CURLVERSION_NOW)->features & CURL_VERSION_ASYNCHDNS) == 0) {
        (void)snprintf(err, err_size, "this libcurl waits for name lookups: one with AsynchDNS is needed");
    } else {
        return h;
    }
    hook_free(h);
    return NULL;
}

void hook_free(struct hook *h)
{
    struct hook_place *next;

    if (h == NULL)
        return;
    while (h->requests != NULL) {
        (void)curl_multi_remove_handle(h->multi, h->requests->easy);
        hook_request_free(h, h->requests);
    }
    if (h->multi != NULL)
        (void)curl_multi_cleanup(h->multi);
    curl_global_cleanup();
    event_free(h->timer);
    for (struct hook_place *p = h->places; p != NULL; p = next) {
        next = p->next;
        sodium_memzero(p->key, sizeof p->key);
        free(p->name);
        free(p->url);
        free(p);
    }
    free(h);
}

struct hook_place *hook_place_new(struct hook *h, const char *name, const char *url)
{
    struct hook_place *p = xcalloc(1, sizeof *p);

    p->name = xstrdup(name);
    p->url = xstrdup(url);
    breaker_init(&p->breaker, 1, 0);
    p->next = h->places;
    h->places = p;
    return p;
}

void hook_place_key(struct hook_place *p, const unsigned char *key, size_t n)
{
    assert(n <= sizeof p->key);
    memcpy(p->key, key, n);
    p->key_len = n;
}

/* --- asking -------------------------------------------------------------------------------------- */

static bool hook_send(struct hook *h, struct hook_place *p, const struct hook_question *q, uint32_t pass)
{
    struct hook_request *r = hook_request_new(h, p, q->ticket);

    if (r == NULL)
        return false;
    r->pass = pass;
    if (hook_prepare(r, q) && curl_multi_add_handle(h->multi, r->easy) == CURLM_OK)
        return true;
    hook_request_free(h, r);
    return false;
}

static int hook_less(int a, int b)
{
    return a < b ? a : b;
}

int hook_room(const struct hook *h, const struct hook_place *p)
{
    int room = hook_less(h->max - h->in_flight, (h->max + 1) / 2 - p->in_flight);

    return hook_less(room > 0 ? room : 0, breaker_room(&p->breaker, clock_mono()));
}

bool hook_ask(struct hook *h, struct hook_place *p, const struct hook_question *q)
{
    uint32_t pass;

    stats_inc(hooks);
    if (h->in_flight >= h->max || p->in_flight >= (h->max + 1) / 2) {
        log_debug("backend=%s event=hook_refused reason=\"%d requests are out\"", p->name, p->in_flight);
        stats_inc(hooks_refused);
        return false;
    }
    p->breaker.fails_max = q->breaker_fails;
    p->breaker.rest_ms = q->breaker_rest_ms;
    pass = breaker_ask(&p->breaker, clock_mono());
    if (pass != 0 && hook_send(h, p, q, pass))
        return true;
    if (pass != 0) {
        log_err("backend=%s event=hook_refused reason=\"the request cannot be made\"", p->name);
        breaker_done(&p->breaker, pass, false, clock_mono());
    }
    stats_inc(hooks_refused);
    return false;
}
