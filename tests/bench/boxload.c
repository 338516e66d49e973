/*
 * boxload - plays bearerbox for one kheyad: dials, answers, acknowledges, and
 * measures.
 *
 *   boxload --script FILE [--port N] [--first N] [--numbers N]
 *
 * Listens on loopback, prints "port N", and plays the dialogue of FILE with
 * one box.  Commands are lines on stdin, one JSON line answers each:
 *
 *   run OPEN WARM_MS MEASURE_MS [THINK_MS]   OPEN dialogues at a time, in a closed loop; each waits THINK_MS
 *                                            before it answers a page
 *   calls COUNT OPEN                         COUNT whole dialogues
 *   hold COUNT OPEN                          COUNT dialogues up to the last question, left there; the last command
 *   script FILE                              another dialogue
 *   watch NAME=PID, tree NAME=PID            processor time of a process, of a process and its children
 *
 * A step is a keypress until its page is here: MO out, MT in.  As bearerbox
 * does, every MT gets its acknowledgement and, for dlr_mask 8, the report that
 * the SMSC took it; and every MO must be acknowledged.  Numbers take turns, so
 * that each rests as long as possible.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/gsm.h"
#include "measure.h"
#include "wire/box.h"

#define BOX_READ (256u << 10)
#define BOX_CODE "*333#"
#define BOX_SMSC "ussd1"
#define REPORT_SLOT UINT32_MAX      /* in the id of a report, where an MO's has its call */

enum op { OP_BEGIN = 1, OP_CONTINUE = 2, OP_END = 17, OP_ANSWER = 18 };

enum call_state {
    CALL_FREE = 0,
    CALL_WAITS,                     /* sent a keypress */
    CALL_THINKS,                    /* has a page */
    CALL_HELD,                      /* left at its page */
};

struct call {
    enum call_state state;
    int32_t number;                 /* index of its msisdn */
    int step;
    uint16_t its;                   /* its_session_info: the telco's name of the dialogue */
    int64_t at;                     /* us: sent, or has its page since */
};

enum error { NO_REPLY = 0, NO_ACK, NACKED, WRONG_NUMBER, WRONG_SESSION, WRONG_OP, WRONG_TEXT, ERRORS };
static const char *const error_names[ERRORS] = {
    "no_reply", "no_ack", "nacked", "wrong_number", "wrong_session", "wrong_op", "wrong_text",
};

static struct {
    struct script script;
    struct watches watches;
    int fd;                         /* the box */
    char box_id[64];
    struct buf in, out, scratch, meta;
    size_t sent;                    /* octets of out */

    struct call *calls;
    int call_cap;
    int32_t *owner;                 /* by number: its call, -1 none */
    int32_t *ring;                  /* numbers at rest, longest first */
    long ring_head, ring_len, numbers, first;
    int32_t *thinkers;              /* calls that think, longest first */
    long think_head, think_len;

    uint64_t seq;
    uint32_t salt;
    int64_t now;                    /* us, of this turn */
    int32_t wall;                   /* s, likewise */

    /* of the command at hand */
    int64_t think_us;
    long begun, limit;              /* dialogues; limit 0: none */
    long ended, active;
    bool hold;
    int64_t unacked;                /* MO without acknowledgement, reports too */
    int64_t last_frame;             /* us */
    bool measuring;
    struct hist hist;
    uint64_t errors[ERRORS];
} b;

static void complain(enum error e, const char *fmt, const char *page, size_t n)
{
    /* the first of each kind is shown, all are counted */
    if (b.errors[e]++ == 0)
        fprintf(stderr, "boxload: %s: %s '%.*s'\n", error_names[e], fmt, (int)(n < 300 ? n : 300), n > 0 ? page : "");
}

/* --- frames out ------------------------------------------------------------------ */

