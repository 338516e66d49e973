#include "wire/bill.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_print(void **state)
{
    const struct bill_ask ask = { .ref = "04170123456789abcdef", .taka = 50, .phone = "8801711000001", .about = "4\"123\n",
                                  .service = "copy", .within_s = 900, .trx = "TX1" };
    const struct bill_ask part = { .ref = "04170123456789abcdef", .taka = 20, .trx = "TX1", .part = 3 };
    struct buf out;

    (void)state;
    buf_init(&out, 1024);
    bill_print_payment(&out, &ask);
    assert_string_equal(buf_str(&out), "{\"ref\": \"04170123456789abcdef\", \"taka\": 50, \"within\": 900, "
                                       "\"phone\": \"8801711000001\", \"about\": \"4\\\"123\\u000a\", \"service\": \"copy\"}");
    buf_clear(&out);
    bill_print_status(&out, &ask);
    assert_string_equal(buf_str(&out), "{\"ref\": \"04170123456789abcdef\"}");
    buf_clear(&out);
    bill_print_refund(&out, &ask);
    assert_string_equal(buf_str(&out), "{\"ref\": \"04170123456789abcdef\", \"taka\": 50, \"trx\": \"TX1\"}");
    buf_clear(&out);
    bill_print_refund(&out, &part);
    assert_string_equal(buf_str(&out), "{\"ref\": \"04170123456789abcdef\", \"taka\": 20, \"part\": 3, \"trx\": \"TX1\"}");
    buf_fini(&out);
}

static const struct {
    const char *json, *why;             /* why NULL: it is taken */
} reads[] = {
    { "{\"state\": \"confirmed\"}", NULL },
    { "{\"state\": \"failed\", \"reason\": null, \"trx\": null, \"more\": [1, {}]}", NULL },
    { "{\"ref\": \"x\", \"state\": \"confirmed\", \"trx\": \"TX-1/a\", \"taka\": 50, \"at\": 1764000000}", NULL },
    { "{\"state\": \"refunded\", \"part\": 3, \"taka\": 20}", NULL },
    { "{\"state\": \"refunded\", \"part\": 0}", "part: the number of a part that is given back" },
    { "{\"state\": \"refunded\", \"part\": \"3\"}", "part: the number of a part that is given back" },
    { "", "no JSON object" },
    { "[]", "no JSON object" },
    { "{\"state\": \"a\", \"state\": \"b\"}", "no JSON object" },
    { "{\"state\": \"a\"} x", "no JSON object" },
    { "{}", "state: a word" },
    { "{\"state\": 5}", "state: a word" },
    { "{\"state\": \"\"}", "state: a word" },
    { "{\"state\": \"confirmed and then some\"}", "state: a word" },
    { "{\"state\": \"a\", \"ref\": 7}", "ref: our reference" },
    { "{\"state\": \"a\", \"ref\": \"01234567890123456789012345678901234567890\"}", "ref: our reference" },
    { "{\"state\": \"a\", \"trx\": \"T X\"}", "trx: at most 40 letters and digits" },
    { "{\"state\": \"a\", \"trx\": \"T\\u0000X\"}", "no JSON object" },
    { "{\"state\": \"a\", \"trx\": \"T\\\"X\"}", "trx: at most 40 letters and digits" },
    { "{\"state\": \"a\", \"reason\": 4}", "reason: a text" },
    { "{\"state\": \"a\", \"taka\": \"50\"}", "taka: a whole number above 0" },
    { "{\"state\": \"a\", \"taka\": 50.5}", "taka: a whole number above 0" },
    { "{\"state\": \"a\", \"taka\": 0}", "taka: a whole number above 0" },
    { "{\"state\": \"a\", \"taka\": -50}", "taka: a whole number above 0" },
    { "{\"state\": \"a\", \"taka\": 100000000}", "taka: a whole number above 0" },
    { "{\"state\": \"a\", \"at\": \"2026-11-25\"}", "at: seconds since 1970" },
    { "{\"state\": \"a\", \"at\": 1764000000000}", "at: seconds since 1970" },
};

