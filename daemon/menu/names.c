#include "menu/names.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "menu/model.h"

#define NAMES_LONG 64                   /* nothing longer than this is compared letter by letter */

struct names_entry {
    const char *name;
    size_t len;
    uint32_t hash;
    int value;
};

struct names {
    struct arena *arena;
    struct names_entry *entries;        /* in the order they came */
    int count, cap;
    int *slots;                         /* index of an entry + 1; 0 = free; size - 1 is the mask */
    uint32_t size;                      /* a power of two, at least twice cap */
};

/* FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv/ */
static uint32_t names_hash(const char *s, size_t len)
{
    uint32_t h = 2166136261u;

    for (size_t i = 0; i < len; i++)
        h = (h ^ (unsigned char)s[i]) * 16777619u;
    return h;
}

struct names *names_new(struct arena *a)
{
    struct names *t = arena_alloc(a, sizeof *t);

    t->arena = a;
    return t;
}

/* The slot of a name, or the free one where it would go. */
static uint32_t names_slot(const struct names *t, const char *name, size_t len, uint32_t hash)
{
    uint32_t i = hash & (t->size - 1);

    while (t->slots[i] != 0) {
        const struct names_entry *e = &t->entries[t->slots[i] - 1];

        if (e->hash == hash && e->len == len && memcmp(e->name, name, len) == 0)
            break;
        i = (i + 1) & (t->size - 1);
    }
    return i;
}

/* The old arrays stay in the arena: at most as much again as the new ones. */
static void names_grow(struct names *t)
{
    int cap = t->cap > 0 ? t->cap * 2 : 16;
    struct names_entry *entries = arena_alloc(t->arena, (size_t)cap * sizeof *entries);

    if (t->count > 0)
        memcpy(entries, t->entries, (size_t)t->count * sizeof *entries);
    t->entries = entries;
    t->cap = cap;
    t->size = (uint32_t)cap * 2;
    t->slots = arena_alloc(t->arena, t->size * sizeof *t->slots);
    for (int i = 0; i < t->count; i++)
        t->slots[names_slot(t, entries[i].name, entries[i].len, entries[i].hash)] = i + 1;
}

int names_add(struct names *t, const char *name, int value)
{
    size_t len = strlen(name);
    uint32_t hash = names_hash(name, len);
    uint32_t slot;

    if (t->count == t->cap)
        names_grow(t);
    slot = names_slot(t, name, len, hash);
    if (t->slots[slot] != 0)
        return t->entries[t->slots[slot] - 1].value;
    t->entries[t->count] = (struct names_entry){ name, len, hash, value };
    t->slots[slot] = ++t->count;
    return MENU_NONE;
}

int names_find(const struct names *t, const char *name, size_t len)
{
    uint32_t slot;

    if (t->count == 0)
        return MENU_NONE;
    slot = names_slot(t, name, len, names_hash(name, len));
    return t->slots[slot] != 0 ? t->entries[t->slots[slot] - 1].value : MENU_NONE;
}

int names_count(const struct names *t)
{
    return t->count;
}

static int names_min(int a, int b)
{
    return a < b ? a : b;
}

static char names_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Letters to insert, drop, change or swap with a neighbour (the optimal string
 * alignment distance), or limit when it is not below that. */
static int names_distance(const char *a, int n, const char *b, int m, int limit)
{
    int rows[3][NAMES_LONG + 1];
    int *before = rows[0], *last = rows[1], *row = rows[2];

    if (n > NAMES_LONG || m > NAMES_LONG || n - m >= limit || m - n >= limit)
        return limit;
    for (int j = 0; j <= m; j++) {
        last[j] = j;
        before[j] = j;
    }
    for (int i = 1; i <= n; i++) {
        int *turn = before, least = i;

        row[0] = i;
        for (int j = 1; j <= m; j++) {
            bool same = names_lower(a[i - 1]) == names_lower(b[j - 1]);

            row[j] = names_min(names_min(last[j], row[j - 1]) + 1, last[j - 1] + !same);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = names_min(row[j], before[j - 2] + 1);
            least = names_min(least, row[j]);
        }
        if (least >= limit)
            return limit;
        before = last;
        last = row;
        row = turn;
    }
    return names_min(last[m], limit);
}

void names_consider(struct names_best *best, const char *wrong, size_t len, const char *candidate)
{
    size_t n = strlen(candidate);
    int limit, d, alike = 0;

    if (len > NAMES_LONG || n > NAMES_LONG)
        return;
    /* one slip in a short name, one in three letters of a longer one */
    limit = (best->name != NULL ? best->distance : names_min((int)(len < 3 ? 3 : len) / 3, 3)) + 1;
    d = names_distance(wrong, (int)len, candidate, (int)n, limit);
    if (d == limit || (size_t)d >= len)
        return;
    while ((size_t)alike < len && (size_t)alike < n && wrong[alike] == candidate[alike])
        alike++;
    if (best->name == NULL || d < best->distance || alike > best->alike)
        *best = (struct names_best){ candidate, d, alike };
}

const char *names_nearest(const struct names *t, const char *wrong, size_t len)
{
    struct names_best best = { .name = NULL };

    for (int i = 0; i < t->count; i++)
        names_consider(&best, wrong, len, t->entries[i].name);
    return best.name;
}
