/*
 * sms.c - parts to messages (3GPP TS 23.040 9.2.3.24), receipts, and back.
 */
#include "sms.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "centre.h"
#include "handset.h"
#include "now.h"
#include "report.h"
#include "telco.h"

#define PART_OCTETS 140
#define TEXT_MAX 40000                  /* of an SMS that a person sends, octets of UTF-8 */
#define LONG_OCTETS_MAX 65000

/* One part as it came. */
struct part {
    const uint8_t *p;
    size_t n;
    unsigned ref, total, number;        /* total 1: not a chain */
    bool bad;
};

/* The concatenation elements 0x00 (8-bit reference) and 0x08 (16-bit). */
static void read_udh(struct part *part)
{
    size_t left = part->n > 0 ? part->p[0] : 0;
    const uint8_t *e = part->p + 1;

    if (part->n == 0 || left + 1 > part->n) {
        part->bad = true;
        return;
    }
    while (left >= 2) {
        size_t len = e[1];

        if (len + 2 > left) {
            part->bad = true;
            return;
        }
        if (e[0] == 0x00 && len == 3) {
            part->ref = e[2];
            part->total = e[3];
            part->number = e[4];
        } else if (e[0] == 0x08 && len == 4) {
            part->ref = 0x10000u | (unsigned)e[2] << 8 | e[3];
            part->total = e[4];
            part->number = e[5];
        }
        e += len + 2;
        left -= len + 2;
    }
    part->bad = left != 0;
    part->n -= (size_t)part->p[0] + 1;
    part->p += (size_t)part->p[0] + 1;
}

static struct part read_part(const struct smpp_pdu *pdu)
{
    const struct smpp_tlv *payload = smpp_tlv_find(pdu, SMPP_TAG_MESSAGE_PAYLOAD);
    struct part part = { .total = 1, .number = 1 };
    uint32_t ref, total = 0, number = 0;

    part.p = payload ? payload->value : pdu->text;
    part.n = payload ? payload->len : pdu->text_len;
    if (pdu->esm_class & 0x40) {        /* SMPP 3.4 5.2.12: UDHI */
        read_udh(&part);
    } else if (smpp_tlv_uint(pdu, SMPP_TAG_SAR_MSG_REF_NUM, 2, &ref)) {
        part.bad = !smpp_tlv_uint(pdu, SMPP_TAG_SAR_TOTAL_SEGMENTS, 1, &total) ||
                   !smpp_tlv_uint(pdu, SMPP_TAG_SAR_SEGMENT_SEQNUM, 1, &number);
        part.ref = 0x20000u | ref;
        part.total = total;
        part.number = number;
    }
    if (part.total == 0 || part.number == 0 || part.number > part.total)
        part.bad = true;
    return part;
}

/* A part must go over the air in 140 octets with its header. */
static bool fits(const struct smpp_pdu *pdu, const struct part *part, enum text_coding coding)
{
    size_t header = (pdu->esm_class & 0x40) ? pdu->text_len - part->n : 0;

    if (smpp_tlv_find(pdu, SMPP_TAG_MESSAGE_PAYLOAD))
        return true;                    /* the centre cuts it */
    if (coding == TEXT_GSM7)
        return (header * 8 + 6) / 7 + part->n <= 160;
    return header + part->n <= PART_OCTETS;
}

static void new_message(struct telco *t, struct phone *p, const char *sender, char *text, enum text_coding coding,
                        unsigned segments)
{
    struct sms_item *s;
    char line[64], from[24];

    snprintf(from, sizeof(from), "%s", sender);
    for (char *c = from; *c; c++)       /* an address may hold any octet; a phone shows letters */
        if (*c < ' ' || *c > '~')
            *c = '?';
    TAILQ_FOREACH(s, &p->inbox, entry)
        if (strcmp(s->text, text) == 0) {
            report_count(t->report, COUNT_SMS_REPEATED);
            break;
        }
    report_count(t->report, COUNT_SMS);
    snprintf(line, sizeof(line), "SMS from %s", from);
    phone_history(p, '!', line);
    phone_sms(p, from, text, coding, segments);
}

