/*
 * agents.h - agents of digital centres, for the command line: their accounts, and
 * the book of what they took.
 *
 * Blocking.  What an operator does to an account is told in the audit by the same
 * statement.
 */
#ifndef AGENTS_H
#define AGENTS_H

#include <stdbool.h>
#include <stddef.h>

/* What blocking_alone() is asked with by whatever acts on accounts. */
#define AGENTS_SUBJECT "agents"

struct agent_new {                      /* NULL: as it was */
    const char *msisdn, *name, *place, *sex, *since, *until;
};

/* One receipt.  at is the time of day, like 14:05; receiver its phone. */
struct agent_receipt {
    const char *at, *number, *service, *receiver;
    int official, taka;                 /* whole taka */
};

enum agent_act { AGENT_LOCK = 0, AGENT_UNLOCK, AGENT_NEW_PIN, AGENT_ACTS };

typedef void (*agent_receipt_fn)(void *arg, const struct agent_receipt *r);

/* Makes or changes one; by: who is at the keyboard.  False with the reason in err. */
bool agents_add(const char *conninfo, const struct agent_new *a, const char *by, char *err, size_t n);

/* Stop her, let her serve again, or forget her PIN and its wrong tries. */
bool agents_act(const char *conninfo, const char *msisdn, enum agent_act act, const char *by, char *err, size_t n);

/* The receipts of a day, the first one first; day: YYYY-MM-DD, NULL the country's today. */
bool agents_daybook(const char *conninfo, const char *msisdn, const char *day, agent_receipt_fn fn, void *arg, char *err,
                    size_t n);

/* What an auditor asks of an agent on a day (view kheya.oddity); number: of one of the cases, "" none. */
struct agent_oddity {
    const char *day, *agent, *name, *place, *kind, *times, *number;
};
typedef void (*agent_oddity_fn)(void *arg, const struct agent_oddity *o);

/* Those of so many days, today's too, the newest first. */
bool agents_oddities(const char *conninfo, const char *days, agent_oddity_fn fn, void *arg, char *err, size_t n);

#endif
