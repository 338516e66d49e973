/*
 * alloc.h - memory that is there or the process is not.
 *
 * Sizes are bounded by configuration before they are allocated and all state
 * is in PostgreSQL, so running out of memory ends the process.
 */
#ifndef ALLOC_H
#define ALLOC_H

#include <stddef.h>

/* Zeroed array of n items of size bytes; never NULL.  The caller frees it. */
void *xcalloc(size_t n, size_t size) __attribute__((malloc, warn_unused_result));

/* realloc(3) that never fails. */
void *xrealloc(void *p, size_t size) __attribute__((warn_unused_result));

/* Copies of a string, and of n bytes with a NUL behind them. */
char *xstrdup(const char *s) __attribute__((malloc, warn_unused_result));
char *xmemdup0(const void *p, size_t n) __attribute__((malloc, warn_unused_result));

#endif
