#include "wire/aggregator.h"

#include <event2/buffer.h>
#include <event2/http.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/gsm.h"
#include "base/log.h"
#include "base/stats.h"
#include "wire/profile.h"

#define AGGREGATOR_PATH "/ussd/"
#define AGGREGATOR_TEXT "text/plain; charset=utf-8"
#define AGGREGATOR_MEM_MAX (1u << 20)

enum aggregator_field {
    AGGREGATOR_SESSION = 0,
    AGGREGATOR_PHONE,
    AGGREGATOR_CODE,
    AGGREGATOR_INPUT,
    AGGREGATOR_FIELDS,
};

/* One row per dialect.  What is not named here (networkCode, ...) is ignored. */
static const struct aggregator_dialect {
    const char *style;
    const char *fields[AGGREGATOR_FIELDS];
    bool joined;                    /* input holds all inputs so far */
    const char *more, *end;         /* what the reply begins with */
} aggregator_dialects[] = {
    { "africastalking", { "sessionId", "phoneNumber", "serviceCode", "text" }, true, "CON ", "END " },
};

struct aggregator {
    struct http *http;
    const struct aggregator_dialect *dialect;
    char *name;
    char *path;
    struct event_limits limits;
    aggregator_event_fn *event;
    void *arg;
    unsigned char secret[AGGREGATOR_SECRET];
    struct buf mem;                 /* of the request at hand */
    struct buf reply;               /* of the reply at hand */
};

static const struct aggregator_dialect *aggregator_dialect_find(const char *style)
{
    for (size_t i = 0; i < sizeof aggregator_dialects / sizeof aggregator_dialects[0]; i++)
        if (strcmp(aggregator_dialects[i].style, style) == 0)
            return &aggregator_dialects[i];
    return NULL;
}

/* --- application/x-www-form-urlencoded -------------------------------------- */

struct aggregator_str {
    const char *p;
    size_t len;
};

/* Cut s at the first stop; what stands before it is returned. */
static struct aggregator_str aggregator_cut(struct aggregator_str *s, char stop)
{
    const char *end = s->len > 0 ? memchr(s->p, stop, s->len) : NULL;
    struct aggregator_str head = { s->p, end != NULL ? (size_t)(end - s->p) : s->len };
    size_t past = head.len + (end != NULL ? 1 : 0);

    s->p = s->len > 0 ? s->p + past : s->p;
    s->len -= past;
    return head;
}

static int aggregator_hex(char c)
{
    static const char digits[] = "0123456789abcdefABCDEF";
    const char *at = c != '\0' ? strchr(digits, c) : NULL;
    int value = at != NULL ? (int)(at - digits) : -1;

    return value > 15 ? value - 6 : value;
}

/* Append s with %XX and '+' undone and a NUL behind it; false when it is not
 * clean UTF-8 without NUL. */
static bool aggregator_undo(struct aggregator_str s, struct buf *mem)
{
    size_t mark = mem->len;

    for (size_t i = 0; i < s.len; i++) {
        char c = s.p[i] == '+' ? ' ' : s.p[i];

        if (c == '%') {
            int high = s.len - i > 2 ? aggregator_hex(s.p[i + 1]) : -1;
            int low = s.len - i > 2 ? aggregator_hex(s.p[i + 2]) : -1;

            if (high < 0 || low < 0)
                return false;
            c = (char)(high << 4 | low);
            i += 2;
        }
        if (c == '\0')
            return false;
        buf_addc(mem, c);
    }
    if (mem->full || !gsm_utf8_valid(buf_str(mem) + mark, mem->len - mark))
        return false;
    buf_addc(mem, '\0');
    return !mem->full;
}

/* One known value, as an offset into mem, because mem moves while it grows. */
struct aggregator_value {
    bool given;
    size_t at, len;
};

static bool aggregator_fail(struct buf *mem, const char **error, const char *field, const char *what)
{
    buf_clear(mem);
    buf_addf(mem, "%s: %s", field, what);
    *error = buf_str(mem);
    return false;
}

static bool aggregator_form(const struct aggregator_dialect *d, const char *body, size_t n, struct buf *mem,
                            struct aggregator_value values[AGGREGATOR_FIELDS], const char **error)
{
    struct aggregator_str rest = { body, n };

