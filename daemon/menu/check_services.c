#include "menu/check_services.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "menu/names.h"
#include "menu/said.h"
#include "menu/template.h"

/* leads[i * count + k]: there is a way from state i to state k. */
static bool *check_leads(const struct menu_service *s)
{
    int n = s->state_count;
    bool *leads = xcalloc((size_t)n * (size_t)n, sizeof *leads);

    for (int i = 0; i < n; i++) {
        for (int k = 0; k < s->states[i].to_count; k++)
            leads[i * n + s->states[i].to[k]] = true;
    }
    for (int by = 0; by < n; by++) {
        for (int i = 0; i < n; i++) {
            for (int k = 0; leads[i * n + by] && k < n; k++)
                leads[i * n + k] |= leads[by * n + k];
        }
    }
    return leads;
}

/* No case comes to it; not only because none comes to another that leads here. */
static bool check_has_no_way_in(const struct menu_service *s, const bool *leads, int state)
{
    int n = s->state_count;

    if (state == 0 || leads[state])
        return false;
    for (int i = 1; i < n; i++) {
        if (leads[i * n + state] && !leads[state * n + i])
            return false;
    }
    return true;
}

/* It is no end and leads to none; not only because it leads to others like that. */
static bool check_has_no_way_out(const struct menu_service *s, const bool *leads, int state)
{
    int n = s->state_count;

    if (s->states[state].to_count == 0)
        return false;
    for (int i = 0; i < n; i++) {
        if (leads[state * n + i] && !leads[i * n + state])
            return false;
    }
    return true;
}

static void check_states(const struct menu_service *s, struct menu_issues *issues)
{
    bool *leads = check_leads(s);

    for (int i = 0; i < s->state_count; i++) {
        if (check_has_no_way_in(s, leads, i))
            issue_add(issues, ISSUE_STATES, s->states[i].pos,
                      "no case comes to state '%s': no way leads there from '%s', the first", s->states[i].name,
                      s->states[0].name);
        if (check_has_no_way_out(s, leads, i))
            issue_add(issues, ISSUE_STATES, s->states[i].pos,
                      "a case in state '%s' never ends: no way leads from there to a state with nothing after it",
                      s->states[i].name);
    }
    free(leads);
}

/* --- hand-over ------------------------------------------------------------------- */

/* Is it a state of a service that hands cases to the back end?  If not, the nearest
 * that is. */
static bool check_is_state(const struct menu *m, int backend, const char *state, struct names_best *best)
{
    for (int i = 0; i < m->service_count; i++) {
        const struct menu_service *s = &m->services[i];

        for (int k = 0; s->backend == backend && k < s->state_count; k++) {
            if (strcmp(s->states[k].name, state) == 0)
                return true;
            names_consider(best, state, strlen(state), s->states[k].name);
        }
    }
    return false;
}

static bool check_has_cases(const struct menu *m, int backend)
{
    int i = 0;

    while (i < m->service_count && m->services[i].backend != backend)
        i++;
    return i < m->service_count;
}

static void check_meaning(const struct menu *m, int backend, const char *state, struct menu_pos pos,
                          struct menu_issues *issues)
{
    struct names_best best = { .name = NULL };

    if (check_is_state(m, backend, state, &best))
        return;
    if (best.name != NULL)
        issue_add(issues, ISSUE_NO_MEANING, pos,
                  "state '%s': no service of back end '%s' has such a state; did you mean '%s'?", state,
                  m->backends[backend].name, best.name);
    else
        issue_add(issues, ISSUE_NO_MEANING, pos, "state '%s': no service of back end '%s' has such a state", state,
                  m->backends[backend].name);
}

static void check_meanings(const struct menu *m, int backend, struct menu_issues *issues)
{
    const struct menu_backend *b = &m->backends[backend];

    for (int i = 0; i < m->service_count; i++) {
        if (m->services[i].backend == backend && m->services[i].stateless)
            return;                     /* its states have errors of their own */
    }
    for (int i = 0; i < b->meaning_count && check_has_cases(m, backend); i++)
        check_meaning(m, backend, b->meanings[i].state, b->meanings[i].pos, issues);
    if (b->taken != NULL && check_has_cases(m, backend))
        check_meaning(m, backend, b->taken, b->taken_pos, issues);
}

/* A value that nobody will ever take whole is not kept whole. */
static void check_sensitive(const struct menu *m, const struct menu_service *s, struct menu_issues *issues)
{
    if (s->backend != MENU_NONE && menu_backend_takes_cases(&m->backends[s->backend]))
        return;
    for (int i = 0; i < s->field_count; i++) {
        const struct menu_type *t = s->fields[i].type;

        if (t != NULL && t->sensitive && t->kind != MENU_TYPE_PIN && t->store == MENU_STORE_WHOLE)
            issue_add(issues, ISSUE_LAST_FOUR, s->pos,
                      "service '%s' takes '%s', which is sensitive, and no back end takes its cases: only the last four "
                      "characters are kept; say so with 'store: last4' in its type", s->name, s->fields[i].name);
    }
}

/* --- fields that mean something to the program ------------------------------------------- */

