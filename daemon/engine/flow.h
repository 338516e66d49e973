/*
 * flow.h - one step of a dialogue: (generation, session, event, answers) to
 * effects.  Pure: no socket, no SQL, no clock of its own.
 *
 * The caller loads the session, calls flow_event(), answers questions with
 * flow_answer() until there are no more, writes the step, and only then sends
 * the reply.  If the step is lost or unknown, it forgets the session, loads it
 * again and calls flow_event() with the same event: duplicates are recognised
 * here.
 */
#ifndef FLOW_H
#define FLOW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/casefile.h"
#include "base/event.h"
#include "engine/session.h"
#include "menu/model.h"

#define FLOW_ARGS_MAX 16
#define FLOW_SECRET_SIZE 32
#define FLOW_KEY_SIZE 33                /* 32 hexadecimal digits */
#define FLOW_CASES_MAX 4                /* per step */
#define FLOW_MESSAGES_MAX 8             /* per step */
#define FLOW_AUDITS_MAX 8               /* per step */
#define FLOW_ORDERS_MAX 2               /* moves of cases, per step */
#define FLOW_MOVES_MAX (MENU_SILENT_MAX + 4)    /* screens that one event may pass without showing any */

/* A warning, in the languages in which it stands. */
struct flow_alert {
    const struct flow_alert_text {
        const char *lang, *text;
    } *texts;
    int count;                          /* 0: there is no warning */
    int signal;                         /* 1..11 */
    bool free;                          /* nobody pays a fee there */
};

struct session_plan;                    /* session_move.h */

struct flow_env {
    const struct menu *menu;            /* the generation for new dialogues */
    const struct session_plan *plan;    /* the session's own was retired: from it to menu; NULL: it was not */
    const struct event_limits *limits;  /* of the link the event came by */
    const char *link;                   /* its name */
    const struct windows *windows;      /* windows.h; NULL: by the menus alone */
    int64_t now;                        /* ms since the epoch */
    const struct flow_alert *alert;     /* for where she lives; NULL: none */
    const unsigned char *secret;        /* FLOW_SECRET_SIZE octets, under which codes are hashed */
    const unsigned char *keyed;         /* KEYED_KEY_SIZE octets, for values that are kept keyed; NULL: these are kept nowhere */
    uint32_t (*draw)(void *arg);        /* a number nobody can guess; NULL: no code can be sent */
    void *draw_arg;
    bool tape;                          /* tell what the step leaves on the tape */
    uint64_t dice;                      /* with tape: name of a dialogue that begins, another one for each event */
    /* NULL, or told what of the menu the step comes by: a menu_screen that shows its page or acts, a menu_option that
     * is chosen, the place of a way (ways_exit) that is taken */
    void (*came_by)(void *arg, const void *part);
    void *came_by_arg;
};

enum flow_result {
    FLOW_REPLY = 0,                     /* write the session, then send out->reply */
    FLOW_ASK,                           /* answer out->question by flow_answer() */
    FLOW_REPEAT,                        /* a duplicate: send the session's stored reply, write nothing */
    FLOW_DROP,                          /* belongs to a dialogue that is over: acknowledge, send nothing */
    FLOW_CLOSE,                         /* the telco ended it: acknowledge, write nothing; it stays resumable */
    FLOW_RESULTS,
};

enum flow_question_kind { FLOW_QUERY = 0, FLOW_NUMBER, FLOW_HOOK, FLOW_PIN, FLOW_PAY, FLOW_CASE, FLOW_WAITLIST };

/* How the check or the setting of a PIN went. */
enum flow_pin {
    FLOW_PIN_GOOD = 0,
    FLOW_PIN_WRONG,                     /* set: there is another one, and she has not shown that she knows it */
    FLOW_PIN_NONE,                      /* check: she has none yet */
    FLOW_PIN_LOCKED,                    /* too many wrong ones; the last of them too */
    FLOW_PIN_FAILED,                    /* it could not be found out */
    FLOW_PINS,
};

/* What a provider says to a request for money. */
enum flow_pay {
    FLOW_PAY_ASKED = 0,                 /* it asks her now */
    FLOW_PAY_LATE,                      /* it has not answered; the request is kept, and comes to it later */
    FLOW_PAY_REFUSED,
    FLOW_PAY_AGAIN,                     /* the same is paid, or a request for it is out */
    FLOW_PAYS,
};

