/*
 * bill.h - what we and a provider of payments say to each other, in JSON.  Pure.
 *
 * We ask: POST url/payments, url/status, url/refunds.  It answers, and calls us
 * later, with the same object: what became of a payment.  Members that are not
 * known here are not looked at.
 */
#ifndef BILL_H
#define BILL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define BILL_REF_MAX 40                 /* octets of our reference */
#define BILL_TRX_MAX 40                 /* of the provider's own number */
#define BILL_REASON_MAX 80
#define BILL_STATE_MAX 20

struct bill_ask {
    const char *ref;
    int64_t taka;
    const char *phone;                  /* 8801... */
    const char *about;                  /* "": not said */
    const char *service;                /* "": a bill */
    int within_s;                       /* her time to approve */
    const char *trx;                    /* of a refund; "": not known */
    int part;                           /* of a refund of taka alone: its number; 0: of all */
};

/* What is sent: all of a request for money; of status and refund, what names it. */
void bill_print_payment(struct buf *out, const struct bill_ask *ask);
void bill_print_status(struct buf *out, const struct bill_ask *ask);
void bill_print_refund(struct buf *out, const struct bill_ask *ask);

struct bill_news {
    char ref[BILL_REF_MAX + 1];
    char state[BILL_STATE_MAX + 1];
    char trx[BILL_TRX_MAX + 1];         /* "": not told */
    char reason[BILL_REASON_MAX + 1];   /* "": not told; cut at a character where it is longer */
    int64_t taka;                       /* 0: not told */
    int64_t part;                       /* what is told is told of this part alone; 0: of all */
    int64_t at;                         /* ms since the epoch; 0: not told */
};

/* ref may be missing in an answer, where we know it: then it is "".  False: why has
 * a line, without any value. */
bool bill_read(const char *json, size_t n, struct bill_news *news, const char **why) __attribute__((warn_unused_result));

/* HMAC-SHA256 of "TIME.BODY" in hexadecimal: is signature that of the key? */
bool bill_is_signed(const void *key, size_t key_len, const char *time, const char *body, size_t n, const char *signature)
    __attribute__((warn_unused_result));

/* "1764000000": seconds since the epoch, to ms.  False: it is not so. */
bool bill_time(const char *text, int64_t *ms) __attribute__((warn_unused_result));

#endif
