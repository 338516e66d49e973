#include "base/sealed.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define SEALED_NONCE crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define SEALED_TAG crypto_aead_xchacha20poly1305_ietf_ABYTES

_Static_assert(SEALED_KEY_SIZE == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "the key of the cipher");

void sealed_close(const unsigned char key[SEALED_KEY_SIZE], const char *place, const void *secret, size_t n,
                  struct buf *out)
{
    unsigned char nonce[SEALED_NONCE];
    unsigned char *to;

    randombytes_buf(nonce, sizeof nonce);       /* 24 octets: never the same twice */
    buf_add(out, nonce, sizeof nonce);
    to = buf_grow(out, n + SEALED_TAG);
    if (to != NULL)
        (void)crypto_aead_xchacha20poly1305_ietf_encrypt(to, NULL, secret, n, (const unsigned char *)place,
                                                         strlen(place), NULL, nonce, key);
}

bool sealed_open(const unsigned char key[SEALED_KEY_SIZE], const char *place, const void *box, size_t n,
                 struct buf *out)
{
    const unsigned char *p = box;
    size_t before = out->len;
    unsigned char *to;

    if (n < SEALED_NONCE + SEALED_TAG)
        return false;
    to = buf_grow(out, n - SEALED_NONCE - SEALED_TAG);
    if (to != NULL && crypto_aead_xchacha20poly1305_ietf_decrypt(to, NULL, NULL, p + SEALED_NONCE, n - SEALED_NONCE,
                                                                 (const unsigned char *)place, strlen(place), p, key) == 0)
        return true;
    buf_cut(out, before);
    return false;
}
