#include "app/tally.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "store/reach.h"

#define TALLY_SLOTS 4096                /* a power of two */
#define TALLY_FULL 2500                 /* from then on keys that are new are "other" */
#define TALLY_FULLER 3500               /* and screens too */
#define TALLY_MS 5000
#define TALLY_BLOCK_MS 90000
#define TALLY_DAY_MS (INT64_C(24) * 3600 * 1000)
#define TALLY_OTHER "other"
#define TALLY_CONTINUE "continue?"      /* no screen of the menus: names have no such sign */

struct tally_slot {
    struct reach_sum sum;               /* screen and key: below */
    char screen[FLOW_WAS_SCREEN], key[64];
    bool used;
};

struct tally {
    struct store *store;
    struct reach_teller done;
    struct buf rows;                    /* scratch */
    int used;
    int64_t next;                       /* clock_mono() */
    bool waits;                         /* for an answer */
    struct tally_slot slots[TALLY_SLOTS];
};

/* A page of a dialogue, as it is counted. */
struct tally_page {
    const char *screen, *lang;
};

static uint64_t tally_hash(uint64_t h, const char *text, size_t max)
{
    for (size_t i = 0; i < max && text[i] != '\0'; i++)
        h = (h ^ (unsigned char)text[i]) * UINT64_C(1099511628211);
    return (h ^ 0xff) * UINT64_C(1099511628211);
}

static struct tally_slot *tally_find(struct tally *t, int32_t day, enum reach_kind kind, const char *screen, const char *key)
{
    uint64_t h = tally_hash((UINT64_C(14695981039346656037) ^ (uint64_t)day) * 31 + (uint64_t)kind, screen, FLOW_WAS_SCREEN - 1);
    size_t at;

    h = tally_hash(h, key, sizeof t->slots[0].key - 1);
    for (at = (h ^ h >> 32) % TALLY_SLOTS; t->slots[at].used; at = (at + 1) % TALLY_SLOTS) {
        const struct tally_slot *p = &t->slots[at];

        if (p->sum.day == day && p->sum.kind == kind && strncmp(p->screen, screen, sizeof p->screen - 1) == 0 &&
            strncmp(p->key, key, sizeof p->key - 1) == 0)
            break;
    }
    return &t->slots[at];
}

/* The sums under this key; NULL where memory holds no more. */
static int64_t *tally_sums(struct tally *t, int32_t day, enum reach_kind kind, const char *screen, const char *key)
{
    struct tally_slot *p = tally_find(t, day, kind, screen, key);

    if (!p->used && t->used >= TALLY_FULL) {
        key = TALLY_OTHER;
        p = tally_find(t, day, kind, screen, key);
    }
    if (!p->used && t->used >= TALLY_FULLER) {
        screen = screen[0] != '\0' ? TALLY_OTHER : screen;
        p = tally_find(t, day, kind, screen, key);
    }
    if (!p->used) {
        if (t->used == TALLY_SLOTS - 1)
            return NULL;
        *p = (struct tally_slot){ .sum = { .day = day, .kind = kind }, .used = true };
        memcpy(p->screen, screen, strnlen(screen, sizeof p->screen - 1));
        memcpy(p->key, key, strnlen(key, sizeof p->key - 1));
        t->used++;
    }
    return p->sum.sums;
}

/* --- where dialogues are left --------------------------------------------------------------- */

static void tally_page(struct tally *t, int32_t day, const struct session *s, const struct tally_page *page, const char *link,
                       int came, int gone)
{
    const char *const keys[] = { [REACH_SCRIPT] = page->lang, [REACH_LINK] = link,
                                 [REACH_UNION] = s->place[0] != '\0' ? s->place : "unknown" };

    for (int kind = REACH_SCRIPT; kind <= REACH_UNION; kind++) {
        int64_t *sums = tally_sums(t, day, (enum reach_kind)kind, page->screen, keys[kind]);

        if (sums != NULL) {
            sums[0] += came;
            sums[1] += gone;
        }
    }
}

static const char *tally_screen(enum session_mode mode, const char *name)
{
    return mode == SESSION_ASKS_RESUME ? TALLY_CONTINUE : name;
}

