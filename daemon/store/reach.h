/*
 * reach.h - what the tape tells of many dialogues together: where they are left, and how long they kept the network.
 * Blocks: for the command line.
 */
#ifndef REACH_H
#define REACH_H

#include <stddef.h>
#include <stdbool.h>

enum reach_by { REACH_SCRIPT = 0, REACH_LINK, REACH_UNION, REACH_KINDS };

/* Sums as the database writes them, borrowed.  left NULL: too few to be told. */
struct reach_funnel_row {
    const char *screen, *key, *came, *left;
};

/* Dialogues that began on the days since..until ("": all): how many came to a screen, and how many were left there, for
 * five minutes at least, with no end shown.  By union a count under 10 is not told, nor one that could be found by
 * taking the others from the sum. */
bool reach_funnel(const char *conninfo, const char *since, const char *until, enum reach_by by,
                  void (*row)(void *arg, const struct reach_funnel_row *r), void *arg, char *err, size_t n)
    __attribute__((warn_unused_result));

/* Dials as the network has them: each one by itself, also where it went on with a dialogue. */
struct reach_cost_row {
    const char *link, *transaction;     /* "t": a case was opened or moved in it, or a payment asked for; else "f" */
    const char *dials, *seconds;        /* seconds from the dial to our last page */
    const char *least, *most;           /* blocks; most: she kept each page without an end before her for idle seconds more */
};

bool reach_cost(const char *conninfo, const char *since, const char *until, int idle,
                void (*row)(void *arg, const struct reach_cost_row *r), void *arg, char *err, size_t n)
    __attribute__((warn_unused_result));

#endif
