#include "menu/check_secrets.h"

#include <stdio.h>

#include "base/buf.h"
#include "menu/facts.h"
#include "menu/ways.h"

struct check_secrets {
    const struct menu *m;
    struct menu_issues *issues;
    const struct ways_step *step;
};

/* What a value goes into, in words; its type. */
struct check_taker {
    const struct menu_type *type;       /* NULL: it is handed over, not kept */
    char name[160];
};

static const struct menu_type *check_type(const struct menu *m, int var)
{
    return m->vars[var].type;
}

static bool check_is_pin(const struct menu_type *t)
{
    return t != NULL && t->kind == MENU_TYPE_PIN;
}

/* It stands in the history of a case, for all who read that. */
static const struct menu_type check_note = { .kind = MENU_TYPE_TEXT };

static struct check_taker check_taker(const struct menu *m, const struct ways_step *step)
{
    struct check_taker t = { .type = NULL };
    struct buf name;

    buf_init(&name, sizeof t.name - 1);
    if (step->place == WAYS_IN_VALUE && step->var != MENU_NONE) {
        t.type = check_type(m, step->var);
        buf_addf(&name, "'%.60s'", m->vars[step->var].name);
    } else if (step->place == WAYS_IN_FIELD) {
        const struct menu_service *s = &m->services[step->index];

        t.type = s->fields[step->var].type;
        buf_addf(&name, "field '%.60s' of service '%.60s'", s->fields[step->var].name, s->name);
    }
    if (step->place == WAYS_IN_NOTE) {
        t.type = &check_note;
        buf_adds(&name, "a note of a case");
    }
    snprintf(t.name, sizeof t.name, "%s", buf_str(&name));
    buf_fini(&name);
    return t;
}

static void check_secret(void *arg, int var, struct menu_place place, bool tested)
{
    struct check_secrets *c = arg;
    const struct menu_type *type = check_type(c->m, var);
    const char *name = c->m->vars[var].name;
    struct check_taker taker;

    if (tested || type == NULL || !(type->sensitive || check_is_pin(type)))
        return;
    taker = check_taker(c->m, c->step);
    if (check_is_pin(type) && !check_is_pin(taker.type))
        issue_add(c->issues, ISSUE_SENSITIVE, issue_where(c->issues, &place),
                  "'%s' is a PIN: it can be compared or checked, but not handed on or kept", name);
    else if (c->step->place == WAYS_IN_PAYMENT && !check_is_pin(type))
        issue_add(c->issues, ISSUE_SENSITIVE, issue_where(c->issues, &place),
                  "'%s' is sensitive, but what a payment is for is told to a provider and kept", name);
    else if (taker.type == &check_note)
        issue_add(c->issues, ISSUE_SENSITIVE, issue_where(c->issues, &place),
                  "'%s' is sensitive, and a note stays in the history of its case: leave it out", name);
    else if (taker.type != NULL && !taker.type->sensitive && !check_is_pin(type))
        issue_add(c->issues, ISSUE_SENSITIVE, issue_where(c->issues, &place),
                  "'%s' is sensitive, but %s is not: give it a type with 'sensitive: yes'", name, taker.name);
}

static void check_nothing(void *arg, const struct expr *e, bool truth)
{
    (void)arg;
    (void)e;
    (void)truth;
}

static void check_no_save(void *arg)
{
    (void)arg;
}

/* Where a value is kept or handed on.  What may stand in the audit
 * parse_audit_action() has seen to; a code is only compared. */
static const bool check_hands_on[WAYS_PLACES] = {
    [WAYS_IN_VALUE] = true, [WAYS_IN_ARGS] = true, [WAYS_IN_FIELD] = true, [WAYS_IN_RECEIVER] = true,
    [WAYS_IN_MEMBER] = true, [WAYS_IN_PAYMENT] = true, [WAYS_IN_NOTE] = true,
};

static void check_secret_step(void *arg, const struct ways_step *step)
{
    const struct facts_reader reader = { check_secret, check_nothing, check_no_save, check_no_save, arg };
    struct check_secrets *c = arg;

    c->step = step;
    if (step->op == WAYS_READ && step->expr != NULL && check_hands_on[step->place])
        facts_read(step->expr, false, &reader);
}

void check_secrets(const struct menu *m, struct menu_issues *issues)
{
    struct check_secrets c = { m, issues, NULL };

    for (int s = 0; s < m->screen_count; s++)
        ways_walk(m, s, check_secret_step, &c);
}
