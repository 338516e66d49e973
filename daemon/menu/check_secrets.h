/*
 * check_secrets.h - where sensitive values and PINs may not go.
 *
 * What a text shows of them template.c has seen to.  Here: a sensitive value
 * stays in variables and fields of sensitive types, where nothing shows or logs
 * it; a PIN is compared or checked, and goes nowhere.
 */
#ifndef CHECK_SECRETS_H
#define CHECK_SECRETS_H

#include "menu/issue.h"
#include "menu/model.h"

/* For a tree without errors; adds what it finds. */
void check_secrets(const struct menu *m, struct menu_issues *issues);

#endif
