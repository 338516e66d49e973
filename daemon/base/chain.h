/*
 * chain.h - a chain of hashes over rows: each link is BLAKE2b (RFC 7693), 32 octets, of
 * the link before it and of all of its row.  Pure.
 *
 * A block begins with the last link of the block before it, its own number, its
 * time and how many rows it has; of a row each part stands with its length before it,
 * so that no two rows are written alike.
 */
#ifndef CHAIN_H
#define CHAIN_H

#include <stddef.h>
#include <stdint.h>

#define CHAIN_SIZE 32
#define CHAIN_HEX_SIZE (2 * CHAIN_SIZE + 1)

/* The link that a block begins with.  before: CHAIN_SIZE octets; of the first block zeros. */
void chain_begin(unsigned char link[CHAIN_SIZE], const unsigned char before[CHAIN_SIZE], int64_t block, int64_t at,
                 int64_t rows);

/* link becomes that of the row behind it. */
void chain_add(unsigned char link[CHAIN_SIZE], const char *const *parts, size_t count);

#endif
