#include "app/inquiries.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/desk.h"
#include "app/generations.h"
#include "app/pages.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/stamp.h"
#include "base/stats.h"
#include "store/shelf.h"
#include "wire/http.h"

#define INQUIRIES_ANSWER_MAX (2u << 20) /* octets */
#define INQUIRIES_PAGE_MAX (1u << 20)   /* octets of cases, after which a page ends early */
#define INQUIRIES_EVENTS 100            /* that come with a case */
/* A change may be seen so long after the time that it bears: who goes on from
 * 'since' asks for that much again. */
#define INQUIRIES_LATE_MS 10000
#define INQUIRIES_JSON "application/json"

_Static_assert(API_FIELDS_MAX <= DESK_FIELDS_MAX, "an order holds the fields of an event");

/* One request, held. */
struct inquiry {
    struct inquiry *next, **at;         /* *at == this */
    uint64_t id;
    uint64_t ticket;                    /* of http */
    struct apikey *key;
    int64_t begun;
    struct shelf_done done;
    struct api_call call;
};

struct inquiries {
    struct inquiries_args args;
    struct inquiry *list;
    int under_way;
    uint64_t last_id;
};

/* --- answers ------------------------------------------------------------------------------ */

static void inquiries_close(struct inquiries *s, struct inquiry *q)
{
    *q->at = q->next;
    if (q->next != NULL)
        q->next->at = q->at;
    q->key->under_way--;
    s->under_way--;
    api_call_fini(&q->call);
    free(q);
}

static void inquiries_answer(struct inquiries *s, struct inquiry *q, int status, json_t *body_take)
{
    struct buf out;

    buf_init(&out, INQUIRIES_ANSWER_MAX);
    pages_write(body_take, &out);
    (void)http_finish(s->args.http, q->ticket, status, INQUIRIES_JSON, buf_str(&out), out.len);
    buf_fini(&out);
    inquiries_close(s, q);
}

/* extra: members of the error, taken; NULL none. */
static void inquiries_fail(struct inquiries *s, struct inquiry *q, const struct api_problem *p, json_t *extra_take)
{
    json_t *body = pages_problem(p);

    if (extra_take != NULL)
        (void)json_object_update(json_object_get(body, "error"), extra_take);
    json_decref(extra_take);
    stats_inc(api_refused);
    if (p->error == API_AWAY)
        (void)http_header(s->args.http, q->ticket, "Retry-After", "5");
    inquiries_answer(s, q, api_error_row(p->error)->status, body);
}

static void inquiries_away(struct inquiries *s, struct inquiry *q)
{
    struct api_problem p;

    api_fail(&p, API_AWAY, "the database is away: send the same again in a few seconds, signed anew");
    inquiries_fail(s, q, &p, NULL);
}

static void inquiries_no_case(struct inquiries *s, struct inquiry *q)
{
    struct api_problem p;

    api_fail(&p, API_NO_CASE, "%s", api_error_row(API_NO_CASE)->means);
    inquiries_fail(s, q, &p, NULL);
}

static struct inquiry *inquiries_find(const struct inquiries *s, uint64_t id)
{
    struct inquiry *q = s->list;

    while (q != NULL && q->id != id)
        q = q->next;
    return q;
}

static struct shelf_done *inquiries_then(struct inquiries *s, struct inquiry *q, shelf_fn fn)
{
    q->done = (struct shelf_done){ fn, s, q->id };
    return &q->done;
}

/* --- reading --------------------------------------------------------------------------------- */

/* The menus that know a case's service: the current ones, else those it was
 * opened under, if they are in memory. */
static const struct menu *inquiries_menu(const struct inquiries *s, const struct casefile *f)
{
    const struct menu *m = generations_current(s->args.generations);
    const struct menu *own;
    bool missing;

    if (desk_knows(m, f))
        return m;
    own = generations_find(s->args.generations, f->generation, &missing);
    return own != NULL && desk_knows(own, f) ? own : m;
}

/* place NULL: of events. */
static json_t *inquiries_page_target(const struct inquiry *q, const struct api_place *place)
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

static void inquiries_go_to(struct api_place *place, const struct casefile *f)
{
    place->at = place->order == API_BY_CHANGE ? f->changed : f->created;
    place->number = f->number;
}

/* Cases until the page or the answer is full; *place: the last that is in it, or was looked at.  True: there are more. */
static bool inquiries_fill(const struct inquiries *s, const struct inquiry *q, const struct shelf_answer *r, json_t *cases,
                          struct api_place *place)
{
    size_t size = 0;

    for (int i = 0; i < r->count && i < q->call.limit; i++) {
        struct casefile f;
        json_t *page;

        shelf_file(r->rows, i, &f);
        if (!shelf_fits(r->rows, i)) {  /* the last one that was looked at */
            inquiries_go_to(place, &f);
            return true;
        }
        page = pages_case(&f, inquiries_menu(s, &f), apikey_may(q->key, API_PHONES));
        size += pages_size(page);
        if (i > 0 && size > INQUIRIES_PAGE_MAX) {
            json_decref(page);
            return true;
        }
        (void)json_array_append_new(cases, page);
        inquiries_go_to(place, &f);
        if (shelf_cuts(r->rows, i))
            return true;
    }
    return r->count > q->call.limit;
}

