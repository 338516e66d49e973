/*
 * breaker.h - when a back end that fails is left alone, and when it is tried again.
 *
 * Pure: the caller tells the time.  Closed: all may ask; so many failures in a
 * row open it.  Open: nobody asks until it has rested.  Half-open: one asks; if
 * that is answered it closes, else it rests again.
 */
#ifndef BREAKER_H
#define BREAKER_H

#include <stdbool.h>
#include <stdint.h>

enum breaker_state { BREAKER_CLOSED = 0, BREAKER_OPEN, BREAKER_HALF_OPEN, BREAKER_STATES };

struct breaker {
    enum breaker_state state;
    int fails_max;                      /* in a row, 1 or more */
    int rest_ms;
    int fails;                          /* so far in a row; < fails_max while closed */
    uint32_t pass;                      /* of this state; never 0 */
    int64_t until;                      /* open: rests until then */
};

void breaker_init(struct breaker *b, int fails_max, int rest_ms);

/* May one ask now?  A pass, to be given back once by breaker_done(); 0: no. */
uint32_t breaker_ask(struct breaker *b, int64_t now) __attribute__((warn_unused_result));

/* How many may ask now: 0, 1 where it would be the one that tries, INT_MAX. */
int breaker_room(const struct breaker *b, int64_t now);

/* What became of it.  A pass of an earlier state says nothing of this one.  True
 * when the state has changed. */
bool breaker_done(struct breaker *b, uint32_t pass, bool good, int64_t now);

const char *breaker_name(enum breaker_state state);

#endif
