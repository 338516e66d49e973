/*
 * hook.h - outgoing web requests to the systems of agencies.
 *
 * A POST of JSON, signed with the place's key; what comes back is handed on
 * unread.  Each place has its deadline and its breaker, and may hold half of all
 * requests, so that one which hangs leaves room for the others.  Nothing here
 * waits: names are looked up by a thread of libcurl's.  No redirect is followed,
 * no proxy of the environment used, and a certificate is always verified.  Bodies
 * are never logged.
 */
#ifndef HOOK_H
#define HOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HOOK_BODY_MAX 65536             /* octets of an answer */
#define HOOK_HEADERS_MAX 16384          /* of its headers in all */
#define HOOK_KEY_MAX 1024               /* octets of a key */

struct event_base;
struct hook;
struct hook_place;

struct hook_answer {
    uint64_t ticket;
    const char *place;                  /* its name */
    int status;                         /* of HTTP; 0: none came whole and in time, and reason says why */
    const char *reason;
    const char *body;                   /* borrowed until the callback returns, as all here */
    size_t len;                         /* at most HOOK_BODY_MAX */
};

struct hook_args {
    struct event_base *base;
    int max;                            /* requests in flight, 2 or more */
    void (*answered)(void *arg, const struct hook_answer *answer);      /* never inside hook_ask() */
    void *arg;
};

/* NULL with the reason in err: this libcurl cannot be used. */
struct hook *hook_new(const struct hook_args *args, char *err, size_t err_size);

/* Requests in flight end unanswered. */
void hook_free(struct hook *h);

/* A place lives as long as h. */
struct hook_place *hook_place_new(struct hook *h, const char *name, const char *url);

/* The key that signs its requests from now on; n at most HOOK_KEY_MAX.  Copied. */
void hook_place_key(struct hook_place *p, const unsigned char *key, size_t n);

struct hook_question {
    uint64_t ticket;
    int timeout_ms;
    int breaker_fails, breaker_rest_ms; /* of the place's breaker from now on */
    const char *path;                   /* behind the place's url */
    const char *id;                     /* the same when the same is asked again */
    const char *body;                   /* JSON, copied */
};

/* How many questions p would take now: none while it is left alone. */
int hook_room(const struct hook *h, const struct hook_place *p);

/* False: it cannot be asked now, and no answer will come: it is left alone, or too
 * many requests are out. */
bool hook_ask(struct hook *h, struct hook_place *p, const struct hook_question *q) __attribute__((warn_unused_result));

#endif
