#include "app/agencies.h"

#include <event2/buffer.h>
#include <event2/http.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/conf.h"
#include "app/desk.h"
#include "app/generations.h"
#include "app/pages.h"
#include "app/secret.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/stamp.h"
#include "base/stats.h"
#include "store/shelf.h"
#include "wire/api.h"
#include "wire/http.h"
#include "wire/signed.h"

#define AGENCIES_KEY_MAX 1024           /* octets of a key */
#define AGENCIES_PATH_MAX 4096
#define AGENCIES_ANSWER_MAX (2u << 20)  /* octets */
#define AGENCIES_PAGE_MAX (1u << 20)    /* octets of cases, after which a page ends early */
#define AGENCIES_FORGET_MS 60000        /* how often old nonces are forgotten */
#define AGENCIES_EVENTS 100             /* that come with a case */
/* A change may be seen so long after the time that it bears: who goes on from
 * 'since' asks for that much again. */
#define AGENCIES_LATE_MS 10000
#define AGENCIES_JSON "application/json"

struct agency_key {
    const struct conf_api *conf;
    unsigned char key[AGENCIES_KEY_MAX];
    size_t len;
    bool ready;                         /* its file is read */
    int under_way;
};

/* One request, held. */
struct inquiry {
    struct inquiry *next, **at;         /* *at == this */
    uint64_t id;
    uint64_t ticket;                    /* of http */
    struct agency_key *key;
    int64_t begun;
    struct shelf_done done;
    struct api_call call;
};

struct agencies {
    struct agencies_args args;
    struct agency_key *keys;
    int key_count;
    struct inquiry *inquiries;
    int under_way;
    uint64_t last_id;
    int64_t forgotten;                  /* clock_mono() */
};

/* --- keys ------------------------------------------------------------------------------ */

static size_t agencies_read_key(const struct conf_api *api, const char *folder, unsigned char key[AGENCIES_KEY_MAX],
                                char *err, size_t err_size)
{
    char path[AGENCIES_PATH_MAX];
    int n = snprintf(path, sizeof path, "%s/%s", folder, api->key);

    if (n > 0 && (size_t)n < sizeof path)
        return secret_read_key(path, key, AGENCIES_KEY_MAX, err, err_size);
    (void)snprintf(err, err_size, "key '%.200s': its path is too long", api->key);
    return 0;
}

bool agencies_check(const struct conf *conf, char *err, size_t err_size)
{
    unsigned char key[AGENCIES_KEY_MAX];
    char why[512];
    bool ok = true;

    for (int i = 0; i < conf->api_count && ok; i++) {
        ok = agencies_read_key(&conf->apis[i], conf->folder, key, why, sizeof why) > 0;
        if (!ok)
            (void)snprintf(err, err_size, "api '%s': %.400s", conf->apis[i].name, why);
    }
    sodium_memzero(key, sizeof key);
    return ok;
}

void agencies_renew(struct agencies *a)
{
    for (int i = 0; i < a->key_count; i++)
        a->keys[i].ready = false;
}

/* By its name, read; NULL: there is none, or (logged) it cannot be read. */
static struct agency_key *agencies_key(struct agencies *a, const char *name)
{
    struct agency_key *k = NULL;
    char why[512];

    for (int i = 0; i < a->key_count && k == NULL; i++)
        if (strcmp(a->keys[i].conf->name, name) == 0)
            k = &a->keys[i];
    if (k == NULL || k->ready)
        return k;
    k->len = agencies_read_key(k->conf, a->args.conf->folder, k->key, why, sizeof why);
    k->ready = k->len > 0;
    if (!k->ready)
        log_err("api=%s event=no_key reason=\"%s\" next=refuse", name, why);
    return k->ready ? k : NULL;
}

/* --- answers ------------------------------------------------------------------------------ */

static void agencies_close(struct agencies *a, struct inquiry *q)
{
    *q->at = q->next;
    if (q->next != NULL)
        q->next->at = q->at;
    q->key->under_way--;
    a->under_way--;
    api_call_fini(&q->call);
    free(q);
}

static void agencies_answer(struct agencies *a, struct inquiry *q, int status, json_t *body_take)
{
    struct buf out;

    buf_init(&out, AGENCIES_ANSWER_MAX);
    pages_write(body_take, &out);
    (void)http_finish(a->args.http, q->ticket, status, AGENCIES_JSON, buf_str(&out), out.len);
    buf_fini(&out);
    agencies_close(a, q);
}

