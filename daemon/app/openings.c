#include "app/openings.h"

#include <inttypes.h>
#include <stdlib.h>

#include "app/generations.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "engine/windows.h"
#include "menu/template.h"
#include "store/store.h"
#include "store/waits.h"

#define OPENINGS_LOOK_MS 3000
#define OPENINGS_AT_ONCE 500            /* messages of a service that go into the outbox at a time */
#define OPENINGS_PLACES_MAX 8192        /* with windows of their own, of one service */

struct openings {
    struct openings_args args;
    struct waits_teller teller;
    int64_t next;                       /* clock_mono(): of the next round */
    int service;                        /* of the round, the next to be looked at */
    bool waits;                         /* for an answer */
};

/* Places of one service while it is looked at. */
struct openings_places {
    const struct windows *windows;
    const struct menu_service *service;
    int32_t today;
    const char *open[OPENINGS_PLACES_MAX], *own[OPENINGS_PLACES_MAX];
    int open_count, own_count;
};

static void openings_place(void *arg, const char *place)
{
    struct openings_places *p = arg;

    if (p->own_count == OPENINGS_PLACES_MAX)
        return;
    p->own[p->own_count++] = place;
    if (windows_is_open(p->windows, p->service, place, p->today))
        p->open[p->open_count++] = place;
}

static void openings_look(struct openings *o, const struct menu *m, const struct menu_service *s)
{
    struct openings_places *p = xcalloc(1, sizeof *p);
    const struct menu_sms *sms = &m->sms[s->opened];
    const char *langs[MENU_LANGS_MAX], *texts[MENU_LANGS_MAX];
    struct waits_opened told = { .service = s->name, .class = sms->class, .open = p->open, .own = p->own, .langs = langs,
                                 .texts = texts, .at = clock_now(), .max = OPENINGS_AT_ONCE };

    p->windows = almanac_windows(o->args.almanac);
    p->service = s;
    p->today = clock_day(told.at, m->utc_offset_min);
    windows_each_place(p->windows, s, openings_place, p);
    told.country = windows_is_open(p->windows, s, "", p->today);
    told.open_count = p->open_count;
    told.own_count = p->own_count;
    for (int i = 0; i < m->lang_count; i++) {
        size_t len;
        struct gsm_cost cost;

        if (!m->langs[i].sms)
            continue;
        langs[told.lang_count] = m->langs[i].id;
        texts[told.lang_count] = template_constant(template_of(sms->text, i), &len, &cost);
        told.lang_count += texts[told.lang_count] != NULL;
    }
    if (told.lang_count > 0 && (told.country || told.open_count > 0)) {
        o->waits = true;
        waits_tell(o->args.store, 0, &told, &o->teller);
    }
    free(p);
}

static void openings_on_told(void *arg, uint64_t ticket, int count)
{
    struct openings *o = arg;

    (void)ticket;
    o->waits = false;
    if (count > 0)
        log_info("event=told_those_who_waited count=%d", count);
    if (count == OPENINGS_AT_ONCE && o->service > 0)
        o->service--;                   /* there may be more */
}

static void openings_on_added(void *arg, uint64_t ticket, bool ok)
{
    struct openings *o = arg;
    const struct flow_rows rows = { .failed = !ok };

    o->args.answer(o->args.arg, ticket, &rows);
}

struct openings *openings_new(const struct openings_args *args)
{
    struct openings *o = xcalloc(1, sizeof *o);

    o->args = *args;
    o->teller = (struct waits_teller){ openings_on_added, openings_on_told, o };
    return o;
}

void openings_free(struct openings *o)
{
    free(o);
}

void openings_ask(struct openings *o, uint64_t session, const struct flow_question *q)
{
    const struct waits_entry e = { q->receiver, q->service->name, q->place, q->lang, q->key, clock_now() };

    waits_add(o->args.store, session, &e, &o->teller);
}

/* One service at a time; a round begins now and then. */
void openings_tick(struct openings *o)
{
    const struct menu *m = generations_current(o->args.generations);

    if (o->waits || almanac_windows(o->args.almanac) == NULL || clock_mono() < o->next)
        return;
    while (o->service < m->service_count && !o->waits) {
        const struct menu_service *s = &m->services[o->service++];

        if (s->opened != MENU_NONE && s->windowed)
            openings_look(o, m, s);
    }
    if (o->service >= m->service_count && !o->waits) {
        o->service = 0;
        o->next = clock_mono() + OPENINGS_LOOK_MS;
    }
}
