#include "base/stats.h"

#include <inttypes.h>

uint64_t stats_values[STATS_COUNT];

static const struct stats_row {
    const char *name;
    const char *type;
    const char *help;
} stats_rows[STATS_COUNT] = {
#define X(name, type, help) [STATS_##name] = { #name, #type, help },
    STATS_TABLE(X)
#undef X
};

void stats_print(struct buf *out)
{
    for (int i = 0; i < STATS_COUNT; i++) {
        const struct stats_row *r = &stats_rows[i];
        const char *suffix = r->type[0] == 'c' ? "_total" : "";

        buf_addf(out, "# HELP kheya_%s%s %s\n# TYPE kheya_%s%s %s\nkheya_%s%s %" PRIu64 "\n", r->name, suffix, r->help,
                 r->name, suffix, r->type, r->name, suffix, stats_values[i]);
    }
}
