/*
 * check_calls.h - rules of calls and returns.
 */
#ifndef CHECK_CALLS_H
#define CHECK_CALLS_H

#include "menu/issue.h"

/* Of a menu without any other error. */
void check_calls(const struct menu *m, struct menu_issues *issues);

#endif
