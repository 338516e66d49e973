/*
 * told.h - values that tell states of a case: kept as names and days, shown in
 * the words of the case's service, in whatever language she reads.
 *
 * "SERVICE 1f NUMBER", then for each state, the newest first, "1e STATE 1f
 * YYYY-MM-DD 1f NOTE 1f LEFT": what was said when the case came there, and days
 * that are left for an answer, "" where they do not matter.  1f and 1e are the
 * ASCII unit and record separators, which stand in no name, number or note.
 * The database writes them, and nobody else.
 */
#ifndef TOLD_H
#define TOLD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "menu/expr.h"
#include "menu/model.h"

#define TOLD_UNIT '\x1f'
#define TOLD_RECORD '\x1e'
#define TOLD_STATES_MAX 6               /* of a history: older ones are left out */
#define TOLD_MAX 2048                   /* octets of such a value */
#define TOLD_NOTE 160                   /* characters of a note */
#define TOLD_SHORT 40                   /* of one in a history or a list */

/* Is it one, with at most t->max states? */
bool told_is(const struct menu_type *t, const char *s, size_t n);

/* Write one. */
void told_begin(struct buf *out, const char *service, const char *number);
struct told_entry {
    const char *state, *day, *note, *left;
};
void told_add(struct buf *out, const struct told_entry *e);

/* As it is shown.  A history has a line for each state, which begins with its
 * day unless the text shows that by itself.  A state that has no text in these
 * menus, because they do not know it any more, is shown by its name. */
void told_print(const struct menu_type *t, const struct expr_scope *scope, const char *s, size_t n, struct buf *out);

/* Call fn with values that are the widest in one way or another. */
void told_each(const struct menu_type *t, const struct menu *m, void (*fn)(void *arg, const char *s, size_t n), void *arg);

#endif
