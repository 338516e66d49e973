/*
 * report.c - counters by a table, violations in a ring, PDUs in a list that is
 * bounded in number and in octets.  A PDU is kept as octets and decoded only
 * when someone asks, so that a load test does not pay for it.
 */
#include "report.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "now.h"
#include "smpp.h"
#include "text.h"

#define VIOLATION_RING 1000
#define EVENT_OCTETS_MAX (32u << 20)

static const char *const counter_names[COUNTERS] = {
    [COUNT_BINDS] = "binds",
    [COUNT_BINDS_REFUSED] = "binds_refused",
    [COUNT_PDUS_IN] = "pdus_in",
    [COUNT_PDUS_OUT] = "pdus_out",
    [COUNT_DIALS] = "dials",
    [COUNT_ANSWERS] = "answers",
    [COUNT_CANCELS] = "cancels",
    [COUNT_NETWORK_ABORTS] = "network_aborts",
    [COUNT_IDLE_ENDS] = "idle_ends",
    [COUNT_TOTAL_ENDS] = "total_ends",
    [COUNT_REPLY_ENDS] = "reply_ends",
    [COUNT_SCREENS] = "screens",
    [COUNT_LAST_SCREENS] = "last_screens",
    [COUNT_NOTIFIES] = "notifies",
    [COUNT_PUSHES] = "pushes",
    [COUNT_SUBMITS] = "submits",
    [COUNT_SUBMITS_REFUSED] = "submits_refused",
    [COUNT_DELIVERS] = "delivers",
    [COUNT_DELIVERS_REFUSED] = "delivers_refused",
    [COUNT_DELIVERS_UNANSWERED] = "delivers_unanswered",
    [COUNT_DELIVERS_LOST] = "delivers_lost",
    [COUNT_DELIVERS_DUPLICATED] = "delivers_duplicated",
    [COUNT_SMS_PARTS] = "sms_parts",
    [COUNT_SMS] = "sms",
    [COUNT_SMS_REPEATED] = "sms_repeated",
    [COUNT_SMS_SENT] = "sms_sent",
    [COUNT_RECEIPTS] = "receipts",
    [COUNT_FAULTS] = "faults",
};

static const struct rule {
    const char *name;
    uint32_t status;
} rules[VIOLATIONS] = {
    [VIOLATION_WRONG_NUMBER] = { "wrong_number", SMPP_RINVDSTADR },
    [VIOLATION_DEAD_SESSION] = { "dead_session", SMPP_RINVDSTADR },
    [VIOLATION_WRONG_SESSION] = { "wrong_session", SMPP_RINVDSTADR },
    [VIOLATION_NO_SESSION] = { "no_session", SMPP_RMISSINGOPTPARAM },
    [VIOLATION_UNASKED] = { "unasked", SMPP_RX_P_APPN },
    [VIOLATION_DUPLICATE] = { "duplicate", SMPP_RX_P_APPN },
    [VIOLATION_TOO_LONG] = { "too_long", SMPP_RINVMSGLEN },
    [VIOLATION_SEGMENTED] = { "segmented", SMPP_RINVESMCLASS },
    [VIOLATION_WRONG_OP] = { "wrong_op", SMPP_RINVOPTPARAMVAL },
    [VIOLATION_NO_OP] = { "no_op", SMPP_RMISSINGOPTPARAM },
    [VIOLATION_BAD_TEXT] = { "bad_text", SMPP_RSUBMITFAIL },
    [VIOLATION_END_BIT] = { "end_bit", SMPP_RINVOPTPARAMVAL },
    [VIOLATION_WRONG_BIND] = { "wrong_bind", SMPP_RINVDSTADR },
    [VIOLATION_BAD_ADDRESS] = { "bad_address", SMPP_RINVDSTADR },
    [VIOLATION_SERVICE_TYPE] = { "service_type", SMPP_RINVSERTYP },
    [VIOLATION_PROTOCOL] = { "protocol", SMPP_RINVBNDSTS },
    [VIOLATION_SMS_LONG] = { "sms_too_long", SMPP_RINVMSGLEN },
    [VIOLATION_SMS_PARTS] = { "sms_parts", SMPP_RINVMSGLEN },
};

struct note {
    int64_t at;
    enum violation kind;
    char msisdn[24];
    char text[160];
};

struct record {
    struct record *next;
    uint64_t seq;
    int64_t at;
    unsigned link;
    bool in;
    size_t n;
    uint8_t bytes[];
};

struct report {
    uint64_t counters[COUNTERS];
    uint64_t violations[VIOLATIONS];
    struct {
        bool refuse;
        uint32_t status;
    } policy[VIOLATIONS];
    uint64_t notes_seen;
    struct note notes[VIOLATION_RING];
    struct hist round_trip;

    struct record *first, **last;       /* oldest first */
    size_t events, events_max, octets;
    uint64_t seq;
};

