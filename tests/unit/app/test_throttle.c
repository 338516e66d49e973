/* throttle: so often an hour, number by number, in a bounded place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "app/throttle.h"

#define HOUR INT64_C(3600000)

static void test_an_hour(void **state)
{
    struct throttle *t = throttle_new(3, HOUR);

    (void)state;
    for (int i = 0; i < 3; i++)
        assert_true(throttle_take(t, "8801711000001", 1000 + i));
    assert_false(throttle_take(t, "8801711000001", 2000));
    assert_true(throttle_take(t, "8801711000002", 2000));
    assert_false(throttle_take(t, "8801711000001", 1000 + HOUR - 1));
    for (int i = 0; i < 3; i++)
        assert_true(throttle_take(t, "8801711000001", 1000 + HOUR));
    assert_false(throttle_take(t, "8801711000001", 1000 + HOUR));
    throttle_free(t);
}

/* Who was refused last is not forgotten for a few others; a whole country may come by. */
static void test_bounded(void **state)
{
    struct throttle *t = throttle_new(1, HOUR);
    char number[24];
    int refused = 0;

    (void)state;
    for (int i = 0; i < 200000; i++) {
        (void)snprintf(number, sizeof number, "88017%08d", i);
        assert_true(throttle_take(t, number, i));
    }
    for (int i = 199000; i < 200000; i++) {
        (void)snprintf(number, sizeof number, "88017%08d", i);
        refused += !throttle_take(t, number, 200000);
    }
    assert_true(refused > 990);
    throttle_free(t);
}

static void test_forgotten(void **state)
{
    struct throttle *t = throttle_new(2, 24 * HOUR);

    (void)state;
    assert_true(throttle_take(t, "8801711000001", 1000));
    throttle_forget(t, "8801711000001");
    assert_true(throttle_take(t, "8801711000001", 1000));
    assert_true(throttle_take(t, "8801711000001", 1000 + 23 * HOUR));
    assert_false(throttle_take(t, "8801711000001", 1000 + 23 * HOUR));
    throttle_forget(t, "8801711000002");                /* nobody's */
    assert_true(throttle_take(t, "8801711000001", 1000 + 24 * HOUR));
    throttle_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_hour),
        cmocka_unit_test(test_bounded),
        cmocka_unit_test(test_forgotten),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
