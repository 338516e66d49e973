/*
 * An MO of any content under any profile.  An event keeps what event.h promises,
 * and its answer is fit to send, carries the telco's session back and decodes.
 *
 * Input: switches, session mask (2), coding, time (4), then each a length octet and
 * octets: sender, receiver, meta_data; the rest is the text.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/gsm.h"
#include "wire/box.h"
#include "wire/profile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int good)
{
    if (!good)
        abort();
}

static struct box_str take(struct rd *r, size_t n)
{
    const uint8_t *p = rd_bytes(r, n);

    return (struct box_str){ (const char *)p, p != NULL ? n : 0 };
}

static void take_profile(struct rd *r, struct profile *p)
{
    uint8_t switches = rd_u8(r);

    profile_init(p);
    p->end_bit = (switches & 1) != 0;
    p->accept_unmarked = (switches & 2) != 0;
    p->channel = (switches & 4) != 0 ? PROFILE_SMS : PROFILE_USSD;
    p->session = (enum profile_session)((switches >> 3 & 3) % PROFILE_SESSIONS);
    p->data_coding = (switches & 32) != 0 ? 15 : -1;
    if ((switches & 64) != 0)
        memcpy(p->code, "*333#", 6);
    p->send_validity = (switches & 128) != 0;
    memcpy(p->smsc_id, "ussd1", 6);
    p->session_mask = rd_u16(r);
}

static void check_event(const struct event *ev)
{
    size_t digits = strlen(ev->msisdn);

    check(digits >= 7 && digits <= 15 && strspn(ev->msisdn, "0123456789") == digits);
    check(strlen(ev->text) == ev->text_len && gsm_utf8_valid(ev->text, ev->text_len));
    check(strlen(ev->code) < EVENT_CODE_MAX && gsm_utf8_valid(ev->code, strlen(ev->code)));
    check(ev->ref.len == 0 || ev->ref.len == 2);
    check(ev->at >= 0 && !ev->joined && ev->kind < EVENT_KINDS);
}

static void check_reply(const struct profile *p, const struct profile_to *to, const char *page, int end)
{
    struct box_msg m = { .type = BOX_SMS };
    struct box_msg back;
    struct buf mem, out, its;
    size_t used = 0;

    buf_init(&mem, BOX_FRAME_MAX);
    buf_init(&out, BOX_FRAME_MAX + 4);
    buf_init(&its, 16);
    profile_reply(p, to, page, strlen(page), end, "token", INT64_C(1700000000000), &mem, &m.u.sms);
    /* an address that long is no address to answer from: refused, not cut */
    if (strlen(to->sender) <= 20) {
        check(box_encode(&out, &m));
        check(box_decode(out.data, out.len, &back, &used) == BOX_OK && used == out.len);
        if (p->channel == PROFILE_USSD && to->has_its) {
            check(box_meta_get(&its, back.u.sms.meta_data, "smpp", "its_session_info") && its.len == 2);
            check((uint8_t)its.data[0] == to->its[0]);
            check(((uint8_t)its.data[1] ^ to->its[1]) <= p->end_bit);
        }
    }
    buf_fini(&mem);
    buf_fini(&out);
    buf_fini(&its);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rd r = rd_of(data, size);
    struct profile p;
    struct box_sms mo;
    struct profile_to to;
    struct event ev;
    struct buf text;

    take_profile(&r, &p);
    box_sms_init(&mo);
    mo.coding = (int32_t)rd_u8(&r) - 1;
    mo.time = (int32_t)rd_u32(&r);
    mo.sender = take(&r, rd_u8(&r));
    mo.receiver = take(&r, rd_u8(&r));
    mo.meta_data = take(&r, rd_u8(&r));
    mo.msgdata = take(&r, rd_left(&r));
    memcpy(mo.id, "48784d5a-6ab0-4d1f-8a9b-0123456789ab", BOX_UUID_SIZE);

    buf_init(&text, 1u << 20);
    if (profile_event(&p, &mo, &text, &ev, &to) == PROFILE_OK) {
        check_event(&ev);
        check_reply(&p, &to, "Khoa\n1. Ha", 0);
        check_reply(&p, &to, "\xe0\xa6\x96\xe0\xa7\x87\xe0\xa7\x9f\xe0\xa6\xbe", 1);
    }
    buf_fini(&text);
    return 0;
}
