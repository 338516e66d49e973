/*
 * pins.h - PINs checked and set: what is secret of it, off the loop.
 *
 * One thread makes and compares the hashes (argon2id over a hash that is keyed by
 * this installation's secret); the loop never waits for it.  Bounded: when too
 * many wait, the next is answered as failed at once.  A typed PIN lives here
 * until it is answered, is wiped then, and goes nowhere.
 *
 * Several persons on a number have hashes with the same salt, which the secret and
 * the number make: one computation tells whose a PIN is, or that it is nobody's, in
 * the same time whoever's it is and however many there are.
 */
#ifndef PINS_H
#define PINS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/flow.h"
#include "store/store.h"

struct event_base;
struct pins;

/* The answer for a waiter, from the loop, never from within pins_ask(). */
struct pins_told {
    enum flow_pin pin;
    int person;                         /* good: whose, of those on the number */
    bool shared;                        /* good: there are others */
};
typedef void pins_fn(void *arg, uint64_t waiter, const struct pins_told *told);

/* secret: path of its file, "" none: then each is answered as failed.  NULL with
 * the reason in err. */
struct pins_args {
    struct event_base *base;
    struct store *store;
    const char *secret;
    pins_fn *fn;
    void *arg;
};
struct pins *pins_new(const struct pins_args *args, char *err, size_t err_size);

/* Those who wait are not answered any more.  Before the store's end. */
void pins_free(struct pins *p);

/* False: it failed at once. */
bool pins_ask(struct pins *p, uint64_t waiter, const char *msisdn, const struct flow_question *q);

/* The store's answer: ticket is the one that was given to it. */
void pins_stored(struct pins *p, uint64_t ticket, const struct store_pin_row *row);

#endif
