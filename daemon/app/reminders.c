#include "app/reminders.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "app/generations.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "engine/draft.h"
#include "menu/template.h"
#include "store/reminds.h"

#define REMINDERS_REST_MS 3000          /* after a round that found nobody */
#define REMINDERS_AT_ONCE 200           /* people of a kind */
#define REMINDERS_DRAFT "draft"
#define REMINDERS_DRAFT_MS (10 * 60 * 1000)

struct reminders {
    struct store *store;
    struct generations *generations;
    struct reminds_teller teller;
    int64_t next;                       /* clock_mono(): of the next round */
    enum reminds_of of;                 /* of the round, the next to be looked for */
    bool found;                         /* somebody in this round */
    bool waits;                         /* for an answer */
};

struct reminders_words {
    const char **columns[4];
    struct reminds_words words;
};

static void reminders_add(struct reminders_words *w, const struct menu *m, int lang, const struct menu_sms *sms)
{
    size_t len;
    struct gsm_cost cost;
    const char *text = template_constant(template_of(sms->text, lang), &len, &cost);

    if (text == NULL)
        return;
    w->columns[0][w->words.count] = sms->due;
    w->columns[1][w->words.count] = m->langs[lang].id;
    w->columns[2][w->words.count] = sms->class;
    w->columns[3][w->words.count++] = text;
}

/* Those of the first language first: they are for who reads none of the others. */
static void reminders_collect(struct reminders_words *w, const struct menu *m)
{
    for (int k = 0; k < 4; k++)
        w->columns[k] = xcalloc((size_t)m->sms_count * (size_t)m->lang_count + 1, sizeof *w->columns[k]);
    for (int i = 0; i < m->lang_count; i++)
        for (int k = 0; k < m->sms_count; k++)
            if (m->langs[i].sms && m->sms[k].due != NULL)
                reminders_add(w, m, i, &m->sms[k]);
    w->words.dues = w->columns[0];
    w->words.langs = w->columns[1];
    w->words.classes = w->columns[2];
    w->words.texts = w->columns[3];
}

static bool reminders_tells(const struct menu *m, const char *due)
{
    for (int i = 0; i < m->sms_count; i++)
        if (m->sms[i].due != NULL && strcmp(m->sms[i].due, due) == 0)
            return true;
    return false;
}

static void reminders_on_told(void *arg, int count)
{
    struct reminders *r = arg;

    r->waits = false;
    r->found = r->found || count == REMINDERS_AT_ONCE;
    if (count > 0)
        log_debug("event=reminders_looked count=%d", count);
    if (r->of < REMINDS_KINDS)
        return;
    r->of = REMINDS_RULES;
    if (!r->found)
        r->next = clock_mono() + REMINDERS_REST_MS;
    r->found = false;
}

struct reminders *reminders_new(struct store *store, struct generations *generations)
{
    struct reminders *r = xcalloc(1, sizeof *r);

    r->store = store;
    r->generations = generations;
    r->teller = (struct reminds_teller){ reminders_on_told, r };
    return r;
}

void reminders_free(struct reminders *r)
{
    free(r);
}

void reminders_left(struct reminders *r, const struct session *s)
{
    if (reminders_tells(generations_current(r->generations), REMINDERS_DRAFT) && draft_is_left(s))
        reminds_keep(r->store, &(struct reminds_draft){ s->msisdn, s->code, s->turn, s->seen + REMINDERS_DRAFT_MS });
}

/* One kind at a time; a round begins now and then. */
void reminders_tick(struct reminders *r)
{
    struct reminders_words w = { .words = { .count = 0 } };

    if (r->waits || clock_mono() < r->next)
        return;
    reminders_collect(&w, generations_current(r->generations));
    if (w.words.count > 0) {
        r->waits = true;
        reminds_some(r->store, r->of++, REMINDERS_AT_ONCE, clock_now(), &w.words, &r->teller);
    } else {
        r->next = clock_mono() + REMINDERS_REST_MS;
    }
    for (int k = 0; k < 4; k++)
        free(w.columns[k]);
}
