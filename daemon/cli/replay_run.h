/*
 * replay_run.h - one recorded dialogue, run again on other menus.
 *
 * The engine runs as it does in kheyad: the citizen types what is on the tape,
 * queries answer what they answered then, the clock stands where it stood.
 * Values that the tape withheld are made up to fit.
 */
#ifndef REPLAY_RUN_H
#define REPLAY_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/event.h"
#include "menu/model.h"

#define REPLAY_WHY_SIZE 160
#define REPLAY_SCREEN_SIZE 128

struct replay_run;

struct replay_run *replay_run_new(const struct menu *m);
void replay_run_free(struct replay_run *r);

/* A step of the tape. */
struct replay_step {
    int64_t at;
    int kind, how, state;               /* enum flow_tape_kind, flow_tape_how, session_mode */
    const char *typed, *facts, *screen;
};

enum replay_outcome {
    REPLAY_FOLLOWED = 0,                /* run to its end, or to where these menus end it or ask something else */
    REPLAY_ASKS_MORE,                   /* these menus ask the database what was not asked then: see why */
    REPLAY_TAPE_LACKS,                  /* the tape does not hold it whole: see why */
    REPLAY_OUTCOMES,
};

/* How a dialogue went. */
struct replay_end {
    enum replay_outcome outcome;
    char was[REPLAY_SCREEN_SIZE], is[REPLAY_SCREEN_SIZE];       /* the screens it ended on, "x (end)" after an end */
    char apart[REPLAY_SCREEN_SIZE];     /* the screen after which they went apart, "" never */
    char key[32];                       /* what was pressed there */
    char why[REPLAY_WHY_SIZE];          /* "" when followed */
};

/* A dialogue, and all its steps.  limits: of the link's pages; copied. */
void replay_run_begin(struct replay_run *r, const struct event_limits *limits);
void replay_run_step(struct replay_run *r, const struct replay_step *step);
const struct replay_end *replay_run_end(const struct replay_run *r);

#endif
