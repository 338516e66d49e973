/*
 * One TCP connection to one bearerbox, in smsbox's place.
 *
 * Frames are decoded where they were read, many per read; what is to be sent
 * collects in one buffer and goes out in one write per turn of the loop, in
 * the order of the calls.  bearerbox has no heartbeat of its own and never
 * sets TCP_NODELAY, so TCP's own timers watch the peer, and its Nagle delay is
 * met with TCP_QUICKACK in each turn that reads and sends nothing.
 *
 * No connection ends inside a call of the owner: kannel_drop() only closes the
 * socket, and the timer tells the owner from a clean stack.
 */
#include "wire/kannel.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/stats.h"
#include "wire/address.h"
#include "wire/pending.h"

#define KANNEL_READ (256u << 10)            /* octets per read: some thousand frames */
#define KANNEL_TEXT_MAX (4u << 20)          /* a whole frame as UTF-8 fits */
#define KANNEL_ACK_ROOM (256u << 10)        /* acknowledgements beyond queue_max; then the peer has stopped reading */
#define KANNEL_LEARN_MAX 64                 /* SMSC ids that the profile "" may stand for */
#define KANNEL_CONNECT_MS 5000
#define KANNEL_CLOSE_MS 2000
#define KANNEL_USER_TIMEOUT_MS 20000        /* sent and not acknowledged by the peer's TCP for so long: it is dead */
#define KANNEL_REASON_SIZE 96

/*
 * WAITING     not connected; the timer ends the back-off.
 * CONNECTING  connect(2) is under way; the socket becomes writable, or the
 *             timer gives up.
 * UP          identified; the timer is the heartbeat.
 * CLOSING     bearerbox shuts down: our half is closed, its last
 *             acknowledgements are still read until it closes, or the timer.
 * LOST        the socket is closed; the timer, at once, tells the owner.
 */
enum kannel_state {
    KANNEL_WAITING = 0,
    KANNEL_CONNECTING,
    KANNEL_UP,
    KANNEL_CLOSING,
    KANNEL_LOST,
    KANNEL_STATES,
};

static const struct kannel_rule {
    const char *name;
    unsigned next;                  /* states we may go to, one bit each */
} kannel_rules[KANNEL_STATES] = {
    [KANNEL_WAITING] = { "waiting", 1u << KANNEL_CONNECTING },
    [KANNEL_CONNECTING] = { "connecting", 1u << KANNEL_UP | 1u << KANNEL_LOST },
    [KANNEL_UP] = { "up", 1u << KANNEL_CLOSING | 1u << KANNEL_LOST },
    [KANNEL_CLOSING] = { "closing", 1u << KANNEL_LOST },
    [KANNEL_LOST] = { "lost", 1u << KANNEL_WAITING },
};

struct kannel {
    char *name;
    char *box_id;                   /* NULL: unnamed */
    struct address address;
    const struct kannel_ops *ops;
    void *arg;
    struct profile *profiles;       /* the configured ones, then those learned */
    int profile_count;
    int profile_max;
    size_t queue_max;
    int retry_min_ms, retry_max_ms, heartbeat_ms;

    struct event_base *base;
    struct event *timer;            /* what it ends depends on the state */
    struct event *read_event;       /* NULL without a socket, as is write_event */
    struct event *write_event;
    enum kannel_state state;
    int fd;                         /* -1 without a socket */
    int failures;                   /* since the last frame received; sets the back-off */
    int retry_ms;                   /* the back-off that the last failure earned */
    bool told_up;                   /* the last ops->state() */
    bool paused;
    bool reading;                   /* read_event is added */
    bool owes_ack;                  /* something was read in this turn */

    struct buf in;                  /* read, not yet decoded */
    struct buf out;                 /* queued; the first sent octets have gone */
    size_t sent;                    /* sent <= out.len */
    struct pending *pending;
    struct buf text;                /* of the event at hand */
    struct buf mem;                 /* of the MT at hand */
};

static void kannel_update_reading(struct kannel *k);

/* --- small things ---------------------------------------------------------- */

static void kannel_enter(struct kannel *k, enum kannel_state next)
{
    assert((kannel_rules[k->state].next & 1u << next) != 0);
    log_debug("link=%s event=state from=%s to=%s", k->name, kannel_rules[k->state].name, kannel_rules[next].name);
    k->state = next;
}

