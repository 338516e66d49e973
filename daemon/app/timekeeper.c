#include "app/timekeeper.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/generations.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/event.h"
#include "base/log.h"
#include "base/stats.h"
#include "engine/deadline.h"
#include "menu/template.h"
#include "store/store.h"
#include "store/wakes.h"

#define TIMEKEEPER_TAKE 128             /* cases taken at a time */
#define TIMEKEEPER_REST_MS 1000         /* after a take that found nothing */
#define TIMEKEEPER_SWEEP 1000           /* cases woken at a time */
#define TIMEKEEPER_LOST_MS (INT64_C(24) * 3600 * 1000)  /* till one that no menus know is looked at again */
#define TIMEKEEPER_ACTOR ""             /* kind clock says it */

/* A step or an expiry that the desk was asked for, until it answers. */
struct timekeeper_order {
    struct timekeeper *owner;           /* NULL: free */
    const struct menu *menu;
    struct wakes_set put;               /* as it is to be when it is done */
    char msisdn[EVENT_MSISDN_MAX];
    char office[80];                    /* that it is with after this step */
    char to[80];                        /* whom this step passes it on to; "" nobody */
    char key[DEADLINE_KEY_SIZE];
    int64_t due;
    int done;                           /* steps, with this one */
    int seq;                            /* of the case when it was taken */
    bool expires;
};

struct timekeeper {
    struct timekeeper_args args;
    struct wakes_teller teller;
    struct timekeeper_order orders[TIMEKEEPER_TAKE];
    int open;                           /* orders not answered */
    bool taking;
    int64_t next;                       /* clock_mono(): not before */
    /* counting all anew */
    bool sweeping;
    bool waits;                         /* for an answer of the sweep */
    int64_t calendar, menus;            /* by which it is done */
    int64_t wake, bucket, number;       /* how far it came */
};

/* --- one case -------------------------------------------------------------------------- */

static const struct menu_service *timekeeper_service(const struct menu *m, const struct wakes_case *c)
{
    const struct casefile f = { .service = c->service, .state = c->state };

    for (int i = 0; m != NULL && desk_knows(m, &f) && i < m->service_count; i++)
        if (strcmp(m->services[i].name, c->service) == 0)
            return &m->services[i];
    return NULL;
}

/* The menus that say its days: the current ones, else its own; *wait: they are being fetched. */
static const struct menu *timekeeper_menu(struct timekeeper *t, const struct wakes_case *c, bool *wait)
{
    const struct menu *m = generations_current(t->args.generations);
    bool missing = true;

    *wait = false;
    if (timekeeper_service(m, c) != NULL)
        return m;
    if (c->generation != 0)
        m = generations_find(t->args.generations, c->generation, &missing);
    if (m != NULL && timekeeper_service(m, c) != NULL) {
        generations_use(t->args.generations, m);
        return m;
    }
    *wait = !missing && m == NULL && c->generation != 0;
    if (*wait)
        store_sources(t->args.store, c->generation);
    return NULL;
}

/* "AT STATE,AT STATE" to events; text is cut up. */
static int timekeeper_history(char *text, struct deadline_event events[DEADLINE_EVENTS_MAX])
{
    int n = 0;
    char *rest = text;

    for (char *item; n < DEADLINE_EVENTS_MAX && (item = strsep(&rest, ",")) != NULL;) {
        char *state;

        events[n].at = strtoll(item, &state, 10);
        if (*state != ' ')
            break;
        events[n++].state = state + 1;
    }
    return n;
}

static void timekeeper_put(struct timekeeper *t, const struct wakes_case *c, const struct menu_service *s,
                           const struct deadline *d)
{
    const struct wakes_set put = {
        .number = c->number, .msisdn = c->msisdn, .seq = c->seq, .due = d->due, .overdue = d->done,
        .office = deadline_office(s, d->done), .wake = d->act == DEADLINE_OVER ? WAKES_NEVER : d->wake,
        .lease = c->lease,
    };

    wakes_put(t->args.store, &put);
}

static const char *timekeeper_note(const struct menu *m, const struct menu_overdue *step, const char *lang)
{
    int i = menu_lang_find(m, lang);
    size_t len;
    struct gsm_cost cost;
    const char *text = template_constant(template_of(step->text, i >= 0 ? i : 0), &len, &cost);

    return text != NULL ? text : "";
}

/* --- orders ----------------------------------------------------------------------------- */

