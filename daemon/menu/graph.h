/*
 * graph.h - the screens of a tree as a graph, forward and backward: what
 * ways_exits() tells of every screen, and how called dialogues return.
 *
 * Nodes are the screens, and behind them one for each screen that is called:
 * the place where that dialogue has returned.  The ways on behind a call begin
 * there.  Who calls the same dialogue shares it, so a way through the graph may
 * leave it to another caller; where that matters, take the short cuts.
 */
#ifndef GRAPH_H
#define GRAPH_H

#include <stdbool.h>

#include "menu/model.h"
#include "menu/ways.h"

enum graph_kind {
    GRAPH_EXIT = 0,                     /* of a screen */
    GRAPH_CALL,                         /* into a called dialogue, from its caller or from the call before */
    GRAPH_RETURN,                       /* to where its dialogue has returned, from a screen that returns */
    GRAPH_ON,                           /* from there, what comes behind the call */
    GRAPH_SHORTCUT,                     /* the same from the calling screen itself, past the call */
    GRAPH_KINDS,
};

struct graph_edge {
    enum graph_kind kind;
    int from, to;                       /* nodes */
    enum ways_why why;                  /* but for GRAPH_RETURN */
    int action;                         /* as in ways_exit */
    bool silent;                        /* taken before a page of from is shown */
    struct menu_pos pos;
};

struct graph {
    const struct menu *m;
    int screens, nodes;
    int *returned;                      /* by screen: its second node when it is called; MENU_NONE */
    struct graph_edge *edges;           /* by from, else in the order of the engine */
    int edge_count, edge_cap;
    int *out;                           /* edges[out[n]] to edges[out[n + 1] - 1] leave node n */
    int *back;                          /* edge numbers by to */
    int *in;                            /* back[in[n]] to back[in[n + 1] - 1] enter node n */
};

/* False when its calls reach too many screens: then it is not to be used, but
 * for graph_fini(). */
bool graph_init(struct graph *g, const struct menu *m) __attribute__((warn_unused_result));
void graph_fini(struct graph *g);

/* Pages that a node is: 1 for a screen with a text, else 0. */
int graph_pages(const struct graph *g, int node);

#endif
