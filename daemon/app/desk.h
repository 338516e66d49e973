/*
 * desk.h - orders about cases in kheyad: read, judged, written, answered.
 *
 * Every order is answered exactly once, in a later turn of the loop.  What
 * another one changed meanwhile is read and judged again; after a lost
 * connection the key tells whether it was done.
 */
#ifndef APP_DESK_H
#define APP_DESK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/desk.h"

struct desk;
struct event_base;
struct generations;
struct store;

typedef void (*desk_fn)(void *arg, uint64_t ticket, const struct desk_answer *a);

struct desk_done {                      /* whom the answer is for */
    desk_fn fn;
    void *arg;
    uint64_t ticket;
};

struct desk_args {
    struct event_base *base;
    struct store *store;
    struct generations *generations;
};

/* generations and store outlive it. */
struct desk *desk_new(const struct desk_args *args);
void desk_free(struct desk *d);

/* All that o points to is copied.  done->arg must live until it is answered; the
 * desk forgets all orders when it is freed. */
void desk_order(struct desk *d, const struct desk_order *o, const struct desk_done *done);

/* The sources of a generation came, or cannot come: those that wait go on. */
void desk_on_generation(struct desk *d);

/* Orders not answered yet. */
size_t desk_backlog(const struct desk *d);

#endif
