#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

#define ARENA_BLOCK (64 * 1024)

struct arena_block {
    struct arena_block *next;
    size_t used;                    /* used <= size */
    size_t size;
    alignas(max_align_t) uint8_t data[];
};

struct arena {
    struct arena_block *blocks;     /* first: the one being filled */
    size_t used;
    size_t max;
};

struct arena *arena_new(size_t max)
{
    struct arena *a = xcalloc(1, sizeof *a);

    a->max = max;
    return a;
}

void arena_free(struct arena *a)
{
    struct arena_block *next;

    if (a == NULL)
        return;
    for (struct arena_block *b = a->blocks; b != NULL; b = next) {
        next = b->next;
        free(b);
    }
    free(a);
}

void *arena_alloc(struct arena *a, size_t n)
{
    struct arena_block *b = a->blocks;
    void *p;

    if (n > a->max - a->used || n > SIZE_MAX / 2)
        return NULL;
    n = (n + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
    if (b == NULL || n > b->size - b->used) {
        size_t size = n > ARENA_BLOCK / 4 ? n : ARENA_BLOCK;

        b = xcalloc(1, sizeof *b + size);
        b->size = size;
        /* a large piece has a block of its own, behind the one being filled */
        if (size != ARENA_BLOCK && a->blocks != NULL) {
            b->next = a->blocks->next;
            a->blocks->next = b;
        } else {
            b->next = a->blocks;
            a->blocks = b;
        }
    }
    p = b->data + b->used;
    b->used += n;
    a->used = n > a->max - a->used ? a->max : a->used + n;
    return p;
}

char *arena_memdup0(struct arena *a, const void *p, size_t n)
{
    char *copy = arena_alloc(a, n + 1);

    if (copy != NULL && n > 0)
        memcpy(copy, p, n);
    return copy;
}

char *arena_strdup(struct arena *a, const char *s)
{
    return arena_memdup0(a, s, strlen(s));
}

size_t arena_used(const struct arena *a)
{
    return a->used;
}
