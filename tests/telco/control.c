/*
 * control.c - routes by a table; each gets the query or the body as JSON.
 *
 * A long poll is a wait: it hangs on its phone until the phone changes, its
 * time is over, or the client goes.
 */
#include "control.h"

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <inttypes.h>
#include <jansson.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include "centre.h"
#include "handset.h"
#include "load.h"
#include "now.h"
#include "page.h"
#include "report.h"
#include "sms.h"
#include "telco.h"
#include "ussd.h"

#define BODY_MAX (256 * 1024)
#define WAITS_MAX 10000
#define WAIT_MS_MAX 60000
#define LIST_MAX 10000

enum wait_kind { WAIT_CHANGE = 0, WAIT_ANSWER, WAIT_SMS };

struct wait {
    struct wait *next;                  /* of the same phone */
    struct control *control;
    struct phone *phone;
    enum wait_kind kind;
    uint64_t after;
    struct evhttp_request *req;
    struct event timer;
};

struct control {
    struct telco *telco;
    struct evhttp *http;
    int port;
    int waits;
};

/* A request on its way through a route. */
struct call {
    struct control *c;
    struct telco *t;
    struct evhttp_request *req;
    json_t *in;                         /* body or query: an object */
    struct phone *phone;                /* of msisdn, where the route wants one */
    char error[256];
};

typedef json_t *route_fn(struct call *c);

/* Answers */

