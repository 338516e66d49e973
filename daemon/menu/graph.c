#include "menu/graph.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "menu/calls.h"

int graph_pages(const struct graph *g, int node)
{
    return node < g->screens && g->m->screens[node].text != NULL;
}

static void graph_add(struct graph *g, const struct graph_edge *e)
{
    if (g->edge_count == g->edge_cap) {
        g->edge_cap = g->edge_cap > 0 ? g->edge_cap * 2 : 256;
        g->edges = xrealloc(g->edges, (size_t)g->edge_cap * sizeof *g->edges);
    }
    g->edges[g->edge_count++] = *e;
}

/* --- exits ------------------------------------------------------------------------------ */

/* Rows are asked for before their page is shown. */
static bool graph_is_silent(const struct menu_screen *s, enum ways_why why)
{
    return s->text == NULL || why == WAYS_EMPTY || why == WAYS_FAIL;
}

struct graph_exits {
    struct graph *g;
    int screen;
    int called;                         /* by the last call so far; MENU_NONE */
};

static void graph_exit(void *arg, const struct ways_exit *exit)
{
    struct graph_exits *x = arg;
    struct graph_edge e = { GRAPH_EXIT, x->screen, exit->to, exit->why, exit->action,
                            graph_is_silent(&x->g->m->screens[x->screen], exit->why), exit->pos };

    if (x->called != MENU_NONE) {
        e.kind = GRAPH_SHORTCUT;
        graph_add(x->g, &e);
        e.kind = GRAPH_ON;
        e.from = x->g->returned[x->called];
    }
    if (exit->why == WAYS_CALL) {
        x->called = exit->to;
        if (e.kind == GRAPH_EXIT)
            e.kind = GRAPH_CALL;
    }
    graph_add(x->g, &e);
}

static void graph_called(void *arg, const struct ways_exit *exit)
{
    struct graph *g = arg;

    if (exit->why == WAYS_CALL && g->returned[exit->to] == MENU_NONE)
        g->returned[exit->to] = g->nodes++;
}

/* --- returns ---------------------------------------------------------------------------- */

struct graph_returns {
    struct graph *g;
    int called;
};

static void graph_return(void *arg, const struct menu_screen *s)
{
    const struct graph_returns *r = arg;
    struct graph *g = r->g;
    struct graph_edge e = { .kind = GRAPH_RETURN, .from = (int)(s - g->m->screens), .to = g->returned[r->called],
                            .action = s->action_count - 1, .silent = true };
    int called = MENU_NONE;

    if (s->action_count == 0 || s->actions[e.action].kind != MENU_RETURN)
        return;
    e.pos = s->actions[e.action].pos;
    for (int i = 0; i < e.action; i++) {
        if (s->actions[i].kind == MENU_CALL)
            called = s->actions[i].call;
    }
    if (called != MENU_NONE) {
        e.kind = GRAPH_SHORTCUT;
        graph_add(g, &e);
        e.kind = GRAPH_RETURN;
        e.from = g->returned[called];
    }
    graph_add(g, &e);
}

static bool graph_add_returns(struct graph *g)
{
    struct graph_returns r = { g, MENU_NONE };
    struct calls calls;
    bool good = true;

    calls_init(&calls, g->m->screens, g->m->screen_count, g->m->start);
    for (int s = 0; good && s < g->screens; s++) {
        r.called = s;
        if (g->returned[s] != MENU_NONE)
            good = calls_walk(&calls, s, graph_return, &r);
    }
    calls_fini(&calls);
    return good;
}

/* --- the whole ---------------------------------------------------------------------------- */

/* Edge numbers by node, in their order: by where they go, or where they come from. */
static int *graph_sort(const struct graph *g, int *first, bool by_to)
{
    int *list = xcalloc((size_t)g->edge_count + 1, sizeof *list);
    int *next = xcalloc((size_t)g->nodes + 1, sizeof *next);

    for (int i = 0; i < g->edge_count; i++)
        first[(by_to ? g->edges[i].to : g->edges[i].from) + 1]++;
    for (int n = 0; n < g->nodes; n++)
        first[n + 1] += first[n];
    memcpy(next, first, ((size_t)g->nodes + 1) * sizeof *next);
    for (int i = 0; i < g->edge_count; i++)
        list[next[by_to ? g->edges[i].to : g->edges[i].from]++] = i;
    free(next);
    return list;
}

static void graph_order(struct graph *g)
{
    int *list = graph_sort(g, g->out, false);
    struct graph_edge *edges = xcalloc((size_t)g->edge_count + 1, sizeof *edges);

    for (int i = 0; i < g->edge_count; i++)
        edges[i] = g->edges[list[i]];
    free(g->edges);
    free(list);
    g->edges = edges;
    g->edge_cap = g->edge_count + 1;
    g->back = graph_sort(g, g->in, true);
}

bool graph_init(struct graph *g, const struct menu *m)
{
    bool good;

    *g = (struct graph){ .m = m, .screens = m->screen_count, .nodes = m->screen_count };
    g->returned = xcalloc((size_t)m->screen_count + 1, sizeof *g->returned);
    for (int s = 0; s < m->screen_count; s++)
        g->returned[s] = MENU_NONE;
    for (int s = 0; s < m->screen_count; s++)
        ways_exits(m, s, graph_called, g);
    for (int s = 0; s < m->screen_count; s++) {
        struct graph_exits x = { g, s, MENU_NONE };

        ways_exits(m, s, graph_exit, &x);
    }
    good = graph_add_returns(g);
    g->out = xcalloc((size_t)g->nodes + 1, sizeof *g->out);
    g->in = xcalloc((size_t)g->nodes + 1, sizeof *g->in);
    if (good)
        graph_order(g);
    return good;
}

void graph_fini(struct graph *g)
{
    free(g->returned);
    free(g->edges);
    free(g->out);
    free(g->back);
    free(g->in);
    memset(g, 0, sizeof *g);
}
