/*
 * draft.h - is a dialogue that somebody left a piece of work that she may want
 * to finish?
 */
#ifndef DRAFT_H
#define DRAFT_H

#include <stdbool.h>

#include "engine/session.h"

/* She answered at least three questions, opened no case, and stood before another question or before the last key;
 * not at a screen that nobody is led back to. */
bool draft_is_left(const struct session *s);

#endif