/* A choice of these codes, or of some of them. */
static bool check_is_choice_of(const struct menu_type *t, const char *const *codes, size_t count)
{
    for (int i = 0; i < t->choice_count; i++) {
        bool known = false;

        for (size_t k = 0; k < count; k++)
            known |= strcmp(t->choices[i].code, codes[k]) == 0;
        if (!known)
            return false;
    }
    return t->kind == MENU_TYPE_CHOICE;
}

static void check_fields(const struct menu_service *s, struct menu_issues *issues)
{
    static const char *const quiet[] = { "plain", "discreet", "silent" };

    for (int i = 0; i < s->field_count; i++) {
        const struct menu_field *f = &s->fields[i];

        if (f->type == NULL)
            continue;
        if (strcmp(f->name, "contact") == 0 && f->type->kind != MENU_TYPE_MSISDN)
            issue_add(issues, ISSUE_SERVICE_FIELD, s->pos,
                      "service '%s': 'contact' gets the messages of a case, so it is a mobile number; not %s", s->name,
                      f->type->name);
        if (strcmp(f->name, "quiet") == 0 && !check_is_choice_of(f->type, quiet, sizeof quiet / sizeof quiet[0]))
            issue_add(issues, ISSUE_SERVICE_FIELD, s->pos,
                      "service '%s': 'quiet' tells how she gets messages, so it is a choice of plain, discreet and silent;"
                      " not %s", s->name, f->type->name);
    }
}

/* It is sent out of no dialogue, to anybody. */
static void check_opened(const struct menu *m, const struct menu_service *s, struct menu_issues *issues)
{
    const struct menu_sms *sms = s->opened != MENU_NONE ? &m->sms[s->opened] : NULL;

    for (int i = 0; sms != NULL && sms->text != NULL && i < m->lang_count; i++)
        if (sms->text->by_lang[i] != NULL && !template_is_constant(sms->text->by_lang[i])) {
            issue_add(issues, ISSUE_OPENED, menu_text_pos(sms->text, i),
                      "template '%s' is sent to all who wait for '%s': it may have no placeholders", sms->name, s->name);
            return;
        }
}

/* --- what an office answers by a number ----------------------------------------------- */

static bool check_office_moves_to(const struct menu_service *s, int state)
{
    for (int i = 0; i < s->state_count; i++)
        for (int k = 0; k < s->states[i].to_count; k++)
            if (s->states[i].to[k] == state && (s->states[i].may[k] & MENU_BY_OFFICER) != 0)
                return true;
    return false;
}

static bool check_is_same_reply(const struct menu_text *a, const struct menu_text *b, int lang)
{
    size_t an, bn;
    struct gsm_cost cost;
    const char *as = said_words(a, lang, &an, &cost), *bs = said_words(b, lang, &bn, &cost);

    return as != NULL && bs != NULL && an == bn && memcmp(as, bs, an) == 0;
}

/* Short enough for a history, and no two that read the same: a note is told in the
 * language of its reader by its words. */
static void check_reply(const struct menu *m, const struct menu_state *at, int i, struct menu_issues *issues)
{
    const struct menu_text *text = at->replies[i].text;

    for (int lang = 0; text != NULL && lang < m->lang_count; lang++) {
        struct gsm_cost cost = { 0, 0 };
        size_t n;

        if (said_words(text, lang, &n, &cost) == NULL || (lang > 0 && text->by_lang[lang] == text->by_lang[lang - 1]))
            continue;
        if (cost.units > MENU_REPLY_UNITS)
            issue_add(issues, ISSUE_REPLIES, menu_text_pos(text, lang),
                      "reply %d of state '%s' has %d characters in %s; at most %d", at->replies[i].number, at->name,
                      cost.units, m->langs[lang].id, MENU_REPLY_UNITS);
        for (int k = 0; k < i; k++)
            if (check_is_same_reply(text, at->replies[k].text, lang))
                issue_add(issues, ISSUE_REPLIES, menu_text_pos(text, lang), "replies %d and %d of state '%s' are the same in %s",
                          at->replies[k].number, at->replies[i].number, at->name, m->langs[lang].id);
    }
}

static void check_replies(const struct menu *m, const struct menu_service *s, struct menu_issues *issues)
{
    for (int i = 0; i < s->state_count; i++) {
        const struct menu_state *at = &s->states[i];

        if (at->reply_count > 0 && !s->stateless && !check_office_moves_to(s, i))
            issue_add(issues, ISSUE_REPLIES, at->replies_pos, "no office moves a case of '%s' to state '%s': nobody would give these replies",
                      s->name, at->name);
        for (int k = 0; k < at->reply_count; k++)
            check_reply(m, at, k, issues);
    }
}

void check_services(const struct menu *m, struct menu_issues *issues)
{
    for (int i = 0; i < m->backend_count; i++)
        check_meanings(m, i, issues);
    for (int i = 0; i < m->service_count; i++)
        check_sensitive(m, &m->services[i], issues);
    for (int i = 0; i < m->service_count; i++) {
        check_fields(&m->services[i], issues);
        if (!m->services[i].stateless && m->services[i].state_count > 0)
            check_states(&m->services[i], issues);
        check_opened(m, &m->services[i], issues);
        check_replies(m, &m->services[i], issues);
    }
}
