#include "app/recent.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

/* citizens choose what the keys are made of: SipHash under a secret of this process */
#define HASH_FUNCTION(key, len, hash) ((hash) = recent_hash(key, len))
static unsigned recent_hash(const void *key, size_t len);
#include <uthash.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/bytes.h"
#include "menu/model.h"

#define RECENT_ANSWER_MAX 65536         /* octets of one answer; a larger one is not kept */

struct recent_answer {
    UT_hash_handle hh;
    TAILQ_ENTRY(recent_answer) age;
    int64_t at;                         /* ms since the epoch: when it was asked */
    const struct menu_record *record;   /* names of its columns; of a menu that lives as long as we */
    int count;
    size_t key_len;
    size_t size;
    const char **cells;                 /* count x fields, NULL = SQL NULL */
    char *texts;
    char key[];
};

TAILQ_HEAD(recent_ages, recent_answer);

struct recent {
    struct recent_answer *answers;      /* by key */
    struct recent_ages ages;            /* the oldest first */
    size_t octets, max;
    struct buf key;                     /* scratch */
};

static unsigned char recent_secret[crypto_shorthash_KEYBYTES];

static unsigned recent_hash(const void *key, size_t len)
{
    unsigned char out[crypto_shorthash_BYTES];
    unsigned hash;

    (void)crypto_shorthash(out, key, len, recent_secret);
    memcpy(&hash, out, sizeof hash);
    return hash;
}

struct recent *recent_new(size_t max_octets)
{
    struct recent *r = xcalloc(1, sizeof *r);

    randombytes_buf(recent_secret, sizeof recent_secret);       /* one table at a time: it is empty now */
    r->max = max_octets;
    TAILQ_INIT(&r->ages);
    buf_init(&r->key, RECENT_ANSWER_MAX);
    return r;
}

static void recent_drop(struct recent *r, struct recent_answer *a)
{
    HASH_DEL(r->answers, a);
    TAILQ_REMOVE(&r->ages, a, age);
    r->octets -= a->size;
    free(a->cells);
    free(a->texts);
    free(a);
}

void recent_free(struct recent *r)
{
    struct recent_answer *a;

    if (r == NULL)
        return;
    while ((a = TAILQ_FIRST(&r->ages)) != NULL)
        recent_drop(r, a);
    buf_fini(&r->key);
    free(r);
}

/* Generation, query and arguments, each argument with its length (or that it is NULL). */
static bool recent_key(struct recent *r, const struct menu *m, const struct flow_question *q)
{
    buf_clear(&r->key);
    wr_u64(&r->key, (uint64_t)m->generation);
    wr_u32(&r->key, (uint32_t)q->query);
    for (int i = 0; i < q->arg_count; i++) {
        size_t n = q->args[i] != NULL ? strlen(q->args[i]) : 0;

        wr_u32(&r->key, q->args[i] != NULL ? (uint32_t)n : UINT32_MAX);
        buf_add(&r->key, q->args[i], n);
    }
    return !r->key.full;
}

static struct recent_answer *recent_find(struct recent *r)
{
    struct recent_answer *a;

    HASH_FIND(hh, r->answers, r->key.data, r->key.len, a);
    return a;
}

static const char *recent_cell(const void *arg, int row, const char *column)
{
    const struct recent_answer *a = arg;

    for (int i = 0; i < a->record->field_count; i++)
        if (strcmp(a->record->fields[i].name, column) == 0)
            return a->cells[row * a->record->field_count + i];
    return NULL;
}

bool recent_get(struct recent *r, const struct menu *m, const struct flow_question *q, int64_t now,
                struct flow_rows *rows)
{
    const struct menu_query *query = &m->queries[q->query];
    const struct recent_answer *a;

    if (query->cache_ms == 0 || !recent_key(r, m, q))
        return false;
    a = recent_find(r);
    if (a == NULL || now < a->at || now - a->at > query->cache_ms)
        return false;
    *rows = (struct flow_rows){ .count = a->count, .cell = recent_cell, .arg = a };
    return true;
}

/* The cells of rows in one block; false when they are too many. */
static bool recent_copy(struct recent_answer *a, const struct flow_rows *rows)
{
    size_t cells = (size_t)rows->count * (size_t)a->record->field_count;
    struct buf texts;
    size_t at = 0;

    buf_init(&texts, RECENT_ANSWER_MAX);
    a->count = rows->count;
    a->cells = xcalloc(cells, sizeof *a->cells);
    for (size_t i = 0; i < cells; i++) {
        const struct menu_field *field = &a->record->fields[i % (size_t)a->record->field_count];
        const char *cell = rows->cell(rows->arg, (int)(i / (size_t)a->record->field_count), field->name);

        a->cells[i] = cell;             /* for now only: is it NULL? */
        if (cell != NULL)
            buf_add(&texts, cell, strlen(cell) + 1);
    }
    a->texts = texts.data;
    for (size_t i = 0; i < cells && !texts.full; i++)
        if (a->cells[i] != NULL) {
            a->cells[i] = a->texts + at;
            at += strlen(a->cells[i]) + 1;
        }
    a->size = sizeof *a + a->key_len + cells * sizeof *a->cells + texts.len;
    return !texts.full;
}

void recent_put(struct recent *r, const struct menu *m, const struct flow_question *q, int64_t now,
                const struct flow_rows *rows)
{
    const struct menu_query *query = &m->queries[q->query];
    struct recent_answer *a;

    if (query->cache_ms == 0 || rows->failed || !recent_key(r, m, q))
        return;
    a = recent_find(r);
    if (a != NULL)
        recent_drop(r, a);
    a = xcalloc(1, sizeof *a + r->key.len);
    a->key_len = r->key.len;
    memcpy(a->key, r->key.data, r->key.len);
    a->at = now;
    a->record = query->returns;
    if (!recent_copy(a, rows)) {
        free(a->cells);
        free(a->texts);
        free(a);
        return;
    }
    HASH_ADD(hh, r->answers, key, a->key_len, a);
    TAILQ_INSERT_TAIL(&r->ages, a, age);
    r->octets += a->size;
    while (r->octets > r->max)
        recent_drop(r, TAILQ_FIRST(&r->ages));
}
