/*
 * hist.c - buckets below 16 are exact; above, the four bits behind the first
 * one choose the step.
 */
#include "hist.h"

static unsigned bucket_of(uint64_t v)
{
    unsigned shift, b;

    if (v < 16)
        return (unsigned)v;
    shift = 59u - (unsigned)__builtin_clzll(v);
    b = (shift + 1) * 16 + (unsigned)(v >> shift & 15);
    return b < HIST_BUCKETS ? b : HIST_BUCKETS - 1;
}

static uint64_t value_of(unsigned b)
{
    if (b < 16)
        return b;
    return ((uint64_t)(16 + b % 16) << (b / 16 - 1)) + ((1ull << (b / 16 - 1)) - 1);
}

void hist_add(struct hist *h, int64_t us)
{
    uint64_t v = us > 0 ? (uint64_t)us : 0;

    h->count++;
    h->sum += v;
    if (v > h->max)
        h->max = v;
    h->bucket[bucket_of(v)]++;
}

uint64_t hist_quantile(const struct hist *h, double part)
{
    uint64_t want = (uint64_t)(part * (double)h->count), seen = 0;

    for (unsigned b = 0; b < HIST_BUCKETS; b++) {
        seen += h->bucket[b];
        if (seen > want)
            return value_of(b) < h->max ? value_of(b) : h->max;
    }
    return h->max;
}
