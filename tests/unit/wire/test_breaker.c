/* breaker: its states under a clock that stands still until it is moved. */
#include "wire/breaker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"

static bool asks(struct breaker *b, bool good)
{
    uint32_t pass = breaker_ask(b, clock_mono());

    if (pass != 0)
        breaker_done(b, pass, good, clock_mono());
    return pass != 0;
}

static void start(struct breaker *b)
{
    clock_fake_set(1000000);
    breaker_init(b, 3, 30000);
}

static void opens_after_failures_in_a_row(void **state)
{
    struct breaker b;

    (void)state;
    start(&b);
    for (int i = 0; i < 10; i++) {      /* never three in a row */
        assert_true(asks(&b, false));
        assert_true(asks(&b, false));
        assert_true(asks(&b, true));
    }
    assert_int_equal(b.state, BREAKER_CLOSED);
    for (int i = 0; i < 3; i++)
        assert_true(asks(&b, false));
    assert_int_equal(b.state, BREAKER_OPEN);
    assert_false(asks(&b, true));
    clock_fake_add(29999);
    assert_false(asks(&b, true));
    clock_fake_end();
}

static void one_tries(void **state)
{
    struct breaker b;
    uint32_t pass;

    (void)state;
    start(&b);
    while (b.state == BREAKER_CLOSED)
        assert_true(asks(&b, false));
    clock_fake_add(30000);
    pass = breaker_ask(&b, clock_mono());
    assert_int_not_equal(pass, 0);
    assert_int_equal(b.state, BREAKER_HALF_OPEN);
    assert_int_equal(breaker_ask(&b, clock_mono()), 0);
    clock_fake_add(500);
    assert_true(breaker_done(&b, pass, false, clock_mono()));   /* rests again, from now */
    assert_int_equal(b.state, BREAKER_OPEN);
    clock_fake_add(29999);
    assert_false(asks(&b, true));
    clock_fake_add(1);
    assert_true(asks(&b, true));
    assert_int_equal(b.state, BREAKER_CLOSED);
    assert_true(asks(&b, false));       /* and counts from nothing */
    assert_true(asks(&b, false));
    assert_int_equal(b.state, BREAKER_CLOSED);
    clock_fake_end();
}

static void late_answers_say_nothing(void **state)
{
    struct breaker b;
    uint32_t early, pass;

    (void)state;
    start(&b);
    early = breaker_ask(&b, clock_mono());
    for (int i = 0; i < 3; i++)
        assert_true(asks(&b, false));
    assert_false(breaker_done(&b, early, true, clock_mono()));
    assert_int_equal(b.state, BREAKER_OPEN);
    clock_fake_add(30000);
    pass = breaker_ask(&b, clock_mono());
    assert_false(breaker_done(&b, early, true, clock_mono()));
    assert_false(breaker_done(&b, early, false, clock_mono()));
    assert_int_equal(b.state, BREAKER_HALF_OPEN);
    assert_true(breaker_done(&b, pass, true, clock_mono()));
    assert_false(breaker_done(&b, early, false, clock_mono()));
    assert_int_equal(b.fails, 0);
    b.pass = UINT32_MAX;                /* a pass is never 0 */
    for (int i = 0; i < 3; i++)
        assert_true(asks(&b, false));
    assert_int_not_equal(b.pass, 0);
    clock_fake_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opens_after_failures_in_a_row),
        cmocka_unit_test(one_tries),
        cmocka_unit_test(late_answers_say_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
