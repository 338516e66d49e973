/*
 * array.h - a PostgreSQL array of one dimension without NULLs, in the binary
 * form of the wire, built in place.
 *
 * One growing buffer for each column of a batch: a row is an append to each,
 * no allocation once the buffers have grown.
 */
#ifndef ARRAY_H
#define ARRAY_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum array_type {                       /* pg_type.oid of the elements */
    ARRAY_BOOL = 16,
    ARRAY_BYTEA = 17,
    ARRAY_INT8 = 20,
    ARRAY_INT2 = 21,
    ARRAY_INT4 = 23,
    ARRAY_TEXT = 25,
};

struct array {
    struct buf bytes;
    uint32_t count;
};

/* max: ceiling of its bytes; past it bytes.full is set. */
void array_init(struct array *a, size_t max);
void array_fini(struct array *a);

/* Begin anew; the memory is kept. */
void array_begin(struct array *a, enum array_type type);

void array_bool(struct array *a, int v);
void array_int2(struct array *a, int16_t v);
void array_int4(struct array *a, int32_t v);
void array_int8(struct array *a, int64_t v);
void array_bytes(struct array *a, const void *p, size_t n);     /* text and bytea */

/* Write the count into the head. */
void array_end(struct array *a);

#endif
