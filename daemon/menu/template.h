/*
 * template.h - a text with {placeholders}, parsed once, printed often.
 *
 * {name}, {name|filter}, {name|filter(3)|filter}; "{{" is a brace.  Literal
 * parts are normalised (gsm_normalise) and counted when they are parsed.
 */
#ifndef TEMPLATE_H
#define TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/gsm.h"
#include "menu/model.h"

struct expr_error;
struct expr_names;
struct expr_scope;

/* NULL with *err filled.  word: name of the one extra placeholder a program's
 * word may use, "" none.  A sensitive value only behind last4 or mask, a PIN
 * not at all. */
const struct template *template_parse(struct arena *a, const struct expr_names *names, const char *s, size_t n,
                                      const char *word, struct expr_error *err);
void template_print(const struct template *t, const struct expr_scope *scope, struct buf *out);
bool template_is_constant(const struct template *t);
/* The whole text and its cost when it is constant, NULL when not; lives as
 * long as the template. */
const char *template_constant(const struct template *t, size_t *len, struct gsm_cost *cost);
/* As an operator would write it, appended; {} in place of the program's own placeholder. */
void template_source(const struct template *t, const struct menu *m, struct buf *out);
void template_reads(const struct template *t, void (*fn)(void *arg, int var), void *arg);
/* The same with its places. */
void template_places(const struct template *t, void (*fn)(void *arg, int var, struct menu_place place), void *arg);

/* What a text is made of, one after the other: a literal, or a value. */
struct template_piece {
    const char *text;                   /* NULL: a value */
    size_t len;
    int var;                            /* MENU_NONE: the program's own placeholder, {n} */
    const struct menu_type *type;       /* NULL: the program's own placeholder */
    bool in_words;                      /* a number, shown in words */
};
int template_pieces(const struct template *t);
struct template_piece template_piece(const struct template *t, int i);
/* Append a value as value i shows it, through its filters. */
void template_show(const struct template *t, int i, const struct expr_scope *scope, const char *s, size_t len,
                   struct buf *out);

/* The text in a language; where it has none, in the first that it has. */
const struct template *template_of(const struct menu_text *text, int lang);

#endif
