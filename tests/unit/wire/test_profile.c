/* What a telco means, by its profile; what goes back to it. */
#include "wire/profile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/gsm.h"

#define UUID "48784d5a-6ab0-4d1f-8a9b-0123456789ab"
#define NOW INT64_C(1700000000123)

static struct buf text;
static struct buf mem;
static struct event ev;
static struct profile_to to;

static struct box_str str(const char *s)
{
    return s != NULL ? (struct box_str){ s, strlen(s) } : (struct box_str){ NULL, 0 };
}

static struct box_sms mo_of(const char *receiver, const char *msgdata, const char *meta)
{
    struct box_sms mo;

    box_sms_init(&mo);
    mo.sender = str("+8801712345678");
    mo.receiver = str(receiver);
    mo.msgdata = str(msgdata);
    mo.time = 1700000000;
    mo.smsc_id = str("ussd1");
    memcpy(mo.id, UUID, sizeof UUID);
    mo.sms_type = BOX_SMS_MO;
    mo.coding = 0;
    mo.meta_data = str(meta);
    return mo;
}

static struct profile plain(void)
{
    struct profile p;

    profile_init(&p);
    memcpy(p.smsc_id, "ussd1", 6);
    return p;
}

static enum profile_status take(const struct profile *p, const struct box_sms *mo)
{
    buf_clear(&text);
    return profile_event(p, mo, &text, &ev, &to);
}

#define ITS "its_session_info=%1A%02&"

/* --- events -------------------------------------------------------------------- */

static void a_begin_as_captured(void **state)
{
    struct profile p = plain();
    struct box_sms mo = mo_of("*333#", "*333#", "?smpp?ussd_service_op=%01&" ITS);
    static const uint8_t id[16] = { 0x48, 0x78, 0x4d, 0x5a, 0x6a, 0xb0, 0x4d, 0x1f,
                                    0x8a, 0x9b, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab };

    (void)state;
    assert_int_equal(take(&p, &mo), PROFILE_OK);
    assert_int_equal(ev.kind, EVENT_BEGIN);
    assert_memory_equal(ev.id.bytes, id, 16);
    assert_string_equal(ev.msisdn, "8801712345678");
    assert_string_equal(ev.code, "*333#");
    assert_string_equal(ev.text, "*333#");
    assert_int_equal(ev.text_len, 5);
    assert_int_equal(ev.ref.len, 2);
    assert_memory_equal(ev.ref.bytes, "\x1a\x02", 2);
    assert_false(ev.joined);
    assert_int_equal(ev.at, INT64_C(1700000000000));
    assert_string_equal(to.sender, "*333#");
    assert_string_equal(to.receiver, "+8801712345678");
    assert_true(to.has_its);
    assert_false(to.has_umr);
}

static void operations_mean_what_the_profile_says(void **state)
{
    static const struct {
        const char *op;
        enum profile_status status;
        enum event_kind kind;
    } table[] = {
        { "%01", PROFILE_OK, EVENT_BEGIN },     { "%12", PROFILE_OK, EVENT_ANSWER },
        { "%02", PROFILE_OK, EVENT_ANSWER },    { "%81", PROFILE_OK, EVENT_ABORT },
        { "%11", PROFILE_BAD_OP, 0 },           { "%00", PROFILE_BAD_OP, 0 },
        { "%ff", PROFILE_BAD_OP, 0 },           { "18", PROFILE_BAD_OP, 0 },    /* decimal: not Kannel's form */
        { "%01%01", PROFILE_BAD_OP, 0 },        { "", PROFILE_BAD_OP, 0 },
        { "%0", PROFILE_BAD_OP, 0 },
    };
    struct profile p = plain();
    char meta[128];

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct box_sms mo;

        snprintf(meta, sizeof meta, "?smpp?ussd_service_op=%s&%s", table[i].op, ITS);
        mo = mo_of("*333#", "1", meta);
        if (take(&p, &mo) != table[i].status)
            fail_msg("op %s", table[i].op);
        if (table[i].status == PROFILE_OK)
            assert_int_equal(ev.kind, table[i].kind);
    }
}

