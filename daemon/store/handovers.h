/*
 * handovers.h - cases on their way to the systems of agencies: taken from their
 * queue, and marked with what became of them; files of a spool; last answers.
 *
 * A row that is taken stays in the queue and is due again when its time is over,
 * so that any process may die.  A mark that the connection keeps from being
 * written is written later.
 */
#ifndef HANDOVERS_H
#define HANDOVERS_H

#include <stdbool.h>

#include "store/pg.h"
#include "store/store.h"

struct handovers;

struct handovers *handovers_new(const struct store_ops *ops, void *arg, int stall_ms);
void handovers_free(struct handovers *h);
void handovers_prepare(struct pg *pg);

void handovers_take(struct handovers *h, const struct store_wanted *list, int count);
void handovers_take_file(struct handovers *h, const struct store_wanted *of);
void handovers_mark(struct handovers *h, const struct store_handed *handed);
void handovers_mark_file(struct handovers *h, int64_t file);

bool handovers_wait(const struct handovers *h);
void handovers_send(struct handovers *h, struct pg *pg);

/* No writer: takes fail; marks wait on.  From the loop only. */
void handovers_fail(struct handovers *h);

#endif
