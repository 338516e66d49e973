#include "menu/check_calls.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "menu/calls.h"

/*
 * No return is met without a call, and calls in calls have an end.  That a call
 * comes back, with a value if it wants one, parse_calls.c has seen to; calls
 * that go round in a circle never get a depth here.
 */

struct check_calls {
    const struct menu *m;
    struct menu_issues *issues;
    struct calls calls;
    int *depth;                         /* of calls from each screen that is called; 0: not known yet */
    int deepest;                        /* of the walk; MENU_NONE: not known of some */
};

/* --- returns --------------------------------------------------------------------------- */

static void check_return(void *arg, const struct menu_screen *s)
{
    struct check_calls *c = arg;
    const struct menu_action *last = s->action_count > 0 ? &s->actions[s->action_count - 1] : NULL;

    if (last != NULL && last->kind == MENU_RETURN)
        issue_add(c->issues, ISSUE_NO_CALL, last->pos,
                  "screen '%s' returns, but can be reached without a call: there is nobody to return to", s->name);
}

static bool check_roots(struct check_calls *c)
{
    const struct menu *m = c->m;
    bool good;

    calls_begin(&c->calls);
    c->calls.start = MENU_NONE;         /* where the walk begins, not where it ends */
    calls_from(&c->calls, m->start);
    calls_from(&c->calls, m->first);
    calls_from(&c->calls, m->alert);
    for (int i = 0; i < m->shortcut_count; i++)
        calls_from(&c->calls, m->shortcuts[i].to);
    for (int i = 0; i < m->keyword_count; i++)
        calls_from(&c->calls, m->keywords[i].to);
    good = calls_run(&c->calls, check_return, c);
    c->calls.start = m->start;
    return good;
}

/* --- how deep --------------------------------------------------------------------------- */

static void check_below(void *arg, const struct menu_screen *s)
{
    struct check_calls *c = arg;

    for (int i = 0; i < s->action_count; i++) {
        int called = s->actions[i].call;

        if (s->actions[i].kind != MENU_CALL)
            continue;
        if (c->depth[called] == 0)
            c->deepest = MENU_NONE;
        else if (c->deepest != MENU_NONE && c->deepest < c->depth[called])
            c->deepest = c->depth[called];
    }
}

/* The depths of one more layer; a circle never gets one. */
static bool check_layer(struct check_calls *c, const int *called, int count, int layer)
{
    for (int i = 0; i < count; i++) {
        if (c->depth[called[i]] != 0)
            continue;
        c->deepest = 0;
        if (!calls_walk(&c->calls, called[i], check_below, c))
            return false;
        if (c->deepest == layer - 1)
            c->depth[called[i]] = layer;
    }
    return true;
}

static void check_too_deep(struct check_calls *c)
{
    for (int i = 0; i < c->m->screen_count; i++) {
        const struct menu_screen *s = &c->m->screens[i];

        for (int k = 0; k < s->action_count; k++) {
            const struct menu_action *a = &s->actions[k];

            if (a->kind == MENU_CALL && c->depth[a->call] == MENU_CALLS_MAX + 1)
                issue_add(c->issues, ISSUE_CALLS_DEEP, a->pos, "calls in calls from here are more than %d deep",
                          MENU_CALLS_MAX);
        }
    }
}

/* Every screen that is called, once. */
static int check_called(const struct check_calls *c, int *called)
{
    bool *is = xcalloc((size_t)c->m->screen_count + 1, sizeof *is);
    int count = 0;

    for (int i = 0; i < c->m->screen_count; i++) {
        const struct menu_screen *s = &c->m->screens[i];

        for (int k = 0; k < s->action_count; k++) {
            int to = s->actions[k].call;

            if (s->actions[k].kind != MENU_CALL || is[to])
                continue;
            is[to] = true;
            called[count++] = to;
        }
    }
    free(is);
    return count;
}

static bool check_depth(struct check_calls *c)
{
    int *called = xcalloc((size_t)c->m->screen_count + 1, sizeof *called);
    int count = check_called(c, called);
    bool good = true;

    for (int layer = 1; good && layer <= MENU_CALLS_MAX + 1; layer++)
        good = check_layer(c, called, count, layer);
    if (good)
        check_too_deep(c);
    free(called);
    return good;
}

/* --- the whole ---------------------------------------------------------------------------- */

void check_calls(const struct menu *m, struct menu_issues *issues)
{
    struct check_calls c = { .m = m, .issues = issues };
    bool good;

    calls_init(&c.calls, m->screens, m->screen_count, m->start);
    c.depth = xcalloc((size_t)m->screen_count + 1, sizeof *c.depth);
    good = check_roots(&c) && check_depth(&c);
    if (!good)
        issue_add(issues, ISSUE_CALLS_SIZE, m->screens[m->start].pos,
                  "the calls of the tree reach too many screens: let called dialogues return instead of going on to others");
    calls_fini(&c.calls);
    free(c.depth);
}