    while (rest.len > 0) {
        struct aggregator_str pair = aggregator_cut(&rest, '&');
        struct aggregator_str key = aggregator_cut(&pair, '=');

        for (int i = 0; i < AGGREGATOR_FIELDS; i++) {
            if (key.len != strlen(d->fields[i]) || memcmp(key.p, d->fields[i], key.len) != 0)
                continue;
            if (values[i].given)
                return aggregator_fail(mem, error, d->fields[i], "given twice");
            values[i].given = true;
            values[i].at = mem->len;
            if (!aggregator_undo(pair, mem))
                return aggregator_fail(mem, error, d->fields[i], "not form-encoded UTF-8 without NUL");
            values[i].len = mem->len - values[i].at - 1;
        }
    }
    for (int i = 0; i < AGGREGATOR_FIELDS; i++)
        if (!values[i].given)
            return aggregator_fail(mem, error, d->fields[i], "missing");
    return true;
}

/* --- form to event ------------------------------------------------------------- */

/* key: AGGREGATOR_SECRET octets, or NULL */
static void aggregator_hash(uint8_t *out, size_t size, const unsigned char *key, const char *const *parts, int count)
{
    crypto_generichash_state state;

    crypto_generichash_init(&state, key, key != NULL ? AGGREGATOR_SECRET : 0, size);
    /* with its NUL, so that no part runs into the next */
    for (int i = 0; i < count; i++)
        crypto_generichash_update(&state, (const unsigned char *)parts[i], strlen(parts[i]) + 1);
    crypto_generichash_final(&state, out, size);
}

static void aggregator_ref(struct event_ref *ref, const char *session, size_t n)
{
    ref->len = EVENT_REF_MAX;
    if (n > EVENT_REF_MAX) {
        aggregator_hash(ref->bytes, sizeof ref->bytes, NULL, &session, 1);
        return;
    }
    ref->len = (uint8_t)n;
    memcpy(ref->bytes, session, n);
}

/* Where a request comes in. */
struct aggregator_at {
    const struct aggregator_dialect *dialect;
    const char *link;
    const unsigned char *secret;
};

static bool aggregator_read(const struct aggregator_at *at, const char *body, size_t n, struct buf *mem,
                            struct event *ev, const char **error)
{
    const struct aggregator_dialect *d = at->dialect;
    struct aggregator_value v[AGGREGATOR_FIELDS];
    const char *session, *phone, *code, *input;
    size_t phone_len;

    memset(ev, 0, sizeof *ev);
    memset(v, 0, sizeof v);
    buf_clear(mem);
    if (!aggregator_form(d, body, n, mem, v, error))
        return false;
    session = mem->data + v[AGGREGATOR_SESSION].at;
    phone = mem->data + v[AGGREGATOR_PHONE].at;
    phone_len = v[AGGREGATOR_PHONE].len;
    code = mem->data + v[AGGREGATOR_CODE].at;
    input = mem->data + v[AGGREGATOR_INPUT].at;

    if (v[AGGREGATOR_SESSION].len == 0)
        return aggregator_fail(mem, error, d->fields[AGGREGATOR_SESSION], "empty");
    if (v[AGGREGATOR_CODE].len == 0 || v[AGGREGATOR_CODE].len >= EVENT_CODE_MAX)
        return aggregator_fail(mem, error, d->fields[AGGREGATOR_CODE], "not a service code");
    /* a '+' that the sender forgot to escape has become a space */
    if (phone_len > 0 && phone[0] == ' ') {
        phone++;
        phone_len--;
    }
    if (!profile_msisdn(ev->msisdn, phone, phone_len))
        return aggregator_fail(mem, error, d->fields[AGGREGATOR_PHONE], "not a phone number");

