/*
 * replay_sample.h - a value that fits a type, for one that the tape withheld.
 */
#ifndef REPLAY_SAMPLE_H
#define REPLAY_SAMPLE_H

#include <stdbool.h>

#include "base/buf.h"
#include "menu/model.h"

/* As a person would type it, not the type's example; false: none is found. */
bool replay_sample_typed(const struct menu_type *t, int32_t today, struct buf *out) __attribute__((warn_unused_result));

/* As a database would answer it. */
bool replay_sample_cell(const struct menu_type *t, struct buf *out) __attribute__((warn_unused_result));

#endif
