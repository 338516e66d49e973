/*
 * handset.h - the phones: what each shows, its messages, its open dialogue.
 *
 * A phone exists from the first time its number is used until a reset.  Whoever
 * changes one calls phone_changed(), which gives it a new seq and tells those
 * who wait.
 */
#ifndef HANDSET_H
#define HANDSET_H

#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "text.h"

#define PHONE_INBOX_MAX 50
#define PHONE_HISTORY_MAX 20
#define PHONE_PAST 4
#define PHONE_PARTIALS_MAX 16

/*
 * IDLE     nothing on the screen.
 * WAITING  dialled or answered; the application is to speak.
 * SHOWN    a screen of an open dialogue; more tells whether it asks.
 * ENDED    the last screen of a dialogue that is over.
 * FAILED   the network's own words: a timer, a refusal, an abort.
 */
enum phone_state { PHONE_IDLE = 0, PHONE_WAITING, PHONE_SHOWN, PHONE_ENDED, PHONE_FAILED, PHONE_STATES };

struct sms_item {
    TAILQ_ENTRY(sms_item) entry;
    unsigned number;                    /* the phone's first message is 1 */
    int64_t at;                         /* ms since the epoch */
    char from[24];
    char *text;
    enum text_coding coding;
    struct text_cost cost;
    unsigned segments;
};

/* A chained SMS that is not yet whole. */
struct sms_partial {
    TAILQ_ENTRY(sms_partial) entry;
    char from[24];
    unsigned ref, total, got;
    enum text_coding coding;
    struct {
        size_t n;
        uint8_t *p;
    } part[256];                        /* [1..total] */
};

struct phone_line {
    int64_t at;
    char mark;                          /* '>' the person, '<' the network, '!' an event */
    char *text;
};

struct phone {
    struct phone *next_hash;
    TAILQ_ENTRY(phone) entry;
    struct handsets *owner;
    char msisdn[16];                    /* digits */

    enum phone_state state;
    char *screen;                       /* never NULL */
    enum text_coding coding;
    struct text_cost cost;
    int octets;
    bool more;                          /* the screen asks */
    uint64_t seq;

    bool absent;                        /* switched off or out of reach: no page that it did not ask for comes */
    bool refuses;                       /* its owner has barred such pages */
    bool live;                          /* a dialogue is open; the rest of this part is its */
    struct account *account;
    uint16_t session;
    uint16_t past[PHONE_PAST];          /* names of its last dialogues, newest first; 0 none */
    char code[24];
    int64_t sent_us;                    /* when the last keypress left */
    struct event turn_timer, total_timer;

    TAILQ_HEAD(inbox_list, sms_item) inbox;       /* newest first */
    unsigned inbox_count, sms_total;
    TAILQ_HEAD(partial_list, sms_partial) partials; /* newest first */
    unsigned partial_count;
    struct phone_line history[PHONE_HISTORY_MAX];
    unsigned history_count;

    struct wait *waits;                 /* of the control API */
    void *load;                         /* of the load test */
};

struct handsets;

/* Called after each change. */
typedef void phone_change_fn(void *arg, struct phone *p);

struct handsets *handsets_new(struct event_base *base, int max);
void handsets_free(struct handsets *h);
void handsets_on_change(struct handsets *h, phone_change_fn *fn, void *arg);
/* Forget all phones; who waits must have been answered. */
void handsets_reset(struct handsets *h);
int handsets_count(const struct handsets *h);
struct phone *handsets_first(const struct handsets *h);
struct phone *handsets_next(const struct phone *p);

/* 7 to 15 digits, a leading '+' allowed; out holds the digits. */
bool phone_number(const char *s, char out[16]);
struct phone *phone_find(struct handsets *h, const char *msisdn);
/* The phone of that number, new if need be; NULL: bad number or table full. */
struct phone *phone_get(struct handsets *h, const char *msisdn);

/* Set what it shows and tell; text is copied. */
void phone_show(struct phone *p, enum phone_state state, const char *text, enum text_coding coding, bool more);
void phone_changed(struct phone *p);
void phone_history(struct phone *p, char mark, const char *text);
const char *phone_state_name(enum phone_state s);

/* Takes text. */
void phone_sms(struct phone *p, const char *from, char *text, enum text_coding coding, unsigned segments);
/* The chain's parts so far; NULL: cannot be (total of a part seen before differs). */
struct sms_partial *phone_partial(struct phone *p, const char *from, unsigned ref, unsigned total,
                                  enum text_coding coding);
void phone_partial_free(struct phone *p, struct sms_partial *s);

#endif
