/*
 * backends.h - the systems of agencies: their keys, and a hook's question from the
 * menus to wire and back.
 *
 * Mocks answer at once, from the menus.  A key is read when the menus are, and
 * once more by the first question of a dialogue under other menus that name it.
 */
#ifndef BACKENDS_H
#define BACKENDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/flow.h"
#include "menu/model.h"

struct backends;
struct event_base;
struct store;

struct backends_args {
    struct event_base *base;
    struct store *store;                /* keeps last answers */
    const char *secret;                 /* file of the key that names them; "" none: this process alone finds them */
    const char *folder;                 /* keys are below it; borrowed for life */
    int max;                            /* requests in flight */
    /* The action that the ticket's dialogue waits for; NULL: it waits no more. */
    const struct menu_action *(*waiting)(void *arg, uint64_t ticket);
    void (*answered)(void *arg, uint64_t ticket, const struct flow_rows *rows);
    void *arg;
};

/* Tickets of cases; dialogues have none of these. */
#define BACKENDS_CASE (UINT64_C(1) << 63)

/* And of polls, beside it. */
#define BACKENDS_POLL (UINT64_C(1) << 62)

struct hook_answer;
typedef void (*backends_sent_fn)(void *arg, const struct hook_answer *answer);

/* Who is told what became of cases that were sent. */
void backends_on_sent(struct backends *b, backends_sent_fn fn, void *arg);
void backends_on_polled(struct backends *b, backends_sent_fn fn, void *arg);

/* How many cases a back end of kind http would take now: 0 while it is left alone. */
int backends_room(struct backends *b, const struct menu_backend *of);

/* Send a case, or another thing that is no dialogue's: ticket | BACKENDS_CASE.  False:
 * not now. */
struct backends_letter {
    const struct menu_backend *of;
    uint64_t ticket;
    const char *id, *body;
    const char *path;                   /* NULL: where its cases are sent */
};
bool backends_send(struct backends *b, const struct backends_letter *l) __attribute__((warn_unused_result));

/* Can the keys of all back ends of m be read?  False: err says which cannot, and why. */
bool backends_check(const struct menu *m, const char *folder, char *err, size_t err_size)
    __attribute__((warn_unused_result));

/* NULL with the reason in err. */
struct backends *backends_new(const struct backends_args *args, char *err, size_t err_size);
void backends_free(struct backends *b);

/* Now and then: forget answers whose time is over. */
void backends_tick(struct backends *b);

/* Read all keys again when they are next needed. */
void backends_renew(struct backends *b);

/* True: rows are its answer, borrowed until the next call.  False: it comes later. */
bool backends_ask(struct backends *b, const struct menu *m, const struct flow_question *q, uint64_t ticket,
                  struct flow_rows *rows) __attribute__((warn_unused_result));

#endif
