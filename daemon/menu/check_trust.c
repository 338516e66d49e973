#include "menu/check_trust.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "menu/expr.h"
#include "menu/ways.h"

/* --- the audit ---------------------------------------------------------------------------- */

struct check_told {
    const struct menu *m;
    int sensitive;                      /* variable; MENU_NONE none */
};

static void check_told_var(void *arg, int var)
{
    struct check_told *c = arg;
    const struct menu_type *type = c->m->vars[var].type;

    if (type->sensitive || type->kind == MENU_TYPE_PIN)
        c->sensitive = var;
}

static void check_audit(const struct menu *m, const struct menu_action *a, struct menu_issues *issues)
{
    for (int i = 0; i < a->told_count; i++) {
        struct check_told c = { m, MENU_NONE };

        expr_reads(a->told[i].value, check_told_var, &c);
        if (c.sensitive != MENU_NONE)
            issue_add(issues, ISSUE_AUDIT, a->told[i].pos,
                      "'%s' tells the audit '%s', which is sensitive; the audit is kept for ever", a->told[i].name,
                      m->vars[c.sensitive].name);
    }
}

/* --- codes of consents ------------------------------------------------------------------------ */

struct check_code {
    const struct menu *m;
    struct menu_issues *issues;
    const struct menu_screen *screen;
};

static void check_code_var(void *arg, int var)
{
    bool *found = arg;

    *found |= var == MENU_VAR_CONSENT;
}

static bool check_expr_has_code(const struct expr *e)
{
    bool found = false;

    if (e != NULL)
        expr_reads(e, check_code_var, &found);
    return found;
}

/* In any of its languages; all: in each. */
static bool check_text_has_code(const struct menu_text *t, bool all)
{
    int has = 0, langs = 0;

    for (int i = 0; t != NULL && i < MENU_LANGS_MAX; i++) {
        bool found = false;

        if (t->by_lang[i] == NULL)
            continue;
        template_reads(t->by_lang[i], check_code_var, &found);
        langs++;
        has += found;
    }
    return all ? has == langs && langs > 0 : has > 0;
}

/* Everywhere but in a message: those are looked at by their template. */
static void check_code_step(void *arg, const struct ways_step *step)
{
    const struct check_code *c = arg;
    struct menu_pos pos = step->pos != NULL ? *step->pos : step->text != NULL ? step->text->pos : c->screen->pos;

    if (step->op == WAYS_READ && step->place != WAYS_IN_SMS &&
        (check_expr_has_code(step->expr) || check_text_has_code(step->text, false)))
        issue_add(c->issues, ISSUE_CODE, pos,
                  "'consent.code' is known to nobody but the receiver: it stands only in the template of a 'consent'");
}

static void check_code_sent(const struct check_code *c, const struct menu_action *a)
{
    const struct menu_sms *sms = &c->m->sms[a->sms];

    if (a->kind == MENU_SMS && check_text_has_code(sms->text, false))
        issue_add(c->issues, ISSUE_CODE, a->pos, "template '%s' has {consent.code}: send it with 'consent', not with 'sms'",
                  sms->name);
    if (a->kind == MENU_CONSENT && (strcmp(sms->class, "otp") != 0 || !check_text_has_code(sms->text, true)))
        issue_add(c->issues, ISSUE_CODE, a->pos,
                  "template '%s' must be of class otp and have {consent.code} in every language", sms->name);
}

static void check_code_notified(const struct check_code *c)
{
    for (int i = 0; i < c->m->service_count; i++) {
        const struct menu_service *s = &c->m->services[i];

        for (int k = 0; k < s->notify_count; k++) {
            if (check_text_has_code(c->m->sms[s->notify[k].sms].text, false))
                issue_add(c->issues, ISSUE_CODE, s->pos, "state '%s' sends template '%s', which has {consent.code}",
                          s->notify[k].state, c->m->sms[s->notify[k].sms].name);
        }
    }
}

static void check_codes(const struct menu *m, struct menu_issues *issues)
{
    struct check_code c = { .m = m, .issues = issues };

    check_code_notified(&c);
    for (int i = 0; i < m->screen_count; i++) {
        c.screen = &m->screens[i];
        ways_walk(m, i, check_code_step, &c);
        for (int k = 0; k < c.screen->action_count; k++) {
            if (c.screen->actions[k].sms != MENU_NONE)
                check_code_sent(&c, &c.screen->actions[k]);
        }
    }
}