static void kannel_timer(struct kannel *k, int ms)
{
    const struct timeval tv = { ms / 1000, (ms % 1000) * 1000 };

    evtimer_add(k->timer, &tv);
}

static size_t kannel_unsent(const struct kannel *k)
{
    return k->out.len - k->sent;
}

/* Twice as long after each failure, half of it by chance, so that many boxes
 * do not come back as one: bearerbox accepts one a second. */
static int kannel_backoff(const struct kannel *k)
{
    int64_t ms = k->retry_min_ms;

    for (int i = 1; i < k->failures && ms < k->retry_max_ms; i++)
        ms *= 2;
    if (ms > k->retry_max_ms)
        ms = k->retry_max_ms;
    return (int)(ms / 2) + (int)randombytes_uniform((uint32_t)(ms - ms / 2 + 1));
}

/* --- losing a connection ---------------------------------------------------- */

static void kannel_close_socket(struct kannel *k)
{
    if (k->read_event != NULL)
        event_free(k->read_event);
    k->read_event = NULL;
    if (k->write_event != NULL)
        event_free(k->write_event);
    k->write_event = NULL;
    if (k->fd >= 0)
        close(k->fd);
    k->fd = -1;
    k->reading = false;
}

/* The connection is of no more use.  k->in stays: a frame of it may be at work. */
static void kannel_drop(struct kannel *k, const char *why)
{
    if (k->state == KANNEL_LOST || k->state == KANNEL_WAITING)
        return;
    k->failures++;
    k->retry_ms = kannel_backoff(k);
    log_warn("link=%s event=%s reason=\"%s\" unacknowledged=%d retry_in_ms=%d", k->name,
             k->state == KANNEL_CONNECTING ? "connect_failed" : "connection_lost", why, pending_count(k->pending),
             k->retry_ms);
    kannel_close_socket(k);
    kannel_enter(k, KANNEL_LOST);
    kannel_timer(k, 0);
}

static void kannel_tell_lost(struct kannel *k)
{
    char token[PENDING_TOKEN_SIZE];
    bool was_up = k->told_up;

    buf_clear(&k->in);
    buf_clear(&k->out);
    k->sent = 0;
    kannel_enter(k, KANNEL_WAITING);
    kannel_timer(k, k->retry_ms);
    k->told_up = false;
    if (was_up) {
        stats_add(box_up, -1);
        k->ops->state(k->arg, k, false);
    }
    while (pending_take_oldest(k->pending, token)) {
        stats_add(box_queue, -1);
        k->ops->result(k->arg, k, token, KANNEL_LATER, "connection lost");
    }
}

/* --- sending ---------------------------------------------------------------- */

static void kannel_flush_done(struct kannel *k)
{
    if (k->sent == k->out.len) {
        buf_clear(&k->out);
        k->sent = 0;
        event_del(k->write_event);
        if (k->state == KANNEL_CLOSING)
            shutdown(k->fd, SHUT_WR);
        return;
    }
    event_add(k->write_event, NULL);
    if (k->sent > k->out.len / 2) {
        buf_eat(&k->out, k->sent);
        k->sent = 0;
    }
}

/* What is sent carries TCP's acknowledgement of what was read in this turn.  Where
 * nothing is, bearerbox's next frame would wait 40 ms for it: Nagle's delay there,
 * the delayed acknowledgement here.  Linux leaves this mode by itself again. */
