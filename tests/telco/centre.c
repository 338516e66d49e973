/*
 * centre.c - who may bind, what a bind may do, and how a deliver_sm finds one.
 *
 * A deliver_sm is a letter.  It stands in one list: held (a delay), queue (for
 * a bind with room), or a link's waiting (for its answer).  USSD letters die
 * with their link, as a dialogue would; SMS and receipts go back to the queue.
 */
#include "centre.h"

#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>
#include <inttypes.h>
#include <jansson.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "now.h"
#include "report.h"
#include "sms.h"
#include "telco.h"
#include "ussd.h"

#define LINKS_MAX 128
#define SWEEP_MS 100
#define BIND_US 10000000                /* a connection binds within */
#define CLOSE_US 2000000                /* a goodbye takes at most */
#define ENQUIRE_US 30000000             /* we ask a silent peer */
#define DEAD_US 120000000               /* and give it up */
#define SMS_TRIES 20
#define SWAP_MS 50

TAILQ_HEAD(link_list, link);

struct centre {
    struct telco *telco;
    struct evconnlistener *listener[2];
    struct event *sweep;
    struct link_list links;
    int link_count;
    unsigned last_link;
    uint64_t last_message;
    size_t account_count;
    struct account accounts[ACCOUNTS_MAX];
};

static void pump(struct account *a);

struct telco *centre_telco(struct centre *c)
{
    return c->telco;
}

size_t centre_accounts(const struct centre *c)
{
    return c->account_count;
}

struct account *centre_account(struct centre *c, size_t i)
{
    return &c->accounts[i];
}

struct account *centre_account_find(struct centre *c, const char *name)
{
    for (size_t i = 0; i < c->account_count; i++)
        if (strcmp(c->accounts[i].conf.name, name) == 0)
            return &c->accounts[i];
    return NULL;
}

static size_t prefix_fit(const char *prefixes, const char *msisdn)
{
    size_t best = 0;

    if (*prefixes == '\0')
        return 1;
    while (*prefixes) {
        size_t n = strcspn(prefixes, "/");

        if (n + 1 > best && n > 0 && strncmp(prefixes, msisdn, n) == 0)
            best = n + 1;
        prefixes += n + (prefixes[n] == '/');
    }
    return best;
}

struct account *centre_account_of(struct centre *c, enum account_kind kind, const char *msisdn)
{
    struct account *best = NULL;
    size_t best_fit = 0;

    for (size_t i = 0; i < c->account_count; i++) {
        struct account *a = &c->accounts[i];
        size_t fit = a->conf.kind == (int)kind ? prefix_fit(a->conf.prefixes, msisdn) : 0;

        if (fit > best_fit) {
            best = a;
            best_fit = fit;
        }
    }
    return best;
}

/* Letters */

static void letter_free(struct letter *l)
{
    if (event_initialized(&l->timer))
        event_del(&l->timer);
    free(l);
}

static struct letter *letter_new(struct account *a, enum letter_kind kind, const uint8_t *p, size_t n)
{
    struct letter *l = calloc(1, sizeof(*l) + n);

    if (!l)
        abort();
    l->kind = kind;
    l->account = a;
    l->n = n;
    memcpy(l->bytes, p, n);
    return l;
}

static struct link *link_by_id(struct centre *c, unsigned id)
{
    struct link *l;

    TAILQ_FOREACH(l, &c->links, entry)
        if (l->id == id && !l->dead)
            return l;
    return NULL;
}

static void on_released(evutil_socket_t fd, short what, void *arg)
{
    struct letter *l = arg;
    struct account *a = l->account;
    struct link *to;

    (void)fd;
    (void)what;
    TAILQ_REMOVE(&a->held, l, entry);
    if (a->swap == l)
        a->swap = NULL;
    if (l->kind == LETTER_RESP) {
        to = link_by_id(a->centre, l->link);
        if (to && !centre_silent(to))
            link_write(to, l->bytes, l->n);
        letter_free(l);
        return;
    }
    TAILQ_INSERT_TAIL(&a->queue, l, entry);
    a->queued++;
    pump(a);
}