static void answer(struct evhttp_request *req, int status, json_t *body)
{
    char *text = body ? json_dumps(body, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
    struct evbuffer *out = evbuffer_new();
    struct evkeyvalq *headers = evhttp_request_get_output_headers(req);

    if (!out)
        abort();
    evhttp_add_header(headers, "Content-Type", "application/json; charset=utf-8");
    evhttp_add_header(headers, "Cache-Control", "no-store");
    evbuffer_add_printf(out, "%s\n", text ? text : "{}");
    evhttp_send_reply(req, status, NULL, out);
    evbuffer_free(out);
    free(text);
    json_decref(body);
}

/* What is wrong, in a line that may have been cut inside a character. */
static json_t *error_json(char *error)
{
    if (!text_valid(error))
        for (char *c = error; *c; c++)
            if (*c < 0)
                *c = '?';
    return json_pack("{s:s}", "error", error);
}

static json_t *sms_json(const struct phone *p, unsigned after, unsigned max)
{
    json_t *list = json_array();
    const struct sms_item *s;
    unsigned n = 0;

    TAILQ_FOREACH(s, &p->inbox, entry)
        n += s->number > after;
    TAILQ_FOREACH_REVERSE(s, &p->inbox, inbox_list, entry) {
        if (s->number <= after || n-- > max)
            continue;
        json_array_append_new(list, json_pack("{s:i, s:I, s:s, s:s, s:s, s:i, s:i, s:i}", "number", (int)s->number, "at",
                                              (json_int_t)s->at, "from", s->from, "text", s->text, "coding",
                                              text_coding_name(s->coding), "septets", s->cost.septets, "units",
                                              s->cost.units, "segments", (int)s->segments));
    }
    return list;
}

static json_t *screen_json(struct telco *t, const struct phone *p)
{
    const struct account *a = p->account ? p->account : centre_account_of(t->centre, ACCOUNT_USSD, p->msisdn);
    bool gsm = p->coding == TEXT_GSM7;
    char session[8] = "";

    if (p->live)
        snprintf(session, sizeof(session), "%04x", p->session);
    return json_pack("{s:s, s:I, s:s, s:s, s:b, s:s, s:i, s:i, s:i, s:i, s:s, s:i, s:o}", "msisdn", p->msisdn, "seq",
                     (json_int_t)p->seq, "state", phone_state_name(p->state), "text", p->screen, "more", (int)p->more,
                     "coding", text_coding_name(p->coding), "septets", p->cost.septets, "units", p->cost.units,
                     "octets", p->octets, "limit", !a ? 0 : gsm ? a->conf.septets : a->conf.units, "session", session,
                     "sms_total", (int)p->sms_total, "sms", sms_json(p, 0, 10));
}

static json_t *inbox_json(const struct phone *p, unsigned after)
{
    return json_pack("{s:s, s:i, s:o}", "msisdn", p->msisdn, "total", (int)p->sms_total, "sms",
                     sms_json(p, after, PHONE_INBOX_MAX));
}

/* Long polls */

static void wait_remove(struct wait *w)
{
    struct wait **at = &w->phone->waits;
    struct evhttp_connection *con = evhttp_request_get_connection(w->req);

    while (*at != w)
        at = &(*at)->next;
    *at = w->next;
    if (con)
        evhttp_connection_set_closecb(con, NULL, NULL);
    event_del(&w->timer);
    w->control->waits--;
}

static void wait_answer(struct wait *w)
{
    struct telco *t = w->control->telco;

    wait_remove(w);
    answer(w->req, 200, w->kind == WAIT_SMS ? inbox_json(w->phone, (unsigned)w->after) : screen_json(t, w->phone));
    free(w);
}

static void on_wait_over(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    wait_answer(arg);
}

static void on_wait_closed(struct evhttp_connection *con, void *arg)
{
    struct wait *w = arg;

    (void)con;
    wait_remove(w);
    free(w);
}

static bool wait_done(const struct phone *p, enum wait_kind kind, uint64_t after)
{
    switch (kind) {
    case WAIT_CHANGE:
        return p->seq != after;         /* less: the telco was reset since */
    case WAIT_ANSWER:
        return p->state != PHONE_WAITING;
    case WAIT_SMS:
        return p->sms_total != after;
    }
    return true;
}

void control_changed(struct control *c, struct phone *p)
{
    struct wait *w, *next;

    (void)c;
    for (w = p->waits; w; w = next) {
        next = w->next;
        if (wait_done(p, w->kind, w->after))
            wait_answer(w);
    }
}

/* The answer now, or NULL when it comes later. */
static json_t *now_or_later(struct call *c, enum wait_kind kind, uint64_t after, json_int_t ms)
{
    struct evhttp_connection *con = evhttp_request_get_connection(c->req);
    struct timeval tv = now_tv(ms < WAIT_MS_MAX ? ms : WAIT_MS_MAX);
    struct wait *w;

    if (ms <= 0 || c->c->waits >= WAITS_MAX || !con || wait_done(c->phone, kind, after))
        return kind == WAIT_SMS ? inbox_json(c->phone, (unsigned)after) : screen_json(c->t, c->phone);
    w = calloc(1, sizeof(*w));
    if (!w)
        abort();
    w->control = c->c;
    w->phone = c->phone;
    w->kind = kind;
    w->after = after;
    w->req = c->req;
    w->next = c->phone->waits;
    c->phone->waits = w;
    c->c->waits++;
    evtimer_assign(&w->timer, c->t->base, on_wait_over, w);
    evtimer_add(&w->timer, &tv);
    evhttp_connection_set_closecb(con, on_wait_closed, w);
    return NULL;
}

/* Fields of a call.  A missing one leaves the default, a wrong one an error. */

static const char *text_of(struct call *c, const char *name)
{
    const char *s = json_string_value(json_object_get(c->in, name));

    if (!s && c->error[0] == '\0')
        snprintf(c->error, sizeof(c->error), "%s: expected a string", name);
    return s ? s : "";
}

static json_int_t int_of(struct call *c, const char *name, json_int_t initial, json_int_t max)
{
    const json_t *v = json_object_get(c->in, name);
    json_int_t n = initial;
    char *end = NULL;

    if (!v)
        return initial;
    if (json_is_integer(v))
        n = json_integer_value(v);
    else if (json_is_string(v))
        n = strtoll(json_string_value(v), &end, 10);
    if ((!json_is_integer(v) && (!end || *end != '\0' || end == json_string_value(v))) || n < 0 || n > max) {
        if (c->error[0] == '\0')
            snprintf(c->error, sizeof(c->error), "%s: expected a number from 0 to %" JSON_INTEGER_FORMAT, name, max);
        return initial;
    }
    return n;
}

/* Routes */

static json_t *post_dial(struct call *c)
{
    const char *code = text_of(c, "code"), *why;
    json_int_t wait = int_of(c, "wait", 0, WAIT_MS_MAX);

    if (c->error[0])
        return NULL;
    if (!ussd_dial(c->t, c->phone, code, &why)) {
        snprintf(c->error, sizeof(c->error), "%s", why);
        return NULL;
    }
    return now_or_later(c, WAIT_ANSWER, 0, wait);
}

static json_t *post_type(struct call *c)
{
    const char *text = text_of(c, "text"), *why;
    json_int_t wait = int_of(c, "wait", 0, WAIT_MS_MAX);

    if (c->error[0])
        return NULL;
    if (!ussd_type(c->t, c->phone, text, &why)) {
        snprintf(c->error, sizeof(c->error), "%s", why);
        return NULL;
    }
    return now_or_later(c, WAIT_ANSWER, 0, wait);
}

static json_t *post_cancel(struct call *c)
{
    ussd_cancel(c->t, c->phone);
    return screen_json(c->t, c->phone);
}

static json_t *post_abort(struct call *c)
{
    ussd_abort(c->t, c->phone, "Connection lost");
    return screen_json(c->t, c->phone);
}

/* What becomes of pages that she did not ask for. */
static json_t *post_push(struct call *c)
{
    const char *how = text_of(c, "push");

    if (c->error[0])
        return NULL;
    if (strcmp(how, "takes") != 0 && strcmp(how, "absent") != 0 && strcmp(how, "refuses") != 0) {
        snprintf(c->error, sizeof(c->error), "push: takes, absent or refuses");
        return NULL;
    }
    c->phone->absent = strcmp(how, "absent") == 0;
    c->phone->refuses = strcmp(how, "refuses") == 0;
    return json_pack("{s:b}", "ok", 1);
}

static json_t *post_sms(struct call *c)
{
    const char *to = text_of(c, "to"), *text = text_of(c, "text"), *why;

    if (c->error[0])
        return NULL;
    if (!sms_send(c->t, c->phone, to, text, &why)) {
        snprintf(c->error, sizeof(c->error), "%s", why);
        return NULL;
    }
    return json_pack("{s:b}", "ok", 1);
}

static json_t *get_screen(struct call *c)
{
    json_int_t wait = int_of(c, "wait", 0, WAIT_MS_MAX), after = int_of(c, "after", 0, INT64_MAX);

    return c->error[0] ? NULL : now_or_later(c, WAIT_CHANGE, (uint64_t)after, wait);
}

static json_t *get_sms(struct call *c)
{
    json_int_t wait = int_of(c, "wait", 0, WAIT_MS_MAX), after = int_of(c, "after", 0, UINT32_MAX);

    return c->error[0] ? NULL : now_or_later(c, WAIT_SMS, (uint64_t)after, wait);
}

static json_t *get_history(struct call *c)
{
    const struct phone *p = c->phone;
    unsigned first = p->history_count > PHONE_HISTORY_MAX ? p->history_count - PHONE_HISTORY_MAX : 0;
    json_t *list = json_array();

    for (unsigned i = first; i < p->history_count; i++) {
        const struct phone_line *l = &p->history[i % PHONE_HISTORY_MAX];
        char mark[2] = { l->mark, '\0' };

        json_array_append_new(list, json_pack("{s:I, s:s, s:s}", "at", (json_int_t)l->at, "mark", mark, "text", l->text));
    }
    return json_pack("{s:s, s:o}", "msisdn", p->msisdn, "history", list);
}

static json_t *get_phones(struct call *c)
{
    json_int_t max = int_of(c, "max", 1000, LIST_MAX);
    json_t *list = json_array();

    for (const struct phone *p = handsets_first(c->t->handsets); p && max-- > 0; p = handsets_next(p))
        json_array_append_new(list, json_pack("{s:s, s:s, s:b, s:i}", "msisdn", p->msisdn, "state",
                                              phone_state_name(p->state), "live", (int)p->live, "sms", (int)p->sms_total));
    return json_pack("{s:i, s:o}", "count", handsets_count(c->t->handsets), "phones", list);
}

static json_t *get_report(struct call *c)
{
    json_t *r = report_json(c->t->report);

    json_object_set_new(json_object_get(r, "counters"), "binds_now", json_integer(centre_binds(c->t->centre)));
    json_object_set_new(json_object_get(r, "counters"), "waits_now", json_integer(c->c->waits));
    json_object_set_new(r, "links", centre_links_json(c->t->centre));
    json_object_set_new(r, "accounts", centre_accounts_json(c->t->centre));
    return r;
}

static json_t *get_events(struct call *c)
{
    json_int_t after = int_of(c, "after", 0, INT64_MAX), max = int_of(c, "max", 1000, LIST_MAX);

    return c->error[0] ? NULL : report_events(c->t->report, (uint64_t)after, (size_t)max);
}

static json_t *get_accounts(struct call *c)
{
    return json_pack("{s:o}", "accounts", centre_accounts_json(c->t->centre));
}

/* The accounts a call names: all, unless "account" says one. */
static bool accounts_of(struct call *c, size_t *first, size_t *end)
{
    const json_t *name = json_object_get(c->in, "account");

    *first = 0;
    *end = centre_accounts(c->t->centre);
    if (!name)
        return true;
    for (size_t i = 0; i < *end; i++)
        if (json_is_string(name) && strcmp(centre_account(c->t->centre, i)->conf.name, json_string_value(name)) == 0) {
            *first = i;
            *end = i + 1;
            return true;
        }
    snprintf(c->error, sizeof(c->error), "account: no such account");
    return false;
}

static json_t *post_fault(struct call *c)
{
    static const char *const actions[] = { "account", "unbind", "close", "clear" };
    size_t first, end;
    const char *key;
    json_t *v;

    json_object_foreach(c->in, key, v) {
        bool known = fault_known(key);

        for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
            known = known || strcmp(actions[i], key) == 0;
        if (!known) {
            snprintf(c->error, sizeof(c->error), "unknown fault '%.40s'", key);
            return NULL;
        }
    }
    if (!accounts_of(c, &first, &end))
        return NULL;
    for (size_t i = first; i < end; i++) {
        struct account *a = centre_account(c->t->centre, i);

        if (json_is_true(json_object_get(c->in, "clear")))
            fault_clear(&a->fault);
        if (!fault_set(&a->fault, c->in, c->error, sizeof(c->error)))
            return NULL;
        if (json_is_true(json_object_get(c->in, "unbind")))
            centre_unbind(a);
        if (json_is_true(json_object_get(c->in, "close")) || a->fault.down)
            centre_drop(a);
    }
    return get_accounts(c);
}

static json_t *post_account(struct call *c)
{
    size_t first, end;
    const char *key;
    json_t *v;

    if (!accounts_of(c, &first, &end))
        return NULL;
    for (size_t i = first; i < end; i++) {
        struct account_conf changed = centre_account(c->t->centre, i)->conf;

        json_object_foreach(c->in, key, v) {
            bool fixed = strcmp(key, "name") == 0 || strcmp(key, "kind") == 0;

            if (strcmp(key, "account") == 0)
                continue;
            if (fixed || !json_is_string(v)) {
                snprintf(c->error, sizeof(c->error), "%.40s: %s", key, fixed ? "is fixed" : "expected a string");
                return NULL;
            }
            if (!conf_account_set(&changed, key, json_string_value(v), c->error, sizeof(c->error)))
                return NULL;
        }
        centre_account(c->t->centre, i)->conf = changed;
    }
    return get_accounts(c);
}

static void answer_all_waits(struct telco *t)
{
    for (struct phone *p = handsets_first(t->handsets); p; p = handsets_next(p))
        while (p->waits)
            wait_answer(p->waits);
}

static json_t *post_reset(struct call *c)
{
    load_stop(c->t);
    answer_all_waits(c->t);
    centre_reset(c->t->centre);
    handsets_reset(c->t->handsets);
    report_reset(c->t->report);
    return json_pack("{s:b}", "ok", 1);
}

static json_t *post_load(struct call *c)
{
    if (!load_start(c->t, c->in, c->error, sizeof(c->error)))
        return NULL;
    return load_json(c->t);
}

static json_t *get_load(struct call *c)
{
    return load_json(c->t);
}

static const struct route {
    enum evhttp_cmd_type method;
    const char *path;
    bool phone;                         /* msisdn is due */
    route_fn *fn;
    const char *help;
} routes[] = {
    { EVHTTP_REQ_POST, "/dial", true, post_dial, "{msisdn, code, wait: ms} dial; the screen" },
    { EVHTTP_REQ_POST, "/type", true, post_type, "{msisdn, text, wait: ms} answer a screen; the next" },
    { EVHTTP_REQ_POST, "/cancel", true, post_cancel, "{msisdn} the person ends it" },
    { EVHTTP_REQ_POST, "/abort", true, post_abort, "{msisdn} the network ends it" },
    { EVHTTP_REQ_POST, "/push", true, post_push, "{msisdn, push: takes|absent|refuses} of pages she did not ask for" },
    { EVHTTP_REQ_POST, "/sms", true, post_sms, "{msisdn, to, text} a message from the phone" },
    { EVHTTP_REQ_GET, "/screen", true, get_screen, "?msisdn&wait&after  what the phone shows; waits until seq is not after" },
    { EVHTTP_REQ_GET, "/sms", true, get_sms, "?msisdn&wait&after  its messages behind number after" },
    { EVHTTP_REQ_GET, "/history", true, get_history, "?msisdn  what it did and showed" },
    { EVHTTP_REQ_GET, "/phones", false, get_phones, "?max  all phones" },
    { EVHTTP_REQ_GET, "/report", false, get_report, "counters, violations, round trips, links" },
    { EVHTTP_REQ_GET, "/events", false, get_events, "?after&max  every PDU, decoded" },
    { EVHTTP_REQ_GET, "/accounts", false, get_accounts, "accounts, binds, faults" },
    { EVHTTP_REQ_POST, "/account", false, post_account, "{account, SETTING: text} change settings" },
    { EVHTTP_REQ_POST, "/fault", false, post_fault, "{account, SWITCH: n, unbind|close|clear: true}" },
    { EVHTTP_REQ_POST, "/load", false, post_load, "{script, phones, open, rate, seconds} start a load test" },
    { EVHTTP_REQ_GET, "/load", false, get_load, "how it goes, or went" },
    { EVHTTP_REQ_POST, "/reset", false, post_reset, "forget phones, counters, faults; binds stay" },
};

static json_t *query_json(const struct evhttp_uri *uri)
{
    struct evkeyvalq q;
    struct evkeyval *kv;
    const char *s = evhttp_uri_get_query(uri);
    json_t *o = json_object();

    if (!s || evhttp_parse_query_str(s, &q) != 0)
        return o;
    TAILQ_FOREACH(kv, &q, next)
        json_object_set_new(o, kv->key, json_string(kv->value));
    evhttp_clear_headers(&q);
    return o;
}

/* NULL: no JSON object. */
static json_t *body_json(struct evhttp_request *req)
{
    struct evbuffer *in = evhttp_request_get_input_buffer(req);
    size_t n = evbuffer_get_length(in);
    json_t *o;

    if (n == 0)
        return json_object();
    o = json_loadb((const char *)evbuffer_pullup(in, -1), n, JSON_REJECT_DUPLICATES, NULL);
    if (o && !json_is_object(o)) {
        json_decref(o);
        return NULL;
    }
    return o;
}

static void run(struct control *ctl, const struct route *r, struct evhttp_request *req, json_t *in)
{
    struct call c = { .c = ctl, .t = ctl->telco, .req = req, .in = in };
    json_t *out = NULL;

    if (!in)
        snprintf(c.error, sizeof(c.error), "body: expected a JSON object");
    else if (r->phone) {
        const char *msisdn = text_of(&c, "msisdn");

        c.phone = c.error[0] ? NULL : phone_get(c.t->handsets, msisdn);
        if (!c.phone && c.error[0] == '\0')
            snprintf(c.error, sizeof(c.error), "msisdn: expected 7 to 15 digits (or the table of phones is full)");
    }
    if (c.error[0] == '\0')
        out = r->fn(&c);
    if (c.error[0] != '\0')
        answer(req, 400, error_json(c.error));
    else if (out)
        answer(req, 200, out);
    json_decref(in);
    centre_turn(ctl->telco->centre);
}

static void send_page(struct evhttp_request *req)
{
    struct evbuffer *out = evbuffer_new();
    struct evkeyvalq *headers = evhttp_request_get_output_headers(req);

    if (!out)
        abort();
    evhttp_add_header(headers, "Content-Type", "text/html; charset=utf-8");
    evhttp_add_header(headers, "Cache-Control", "no-store");
    evbuffer_add(out, page_handset, page_handset_size());
    evhttp_send_reply(req, 200, NULL, out);
    evbuffer_free(out);
}

static void on_request(struct evhttp_request *req, void *arg)
{
    static const char prefix[] = "/handset/api";
    struct control *c = arg;
    const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(req);
    const char *path = uri ? evhttp_uri_get_path(uri) : NULL;
    enum evhttp_cmd_type method = evhttp_request_get_command(req);
    bool known = false;

    if (!path)
        path = "";
    if (strcmp(path, "/handset") == 0 || strcmp(path, "/handset/") == 0) {
        send_page(req);
        return;
    }
    if (strncmp(path, prefix, sizeof(prefix) - 1) == 0)
        path += sizeof(prefix) - 1;
    for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
        if (strcmp(routes[i].path, path) != 0)
            continue;
        known = true;
        if (routes[i].method == method) {
            run(c, &routes[i], req, method == EVHTTP_REQ_GET ? query_json(uri) : body_json(req));
            return;
        }
    }
    answer(req, known ? 405 : 404, json_pack("{s:s}", "error", known ? "wrong method" : "no such path"));
}

