/*
 * payments.h - payments as the database has them: opened once, changed only by
 * who read the row that it changes, and taken for what is due.
 *
 * Knows no state's meaning but one: which ones are open.
 */
#ifndef PAYMENTS_H
#define PAYMENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "store/pg.h"
#include "store/store.h"

struct payments;

struct payments *payments_new(const struct store_ops *ops, void *arg, int stall_ms);
void payments_free(struct payments *p);
void payments_prepare(struct pg *pg);

void payments_open(struct payments *p, uint64_t ticket, const struct store_payment *row);
void payments_load(struct payments *p, uint64_t ticket, int16_t bucket, const char *ref);
void payments_part(struct payments *p, uint64_t ticket, const struct store_part_news *news);
void payments_write(struct payments *p, uint64_t ticket, const struct store_payment_change *change);

/* While a take is under way, one more is remembered. */
void payments_take(struct payments *p, int max);

bool payments_wait(const struct payments *p);
void payments_send(struct payments *p, struct pg *pg);

/* No writer: all that waits fails.  From the loop only. */
void payments_fail(struct payments *p);

#endif
