/*
 * needs.h - which variables a dialogue must have when it meets a screen.
 *
 * A screen needs a variable when there is a way from it on which the variable
 * is read before it is set: by a text, a condition, a query, a message.
 */
#ifndef NEEDS_H
#define NEEDS_H

#include <stdbool.h>

#include "menu/model.h"

struct needs;

/* m must outlive it. */
struct needs *needs_new(const struct menu *m);
void needs_free(struct needs *n);

/* The first variable from var on that screen needs; MENU_NONE.  The program's own
 * are not told. */
int needs_next(const struct needs *n, int screen, int var);
bool needs_has(const struct needs *n, int screen, int var);

#endif