static void inquiries_on_list(void *arg, uint64_t id, const struct shelf_answer *r)
{
    struct inquiries *s = arg;
    struct inquiry *q = inquiries_find(s, id);
    json_t *body, *cases;
    struct api_place place;
    char stamp[STAMP_SIZE];
    bool more;

    if (q == NULL)
        return;
    if (r->lost) {
        inquiries_away(s, q);
        return;
    }
    place = q->call.place;
    place.order = q->call.since != API_NO_TIME ? API_BY_CHANGE : API_BY_CREATION;
    place.begun = q->call.goes_on ? q->call.place.begun : q->begun;
    body = json_object();
    cases = json_array();
    more = inquiries_fill(s, q, r, cases, &place);
    (void)json_object_set_new(body, "cases", cases);
    (void)json_object_set_new(body, "next", more ? inquiries_page_target(q, &place) : json_null());
    (void)json_object_set_new(body, "since",
                              more ? json_null() : json_string(stamp_write(stamp, place.begun - INQUIRIES_LATE_MS)));
    inquiries_answer(s, q, 200, body);
}

static void inquiries_list(struct inquiries *s, struct inquiry *q)
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

    shelf_list(s->args.store, &list, inquiries_then(s, q, inquiries_on_list));
}

/* A case with its events, or its events alone. */
static void inquiries_on_case(void *arg, uint64_t id, const struct shelf_answer *r)
{
    struct inquiries *s = arg;
    struct inquiry *q = inquiries_find(s, id);
    json_t *body, *events;
    struct casefile f;

    if (q == NULL)
        return;
    if (r->lost || r->count == 0) {
        if (r->lost)
            inquiries_away(s, q);
        else
            inquiries_no_case(s, q);
        return;
    }
    shelf_file(r->rows, 0, &f);
    body = q->call.kind == API_CASE ? pages_case(&f, inquiries_menu(s, &f), apikey_may(q->key, API_PHONES)) : json_object();
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
    (void)json_object_set_new(body, "next", r->count > q->call.limit ? inquiries_page_target(q, NULL) : json_null());
    inquiries_answer(s, q, 200, body);
}

static void inquiries_case(struct inquiries *s, struct inquiry *q)
{
    if (q->call.kind == API_CASE)
        q->call.limit = INQUIRIES_EVENTS;
    shelf_case(s->args.store, q->key->conf->agency, q->call.number, q->call.after, q->call.limit + 1,
               inquiries_then(s, q, inquiries_on_case));
}

/* --- events ------------------------------------------------------------------------------------ */

/* The same key again must ask for the same: what it did then is told. */
static bool inquiries_is_same(const struct api_call *c, const struct casefile_event *e)
{
    return strcmp(e->note, buf_str(&c->note)) == 0 && (c->state[0] == '\0' || strcmp(e->state, c->state) == 0);
}

static void inquiries_posted(struct inquiries *s, struct inquiry *q, const struct desk_answer *d)
{
    struct api_problem p;
    json_t *body;
    char number[24];

    if (!inquiries_is_same(&q->call, &d->event)) {
        api_fail(&p, API_KEY_REUSED, "%s: take a new one for what is new", api_error_row(API_KEY_REUSED)->means);
        inquiries_fail(s, q, &p, NULL);
        return;
    }
    if (d->outcome == DESK_REPEATED)
        (void)http_header(s->args.http, q->ticket, "Idempotent-Replayed", "true");
    body = json_object();
    (void)snprintf(number, sizeof number, "%" PRId64, q->call.number);
    (void)json_object_set_new(body, "number", json_string(number));
    (void)json_object_set_new(body, "event", pages_event(d->file, &d->event));
    inquiries_answer(s, q, 201, body);
}

/* Where it stands, and where this agency may move it from there. */
static json_t *inquiries_ways(const struct desk_answer *d)
{
    json_t *out = json_object(), *moves = json_array();

    for (int i = 0; i < d->move_count; i++)
        (void)json_array_append_new(moves, json_string(d->moves[i]));
    if (d->file != NULL)
        (void)json_object_set_new(out, "state", json_string(d->file->state));
    (void)json_object_set_new(out, "moves", moves);
    return out;
}

static void inquiries_not_posted(struct inquiries *s, struct inquiry *q, const struct desk_answer *d, enum api_error e)
{
    const char *means = api_error_row(e)->means;
    struct api_problem p;

    if (e == API_NOT_NOW || e == API_NOT_YOURS)
        api_fail(&p, e, "%s: 'state' says where it stands, 'moves' where it can go", means);
    else if (e == API_NO_FIELD)
        api_fail(&p, e, "%s: '%s'", means, d->field);
    else
        api_fail(&p, e, "%s", means);
    inquiries_fail(s, q, &p, e == API_NOT_NOW || e == API_NOT_YOURS ? inquiries_ways(d) : NULL);
}

