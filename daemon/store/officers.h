/*
 * officers.h - officers who answer by text message, as the database has them:
 * who they are, which codes they used, what lies on their desks.
 *
 * Every request is answered exactly once, in a later turn of the loop, unless the
 * store is freed before; done must live until then.  Strings in an answer are
 * borrowed until the callback returns.  Knows no secret.
 */
#ifndef OFFICERS_STORE_H
#define OFFICERS_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "store/store.h"

enum store_codes { STORE_CODES_LIST = 0, STORE_CODES_SMS, STORE_CODES_TIME, STORE_CODES };

struct store_officer {
    int id;
    const char *msisdn, *name, *agency, *office, *rank, *place, *lang;
    enum store_codes codes;
    int desk, next;                     /* next 0: none */
    bool active;
    int epoch;
    int64_t counter;                    /* the first code that is still good */
    int tries;
    int64_t locked_until;               /* ms since the epoch; 0 not */
    const char *pending;                /* command that waits for its code; "" none */
    int64_t pending_at;
};

enum store_burnt {
    STORE_BURNT = 0,                    /* the code was good and is used now */
    STORE_BURNT_SAME,                   /* it was used for this very command */
    STORE_BURNT_BEFORE,                 /* it was used for another one, or passed over */
    STORE_BURNTS,
};

#define STORE_QUEUE_ROWS 8

struct store_queue {
    int waiting, overdue;
    int count;                          /* of rows */
    struct store_queue_row {
        int64_t number, due;
        const char *service, *state;
    } rows[STORE_QUEUE_ROWS];
};

struct store_officer_answer {
    bool lost;                          /* the database is away, or refused it (logged): nobody knows */
    bool found;                         /* FIND, DESK: there is such an officer */
    struct store_officer officer;       /* FIND, DESK; WRONG: tries and locked_until */
    enum store_burnt burnt;
    struct store_queue queue;
};
typedef void (*store_officer_fn)(void *arg, uint64_t ticket, const struct store_officer_answer *a);

struct store_officer_done {
    store_officer_fn fn;
    void *arg;
    uint64_t ticket;
};

void store_officer_find(struct store *s, const char *msisdn, struct store_officer_done *done);
/* By the number of a desk; only one that is active. */
void store_officer_desk(struct store *s, const char *agency, int desk, struct store_officer_done *done);

/* Use a code: counter and all before it are good no more. */
struct store_burn {
    const char *msisdn;
    int epoch;
    int64_t counter;
    const char *command;                /* without the code */
    const char *message;                /* what names the text message */
    int64_t at;
};
void store_officer_burn(struct store *s, const struct store_burn *b, struct store_officer_done *done);

/* A wrong code: counted once for each message; the max-th locks until then. */
void store_officer_wrong(struct store *s, const char *msisdn, const char *message, int max, int64_t until,
                         struct store_officer_done *done);

/* A command waits for its code. */
void store_officer_pend(struct store *s, const char *msisdn, const char *command, int64_t at,
                        struct store_officer_done *done);

/* The case lies on a desk since its event seq. */
void store_officer_forward(struct store *s, int64_t number, const char *agency, int desk, int seq,
                           struct store_officer_done *done);

/* What waits for an officer, in pairs of service and state, the most urgent first. */
struct store_waiting {
    const char *const *services;
    const char *const *states;
    int count;
};
void store_officer_queue(struct store *s, const struct store_officer *o, const struct store_waiting *w, int64_t now,
                         struct store_officer_done *done);

/* A message to a number; once for each cause. */
void store_officer_say(struct store *s, const struct store_message *m, struct store_officer_done *done);

/* Officers who had no digest on a day, if it is one that is worked; some of them, told one after the other, then
 * one answer without found. */
void store_officer_digests(struct store *s, int32_t day, struct store_officer_done *done);
/* Her digest of a day, and that she had it; text "" none is owed. */
void store_officer_digest(struct store *s, const struct store_message *m, int32_t day,
                          struct store_officer_done *done);

/* --- blocking; for the command line only ---------------------------------- */

struct store_officer_new {              /* NULL or 0: as it was, or the default */
    const char *msisdn, *name, *agency, *office, *rank, *place, *lang, *codes;
    int desk, next;                     /* desk 0: the first that is free */
};
typedef void (*store_officer_row_fn)(void *arg, const struct store_officer *o);

/* False, with one line in err. */
bool store_officer_add(const char *conninfo, const struct store_officer_new *o, const char *by, int *desk, char *err,
                       size_t n);
bool store_officer_list(const char *conninfo, const char *agency, store_officer_row_fn fn, void *arg, char *err,
                        size_t n);
/* lock: she may not write any more; else she may again, and wrong codes are forgotten. */
bool store_officer_lock(const char *conninfo, const char *msisdn, bool lock, const char *by, char *err, size_t n);
/* Where her codes stand; renew: a new secret, whose first code is 1. */
bool store_officer_codes(const char *conninfo, const char *msisdn, bool renew, const char *by, store_officer_row_fn fn,
                         void *arg, char *err, size_t n);

/* --- the writers' part ------------------------------------------------------- */

struct pg;
void officers_prepare(struct pg *pg);

#endif
