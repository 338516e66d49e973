/*
 * inquiries.h - requests of the ministry API that wait for the database or the
 * desk: what they ask for, and the answer.
 *
 * Each was checked and decoded before (app/agencies).  It begins when its nonce
 * turns out to be new.
 */
#ifndef INQUIRIES_H
#define INQUIRIES_H

#include <stdbool.h>
#include <stdint.h>

#include "app/apikeys.h"

struct desk;
struct evhttp_request;
struct generations;
struct http;
struct inquiries;
struct store;

struct inquiries_args {
    int max;                            /* under way; of one key half of them */
    struct http *http;                  /* all borrowed for life */
    struct store *store;
    struct desk *desk;
    struct generations *generations;
};

struct inquiries *inquiries_new(const struct inquiries_args *args);

/* Not before store and desk have answered, or are gone. */
void inquiries_free(struct inquiries *i);

bool inquiries_has_room(const struct inquiries *i, const struct apikey *key);
bool inquiries_is_idle(const struct inquiries *i);

/* req is held from now on.  until: so long its nonce is to be remembered.  What
 * call_take holds is taken. */
void inquiries_begin(struct inquiries *i, struct evhttp_request *req, struct apikey *key, const char *nonce, int64_t until,
                     struct api_call *call_take);

#endif
