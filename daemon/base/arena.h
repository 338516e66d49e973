/*
 * arena.h - bump allocation for one lifetime; all of it is freed at once.
 */
#ifndef ARENA_H
#define ARENA_H

#include <stddef.h>

struct arena;

/* An arena that refuses to pass max bytes: then arena_alloc() gives NULL. */
struct arena *arena_new(size_t max);
void arena_free(struct arena *a);

/* Zeroed, aligned for any type; NULL only when the ceiling is reached. */
void *arena_alloc(struct arena *a, size_t n) __attribute__((warn_unused_result));

/* A copy of n bytes with a NUL behind them. */
char *arena_memdup0(struct arena *a, const void *p, size_t n) __attribute__((warn_unused_result));
char *arena_strdup(struct arena *a, const char *s) __attribute__((warn_unused_result));

/* Bytes handed out so far. */
size_t arena_used(const struct arena *a);

#endif
