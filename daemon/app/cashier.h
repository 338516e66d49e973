/*
 * cashier.h - payments in kheyad: asked for by dialogues, told of by providers, and looked after until nothing is
 * owed any more.
 *
 * A payment is kept in the database before its provider is asked, and every change of it is one statement that names
 * the row it read; so it is asked for once, whatever is killed, and all that several processes hear of it is taken in.
 */
#ifndef CASHIER_H
#define CASHIER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/flow.h"
#include "store/store.h"

struct cashier;
struct desk;
struct event_base;
struct generations;
struct http;
struct session;

struct cashier_args {
    struct event_base *base;
    struct store *store;
    struct desk *desk;
    struct generations *generations;
    struct http *http;                  /* providers call there; NULL: they are only asked */
    const char *folder;                 /* keys are below it */
    int max;                            /* requests to providers in flight */
    void (*answered)(void *arg, uint64_t waiter, const struct flow_rows *rows);
    void *arg;
};

/* All outlive it.  NULL with the reason in err. */
struct cashier *cashier_new(const struct cashier_args *args, char *err, size_t err_size);
void cashier_free(struct cashier *c);

/* Read the keys of providers again. */
void cashier_renew(struct cashier *c);

/* True: rows are the answer.  False: it comes by args.answered, under the session's id. */
bool cashier_ask(struct cashier *c, const struct session *s, const struct flow_question *q, struct flow_rows *rows)
    __attribute__((warn_unused_result));

/* From the store: ops->payment, ops->payment_due. */
void cashier_stored(struct cashier *c, uint64_t ticket, const struct store_payment *row, bool failed);
void cashier_due(struct cashier *c, const struct store_payment *row);

/* From the loop: each tick. */
void cashier_tick(struct cashier *c);

#endif
