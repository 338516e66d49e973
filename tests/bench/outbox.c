/*
 * outbox - steps that cause a message, and takes of messages, by the daemon's own
 * store: for tests/bench/run, which fills the outbox beforehand.
 *
 *   outbox --database CONNINFO --step|--take [--open N] [--warm MS] [--measure MS]
 *
 * --step: N subscribers, each with a step under way that writes its session and
 * one message; a time is from the request to its commit.  --take: takes of up to
 * N messages one after the other, each marked as accepted by bearerbox; a time is
 * from the request to the first message.  One line of JSON, as ceiling.c prints it.
 */
#include <event2/event.h>
#include <getopt.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "measure.h"
#include "store/store.h"

struct dialogue {
    char msisdn[32];
    int32_t turn;
    int64_t began;
};

static struct {
    const char *conninfo;
    bool take;
    long open, warm_ms, measure_ms;
    struct event_base *base;
    struct store *store;
    bool up, ended;
    struct dialogue *dialogues;
    struct hist hist;
    uint64_t messages, errors;
    int64_t asked;                      /* when the take under way was, 0 none */
    char state[200];
} b = { .open = 512, .warm_ms = 500, .measure_ms = 3000 };

static void bench_step(long i)
{
    struct dialogue *d = &b.dialogues[i];
    char cause[64];
    const struct store_message m = { .cause = cause, .receiver = d->msisdn, .link = "gp", .lang = "bn",
                                     .class = "transactional", .text = "333: Complaint 8123056783 received.",
                                     .due = clock_now() };
    const struct store_step step = {
        .msisdn = d->msisdn, .code = "*333#", .turn = d->turn + 1, .open = true, .generation = 1, .at = clock_now(),
        .screen = "main", .state = b.state, .state_len = sizeof b.state, .messages = &m, .message_count = 1,
    };

    snprintf(cause, sizeof cause, "bench/%s/%" PRId32, d->msisdn, d->turn + 1);
    d->began = clock_mono_us();
    store_write(b.store, (uint64_t)i, &step);
}

static void on_written(void *arg, uint64_t ticket, enum store_outcome outcome)
{
    struct dialogue *d = &b.dialogues[ticket];

    (void)arg;
    if (outcome == STORE_WRITTEN) {
        d->turn++;
        b.messages++;
        hist_add(&b.hist, clock_mono_us() - d->began);
    } else {
        b.errors++;
    }
    if (!b.ended)
        bench_step((long)ticket);
}

static void bench_take(void)
{
    const struct store_taking what = { .lanes = { { "gp", (int)b.open, true } }, .lane_count = 1, .fallback = "gp",
                                       .cap = 3, .tomorrow = clock_now() + 3600000 };

    b.asked = clock_mono_us();
    store_outbox_take(b.store, &what);
}

static void on_outgoing(void *arg, const struct store_outgoing *m)
{
    (void)arg;
    if (b.asked != 0)
        hist_add(&b.hist, clock_mono_us() - b.asked);
    b.asked = 0;
    b.messages++;
    store_outbox_mark(b.store, &(struct store_mark){ .bucket = m->bucket, .id = m->id, .state = STORE_SMS_ACCEPTED,
                                                     .note = "", .segments = 1 });
}

static void on_state(void *arg, bool up)
{
    (void)arg;
    b.up = up;
}

static void on_loaded(void *arg, uint64_t ticket, const struct store_session *s, bool failed)
{
    (void)arg;
    b.dialogues[ticket].turn = failed ? 0 : s->turn;
    b.messages++;
}

static const struct store_ops ops = {
    .state = on_state, .written = on_written, .outgoing = on_outgoing, .loaded = on_loaded,
};

static void turn(void)
{
    struct timeval tv = { 0, 1000 };

    if (b.take && b.asked == 0 && !b.ended)
        bench_take();
    store_flush(b.store);
    event_base_loopexit(b.base, &tv);
    event_base_loop(b.base, EVLOOP_ONCE);
    store_flush(b.store);
}

static void run_for(int64_t ms)
{
    int64_t end = clock_mono() + ms;

    while (clock_mono() < end)
        turn();
}

static void begin(void)
{
    const struct store_args args = { .base = b.base, .conninfo = b.conninfo, .ops = &ops };
    int64_t end = clock_mono() + 20000;

    b.store = store_new(&args);
    while (!b.up && clock_mono() < end)
        turn();
    if (!b.up)
        measure_die("outbox: no database");
    b.dialogues = xcalloc((size_t)b.open, sizeof *b.dialogues);
    for (long i = 0; i < b.open; i++) {
        snprintf(b.dialogues[i].msisdn, sizeof b.dialogues[i].msisdn, "8801%ld", MEASURE_NUMBER_BASE + i);
        if (!b.take)
            store_load(b.store, (uint64_t)i, b.dialogues[i].msisdn, "*333#");
    }
    while (!b.take && b.messages < (uint64_t)b.open)
        turn();
    for (long i = 0; !b.take && i < b.open; i++)
        bench_step(i);
}

static void measure(void)
{
    int64_t began;
    int64_t us;

    run_for(b.warm_ms);
    memset(&b.hist, 0, sizeof b.hist);
    b.messages = 0;
    began = clock_mono_us();
    run_for(b.measure_ms);
    us = clock_mono_us() - began;
    b.ended = true;
    printf("{\"open\":%ld,\"steps\":%" PRIu64 ",\"seconds\":%.3f,\"rate\":%.0f,\"p50_us\":%" PRIu64 ",\"p99_us\":%" PRIu64
           ",\"max_us\":%" PRId64 ",\"self_us\":0,\"errors\":%" PRIu64 "}\n",
           b.open, b.messages, (double)us / 1e6, (double)b.messages * 1e6 / (double)us, hist_quantile(&b.hist, 0.5),
           hist_quantile(&b.hist, 0.99), b.hist.max, b.errors);
    run_for(200);                       /* what is under way */
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        { "database", required_argument, NULL, 'd' }, { "open", required_argument, NULL, 'o' },
        { "step", no_argument, NULL, 's' }, { "take", no_argument, NULL, 't' },
        { "warm", required_argument, NULL, 'w' }, { "measure", required_argument, NULL, 'm' }, { NULL, 0, NULL, 0 },
    };
    bool step = false;
    int o;

    while ((o = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (o) {
        case 'd': b.conninfo = optarg; break;
        case 'o': b.open = measure_long("--open", optarg, 1, 100000); break;
        case 's': step = true; break;
        case 't': b.take = true; break;
        case 'w': b.warm_ms = measure_long("--warm", optarg, 0, 3600000); break;
        case 'm': b.measure_ms = measure_long("--measure", optarg, 1, 3600000); break;
        default: b.conninfo = NULL; break;
        }
    }
    if (b.conninfo == NULL || step == b.take || optind != argc)
        measure_die("usage: outbox --database CONNINFO --step|--take [--open N] [--warm MS] [--measure MS]");
    b.base = event_base_new();
    begin();
    measure();
    store_free(b.store);
    event_base_free(b.base);
    free(b.dialogues);
    return 0;
}