/* RFC 4122 version 4 in form; tells which call it belongs to and never repeats. */
static void new_id(char out[BOX_UUID_SIZE], uint32_t slot)
{
    uint8_t id[16];

    b.seq++;
    for (int i = 0; i < 4; i++)
        id[i] = (uint8_t)(slot >> (24 - 8 * i));
    id[4] = (uint8_t)(b.salt >> 24);
    id[5] = (uint8_t)(b.salt >> 16);
    id[6] = 0x40;
    id[7] = (uint8_t)(b.salt >> 8);
    id[8] = 0x80;
    id[9] = (uint8_t)b.salt;
    for (int i = 0; i < 6; i++)
        id[10 + i] = (uint8_t)(b.seq >> (40 - 8 * i));
    box_uuid_print(out, id);
}

static struct box_str str(const char *s)
{
    return (struct box_str){ s, strlen(s) };
}

static void send_frame(const struct box_msg *m)
{
    if (!box_encode(&b.out, m))
        measure_die("boxload: a frame could not be queued (%zu octets wait)", b.out.len - b.sent);
}

static void send_ack(const char *id)
{
    struct box_msg m = { .type = BOX_ACK };

    m.u.ack.nack = BOX_ACK_SUCCESS;
    m.u.ack.time = b.wall;
    memcpy(m.u.ack.id, id, sizeof m.u.ack.id);
    send_frame(&m);
}

/* What bearerbox tells after submit_sm_resp. */
static void send_report(const struct box_sms *mt)
{
    struct box_msg m = { .type = BOX_SMS };
    struct box_sms *r = &m.u.sms;

    if (mt->dlr_mask < 0 || (mt->dlr_mask & 8) == 0)
        return;
    box_sms_init(r);
    new_id(r->id, REPORT_SLOT);
    buf_clear(&b.meta);
    buf_add(&b.meta, mt->meta_data.p, mt->meta_data.len);
    buf_addf(&b.meta, "?orig_msg?dlr_mask=%" PRId32 "&?smpp_resp?", mt->dlr_mask);
    r->sender = mt->receiver;
    r->receiver = mt->sender;
    r->msgdata = str("ACK/");
    r->time = b.wall;
    r->smsc_id = str(BOX_SMSC);
    r->foreign_id = str("5F3A01C2");
    r->sms_type = BOX_SMS_REPORT_MO;
    r->dlr_mask = 8;
    r->dlr_url = mt->dlr_url;
    r->boxc_id = mt->boxc_id;
    r->meta_data = (struct box_str){ b.meta.data, b.meta.len };
    b.unacked++;
    send_frame(&m);
}

static void send_step(int32_t slot)
{
    struct call *c = &b.calls[slot];
    struct box_msg m = { .type = BOX_SMS };
    struct box_sms *mo = &m.u.sms;
    const uint8_t op = c->step == 0 ? OP_BEGIN : OP_ANSWER;
    const uint8_t its[2] = { (uint8_t)(c->its >> 8), (uint8_t)c->its };
    char sender[24];

    box_sms_init(mo);
    new_id(mo->id, (uint32_t)slot);
    snprintf(sender, sizeof sender, "+8801%09ld", MEASURE_NUMBER_BASE + b.first + c->number);
    buf_clear(&b.meta);
    buf_adds(&b.meta, "?smpp?");
    box_meta_add(&b.meta, "ussd_service_op", &op, 1);
    box_meta_add(&b.meta, "its_session_info", its, sizeof its);
    mo->sender = str(sender);
    mo->receiver = str(BOX_CODE);
    mo->msgdata = str(b.script.steps[c->step].input);
    mo->time = b.wall;
    mo->smsc_id = str(BOX_SMSC);
    mo->sms_type = BOX_SMS_MO;
    mo->coding = 0;
    mo->meta_data = (struct box_str){ b.meta.data, b.meta.len };
    c->state = CALL_WAITS;
    c->at = b.now;
    b.unacked++;
    send_frame(&m);
}

/* --- dialogues --------------------------------------------------------------------- */

/* Begin one on slot; false when no more are wanted or every number is busy. */
static bool call_begin(int32_t slot)
{
    struct call *c = &b.calls[slot];

    if ((b.limit > 0 && b.begun == b.limit) || b.ring_len == 0)
        return false;
    *c = (struct call){ .number = b.ring[b.ring_head], .its = (uint16_t)(b.seq << 1) };
    b.ring_head = (b.ring_head + 1) % b.numbers;
    b.ring_len--;
    b.owner[c->number] = slot;
    b.begun++;
    b.active++;
    send_step(slot);
    return true;
}

