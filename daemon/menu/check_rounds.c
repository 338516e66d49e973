#include "menu/check_rounds.h"

#include <stdlib.h>

#include "base/alloc.h"

/*
 * A dialogue that is called goes on by the exits of its screens, into those it
 * calls too, but not over the start screen, which forgets all callers, and not
 * back over a return.  Screens that lead to one another so are one knot
 * (Tarjan's strongly connected components); a call inside a knot goes round.
 */
struct check_rounds {
    const struct graph *g;
    int *order;                         /* by screen: when it was met, from 1; 0: not yet */
    int *low;                           /* the first met of those that it leads back to */
    int *knot;                          /* by screen: number of its knot; 0: not known yet */
    int *next;                          /* by screen: its next edge */
    int *way, *open;                    /* screens on the way; met and without a knot */
    int way_count, open_count;
    int met, knots;
};

static bool check_goes_on(const struct graph *g, const struct graph_edge *e)
{
    return e->from < g->screens && e->to < g->screens && e->to != g->m->start;
}

static void check_rounds_open(struct check_rounds *c, int screen)
{
    c->order[screen] = c->low[screen] = ++c->met;
    c->next[screen] = c->g->out[screen];
    c->way[c->way_count++] = screen;
    c->open[c->open_count++] = screen;
}

static void check_rounds_close(struct check_rounds *c, int screen)
{
    int last;

    c->way_count--;
    if (c->way_count > 0 && c->low[c->way[c->way_count - 1]] > c->low[screen])
        c->low[c->way[c->way_count - 1]] = c->low[screen];
    if (c->low[screen] != c->order[screen])
        return;
    c->knots++;
    do {
        last = c->open[--c->open_count];
        c->knot[last] = c->knots;
    } while (last != screen);
}

static void check_rounds_from(struct check_rounds *c, int screen)
{
    check_rounds_open(c, screen);
    while (c->way_count > 0) {
        int s = c->way[c->way_count - 1];
        const struct graph_edge *e = &c->g->edges[c->next[s]];

        if (c->next[s] == c->g->out[s + 1]) {
            check_rounds_close(c, s);
            continue;
        }
        c->next[s]++;
        if (!check_goes_on(c->g, e))
            continue;
        if (c->order[e->to] == 0)
            check_rounds_open(c, e->to);
        else if (c->knot[e->to] == 0 && c->low[s] > c->order[e->to])
            c->low[s] = c->order[e->to];
    }
}

static void check_rounds_say(const struct check_rounds *c, struct menu_issues *issues)
{
    const struct menu *m = c->g->m;

    for (int i = 0; i < c->g->edge_count; i++) {
        const struct graph_edge *e = &c->g->edges[i];

        if (e->why == WAYS_CALL && check_goes_on(c->g, e) && c->knot[e->from] == c->knot[e->to])
            issue_add(issues, ISSUE_CALLS_ROUND, e->pos, "screen '%s', called here, leads to this call again: calls "
                      "that go round never end", m->screens[e->to].name);
    }
}

void check_rounds(const struct graph *g, struct menu_issues *issues)
{
    size_t screens = (size_t)g->screens + 1;
    struct check_rounds c = { .g = g };

    if (g->nodes == g->screens)
        return;                         /* nothing is called */
    c.order = xcalloc(screens, sizeof *c.order);
    c.low = xcalloc(screens, sizeof *c.low);
    c.knot = xcalloc(screens, sizeof *c.knot);
    c.next = xcalloc(screens, sizeof *c.next);
    c.way = xcalloc(screens, sizeof *c.way);
    c.open = xcalloc(screens, sizeof *c.open);
    for (int s = 0; s < g->screens; s++) {
        if (c.order[s] == 0)
            check_rounds_from(&c, s);
    }
    check_rounds_say(&c, issues);
    free(c.order);
    free(c.low);
    free(c.knot);
    free(c.next);
    free(c.way);
    free(c.open);
}
