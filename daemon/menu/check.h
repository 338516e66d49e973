/*
 * check.h - judgement over a whole tree.
 */
#ifndef CHECK_H
#define CHECK_H

#include "menu/issue.h"
#include "menu/model.h"

/* Adds what it finds.  The tree may have errors already: what is missing in it
 * is passed over, and warnings wait until it has none.  links: what pages must fit;
 * NULL: not looked at. */
void check_menu(const struct menu *m, const struct menu_links *links, struct menu_issues *issues);

#endif
