/*
 * fit.h - what a text can cost at its widest, as a whole and word by word.
 *
 * A page whose characters are all in the GSM alphabet is counted in septets,
 * any other in UCS-2 units, so both are kept: the most septets that the text
 * costs while it is in the alphabet, and the most units that it costs at all.
 * Costs add up, and a sum that fits is an upper bound of every page that is
 * made of the same texts.
 */
#ifndef FIT_H
#define FIT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "menu/expr.h"
#include "menu/model.h"

struct fit_cost {
    int septets;                        /* -1: it is never in the alphabet */
    int units;
    bool ucs2;                          /* some value or letter of it is outside of the alphabet */
};

/* One language of a tree, which stays as it is meanwhile. */
struct fit {
    struct expr_scope scope;
    bool blind;                         /* the tree has errors: types may be wrong, values count nothing */
    struct buf shown;                   /* scratch: one value as it is shown */
    struct fit_known *known;            /* values that were counted already: a text is asked for again and again */
};

void fit_init(struct fit *f, const struct menu *m, int lang);
void fit_fini(struct fit *f);

struct fit_cost fit_plus(struct fit_cost a, struct fit_cost b);
/* The worse of two that stand in one place. */
struct fit_cost fit_most(struct fit_cost a, struct fit_cost b);
struct fit_cost fit_times(struct fit_cost a, int n);
/* n characters of ASCII. */
struct fit_cost fit_ascii(int n);
struct fit_cost fit_literal(const char *s, size_t len);

/* Does it fit whatever the values are?  A limit of 0 is none. */
bool fit_fits(struct fit_cost c, const struct menu_link *link);

/* The whole text in this language; nothing where there is no text. */
struct fit_cost fit_text(struct fit *f, const struct menu_text *text);

/* Its words one after the other: what stands between blanks, a value with what
 * stands right beside it.  A free text (type text) breaks anywhere: it is told as
 * a word that may break. */
#define FIT_WORD_SHOWN 64
struct fit_word {
    struct fit_cost cost;
    bool breaks;
    char shown[FIT_WORD_SHOWN];         /* as in the file, cut */
};
typedef void fit_word_fn(void *arg, const struct fit_word *word);
void fit_words(struct fit *f, const struct menu_text *text, fit_word_fn *fn, void *arg);

#endif
