/*
 * Telcos differ in which operation means what, in how they name a dialogue and
 * in where the dialled string stands; Kannel adds its own shapes (TLVs as raw
 * octets in meta_data, dcs 15 handed on as raw GSM).  All of that ends here.
 */
#include "wire/profile.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/gsm.h"

#define PROFILE_DLR_SMSC (8 | 16)       /* the submit_sm_resp: taken, refused */
#define PROFILE_DLR_HANDSET (1 | 2)     /* delivered, failed */
#define PROFILE_RESEND_ONCE 10          /* >= sms-resend-retry of conf/kannel.conf: no second submit */
#define PROFILE_END_BIT 0x0001          /* of its_session_info, SMPP 3.4 5.3.2.43 */

/* Kannel's numbers for data_coding, in both directions but GSM (MO only). */
enum { PROFILE_CODING_UTF8 = 0, PROFILE_CODING_UCS2 = 2, PROFILE_CODING_GSM = 3 };

static const char *const profile_status_names[PROFILE_STATUSES] = {
    [PROFILE_OK] = "ok",
    [PROFILE_BAD_SENDER] = "bad_sender",
    [PROFILE_BAD_TEXT] = "bad_text",
    [PROFILE_NOTIFIED] = "notified",
    [PROFILE_BAD_OP] = "bad_op",
};

const char *profile_status_name(enum profile_status s)
{
    return s < PROFILE_STATUSES ? profile_status_names[s] : "unknown";
}

void profile_init(struct profile *p)
{
    memset(p, 0, sizeof *p);
    /* SMPP 3.4 5.3.2.44: 1 PSSR indication, 2 USSR request, 3 USSN request, 17 PSSR
     * response, 18 USSR confirm, 19 USSN confirm; 129 is what telcos use for the network's abort */
    p->begin = (struct profile_ops){ 1, { 1 } };
    p->answer = (struct profile_ops){ 2, { 18, 2 } };
    p->abort = (struct profile_ops){ 1, { 129 } };
    p->notified = (struct profile_ops){ 1, { 19 } };
    p->send_continue = 2;
    p->send_notice = 3;
    p->send_end = 17;
    p->session_mask = 0xffff;
    p->send_validity = true;
    p->data_coding = -1;
    p->limits = (struct event_limits){ .septets = 160, .units = 70, .idle_ms = 30000, .total_ms = 150000, .resend_ms = 800 };
    p->priority = -1;
}

/* --- addresses ------------------------------------------------------------ */

bool profile_msisdn(char out[EVENT_MSISDN_MAX], const char *p, size_t n)
{
    size_t skip = n > 0 && p[0] == '+' ? 1 : n > 1 && p[0] == '0' && p[1] == '0' ? 2 : 0;
    size_t digits = n - skip;
    bool local;

    if (p == NULL || digits > 15)
        return false;
    for (size_t i = skip; i < n; i++)
        if (p[i] < '0' || p[i] > '9')
            return false;
    /* Bangladesh's national form: 01, an operator digit 3 to 9, 8 digits */
    local = digits == 11 && p[skip] == '0' && p[skip + 1] == '1' && p[skip + 2] >= '3';
    if (digits < 7)
        return false;
    snprintf(out, EVENT_MSISDN_MAX, "%s%.*s", local ? "88" : "", (int)digits, p + skip);
    return true;
}

/* "*333#", "*333*1#": what a person dials. */
static bool profile_is_dialled(const char *p, size_t n)
{
    if (n < 3 || (p[0] != '*' && p[0] != '#') || p[n - 1] != '#')
        return false;
    for (size_t i = 0; i < n; i++)
        if ((p[i] < '0' || p[i] > '9') && p[i] != '*' && p[i] != '#')
            return false;
    return true;
}

/* "*333*1#" goes on from "*333#". */
static bool profile_goes_on(const char *dialled, size_t n, const char *code)
{
    size_t head = strlen(code);

    if (head > 0 && code[head - 1] == '#')
        head--;
    return head > 0 && n > head && memcmp(dialled, code, head) == 0 && (dialled[head] == '*' || dialled[head] == '#');
}

