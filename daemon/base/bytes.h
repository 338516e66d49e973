/*
 * bytes.h - a bounded reader and writer of big-endian bytes.
 *
 * Straight-line reads, one check of bad at the end: after the first read that
 * does not fit, bad is set, and every read gives zero or NULL.
 */
#ifndef BYTES_H
#define BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct rd {
    const uint8_t *p;       /* p <= end */
    const uint8_t *end;
    bool bad;
};

static inline struct rd rd_of(const void *p, size_t n)
{
    const uint8_t *b = p;

    return (struct rd){ b, b + n, false };
}

static inline size_t rd_left(const struct rd *r)
{
    return (size_t)(r->end - r->p);
}

/* n bytes, borrowed from the input; NULL when they are not there. */
static inline const uint8_t *rd_bytes(struct rd *r, size_t n)
{
    const uint8_t *p = r->p;

    if (r->bad || n > rd_left(r)) {
        r->bad = true;
        return NULL;
    }
    r->p += n;
    return p;
}

static inline uint8_t rd_u8(struct rd *r)
{
    const uint8_t *p = rd_bytes(r, 1);

    return p != NULL ? p[0] : 0;
}

static inline uint16_t rd_u16(struct rd *r)
{
    const uint8_t *p = rd_bytes(r, 2);

    return p != NULL ? (uint16_t)((uint32_t)p[0] << 8 | p[1]) : 0;
}

static inline uint32_t rd_u32(struct rd *r)
{
    const uint8_t *p = rd_bytes(r, 4);

    return p != NULL ? (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3] : 0;
}

static inline uint64_t rd_u64(struct rd *r)
{
    uint64_t high = rd_u32(r);

    return high << 32 | rd_u32(r);
}

static inline void wr_u8(struct buf *b, uint8_t v)
{
    buf_add(b, &v, 1);
}

static inline void wr_u16(struct buf *b, uint16_t v)
{
    const uint8_t p[2] = { (uint8_t)(v >> 8), (uint8_t)v };

    buf_add(b, p, sizeof p);
}

static inline void wr_u32(struct buf *b, uint32_t v)
{
    const uint8_t p[4] = { (uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v };

    buf_add(b, p, sizeof p);
}

static inline void wr_u64(struct buf *b, uint64_t v)
{
    wr_u32(b, (uint32_t)(v >> 32));
    wr_u32(b, (uint32_t)v);
}

/* Write v over the four bytes at offset at, which the buffer already has. */
static inline void wr_u32_at(struct buf *b, size_t at, uint32_t v)
{
    if (b->full || at + 4 > b->len)
        return;
    b->data[at] = (char)(v >> 24);
    b->data[at + 1] = (char)(v >> 16);
    b->data[at + 2] = (char)(v >> 8);
    b->data[at + 3] = (char)v;
}

#endif
