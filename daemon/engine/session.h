/*
 * session.h - one subscriber's dialogue, from first keypress to goodbye.
 *
 * Owns the table of dialogues in memory, each one's timer and its durable
 * form.  Knows nothing of sockets, SQL or YAML.  The table is a cache: the row
 * in the database is the truth, and a session may be forgotten at any time
 * between two steps.
 */
#ifndef SESSION_H
#define SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/event.h"
#include "menu/model.h"

#define SESSION_STACK_MAX 24            /* screens that key 0 can walk back */
#define SESSION_EVENTS 4                /* ids of the last events taken in */
#define SESSION_VALUES_MAX 8192         /* octets of all its values */
#define SESSION_STATE_MAX 16384         /* octets of its durable form */
#define SESSION_REPLY_MAX 2048          /* octets of a page; a medium without a limit stops here */

/*
 * NEW      made by session_open(); waits for its row.  session_enter(LOADING).
 * LOADING  asked the store for its row; nothing else happens until it is here.
 * READY    in step with its row, waits for the citizen; has a timer.
 * RUNNING  flow works on an event, or waits for the answer of a question.
 * WRITING  its step is on the way to the database; the reply waits for it.
 * GONE     to be freed at the end of the turn.
 */
enum session_state {
    SESSION_NEW = 0,
    SESSION_LOADING,
    SESSION_READY,
    SESSION_RUNNING,
    SESSION_WRITING,
    SESSION_GONE,
    SESSION_STATES,
};

enum session_mode {
    SESSION_AT_SCREEN = 0,              /* shows s->screen */
    SESSION_ASKS_RESUME,                /* shows "Continue?"; s->screen is where it would go on */
    SESSION_ENDED,                      /* the last page was an end */
    SESSION_MODES,
};

/* What stands above the screen or in its title's place on the last page: kept,
 * because every page of that screen is laid out with it. */
enum session_remark {
    SESSION_PLAIN = 0,
    SESSION_WRONG,                      /* the answer does not fit the question */
    SESSION_COPIED,                     /* it was the example */
    SESSION_CHOOSE,                     /* the number is not offered */
    SESSION_NO_CODE,                    /* the sub-code dialled is unknown */
    SESSION_REMARKS,
};

/* A dialogue that called another one, which has not returned yet. */
struct session_frame {
    int screen;                         /* whose action called */
    int call;                           /* index of that action; above the last one: go on with goto */
    int behind;                         /* place on the stack of the screen shown before the call; -1: none was */
};

#define SESSION_PLACE_SIZE 8            /* code of a union, and its NUL */

/* Values: set variables only, packed; one per variable. */
struct session_values {
    struct buf packed;                  /* {u16 var, u16 len, octets} ... */
};

struct session {
    /* identity; never changes */
    uint64_t id;                        /* unique in this process, for asynchronous gaps */
    char msisdn[EVENT_MSISDN_MAX];
    const char *code;                   /* borrowed from the table's interned codes */
    char place[SESSION_PLACE_SIZE];     /* where she lives, as her rows say; "" unknown */

    /* durable: session_encode() writes these */
    int32_t turn;                       /* of the row in the database, kept beside the bytes; 0 = no row */
    enum session_mode mode;
    int screen;                         /* MENU_NONE before the first */
    int page;
    int tries;                          /* wrong answers at this screen */
    enum session_remark remark;
    int lang;                           /* of this dialogue */
    bool lang_known;                    /* the citizen's own choice, from her row or made here */
    bool typed;                         /* she has answered an input in this dialogue */
    bool opened;                        /* she has opened a case in it */
    bool dealt;                         /* since her dial a case was opened or moved, or a payment asked for */
    bool unseen;                        /* ended with a case, and no bearer confirmed the last page */
    int stack[SESSION_STACK_MAX];
    int depth;                          /* 0..SESSION_STACK_MAX */
    struct session_frame frames[MENU_CALLS_MAX];        /* the innermost last; behind never falls */
    int frame_count;
    struct session_values values;
    struct buf path;                    /* answers still to be given of a dialled path, joined by '*' */
    struct event_ref ref;               /* the telco's name of the dialogue */
    struct event_id events[SESSION_EVENTS];     /* [0] the last */
    int event_count;
    int64_t at;                         /* ms: bearer's time of the last event */
    int64_t seen;                       /* ms: our time of it */
    int64_t began;                      /* ms: when the network's dialogue began */
    int64_t ended;                      /* ms: when it ended with a case */
    uint64_t answer_hash;               /* of the last answer; 0 at a secret screen, and of joined texts */
    uint64_t dialogue;                  /* its name on the tape; 0: it is not on it */
    uint16_t steps;                     /* of it so far */
    uint32_t joined_len;                /* octets of an aggregator's joined text already taken in */
    struct buf reply;                   /* the last page */
    bool reply_end;

