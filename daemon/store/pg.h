/*
 * pg.h - one connection to PostgreSQL in pipeline mode: send, flush, match,
 * reconnect for ever, never block.
 *
 * What is sent comes in units: one or more statements and a Sync, which is one
 * transaction.  Every unit is answered exactly once, in the order sent, from
 * the event loop, never from within a call: done (committed), error (nothing of
 * it happened), or lost (the connection fell: nobody knows).
 * Knows no SQL but what it is given.
 */
#ifndef PG_H
#define PG_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct event_base;
struct pg;

#define PG_PARAMS_MAX 100
#define PG_REASON_SIZE 256

enum pg_outcome {
    PG_DONE = 0,
    PG_ERROR,
    PG_LOST,
    PG_OUTCOMES,
};

struct pg_answer {                      /* borrowed until the callback returns */
    enum pg_outcome outcome;
    const PGresult *rows;               /* DONE: of the last statement of the unit */
    const char *sqlstate;               /* ERROR: five characters */
    const char *reason;                 /* ERROR, LOST: one line without the values of the row */
    int failed_at;                      /* ERROR: which statement of the unit, from 0 */
};
typedef void (*pg_answer_fn)(void *arg, const struct pg_answer *a);

/* What an error means for those who sent the statement. */
enum pg_error {
    PG_ERROR_ROW = 0,                   /* a row is bad: the others are not */
    PG_ERROR_AGAIN,                     /* deadlock, serialization: send it again */
    PG_ERROR_TROUBLE,                   /* the server, the schema or the connection is: drop it */
    PG_ERRORS,
};
enum pg_error pg_error_of(const char *sqlstate);

/* Of PG_ERROR_TROUBLE: is it the connection that is of no use any more?  Another one
 * may be; else the statement alone is not to be had now. */
bool pg_error_ends(const char *sqlstate);

struct pg_args {
    struct event_base *base;
    const char *conninfo;               /* borrowed for the life of the connection */
    const char *name;                   /* for the log; copied */
    int stall_ms;                       /* to connect and set up */
    int retry_min_ms, retry_max_ms;     /* back-off, doubled each time */
    /* connected: send what must come first, then call pg_ready() or pg_drop() */
    void (*setup)(void *arg, struct pg *pg);
    /* up: ready; down: retry_ms until the next attempt.  Down comes before the units are answered as lost. */
    void (*changed)(void *arg, struct pg *pg, bool up, const char *reason, int retry_ms);
    /* some units were answered, all that had arrived: time to send more */
    void (*answered)(void *arg, struct pg *pg);
    void *arg;
};

/* Starts to connect in the next turn of the loop. */
struct pg *pg_new(const struct pg_args *args);

/* Closes it; units still out are not answered.  Not from within a callback of pg. */
void pg_free(struct pg *pg);

bool pg_is_up(const struct pg *pg);

/* Units sent and not yet answered. */
size_t pg_units(const struct pg *pg);

/* Parameters of one statement; what they point to must live until it is sent. */
struct pg_params {
    int count;
    const char *values[PG_PARAMS_MAX];
    int lengths[PG_PARAMS_MAX];
    int formats[PG_PARAMS_MAX];
};
void pg_param_text(struct pg_params *p, const char *s);             /* NULL: SQL NULL */
void pg_param_binary(struct pg_params *p, const void *data, size_t n);

enum pg_format { PG_TEXT = 0, PG_BINARY = 1 };                      /* of the columns of the result */

/* Add to the unit under construction.  Only when up or in setup. */
void pg_prepare(struct pg *pg, const char *name, const char *sql);
void pg_query(struct pg *pg, const char *prepared, const struct pg_params *p, enum pg_format format);
void pg_query_sql(struct pg *pg, const char *sql, const struct pg_params *p, enum pg_format format);

/* End the unit.  Unanswered for patience_ms once all before it are answered:
 * the connection is dropped. */
void pg_end(struct pg *pg, int patience_ms, pg_answer_fn fn, void *arg);

/* Push out what the socket takes; the rest follows when it takes more. */
void pg_flush(struct pg *pg);

/* Setup went well. */
void pg_ready(struct pg *pg);

/* Give the connection up, in the next turn of the loop, and connect anew.
 * slowly: at the longest interval, because waiting will not mend it. */
enum pg_pace { PG_SOON = 0, PG_SLOWLY };
void pg_drop(struct pg *pg, enum pg_pace pace, const char *reason);

/* Append the list "a,b,c" with the first by items moved behind the others;
 * false (nothing appended) when that changes nothing. */
struct buf;
bool pg_turn_list(struct buf *out, const char *list, int by);

/* Cells of a binary result. */
int32_t pg_int4(const PGresult *r, int row, int column);
int64_t pg_int8(const PGresult *r, int row, int column);
bool pg_bool(const PGresult *r, int row, int column);

#endif
