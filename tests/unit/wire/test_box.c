/* Frames: known octets, every prefix, every broken length, random round trips. */
#include "wire/box.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"

#define UUID "48784d5a-6ab0-4d1f-8a9b-0123456789ab"

static struct box_str str(const char *s)
{
    return (struct box_str){ s, strlen(s) };
}

static void assert_str(struct box_str got, const char *want)
{
    if (want == NULL) {
        assert_null(got.p);
        return;
    }
    assert_non_null(got.p);
    assert_int_equal(got.len, strlen(want));
    assert_memory_equal(got.p, want, got.len);
}

static struct box_msg full_sms(void)
{
    struct box_msg m = { .type = BOX_SMS };
    struct box_sms *s = &m.u.sms;

    box_sms_init(s);
    s->sender = str("*333#");
    s->receiver = str("+8801712345678");
    s->udhdata = str("");
    s->msgdata = str("Huduma\n1. Salio\n2. Taarifa");
    s->time = 1700000001;
    s->smsc_id = str("ussd1");
    s->smsc_number = str("n");
    s->foreign_id = str("f");
    s->service = str("s");
    s->account = str("a");
    memcpy(s->id, UUID, sizeof UUID);
    s->sms_type = 1;
    s->mclass = 2;
    s->mwi = 3;
    s->coding = 4;
    s->compress = 5;
    s->validity = 6;
    s->deferred = 7;
    s->dlr_mask = 8;
    s->dlr_url = str("token");
    s->pid = 9;
    s->alt_dcs = 10;
    s->rpi = 11;
    s->charset = str("c");
    s->boxc_id = str("kheya");
    s->binfo = str("USSD");
    s->msg_left = 12;
    s->priority = 13;
    s->resend_try = 14;
    s->resend_time = -1;
    s->meta_data = str("?smpp?ussd_service_op=%02&its_session_info=%1A%02&");
    return m;
}

/* --- known octets ----------------------------------------------------------- */

static void identify_is_as_captured(void **state)
{
    static const char want[] = "\0\0\0\x11\0\0\0\x01\0\0\0\x03\0\0\0\x05kheya";
    struct box_msg m = { .type = BOX_ADMIN };
    struct buf out;

    (void)state;
    buf_init(&out, 1024);
    m.u.admin.command = BOX_ADMIN_IDENTIFY;
    m.u.admin.boxc_id = str("kheya");
    assert_true(box_encode(&out, &m));
    assert_int_equal(out.len, sizeof want - 1);
    assert_memory_equal(out.data, want, out.len);

    buf_clear(&out);
    m.u.admin.boxc_id = (struct box_str){ NULL, 0 };
    assert_true(box_encode(&out, &m));
    assert_int_equal(out.len, 16);
    assert_memory_equal(out.data, "\0\0\0\x0c\0\0\0\x01\0\0\0\x03\xff\xff\xff\xff", 16);
    buf_fini(&out);
}

static void ack_is_as_captured(void **state)
{
    static const char want[] = "\0\0\0\x34\0\0\0\x03\0\0\0\0\x6b\x04\xdf\xad\0\0\0\x24" UUID;
    struct box_msg m = { .type = BOX_ACK };
    struct buf out;

    (void)state;
    buf_init(&out, 1024);
    m.u.ack.nack = BOX_ACK_SUCCESS;
    m.u.ack.time = 0x6b04dfad;
    memcpy(m.u.ack.id, UUID, sizeof UUID);
    assert_true(box_encode(&out, &m));
    assert_int_equal(out.len, sizeof want - 1);
    assert_memory_equal(out.data, want, out.len);
    buf_fini(&out);
}

