/*
 * number.h - whole numbers in words, out of the root file's `numbers`.
 *
 * In each language 104 words: nought to ninety-nine, then hundred, thousand and
 * two more scales: lakh and crore where the language groups by lakh, million
 * and billion elsewhere.
 */
#ifndef NUMBER_H
#define NUMBER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "menu/expr.h"
#include "menu/model.h"

#define NUMBER_WORDS 104
#define NUMBER_MOST  INT64_C(999999999999999)       /* what a whole may be */
#define NUMBER_WIDE  INT64_C(99999999999999999)     /* and what number_widest() may make of it */

/* Append v in words of the scope's language; in digits where it has none. */
void number_print(const struct expr_scope *scope, int64_t v, struct buf *out);

/* Numbers of the type's length of which one has the widest words in every place,
 * however wide is counted; some may be beyond the type's range. */
typedef void number_fn(void *arg, const char *s, size_t len);
void number_widest(const struct menu_type *t, bool lakhs, number_fn *fn, void *arg);

#endif
