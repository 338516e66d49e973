/*
 * link.c - bufferevent to frames.  A peer that does not read is bounded by
 * OUTPUT_MAX: then nothing new is posted to it.
 */
#include "link.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "centre.h"
#include "now.h"
#include "report.h"
#include "telco.h"

#define OUTPUT_MAX (4u << 20)

static struct report *report_of(struct link *l)
{
    return centre_telco(l->centre)->report;
}

static void nack(struct link *l, uint32_t sequence, uint32_t status)
{
    struct smpp_pdu pdu = { .command = SMPP_GENERIC_NACK, .status = status, .sequence = sequence };

    link_send(l, &pdu);
}

/* One frame; false: the stream cannot be trusted any more. */
static bool take_frame(struct link *l, const uint8_t *p, size_t len)
{
    struct smpp_pdu pdu;
    uint32_t status;

    report_pdu(report_of(l), true, l->id, p, len);
    switch (smpp_decode(p, len, &pdu, &status)) {
    case SMPP_OK:
        centre_pdu(l, &pdu);
        return true;
    case SMPP_UNKNOWN:
    case SMPP_BAD_BODY:
        report_violation(report_of(l), VIOLATION_PROTOCOL, "", "link=%u malformed %s command=0x%08x status=0x%x", l->id,
                         smpp_command_name(pdu.command), (unsigned)pdu.command, (unsigned)status);
        if (!(pdu.command & SMPP_RESP) && !centre_silent(l))
            nack(l, pdu.sequence, status);
        return true;
    case SMPP_MORE:
    case SMPP_BAD_LENGTH:
        break;
    }
    return false;
}

static void on_read(struct bufferevent *bev, void *arg)
{
    struct link *l = arg;
    struct evbuffer *in = bufferevent_get_input(bev);

    l->heard_us = now_us();
    while (!l->dead && !l->closing) {
        size_t have = evbuffer_get_length(in), len;
        const uint8_t *head = evbuffer_pullup(in, have < SMPP_HEADER ? (ev_ssize_t)have : SMPP_HEADER);
        enum smpp_result res = head ? smpp_frame(head, have, &len) : SMPP_MORE;

        if (res == SMPP_MORE)
            break;
        if (res == SMPP_OK && take_frame(l, evbuffer_pullup(in, (ev_ssize_t)len), len)) {
            evbuffer_drain(in, len);
            continue;
        }
        report_violation(report_of(l), VIOLATION_PROTOCOL, "", "link=%u impossible command_length", l->id);
        nack(l, 0, SMPP_RINVCMDLEN);
        centre_close(l);
    }
    centre_turn(l->centre);
}

static void on_written(struct bufferevent *bev, void *arg)
{
    struct link *l = arg;

    (void)bev;
    if (l->closing)
        l->dead = true;
    centre_turn(l->centre);
}

static void on_event(struct bufferevent *bev, short what, void *arg)
{
    struct link *l = arg;

    (void)bev;
    if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR))
        l->dead = true;
    centre_turn(l->centre);
}

struct link *link_new(struct centre *c, struct event_base *base, int fd, unsigned id, const char *peer)
{
    struct link *l = calloc(1, sizeof(*l));
    int one = 1;

    if (!l)
        abort();
    l->centre = c;
    l->id = id;
    l->since_us = l->heard_us = l->asked_us = now_us();
    snprintf(l->peer, sizeof(l->peer), "%s", peer);
    TAILQ_INIT(&l->waiting);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    l->bev = bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);
    if (!l->bev)
        abort();
    bufferevent_setwatermark(l->bev, EV_READ, 0, SMPP_PDU_MAX * 4);
    bufferevent_set_max_single_read(l->bev, 65536);
    bufferevent_set_max_single_write(l->bev, 65536);
    bufferevent_setcb(l->bev, on_read, on_written, on_event, l);
    bufferevent_enable(l->bev, EV_READ | EV_WRITE);
    return l;
}

void link_free(struct link *l)
{
    bufferevent_free(l->bev);
    free(l);
}

void link_write(struct link *l, const uint8_t *p, size_t n)
{
    if (l->dead || l->closing)
        return;
    report_pdu(report_of(l), false, l->id, p, n);
    bufferevent_write(l->bev, p, n);
}

void link_send(struct link *l, const struct smpp_pdu *pdu)
{
    uint8_t bytes[512];
    size_t n = smpp_encode(pdu, bytes, sizeof(bytes));

    link_write(l, bytes, n);
}

void link_answer(struct link *l, const struct smpp_pdu *request, uint32_t status)
{
    struct smpp_pdu pdu = { .command = request->command | SMPP_RESP, .status = status, .sequence = request->sequence };

    link_send(l, &pdu);
}

bool link_has_room(const struct link *l, int window)
{
    return !l->dead && !l->closing && l->outstanding < window && !l->slot[(l->sequence + 1) % LINK_SLOTS] &&
           evbuffer_get_length(bufferevent_get_output(l->bev)) < OUTPUT_MAX;
}

void link_post(struct link *l, struct letter *letter)
{
    uint32_t seq = ++l->sequence;

    letter->bytes[12] = (uint8_t)(seq >> 24);
    letter->bytes[13] = (uint8_t)(seq >> 16);
    letter->bytes[14] = (uint8_t)(seq >> 8);
    letter->bytes[15] = (uint8_t)seq;
    letter->sequence = seq;
    letter->sent_us = now_us();
    letter->tries++;
    l->slot[seq % LINK_SLOTS] = letter;
    l->outstanding++;
    TAILQ_INSERT_TAIL(&l->waiting, letter, entry);
    link_write(l, letter->bytes, letter->n);
}

static void take_out(struct link *l, struct letter *letter)
{
    l->slot[letter->sequence % LINK_SLOTS] = NULL;
    l->outstanding--;
    TAILQ_REMOVE(&l->waiting, letter, entry);
}

struct letter *link_answered(struct link *l, uint32_t sequence)
{
    struct letter *letter = l->slot[sequence % LINK_SLOTS];

    if (!letter || letter->sequence != sequence)
        return NULL;
    take_out(l, letter);
    return letter;
}

struct letter *link_overdue(struct link *l, int64_t before_us)
{
    struct letter *letter = TAILQ_FIRST(&l->waiting);

    if (!letter || letter->sent_us >= before_us)
        return NULL;
    take_out(l, letter);
    return letter;
}
