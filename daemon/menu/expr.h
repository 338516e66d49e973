/*
 * expr.h - conditions: parsed once, checked for types at load, evaluated
 * without allocation.
 *
 * Expressions: or and not == != < <= > >= in + -, literals ('text', 12,
 * yes, no, (a, b) after in), names.  A bare word that is a code of the other
 * side's choice type is that code.  A date plus or minus a whole is days, a
 * date minus a date is a whole.  An unset variable compares as unequal to
 * everything, and is "" in a text.  No assignment, no loops, no functions.
 */
#ifndef EXPR_H
#define EXPR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "menu/model.h"
#include "menu/template.h"

/* What an expression sees.  get gives the canonical text of a variable,
 * borrowed until the next call, or NULL when it is unset.  It is never asked
 * for MENU_VAR_TODAY. */
struct expr_scope {
    const struct menu *menu;
    int lang;
    int32_t today;                      /* days since 1970 */
    const char *(*get)(const void *arg, int var, size_t *len);
    const void *arg;
    /* placeholders of the program's own words: {n}, {helpline} */
    const char *word_name, *word_value;
};

enum expr_kind { EXPR_BOOL = 0, EXPR_WHOLE, EXPR_DATE, EXPR_TEXT, EXPR_KINDS };

/* Parsing needs the variables defined so far (the menu under construction):
 * resolve answers the index of a name or MENU_NONE. */
struct expr_names {
    const struct menu *menu;            /* types, vars; vars may still grow before sealing */
    int (*resolve)(void *arg, const char *name, size_t len);
    const struct menu_type *(*type)(void *arg, int var);
    /* nearest known name for "did you mean", or NULL */
    const char *(*nearest)(void *arg, const char *name, size_t len);
    void *arg;
    const struct yaml_node *source;     /* of places; NULL: nobody will ask */
};

struct expr_error {
    size_t at;                          /* octet offset in the source */
    char text[160];
};

/* NULL with *err filled.  want: what the place asks for, -1 = anything.
 * target: type of the variable that will take the value, or NULL. */
const struct expr *expr_parse(struct arena *a, const struct expr_names *names, const char *s, size_t n, int want,
                              const struct menu_type *target, struct expr_error *err);
enum expr_kind expr_kind(const struct expr *e);

/* The declared type, when the expression is one variable or one code of a
 * choice; NULL otherwise.  For a variable that gets its type from a set. */
const struct menu_type *expr_type(const struct expr *e);

bool expr_true(const struct expr *e, const struct expr_scope *scope);
/* Canonical text appended to out; false when a part of it is unset. */
bool expr_value(const struct expr *e, const struct expr_scope *scope, struct buf *out);
/* Calls fn for every variable the expression reads. */
void expr_reads(const struct expr *e, void (*fn)(void *arg, int var), void *arg);
/* The same with its places. */
typedef void expr_place_fn(void *arg, int var, struct menu_place place);
void expr_places(const struct expr *e, expr_place_fn *fn, void *arg);

/* Do two expressions say the same, be they of two generations?  Variables are
 * compared by name; NULL is like NULL. */
bool expr_alike(const struct expr *a, const struct expr *b);

/* Does it hold only where this yes or no does?  Not seen behind "not" and in comparisons. */
bool expr_needs(const struct expr *e, int var);

/* As an operator would write it, appended. */
void expr_source(const struct expr *e, struct buf *out);

/* What values of a type are to an expression. */
enum expr_kind expr_kind_of(const struct menu_type *t);

/* "2026-10-12" to days since 1970; false when it is not such a day. */
bool expr_date(const char *s, size_t n, int32_t *day);

#endif