/* extra: members of the error, taken; NULL none. */
static void agencies_fail(struct agencies *a, struct inquiry *q, const struct api_problem *p, json_t *extra_take)
{
    json_t *body = pages_problem(p);

    if (extra_take != NULL)
        (void)json_object_update(json_object_get(body, "error"), extra_take);
    json_decref(extra_take);
    stats_inc(api_refused);
    if (p->error == API_AWAY)
        (void)http_header(a->args.http, q->ticket, "Retry-After", "5");
    agencies_answer(a, q, api_error_row(p->error)->status, body);
}

static void agencies_away(struct agencies *a, struct inquiry *q)
{
    struct api_problem p;

    api_fail(&p, API_AWAY, "the database is away: send the same again in a few seconds, signed anew");
    agencies_fail(a, q, &p, NULL);
}

static void agencies_no_case(struct agencies *a, struct inquiry *q)
{
    struct api_problem p;

    api_fail(&p, API_NO_CASE, "%s", api_error_row(API_NO_CASE)->means);
    agencies_fail(a, q, &p, NULL);
}

static struct inquiry *agencies_find(const struct agencies *a, uint64_t id)
{
    struct inquiry *q = a->inquiries;

    while (q != NULL && q->id != id)
        q = q->next;
    return q;
}

static struct shelf_done *agencies_then(struct agencies *a, struct inquiry *q, shelf_fn fn)
{
    q->done = (struct shelf_done){ fn, a, q->id };
    return &q->done;
}

static bool agencies_may(const struct agency_key *k, enum api_right right)
{
    return (k->conf->rights & 1u << right) != 0;
}

/* --- reading --------------------------------------------------------------------------------- */

/* The menus that know a case's service: the current ones, else those it was
 * opened under, if they are in memory. */
static const struct menu *agencies_menu(const struct agencies *a, const struct casefile *f)
{
    const struct menu *m = generations_current(a->args.generations);
    const struct menu *own;
    bool missing;

    if (desk_knows(m, f))
        return m;
    own = generations_find(a->args.generations, f->generation, &missing);
    return own != NULL && desk_knows(own, f) ? own : m;
}

/* place NULL: of events. */
static json_t *agencies_page_target(const struct inquiry *q, const struct api_place *place)
{
    struct buf target;
    json_t *out;

    buf_init(&target, 1024);
    if (place != NULL)
        api_next(&q->call, place, &target);
    else
        api_next_events(&q->call, &target);
    out = json_string(buf_str(&target));
    buf_fini(&target);
    return out;
}

/* Cases until the page or the answer is full; *place: the last that is in it.  True: there are more. */
static bool agencies_fill(const struct agencies *a, const struct inquiry *q, const struct shelf_answer *r, json_t *cases,
                          struct api_place *place)
{
    size_t size = 0;

    for (int i = 0; i < r->count && i < q->call.limit; i++) {
        struct casefile f;
        json_t *page;

        shelf_file(r->rows, i, &f);
        page = pages_case(&f, agencies_menu(a, &f), agencies_may(q->key, API_PHONES));
        size += pages_size(page);
        if (i > 0 && size > AGENCIES_PAGE_MAX) {
            json_decref(page);
            return true;
        }
        (void)json_array_append_new(cases, page);
        place->at = place->order == API_BY_CHANGE ? f.changed : f.created;
        place->number = f.number;
    }
    return r->count > q->call.limit;
}

static void agencies_on_list(void *arg, uint64_t id, const struct shelf_answer *r)
{
    struct agencies *a = arg;
    struct inquiry *q = agencies_find(a, id);
    json_t *body, *cases;
    struct api_place place;
    char stamp[STAMP_SIZE];
    bool more;

    if (q == NULL)
        return;
    if (r->lost) {
        agencies_away(a, q);
        return;
    }
    place = q->call.place;
    place.order = q->call.since != API_NO_TIME ? API_BY_CHANGE : API_BY_CREATION;
    place.begun = q->call.goes_on ? q->call.place.begun : q->begun;
    body = json_object();
    cases = json_array();
    more = agencies_fill(a, q, r, cases, &place);
    (void)json_object_set_new(body, "cases", cases);
    (void)json_object_set_new(body, "next", more ? agencies_page_target(q, &place) : json_null());
    (void)json_object_set_new(body, "since",
                              more ? json_null() : json_string(stamp_write(stamp, place.begun - AGENCIES_LATE_MS)));
    agencies_answer(a, q, 200, body);
}

