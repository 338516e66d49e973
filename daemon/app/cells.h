/*
 * cells.h - rows of comma-separated values, written (RFC 4180).
 */
#ifndef CELLS_H
#define CELLS_H

#include "base/buf.h"

/* One more cell of the row; the first has nothing before it. */
void cells_first(struct buf *out, const char *text);
void cells_add(struct buf *out, const char *text);
void cells_end(struct buf *out);

#endif
