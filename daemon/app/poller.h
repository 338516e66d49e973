/*
 * poller.h - agencies' systems are asked what became of the cases that they have.
 *
 * Each back end with poll: has one question out, about a bounded batch of the
 * cases that were not asked about for longest; what hangs or answers nonsense
 * keeps nobody else waiting.  A word that is new moves its case by the desk, once:
 * what was heard before is no news, so a case that the citizen moved on since is
 * left where it is.
 */
#ifndef POLLER_H
#define POLLER_H

#include <stdbool.h>
#include <stdint.h>

struct backends;
struct desk;
struct generations;
struct poller;
struct store;

struct poller_args {
    struct store *store;                /* all outlive its use; it is freed after the store */
    struct backends *backends;
    struct desk *desk;
    struct generations *generations;
};

struct poller *poller_new(const struct poller_args *args);
void poller_free(struct poller *p);

/* From the loop, some times a second, while the database is up. */
void poller_tick(struct poller *p);

/* A case has news for its system, which may have some for her soon. */
void poller_wake(struct poller *p, int16_t bucket, int64_t number);

#endif
