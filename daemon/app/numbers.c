#include "app/numbers.h"

#include <assert.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "store/store.h"

#define NUMBERS_SERIES 10               /* 1..9 used */
#define NUMBERS_LEASE 64

struct numbers_pool {
    int64_t next;
    int left;
    bool asked;                         /* a lease is on its way */
    uint64_t *waiters;
    int waiter_count, waiter_cap;
};

struct numbers {
    struct store *store;
    numbers_fn *fn;
    void *arg;
    struct numbers_pool pools[NUMBERS_SERIES];
};

struct numbers *numbers_new(struct store *store, numbers_fn *fn, void *arg)
{
    struct numbers *n = xcalloc(1, sizeof *n);

    n->store = store;
    n->fn = fn;
    n->arg = arg;
    return n;
}

void numbers_free(struct numbers *n)
{
    if (n == NULL)
        return;
    for (int i = 0; i < NUMBERS_SERIES; i++)
        free(n->pools[i].waiters);
    free(n);
}

static void numbers_ask(struct numbers *n, int series)
{
    struct numbers_pool *p = &n->pools[series];

    if (p->asked)
        return;
    p->asked = true;
    store_lease(n->store, (uint64_t)series, series, NUMBERS_LEASE);
}

bool numbers_take(struct numbers *n, int series, uint64_t waiter, int64_t *out)
{
    struct numbers_pool *p;

    assert(series >= 1 && series < NUMBERS_SERIES);
    p = &n->pools[series];
    if (p->left < NUMBERS_LEASE / 4)
        numbers_ask(n, series);
    if (p->left > 0) {
        *out = p->next++;
        p->left--;
        return true;
    }
    if (p->waiter_count == p->waiter_cap) {
        p->waiter_cap = p->waiter_cap > 0 ? 2 * p->waiter_cap : 16;
        p->waiters = xrealloc(p->waiters, (size_t)p->waiter_cap * sizeof *p->waiters);
    }
    p->waiters[p->waiter_count++] = waiter;
    return false;
}

void numbers_leased(struct numbers *n, uint64_t ticket, int64_t first, int count)
{
    struct numbers_pool *p;
    uint64_t *waiters;
    int served = 0;
    int waiting;

    assert(ticket >= 1 && ticket < NUMBERS_SERIES);
    p = &n->pools[ticket];
    p->asked = false;
    if (first >= 0) {                   /* what was left of the old lease is wasted: at most a quarter */
        p->next = first;
        p->left = count;
    }
    /* fn may take numbers and wait again: work on a list of its own */
    waiters = p->waiters;
    waiting = p->waiter_count;
    p->waiters = NULL;
    p->waiter_count = 0;
    p->waiter_cap = 0;
    for (; served < waiting; served++) {
        int64_t number = -1;

        if (first >= 0 && p->left == 0) {
            numbers_take(n, (int)ticket, waiters[served], &number);
            continue;
        }
        if (p->left > 0) {
            number = p->next++;
            p->left--;
        }
        n->fn(n->arg, waiters[served], number);
    }
    free(waiters);
}
