#include "wire/breaker.h"

#include <limits.h>

static const char *const breaker_names[BREAKER_STATES] = {
    [BREAKER_CLOSED] = "closed", [BREAKER_OPEN] = "open", [BREAKER_HALF_OPEN] = "half_open",
};

const char *breaker_name(enum breaker_state state)
{
    return breaker_names[state];
}

void breaker_init(struct breaker *b, int fails_max, int rest_ms)
{
    *b = (struct breaker){ .state = BREAKER_CLOSED, .fails_max = fails_max, .rest_ms = rest_ms, .pass = 1 };
}

static void breaker_enter(struct breaker *b, enum breaker_state next)
{
    b->state = next;
    b->fails = 0;
    if (++b->pass == 0)
        b->pass = 1;
}

uint32_t breaker_ask(struct breaker *b, int64_t now)
{
    switch (b->state) {
    case BREAKER_CLOSED:
        return b->pass;
    case BREAKER_OPEN:
        if (now < b->until)
            return 0;
        breaker_enter(b, BREAKER_HALF_OPEN);
        return b->pass;
    case BREAKER_HALF_OPEN:             /* the one that tries is out */
    case BREAKER_STATES:
        break;
    }
    return 0;
}

int breaker_room(const struct breaker *b, int64_t now)
{
    switch (b->state) {
    case BREAKER_CLOSED:
        return INT_MAX;
    case BREAKER_OPEN:
        return now >= b->until;
    case BREAKER_HALF_OPEN:
    case BREAKER_STATES:
        break;
    }
    return 0;
}

bool breaker_done(struct breaker *b, uint32_t pass, bool good, int64_t now)
{
    if (pass != b->pass || b->state == BREAKER_OPEN)
        return false;
    if (good) {
        b->fails = 0;
        if (b->state == BREAKER_CLOSED)
            return false;
        breaker_enter(b, BREAKER_CLOSED);
        return true;
    }
    if (b->state == BREAKER_CLOSED && ++b->fails < b->fails_max)
        return false;
    breaker_enter(b, BREAKER_OPEN);
    b->until = now + b->rest_ms;
    return true;
}
