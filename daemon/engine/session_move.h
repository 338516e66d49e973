/*
 * session_move.h - a dialogue whose generation was retired goes on under
 * another one.
 *
 * It moves to the same screen if that asks the same thing (menu/same.h), else
 * to the nearest earlier one on her way that does, with the values that still
 * fit their type; never to a secret screen, and never to one behind which the
 * present tree reads a value (menu/needs.h) that she has not given: one that it
 * asks for earlier, or whose type has changed.  Pure: two generations and a
 * session.
 */
#ifndef SESSION_MOVE_H
#define SESSION_MOVE_H

#include "engine/session.h"
#include "menu/model.h"

/* From one generation to another: what asks the same, what has a place. */
struct session_plan;

/* Both menus must outlive the plan. */
struct session_plan *session_plan_new(const struct menu *from, const struct menu *to);
void session_plan_free(struct session_plan *p);
const struct menu *session_plan_from(const struct session_plan *p);

enum session_moved {
    SESSION_STAYED = 0,                 /* at the same question: what she answered may be taken */
    SESSION_WENT_BACK,                  /* at an earlier screen: it is to be shown, and the answer dropped */
    SESSION_LOST,                       /* nothing on her way is left: no screen, no values */
    SESSION_MOVES,
};

/* s is under the plan's from; afterwards under its to.  "Continue?" stays that
 * question, whichever screen it would go on to. */
enum session_moved session_move(const struct session_plan *p, struct session *s)
    __attribute__((warn_unused_result));

#endif
