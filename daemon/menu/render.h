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

/* Options or rows of one screen; what is beyond is not shown, so the loader
 * refuses more. */
#define RENDER_OPTIONS_MAX 200

struct render_args {
    const struct expr_scope *scope;         /* menu, language, values */
    const struct menu_screen *screen;
    const struct event_limits *limits;
    int page;                               /* from 0 */
    bool at_start;                          /* nothing to go back to: the first page's hint is exit */
    const char *error;                      /* stands in place of the title; NULL none */
    const char *notice;                     /* a line above the title (unknown sub-code); NULL none */
    const char *list_rows;                  /* packed rows of a list screen (render_rows_*), NULL none */
    size_t list_rows_len;
};

struct render_page {
    int septets;                            /* of the page; -1 when it needs UCS-2 */
    int units;
    int page;                               /* the page shown: args.page, or the last there is */
    bool more;                              /* there is a further page */
    bool fits;                              /* false: an option or a word is beyond the limit; it goes on on the
                                             * next page, and the checker would have refused it */
};

/* Append the page to out.  An end screen of several pages ends with the last:
 * while more is set, the dialogue must stay open. */
void render_page(const struct render_args *args, struct buf *out, struct render_page *page);

/* Is option number n offered now (its when holds)?  NULL when not. */
const struct menu_option *render_option(const struct render_args *args, int number);

/* Rows of a list, packed for the session: rows x fields of canonical text.
 * add: cells of one row, NULL = unset; a row that does not fit is not added
 * and sets out->full. */
void render_rows_begin(struct buf *out, int fields);
void render_rows_add(struct buf *out, const char *const *cells, int fields);
int render_rows_count(const char *rows, size_t len);
/* Cell, borrowed; NULL when unset or out of range. */
const char *render_rows_cell(const char *rows, size_t len, int row, int field, size_t *cell_len);

/* What she types for a row: 1, 2, 3 ... without the numbers that are keys. */
int render_row_number(const struct menu *m, int row);
/* The row of a number, MENU_NONE when it is a key's or not positive. */
int render_row_of(const struct menu *m, int number);

/* A word of the program (menu_word) with its placeholder. */
void render_word(const struct expr_scope *scope, enum menu_word word, const char *value, struct buf *out);

#endif