static void agencies_list(struct agencies *a, struct inquiry *q)
{
    const struct api_call *c = &q->call;
    const struct shelf_list list = {
        .agency = q->key->conf->agency,
        .service = c->service,
        .state = c->state,
        .since = c->since,
        .by_change = c->since != API_NO_TIME,
        .at = c->place.at,
        .number = c->place.number,
        .limit = c->limit + 1,          /* one more tells that there are more */
    };

    shelf_list(a->args.store, &list, agencies_then(a, q, agencies_on_list));
}

/* A case with its events, or its events alone. */
static void agencies_on_case(void *arg, uint64_t id, const struct shelf_answer *r)
{
    struct agencies *a = arg;
    struct inquiry *q = agencies_find(a, id);
    json_t *body, *events;
    struct casefile f;

    if (q == NULL)
        return;
    if (r->lost || r->count == 0) {
        if (r->lost)
            agencies_away(a, q);
        else
            agencies_no_case(a, q);
        return;
    }
    shelf_file(r->rows, 0, &f);
    body = q->call.kind == API_CASE ? pages_case(&f, agencies_menu(a, &f), agencies_may(q->key, API_PHONES)) : json_object();
    events = json_array();
    for (int i = 0; i < r->count && i < q->call.limit; i++) {
        struct casefile_event e;

        shelf_event(r->rows, i, &e);
        if (e.seq == 0)
            break;                      /* there is none */
        (void)json_array_append_new(events, pages_event(&f, &e));
        q->call.after = e.seq;
    }
    (void)json_object_set_new(body, "events", events);
    (void)json_object_set_new(body, "next", r->count > q->call.limit ? agencies_page_target(q, NULL) : json_null());
    agencies_answer(a, q, 200, body);
}

static void agencies_case(struct agencies *a, struct inquiry *q)
{
    if (q->call.kind == API_CASE)
        q->call.limit = AGENCIES_EVENTS;
    shelf_case(a->args.store, q->key->conf->agency, q->call.number, q->call.after, q->call.limit + 1,
               agencies_then(a, q, agencies_on_case));
}

/* --- events ------------------------------------------------------------------------------------ */

/* The same key again must ask for the same: what it did then is told. */
static bool agencies_is_same(const struct api_call *c, const struct casefile_event *e)
{
    return strcmp(e->note, buf_str(&c->note)) == 0 && (c->state[0] == '\0' || strcmp(e->state, c->state) == 0);
}

static void agencies_posted(struct agencies *a, struct inquiry *q, const struct desk_answer *d)
{
    struct api_problem p;
    json_t *body;
    char number[24];

    if (!agencies_is_same(&q->call, &d->event)) {
        api_fail(&p, API_KEY_REUSED, "%s: take a new one for what is new", api_error_row(API_KEY_REUSED)->means);
        agencies_fail(a, q, &p, NULL);
        return;
    }
    if (d->outcome == DESK_REPEATED)
        (void)http_header(a->args.http, q->ticket, "Idempotent-Replayed", "true");
    body = json_object();
    (void)snprintf(number, sizeof number, "%" PRId64, q->call.number);
    (void)json_object_set_new(body, "number", json_string(number));
    (void)json_object_set_new(body, "event", pages_event(d->file, &d->event));
    agencies_answer(a, q, 201, body);
}

/* Where it stands, and where this agency may move it from there. */
static json_t *agencies_ways(const struct desk_answer *d)
{
    json_t *out = json_object(), *moves = json_array();

    for (int i = 0; i < d->move_count; i++)
        (void)json_array_append_new(moves, json_string(d->moves[i]));
    if (d->file != NULL)
        (void)json_object_set_new(out, "state", json_string(d->file->state));
    (void)json_object_set_new(out, "moves", moves);
    return out;
}

static void agencies_not_posted(struct agencies *a, struct inquiry *q, const struct desk_answer *d, enum api_error e)
{
    const char *means = api_error_row(e)->means;
    struct api_problem p;

    if (e == API_NOT_NOW || e == API_NOT_YOURS)
        api_fail(&p, e, "%s: 'state' says where it stands, 'moves' where it can go", means);
    else
        api_fail(&p, e, "%s", means);
    agencies_fail(a, q, &p, e == API_NOT_NOW || e == API_NOT_YOURS ? agencies_ways(d) : NULL);
}