/* The number of a dialogue that failed is not used again: what its row holds is unknown. */
static void call_end(int32_t slot, bool good)
{
    struct call *c = &b.calls[slot];

    b.owner[c->number] = -1;
    c->state = CALL_FREE;
    b.active--;
    b.ended++;
    if (good) {
        b.ring[(b.ring_head + b.ring_len) % b.numbers] = c->number;
        b.ring_len++;
    }
    (void)call_begin(slot);
}

static void call_next(int32_t slot)
{
    struct call *c = &b.calls[slot];

    c->step++;
    if (b.hold && c->step == b.script.count - 1) {
        c->state = CALL_HELD;
        b.active--;
        b.ended++;
        return;
    }
    if (b.think_us == 0) {
        send_step(slot);
        return;
    }
    c->state = CALL_THINKS;
    c->at = b.now;
    b.thinkers[(b.think_head + b.think_len++) % b.call_cap] = slot;
}

static void call_page(int32_t slot, const char *page, size_t n, int op)
{
    struct call *c = &b.calls[slot];
    bool last = c->step == b.script.count - 1;
    bool good = true;

    if (b.measuring)
        hist_add(&b.hist, b.now - c->at);
    if (op != (last ? OP_END : OP_CONTINUE)) {
        complain(WRONG_OP, "with", page, n);
        good = false;
    } else if (!script_sees(&b.script, c->step, page, n)) {
        complain(WRONG_TEXT, b.script.steps[c->step].input, page, n);
        good = false;
    }
    if (last || !good)
        call_end(slot, good);
    else
        call_next(slot);
}

/* --- frames in ---------------------------------------------------------------------- */

/* Whose page it is: the call that waits under this number, or -1. */
static int32_t find_call(struct box_str receiver)
{
    long n = 0;

    if (receiver.len != 14 || memcmp(receiver.p, "+8801", 5) != 0)
        return -1;
    for (size_t i = 5; i < receiver.len; i++)
        n = n * 10 + (receiver.p[i] - '0');
    n -= MEASURE_NUMBER_BASE + b.first;
    if (n < 0 || n >= b.numbers || b.owner[n] < 0 || b.calls[b.owner[n]].state != CALL_WAITS)
        return -1;
    return b.owner[n];
}

static void on_mt(const struct box_sms *mt)
{
    int32_t slot = find_call(mt->receiver);
    struct box_str page = mt->msgdata;
    const uint8_t *its;
    int op;

    send_ack(mt->id);
    send_report(mt);
    if (slot < 0) {
        complain(WRONG_NUMBER, "nobody waits; page", page.p, page.len);
        return;
    }
    buf_clear(&b.scratch);
    if (!box_meta_get(&b.scratch, mt->meta_data, "smpp", "ussd_service_op") || b.scratch.len != 1) {
        complain(WRONG_OP, "none", page.p, page.len);
        return;
    }
    op = (uint8_t)b.scratch.data[0];
    buf_clear(&b.scratch);
    if (!box_meta_get(&b.scratch, mt->meta_data, "smpp", "its_session_info") || b.scratch.len != 2) {
        complain(WRONG_SESSION, "none", page.p, page.len);
        return;
    }
    its = (const uint8_t *)b.scratch.data;
    if ((its[0] << 8 | its[1]) != b.calls[slot].its) {
        complain(WRONG_SESSION, "another dialogue's", page.p, page.len);
        return;
    }
    if (mt->coding == 2) {
        buf_clear(&b.scratch);
        if (gsm_from_utf16be(&b.scratch, page.p, page.len))
            page = (struct box_str){ b.scratch.data, b.scratch.len };
    }
    call_page(slot, page.p, page.len, op);
}

