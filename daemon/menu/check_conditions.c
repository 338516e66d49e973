#include "menu/check_conditions.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "menu/facts.h"
#include "menu/ways.h"

#define CONDITIONS_TRIES 256            /* in how many ways it is tried that no option is offered */
#define CONDITIONS_NESTED_MAX 8

struct conditions_undo {
    int var;
    uint64_t mask;
};

/* A condition was tried to be so.  Options that stand for the codes of a choice share their goto: what holds for
 * one of them is no fault of the others. */
struct conditions_trial {
    const struct expr *when;
    struct menu_pos pos;
    bool truth;
    bool held;                          /* it can be */
};

struct conditions {
    const struct menu *m;
    struct menu_issues *issues;
    struct facts *facts;
    struct facts_view view;
    uint64_t *masks;                    /* by variable: what it can be, here */
    uint64_t *all;                      /* anywhere in the tree */
    struct conditions_undo *trail;      /* what it could be before */
    int trail_count, trail_cap;
    int saves[CONDITIONS_NESTED_MAX];   /* lengths of the trail */
    int depth;
    struct conditions_trial *trials;    /* on this screen */
    size_t trial_count, trial_cap;
    int dead;                           /* depth at which a condition could not be so; MENU_NONE */
    bool *all_when;                     /* by screen: all its options have a condition */
    bool *bare;                         /* by screen: it may be that none holds */
    int tries;
};

static uint64_t conditions_get(void *arg, int var)
{
    const struct conditions *c = arg;

    return c->masks[var];
}

static void conditions_put(void *arg, int var, uint64_t mask)
{
    struct conditions *c = arg;

    if (c->trail_count == c->trail_cap) {
        c->trail_cap = c->trail_cap > 0 ? c->trail_cap * 2 : 64;
        c->trail = xrealloc(c->trail, (size_t)c->trail_cap * sizeof *c->trail);
    }
    c->trail[c->trail_count++] = (struct conditions_undo){ var, c->masks[var] };
    c->masks[var] = mask;
}

static void conditions_undo(struct conditions *c, int to)
{
    while (c->trail_count > to) {
        const struct conditions_undo *u = &c->trail[--c->trail_count];

        c->masks[u->var] = u->mask;
    }
}

/* --- all that the variables can be ----------------------------------------------------- */

static void conditions_learn(void *arg, const struct ways_step *step)
{
    struct conditions *c = arg;

    if (step->op == WAYS_ASSUME)
        facts_learn(c->facts, step->expr);
    if (step->op == WAYS_SET && step->expr != NULL)
        facts_learn_value(c->facts, step->var, step->expr);
}

/* What is read was set before, check_values.c has proved: only what a question
 * can leave unset may be. */
static void conditions_collect(void *arg, const struct ways_step *step)
{
    struct conditions *c = arg;

    if (step->op == WAYS_SET)
        c->masks[step->var] |= step->expr != NULL ? facts_value(c->facts, step->var, step->expr)
                                                  : facts_any(c->facts, step->var);
    if (step->op == WAYS_UNSET && step->maybe)
        c->masks[step->var] |= facts_any(c->facts, step->var);
    if (step->op == WAYS_UNSET || (step->op == WAYS_SET && step->maybe))
        c->masks[step->var] |= FACTS_UNSET;
}

/* A text message fills them with anything of their types. */
static void conditions_filled(void *arg, const struct ways_begin *begin)
{
    struct conditions *c = arg;

    for (int i = 0; i < begin->set_count; i++)
        c->masks[begin->set[i]] |= facts_any(c->facts, begin->set[i]);
}

static void conditions_init(struct conditions *c, const struct menu *m, struct menu_issues *issues)
{
    *c = (struct conditions){ .m = m, .issues = issues, .facts = facts_new(m) };
    c->view = (struct facts_view){ conditions_get, conditions_put, c };
    c->masks = xcalloc((size_t)m->var_count + 1, sizeof *c->masks);
    c->all = xcalloc((size_t)m->var_count + 1, sizeof *c->all);
    c->all_when = xcalloc((size_t)m->screen_count + 1, sizeof *c->all_when);
    c->bare = xcalloc((size_t)m->screen_count + 1, sizeof *c->bare);
    for (int s = 0; s < m->screen_count; s++)
        ways_walk(m, s, conditions_learn, c);
    facts_learnt(c->facts);
    for (int i = 0; i < m->var_count; i++)
        c->masks[i] = i < MENU_BUILTINS ? facts_begin(c->facts, i) : 0;
    for (int s = 0; s < m->screen_count; s++)
        ways_walk(m, s, conditions_collect, c);
    ways_begins(m, conditions_filled, c);
    for (int i = 0; i < m->var_count; i++)
        c->masks[i] = c->masks[i] != 0 ? c->masks[i] : FACTS_ALL;
    memcpy(c->all, c->masks, (size_t)m->var_count * sizeof *c->all);
}

static void conditions_fini(struct conditions *c)
{
    facts_free(c->facts);
    free(c->masks);
    free(c->all);
    free(c->trail);
    free(c->trials);
    free(c->all_when);
    free(c->bare);
}

/* --- screens without an option --------------------------------------------------------------- */

