/* pages: what an agency's system does not see. */
#include "app/pages.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/gsm.h"

static const struct casefile file = {
    .number = INT64_C(8123056783), .service = "complaint", .agency = "dss", .msisdn = "8801711000001", .contact = "",
    .state = "submitted", .fields = "{\"nid\": \"1234567306\", \"short\": \"4821\", \"mid\": \"123456789\", \"free\": \"1234567306\", \"n\": 7}",
    .lang = "", .place = "", .channel = "ussd", .actor = "citizen", .created = 1, .changed = 1, .seq = 1,
};

/* What a note becomes. */
static void assert_note(const char *note, const char *want)
{
    const struct casefile_event e = { .seq = 2, .at = 1, .kind = "agency", .actor = "", .state = "submitted", .note = note, .key = "k" };
    json_t *page = pages_event(&file, &e);
    const char *got = json_string_value(json_object_get(page, "note"));

    assert_non_null(got);
    assert_string_equal(got, want);
    assert_true(gsm_utf8_valid(got, strlen(got)));
    json_decref(page);
}

#define BN(x) "\xe0\xa7" x
#define BN5 BN("\xa7") BN("\xa8") BN("\xa9") BN("\xaa") BN("\xab")

static void numbers_of_cards(void **state)
{
    (void)state;
    assert_note("call 333", "call 333");
    assert_note("01711000001", "01711000001");
    assert_note("123456789", "123456789");
    assert_note("1234567306", "******7306");
    assert_note("NID1234567306.", "NID******7306.");
    assert_note("1234567890123", "*********0123");
    assert_note("12345678901234", "12345678901234");
    assert_note("19801234567890123", "*************0123");
    assert_note("case 8123056783 and 8123056784", "case 8123056783 and ******6784");
    assert_note(BN5 BN5, "******" BN("\xa8") BN("\xa9") BN("\xaa") BN("\xab"));
    assert_note(BN5 "67890", "******7890");
    assert_note("67890" BN5 "x", "******" BN("\xa8") BN("\xa9") BN("\xaa") BN("\xab") "x");
    assert_note("1234567306 1234567306", "******7306 ******7306");
}

static void fields_nobody_knows(void **state)
{
    json_t *page = pages_case(&file, NULL, false);
    json_t *fields = json_object_get(page, "fields");

    (void)state;
    assert_string_equal(json_string_value(json_object_get(fields, "nid")), "******7306");
    assert_string_equal(json_string_value(json_object_get(fields, "short")), "4821");
    assert_string_equal(json_string_value(json_object_get(page, "phone")), "88017******01");
    assert_int_equal(json_array_size(json_object_get(page, "moves")), 0);
    assert_true(json_is_null(json_object_get(page, "due")));
    assert_true(json_is_null(json_object_get(page, "lang")));
    json_decref(page);
    page = pages_case(&file, NULL, true);
    assert_string_equal(json_string_value(json_object_get(page, "phone")), "8801711000001");
    json_decref(page);
}

/* Of a sensitive value the end that was kept, or that of one long enough to be told by it. */
static void fields_that_are_secret(void **state)
{
    static const struct menu_type secret = { .name = "nid", .sensitive = true }, plain = { .name = "text(20)" };
    static const struct menu_field of[] = { { "nid", &secret }, { "short", &secret }, { "mid", &secret }, { "free", &plain } };
    static const struct menu_service service = { .name = "complaint", .agency = "dss", .fields = of, .field_count = 4 };
    static const struct menu menu = { .services = &service, .service_count = 1 };
    json_t *page = pages_case(&file, &menu, false);
    json_t *fields = json_object_get(page, "fields");

    (void)state;
    assert_string_equal(json_string_value(json_object_get(fields, "nid")), "****7306");
    assert_string_equal(json_string_value(json_object_get(fields, "short")), "****4821");
    assert_string_equal(json_string_value(json_object_get(fields, "mid")), "****");
    assert_string_equal(json_string_value(json_object_get(fields, "free")), "1234567306");
    json_decref(page);
}

static void one_line(void **state)
{
    struct api_problem p;
    struct buf out;

    (void)state;
    buf_init(&out, 1024);
    api_fail(&p, API_NO_CASE, "a \"%s\"", "b");
    pages_write(pages_problem(&p), &out);
    assert_string_equal(buf_str(&out), "{\"error\":{\"code\":\"no_case\",\"message\":\"a \\\"b\\\"\"}}\n");
    buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_of_cards), cmocka_unit_test(fields_nobody_knows),
        cmocka_unit_test(fields_that_are_secret), cmocka_unit_test(one_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
