/*
 * ussd.c - what a person does, what the application answers, what the network
 * refuses.
 *
 * A dialogue lives from dialling until the last screen, an abort, or a timer.
 * turn_timer runs for whoever must speak: the person (idle) while the screen
 * asks, the application (reply) while the phone waits.
 */
#include "ussd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "centre.h"
#include "handset.h"
#include "now.h"
#include "report.h"
#include "telco.h"

enum op {
    OP_DIALLED = 1,
    OP_ASK = 2,
    OP_NOTIFY = 3,
    OP_LAST = 17,
    OP_ANSWER = 18,
    OP_NOTIFIED = 19,
};

/* Dialogues */

static struct telco *telco_of(const struct phone *p)
{
    return centre_telco(p->account->centre);
}

static void end_dialogue(struct phone *p)
{
    p->live = false;
    event_del(&p->turn_timer);
    event_del(&p->total_timer);
    memmove(p->past + 1, p->past, sizeof(p->past) - sizeof(p->past[0]));
    p->past[0] = p->session;
}

static void fail(struct phone *p, const char *words)
{
    if (p->live)
        end_dialogue(p);
    phone_history(p, '!', words);
    phone_show(p, PHONE_FAILED, words, TEXT_GSM7, false);
}

static void set_timer(struct event *e, int ms)
{
    struct timeval tv = now_tv(ms);

    evtimer_add(e, &tv);
}

/* What the PDU says beside the text: addresses and the dialogue's name. */
static void address(struct smpp_pdu *pdu, const struct phone *p)
{
    const struct account_conf *c = &p->account->conf;
    const char *to = c->address == ADDRESS_SHORT ? c->short_code : c->address == ADDRESS_DIALLED ? p->code : c->code;

    snprintf(pdu->service_type, sizeof(pdu->service_type), "USSD");
    pdu->source.ton = 1;                /* SMPP 3.4 5.2.5: international */
    pdu->source.npi = 1;
    snprintf(pdu->source.addr, sizeof(pdu->source.addr), "%s", p->msisdn);
    pdu->dest.npi = 1;
    snprintf(pdu->dest.addr, sizeof(pdu->dest.addr), "%s", to);
}

static bool deliver(struct phone *p, enum op op, const char *text, bool last)
{
    static uint8_t octets[USSD_TEXT_MAX * 2];
    struct account_conf *c = &p->account->conf;
    enum text_coding coding = text_choose(text);
    long n = text_encode(coding, text, octets, sizeof(octets));
    struct smpp_pdu pdu = { .command = SMPP_DELIVER_SM };
    uint16_t name = p->session | (c->end_bit && last ? 1 : 0);
    uint8_t name_octets[2] = { (uint8_t)(name >> 8), (uint8_t)name }, op_octet = (uint8_t)op;

    if (n < 0)
        return false;
    address(&pdu, p);
    pdu.data_coding = coding == TEXT_GSM7 ? (uint8_t)c->dcs : 8;
    if (n <= SMPP_SHORT_MESSAGE_MAX) {
        pdu.text = octets;
        pdu.text_len = (size_t)n;
    }
    smpp_tlv_add(&pdu, SMPP_TAG_USSD_SERVICE_OP, &op_octet, 1);
    if (c->session == SESSION_ITS)
        smpp_tlv_add(&pdu, SMPP_TAG_ITS_SESSION_INFO, name_octets, 2);
    else if (c->session == SESSION_UMR)
        smpp_tlv_add(&pdu, SMPP_TAG_USER_MESSAGE_REFERENCE, name_octets, 2);
    if (n > SMPP_SHORT_MESSAGE_MAX)
        smpp_tlv_add(&pdu, SMPP_TAG_MESSAGE_PAYLOAD, octets, (size_t)n);
    return centre_deliver(p->account, &pdu, LETTER_USSD, p->msisdn, p->session, 0);
}

static void tell_abort(struct phone *p)
{
    if (p->account->conf.abort_op >= 0)
        deliver(p, (enum op)p->account->conf.abort_op, "", true);
}

static void on_turn(evutil_socket_t fd, short what, void *arg)
{
    struct phone *p = arg;
    bool person = p->state == PHONE_SHOWN;

    (void)fd;
    (void)what;
    report_count(telco_of(p)->report, person ? COUNT_IDLE_ENDS : COUNT_REPLY_ENDS);
    tell_abort(p);
    fail(p, person ? "Session timed out" : "Network problem: no answer. Try again later");
}

static void on_total(evutil_socket_t fd, short what, void *arg)
{
    struct phone *p = arg;

    (void)fd;
    (void)what;
    report_count(telco_of(p)->report, COUNT_TOTAL_ENDS);
    tell_abort(p);
    fail(p, "Session timed out");
}

