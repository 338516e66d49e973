/*
 * desk.h - the case machine: may this order move that case, and what follows?
 *
 * Whoever wants something of a case (an officer, an agency, the clock, a
 * provider, the citizen herself) says it as an order.  Pure: the menus, the
 * case and the order go in, the plan of one write comes out.  app/desk runs
 * orders in kheyad, cli/case on the command line; both write what is planned.
 */
#ifndef ENGINE_DESK_H
#define ENGINE_DESK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/casefile.h"
#include "menu/model.h"

#define DESK_FIELDS_MAX 16              /* of one order */
#define DESK_NOTICES_MAX 4              /* messages of one move */
#define DESK_MOVES_MAX 64               /* states that may follow one: PARSE_STATES_MAX */

enum desk_actor {
    DESK_CITIZEN = 0,
    DESK_AGENT,                         /* of a digital centre */
    DESK_OFFICER,
    DESK_AGENCY,                        /* its system */
    DESK_CLOCK,
    DESK_PROVIDER,                      /* of payments */
    DESK_OPERATOR,
    DESK_ACTORS,
};

/* "citizen", "officer" ...: case_event.kind. */
const char *desk_actor_name(enum desk_actor a);

struct desk_field {
    const char *name, *value;           /* of the service's fields; a value as the case keeps it */
};

struct desk_order {
    int64_t number;
    const char *key;                    /* what is done: the same key twice is done once; "" or NULL is refused */
    enum desk_actor kind;
    const char *actor;                  /* his name for the history; no full number; NULL "" */
    const char *agency;                 /* only a case of this agency, any other is not there for him; NULL any */
    const char *msisdn;                 /* only a case that is this number's; NULL any */
    const char *from;                   /* only if it stands there now; NULL wherever it stands */
    const char *to;                     /* state; NULL or "": no move, an event with a note or fields */
    const char *note;                   /* in words, shown to her; NULL "" */
    int reply;                          /* of the replies of state to: the note begins with it; 0 none */
    const char *sms;                    /* template of a message to her, beside those of the state; NULL none */
    int64_t at;                         /* ms since the epoch */
    const struct desk_field *fields;    /* to be laid over the case's */
    int field_count;
};

enum desk_outcome {
    DESK_DONE = 0,
    DESK_REPEATED,                      /* this key was done before: the answer is what it was then */
    DESK_NO_CASE,                       /* no such number, or not one of his */
    DESK_NO_STATE,                      /* the service has no such state */
    DESK_NOT_NOW,                       /* no way leads there from where it stands; the answer has those that do */
    DESK_NOT_YOURS,                     /* a way leads there, but this actor may not go it */
    DESK_NO_FIELD,                      /* a field that the service does not have, or a value that does not fit it */
    DESK_NO_REPLY,                      /* the state has no reply of this number */
    DESK_BAD_ORDER,                     /* no key, nothing to do, or texts too long or no UTF-8 */
    DESK_NO_MENUS,                      /* neither the current menus nor the case's own know its service and state */
    DESK_AWAY,                          /* the database is: nobody knows; give the same order again */
    DESK_OUTCOMES,
};

/* "done", "not_now" ..., for logs, counters and replies to programs. */
const char *desk_outcome_name(enum desk_outcome o);

struct desk_answer {                    /* borrowed until the callback returns */
    enum desk_outcome outcome;
    const struct casefile *file;        /* as it stands now; NULL: NO_CASE, AWAY, or BAD_ORDER */
    struct casefile_event event;        /* DONE, REPEATED: the event of this key */
    const char *moves[DESK_MOVES_MAX];  /* states that this actor may move it to now; of NOT_NOW and NOT_YOURS */
    int move_count;
    const char *field;                  /* NO_FIELD: its name */
    const struct menu_state *replies;   /* NO_REPLY: the state, which has the list */
};

/* Is the case one of his?  Who asks for another's is told what he is told of one
 * that does not exist. */
bool desk_is_his(const struct casefile *f, const struct desk_order *o);

/* --- the decision ----------------------------------------------------------------- */

/* Can an order be judged before the case is known?  DESK_DONE or DESK_BAD_ORDER. */
enum desk_outcome desk_looks_right(const struct desk_order *o);

/* Do these menus know the case's service and where it stands?  Its own are asked
 * when the current ones do not. */
bool desk_knows(const struct menu *m, const struct casefile *f);

struct desk_notice {                    /* one message */
    const char *cause, *receiver, *lang, *class, *text;
    const char *approval;               /* of class gov_info; else "" */
    int64_t due;
};

/* One write; strings point into mem, the order, the case or the menus. */
struct desk_plan {
    const char *state, *note, *actor, *fields;
    bool ends;                          /* nothing follows: no answer is owed any more */
    struct desk_notice notices[DESK_NOTICES_MAX];
    int notice_count;
    const char *audit;                  /* event; "" none */
    const char *audit_fields;
    struct buf mem, said;               /* said: the note of a reply */
};
void desk_plan_init(struct desk_plan *p);
void desk_plan_fini(struct desk_plan *p);

/* f: as read, with no event of this key.  m knows f (desk_knows).  DESK_DONE: the
 * plan is to be written; else a has the rest.  Moves are those of the menus. */
enum desk_outcome desk_decide(const struct menu *m, const struct casefile *f, const struct desk_order *o,
                              struct desk_plan *plan, struct desk_answer *a) __attribute__((warn_unused_result));

/* The states that an actor may move f to, now; how many. */
int desk_moves(const struct menu *m, const struct casefile *f, enum desk_actor kind, const char *moves[DESK_MOVES_MAX]);

#endif