    /* from her other rows */
    bool shared;                        /* several persons have a PIN on this number */
    char *agent;                        /* owned: name, NUL and centre; NULL: she is no agent */

    /* of this process */
    const unsigned char *seal;          /* SEALED_KEY_SIZE octets: what she said is sealed in the row; NULL: it is not */
    const struct menu *menu;            /* its generation */
    enum session_state state;
    void *works;                        /* the gateway's queue of events for it */
    struct session_timer {
        struct session_timer *prev, *next;      /* a ring; NULL: not armed */
        int64_t deadline;               /* ms, clock_mono(); 0 = none */
    } timer;
    struct session *hash_next;          /* same hash; when GONE, the next to be freed */
};

struct session_table;

struct session_table *session_table_new(size_t max);
void session_table_free(struct session_table *t);
/* Rows of its sessions are sealed under key from now on; it outlives the table. */
void session_table_seal(struct session_table *t, const unsigned char *key);
size_t session_table_count(const struct session_table *t);

/* The session of a number and a code, made NEW when there is none; NULL when the
 * table is full.  The table owns it. */
struct session *session_open(struct session_table *t, const char *msisdn, const char *code);

/* Find by id; NULL once it has gone.  Borrowed until the loop turns. */
struct session *session_find(struct session_table *t, uint64_t id);
struct session *session_find_key(struct session_table *t, const char *msisdn, const char *code);

/* The only writer of s->state: asserts that the exit is allowed. */
void session_enter(struct session *s, enum session_state next);

/* Arm or disarm (0) the timer: ms of clock_mono(). */
void session_timer_set(struct session_table *t, struct session *s, int64_t deadline);

/* Sessions whose timer has run out, at most max, one call of fn each, unarmed
 * (fn may forget any session, arm any timer).  Late by at most a quarter of a
 * second beside the caller's own interval. */
void session_expire(struct session_table *t, int64_t now, int max,
                    void (*fn)(void *arg, struct session *s), void *arg);

/* Call fn for every session in memory; fn must not forget any. */
void session_each(struct session_table *t, void (*fn)(void *arg, struct session *s), void *arg);

/* Out of the table; freed at session_reap(). */
void session_forget(struct session_table *t, struct session *s);
void session_reap(struct session_table *t);

/* Durable form.  Names, not indexes.  encode: false when it would pass
 * SESSION_STATE_MAX.  decode sets s->menu to m; false, with s cleared, when the
 * bytes are not ours.  m is the generation they were written under: a dialogue
 * goes from one to another by session_move() alone.  Where that generation does
 * not exist any more, or the dialogue is over, m may be another one: then her
 * place and values are not taken, and only who she is, her language, the
 * history of events and the last page are. */
bool session_encode(const struct session *s, struct buf *out) __attribute__((warn_unused_result));
bool session_decode(struct session *s, const struct menu *m, const void *p, size_t n)
    __attribute__((warn_unused_result));

/* Back to an empty dialogue (no row known, no menu): what NEW looks like. */
void session_clear(struct session *s);

/* Is she an agent?  name NULL: no. */
void session_set_agent(struct session *s, const char *name, const char *centre);
const char *session_agent_centre(const struct session *s);

/* A new dialogue under m: no screen, no values; who she is, her language, the
 * dialled path and the history of events stay. */
void session_restart(struct session *s, const struct menu *m);

/* She stands at place depth of the stack: calls made from there or later are
 * forgotten. */
void session_forget_calls(struct session *s, int depth);

/* The screen that an action calls; MENU_NONE when it is no call. */
int session_called(const struct menu *m, int screen, int action);

/* Values.  get: borrowed until the next set, NULL when unset.  set: false when
 * SESSION_VALUES_MAX would be passed, then the old value stands; p NULL unsets.
 * p must not point into the session's own values. */
const char *session_get(const struct session *s, int var, size_t *len);
bool session_set(struct session *s, int var, const char *p, size_t len) __attribute__((warn_unused_result));
void session_unset(struct session *s, int var);
void session_unset_all(struct session *s);

/* The set variables one after the other: *at from 0; false at the end. */
struct session_value {
    int var;
    const char *p;                      /* borrowed until the next set */
    size_t len;
};
bool session_next_value(const struct session *s, size_t *at, struct session_value *out);

#endif
