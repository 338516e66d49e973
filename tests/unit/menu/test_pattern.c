/* menu/pattern: which regular expressions are taken, and what a match may cost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/clock.h"
#include "menu/pattern.h"

static long judged;

static enum pattern_fault fault_of(const char *pattern, struct pattern_error *err)
{
    void *code = NULL;
    enum pattern_fault fault = pattern_compile(pattern, strlen(pattern), &judged, &code, err);

    assert_true((code != NULL) == (fault == PATTERN_GOOD));
    pattern_free(code);
    return fault;
}

static void test_good(void **state)
{
    static const char *const good[] = {
        "[0-9]{4}", "[0-9]{10}|[0-9]{13}|[0-9]{17}", "[A-Z]{2}-[0-9]+", "[\\x{980}-\\x{9ff}]{3}", "(?:[a-z]+ )*[a-z]+",
        "([0-9]{6})*", "([0-9]{3}-){1,3}[0-9]{4}", "[a-z ]{1,160}", "\\d+(,\\d+)*", "(?i)(ward|union) *[0-9]+",
        "(?=.*[0-9])[a-z0-9]{8}", "(?!000)[0-9]{3}", "(a|b)*c", "(ab|cd|ef)+", "(\\p{L}+ )*\\p{L}+", "([ক-হ]+ )*[ক-হ]+",
        "[^,]+(,[^,]+){0,9}", "a*a*a*a*b", "(a{1,3}){1,3}", "(?<x>a+)b", "a{,3}", "()*", "", "(|a)", "(?#note)a", "a++b",
        "[[:alpha:]]+([ -][[:alpha:]]+)*", "([01]?[0-9]|2[0-3]):[0-5][0-9]", "\\(0[0-9]{2}\\) ?[0-9]+", "[]a]+", "x(a?)*",
        "((a?)*)", "[0-9]{1,3}(\\.[0-9]{1,3}){3}", "(0|[1-9][0-9]*)(\\.[0-9]{2})?", "(\\d\\d?/){2}\\d{4}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct pattern_error err = { 0, "" };
        enum pattern_fault fault = fault_of(good[i], &err);

        if (fault != PATTERN_GOOD)
            print_error("%s: %s\n", good[i], err.text);
        assert_int_equal(fault, PATTERN_GOOD);
    }
}

static void test_exponential(void **state)
{
    static const char *const bad[] = {
        "([0-9]+)+", "(a*)*", "(a+)+b", "(a*)*b", "(a|a)*", "(a|aa)+", "(a?b?)*", "([0-9]|[0-9][0-9])+", "(.*,?)*",
        "([a-z]+ ?)+", "(?:(?:a|b)*c?)*(d)", "(\\w+\\s*)+", "([0-9]{1,3})*", "(\\d|[0-5])*x", "((ab)*|a|b)*",
        "(a*b*)*", "x(y(a+)+)z", "(?i)(a|A)*", "([^,]|[a-z])*", "(.|\\n)*(ক|[ক-খ])*", "([0-9]{1,9}){1,9}", "(a|b|ab)*c",
        "([a-z]*)+", "(?:a+){5,}", "(?=(a+)+b)a*", "(?>a+)+", "(a++)*", "(([0-9]+)?x?)*",
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct pattern_error err = { 0, "" };
        enum pattern_fault fault = fault_of(bad[i], &err);

        if (fault != PATTERN_EXPONENTIAL)
            print_error("%s: %s\n", bad[i], err.text);
        assert_int_equal(fault, PATTERN_EXPONENTIAL);
        assert_true(err.at < strlen(bad[i]));
    }
}

static void test_broken(void **state)
{
    static const struct {
        const char *pattern, *text;
        size_t at;
    } rows[] = {
        { "[0-9", "missing terminating ] for character class", 4 },
        { "(a)\\1", "no back references: what they match is not matched in bounded time", 3 },
        { "(?R)?a", "recursion, conditions, calls and the flag x cannot stand in a pattern here", 0 },
        { "(?(?=a)a|b)", "recursion, conditions, calls and the flag x cannot stand in a pattern here", 0 },
        { "(*UTF8)a", NULL, 0 },
        { "(*ACCEPT)a", "'(*' cannot stand in a pattern here", 0 },
        { "(?x) a b", "recursion, conditions, calls and the flag x cannot stand in a pattern here", 0 },
        { "\\Qa.b\\E", "'\\Q' cannot stand in a pattern here", 0 },
        { "a\\Kb", "'\\K' cannot stand in a pattern here", 1 },
        { "\\X+", "'\\X' cannot stand in a pattern here", 0 },
        { "a{2}{3}", "quantifier does not follow a repeatable item", 6 },
        { "[a-z]{501}", "with its repeats written out it has more than 500 characters", 0 },
        { "(([a-z]{30}){30}){30}", "with its repeats written out it has more than 500 characters", 1 },
        { "((a{0,20}){0,20}){0,20}", NULL, 0 },
        { "((){9999}){9999}", NULL, 0 },
        { "(?=(?=a)b)c", "a look ahead inside another", 3 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct pattern_error err = { 0, "" };
        enum pattern_fault fault = fault_of(rows[i].pattern, &err);

        if (rows[i].text == NULL)
            continue;                   /* whatever it is, it has an end */
        assert_string_equal(err.text, rows[i].text);
        assert_int_equal(fault, PATTERN_BROKEN);
        assert_int_equal(err.at, rows[i].at);
    }
}

