/*
 * A bearerbox of our own in the same loop: it listens, sends messages, keeps
 * what it gets, and misbehaves to order.  Nothing here waits for time: each
 * step turns the loop until its condition holds.
 */
#include "wire/kannel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <errno.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/stats.h"

#define PEERS 3
#define KEPT 16384
#define GIVE_UP_MS 10000

#define USSD_BEGIN "?smpp?ussd_service_op=%01&its_session_info=%1A%02&"
#define USSD_ANSWER "?smpp?ussd_service_op=%12&its_session_info=%1A%02&"

/* --- the bearerbox ---------------------------------------------------------------- */

struct got {                        /* one frame that the box sent */
    enum box_type type;
    int number;                     /* ack: nack; admin: command; heartbeat: load */
    char id[BOX_UUID_SIZE];
    char text[64], smsc[64], token[64], name[64];
};

static struct event_base *base;
static int listener = -1;
static int port;
static int peers[PEERS];
static struct buf peer_in[PEERS];
static int accepted;                /* connections so far */
static bool deaf;                   /* does not read */
static struct got got[KEPT];
static int got_count;

static void copy(char *to, size_t size, struct box_str s)
{
    snprintf(to, size, "%.*s", (int)s.len, s.p != NULL ? s.p : "");
}

static void keep(const struct box_msg *m)
{
    struct got *g = &got[got_count];

    if (got_count == KEPT)
        return;
    got_count++;
    memset(g, 0, sizeof *g);
    g->type = m->type;
    if (m->type == BOX_ACK) {
        g->number = m->u.ack.nack;
        memcpy(g->id, m->u.ack.id, sizeof g->id);
    } else if (m->type == BOX_ADMIN) {
        g->number = m->u.admin.command;
        copy(g->name, sizeof g->name, m->u.admin.boxc_id);
    } else if (m->type == BOX_HEARTBEAT) {
        g->number = m->u.heartbeat.load;
    } else {
        memcpy(g->id, m->u.sms.id, sizeof g->id);
        copy(g->text, sizeof g->text, m->u.sms.msgdata);
        copy(g->smsc, sizeof g->smsc, m->u.sms.smsc_id);
        copy(g->token, sizeof g->token, m->u.sms.dlr_url);
        copy(g->name, sizeof g->name, m->u.sms.boxc_id);
    }
}