static void kannel_quickack(struct kannel *k)
{
    int on = 1;

    if (!k->owes_ack)
        return;
    k->owes_ack = false;
    if (k->fd >= 0 && kannel_unsent(k) == 0)
        (void)setsockopt(k->fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
}

void kannel_flush(struct kannel *k)
{
    ssize_t n;

    kannel_quickack(k);
    if ((k->state != KANNEL_UP && k->state != KANNEL_CLOSING) || kannel_unsent(k) == 0)
        return;
    n = send(k->fd, k->out.data + k->sent, kannel_unsent(k), MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN && errno != EINTR) {
        kannel_drop(k, strerror(errno));
        return;
    }
    if (n > 0)
        k->sent += (size_t)n;
    kannel_flush_done(k);
    kannel_update_reading(k);
}

/* Queue m behind what is there already, keeping at most max octets. */
static bool kannel_queue(struct kannel *k, const struct box_msg *m, size_t max)
{
    size_t mark = k->out.len;

    if (k->state != KANNEL_UP || kannel_unsent(k) >= max || !box_encode(&k->out, m))
        return false;
    if (kannel_unsent(k) > max) {
        buf_cut(&k->out, mark);
        return false;
    }
    stats_inc(box_frames_out);
    kannel_update_reading(k);
    return true;
}

/* What must not be refused for want of room: an MO never acknowledged would
 * hold its place in bearerbox's window for ever. */
static void kannel_queue_first(struct kannel *k, const struct box_msg *m)
{
    if (k->state == KANNEL_UP && !kannel_queue(k, m, k->queue_max + KANNEL_ACK_ROOM))
        kannel_drop(k, "bearerbox does not read");
}

static void kannel_send_ack(struct kannel *k, const char *uuid, enum box_nack nack)
{
    struct box_msg m = { .type = BOX_ACK };

    m.u.ack.nack = (int32_t)nack;
    m.u.ack.time = (int32_t)(clock_now() / 1000);
    memcpy(m.u.ack.id, uuid, BOX_UUID_SIZE);
    kannel_queue_first(k, &m);
}

void kannel_ack(struct kannel *k, const struct event_id *id, enum box_nack nack)
{
    char uuid[BOX_UUID_SIZE];

    box_uuid_print(uuid, id->bytes);
    kannel_send_ack(k, uuid, nack);
}

static bool kannel_send_sms(struct kannel *k, struct box_msg *m, const char *token)
{
    uint8_t id[16];
    char dropped[PENDING_TOKEN_SIZE];

    m->type = BOX_SMS;
    m->u.sms.boxc_id = (struct box_str){ k->box_id, k->box_id != NULL ? strlen(k->box_id) : 0 };
    if (!box_uuid_parse(id, m->u.sms.id, BOX_UUID_SIZE - 1))
        return false;
    if (token != NULL && !pending_add(k->pending, id, token, clock_mono()))
        return false;
    if (!kannel_queue(k, m, k->queue_max)) {
        if (token != NULL)
            pending_take(k->pending, id, dropped);
        return false;
    }
    if (token != NULL)
        stats_inc(box_queue);
    return true;
}

bool kannel_reply(struct kannel *k, const struct profile_to *to, const char *text, size_t n, bool end,
                  const char *token)
{
    struct box_msg m;

    if (k->state != KANNEL_UP || to->profile >= k->profile_count)
        return false;
    profile_reply(&k->profiles[to->profile], to, text, n, end, token, clock_now(), &k->mem, &m.u.sms);
    return kannel_send_sms(k, &m, token);
}

bool kannel_sms(struct kannel *k, uint16_t profile, const struct profile_sms *sms)
{
    struct box_msg m;

    if (k->state != KANNEL_UP || profile >= k->profile_count)
        return false;
    profile_sms(&k->profiles[profile], sms, clock_now(), &k->mem, &m.u.sms);
    return kannel_send_sms(k, &m, sms->token);
}

/* --- frames received --------------------------------------------------------- */

/* For a log line: at most 63 octets; the log itself removes control characters. */
static void kannel_printable(char out[64], struct box_str s)
{
    snprintf(out, 64, "%.*s", (int)(s.len < 63 ? s.len : 63), s.p != NULL ? s.p : "");
}

static void kannel_refuse(struct kannel *k, const struct box_sms *sms, const char *why)
{
    char smsc[64];
    char sender[64];
    char masked[LOG_MASK_SIZE];

    kannel_printable(smsc, sms->smsc_id);
    kannel_printable(sender, sms->sender);
    log_warn("link=%s smsc=%s msisdn=%s event=message_refused reason=%s", k->name, smsc, log_mask(masked, sender), why);
    stats_inc(events_bad);
    kannel_send_ack(k, sms->id, BOX_ACK_FAILED);
}

static bool kannel_str_is(struct box_str s, const char *text)
{
    return s.len == strlen(text) && (s.len == 0 || memcmp(s.p, text, s.len) == 0);
}

/* A copy of the profile "" for an SMSC id met for the first time, so that an
 * answer finds its way back. */
static int kannel_learn(struct kannel *k, int from, struct box_str smsc_id)
{
    struct profile *p;

    if (k->profile_count == k->profile_max || smsc_id.len >= sizeof p->smsc_id ||
        memchr(smsc_id.p, '\0', smsc_id.len) != NULL)
        return from;
    p = &k->profiles[k->profile_count];
    *p = k->profiles[from];
    memcpy(p->smsc_id, smsc_id.p, smsc_id.len);
    p->smsc_id[smsc_id.len] = '\0';
    log_info("link=%s smsc=%s event=smsc_learned", k->name, p->smsc_id);
    return k->profile_count++;
}

/* The profile of an SMSC id; -1 when there is none. */
static int kannel_find_profile(struct kannel *k, struct box_str smsc_id)
{
    int any = -1;

    for (int i = 0; i < k->profile_count; i++) {
        if (kannel_str_is(smsc_id, k->profiles[i].smsc_id))
            return i;
        if (k->profiles[i].smsc_id[0] == '\0')
            any = i;
    }
    return any < 0 ? -1 : kannel_learn(k, any, smsc_id);
}

static void kannel_on_mo(struct kannel *k, const struct box_sms *mo)
{
    int index = kannel_find_profile(k, mo->smsc_id);
    enum profile_status status;
    struct profile_to to;
    struct event ev;

    if (index < 0) {
        kannel_refuse(k, mo, "unknown_smsc");
        return;
    }
    buf_clear(&k->text);
    status = profile_event(&k->profiles[index], mo, &k->text, &ev, &to);
    if (status == PROFILE_NOTIFIED) {
        kannel_send_ack(k, mo->id, BOX_ACK_SUCCESS);
        if (k->ops->notified != NULL)
            k->ops->notified(k->arg, k, ev.msisdn);
        return;
    }
    if (status != PROFILE_OK) {
        kannel_refuse(k, mo, profile_status_name(status));
        return;
    }
    to.profile = (uint16_t)index;
    ev.seen = clock_now();
    if (ev.at == 0)
        ev.at = ev.seen;
    if (k->profiles[index].channel == PROFILE_SMS)
        k->ops->sms(k->arg, k, &to, &ev);
    else
        k->ops->event(k->arg, k, &to, &ev);
}

/* Why, in the SMSC's words: "NACK/0x0000000b/Invalid Destination Address", or
 * of a handset's receipt (SMPP 3.4 appendix B) the state alone, because what
 * follows it there is the citizen's text. */
static void kannel_reason(char out[KANNEL_REASON_SIZE], const struct box_sms *report)
{
    struct box_str s = report->msgdata;
    const char *stat = s.p != NULL ? memmem(s.p, s.len, "stat:", 5) : NULL;
    size_t n = 0;

    out[0] = '\0';
    if (stat != NULL) {
        s.len -= (size_t)(stat + 5 - s.p);
        s.p = stat + 5;
    } else if (s.len < 5 || memcmp(s.p, "NACK/", 5) != 0) {
        return;
    }
    while (n < s.len && n + 1 < KANNEL_REASON_SIZE && s.p[n] >= 0x20 && s.p[n] < 0x7f &&
           (stat == NULL || s.p[n] != ' ')) {
        out[n] = s.p[n];
        n++;
    }
    out[n] = '\0';
}

static bool kannel_report_result(int32_t dlr_mask, enum kannel_result *result)
{
    static const struct { int32_t mask; enum kannel_result result; } table[] = {
        { 8, KANNEL_SUBMITTED }, { 16, KANNEL_REJECTED }, { 1, KANNEL_DELIVERED }, { 2, KANNEL_UNDELIVERED },
    };

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (table[i].mask == dlr_mask) {
            *result = table[i].result;
            return true;
        }
    }
    return false;       /* 4: buffered at the SMSC, which changes nothing */
}