/* A name no living dialogue has: even numbers, so that the end bit is free. */
static bool name_dialogue(struct handsets *h, struct phone *p, struct account *a)
{
    for (int tries = 0; tries < 32768; tries++) {
        const struct phone *owner;

        a->next_session = (uint16_t)(a->next_session + 2);
        if (a->next_session == 0)
            continue;
        owner = a->owners[a->next_session][0] ? phone_find(h, a->owners[a->next_session]) : NULL;
        /* without a name in the PDUs the number is the name */
        if (a->conf.session != SESSION_NONE && owner && owner->live && owner->account == a &&
            owner->session == a->next_session)
            continue;
        memcpy(a->owners[a->next_session], p->msisdn, sizeof(p->msisdn));
        p->session = a->next_session;
        return true;
    }
    return false;
}

static bool open_dialogue(struct telco *t, struct phone *p, struct account *a)
{
    if (!name_dialogue(t->handsets, p, a))
        return false;
    p->account = a;
    p->live = true;
    evtimer_assign(&p->turn_timer, t->base, on_turn, p);
    evtimer_assign(&p->total_timer, t->base, on_total, p);
    set_timer(&p->total_timer, a->conf.total_ms);
    return true;
}

/* "*333*1#" is served by "*333#". */
static bool serves(const struct account *a, const char *code)
{
    size_t n = strcspn(a->conf.code, "#");

    return strncmp(code, a->conf.code, n) == 0 && (code[n] == '#' || code[n] == '*');
}

static struct account *account_for(struct telco *t, const struct phone *p, const char *code)
{
    struct account *own = centre_account_of(t->centre, ACCOUNT_USSD, p->msisdn);

    if (own && serves(own, code))
        return own;
    for (size_t i = 0; i < centre_accounts(t->centre); i++) {
        struct account *a = centre_account(t->centre, i);

        /* one operator may have several codes, each an account with the same prefixes */
        if (own && a->conf.kind == ACCOUNT_USSD && strcmp(a->conf.prefixes, own->conf.prefixes) == 0 && serves(a, code))
            return a;
    }
    return NULL;
}

static void send_key(struct phone *p, enum op op, const char *text)
{
    p->sent_us = now_us();
    phone_show(p, PHONE_WAITING, "", TEXT_GSM7, false);
    set_timer(&p->turn_timer, p->account->conf.reply_ms);
    if (!deliver(p, op, text, false))
        fail(p, "Network busy. Try again later");
}

bool ussd_dial(struct telco *t, struct phone *p, const char *code, const char **error)
{
    size_t n = strlen(code);
    struct account *a;

    if ((code[0] != '*' && code[0] != '#') || n < 2 || n > USSD_TEXT_MAX || code[n - 1] != '#' || !text_valid(code)) {
        *error = "code: expected something like *333#";
        return false;
    }
    if (p->live)
        ussd_cancel(t, p);
    report_count(t->report, COUNT_DIALS);
    phone_history(p, '>', code);
    a = account_for(t, p, code);
    if (!a) {
        fail(p, "Connection problem or invalid MMI code");
        return true;
    }
    if (!centre_reachable(a) || !open_dialogue(t, p, a)) {
        fail(p, "Service not available. Try again later");
        return true;
    }
    snprintf(p->code, sizeof(p->code), "%s", n < 21 ? code : a->conf.code);
    send_key(p, OP_DIALLED, code);
    return true;
}

bool ussd_type(struct telco *t, struct phone *p, const char *text, const char **error)
{
    if (!p->live || p->state != PHONE_SHOWN || !p->more) {
        *error = "the phone is not asked anything";
        return false;
    }
    if (!text_valid(text) || strlen(text) > USSD_TEXT_MAX) {
        *error = "text: not UTF-8, or too long";
        return false;
    }
    report_count(t->report, COUNT_ANSWERS);
    phone_history(p, '>', text);
    send_key(p, OP_ANSWER, text);
    return true;
}

void ussd_cancel(struct telco *t, struct phone *p)
{
    if (p->live) {
        report_count(t->report, COUNT_CANCELS);
        tell_abort(p);
        end_dialogue(p);
        phone_history(p, '!', "cancelled");
    }
    phone_show(p, PHONE_IDLE, "", TEXT_GSM7, false);
}

void ussd_abort(struct telco *t, struct phone *p, const char *words)
{
    if (!p->live)
        return;
    report_count(t->report, COUNT_NETWORK_ABORTS);
    tell_abort(p);
    fail(p, words);
}