    aggregator_ref(&ev->ref, session, v[AGGREGATOR_SESSION].len);
    ev->kind = v[AGGREGATOR_INPUT].len == 0 ? EVENT_BEGIN : EVENT_ANSWER;
    /* a beginning has nothing to hide, and is the same for a process with another secret */
    aggregator_hash(ev->id.bytes, sizeof ev->id.bytes, ev->kind == EVENT_BEGIN ? NULL : at->secret,
                    (const char *const[]){ at->link, session, input }, 3);
    ev->code = code;
    ev->text = ev->kind == EVENT_BEGIN ? code : input;
    ev->text_len = ev->kind == EVENT_BEGIN ? v[AGGREGATOR_CODE].len : v[AGGREGATOR_INPUT].len;
    ev->joined = ev->kind == EVENT_ANSWER && d->joined;
    return true;
}

bool aggregator_event(const char *style, const char *body, size_t n, struct buf *mem, struct event *ev,
                      const char **error)
{
    static const unsigned char secret[AGGREGATOR_SECRET];
    const struct aggregator_at at = { aggregator_dialect_find(style), "", secret };

    if (at.dialect == NULL) {
        *error = "unknown style";
        return false;
    }
    return aggregator_read(&at, body, n, mem, ev, error);
}

/* --- over HTTP ------------------------------------------------------------------ */

static void aggregator_on_request(void *arg, struct evhttp_request *req, const char *rest)
{
    struct aggregator *a = arg;
    const struct aggregator_at at = { a->dialect, a->name, a->secret };
    struct evbuffer *in = evhttp_request_get_input_buffer(req);
    size_t n = evbuffer_get_length(in);
    const char *body = n > 0 ? (const char *)evbuffer_pullup(in, -1) : "";
    const char *error = NULL;
    struct event ev;

    (void)rest;
    if (!aggregator_read(&at, body, n, &a->mem, &ev, &error)) {
        log_warn("link=%s event=request_refused reason=\"%s\"", a->name, error);
        stats_inc(events_bad);
        buf_clear(&a->reply);
        buf_addf(&a->reply, "%s\n", error);
        http_answer(req, 400, AGGREGATOR_TEXT, a->reply.data, a->reply.len);
        return;
    }
    ev.at = ev.seen = clock_now();
    a->event(a->arg, a, http_hold(a->http, req), &ev);
}

bool aggregator_reply(struct aggregator *a, uint64_t ticket, const char *text, size_t n, bool end)
{
    buf_clear(&a->reply);
    buf_adds(&a->reply, end ? a->dialect->end : a->dialect->more);
    buf_add(&a->reply, text, n);
    if (a->reply.full) {
        log_err("link=%s event=reply_too_long octets=%zu", a->name, n);
        return http_finish(a->http, ticket, 500, AGGREGATOR_TEXT, NULL, 0) && false;
    }
    return http_finish(a->http, ticket, 200, AGGREGATOR_TEXT, a->reply.data, a->reply.len);
}

struct aggregator *aggregator_new(struct http *h, const struct aggregator_args *args)
{
    const struct aggregator_dialect *d = aggregator_dialect_find(args->style);
    struct aggregator *a;

    if (d == NULL)
        return NULL;
    a = xcalloc(1, sizeof *a);
    a->http = h;
    a->dialect = d;
    a->name = xstrdup(args->name);
    a->limits = args->limits;
    memcpy(a->secret, args->secret, sizeof a->secret);
    a->event = args->event;
    a->arg = args->arg;
    buf_init(&a->mem, AGGREGATOR_MEM_MAX);
    buf_init(&a->reply, AGGREGATOR_MEM_MAX);
    buf_adds(&a->reply, AGGREGATOR_PATH);
    buf_adds(&a->reply, a->name);
    a->path = xstrdup(buf_str(&a->reply));
    http_route(h, a->path, EVHTTP_REQ_POST, aggregator_on_request, a);
    return a;
}

void aggregator_free(struct aggregator *a)
{
    if (a == NULL)
        return;
    http_route(a->http, a->path, 0, NULL, NULL);
    buf_fini(&a->mem);
    buf_fini(&a->reply);
    sodium_memzero(a->secret, sizeof a->secret);
    free(a->path);
    free(a->name);
    free(a);
}

const char *aggregator_name(const struct aggregator *a)
{
    return a->name;
}

const struct event_limits *aggregator_limits(const struct aggregator *a)
{
    return &a->limits;
}
