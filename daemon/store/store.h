/*
 * store.h - all that Kheya keeps in PostgreSQL, behind typed functions.
 *
 * Speaks in plain values, not in sessions.  Requests of one turn of the loop
 * are gathered and sent by store_flush(): one array statement per table, two
 * batches in flight, each on its own connection; questions of screens go to
 * other connections, so that a slow one delays no step.  Every request names a
 * ticket of the caller's; its answer comes through store_ops exactly once, in
 * a later turn of the loop, also when the connection falls.  All strings given
 * are copied before the function returns; all strings in answers are borrowed
 * until the callback returns.
 */
#ifndef STORE_H
#define STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct event_base;
struct store;
struct store_rows;                      /* the rows of an answered question */

/* --- sessions: one row per (msisdn, code) ------------------------------- */

struct store_session {                  /* as loaded */
    int32_t turn;                       /* 0: there is no row yet */
    bool open;                          /* not ended: can be continued */
    int64_t generation;                 /* menu generation it runs under */
    int64_t at;                         /* ms since the epoch of its last step */
    const char *screen;                 /* for operators' eyes; state is the truth */
    const void *state;                  /* the engine's own bytes */
    size_t state_len;
    const char *lang;                   /* of the citizen (not of the session); "" unknown */
    const char *citizen_link;           /* link she last dialled in from; "" unknown */
    const char *agent_name;             /* of a digital centre; NULL: she is no agent */
    const char *agent_centre;
    const char *place;                  /* where she lives, the code of a union; "" unknown */
    bool shared;                        /* several persons have a PIN on this number */
};

struct store_case {                     /* a case to be opened with the step */
    int64_t number;                     /* 10 digits, from a lease */
    const char *service;
    const char *agency;
    const char *fields;                 /* JSON object of strings */
    const char *state;                  /* the first of its service */
    const char *lang;                   /* of its messages */
    const char *place;                  /* where it belongs; "" not said */
    const char *contact;                /* who gets its messages; "" the msisdn */
    int64_t due;                        /* an answer is promised till then; 0: none is */
    int16_t quiet;                      /* enum casefile_quiet */
    int16_t person;                     /* of several on her number; 0: nobody said */
    const char *channel;                /* "sms", else "ussd" */
    const char *actor;                  /* who opens it: "agent", else "citizen" */
    const char *name;                   /* his name in its history */
    const char *backend;                /* that is to learn of it; "" or NULL none */
    const char *letter;                 /* what it is told: JSON without sensitive values */
    const void *secret;                 /* sensitive values, sealed; NULL none */
    size_t secret_len;
};

struct store_message {                  /* a message caused by the step */
    const char *cause;                  /* unique per cause: the same cause twice is one row */
    const char *receiver;               /* msisdn */
    const char *link;                   /* link to send by; "" = decided when sent */
    const char *lang;
    const char *class;                  /* transactional ... */
    const char *text;
    int64_t due;                        /* ms since the epoch */
    const char *approval;               /* of class gov_info; NULL none */
    int16_t quiet;                      /* enum casefile_quiet of the case that it tells of */
};

/* The name of a dialogue on the tape: the second it began, then a number at
 * random.  Names of one time lie together, and older ones before them: the
 * tape needs no other index. */
int64_t store_tape_name(int64_t at, uint32_t dice);

struct store_tape {                     /* the step as the tape keeps it: no number, no secret */
    int64_t dialogue;                   /* store_tape_name() */
    int32_t step;                       /* of it, from 1 */
    const char *link, *lang;
    int16_t kind, how, state;           /* the engine's own */
    const char *typed, *facts;
};

struct store_audit {                    /* a row of the audit, written with the step */
    const char *actor;                  /* "citizen" or "agent" */
    const char *event;
    const char *fields;                 /* JSON object of strings */
};

struct store_order {                    /* a case goes to another state with the step, or the step is lost */
    int64_t number;
    const char *msisdn;                 /* that it was opened from */
    int seq;                            /* only if this is still its last event */
    const char *key, *kind, *actor;     /* of the new event */
    const char *state, *note;
    const char *audit;                  /* event of the audit; "" none */
    const char *audit_fields;           /* JSON object of strings */
    const char *backend, *letter;       /* what its agency's system is to learn of it; "" nothing */
    bool ends;                          /* no answer is owed any more */
};

