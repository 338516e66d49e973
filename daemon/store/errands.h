/*
 * errands.h - single statements on the writer connections, each a transaction
 * of its own, answered in the order they were given.
 *
 * For what happens now and then: a case is moved on, a statement is matched.
 * What every step does goes by batches.  Knows no SQL: the rooms of the
 * subjects do, and prepare theirs.
 */
#ifndef ERRANDS_H
#define ERRANDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "store/pg.h"

struct errands;

#define ERRANDS_PARAMS_MAX 40

/* What a room's statements are; a table of them is prepared on each writer. */
struct errand_sql {
    const char *name;
    const char *sql;
};
void errands_prepare(struct pg *pg, const struct errand_sql *table, int count);

/* Texts of the parameters; NULL = SQL NULL.  Copied by errands_add(). */
struct errand_params {
    int count;
    const char *values[ERRANDS_PARAMS_MAX];
    char numbers[ERRANDS_PARAMS_MAX][24];
};
void errand_text(struct errand_params *p, const char *s);
void errand_int(struct errand_params *p, int64_t v);

/* An array as the text of a parameter; buf_fini() it when the errand is added. */
void errand_array(struct buf *out, const char *const *items, int count);

/* rows NULL: it was not done (lost false: for good; it was logged), or nobody
 * knows (lost true).  Cells are text. */
typedef void (*errand_fn)(void *arg, uint64_t ticket, const PGresult *rows, bool lost);

struct errand_done {                    /* whom the answer is for */
    errand_fn fn;
    void *arg;
    uint64_t ticket;
};

struct errands *errands_new(int stall_ms);
void errands_free(struct errands *e);

void errands_add(struct errands *e, const struct errand_sql *sql, const struct errand_params *p,
                 const struct errand_done *done);

bool errands_wait(const struct errands *e);
void errands_send(struct errands *e, struct pg *pg);

/* No writer: all that waits is lost.  From the loop only. */
void errands_fail(struct errands *e);

/* The store's own: sent in this turn or a later one, answered in a later one. */
struct store;
void store_errand(struct store *s, const struct errand_sql *sql, const struct errand_params *p,
                  const struct errand_done *done);

/* Cells of an answer in text; 0 and "" for SQL NULL. */
int64_t errand_cell_int(const PGresult *rows, int row, int column);
const char *errand_cell(const PGresult *rows, int row, int column);

#endif
