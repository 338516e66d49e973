/*
 * play_run.h - one scripted dialogue against one menu.
 */
#ifndef PLAY_RUN_H
#define PLAY_RUN_H

#include <stdbool.h>

#include "cli/play_script.h"
#include "menu/model.h"

struct play_tally {
    int dialogues;
    int steps;                          /* that passed */
    int failed;                         /* that did not; a dialogue ends at its first */
};

struct play_cover;

/* Says on stdout what did not go as it should.  Counts into tally, and into cover
 * unless it is NULL. */
bool play_run(const struct menu *m, const struct play_script *script, bool twice, struct play_cover *cover,
              struct play_tally *tally);

#endif