/* The order of the fields, octet by octet, against a frame built by hand. */
static void sms_fields_stand_in_kannels_order(void **state)
{
    static const char *const strings[] = { "*333#", "+8801712345678", "", "Huduma\n1. Salio\n2. Taarifa" };
    static const char *const middle[] = { "ussd1", "n", "f", "s", "a", UUID };
    static const char *const tail[] = { "c", "kheya", "USSD" };
    struct box_msg m = full_sms();
    struct buf want, got;

    (void)state;
    buf_init(&want, 4096);
    buf_init(&got, 4096);
#define INT(v) buf_add(&want, (const char[4]){ (char)((v) >> 24), (char)((v) >> 16), (char)((v) >> 8), (char)(v) }, 4)
#define STR(s) do { INT((int)strlen(s)); buf_adds(&want, s); } while (0)
    INT(0);
    INT(2);
    for (size_t i = 0; i < 4; i++)
        STR(strings[i]);
    INT(1700000001);
    for (size_t i = 0; i < 6; i++)
        STR(middle[i]);
    for (int i = 1; i <= 8; i++)
        INT(i);
    STR("token");
    for (int i = 9; i <= 11; i++)
        INT(i);
    for (size_t i = 0; i < 3; i++)
        STR(tail[i]);
    for (int i = 12; i <= 14; i++)
        INT(i);
    INT(-1);
    STR("?smpp?ussd_service_op=%02&its_session_info=%1A%02&");
#undef INT
#undef STR
    want.data[2] = (char)((want.len - 4) >> 8);
    want.data[3] = (char)(want.len - 4);
    assert_true(box_encode(&got, &m));
    assert_int_equal(got.len, want.len);
    assert_memory_equal(got.data, want.data, want.len);
    buf_fini(&want);
    buf_fini(&got);
}

/* --- round trips --------------------------------------------------------------- */

