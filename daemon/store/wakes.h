/*
 * wakes.h - cases that the clock is to look at: taken by one process at a time,
 * and put down with the time of the next look.
 */
#ifndef WAKES_H
#define WAKES_H

#include <stdbool.h>
#include <stdint.h>

struct pg;
struct store;

#define WAKES_LEASE_MS 30000            /* who takes a case and falls leaves it to the others so much later */
#define WAKES_NEVER INT64_MAX

struct wakes_case {                     /* borrowed until the callback returns */
    int64_t number, generation, due;
    const char *msisdn, *service, *state, *lang;
    const char *history;                /* "AT STATE,AT STATE,...": the whole, in order */
    int seq, overdue;
    int more;                           /* days that it got on top of its promise */
    int64_t lease;                      /* its wake as long as nobody else wakes it */
};

struct wakes_ops {
    void (*taken)(void *arg, const struct wakes_case *c);
    void (*done)(void *arg, int count);         /* all were told; -1: it failed */
    void (*swept)(void *arg, int count, int64_t wake, int64_t bucket, int64_t number);  /* the last; count -1: failed */
};

/* Whom it is told; outlives the store. */
struct wakes_teller {
    const struct wakes_ops *ops;
    void *arg;
};

/* Up to max cases whose time has come. */
void wakes_take(struct store *s, int max, int64_t calendar, struct wakes_teller *to);

struct wakes_set {
    int64_t number;
    const char *msisdn;
    int seq;                            /* nothing is written if another event came meanwhile: it wakes itself */
    int64_t due;
    int overdue;
    const char *office;
    int64_t wake;                       /* WAKES_NEVER: not before something happens */
    int64_t lease;                      /* of the case as it was taken: nothing is written if it was woken since; 0: all the same */
};
void wakes_put(struct store *s, const struct wakes_set *w);

/* Tell the officers of a rank, whose place the case's lies in, that it is passed on to them: those of its own
 * agency, or, where that has none, of any.  Once for each cause. */
struct wakes_passed {
    int64_t number;
    const char *msisdn;                 /* of the case */
    const char *rank, *cause;
    const char *text_bn, *text_en;
    int64_t at;
};
void wakes_pass_on(struct store *s, const struct wakes_passed *w);

/* Wake up to max of those behind (wake, bucket, number), which is where the last call stopped. */
void wakes_sweep(struct store *s, int64_t wake, int64_t bucket, int64_t number, int max, struct wakes_teller *to);

void wakes_prepare(struct pg *pg);

#endif
