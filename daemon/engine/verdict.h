/*
 * verdict.h - what an officer's word means for a case: where OK, NEED and NO lead
 * from where it stands, and what waits for an officer at all.
 */
#ifndef VERDICT_H
#define VERDICT_H

#include <stdbool.h>

#include "base/casefile.h"
#include "engine/officer.h"
#include "menu/model.h"

/* The state a word leads to, of those that an officer may move it to now: NEED
 * need_info, NO rejected or no, OK the first that speaks for her.  NULL: none. */
const char *verdict_state(const struct menu *m, const struct casefile *f, enum officer_verb verb);

/* That state, with the replies that may be given there; NULL: none. */
const struct menu_state *verdict_replies(const struct menu *m, const struct casefile *f, enum officer_verb verb);

/* The service of a case; NULL: these menus do not have it. */
const struct menu_service *verdict_service(const struct menu *m, const char *name);

/* Service and state of all cases that wait for an officer, in pairs; how many. */
#define VERDICT_WAITING_MAX 1024
struct verdict_waiting {
    const char *services[VERDICT_WAITING_MAX];
    const char *states[VERDICT_WAITING_MAX];
    int count;
};
void verdict_waiting(const struct menu *m, struct verdict_waiting *w);

#endif
