/*
 * widest.h - how wide the values of a type can be.
 *
 * Every value has a type, and every type a few values that no other value
 * exceeds, whatever filter it is shown through: in the GSM alphabet and outside
 * of it, in digits that filters group or turn, in every month and every choice.
 */
#ifndef WIDEST_H
#define WIDEST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "menu/model.h"

struct expr_scope;

/* Longest value of any type, octets. */
#define WIDEST_OCTETS 4096

typedef void widest_fn(void *arg, const char *s, size_t len);

/* Calls fn for the widest values of a type; not for PINs, which are never shown. */
void widest_each(const struct menu_type *t, widest_fn *fn, void *arg);

/* One of them, for a page as it usually looks at its widest: in letters that the
 * GSM alphabet has, and the longest name in the scope's language. */
void widest_value(const struct menu_type *t, const struct expr_scope *scope, struct buf *out);

/* The kinds of characters that a pattern takes. */
struct widest_letters {
    bool digits;                        /* a value of digits alone */
    bool ascii;                         /* other characters of one septet */
    bool escaped;                       /* [ ] { } ^ ~ | \ : two septets each */
    bool any;                           /* characters outside the GSM alphabet */
};
struct widest_letters widest_pattern(const char *pattern);

#endif
