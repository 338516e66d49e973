/*
 * deadline.h - when the answer to a case is due, and what the clock does to it.
 *
 * A promise of days begins when the case is opened, or when it comes into a
 * state that has one of its own.  It runs while an officer may move the case:
 * days for which the office waits for the citizen do not count.  Pure: the
 * menus, the calendar and the history go in.
 */
#ifndef DEADLINE_H
#define DEADLINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/calendar.h"
#include "menu/model.h"

#define DEADLINE_EVENTS_MAX 512         /* of one history that are looked at, the first */
#define DEADLINE_NEVER INT64_MAX
#define DEADLINE_KEY_SIZE 48

struct deadline_event {
    int64_t at;                         /* ms since the epoch */
    const char *state;                  /* where it stood afterwards */
};

enum deadline_act {
    DEADLINE_WAIT = 0,                  /* until wake */
    DEADLINE_OVERDUE,                   /* the next step of the service's overdue is to be taken */
    DEADLINE_EXPIRE,                    /* the state's time is over */
    DEADLINE_OVER,                      /* the case has ended: it need not be looked at again */
    DEADLINE_ACTS,
};

struct deadline {
    enum deadline_act act;
    int64_t due;                        /* last ms of the promised day; 0: no answer is owed now */
    int done;                           /* steps of overdue that were taken for this promise */
    int64_t wake;                       /* WAIT; DEADLINE_NEVER: not before something happens to it */
    const struct menu_state *state;     /* where it stands */
    char key[DEADLINE_KEY_SIZE];        /* OVERDUE, EXPIRE: names what is to be done, in the case's history */
};

struct deadline_args {
    const struct menu *menu;
    const struct menu_service *service;
    const struct calendar *calendar;
    const struct deadline_event *events;        /* the whole history, in order; the first opened it */
    int event_count;
    int done;                           /* steps taken, as the case has it */
    int more;                           /* days on top of what is promised, of all days */
    int64_t now;
};

/* The last state is one of the service's, and there is an event. */
struct deadline deadline_of(const struct deadline_args *a);

/* The office that a case is with after so many steps; "" its own. */
const char *deadline_office(const struct menu_service *s, int done);

#endif