static void on_frame(const struct box_msg *m)
{
    b.last_frame = b.now;
    switch (m->type) {
    case BOX_ADMIN:
        snprintf(b.box_id, sizeof b.box_id, "%.*s", (int)m->u.admin.boxc_id.len, m->u.admin.boxc_id.p);
        break;
    case BOX_SMS:
        on_mt(&m->u.sms);
        break;
    case BOX_ACK:
        b.unacked--;
        if (m->u.ack.nack != BOX_ACK_SUCCESS)
            complain(NACKED, m->u.ack.id, "", 0);
        break;
    case BOX_HEARTBEAT:
    case BOX_WDP:
    case BOX_TYPES:
        break;
    }
}

static void read_box(void)
{
    struct box_msg m;
    size_t at = 0, used;
    enum box_status status;
    size_t mark = b.in.len;
    char *room = buf_grow(&b.in, BOX_READ);
    ssize_t n = room != NULL ? recv(b.fd, room, BOX_READ, 0) : -1;

    buf_cut(&b.in, mark + (n > 0 ? (size_t)n : 0));
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
        measure_die("boxload: the box has closed the connection");
    while ((status = box_decode(b.in.data + at, b.in.len - at, &m, &used)) == BOX_OK) {
        at += used;
        on_frame(&m);
    }
    if (status == BOX_BAD)
        measure_die("boxload: malformed frame from the box");
    buf_eat(&b.in, at);
}

static void write_box(void)
{
    ssize_t n;

    if (b.out.len == b.sent)
        return;
    n = send(b.fd, b.out.data + b.sent, b.out.len - b.sent, MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN && errno != EINTR)
        measure_die("boxload: the box has gone: %s", strerror(errno));
    b.sent += n > 0 ? (size_t)n : 0;
    buf_eat(&b.out, b.sent);
    b.sent = 0;
}

/* --- the loop ------------------------------------------------------------------------ */

static void expire(void)
{
    for (int32_t i = 0; i < b.call_cap; i++)
        if (b.calls[i].state == CALL_WAITS && b.now - b.calls[i].at > MEASURE_PATIENCE_US) {
            complain(NO_REPLY, b.script.steps[b.calls[i].step].input, "", 0);
            call_end(i, false);
        }
}

static void think(void)
{
    while (b.think_len > 0 && b.now - b.calls[b.thinkers[b.think_head]].at >= b.think_us) {
        int32_t slot = b.thinkers[b.think_head];

        b.think_head = (b.think_head + 1) % b.call_cap;
        b.think_len--;
        send_step(slot);
    }
}

static void tick(void)
{
    b.now = clock_mono_us();
    b.wall = (int32_t)(clock_now() / 1000);
}

/* One turn: wait for the box, at most ms. */
static void turn(int ms)
{
    static int64_t looked;
    struct pollfd p = { b.fd, (short)(POLLIN | (b.out.len > b.sent ? POLLOUT : 0)), 0 };

    if (poll(&p, 1, ms) < 0 && errno != EINTR)
        measure_die("boxload: poll: %s", strerror(errno));
    tick();
    if ((p.revents & (POLLIN | POLLHUP | POLLERR)) != 0)
        read_box();
    think();
    write_box();
    if (b.now - looked > 250000) {
        looked = b.now;
        expire();
    }
}

static void reserve(int open)
{
    if (open <= b.call_cap)
        return;
    b.calls = xrealloc(b.calls, (size_t)open * sizeof *b.calls);
    b.thinkers = xrealloc(b.thinkers, (size_t)open * sizeof *b.thinkers);
    memset(b.calls + b.call_cap, 0, (size_t)(open - b.call_cap) * sizeof *b.calls);
    b.call_cap = open;
}

/* Dialogues begin; with a time to think they are spread over the time that one lasts. */
static void begin(int open, long limit, int64_t think_us)
{
    int64_t lasts = think_us * (b.script.count - 1);
    int64_t from;
    int begun = 0;

    reserve(open);
    memset(b.errors, 0, sizeof b.errors);
    memset(&b.hist, 0, sizeof b.hist);
    b.begun = b.ended = 0;
    b.limit = limit;
    b.think_us = think_us;
    b.think_head = b.think_len = 0;
    tick();
    from = b.now;
    for (int32_t i = 0; i < b.call_cap && begun < open; i++) {
        if (b.calls[i].state != CALL_FREE)
            continue;
        begun++;
        if (!call_begin(i))
            break;
        while (b.now - from < lasts * begun / open)
            turn(1);
    }
    write_box();
}