void ussd_refused(struct telco *t, const char *msisdn, uint16_t session, uint32_t status)
{
    struct phone *p = phone_find(t->handsets, msisdn);

    (void)status;
    if (p && p->live && p->session == session && p->state == PHONE_WAITING)
        fail(p, "Service not available. Try again later");
}

/* Submits */

struct page {
    struct telco *t;
    struct account *a;
    const struct smpp_pdu *pdu;
    struct phone *p;
    uint8_t op;
    bool last;
    bool pushed;                        /* no dialogue yet: the application starts one */
    enum text_coding coding;
    char *text;
};

static uint32_t judge_form(struct page *g)
{
    struct report *r = g->t->report;
    const struct smpp_pdu *pdu = g->pdu;
    uint32_t op, status;

    if (strcmp(pdu->service_type, "USSD") != 0 &&
        (status = report_violation(r, VIOLATION_SERVICE_TYPE, pdu->dest.addr, "service_type is not USSD")))
        return status;
    if (!smpp_tlv_uint(pdu, SMPP_TAG_USSD_SERVICE_OP, 1, &op)) {
        status = report_violation(r, VIOLATION_NO_OP, pdu->dest.addr, "no ussd_service_op");
        if (status)
            return status;
        op = OP_ASK;
    }
    g->op = (uint8_t)op;
    if (op != OP_ASK && op != OP_NOTIFY && op != OP_LAST &&
        (status = report_violation(r, VIOLATION_WRONG_OP, pdu->dest.addr, "ussd_service_op %u", (unsigned)op)))
        return status;
    if (((pdu->esm_class & 0x40) || smpp_tlv_find(pdu, SMPP_TAG_SAR_MSG_REF_NUM)) &&
        (status = report_violation(r, VIOLATION_SEGMENTED, pdu->dest.addr, "esm_class 0x%02x", pdu->esm_class)))
        return status;
    return SMPP_ROK;
}

static uint32_t judge_text(struct page *g)
{
    struct report *r = g->t->report;
    const struct account_conf *c = &g->a->conf;
    const struct smpp_tlv *payload = smpp_tlv_find(g->pdu, SMPP_TAG_MESSAGE_PAYLOAD);
    const uint8_t *p = payload ? payload->value : g->pdu->text;
    size_t n = payload ? payload->len : g->pdu->text_len;
    struct text_cost cost;

    g->coding = text_coding_of(g->pdu->data_coding);
    g->text = text_decode(g->coding, p, n);
    if (!g->text || (n == 0 && g->op != OP_LAST)) {
        uint32_t status = report_violation(r, VIOLATION_BAD_TEXT, g->pdu->dest.addr, "data_coding %u, %zu octets",
                                           g->pdu->data_coding, n);

        if (!g->text)
            g->text = text_decode(TEXT_GSM7, NULL, 0);
        return status;
    }
    cost = text_cost(g->text);
    if (g->coding == TEXT_GSM7 ? cost.septets > c->septets : cost.units > c->units)
        return report_violation(r, VIOLATION_TOO_LONG, g->pdu->dest.addr, "%d %s, limit %d",
                                g->coding == TEXT_GSM7 ? cost.septets : cost.units,
                                g->coding == TEXT_GSM7 ? "septets" : "units",
                                g->coding == TEXT_GSM7 ? c->septets : c->units);
    return SMPP_ROK;
}

static bool was_hers(const struct phone *p, uint16_t session)
{
    for (size_t i = 0; i < PHONE_PAST; i++)
        if (p->past[i] == session && session != 0)
            return true;
    return false;
}

/* Network-initiated: an idle phone takes it; a busy, an absent and a barred one do not. */
static uint32_t judge_push(struct page *g, const char *number)
{
    struct report *r = g->t->report;

    if (!g->a->conf.push || g->op == OP_LAST)
        return report_violation(r, VIOLATION_NO_SESSION, number, "no session name, op %u", g->op);
    g->p = phone_get(g->t->handsets, number);
    if (!g->p || g->p->live)
        return SMPP_RX_T_APPN;
    if (g->p->absent)
        return SMPP_RDELIVERYFAILURE;
    if (g->p->refuses)
        return SMPP_RX_R_APPN;
    g->pushed = true;
    return SMPP_ROK;
}

