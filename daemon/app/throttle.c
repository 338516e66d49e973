#include "app/throttle.h"

#include <stdlib.h>

#include "base/alloc.h"

#define THROTTLE_SETS 8192
#define THROTTLE_WAYS 4                 /* numbers of a set */

struct throttle_slot {
    uint64_t number;                    /* its hash; 0 = free */
    int64_t since;
    int count;
};

struct throttle {
    int times;
    int64_t window;
    struct throttle_slot slots[THROTTLE_SETS][THROTTLE_WAYS];
};

struct throttle *throttle_new(int times, int64_t window_ms)
{
    struct throttle *t = xcalloc(1, sizeof *t);

    t->times = times;
    t->window = window_ms;
    return t;
}

void throttle_free(struct throttle *t)
{
    free(t);
}

/* FNV-1a; never 0. */
static uint64_t throttle_hash(const char *number)
{
    uint64_t h = UINT64_C(14695981039346656037);

    for (; *number != '\0'; number++)
        h = (h ^ (unsigned char)*number) * UINT64_C(1099511628211);
    return h != 0 ? h : 1;
}

static struct throttle_slot *throttle_set(struct throttle *t, uint64_t hash)
{
    return t->slots[(hash ^ hash >> 32) % THROTTLE_SETS];
}

/* The number's own slot, else the oldest of its set, emptied. */
static struct throttle_slot *throttle_slot(struct throttle *t, uint64_t hash, int64_t now)
{
    struct throttle_slot *set = throttle_set(t, hash);
    struct throttle_slot *oldest = &set[0];

    for (int i = 0; i < THROTTLE_WAYS; i++) {
        if (set[i].number == hash)
            return &set[i];
        if (set[i].number == 0 || (oldest->number != 0 && set[i].since < oldest->since))
            oldest = &set[i];
    }
    *oldest = (struct throttle_slot){ .number = hash, .since = now };
    return oldest;
}

bool throttle_take(struct throttle *t, const char *number, int64_t now)
{
    struct throttle_slot *s = throttle_slot(t, throttle_hash(number), now);

    if (now - s->since >= t->window) {
        s->since = now;
        s->count = 0;
    }
    if (s->count >= t->times)
        return false;
    s->count++;
    return true;
}

void throttle_forget(struct throttle *t, const char *number)
{
    uint64_t hash = throttle_hash(number);
    struct throttle_slot *set = throttle_set(t, hash);

    for (int i = 0; i < THROTTLE_WAYS; i++)
        if (set[i].number == hash)
            set[i] = (struct throttle_slot){ .number = 0 };
}