static bool same_str(struct box_str a, struct box_str b)
{
    return (a.p == NULL) == (b.p == NULL) && a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

static void assert_same_sms(const struct box_sms *a, const struct box_sms *b)
{
#define S(f) assert_true(same_str(a->f, b->f))
#define I(f) assert_int_equal(a->f, b->f)
    S(sender); S(receiver); S(udhdata); S(msgdata); I(time); S(smsc_id); S(smsc_number); S(foreign_id); S(service);
    S(account); assert_string_equal(a->id, b->id); I(sms_type); I(mclass); I(mwi); I(coding); I(compress);
    I(validity); I(deferred); I(dlr_mask); S(dlr_url); I(pid); I(alt_dcs); I(rpi); S(charset); S(boxc_id); S(binfo);
    I(msg_left); I(priority); I(resend_try); I(resend_time); S(meta_data);
#undef S
#undef I
}

static unsigned next_random(unsigned *seed)
{
    *seed = *seed * 1103515245u + 12345u;
    return *seed >> 16;
}

static struct box_str random_str(unsigned *seed, size_t max, bool may_be_null)
{
    static char pool[512];
    size_t n = next_random(seed) % (max + 1);

    for (size_t i = 0; i < sizeof pool; i++)
        pool[i] = (char)(i * 7);
    if (may_be_null && next_random(seed) % 3 == 0)
        return (struct box_str){ NULL, 0 };
    return (struct box_str){ pool + next_random(seed) % 128, n };
}

static void random_sms_come_back_the_same(void **state)
{
    unsigned seed = 20240607;
    struct buf out;

    (void)state;
    buf_init(&out, 1 << 20);
    for (int turn = 0; turn < 3000; turn++) {
        struct box_msg m = full_sms();
        struct box_msg back;
        struct box_str *const optional[] = { &m.u.sms.udhdata, &m.u.sms.smsc_id, &m.u.sms.smsc_number,
            &m.u.sms.foreign_id, &m.u.sms.service, &m.u.sms.account, &m.u.sms.dlr_url, &m.u.sms.charset,
            &m.u.sms.boxc_id, &m.u.sms.binfo };
        uint8_t id[16];
        size_t used = 0;

        for (size_t i = 0; i < sizeof optional / sizeof optional[0]; i++)
            *optional[i] = random_str(&seed, 300, true);
        m.u.sms.msgdata = random_str(&seed, 300, false);
        m.u.sms.sender = random_str(&seed, 20, true);
        m.u.sms.time = (int32_t)next_random(&seed) - 30000;
        m.u.sms.coding = (int32_t)(next_random(&seed) % 5) - 1;
        for (size_t i = 0; i < sizeof id; i++)
            id[i] = (uint8_t)next_random(&seed);
        box_uuid_print(m.u.sms.id, id);

        buf_clear(&out);
        assert_true(box_encode(&out, &m));
        assert_int_equal(box_decode(out.data, out.len, &back, &used), BOX_OK);
        assert_int_equal(used, out.len);
        assert_int_equal(back.type, BOX_SMS);
        assert_same_sms(&m.u.sms, &back.u.sms);
        for (size_t i = 0; i < out.len; i++)
            assert_int_equal(box_decode(out.data, i, &back, &used), BOX_MORE);
    }
    buf_fini(&out);
}

static void frames_behind_each_other_are_taken_one_by_one(void **state)
{
    struct box_msg m = { .type = BOX_HEARTBEAT };
    struct box_msg back;
    struct buf out;
    size_t at = 0;
    size_t used;

    (void)state;
    buf_init(&out, 4096);
    for (int i = 0; i < 5; i++) {
        m.u.heartbeat.load = i;
        assert_true(box_encode(&out, &m));
    }
    for (int i = 0; i < 5; i++) {
        assert_int_equal(box_decode(out.data + at, out.len - at, &back, &used), BOX_OK);
        assert_int_equal(back.u.heartbeat.load, i);
        at += used;
    }
    assert_int_equal(at, out.len);
    assert_int_equal(box_decode(out.data + at, 0, &back, &used), BOX_MORE);
    buf_fini(&out);
}

/* --- bad frames ------------------------------------------------------------------ */

static enum box_status decode(const void *p, size_t n)
{
    /* a heap copy of the exact size, so that ASan sees an overrun */
    char *copy = malloc(n > 0 ? n : 1);
    struct box_msg m;
    size_t used = 0;
    enum box_status s;

    if (copy == NULL)
        abort();
    memcpy(copy, p, n);
    s = box_decode(copy, n, &m, &used);
    free(copy);
    return s;
}

#define FRAME(body) body, sizeof body - 1

static void malformed_frames_are_bad(void **state)
{
    static const struct { const char *what; const char *octets; size_t n; } table[] = {
        { "no type", FRAME("\0\0\0\0") },
        { "half a type", FRAME("\0\0\0\x02\0\0") },
        { "unknown type", FRAME("\0\0\0\x08\0\0\0\x05\0\0\0\0") },
        { "negative type", FRAME("\0\0\0\x08\xff\xff\xff\xff\0\0\0\0") },
        { "wapbox's datagram", FRAME("\0\0\0\x08\0\0\0\x04\0\0\0\0") },
        { "length above the ceiling", FRAME("\0\x10\0\x01") },
        { "huge length", FRAME("\xff\xff\xff\xff\0\0\0\0") },
        { "heartbeat too short", FRAME("\0\0\0\x06\0\0\0\0\0\0") },
        { "heartbeat too long", FRAME("\0\0\0\x0c\0\0\0\0\0\0\0\x01\0\0\0\x02") },
        { "string past the frame", FRAME("\0\0\0\x0d\0\0\0\x01\0\0\0\x03\0\0\0\x02k") },
        { "string length -2", FRAME("\0\0\0\x0d\0\0\0\x01\0\0\0\x03\xff\xff\xff\xfek") },
        { "string length INT_MIN", FRAME("\0\0\0\x0d\0\0\0\x01\0\0\0\x03\x80\0\0\0k") },
        { "string length INT_MAX", FRAME("\0\0\0\x0d\0\0\0\x01\0\0\0\x03\x7f\xff\xff\xffk") },
        { "uuid NULL", FRAME("\0\0\0\x10\0\0\0\x03\0\0\0\0\0\0\0\0\xff\xff\xff\xff") },
        { "uuid empty", FRAME("\0\0\0\x10\0\0\0\x03\0\0\0\0\0\0\0\0\0\0\0\0") },
        { "uuid with a bad digit",
          FRAME("\0\0\0\x34\0\0\0\x03\0\0\0\0\0\0\0\0\0\0\0\x24" "48784d5a-6ab0-4d1f-8a9b-0123456789ag") },
        { "uuid without its dashes",
          FRAME("\0\0\0\x34\0\0\0\x03\0\0\0\0\0\0\0\0\0\0\0\x24" "48784d5aa6ab0a4d1fa8a9ba0123456789ab") },
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (decode(table[i].octets, table[i].n) != BOX_BAD)
            fail_msg("%s: not BAD", table[i].what);
    }
}

/* Cut a good SMS frame at each octet, but say in its length that it is whole. */
static void every_shortened_sms_is_bad(void **state)
{
    struct box_msg m = full_sms();
    struct buf out;

    (void)state;
    buf_init(&out, 4096);
    assert_true(box_encode(&out, &m));
    for (size_t n = 4; n < out.len; n++) {
        out.data[2] = (char)((n - 4) >> 8);
        out.data[3] = (char)(n - 4);
        assert_int_equal(decode(out.data, n), BOX_BAD);
    }
    buf_fini(&out);
}

/* Each octet of a good frame changed in each bit: any answer but a crash, and
 * what decodes can be encoded to the same octets or is refused as unfit. */
static void every_flipped_bit_is_survived(void **state)
{
    struct box_msg m = full_sms();
    struct box_msg back;
    struct buf out, again;
    size_t used;

    (void)state;
    buf_init(&out, 4096);
    buf_init(&again, 4096);
    assert_true(box_encode(&out, &m));
    for (size_t bit = 0; bit < out.len * 8; bit++) {
        out.data[bit / 8] = (char)(out.data[bit / 8] ^ (1 << bit % 8));
        if (box_decode(out.data, out.len, &back, &used) == BOX_OK) {
            buf_clear(&again);
            if (box_encode(&again, &back)) {
                assert_int_equal(again.len, out.len);
                assert_memory_equal(again.data, out.data, out.len);
            }
        }
        out.data[bit / 8] = (char)(out.data[bit / 8] ^ (1 << bit % 8));
    }
    buf_fini(&out);
    buf_fini(&again);
}

/* --- what bearerbox must never get -------------------------------------------------- */

static void spoil_msgdata(struct box_sms *s) { s->msgdata.p = NULL; }
static void spoil_receiver(struct box_sms *s) { s->receiver.p = NULL; }
static void empty_receiver(struct box_sms *s) { s->receiver.len = 0; }
static void long_receiver(struct box_sms *s) { s->receiver = str("+88017123456789012345"); }
static void long_sender(struct box_sms *s) { s->sender = str("*333*1*2*3*4*5*6*7*8#"); }
static void no_id(struct box_sms *s) { s->id[0] = '\0'; }
static void bad_id(struct box_sms *s) { s->id[3] = 'x'; }
static void long_id(struct box_sms *s) { s->id[36] = 'a'; }
static void negative_length(struct box_sms *s) { s->msgdata.len = SIZE_MAX; }
static void huge_text(struct box_sms *s) { s->msgdata.len = BOX_FRAME_MAX; }
static void two_huge(struct box_sms *s) { s->msgdata.len = SIZE_MAX - 10; s->account.len = 20; }
static void meta_without_group(struct box_sms *s) { s->meta_data = str("ussd_service_op=%02&"); }
static void meta_without_end(struct box_sms *s) { s->meta_data = str("?smpp?ussd_service_op=%02"); }
static void meta_without_value(struct box_sms *s) { s->meta_data = str("?smpp?ussd_service_op&"); }
static void meta_half_group(struct box_sms *s) { s->meta_data = str("?smpp"); }
static void meta_bad_escape(struct box_sms *s) { s->meta_data = str("?smpp?ussd_service_op=%0&"); }
static void meta_not_hex(struct box_sms *s) { s->meta_data = str("?smpp?ussd_service_op=%0g&"); }

static void deadly_messages_are_not_encoded(void **state)
{
    static void (*const spoil[])(struct box_sms *) = {
        spoil_msgdata, spoil_receiver, empty_receiver, long_receiver, long_sender, no_id, bad_id, long_id,
        negative_length, huge_text, two_huge, meta_without_group, meta_without_end, meta_without_value,
        meta_half_group, meta_bad_escape, meta_not_hex,
    };
    struct buf out;

    (void)state;
    buf_init(&out, 4u << 20);
    buf_adds(&out, "before");
    for (size_t i = 0; i < sizeof spoil / sizeof spoil[0]; i++) {
        struct box_msg m = full_sms();

        spoil[i](&m.u.sms);
        if (box_encode(&out, &m))
            fail_msg("message %zu was encoded", i);
        assert_string_equal(buf_str(&out), "before");
    }
    buf_fini(&out);
}

static void what_does_not_fit_the_buffer_leaves_it_usable(void **state)
{
    struct box_msg m = full_sms();
    struct box_msg beat = { .type = BOX_HEARTBEAT };
    struct buf out;

    (void)state;
    buf_init(&out, 64);
    assert_false(box_encode(&out, &m));
    assert_int_equal(out.len, 0);
    assert_true(box_encode(&out, &beat));
    buf_fini(&out);
}

static void an_empty_text_and_no_sender_are_fine(void **state)
{
    struct box_msg m = full_sms();
    struct box_msg back;
    struct buf out;
    size_t used;

    (void)state;
    buf_init(&out, 4096);
    m.u.sms.msgdata = str("");
    m.u.sms.sender.p = NULL;
    m.u.sms.meta_data = str("");
    assert_true(box_encode(&out, &m));
    assert_int_equal(box_decode(out.data, out.len, &back, &used), BOX_OK);
    assert_str(back.u.sms.msgdata, "");
    assert_str(back.u.sms.sender, NULL);
    buf_fini(&out);
}

/* --- UUIDs and meta_data -------------------------------------------------------------- */

static void uuids_go_both_ways(void **state)
{
    static const char upper[] = "48784D5A-6AB0-4D1F-8A9B-0123456789AB";
    char text[BOX_UUID_SIZE];
    uint8_t id[16];

    (void)state;
    assert_true(box_uuid_parse(id, upper, 36));
    assert_int_equal(id[0], 0x48);
    assert_int_equal(id[15], 0xab);
    box_uuid_print(text, id);
    assert_string_equal(text, UUID);
    assert_false(box_uuid_parse(id, upper, 35));
    assert_false(box_uuid_parse(id, upper, 37));
}

static void meta_values_are_found_and_unescaped(void **state)
{
    static const struct { const char *meta, *group, *key, *want; } table[] = {
        { "?smpp?a=1&", "smpp", "a", "1" },
        { "?smpp?a=1&b=2&", "smpp", "b", "2" },
        { "?orig_msg?a=9&?smpp?a=%1A%02&", "smpp", "a", "\x1a\x02" },
        { "?smpp?a=+%2B%26%3d%3F&", "smpp", "a", " +&=?" },
        { "?smpp?a=&", "smpp", "a", "" },
        { "?smpp?a=1&?smpp_resp?", "smpp", "a", "1" },
        { "?smpp?a=1&?smpp_resp?", "smpp", "b", NULL },
        { "?smppx?a=1&", "smpp", "a", NULL },
        { "?smpp?aa=1&", "smpp", "a", NULL },
        { "?smpp?a=1", "smpp", "a", NULL },
        { "?smpp?a=%0&", "smpp", "a", NULL },
        { "?smpp?a=%zz&", "smpp", "a", NULL },
        { "?smpp", "smpp", "a", NULL },
        { "a=1&", "smpp", "a", NULL },
        { "", "smpp", "a", NULL },
    };
    struct buf out;

    (void)state;
    buf_init(&out, 256);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        bool found;

        buf_clear(&out);
        buf_addc(&out, '>');
        found = box_meta_get(&out, str(table[i].meta), table[i].group, table[i].key);
        if (found != (table[i].want != NULL))
            fail_msg("%s: found %d", table[i].meta, found);
        assert_string_equal(buf_str(&out) + 1, found ? table[i].want : "");
    }
    assert_false(box_meta_get(&out, (struct box_str){ NULL, 0 }, "smpp", "a"));
    buf_fini(&out);
}

