/*
 * openings.h - who waits for a service is put on its list, and told by a message
 * when it opens, for the country or for her place: once.
 */
#ifndef OPENINGS_H
#define OPENINGS_H

#include <stdint.h>

#include "app/almanac.h"
#include "engine/flow.h"

struct generations;
struct openings;
struct store;

struct openings_args {
    struct store *store;
    struct almanac *almanac;
    struct generations *generations;
    /* she is on the list, or it is not known */
    void (*answer)(void *arg, uint64_t session, const struct flow_rows *rows);
    void *arg;
};

/* All of them outlive it, but the store may go first. */
struct openings *openings_new(const struct openings_args *args);
void openings_free(struct openings *o);

/* Put on the list what q says; answered in a later turn of the loop. */
void openings_ask(struct openings *o, uint64_t session, const struct flow_question *q);

/* From the loop's tick, while the database is up. */
void openings_tick(struct openings *o);

#endif
