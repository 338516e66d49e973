/*
 * report.h - what the telco saw: counters, violations, and every PDU.
 *
 * A violation is something a real network would punish: with an error, a dead
 * dialogue, or another person's screen.  Each kind has a policy: refuse with a
 * status, or only write it down.
 */
#ifndef REPORT_H
#define REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hist.h"

struct json_t;

enum counter {
    COUNT_BINDS = 0,
    COUNT_BINDS_REFUSED,
    COUNT_PDUS_IN,
    COUNT_PDUS_OUT,
    COUNT_DIALS,
    COUNT_ANSWERS,
    COUNT_CANCELS,
    COUNT_NETWORK_ABORTS,
    COUNT_IDLE_ENDS,
    COUNT_TOTAL_ENDS,
    COUNT_REPLY_ENDS,
    COUNT_SCREENS,
    COUNT_LAST_SCREENS,
    COUNT_NOTIFIES,
    COUNT_PUSHES,
    COUNT_SUBMITS,
    COUNT_SUBMITS_REFUSED,
    COUNT_DELIVERS,
    COUNT_DELIVERS_REFUSED,
    COUNT_DELIVERS_UNANSWERED,
    COUNT_DELIVERS_LOST,
    COUNT_DELIVERS_DUPLICATED,
    COUNT_SMS_PARTS,
    COUNT_SMS,
    COUNT_SMS_REPEATED,
    COUNT_SMS_SENT,
    COUNT_RECEIPTS,
    COUNT_FAULTS,
    COUNTERS,
};

enum violation {
    VIOLATION_WRONG_NUMBER = 0,         /* a reply for one person's dialogue sent to another */
    VIOLATION_DEAD_SESSION,
    VIOLATION_WRONG_SESSION,            /* a session name never given */
    VIOLATION_NO_SESSION,
    VIOLATION_UNASKED,                  /* a second screen without a keypress */
    VIOLATION_DUPLICATE,                /* the same screen again without a keypress */
    VIOLATION_TOO_LONG,
    VIOLATION_SEGMENTED,
    VIOLATION_WRONG_OP,
    VIOLATION_NO_OP,
    VIOLATION_BAD_TEXT,
    VIOLATION_END_BIT,
    VIOLATION_WRONG_BIND,
    VIOLATION_BAD_ADDRESS,
    VIOLATION_SERVICE_TYPE,
    VIOLATION_PROTOCOL,                 /* malformed PDU, or one the bind's state does not allow */
    VIOLATION_SMS_LONG,
    VIOLATION_SMS_PARTS,
    VIOLATIONS,
};

struct report;

struct report *report_new(size_t events_max);
void report_free(struct report *r);
void report_reset(struct report *r);

void report_count(struct report *r, enum counter c);
uint64_t report_counter(const struct report *r, enum counter c);
void report_round_trip(struct report *r, int64_t us);

/* The last name of an unknown one is VIOLATIONS. */
enum violation report_violation_find(const char *name);
void report_policy(struct report *r, enum violation v, bool refuse, uint32_t status);
/* Write it down; the status to refuse with, 0 = accept. */
uint32_t report_violation(struct report *r, enum violation v, const char *msisdn, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* One PDU as it went over the wire. */
void report_pdu(struct report *r, bool in, unsigned link, const uint8_t *p, size_t n);

/* {counters, violations, list, round_trip} and {next, events: [...]}; new references. */
struct json_t *report_json(const struct report *r);
struct json_t *report_events(const struct report *r, uint64_t after, size_t max);
struct json_t *report_hist_json(const struct hist *h);

#endif
