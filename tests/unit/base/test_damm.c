/* damm: one wrong digit or one swapped pair is always caught. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/damm.h"

static void test_known(void **state)
{
    (void)state;
    assert_int_equal(damm_digit("572", 3), '4');        /* the example of Damm's thesis */
    assert_true(damm_valid("5724", 4));
    assert_int_equal(damm_digit("", 0), '0');
    assert_int_equal(damm_digit("12a", 3), '\0');
    assert_int_equal(damm_digit("1 2", 3), '\0');
    assert_false(damm_valid("57a4", 4));
    assert_false(damm_valid("", 0));
    assert_false(damm_valid("0", 1));                   /* a digit that checks nothing */
    assert_true(damm_valid("00", 2));
}

static void test_errors_are_caught(void **state)
{
    uint32_t seed = 11;

    (void)state;
    for (int round = 0; round < 3000; round++) {
        char number[16];
        char wrong[16];

        seed = seed * 1664525u + 1013904223u;
        snprintf(number, sizeof number, "%d%08u", 1 + (int)(seed >> 28) % 9, (seed >> 4) % 100000000u);
        number[9] = damm_digit(number, 9);
        number[10] = '\0';
        assert_true(damm_valid(number, 10));
        for (int i = 0; i < 10; i++) {
            memcpy(wrong, number, sizeof wrong);
            for (char c = '0'; c <= '9'; c++) {
                wrong[i] = c;
                assert_int_equal(damm_valid(wrong, 10), c == number[i]);
            }
            if (i == 9 || number[i] == number[i + 1])
                continue;
            memcpy(wrong, number, sizeof wrong);
            wrong[i] = number[i + 1];
            wrong[i + 1] = number[i];
            assert_false(damm_valid(wrong, 10));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known), cmocka_unit_test(test_errors_are_caught),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