static void hold(struct letter *l, int ms)
{
    struct timeval tv = now_tv(ms);

    evtimer_assign(&l->timer, l->account->centre->telco->base, on_released, l);
    TAILQ_INSERT_TAIL(&l->account->held, l, entry);
    evtimer_add(&l->timer, &tv);
}

static bool may_receive(const struct link *l)
{
    return !l->dead && !l->closing && !l->unbinding && (l->bind & BIND_RX);
}

bool centre_reachable(const struct account *a)
{
    struct link *l;

    TAILQ_FOREACH(l, &a->centre->links, entry)
        if (l->account == a && may_receive(l))
            return true;
    return false;
}

/* The next bind in turn that has room. */
static struct link *next_link(struct account *a)
{
    struct link *l, *ready[LINKS_MAX];
    unsigned n = 0;

    TAILQ_FOREACH(l, &a->centre->links, entry)
        if (l->account == a && may_receive(l) && link_has_room(l, a->conf.window))
            ready[n++] = l;
    return n > 0 ? ready[a->turn++ % n] : NULL;
}

static void pump(struct account *a)
{
    struct letter *letter;
    struct link *l;

    if (a->fault.silent)
        return;
    while ((letter = TAILQ_FIRST(&a->queue)) && (l = next_link(a))) {
        TAILQ_REMOVE(&a->queue, letter, entry);
        a->queued--;
        report_count(a->centre->telco->report, COUNT_DELIVERS);
        link_post(l, letter);
    }
}

static void enqueue(struct letter *l, int delay_ms)
{
    struct account *a = l->account;

    if (a->swap) {                      /* reorder: this one overtakes the one before */
        struct letter *before = a->swap;

        a->swap = NULL;
        event_del(&before->timer);
        TAILQ_REMOVE(&a->held, before, entry);
        TAILQ_INSERT_TAIL(&a->queue, l, entry);
        TAILQ_INSERT_TAIL(&a->queue, before, entry);
        a->queued += 2;
        pump(a);
        return;
    }
    if (a->fault.reorder && delay_ms == 0) {
        a->swap = l;
        hold(l, SWAP_MS);
        return;
    }
    if (delay_ms > 0) {
        hold(l, delay_ms);
        return;
    }
    TAILQ_INSERT_TAIL(&a->queue, l, entry);
    a->queued++;
    pump(a);
}

bool centre_deliver(struct account *a, const struct smpp_pdu *pdu, enum letter_kind kind, const char *msisdn,
                    uint16_t session, int delay_ms)
{
    static uint8_t bytes[SMPP_PDU_MAX];
    struct report *r = a->centre->telco->report;
    size_t n = smpp_encode(pdu, bytes, sizeof(bytes));
    int copies = 1 + a->fault.duplicate;

    if (n == 0 || a->queued >= a->conf.queue)
        return false;
    if (fault_take(&a->fault.drop_deliver)) {
        report_count(r, COUNT_FAULTS);
        return true;
    }
    for (int i = 0; i < copies; i++) {
        struct letter *l = letter_new(a, kind, bytes, n);

        snprintf(l->msisdn, sizeof(l->msisdn), "%s", msisdn);
        l->session = session;
        if (i > 0)
            report_count(r, COUNT_DELIVERS_DUPLICATED);
        enqueue(l, delay_ms + a->fault.deliver_ms + (i > 0 ? a->fault.duplicate_ms * i : 0));
    }
    return true;
}

/* A letter whose answer did not come, or said "not now". */
static void again(struct letter *l, bool lost_link)
{
    struct account *a = l->account;
    int tries = l->kind == LETTER_USSD ? 1 + a->conf.resend : SMS_TRIES;

    if (l->tries >= tries || (l->kind == LETTER_USSD && lost_link)) {
        report_count(a->centre->telco->report, COUNT_DELIVERS_LOST);
        letter_free(l);
        return;
    }
    hold(l, lost_link || l->kind == LETTER_USSD ? 0 : 1000);
}

static bool is_temporary(uint32_t status)
{
    return status == SMPP_RX_T_APPN || status == SMPP_RTHROTTLED || status == SMPP_RSYSERR || status == 0x14;
}

