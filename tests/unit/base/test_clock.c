/* clock: dates against the C library's, days at their borders, a fake time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/clock.h"

/* Every day from year 1 to 9999, one after the other. */
static void test_every_day(void **state)
{
    int32_t first = clock_day_of((struct clock_date){ 1, 1, 1 });
    int32_t last = clock_day_of((struct clock_date){ 9999, 12, 31 });

    (void)state;
    assert_int_equal(first, -719162);
    assert_int_equal(last, 2932896);
    for (int32_t day = first; day <= last; day++) {
        struct clock_date d = clock_date_of(day);

        if (clock_day_of(d) != day)
            fail_msg("day %d is %d-%d-%d and back %d", day, d.year, d.month, d.day, clock_day_of(d));
    }
    /* against another implementation; sampled, because gmtime is slow */
    for (int32_t day = first; day <= last; day += 13) {
        struct clock_date d = clock_date_of(day);
        time_t t = (time_t)day * 86400;
        struct tm tm;

        assert_non_null(gmtime_r(&t, &tm));
        assert_int_equal(d.year, tm.tm_year + 1900);
        assert_int_equal(d.month, tm.tm_mon + 1);
        assert_int_equal(d.day, tm.tm_mday);
    }
}

static void test_no_such_day(void **state)
{
    static const struct clock_date rows[] = {
        { 2026, 2, 29 }, { 1900, 2, 29 }, { 2026, 4, 31 }, { 2026, 13, 1 }, { 2026, 0, 1 }, { 2026, 1, 0 },
        { 2026, 1, 32 }, { 0, 1, 1 }, { 10000, 1, 1 }, { -1, 1, 1 }, { 2026, -1, 1 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(clock_day_of(rows[i]), CLOCK_DATE_NONE);
    assert_int_equal(clock_day_of((struct clock_date){ 1970, 1, 1 }), 0);
    assert_int_equal(clock_day_of((struct clock_date){ 2000, 2, 29 }), 11016);
    assert_int_equal(clock_day_of((struct clock_date){ 2026, 10, 12 }), 20738);
}

static void test_day_borders(void **state)
{
    static const struct {
        int64_t ms;
        int offset;
        int32_t day;
    } rows[] = {
        { 0, 0, 0 }, { 86399999, 0, 0 }, { 86400000, 0, 1 }, { -1, 0, -1 }, { -86400000, 0, -1 }, { -86400001, 0, -2 },
        { 64799999, 360, 0 }, { 64800000, 360, 1 },     /* Dhaka: 18:00 UTC begins the day */
        { 0, -1, -1 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(clock_day(rows[i].ms, rows[i].offset), rows[i].day);
}

static void test_real_then_fake(void **state)
{
    int64_t before = clock_now();
    int64_t mono = clock_mono_us();

    (void)state;
    assert_true(before > INT64_C(1577836800000));       /* 2020 */
    assert_true(clock_now() >= before);
    assert_true(clock_mono_us() >= mono);
    assert_true(clock_mono() >= mono / 1000);
    clock_fake_set(5000);
    assert_int_equal(clock_now(), 5000);
    assert_int_equal(clock_mono(), 5000);
    assert_int_equal(clock_mono_us(), 5000000);
    clock_fake_add(250);
    assert_int_equal(clock_now(), 5250);
    assert_int_equal(clock_mono(), 5250);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_day), cmocka_unit_test(test_no_such_day), cmocka_unit_test(test_day_borders),
        cmocka_unit_test(test_real_then_fake),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