static void an_operation_is_due_unless_the_profile_says_otherwise(void **state)
{
    static const struct { const char *text; enum event_kind kind; } table[] = {
        { "*333#", EVENT_BEGIN }, { "*333*1*2#", EVENT_BEGIN }, { "", EVENT_BEGIN }, { NULL, EVENT_BEGIN },
        { "1", EVENT_ANSWER },    { "*", EVENT_ANSWER },        { "0", EVENT_ANSWER }, { "*12", EVENT_ANSWER },
    };
    struct profile p = plain();
    struct box_sms mo = mo_of("*333#", "*333#", NULL);

    (void)state;
    p.session = PROFILE_SESSION_MSISDN;
    assert_int_equal(take(&p, &mo), PROFILE_BAD_OP);
    mo.meta_data = str("?smpp?" ITS);
    assert_int_equal(take(&p, &mo), PROFILE_BAD_OP);
    p.accept_unmarked = true;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        mo = mo_of("*333#", table[i].text, NULL);
        assert_int_equal(take(&p, &mo), PROFILE_OK);
        assert_int_equal(ev.kind, table[i].kind);
        assert_int_equal(ev.ref.len, 0);
    }
    /* a mark still counts */
    mo = mo_of("*333#", "*333#", "?smpp?ussd_service_op=%12&");
    assert_int_equal(take(&p, &mo), PROFILE_OK);
    assert_int_equal(ev.kind, EVENT_ANSWER);
}

static void a_dialogue_has_the_name_of_its_family(void **state)
{
    static const struct {
        enum profile_session session;
        bool end_bit;
        uint16_t mask;
        const char *meta;
        int len;                    /* -1: refused */
        const char *ref;
    } table[] = {
        { PROFILE_SESSION_ITS, false, 0xffff, ITS, 2, "\x1a\x02" },
        { PROFILE_SESSION_ITS, false, 0xffff, "its_session_info=%1A%03&", 2, "\x1a\x03" },
        { PROFILE_SESSION_ITS, true, 0xffff, "its_session_info=%1A%02&", 2, "\x1a\x02" },
        { PROFILE_SESSION_ITS, false, 0xff00, "its_session_info=%1A%04&", 2, "\x1a\0" },
        { PROFILE_SESSION_ITS, false, 0x00ff, "its_session_info=%1A%04&", 2, "\0\x04" },
        { PROFILE_SESSION_ITS, false, 0xffff, "its_session_info=%26+&", 2, "& " },
        { PROFILE_SESSION_ITS, false, 0xffff, "its_session_info=%1A&", -1, NULL },
        { PROFILE_SESSION_ITS, false, 0xffff, "its_session_info=%1A%02%03&", -1, NULL },
        { PROFILE_SESSION_ITS, false, 0xffff, "user_message_reference=4660&", -1, NULL },
        { PROFILE_SESSION_UMR, false, 0xffff, "user_message_reference=4660&", 2, "\x12\x34" },
        { PROFILE_SESSION_UMR, false, 0xffff, "user_message_reference=0&", 2, "\0\0" },
        { PROFILE_SESSION_UMR, false, 0xffff, "user_message_reference=65535&", 2, "\xff\xff" },
        { PROFILE_SESSION_UMR, false, 0xffff, "user_message_reference=65536&", -1, NULL },
        { PROFILE_SESSION_UMR, false, 0xffff, "user_message_reference=99999999&", -1, NULL },
        { PROFILE_SESSION_UMR, false, 0xffff, "user_message_reference=-1&", -1, NULL },
        { PROFILE_SESSION_UMR, false, 0xffff, "user_message_reference=&", -1, NULL },
        { PROFILE_SESSION_UMR, false, 0xffff, "user_message_reference=1x&", -1, NULL },
        { PROFILE_SESSION_UMR, false, 0xffff, ITS, -1, NULL },
        { PROFILE_SESSION_MSISDN, false, 0xffff, "", 0, "" },
        { PROFILE_SESSION_MSISDN, false, 0xffff, ITS, 0, "" },
    };
    char meta[128];

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct profile p = plain();
        struct box_sms mo;

        p.session = table[i].session;
        p.end_bit = table[i].end_bit;
        p.session_mask = table[i].mask;
        snprintf(meta, sizeof meta, "?smpp?ussd_service_op=%%12&%s", table[i].meta);
        mo = mo_of("*333#", "1", meta);
        if (take(&p, &mo) != (table[i].len < 0 ? PROFILE_BAD_OP : PROFILE_OK))
            fail_msg("row %zu: %s", i, table[i].meta);
        if (table[i].len < 0)
            continue;
        assert_int_equal(ev.ref.len, table[i].len);
        assert_memory_equal(ev.ref.bytes, table[i].ref, (size_t)table[i].len);
    }
}

static void the_end_bit_is_an_abort_only_where_it_is_one(void **state)
{
    struct profile p = plain();
    struct box_sms mo = mo_of("*333#", "1", "?smpp?ussd_service_op=%12&its_session_info=%1A%03&");

    (void)state;
    assert_int_equal(take(&p, &mo), PROFILE_OK);
    assert_int_equal(ev.kind, EVENT_ANSWER);
    p.end_bit = true;
    assert_int_equal(take(&p, &mo), PROFILE_OK);
    assert_int_equal(ev.kind, EVENT_ABORT);
    assert_memory_equal(ev.ref.bytes, "\x1a\x02", 2);       /* the same dialogue as without the bit */
}