static void tally_pages(struct tally *t, int32_t day, const struct session *s, const struct flow_out *out, const char *link)
{
    const struct flow_was *was = &out->was;
    const struct tally_page left = { tally_screen(was->mode, was->screen), was->lang };
    const struct tally_page page = { tally_screen(s->mode, s->screen != MENU_NONE ? s->menu->screens[s->screen].name : ""),
                                     s->menu->langs[s->lang].id };
    bool went = !out->dialled && was->stood;
    bool same = went && strncmp(left.screen, page.screen, FLOW_WAS_SCREEN - 1) == 0 &&
                strncmp(left.lang, page.lang, FLOW_WAS_LANG - 1) == 0;

    if (same && !s->reply_end)
        return;
    if (went)
        tally_page(t, day, s, &left, link, 0, -1);
    if (page.screen[0] != '\0')
        tally_page(t, day, s, &page, link, !same, !s->reply_end);
}

/* --- how long they keep the network ------------------------------------------------------------ */

static int64_t tally_blocks(int64_t ms)
{
    return ms > TALLY_BLOCK_MS ? (ms + TALLY_BLOCK_MS - 1) / TALLY_BLOCK_MS : 1;
}

static void tally_dial(struct tally *t, int32_t day, const char *link, bool dealt, int way, int64_t ms, int64_t most_ms)
{
    int64_t *sums = tally_sums(t, day, dealt ? REACH_TRANSACTION : REACH_ENQUIRY, "", link);

    if (sums == NULL)
        return;
    sums[0] += way;
    sums[1] += way * ms;
    sums[2] += way * tally_blocks(ms);
    sums[3] += way * tally_blocks(most_ms);
}

/* What the dial was counted as until now is taken back, and what it has become is added. */
static void tally_length(struct tally *t, int32_t day, const struct session *s, const struct flow_out *out, const char *link,
                         int idle_ms)
{
    int64_t before = out->was.seen > s->began ? out->was.seen - s->began : 0;
    int64_t ms = s->seen > s->began ? s->seen - s->began : 0;

    if (!out->dialled)
        tally_dial(t, day, link, out->was.dealt, -1, before, out->was.stood ? before + idle_ms : before);
    tally_dial(t, day, link, s->dealt, 1, ms, s->reply_end ? ms : ms + idle_ms);
}

void tally_step(struct tally *t, const struct session *s, const struct flow_out *out, const char *link, int idle_ms)
{
    int32_t day = (int32_t)((s->began + s->menu->utc_offset_min * INT64_C(60000)) / TALLY_DAY_MS);

    tally_pages(t, day, s, out, link);
    tally_length(t, day, s, out, link, idle_ms);
}

/* --- the day's sums --------------------------------------------------------------------------- */

static void tally_on_done(void *arg, bool done)
{
    struct tally *t = arg;

    t->waits = false;
    if (!done)
        log_warn("event=reach_lost reason=\"some seconds of kheya funnel and kheya cost may not be counted\"");
}

void tally_tick(struct tally *t, bool now)
{
    if (t->waits || t->used == 0 || (!now && t->used < TALLY_FULL / 2 && clock_mono() < t->next))
        return;
    reach_rows_begin(&t->rows);
    for (int i = 0; i < TALLY_SLOTS; i++) {
        struct tally_slot *p = &t->slots[i];

        if (p->used)
            reach_rows_add(&t->rows, &p->sum, p->screen, p->key);
        p->used = false;
    }
    t->used = 0;
    t->waits = true;
    t->next = clock_mono() + TALLY_MS;
    reach_count(t->store, &t->rows, &t->done);
}

bool tally_is_idle(const struct tally *t)
{
    return !t->waits && t->used == 0;
}

struct tally *tally_new(struct store *store)
{
    struct tally *t = xcalloc(1, sizeof *t);

    t->store = store;
    t->done = (struct reach_teller){ tally_on_done, t };
    buf_init(&t->rows, REACH_ROWS_MAX);
    return t;
}

void tally_free(struct tally *t)
{
    if (t == NULL)
        return;
    buf_fini(&t->rows);
    free(t);
}