/* All parts are here: join their octets, so that a character may span two. */
static uint32_t join(struct telco *t, struct phone *p, struct sms_partial *s)
{
    size_t n = 0, at = 0;
    uint8_t *octets;
    char *text;
    uint32_t status = SMPP_ROK;

    for (unsigned i = 1; i <= s->total; i++)
        n += s->part[i].n;
    octets = malloc(n + 1);
    if (!octets)
        abort();
    for (unsigned i = 1; i <= s->total; i++) {
        memcpy(octets + at, s->part[i].p, s->part[i].n);
        at += s->part[i].n;
    }
    text = text_decode(s->coding, octets, n);
    free(octets);
    if (text)
        new_message(t, p, s->from, text, s->coding, s->total);
    else
        status = report_violation(t->report, VIOLATION_BAD_TEXT, p->msisdn, "chained SMS");
    phone_partial_free(p, s);
    return status;
}

static uint32_t take_part(struct telco *t, struct phone *p, const struct smpp_pdu *pdu, const struct part *part,
                          enum text_coding coding)
{
    struct sms_partial *s;

    if (part->total == 1) {
        char *text = text_decode(coding, part->p, part->n);
        unsigned segments = 1;

        if (!text)
            return report_violation(t->report, VIOLATION_BAD_TEXT, p->msisdn, "SMS, data_coding %u", pdu->data_coding);
        if (coding == TEXT_GSM7 && part->n > 160)
            segments = (unsigned)((part->n + 152) / 153);
        else if (coding != TEXT_GSM7 && part->n > PART_OCTETS)
            segments = (unsigned)((part->n + 133) / 134);
        new_message(t, p, pdu->source.addr, text, coding, segments);
        return SMPP_ROK;
    }
    s = phone_partial(p, pdu->source.addr, part->ref, part->total, coding);
    if (!s || s->part[part->number].p)
        return report_violation(t->report, VIOLATION_SMS_PARTS, p->msisdn, "part %u of %u again, or of another chain",
                                part->number, part->total);
    s->part[part->number].p = malloc(part->n + 1);
    if (!s->part[part->number].p)
        abort();
    if (part->n > 0)
        memcpy(s->part[part->number].p, part->p, part->n);
    s->part[part->number].n = part->n;
    return ++s->got == s->total ? join(t, p, s) : SMPP_ROK;
}

/* SMPP 3.4 appendix B: the usual text of a delivery receipt. */
static void send_receipt(struct telco *t, struct account *a, const struct smpp_pdu *of, const char *id)
{
    static const struct {
        const char *name;
        uint8_t state;                  /* SMPP 3.4 5.2.28 */
        const char *err;
    } states[RECEIPTS] = { { "DELIVRD", 2, "000" }, { "EXPIRED", 3, "001" }, { "UNDELIV", 5, "002" } };
    int what = a->fault.receipt >= 0 ? a->fault.receipt : a->conf.receipt;
    int ms = a->fault.receipt_ms >= 0 ? a->fault.receipt_ms : a->conf.receipt_ms;
    struct smpp_pdu pdu = { .command = SMPP_DELIVER_SM, .source = of->dest, .dest = of->source, .esm_class = 0x04 };
    time_t now = (time_t)(now_wall_ms() / 1000);
    char date[16], text[200];
    struct tm tm;
    int n;

    if ((of->registered & 3) == 0 || ((of->registered & 3) == 2 && what == RECEIPT_DELIVRD))
        return;                         /* SMPP 3.4 5.2.17 */
    gmtime_r(&now, &tm);
    snprintf(date, sizeof(date), "%02u%02u%02u%02u%02u", (unsigned)tm.tm_year % 100u, (unsigned)tm.tm_mon % 12u + 1,
             (unsigned)tm.tm_mday % 32u, (unsigned)tm.tm_hour % 24u, (unsigned)tm.tm_min % 60u);
    n = snprintf(text, sizeof(text), "id:%s sub:001 dlvrd:%s submit date:%s done date:%s stat:%s err:%s text:", id,
                 what == RECEIPT_DELIVRD ? "001" : "000", date, date, states[what].name, states[what].err);
    pdu.text = (const uint8_t *)text;
    pdu.text_len = (size_t)n;
    smpp_tlv_add(&pdu, SMPP_TAG_RECEIPTED_MESSAGE_ID, id, strlen(id) + 1);
    smpp_tlv_add(&pdu, SMPP_TAG_MESSAGE_STATE, &states[what].state, 1);
    if (centre_deliver(a, &pdu, LETTER_RECEIPT, of->dest.addr, 0, ms))
        report_count(t->report, COUNT_RECEIPTS);
}

