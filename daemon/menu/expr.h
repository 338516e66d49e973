/*
 * expr.h - conditions and {placeholders}: parsed once, checked for types at
 * load, evaluated without allocation.
 *
 * Expressions: or and not == != < <= > >= in + -, literals ('text', 12,
 * yes, no, (a, b) after in), names.  A bare word that is a code of the other
 * side's choice type is that code.  A date plus or minus a whole is days.
 * An unset variable compares as unequal to everything, and is "" in a text.
 * No assignment, no loops, no functions but filters.
 */
#ifndef EXPR_H
#define EXPR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "menu/model.h"

/* What an expression sees.  get gives the canonical text of a variable,
 * borrowed until the next call, or NULL when it is unset. */
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

bool expr_true(const struct expr *e, const struct expr_scope *scope);
/* Canonical text appended to out; false when a part of it is unset. */
bool expr_value(const struct expr *e, const struct expr_scope *scope, struct buf *out);
/* Calls fn for every variable the expression reads. */
void expr_reads(const struct expr *e, void (*fn)(void *arg, int var), void *arg);

/* --- templates ---------------------------------------------------------------- */

/* A text with {name}, {name|filter}, {name|filter(3)|filter}; "{{" is a brace.
 * Normalised (gsm_normalise).  word: name of the one extra placeholder a
 * program's word may use, "" none.  Sensitive values only behind last4 or mask. */
const struct template *template_parse(struct arena *a, const struct expr_names *names, const char *s, size_t n,
                                      const char *word, struct expr_error *err);
void template_print(const struct template *t, const struct expr_scope *scope, struct buf *out);
bool template_is_constant(const struct template *t);
void template_reads(const struct template *t, void (*fn)(void *arg, int var), void *arg);

/* Filters, for the manual and the schema. */
struct expr_filter_info {
    const char *name, *help;
};
const struct expr_filter_info *expr_filters(int *count);

#endif
