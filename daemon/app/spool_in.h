/*
 * spool_in.h - what an agency says in files: each row an order to the desk.
 *
 * Rows of one case are done in their order; others beside one another.  Each has a key: the
 * agency's own id of it, or the file's name and content and the row's line, so
 * that a file that is read again, after a kill or because it was left twice, moves nothing twice.
 */
#ifndef SPOOL_IN_H
#define SPOOL_IN_H

#include <stdbool.h>

struct desk;
struct generations;
struct spool_in;
struct worker;

struct spool_in_args {
    struct worker *worker;              /* all borrowed for life */
    struct desk *desk;
    struct generations *generations;
    const char *backend, *folder;
};

struct spool_in *spool_in_new(const struct spool_in_args *args);
/* After the worker has ended. */
void spool_in_free(struct spool_in *s);

void spool_in_tick(struct spool_in *s);
bool spool_in_is_idle(const struct spool_in *s);

#endif
