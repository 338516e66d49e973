/*
 * payment.h - what becomes of a payment that a provider was asked for.  Pure.
 *
 * A provider tells the same twice, late and in any order; its statement tells it
 * once more.  So a payment only ever climbs: what is told is a step of a ladder, the
 * payment stands on the highest that was told, and all orders and repetitions of
 * the same news end on the same step.  Money decides: "confirmed" stands above
 * "failed", because the provider has it then, whatever it said before.
 *
 *   quoted      kept here; the provider has not taken the request yet
 *   requested   the provider asks her; she approves in its own menu, with its PIN
 *   approved    she has; the money is on its way
 *   failed      refused, not approved in time, no money: nothing was taken
 *   confirmed   the provider has the money: she gets a receipt, her case goes on
 *   refunded    it was given back
 */
#ifndef PAYMENT_H
#define PAYMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAYMENT_REF_SIZE 21             /* 20 characters */
#define PAYMENT_TRX_MAX 40              /* characters of the provider's own number */
#define PAYMENT_REASON_MAX 80

enum payment_state {                    /* in the order of the ladder */
    PAYMENT_QUOTED = 0,
    PAYMENT_REQUESTED,
    PAYMENT_APPROVED,
    PAYMENT_FAILED,
    PAYMENT_CONFIRMED,
    PAYMENT_REFUNDED,
    PAYMENT_STATES,
};

/* What is owed to others since it climbed, one bit each; the lowest first. */
enum payment_debt {
    PAYMENT_OWES_FAILED = 0,            /* she is to be told that nothing was taken */
    PAYMENT_OWES_RECEIPT,
    PAYMENT_OWES_CASE,                  /* her case is to go on: it is paid */
    PAYMENT_OWES_BACK,                  /* she is to be told that she has her money again */
    PAYMENT_OWES_CASE_BACK,             /* the case is to know that it is not paid any more */
    PAYMENT_OWES_PART,                  /* she is to be told that she has a part again; the part's own row keeps it, no payment's */
    PAYMENT_DEBTS,                      /* none */
};

struct payment {
    enum payment_state state;
    int64_t taka;
    char trx[PAYMENT_TRX_MAX + 1];      /* "": not told */
    char reason[PAYMENT_REASON_MAX + 1];        /* why it failed, in the provider's words */
    bool refund;                        /* an operator wants it given back */
    int part;                           /* or a part of it, by its number; 0: none, or it was given back already */
    unsigned owes;                      /* bits of payment_debt */
    int tries;                          /* of what is to be done next */
    int64_t created, expires;           /* ms since the epoch */
};

struct payment_news {
    enum payment_state state;
    int64_t taka;                       /* 0: not told */
    const char *trx, *reason;           /* "": not told */
};

enum payment_verdict {
    PAYMENT_MOVED = 0,
    PAYMENT_KNOWN,                      /* it stands there, or above: nothing changes */
    PAYMENT_OTHER_TAKA,                 /* another amount than was asked for: not taken */
    PAYMENT_OTHER_TRX,                  /* money came, or went back, under another number than is known: not taken */
    PAYMENT_VERDICTS,
};

/* Take news in; only MOVED changes p. */
enum payment_verdict payment_take(struct payment *p, const struct payment_news *news)
    __attribute__((warn_unused_result));

/* What is to be done for it by us. */
enum payment_task {
    PAYMENT_REST = 0,                   /* nothing */
    PAYMENT_PAY_DEBT,                   /* payment_debt() */
    PAYMENT_ASK,                        /* ask the provider for it */
    PAYMENT_ASK_STATUS,                 /* ask the provider what became of it: its call may be lost */
    PAYMENT_ASK_REFUND,
    PAYMENT_ASK_PART,                   /* ask it to give a part back */
    PAYMENT_EXPIRE,                     /* nobody took the request in time: take in "failed" */
    PAYMENT_TASKS,
};

enum payment_task payment_next(const struct payment *p, int64_t now);

/* When it is next to be looked at, after p->tries of its next task; 0: never. */
int64_t payment_due(const struct payment *p, int64_t now);

/* The provider was asked for its status and knows nothing new (answered), or said nothing: is it over? */
bool payment_is_over(const struct payment *p, bool answered, int64_t now);

/* The lowest; PAYMENT_DEBTS: none. */
enum payment_debt payment_debt(const struct payment *p);
void payment_clear_debt(struct payment *p, enum payment_debt debt);
void payment_owe(struct payment *p, enum payment_debt debt);

/* May an operator ask for it to be given back? */
bool payment_may_refund(const struct payment *p);

/* Is she still to do something, or the provider? */
bool payment_is_open(enum payment_state state);

const char *payment_state_name(enum payment_state state);
enum payment_state payment_state_find(const char *name);        /* PAYMENT_STATES: none */

/* The reference of a payment: the bucket that it is kept in, and a key that is the same whenever the same keypress asks
 * for it.  False: it is none. */
void payment_ref(char ref[PAYMENT_REF_SIZE], int16_t bucket, const char *key);
bool payment_ref_bucket(const char *ref, int16_t *bucket) __attribute__((warn_unused_result));

#endif
