/*
 * graph.h - kheya graph: the tree of a menu folder for Graphviz.
 */
#ifndef CLI_GRAPH_H
#define CLI_GRAPH_H

/* argv[0] is "graph".  Exit status: 0 printed, 1 the menus have errors, 2 used
 * wrongly. */
int graph_main(int argc, char **argv);

#endif
