#include "engine/session.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/log.h"

/* The wheel: one ring of timers per tick of 256 ms, 262 s round.  A deadline
 * farther away stays in its ring until the wheel has come round. */
#define SESSION_TICK_SHIFT 8
#define SESSION_TICKS 1024

#define SESSION_SLOTS_MAX UINT32_MAX

struct session_table {
    size_t max, count;
    const unsigned char *seal;
    struct session **slots;             /* by the low half of the id; NULL = free */
    uint32_t slot_count;                /* slots ever used: the others are free */
    uint32_t *free_slots;               /* of those ever used */
    uint32_t free_count;
    uint32_t serial;                    /* high half of the last id given */
    struct session **buckets;           /* by msisdn and code */
    size_t bucket_mask;
    char **codes;                       /* interned; a tree has a handful */
    size_t code_count;
    struct session_timer wheel[SESSION_TICKS];  /* heads of rings */
    int64_t tick;                       /* no armed timer stands before it */
    struct session *dying;
};

/* --- states ------------------------------------------------------------------- */

#define SESSION_BIT(state) (1u << (state))

static const struct session_rule {
    const char *name;
    unsigned next;                      /* states we may go to, one bit each */
} session_rules[SESSION_STATES] = {
    [SESSION_NEW] = { "new", SESSION_BIT(SESSION_LOADING) | SESSION_BIT(SESSION_GONE) },
    [SESSION_LOADING] = { "loading", SESSION_BIT(SESSION_READY) | SESSION_BIT(SESSION_GONE) },
    [SESSION_READY] = { "ready", SESSION_BIT(SESSION_RUNNING) | SESSION_BIT(SESSION_GONE) },
    [SESSION_RUNNING] = { "running", SESSION_BIT(SESSION_WRITING) | SESSION_BIT(SESSION_READY) |
                                     SESSION_BIT(SESSION_GONE) },
    [SESSION_WRITING] = { "writing", SESSION_BIT(SESSION_READY) | SESSION_BIT(SESSION_GONE) },
    [SESSION_GONE] = { "gone", 0 },
};

void session_enter(struct session *s, enum session_state next)
{
    assert((session_rules[s->state].next & SESSION_BIT(next)) != 0);
    log_debug("session=%" PRIx64 " event=enter from=%s to=%s", s->id, session_rules[s->state].name,
              session_rules[next].name);
    s->state = next;
}

/* --- the table ------------------------------------------------------------------ */

static void session_ring_init(struct session_timer *head)
{
    head->prev = head->next = head;
}

struct session_table *session_table_new(size_t max)
{
    struct session_table *t = xcalloc(1, sizeof *t);
    size_t buckets = 64;

    assert(max > 0 && max < SESSION_SLOTS_MAX);
    while (buckets < max)
        buckets *= 2;
    t->max = max;
    t->slots = xcalloc(max, sizeof(struct session *));
    t->free_slots = xcalloc(max, sizeof *t->free_slots);
    t->buckets = xcalloc(buckets, sizeof(struct session *));
    t->bucket_mask = buckets - 1;
    for (int i = 0; i < SESSION_TICKS; i++)
        session_ring_init(&t->wheel[i]);
    return t;
}

static void session_free(struct session *s)
{
    buf_fini(&s->values.packed);
    buf_fini(&s->path);
    buf_fini(&s->reply);
    free(s->agent);
    free(s);
}

void session_table_free(struct session_table *t)
{
    if (t == NULL)
        return;
    session_reap(t);
    for (uint32_t i = 0; i < t->slot_count; i++)
        if (t->slots[i] != NULL)
            session_free(t->slots[i]);
    for (size_t i = 0; i < t->code_count; i++)
        free(t->codes[i]);
    free(t->codes);
    free(t->slots);
    free(t->free_slots);
    free(t->buckets);
    free(t);
}

size_t session_table_count(const struct session_table *t)
{
    return t->count;
}

static const char *session_code(struct session_table *t, const char *code)
{
    for (size_t i = 0; i < t->code_count; i++)
        if (strcmp(t->codes[i], code) == 0)
            return t->codes[i];
    t->codes = xrealloc(t->codes, (t->code_count + 1) * sizeof(char *));
    t->codes[t->code_count] = xstrdup(code);
    return t->codes[t->code_count++];
}

/* FNV-1a, 64 bits, folded: numbers differ in their last digits. */
static uint64_t session_hash(const char *msisdn, const char *code)
{
    uint64_t h = UINT64_C(14695981039346656037);

    for (; *msisdn != '\0'; msisdn++)
        h = (h ^ (unsigned char)*msisdn) * UINT64_C(1099511628211);
    for (; *code != '\0'; code++)
        h = (h ^ (unsigned char)*code) * UINT64_C(1099511628211);
    return h ^ h >> 32;
}

static struct session **session_bucket(const struct session_table *t, const char *msisdn, const char *code)
{
    return &t->buckets[session_hash(msisdn, code) & t->bucket_mask];
}

