#include "wire/signed.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define SIGNED_TIME_MAX 12              /* digits of seconds since the epoch */

_Static_assert(SIGNED_HEX == 2 * crypto_auth_hmacsha256_BYTES, "two digits an octet");

static const char signed_digits[] = "0123456789";
static const char signed_hex[] = "0123456789abcdefABCDEF";
static const char signed_name[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";

/* One row for each header that a request must have. */
static const struct signed_row {
    size_t at;                          /* in struct signed_head */
    size_t min, max;                    /* characters */
    const char *of;                     /* these */
    const char *what;
} signed_rows[] = {
    { offsetof(struct signed_head, key), 1, SIGNED_NAME_MAX, signed_name,
      "X-Kheya-Key: the name of the key, as the gateway's people told it" },
    { offsetof(struct signed_head, time), 1, SIGNED_TIME_MAX, signed_digits,
      "X-Kheya-Time: seconds since 1970-01-01 UTC, digits alone" },
    { offsetof(struct signed_head, nonce), SIGNED_NONCE_MIN, SIGNED_NONCE_MAX, signed_name,
      "X-Kheya-Nonce: 8 to 64 letters, digits, '.', '_' or '-', new in every request" },
    { offsetof(struct signed_head, signature), SIGNED_HEX, SIGNED_HEX, signed_hex,
      "X-Kheya-Signature: 64 hexadecimal digits" },
};

enum signed_verdict signed_shape(const struct signed_head *head, const char **what)
{
    for (size_t i = 0; i < sizeof signed_rows / sizeof signed_rows[0]; i++) {
        const struct signed_row *row = &signed_rows[i];
        const char *value;
        size_t n;

        memcpy(&value, (const char *)head + row->at, sizeof value);
        n = value != NULL ? strlen(value) : 0;
        if (n < row->min || n > row->max || strspn(value, row->of) != n) {
            *what = row->what;
            return SIGNED_MISSING;
        }
    }
    return SIGNED_GOOD;
}

static void signed_add(crypto_auth_hmacsha256_state *state, const void *p, size_t n)
{
    crypto_auth_hmacsha256_update(state, p, n);
}

static void signed_line(crypto_auth_hmacsha256_state *state, const char *line)
{
    signed_add(state, line, strlen(line));
    signed_add(state, "\n", 1);
}

/* No line but the last can hold a line end, so that no two requests have the
 * same five lines. */
static void signed_mac(const char *time, const char *nonce, const struct signed_request *r, const unsigned char *key,
                       size_t key_len, unsigned char mac[crypto_auth_hmacsha256_BYTES])
{
    crypto_auth_hmacsha256_state state;

    crypto_auth_hmacsha256_init(&state, key, key_len);
    signed_line(&state, time);
    signed_line(&state, nonce);
    signed_line(&state, r->method);
    signed_line(&state, r->target);
    if (r->body_len > 0)
        signed_add(&state, r->body, r->body_len);
    crypto_auth_hmacsha256_final(&state, mac);
    sodium_memzero(&state, sizeof state);
}

void signed_make(const char *time, const char *nonce, const struct signed_request *r, const unsigned char *key,
                 size_t key_len, char out[SIGNED_HEX + 1])
{
    unsigned char mac[crypto_auth_hmacsha256_BYTES];

    signed_mac(time, nonce, r, key, key_len, mac);
    (void)sodium_bin2hex(out, SIGNED_HEX + 1, mac, sizeof mac);
}

enum signed_verdict signed_check(const struct signed_head *head, const struct signed_request *r,
                                 const unsigned char *key, size_t key_len, int64_t now, int64_t window)
{
    unsigned char mac[crypto_auth_hmacsha256_BYTES], theirs[crypto_auth_hmacsha256_BYTES];
    int64_t at = strtoll(head->time, NULL, 10) * 1000;

    if (strpbrk(r->target, "\n") != NULL)
        return SIGNED_WRONG;
    if (sodium_hex2bin(theirs, sizeof theirs, head->signature, SIGNED_HEX, NULL, NULL, NULL) != 0)
        return SIGNED_WRONG;
    signed_mac(head->time, head->nonce, r, key, key_len, mac);
    if (sodium_memcmp(mac, theirs, sizeof mac) != 0)
        return SIGNED_WRONG;
    return at < now - window || at > now + window ? SIGNED_STALE : SIGNED_GOOD;
}
