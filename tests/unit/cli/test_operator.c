#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "cli/operator.h"

static void test_case(void **state)
{
    (void)state;
    assert_int_equal(operator_case("8123056783"), INT64_C(8123056783));
    assert_int_equal(operator_case("8123 0567-83"), INT64_C(8123056783));
    assert_int_equal(operator_case("8123056738"), 0);       /* two swapped */
    assert_int_equal(operator_case("8123056784"), 0);
    assert_int_equal(operator_case("812305678"), 0);
    assert_int_equal(operator_case("81230567833"), 0);
    assert_int_equal(operator_case("812305678x"), 0);
    assert_int_equal(operator_case("+812305678"), 0);
    assert_int_equal(operator_case(""), 0);
}

static void test_msisdn(void **state)
{
    static const char *const good[] = { "01711000301", "8801711000301", "+88 01711-000301", "008801711000301" };
    static const char *const bad[] = { "", "0171", "017110003o1", "+", "88017110003010000000000000000" };
    char out[EVENT_MSISDN_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_true(operator_msisdn(good[i], out));
        assert_string_equal(out, "8801711000301");
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(operator_msisdn(bad[i], out));
}

static void test_login(void **state)
{
    (void)state;
    setenv("SUDO_USER", "rahima", 1);
    assert_string_equal(operator_login(), "rahima");
    unsetenv("SUDO_USER");
    assert_non_null(operator_login());
}

static int told(void *arg, const char *conninfo, const struct conf *conf)
{
    *(const char **)arg = conninfo;
    return conf != NULL ? 7 : 3;
}

static void test_run(void **state)
{
    const char *conninfo = NULL;

    (void)state;
    assert_int_equal(operator_run("/nowhere", "dbname=x", told, &conninfo), 3);
    assert_string_equal(conninfo, "dbname=x");
    conninfo = NULL;
    assert_int_equal(operator_run("/nowhere", NULL, told, &conninfo), 2);
    assert_null(conninfo);
    assert_int_equal(operator_run("conf/kheya.yaml", NULL, told, &conninfo), 7);
    assert_non_null(conninfo);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_case),
        cmocka_unit_test(test_msisdn),
        cmocka_unit_test(test_login),
        cmocka_unit_test(test_run),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
