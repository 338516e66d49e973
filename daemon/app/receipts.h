/*
 * receipts.h - what a payer is told of her payment: the menus' receipts, in her language.
 */
#ifndef RECEIPTS_H
#define RECEIPTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "engine/payment.h"
#include "menu/model.h"
#include "store/store.h"

struct receipt {                        /* strings "": not known */
    const char *provider, *service, *about, *lang, *trx, *reason, *ref;
    int64_t taka;
    int part;                           /* of a part that was given back: its number; taka is the part's */
};

/* The message for a debt; its strings are in out, or in m.  False: the menus say nothing of it, or the debt is not to
 * her. */
bool receipts_print(const struct menu *m, const struct receipt *r, enum payment_debt debt, struct buf *out,
                    struct store_message *message) __attribute__((warn_unused_result));

#endif