/* Kannel puts '+' before an address of ton 1, be it a code or a number. */
static struct box_str profile_receiver(const struct box_sms *mo)
{
    struct box_str r = mo->receiver;

    if (r.len > 1 && r.p[0] == '+' && (r.p[1] == '*' || r.p[1] == '#')) {
        r.p++;
        r.len--;
    }
    return r;
}

static bool profile_has_nul(struct box_str s)
{
    return s.len > 0 && memchr(s.p, '\0', s.len) != NULL;
}

/* "333", "16263": a code without its star; a subscriber's number is longer,
 * but SMS come to whole numbers too. */
static bool profile_is_short(const struct profile *p, struct box_str s)
{
    size_t i = 0;

    while (i < s.len && s.p[i] >= '0' && s.p[i] <= '9')
        i++;
    return i == s.len && i > 0 && i <= (p->channel == PROFILE_SMS ? 15 : 6);
}

/* The code of an event whose receiver and text are these. */
static void profile_code(const struct profile *p, struct box_str receiver, const char *text, size_t n,
                         char out[EVENT_CODE_MAX])
{
    bool named = profile_is_dialled(receiver.p, receiver.len);
    size_t head = 1;

    out[0] = '\0';
    if (p->code[0] != '\0' && (!named || profile_goes_on(receiver.p, receiver.len, p->code))) {
        memcpy(out, p->code, EVENT_CODE_MAX);
    } else if ((named || profile_is_short(p, receiver)) && receiver.len < EVENT_CODE_MAX) {
        snprintf(out, EVENT_CODE_MAX, "%.*s", (int)receiver.len, receiver.p);
    } else if (p->channel == PROFILE_USSD && profile_is_dialled(text, n)) {
        while (head < n && text[head] != '*' && text[head] != '#')
            head++;
        if (head + 1 < EVENT_CODE_MAX)
            snprintf(out, EVENT_CODE_MAX, "%.*s#", (int)head, text);
    }
}

/* --- TLVs ----------------------------------------------------------------- */

/* What the TLVs of an MO say; op -1: none. */
struct profile_tlvs {
    int op;
    bool has_its, has_umr;
    uint8_t its[2];
    uint16_t umr;
};

/* One value of the smpp group into to; its length, -1 when it is not there or
 * has more than size octets. */
static int profile_tlv(const struct box_sms *mo, const char *key, struct buf *scratch, void *to, size_t size)
{
    size_t mark = scratch->len;
    size_t n = 0;
    bool found = box_meta_get(scratch, mo->meta_data, "smpp", key) && !scratch->full && scratch->len - mark <= size;

    if (found) {
        n = scratch->len - mark;
        if (n > 0)
            memcpy(to, scratch->data + mark, n);
    }
    buf_cut(scratch, mark);
    return found ? (int)n : -1;
}

static void profile_tlvs(const struct box_sms *mo, struct buf *scratch, struct profile_tlvs *t)
{
    char umr[8];
    uint8_t op;
    uint32_t value = 0;
    int n;

    memset(t, 0, sizeof *t);
    t->op = profile_tlv(mo, "ussd_service_op", scratch, &op, 1) == 1 ? op : -1;
    t->has_its = profile_tlv(mo, "its_session_info", scratch, t->its, 2) == 2;
    n = profile_tlv(mo, "user_message_reference", scratch, umr, sizeof umr);
    t->has_umr = n > 0;
    for (int i = 0; i < n; i++) {
        if (umr[i] < '0' || umr[i] > '9')
            t->has_umr = false;
        else
            value = value * 10 + (uint32_t)(umr[i] - '0');
    }
    if (value > UINT16_MAX)
        t->has_umr = false;
    t->umr = t->has_umr ? (uint16_t)value : 0;
}

static bool profile_ops_has(const struct profile_ops *ops, int op)
{
    for (int i = 0; i < ops->n && i < PROFILE_OPS; i++)
        if (ops->op[i] == op)
            return true;
    return false;
}