/* No new ones; wait for those under way, then for the last acknowledgements. */
static void drain(void)
{
    int64_t until;

    b.limit = b.begun > 0 ? b.begun : 1;
    b.think_us = 0;
    while (b.active > 0)
        turn(100);
    until = b.now + MEASURE_PATIENCE_US;
    while (b.unacked > 0 && b.now < until)
        turn(100);
    b.errors[NO_ACK] += (uint64_t)(b.unacked > 0 ? b.unacked : 0);
    b.unacked = 0;
}

static int64_t own_cpu(void)
{
    struct rusage u;

    getrusage(RUSAGE_SELF, &u);
    return (int64_t)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000 + u.ru_utime.tv_usec + u.ru_stime.tv_usec;
}

static void print(int open, int64_t us, int64_t cpu)
{
    uint64_t errors = 0;

    printf("{\"open\":%d,\"steps\":%" PRIu64 ",\"dialogues\":%ld,\"seconds\":%.3f,\"rate\":%.0f,\"p50_us\":%" PRIu64
           ",\"p99_us\":%" PRIu64 ",\"max_us\":%" PRId64 ",\"self_us\":%" PRId64,
           open, b.hist.count, b.ended, (double)us / 1e6, us > 0 ? (double)b.hist.count * 1e6 / (double)us : 0.0,
           hist_quantile(&b.hist, 0.5), hist_quantile(&b.hist, 0.99), b.hist.max, cpu);
    watch_print(&b.watches);
    for (int i = 0; i < ERRORS; i++)
        errors += b.errors[i];
    printf(",\"errors\":%" PRIu64, errors);
    for (int i = 0; i < ERRORS; i++)
        if (b.errors[i] > 0)
            printf(",\"%s\":%" PRIu64, error_names[i], b.errors[i]);
}

static void do_run(int open, int64_t warm_us, int64_t measure_us, int64_t think_us)
{
    int64_t from, cpu;

    begin(open, 0, think_us);
    from = b.now;
    while (b.now - from < warm_us)
        turn(1);
    watch_begin(&b.watches);
    cpu = own_cpu();
    tick();
    from = b.now;
    b.ended = 0;
    b.measuring = true;
    while (b.now - from < measure_us)
        turn(1);
    b.measuring = false;
    print(open, b.now - from, own_cpu() - cpu);
    memset(b.errors, 0, sizeof b.errors);
    drain();
    printf(",\"unacked\":%" PRIu64 ",\"late_errors\":%" PRIu64 "}\n", b.errors[NO_ACK],
           b.errors[NO_REPLY] + b.errors[WRONG_NUMBER] + b.errors[WRONG_TEXT] + b.errors[WRONG_OP]);
}

static void do_calls(long count, int open, bool hold)
{
    int64_t from, cpu = own_cpu();

    if (count > b.ring_len)
        measure_die("boxload: %ld dialogues wanted, %ld numbers are at rest", count, b.ring_len);
    if (hold)
        reserve((int)count);
    watch_begin(&b.watches);
    b.hold = hold;
    b.measuring = true;
    tick();
    from = b.now;
    begin(open, count, 0);
    /* a held dialogue keeps its place, so another place begins the next one */
    for (int32_t i = 0; hold && b.begun < count; i = (i + 1) % b.call_cap) {
        while (b.active >= open)
            turn(100);
        if (b.calls[i].state == CALL_FREE)
            (void)call_begin(i);
    }
    while (b.begun < count || b.active > 0)
        turn(100);
    drain();
    b.measuring = b.hold = false;
    print(open, b.now - from, own_cpu() - cpu);
    printf("}\n");
}

