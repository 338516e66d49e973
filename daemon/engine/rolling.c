#include "engine/rolling.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

static uint32_t rolling_value(const unsigned char secret[ROLLING_SECRET_SIZE], int64_t counter)
{
    unsigned char text[8];
    unsigned char hash[crypto_auth_hmacsha256_BYTES];
    const unsigned char *at;

    for (int i = 0; i < 8; i++)         /* RFC 4226 5.1: the counter is eight octets, high-order first */
        text[i] = (unsigned char)((uint64_t)counter >> (56 - 8 * i));
    (void)crypto_auth_hmacsha256(hash, text, sizeof text, secret);
    /* RFC 4226 5.3: the last four bits say where 31 bits are taken; RFC 6238 appendix A does so with any hash */
    at = hash + (hash[sizeof hash - 1] & 0xf);
    return ((uint32_t)(at[0] & 0x7f) << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3]) % 1000000;
}

void rolling_code(const unsigned char secret[ROLLING_SECRET_SIZE], int64_t counter, char out[ROLLING_DIGITS + 1])
{
    uint32_t v = rolling_value(secret, counter);

    for (int i = ROLLING_DIGITS; i-- > 0; v /= 10)
        out[i] = (char)('0' + v % 10);
    out[ROLLING_DIGITS] = '\0';
}

int64_t rolling_find(const unsigned char secret[ROLLING_SECRET_SIZE], int64_t first, int count, const char *code)
{
    int64_t found = -1;

    if (strlen(code) != ROLLING_DIGITS)
        return -1;
    for (int i = count; i-- > 0;) {     /* backwards: of two the earlier one stays */
        char is[ROLLING_DIGITS + 1];

        if (first + i < 0)
            continue;
        rolling_code(secret, first + i, is);
        if (sodium_memcmp(is, code, ROLLING_DIGITS) == 0)
            found = first + i;
    }
    return found;
}

int64_t rolling_step(int64_t ms)
{
    return ms / ROLLING_STEP_MS;
}

void rolling_secret(const unsigned char key[ROLLING_SECRET_SIZE], const char *msisdn, int epoch,
                    unsigned char out[ROLLING_SECRET_SIZE])
{
    char whose[64];

    snprintf(whose, sizeof whose, "officer/%.24s/%d", msisdn, epoch);
    (void)crypto_generichash(out, ROLLING_SECRET_SIZE, (const unsigned char *)whose, strlen(whose), key,
                             ROLLING_SECRET_SIZE);
}
