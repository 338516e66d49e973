/*
 * handover.h - cases on their way to the systems of agencies, over the web and to
 * mocks: taken from the queue, sent, and answered.
 *
 * A case is sent until its system has taken it, each time as the same letter
 * under the same name.  Each back end has its own few letters out and its own
 * breaker, so that one that hangs keeps none of the others waiting.  What a system says of a
 * case goes to the desk.
 */
#ifndef HANDOVER_H
#define HANDOVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/letter.h"
#include "menu/model.h"
#include "store/store.h"

struct backends;
struct desk;
struct generations;
struct handover;
struct poller;

#define HANDOVER_PAPERS 6               /* cases of one step, and those that it moves */

struct handover_args {
    struct store *store;                /* all outlive it */
    struct backends *backends;
    struct desk *desk;
    struct generations *generations;
    struct poller *poller;
    const char *secret;                 /* file; "" none: no sensitive value can be kept */
};

/* Do these menus need the setting secret for their cases? */
bool handover_needs_secret(const struct menu *m);

/* NULL with the reason in err. */
struct handover *handover_new(const struct handover_args *args, char *err, size_t err_size);
void handover_free(struct handover *h);

/* What a new case puts into the queue: backend, letter and secret of out.  It has no
 * back end that takes cases: nothing.  secrets NULL: none.  Borrowed until i is
 * written again. */
void handover_write(struct handover *h, int i, const struct menu_backend *of, const struct letter *letter,
                    const char *secrets, struct store_case *out);

/* Something has been put into the queue. */
void handover_call(struct handover *h);

/* In each turn of the loop; five times a second. */
void handover_flush(struct handover *h);
void handover_tick(struct handover *h);

/* Answer of the store. */
void handover_taken(struct handover *h, const struct store_handover *list, int count);

bool handover_is_idle(const struct handover *h);

/* --- what files of a spool need too -------------------------------------------------- */

/* The letter of a row as it leaves, appended to out.  False, and logged: not now. */
bool handover_open(struct handover *h, const struct store_handover *row, struct buf *out)
    __attribute__((warn_unused_result));

#endif
