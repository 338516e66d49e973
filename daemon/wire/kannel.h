/*
 * kannel.h - the connection to one bearerbox: connect, identify, back off,
 * heartbeat, acknowledge, send queue.
 *
 * An MO handed to ops->event or ops->sms is un-acknowledged until
 * kannel_ack(): bearerbox sends it again after a reconnect, with the same id.
 * What cannot become an event is logged, counted and acknowledged as failed
 * here.  Bounded: the send queue (queue_max bytes); reading stops while it is
 * more than half full.
 */
#ifndef KANNEL_H
#define KANNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/event.h"
#include "wire/box.h"
#include "wire/profile.h"

struct event_base;
struct kannel;

/* What became of an MT, told by its token, in any order and any number. */
enum kannel_result {
    KANNEL_QUEUED = 0,              /* ack 0: with a live link; ack 3: kept until the link is up */
    KANNEL_REFUSED,                 /* ack 1: no route, expired, unfit: for good */
    KANNEL_LATER,                   /* ack 2, or the connection fell before any ack: may be sent again */
    KANNEL_SUBMITTED,               /* report 8: the SMSC took it */
    KANNEL_REJECTED,                /* report 16: the SMSC refused it, or it expired in bearerbox */
    KANNEL_DELIVERED,               /* report 1: on the handset */
    KANNEL_UNDELIVERED,             /* report 2 */
    KANNEL_RESULTS,
};

struct kannel_ops {
    void (*event)(void *arg, struct kannel *k, const struct profile_to *to, const struct event *ev);
    void (*sms)(void *arg, struct kannel *k, const struct profile_to *to, const struct event *ev);
    void (*result)(void *arg, struct kannel *k, const char *token, enum kannel_result result, const char *reason);
    void (*state)(void *arg, struct kannel *k, bool up);
    /* her handset has shown a notice; may be NULL */
    void (*notified)(void *arg, struct kannel *k, const char *msisdn);
};

struct kannel_args {
    struct event_base *base;
    const char *name;               /* the link's name, for log lines */
    const char *address;            /* "127.0.0.1:13001", "[::1]:13001"; numeric, no look-up blocks the loop */
    const char *box_id;             /* NULL: unnamed box */
    const struct profile *profiles; /* by smsc_id; the one with smsc_id "" takes any unknown one: a copy for
                                     * each SMSC id met joins the table behind the configured ones */
    int profile_count;
    size_t queue_max;               /* octets waiting to be sent; 0 = 4 MiB */
    int retry_min_ms, retry_max_ms; /* back-off between connects; 0 = 250 and 15,000 */
    int heartbeat_ms;               /* 0 = 30,000 */
    int pending_max;                /* MT waiting for their ack; 0 = 4096 */
    const struct kannel_ops *ops;
    void *arg;
};

/* All strings and profiles are copied; ops is borrowed.  Connects at once and
 * for ever; NULL only when address cannot be parsed. */
struct kannel *kannel_new(const struct kannel_args *args);

/* Never inside a callback of k.  What is queued gets one write; no result
 * follows for what waited for its ack. */
void kannel_free(struct kannel *k);

const char *kannel_name(const struct kannel *k);
bool kannel_is_up(const struct kannel *k);
const struct profile *kannel_profile(const struct kannel *k, uint16_t index);

/* Queue one message.  token (63 octets at most; NULL: no result is wanted) comes
 * back in ops->result.  False: not connected, queue or pending table full, or
 * the message is unfit; nothing was queued and no result will follow. */
bool kannel_reply(struct kannel *k, const struct profile_to *to, const char *text, size_t n, bool end,
                  const char *token) __attribute__((warn_unused_result));
bool kannel_sms(struct kannel *k, uint16_t profile, const struct profile_sms *sms)
    __attribute__((warn_unused_result));

/* Acknowledge the MO of this id.  Lost when the connection is down: then
 * bearerbox sends the MO again. */
void kannel_ack(struct kannel *k, const struct event_id *id, enum box_nack nack);

/* Write what is queued: once per turn of the loop. */
void kannel_flush(struct kannel *k);

/* Stop taking MO (drain): identify stays, reading stops. */
void kannel_pause(struct kannel *k, bool paused);

#endif
