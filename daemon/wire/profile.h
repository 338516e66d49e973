/*
 * profile.h - how one SMSC speaks USSD: operations, session names, codings.
 *
 * A profile is data (conf/kheya.yaml, links.NAME and links.NAME.smsc.ID); this
 * room turns a decoded box message into an event by it, and a page into a box
 * message.  Pure: no socket.
 */
#ifndef PROFILE_H
#define PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/event.h"
#include "wire/box.h"

#define PROFILE_OPS 8

enum profile_channel { PROFILE_USSD = 0, PROFILE_SMS, PROFILE_CHANNELS };

/* Which TLV names the dialogue. */
enum profile_session {
    PROFILE_SESSION_ITS = 0,        /* its_session_info, SMPP 3.4 5.3.2.43, 2 octets */
    PROFILE_SESSION_UMR,            /* user_message_reference, SMPP 3.4 5.3.2.17 */
    PROFILE_SESSION_MSISDN,         /* none: one dialogue per number */
    PROFILE_SESSIONS,
};

/* A set of ussd_service_op values (SMPP 3.4 5.3.2.44). */
struct profile_ops {
    uint8_t n;
    uint8_t op[PROFILE_OPS];
};

struct profile {
    char smsc_id[64];
    enum profile_channel channel;
    struct profile_ops begin, answer, abort;    /* incoming: default 1 | 18 | 129; 2 also answers */
    struct profile_ops notified;    /* the handset has shown a notice of ours: default 19 */
    uint8_t send_continue, send_end;            /* outgoing: default 2 | 17 */
    uint8_t send_notice;                        /* and a page that nobody asked for and that ends: 3 */
    int push;                       /* enum profile_push: what this network lets us begin */
    enum profile_session session;
    bool end_bit;                   /* last bit of its_session_info set: the dialogue ends */
    uint16_t session_mask;          /* bits of its_session_info that name the dialogue; default 0xffff */
    bool send_validity;             /* some gateways refuse validity_period */
    int data_coding;                /* forced for GSM-7 pages by meta data_coding, usually 15; -1 = none (0 goes out) */
    bool accept_unmarked;           /* an MO without ussd_service_op: tell begin from answer by the text */
    char code[EVENT_CODE_MAX];      /* code assumed when neither address nor text names one */
    struct event_limits limits;
    int priority;                   /* of MT on this link: -1 = Kannel's default */
};

/* What a network lets an application begin (3GPP TS 22.090: network initiated). */
enum profile_push { PROFILE_PUSH_NONE = 0, PROFILE_PUSH_NOTICE, PROFILE_PUSH_DIALOGUE, PROFILE_PUSHES };

/* What must be remembered of an MO to answer it; plain data, copied freely. */
struct profile_to {
    uint16_t profile;               /* index in the link's table */
    bool has_its, has_umr;
    uint8_t its[2];
    uint16_t umr;
    bool pushed;                    /* answers nothing: the page begins a dialogue, or is a notice */
    char sender[24];                /* our code, as the MO's receiver named it */
    char receiver[24];              /* the subscriber, as the MO's sender named her */
};

/* Defaults of every field; smsc_id "" and channel USSD. */
void profile_init(struct profile *p);

/* A subscriber's number as telcos and aggregators write it ("+880...",
 * "00880...", Bangladesh's own "017...") to international digits.  False
 * unless 7 to 15 digits remain and nothing else. */
bool profile_msisdn(char out[EVENT_MSISDN_MAX], const char *p, size_t n) __attribute__((warn_unused_result));

enum profile_status {
    PROFILE_OK = 0,
    PROFILE_BAD_SENDER,             /* no sender, or not 7..15 digits */
    PROFILE_BAD_TEXT,               /* odd UCS-2, NUL, a coding that cannot be text */
    PROFILE_NOTIFIED,               /* no event: the handset of ev->msisdn has shown a notice */
    PROFILE_BAD_OP,                 /* no or unknown ussd_service_op, or no session name where one is due */
    PROFILE_STATUSES,
};
const char *profile_status_name(enum profile_status s);

/* MO to event.  Text and code are appended to text (its old content stays) and
 * borrowed from it; ev->seen is the caller's, and to->profile; ev->at is 0 when
 * the MO has no time.  "+*333#" becomes "*333#".
 *
 * The code is p->code, unless that is empty or the MO's receiver is another
 * code ("*123#" beside "*333#"; "*333*1#" goes on from "*333#"); else the
 * receiver when it is one ("*333#", "333"), else the head of the dialled text,
 * else "".  EVENT_BEGIN's text is what she dialled, from the text or else from
 * the receiver.  An SMS is an EVENT_ANSWER without ref. */
enum profile_status profile_event(const struct profile *p, const struct box_sms *mo, struct buf *text,
                                  struct event *ev, struct profile_to *to) __attribute__((warn_unused_result));

/* One page to an MT that answers to: single-shot (resend_try), validity now +
 * limits, dlr_mask 24 with token as dlr_url (token NULL: no reports), TLVs as
 * the profile says.  Fields borrow from mem, which is cleared first, and from
 * the arguments.  id is a fresh UUID, boxc_id the caller's. */
void profile_reply(const struct profile *p, const struct profile_to *to, const char *text, size_t n, bool end,
                   const char *token, int64_t now_ms, struct buf *mem, struct box_sms *mt);

/* One SMS to receiver from sender: coding by content, dlr_mask 27 when reports
 * are wanted, else 24.  The parts of a chain are Kannel's business. */
struct profile_sms {
    const char *sender, *receiver;  /* receiver: international digits, without '+' */
    const char *text;
    size_t text_len;
    const char *token;
    bool report;                    /* ask the handset's delivery */
    int validity_s;                 /* 0 = none */
};
void profile_sms(const struct profile *p, const struct profile_sms *sms, int64_t now_ms, struct buf *mem,
                 struct box_sms *mt);

#endif
