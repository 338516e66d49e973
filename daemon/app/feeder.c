#include "app/feeder.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "store/feeds.h"

#define FEEDER_REST_MS 1000             /* after a look that found nobody */
#define FEEDER_PACE_MS 100              /* between those that found some */
#define FEEDER_AT_ONCE 100              /* people */
#define FEEDER_WAITING 200              /* messages of its rank that may wait in the outbox */

struct feeder {
    struct store *store;
    struct feeds_teller teller;
    int64_t next;                       /* clock_mono() */
    bool waits;                         /* for an answer */
};

static void feeder_on_fed(void *arg, int count)
{
    struct feeder *f = arg;

    f->waits = false;
    f->next = clock_mono() + (count > 0 ? FEEDER_PACE_MS : FEEDER_REST_MS);
    if (count > 0)
        log_debug("event=mass_fed count=%d", count);
}

struct feeder *feeder_new(struct store *store)
{
    struct feeder *f = xcalloc(1, sizeof *f);

    f->store = store;
    f->teller = (struct feeds_teller){ feeder_on_fed, f };
    return f;
}

void feeder_free(struct feeder *f)
{
    free(f);
}

void feeder_tick(struct feeder *f)
{
    if (f->waits || clock_mono() < f->next)
        return;
    f->waits = true;
    feeds_some(f->store, FEEDER_AT_ONCE, FEEDER_WAITING, clock_now(), &f->teller);
}
