/*
 * feeds.h - a mass message's next people get their rows of the outbox, some at a
 * time; who gets one and that he got it are written together.
 */
#ifndef FEEDS_H
#define FEEDS_H

#include <stdbool.h>
#include <stdint.h>

struct pg;
struct store;

void feeds_prepare(struct pg *pg);

/* Whom it is told; outlives the store.  count: people; -1: it failed. */
struct feeds_teller {
    void (*fed)(void *arg, int count);
    void *arg;
};

/* Up to max people of the oldest running message that no other process feeds,
 * while fewer than waiting messages of its rank wait.  It is done when nobody is
 * left and nothing waits. */
void feeds_some(struct store *s, int max, int waiting, int64_t now, struct feeds_teller *to);

#endif
