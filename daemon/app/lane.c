#include "app/lane.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "wire/pending.h"

#define LANE_UNIT 1000                  /* of a segment: a rate in seconds, a clock in ms */
#define LANE_PATIENCE_MS 60000          /* an SMSC takes a message in less */
#define LANE_HEAL_MS 5000               /* after that, one place is given back so often */
#define LANE_SOME_MS 100                /* messages of so long go together */

struct lane {
    int64_t rate;                       /* segments a second = units a ms; 0 no limit */
    int64_t units;                      /* that may be spent; below 0: spent ahead */
    int64_t filled;                     /* when units was right */
    int64_t healed;
    int window;
    struct pending *out;                /* handed over, no word yet */
};

struct lane *lane_new(int rate, int window)
{
    struct lane *l = xcalloc(1, sizeof *l);

    l->rate = rate;
    l->units = (int64_t)rate * LANE_UNIT;
    l->filled = INT64_MIN;
    l->window = window;
    l->out = pending_new(2 * window);   /* a take may bring more than there is room for */
    return l;
}

void lane_free(struct lane *l)
{
    if (l == NULL)
        return;
    pending_free(l->out);
    free(l);
}

static void lane_fill(struct lane *l, int64_t now)
{
    int64_t most = l->rate * LANE_UNIT; /* what was not used for a second is lost */

    if (l->filled != INT64_MIN && now > l->filled) {
        int64_t ms = now - l->filled < LANE_UNIT ? now - l->filled : LANE_UNIT;

        l->units += ms * l->rate;
        if (l->units > most)
            l->units = most;
    }
    l->filled = now;
}

int lane_room(struct lane *l, int64_t now)
{
    int room = l->window - pending_count(l->out);
    int64_t paid;

    if (l->rate == 0 || room <= 0)
        return room > 0 ? room : 0;
    lane_fill(l, now);
    if (l->units < l->rate * LANE_SOME_MS || l->units < LANE_UNIT)
        return 0;
    paid = l->units / LANE_UNIT;
    return paid < room ? (int)paid : room;
}

static void lane_key(uint8_t key[16], int16_t bucket, int64_t id)
{
    memset(key, 0, 16);
    memcpy(key, &id, sizeof id);        /* its low octets are the hash */
    memcpy(key + sizeof id, &bucket, sizeof bucket);
}

void lane_sent(struct lane *l, int16_t bucket, int64_t id, int segments, int64_t now)
{
    uint8_t key[16];

    lane_key(key, bucket, id);
    if (l->rate > 0) {
        lane_fill(l, now);
        l->units -= (int64_t)segments * LANE_UNIT;
    }
    /* full: then its word is not waited for */
    if (!pending_add(l->out, key, "", now))
        return;
}

bool lane_told(struct lane *l, int16_t bucket, int64_t id)
{
    char none[PENDING_TOKEN_SIZE];
    uint8_t key[16];

    lane_key(key, bucket, id);
    return pending_take(l->out, key, none);
}

void lane_clear(struct lane *l)
{
    char none[PENDING_TOKEN_SIZE];

    while (pending_take_oldest(l->out, none))
        ;
}

void lane_tick(struct lane *l, int64_t now)
{
    char none[PENDING_TOKEN_SIZE];
    int64_t oldest = pending_oldest(l->out);

    if (oldest == INT64_MAX || now - oldest < LANE_PATIENCE_MS || now - l->healed < LANE_HEAL_MS)
        return;
    l->healed = now;
    pending_take_oldest(l->out, none);
}

int lane_waiting(const struct lane *l)
{
    return pending_count(l->out);
}