struct store_step {                     /* one session's turn */
    const char *msisdn;
    const char *code;
    int32_t turn;                       /* the turn read + 1: written only if the row still has turn - 1 */
    bool open;
    int64_t generation;
    int64_t at;
    const char *screen;
    const void *state;
    size_t state_len;
    const char *lang;                   /* NULL: the citizen's row stays as it is */
    const char *citizen_link;           /* both NULL or both set */
    const struct store_case *cases;     /* written only if the step is */
    size_t case_count;
    const struct store_message *messages;
    size_t message_count;
    const struct store_tape *tape;      /* NULL: it is not kept */
    const struct store_audit *audits;
    size_t audit_count;
    const struct store_order *orders;
    size_t order_count;
};

enum store_outcome {
    STORE_WRITTEN = 0,                  /* committed */
    STORE_LOST,                         /* another writer had this turn, or moved a case of it, first: load again and recompute */
    STORE_REFUSED,                      /* PostgreSQL refused this row, alone, for good; reason logged */
    STORE_UNKNOWN,                      /* the connection fell: load again to see whether it was written */
    STORE_OUTCOMES,
};

/* --- outbox -------------------------------------------------------------- */

struct store_outgoing {                 /* a message taken for sending: leased for 15 s */
    int64_t id;
    int16_t bucket;
    int tries;                          /* this one included */
    int64_t expires;                    /* ms since the epoch: not to be shown after that */
    int quiet;                          /* of the message: 0 as it is, 1 discreet, 2 not at all */
    bool shared;                        /* the receiver's phone is read by others: messages come discreet */
    bool asked;                         /* her own step caused it */
    bool pushed;                        /* it was tried on her screen before */
    const char *receiver, *link, *lang, *class, *text, *discreet, *approval;
    const char *dial;                   /* what to open on her screen, where the network lets us; "" nothing */
    const char *whose;                  /* the number that it could not be delivered to; "" the receiver's own */
};

/* A way by which messages leave; names live as long as the store. */
#define STORE_LANES_MAX 64
struct store_lane {
    const char *name;
    int room;                           /* how many to take for it; 0 none */
    bool up;
};
struct store_prefix {                   /* numbers that nobody has dialled in from, by their first digits */
    const char *digits, *lane;
};
struct store_taking {
    struct store_lane lanes[STORE_LANES_MAX];           /* those of this process */
    int lane_count;
    const struct store_prefix *prefixes;                /* lives as long as the store */
    int prefix_count;
    const char *fallback;               /* lane of what no prefix names; "" none */
    bool quiet_now;                     /* in the quiet hours */
    int cap;                            /* messages that nobody asked for, to one number in a day; 0: no limit */
    int64_t tomorrow;                   /* when those past it may go */
};

struct store_mark {                     /* what became of a message */
    int16_t bucket;
    int64_t id;
    int state;                          /* enum store_sms_state; WAITING: given back, due at later */
    const char *note;
    int64_t later;
    bool untried;                       /* WAITING: the link took nothing, so it does not count as a try */
    int segments;                       /* ACCEPTED: what it costs */
    int pushed;                         /* WAITING: 1 it goes to her screen, and as a message at later if nobody tells
                                         * that it was shown; 2 it was not shown */
};

enum store_sms_state {                  /* outbox.state */
    STORE_SMS_WAITING = 0,
    STORE_SMS_TAKEN,                    /* leased to a process */
    STORE_SMS_ACCEPTED,                 /* bearerbox acknowledged it: never sent again by us */
    STORE_SMS_SENT,                     /* the SMSC took it */
    STORE_SMS_DELIVERED,
    STORE_SMS_UNDELIVERED,
    STORE_SMS_FAILED,                   /* refused for good */
    STORE_SMS_STATES,
};

/* --- the warnings that are on ------------------------------------------------ */

struct store_alert_text {               /* those of one warning follow one another */
    int64_t id;
    int64_t ends;                       /* ms since the epoch; INT64_MAX: nobody said */
    const char *place;                  /* the code of a union or how it begins; "" the whole country */
    int signal;
    bool free;                          /* nobody pays a fee there */
    const char *lang, *text;
};

/* --- PINs: hashes and how often they were tried ------------------------------ */

enum store_pin_step {
    STORE_PIN_TRY = 0,                  /* it is about to be looked at: counts, at once, unless the attempt has */
    STORE_PIN_GOOD,                     /* that was hers: what came before is forgotten */
    STORE_PIN_SET,
    STORE_PIN_STEPS,
};

struct store_pin {
    enum store_pin_step step;
    const char *msisdn;
    const char *attempt;                /* the same when the same keypress tries again */
    const char *hash;                   /* SET; GOOD: the one that was looked at */
    bool replaces;                      /* SET: though there is another one */
    int person;                         /* GOOD: whose; SET, replaces: likewise */
    const char *fresh;                  /* GOOD: its hash from now on */
    const char *of;                     /* SET: keyed number of whom it is to be; "" not said */
};

