/*
 * blocking.h - one question to a database that is waited for; for the command
 * line only.
 */
#ifndef BLOCKING_H
#define BLOCKING_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>

/* Rows, or NULL and one line in err.  Parameters and cells are text. */
PGresult *blocking_ask(PGconn *conn, const char *sql, int count, const char *const *values, char *err, size_t n)
    __attribute__((warn_unused_result));

/* The same on a connection of its own. */
PGresult *blocking_once(const char *conninfo, const char *sql, int count, const char *const *values, char *err, size_t n)
    __attribute__((warn_unused_result));

/* The same, one behind the other with all who name the same subject: for what reads rows that others add at the same time. */
PGresult *blocking_alone(const char *conninfo, const char *subject, const char *sql, int count, const char *const *values,
                         char *err, size_t n) __attribute__((warn_unused_result));

/* Nobody else who asks for the subject goes on until conn ends; false, and one line in err.  It is not to be held already:
 * a statement reads what stood there when it began, so the subject comes before it. */
bool blocking_lock(PGconn *conn, const char *subject, char *err, size_t n) __attribute__((warn_unused_result));

/* The first line of what went wrong. */
void blocking_fail(char *err, size_t n, const char *message);

#endif
