#include "engine/case.h"

#include "rig.h"

#include "base/damm.h"

static void test_known(void **state)
{
    (void)state;
    assert_int_equal(case_number(8, 0) / 1000000000, 8);
    assert_int_equal(case_number(1, 99999999) / 1000000000, 1);
}

/* Every number has ten digits, its series first and its check digit last. */
static void test_digits(void **state)
{
    (void)state;
    for (int64_t n = 0; n < 100000000; n += 9973) {
        char text[24];

        for (int series = 1; series <= 9; series += 4) {
            snprintf(text, sizeof text, "%lld", (long long)case_number(series, n));
            assert_int_equal(strlen(text), 10);
            assert_int_equal(text[0], '0' + series);
            assert_true(damm_valid(text, 10));
        }
    }
}

static int64_t middle(int64_t n)
{
    return case_number(3, n) / 10 % 100000000;
}

static int64_t gcd(int64_t a, int64_t b)
{
    return b == 0 ? a : gcd(b, a % b);
}

/* n * stride + offset, and the stride has no factor in common with 10: so no two
 * numbers of a series are equal. */
static void test_all_different(void **state)
{
    int64_t offset = middle(0);
    int64_t stride = (middle(1) - offset + 100000000) % 100000000;

    (void)state;
    assert_int_equal(gcd(stride, 100000000), 1);
    for (int64_t n = 0; n < 100000000; n += 9973)
        assert_int_equal(middle(n), (offset + n * stride) % 100000000);
    assert_int_equal(middle(99999999), (offset + 99999999 * stride) % 100000000);
}

/* Who has one number cannot guess the next by counting. */
static void test_neighbours(void **state)
{
    (void)state;
    for (int64_t n = 0; n < 10000; n++)
        assert_true(llabs(case_number(8, n + 1) - case_number(8, n)) > 1000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known),
        cmocka_unit_test(test_digits),
        cmocka_unit_test(test_all_different),
        cmocka_unit_test(test_neighbours),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
