/*
 * cluster.h - where a text may be broken: between what a reader sees as two
 * letters.
 *
 * Extended grapheme clusters of Unicode (UAX #29), and its rule GB9c, which
 * the library does not have yet, for Bengali: a conjunct stays whole.
 */
#ifndef CLUSTER_H
#define CLUSTER_H

#include <stddef.h>

/* The last boundary at or before octet at of n octets of well-formed UTF-8; 0
 * when there is none behind the beginning. */
size_t cluster_floor(const char *s, size_t n, size_t at);

#endif
