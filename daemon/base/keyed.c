#include "base/keyed.h"

#include <sodium.h>
#include <stdbool.h>
#include <string.h>

#define KEYED_HASH 16                   /* octets */

static const char keyed_digits[] = "0123456789abcdef";

static void keyed_hash(const unsigned char key[KEYED_KEY_SIZE], const char *p, size_t n, size_t octets, struct buf *out)
{
    unsigned char hash[crypto_generichash_BYTES];
    char hex[2 * sizeof hash + 1];

    (void)crypto_generichash(hash, sizeof hash, (const unsigned char *)p, n, key, KEYED_KEY_SIZE);
    (void)sodium_bin2hex(hex, sizeof hex, hash, octets);
    buf_adds(out, hex);
    buf_addc(out, '-');
}

/* Where the last characters begin that may be told. */
static size_t keyed_tail(const char *s, size_t n)
{
    size_t chars = 0, at = n, left;

    for (size_t i = 0; i < n; i++)
        chars += ((unsigned char)s[i] & 0xc0) != 0x80;
    for (left = chars / 2 < 4 ? chars / 2 : 4; left > 0; left--) {
        do
            at--;
        while (at > 0 && ((unsigned char)s[at] & 0xc0) == 0x80);
    }
    return at;
}

void keyed_make(const unsigned char key[KEYED_KEY_SIZE], const char *value, size_t n, struct buf *out)
{
    static const char name[] = "which key is it";
    size_t at = keyed_tail(value, n);

    keyed_hash(key, name, sizeof name - 1, 1, out);
    keyed_hash(key, value, n, KEYED_HASH, out);
    buf_add(out, value + at, n - at);
}

/* Does a form's head stand here? */
static bool keyed_is_head(const char *s)
{
    return strspn(s, keyed_digits) == 2 && s[2] == '-' && strspn(s + 3, keyed_digits) == 2 * KEYED_HASH &&
           s[3 + 2 * KEYED_HASH] == '-';
}

void keyed_hide(const char *text, struct buf *out)
{
    bool inside = false;                /* a word: its end is no head */

    while (*text != '\0') {
        if (!inside && keyed_is_head(text)) {
            text += KEYED_HEAD;
            inside = true;
            continue;
        }
        inside = strchr("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-", *text) != NULL;
        buf_addc(out, *text++);
    }
}
