/*
 * lookups.h - how often people may be looked up by what somebody types: by one number,
 * by one agent, over one link, and in all.
 *
 * In this process's memory: a restart forgets, and of several processes each counts
 * for itself.
 */
#ifndef LOOKUPS_H
#define LOOKUPS_H

#include <stdbool.h>

struct conf;
struct lookups;

struct lookups *lookups_new(const struct conf *conf);
void lookups_free(struct lookups *l);

/* Once more; false: no more for now. */
bool lookups_take(struct lookups *l, const char *msisdn, bool agent, const char *link);

#endif