/* Before the step is put down: who falls in between does it again, and they are told once. */
static void timekeeper_pass_on(const struct timekeeper *t, const struct timekeeper_order *o)
{
    char cause[96], bn[256], en[256];
    const struct wakes_passed passed = { o->put.number, o->put.msisdn, o->to, cause, bn, en, clock_now() };

    snprintf(cause, sizeof cause, "case/%" PRId64 "/%s", o->put.number, o->key);
    snprintf(bn, sizeof bn, "333: %" PRId64 " নম্বরের উত্তর সময়ে দেওয়া হয়নি। বিষয়টি এখন আপনার কাছে।", o->put.number);
    snprintf(en, sizeof en, "333: No answer in time to case %" PRId64 ". It is passed on to you.", o->put.number);
    wakes_pass_on(t->args.store, &passed);
}

static void timekeeper_on_done(void *arg, uint64_t ticket, const struct desk_answer *a)
{
    struct timekeeper_order *o = arg;
    struct timekeeper *t = o->owner;

    (void)ticket;
    o->owner = NULL;
    t->open--;
    if (a->outcome == DESK_DONE && o->expires)
        stats_inc(cases_expired);
    else if (a->outcome == DESK_DONE)
        stats_inc(cases_overdue);
    if (a->outcome == DESK_AWAY)
        return;                         /* again, when its lease is over */
    if (a->outcome != DESK_DONE && a->outcome != DESK_REPEATED) {
        /* somebody moved it meanwhile, and it woke itself; or the menus do not let the clock */
        o->put.seq = o->seq;
        o->put.wake = clock_now() + TIMEKEEPER_LOST_MS;
    } else if (o->expires || a->file == NULL) {
        return;                         /* it stands in another state now, and woke itself */
    } else {
        o->put.seq = a->file->seq;
        o->put.lease = 0;               /* our own event woke it */
        o->put.due = o->due;
        o->put.overdue = o->done;
        if (o->to[0] != '\0')
            timekeeper_pass_on(t, o);
    }
    wakes_put(t->args.store, &o->put);
}

static struct timekeeper_order *timekeeper_order_new(struct timekeeper *t, const struct menu *m, const struct wakes_case *c)
{
    for (int i = 0; i < TIMEKEEPER_TAKE; i++) {
        struct timekeeper_order *o = &t->orders[i];

        if (o->owner != NULL)
            continue;
        *o = (struct timekeeper_order){ .owner = t, .menu = m };
        snprintf(o->msisdn, sizeof o->msisdn, "%s", c->msisdn);
        o->put = (struct wakes_set){ .number = c->number, .msisdn = o->msisdn, .office = o->office, .due = c->due,
                                     .overdue = c->overdue, .lease = c->lease };
        o->seq = c->seq;
        t->open++;
        return o;
    }
    return NULL;                        /* no more are taken than there are places */
}

static void timekeeper_overdue(struct timekeeper *t, const struct menu *m, const struct menu_service *s,
                               const struct wakes_case *c, const struct deadline *d)
{
    const struct menu_overdue *step = &s->overdue[d->done];
    struct timekeeper_order *o = timekeeper_order_new(t, m, c);
    const struct desk_order order = {
        .number = c->number, .key = d->key, .kind = DESK_CLOCK, .actor = step->to, .note = timekeeper_note(m, step, c->lang),
        .sms = step->sms != MENU_NONE ? m->sms[step->sms].name : NULL, .at = clock_now(), .from = c->state,
    };

    if (o == NULL)
        return;
    snprintf(o->office, sizeof o->office, "%s", deadline_office(s, d->done + 1));
    snprintf(o->to, sizeof o->to, "%s", step->to);
    memcpy(o->key, d->key, sizeof o->key);
    o->due = d->due;
    o->done = d->done + 1;
    desk_order(t->args.desk, &order, &(struct desk_done){ timekeeper_on_done, o, 0 });
}

static void timekeeper_expire(struct timekeeper *t, const struct menu *m, const struct menu_service *s,
                              const struct wakes_case *c, const struct deadline *d)
{
    struct timekeeper_order *o = timekeeper_order_new(t, m, c);
    const struct desk_order order = {
        .number = c->number, .key = d->key, .kind = DESK_CLOCK, .actor = TIMEKEEPER_ACTOR, .at = clock_now(),
        .from = c->state, .to = s->states[d->state->expires_to].name,
    };

    if (o == NULL)
        return;
    o->expires = true;
    desk_order(t->args.desk, &order, &(struct desk_done){ timekeeper_on_done, o, 0 });
}

/* --- looks ---------------------------------------------------------------------------------- */

