/*
 * load.c - each phone of a load test walks through the script by itself: a
 * screen that comes moves it on.  New dialogues begin in a tick, never inside
 * a callback of the centre, so that a dial that fails at once cannot recurse.
 */
#include "load.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "handset.h"
#include "hist.h"
#include "now.h"
#include "report.h"
#include "script.h"
#include "telco.h"
#include "ussd.h"

#define TICK_MS 5
#define DRAIN_US 10000000               /* dialogues may end behind the end */
#define SMS_WAIT_MS 20000
#define NOTES_MAX 10

enum load_state { LOAD_RUNS = 0, LOAD_DRAINS, LOAD_DONE, LOAD_STATES };

/* One phone's way through the script. */
struct walker {
    TAILQ_ENTRY(walker) entry;          /* in resting */
    struct load *load;
    struct phone *phone;
    size_t step;                        /* the next */
    size_t sent;                        /* the one whose screen is awaited */
    bool awaits_screen, awaits_sms, running;
    unsigned sms_base;
    struct event timer;                 /* wait, think, sms */
};

struct load {
    struct telco *telco;
    enum load_state state;
    struct script script;
    struct event *tick;
    struct walker *walkers;
    size_t phones, open;
    int rate, think_ms;
    int64_t start_us, warm_us, end_us;  /* figures are of warm..end */
    TAILQ_HEAD(, walker) resting;       /* longest first */
    size_t running, most;
    uint64_t begun, done, failed, round_trips;
    struct hist *steps;                 /* one per step of the script */
    struct hist all;
    size_t note_count;
    char notes[NOTES_MAX][200];
};

static void walk(struct walker *w);

static bool counts(const struct load *l, int64_t now)
{
    return now >= l->warm_us && now < l->end_us;
}

static void rest(struct walker *w)
{
    struct load *l = w->load;

    event_del(&w->timer);
    w->running = w->awaits_screen = w->awaits_sms = false;
    l->running--;
    TAILQ_INSERT_TAIL(&l->resting, w, entry);
    event_active(l->tick, EV_TIMEOUT, 1);
}

static void note(struct walker *w, const char *what)
{
    struct load *l = w->load;
    size_t step = w->step < l->script.count ? w->step : l->script.count - 1;

    l->failed++;
    if (l->note_count < NOTES_MAX)
        snprintf(l->notes[l->note_count++], sizeof(l->notes[0]), "%s line %d: %s; shown: %.100s", w->phone->msisdn,
                 l->script.steps[step].line, what, w->phone->screen);
}

static void give_up(struct walker *w, const char *what)
{
    note(w, what);
    w->awaits_screen = false;
    if (w->phone->live)
        ussd_cancel(w->load->telco, w->phone);
    rest(w);
}

static bool has_sms(const struct walker *w, const char *part)
{
    const struct sms_item *s;

    TAILQ_FOREACH(s, &w->phone->inbox, entry)
        if (s->number > w->sms_base && strstr(s->text, part))
            return true;
    return false;
}

static void set_timer(struct walker *w, int ms)
{
    struct timeval tv = now_tv(ms);

    evtimer_add(&w->timer, &tv);
}

enum outcome { GO_ON = 0, STOP_HERE, WENT_WRONG };

static enum outcome do_step(struct walker *w, const struct step *s)
{
    struct telco *t = w->load->telco;
    struct phone *p = w->phone;
    const char *why;

    switch (s->kind) {
    case STEP_DIAL:
    case STEP_TYPE:
        w->awaits_screen = true;
        w->sent = (size_t)(s - w->load->script.steps);
        if (s->kind == STEP_DIAL ? ussd_dial(t, p, s->text, &why) : ussd_type(t, p, s->text, &why))
            return STOP_HERE;
        w->awaits_screen = false;
        return WENT_WRONG;
    case STEP_SEE:
        return script_sees(p->screen, s->text) ? GO_ON : WENT_WRONG;
    case STEP_LIKE:
        return strstr(p->screen, s->text) ? GO_ON : WENT_WRONG;
    case STEP_ASKS:
        return p->state == PHONE_SHOWN ? GO_ON : WENT_WRONG;
    case STEP_ENDED:
        return p->state == PHONE_ENDED ? GO_ON : WENT_WRONG;
    case STEP_CANCEL:
        ussd_cancel(t, p);
        return GO_ON;
    case STEP_SMS:
        if (has_sms(w, s->text))
            return GO_ON;
        w->awaits_sms = true;
        set_timer(w, SMS_WAIT_MS);
        return STOP_HERE;
    case STEP_WAIT:
        set_timer(w, s->ms);
        return STOP_HERE;
    case STEP_PHONE:
    case STEP_SEND:
    case STEP_FAILED:
    case STEP_KINDS:
        break;
    }
    return WENT_WRONG;
}

