/*
 * same.h - do parts of two generations mean the same to a citizen?
 *
 * By names and meanings, never by indexes or texts: a text may be reworded
 * without asking for anything else.
 */
#ifndef SAME_H
#define SAME_H

#include <stdbool.h>

#include "menu/model.h"

/* Does an answer that fits one fit the other, with the same value? */
bool same_type(const struct menu_type *a, const struct menu_type *b);

/*
 * Do two screens ask the same thing, so that an answer to the one is one to the
 * other?  Both show something and both end the dialogue or do not; and
 *   input    into a variable of the same name and of the same type
 *   options  the same numbers, and each under the same condition, with the same
 *            sets, to screens of the same names under the same conditions
 *   list     rows of the same query and fields into the same variables
 *   else     neither asks for anything
 */
bool same_question(const struct menu *a, const struct menu_screen *x, const struct menu *b,
                   const struct menu_screen *y);

#endif
