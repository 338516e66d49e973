/*
 * spool.h - cases to and from agencies by files in a folder: back ends of kind csv.
 *
 * Out: what waits for a back end becomes a file, whole or not there; which cases a file has is settled in the
 * database first, so that who is killed writes the same file again.  In: each row of a file is an order
 * to the desk, under a key of its own, so that a file that is read twice moves
 * nothing twice.  All that touches the disk is done by a thread.
 */
#ifndef SPOOL_H
#define SPOOL_H

#include <stdbool.h>
#include <stddef.h>

#include "store/store.h"

struct desk;
struct event_base;
struct generations;
struct handover;
struct spool;

struct spool_args {
    struct event_base *base;            /* all outlive it */
    struct store *store;
    struct desk *desk;
    struct generations *generations;
    struct handover *handover;          /* opens letters */
    const char *folder;                 /* folders of back ends are below it */
};

/* NULL with the reason in err. */
struct spool *spool_new(const struct spool_args *args, char *err, size_t err_size);
void spool_free(struct spool *s);

void spool_tick(struct spool *s);

/* Answer of the store. */
void spool_taken(struct spool *s, const struct store_handover_file *file, const struct store_handover *list, int count,
                 bool failed);

bool spool_is_idle(const struct spool *s);

#endif