static void walk(struct walker *w)
{
    struct load *l = w->load;

    while (w->step < l->script.count) {
        const struct step *s = &l->script.steps[w->step];
        enum outcome o;

        if (s->kind != STEP_SMS)
            w->step++;
        o = do_step(w, s);
        if (o == WENT_WRONG) {
            w->step = (size_t)(s - l->script.steps);
            give_up(w, script_name(s->kind));
        }
        if (o != GO_ON)
            return;
        if (s->kind == STEP_SMS)
            w->step++;
    }
    l->done++;
    if (w->phone->live)
        ussd_cancel(l->telco, w->phone);
    rest(w);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    struct walker *w = arg;

    (void)fd;
    (void)what;
    if (w->awaits_sms)
        give_up(w, "no such message came");
    else
        walk(w);
}

void load_changed(struct telco *t, struct phone *p)
{
    struct walker *w = p->load;
    struct load *l = t->load;
    int64_t now = now_us();

    if (!w->running || p->state == PHONE_WAITING)
        return;
    if (w->awaits_sms) {
        if (has_sms(w, l->script.steps[w->step].text)) {
            w->awaits_sms = false;
            event_del(&w->timer);
            walk(w);
        }
        return;
    }
    if (!w->awaits_screen)
        return;
    if (p->state != PHONE_SHOWN && p->state != PHONE_ENDED) {
        if (p->state == PHONE_FAILED)
            give_up(w, "the network ended it");
        return;
    }
    w->awaits_screen = false;
    if (counts(l, now)) {
        l->round_trips++;
        hist_add(&l->steps[w->sent], now - p->sent_us);
        hist_add(&l->all, now - p->sent_us);
    }
    if (l->think_ms > 0)
        set_timer(w, l->think_ms);
    else
        walk(w);
}

/* How many may begin now. */
static size_t due(const struct load *l, int64_t now)
{
    size_t room = l->open - l->running;
    uint64_t planned;

    if (l->rate == 0)
        return room;
    planned = (uint64_t)((now - l->start_us) / 1000) * (uint64_t)l->rate / 1000;
    if (planned <= l->begun)
        return 0;
    return planned - l->begun < room ? (size_t)(planned - l->begun) : room;
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
    struct load *l = arg;
    int64_t now = now_us();
    size_t n;

    (void)fd;
    (void)what;
    if (l->state == LOAD_RUNS && now >= l->end_us)
        l->state = LOAD_DRAINS;
    if (l->state == LOAD_DRAINS && (l->running == 0 || now >= l->end_us + DRAIN_US)) {
        l->state = LOAD_DONE;
        event_del(l->tick);
    }
    if (l->state != LOAD_RUNS)
        return;
    for (n = due(l, now); n > 0 && !TAILQ_EMPTY(&l->resting); n--) {
        struct walker *w = TAILQ_FIRST(&l->resting);

        TAILQ_REMOVE(&l->resting, w, entry);
        w->running = true;
        w->step = 0;
        w->sms_base = w->phone->sms_total;
        l->begun++;
        l->running++;
        if (l->running > l->most)
            l->most = l->running;
        walk(w);
    }
}

static json_int_t number(const json_t *args, const char *name, json_int_t initial)
{
    const json_t *v = json_object_get(args, name);

    return v ? (json_is_integer(v) ? json_integer_value(v) : -1) : initial;
}

static bool make_walkers(struct load *l, const char *first, char *error, size_t size)
{
    char digits[16];
    long long base;

    if (!phone_number(first, digits)) {
        snprintf(error, size, "first: expected 7 to 15 digits");
        return false;
    }
    base = strtoll(digits, NULL, 10);
    l->walkers = calloc(l->phones, sizeof(*l->walkers));
    if (!l->walkers)
        abort();
    for (size_t i = 0; i < l->phones; i++) {
        struct walker *w = &l->walkers[i];

        snprintf(digits, sizeof(digits), "%lld", base + (long long)i);
        w->load = l;
        w->phone = phone_get(l->telco->handsets, digits);
        if (!w->phone) {
            snprintf(error, size, "phones: the table of phones is full");
            return false;
        }
        w->phone->load = w;
        evtimer_assign(&w->timer, l->telco->base, on_timer, w);
        TAILQ_INSERT_TAIL(&l->resting, w, entry);
    }
    return true;
}

static bool check_script(const struct script *s, char *error, size_t size)
{
    bool dials = false;

    for (size_t i = 0; i < s->count; i++) {
        dials = dials || s->steps[i].kind == STEP_DIAL;
        if (s->steps[i].kind == STEP_PHONE || s->steps[i].kind == STEP_SEND || s->steps[i].kind == STEP_FAILED) {
            snprintf(error, size, "script: line %d: '%s' is not for a load test", s->steps[i].line,
                     script_name(s->steps[i].kind));
            return false;
        }
    }
    if (!dials)
        snprintf(error, size, "script: never dials");
    return dials;
}