static void an_abort_needs_neither_text_nor_name(void **state)
{
    struct profile p = plain();
    struct box_sms mo = mo_of("*333#", NULL, "?smpp?ussd_service_op=%81&");

    (void)state;
    assert_int_equal(take(&p, &mo), PROFILE_OK);
    assert_int_equal(ev.kind, EVENT_ABORT);
    assert_int_equal(ev.ref.len, 0);
    assert_string_equal(ev.text, "");
    mo.msgdata = (struct box_str){ "\xff\xfe", 2 };
    assert_int_equal(take(&p, &mo), PROFILE_OK);
    assert_int_equal(ev.kind, EVENT_ABORT);
}

static void code_and_dialled_string_come_from_either(void **state)
{
    static const struct {
        const char *receiver, *text, *profile_code, *op;
        const char *code, *dialled;
    } table[] = {
        { "*333#", "*333#", "", "%01", "*333#", "*333#" },
        { "+*333#", "*333#", "", "%01", "*333#", "*333#" },
        { "*333#", "*333*1*2#", "", "%01", "*333#", "*333*1*2#" },
        { "*333#", "", "", "%01", "*333#", "*333#" },
        { "*333#", "hello", "", "%01", "*333#", "*333#" },
        { "333", "*333*1#", "", "%01", "333", "*333*1#" },
        { "333", "*333*1#", "*333#", "%01", "*333#", "*333*1#" },
        { "333", "", "*333#", "%01", "*333#", "*333#" },
        { "333", "", "", "%01", "333", "333" },
        { "*333*1#", "", "", "%01", "*333*1#", "*333*1#" },
        { "*333*1#", "", "*333#", "%01", "*333#", "*333*1#" },
        { "*3331#", "", "*333#", "%01", "*3331#", "*3331#" },
        { "*123#", "*123#", "*333#", "%01", "*123#", "*123#" },
        { "+8801700000333", "*333*7#", "", "%01", "*333#", "*333*7#" },
        { "+8801700000333", "*333*7#", "*333#", "%01", "*333#", "*333*7#" },
        { "", "#100#", "", "%01", "#100#", "#100#" },
        { NULL, "*333#", "", "%01", "*333#", "*333#" },
        { NULL, "", "*333#", "%01", "*333#", "*333#" },
        { NULL, "", "", "%01", "", "" },
        { "*333#", "1", "", "%12", "*333#", "1" },
        { "333", "1", "", "%12", "333", "1" },
        { "333", "1", "*333#", "%12", "*333#", "1" },
        { "+8801700000333", "1", "", "%12", "", "1" },
    };
    char meta[128];

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct profile p = plain();
        struct box_sms mo;

        snprintf(p.code, sizeof p.code, "%s", table[i].profile_code);
        snprintf(meta, sizeof meta, "?smpp?ussd_service_op=%s&%s", table[i].op, ITS);
        mo = mo_of(table[i].receiver, table[i].text, meta);
        assert_int_equal(take(&p, &mo), PROFILE_OK);
        if (strcmp(ev.code, table[i].code) != 0 || strcmp(ev.text, table[i].dialled) != 0)
            fail_msg("row %zu: code %s text %s", i, ev.code, ev.text);
        assert_int_equal(ev.text_len, strlen(ev.text));
    }
}

static void a_dialled_string_of_200_digits_is_passed_on_whole(void **state)
{
    struct profile p = plain();
    char dialled[256] = "*";
    struct box_sms mo;

    (void)state;
    memset(dialled + 1, '7', 200);
    memcpy(dialled + 201, "#", 2);
    mo = mo_of("+8801700000333", dialled, "?smpp?ussd_service_op=%01&" ITS);
    assert_int_equal(take(&p, &mo), PROFILE_OK);
    assert_string_equal(ev.text, dialled);
    assert_string_equal(ev.code, "");       /* no code is so long */
    mo = mo_of(dialled, "", "?smpp?ussd_service_op=%01&" ITS);
    assert_int_equal(take(&p, &mo), PROFILE_OK);
    assert_string_equal(ev.text, dialled);
    assert_string_equal(to.sender, "");     /* no address either: the reply gets the profile's code */
}

/* The code is cut from a text that moves while the buffer grows (once a use
 * after free): each length, in a buffer that is new each time. */