uint32_t sms_submit(struct telco *t, struct account *a, const struct smpp_pdu *pdu, const char *id)
{
    enum text_coding coding = text_coding_of(pdu->data_coding);
    struct part part = read_part(pdu);
    struct phone *p;
    uint32_t status;

    if (smpp_tlv_find(pdu, SMPP_TAG_USSD_SERVICE_OP) &&
        (status = report_violation(t->report, VIOLATION_WRONG_BIND, pdu->dest.addr, "USSD on an SMS bind")))
        return status;
    if (part.bad && (status = report_violation(t->report, VIOLATION_SMS_PARTS, pdu->dest.addr, "bad header")))
        return status;
    if (!part.bad && !fits(pdu, &part, coding) &&
        (status = report_violation(t->report, VIOLATION_SMS_LONG, pdu->dest.addr, "%zu octets", part.n)))
        return status;
    p = phone_get(t->handsets, pdu->dest.addr);
    if (!p) {
        report_violation(t->report, VIOLATION_BAD_ADDRESS, pdu->dest.addr, "SMS to no number");
        return SMPP_RINVDSTADR;
    }
    report_count(t->report, COUNT_SMS_PARTS);
    status = part.bad ? SMPP_ROK : take_part(t, p, pdu, &part, coding);
    if (status == SMPP_ROK)
        send_receipt(t, a, pdu, id);
    return status;
}

static bool send_part(struct account *a, struct phone *p, const struct smpp_pdu *pdu, const uint8_t *octets, size_t n)
{
    struct smpp_pdu part = *pdu;

    part.text = octets;
    part.text_len = n;
    return centre_deliver(a, &part, LETTER_SMS, p->msisdn, 0, 0);
}

static bool send_chain(struct account *a, struct phone *p, struct smpp_pdu *pdu, enum text_coding coding,
                       const uint8_t *octets, size_t n)
{
    static uint8_t ref;
    size_t room = coding == TEXT_GSM7 ? 153 : 134, total = 0, cut;
    uint8_t bytes[6 + 160];

    for (size_t at = 0; at < n; at += cut, total++)
        cut = text_cut(coding, octets + at, n - at, room);
    if (total > 255)
        return false;
    ref++;
    pdu->esm_class = 0x40;
    for (size_t at = 0, i = 1; at < n; at += cut, i++) {
        const uint8_t udh[6] = { 5, 0, 3, ref, (uint8_t)total, (uint8_t)i };

        cut = text_cut(coding, octets + at, n - at, room);
        memcpy(bytes, udh, sizeof(udh));
        memcpy(bytes + sizeof(udh), octets + at, cut);
        if (!send_part(a, p, pdu, bytes, sizeof(udh) + cut))
            return false;
    }
    return true;
}

bool sms_send(struct telco *t, struct phone *p, const char *to, const char *text, const char **error)
{
    static uint8_t octets[LONG_OCTETS_MAX];
    struct account *a = centre_account_of(t->centre, ACCOUNT_SMS, p->msisdn);
    enum text_coding coding = text_choose(text);
    struct smpp_pdu pdu = { .command = SMPP_DELIVER_SM };
    bool ok;
    long n;

    *error = "text: not UTF-8, or too long for an SMS";
    if (!text_valid(text) || strlen(text) > TEXT_MAX)
        return false;
    n = text_encode(coding, text, octets, sizeof(octets));
    if (n < 0)
        return false;
    if (!a || strcmp(to, a->conf.short_code) != 0) {
        *error = "to: no such short number";
        return false;
    }
    pdu.source.ton = pdu.source.npi = 1;
    snprintf(pdu.source.addr, sizeof(pdu.source.addr), "%s", p->msisdn);
    pdu.dest.npi = 1;
    snprintf(pdu.dest.addr, sizeof(pdu.dest.addr), "%s", to);
    pdu.data_coding = coding == TEXT_GSM7 ? 0 : 8;
    if ((size_t)n <= (coding == TEXT_GSM7 ? 160u : 140u)) {
        ok = send_part(a, p, &pdu, octets, (size_t)n);
    } else if (a->conf.sms_long == LONG_PAYLOAD) {
        smpp_tlv_add(&pdu, SMPP_TAG_MESSAGE_PAYLOAD, octets, (size_t)n);
        ok = send_part(a, p, &pdu, NULL, 0);
    } else {
        ok = send_chain(a, p, &pdu, coding, octets, (size_t)n);
    }
    if (!ok) {
        *error = "the SMS centre is full, or the text has more than 255 parts";
        return false;
    }
    report_count(t->report, COUNT_SMS_SENT);
    phone_history(p, '>', "SMS sent");
    return true;
}
