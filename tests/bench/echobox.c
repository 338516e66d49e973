/*
 * echobox - the least a box can do: answers every MO at once, and nothing else.
 *
 *   echobox --address 127.0.0.1:PORT [--box ID] [--script FILE]
 *
 * No session, no menu, no database: what bearerbox (or boxload) and the
 * machine allow.  An MT has the same fields as kheyad's, and the page of the
 * dialogue's step, found by what was typed; so bearerbox has the same work.
 * Prints "ready" once connected; ends when the peer closes, or on SIGTERM.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "base/clock.h"
#include "measure.h"
#include "wire/box.h"

#define ECHO_READ (256u << 10)
#define ECHO_VALIDITY 30
#define ECHO_RESEND_ONCE 10         /* sms-resend-retry of conf/kannel.conf: submitted once */

static struct {
    struct script script;
    const char *box;
    int fd;
    struct buf in, out, meta, page;
    uint64_t seq;
    uint32_t salt;
    int32_t wall;
} e;

static void new_id(char out[BOX_UUID_SIZE])
{
    uint8_t id[16] = { 0 };

    e.seq++;
    id[6] = 0x40;
    id[8] = 0x80;
    for (int i = 0; i < 4; i++)
        id[i] = (uint8_t)(e.salt >> (24 - 8 * i));
    for (int i = 0; i < 6; i++)
        id[10 + i] = (uint8_t)(e.seq >> (40 - 8 * i));
    box_uuid_print(out, id);
}

static struct box_str str(const char *s)
{
    return (struct box_str){ s, strlen(s) };
}

static void queue(const struct box_msg *m)
{
    if (!box_encode(&e.out, m))
        measure_die("echobox: a frame could not be queued");
}

static void ack(const char *id)
{
    struct box_msg m = { .type = BOX_ACK };

    m.u.ack.nack = BOX_ACK_SUCCESS;
    m.u.ack.time = e.wall;
    memcpy(m.u.ack.id, id, sizeof m.u.ack.id);
    queue(&m);
}

/* The step whose input this is; the first when none is. */
static int find_step(struct box_str typed)
{
    for (int i = 0; i < e.script.count; i++)
        if (strlen(e.script.steps[i].input) == typed.len && memcmp(e.script.steps[i].input, typed.p, typed.len) == 0)
            return i;
    return 0;
}

static void answer(const struct box_sms *mo)
{
    struct box_msg m = { .type = BOX_SMS };
    struct box_sms *mt = &m.u.sms;
    int step = find_step(mo->msgdata);
    const uint8_t op = step == e.script.count - 1 ? 17 : 2;
    size_t mark;

    buf_clear(&e.page);
    for (int i = 0; i < e.script.steps[step].sees; i++) {
        buf_adds(&e.page, e.script.steps[step].see[i]);
        buf_addc(&e.page, '\n');
    }
    buf_clear(&e.meta);
    buf_adds(&e.meta, "?smpp?");
    box_meta_add(&e.meta, "ussd_service_op", &op, 1);
    mark = e.meta.len;
    if (box_meta_get(&e.meta, mo->meta_data, "smpp", "its_session_info")) {
        char its[8];
        size_t n = e.meta.len - mark < sizeof its ? e.meta.len - mark : sizeof its;

        memcpy(its, e.meta.data + mark, n);
        buf_cut(&e.meta, mark);
        box_meta_add(&e.meta, "its_session_info", its, n);
    }
    box_sms_init(mt);
    new_id(mt->id);
    mt->sender = mo->receiver;
    mt->receiver = mo->sender;
    mt->msgdata = (struct box_str){ buf_str(&e.page), e.page.len };
    mt->time = e.wall;
    mt->smsc_id = mo->smsc_id;
    mt->sms_type = BOX_SMS_MT_REPLY;
    mt->coding = 0;
    mt->validity = e.wall + ECHO_VALIDITY;
    mt->dlr_mask = 24;
    mt->dlr_url = str("u/8801700000000/*333#/1");
    mt->boxc_id = str(e.box);
    mt->binfo = str("USSD");
    mt->resend_try = ECHO_RESEND_ONCE;
    mt->meta_data = (struct box_str){ e.meta.data, e.meta.len };
    queue(&m);
}

