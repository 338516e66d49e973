#include "base/alloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void alloc_check(const void *p)
{
    if (p == NULL) {
        fputs("<2>event=out_of_memory\n", stderr);
        abort();
    }
}

void *xcalloc(size_t n, size_t size)
{
    void *p = calloc(n > 0 ? n : 1, size > 0 ? size : 1);

    alloc_check(p);
    return p;
}

void *xrealloc(void *p, size_t size)
{
    void *q = realloc(p, size > 0 ? size : 1);

    alloc_check(q);
    return q;
}

char *xstrdup(const char *s)
{
    return xmemdup0(s, strlen(s));
}

char *xmemdup0(const void *p, size_t n)
{
    char *copy = xcalloc(n + 1, 1);

    if (n > 0)
        memcpy(copy, p, n);
    return copy;
}
