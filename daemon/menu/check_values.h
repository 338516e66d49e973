/*
 * check_values.h - what is proved of the values in a tree: each is set before
 * it is read, on every way.
 *
 * What is set by a question's row, an input, a set or a call is set; the way
 * out of a question that found nothing unsets what it would have filled.  A
 * condition may ask for a value that a question did not find, since what is
 * unset equals nothing; but not for one that was never asked for.  Ways that
 * conditions rule out do not count.
 */
#ifndef CHECK_VALUES_H
#define CHECK_VALUES_H

#include "menu/issue.h"
#include "menu/model.h"

/* For a tree without errors; adds what it finds. */
void check_values(const struct menu *m, struct menu_issues *issues);

#endif
