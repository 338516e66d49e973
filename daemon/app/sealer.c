#include "app/sealer.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/stats.h"
#include "store/seals.h"

#define SEALER_REST_MS 1000             /* after a look that found little */

struct sealer {
    struct store *store;
    struct seals_teller teller;
    int utc_offset_min;
    int64_t next;                       /* clock_mono() */
    bool waits;                         /* for an answer */
};

/* The chain up to the end of a day: who writes it down elsewhere can prove later what stood in the database then. */
static void sealer_digest(const struct sealer *s, const struct seals_block *last)
{
    int32_t day = clock_day(last->at, s->utc_offset_min);
    struct clock_date d = clock_date_of(day);

    if (last->block > 0 && day < clock_day(s->teller.now, s->utc_offset_min))
        log_info("event=audit_digest day=%04d-%02d-%02d block=%" PRId64 " hash=%s", d.year, d.month, d.day, last->block,
                 last->hash);
}

static void sealer_on_sealed(void *arg, int rows, const struct seals_block *last)
{
    struct sealer *s = arg;

    s->waits = false;
    s->next = clock_mono() + (rows == SEALS_MAX ? 0 : SEALER_REST_MS);
    if (rows > 0) {
        stats_add(audit_sealed, (uint64_t)rows);
        sealer_digest(s, last);
    }
}

struct sealer *sealer_new(struct store *store, int utc_offset_min)
{
    struct sealer *s = xcalloc(1, sizeof *s);

    s->store = store;
    s->utc_offset_min = utc_offset_min;
    s->teller = (struct seals_teller){ .sealed = sealer_on_sealed, .arg = s };
    return s;
}

void sealer_free(struct sealer *s)
{
    free(s);
}

void sealer_tick(struct sealer *s)
{
    if (s->waits || clock_mono() < s->next)
        return;
    s->waits = true;
    seals_some(s->store, clock_now(), &s->teller);
}