static void kannel_on_report(struct kannel *k, const struct box_sms *report)
{
    char token[PENDING_TOKEN_SIZE];
    char reason[KANNEL_REASON_SIZE];
    struct box_str url = report->dlr_url;
    enum kannel_result result;

    kannel_send_ack(k, report->id, BOX_ACK_SUCCESS);
    if (!kannel_report_result(report->dlr_mask, &result))
        return;
    if (url.p == NULL || url.len == 0 || url.len >= sizeof token || memchr(url.p, '\0', url.len) != NULL) {
        log_debug("link=%s event=report_ignored reason=no_token", k->name);
        return;
    }
    memcpy(token, url.p, url.len);
    token[url.len] = '\0';
    kannel_reason(reason, report);
    k->ops->result(k->arg, k, token, result, reason);
}

static void kannel_on_sms(struct kannel *k, const struct box_msg *m)
{
    if (k->state != KANNEL_UP)
        return;                     /* CLOSING: it will come again */
    if (m->u.sms.sms_type == BOX_SMS_MO)
        kannel_on_mo(k, &m->u.sms);
    else if (m->u.sms.sms_type == BOX_SMS_REPORT_MO)
        kannel_on_report(k, &m->u.sms);
    else
        kannel_refuse(k, &m->u.sms, "unknown_sms_type");
}