/* The telco's name of the dialogue; false when one is due and missing. */
static bool profile_ref(const struct profile *p, const struct profile_tlvs *t, struct event_ref *ref)
{
    unsigned its = ((unsigned)t->its[0] << 8 | t->its[1]) & p->session_mask;

    switch (p->session) {
    case PROFILE_SESSION_ITS:
        if (!t->has_its)
            return false;
        if (p->end_bit)
            its &= ~(unsigned)PROFILE_END_BIT;
        *ref = (struct event_ref){ 2, { (uint8_t)(its >> 8), (uint8_t)its } };
        return true;
    case PROFILE_SESSION_UMR:
        if (!t->has_umr)
            return false;
        *ref = (struct event_ref){ 2, { (uint8_t)(t->umr >> 8), (uint8_t)t->umr } };
        return true;
    case PROFILE_SESSION_MSISDN:
        return true;
    case PROFILE_SESSIONS:
        break;
    }
    return false;
}

/* --- MO to event ---------------------------------------------------------- */

/* Append the text of mo as UTF-8; false when it is none. */
static bool profile_text(const struct box_sms *mo, struct buf *out)
{
    size_t mark = out->len;
    bool good = false;

    if (mo->msgdata.len == 0)
        return true;
    switch (mo->coding) {
    case -1:
    case PROFILE_CODING_UTF8:
        good = gsm_utf8_valid(mo->msgdata.p, mo->msgdata.len) && !profile_has_nul(mo->msgdata);
        if (good)
            buf_add(out, mo->msgdata.p, mo->msgdata.len);
        break;
    case PROFILE_CODING_UCS2:
        good = gsm_from_utf16be(out, mo->msgdata.p, mo->msgdata.len);
        break;
    case PROFILE_CODING_GSM:
        good = gsm_from_gsm(out, mo->msgdata.p, mo->msgdata.len);
        break;
    default:    /* 1 is binary, others are unknown to Kannel too */
        break;
    }
    if (!good || out->full)
        buf_cut(out, mark);
    return good && !out->full;
}

/* Which event a USSD MO is; false: it cannot be told. */
static bool profile_kind(const struct profile *p, const struct profile_tlvs *t, const char *text, size_t n,
                         enum event_kind *kind)
{
    if (p->end_bit && t->has_its && (t->its[1] & PROFILE_END_BIT) != 0)
        *kind = EVENT_ABORT;
    else if (t->op < 0 && p->accept_unmarked)
        *kind = n == 0 || (text[0] == '*' && text[n - 1] == '#') ? EVENT_BEGIN : EVENT_ANSWER;
    else if (profile_ops_has(&p->begin, t->op))
        *kind = EVENT_BEGIN;
    else if (profile_ops_has(&p->answer, t->op))
        *kind = EVENT_ANSWER;
    else if (profile_ops_has(&p->abort, t->op))
        *kind = EVENT_ABORT;
    else
        return false;
    return true;
}

/* What she dialled, when the text does not say it. */
static void profile_dialled(const struct profile *p, struct box_str receiver, struct buf *text, size_t from)
{
    if (text->len > from && (text->data[from] == '*' || text->data[from] == '#'))
        return;
    buf_cut(text, from);
    if (p->code[0] != '\0' && !profile_is_dialled(receiver.p, receiver.len))
        buf_adds(text, p->code);
    else if (!profile_has_nul(receiver) && gsm_utf8_valid(receiver.p, receiver.len))
        buf_add(text, receiver.p, receiver.len);
}

static void profile_keep(char *to, size_t size, struct box_str from)
{
    if (from.len < size && !profile_has_nul(from))
        snprintf(to, size, "%.*s", (int)from.len, from.len > 0 ? from.p : "");
}

static enum profile_status profile_judge(const struct profile *p, const struct profile_tlvs *t, bool text_good,
                                         const char *text, size_t n, struct event *ev)
{
    ev->kind = EVENT_ANSWER;
    if (p->channel == PROFILE_SMS)
        return text_good ? PROFILE_OK : PROFILE_BAD_TEXT;
    if (!profile_kind(p, t, text, n, &ev->kind))
        return PROFILE_BAD_OP;
    /* an abort needs no text, and some gateways send it without its name */
    if (!profile_ref(p, t, &ev->ref) && ev->kind != EVENT_ABORT)
        return PROFILE_BAD_OP;
    return text_good || ev->kind == EVENT_ABORT ? PROFILE_OK : PROFILE_BAD_TEXT;
}

