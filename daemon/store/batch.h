/*
 * batch.h - the steps of one array statement: gather, sort, encode, split.
 *
 * Rows are copied into one pool as they come; one subscriber has at most one
 * row in a batch, so that a row is named by its msisdn, and no statement meets
 * the same key twice.  Sealed, the rows stand in the order of their keys:
 * batches of several processes then lock rows in the same order.  What is left
 * to send is a stack of ranges: an error splits the range on top in halves.
 * Pure: sends nothing.
 */
#ifndef BATCH_H
#define BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/pg.h"
#include "store/store.h"

struct batch;

struct batch_range {                    /* of the sealed order: from <= row < to */
    int from;
    int to;
};

/* At most max rows. */
struct batch *batch_new(int max);
void batch_free(struct batch *b);

/* Forget the rows, keep the memory. */
void batch_clear(struct batch *b);

/* False: no room, or the subscriber has a row here already; begin another batch. */
bool batch_add(struct batch *b, uint64_t ticket, const struct store_step *step) __attribute__((warn_unused_result));
int batch_count(const struct batch *b);

/* More than this of texts in one step is refused before it is gathered. */
#define BATCH_STEP_MAX (1u << 20)
size_t batch_step_size(const struct store_step *step);

/* Sort; the whole is the only range left to send. */
void batch_seal(struct batch *b);

/* The range on top of the stack; false when none is left. */
bool batch_next(const struct batch *b, struct batch_range *r);

/* The range on top is settled, or is to be sent as two halves (two rows at least). */
void batch_settle(struct batch *b);
void batch_halve(struct batch *b);

/* Which of the statements a range needs, and its parameters, borrowed
 * until the next call of any batch_params(): steps alone (BATCH_STEPS_*), or
 * with what they open, cause and change (BATCH_FULL_*), or with cases that they
 * move too (BATCH_ORDERS). */
enum batch_variant { BATCH_STEPS = 0, BATCH_FULL, BATCH_ORDERS, BATCH_VARIANTS };
enum batch_variant batch_params(const struct batch *b, struct batch_range r, struct pg_params *p);

uint64_t batch_ticket(const struct batch *b, int row);
const char *batch_msisdn(const struct batch *b, int row);

/* The row of this subscriber in a sealed batch, looked for from hint (>= 0)
 * onwards and around; -1 none. */
int batch_find(const struct batch *b, const char *msisdn, int hint);

#endif