static void the_code_survives_the_growth_of_its_buffer(void **state)
{
    struct profile p = plain();

    (void)state;
    for (size_t n = 1; n < 200; n++) {
        char dialled[256] = "*333*";
        struct box_sms mo;
        struct buf own;

        memset(dialled + 5, '1', n);
        dialled[5 + n] = '#';
        mo = mo_of("+8801700000333", dialled, "?smpp?ussd_service_op=%01&" ITS);
        buf_init(&own, 4096);
        assert_int_equal(profile_event(&p, &mo, &own, &ev, &to), PROFILE_OK);
        assert_string_equal(ev.text, dialled);
        assert_string_equal(ev.code, "*333#");
        buf_fini(&own);
    }
}

static void an_answer_of_10000_characters_is_passed_on_whole(void **state)
{
    struct profile p = plain();
    struct box_sms mo = mo_of("16333", "", NULL);
    char *big = malloc(20000);

    (void)state;
    assert_non_null(big);
    memset(big, 'x', 10000);
    p.channel = PROFILE_SMS;
    mo.msgdata = (struct box_str){ big, 10000 };
    assert_int_equal(take(&p, &mo), PROFILE_OK);
    assert_int_equal(ev.kind, EVENT_ANSWER);
    assert_int_equal(ev.text_len, 10000);
    assert_memory_equal(ev.text, big, 10000);
    assert_string_equal(ev.code, "16333");
    for (size_t i = 0; i < 20000; i += 2)
        memcpy(big + i, "\x09\x95", 2);
    mo.msgdata.len = 20000;
    mo.coding = 2;
    assert_int_equal(take(&p, &mo), PROFILE_OK);
    assert_int_equal(ev.text_len, 30000);
    free(big);
}

static void texts_are_decoded_by_their_coding(void **state)
{
    static const struct { int coding; const char *octets; size_t n; const char *want; } table[] = {
        { 0, "1", 1, "1" },
        { -1, "1", 1, "1" },
        { 0, "\xe0\xa7\xa9", 3, "\xe0\xa7\xa9" },
        { 2, "\x09\xe9", 2, "\xe0\xa7\xa9" },
        { 2, "\xd8\x3d\xde\x00", 4, "\xf0\x9f\x98\x80" },
        { 3, "\0\x11\x02", 3, "@_$" },
        { 3, "\x1b\x65", 2, "\xe2\x82\xac" },
        { 0, "", 0, "" },
        { 1, "", 0, "" },
        { 0, "a\0b", 3, NULL },
        { 0, "\xff", 1, NULL },
        { 0, "\xe0\xa7", 2, NULL },
        { 0, "\xc0\x80", 2, NULL },
        { 2, "\x09", 1, NULL },
        { 2, "\0a\0", 3, NULL },
        { 2, "\xd8\x3d", 2, NULL },
        { 2, "\xde\x00\xd8\x3d", 4, NULL },
        { 2, "\0\0", 2, NULL },
        { 3, "\x80", 1, NULL },
        { 1, "\x01\x02", 2, NULL },
        { 4, "x", 1, NULL },
        { -2, "x", 1, NULL },
    };
    struct profile p = plain();

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct box_sms mo = mo_of("*333#", "", "?smpp?ussd_service_op=%12&" ITS);

        mo.coding = table[i].coding;
        mo.msgdata = (struct box_str){ table[i].octets, table[i].n };
        if (take(&p, &mo) != (table[i].want != NULL ? PROFILE_OK : PROFILE_BAD_TEXT))
            fail_msg("row %zu", i);
        if (table[i].want != NULL)
            assert_string_equal(ev.text, table[i].want);
    }
}

static void numbers_become_international(void **state)
{
    static const struct { const char *in, *want; } table[] = {
        { "+8801712345678", "8801712345678" }, { "8801712345678", "8801712345678" },
        { "008801712345678", "8801712345678" }, { "01712345678", "8801712345678" },
        { "01312345678", "8801312345678" }, { "01212345678", "01212345678" },
        { "255700000001", "255700000001" }, { "1234567", "1234567" }, { "123456789012345", "123456789012345" },
        { "123456", NULL }, { "1234567890123456", NULL }, { "", NULL }, { "+", NULL }, { "00", NULL },
        { "++8801712345678", NULL }, { "880171234567x", NULL }, { "Grameenphone", NULL }, { "8801 712345678", NULL },
        { "\xe0\xa7\xa7\xe0\xa7\xa8\xe0\xa7\xa9\xe0\xa7\xa9", NULL },
    };
    struct profile p = plain();
    char out[EVENT_MSISDN_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct box_sms mo = mo_of("*333#", "1", "?smpp?ussd_service_op=%12&" ITS);
        bool good = profile_msisdn(out, table[i].in, strlen(table[i].in));

        if (good != (table[i].want != NULL) || (good && strcmp(out, table[i].want) != 0))
            fail_msg("%s", table[i].in);
        mo.sender = str(table[i].in);
        assert_int_equal(take(&p, &mo), good ? PROFILE_OK : PROFILE_BAD_SENDER);
    }
    assert_false(profile_msisdn(out, NULL, 0));
    assert_false(profile_msisdn(out, "88017123\0005678", 13));
}