static void on_deliver_resp(struct link *l, const struct smpp_pdu *pdu)
{
    struct telco *t = l->centre->telco;
    struct letter *letter;

    if (fault_take(&l->account->fault.drop_deliver_resp)) {
        report_count(t->report, COUNT_FAULTS);
        return;
    }
    letter = link_answered(l, pdu->sequence);
    if (!letter)
        return;                         /* late, or from before a reset */
    if (pdu->status != SMPP_ROK) {
        report_count(t->report, COUNT_DELIVERS_REFUSED);
        if (letter->kind == LETTER_USSD) {
            ussd_refused(t, letter->msisdn, letter->session, pdu->status);
        } else if (is_temporary(pdu->status)) {
            again(letter, false);
            return;
        }
    }
    letter_free(letter);
    if (!TAILQ_EMPTY(&l->account->queue))
        pump(l->account);
}

/* Links */

static void bury(struct centre *c, struct link *l)
{
    struct letter *letter;

    if (l->account)
        fprintf(stderr, "telco: link=%u account=%s event=closed peer=%s\n", l->id, l->account->conf.name, l->peer);
    while ((letter = link_overdue(l, INT64_MAX)))
        again(letter, true);
    TAILQ_REMOVE(&c->links, l, entry);
    c->link_count--;
    link_free(l);
}

void centre_turn(struct centre *c)
{
    struct link *l, *next;

    for (l = TAILQ_FIRST(&c->links); l; l = next) {
        next = TAILQ_NEXT(l, entry);
        if (l->dead)
            bury(c, l);
    }
    for (size_t i = 0; i < c->account_count; i++)
        if (!TAILQ_EMPTY(&c->accounts[i].queue))
            pump(&c->accounts[i]);
}

void centre_close(struct link *l)
{
    l->closing = true;
    l->closing_us = now_us();
    if (evbuffer_get_length(bufferevent_get_output(l->bev)) == 0)
        l->dead = true;
}

bool centre_silent(const struct link *l)
{
    return l->account && l->account->fault.silent;
}

static int binds_of(struct centre *c, const struct account *a)
{
    struct link *l;
    int n = 0;

    TAILQ_FOREACH(l, &c->links, entry)
        n += l->account == a;
    return n;
}

static uint32_t judge_bind(struct link *l, const struct smpp_pdu *pdu, struct account *a)
{
    if (l->account)
        return SMPP_RALYBND;
    if (!a)
        return SMPP_RINVSYSID;
    if (strcmp(a->conf.password, pdu->password) != 0)
        return SMPP_RINVPASWD;
    if (a->fault.bind_status)
        return (uint32_t)a->fault.bind_status;
    return binds_of(l->centre, a) >= a->conf.binds ? SMPP_RBINDFAIL : SMPP_ROK;
}

static void on_bind(struct link *l, const struct smpp_pdu *pdu)
{
    static const uint8_t version[] = { 0x34 };
    struct centre *c = l->centre;
    struct account *a = centre_account_find(c, pdu->system_id);
    struct smpp_pdu resp = { .command = pdu->command | SMPP_RESP, .sequence = pdu->sequence, .system_id = "telco" };

    if (a && a->fault.down) {
        l->dead = true;
        return;
    }
    if (a && a->fault.silent)
        return;
    resp.status = judge_bind(l, pdu, a);
    smpp_tlv_add(&resp, SMPP_TAG_SC_INTERFACE_VERSION, version, sizeof(version));
    link_send(l, &resp);
    report_count(c->telco->report, resp.status == SMPP_ROK ? COUNT_BINDS : COUNT_BINDS_REFUSED);
    fprintf(stderr, "telco: link=%u event=%s status=0x%x(%s) known=%s peer=%s\n", l->id,
            smpp_command_name(pdu->command), (unsigned)resp.status, smpp_status_name(resp.status), a ? a->conf.name : "no",
            l->peer);
    if (resp.status != SMPP_ROK)
        return;
    l->account = a;
    l->bind = pdu->command == SMPP_BIND_TRANSMITTER ? BIND_TX : pdu->command == SMPP_BIND_RECEIVER ? BIND_RX : BIND_TRX;
}