static void box_listen(void)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    const int on = 1;
    const int window = 16384;
    socklen_t len = sizeof a;

    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    assert_true(listener >= 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    /* fixed, so that a box that is not read cannot send much */
    setsockopt(listener, SOL_SOCKET, SO_RCVBUF, &window, sizeof window);
    assert_int_equal(bind(listener, (struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(listen(listener, 16), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&a, &len), 0);
    port = ntohs(a.sin_port);
}

static void box_hang_up(int peer)
{
    if (peers[peer] >= 0)
        close(peers[peer]);
    peers[peer] = -1;
    buf_clear(&peer_in[peer]);
}

/* With a reset, so that the next write of the box fails at once. */
static void box_reset(int peer)
{
    const struct linger now = { 1, 0 };

    setsockopt(peers[peer], SOL_SOCKET, SO_LINGER, &now, sizeof now);
    box_hang_up(peer);
}

static void box_accept(void)
{
    int fd = listener >= 0 ? accept4(listener, NULL, NULL, SOCK_NONBLOCK) : -1;

    if (fd < 0)
        return;
    for (int i = 0; i < PEERS; i++) {
        if (peers[i] < 0) {
            peers[i] = fd;
            accepted++;
            return;
        }
    }
    close(fd);
}

static void box_read(int peer)
{
    struct box_msg m;
    size_t used;
    char octets[65536];
    ssize_t n = recv(peers[peer], octets, sizeof octets, 0);

    if (n == 0 || (n < 0 && errno != EAGAIN)) {
        box_hang_up(peer);
        return;
    }
    if (n > 0)
        buf_add(&peer_in[peer], octets, (size_t)n);
    while (box_decode(peer_in[peer].data, peer_in[peer].len, &m, &used) == BOX_OK) {
        keep(&m);
        buf_eat(&peer_in[peer], used);
    }
}

static void box_turn(void)
{
    box_accept();
    for (int i = 0; i < PEERS && !deaf; i++)
        if (peers[i] >= 0)
            box_read(i);
}

static void box_send_octets(int peer, const void *p, size_t n)
{
    assert_int_equal(send(peers[peer], p, n, MSG_NOSIGNAL), n);
}

static void box_send(int peer, const struct box_msg *m)
{
    struct buf out;

    buf_init(&out, 1 << 20);
    assert_true(box_encode(&out, m));
    box_send_octets(peer, out.data, out.len);
    buf_fini(&out);
}

static struct box_str str(const char *s)
{
    return s != NULL ? (struct box_str){ s, strlen(s) } : (struct box_str){ NULL, 0 };
}

static struct box_msg mo_of(int number, const char *smsc, const char *text, const char *meta)
{
    struct box_msg m = { .type = BOX_SMS };

    box_sms_init(&m.u.sms);
    m.u.sms.sender = str("+8801712345678");
    m.u.sms.receiver = str("*333#");
    m.u.sms.msgdata = str(text);
    m.u.sms.time = 1700000000;
    m.u.sms.smsc_id = str(smsc);
    m.u.sms.sms_type = BOX_SMS_MO;
    m.u.sms.coding = 0;
    m.u.sms.meta_data = str(meta);
    snprintf(m.u.sms.id, sizeof m.u.sms.id, "00000000-0000-4000-8000-%012x", (unsigned)number);
    return m;
}

static void send_mo(int number, const char *text, const char *meta)
{
    struct box_msg m = mo_of(number, "ussd1", text, meta);

    box_send(0, &m);
}

static void send_report(int number, const char *token, int mask, const char *text)
{
    struct box_msg m = mo_of(number, "ussd1", text, "?orig_msg?dlr_mask=24&?smpp_resp?");

    m.u.sms.sms_type = BOX_SMS_REPORT_MO;
    m.u.sms.dlr_mask = mask;
    m.u.sms.dlr_url = str(token);
    box_send(0, &m);
}

static void send_ack(const char *id, int nack)
{
    struct box_msg m = { .type = BOX_ACK };

    m.u.ack.nack = nack;
    memcpy(m.u.ack.id, id, BOX_UUID_SIZE);
    box_send(0, &m);
}

static void send_admin(int command)
{
    struct box_msg m = { .type = BOX_ADMIN };

    m.u.admin.command = command;
    box_send(0, &m);
}

/* --- the owner ---------------------------------------------------------------------- */

struct told { char token[64]; enum kannel_result result; char reason[128]; };

static struct kannel *kannel, *second;
static int events, smses, ups, downs;
static struct event last;
static char last_text[1024];
static struct profile_to last_to;
static struct told told[KEPT];
static int told_count;
static void (*on_event_do)(struct kannel *k, const struct profile_to *to, const struct event *ev);

static void on_event(void *arg, struct kannel *k, const struct profile_to *to, const struct event *ev)
{
    (void)arg;
    events++;
    last = *ev;
    last_to = *to;
    snprintf(last_text, sizeof last_text, "%s", ev->text);
    if (on_event_do != NULL)
        on_event_do(k, to, ev);
}

static void on_sms(void *arg, struct kannel *k, const struct profile_to *to, const struct event *ev)
{
    smses++;
    on_event(arg, k, to, ev);
    events--;
}

static void on_result(void *arg, struct kannel *k, const char *token, enum kannel_result result, const char *reason)
{
    (void)arg;
    (void)k;
    if (told_count == KEPT)
        return;
    snprintf(told[told_count].token, sizeof told[0].token, "%s", token);
    snprintf(told[told_count].reason, sizeof told[0].reason, "%s", reason);
    told[told_count++].result = result;
}

static void on_state(void *arg, struct kannel *k, bool up)
{
    (void)arg;
    (void)k;
    if (up)
        ups++;
    else
        downs++;
}

static char notified[24];

static void on_notified(void *arg, struct kannel *k, const char *msisdn)
{
    (void)arg;
    (void)k;
    snprintf(notified, sizeof notified, "%s", msisdn);
}

static const struct kannel_ops ops = { on_event, on_sms, on_result, on_state, on_notified };

static void turn(void)
{
    event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
    if (kannel != NULL)
        kannel_flush(kannel);
    if (second != NULL)
        kannel_flush(second);
    box_turn();
}

#define UNTIL(condition)                                                     \
    do {                                                                     \
        int64_t give_up = clock_mono() + GIVE_UP_MS;                         \
                                                                             \
        while (!(condition)) {                                               \
            turn();                                                          \
            if (clock_mono() > give_up)                                      \
                fail_msg("line %d: never: %s", __LINE__, #condition);        \
        }                                                                    \
    } while (0)

/* Enough turns for what is on its way on loopback to arrive. */
static void settle(void)
{
    for (int i = 0; i < 200; i++)
        turn();
}

static int count(enum box_type type)
{
    int n = 0;

    for (int i = 0; i < got_count; i++)
        n += got[i].type == type;
    return n;
}

static const struct got *find(enum box_type type, int nth)
{
    for (int i = 0; i < got_count; i++)
        if (got[i].type == type && nth-- == 0)
            return &got[i];
    fail_msg("no such frame");
    return &got[0];
}

static struct profile profiles[3];

static struct kannel *open_box(struct kannel_args a)
{
    char address[32];

    snprintf(address, sizeof address, "127.0.0.1:%d", port);
    a.base = base;
    a.name = "gp";
    a.address = address;
    a.ops = &ops;
    if (a.profiles == NULL) {
        a.profiles = profiles;
        a.profile_count = 2;
    }
    a.retry_min_ms = a.retry_max_ms = 1;
    return kannel_new(&a);
}

static void connect_box(struct kannel_args a)
{
    a.box_id = "kheya";
    kannel = open_box(a);
    assert_non_null(kannel);
    UNTIL(kannel_is_up(kannel) && count(BOX_ADMIN) == 1);
}

static void answer(struct kannel *k, const struct profile_to *to, const struct event *ev)
{
    kannel_ack(k, &ev->id, BOX_ACK_SUCCESS);
    assert_true(kannel_reply(k, to, "1. Ha", 5, false, "tok"));
}

/* --- tests ------------------------------------------------------------------------------ */

static void identify_message_acknowledge_answer(void **state)
{
    (void)state;
    connect_box((struct kannel_args){ 0 });
    assert_int_equal(find(BOX_ADMIN, 0)->number, BOX_ADMIN_IDENTIFY);
    assert_string_equal(find(BOX_ADMIN, 0)->name, "kheya");
    assert_int_equal(ups, 1);
    assert_int_equal(stats_get(box_up), 1);

    on_event_do = answer;
    send_mo(7, "*333#", USSD_BEGIN);
    UNTIL(count(BOX_SMS) == 1);
    assert_int_equal(events, 1);
    assert_int_equal(last.kind, EVENT_BEGIN);
    assert_string_equal(last.msisdn, "8801712345678");
    assert_int_equal(last.at, INT64_C(1700000000000));
    assert_true(last.seen > 0);
    assert_int_equal(got[1].type, BOX_ACK);         /* in the order of the calls */
    assert_int_equal(got[1].number, BOX_ACK_SUCCESS);
    assert_string_equal(got[1].id, "00000000-0000-4000-8000-000000000007");
    assert_int_equal(got[2].type, BOX_SMS);
    assert_string_equal(got[2].text, "1. Ha");
    assert_string_equal(got[2].smsc, "ussd1");
    assert_string_equal(got[2].token, "tok");
    assert_string_equal(got[2].name, "kheya");
    assert_string_equal(kannel_name(kannel), "gp");
    assert_string_equal(kannel_profile(kannel, 0)->smsc_id, "ussd1");
    assert_null(kannel_profile(kannel, 2));
}

static void an_unnamed_box_says_so(void **state)
{
    (void)state;
    kannel = open_box((struct kannel_args){ .box_id = NULL });
    UNTIL(count(BOX_ADMIN) == 1);
    assert_string_equal(find(BOX_ADMIN, 0)->name, "");
}

static void acknowledgements_of_all_four_kinds(void **state)
{
    static const struct { int nack; enum kannel_result result; } table[] = {
        { 0, KANNEL_QUEUED }, { 1, KANNEL_REFUSED }, { 2, KANNEL_LATER }, { 3, KANNEL_QUEUED }, { 9, KANNEL_REFUSED },
    };
    char token[16];

    (void)state;
    connect_box((struct kannel_args){ 0 });
    for (int i = 0; i < 5; i++) {
        snprintf(token, sizeof token, "t%d", i);
        assert_true(kannel_reply(kannel, &last_to, "x", 1, false, token));
    }
    assert_int_equal(stats_get(box_queue), 5);
    UNTIL(count(BOX_SMS) == 5);
    for (int i = 4; i >= 0; i--)                /* not in their order */
        send_ack(find(BOX_SMS, i)->id, table[i].nack);
    send_ack(find(BOX_SMS, 0)->id, 0);          /* a second one changes nothing */
    send_ack("00000000-0000-4000-8000-000000000000", 0);
    UNTIL(told_count == 5);
    settle();
    assert_int_equal(told_count, 5);
    for (int i = 0; i < 5; i++) {
        snprintf(token, sizeof token, "t%d", 4 - i);
        assert_string_equal(told[i].token, token);
        assert_int_equal(told[i].result, table[4 - i].result);
    }
    assert_int_equal(stats_get(box_queue), 0);
    assert_true(kannel_is_up(kannel));
}

static void reports_of_every_mask_even_before_the_ack(void **state)
{
    static const struct { int mask; const char *text; enum kannel_result result; const char *reason; } table[] = {
        { 16, "NACK/0x0000000b/Invalid Destination Address", KANNEL_REJECTED,
          "NACK/0x0000000b/Invalid Destination Address" },
        { 8, "ACK/", KANNEL_SUBMITTED, "" },
        { 1, "id:1 sub:001 dlvrd:001 submit date:1 done date:1 stat:DELIVRD err:000 text:my PIN is 1234",
          KANNEL_DELIVERED, "DELIVRD" },
        { 2, "id:1 stat:EXPIRED err:003 text:my PIN is 1234", KANNEL_UNDELIVERED, "EXPIRED" },
        { 2, "my PIN is 1234", KANNEL_UNDELIVERED, "" },
    };

    (void)state;
    connect_box((struct kannel_args){ 0 });
    assert_true(kannel_reply(kannel, &last_to, "x", 1, false, "tok"));
    UNTIL(count(BOX_SMS) == 1);
    for (int i = 0; i < 5; i++)
        send_report(100 + i, "tok", table[i].mask, table[i].text);
    send_report(105, "tok", 4, "buffered");
    send_report(106, NULL, 8, "ACK/");
    send_report(107, "", 8, "ACK/");
    send_report(108, "0123456789012345678901234567890123456789012345678901234567890123", 8, "too long a token");
    send_ack(find(BOX_SMS, 0)->id, 1);
    UNTIL(count(BOX_ACK) == 9 && told_count == 6);
    for (int i = 0; i < 9; i++)
        assert_int_equal(find(BOX_ACK, i)->number, BOX_ACK_SUCCESS);
    for (int i = 0; i < 5; i++) {
        assert_string_equal(told[i].token, "tok");
        assert_int_equal(told[i].result, table[i].result);
        assert_string_equal(told[i].reason, table[i].reason);
    }
    assert_int_equal(told[5].result, KANNEL_REFUSED);
    assert_int_equal(events, 0);
}

static void a_lost_connection_comes_back_and_so_do_its_messages(void **state)
{
    struct event_id first;

    (void)state;
    connect_box((struct kannel_args){ 0 });
    send_mo(7, "1", USSD_ANSWER);
    UNTIL(events == 1);
    first = last.id;
    for (int i = 0; i < 3; i++)
        assert_true(kannel_reply(kannel, &last_to, "x", 1, false, "tok"));
    UNTIL(count(BOX_SMS) == 3);
    box_hang_up(0);
    UNTIL(downs == 1 && told_count == 3);
    for (int i = 0; i < 3; i++)
        assert_int_equal(told[i].result, KANNEL_LATER);
    assert_int_equal(stats_get(box_queue), 0);
    UNTIL(ups == 2 && count(BOX_ADMIN) == 2);       /* identified anew */
    assert_int_equal(accepted, 2);
    send_mo(7, "1", USSD_ANSWER);
    UNTIL(events == 2);
    assert_memory_equal(&last.id, &first, sizeof first);
    assert_int_equal(count(BOX_ACK), 0);
    kannel_ack(kannel, &first, BOX_ACK_SUCCESS);
    UNTIL(count(BOX_ACK) == 1);
    assert_int_equal(stats_get(box_up), 1);
}

static void nothing_is_queued_while_down(void **state)
{
    struct event_id id = { { 0 } };
    struct profile_sms sms = { "333", "8801712345678", "x", 1, "tok", false, 0 };

    (void)state;
    close(listener);
    listener = -1;
    kannel = open_box((struct kannel_args){ 0 });
    settle();
    assert_false(kannel_is_up(kannel));
    assert_false(kannel_reply(kannel, &last_to, "x", 1, false, "tok"));
    assert_false(kannel_sms(kannel, 0, &sms));
    kannel_ack(kannel, &id, BOX_ACK_SUCCESS);
    kannel_flush(kannel);
    assert_int_equal(ups + downs, 0);
    assert_int_equal(told_count, 0);
    box_listen();                                   /* bearerbox starts at last */
    UNTIL(count(BOX_ADMIN) == 1);
    assert_int_equal(got_count, 1);
    assert_int_equal(ups, 1);
}

static void a_malformed_frame_ends_the_connection_only(void **state)
{
    static const struct { const char *octets; size_t n; } table[] = {
        { "\0\0\0\x08\0\0\0\x09\0\0\0\0", 12 },
        { "\xff\xff\xff\xff", 4 },
        { "\0\0\0\x0d\0\0\0\x01\0\0\0\x03\xff\xff\xff\xfek", 17 },
        { "\0\0\0\0", 4 },
        { "GET / HTTP/1.1\r\n\r\n", 18 },
    };
    uint64_t bad = stats_get(box_frames_bad);

    (void)state;
    connect_box((struct kannel_args){ 0 });
    for (int i = 0; i < 5; i++) {
        box_send_octets(0, table[i].octets, table[i].n);
        UNTIL(downs == i + 1);
        UNTIL(ups == i + 2 && count(BOX_ADMIN) == i + 2 && peers[0] >= 0);
    }
    assert_int_equal(stats_get(box_frames_bad), bad + 5);
    send_mo(1, "1", USSD_ANSWER);
    UNTIL(events == 1);
}

static void good_frames_before_a_bad_one_count(void **state)
{
    struct box_msg m = mo_of(1, "ussd1", "1", USSD_ANSWER);
    struct buf out;

    (void)state;
    connect_box((struct kannel_args){ 0 });
    buf_init(&out, 4096);
    assert_true(box_encode(&out, &m));
    buf_add(&out, "\0\0\0\x01", 4);
    buf_addc(&out, 'x');
    box_send_octets(0, out.data, out.len);
    UNTIL(downs == 1);
    assert_int_equal(events, 1);
    buf_fini(&out);
}

static void messages_that_are_no_events_are_refused_and_survived(void **state)
{
    uint64_t bad = stats_get(events_bad);
    struct box_msg m;

    (void)state;
    connect_box((struct kannel_args){ 0 });
    m = mo_of(1, "nobody", "1", USSD_ANSWER);               /* unknown SMSC id */
    box_send(0, &m);
    m = mo_of(2, NULL, "1", USSD_ANSWER);                   /* none at all */
    box_send(0, &m);
    m = mo_of(3, "ussd1", "1", USSD_ANSWER);                /* without sender */
    m.u.sms.sender.p = NULL;
    box_send(0, &m);
    m = mo_of(4, "ussd1", "1", NULL);                       /* without operation */
    box_send(0, &m);
    m = mo_of(5, "ussd1", "abc", USSD_ANSWER);              /* odd UCS-2 */
    m.u.sms.coding = 2;
    box_send(0, &m);
    m = mo_of(6, "ussd1", "", USSD_ANSWER);                 /* NUL */
    m.u.sms.msgdata = (struct box_str){ "a\0b", 3 };
    box_send(0, &m);
    m = mo_of(7, "ussd1", "\xff\xfe", USSD_ANSWER);         /* invalid UTF-8 */
    box_send(0, &m);
    m = mo_of(8, "ussd1", "1", USSD_ANSWER);                /* an MT, to us */
    m.u.sms.sms_type = BOX_SMS_MT_PUSH;
    box_send(0, &m);
    UNTIL(count(BOX_ACK) == 8);
    for (int i = 0; i < 8; i++)
        assert_int_equal(find(BOX_ACK, i)->number, BOX_ACK_FAILED);
    assert_int_equal(events, 0);
    assert_int_equal(stats_get(events_bad), bad + 8);
    send_mo(9, "", USSD_ANSWER);                            /* an empty answer is an answer */
    UNTIL(events == 1);
    assert_int_equal(downs, 0);
}

/* bearerbox itself sends an SMS without text as one with a NULL text. */
static void a_null_text_is_an_empty_answer(void **state)
{
    struct box_msg m = mo_of(1, "ussd1", "", USSD_ANSWER);
    struct buf out;

    (void)state;
    connect_box((struct kannel_args){ 0 });
    buf_init(&out, 4096);
    assert_true(box_encode(&out, &m));
    /* length, type, sender, receiver, udhdata, then msgdata's length */
    memset(out.data + 8 + 4 + 14 + 4 + 5 + 4, 0xff, 4);
    box_send_octets(0, out.data, out.len);
    UNTIL(events == 1);
    assert_string_equal(last_text, "");
    buf_fini(&out);
}

static void a_profile_for_any_smsc_answers_by_the_one_it_met(void **state)
{
    char smsc[16];
    struct box_msg m;

    (void)state;
    profile_init(&profiles[0]);
    connect_box((struct kannel_args){ .profiles = profiles, .profile_count = 1 });
    on_event_do = answer;
    for (int i = 0; i < 80; i++) {                  /* more than are learned */
        snprintf(smsc, sizeof smsc, "smsc%d", i);
        m = mo_of(i, smsc, "1", USSD_ANSWER);
        box_send(0, &m);
        m = mo_of(1000 + i, smsc, "1", USSD_ANSWER);
        box_send(0, &m);
    }
    UNTIL(count(BOX_SMS) == 160);
    for (int i = 0; i < 160; i++) {
        snprintf(smsc, sizeof smsc, "smsc%d", i / 2);
        assert_string_equal(find(BOX_SMS, i)->smsc, i / 2 < 64 ? smsc : "");
    }
    assert_int_equal(last_to.profile, 0);
}

static void sms_go_their_own_way(void **state)
{
    struct profile_sms sms = { "16333", "8801712345678", "Salam", 5, "out-1", true, 60 };
    struct box_msg m = mo_of(1, "sms1", "STATUS", NULL);

    (void)state;
    connect_box((struct kannel_args){ 0 });
    m.u.sms.receiver = str("16333");
    box_send(0, &m);
    UNTIL(smses == 1);
    assert_int_equal(events, 0);
    assert_int_equal(last_to.profile, 1);
    assert_string_equal(last_text, "STATUS");
    assert_true(kannel_sms(kannel, 1, &sms));
    assert_false(kannel_sms(kannel, 2, &sms));
    sms.receiver = "+880171234567890123456";        /* bearerbox would drop it in silence */
    assert_false(kannel_sms(kannel, 1, &sms));
    UNTIL(count(BOX_SMS) == 1);
    assert_string_equal(find(BOX_SMS, 0)->smsc, "sms1");
    assert_string_equal(find(BOX_SMS, 0)->token, "out-1");
    assert_int_equal(stats_get(box_queue), 1);
}

static void a_shutdown_loses_no_acknowledgement(void **state)
{
    (void)state;
    connect_box((struct kannel_args){ 0 });
    assert_true(kannel_reply(kannel, &last_to, "x", 1, false, "a"));
    assert_true(kannel_reply(kannel, &last_to, "x", 1, false, "b"));
    UNTIL(count(BOX_SMS) == 2);
    send_admin(BOX_ADMIN_SUSPEND);
    send_admin(BOX_ADMIN_RESUME);
    assert_true(kannel_reply(kannel, &last_to, "x", 1, false, "c"));
    send_admin(BOX_ADMIN_SHUTDOWN);
    UNTIL(!kannel_is_up(kannel));
    assert_false(kannel_reply(kannel, &last_to, "x", 1, false, "d"));
    /* box_read() hangs up at the end of what the box sends: so do it by hand */
    deaf = true;
    send_ack(find(BOX_SMS, 0)->id, 0);
    send_ack(find(BOX_SMS, 1)->id, 2);
    send_mo(1, "1", USSD_ANSWER);
    UNTIL(told_count == 2);
    assert_int_equal(told[0].result, KANNEL_QUEUED);
    assert_int_equal(told[1].result, KANNEL_LATER);
    assert_int_equal(events, 0);                    /* comes again to the next connection */
    assert_int_equal(downs, 0);
    deaf = false;
    UNTIL(downs == 1 && told_count == 3);
    assert_string_equal(told[2].token, "c");
    assert_int_equal(told[2].result, KANNEL_LATER);
    assert_int_equal(count(BOX_SMS), 3);            /* what was queued before went out */
    UNTIL(ups == 2);
}

static void a_restart_order_leads_to_a_new_connection(void **state)
{
    (void)state;
    connect_box((struct kannel_args){ 0 });
    send_admin(BOX_ADMIN_RESTART);
    UNTIL(ups == 2 && downs == 1 && count(BOX_ADMIN) == 2);
}

static void the_queue_is_bounded_and_reading_waits_for_it(void **state)
{
    static char page[1000];
    const struct box_msg beat = { .type = BOX_HEARTBEAT };
    int queued = 0;
    int before;

    (void)state;
    connect_box((struct kannel_args){ .queue_max = 100000, .pending_max = 100000 });
    deaf = true;
    memset(page, 'x', sizeof page);
    /* fill the queue until the kernel's buffers, too, take no more, even after
     * the heartbeat has brought TCP's delayed acknowledgement with it */
    for (int idle = 0; idle < 3; idle++) {
        box_send(0, &beat);
        while (kannel_reply(kannel, &last_to, page, sizeof page, false, NULL)) {
            queued++;
            idle = 0;
            assert_true(queued < 100000);
        }
        settle();
    }
    assert_true(queued > 90);
    assert_false(kannel_reply(kannel, &last_to, page, sizeof page, false, "tok"));
    assert_int_equal(stats_get(box_queue), 0);      /* refused: not pending either */
    send_mo(1, "1", USSD_ANSWER);
    settle();
    assert_int_equal(events, 0);                    /* not read */
    for (int i = 0; i < 3000; i++)                  /* there is room for acknowledgements all the same */
        kannel_ack(kannel, &last.id, BOX_ACK_SUCCESS);
    assert_true(kannel_is_up(kannel));
    before = got_count;
    deaf = false;
    UNTIL(events == 1);
    UNTIL(count(BOX_ACK) == 3000);
    assert_true(got_count > before);
    assert_true(kannel_reply(kannel, &last_to, page, sizeof page, false, NULL));
}

static void a_bearerbox_that_never_reads_is_left(void **state)
{
    (void)state;
    connect_box((struct kannel_args){ .queue_max = 1000 });
    deaf = true;
    for (int i = 0; i < 1000000 && kannel_is_up(kannel); i++) {
        kannel_ack(kannel, &last.id, BOX_ACK_SUCCESS);
        if (i % 100 == 0)
            kannel_flush(kannel);
    }
    assert_false(kannel_is_up(kannel));
    assert_int_equal(downs, 0);                     /* told later, from a clean stack */
    UNTIL(downs == 1);
}

static void the_pending_table_is_bounded(void **state)
{
    (void)state;
    connect_box((struct kannel_args){ .pending_max = 3 });
    for (int i = 0; i < 3; i++)
        assert_true(kannel_reply(kannel, &last_to, "x", 1, false, "tok"));
    assert_false(kannel_reply(kannel, &last_to, "x", 1, false, "tok"));
    assert_true(kannel_reply(kannel, &last_to, "no result wanted", 16, false, NULL));
    UNTIL(count(BOX_SMS) == 4);
    send_ack(find(BOX_SMS, 1)->id, 0);
    UNTIL(told_count == 1);
    assert_true(kannel_reply(kannel, &last_to, "x", 1, false, "tok"));
}

static void unfit_messages_leave_no_trace(void **state)
{
    struct profile_to to = last_to;

    (void)state;
    connect_box((struct kannel_args){ 0 });
    to.receiver[0] = '\0';
    assert_false(kannel_reply(kannel, &to, "x", 1, false, "tok"));
    to = last_to;
    to.profile = 99;
    assert_false(kannel_reply(kannel, &to, "x", 1, false, "tok"));
    assert_false(kannel_reply(kannel, &last_to, "\xe0\xa6\xff", 3, false, "tok"));
    assert_false(kannel_reply(kannel, &last_to, "x", 1, false,
                              "0123456789012345678901234567890123456789012345678901234567890123"));
    settle();
    assert_int_equal(got_count, 1);
    assert_int_equal(stats_get(box_queue), 0);
}

static void pause_after_two(struct kannel *k, const struct profile_to *to, const struct event *ev)
{
    (void)to;
    (void)ev;
    if (events % 2 == 0)
        kannel_pause(k, true);
}

static void a_pause_holds_even_between_frames_already_read(void **state)
{
    struct buf out;

    (void)state;
    connect_box((struct kannel_args){ 0 });
    buf_init(&out, 1 << 20);
    for (int i = 0; i < 6; i++) {
        struct box_msg m = mo_of(i, "ussd1", "1", USSD_ANSWER);

        assert_true(box_encode(&out, &m));
    }
    box_send_octets(0, out.data, out.len);
    on_event_do = pause_after_two;
    UNTIL(events == 2);
    settle();
    assert_int_equal(events, 2);
    assert_true(kannel_is_up(kannel));
    assert_true(kannel_reply(kannel, &last_to, "x", 1, false, "tok"));     /* sending goes on */
    kannel_pause(kannel, false);
    UNTIL(events == 4);
    settle();
    assert_int_equal(events, 4);
    kannel_pause(kannel, false);
    UNTIL(events == 6);
    assert_int_equal(last.id.bytes[15], 5);
    UNTIL(count(BOX_SMS) == 1);
    buf_fini(&out);
}

static void frames_arrive_in_any_pieces(void **state)
{
    enum { N = 500 };
    struct buf out;

    (void)state;
    connect_box((struct kannel_args){ 0 });
    buf_init(&out, 1 << 20);
    for (int i = 0; i < N; i++) {
        struct box_msg m = mo_of(i, "ussd1", "1", USSD_ANSWER);

        assert_true(box_encode(&out, &m));
    }
    box_send_octets(0, out.data, out.len);          /* all at once */
    UNTIL(events == N);
    for (size_t i = 0; i < out.len / N; i++) {      /* one octet at a time */
        box_send_octets(0, out.data + i, 1);
        turn();
    }
    UNTIL(events == N + 1);
    for (size_t i = 0, step = 1; i < out.len; i += step, step = step % 700 + 13) {
        box_send_octets(0, out.data + i, step < out.len - i ? step : out.len - i);
        if (i % 3 == 0)
            turn();
    }
    UNTIL(events == 2 * N + 1);
    assert_int_equal(downs, 0);
    buf_fini(&out);
}

/* An answer of 10,000 characters, and the largest frame there may be. */
static void large_messages_pass(void **state)
{
    static char big[BOX_FRAME_MAX];
    struct box_msg m = mo_of(1, "sms1", "", NULL);
    struct buf out;
    size_t at = 0;

    (void)state;
    connect_box((struct kannel_args){ 0 });
    memset(big, 'x', sizeof big);
    buf_init(&out, 4u << 20);
    m.u.sms.msgdata = (struct box_str){ big, 10000 };
    assert_true(box_encode(&out, &m));
    m.u.sms.msgdata.len = sizeof big - 400;
    assert_true(box_encode(&out, &m));
    while (at < out.len) {
        ssize_t n = send(peers[0], out.data + at, out.len - at, MSG_NOSIGNAL);

        if (n > 0)
            at += (size_t)n;
        turn();
    }
    UNTIL(smses == 2);
    assert_int_equal(last.text_len, sizeof big - 400);
    buf_fini(&out);
}

static void reset_and_flush(struct kannel *k, const struct profile_to *to, const struct event *ev)
{
    if (peers[0] >= 0)
        box_reset(0);
    for (int i = 0; i < 3; i++) {
        if (kannel_reply(k, to, "x", 1, false, "tok"))
            kannel_flush(k);
        kannel_ack(k, &ev->id, BOX_ACK_SUCCESS);
    }
}

static void the_connection_may_fall_inside_a_callback(void **state)
{
    struct box_msg m = mo_of(1, "ussd1", "1", USSD_ANSWER);
    struct buf out;
    int queued;

    (void)state;
    connect_box((struct kannel_args){ 0 });
    buf_init(&out, 1 << 20);
    for (int i = 0; i < 3; i++)
        assert_true(box_encode(&out, &m));
    on_event_do = reset_and_flush;
    box_send_octets(0, out.data, out.len);
    UNTIL(downs == 1);
    assert_int_equal(events, 1);                    /* the others will come again */
    queued = told_count;
    assert_true(queued >= 1);
    for (int i = 0; i < queued; i++)
        assert_int_equal(told[i].result, KANNEL_LATER);
    assert_int_equal(stats_get(box_queue), 0);
    buf_fini(&out);
}

static void heartbeats_go_out_and_a_silent_bearerbox_is_left(void **state)
{
    (void)state;
    connect_box((struct kannel_args){ .heartbeat_ms = 5 });
    UNTIL(count(BOX_HEARTBEAT) == 3);
    assert_int_equal(find(BOX_HEARTBEAT, 0)->number, 0);
    assert_int_equal(downs, 0);
    assert_true(kannel_reply(kannel, &last_to, "x", 1, false, "tok"));
    UNTIL(downs == 1 && told_count == 1);           /* never acknowledged */
    assert_int_equal(told[0].result, KANNEL_LATER);
    UNTIL(ups == 2);
}

static void two_boxes_of_one_name_both_work(void **state)
{
    struct box_msg m = mo_of(2, "ussd1", "2", USSD_ANSWER);

    (void)state;
    connect_box((struct kannel_args){ 0 });
    second = open_box((struct kannel_args){ .box_id = "kheya" });
    UNTIL(ups == 2 && count(BOX_ADMIN) == 2);
    assert_int_equal(stats_get(box_up), 2);
    on_event_do = answer;
    send_mo(1, "1", USSD_ANSWER);
    UNTIL(count(BOX_SMS) == 1);
    box_send(1, &m);
    UNTIL(count(BOX_SMS) == 2 && count(BOX_ACK) == 2);
    box_hang_up(1);
    UNTIL(downs == 1 && told_count == 1);           /* the other one's answer still waits */
    assert_int_equal(stats_get(box_queue), 1);
}

static void a_bad_address_is_refused(void **state)
{
    static const char *const bad[] = { "", "localhost:13001", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:99999", "x" };
    struct kannel_args a = { .base = base, .name = "gp", .ops = &ops };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        a.address = bad[i];
        assert_null(kannel_new(&a));
    }
    a.address = "[::1]:9";
    kannel = kannel_new(&a);
    assert_non_null(kannel);
}

static void random_octets_never_hurt(void **state)
{
    unsigned seed = 99;
    char octets[512];

    (void)state;
    connect_box((struct kannel_args){ 0 });
    for (int round = 0; round < 60; round++) {
        struct box_msg m = mo_of(round, "ussd1", "1", USSD_ANSWER);
        struct buf out;

        UNTIL(kannel_is_up(kannel) && peers[0] >= 0);
        buf_init(&out, 4096);
        assert_true(box_encode(&out, &m));
        for (int i = 0; i < 4; i++) {
            seed = seed * 1103515245u + 12345u;
            out.data[(seed >> 8) % out.len] = (char)(seed >> 24);
        }
        (void)!send(peers[0], out.data, out.len, MSG_NOSIGNAL);
        for (size_t i = 0; i < sizeof octets; i++) {
            seed = seed * 1103515245u + 12345u;
            octets[i] = (char)(seed >> 16);
        }
        (void)!send(peers[0], octets, sizeof octets, MSG_NOSIGNAL);
        settle();
        if (peers[0] >= 0 && kannel_is_up(kannel))
            box_reset(0);
        buf_fini(&out);
    }
    UNTIL(kannel_is_up(kannel) && peers[0] >= 0);
    events = 0;
    send_mo(1, "1", USSD_ANSWER);
    UNTIL(events == 1);
}

/* --- set up ---------------------------------------------------------------------------------- */

static int set_up(void **state)
{
    (void)state;
    log_set_level((enum log_level)0);
    base = event_base_new();
    for (int i = 0; i < PEERS; i++) {
        peers[i] = -1;
        buf_init(&peer_in[i], 8u << 20);
    }
    port = 0;
    box_listen();
    accepted = got_count = told_count = events = smses = ups = downs = 0;
    deaf = false;
    on_event_do = NULL;
    for (int i = 0; i < 3; i++)
        profile_init(&profiles[i]);
    snprintf(profiles[0].smsc_id, sizeof profiles[0].smsc_id, "ussd1");
    snprintf(profiles[1].smsc_id, sizeof profiles[1].smsc_id, "sms1");
    profiles[1].channel = PROFILE_SMS;
    memset(&last, 0, sizeof last);
    memset(&last_to, 0, sizeof last_to);
    snprintf(last_to.sender, sizeof last_to.sender, "*333#");
    snprintf(last_to.receiver, sizeof last_to.receiver, "+8801712345678");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    kannel_free(kannel);
    kannel_free(second);
    kannel = second = NULL;
    for (int i = 0; i < PEERS; i++) {
        box_hang_up(i);
        buf_fini(&peer_in[i]);
    }
    if (listener >= 0)
        close(listener);
    event_base_free(base);
    /* the gauges are even again */
    return stats_get(box_up) == 0 && stats_get(box_queue) == 0 ? 0 : -1;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(identify_message_acknowledge_answer),
        TEST(an_unnamed_box_says_so),
        TEST(acknowledgements_of_all_four_kinds),
        TEST(reports_of_every_mask_even_before_the_ack),
        TEST(a_lost_connection_comes_back_and_so_do_its_messages),
        TEST(nothing_is_queued_while_down),
        TEST(a_malformed_frame_ends_the_connection_only),
        TEST(good_frames_before_a_bad_one_count),
        TEST(messages_that_are_no_events_are_refused_and_survived),
        TEST(a_null_text_is_an_empty_answer),
        TEST(a_profile_for_any_smsc_answers_by_the_one_it_met),
        TEST(sms_go_their_own_way),
        TEST(a_shutdown_loses_no_acknowledgement),
        TEST(a_restart_order_leads_to_a_new_connection),
        TEST(the_queue_is_bounded_and_reading_waits_for_it),
        TEST(a_bearerbox_that_never_reads_is_left),
        TEST(the_pending_table_is_bounded),
        TEST(unfit_messages_leave_no_trace),
        TEST(a_pause_holds_even_between_frames_already_read),
        TEST(frames_arrive_in_any_pieces),
        TEST(large_messages_pass),
        TEST(the_connection_may_fall_inside_a_callback),
        TEST(heartbeats_go_out_and_a_silent_bearerbox_is_left),
        TEST(two_boxes_of_one_name_both_work),
        TEST(a_bad_address_is_refused),
        TEST(random_octets_never_hurt),
    };

    return cmocka_run_group_tests_name("wire/kannel", tests, NULL, NULL);
}