struct store_pin_row {
    bool there;                         /* TRY: she has one; GOOD: written, and no other one was set meanwhile */
    /* NULL: locked, or (SET) not replaced; TRY: those of all on this number, "1:HASH 2:HASH" */
    const char *hash;
    bool locked;                        /* now, by this try or by those before it */
    int person;                         /* GOOD, SET: whose it is */
    bool shared;                        /* GOOD, SET: others have one too */
};

/* --- hand-overs: cases on their way to the systems of agencies ------------------ */

enum store_handover_state {             /* backend_queue.state */
    STORE_HANDOVER_WAITING = 0,         /* until it is due; out, it is due again when its lease is over */
    STORE_HANDOVER_TAKEN,               /* by the system: what was told is wiped */
    STORE_HANDOVER_REFUSED,             /* by the system, for good: somebody must act */
    STORE_HANDOVER_STATES,
};

struct store_wanted {                   /* so many at most of a back end */
    const char *backend;
    int count;
    int64_t lease_ms;                   /* untold what became of it so long, it comes again */
};

struct store_handover {
    int16_t bucket;
    int64_t number;
    int32_t seq;
    int tries;                          /* this one included; of a file's row: those before */
    int64_t created;
    const char *backend, *body;
    const char *ref;                    /* the payment that it tells of; "" a case */
    const void *secret;                 /* NULL: none */
    size_t secret_len;
};

struct store_handover_file {            /* what its rows are to be written to */
    const char *backend;
    int64_t id;                         /* 0: nothing waits */
    int64_t created;
};

struct store_handed {                   /* what became of one */
    int16_t bucket;
    int64_t number;
    int32_t seq;
    int tries;                          /* as taken */
    enum store_handover_state state;
    const char *note;
    int64_t due;                        /* WAITING: ms since the epoch */
};

/* --- payments ---------------------------------------------------------------- */

struct store_payment {                  /* a row; what the states mean is the engine's */
    int16_t bucket;
    const char *ref, *msisdn, *provider, *service, *about, *lang;
    const char *backend;                /* that is told of it, "" none; when it is opened alone */
    int64_t taka;
    const char *state, *trx, *reason;
    bool refund;
    int32_t owes, tries, seq;
    int64_t created, expires;
    int64_t due;                        /* 0: never */
    int64_t paid, back;                 /* 0: not */
    struct store_part {                 /* one that is to be given back, or to be told to her; n 0: none */
        int n;
        bool given;
        int64_t taka;
    } part;
    int64_t asked, given;               /* taka of all parts that were asked back, and of those given back; of ledger.h alone */
};

struct store_payment_change {
    const struct store_payment *row;    /* as it is to be; seq as it was read */
    const char *actor, *note;           /* of a row of its history; actor "": none is written */
    const struct store_message *message;        /* to the payer, with it; NULL: none.  Its receiver and link are not read */
};

struct store_part_news {                /* what a provider says of a part */
    int16_t bucket;
    const char *ref;
    int n;
    bool refused;
    int64_t taka;                       /* 0: not said; else what it must be */
    const char *trx, *reason, *actor;
    int64_t at;
};

/* --- the store ----------------------------------------------------------- */

struct store_ops {
    /* usable (true) after connect and version check; not usable (false) when the writers fell */
    void (*state)(void *arg, bool up);
    /* failed: the row could not be read (connection fell); s is NULL then */
    void (*loaded)(void *arg, uint64_t ticket, const struct store_session *s, bool failed);
    void (*written)(void *arg, uint64_t ticket, enum store_outcome outcome);
    /* rows NULL: error, time-out or database away; reason in words for the log */
    void (*answered)(void *arg, uint64_t ticket, const struct store_rows *rows, const char *reason);
    /* first < 0: failed */
    void (*leased)(void *arg, uint64_t ticket, int64_t first, int count);
    void (*outgoing)(void *arg, const struct store_outgoing *m);
    /* the current generation first, then the others; not told when the question failed */
    void (*current)(void *arg, int64_t id);
    /* row NULL: nobody knows */
    void (*pin)(void *arg, uint64_t ticket, const struct store_pin_row *row);
    /* one for each take; file NULL: of store_handover_take() */
    void (*handovers)(void *arg, const struct store_handover_file *file, const struct store_handover *list, int count,
                      bool failed);
    /* row NULL: there is none (open: another one is; change: the row was another one), or (failed) nobody knows */
    void (*payment)(void *arg, uint64_t ticket, const struct store_payment *row, bool failed);
    /* one that is due, leased for 30 s */
    void (*payment_due)(void *arg, const struct store_payment *row);
    /* count 0: there is no warning; not told when the question failed */
    void (*alert)(void *arg, const struct store_alert_text *texts, int count);
    void (*former)(void *arg, int64_t id, bool retired);
    /* sources NULL: there is no such generation, or (failed) nobody knows */
    void (*generation)(void *arg, int64_t id, bool retired, const void *sources, size_t n, bool failed);
};