static void on_unbind(struct link *l, const struct smpp_pdu *pdu)
{
    link_answer(l, pdu, SMPP_ROK);
    centre_close(l);
}

static void on_unbind_resp(struct link *l, const struct smpp_pdu *pdu)
{
    (void)pdu;
    centre_close(l);
}

static void on_enquire(struct link *l, const struct smpp_pdu *pdu)
{
    link_answer(l, pdu, SMPP_ROK);
}

static void on_ignored(struct link *l, const struct smpp_pdu *pdu)
{
    (void)l;
    (void)pdu;
}

static void answer_submit(struct link *l, const struct smpp_pdu *pdu, uint32_t status, const char *id)
{
    struct smpp_pdu resp = { .command = pdu->command | SMPP_RESP, .status = status, .sequence = pdu->sequence };
    struct fault *f = &l->account->fault;
    struct letter *later;
    uint8_t bytes[128];
    size_t n;

    if (status != SMPP_ROK)
        report_count(l->centre->telco->report, COUNT_SUBMITS_REFUSED);
    if (fault_take(&f->drop_submit_resp)) {
        report_count(l->centre->telco->report, COUNT_FAULTS);
        return;
    }
    snprintf(resp.message_id, sizeof(resp.message_id), "%s", id);
    if (f->submit_resp_ms == 0) {
        link_send(l, &resp);
        return;
    }
    n = smpp_encode(&resp, bytes, sizeof(bytes));
    later = letter_new(l->account, LETTER_RESP, bytes, n);
    later->link = l->id;
    hold(later, f->submit_resp_ms);
}

static void on_submit(struct link *l, const struct smpp_pdu *pdu)
{
    struct telco *t = l->centre->telco;
    struct fault *f = &l->account->fault;
    uint32_t status;
    char id[32];

    report_count(t->report, COUNT_SUBMITS);
    if (fault_take(&f->drop_submit)) {
        report_count(t->report, COUNT_FAULTS);
        return;
    }
    snprintf(id, sizeof(id), "%" PRIu64, ++l->centre->last_message);
    if (fault_take(&f->submit_errors)) {
        report_count(t->report, COUNT_FAULTS);
        status = (uint32_t)f->submit_status;
    } else if (l->account->conf.kind == ACCOUNT_USSD) {
        status = ussd_submit(t, l->account, pdu);
    } else {
        status = sms_submit(t, l->account, pdu, id);
    }
    answer_submit(l, pdu, status, id);
}

static const struct handler {
    uint32_t command;
    enum bind needs;
    void (*fn)(struct link *l, const struct smpp_pdu *pdu);
} handlers[] = {
    { SMPP_SUBMIT_SM, BIND_TX, on_submit },
    { SMPP_DATA_SM, BIND_TX, on_submit },
    { SMPP_DELIVER_SM | SMPP_RESP, BIND_RX, on_deliver_resp },
    { SMPP_GENERIC_NACK, BIND_RX, on_deliver_resp },
    { SMPP_ENQUIRE_LINK, BIND_NONE, on_enquire },
    { SMPP_ENQUIRE_LINK | SMPP_RESP, BIND_NONE, on_ignored },
    { SMPP_BIND_TRANSMITTER, BIND_NONE, on_bind },
    { SMPP_BIND_RECEIVER, BIND_NONE, on_bind },
    { SMPP_BIND_TRANSCEIVER, BIND_NONE, on_bind },
    { SMPP_UNBIND, BIND_NONE, on_unbind },
    { SMPP_UNBIND | SMPP_RESP, BIND_NONE, on_unbind_resp },
};

void centre_pdu(struct link *l, const struct smpp_pdu *pdu)
{
    struct report *r = l->centre->telco->report;

    if (centre_silent(l))
        return;
    for (size_t i = 0; i < sizeof(handlers) / sizeof(handlers[0]); i++) {
        if (handlers[i].command != pdu->command)
            continue;
        if ((l->bind & handlers[i].needs) == handlers[i].needs) {
            handlers[i].fn(l, pdu);
            return;
        }
        report_violation(r, VIOLATION_PROTOCOL, "", "link=%u %s on a bind that may not", l->id,
                         smpp_command_name(pdu->command));
        if (!(pdu->command & SMPP_RESP))
            link_answer(l, pdu, SMPP_RINVBNDSTS);
        return;
    }
    report_violation(r, VIOLATION_PROTOCOL, "", "link=%u %s is not for a centre", l->id, smpp_command_name(pdu->command));
    if (!(pdu->command & SMPP_RESP)) {
        struct smpp_pdu no = { .command = SMPP_GENERIC_NACK, .status = SMPP_RINVCMDID, .sequence = pdu->sequence };

        link_send(l, &no);
    }
}