struct flow_question {
    enum flow_question_kind kind;
    int query;                          /* index in the session's menu */
    const char *args[FLOW_ARGS_MAX];    /* text, NULL = SQL NULL; borrowed until the next flow call */
    int arg_count;
    int max_rows;
    int series;                         /* FLOW_NUMBER: first digit of the case number */
    const struct menu_action *hook;     /* FLOW_HOOK: its back end, path and record */
    const char *body;                   /* FLOW_HOOK: JSON object of strings; borrowed likewise */
    int64_t number;                     /* FLOW_CASE: of the case */
    char key[FLOW_KEY_SIZE];            /* HOOK, PIN, PAY, CASE: the same whenever the same event asks the same */
    const char *pin;                    /* FLOW_PIN: as typed; borrowed likewise; to be told nobody and kept nowhere */
    bool people;                        /* QUERY, HOOK, CASE: it looks people up by what she typed */
    bool sets;                          /* FLOW_PIN: it becomes hers; else, is it hers? */
    bool replaces;                      /* FLOW_PIN, sets: though she has another one */
    int person;                         /* FLOW_PIN, replaces: whose, as she has shown */
    const char *of;                     /* FLOW_PIN, sets: keyed form of the number of whom it is to be; "" not said; borrowed likewise */
    const struct menu_provider *provider;       /* FLOW_PAY */
    const struct menu_service *fee;     /* FLOW_PAY: whose; NULL: it is a bill */
    int64_t taka;                       /* FLOW_PAY */
    const struct menu_backend *tells;   /* FLOW_PAY: who hears of it; NULL nobody */
    const struct menu_service *service; /* FLOW_WAITLIST */
    const char *place, *receiver, *lang;        /* FLOW_WAITLIST; borrowed likewise */
    const char *about;                  /* FLOW_PAY: what is paid; "" not said; borrowed likewise */
};

struct flow_case {
    int64_t number;                     /* 10 digits with their Damm digit */
    const struct menu_service *service;
    const char *state;                  /* in which it opens; the menu's own */
    const char *fields;                 /* JSON object of strings; borrowed until the next flow call */
    const char *secrets;                /* likewise: sensitive values, whole, for its back end; NULL none; to be logged nowhere */
    const char *contact;                /* that its messages go to; "" her own number; borrowed likewise */
    const char *place;                  /* where it belongs; "" not said; borrowed likewise */
    enum casefile_quiet quiet;
    int person;                         /* of several on her number, whose PIN was shown; else 0 */
    int64_t due;                        /* an answer is promised till then, ms since the epoch; 0: none is */
};

struct flow_message {
    const char *cause, *receiver, *lang, *class, *text;     /* borrowed likewise */
    const char *approval;               /* of class gov_info; else "" */
    enum casefile_quiet quiet;          /* of the case that it tells of */
};

struct flow_audit {
    const char *event;                  /* of the menu */
    const char *fields;                 /* JSON object of strings; borrowed likewise */
};

/* A case goes to another state, if nobody else has moved it meanwhile: else the
 * step is lost and runs again. */
enum flow_order_text {
    FLOW_ORDER_OPENER = 0,              /* the number that the case was opened from: it tells its bucket */
    FLOW_ORDER_STATE,                   /* where it goes to */
    FLOW_ORDER_NOTE,
    FLOW_ORDER_ACTOR,                   /* a name, or "" */
    FLOW_ORDER_AUDIT,                   /* event of the audit, or "" */
    FLOW_ORDER_TOLD,                    /* its fields */
    FLOW_ORDER_FIELDS,                  /* of the case, a JSON object */
    FLOW_ORDER_LANG,                    /* of the case */
    FLOW_ORDER_TEXTS,
};

struct flow_order {
    int64_t number;
    int seq;                            /* of its last event */
    const char *kind;                   /* "citizen" or "agent" */
    const struct menu_service *service;
    bool ends;                          /* no answer is owed any more */
    char key[FLOW_KEY_SIZE];            /* the same whenever the same event asks the same */
    const char *texts[FLOW_ORDER_TEXTS];        /* borrowed likewise */
};

/* What a step falls back to when it cannot go on: the state at the last screen
 * that was reached. */
struct flow_mark {
    struct buf values;                  /* as packed in the session */
    int screen, depth;
    struct session_frame frames[MENU_CALLS_MAX];
    int frame_count;
    int lang;
    bool lang_known, lang_changed;
    bool typed, opened;
    int case_count, message_count, audit_count, order_count;
};

/* --- the tape: the way a dialogue went, without secrets; flow_tape.c says which ----- */

enum flow_tape_kind {
    FLOW_TAPE_DIAL = 0,                 /* a dial: a new dialogue if it is the first step, else one to resume */
    FLOW_TAPE_ANSWER,
    FLOW_TAPE_KINDS,
};

enum flow_tape_how {
    FLOW_TAPE_TYPED = 0,                /* typed is what she typed */
    FLOW_TAPE_FITTED,                   /* withheld; it fitted the question */
    FLOW_TAPE_MISFIT,                   /* withheld; it did not */
    FLOW_TAPE_EXAMPLE,                  /* it was the question's example */
    FLOW_TAPE_MOVED,                    /* not taken: her menus had been retired */
    FLOW_TAPE_HOWS,
};

#define FLOW_TAPE_WITHHELD "?"          /* in place of a value, in typed after a dial and in facts */
#define FLOW_TAPE_NO_PART "!"           /* in typed after a dial: from here on it fitted nothing */

struct flow_tape {
    bool on;                            /* this step is to be kept */
    enum flow_tape_kind kind;
    enum flow_tape_how how;
    struct buf typed;                   /* after a dial: the parts that were walked, joined by '*' */
    struct buf facts;                   /* JSON objects, ", " between: who she was, what queries answered */
    struct buf cell;                    /* scratch */
};

