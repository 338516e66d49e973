/*
 * render.h - a screen, its values and a language to pages that fit.
 *
 * A page is the title, then options, then one line of hints ("9 More 0 Back").
 * It is paged, never cut: between options, or at a space of a long text, never
 * inside a grapheme cluster.  The more hint stands only where there is more;
 * the back hint gives way when the whole page fits without it and not with it.
 * The budget is the link's: septets when every character of the page is in the
 * GSM alphabet, else UCS-2 units.
 */
#ifndef RENDER_H
#define RENDER_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/event.h"
#include "menu/expr.h"
#include "menu/model.h"

struct render_args {
    const struct expr_scope *scope;         /* menu, language, values */
    const struct menu_screen *screen;
    const struct event_limits *limits;
    int page;                               /* from 0 */
    bool at_start;                          /* nothing to go back to: hint is exit */
    const char *error;                      /* replaces the title of an input, stands above options; NULL none */
    const char *notice;                     /* a line above the title (unknown sub-code); NULL none */
    const char *list_rows;                  /* packed rows of a list screen (render_rows_*), NULL none */
    size_t list_rows_len;
};

struct render_page {
    int septets;                            /* of the page; -1 when it needs UCS-2 */
    int units;
    int page;                               /* the page shown: args.page, or the last there is */
    bool more;                              /* there is a further page */
    bool fits;                              /* false: one unbreakable piece is beyond the limit; it was cut at a
                                             * cluster, and the checker would have refused it */
};

/* Append the page to out. */
void render_page(const struct render_args *args, struct buf *out, struct render_page *page);

/* Is option number n offered now (its when holds)?  NULL when not. */
const struct menu_option *render_option(const struct render_args *args, int number);

/* Rows of a list, packed for the session: rows x fields of canonical text.
 * add: cells of one row, NULL = unset.  False when out is full. */
void render_rows_begin(struct buf *out, int fields);
void render_rows_add(struct buf *out, const char *const *cells, int fields);
int render_rows_count(const char *rows, size_t len);
/* Cell, borrowed; NULL when unset or out of range. */
const char *render_rows_cell(const char *rows, size_t len, int row, int field, size_t *cell_len);

/* A word of the program (menu_word) with its placeholder. */
void render_word(const struct expr_scope *scope, enum menu_word word, const char *value, struct buf *out);

#endif
