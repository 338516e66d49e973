#include "menu/graph.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

/* Rows are asked for before their page is shown. */
static bool graph_is_silent(const struct menu_screen *s, enum ways_why why)
{
    return s->text == NULL || why == WAYS_EMPTY || why == WAYS_FAIL;
}

struct graph_add {
    struct graph *g;
    int from;
};

static void graph_add(void *arg, const struct ways_exit *exit)
{
    const struct graph_add *add = arg;
    struct graph *g = add->g;

    if (g->edge_count == g->edge_cap) {
        g->edge_cap = g->edge_cap > 0 ? g->edge_cap * 2 : 256;
        g->edges = xrealloc(g->edges, (size_t)g->edge_cap * sizeof *g->edges);
    }
    g->edges[g->edge_count++] = (struct graph_edge){
        add->from, exit->to, exit->why, graph_is_silent(&g->m->screens[add->from], exit->why), exit->pos
    };
}

static void graph_turn(struct graph *g)
{
    int screens = g->m->screen_count;
    int *next = xcalloc((size_t)screens + 1, sizeof *next);

    g->in = xcalloc((size_t)screens + 1, sizeof *g->in);
    g->back = xcalloc((size_t)g->edge_count + 1, sizeof *g->back);
    for (int i = 0; i < g->edge_count; i++)
        g->in[g->edges[i].to + 1]++;
    for (int s = 0; s < screens; s++)
        g->in[s + 1] += g->in[s];
    memcpy(next, g->in, ((size_t)screens + 1) * sizeof *next);
    for (int i = 0; i < g->edge_count; i++)
        g->back[next[g->edges[i].to]++] = i;
    free(next);
}

void graph_init(struct graph *g, const struct menu *m)
{
    *g = (struct graph){ .m = m };
    g->out = xcalloc((size_t)m->screen_count + 1, sizeof *g->out);
    for (int s = 0; s < m->screen_count; s++) {
        struct graph_add add = { g, s };

        ways_exits(m, s, graph_add, &add);
        g->out[s + 1] = g->edge_count;
    }
    graph_turn(g);
}

void graph_fini(struct graph *g)
{
    free(g->edges);
    free(g->out);
    free(g->back);
    free(g->in);
    memset(g, 0, sizeof *g);
}
