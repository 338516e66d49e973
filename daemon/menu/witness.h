/*
 * witness.h - a way on which a value is not set where it is read, or the
 * certainty that there is none.
 *
 * Looks for the shortest way of screens first, as if no condition said
 * anything.  If the conditions on it contradict what was set on it, the
 * variables that show so are followed from then on, and another way is looked
 * for.  Bounded: what takes too long to rule out counts as a way.
 */
#ifndef WITNESS_H
#define WITNESS_H

#include <stdbool.h>

#include "base/buf.h"
#include "menu/moves.h"

struct witness;

struct witness *witness_new(const struct moves *v);
void witness_free(struct witness *w);

/* The read at list[move] of a screen.  True when a way leads there on which its
 * variable is not set: its screens in out, "main > look (none) > ask". */
bool witness_find(struct witness *w, int screen, int move, struct buf *out);

#endif
