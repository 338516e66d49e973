/*
 * sessions.h - sessions read and steps written: the hot path.
 *
 * Requests wait here until a writer is free; then one turn's worth of them goes
 * out: one select for all sessions to be read, one array statement for all
 * steps, with the cases, messages and citizens that belong to them.  A step is
 * written only if its session still has the turn before; what belongs to it
 * only if the step is.
 */
#ifndef SESSIONS_H
#define SESSIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/pg.h"
#include "store/store.h"

struct sessions;

enum sessions_statement {
    SESSIONS_LOAD = 0,
    SESSIONS_WRITE_STEPS,               /* batch_params(): BATCH_STEPS */
    SESSIONS_WRITE_FULL,                /* BATCH_FULL */
    SESSIONS_WRITE_ORDERS,              /* BATCH_ORDERS */
    SESSIONS_STATEMENTS,
};
const char *sessions_sql(enum sessions_statement statement);

struct sessions *sessions_new(const struct store_ops *ops, void *arg, int batch_max, int stall_ms);

/* What waits or is in flight is forgotten, not answered. */
void sessions_free(struct sessions *s);

/* Prepare all statements: into the unit under construction. */
void sessions_prepare(struct pg *pg);

void sessions_load(struct sessions *s, uint64_t ticket, const char *msisdn, const char *code);
void sessions_write(struct sessions *s, uint64_t ticket, const struct store_step *step);

/* Rows that wait for a writer, to be read or written. */
size_t sessions_waiting(const struct sessions *s);

/* Send one turn's worth by a writer that is free. */
void sessions_send(struct sessions *s, struct pg *pg);

/* Some requests were refused on the spot; sessions_settle() answers them. */
bool sessions_has_refused(const struct sessions *s);
void sessions_settle(struct sessions *s);

/* No writer: answer all that waits as failed or unknown.  From the loop only. */
void sessions_fail(struct sessions *s);

/* Requests that wait or are in flight. */
size_t sessions_backlog(const struct sessions *s);

#endif
