/*
 * ceiling - what the array statement of the steps reaches alone: no sessions, no menus, no bearer.
 *
 *   ceiling --database CONNINFO [--open N] [--numbers N] [--state OCTETS] [--batch N] [--connections N]
 *           [--warm MS] [--measure MS] [--watch NAME=PID] [--tree NAME=PID]
 *
 * Writes the rows that kheyad writes, by the statement that kheyad prepares, in
 * a tight loop: N steps wait at once, each connection has one statement in
 * flight, and takes what waits as soon as the one before has committed.  Each
 * number has its row before the measurement begins.  Prints one line of JSON,
 * as boxload does.  The database must have the tables (kheya migrate).
 */
#include <getopt.h>
#include <libpq-fe.h>
#include <poll.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "measure.h"
#include "store/array.h"
#include "store/sessions.h"

#define CEILING_CONNECTIONS 8
#define CEILING_COLUMNS 9
#define CEILING_BATCH 512           /* as many as kheyad puts into one, unless told */

static const enum array_type types[CEILING_COLUMNS] = { ARRAY_INT2, ARRAY_TEXT, ARRAY_TEXT, ARRAY_INT4, ARRAY_BOOL,
                                                        ARRAY_INT8, ARRAY_INT8, ARRAY_TEXT, ARRAY_BYTEA };

struct number {
    char msisdn[32];
    int16_t bucket;
    int32_t turn;                   /* of its row; 0 none */
    int64_t since;                  /* us: when its step began to wait */
};

struct lane {
    PGconn *conn;
    struct number **rows;           /* in flight */
    int count;
    struct array columns[CEILING_COLUMNS];
};

static struct {
    const char *conninfo;
    long open, numbers, state_len, batch, connections, warm_ms, measure_ms;
    struct number *all;
    struct number **ring;           /* the numbers that have no step, in random order */
    long ring_head, ring_len;
    struct number **ready;          /* those whose step waits */
    long ready_head, ready_len;
    char *state;
    struct lane lanes[CEILING_CONNECTIONS];
    struct watches watches;
    struct hist hist;
    int64_t batches;
    uint64_t lost;
} c = {
    .open = 512, .numbers = 20000, .state_len = 200, .batch = CEILING_BATCH, .connections = 2, .warm_ms = 1000,
    .measure_ms = 5000,
};

static int by_key(const void *x, const void *y)
{
    const struct number *a = *(struct number *const *)x;
    const struct number *b = *(struct number *const *)y;

    return a->bucket != b->bucket ? a->bucket - b->bucket : strcmp(a->msisdn, b->msisdn);
}

/* A new step waits: of the number that has been at rest longest. */
static void begin_step(int64_t now)
{
    struct number *n = c.ring[c.ring_head];

    c.ring_head = (c.ring_head + 1) % c.numbers;
    c.ring_len--;
    n->since = now;
    c.ready[(c.ready_head + c.ready_len++) % c.open] = n;
}

static void send_rows(struct lane *l)
{
    const char *values[CEILING_COLUMNS];
    int lengths[CEILING_COLUMNS];
    int formats[CEILING_COLUMNS];
    int64_t at = clock_now();

    qsort(l->rows, (size_t)l->count, sizeof(struct number *), by_key);
    for (int i = 0; i < CEILING_COLUMNS; i++)
        array_begin(&l->columns[i], types[i]);
    for (int i = 0; i < l->count; i++) {
        const struct number *n = l->rows[i];

        array_int2(&l->columns[0], n->bucket);
        array_bytes(&l->columns[1], n->msisdn, strlen(n->msisdn));
        array_bytes(&l->columns[2], "*333#", 5);
        array_int4(&l->columns[3], n->turn + 1);
        array_bool(&l->columns[4], 1);
        array_int8(&l->columns[5], 1);
        array_int8(&l->columns[6], at);
        array_bytes(&l->columns[7], "allowance.start", 15);
        array_bytes(&l->columns[8], c.state, (size_t)c.state_len);
    }
    for (int i = 0; i < CEILING_COLUMNS; i++) {
        array_end(&l->columns[i]);
        values[i] = l->columns[i].bytes.data;
        lengths[i] = (int)l->columns[i].bytes.len;
        formats[i] = 1;
    }
    if (PQsendQueryPrepared(l->conn, "step", CEILING_COLUMNS, values, lengths, formats, 1) != 1)
        measure_die("ceiling: %s", PQerrorMessage(l->conn));
}

