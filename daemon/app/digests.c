#include "app/digests.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "app/generations.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/event.h"
#include "base/log.h"
#include "base/stats.h"
#include "engine/officer_words.h"
#include "engine/verdict.h"
#include "store/store.h"

#define DIGESTS_LOOK_MS 20000           /* how often is looked who has had none today */
#define DIGESTS_TEXT_MAX 1000
#define DIGESTS_HOUR_MS (3600 * INT64_C(1000))

/* One officer's, on its way: her queue is asked for, then it is written. */
struct digests_item {
    TAILQ_ENTRY(digests_item) link;
    struct digests *owner;
    int32_t day;
    char msisdn[EVENT_MSISDN_MAX], lang[4], cause[64];
    struct store_officer_done done;
};
TAILQ_HEAD(digests_items, digests_item);

struct digests {
    struct store *store;
    struct generations *generations;
    int hour;
    int64_t looked;                     /* clock_mono() ms */
    bool looking;
    struct store_officer_done done;
    struct digests_items items;
    struct verdict_waiting waiting;     /* scratch */
    struct buf text;
};

struct digests *digests_new(struct store *store, struct generations *generations, int hour)
{
    struct digests *d = xcalloc(1, sizeof *d);

    d->store = store;
    d->generations = generations;
    d->hour = hour;
    d->looked = clock_mono() - DIGESTS_LOOK_MS;
    TAILQ_INIT(&d->items);
    buf_init(&d->text, DIGESTS_TEXT_MAX);
    return d;
}

static void digests_drop(struct digests_item *i)
{
    TAILQ_REMOVE(&i->owner->items, i, link);
    free(i);
}

void digests_free(struct digests *d)
{
    if (d == NULL)
        return;
    while (!TAILQ_EMPTY(&d->items))
        digests_drop(TAILQ_FIRST(&d->items));
    buf_fini(&d->text);
    free(d);
}

void digests_queue(struct digests *d, const struct store_officer *her, int64_t now, struct store_officer_done *done)
{
    struct store_waiting w;

    verdict_waiting(generations_current(d->generations), &d->waiting);
    w = (struct store_waiting){ d->waiting.services, d->waiting.states, d->waiting.count };
    store_officer_queue(d->store, her, &w, now, done);
}

void digests_say(struct buf *out, const char *lang, const struct store_queue *q, int64_t now)
{
    const struct officer_values v = { .n = q->waiting, .m = q->overdue };

    officer_say(out, lang, q->waiting > 0 ? OFFICER_WORD_QUEUE : OFFICER_WORD_EMPTY, &v);
    for (int i = 0; i < q->count; i++)
        officer_say_waiting(out, lang, q->rows[i].number, q->rows[i].due, now);
}

/* --- each morning ---------------------------------------------------------------------- */

static void digests_on_written(void *arg, uint64_t ticket, const struct store_officer_answer *a)
{
    (void)ticket;
    if (!a->lost)
        stats_inc(officers_digests);
    digests_drop(arg);                  /* lost: she is found again at the next look */
}

/* No text, but the day is over for her, if nothing waits. */
static void digests_on_queue(void *arg, uint64_t ticket, const struct store_officer_answer *a)
{
    struct digests_item *i = arg;
    struct digests *d = i->owner;
    struct store_message m = { .cause = i->cause, .receiver = i->msisdn, .link = "", .lang = i->lang,
                               .class = "transactional", .text = "", .due = clock_now() };

    (void)ticket;
    if (a->lost) {
        digests_drop(i);
        return;
    }
    buf_clear(&d->text);
    if (a->queue.waiting > 0)
        digests_say(&d->text, i->lang, &a->queue, m.due);
    m.text = buf_str(&d->text);
    i->done = (struct store_officer_done){ digests_on_written, i, 0 };
    store_officer_digest(d->store, &m, i->day, &i->done);
}

static void digests_on_officer(void *arg, uint64_t day, const struct store_officer_answer *a)
{
    struct digests *d = arg;
    struct digests_item *i;

    if (!a->found) {                    /* the last word */
        d->looking = false;
        return;
    }
    i = xcalloc(1, sizeof *i);
    i->owner = d;
    i->day = (int32_t)day;
    snprintf(i->msisdn, sizeof i->msisdn, "%s", a->officer.msisdn);
    snprintf(i->lang, sizeof i->lang, "%s", a->officer.lang);
    snprintf(i->cause, sizeof i->cause, "digest/%d/%" PRId32, a->officer.id, i->day);
    i->done = (struct store_officer_done){ digests_on_queue, i, 0 };
    TAILQ_INSERT_TAIL(&d->items, i, link);
    digests_queue(d, &a->officer, clock_now(), &i->done);
}

void digests_tick(struct digests *d)
{
    int offset = generations_current(d->generations)->utc_offset_min;
    int64_t now = clock_now();
    int32_t day = clock_day(now, offset);
    int64_t since = now + offset * INT64_C(60000) - day * 24 * DIGESTS_HOUR_MS;

    if (d->hour < 0 || d->looking || !TAILQ_EMPTY(&d->items) || clock_mono() - d->looked < DIGESTS_LOOK_MS)
        return;
    d->looked = clock_mono();
    if (since < d->hour * DIGESTS_HOUR_MS)
        return;
    d->looking = true;
    d->done = (struct store_officer_done){ digests_on_officer, d, (uint64_t)day };
    store_officer_digests(d->store, day, &d->done);
}
