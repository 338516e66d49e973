/*
 * postman.h - takes messages from the outbox to the links and back their fate.
 *
 * Paced here, lane by lane, never queued in bearerbox.  A message is sent again
 * only if bearerbox never acknowledged it.  What holds for a class stands in
 * base/outbox.
 */
#ifndef POSTMAN_H
#define POSTMAN_H

#include <stdbool.h>
#include <stdint.h>

#include "wire/kannel.h"

struct bearer;
struct conf;
struct postman;
struct store;
struct store_outgoing;

/* Begin a dialogue on her screen, by that link: false when it cannot be begun
 * now.  What becomes of its page is told to postman_pushed(). */
typedef bool (*postman_dial_fn)(void *arg, struct bearer *b, const struct store_outgoing *m);

/* conf is borrowed for life. */
struct postman *postman_new(struct store *store, const struct conf *conf, postman_dial_fn dial, void *arg);
void postman_free(struct postman *p);

/* A link: its lanes are ways for messages. */
void postman_add_bearer(struct postman *p, struct bearer *b);

/* The code that people dial, for what a discreet message says. */
void postman_code(struct postman *p, const char *code);

/* There may be messages: take some at the end of this turn. */
void postman_call(struct postman *p);

/* The link has come up. */
void postman_up(struct postman *p, const struct bearer *b);

/* From the loop: each turn, and each tick (looks for messages of others). */
void postman_flush(struct postman *p);
void postman_tick(struct postman *p);

/* The store's row, and the link's word about token "s/BUCKET/ID/TRIES/SEGMENTS". */
void postman_send(struct postman *p, const struct store_outgoing *m);
void postman_result(struct postman *p, const struct bearer *b, const char *token, enum kannel_result result,
                    const char *reason);

/* The link's word about a page that we sent unasked, token "n/BUCKET/ID" (a
 * notice) or "d/..." (a dialogue); and that her handset has shown a notice. */
void postman_pushed(struct postman *p, const struct bearer *b, const char *token, enum kannel_result result,
                    const char *reason);
void postman_notified(struct postman *p, const char *msisdn);

bool postman_is_idle(const struct postman *p);

#endif
