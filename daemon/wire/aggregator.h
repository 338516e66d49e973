/*
 * aggregator.h - USSD aggregators over HTTP: POST /ussd/LINK.
 *
 * One table row per dialect (style): field names, whether text accumulates,
 * how to continue and end.  africastalking: form POST sessionId phoneNumber
 * networkCode serviceCode text; the answer starts "CON " or "END ".
 * Nothing of text is logged: a PIN stays inside it on later hops.  For the same
 * reason an event's id, which the database keeps, is a hash under a secret.
 */
#ifndef AGGREGATOR_H
#define AGGREGATOR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/event.h"
#include "wire/http.h"

#define AGGREGATOR_SECRET 32

struct aggregator;

/* ticket answers the event, once, by aggregator_reply(). */
typedef void aggregator_event_fn(void *arg, struct aggregator *a, uint64_t ticket, const struct event *ev);

struct aggregator_args {
    const char *name;               /* the link's name: the path is /ussd/NAME */
    const char *style;              /* "africastalking" */
    struct event_limits limits;
    const unsigned char *secret;    /* AGGREGATOR_SECRET octets, copied: ids of answers are hashed under it */
    aggregator_event_fn *event;
    void *arg;
};

/* NULL for an unknown style.  args is copied; h must outlive it. */
struct aggregator *aggregator_new(struct http *h, const struct aggregator_args *args);
void aggregator_free(struct aggregator *a);
const char *aggregator_name(const struct aggregator *a);
const struct event_limits *aggregator_limits(const struct aggregator *a);

/* False: the client has gone. */
bool aggregator_reply(struct aggregator *a, uint64_t ticket, const char *text, size_t n, bool end);

/* For tests and fuzzers: one form body to an event as a link without name and
 * with a secret of zeros would give it; at and seen are 0.  The event, and *error (one line, without the
 * values sent), borrow from mem. */
bool aggregator_event(const char *style, const char *body, size_t n, struct buf *mem, struct event *ev,
                      const char **error) __attribute__((warn_unused_result));

#endif
