#include "app/alerts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/log.h"

#define ALERTS_KNOWN 65536u

struct alert {
    char *place;                        /* owned, as are the strings of texts */
    int64_t id, ends;
    struct flow_alert now;
    struct flow_alert_text *texts;      /* now.texts */
};

struct alerts_known {
    uint64_t number;                    /* a hash of it; 0 free */
    char place[8];
    int8_t lang;
};

struct alerts {
    struct alert *items;
    int count;
    struct alerts_known *known;         /* ALERTS_KNOWN of them; who has the same place takes it */
};

struct alerts *alerts_new(void)
{
    struct alerts *a = xcalloc(1, sizeof *a);

    a->known = xcalloc(ALERTS_KNOWN, sizeof *a->known);
    return a;
}

static void alerts_clear(struct alerts *a)
{
    for (int i = 0; i < a->count; i++) {
        struct alert *item = &a->items[i];

        for (int k = 0; k < item->now.count; k++) {
            free((char *)(uintptr_t)item->texts[k].lang);
            free((char *)(uintptr_t)item->texts[k].text);
        }
        free(item->texts);
        free(item->place);
    }
    free(a->items);
    a->items = NULL;
    a->count = 0;
}

void alerts_free(struct alerts *a)
{
    if (a == NULL)
        return;
    alerts_clear(a);
    free(a->known);
    free(a);
}

static bool alerts_same_text(const struct alert *item, int k, const struct store_alert_text *t)
{
    return item->id == t->id && item->ends == t->ends && item->now.signal == t->signal && item->now.free == t->free &&
           strcmp(item->place, t->place) == 0 && strcmp(item->texts[k].lang, t->lang) == 0 &&
           strcmp(item->texts[k].text, t->text) == 0;
}

static bool alerts_same(const struct alerts *a, const struct store_alert_text *texts, int count)
{
    int at = 0;

    for (int i = 0; i < a->count; i++)
        for (int k = 0; k < a->items[i].now.count; k++, at++)
            if (at == count || !alerts_same_text(&a->items[i], k, &texts[at]))
                return false;
    return at == count;
}

static struct alert *alerts_add(struct alerts *a, const struct store_alert_text *t)
{
    struct alert *item;

    a->items = xrealloc(a->items, ((size_t)a->count + 1) * sizeof *a->items);
    item = &a->items[a->count++];
    *item = (struct alert){ .place = xstrdup(t->place), .id = t->id, .ends = t->ends,
                            .now = { .signal = t->signal, .free = t->free } };
    return item;
}

bool alerts_take(struct alerts *a, const struct store_alert_text *texts, int count)
{
    struct alert *item = NULL;

    if (alerts_same(a, texts, count))
        return false;
    alerts_clear(a);
    for (int i = 0; i < count; i++) {
        if (item == NULL || item->id != texts[i].id)
            item = alerts_add(a, &texts[i]);
        item->texts = xrealloc(item->texts, ((size_t)item->now.count + 1) * sizeof *item->texts);
        item->texts[item->now.count++] = (struct flow_alert_text){ xstrdup(texts[i].lang), xstrdup(texts[i].text) };
        item->now.texts = item->texts;
    }
    log_info("alert=%s places=%d event=changed", count > 0 ? "on" : "off", a->count);
    return true;
}

/* FNV-1a of 64 bits, never 0. */
static uint64_t alerts_number(const char *msisdn)
{
    uint64_t h = UINT64_C(14695981039346656037);

    for (; *msisdn != '\0'; msisdn++)
        h = (h ^ (unsigned char)*msisdn) * UINT64_C(1099511628211);
    return h | UINT64_C(1) << 63;
}

void alerts_remember(struct alerts *a, const char *msisdn, const char *place, int lang)
{
    uint64_t number = alerts_number(msisdn);
    struct alerts_known *k = &a->known[number % ALERTS_KNOWN];

    *k = (struct alerts_known){ .number = number, .lang = (int8_t)lang };
    snprintf(k->place, sizeof k->place, "%s", place);
}

bool alerts_recall(const struct alerts *a, const char *msisdn, const char **place, int *lang)
{
    uint64_t number = alerts_number(msisdn);
    const struct alerts_known *k = &a->known[number % ALERTS_KNOWN];
    bool known = k->number == number;

    *place = known ? k->place : "";
    *lang = known ? k->lang : 0;
    return known;
}

static bool alerts_graver(const struct alert *x, const struct alert *y)
{
    if (x->now.signal != y->now.signal)
        return x->now.signal > y->now.signal;
    return strlen(x->place) > strlen(y->place);
}

static const struct flow_alert *alerts_gravest(const struct alerts *a, const char *place, bool any, int64_t now)
{
    const struct alert *best = NULL;

    for (int i = 0; i < a->count; i++) {
        const struct alert *item = &a->items[i];

        if (item->ends <= now || (!any && strncmp(place, item->place, strlen(item->place)) != 0))
            continue;
        if (best == NULL || alerts_graver(item, best))
            best = item;
    }
    return best != NULL ? &best->now : NULL;
}

const struct flow_alert *alerts_for(const struct alerts *a, const char *place, int64_t now)
{
    return alerts_gravest(a, place, false, now);
}

const struct flow_alert *alerts_blind(const struct alerts *a, const char *place, int64_t now)
{
    return alerts_gravest(a, place, place[0] == '\0', now);
}