/* Can it be that no option from number k on is offered?  No, too, where there is
 * too much to try. */
static bool conditions_none(struct conditions *c, const struct menu_screen *s, int k)
{
    const struct expr *when = k < s->option_count ? s->options[k].when : NULL;
    int trail = c->trail_count;
    bool none = false;

    if (k == s->option_count)
        return true;
    for (int i = 0; !none && i < facts_ways(when, false) && c->tries-- > 0; i++) {
        bool so = facts_ways(when, false) == 1 ? facts_assume(c->facts, when, false, &c->view)
                                               : facts_assume_way(c->facts, when, false, i, &c->view);

        none = so && conditions_none(c, s, k + 1);
        conditions_undo(c, trail);
    }
    return none;
}

static void conditions_arrive(struct conditions *c, int screen)
{
    if (!c->all_when[screen] || c->bare[screen])
        return;
    c->tries = CONDITIONS_TRIES;
    c->bare[screen] = conditions_none(c, &c->m->screens[screen], 0);
}

static void conditions_begin(void *arg, const struct ways_begin *begin)
{
    conditions_arrive(arg, begin->screen);
}

static bool conditions_all_when(const struct menu_screen *s)
{
    for (int i = 0; i < s->option_count; i++) {
        if (s->options[i].when == NULL)
            return false;
    }
    return s->option_count > 0;
}

/* --- branches and options ------------------------------------------------------------------- */

static void conditions_assume(struct conditions *c, const struct ways_step *step)
{
    bool held;

    if (c->dead != MENU_NONE)
        return;
    held = facts_assume(c->facts, step->expr, step->truth, &c->view);
    if (!held)
        c->dead = c->depth;
    if (c->trial_count == c->trial_cap) {
        c->trial_cap = c->trial_cap > 0 ? c->trial_cap * 2 : 64;
        c->trials = xrealloc(c->trials, c->trial_cap * sizeof *c->trials);
    }
    c->trials[c->trial_count++] = (struct conditions_trial){ step->expr, *step->pos, step->truth, held };
}

static int conditions_compare(const void *a, const void *b)
{
    const struct conditions_trial *x = a, *y = b;

    if (x->when != y->when)
        return (uintptr_t)x->when < (uintptr_t)y->when ? -1 : 1;
    return (int)x->truth - (int)y->truth;
}

/* Say what did not hold whenever it was tried. */
static void conditions_tell(struct conditions *c)
{
    if (c->trial_count > 1)
        qsort(c->trials, c->trial_count, sizeof *c->trials, conditions_compare);
    for (size_t i = 0, next; i < c->trial_count; i = next) {
        const struct conditions_trial *t = &c->trials[i];
        bool held = false;

        for (next = i; next < c->trial_count && conditions_compare(t, &c->trials[next]) == 0; next++)
            held = held || c->trials[next].held;
        if (held)
            continue;
        if (t->truth)
            issue_add(c->issues, ISSUE_NEVER, t->pos, "this 'when' can never hold here");
        else
            issue_add(c->issues, ISSUE_ALWAYS, t->pos, "this 'when' always holds here: what stands below it is never "
                                                       "taken");
    }
    c->trial_count = 0;
}

static void conditions_step(void *arg, const struct ways_step *step)
{
    struct conditions *c = arg;

    switch (step->op) {
    case WAYS_SAVE:
        assert(c->depth < CONDITIONS_NESTED_MAX);
        c->saves[c->depth++] = c->trail_count;
        break;
    case WAYS_BACK:
        conditions_undo(c, c->saves[--c->depth]);
        if (c->depth < c->dead)
            c->dead = MENU_NONE;
        break;
    case WAYS_ASSUME:
        conditions_assume(c, step);
        break;
    case WAYS_SET:
        conditions_put(c, step->var, step->expr != NULL ? facts_value(c->facts, step->var, step->expr)
                                                        : c->all[step->var]);
        break;
    case WAYS_UNSET:
        conditions_put(c, step->var, step->maybe ? c->all[step->var] : FACTS_UNSET);
        break;
    case WAYS_LEAVE:
        if (c->dead == MENU_NONE)
            conditions_arrive(c, step->exit->to);
        break;
    case WAYS_READ:
    case WAYS_SHOW:
    case WAYS_OPS:
        break;
    }
}

static void conditions_screen(struct conditions *c, int screen)
{
    c->dead = MENU_NONE;
    ways_walk(c->m, screen, conditions_step, c);
    conditions_tell(c);
    conditions_undo(c, 0);
}

void check_conditions(const struct menu *m, struct menu_issues *issues)
{
    struct conditions c;

    conditions_init(&c, m, issues);
    for (int s = 0; s < m->screen_count; s++)
        c.all_when[s] = conditions_all_when(&m->screens[s]);
    for (int s = 0; s < m->screen_count; s++)
        conditions_screen(&c, s);
    ways_begins(m, conditions_begin, &c);
    for (int s = 0; s < m->screen_count; s++) {
        if (c.bare[s])
            issue_add(issues, ISSUE_NO_OPTION, m->screens[s].pos,
                      "it may be that no option of screen '%s' is offered: give it one without 'when'",
                      m->screens[s].name);
    }
    conditions_fini(&c);
}
