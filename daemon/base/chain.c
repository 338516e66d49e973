#include "base/chain.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

static void chain_part(crypto_generichash_state *h, const char *part)
{
    char length[24];
    int n = snprintf(length, sizeof length, "%zu:", strlen(part));

    (void)crypto_generichash_update(h, (const unsigned char *)length, (unsigned long long)n);
    (void)crypto_generichash_update(h, (const unsigned char *)part, strlen(part));
}

static void chain_link(unsigned char link[CHAIN_SIZE], const unsigned char before[CHAIN_SIZE], const char *const *parts,
                       size_t count)
{
    crypto_generichash_state h;

    (void)crypto_generichash_init(&h, NULL, 0, CHAIN_SIZE);
    (void)crypto_generichash_update(&h, before, CHAIN_SIZE);
    for (size_t i = 0; i < count; i++)
        chain_part(&h, parts[i]);
    (void)crypto_generichash_final(&h, link, CHAIN_SIZE);
}

void chain_begin(unsigned char link[CHAIN_SIZE], const unsigned char before[CHAIN_SIZE], int64_t block, int64_t at,
                 int64_t rows)
{
    char texts[3][24];
    const char *const parts[] = { "block", texts[0], texts[1], texts[2] };

    (void)snprintf(texts[0], sizeof texts[0], "%" PRId64, block);
    (void)snprintf(texts[1], sizeof texts[1], "%" PRId64, at);
    (void)snprintf(texts[2], sizeof texts[2], "%" PRId64, rows);
    chain_link(link, before, parts, sizeof parts / sizeof parts[0]);
}

void chain_add(unsigned char link[CHAIN_SIZE], const char *const *parts, size_t count)
{
    unsigned char before[CHAIN_SIZE];

    memcpy(before, link, CHAIN_SIZE);
    chain_link(link, before, parts, count);
}