static void send_ready(struct lane *l)
{
    long most = c.batch < (c.open + 1) / 2 ? c.batch : (c.open + 1) / 2;    /* so that two can be in flight */

    while (l->count < most && c.ready_len > 0) {
        l->rows[l->count++] = c.ready[c.ready_head];
        c.ready_head = (c.ready_head + 1) % c.open;
        c.ready_len--;
    }
    if (l->count > 0)
        send_rows(l);
}

/* The rows of a lane have committed. */
static void take_result(struct lane *l, bool go_on)
{
    PGresult *r;
    int64_t now;
    int written = -1;

    while ((r = PQgetResult(l->conn)) != NULL) {
        if (PQresultStatus(r) != PGRES_TUPLES_OK)
            measure_die("ceiling: %s", PQresultErrorMessage(r));
        written = PQntuples(r);
        PQclear(r);
    }
    now = clock_mono_us();
    c.batches++;
    if (written != l->count)
        c.lost += (uint64_t)(l->count - written);
    for (int i = 0; i < l->count; i++) {
        struct number *n = l->rows[i];

        hist_add(&c.hist, now - n->since);
        n->turn++;
        c.ring[(c.ring_head + c.ring_len++) % c.numbers] = n;
        if (go_on)
            begin_step(now);
    }
    l->count = 0;
}

static void turn(bool go_on)
{
    struct pollfd fds[CEILING_CONNECTIONS];

    for (long i = 0; i < c.connections; i++) {
        if (go_on && c.lanes[i].count == 0)
            send_ready(&c.lanes[i]);
        fds[i] = (struct pollfd){ .fd = c.lanes[i].count > 0 ? PQsocket(c.lanes[i].conn) : -1, .events = POLLIN };
    }
    if (poll(fds, (nfds_t)c.connections, 10000) < 1)
        measure_die("ceiling: no answer for ten seconds");
    for (long i = 0; i < c.connections; i++) {
        if (fds[i].revents == 0)
            continue;
        if (PQconsumeInput(c.lanes[i].conn) != 1)
            measure_die("ceiling: %s", PQerrorMessage(c.lanes[i].conn));
        if (!PQisBusy(c.lanes[i].conn))
            take_result(&c.lanes[i], go_on);
    }
}

static bool in_flight(void)
{
    for (long i = 0; i < c.connections; i++)
        if (c.lanes[i].count > 0)
            return true;
    return false;
}

static void run_for(int64_t ms)
{
    int64_t end = clock_mono_us() + ms * 1000;

    while (clock_mono_us() < end)
        turn(true);
}

static void want(PGresult *r, ExecStatusType status)
{
    if (PQresultStatus(r) != status)
        measure_die("ceiling: %s", PQresultErrorMessage(r));
    PQclear(r);
}

/* Begin with an empty table, and give every number its row. */
static void fill(void)
{
    struct lane *l = &c.lanes[0];
    PGresult *r;

    want(PQexecParams(l->conn, "TRUNCATE kheya.session", 0, NULL, NULL, NULL, NULL, 0), PGRES_COMMAND_OK);
    for (long i = 0; i < c.numbers;) {
        while (l->count < c.batch && i < c.numbers)
            l->rows[l->count++] = &c.all[i++];
        send_rows(l);
        while ((r = PQgetResult(l->conn)) != NULL)
            want(r, PGRES_TUPLES_OK);
        for (int k = 0; k < l->count; k++)
            l->rows[k]->turn = 1;
        l->count = 0;
    }
}

static void connect_lanes(void)
{
    for (long i = 0; i < c.connections; i++) {
        struct lane *l = &c.lanes[i];

        l->conn = PQconnectdb(c.conninfo);
        if (PQstatus(l->conn) != CONNECTION_OK)
            measure_die("ceiling: %s", PQerrorMessage(l->conn));
        want(PQexecParams(l->conn, "SET plan_cache_mode = force_generic_plan", 0, NULL, NULL, NULL, NULL, 0),
             PGRES_COMMAND_OK);
        want(PQprepare(l->conn, "step", sessions_sql(SESSIONS_WRITE_STEPS), 0, NULL), PGRES_COMMAND_OK);
        l->rows = xcalloc((size_t)c.batch, sizeof *l->rows);
        for (int k = 0; k < CEILING_COLUMNS; k++)
            array_init(&l->columns[k], 256u << 20);
    }
}