struct report *report_new(size_t events_max)
{
    struct report *r = calloc(1, sizeof(*r));

    if (!r)
        abort();
    r->events_max = events_max;
    r->last = &r->first;
    for (int v = 0; v < VIOLATIONS; v++) {
        r->policy[v].refuse = true;
        r->policy[v].status = rules[v].status;
    }
    return r;
}

static void drop_oldest(struct report *r)
{
    struct record *e = r->first;

    r->first = e->next;
    if (!r->first)
        r->last = &r->first;
    r->events--;
    r->octets -= e->n;
    free(e);
}

void report_reset(struct report *r)
{
    memset(r->counters, 0, sizeof(r->counters));
    memset(r->violations, 0, sizeof(r->violations));
    memset(&r->round_trip, 0, sizeof(r->round_trip));
    r->notes_seen = 0;
    while (r->first)
        drop_oldest(r);
}

void report_free(struct report *r)
{
    if (!r)
        return;
    report_reset(r);
    free(r);
}

void report_count(struct report *r, enum counter c)
{
    r->counters[c]++;
}

uint64_t report_counter(const struct report *r, enum counter c)
{
    return r->counters[c];
}

void report_round_trip(struct report *r, int64_t us)
{
    hist_add(&r->round_trip, us);
}

enum violation report_violation_find(const char *name)
{
    enum violation v;

    for (v = 0; v < VIOLATIONS && strcmp(rules[v].name, name) != 0; v++)
        continue;
    return v;
}

void report_policy(struct report *r, enum violation v, bool refuse, uint32_t status)
{
    r->policy[v].refuse = refuse;
    r->policy[v].status = status != 0 ? status : rules[v].status;
}

uint32_t report_violation(struct report *r, enum violation v, const char *msisdn, const char *format, ...)
{
    struct note *n = &r->notes[r->notes_seen++ % VIOLATION_RING];
    va_list ap;

    r->violations[v]++;
    n->at = now_wall_ms();
    n->kind = v;
    snprintf(n->msisdn, sizeof(n->msisdn), "%s", msisdn);
    for (char *c = n->msisdn; *c; c++)  /* as a PDU gave it: any octets */
        if (*c < ' ' || *c > '~')
            *c = '?';
    va_start(ap, format);
    vsnprintf(n->text, sizeof(n->text), format, ap);    /* NOLINT: a long detail may be cut */
    va_end(ap);
    if (r->violations[v] <= 20)
        fprintf(stderr, "telco: violation %s msisdn=%s %s\n", rules[v].name, n->msisdn, n->text);
    return r->policy[v].refuse ? r->policy[v].status : 0;
}

void report_pdu(struct report *r, bool in, unsigned link, const uint8_t *p, size_t n)
{
    struct record *e;

    r->counters[in ? COUNT_PDUS_IN : COUNT_PDUS_OUT]++;
    r->seq++;
    if (r->events_max == 0)
        return;
    while (r->events >= r->events_max || (r->events > 0 && r->octets + n > EVENT_OCTETS_MAX))
        drop_oldest(r);
    e = malloc(sizeof(*e) + n);
    if (!e)
        abort();
    e->next = NULL;
    e->seq = r->seq;
    e->at = now_wall_ms();
    e->link = link;
    e->in = in;
    e->n = n;
    memcpy(e->bytes, p, n);
    *r->last = e;
    r->last = &e->next;
    r->events++;
    r->octets += n;
}

json_t *report_hist_json(const struct hist *h)
{
    return json_pack("{s:I, s:f, s:f, s:f, s:f, s:f}", "count", (json_int_t)h->count, "mean_ms",
                     h->count ? (double)h->sum / (double)h->count / 1e3 : 0.0, "p50_ms",
                     (double)hist_quantile(h, 0.50) / 1e3, "p95_ms", (double)hist_quantile(h, 0.95) / 1e3, "p99_ms",
                     (double)hist_quantile(h, 0.99) / 1e3, "max_ms", (double)h->max / 1e3);
}

/* Network text may be anything: show what is not UTF-8 as an empty string. */
static void set_text(json_t *o, const char *key, const char *s)
{
    json_object_set_new(o, key, json_string(text_valid(s) ? s : ""));
}

json_t *report_json(const struct report *r)
{
    json_t *counters = json_object(), *violations = json_object(), *list = json_array();
    uint64_t total = 0, first = r->notes_seen > VIOLATION_RING ? r->notes_seen - VIOLATION_RING : 0;

    for (int c = 0; c < COUNTERS; c++)
        json_object_set_new(counters, counter_names[c], json_integer((json_int_t)r->counters[c]));
    for (int v = 0; v < VIOLATIONS; v++) {
        json_object_set_new(violations, rules[v].name, json_integer((json_int_t)r->violations[v]));
        total += r->violations[v];
    }
    for (uint64_t i = first; i < r->notes_seen; i++) {
        const struct note *n = &r->notes[i % VIOLATION_RING];

        json_t *o = json_pack("{s:I, s:s}", "at", (json_int_t)n->at, "kind", rules[n->kind].name);

        set_text(o, "msisdn", n->msisdn);
        set_text(o, "text", n->text);
        json_array_append_new(list, o);
    }
    return json_pack("{s:o, s:I, s:o, s:o, s:o}", "counters", counters, "violation_count", (json_int_t)total,
                     "violations", violations, "list", list, "round_trip", report_hist_json(&r->round_trip));
}