static void test_long(void **state)
{
    char pattern[300];
    struct pattern_error err;
    void *code;

    (void)state;
    memset(pattern, 'a', sizeof pattern);
    assert_int_equal(pattern_compile(pattern, 257, &judged, &code, &err), PATTERN_BROKEN);
    assert_string_equal(err.text, "it is longer than 256 octets");
    assert_int_equal(pattern_compile(pattern, 256, &judged, &code, &err), PATTERN_GOOD);
    pattern_free(code);
}

static void test_matches(void **state)
{
    static const struct {
        const char *pattern, *answer;
        bool fits;
    } rows[] = {
        { "[0-9]{10}|[0-9]{13}", "1234567890", true }, { "[0-9]{10}|[0-9]{13}", "12345678901", false },
        { "[0-9]{10}|[0-9]{13}", "1234567890123", true }, { "a|ab", "ab", true }, { "a*?", "aaa", true },
        { "(?=.*[0-9])[a-z0-9]{4}", "abc1", true }, { "(?=.*[0-9])[a-z0-9]{4}", "abcd", false },
        { "(?!000)[0-9]{3}", "000", false }, { "(?!000)[0-9]{3}", "001", true },
        { "[\\x{980}-\\x{9ff}]{2}", "কখ", true }, { "[\\x{980}-\\x{9ff}]{2}", "ab", false },
        { "a++ab", "aaab", false }, { "[a-z]+( [a-z]+)*", "char kukri mukri", true },
        { "[a-z]+( [a-z]+)*", "char  kukri", false }, { "(?i)ward", "WaRd", true }, { "^a$", "a", true },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct pattern_error err;
        void *code;

        assert_int_equal(pattern_compile(rows[i].pattern, strlen(rows[i].pattern), &judged, &code, &err), PATTERN_GOOD);
        if (pattern_matches(code, rows[i].answer, strlen(rows[i].answer)) != rows[i].fits)
            fail_msg("%s and %s", rows[i].pattern, rows[i].answer);
        pattern_free(code);
    }
}

/* What is let through costs little, whatever is typed. */
static void test_bounded(void **state)
{
    static const char *const slow[] = {
        "a*a*a*a*a*a*a*a*b", "(?:[ab]*c)*[ab]*(d)", "[a-z ]{1,160}", "([^,]*,)*x", "a{0,30}a{0,30}a{0,30}a{0,30}a{0,30}b",
        "(?=.*b)(?=.*c)a*", "((?=a*b)a)*", "(a|b|c|d|e|f)*(a|b)*(a|c)*x",
    };
    char answer[1000];

    (void)state;
    memset(answer, 'a', sizeof answer);
    for (size_t i = 0; i < sizeof slow / sizeof slow[0]; i++) {
        struct pattern_error err;
        void *code;
        int64_t began = clock_mono();

        assert_int_equal(pattern_compile(slow[i], strlen(slow[i]), &judged, &code, &err), PATTERN_GOOD);
        assert_int_equal(pattern_matches(code, answer, sizeof answer), false);
        pattern_free(code);
        assert_in_range(clock_mono() - began, 0, 2000);
    }
}

/* The widest of states at once still finds its match. */
static void test_wide(void **state)
{
    const char *pattern = "(a?b?c?d?e?f?g?h?i?j?k?l?m?n?o?p?q?r?s?t?u?v?w?x?y?z?){4}[a-e]{0,90}";
    struct pattern_error err;
    void *code;
    char answer[95];

    (void)state;
    memset(answer, 'e', sizeof answer);
    assert_int_equal(pattern_compile(pattern, strlen(pattern), &judged, &code, &err), PATTERN_GOOD);
    assert_true(pattern_matches(code, answer, 94));
    assert_false(pattern_matches(code, answer, 95));
    pattern_free(code);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),    cmocka_unit_test(test_exponential), cmocka_unit_test(test_broken),
        cmocka_unit_test(test_long),    cmocka_unit_test(test_matches),
        cmocka_unit_test(test_bounded),     cmocka_unit_test(test_wide),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