/* Whose dialogue is it, is it alive, and is it hers who gets the screen? */
static uint32_t judge_session(struct page *g)
{
    struct report *r = g->t->report;
    const struct account_conf *c = &g->a->conf;
    bool named = c->session != SESSION_NONE;
    uint32_t name = 0;
    char number[16];
    const char *owner;

    if (!phone_number(g->pdu->dest.addr, number)) {
        report_violation(r, VIOLATION_BAD_ADDRESS, g->pdu->dest.addr, "destination is no number");
        return SMPP_RINVDSTADR;
    }
    g->p = phone_find(g->t->handsets, number);
    g->last = g->op == OP_LAST;
    if (named && !smpp_tlv_uint(g->pdu, c->session == SESSION_ITS ? SMPP_TAG_ITS_SESSION_INFO
                                                                   : SMPP_TAG_USER_MESSAGE_REFERENCE, 2, &name))
        return judge_push(g, number);
    if (named && c->end_bit) {
        if (((name & 1) != 0) != g->last) {
            uint32_t status = report_violation(r, VIOLATION_END_BIT, number, "op %u with end bit %u", g->op,
                                               (unsigned)(name & 1));
            if (status)
                return status;
        }
        g->last = g->last || (name & 1);
        name &= 0xfffe;
    }
    if (g->p && g->p->live && g->p->account != g->a)
        return report_violation(r, VIOLATION_WRONG_BIND, number, "dialogue of account %s", g->p->account->conf.name);
    if (g->p && g->p->live && (!named || g->p->session == name))
        return SMPP_ROK;
    if (!named && c->push)
        return judge_push(g, number);
    if (!named)
        return report_violation(r, g->p ? VIOLATION_DEAD_SESSION : VIOLATION_WRONG_NUMBER, number, "no dialogue");
    owner = g->a->owners[name];
    if (owner[0] == '\0')
        return report_violation(r, VIOLATION_WRONG_SESSION, number, "session 0x%04x was never given", (unsigned)name);
    if (strcmp(owner, number) == 0 || (g->p && was_hers(g->p, (uint16_t)name)))
        return report_violation(r, VIOLATION_DEAD_SESSION, number, "session 0x%04x is over", (unsigned)name);
    return report_violation(r, VIOLATION_WRONG_NUMBER, number, "session 0x%04x is of %s", (unsigned)name, owner);
}

static uint32_t judge_turn(struct page *g)
{
    enum violation v;

    if (g->pushed || g->p->state == PHONE_WAITING)
        return SMPP_ROK;
    v = strcmp(g->p->screen, g->text) == 0 ? VIOLATION_DUPLICATE : VIOLATION_UNASKED;
    return report_violation(g->t->report, v, g->p->msisdn, "session 0x%04x", g->p->session);
}

static void show(struct page *g)
{
    struct phone *p = g->p;
    struct report *r = g->t->report;
    struct account *a = p->account;

    if (!g->pushed)
        report_round_trip(r, now_us() - p->sent_us);
    phone_history(p, '<', g->text);
    if (g->last) {
        report_count(r, COUNT_LAST_SCREENS);
        end_dialogue(p);
        phone_show(p, PHONE_ENDED, g->text, g->coding, false);
        return;
    }
    report_count(r, g->op == OP_NOTIFY ? COUNT_NOTIFIES : COUNT_SCREENS);
    if (g->op == OP_NOTIFY && g->pushed) {
        deliver(p, OP_NOTIFIED, "", false);
        end_dialogue(p);
        phone_show(p, PHONE_ENDED, g->text, g->coding, false);
        return;
    }
    set_timer(&p->turn_timer, g->op == OP_NOTIFY ? a->conf.reply_ms : a->conf.idle_ms);
    if (g->op == OP_NOTIFY) {           /* the handset confirms by itself; the application speaks on */
        phone_show(p, PHONE_WAITING, g->text, g->coding, false);
        p->sent_us = now_us();
        deliver(p, OP_NOTIFIED, "", false);
        return;
    }
    phone_show(p, PHONE_SHOWN, g->text, g->coding, true);
}

uint32_t ussd_submit(struct telco *t, struct account *a, const struct smpp_pdu *pdu)
{
    static uint32_t (*const judges[])(struct page *) = { judge_form, judge_session, judge_text, judge_turn };
    struct page g = { .t = t, .a = a, .pdu = pdu };
    uint32_t status = SMPP_ROK;

    for (size_t i = 0; i < sizeof(judges) / sizeof(judges[0]) && status == SMPP_ROK; i++) {
        status = judges[i](&g);
        if (i == 1 && status == SMPP_ROK && !g.pushed && (!g.p || !g.p->live)) {
            free(g.text);
            return SMPP_ROK;            /* accepted by policy, but there is no one to show it to */
        }
    }
    if (status == SMPP_ROK && g.pushed) {
        report_count(t->report, COUNT_PUSHES);
        if (open_dialogue(t, g.p, a))
            snprintf(g.p->code, sizeof(g.p->code), "%s", a->conf.code);
        else
            status = SMPP_RX_T_APPN;
    }
    if (status == SMPP_ROK)
        show(&g);
    free(g.text);
    return status;
}
