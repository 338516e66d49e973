/*
 * timekeeper.h - looks at cases when their time has come: counts the days of
 * what was promised, gives the desk the orders of overdue steps and expiry, and
 * puts each down with the time of its next look.
 *
 * Any process may take any case; who falls in between leaves it to the others,
 * and the desk does nothing twice.
 */
#ifndef TIMEKEEPER_H
#define TIMEKEEPER_H

#include "app/almanac.h"
#include "app/desk.h"

struct generations;
struct store;
struct timekeeper;

struct timekeeper_args {
    struct store *store;
    struct desk *desk;
    struct almanac *almanac;
    struct generations *generations;
};

/* All of them outlive it, but the store may go first. */
struct timekeeper *timekeeper_new(const struct timekeeper_args *args);
void timekeeper_free(struct timekeeper *t);

/* From the loop's tick, while the database is up. */
void timekeeper_tick(struct timekeeper *t);

#endif