static void timekeeper_look(struct timekeeper *t, const struct menu *m, const struct menu_service *s,
                            const struct wakes_case *c, char *history)
{
    struct deadline_event events[DEADLINE_EVENTS_MAX];
    const struct deadline_args args = {
        .menu = m, .service = s, .calendar = almanac_calendar(t->args.almanac), .events = events,
        .event_count = timekeeper_history(history, events), .done = c->overdue, .more = c->more,
        .now = clock_now(),
    };
    struct deadline d = { .act = DEADLINE_OVER };
    char mask[LOG_MASK_SIZE];

    if (args.event_count > 0 && strcmp(events[args.event_count - 1].state, c->state) == 0)
        d = deadline_of(&args);
    else
        log_err("case=%s event=no_history reason=\"more than %d events, or none\"", log_mask_case(mask, c->number),
                DEADLINE_EVENTS_MAX);
    switch (d.act) {
    case DEADLINE_WAIT:
    case DEADLINE_OVER:
        timekeeper_put(t, c, s, &d);
        break;
    case DEADLINE_OVERDUE:
        timekeeper_overdue(t, m, s, c, &d);
        break;
    case DEADLINE_EXPIRE:
        timekeeper_expire(t, m, s, c, &d);
        break;
    case DEADLINE_ACTS:
        abort();
    }
}

static void timekeeper_on_taken(void *arg, const struct wakes_case *c)
{
    struct timekeeper *t = arg;
    bool wait;
    const struct menu *m = timekeeper_menu(t, c, &wait);
    char *history;

    if (m == NULL) {
        const struct wakes_set put = { .number = c->number, .msisdn = c->msisdn, .seq = c->seq, .due = c->due,
                                       .overdue = c->overdue, .office = "", .wake = clock_now() + TIMEKEEPER_LOST_MS,
                                       .lease = c->lease };

        if (!wait)
            wakes_put(t->args.store, &put);
        return;
    }
    history = xstrdup(c->history);
    timekeeper_look(t, m, timekeeper_service(m, c), c, history);
    free(history);
}

static void timekeeper_on_all_taken(void *arg, int count)
{
    struct timekeeper *t = arg;

    t->taking = false;
    if (count <= 0)
        t->next = clock_mono() + TIMEKEEPER_REST_MS;
}

/* --- all anew ---------------------------------------------------------------------------------- */

static void timekeeper_on_swept(void *arg, int count, int64_t wake, int64_t bucket, int64_t number)
{
    struct timekeeper *t = arg;

    t->waits = false;
    if (count < 0)
        return;
    t->wake = wake;
    t->bucket = bucket;
    t->number = number;
    t->next = 0;
    if (count == TIMEKEEPER_SWEEP)
        return;
    t->sweeping = false;
    days_counted(t->args.store, t->calendar, t->menus);
    log_info("calendar=%" PRId64 " generation=%016" PRIx64 " event=days_counted_anew", t->calendar, (uint64_t)t->menus);
}

/* Another calendar or other menus than those by which the days were counted: all
 * cases that wait for something wake, some at a time, when those woken before
 * have been looked at.  Who falls begins again. */
static void timekeeper_sweep(struct timekeeper *t)
{
    const struct days_editions *e = almanac_editions(t->args.almanac);
    int64_t menus = generations_current(t->args.generations)->generation;

    if (t->waits)
        return;
    if (t->sweeping ? e->calendar != t->calendar || menus != t->menus
                    : (e->calendar != e->clock_calendar || menus != e->clock_menus) &&
                          (e->calendar != t->calendar || menus != t->menus)) {
        t->sweeping = true;
        t->calendar = e->calendar;
        t->menus = menus;
        t->wake = t->bucket = t->number = 0;
    }
    if (!t->sweeping)
        return;
    t->waits = true;
    wakes_sweep(t->args.store, t->wake, t->bucket, t->number, TIMEKEEPER_SWEEP, &t->teller);
}

/* --- life ----------------------------------------------------------------------------------------- */

static const struct wakes_ops timekeeper_ops = {
    .taken = timekeeper_on_taken,
    .done = timekeeper_on_all_taken,
    .swept = timekeeper_on_swept,
};

struct timekeeper *timekeeper_new(const struct timekeeper_args *args)
{
    struct timekeeper *t = xcalloc(1, sizeof *t);

    t->args = *args;
    t->teller = (struct wakes_teller){ &timekeeper_ops, t };
    return t;
}

void timekeeper_free(struct timekeeper *t)
{
    free(t);
}

void timekeeper_tick(struct timekeeper *t)
{
    if (almanac_calendar(t->args.almanac) == NULL || t->taking || t->open > 0)
        return;
    if (clock_mono() < t->next) {
        timekeeper_sweep(t);            /* nothing is to be looked at */
        return;
    }
    t->taking = true;
    wakes_take(t->args.store, TIMEKEEPER_TAKE, almanac_editions(t->args.almanac)->calendar, &t->teller);
}