static void kannel_on_ack(struct kannel *k, const struct box_msg *m)
{
    static const struct { enum kannel_result result; const char *reason; } table[] = {
        [BOX_ACK_SUCCESS] = { KANNEL_QUEUED, "" },
        [BOX_ACK_FAILED] = { KANNEL_REFUSED, "refused by bearerbox" },
        [BOX_ACK_FAILED_TMP] = { KANNEL_LATER, "bearerbox is full or shuts down" },
        [BOX_ACK_BUFFERED] = { KANNEL_QUEUED, "link down" },
    };
    char token[PENDING_TOKEN_SIZE];
    int32_t nack = m->u.ack.nack;
    uint8_t id[16];

    if (!box_uuid_parse(id, m->u.ack.id, BOX_UUID_SIZE - 1) || !pending_take(k->pending, id, token)) {
        log_debug("link=%s event=ack_ignored reason=unknown_id", k->name);
        return;
    }
    stats_add(box_queue, -1);
    if (nack < BOX_ACK_SUCCESS || nack > BOX_ACK_BUFFERED) {
        log_warn("link=%s event=ack_unknown value=%d", k->name, (int)nack);
        nack = BOX_ACK_FAILED;
    }
    k->ops->result(k->arg, k, token, table[nack].result, table[nack].reason);
}

/* bearerbox waits for its boxes to close.  Closing our half first makes it
 * acknowledge all that we have sent, so that nothing is sent twice. */
static void kannel_on_admin(struct kannel *k, const struct box_msg *m)
{
    int32_t command = m->u.admin.command;

    if (k->state != KANNEL_UP || (command != BOX_ADMIN_SHUTDOWN && command != BOX_ADMIN_RESTART)) {
        log_debug("link=%s event=admin_ignored command=%d", k->name, (int)command);
        return;
    }
    log_info("link=%s event=bearerbox_shutdown command=%d", k->name, (int)command);
    kannel_enter(k, KANNEL_CLOSING);
    kannel_timer(k, KANNEL_CLOSE_MS);
    if (kannel_unsent(k) == 0)
        kannel_flush_done(k);
    else
        kannel_flush(k);
}

static void kannel_on_frame(struct kannel *k, const struct box_msg *m)
{
    stats_inc(box_frames_in);
    k->failures = 0;
    switch (m->type) {
    case BOX_HEARTBEAT:
        return;
    case BOX_ADMIN:
        kannel_on_admin(k, m);
        return;
    case BOX_SMS:
        kannel_on_sms(k, m);
        return;
    case BOX_ACK:
        kannel_on_ack(k, m);
        return;
    case BOX_WDP:
    case BOX_TYPES:
        break;
    }
    assert(false);
}

/* --- reading ---------------------------------------------------------------- */

static bool kannel_may_read(const struct kannel *k)
{
    if (k->state == KANNEL_CLOSING)
        return true;
    return k->state == KANNEL_UP && !k->paused && kannel_unsent(k) <= k->queue_max / 2;
}

static void kannel_update_reading(struct kannel *k)
{
    bool may = kannel_may_read(k);

    if (k->fd < 0 || may == k->reading)
        return;
    k->reading = may;
    if (!may) {
        event_del(k->read_event);
        return;
    }
    event_add(k->read_event, NULL);
    /* frames may be left from the read before */
    if (k->in.len > 0)
        event_active(k->read_event, EV_READ, 0);
}

/* Hand over every whole frame, until there are no more, the owner wants no
 * more, or the connection is gone. */
static void kannel_decode(struct kannel *k)
{
    enum box_status status = BOX_OK;
    struct box_msg m;
    size_t at = 0;
    size_t used;

    while (k->fd >= 0 && k->reading && status == BOX_OK) {
        status = box_decode(k->in.data + at, k->in.len - at, &m, &used);
        if (status == BOX_OK) {
            at += used;
            kannel_on_frame(k, &m);
        }
    }
    if (status == BOX_BAD) {
        stats_inc(box_frames_bad);
        kannel_drop(k, "malformed frame");
    }
    buf_eat(&k->in, at);
}

