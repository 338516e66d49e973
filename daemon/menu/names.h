/*
 * names.h - names to numbers, and the nearest name to one that is not there.
 */
#ifndef NAMES_H
#define NAMES_H

#include <stddef.h>

#include "base/arena.h"

struct names;

/* Lives in the arena. */
struct names *names_new(struct arena *a);

/* Enter a name, borrowed for the life of the table.  MENU_NONE when it was
 * entered; else nothing changes, and the number it has already is given. */
int names_add(struct names *t, const char *name, int value);

/* MENU_NONE when it is not there. */
int names_find(const struct names *t, const char *name, size_t len);
int names_count(const struct names *t);

/* The nearest name of a list of candidates.  Start with { 0 }. */
struct names_best {
    const char *name;                   /* NULL: none is near enough to be meant */
    int distance, alike;                /* letters to change; letters alike at the beginning */
};

void names_consider(struct names_best *best, const char *wrong, size_t len, const char *candidate);
const char *names_nearest(const struct names *t, const char *wrong, size_t len);

#endif
