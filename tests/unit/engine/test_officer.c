/* officer: what an officer writes, in every way she may write it; rolling: codes of the RFCs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "base/buf.h"
#include "base/gsm.h"
#include "engine/officer.h"
#include "engine/rolling.h"

static const char *const codes[] = { "*333#", "*16321#" };

static struct officer_command decoded(const char *text)
{
    struct officer_command c;

    officer_decode(text, strlen(text), codes, 2, &c);
    return c;
}

/* "FORM/CODE", or a word for what is wrong. */
#define TOLD_SIZE (OFFICER_FORM_SIZE + 16)
static void told(const char *text, char out[TOLD_SIZE])
{
    static const char *const bare[OFFICER_VERBS] = { [OFFICER_NOTHING] = "-", [OFFICER_SHOW] = "show",
        [OFFICER_CONFIRM] = "confirm", [OFFICER_CODE] = "code", [OFFICER_LIST] = "list" };
    static const char *const flaws[OFFICER_FLAWS] = { "", "number?", "value?", "note?" };
    struct officer_command c = decoded(text);
    char form[OFFICER_FORM_SIZE];

    officer_form(&c, form);
    if (c.flaw != OFFICER_FINE)
        snprintf(out, TOLD_SIZE, "%s", flaws[c.flaw]);
    else if (bare[c.verb] != NULL && c.number == 0)
        snprintf(out, TOLD_SIZE, "%s%s%s", bare[c.verb], c.code[0] != '\0' ? "/" : "", c.code);
    else
        snprintf(out, TOLD_SIZE, "%s/%s", form, c.code);
}

static const struct { const char *text, *want; } commands[] = {
    { "333 8123056783 OK 482913", "8123056783 OK/482913" },
    { "8123056783 OK", "8123056783 OK/" },
    { "8123056783ok482913", "8123056783 OK/482913" },
    { "3338123056783ok482913", "8123056783 OK/482913" },
    { "333 8123 0567 83 ok 482 913", "8123056783 OK/482913" },
    { "333-8123-0567-83, Ok. 482913", "8123056783 OK/482913" },
    { "*333# 8123056783 OK 482913", "8123056783 OK/482913" },
    { "16321 8123056783 OK 482913", "8123056783 OK/482913" },
    { "  8123056783\n\tOK\r\n482913 ", "8123056783 OK/482913" },
    { "ok 8123056783 482913", "8123056783 OK/482913" },
    { "OK 333 8123 0567 83 482913", "8123056783 OK/482913" },
    { "OK8123056783482913", "8123056783 OK/482913" },
    { "333 OK 8123056783 482913", "8123056783 OK/482913" },
    { "8123056783 482913 OK", "8123056783 OK/482913" },
    { "৩৩৩ ৮১২৩০৫৬৭৮৩ ওকে ৪৮২৯১৩", "8123056783 OK/482913" },
    { "৮১২৩০৫৬৭৮৩ হ্যাঁ ৪৮২৯১৩", "8123056783 OK/482913" },
    { "৮১২৩০৫৬৭৮৩ঠিক৪৮২৯১৩।", "8123056783 OK/482913" },
    { "8123056783 NEED 2 482913", "8123056783 NEED 2/482913" },
    { "8123056783 need 2", "8123056783 NEED 2/" },
    { "8123056783 need2 482913", "8123056783 NEED 2/482913" },
    { "8123056783NEED2482913", "8123056783 NEED 2/482913" },
    { "8123056783 NEED 12 482 913", "8123056783 NEED 12/482913" },
    { "8123056783 NEED 482 913", "8123056783 NEED/482913" },
    { "8123056783 NEED", "8123056783 NEED/" },
    { "need 2 8123056783", "number?" },                 /* a value in front of the number: ask */
    { "NEED 8123056783 2 482913", "8123056783 NEED 2/482913" },
    { "৮১২৩০৫৬৭৮৩ লাগবে ২ ৪৮২৯১৩", "8123056783 NEED 2/482913" },
    { "8123056783 NO 3 482913", "8123056783 NO 3/482913" },
    { "8123056783 না ৩", "8123056783 NO 3/" },
    { "8123056783 নয় 3 482913", "8123056783 NO 3/482913" },
    { "8123056783 FWD 5 482913", "8123056783 FWD 5/482913" },
    { "8123056783 ফরোয়ার্ড ৫ 482913", "8123056783 FWD 5/482913" },
    { "8123056783 পাঠান 482913", "8123056783 FWD/482913" },
    { "8123056783 na 3 482913", "8123056783 NO 3/482913" },
    { "8123056783 NO 3 482913 এনআইডি আনুন", "8123056783 NO 3 এনআইডি আনুন/482913" },
    { "8123056783 OK রবিবার আসুন 482913", "8123056783 OK রবিবার আসুন/482913" },
    { "8123056783 OK রবিবার ১০ টায়", "8123056783 OK রবিবার 10 টায়/" },
    { "8123056783 NO 3 no papers", "8123056783 NO 3 no papers/" },
    { "3330567813 OK 482913", "3330567813 OK/482913" },                 /* the number begins like the code */
    { "NO 3330567813 2 482913", "3330567813 NO 2/482913" },
    { "8123056783", "8123056783 /" },
    { "333 8123 0567 83", "8123056783 /" },
    { "482913", "confirm/482913" },
    { "482 913", "confirm/482913" },
    { "333 ৪৮২৯১৩", "confirm/482913" },
    { "OK 482913", "confirm/482913" },
    { "code", "code" },
    { "333 কোড", "code" },
    { "List", "list" },
    { "তালিকা", "list" },
    /* wrong */
    { "8123056784 OK 482913", "number?" },              /* one digit */
    { "1823056783 OK", "number?" },                     /* two digits changed places */
    { "812305678 OK 482913", "number?" },
    { "81230567833 OK", "number?" },
    { "0123056783 OK", "number?" },
    { "8123056784", "number?" },
    { "8123056783 OK 48291", "value?" },
    { "8123056783 OK 2 482913", "value?" },
    { "8123056783 NEED 1234 482913", "value?" },
    { "8123056783 482913 OK 482914", "value?" },
    { "8123056783 OK 482913 আসুন 482914", "value?" },
    { "8123056783 OK 1111111111111111111111111111111111111111111111", "value?" },
    { "8123056783 NO 3 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
      "note?" },
    /* not for us */
    { "", "-" }, { "333", "-" }, { "1", "-" }, { "ok", "-" }, { "No", "-" }, { "no thank you", "-" }, { "1 no", "-" },
    { "K 8123056783", "-" }, { "VATA WDA 4821", "-" }, { "do not OK 8123056783", "-" }, { "need help", "-" },
    { "please list", "-" }, { "list 8123056783", "-" }, { "01711000301", "-" }, { "4821", "-" },
    { "12345678901234567890123456789012345678901234567890", "-" }, { "হ্যাঁ", "-" }, { "\xff\xfe", "-" },
};