/* As recv(2), behind what is left from before. */
static ssize_t kannel_read(struct kannel *k, int fd)
{
    size_t mark = k->in.len;
    char *room = NULL;
    ssize_t n;

    /* whole frames may be left when the owner has paused: they come first */
    if (k->in.max - mark >= KANNEL_READ)
        room = buf_grow(&k->in, KANNEL_READ);
    if (room == NULL) {
        errno = EAGAIN;
        return -1;
    }
    n = recv(fd, room, KANNEL_READ, 0);
    buf_cut(&k->in, mark + (n > 0 ? (size_t)n : 0));
    return n;
}

static void kannel_on_readable(evutil_socket_t fd, short what, void *arg)
{
    struct kannel *k = arg;
    ssize_t n;
    int error;

    (void)what;
    n = kannel_read(k, fd);
    error = errno;
    k->owes_ack |= n > 0;
    if (k->in.len > 0)
        kannel_decode(k);
    if (k->fd < 0)
        return;
    if (n == 0)
        kannel_drop(k, "closed by bearerbox");
    else if (n < 0 && error != EAGAIN && error != EINTR)
        kannel_drop(k, strerror(error));
}

void kannel_pause(struct kannel *k, bool paused)
{
    k->paused = paused;
    kannel_update_reading(k);
}

/* --- connecting --------------------------------------------------------------- */

static void kannel_identify(struct kannel *k)
{
    struct box_msg m = { .type = BOX_ADMIN };

    m.u.admin.command = BOX_ADMIN_IDENTIFY;
    m.u.admin.boxc_id = (struct box_str){ k->box_id, k->box_id != NULL ? strlen(k->box_id) : 0 };
    kannel_queue_first(k, &m);
    kannel_flush(k);
}

