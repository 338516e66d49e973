/*
 * filter.h - what {name|filter} does to a value, by a table.
 *
 * A filter works in place, on the end of the text being printed.
 */
#ifndef FILTER_H
#define FILTER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "menu/model.h"

struct expr_scope;

#define FILTER_DIGITS_MAX 40            /* longer values are neither money nor spelled */

/* The octets of out from start on are the value, which is not empty.  After the
 * first filter they are only text. */
struct filter_value {
    const struct expr_scope *scope;
    struct buf *out;
    size_t start;
    int var;
    const struct menu_type *type;       /* of the variable; NULL: the program's own placeholder */
    int arg;                            /* cut(12) */
};

enum filter_takes {
    FILTER_ANY = 0,
    FILTER_NAMED,                       /* a choice, a yesno, citizen.lang */
    FILTER_DATE,
    FILTER_WHOLE,
    FILTER_TAKES,
};

struct filter {
    const char *name, *help;
    void (*apply)(const struct filter_value *v);
    enum filter_takes takes;            /* but FILTER_ANY must come first */
    bool has_arg;
    bool hides;                         /* enough of a sensitive value */
};

const struct filter *filter_table(int *count);
const struct filter *filter_find(const char *name, size_t len);

/* May it be the first filter of this variable?  If not: what it wants. */
bool filter_fits(const struct filter *f, int var, const struct menu_type *type);
const char *filter_wants(const struct filter *f);

/* Does it need the root's numbers? */
bool filter_needs_numbers(const struct filter *f);

/* Name of a month (1..12) out of words.months, len octets; "?" when it lacks. */
const char *filter_month(const struct expr_scope *scope, int month, size_t *len);

/* Append a date as the filter day shows it: "2026-10-12" as 12 Oct. */
void filter_day_of(const struct expr_scope *scope, const char *date, struct buf *out);

#endif