static void make_numbers(void)
{
    uint32_t seed = 1;

    c.all = xcalloc((size_t)c.numbers, sizeof *c.all);
    c.ring = xcalloc((size_t)c.numbers, sizeof *c.ring);
    c.ready = xcalloc((size_t)c.open, sizeof *c.ready);
    c.state = xcalloc(1, (size_t)c.state_len + 1);
    for (long i = 0; i < c.state_len; i++) {
        seed = seed * 1664525u + 1013904223u;
        c.state[i] = (char)(seed >> 24);
    }
    for (long i = 0; i < c.numbers; i++) {
        struct number *n = &c.all[i];

        snprintf(n->msisdn, sizeof n->msisdn, "8801%09ld", MEASURE_NUMBER_BASE + i);
        n->bucket = store_bucket(n->msisdn);
        c.ring[i] = n;
    }
    for (long i = c.numbers - 1; i > 0; i--) {
        long k;
        struct number *n = c.ring[i];

        seed = seed * 1664525u + 1013904223u;
        k = (long)((uint64_t)seed * (uint64_t)(i + 1) >> 32);
        c.ring[i] = c.ring[k];
        c.ring[k] = n;
    }
    c.ring_len = c.numbers;
}

static int64_t cpu_us(void)
{
    struct rusage u;

    getrusage(RUSAGE_SELF, &u);
    return (int64_t)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000 + u.ru_utime.tv_usec + u.ru_stime.tv_usec;
}

static void measure(void)
{
    int64_t began;
    int64_t us;
    int64_t cpu;

    for (long i = 0; i < c.open; i++)
        begin_step(clock_mono_us());
    run_for(c.warm_ms);
    memset(&c.hist, 0, sizeof c.hist);
    c.batches = 0;
    c.lost = 0;
    watch_begin(&c.watches);
    cpu = cpu_us();
    began = clock_mono_us();
    run_for(c.measure_ms);
    us = clock_mono_us() - began;
    cpu = cpu_us() - cpu;
    printf("{\"open\":%ld,\"steps\":%" PRIu64 ",\"batches\":%" PRId64 ",\"seconds\":%.3f,\"rate\":%.0f,\"p50_us\":%"
           PRIu64 ",\"p99_us\":%" PRIu64 ",\"max_us\":%" PRId64 ",\"self_us\":%" PRId64 ",\"errors\":%" PRIu64,
           c.open, c.hist.count, c.batches, (double)us / 1e6, (double)c.hist.count * 1e6 / (double)us,
           hist_quantile(&c.hist, 0.5), hist_quantile(&c.hist, 0.99), c.hist.max, cpu, c.lost);
    watch_print(&c.watches);
    printf("}\n");
    while (in_flight())
        turn(false);
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        { "database", required_argument, NULL, 'd' }, { "open", required_argument, NULL, 'o' },
        { "numbers", required_argument, NULL, 'n' }, { "state", required_argument, NULL, 's' },
        { "batch", required_argument, NULL, 'b' }, { "connections", required_argument, NULL, 'k' },
        { "warm", required_argument, NULL, 'w' }, { "measure", required_argument, NULL, 'm' },
        { "watch", required_argument, NULL, 'p' }, { "tree", required_argument, NULL, 't' },
        { NULL, 0, NULL, 0 },
    };
    int o;

    while ((o = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (o) {
        case 'd': c.conninfo = optarg; break;
        case 'o': c.open = measure_long("--open", optarg, 2, 1000000); break;
        case 'n': c.numbers = measure_long("--numbers", optarg, 2, MEASURE_NUMBERS_MAX); break;
        case 's': c.state_len = measure_long("--state", optarg, 0, 1000000); break;
        case 'b': c.batch = measure_long("--batch", optarg, 1, 100000); break;
        case 'k': c.connections = measure_long("--connections", optarg, 1, CEILING_CONNECTIONS); break;
        case 'w': c.warm_ms = measure_long("--warm", optarg, 0, 3600000); break;
        case 'm': c.measure_ms = measure_long("--measure", optarg, 1, 3600000); break;
        case 'p': watch_add(&c.watches, optarg, false); break;
        case 't': watch_add(&c.watches, optarg, true); break;
        default: c.conninfo = NULL; optind = argc + 1; break;
        }
        if (optind > argc)
            break;
    }
    if (c.conninfo == NULL || optind != argc)
        measure_die("usage: ceiling --database CONNINFO [--open N] [--numbers N] [--state OCTETS] [--batch N] "
                    "[--connections N] [--warm MS] [--measure MS] [--watch NAME=PID] [--tree NAME=PID]");
    if (c.numbers < c.open)
        c.numbers = c.open;
    make_numbers();
    connect_lanes();
    fill();
    measure();
    for (long i = 0; i < c.connections; i++)
        PQfinish(c.lanes[i].conn);
    return 0;
}