static void inquiries_on_order(void *arg, uint64_t id, const struct desk_answer *d)
{
    static const enum api_error errors[DESK_OUTCOMES] = {
        [DESK_NO_CASE] = API_NO_CASE,     [DESK_NO_STATE] = API_NO_STATE,  [DESK_NOT_NOW] = API_NOT_NOW,
        [DESK_NOT_YOURS] = API_NOT_YOURS, [DESK_NO_FIELD] = API_NO_FIELD,  [DESK_BAD_ORDER] = API_BAD_BODY,
        [DESK_NO_REPLY] = API_BAD_BODY,   [DESK_NO_MENUS] = API_NOT_NOW,    [DESK_AWAY] = API_AWAY,
    };
    struct inquiries *s = arg;
    struct inquiry *q = inquiries_find(s, id);

    if (q == NULL)
        return;
    if (d->outcome == DESK_DONE || d->outcome == DESK_REPEATED)
        inquiries_posted(s, q, d);
    else if (d->outcome == DESK_AWAY)
        inquiries_away(s, q);
    else
        inquiries_not_posted(s, q, d, errors[d->outcome]);
}

static void inquiries_post(struct inquiries *s, struct inquiry *q)
{
    const struct api_call *c = &q->call;
    const char *agency = q->key->conf->agency;
    char key[CASEFILE_KEY_MAX + 1];
    struct desk_field fields[API_FIELDS_MAX];
    const struct desk_order order = {
        .number = c->number,
        .key = key,
        .kind = DESK_AGENCY,
        .actor = c->by.len > 0 ? buf_str(&c->by) : agency,
        .agency = agency,
        .from = c->from[0] != '\0' ? c->from : NULL,
        .to = c->state,
        .note = buf_str(&c->note),
        .fields = fields,
        .field_count = c->field_count,
        .at = clock_now(),
    };

    _Static_assert(sizeof "api//" + API_NAME_MAX + API_KEY_MAX <= sizeof key, "a key holds both");
    for (int i = 0; i < c->field_count; i++)
        fields[i] = (struct desk_field){ c->fields[i].name, buf_str(&c->values) + c->fields[i].at };
    (void)snprintf(key, sizeof key, "api/%s/%s", agency, c->key);
    desk_order(s->args.desk, &order, &(struct desk_done){ inquiries_on_order, s, q->id });
}

/* --- the beginning ------------------------------------------------------------------------------ */

static void inquiries_go_on(struct inquiries *s, struct inquiry *q)
{
    switch (q->call.kind) {
    case API_LIST:
        inquiries_list(s, q);
        return;
    case API_CASE:
    case API_HISTORY:
        inquiries_case(s, q);
        return;
    case API_POST:
        inquiries_post(s, q);
        return;
    case API_SERVICES:
        inquiries_answer(s, q, 200, pages_services(generations_current(s->args.generations), q->key->conf->agency));
        return;
    case API_KINDS:
        break;
    }
    abort();
}

static void inquiries_on_nonce(void *arg, uint64_t id, const struct shelf_answer *r)
{
    struct inquiries *s = arg;
    struct inquiry *q = inquiries_find(s, id);
    struct api_problem p;

    if (q == NULL)
        return;
    if (r->lost) {
        inquiries_away(s, q);
    } else if (r->count == 0) {
        log_warn("api=%s event=refused code=replayed", q->key->conf->name);
        api_fail(&p, API_REPLAYED, "%s", api_error_row(API_REPLAYED)->means);
        inquiries_fail(s, q, &p, NULL);
    } else {
        inquiries_go_on(s, q);
    }
}

void inquiries_begin(struct inquiries *s, struct evhttp_request *req, struct apikey *key, const char *nonce, int64_t until,
                     struct api_call *call_take)
{
    struct inquiry *q = xcalloc(1, sizeof *q);

    q->id = ++s->last_id;
    q->key = key;
    q->begun = clock_now();
    q->call = *call_take;
    q->next = s->list;
    q->at = &s->list;
    if (q->next != NULL)
        q->next->at = &q->next;
    s->list = q;
    key->under_way++;
    s->under_way++;
    q->ticket = http_hold(s->args.http, req);
    shelf_nonce(s->args.store, key->conf->name, nonce, until, inquiries_then(s, q, inquiries_on_nonce));
}

/* --- life ---------------------------------------------------------------------------------------- */

struct inquiries *inquiries_new(const struct inquiries_args *args)
{
    struct inquiries *s = xcalloc(1, sizeof *s);

    s->args = *args;
    return s;
}

void inquiries_free(struct inquiries *s)
{
    if (s == NULL)
        return;
    while (s->list != NULL)
        inquiries_close(s, s->list);
    free(s);
}

bool inquiries_has_room(const struct inquiries *s, const struct apikey *key)
{
    return s->under_way < s->args.max && key->under_way < (s->args.max + 1) / 2;
}

bool inquiries_is_idle(const struct inquiries *s)
{
    return s->under_way == 0;
}
