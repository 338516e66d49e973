/*
 * check_conditions.h - conditions that cannot hold, or cannot but hold, by all
 * that the tree's variables can be; screens that may offer no option.
 */
#ifndef CHECK_CONDITIONS_H
#define CHECK_CONDITIONS_H

#include "menu/issue.h"
#include "menu/model.h"

/* For a tree in which the other checks find no error; adds what it finds. */
void check_conditions(const struct menu *m, struct menu_issues *issues);

#endif