static void test_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof reads / sizeof reads[0]; i++) {
        struct bill_news news;
        const char *why;
        bool good = bill_read(reads[i].json, strlen(reads[i].json), &news, &why);

        if (good != (reads[i].why == NULL) || (!good && strcmp(why, reads[i].why) != 0))
            fail_msg("%s: %s", reads[i].json, good ? "taken" : why);
    }
}

static void test_values(void **state)
{
    static const char json[] = "{\"ref\": \"r1\", \"state\": \"failed\", \"trx\": \"TX1\", \"taka\": 50, \"at\": 1764000000, "
                               "\"reason\": \"no\\nmoney \\u0995\\u0995\\u0995\\u0995\\u0995\\u0995\\u0995\\u0995\\u0995\\u0995"
                               "\\u0995\\u0995\\u0995\\u0995\\u0995\\u0995\\u0995\\u0995\\u0995\\u0995\\u0995\\u0995\\u0995\\u0995\\u0995\"}";
    struct bill_news news;
    const char *why;

    (void)state;
    assert_true(bill_read(json, sizeof json - 1, &news, &why));
    assert_string_equal(news.ref, "r1");
    assert_string_equal(news.state, "failed");
    assert_string_equal(news.trx, "TX1");
    assert_int_equal(news.taka, 50);
    assert_true(news.at == INT64_C(1764000000000));
    assert_int_equal(strncmp(news.reason, "no money ক", 12), 0);
    assert_int_equal(strlen(news.reason), 9 + 23 * 3);  /* 80 octets at most, cut between characters */
    for (size_t n = 0; n < sizeof json - 1; n++)
        assert_false(bill_read(json, n, &news, &why));
}

/* printf '1764000000.{"state": "confirmed"}' | openssl dgst -sha256 -hmac 'sixteen octets !' */
static void test_signed(void **state)
{
    static const char key[] = "sixteen octets !";
    static const char body[] = "{\"state\": \"confirmed\"}";
    char signature[] = "964df277d92e5393c6053be1ac10770bc2348c89167a138718f3ea0ae9946d34";

    (void)state;
    assert_true(bill_is_signed(key, 16, "1764000000", body, sizeof body - 1, signature));
    assert_false(bill_is_signed(key, 16, "1764000001", body, sizeof body - 1, signature));
    assert_false(bill_is_signed(key, 16, "1764000000", body, sizeof body - 2, signature));
    assert_false(bill_is_signed(key, 15, "1764000000", body, sizeof body - 1, signature));
    for (size_t i = 0; i < sizeof signature - 1; i++) {
        char was = signature[i];

        signature[i] = was == '0' ? '1' : '0';
        assert_false(bill_is_signed(key, 16, "1764000000", body, sizeof body - 1, signature));
        signature[i] = 'x';
        assert_false(bill_is_signed(key, 16, "1764000000", body, sizeof body - 1, signature));
        signature[i] = '\0';
        assert_false(bill_is_signed(key, 16, "1764000000", body, sizeof body - 1, signature));
        signature[i] = was;
    }
    assert_true(bill_is_signed(key, 16, "1764000000", body, sizeof body - 1, signature));
}

static void test_time(void **state)
{
    int64_t ms;

    (void)state;
    assert_true(bill_time("1764000000", &ms));
    assert_true(ms == INT64_C(1764000000000));
    assert_false(bill_time("", &ms));
    assert_false(bill_time("-5", &ms));
    assert_false(bill_time("1764000000.5", &ms));
    assert_false(bill_time("1764000000123", &ms));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_print),  cmocka_unit_test(test_read), cmocka_unit_test(test_values),
        cmocka_unit_test(test_signed), cmocka_unit_test(test_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
