/*
 * check_ways.h - what is proved of the ways through a tree.
 *
 *   every screen can be reached from where a dialogue begins
 *   from every screen an end can be reached: a page with "end: yes", or one
 *     that only tells and asks nothing more
 *   no screens that show nothing run in a circle, nor more of them in a row
 *     than the engine passes in one step
 *   warnings where the shortest way to an end is long
 */
#ifndef CHECK_WAYS_H
#define CHECK_WAYS_H

#include "menu/issue.h"
#include "menu/model.h"

/* For a tree without errors; adds what it finds. */
void check_ways(const struct menu *m, struct menu_issues *issues);

#endif