static void an_mo_without_sender_receiver_time_or_meta(void **state)
{
    struct profile p = plain();
    struct box_sms mo = mo_of(NULL, "1", "?smpp?ussd_service_op=%12&" ITS);

    (void)state;
    mo.time = -1;
    assert_int_equal(take(&p, &mo), PROFILE_OK);
    assert_int_equal(ev.at, 0);
    assert_string_equal(ev.code, "");
    mo.sender.p = NULL;
    mo.sender.len = 0;
    assert_int_equal(take(&p, &mo), PROFILE_BAD_SENDER);
    mo = mo_of("*333#", "1", NULL);
    assert_int_equal(take(&p, &mo), PROFILE_BAD_OP);
    assert_string_equal(profile_status_name(PROFILE_BAD_OP), "bad_op");
}

static void old_content_of_the_buffer_stays(void **state)
{
    struct profile p = plain();
    struct box_sms mo = mo_of("*333#", "", "?smpp?ussd_service_op=%12&" ITS);
    struct buf own;

    (void)state;
    buf_init(&own, 4096);
    buf_adds(&own, "before");
    mo.msgdata = str("7");
    assert_int_equal(profile_event(&p, &mo, &own, &ev, &to), PROFILE_OK);
    assert_memory_equal(own.data, "before", 6);
    assert_string_equal(ev.text, "7");
    assert_string_equal(ev.code, "*333#");
    buf_fini(&own);

    buf_init(&own, 8);      /* no room: refused, not cut */
    mo.msgdata = str("a long answer");
    assert_int_equal(profile_event(&p, &mo, &own, &ev, &to), PROFILE_BAD_TEXT);
    buf_fini(&own);
}

/* --- pages ------------------------------------------------------------------------ */

static struct box_sms reply(const struct profile *p, const char *page, bool end)
{
    struct box_sms mt;

