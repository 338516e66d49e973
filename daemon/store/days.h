/*
 * days.h - the calendar and the windows of services as the database has them,
 * and the editions by which it is known that they changed.
 */
#ifndef DAYS_H
#define DAYS_H

#include <stdbool.h>
#include <stdint.h>

struct pg;
struct store;

struct days_editions {
    int64_t calendar, windows;          /* of what there is */
    int64_t clock_calendar, clock_menus;        /* by which the days of all cases were counted */
};

struct days_window {
    const char *service, *place;        /* place "": the whole country */
    int32_t opens, closes;              /* clock.h; INT32_MIN, INT32_MAX: no bound */
};

/* Told in a later turn of the loop, unless the question failed. */
struct days_ops {
    void (*editions)(void *arg, const struct days_editions *e);
    /* weekend: one bit a day, Sunday first; then day for each single day; then edition */
    void (*weekend)(void *arg, unsigned days);
    void (*day)(void *arg, int32_t day, bool worked);
    void (*calendar)(void *arg, int64_t edition);       /* all was told */
    void (*window)(void *arg, const struct days_window *w);
    void (*windows)(void *arg, int64_t edition);        /* likewise */
};

/* Whom it is told; outlives the store. */
struct days_teller {
    const struct days_ops *ops;
    void *arg;
};

void days_ask_editions(struct store *s, struct days_teller *to);
void days_ask_calendar(struct store *s, struct days_teller *to);
void days_ask_windows(struct store *s, struct days_teller *to);

/* The days of all cases are counted by these now. */
void days_counted(struct store *s, int64_t calendar, int64_t menus);

void days_prepare(struct pg *pg);

#endif
