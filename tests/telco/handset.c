/*
 * handset.c - a bounded table of phones, by number.
 */
#include "handset.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "now.h"

#define HASH_SIZE 65536

struct handsets {
    struct event_base *base;
    int max, count;
    phone_change_fn *change;
    void *arg;
    TAILQ_HEAD(phone_list, phone) phones;   /* oldest first */
    struct phone *hash[HASH_SIZE];
};

static unsigned hash_of(const char *s)
{
    uint32_t h = 2166136261u;           /* FNV-1a */

    for (; *s; s++)
        h = (h ^ (uint8_t)*s) * 16777619u;
    return (h ^ h >> 16) % HASH_SIZE;
}

static char *copy(const char *s)
{
    char *c = strdup(s);

    if (!c)
        abort();
    return c;
}

struct handsets *handsets_new(struct event_base *base, int max)
{
    struct handsets *h = calloc(1, sizeof(*h));

    if (!h)
        abort();
    h->base = base;
    h->max = max;
    TAILQ_INIT(&h->phones);
    return h;
}

static void phone_free(struct phone *p)
{
    struct sms_item *s;
    struct sms_partial *part;

    event_del(&p->turn_timer);
    event_del(&p->total_timer);
    while ((s = TAILQ_FIRST(&p->inbox))) {
        TAILQ_REMOVE(&p->inbox, s, entry);
        free(s->text);
        free(s);
    }
    while ((part = TAILQ_FIRST(&p->partials)))
        phone_partial_free(p, part);
    for (unsigned i = 0; i < PHONE_HISTORY_MAX; i++)
        free(p->history[i].text);
    free(p->screen);
    free(p);
}

void handsets_reset(struct handsets *h)
{
    struct phone *p;

    while ((p = TAILQ_FIRST(&h->phones))) {
        TAILQ_REMOVE(&h->phones, p, entry);
        phone_free(p);
    }
    memset(h->hash, 0, sizeof(h->hash));
    h->count = 0;
}

void handsets_free(struct handsets *h)
{
    if (!h)
        return;
    handsets_reset(h);
    free(h);
}

void handsets_on_change(struct handsets *h, phone_change_fn *fn, void *arg)
{
    h->change = fn;
    h->arg = arg;
}

int handsets_count(const struct handsets *h)
{
    return h->count;
}

struct phone *handsets_first(const struct handsets *h)
{
    return TAILQ_FIRST(&h->phones);
}

struct phone *handsets_next(const struct phone *p)
{
    return TAILQ_NEXT(p, entry);
}

bool phone_number(const char *s, char out[16])
{
    size_t n;

    if (*s == '+')
        s++;
    n = strlen(s);
    if (n < 7 || n > 15 || strspn(s, "0123456789") != n)    /* ITU-T E.164 6.1 */
        return false;
    memcpy(out, s, n + 1);
    return true;
}

struct phone *phone_find(struct handsets *h, const char *msisdn)
{
    char number[16];
    struct phone *p;

    if (!phone_number(msisdn, number))
        return NULL;
    for (p = h->hash[hash_of(number)]; p && strcmp(p->msisdn, number) != 0; p = p->next_hash)
        continue;
    return p;
}

struct phone *phone_get(struct handsets *h, const char *msisdn)
{
    struct phone *p = phone_find(h, msisdn), **head;
    char number[16];

    if (p)
        return p;
    if (!phone_number(msisdn, number) || h->count >= h->max)
        return NULL;
    p = calloc(1, sizeof(*p));
    if (!p)
        abort();
    p->owner = h;
    memcpy(p->msisdn, number, sizeof(number));
    p->screen = copy("");
    TAILQ_INIT(&p->inbox);
    TAILQ_INIT(&p->partials);
    evtimer_assign(&p->turn_timer, h->base, NULL, p);
    evtimer_assign(&p->total_timer, h->base, NULL, p);
    head = &h->hash[hash_of(number)];
    p->next_hash = *head;
    *head = p;
    TAILQ_INSERT_TAIL(&h->phones, p, entry);
    h->count++;
    return p;
}

void phone_changed(struct phone *p)
{
    p->seq++;
    if (p->owner->change)
        p->owner->change(p->owner->arg, p);
}

void phone_show(struct phone *p, enum phone_state state, const char *text, enum text_coding coding, bool more)
{
    char *screen = copy(text);

    free(p->screen);
    p->screen = screen;
    p->state = state;
    p->coding = coding;
    p->more = more;
    p->cost = text_cost(text);
    p->octets = coding == TEXT_GSM7 ? text_packed(p->cost.septets) : p->cost.units * 2;
    phone_changed(p);
}

void phone_history(struct phone *p, char mark, const char *text)
{
    struct phone_line *l;

    if (p->load)                        /* thousands of phones need no memories */
        return;
    l = &p->history[p->history_count++ % PHONE_HISTORY_MAX];
    free(l->text);
    l->text = copy(text);
    l->mark = mark;
    l->at = now_wall_ms();
}

const char *phone_state_name(enum phone_state s)
{
    static const char *const names[PHONE_STATES] = { "idle", "waiting", "shown", "ended", "failed" };

    return s < PHONE_STATES ? names[s] : "?";
}

void phone_sms(struct phone *p, const char *from, char *text, enum text_coding coding, unsigned segments)
{
    struct sms_item *s;

    if (p->inbox_count == PHONE_INBOX_MAX) {
        s = TAILQ_LAST(&p->inbox, inbox_list);
        TAILQ_REMOVE(&p->inbox, s, entry);
        free(s->text);
        free(s);
        p->inbox_count--;
    }
    s = calloc(1, sizeof(*s));
    if (!s)
        abort();
    snprintf(s->from, sizeof(s->from), "%s", from);
    s->text = text;
    s->coding = coding;
    s->cost = text_cost(text);
    s->segments = segments;
    s->at = now_wall_ms();
    TAILQ_INSERT_HEAD(&p->inbox, s, entry);
    p->inbox_count++;
    s->number = ++p->sms_total;
    phone_changed(p);
}

struct sms_partial *phone_partial(struct phone *p, const char *from, unsigned ref, unsigned total,
                                  enum text_coding coding)
{
    struct sms_partial *s;

    TAILQ_FOREACH(s, &p->partials, entry)
        if (s->ref == ref && strcmp(s->from, from) == 0)
            return s->total == total && s->coding == coding ? s : NULL;
    if (p->partial_count == PHONE_PARTIALS_MAX)
        phone_partial_free(p, TAILQ_LAST(&p->partials, partial_list));
    s = calloc(1, sizeof(*s));
    if (!s)
        abort();
    snprintf(s->from, sizeof(s->from), "%s", from);
    s->ref = ref;
    s->total = total;
    s->coding = coding;
    TAILQ_INSERT_HEAD(&p->partials, s, entry);
    p->partial_count++;
    return s;
}

void phone_partial_free(struct phone *p, struct sms_partial *s)
{
    TAILQ_REMOVE(&p->partials, s, entry);
    p->partial_count--;
    for (unsigned i = 0; i < 256; i++)
        free(s->part[i].p);
    free(s);
}