static void test_commands(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        char got[TOLD_SIZE];

        told(commands[i].text, got);
        if (strcmp(got, commands[i].want) != 0)
            fail_msg("'%s': got '%s', want '%s'", commands[i].text, got, commands[i].want);
    }
}

/* What a form says is read as the same command again. */
static void test_form_is_read_again(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        struct officer_command c = decoded(commands[i].text), again;
        char form[OFFICER_FORM_SIZE], second[OFFICER_FORM_SIZE];

        if (c.number == 0 || c.flaw != OFFICER_FINE)
            continue;
        officer_form(&c, form);
        again = decoded(form);
        officer_form(&again, second);
        assert_string_equal(form, second);
        assert_int_equal(again.verb, c.verb);
    }
}

static void test_no_prefix_is_misread(void **state)
{
    static const char text[] = "333 8123056783 NEED 2 482913 এনআইডি আনুন";

    (void)state;
    for (size_t n = 0; n <= sizeof text - 1; n++) {
        char *exact = malloc(n > 0 ? n : 1);
        struct officer_command c;

        memcpy(exact, text, n);
        officer_decode(exact, n, codes, 2, &c);
        assert_true(c.verb == OFFICER_NOTHING || c.verb == OFFICER_SHOW || c.verb == OFFICER_CONFIRM ||
                    c.verb == OFFICER_NEED);
        assert_true(c.number == 0 || c.number == 8123056783);
        free(exact);
    }
}

/* RFC 6238 appendix B, SHA-256 and its secret; the last six of the eight digits. */
static void test_rfc_6238(void **state)
{
    static const struct { int64_t seconds; const char *code; } rows[] = {
        { 59, "119246" }, { 1111111109, "084774" }, { 1111111111, "062674" }, { 1234567890, "819424" },
        { 2000000000, "698825" }, { INT64_C(20000000000), "737706" },
    };
    static const unsigned char secret[] = "12345678901234567890123456789012";

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char code[ROLLING_DIGITS + 1];

        rolling_code(secret, rolling_step(rows[i].seconds * 1000), code);
        assert_string_equal(code, rows[i].code);
    }
}

static void test_rolling(void **state)
{
    unsigned char key[ROLLING_SECRET_SIZE] = { 1 }, a[ROLLING_SECRET_SIZE], b[ROLLING_SECRET_SIZE];
    char code[ROLLING_DIGITS + 1];

    (void)state;
    rolling_secret(key, "8801711000001", 1, a);
    rolling_secret(key, "8801711000001", 2, b);
    assert_memory_not_equal(a, b, sizeof a);
    rolling_secret(key, "8801711000002", 1, b);
    assert_memory_not_equal(a, b, sizeof a);
    rolling_code(a, 7, code);
    assert_int_equal(rolling_find(a, 0, 20, code), 7);
    assert_int_equal(rolling_find(a, 8, 20, code), -1);
    assert_int_equal(rolling_find(a, -5, 13, code), 7);
    assert_int_equal(rolling_find(b, 0, 20, code), -1);
    assert_int_equal(rolling_find(a, 0, 20, "12345"), -1);
    assert_int_equal(rolling_find(a, 0, 20, ""), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_commands), cmocka_unit_test(test_form_is_read_again),
        cmocka_unit_test(test_no_prefix_is_misread), cmocka_unit_test(test_rfc_6238), cmocka_unit_test(test_rolling),
    };

    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
