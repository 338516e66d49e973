/*
 * render_rows.h - how the rows of a list are packed; for render.c alone.  What
 * others may use stands in render.h.
 */
#ifndef RENDER_ROWS_H
#define RENDER_ROWS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"
#include "menu/model.h"

/* The cell at rd, which moves behind it; NULL when it is unset or the bytes end. */
const char *render_cell(struct rd *rd, size_t *len);

/* Skip n cells; false when there are not so many. */
bool render_cells_skip(struct rd *rd, int n);

/* The next number that is no key. */
int render_number_after(const struct menu *m, int number);

#endif
