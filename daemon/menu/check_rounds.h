/*
 * check_rounds.h - no called dialogue calls itself again.
 */
#ifndef CHECK_ROUNDS_H
#define CHECK_ROUNDS_H

#include "menu/graph.h"
#include "menu/issue.h"

/* Adds what it finds. */
void check_rounds(const struct graph *g, struct menu_issues *issues);

#endif
