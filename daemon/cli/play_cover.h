/*
 * play_cover.h - what of a tree dialogues have come by, and what they have not.
 */
#ifndef PLAY_COVER_H
#define PLAY_COVER_H

#include <stdbool.h>

#include "menu/model.h"

struct play_cover;

/* m is borrowed for life. */
struct play_cover *play_cover_new(const struct menu *m);
void play_cover_free(struct play_cover *c);

/* flow_env.came_by */
void play_cover_came_by(void *arg, const void *part);

/* What no dialogue came by, a line each, and how much of each kind one did.
 * False when that is less than min percent of a kind. */
bool play_cover_print(const struct play_cover *c, int min);

#endif
