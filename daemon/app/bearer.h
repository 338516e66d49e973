/*
 * bearer.h - one link of the configuration, whichever kind it is: a
 * connection to a bearerbox, or an HTTP aggregator.
 *
 * Above this room there is one way in and one way out; below it wire knows
 * nothing of links.
 */
#ifndef BEARER_H
#define BEARER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/conf.h"
#include "base/event.h"
#include "wire/kannel.h"

struct bearer;
struct event_base;
struct http;

/* Where an event came from, and its reply goes; plain data, copied freely. */
struct bearer_from {
    struct profile_to to;               /* bearerbox */
    uint64_t ticket;                    /* aggregator: the request that waits */
    int64_t push;                       /* of a dialogue that we begin: its message in the outbox ... */
    int16_t push_bucket;                /* ... (to.pushed) */
};

/* What became of a page. */
enum bearer_sent {
    BEARER_SENT = 0,                    /* on its way; a later word may tell that she sees it */
    BEARER_SEEN,                        /* handed to the caller */
    BEARER_FULL,                        /* the link could not take it */
    BEARER_SENTS,
};

struct bearer_ops {
    void (*event)(void *arg, struct bearer *b, const struct bearer_from *from, const struct event *ev);
    /* the fate of a page or a message, by its token */
    void (*result)(void *arg, struct bearer *b, const char *token, enum kannel_result result, const char *reason);
    void (*up)(void *arg, struct bearer *b);
    void (*notified)(void *arg, struct bearer *b, const char *msisdn);
};

struct bearer_args {
    struct event_base *base;
    struct http *http;                  /* borrowed for life; NULL: no HTTP links */
    const struct conf_link *conf;       /* borrowed for life */
    const unsigned char *secret;        /* SECRET_SIZE octets, copied: for ids of answers that come by HTTP */
    const struct bearer_ops *ops;
    void *arg;
};

/* NULL when its address or style cannot be used. */
struct bearer *bearer_open(const struct bearer_args *args);
void bearer_close(struct bearer *b);

const char *bearer_name(const struct bearer *b);
bool bearer_is_up(const struct bearer *b);
const struct event_limits *bearer_limits(const struct bearer *b, const struct bearer_from *from);

/* Must every event be answered, even one that is over?  (A request waits.) */
bool bearer_wants_answer(const struct bearer *b);

/* Send a page; token is told with its fate. */
enum bearer_sent bearer_reply(struct bearer *b, const struct bearer_from *from, const char *text, size_t n, bool end,
                              const char *token);

/* What b's network lets us begin, and does it tell that a notice was shown? */
enum profile_push bearer_push(const struct bearer *b);
bool bearer_tells_notices(const struct bearer *b);

/* Where a page to her goes that she did not ask for, from a code.  False: b's
 * network lets us begin nothing, or is away. */
bool bearer_toward(const struct bearer *b, const char *msisdn, const char *code, struct bearer_from *from)
    __attribute__((warn_unused_result));

/* The event of this id is dealt with; again: it must be given once more. */
void bearer_ack(struct bearer *b, const struct event_id *id, bool again);

/* The ways by which messages leave, one for each SMSC id of channel sms: the
 * first has the link's name, another one LINK/SMSC.  Names live as long as b. */
struct bearer_lane {
    const char *name;
    int profile;
    int rate;                           /* segments a second, 0 no limit */
};
int bearer_lane_count(const struct bearer *b);
const struct bearer_lane *bearer_lane(const struct bearer *b, int i);

/* The lane that reaches who dialled or wrote from there; the link's own name when
 * it sends no messages.  road_of: the same pointer by its name, NULL not of b. */
const char *bearer_road(const struct bearer *b, const struct bearer_from *from);
const char *bearer_road_of(const struct bearer *b, const char *name);

/* Send one message by a lane: false when it could not be taken. */
bool bearer_sms(struct bearer *b, int lane, struct profile_sms *sms) __attribute__((warn_unused_result));
/* The same by the lane of the road. */
bool bearer_sms_back(struct bearer *b, const struct bearer_from *from, struct profile_sms *sms)
    __attribute__((warn_unused_result));

/* Once per turn of the loop; and for a drain. */
void bearer_flush(struct bearer *b);
void bearer_pause(struct bearer *b);

#endif
