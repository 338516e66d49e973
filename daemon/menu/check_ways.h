/*
 * check_ways.h - what is proved of the ways through a tree: every screen can be
 * reached.
 */
#ifndef CHECK_WAYS_H
#define CHECK_WAYS_H

#include "menu/issue.h"
#include "menu/model.h"

/* For a tree without errors; adds what it finds. */
void check_ways(const struct menu *m, struct menu_issues *issues);

#endif