/* Where she stood before the step, as its own copy: her generation may go meanwhile. */
#define FLOW_WAS_SCREEN 64
#define FLOW_WAS_LANG 16

struct flow_was {
    bool stood;                         /* at a page that asks */
    bool dealt;                         /* as the session's */
    enum session_mode mode;
    int64_t seen;                       /* our time of the event before */
    char screen[FLOW_WAS_SCREEN];       /* names, cut if they are longer */
    char lang[FLOW_WAS_LANG];
};

/* Effects of one step; flow_event() clears it.  Used again and again it stops
 * allocating. */
struct flow_out {
    struct flow_question question;
    struct flow_case cases[FLOW_CASES_MAX];
    int case_count;
    struct flow_message messages[FLOW_MESSAGES_MAX];
    int message_count;
    struct flow_audit audits[FLOW_AUDITS_MAX];
    int audit_count;
    struct flow_order orders[FLOW_ORDERS_MAX];
    int order_count;
    bool lang_changed;                  /* the citizen's row takes s->lang */
    bool moved, resumed;                /* to newer menus; after a drop */
    bool dialled;                       /* the step is a dial; else an answer */
    bool paid;                          /* a payment was asked for */
    struct flow_was was;
    bool fruitless;                     /* a text message that led nowhere: it fitted no question and no keyword */
    struct flow_tape tape;              /* s->dialogue and s->steps name the step */
    struct buf mem;                     /* what the pointers above point into */

    /* of flow's own, between flow_event() and the last flow_answer() */
    int waiting_screen, waiting_action; /* the screen to be entered, and its next action */
    int moves;
    int hooks;                          /* hooks and PINs asked so far in this step */
    bool undialled;                     /* no part of a dialled path has been taken yet */
    size_t asked_at;                    /* mem: where the question's arguments begin */
    size_t arg_at[FLOW_ARGS_MAX];       /* offsets in mem, which moves while it grows */
    struct flow_case_at {
        size_t fields, contact, place;
        size_t secrets;                 /* SIZE_MAX: none */
    } case_at[FLOW_CASES_MAX];
    size_t audit_at[FLOW_AUDITS_MAX];
    size_t order_at[FLOW_ORDERS_MAX][FLOW_ORDER_TEXTS];
    struct flow_message_at {
        size_t cause, receiver, text;
    } message_at[FLOW_MESSAGES_MAX];
    struct flow_mark mark;
    struct buf typed;                   /* scratch: the answer */
    struct buf value;                   /* scratch: a value */
    struct buf text;                    /* scratch: an error line, the cells of a row */
    struct buf rows;                    /* scratch: a list's rows */
};

/* Before the first use and after the last. */
void flow_out_init(struct flow_out *out);
void flow_out_fini(struct flow_out *out);

/* Run until the citizen must be asked or a question must be answered.  On
 * FLOW_REPLY the page is in s->reply and s->reply_end; s->turn is unchanged
 * (the writer writes turn + 1). */
enum flow_result flow_event(const struct flow_env *env, struct session *s, const struct event *ev,
                            struct flow_out *out) __attribute__((warn_unused_result));

struct flow_rows {                      /* a question's answer */
    bool failed;                        /* error, time-out, database away */
    bool often;                         /* of a question with people: not asked, there were too many */
    int count;
    /* canonical or PostgreSQL text of a cell; NULL = SQL NULL or no such column */
    const char *(*cell)(const void *arg, int row, const char *column);
    const void *arg;
    int64_t number;                     /* FLOW_NUMBER: 0 .. 99,999,999 */
    enum flow_pin pin;                  /* FLOW_PIN, unless it failed */
    int person;                         /* FLOW_PIN, good: whose it is, of those on this number; from 1 on */
    bool shared;                        /* FLOW_PIN, good: there are others */
    enum flow_pay pay;                  /* FLOW_PAY, unless it failed */
    const struct casefile *file;        /* FLOW_CASE: NULL there is none */
};

/* "good", "wrong" ..., as the tape has it. */
const char *flow_pin_name(enum flow_pin pin);

/* "asked", "late" ..., as the tape has it; FLOW_PAYS where no name is it. */
const char *flow_pay_name(enum flow_pay pay);
enum flow_pay flow_pay_find(const char *name);

/* The answer of the pending question. */
enum flow_result flow_answer(const struct flow_env *env, struct session *s, const struct flow_rows *rows,
                             struct flow_out *out) __attribute__((warn_unused_result));

/* The static page when the database is away, in a language of env->menu. */
void flow_busy(const struct flow_env *env, int lang, struct buf *out);

/* The page of the warning env->alert in a language of env->menu, for when nothing else can be shown; cut to
 * the link's limits.  False: there is none. */
bool flow_warn(const struct flow_env *env, int lang, struct buf *out);

/* The bearer confirmed the last page of a session that ended with a case. */
void flow_seen(struct session *s);

#endif
