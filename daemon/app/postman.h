/*
 * postman.h - takes messages from the outbox to the links and back their fate.
 *
 * Paced here, never queued in bearerbox: at most in_flight messages are taken
 * and not yet acknowledged.  A message is sent again only if bearerbox never
 * acknowledged it.
 */
#ifndef POSTMAN_H
#define POSTMAN_H

#include <stdbool.h>
#include <stdint.h>

#include "wire/kannel.h"

struct bearer;
struct postman;
struct store;
struct store_outgoing;

struct postman *postman_new(struct store *store, int in_flight);
void postman_free(struct postman *p);

/* A link that may be able to send. */
void postman_add_bearer(struct postman *p, struct bearer *b);

/* There may be messages: take some at the end of this turn. */
void postman_call(struct postman *p);

/* From the loop: each turn, and each tick (looks for messages of others). */
void postman_flush(struct postman *p);
void postman_tick(struct postman *p);

/* The store's row, and the link's word about token "s/BUCKET/ID". */
void postman_send(struct postman *p, const struct store_outgoing *m);
void postman_result(struct postman *p, const char *token, enum kannel_result result, const char *reason);

bool postman_is_idle(const struct postman *p);

#endif
