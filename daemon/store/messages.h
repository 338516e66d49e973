/*
 * messages.h - messages that wait to be sent: take, and say what became of them.
 *
 * Messages are put in by the steps that cause them (sessions.h).  A take leases
 * them to this process for 15 s, so that a process may die with them.  What
 * became of a message is kept until PostgreSQL has it, over any fall of the
 * connection: a message once accepted by bearerbox must not go out again.
 */
#ifndef MESSAGES_H
#define MESSAGES_H

#include <stdbool.h>
#include <stdint.h>

#include "store/pg.h"
#include "store/store.h"

struct messages;

struct messages *messages_new(const struct store_ops *ops, void *arg, int batch_max, int stall_ms);
void messages_free(struct messages *o);
void messages_prepare(struct pg *pg);

/* While a take is under way, one more is remembered. */
void messages_take(struct messages *o, const struct store_taking *what);
void messages_mark(struct messages *o, const struct store_mark *mark);

bool messages_waits(const struct messages *o);
void messages_send(struct messages *o, struct pg *pg);

#endif