    profile_reply(p, &to, page, strlen(page), end, "tok", NOW, &mem, &mt);
    return mt;
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

static void assert_encodes(const struct box_sms *mt)
{
    struct box_msg m = { .type = BOX_SMS };
    struct buf out;

    buf_init(&out, BOX_FRAME_MAX + 4);
    m.u.sms = *mt;
    assert_true(box_encode(&out, &m));
    buf_fini(&out);
}

static void a_page_is_the_skeleton_of_the_notes(void **state)
{
    struct profile p = plain();
    struct box_sms mo = mo_of("*333#", "1", "?smpp?ussd_service_op=%12&" ITS);
    struct box_sms mt;

    (void)state;
    assert_int_equal(take(&p, &mo), PROFILE_OK);
    mt = reply(&p, "Salam\n1. Ha", false);
    assert_str(mt.sender, "*333#");
    assert_str(mt.receiver, "+8801712345678");
    assert_str(mt.msgdata, "Salam\n1. Ha");
    assert_str(mt.udhdata, NULL);
    assert_int_equal(mt.time, 1700000000);
    assert_str(mt.smsc_id, "ussd1");
    assert_int_equal(mt.sms_type, BOX_SMS_MT_REPLY);
    assert_int_equal(mt.coding, 0);
    assert_int_equal(mt.validity, 1700000031);      /* 30 s, rounded up */
    assert_int_equal(mt.dlr_mask, 24);
    assert_str(mt.dlr_url, "tok");
    assert_str(mt.binfo, "USSD");
    assert_int_equal(mt.resend_try, 10);
    assert_int_equal(mt.priority, -1);
    assert_int_equal(mt.mclass, -1);
    assert_str(mt.meta_data, "?smpp?ussd_service_op=%02&its_session_info=%1A%02&");
    assert_encodes(&mt);
    mt = reply(&p, "Khuda hafez", true);
    assert_str(mt.meta_data, "?smpp?ussd_service_op=%11&its_session_info=%1A%02&");
    assert_encodes(&mt);
}

static void each_page_has_an_id_of_its_own(void **state)
{
    enum { N = 2000 };
    static char ids[N][BOX_UUID_SIZE];
    struct profile p = plain();
    struct box_sms mo = mo_of("*333#", "1", "?smpp?ussd_service_op=%12&" ITS);

    (void)state;
    assert_int_equal(take(&p, &mo), PROFILE_OK);
    for (int i = 0; i < N; i++) {
        struct box_sms mt = reply(&p, "x", false);
        uint8_t bytes[16];

        memcpy(ids[i], mt.id, sizeof ids[i]);
        assert_true(box_uuid_parse(bytes, mt.id, 36));
        assert_int_equal(bytes[6] >> 4, 4);         /* RFC 4122 4.1.3: version 4 */
        assert_int_equal(bytes[8] >> 6, 2);
    }
    for (int i = 0; i < N; i++)
        for (int j = 0; j < i; j++)
            assert_string_not_equal(ids[i], ids[j]);
}

static void the_profile_shapes_the_page(void **state)
{
    static const struct {
        bool end_bit, send_validity, end;
        int data_coding;
        const char *session, *page, *meta;
        int coding;
    } table[] = {
        { true, true, false, -1, "its_session_info=%1A%02&", "a",
          "?smpp?ussd_service_op=%02&its_session_info=%1A%02&", 0 },
        { true, true, true, -1, "its_session_info=%1A%02&", "a",
          "?smpp?ussd_service_op=%11&its_session_info=%1A%03&", 0 },
        { false, true, true, -1, "its_session_info=%1A%03&", "a",
          "?smpp?ussd_service_op=%11&its_session_info=%1A%03&", 0 },
        { false, false, false, 15, "its_session_info=%00%26&", "a",
          "?smpp?ussd_service_op=%02&its_session_info=%00%26&data_coding=15&", 0 },
        /* UCS-2 can go out as dcs 8 only */
        { false, true, false, 15, "its_session_info=%1A%02&", "\xe0\xa6\x95",
          "?smpp?ussd_service_op=%02&its_session_info=%1A%02&", 2 },
        { false, true, false, -1, "user_message_reference=4660&", "a",
          "?smpp?ussd_service_op=%02&user_message_reference=4660&", 0 },
        { false, true, false, -1, "its_session_info=%1A%02&user_message_reference=7&", "a",
          "?smpp?ussd_service_op=%02&its_session_info=%1A%02&user_message_reference=7&", 0 },
        { false, true, false, -1, "", "a", "?smpp?ussd_service_op=%02&", 0 },
    };
    char meta[128];

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct profile p = plain();
        struct box_sms mo;
        struct box_sms mt;

        p.session = PROFILE_SESSION_MSISDN;
        p.send_validity = table[i].send_validity;
        p.data_coding = table[i].data_coding;
        snprintf(meta, sizeof meta, "?smpp?ussd_service_op=%%12&%s", table[i].session);
        mo = mo_of("*333#", "1", meta);
        assert_int_equal(take(&p, &mo), PROFILE_OK);
        p.end_bit = table[i].end_bit;
        mt = reply(&p, table[i].page, table[i].end);
        assert_str(mt.meta_data, table[i].meta);
        assert_int_equal(mt.coding, table[i].coding);
        assert_int_equal(mt.validity, table[i].send_validity ? 1700000031 : -1);
        assert_encodes(&mt);
    }
}

static void a_page_in_bengali_is_utf16(void **state)
{
    struct profile p = plain();
    struct box_sms mo = mo_of("*333#", "1", "?smpp?ussd_service_op=%12&" ITS);
    struct box_sms mt;

    (void)state;
    assert_int_equal(take(&p, &mo), PROFILE_OK);
    mt = reply(&p, "\xe0\xa6\x95\n1", false);
    assert_int_equal(mt.coding, 2);
    assert_int_equal(mt.msgdata.len, 6);
    assert_memory_equal(mt.msgdata.p, "\x09\x95\0\n\0""1", 6);
    mt = reply(&p, "", true);
    assert_int_equal(mt.coding, 0);
    assert_str(mt.msgdata, "");
    assert_encodes(&mt);
}

static void a_page_without_room_for_its_tlvs_is_unfit(void **state)
{
    struct profile p = plain();
    struct box_sms mo = mo_of("*333#", "1", "?smpp?ussd_service_op=%12&" ITS);
    struct box_msg m = { .type = BOX_SMS };
    struct buf small, out;

    (void)state;
    assert_int_equal(take(&p, &mo), PROFILE_OK);
    buf_init(&out, 4096);
    for (size_t max = 0; max < 64; max++) {
        buf_clear(&out);
        buf_init(&small, max);
        profile_reply(&p, &to, "x", 1, false, "tok", NOW, &small, &m.u.sms);
        if (box_encode(&out, &m))
            assert_str(m.u.sms.meta_data, "?smpp?ussd_service_op=%02&its_session_info=%1A%02&");
        else
            assert_true(small.full);
        buf_fini(&small);
        buf_init(&small, max);
        profile_reply(&p, &to, "\xe0\xa6\x95", 3, false, "tok", NOW, &small, &m.u.sms);
        if (!small.full)
            assert_true(box_encode(&out, &m));
        else
            assert_false(box_encode(&out, &m));
        buf_fini(&small);
    }
    buf_fini(&out);
}