struct control *control_new(struct telco *t, char *error, size_t size)
{
    struct control *c = calloc(1, sizeof(*c));
    struct evhttp_bound_socket *bound;
    struct sockaddr_in in;
    struct sockaddr sa;
    socklen_t len = sizeof(in);

    if (!c)
        abort();
    c->telco = t;
    c->http = evhttp_new(t->base);
    if (!c->http)
        abort();
    evhttp_set_max_body_size(c->http, BODY_MAX);
    evhttp_set_max_headers_size(c->http, 16384);
    evhttp_set_timeout(c->http, 120);
    evhttp_set_allowed_methods(c->http, EVHTTP_REQ_GET | EVHTTP_REQ_POST);
    evhttp_set_gencb(c->http, on_request, c);
    bound = evhttp_bind_socket_with_handle(c->http, t->conf.control_host, (uint16_t)t->conf.control_port);
    if (!bound || getsockname(evhttp_bound_socket_get_fd(bound), &sa, &len) < 0) {
        snprintf(error, size, "control port %d: %s", t->conf.control_port,
                 evutil_socket_error_to_string(EVUTIL_SOCKET_ERROR()));
        control_free(c);
        return NULL;
    }
    memcpy(&in, &sa, sizeof(in));
    c->port = ntohs(in.sin_port);
    return c;
}

void control_free(struct control *c)
{
    if (!c)
        return;
    answer_all_waits(c->telco);
    evhttp_free(c->http);
    free(c);
}

int control_port(const struct control *c)
{
    return c->port;
}

void control_help(void)
{
    for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++)
        printf("  %-4s %-10s %s\n", routes[i].method == EVHTTP_REQ_GET ? "GET" : "POST", routes[i].path, routes[i].help);
}
