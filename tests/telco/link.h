/*
 * link.h - one TCP connection of a peer: frames in, PDUs out, and the deliver_sm
 * that wait for an answer.  What the PDUs mean is centre's business.
 */
#ifndef LINK_H
#define LINK_H

#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "smpp.h"

#define LINK_SLOTS 2048                 /* a power of two above the largest window */

enum bind { BIND_NONE = 0, BIND_TX = 1, BIND_RX = 2, BIND_TRX = 3 };    /* bits: may send, may receive */

enum letter_kind { LETTER_USSD = 0, LETTER_SMS, LETTER_RECEIPT, LETTER_RESP };

/* A PDU on its way to the peer; it stands in exactly one list. */
struct letter {
    TAILQ_ENTRY(letter) entry;
    struct event timer;                 /* while it is held back */
    enum letter_kind kind;
    struct account *account;
    unsigned link;                      /* LETTER_RESP: to this link only */
    uint32_t sequence;                  /* while it waits for its answer */
    char msisdn[16];                    /* whose it is: an id, the phone may be gone */
    uint16_t session;
    int tries;
    int64_t sent_us;
    size_t n;
    uint8_t bytes[];
};
TAILQ_HEAD(letter_list, letter);

struct link {
    TAILQ_ENTRY(link) entry;
    unsigned id;
    struct centre *centre;
    struct account *account;            /* NULL until bound */
    enum bind bind;
    struct bufferevent *bev;
    char peer[64];
    uint32_t sequence;                  /* of our own PDUs */
    int64_t since_us, heard_us, asked_us;
    bool unbinding;                     /* we said unbind */
    bool closing;                       /* to be closed when the output has gone */
    int64_t closing_us;                 /* since when one of the two */
    bool dead;                          /* to be freed at the end of the turn */
    int outstanding;
    struct letter *slot[LINK_SLOTS];    /* by sequence */
    struct letter_list waiting;         /* the same, oldest first */
};

/* Takes fd. */
struct link *link_new(struct centre *c, struct event_base *base, int fd, unsigned id, const char *peer);
void link_free(struct link *l);

/* Encode and write. */
void link_send(struct link *l, const struct smpp_pdu *pdu);
/* A response without a body beyond what pdu says: command and sequence come from the request. */
void link_answer(struct link *l, const struct smpp_pdu *request, uint32_t status);
void link_write(struct link *l, const uint8_t *p, size_t n);
/* Another deliver_sm may go out. */
bool link_has_room(const struct link *l, int window);
/* Number it, write it, keep it until its answer. */
void link_post(struct link *l, struct letter *letter);
/* The letter that this answer belongs to, taken out; NULL: none. */
struct letter *link_answered(struct link *l, uint32_t sequence);
/* The oldest unanswered one, taken out, if sent before that time. */
struct letter *link_overdue(struct link *l, int64_t before_us);

#endif