static void agencies_on_order(void *arg, uint64_t id, const struct desk_answer *d)
{
    static const enum api_error errors[DESK_OUTCOMES] = {
        [DESK_NO_CASE] = API_NO_CASE,     [DESK_NO_STATE] = API_NO_STATE,  [DESK_NOT_NOW] = API_NOT_NOW,
        [DESK_NOT_YOURS] = API_NOT_YOURS, [DESK_NO_FIELD] = API_BAD_BODY,  [DESK_BAD_ORDER] = API_BAD_BODY,
        [DESK_NO_MENUS] = API_NOT_NOW,    [DESK_AWAY] = API_AWAY,
    };
    struct agencies *a = arg;
    struct inquiry *q = agencies_find(a, id);

    if (q == NULL)
        return;
    if (d->outcome == DESK_DONE || d->outcome == DESK_REPEATED)
        agencies_posted(a, q, d);
    else if (d->outcome == DESK_AWAY)
        agencies_away(a, q);
    else
        agencies_not_posted(a, q, d, errors[d->outcome]);
}

static void agencies_post(struct agencies *a, struct inquiry *q)
{
    const struct api_call *c = &q->call;
    const char *agency = q->key->conf->agency;
    char key[CASEFILE_KEY_MAX + 1];
    const struct desk_order order = {
        .number = c->number,
        .key = key,
        .kind = DESK_AGENCY,
        .actor = c->by.len > 0 ? buf_str(&c->by) : agency,
        .agency = agency,
        .to = c->state,
        .note = buf_str(&c->note),
        .at = clock_now(),
    };

    _Static_assert(sizeof "api//" + API_NAME_MAX + API_KEY_MAX <= sizeof key, "a key holds both");
    (void)snprintf(key, sizeof key, "api/%s/%s", agency, c->key);
    desk_order(a->args.desk, &order, &(struct desk_done){ agencies_on_order, a, q->id });
}

/* --- one request ------------------------------------------------------------------------------ */

static void agencies_begin(struct agencies *a, struct inquiry *q)
{
    switch (q->call.kind) {
    case API_LIST:
        agencies_list(a, q);
        return;
    case API_CASE:
    case API_HISTORY:
        agencies_case(a, q);
        return;
    case API_POST:
        agencies_post(a, q);
        return;
    case API_SERVICES:
        agencies_answer(a, q, 200, pages_services(generations_current(a->args.generations), q->key->conf->agency));
        return;
    case API_KINDS:
        break;
    }
    abort();
}

static void agencies_on_nonce(void *arg, uint64_t id, const struct shelf_answer *r)
{
    struct agencies *a = arg;
    struct inquiry *q = agencies_find(a, id);
    struct api_problem p;

    if (q == NULL)
        return;
    if (r->lost) {
        agencies_away(a, q);
    } else if (r->count == 0) {
        log_warn("api=%s event=refused code=replayed", q->key->conf->name);
        api_fail(&p, API_REPLAYED, "%s", api_error_row(API_REPLAYED)->means);
        agencies_fail(a, q, &p, NULL);
    } else {
        agencies_begin(a, q);
    }
}

/* Old nonces go when new ones come. */
static void agencies_forget(struct agencies *a)
{
    if (clock_mono() - a->forgotten < AGENCIES_FORGET_MS)
        return;
    a->forgotten = clock_mono();
    shelf_forget(a->args.store, clock_now());
}

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
    buf_init(&in->target, 32 * 1024);
    buf_adds(&in->target, evhttp_uri_get_path(uri));
    if (in->query != NULL)
        buf_addf(&in->target, "?%s", in->query);
    buf_init(&in->body, 1u << 20);
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

/* The key of a request that is whose it says; NULL, with the problem. */
static struct agency_key *agencies_trust(struct agencies *a, const struct incoming *in, struct api_problem *p)
{
    const char *what = "";
    struct agency_key *k;
    enum signed_verdict verdict;