static void on_frame(const struct box_msg *m)
{
    if (m->type != BOX_SMS)
        return;
    if (m->u.sms.sms_type == BOX_SMS_MO)
        answer(&m->u.sms);
    ack(m->u.sms.id);
}

/* False when the peer has closed. */
static bool read_all(void)
{
    const int on = 1;
    struct box_msg m;
    size_t at = 0, used, mark = e.in.len;
    enum box_status status;
    char *room = buf_grow(&e.in, ECHO_READ);
    ssize_t n = room != NULL ? recv(e.fd, room, ECHO_READ, 0) : -1;

    buf_cut(&e.in, mark + (n > 0 ? (size_t)n : 0));
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
        return false;
    (void)setsockopt(e.fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
    e.wall = (int32_t)(clock_now() / 1000);
    while ((status = box_decode(e.in.data + at, e.in.len - at, &m, &used)) == BOX_OK) {
        at += used;
        on_frame(&m);
    }
    buf_eat(&e.in, at);
    return status == BOX_MORE;
}

static bool write_all(void)
{
    ssize_t n;

    if (e.out.len == 0)
        return true;
    n = send(e.fd, e.out.data, e.out.len, MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN && errno != EINTR)
        return false;
    buf_eat(&e.out, n > 0 ? (size_t)n : 0);
    return true;
}

static void open_box(const char *address)
{
    const char *colon = strrchr(address, ':');
    struct sockaddr_in a = { .sin_family = AF_INET };
    struct box_msg m = { .type = BOX_ADMIN };
    char host[64];
    const int on = 1;

    if (colon == NULL || (size_t)(colon - address) >= sizeof host)
        measure_die("echobox: '%s': expected ADDRESS:PORT", address);
    snprintf(host, sizeof host, "%.*s", (int)(colon - address), address);
    a.sin_port = htons((uint16_t)measure_long("--address", colon + 1, 1, 65535));
    if (inet_pton(AF_INET, host, &a.sin_addr) != 1)
        measure_die("echobox: '%s': not a numeric address", host);
    e.fd = socket(AF_INET, SOCK_STREAM, 0);
    if (e.fd < 0 || connect(e.fd, (const struct sockaddr *)&a, sizeof a) < 0 || fcntl(e.fd, F_SETFL, O_NONBLOCK) < 0)
        measure_die("echobox: %s: %s", address, strerror(errno));
    (void)setsockopt(e.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    m.u.admin.command = BOX_ADMIN_IDENTIFY;
    m.u.admin.boxc_id = str(e.box);
    queue(&m);
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        { "address", required_argument, NULL, 'a' },
        { "box", required_argument, NULL, 'b' },
        { "script", required_argument, NULL, 's' },
        { NULL, 0, NULL, 0 },
    };
    const char *address = NULL;
    const char *script = NULL;
    int opt;

    e.box = "kheya";
    while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (opt == 'a')
            address = optarg;
        else if (opt == 'b')
            e.box = optarg;
        else if (opt == 's')
            script = optarg;
        else
            return 2;
    }
    if (address == NULL || script == NULL)
        measure_die("usage: echobox --address ADDRESS:PORT --script FILE [--box ID]");
    script_read(&e.script, script);
    buf_init(&e.in, BOX_FRAME_MAX + ECHO_READ);
    buf_init(&e.out, 64u << 20);
    buf_init(&e.meta, 1u << 16);
    buf_init(&e.page, 1u << 16);
    e.salt = (uint32_t)clock_now() ^ (uint32_t)getpid() << 16;
    open_box(address);
    puts("ready");
    fflush(stdout);
    for (;;) {
        struct pollfd p = { e.fd, (short)(POLLIN | (e.out.len > 0 ? POLLOUT : 0)), 0 };

        if (!write_all())
            return 1;
        p.events = (short)(POLLIN | (e.out.len > 0 ? POLLOUT : 0));
        if (poll(&p, 1, -1) > 0 && (p.revents & (POLLIN | POLLHUP)) != 0 && !read_all())
            return 0;
    }
}
