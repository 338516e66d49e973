#include "store/array.h"

#include <string.h>

#include "base/bytes.h"

/* src/backend/utils/adt/arrayfuncs.c, array_recv(): dimensions, flags, element
 * type; for each dimension its length and lower bound; for each element its
 * length and bytes. */
#define ARRAY_COUNT_AT 12

void array_init(struct array *a, size_t max)
{
    buf_init(&a->bytes, max);
    a->count = 0;
}

void array_fini(struct array *a)
{
    buf_fini(&a->bytes);
}

void array_begin(struct array *a, enum array_type type)
{
    buf_clear(&a->bytes);
    a->count = 0;
    wr_u32(&a->bytes, 1);               /* dimensions */
    wr_u32(&a->bytes, 0);               /* no NULLs */
    wr_u32(&a->bytes, (uint32_t)type);
    wr_u32(&a->bytes, 0);               /* length: array_end() */
    wr_u32(&a->bytes, 1);               /* lower bound */
}

static inline void array_put(char *to, uint64_t v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        to[i] = (char)(v >> (8 * (n - 1 - i)));
}

/* Hot: every value of every step comes through here. */
static inline void array_fixed(struct array *a, uint64_t v, size_t n)
{
    char *to = buf_grow(&a->bytes, 4 + n);

    if (to == NULL)
        return;
    array_put(to, n, 4);
    array_put(to + 4, v, n);
    a->count++;
}

void array_bool(struct array *a, int v)
{
    array_fixed(a, v != 0, 1);
}

void array_int2(struct array *a, int16_t v)
{
    array_fixed(a, (uint16_t)v, 2);
}

void array_int4(struct array *a, int32_t v)
{
    array_fixed(a, (uint32_t)v, 4);
}

void array_int8(struct array *a, int64_t v)
{
    array_fixed(a, (uint64_t)v, 8);
}

void array_bytes(struct array *a, const void *p, size_t n)
{
    char *to;

    if (n > INT32_MAX) {
        a->bytes.full = true;
        return;
    }
    to = buf_grow(&a->bytes, 4 + n);
    if (to == NULL)
        return;
    array_put(to, n, 4);
    if (n > 0)
        memcpy(to + 4, p, n);
    a->count++;
}

void array_end(struct array *a)
{
    wr_u32_at(&a->bytes, ARRAY_COUNT_AT, a->count);
}
