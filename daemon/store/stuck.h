/*
 * stuck.h - what waits for agencies' systems, and what they refused: for the
 * command line, which waits for the answers.
 */
#ifndef STUCK_H
#define STUCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct store_stuck {                    /* of one back end */
    const char *backend;
    int64_t waiting, tried;             /* cases; of those that wait, tried at least once */
    int64_t refused, taken;
    int64_t oldest;                     /* ms since the epoch; 0: none waits */
};

struct store_stuck_case {
    int64_t number;
    const char *ref;                    /* "": a case; else the payment that the row tells of */
    int seq, tries;
    bool refused;
    int64_t created, due;
    const char *note;
};

/* False, with one line in err.  What is told is borrowed until the callback returns. */
bool store_stuck_list(const char *conninfo, void (*fn)(void *arg, const struct store_stuck *s), void *arg, char *err,
                      size_t n);

/* The oldest 1000 of a back end that are not taken. */
bool store_stuck_show(const char *conninfo, const char *backend,
                      void (*fn)(void *arg, const struct store_stuck_case *c), void *arg, char *err, size_t n);

/* Those that wait or were refused, of a back end or (number > 0, or ref not "") of one case or payment of it, are due now; *count: how
 * many. */
bool store_stuck_retry(const char *conninfo, const char *backend, int64_t number, const char *ref, int64_t *count,
                       char *err, size_t n);

#endif
