/*
 * calls.h - the dialogues inside the dialogue: which screens belong to one
 * that is called, and so which returns answer which call.
 *
 * A called dialogue is what can be reached from its first screen by every exit
 * but the start screen, which forgets all callers.  A call on the way comes
 * back to its own screen, so what it calls is a dialogue of its own.
 */
#ifndef CALLS_H
#define CALLS_H

#include <stdbool.h>

#include "menu/model.h"

struct calls {
    const struct menu_screen *screens;
    int count;
    int start;                          /* MENU_NONE: not known */
    int *seen;                          /* by screen: the walk that saw it */
    int *todo;
    int todo_count;
    int walk;                           /* number of the walk, from 1 */
    long left;                          /* screens that may still be visited */
};

void calls_init(struct calls *c, const struct menu_screen *screens, int count, int start);
void calls_fini(struct calls *c);

/* A walk: begun, from one or several screens, run.  fn is called once for each
 * screen of the dialogue that begins there; false when all walks together have
 * visited too much. */
void calls_begin(struct calls *c);
void calls_from(struct calls *c, int to);
bool calls_run(struct calls *c, void (*fn)(void *arg, const struct menu_screen *s), void *arg)
    __attribute__((warn_unused_result));

/* All three, from one screen. */
bool calls_walk(struct calls *c, int to, void (*fn)(void *arg, const struct menu_screen *s), void *arg)
    __attribute__((warn_unused_result));

#endif
