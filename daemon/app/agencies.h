/*
 * agencies.h - the ministry API: /api/v1 for the systems of agencies.
 *
 * A request is checked (its key, its signature, its time, its nonce), decoded,
 * held while the database or the desk is asked, and answered in JSON.  An
 * agency sees its own cases; another's is not there.  The keys are app/apikeys, what a request
 * waits for is app/inquiries.
 */
#ifndef AGENCIES_H
#define AGENCIES_H

#include <stdbool.h>

struct agencies;
struct conf;
struct desk;
struct generations;
struct http;
struct store;

struct agencies_args {
    const struct conf *conf;            /* all borrowed for life */
    struct http *http;
    struct store *store;
    struct desk *desk;
    struct generations *generations;
};

struct agencies *agencies_new(const struct agencies_args *args);

/* Not before store and desk have answered, or are gone. */
void agencies_free(struct agencies *a);

/* Read all keys again when they are next needed. */
void agencies_renew(struct agencies *a);

/* Is every request answered? */
bool agencies_is_idle(const struct agencies *a);

#endif