struct store_args {
    struct event_base *base;
    const char *conninfo;               /* libpq; several hosts and target_session_attrs allowed */
    int writers;                        /* batches in flight; 0 = 2 */
    int readers;                        /* connections for questions; 0 = 4 */
    int batch_max;                      /* rows of one batch; 0 = 512 */
    int stall_ms;                       /* a batch unanswered so long: the connection is dropped; 0 = 5000 */
    int retry_min_ms, retry_max_ms;     /* back-off between connects; 0 = 100 and 5,000 */
    const struct store_ops *ops;
    void *arg;
};

/* Connects at once and for ever, without blocking the loop (host names are
 * given to libpq; numeric addresses or sockets advised). */
struct store *store_new(const struct store_args *args);
void store_free(struct store *s);
bool store_is_up(const struct store *s);

/* Send what this turn gathered, as far as connections are free; the rest goes
 * when one becomes free. */
void store_flush(struct store *s);

/* Requests waiting or in flight (sessions and questions): for back-pressure. */
size_t store_backlog(const struct store *s);

void store_load(struct store *s, uint64_t ticket, const char *msisdn, const char *code);
void store_write(struct store *s, uint64_t ticket, const struct store_step *step);

/* Ask an operator's query.  name is unique per sql text and generation (the
 * caller makes it so); it is prepared on first use per connection.  Arguments
 * are text, NULL = SQL NULL.  At most max_rows rows are kept.  The answer
 * comes within timeout_ms, whatever the database does. */
struct store_question {
    const char *name;
    const char *sql;
    const char *const *args;
    int arg_count;
    int timeout_ms;
    int max_rows;
};
void store_ask(struct store *s, uint64_t ticket, const struct store_question *q);

int store_rows_count(const struct store_rows *rows);
/* Cell of a row by column name; NULL for SQL NULL or an unknown column
 * (store_rows_has tells). */
bool store_rows_has(const struct store_rows *rows, const char *column);
const char *store_rows_cell(const struct store_rows *rows, int row, const char *column);

/* count numbers of series (the first digit of a case number, 1..9): the caller
 * owns first .. first + count - 1.  They come from 0 .. 99,999,999. */
void store_lease(struct store *s, uint64_t ticket, int series, int count);

/* Take waiting messages for each lane that has room (ops->outgoing for each, by
 * rank, then in order of due time), those whose lease has run out among them.
 * What has no lane yet is given one first: where its number last dialled in,
 * else by prefix.  One take at a time. */
void store_outbox_take(struct store *s, const struct store_taking *what);

/* What became of one; gathered, one array statement per turn.  States only
 * move forward (a late SENT does not undo DELIVERED).  One that failed goes to
 * the receiver's other number, if there is one. */
void store_outbox_mark(struct store *s, const struct store_mark *mark);

/* Take what is due for these back ends, or what waits for one as a file: first the
 * oldest that nobody finished.  ops->handovers. */
void store_handover_take(struct store *s, const struct store_wanted *list, int count);
void store_handover_take_file(struct store *s, const struct store_wanted *of);
void store_handover_mark(struct store *s, const struct store_handed *handed);
/* It is written: its rows are taken. */
void store_handover_mark_file(struct store *s, int64_t file);

/* Keep the sources of a menu generation, and make it the current one if it is
 * new, or again: if it is known already.  resume_ms: so long after their last
 * step its dialogues may be resumed. */
struct store_generation {
    int64_t id;
    const void *sources;
    size_t size;
    int64_t resume_ms;
};
void store_publish(struct store *s, const struct store_generation *g, bool again);

/* Ask which generation is the current one and what became of the others
 * (ops->current, ops->former), and for the sources of one (ops->generation). */
void store_current(struct store *s);
void store_sources(struct store *s, int64_t id);

void store_pin(struct store *s, uint64_t ticket, const struct store_pin *pin);

/* All by ops->payment.  Open one, or get it as it is, if it was opened before; get
 * one; write one, if it is still as it was read. */
