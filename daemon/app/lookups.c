#include "app/lookups.h"

#include <stdlib.h>

#include "app/conf.h"
#include "app/throttle.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/stats.h"

#define LOOKUPS_MINUTE (60 * INT64_C(1000))

struct lookups {
    struct throttle *numbers, *agents, *links, *all;
};

struct lookups *lookups_new(const struct conf *conf)
{
    struct lookups *l = xcalloc(1, sizeof *l);

    l->numbers = throttle_new(conf->lookups, THROTTLE_HOUR);
    l->agents = throttle_new(conf->lookups_agent, THROTTLE_HOUR);
    l->links = throttle_new(conf->lookups_link, LOOKUPS_MINUTE);
    l->all = throttle_new(conf->lookups_all, LOOKUPS_MINUTE);
    return l;
}

void lookups_free(struct lookups *l)
{
    if (l == NULL)
        return;
    throttle_free(l->numbers);
    throttle_free(l->agents);
    throttle_free(l->links);
    throttle_free(l->all);
    free(l);
}

bool lookups_take(struct lookups *l, const char *msisdn, bool agent, const char *link)
{
    int64_t now = clock_mono();
    char mask[LOG_MASK_SIZE];
    const char *whose = NULL;

    if (!throttle_take(agent ? l->agents : l->numbers, msisdn, now))
        whose = agent ? "agent" : "number";
    else if (!throttle_take(l->links, link, now))
        whose = "link";
    else if (!throttle_take(l->all, "", now))
        whose = "all";
    if (whose == NULL)
        return true;
    stats_inc(lookups_refused);
    log_warn("msisdn=%s link=%s event=lookup_refused whose=%s", log_mask(mask, msisdn), link, whose);
    return false;
}
