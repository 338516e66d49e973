/*
 * outbox.h - what holds for a message that waits to be sent: its class, and
 * when and how often it may go.
 *
 * Pure: no database, no clock of its own.  One table of the classes; the store
 * applies it in its statements, the checker of menus its limits, the postman
 * its times.  Times are ms since the epoch; hours are those of Bangladesh.
 */
#ifndef OUTBOX_H
#define OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum outbox_class {
    OUTBOX_OTP = 0,                     /* a code she waits for */
    OUTBOX_EMERGENCY,                   /* a storm */
    OUTBOX_TRANSACTIONAL,               /* her own case, money or receipt */
    OUTBOX_GOV_INFO,                    /* a ministry to many (BTRC, Government Info SMS Guideline, 6 Feb 2024) */
    OUTBOX_SERVICE_INFO,                /* what nobody asked for: reminders, ideas, eligibility */
    OUTBOX_CLASSES,
};

/*
 * The rank orders what waits for one link: 0 goes first.  What the receiver's
 * own step asked for (outbox.asked) goes as a transactional message does,
 * whatever its class, unless its class is quicker.
 */
enum { OUTBOX_ASKED_RANK = 2, OUTBOX_RANKS = 5 };

struct outbox_rule {
    const char *name;
    int rank;
    int64_t expiry_ms;                  /* not sent any more so long after it was due */
    bool quiet;                         /* waits for the end of the quiet hours */
    bool capped;                        /* so many a day to one number */
    bool pushed;                        /* to her screen first, where the network lets us */
    int segments;                       /* at most; 0: no limit of this kind */
    int characters;
};
extern const struct outbox_rule outbox_rules[OUTBOX_CLASSES];

/* OUTBOX_CLASSES: there is no such class. */
enum outbox_class outbox_class_of(const char *name);

/* What holds for all messages of a rank. */
int64_t outbox_rank_expiry(int rank);
bool outbox_rank_is_quiet(int rank);
bool outbox_rank_is_capped(int rank);

/* --- quiet hours ------------------------------------------------------------ */

#define OUTBOX_SPANS_MAX 8

struct outbox_hours {                   /* minutes of the day; from > to goes over midnight */
    int count;
    struct outbox_span { int16_t from, to; } spans[OUTBOX_SPANS_MAX];
};

/* "00:00-06:00, 13:00-13:30"; "" none.  False: it is not written so, or too many. */
bool outbox_hours_parse(struct outbox_hours *h, const char *text) __attribute__((warn_unused_result));

/* now, or the moment at which the quiet hours that it falls into are over. */
int64_t outbox_awake(const struct outbox_hours *h, int64_t now);

/* The day as a number, and the first moment of the next one that is not quiet. */
int32_t outbox_day(int64_t now);
int64_t outbox_tomorrow(const struct outbox_hours *h, int64_t now);

/* --- tries --------------------------------------------------------------------- */

/* How long to wait after so many vain tries (from 1): 1, 5, 15 and 60 minutes;
 * -1: give up. */
int64_t outbox_retry(int tries);

/* --- the words of a message ------------------------------------------------------ */

/* What is wrong with a message of a class, in words; NULL: it may be sent.  Only
 * gov_info has rules: Bengali letters and no Latin ones, 200 characters, a
 * date, and the reference of its approval. */
const char *outbox_fault(enum outbox_class class, const char *text, const char *approval);

/* The parts of outbox_fault(), for texts that are not whole yet. */
bool outbox_is_bengali(const char *text, size_t n);
bool outbox_has_date(const char *text, size_t n);

#endif
