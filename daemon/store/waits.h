/*
 * waits.h - numbers that wait for a service to open, and the messages that tell
 * them: a number leaves the list and its message enters the outbox by one statement.
 */
#ifndef WAITS_H
#define WAITS_H

#include <stdbool.h>
#include <stdint.h>

struct pg;
struct store;

struct waits_entry {
    const char *msisdn, *service, *place, *lang;
    const char *key;                    /* of the keypress */
    int64_t at;
};

/* Told in a later turn of the loop; outlives the store. */
struct waits_teller {
    void (*added)(void *arg, uint64_t ticket, bool ok);
    void (*told)(void *arg, uint64_t ticket, int count);        /* -1: it failed */
    void *arg;
};

void waits_add(struct store *s, uint64_t ticket, const struct waits_entry *e, struct waits_teller *to);

/* Tell up to max who wait for a service: those of the open places, and, if the
 * country is open, those of all places that have no windows of their own. */
struct waits_opened {
    const char *service, *class;
    bool country;
    const char *const *open;            /* places */
    int open_count;
    const char *const *own;             /* places with windows of their own */
    int own_count;
    const char *const *langs, *const *texts;    /* the first for languages that are not there */
    int lang_count;
    int64_t at;
    int max;
};
void waits_tell(struct store *s, uint64_t ticket, const struct waits_opened *o, struct waits_teller *to);

void waits_prepare(struct pg *pg);

#endif
