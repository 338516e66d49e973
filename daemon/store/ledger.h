/*
 * ledger.h - payments for the command line: look, compare, give back.  Blocking.
 */
#ifndef LEDGER_H
#define LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/store.h"

struct ledger;

/* NULL and one line in err. */
struct ledger *ledger_open(const char *conninfo, char *err, size_t n);
void ledger_close(struct ledger *l);
const char *ledger_error(const struct ledger *l);       /* of the last call that was false */

typedef void (*ledger_fn)(void *arg, const struct store_payment *row);

struct ledger_filter {                  /* NULL: any */
    const char *state, *provider, *about;
    int max;
    bool twice;                         /* those alone that paid what an earlier one has paid too */
};

/* The newest first.  owes is 1 where what it is for was paid by an earlier one too, and neither was given back. */
bool ledger_list(struct ledger *l, const struct ledger_filter *filter, ledger_fn fn, void *arg)
    __attribute__((warn_unused_result));

/* Of one provider, paid or given back in from..to (ms since the epoch, to excluded); and those with these refs, of any
 * state.  owes is 1 where what it is for was paid by an earlier one too. */
bool ledger_period(struct ledger *l, const char *provider, int64_t from, int64_t to, ledger_fn fn, void *arg)
    __attribute__((warn_unused_result));
bool ledger_refs(struct ledger *l, const char *provider, const char *const *refs, size_t count, ledger_fn fn, void *arg)
    __attribute__((warn_unused_result));

struct ledger_event {
    int64_t at;
    const char *actor, *state, *note;
};
typedef void (*ledger_event_fn)(void *arg, const struct ledger_event *e);

/* One, and its history.  False with an error "": there is none. */
bool ledger_show(struct ledger *l, const char *ref, ledger_fn fn, ledger_event_fn event, void *arg)
    __attribute__((warn_unused_result));

/* Write one as it is to be, if it is still as it was read (row->seq), and due now; a row of its history by actor.
 * *there false: it was changed meanwhile. */
bool ledger_write(struct ledger *l, const struct store_payment *row, const char *actor, const char *note, bool *there)
    __attribute__((warn_unused_result));

struct ledger_part {                    /* of a payment, that is to be given back */
    const char *ref, *trx;
    int n;
    int64_t taka, back;                 /* back 0: it was not yet */
    const char *key, *actor, *note;     /* of an order */
};

struct ledger_asked {
    char outcome[8];                    /* asked, again, other, none, unpaid, whole, much: sql/0056 */
    int n;
    int64_t rest;                       /* taka that may still be given back; other: what the key was used for */
};

/* Ask for a part: never more in all than was paid, each key once. */
bool ledger_ask_part(struct ledger *l, const struct ledger_part *part, struct ledger_asked *out) __attribute__((warn_unused_result));

/* The parts of these payments, by ref and number. */
typedef void (*ledger_part_fn)(void *arg, const struct ledger_part *part);
bool ledger_parts(struct ledger *l, const char *const *refs, size_t count, ledger_part_fn fn, void *arg)
    __attribute__((warn_unused_result));

/* The provider's statement says that it gave this one back.  *there false: it was known meanwhile. */
bool ledger_part_given(struct ledger *l, const struct ledger_part *part, bool *there) __attribute__((warn_unused_result));

/* All or nothing of what is written in between. */
bool ledger_begin(struct ledger *l) __attribute__((warn_unused_result));
bool ledger_end(struct ledger *l, bool commit) __attribute__((warn_unused_result));

#endif
