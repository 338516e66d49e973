/*
 * graph.h - the screens of a tree as a graph in two arrays: what
 * ways_exits() tells of every screen, forward and backward.
 */
#ifndef GRAPH_H
#define GRAPH_H

#include <stdbool.h>

#include "menu/model.h"
#include "menu/ways.h"

struct graph_edge {
    int from, to;                       /* screens */
    enum ways_why why;
    bool silent;                        /* taken before a page of from is shown */
    struct menu_pos pos;
};

struct graph {
    const struct menu *m;
    struct graph_edge *edges;           /* by from, in the order of the engine */
    int edge_count, edge_cap;
    int *out;                           /* edges[out[s]] to edges[out[s + 1] - 1] leave screen s */
    int *back;                          /* edge numbers by to */
    int *in;                            /* back[in[s]] to back[in[s + 1] - 1] enter screen s */
};

void graph_init(struct graph *g, const struct menu *m);
void graph_fini(struct graph *g);

#endif