    if (signed_shape(&in->head, &what) != SIGNED_GOOD) {
        api_fail(p, API_UNSIGNED, "a header is missing or not of its form: %s", what);
        return NULL;
    }
    k = agencies_key(a, in->head.key);
    verdict = k == NULL ? SIGNED_WRONG
                        : signed_check(&in->head, &in->request, k->key, k->len, clock_now(), a->args.conf->api_window_ms);
    if (verdict == SIGNED_GOOD)
        return k;
    if (verdict == SIGNED_STALE)
        api_fail(p, API_STALE, "the signature is right, but its time is more than %d s from ours, %" PRId64,
                 a->args.conf->api_window_ms / 1000, clock_now() / 1000);
    else
        api_fail(p, API_BAD_SIGNATURE, "%s: sign five lines, time, nonce, method, path with query, body, with no line end "
                 "behind the last", api_error_row(API_BAD_SIGNATURE)->means);
    log_warn("api=%s event=refused code=%s", in->head.key, api_error_row(p->error)->code);
    return NULL;
}

static bool agencies_has_right(const struct agency_key *k, enum api_kind kind, struct api_problem *p)
{
    enum api_right right = kind == API_POST ? API_EVENTS : API_READ;

    if (agencies_may(k, right))
        return true;
    api_fail(p, API_NO_RIGHT, "this key has no right '%s'", api_right_name(right));
    return false;
}

static bool agencies_has_room(const struct agencies *a, const struct agency_key *k, struct api_problem *p)
{
    if (a->under_way < a->args.conf->api && k->under_way < (a->args.conf->api + 1) / 2)
        return true;
    api_fail(p, API_TOO_MANY, "too many requests are under way: send the same again in a second, signed anew");
    return false;
}

/* False: it is refused, and p says why. */
static bool agencies_take(struct agencies *a, const struct incoming *in, struct api_problem *p)
{
    struct agency_key *k = agencies_trust(a, in, p);
    const struct api_request r = {
        in->request.method, in->path, in->query, agencies_header(in, "Idempotency-Key"), in->request.body, in->body.len,
    };
    struct inquiry *q;

    if (k == NULL || !agencies_has_room(a, k, p))
        return false;
    q = xcalloc(1, sizeof *q);
    api_call_init(&q->call);
    if (!api_read(&q->call, &r, p) || !agencies_has_right(k, q->call.kind, p)) {
        api_call_fini(&q->call);
        free(q);
        return false;
    }
    q->id = ++a->last_id;
    q->key = k;
    q->begun = clock_now();
    q->next = a->inquiries;
    q->at = &a->inquiries;
    if (q->next != NULL)
        q->next->at = &q->next;
    a->inquiries = q;
    k->under_way++;
    a->under_way++;
    q->ticket = http_hold(a->args.http, in->req);
    /* strtoll: its form was checked */
    shelf_nonce(a->args.store, k->conf->name, in->head.nonce, strtoll(in->head.time, NULL, 10) * 1000 + a->args.conf->api_window_ms,
                agencies_then(a, q, agencies_on_nonce));
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
    if (agencies_take(a, &in, &p))
        agencies_forget(a);
    else
        agencies_refuse(req, &p);
    incoming_fini(&in);
}

/* --- life ------------------------------------------------------------------------------------------ */

struct agencies *agencies_new(const struct agencies_args *args)
{
    static const unsigned methods = EVHTTP_REQ_GET | EVHTTP_REQ_POST | EVHTTP_REQ_HEAD | EVHTTP_REQ_PUT | EVHTTP_REQ_DELETE |
                                    EVHTTP_REQ_PATCH | EVHTTP_REQ_OPTIONS;
    struct agencies *a = xcalloc(1, sizeof *a);

    a->args = *args;
    a->key_count = args->conf->api_count;
    a->keys = xcalloc((size_t)a->key_count + 1, sizeof *a->keys);
    for (int i = 0; i < a->key_count; i++)
        a->keys[i].conf = &args->conf->apis[i];
    if (args->http != NULL)
        http_route(args->http, API_PREFIX, methods, agencies_on_request, a);
    return a;
}

void agencies_free(struct agencies *a)
{
    if (a == NULL)
        return;
    if (a->args.http != NULL)
        http_route(a->args.http, API_PREFIX, 0, NULL, NULL);
    while (a->inquiries != NULL)
        agencies_close(a, a->inquiries);
    for (int i = 0; i < a->key_count; i++)
        sodium_memzero(a->keys[i].key, sizeof a->keys[i].key);
    free(a->keys);
    free(a);
}