static void an_unnamed_receiver_is_answered_by_the_profiles_code(void **state)
{
    struct profile p = plain();
    struct box_sms mo = mo_of(NULL, "*333#", "?smpp?ussd_service_op=%01&" ITS);
    struct box_sms mt;

    (void)state;
    assert_int_equal(take(&p, &mo), PROFILE_OK);
    mt = reply(&p, "a", false);
    assert_str(mt.sender, NULL);
    snprintf(p.code, sizeof p.code, "*333#");
    mt = reply(&p, "a", false);
    assert_str(mt.sender, "*333#");
}

static void an_sms_is_no_ussd(void **state)
{
    struct profile p = plain();
    struct profile_sms sms = { "16333", "8801712345678", "Apnar abedon", 12, "tok", true, 3600 };
    struct box_sms mt;

    (void)state;
    p.channel = PROFILE_SMS;
    p.priority = 2;
    profile_sms(&p, &sms, NOW, &mem, &mt);
    assert_str(mt.sender, "16333");
    assert_str(mt.receiver, "8801712345678");
    assert_str(mt.msgdata, "Apnar abedon");
    assert_int_equal(mt.sms_type, BOX_SMS_MT_PUSH);
    assert_int_equal(mt.coding, 0);
    assert_int_equal(mt.resend_try, -1);
    assert_int_equal(mt.dlr_mask, 27);
    assert_int_equal(mt.validity, 1700003601);
    assert_int_equal(mt.priority, 2);
    assert_str(mt.binfo, NULL);
    assert_str(mt.meta_data, NULL);
    assert_encodes(&mt);
    sms.report = false;
    sms.validity_s = 0;
    sms.text = "\xe0\xa6\x86";
    sms.text_len = 3;
    profile_sms(&p, &sms, NOW, &mem, &mt);
    assert_int_equal(mt.dlr_mask, 24);
    assert_int_equal(mt.validity, -1);
    assert_int_equal(mt.coding, 2);
    sms.token = NULL;
    sms.report = true;
    profile_sms(&p, &sms, NOW, &mem, &mt);
    assert_int_equal(mt.dlr_mask, -1);
    assert_str(mt.dlr_url, NULL);

    /* a reply on an SMS link is an SMS too */
    snprintf(to.sender, sizeof to.sender, "16333");
    snprintf(to.receiver, sizeof to.receiver, "+8801712345678");
    mt = reply(&p, "a", true);
    assert_int_equal(mt.sms_type, BOX_SMS_MT_REPLY);
    assert_str(mt.meta_data, NULL);
    assert_str(mt.binfo, NULL);
    assert_int_equal(mt.resend_try, -1);
}

/* --- property: whatever comes, an event keeps its promises and can be answered ----- */

static unsigned next_random(unsigned *seed)
{
    *seed = *seed * 1103515245u + 12345u;
    return *seed >> 16;
}

static void random_mo_keep_the_promises_of_an_event(void **state)
{
    static const char *const receivers[] = { "*333#", "+*333#", "333", "", NULL, "*333*9#", "+8801712345678", "\xff" };
    static const char *const metas[] = { NULL, "", "?smpp?ussd_service_op=%01&" ITS, "?smpp?ussd_service_op=%12&" ITS,
        "?smpp?ussd_service_op=%81&" ITS, "?smpp?ussd_service_op=%12&user_message_reference=9&", "?smpp?" ITS, "?x" };
    unsigned seed = 7;
    int good = 0;

    (void)state;
    for (int i = 0; i < 20000; i++) {
        struct profile p = plain();
        struct box_sms mo = mo_of(receivers[next_random(&seed) % 8], "", metas[next_random(&seed) % 8]);
        char octets[16];

        p.session = (enum profile_session)(next_random(&seed) % PROFILE_SESSIONS);
        p.channel = (enum profile_channel)(next_random(&seed) % PROFILE_CHANNELS);
        p.end_bit = next_random(&seed) % 2;
        p.accept_unmarked = next_random(&seed) % 2;
        if (next_random(&seed) % 2)
            snprintf(p.code, sizeof p.code, "*333#");
        for (size_t j = 0; j < sizeof octets; j++)
            octets[j] = next_random(&seed) % 4 == 0 ? (char)next_random(&seed) : "*#0129ab"[next_random(&seed) % 8];
        mo.msgdata = (struct box_str){ octets, next_random(&seed) % sizeof octets };
        mo.coding = (int32_t)(next_random(&seed) % 5) - 1;
        if (take(&p, &mo) != PROFILE_OK)
            continue;
        good++;
        assert_int_equal(strlen(ev.text), ev.text_len);
        assert_true(gsm_utf8_valid(ev.text, ev.text_len));
        assert_true(strlen(ev.code) < EVENT_CODE_MAX);
        assert_true(gsm_utf8_valid(ev.code, strlen(ev.code)));
        assert_true(ev.ref.len <= EVENT_REF_MAX);
        if (strlen(to.sender) <= 20) {
            struct box_sms mt = reply(&p, "ok", next_random(&seed) % 2);

            assert_encodes(&mt);
        }
    }
    assert_true(good > 1000);
}

