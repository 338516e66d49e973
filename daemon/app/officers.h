/*
 * officers.h - officers who answer cases by text message.
 *
 * A message that reads like a command is held until the database has said whose
 * number it is: nobody's of ours, and it goes on as any text; an officer's, and
 * it is done once, answered by one message, and only then acknowledged.  What
 * fell in between is done again with the same keys.
 */
#ifndef APP_OFFICERS_H
#define APP_OFFICERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct desk;
struct generations;
struct officers;
struct store;

struct officers_ops {
    void (*answered)(void *arg, void *waiter);          /* to be acknowledged */
    void (*passed)(void *arg, void *waiter);            /* no officer's: go on with it */
    void (*dropped)(void *arg, void *waiter);           /* we end: as if it never came */
};

struct officers_args {
    struct store *store;
    struct desk *desk;
    struct generations *generations;
    const char *secret;                 /* path of the installation's secret; "": codes cannot be checked */
    int per_hour;                       /* commands of one number */
    int digest_hour;                    /* of the country's day; -1: no digests */
    const struct officers_ops *ops;
    void *arg;
};

/* NULL with the reason in err.  store, desk and generations outlive its use, and
 * it is freed after the store: what is under way is dropped. */
struct officers *officers_new(const struct officers_args *args, char *err, size_t n);
void officers_free(struct officers *o);

struct officers_text {
    void *waiter;                       /* moved in when it is taken */
    const char *msisdn, *link;
    const char *cause;                  /* of the answer: names the message */
    const char *text;
    size_t text_len;
    int64_t at;                         /* when the bearer had it, ms since the epoch */
};

/* False: it is no command, or there are too many under way; the caller goes on with it. */
bool officers_take(struct officers *o, const struct officers_text *t);

/* From the loop, some times a second. */
void officers_tick(struct officers *o);

#endif
