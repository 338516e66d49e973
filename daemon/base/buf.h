/*
 * buf.h - a growing byte string with a hard ceiling; the only string builder.
 *
 * An addition that would pass the ceiling adds nothing and sets full, which
 * stays until buf_clear(): check it once, at the end.
 */
#ifndef BUF_H
#define BUF_H

#include <stdbool.h>
#include <stddef.h>

struct buf {
    char *data;             /* NUL behind len, NULL while nothing was added */
    size_t len;
    size_t cap;
    size_t max;             /* len <= max always */
    bool full;
};

void buf_init(struct buf *b, size_t max);
void buf_fini(struct buf *b);

/* Forget the content, keep the memory. */
void buf_clear(struct buf *b);

void buf_add(struct buf *b, const void *p, size_t n);
void buf_adds(struct buf *b, const char *s);
void buf_addc(struct buf *b, char c);
void buf_addf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* n bytes at the end to be written by the caller, NULL when full. */
void *buf_grow(struct buf *b, size_t n);

/* Drop the content behind len; len <= b->len. */
void buf_cut(struct buf *b, size_t len);

/* Drop the first n bytes; n <= b->len. */
void buf_eat(struct buf *b, size_t n);

/* The content as a C string; "" when empty.  Borrowed until the next change. */
const char *buf_str(const struct buf *b);

#endif