static json_t *hex(const uint8_t *p, size_t n)
{
    char *s = malloc(n * 2 + 1);
    json_t *j;

    if (!s)
        abort();
    for (size_t i = 0; i < n; i++)
        snprintf(s + i * 2, 3, "%02x", p[i]);
    s[n * 2] = '\0';
    j = json_string(s);
    free(s);
    return j;
}

static void message_json(json_t *o, const struct smpp_pdu *pdu)
{
    const struct smpp_tlv *payload = smpp_tlv_find(pdu, SMPP_TAG_MESSAGE_PAYLOAD);
    const uint8_t *p = payload ? payload->value : pdu->text;
    size_t n = payload ? payload->len : pdu->text_len, skip = 0;
    char *text;

    set_text(o, "service_type", pdu->service_type);
    set_text(o, "from", pdu->source.addr);
    set_text(o, "to", pdu->dest.addr);
    json_object_set_new(o, "from_ton", json_integer(pdu->source.ton));
    json_object_set_new(o, "to_ton", json_integer(pdu->dest.ton));
    json_object_set_new(o, "esm_class", json_integer(pdu->esm_class));
    json_object_set_new(o, "data_coding", json_integer(pdu->data_coding));
    json_object_set_new(o, "registered_delivery", json_integer(pdu->registered));
    set_text(o, "validity", pdu->validity);
    json_object_set_new(o, "octets", json_integer((json_int_t)n));
    if ((pdu->esm_class & 0x40) && p && n > 0 && (size_t)p[0] + 1 <= n)
        skip = (size_t)p[0] + 1;
    if (skip > 0)
        json_object_set_new(o, "udh", hex(p, skip));
    text = text_decode(text_coding_of(pdu->data_coding), p ? p + skip : NULL, n - skip);
    json_object_set_new(o, text ? "text" : "hex", text ? json_string(text) : hex(p, n));
    free(text);
}

static json_t *record_json(const struct record *e)
{
    struct smpp_pdu pdu;
    uint32_t status;
    enum smpp_result res = smpp_decode(e->bytes, e->n, &pdu, &status);
    json_t *o = json_object(), *tlvs;

    json_object_set_new(o, "seq", json_integer((json_int_t)e->seq));
    json_object_set_new(o, "at", json_integer(e->at));
    json_object_set_new(o, "link", json_integer(e->link));
    json_object_set_new(o, "dir", json_string(e->in ? "in" : "out"));
    if (res != SMPP_OK) {
        json_object_set_new(o, "pdu", json_string("malformed"));
        json_object_set_new(o, "hex", hex(e->bytes, e->n < 256 ? e->n : 256));
        return o;
    }
    json_object_set_new(o, "pdu", json_string(smpp_command_name(pdu.command)));
    json_object_set_new(o, "status", json_integer(pdu.status));
    json_object_set_new(o, "sequence", json_integer(pdu.sequence));
    if (pdu.command == SMPP_SUBMIT_SM || pdu.command == SMPP_DELIVER_SM || pdu.command == SMPP_DATA_SM)
        message_json(o, &pdu);
    if (pdu.message_id[0])
        set_text(o, "message_id", pdu.message_id);
    if (pdu.system_id[0])
        set_text(o, "system_id", pdu.system_id);
    if (pdu.tlv_count == 0)
        return o;
    tlvs = json_object();
    for (size_t i = 0; i < pdu.tlv_count; i++) {
        const struct smpp_tlv *t = &pdu.tlv[i];
        char name[32];

        snprintf(name, sizeof(name), "0x%04x", t->tag);
        if (t->tag != SMPP_TAG_MESSAGE_PAYLOAD)
            json_object_set_new(tlvs, strcmp(smpp_tag_name(t->tag), "unknown") != 0 ? smpp_tag_name(t->tag) : name,
                                hex(t->value, t->len));
    }
    json_object_set_new(o, "tlvs", tlvs);
    return o;
}

json_t *report_events(const struct report *r, uint64_t after, size_t max)
{
    json_t *list = json_array();
    uint64_t next = after;
    size_t n = 0;

    for (const struct record *e = r->first; e && n < max; e = e->next) {
        if (e->seq <= after)
            continue;
        json_array_append_new(list, record_json(e));
        next = e->seq;
        n++;
    }
    return json_pack("{s:I, s:o}", "next", (json_int_t)next, "events", list);
}