void store_payment_open(struct store *s, uint64_t ticket, const struct store_payment *row);
void store_payment_load(struct store *s, uint64_t ticket, int16_t bucket, const char *ref);
void store_payment_write(struct store *s, uint64_t ticket, const struct store_payment_change *change);
/* The row as it was before; no row: no such part was asked for. */
void store_payment_part(struct store *s, uint64_t ticket, const struct store_part_news *news);

/* Take up to max that are due: ops->payment_due for each. */
void store_payment_take(struct store *s, int max);

/* Ask for the warnings that are on: ops->alert. */
void store_alert(struct store *s);
/* Retire the generations that ceased to be current so long ago; 0: all that have. */
void store_retire(struct store *s, int64_t age_ms);

/* Delete the dialogues on the tape that began before at, ms since the epoch; some
 * steps now, and the rest in the next turns. */
void store_cut_tape(struct store *s, int64_t at);

/* Empty the dialogues that were dropped and that nobody can continue any more; now: ms
 * since the epoch.  Some thousand sessions are looked at in one call, in the order of
 * their key, from where the last call ended. */
void store_wipe_dropped(struct store *s, int64_t now);

/* Delete the sources of the retired ones that no dialogue can be resumed under
 * any more. */
void store_forget_retired(struct store *s);

/* The bucket of a subscriber: FNV-1a of the msisdn modulo 1024; part of every
 * primary key of the hot path. */
int16_t store_bucket(const char *msisdn);

/* --- migrations (blocking; for the command line only) --------------------- */

#define STORE_SCHEMA_VERSION 59        /* the highest number in sql/ this program knows */

/* For `kheya generations`.  at, retired: ms since the epoch, 0 = never. */
struct store_kept {
    int64_t id;
    int64_t published, retired;
    bool current;
    int64_t sessions;                   /* open dialogues; -1: not counted */
};
typedef void (*store_kept_fn)(void *arg, const struct store_kept *kept);

/* For `kheya replay`: the dialogues begun since a time, one after the other, each in the
 * order of its steps, as it comes from the database. */
struct store_taped {
    int64_t at, generation;
    struct store_tape tape;
    const char *screen;                 /* where she was after the step */
};
typedef void (*store_taped_fn)(void *arg, const struct store_taped *step);
bool store_tape_read(const char *conninfo, int64_t since, store_taped_fn fn, void *arg, char *err, size_t n);

/* False, with a line in err: it could not be done.  count: read the whole table
 * of sessions to tell how many are open. */
bool store_generations(const char *conninfo, bool count, store_kept_fn fn, void *arg, char *err, size_t n);
bool store_generation_retire(const char *conninfo, int64_t id, char *err, size_t n);

enum store_migrated { STORE_MIGRATED = 0, STORE_MIGRATE_NEWER, STORE_MIGRATE_FAILED };

/* Apply sql/NNNN_*.sql of dir in order, each in one transaction, under an
 * advisory lock; say in err what went wrong.  *from and *to: versions. */
enum store_migrated store_migrate(const char *conninfo, const char *dir, int *from, int *to, char *err, size_t n);

/* --- for the command line: what would the database make of a query? ------ */

/* A connection under the role kheya_menu.  Blocking.  NULL and one line in err
 * when there is none. */
struct store_probe;
struct store_probe *store_probe_open(const char *conninfo, char *err, size_t n);
void store_probe_close(struct store_probe *p);

enum store_probed {
    STORE_PROBED = 0,
    STORE_PROBE_BAD,                    /* its SQL is wrong */
    STORE_PROBE_DENIED,                 /* the role may not ask it */
    STORE_PROBE_LOST,                   /* the connection has fallen */
};

struct store_shape {
    const char *error;
    int column_count, arg_count;
};

/* Prepared and planned, not run.  The shape is borrowed until the next call. */
enum store_probed store_probe_sql(struct store_probe *p, const char *sql, const struct store_shape **shape)
    __attribute__((warn_unused_result));

/* What the texts of a type are. */
enum store_sort {
    STORE_OTHER = 0,
    STORE_TEXT,
    STORE_WHOLE,
    STORE_NUMBER,                       /* may have decimals */
    STORE_DATE,                         /* or a time stamp */
    STORE_BOOL,
    STORE_SORTS,
};

struct store_type {
    enum store_sort sort;
    char name[64];                      /* "character varying(12)" */
};

/* Of the last one that was STORE_PROBED. */
const char *store_probe_column(const struct store_probe *p, int column);
struct store_type store_probe_column_type(struct store_probe *p, int column);
struct store_type store_probe_arg_type(struct store_probe *p, int arg);

#endif
