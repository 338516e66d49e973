/*
 * load.h - a menu folder for a command that wants it without errors.
 */
#ifndef CLI_LOAD_H
#define CLI_LOAD_H

#include <stdio.h>

#include "menu/model.h"

/* NULL when it has errors, which are said on to. */
struct menu *load_menus(const char *dir, FILE *to);

#endif
