/*
 * outbox.h - messages that wait to be sent: take, and say what became of them.
 *
 * Messages are put in by the steps that cause them (sessions.h).  A take leases
 * them to this process for 60 s, so that a process may die with them.  What
 * became of a message is kept until PostgreSQL has it, over any fall of the
 * connection: a message once accepted by bearerbox must not go out again.
 */
#ifndef OUTBOX_H
#define OUTBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "store/pg.h"
#include "store/store.h"

struct outbox;

struct outbox *outbox_new(const struct store_ops *ops, void *arg, int batch_max, int stall_ms);
void outbox_free(struct outbox *o);
void outbox_prepare(struct pg *pg);

/* While a take is under way, one more is remembered. */
void outbox_take(struct outbox *o, int max);
void outbox_mark(struct outbox *o, int16_t bucket, int64_t id, enum store_sms_state state, const char *note,
                 int64_t due_ms);

bool outbox_waits(const struct outbox *o);
void outbox_send(struct outbox *o, struct pg *pg);

#endif
