/*
 * check_trust.h - rules of what is done on another's behalf: a consent's code is
 * told to its receiver alone, and nothing sensitive stays in the audit.
 */
#ifndef CHECK_TRUST_H
#define CHECK_TRUST_H

#include "menu/issue.h"

/* Of a menu without any other error. */
void check_trust(const struct menu *m, struct menu_issues *issues);

#endif