static int set_up(void **state)
{
    (void)state;
    buf_init(&text, 1 << 20);
    buf_init(&mem, 1 << 20);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    buf_fini(&text);
    buf_fini(&mem);
    return 0;
}

/* A page that answers nothing has no name; one that ends is a notice.  What tells that it was shown is no event. */
static void test_pushed(void **state)
{
    const struct profile_to toward = { .pushed = true, .sender = "*333#", .receiver = "8801711000001" };
    struct profile p;
    struct box_sms mt, mo;
    struct event got;
    struct profile_to back;
    struct buf room, words;

    (void)state;
    profile_init(&p);
    buf_init(&room, 4096);
    buf_init(&words, 4096);
    profile_reply(&p, &toward, "News", 4, true, "n/1/2", 1000, &room, &mt);
    assert_int_equal(mt.sms_type, BOX_SMS_MT_PUSH);
    assert_memory_equal(mt.meta_data.p, "?smpp?ussd_service_op=%03&", mt.meta_data.len);
    profile_reply(&p, &toward, "1 Yes", 5, false, "d/1/2", 1000, &room, &mt);
    assert_memory_equal(mt.meta_data.p, "?smpp?ussd_service_op=%02&", mt.meta_data.len);
    box_sms_init(&mo);
    mo.sender = (struct box_str){ "+8801711000001", 14 };
    mo.receiver = (struct box_str){ "*333#", 5 };
    mo.meta_data = (struct box_str){ "?smpp?ussd_service_op=%13&its_session_info=%00%04&", 50 };
    memcpy(mo.id, "6b04dfad-0000-4000-8000-000000000001", 37);
    assert_int_equal(profile_event(&p, &mo, &words, &got, &back), PROFILE_NOTIFIED);
    assert_string_equal(got.msisdn, "8801711000001");
    p.answer.op[p.answer.n++] = 19;                         /* a telco that answers with it */
    assert_int_equal(profile_event(&p, &mo, &words, &got, &back), PROFILE_OK);
    buf_fini(&room);
    buf_fini(&words);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pushed),
        cmocka_unit_test(a_begin_as_captured),
        cmocka_unit_test(operations_mean_what_the_profile_says),
        cmocka_unit_test(an_operation_is_due_unless_the_profile_says_otherwise),
        cmocka_unit_test(a_dialogue_has_the_name_of_its_family),
        cmocka_unit_test(the_end_bit_is_an_abort_only_where_it_is_one),
        cmocka_unit_test(an_abort_needs_neither_text_nor_name),
        cmocka_unit_test(code_and_dialled_string_come_from_either),
        cmocka_unit_test(a_dialled_string_of_200_digits_is_passed_on_whole),
        cmocka_unit_test(the_code_survives_the_growth_of_its_buffer),
        cmocka_unit_test(an_answer_of_10000_characters_is_passed_on_whole),
        cmocka_unit_test(texts_are_decoded_by_their_coding),
        cmocka_unit_test(numbers_become_international),
        cmocka_unit_test(an_mo_without_sender_receiver_time_or_meta),
        cmocka_unit_test(old_content_of_the_buffer_stays),
        cmocka_unit_test(a_page_is_the_skeleton_of_the_notes),
        cmocka_unit_test(each_page_has_an_id_of_its_own),
        cmocka_unit_test(the_profile_shapes_the_page),
        cmocka_unit_test(a_page_in_bengali_is_utf16),
        cmocka_unit_test(a_page_without_room_for_its_tlvs_is_unfit),
        cmocka_unit_test(an_unnamed_receiver_is_answered_by_the_profiles_code),
        cmocka_unit_test(an_sms_is_no_ussd),
        cmocka_unit_test(random_mo_keep_the_promises_of_an_event),
    };

    return cmocka_run_group_tests_name("wire/profile", tests, set_up, tear_down);
}