static void sweep_link(struct link *l, int64_t now)
{
    struct letter *letter;

    if ((!l->account && now - l->since_us > BIND_US) || now - l->heard_us > DEAD_US ||
        ((l->closing || l->unbinding) && now - l->closing_us > CLOSE_US)) {
        l->dead = true;
        return;
    }
    if (!l->account || l->account->fault.silent)
        return;
    if (now - l->heard_us > ENQUIRE_US && now - l->asked_us > ENQUIRE_US) {
        struct smpp_pdu ask = { .command = SMPP_ENQUIRE_LINK, .sequence = ++l->sequence };

        l->asked_us = now;
        link_send(l, &ask);
    }
    while ((letter = link_overdue(l, now - (int64_t)l->account->conf.resp_ms * 1000))) {
        report_count(l->centre->telco->report, COUNT_DELIVERS_UNANSWERED);
        again(letter, false);
    }
}

static void on_sweep(evutil_socket_t fd, short what, void *arg)
{
    struct centre *c = arg;
    struct link *l;
    int64_t now = now_us();

    (void)fd;
    (void)what;
    TAILQ_FOREACH(l, &c->links, entry)
        sweep_link(l, now);
    centre_turn(c);
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *sa, int len, void *arg)
{
    struct centre *c = arg;
    char peer[64] = "?", host[48];
    struct sockaddr_in in;
    struct link *l;

    (void)listener;
    if (c->link_count >= LINKS_MAX) {
        close(fd);
        return;
    }
    if ((size_t)len >= sizeof(in)) {
        memcpy(&in, sa, sizeof(in));
        if (in.sin_family == AF_INET && inet_ntop(AF_INET, &in.sin_addr, host, sizeof(host)))
            snprintf(peer, sizeof(peer), "%s:%u", host, ntohs(in.sin_port));
    }
    l = link_new(c, c->telco->base, fd, ++c->last_link, peer);
    TAILQ_INSERT_TAIL(&c->links, l, entry);
    c->link_count++;
}

static struct evconnlistener *listen_on(struct centre *c, int port, char *error, size_t size)
{
    struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    struct sockaddr sa;
    struct evconnlistener *l;

    in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    memcpy(&sa, &in, sizeof(sa));
    l = evconnlistener_new_bind(c->telco->base, on_accept, c, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_REUSEABLE, 128, &sa,
                                sizeof(sa));
    if (!l)
        snprintf(error, size, "port %d: %s", port, evutil_socket_error_to_string(EVUTIL_SOCKET_ERROR()));
    return l;
}

struct centre *centre_new(struct telco *t, char *error, size_t size)
{
    struct centre *c = calloc(1, sizeof(*c));
    struct timeval tv = now_tv(SWEEP_MS);

    if (!c)
        abort();
    c->telco = t;
    TAILQ_INIT(&c->links);
    c->account_count = t->conf.account_count;
    for (size_t i = 0; i < c->account_count; i++) {
        struct account *a = &c->accounts[i];

        a->conf = t->conf.accounts[i];
        a->centre = c;
        TAILQ_INIT(&a->queue);
        TAILQ_INIT(&a->held);
        fault_clear(&a->fault);
        a->owners = calloc(65536, sizeof(*a->owners));
        if (!a->owners)
            abort();
    }
    c->sweep = event_new(t->base, -1, EV_PERSIST, on_sweep, c);
    if (!c->sweep)
        abort();
    event_add(c->sweep, &tv);
    c->listener[0] = listen_on(c, t->conf.port, error, size);
    if (c->listener[0] && t->conf.sms_port >= 0)
        c->listener[1] = listen_on(c, t->conf.sms_port, error, size);
    if (!c->listener[0] || (t->conf.sms_port >= 0 && !c->listener[1])) {
        centre_free(c);
        return NULL;
    }
    return c;
}