struct session *session_find_key(struct session_table *t, const char *msisdn, const char *code)
{
    struct session *s = *session_bucket(t, msisdn, code);

    while (s != NULL && (strcmp(s->msisdn, msisdn) != 0 || strcmp(s->code, code) != 0))
        s = s->hash_next;
    return s;
}

struct session *session_find(struct session_table *t, uint64_t id)
{
    uint32_t slot = (uint32_t)id;

    if (slot >= t->slot_count || t->slots[slot] == NULL || t->slots[slot]->id != id)
        return NULL;
    return t->slots[slot];
}

void session_table_seal(struct session_table *t, const unsigned char *key)
{
    t->seal = key;
}

struct session *session_open(struct session_table *t, const char *msisdn, const char *code)
{
    struct session *s = session_find_key(t, msisdn, code);
    struct session **bucket;
    uint32_t slot;

    if (s != NULL || t->count == t->max)
        return s;
    s = xcalloc(1, sizeof *s);
    slot = t->free_count > 0 ? t->free_slots[--t->free_count] : t->slot_count++;
    if (++t->serial == 0)               /* so that no id is 0 */
        t->serial = 1;
    s->id = (uint64_t)t->serial << 32 | slot;
    assert(strlen(msisdn) < sizeof s->msisdn);
    memcpy(s->msisdn, msisdn, strlen(msisdn));
    s->code = session_code(t, code);
    buf_init(&s->values.packed, SESSION_VALUES_MAX);
    buf_init(&s->path, EVENT_TEXT_MAX);
    buf_init(&s->reply, SESSION_REPLY_MAX);
    s->seal = t->seal;
    session_clear(s);
    bucket = session_bucket(t, msisdn, code);
    s->hash_next = *bucket;
    *bucket = s;
    t->slots[slot] = s;
    t->count++;
    return s;
}

void session_forget(struct session_table *t, struct session *s)
{
    struct session **at = session_bucket(t, s->msisdn, s->code);
    uint32_t slot = (uint32_t)s->id;

    assert(t->slots[slot] == s);
    session_enter(s, SESSION_GONE);
    session_timer_set(t, s, 0);
    while (*at != s)
        at = &(*at)->hash_next;
    *at = s->hash_next;
    t->slots[slot] = NULL;
    t->free_slots[t->free_count++] = slot;
    t->count--;
    s->hash_next = t->dying;
    t->dying = s;
}

void session_reap(struct session_table *t)
{
    while (t->dying != NULL) {
        struct session *s = t->dying;

        t->dying = s->hash_next;
        session_free(s);
    }
}

void session_each(struct session_table *t, void (*fn)(void *arg, struct session *s), void *arg)
{
    for (uint32_t i = 0; i < t->slot_count; i++)
        if (t->slots[i] != NULL)
            fn(arg, t->slots[i]);
}

/* --- timers ----------------------------------------------------------------------- */

static struct session *session_of_timer(struct session_timer *timer)
{
    return (struct session *)(void *)((char *)timer - offsetof(struct session, timer));
}

static void session_timer_unlink(struct session_timer *timer)
{
    timer->prev->next = timer->next;
    timer->next->prev = timer->prev;
    timer->prev = timer->next = NULL;
}

static void session_timer_link(struct session_timer *head, struct session_timer *timer)
{
    timer->prev = head->prev;
    timer->next = head;
    head->prev->next = timer;
    head->prev = timer;
}

void session_timer_set(struct session_table *t, struct session *s, int64_t deadline)
{
    int64_t tick = deadline >> SESSION_TICK_SHIFT;

    if (s->timer.next != NULL)
        session_timer_unlink(&s->timer);
    s->timer.deadline = deadline;
    if (deadline == 0)
        return;
    if (tick < t->tick)
        tick = t->tick;                 /* already due: the next look finds it */
    session_timer_link(&t->wheel[tick % SESSION_TICKS], &s->timer);
}

/* Move what is due in one ring to due; how many, at most max. */
static int session_collect(struct session_timer *ring, int64_t now, int max, struct session_timer *due)
{
    struct session_timer *next;
    int n = 0;

    for (struct session_timer *at = ring->next; at != ring && n < max; at = next) {
        next = at->next;
        if (at->deadline > now)
            continue;
        session_timer_unlink(at);
        session_timer_link(due, at);
        n++;
    }
    return n;
}

void session_expire(struct session_table *t, int64_t now, int max,
                    void (*fn)(void *arg, struct session *s), void *arg)
{
    int64_t last = now >> SESSION_TICK_SHIFT;
    struct session_timer due;
    int n = 0;

    session_ring_init(&due);
    if (last - t->tick >= SESSION_TICKS)
        t->tick = last - SESSION_TICKS + 1;     /* a whole round: every ring once */
    for (;;) {
        n += session_collect(&t->wheel[t->tick % SESSION_TICKS], now, max - n, &due);
        if (n == max || t->tick >= last)
            break;
        t->tick++;
    }
    while (due.next != &due) {
        struct session *s = session_of_timer(due.next);

        session_timer_set(t, s, 0);
        fn(arg, s);
    }
}
