/*
 * parcels.h - messages of the outbox as an operator looks at them.
 *
 * Blocking; for the command line only.
 */
#ifndef PARCELS_H
#define PARCELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct parcel_sum {                     /* all of a class that are in a state */
    const char *class, *state;
    int64_t count, segments;
    int64_t oldest;                     /* ms since the epoch when the first of them was due */
};

struct parcel_lane {
    const char *name;
    int64_t seen;                       /* ms since the epoch, 0 by no process yet */
    int64_t waiting;
};

struct parcel {
    int64_t id, due, later, created, changed;   /* later: 0 none */
    int tries, segments, quiet;
    bool asked;
    const char *cause, *receiver, *link, *lang, *class, *state, *note, *text, *other, *approval;
    const char *discreet;               /* what it says where others read it; "" only that there is news */
    const char *whose;                  /* the number that it could not be delivered to; "" the receiver's own */
};

struct parcel_wanted {                  /* "" or 0: any */
    const char *state, *class, *receiver, *cause;
    int64_t id;
    int limit;                          /* the newest so many */
};

/* All of these: false and one line in err when it could not be done. */
typedef void (*parcel_sum_fn)(void *arg, const struct parcel_sum *sum);
typedef void (*parcel_lane_fn)(void *arg, const struct parcel_lane *lane);
typedef void (*parcel_fn)(void *arg, const struct parcel *p);
bool parcels_sums(const char *conninfo, parcel_sum_fn fn, void *arg, char *err, size_t n);
bool parcels_lanes(const char *conninfo, parcel_lane_fn fn, void *arg, char *err, size_t n);
bool parcels_list(const char *conninfo, const struct parcel_wanted *w, parcel_fn fn, void *arg, char *err, size_t n);

/* One that waits is not sent.  False with err "" too: it does not wait. */
bool parcels_drop(const char *conninfo, int64_t id, const char *who, char *err, size_t n);

/* Open on her screen what she could dial; text goes as a message where that
 * cannot be.  cause names it: the same once more is not done again (false, err ""). */
struct parcel_push {
    const char *msisdn, *dial, *text, *lang, *cause;
};
bool parcels_push(const char *conninfo, const struct parcel_push *p, char *err, size_t n);

/* Known of a number: the other one to try ("" none), and whether its phone is
 * read by others, so that messages are to be discreet. */
bool parcels_set_other(const char *conninfo, const char *msisdn, const char *other, char *err, size_t n);
bool parcels_set_discreet(const char *conninfo, const char *msisdn, bool on, char *err, size_t n);

/* The names of outbox.state, and their number from the name; -1: there is none. */
const char *parcel_state(int state);
int parcel_state_of(const char *name);

#endif
