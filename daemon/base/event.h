/*
 * event.h - what a bearer tells the engine, and what the engine answers.
 *
 * The common words of wire, engine and gateway: whichever bearer a keypress
 * came by, it is one struct event.
 */
#ifndef EVENT_H
#define EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EVENT_ID_SIZE 16            /* a UUID, or a hash where the bearer has no ids */
#define EVENT_REF_MAX 24            /* bytes of the telco's own name of a dialogue */
#define EVENT_MSISDN_MAX 20         /* ITU-T E.164: 15 digits; NUL included, with room */
#define EVENT_CODE_MAX 24           /* "*333#", NUL included */
#define EVENT_TEXT_MAX 1024         /* octets of what a person typed; more is a wrong answer */

enum event_kind {
    EVENT_BEGIN = 0,                /* she dialled; text is the whole dialled string */
    EVENT_ANSWER,                   /* she answered the last screen, or wrote a text message */
    EVENT_ABORT,                    /* the telco ended the dialogue */
    EVENT_KINDS,
};

struct event_id {
    uint8_t bytes[EVENT_ID_SIZE];
};

/* The telco's name of one dialogue: opaque, without the end bit.  Equal to the
 * stored one: the same dialogue.  len 0: the telco gives none. */
struct event_ref {
    uint8_t len;                    /* <= EVENT_REF_MAX */
    uint8_t bytes[EVENT_REF_MAX];
};

/* The name of a dialogue that we began and that has no other yet: none of two octets. */
static inline struct event_ref event_ref_pushed(void)
{
    return (struct event_ref){ 1, { 0xff } };
}

static inline bool event_ref_is_pushed(const struct event_ref *ref)
{
    return ref->len == 1 && ref->bytes[0] == 0xff;
}

/* Texts and the rest are borrowed until the callee returns. */
struct event {
    enum event_kind kind;
    struct event_id id;             /* the same event has the same id, however often it comes */
    struct event_ref ref;
    char msisdn[EVENT_MSISDN_MAX];  /* digits only, international: 8801712345678 */
    const char *code;               /* the address dialled, as the telco gave it; "" when it gave none */
    const char *text;               /* well-formed UTF-8, not yet through gsm_answer(); never NULL */
    size_t text_len;                /* may exceed EVENT_TEXT_MAX: then it is a wrong answer */
    bool joined;                    /* text is all inputs so far, joined by '*' (HTTP aggregators) */
    int64_t at;                     /* ms since the epoch: when the bearer took it in (Kannel: whole seconds) */
    int64_t seen;                   /* ms since the epoch: when it reached this process */
};

/* The page of a text message: six SMS in a chain (3GPP TS 23.040 9.2.3.24.1). */
#define EVENT_TEXT_SEPTETS (6 * 153)
#define EVENT_TEXT_UNITS (6 * 67)

/* Limits of the medium that a page must keep; from the link's settings. */
struct event_limits {
    int septets;                    /* of a GSM-7 page, 0 = no limit (SMS) */
    int units;                      /* of a UCS-2 page, 0 = no limit */
    int idle_ms;                    /* the network drops a dialogue so long unanswered */
    int total_ms;                   /* and one that lasts so long */
    int resend_ms;                  /* the same answer within this is the telco's resend */
    bool texts;                     /* SMS: an event is a text message, and so is the page that answers it */
};

#endif