static void free_letters(struct letter_list *list)
{
    struct letter *l;

    while ((l = TAILQ_FIRST(list))) {
        TAILQ_REMOVE(list, l, entry);
        letter_free(l);
    }
}

void centre_reset(struct centre *c)
{
    struct letter *letter;
    struct link *l;

    for (size_t i = 0; i < c->account_count; i++) {
        struct account *a = &c->accounts[i];

        free_letters(&a->queue);
        free_letters(&a->held);
        a->swap = NULL;
        a->queued = 0;
        fault_clear(&a->fault);
        memset(a->owners, 0, 65536 * sizeof(*a->owners));
    }
    TAILQ_FOREACH(l, &c->links, entry)
        while ((letter = link_overdue(l, INT64_MAX)))
            letter_free(letter);
}

void centre_free(struct centre *c)
{
    struct link *l;

    if (!c)
        return;
    centre_reset(c);
    while ((l = TAILQ_FIRST(&c->links))) {
        TAILQ_REMOVE(&c->links, l, entry);
        link_free(l);
    }
    for (size_t i = 0; i < c->account_count; i++)
        free(c->accounts[i].owners);
    for (size_t i = 0; i < 2; i++)
        if (c->listener[i])
            evconnlistener_free(c->listener[i]);
    event_free(c->sweep);
    free(c);
}

static int port_of(struct evconnlistener *l)
{
    struct sockaddr_in in;
    socklen_t len = sizeof(in);
    struct sockaddr sa;

    if (!l || getsockname(evconnlistener_get_fd(l), &sa, &len) < 0 || len < sizeof(in))
        return -1;
    memcpy(&in, &sa, sizeof(in));
    return ntohs(in.sin_port);
}

int centre_port(const struct centre *c)
{
    return port_of(c->listener[0]);
}

int centre_sms_port(const struct centre *c)
{
    return port_of(c->listener[1]);
}

void centre_unbind(struct account *a)
{
    struct link *l;

    TAILQ_FOREACH(l, &a->centre->links, entry) {
        struct smpp_pdu pdu = { .command = SMPP_UNBIND, .sequence = l->sequence + 1 };

        if (l->account != a || l->unbinding)
            continue;
        l->sequence++;
        link_send(l, &pdu);
        l->unbinding = true;
        l->closing_us = now_us();
    }
}

void centre_drop(struct account *a)
{
    struct link *l;

    TAILQ_FOREACH(l, &a->centre->links, entry)
        if (l->account == a)
            l->dead = true;
    centre_turn(a->centre);
}

int centre_binds(struct centre *c)
{
    struct link *l;
    int n = 0;

    TAILQ_FOREACH(l, &c->links, entry)
        n += l->account != NULL;
    return n;
}

json_t *centre_links_json(struct centre *c)
{
    static const char *const names[] = { "none", "tx", "rx", "trx" };
    json_t *list = json_array();
    struct link *l;

    TAILQ_FOREACH(l, &c->links, entry)
        json_array_append_new(list, json_pack("{s:i, s:s, s:s, s:s, s:i}", "link", (int)l->id, "account",
                                              l->account ? l->account->conf.name : "", "bind", names[l->bind], "peer",
                                              l->peer, "outstanding", l->outstanding));
    return list;
}

json_t *centre_accounts_json(struct centre *c)
{
    json_t *list = json_array();

    for (size_t i = 0; i < c->account_count; i++) {
        struct account *a = &c->accounts[i];

        json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s, s:i, s:i, s:i, s:b, s:i, s:o}", "account", a->conf.name,
                                              "kind", a->conf.kind == ACCOUNT_USSD ? "ussd" : "sms", "code",
                                              a->conf.code, "short", a->conf.short_code, "septets", a->conf.septets,
                                              "units", a->conf.units, "binds", binds_of(c, a), "reachable",
                                              centre_reachable(a), "queued", a->queued, "fault", fault_json(&a->fault)));
    }
    return list;
}
