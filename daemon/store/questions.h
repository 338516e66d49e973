/*
 * questions.h - what screens ask the database, by an operator's own SQL.
 *
 * On connections of their own, under the role kheya_menu, read only: so a slow
 * or wrong question delays no step and changes nothing.  Each is a transaction
 * of its own, and is answered by its deadline whatever the database does.  A
 * reader is given more than one only while all it has were quick the last time,
 * so that the others go round a slow one.
 */
#ifndef QUESTIONS_H
#define QUESTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/pg.h"
#include "store/store.h"

struct questions;

struct questions *questions_new(struct event_base *base, const struct store_ops *ops, void *arg, int readers);

/* What waits or is in flight is forgotten, not answered. */
void questions_free(struct questions *q);

void questions_ask(struct questions *q, uint64_t ticket, const struct store_question *question);

/* Reader i has come up, with nothing prepared; or has fallen (pg NULL), which
 * comes before its questions are answered as lost. */
void questions_reader(struct questions *q, int i, struct pg *pg);

/* Send what readers can take. */
void questions_send(struct questions *q);

/* Some were refused on the spot; questions_settle() answers them. */
bool questions_has_refused(const struct questions *q);
void questions_settle(struct questions *q);

/* No database: answer all that waits.  From the loop only. */
void questions_fail(struct questions *q, const char *reason);

/* Questions that wait or are in flight. */
size_t questions_backlog(const struct questions *q);

/* The statement that keeps at most max_rows of an operator's query. */
struct buf;
void questions_wrap(struct buf *out, const char *sql, int max_rows);

#endif
