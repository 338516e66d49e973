/*
 * hist.h - a histogram of durations: 16 steps per power of two, so that a
 * percentile is known to 6 %, in a fixed size.
 */
#ifndef HIST_H
#define HIST_H

#include <stdint.h>

#define HIST_BUCKETS 640

struct hist {
    uint64_t count, sum, max;
    uint32_t bucket[HIST_BUCKETS];
};

void hist_add(struct hist *h, int64_t us);
/* The duration that part of them (0..1) do not exceed. */
uint64_t hist_quantile(const struct hist *h, double part);

#endif