static void every_octet_survives_meta_data(void **state)
{
    struct buf meta, back;

    (void)state;
    buf_init(&meta, 4096);
    buf_init(&back, 4096);
    for (int high = 0; high < 256; high++) {
        const uint8_t pair[2] = { (uint8_t)high, (uint8_t)(255 - high) };

        buf_clear(&meta);
        buf_clear(&back);
        buf_adds(&meta, "?smpp?");
        box_meta_add(&meta, "its_session_info", pair, 2);
        box_meta_add(&meta, "x", "y", 1);
        assert_true(box_meta_get(&back, (struct box_str){ meta.data, meta.len }, "smpp", "its_session_info"));
        assert_int_equal(back.len, 2);
        assert_memory_equal(back.data, pair, 2);
    }
    buf_clear(&meta);
    box_meta_add(&meta, "its_session_info", "\x1a\x02", 2);
    assert_string_equal(buf_str(&meta), "its_session_info=%1A%02&");
    buf_fini(&meta);
    buf_fini(&back);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(identify_is_as_captured),
        cmocka_unit_test(ack_is_as_captured),
        cmocka_unit_test(sms_fields_stand_in_kannels_order),
        cmocka_unit_test(random_sms_come_back_the_same),
        cmocka_unit_test(frames_behind_each_other_are_taken_one_by_one),
        cmocka_unit_test(malformed_frames_are_bad),
        cmocka_unit_test(every_shortened_sms_is_bad),
        cmocka_unit_test(every_flipped_bit_is_survived),
        cmocka_unit_test(deadly_messages_are_not_encoded),
        cmocka_unit_test(what_does_not_fit_the_buffer_leaves_it_usable),
        cmocka_unit_test(an_empty_text_and_no_sender_are_fine),
        cmocka_unit_test(uuids_go_both_ways),
        cmocka_unit_test(meta_values_are_found_and_unescaped),
        cmocka_unit_test(every_octet_survives_meta_data),
    };

    return cmocka_run_group_tests_name("wire/box", tests, NULL, NULL);
}