enum profile_status profile_event(const struct profile *p, const struct box_sms *mo, struct buf *text,
                                  struct event *ev, struct profile_to *to)
{
    struct box_str receiver = profile_receiver(mo);
    struct profile_tlvs tlvs;
    enum profile_status status;
    size_t from = text->len;
    char code[EVENT_CODE_MAX];
    size_t code_from;
    bool text_good;

    memset(ev, 0, sizeof *ev);
    memset(to, 0, sizeof *to);
    if (mo->sender.p == NULL || !profile_msisdn(ev->msisdn, mo->sender.p, mo->sender.len))
        return PROFILE_BAD_SENDER;
    if (!box_uuid_parse(ev->id.bytes, mo->id, strnlen(mo->id, sizeof mo->id)))
        return PROFILE_BAD_OP;
    ev->at = mo->time > 0 ? (int64_t)mo->time * 1000 : 0;
    profile_tlvs(mo, text, &tlvs);
    if (p->channel == PROFILE_USSD && profile_ops_has(&p->notified, tlvs.op) && !profile_ops_has(&p->answer, tlvs.op))
        return PROFILE_NOTIFIED;
    text_good = profile_text(mo, text);
    status = profile_judge(p, &tlvs, text_good, text->len > from ? text->data + from : "", text->len - from, ev);
    if (status != PROFILE_OK)
        return status;

    if (ev->kind == EVENT_BEGIN)
        profile_dialled(p, receiver, text, from);
    ev->text_len = text->len - from;
    profile_code(p, receiver, text->len > from ? text->data + from : "", ev->text_len, code);
    buf_addc(text, '\0');
    code_from = text->len;
    buf_add(text, code, strlen(code) + 1);
    if (text->full)
        return PROFILE_BAD_TEXT;
    ev->text = text->data + from;
    ev->code = text->data + code_from;

    to->has_its = tlvs.has_its;
    to->has_umr = tlvs.has_umr;
    memcpy(to->its, tlvs.its, sizeof to->its);
    to->umr = tlvs.umr;
    profile_keep(to->sender, sizeof to->sender, receiver);
    profile_keep(to->receiver, sizeof to->receiver, mo->sender);
    return PROFILE_OK;
}

/* --- pages and messages to MT --------------------------------------------- */

/* RFC 4122 4.4, from a pool: a system call for each would cost more than the
 * rest of the message. */
static void profile_uuid(char out[BOX_UUID_SIZE])
{
    static uint8_t pool[4096];
    static size_t left;
    uint8_t *id;

    if (left < 16) {
        randombytes_buf(pool, sizeof pool);
        left = sizeof pool;
    }
    left -= 16;
    id = pool + left;
    id[6] = (uint8_t)((id[6] & 0x0f) | 0x40);
    id[8] = (uint8_t)((id[8] & 0x3f) | 0x80);
    box_uuid_print(out, id);
}

static struct box_str profile_str(const char *s)
{
    return s != NULL && s[0] != '\0' ? (struct box_str){ s, strlen(s) } : (struct box_str){ NULL, 0 };
}

/* What USSD and SMS have in common. */
static void profile_mt(const struct profile *p, const char *sender, const char *receiver, const char *token,
                       int64_t now_ms, struct box_sms *mt)
{
    box_sms_init(mt);
    mt->sender = profile_str(sender != NULL && sender[0] != '\0' ? sender : p->code);
    mt->receiver = profile_str(receiver);
    mt->time = (int32_t)(now_ms / 1000);
    mt->smsc_id = profile_str(p->smsc_id);
    profile_uuid(mt->id);
    mt->dlr_mask = token != NULL ? PROFILE_DLR_SMSC : -1;
    mt->dlr_url = profile_str(token);
    mt->priority = p->priority;
}