static void kannel_on_connected(struct kannel *k)
{
    int error = 0;
    socklen_t len = sizeof error;

    if (getsockopt(k->fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
        error = errno;
    if (error != 0) {
        kannel_drop(k, strerror(error));
        return;
    }
    event_del(k->write_event);
    kannel_enter(k, KANNEL_UP);
    kannel_timer(k, k->heartbeat_ms);
    kannel_update_reading(k);
    kannel_identify(k);
    if (k->state != KANNEL_UP)
        return;
    log_info("link=%s event=connected box=%s", k->name, k->box_id != NULL ? k->box_id : "");
    stats_inc(box_up);
    k->told_up = true;
    k->ops->state(k->arg, k, true);
}

static void kannel_on_writable(evutil_socket_t fd, short what, void *arg)
{
    struct kannel *k = arg;

    (void)fd;
    (void)what;
    if (k->state == KANNEL_CONNECTING)
        kannel_on_connected(k);
    else
        kannel_flush(k);
}

static void kannel_set_options(int fd)
{
    static const struct { int level, name, value; } table[] = {
        { IPPROTO_TCP, TCP_NODELAY, 1 },
        { SOL_SOCKET, SO_KEEPALIVE, 1 },
        { IPPROTO_TCP, TCP_KEEPIDLE, 15 },
        { IPPROTO_TCP, TCP_KEEPINTVL, 5 },
        { IPPROTO_TCP, TCP_KEEPCNT, 3 },
        { IPPROTO_TCP, TCP_USER_TIMEOUT, KANNEL_USER_TIMEOUT_MS },
    };

    /* each is a comfort, none a need */
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        (void)setsockopt(fd, table[i].level, table[i].name, &table[i].value, sizeof table[i].value);
}

static void kannel_connect(struct kannel *k)
{
    kannel_enter(k, KANNEL_CONNECTING);
    k->fd = socket(k->address.sa.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (k->fd < 0) {
        kannel_drop(k, strerror(errno));
        return;
    }
    kannel_set_options(k->fd);
    if (connect(k->fd, (const struct sockaddr *)&k->address.sa, k->address.len) < 0 && errno != EINPROGRESS) {
        kannel_drop(k, strerror(errno));
        return;
    }
    k->read_event = event_new(k->base, k->fd, EV_READ | EV_PERSIST, kannel_on_readable, k);
    k->write_event = event_new(k->base, k->fd, EV_WRITE | EV_PERSIST, kannel_on_writable, k);
    event_add(k->write_event, NULL);
    kannel_timer(k, KANNEL_CONNECT_MS);
}

/* A connection that has stood so long is a good one; one that leaves an MT
 * unacknowledged for two beats is not. */
static void kannel_heartbeat(struct kannel *k)
{
    struct box_msg m = { .type = BOX_HEARTBEAT };
    int64_t oldest = pending_oldest(k->pending);

    if (k->reading && oldest != INT64_MAX && clock_mono() - oldest > 2 * (int64_t)k->heartbeat_ms) {
        kannel_drop(k, "no acknowledgement");
        return;
    }
    k->failures = 0;
    m.u.heartbeat.load = pending_count(k->pending);
    kannel_queue_first(k, &m);
    kannel_flush(k);
    if (k->state == KANNEL_UP)
        kannel_timer(k, k->heartbeat_ms);
}

static void kannel_on_timer(evutil_socket_t fd, short what, void *arg)
{
    struct kannel *k = arg;

    (void)fd;
    (void)what;
    switch (k->state) {
    case KANNEL_WAITING:
        kannel_connect(k);
        return;
    case KANNEL_CONNECTING:
        kannel_drop(k, "no answer");
        return;
    case KANNEL_UP:
        kannel_heartbeat(k);
        return;
    case KANNEL_CLOSING:
        kannel_drop(k, "bearerbox did not close");
        return;
    case KANNEL_LOST:
        kannel_tell_lost(k);
        return;
    case KANNEL_STATES:
        break;
    }
    assert(false);
}

/* --- life --------------------------------------------------------------------- */

static int kannel_or(int value, int standard)
{
    return value > 0 ? value : standard;
}

struct kannel *kannel_new(const struct kannel_args *args)
{
    struct address address;
    struct kannel *k;

    if (!address_parse(&address, args->address) || address_port(&address) == 0)
        return NULL;
    k = xcalloc(1, sizeof *k);
    k->address = address;
    k->name = xstrdup(args->name);
    k->box_id = args->box_id != NULL ? xstrdup(args->box_id) : NULL;
    k->ops = args->ops;
    k->arg = args->arg;
    k->profile_count = args->profile_count;
    k->profile_max = args->profile_count + KANNEL_LEARN_MAX;
    k->profiles = xcalloc((size_t)k->profile_max, sizeof *k->profiles);
    if (args->profile_count > 0)
        memcpy(k->profiles, args->profiles, (size_t)args->profile_count * sizeof *k->profiles);
    k->queue_max = args->queue_max > 0 ? args->queue_max : 4u << 20;
    k->retry_min_ms = kannel_or(args->retry_min_ms, 250);
    k->retry_max_ms = kannel_or(args->retry_max_ms, 15000);
    k->heartbeat_ms = kannel_or(args->heartbeat_ms, 30000);
    k->pending = pending_new(kannel_or(args->pending_max, 4096));
    buf_init(&k->in, BOX_FRAME_MAX + 4 + KANNEL_READ);
    /* what has been sent may take as much room again before it is dropped */
    buf_init(&k->out, 2 * (k->queue_max + KANNEL_ACK_ROOM));
    buf_init(&k->text, KANNEL_TEXT_MAX);
    buf_init(&k->mem, BOX_FRAME_MAX);
    k->fd = -1;
    k->base = args->base;
    k->timer = evtimer_new(k->base, kannel_on_timer, k);
    kannel_timer(k, 0);
    return k;
}

void kannel_free(struct kannel *k)
{
    if (k == NULL)
        return;
    kannel_flush(k);
    kannel_close_socket(k);
    event_free(k->timer);
    if (k->told_up)
        stats_add(box_up, -1);
    stats_add(box_queue, -pending_count(k->pending));
    pending_free(k->pending);
    buf_fini(&k->in);
    buf_fini(&k->out);
    buf_fini(&k->text);
    buf_fini(&k->mem);
    free(k->profiles);
    free(k->box_id);
    free(k->name);
    free(k);
}

const char *kannel_name(const struct kannel *k)
{
    return k->name;
}

bool kannel_is_up(const struct kannel *k)
{
    return k->state == KANNEL_UP;
}

const struct profile *kannel_profile(const struct kannel *k, uint16_t index)
{
    return index < k->profile_count ? &k->profiles[index] : NULL;
}