static bool command(char *line)
{
    char what[16] = "", text[256] = "";
    long a = 0, c = 0, d = 0, e = 0;
    int n = sscanf(line, "%15s %ld %ld %ld %ld", what, &a, &c, &d, &e);

    if (sscanf(line, "script %255s", text) == 1) {
        script_read(&b.script, text);
        printf("{}\n");
    } else if (sscanf(line, "watch %255s", text) == 1 || sscanf(line, "tree %255s", text) == 1) {
        watch_add(&b.watches, text, line[0] == 't');
        printf("{}\n");
    } else if (strcmp(what, "run") == 0 && n >= 4 && a > 0 && a <= b.numbers)
        do_run((int)a, c * 1000, d * 1000, e * 1000);
    else if (strcmp(what, "calls") == 0 && n == 3 && c > 0)
        do_calls(a, (int)c, false);
    else if (strcmp(what, "hold") == 0 && n == 3 && c > 0)
        do_calls(a, (int)c, true);
    else
        return false;
    fflush(stdout);
    return true;
}

/* Between commands the box is still served: heartbeats, and its leaving is noticed. */
static void serve(void)
{
    char line[128];
    size_t len = 0;

    for (;;) {
        struct pollfd p[2] = { { STDIN_FILENO, POLLIN, 0 }, { b.fd, POLLIN, 0 } };

        if (poll(p, 2, -1) < 0)
            continue;
        tick();
        if ((p[1].revents & (POLLIN | POLLHUP)) != 0) {
            read_box();
            write_box();
        }
        if ((p[0].revents & (POLLIN | POLLHUP)) == 0)
            continue;
        if (len + 1 >= sizeof line || read(STDIN_FILENO, line + len, 1) != 1)
            return;
        if (line[len++] != '\n')
            continue;
        line[len - 1] = '\0';
        len = 0;
        if (!command(line))
            measure_die("boxload: no such command: %s", line);
    }
}

static void accept_box(int port)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    socklen_t len = sizeof a;
    const int on = 1;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
        bind(fd, (const struct sockaddr *)&a, sizeof a) < 0 || listen(fd, 1) < 0 ||
        getsockname(fd, (struct sockaddr *)&a, &len) < 0)
        measure_die("boxload: port %d: %s", port, strerror(errno));
    printf("port %d\n", ntohs(a.sin_port));
    fflush(stdout);
    b.fd = accept(fd, NULL, NULL);
    if (b.fd < 0 || fcntl(b.fd, F_SETFL, O_NONBLOCK) < 0)
        measure_die("boxload: accept: %s", strerror(errno));
    close(fd);
    while (b.box_id[0] == '\0')
        turn(100);
    printf("box %s\n", b.box_id);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        { "script", required_argument, NULL, 's' }, { "port", required_argument, NULL, 'p' },
        { "first", required_argument, NULL, 'f' },  { "numbers", required_argument, NULL, 'n' },
        { NULL, 0, NULL, 0 },
    };
    const char *script = NULL;
    int port = 0;
    int opt;

    b.numbers = 65536;
    while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (opt == 's')
            script = optarg;
        else if (opt == 'p')
            port = (int)measure_long("--port", optarg, 0, 65535);
        else if (opt == 'f')
            b.first = measure_long("--first", optarg, 0, MEASURE_NUMBERS_MAX);
        else if (opt == 'n')
            b.numbers = measure_long("--numbers", optarg, 1, MEASURE_NUMBERS_MAX);
        else
            return 2;
    }
    if (script == NULL || optind != argc)
        measure_die("usage: boxload --script FILE [--port N] [--first N] [--numbers N]");
    script_read(&b.script, script);
    buf_init(&b.in, BOX_FRAME_MAX + BOX_READ);
    buf_init(&b.out, 256u << 20);
    buf_init(&b.scratch, 1u << 20);
    buf_init(&b.meta, 1u << 16);
    b.owner = xcalloc((size_t)b.numbers, sizeof *b.owner);
    b.ring = xcalloc((size_t)b.numbers, sizeof *b.ring);
    for (long i = 0; i < b.numbers; i++) {
        b.owner[i] = -1;
        b.ring[i] = (int32_t)i;
    }
    b.ring_len = b.numbers;
    b.salt = (uint32_t)clock_now() ^ (uint32_t)getpid() << 16;
    accept_box(port);
    serve();
    return 0;
}