/* Coding and octets of a text: GSM-7 when it can be, else UCS-2 (3GPP TS 23.038
 * 4).  Kannel turns UTF-8 into GSM itself. */
static void profile_content(const char *text, size_t n, struct buf *mem, struct box_sms *mt)
{
    size_t mark = mem->len;

    if (gsm_cost(text, n).septets >= 0) {
        mt->coding = PROFILE_CODING_UTF8;
        mt->msgdata = (struct box_str){ n > 0 ? text : "", n };
        return;
    }
    /* on failure msgdata stays NULL and the codec refuses the message */
    if (!gsm_to_utf16be(mem, text, n) || mem->full)
        return;
    mt->coding = PROFILE_CODING_UCS2;
    mt->msgdata = (struct box_str){ mem->data + mark, mem->len - mark };
}

/* Seconds since the epoch, rounded up: a page must not expire before the
 * network gives up on it. */
static int32_t profile_validity(int64_t now_ms, int64_t ms)
{
    return (int32_t)((now_ms + ms + 999) / 1000);
}

static void profile_ussd_meta(const struct profile *p, const struct profile_to *to, bool end, bool gsm, struct buf *mem)
{
    uint8_t op = !end ? p->send_continue : to->pushed ? p->send_notice : p->send_end;
    uint8_t its[2] = { to->its[0], to->its[1] };
    char number[16];

    buf_adds(mem, "?smpp?");
    box_meta_add(mem, "ussd_service_op", &op, 1);
    if (to->has_its) {
        if (p->end_bit)
            its[1] = (uint8_t)((its[1] & ~PROFILE_END_BIT) | (end ? PROFILE_END_BIT : 0));
        box_meta_add(mem, "its_session_info", its, sizeof its);
    }
    if (to->has_umr) {
        snprintf(number, sizeof number, "%u", (unsigned)to->umr);
        box_meta_add(mem, "user_message_reference", number, strlen(number));
    }
    if (gsm && p->data_coding >= 0) {
        snprintf(number, sizeof number, "%d", p->data_coding);
        box_meta_add(mem, "data_coding", number, strlen(number));
    }
}

void profile_reply(const struct profile *p, const struct profile_to *to, const char *text, size_t n, bool end,
                   const char *token, int64_t now_ms, struct buf *mem, struct box_sms *mt)
{
    size_t content;

    buf_clear(mem);
    profile_mt(p, to->sender, to->receiver, token, now_ms, mt);
    mt->sms_type = to->pushed ? BOX_SMS_MT_PUSH : BOX_SMS_MT_REPLY;
    if (p->channel == PROFILE_SMS) {
        profile_content(text, n, mem, mt);
        return;
    }
    mt->binfo = profile_str("USSD");
    mt->resend_try = PROFILE_RESEND_ONCE;
    if (p->send_validity && p->limits.idle_ms > 0)
        mt->validity = profile_validity(now_ms, p->limits.idle_ms);
    profile_content(text, n, mem, mt);
    content = mem->len;
    profile_ussd_meta(p, to, end, mt->coding == PROFILE_CODING_UTF8, mem);
    /* never a page without its TLVs: the codec refuses what has no msgdata */
    if (mem->full)
        mt->msgdata = (struct box_str){ NULL, 0 };
    else if (content > 0)
        mt->msgdata.p = mem->data;      /* adding may have moved it */
    mt->meta_data = (struct box_str){ mem->data + content, mem->len - content };
}

void profile_sms(const struct profile *p, const struct profile_sms *sms, int64_t now_ms, struct buf *mem,
                 struct box_sms *mt)
{
    buf_clear(mem);
    profile_mt(p, sms->sender, sms->receiver, sms->token, now_ms, mt);
    mt->sms_type = BOX_SMS_MT_PUSH;
    if (sms->report && sms->token != NULL)
        mt->dlr_mask |= PROFILE_DLR_HANDSET;
    if (sms->validity_s > 0 && p->send_validity)
        mt->validity = profile_validity(now_ms, (int64_t)sms->validity_s * 1000);
    profile_content(sms->text, sms->text_len, mem, mt);
}
