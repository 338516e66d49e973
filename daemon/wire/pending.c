#include "wire/pending.h"

#include <stdlib.h>
#include <string.h>

/* the ids are random (RFC 4122 version 4), so four of their octets are a hash */
#define HASH_FUNCTION(key, len, hash) memcpy(&(hash), key, 4)
#include <uthash.h>

#include "base/alloc.h"

struct pending_one {
    UT_hash_handle hh;              /* keeps the order they were added in */
    struct pending_one *next_free;
    uint8_t id[16];
    int64_t since;
    char token[PENDING_TOKEN_SIZE];
};

struct pending {
    struct pending_one *table;      /* head of the hash: the oldest */
    struct pending_one *free;
    struct pending_one *all;
};

struct pending *pending_new(int max)
{
    struct pending *p = xcalloc(1, sizeof *p);

    p->all = xcalloc((size_t)max, sizeof *p->all);
    for (int i = max - 1; i >= 0; i--) {
        p->all[i].next_free = p->free;
        p->free = &p->all[i];
    }
    return p;
}

void pending_free(struct pending *p)
{
    if (p == NULL)
        return;
    HASH_CLEAR(hh, p->table);
    free(p->all);
    free(p);
}

int pending_count(const struct pending *p)
{
    return (int)HASH_COUNT(p->table);
}

static struct pending_one *pending_find(const struct pending *p, const uint8_t id[16])
{
    struct pending_one *one;

    HASH_FIND(hh, p->table, id, 16, one);
    return one;
}

bool pending_add(struct pending *p, const uint8_t id[16], const char *token, int64_t now)
{
    struct pending_one *one = p->free;
    size_t n = strlen(token);

    if (one == NULL || n >= sizeof one->token || pending_find(p, id) != NULL)
        return false;
    p->free = one->next_free;
    memcpy(one->id, id, sizeof one->id);
    memcpy(one->token, token, n + 1);
    one->since = now;
    HASH_ADD(hh, p->table, id, sizeof one->id, one);
    return true;
}

static bool pending_remove(struct pending *p, struct pending_one *one, char token[PENDING_TOKEN_SIZE])
{
    if (one == NULL)
        return false;
    memcpy(token, one->token, sizeof one->token);
    HASH_DEL(p->table, one);
    one->next_free = p->free;
    p->free = one;
    return true;
}

bool pending_take(struct pending *p, const uint8_t id[16], char token[PENDING_TOKEN_SIZE])
{
    return pending_remove(p, pending_find(p, id), token);
}

bool pending_take_oldest(struct pending *p, char token[PENDING_TOKEN_SIZE])
{
    return pending_remove(p, p->table, token);
}

int64_t pending_oldest(const struct pending *p)
{
    return p->table != NULL ? p->table->since : INT64_MAX;
}
