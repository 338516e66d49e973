#include "app/sweeper.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/stats.h"
#include "store/sweeps.h"

#define SWEEPER_REST_MS 60000
#define SWEEPER_DAY_MS (INT64_C(24) * 3600 * 1000)

struct sweeper {
    struct store *store;
    int refused_days;
    struct sweeps_teller refused, nonces;
    int64_t next;                       /* clock_mono() */
    bool waits;                         /* for an answer */
    bool more;                          /* of what was asked for in this round */
};

static void sweeper_on_nonces(void *arg, int count)
{
    struct sweeper *s = arg;

    s->waits = false;
    s->more |= count == SWEEPS_MAX;
    s->next = clock_mono() + (s->more ? 0 : SWEEPER_REST_MS);
}

static void sweeper_on_refused(void *arg, int count)
{
    struct sweeper *s = arg;

    if (count > 0) {
        stats_add(handovers_forgotten, (uint64_t)count);
        log_warn("event=handovers_forgotten count=%d reason=\"refused by their agencies' systems %d days ago and more\"", count,
                 s->refused_days);
    }
    s->more = count == SWEEPS_MAX;
    sweeps_nonces(s->store, clock_now(), &s->nonces);
}

struct sweeper *sweeper_new(struct store *store, int refused_days)
{
    struct sweeper *s = xcalloc(1, sizeof *s);

    s->store = store;
    s->refused_days = refused_days;
    s->refused = (struct sweeps_teller){ sweeper_on_refused, s };
    s->nonces = (struct sweeps_teller){ sweeper_on_nonces, s };
    return s;
}

void sweeper_free(struct sweeper *s)
{
    free(s);
}

void sweeper_tick(struct sweeper *s)
{
    if (s->waits || clock_mono() < s->next)
        return;
    s->waits = true;
    sweeps_refused(s->store, clock_now() - s->refused_days * SWEEPER_DAY_MS, &s->refused);
}
