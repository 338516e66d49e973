#include "menu/check_ways.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "menu/ways.h"

/* --- every screen can be reached ---------------------------------------------------------- */

struct check_reach {
    bool *seen;                         /* by screen */
    int *todo;                          /* seen, but its exits are not yet */
    int count;
};

static void check_reach(void *arg, int screen)
{
    struct check_reach *r = arg;

    if (r->seen[screen])
        return;
    r->seen[screen] = true;
    r->todo[r->count++] = screen;
}

static void check_reach_exit(void *arg, const struct ways_exit *exit)
{
    check_reach(arg, exit->to);
}

static void check_reachable(const struct menu *m, struct menu_issues *issues)
{
    struct check_reach r = { xcalloc((size_t)m->screen_count, sizeof *r.seen),
                             xcalloc((size_t)m->screen_count, sizeof *r.todo), 0 };

    ways_begins(m, check_reach, &r);
    while (r.count > 0)
        ways_exits(m, r.todo[--r.count], check_reach_exit, &r);
    for (int i = 0; i < m->screen_count; i++) {
        if (!r.seen[i])
            issue_add(issues, ISSUE_UNREACHABLE, m->screens[i].pos,
                      "no way leads to screen '%s': name it in a 'goto', or take it out", m->screens[i].name);
    }
    free(r.seen);
    free(r.todo);
}

void check_ways(const struct menu *m, struct menu_issues *issues)
{
    check_reachable(m, issues);
}