bool load_start(struct telco *t, const json_t *args, char *error, size_t size)
{
    json_int_t phones = number(args, "phones", 100), open = number(args, "open", phones), rate = number(args, "rate", 0),
               seconds = number(args, "seconds", 10), warmup = number(args, "warmup", 0), think = number(args, "think", 0);
    const char *source = json_string_value(json_object_get(args, "script"));
    const char *first = json_string_value(json_object_get(args, "first"));
    struct timeval tv = now_tv(TICK_MS);
    struct load *l;

    if (t->load && t->load->state != LOAD_DONE) {
        snprintf(error, size, "a load test runs");
        return false;
    }
    if (phones < 1 || phones > t->conf.phones_max || open < 1 || open > phones || rate < 0 || rate > 1000000 ||
        seconds < 1 || seconds > 3600 || warmup < 0 || warmup > 600 || think < 0 || think > 600000 || !source) {
        snprintf(error, size, "expected script, phones 1..%d, open 1..phones, rate 0..1000000, seconds 1..3600, "
                 "warmup 0..600, think 0..600000", t->conf.phones_max);
        return false;
    }
    load_stop(t);
    l = calloc(1, sizeof(*l));
    if (!l)
        abort();
    TAILQ_INIT(&l->resting);
    l->telco = t;
    l->phones = (size_t)phones;
    l->open = (size_t)open;
    l->rate = (int)rate;
    l->think_ms = (int)think;
    t->load = l;
    if (!script_parse(&l->script, source, error, size) || !check_script(&l->script, error, size) ||
        !make_walkers(l, first ? first : "8801900000000", error, size)) {
        load_stop(t);
        return false;
    }
    l->steps = calloc(l->script.count, sizeof(*l->steps));
    l->tick = event_new(t->base, -1, EV_PERSIST, on_tick, l);
    if (!l->steps || !l->tick)
        abort();
    l->start_us = now_us();
    l->warm_us = l->start_us + warmup * 1000000;
    l->end_us = l->warm_us + seconds * 1000000;
    event_add(l->tick, &tv);
    event_active(l->tick, EV_TIMEOUT, 1);
    return true;
}

void load_stop(struct telco *t)
{
    struct load *l = t->load;

    if (!l)
        return;
    t->load = NULL;
    for (size_t i = 0; l->walkers && i < l->phones; i++) {
        struct walker *w = &l->walkers[i];

        if (!w->phone)
            break;
        event_del(&w->timer);
        w->phone->load = NULL;
        if (w->phone->live)
            ussd_cancel(t, w->phone);
    }
    if (l->tick)
        event_free(l->tick);
    script_free(&l->script);
    free(l->steps);
    free(l->walkers);
    free(l);
}

json_t *load_json(struct telco *t)
{
    static const char *const names[LOAD_STATES] = { "runs", "drains", "done" };
    const struct load *l = t->load;
    json_t *steps = json_array(), *notes = json_array();
    int64_t now = now_us(), end;
    double seconds;

    if (!l) {
        json_decref(steps);
        json_decref(notes);
        return json_pack("{s:s}", "state", "none");
    }
    end = now < l->end_us ? now : l->end_us;
    seconds = end > l->warm_us ? (double)(end - l->warm_us) / 1e6 : 0.0;
    for (size_t i = 0; i < l->script.count; i++) {
        json_t *o;

        if (l->script.steps[i].kind != STEP_DIAL && l->script.steps[i].kind != STEP_TYPE)
            continue;
        o = report_hist_json(&l->steps[i]);
        json_object_set_new(o, "line", json_integer(l->script.steps[i].line));
        json_object_set_new(o, "step", json_sprintf("%s %s", script_name(l->script.steps[i].kind), l->script.steps[i].text));
        json_array_append_new(steps, o);
    }
    for (size_t i = 0; i < l->note_count; i++) {
        /* a screen may have been cut inside a character */
        json_t *s = json_string(l->notes[i]);

        json_array_append_new(notes, s ? s : json_string(l->walkers[0].phone->msisdn));
    }
    return json_pack("{s:s, s:I, s:I, s:i, s:I, s:I, s:I, s:I, s:I, s:f, s:f, s:o, s:o, s:o}", "state", names[l->state],
                     "phones", (json_int_t)l->phones, "open", (json_int_t)l->open, "rate", l->rate, "most_open",
                     (json_int_t)l->most, "dialogues", (json_int_t)l->begun, "completed", (json_int_t)l->done, "failed",
                     (json_int_t)l->failed, "round_trips", (json_int_t)l->round_trips, "seconds", seconds, "per_second",
                     seconds > 0 ? (double)l->round_trips / seconds : 0.0, "all", report_hist_json(&l->all), "steps", steps,
                     "failures", notes);
}