/* --- what is asked behind a PIN ----------------------------------------------------------------- */

struct check_behind {
    const struct menu *m;
    bool *behind;                       /* by screen: whoever comes to it has just shown her PIN */
    int screen;                         /* that is looked at */
    bool shown;                         /* its own actions asked for it */
    bool changed;
};

static void check_behind_lose(struct check_behind *c, int screen)
{
    c->changed = c->changed || c->behind[screen];
    c->behind[screen] = false;
}

static void check_behind_begin(void *arg, const struct ways_begin *begin)
{
    check_behind_lose(arg, begin->screen);
}

static bool check_shows_pin(const struct menu_action *a)
{
    return a->kind == MENU_PIN_CHECK || a->kind == MENU_PIN_SET;
}

/* Does a way need it?  Whoever goes on behind the good answer has shown it; the other exits of a screen need not be behind it. */
static void check_behind_exit(void *arg, const struct ways_exit *exit)
{
    struct check_behind *c = arg;
    bool good = c->shown && exit->action == MENU_NONE;

    if (!good && !c->behind[c->screen] && (exit->when == NULL || !expr_needs(exit->when, MENU_VAR_PIN)))
        check_behind_lose(c, exit->to);
}

/* The greatest set of screens to which every way leads behind a PIN. */
static void check_behind_find(struct check_behind *c)
{
    for (int i = 0; i < c->m->screen_count; i++)
        c->behind[i] = true;
    ways_begins(c->m, check_behind_begin, c);
    do {
        c->changed = false;
        for (c->screen = 0; c->screen < c->m->screen_count; c->screen++) {
            const struct menu_screen *s = &c->m->screens[c->screen];

            c->shown = false;
            for (int k = 0; k < s->action_count; k++)
                c->shown = c->shown || check_shows_pin(&s->actions[k]);
            ways_exits(c->m, c->screen, check_behind_exit, c);
        }
    } while (c->changed);
}

static void check_her_number(void *arg, int var)
{
    bool *found = arg;

    *found = *found || var == MENU_VAR_MSISDN;
}

static void check_behind_query(const struct menu *m, const struct menu_query *q, struct menu_issues *issues)
{
    bool hers = false;

    for (int i = 0; i < q->arg_count; i++)
        expr_reads(q->args[i], check_her_number, &hers);
    if (!hers || q->list || q->cache_ms > 0)
        issue_add(issues, ISSUE_BEHIND_PIN, q->pos,
                  "query '%s' is behind her PIN: citizen.msisdn is one of its args, it returns one row and has no cache", q->name);
    (void)m;
}

static void check_behind_pins(const struct menu *m, struct menu_issues *issues)
{
    struct check_behind c = { .m = m, .behind = xcalloc((size_t)m->screen_count + 1, sizeof(bool)) };

    check_behind_find(&c);
    for (int i = 0; i < m->query_count; i++)
        if (m->queries[i].behind_pin)
            check_behind_query(m, &m->queries[i], issues);
    for (int i = 0; i < m->screen_count; i++) {
        const struct menu_screen *s = &m->screens[i];
        bool shown = c.behind[i];

        for (int k = 0; k < s->action_count; k++) {
            const struct menu_action *a = &s->actions[k];

            shown = shown || check_shows_pin(a);
            if (a->query != MENU_NONE && m->queries[a->query].behind_pin && !shown)
                issue_add(issues, ISSUE_BEHIND_PIN, a->pos,
                          "query '%s' is behind her PIN, and a way leads here on which she has shown none: by 'pin', or by 'when: session.pin'",
                          m->queries[a->query].name);
        }
    }
    free(c.behind);
}

/* --- the whole ---------------------------------------------------------------------------- */

void check_trust(const struct menu *m, struct menu_issues *issues)
{
    check_codes(m, issues);
    check_behind_pins(m, issues);
    for (int i = 0; i < m->screen_count; i++) {
        const struct menu_screen *s = &m->screens[i];

        for (int k = 0; k < s->action_count; k++) {
            if (s->actions[k].kind == MENU_AUDIT)
                check_audit(m, &s->actions[k], issues);
        }
    }
}
