/*
 * signed.h - is this request from who it says, as she sent it, and now?
 *
 * A request names a key, a time, a nonce, and the HMAC-SHA256 of five lines under
 * the key: time, nonce, method, target and body.  No socket, no clock, no files.
 * Whether a nonce was used before is for the caller to know.
 */
#ifndef SIGNED_H
#define SIGNED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIGNED_NAME_MAX 32              /* characters of a key's name */
#define SIGNED_NONCE_MIN 8
#define SIGNED_NONCE_MAX 64
#define SIGNED_HEX 64                   /* digits of a signature */

/* Its headers as they came; NULL: not there. */
struct signed_head {
    const char *key, *time, *nonce, *signature;
};

struct signed_request {
    const char *method;                 /* "GET" */
    const char *target;                 /* path and query as the sender wrote them */
    const void *body;
    size_t body_len;
};

enum signed_verdict {
    SIGNED_GOOD = 0,
    SIGNED_MISSING,                     /* a header is not there, or not of its form: what says which */
    SIGNED_WRONG,                       /* not with this key */
    SIGNED_STALE,                       /* with this key, but too long ago, or ahead of us */
    SIGNED_VERDICTS,
};

/* Have the headers their form?  Their names, and their form in words, for *what. */
enum signed_verdict signed_shape(const struct signed_head *head, const char **what) __attribute__((warn_unused_result));

/* Of a head that has its form.  times in ms. */
enum signed_verdict signed_check(const struct signed_head *head, const struct signed_request *r,
                                 const unsigned char *key, size_t key_len, int64_t now, int64_t window)
    __attribute__((warn_unused_result));

/* The signature, in hexadecimal. */
void signed_make(const char *time, const char *nonce, const struct signed_request *r, const unsigned char *key,
                 size_t key_len, char out[SIGNED_HEX + 1]);

#endif
