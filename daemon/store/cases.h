/*
 * cases.h - cases and their history in the database: read one, move one on.
 *
 * A move is one statement: the case, from the seq that was read; one event,
 * whose key is unique; the messages it causes; the audit.  Decides nothing: the
 * desk does (engine/desk.h).
 */
#ifndef CASES_H
#define CASES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/casefile.h"

struct store;
struct store_message;

#define STORE_MOVE_MESSAGES_MAX 4
#define STORE_DUE_KEEP INT64_MIN

struct store_move {
    int64_t number;
    const char *msisdn;                 /* of the case: it tells the bucket */
    int seq;                            /* moved only if that is still its last event */
    const char *key;                    /* of the new event */
    const char *kind, *actor;
    const char *state, *note;           /* state: where it stands then, also when it stays */
    const char *fields;                 /* JSON object, laid over the case's */
    int64_t at;
    int64_t due;                        /* STORE_DUE_KEEP; 0: nothing is promised any more */
    const struct store_message *messages;
    int message_count;                  /* <= STORE_MOVE_MESSAGES_MAX */
    const char *audit;                  /* event of the audit; "" none */
    const char *audit_fields;           /* JSON object of strings */
};

struct store_case_answer {
    bool lost;                          /* nobody knows: read again */
    bool refused;                       /* the database refused the row for good; it was logged */
    const struct casefile *file;        /* NULL: read: there is none; moved: its seq was another by then */
    struct casefile_event event;        /* read: of that key, seq 0 none; moved: the new one */
};
typedef void (*store_case_fn)(void *arg, uint64_t ticket, const struct store_case_answer *a);

struct store_case_to {
    store_case_fn fn;
    void *arg;
};

/* In kheyad: answered in a later turn of the loop, exactly once, with what is
 * borrowed until the callback returns.  to is borrowed until then. */
void store_case_read(struct store *s, int64_t number, const char *key, struct store_case_to *to, uint64_t ticket);
void store_case_move(struct store *s, const struct store_move *m, struct store_case_to *to, uint64_t ticket);

/* --- blocking; for the command line only ---------------------------------- */

struct store_desk;

/* NULL and one line in err. */
struct store_desk *store_desk_open(const char *conninfo, char *err, size_t n);
void store_desk_close(struct store_desk *d);

/* What the database said when a call returned false. */
const char *store_desk_error(const struct store_desk *d);

/* Answers are borrowed until the next of these two. */
void store_desk_read(struct store_desk *d, int64_t number, const char *key, struct store_case_answer *a);
void store_desk_move(struct store_desk *d, const struct store_move *m, struct store_case_answer *a);

/* Call fn for the events of a case, in order; false: see store_desk_error(). */
typedef void (*store_event_fn)(void *arg, const struct casefile_event *e);
bool store_desk_history(struct store_desk *d, int64_t number, store_event_fn fn, void *arg);

/* Cases, those first that have stood longest; "" is all. */
struct store_case_filter {
    const char *agency, *service, *state, *msisdn;
    int64_t due_before;                 /* only those whose answer was due before; 0: all */
    int max;
};
typedef void (*store_file_fn)(void *arg, const struct casefile *f);
bool store_desk_list(struct store_desk *d, const struct store_case_filter *filter, store_file_fn fn, void *arg);

/* The sources of a menu generation, 0: of the current one; NULL: there are none.
 * Borrowed until it is asked again. */
const void *store_desk_sources(struct store_desk *d, int64_t generation, size_t *n);

/* --- the writers' part ------------------------------------------------------- */

struct pg;
void cases_prepare(struct pg *pg);

#endif
