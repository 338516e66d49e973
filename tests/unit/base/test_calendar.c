/* calendar: the days that are worked, against a slow count over any calendar. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/calendar.h"
#include "base/clock.h"

static int32_t day(int year, int month, int d)
{
    return clock_day_of((struct clock_date){ year, month, d });
}

static void test_week(void **state)
{
    struct calendar *c = calendar_new();

    (void)state;
    assert_int_equal(calendar_weekday(day(1970, 1, 1)), 4);
    assert_int_equal(calendar_weekday(day(1969, 12, 28)), 0);
    assert_int_equal(calendar_weekday(day(2026, 11, 25)), 3);
    assert_int_equal(calendar_weekday(-719162), 1);     /* 0001-01-01 */
    assert_true(calendar_is_worked(c, day(2026, 11, 26)));      /* Thursday */
    assert_false(calendar_is_worked(c, day(2026, 11, 27)));
    assert_false(calendar_is_worked(c, day(2026, 11, 28)));
    assert_true(calendar_is_worked(c, day(2026, 11, 29)));
    /* the day itself does not count, whatever it is */
    assert_int_equal(calendar_after(c, day(2026, 11, 26), 0), day(2026, 11, 26));
    assert_int_equal(calendar_after(c, day(2026, 11, 26), 1), day(2026, 11, 29));
    assert_int_equal(calendar_after(c, day(2026, 11, 27), 1), day(2026, 11, 29));
    assert_int_equal(calendar_after(c, day(2026, 11, 25), 30), day(2027, 1, 6));
    calendar_set_weekend(c, 1u << 0 | 1u << 6);
    assert_true(calendar_is_worked(c, day(2026, 11, 27)));
    assert_false(calendar_is_worked(c, day(2026, 11, 29)));
    calendar_free(c);
}

static void test_single_days(void **state)
{
    struct calendar *c = calendar_new();

    (void)state;
    assert_true(calendar_set_day(c, day(2026, 12, 16), false));
    assert_true(calendar_set_day(c, day(2026, 3, 26), false));
    assert_true(calendar_set_day(c, day(2026, 12, 25), false));         /* a Friday: nothing more is lost */
    assert_true(calendar_set_day(c, day(2026, 12, 12), true));          /* a Saturday that is worked */
    assert_true(calendar_set_day(c, day(2026, 12, 10), false));
    assert_true(calendar_set_day(c, day(2026, 12, 10), true));          /* the last word counts */
    assert_false(calendar_is_worked(c, day(2026, 12, 16)));
    assert_true(calendar_is_worked(c, day(2026, 12, 12)));
    assert_true(calendar_is_worked(c, day(2026, 12, 10)));
    assert_int_equal(calendar_between(c, day(2026, 12, 10), day(2026, 12, 17)), 5);     /* 12 13 14 15 17 */
    assert_int_equal(calendar_after(c, day(2026, 12, 10), 5), day(2026, 12, 17));
    assert_int_equal(calendar_between(c, day(2026, 12, 17), day(2026, 12, 17)), 0);
    assert_int_equal(calendar_between(c, day(2026, 12, 18), day(2026, 12, 17)), 0);
    assert_true(calendar_knows(c, 2026));
    assert_false(calendar_knows(c, 2025));
    assert_false(calendar_knows(c, 2027));
    assert_false(calendar_knows(c, 0));
    calendar_free(c);
}

static void test_end_of_day(void **state)
{
    int64_t end = calendar_end(day(2026, 11, 25), 360);

    (void)state;
    assert_int_equal(clock_day(end, 360), day(2026, 11, 25));
    assert_int_equal(clock_day(end + 1, 360), day(2026, 11, 26));
}

static void test_bounds(void **state)
{
    struct calendar *c = calendar_new();

    (void)state;
    for (int i = 0; i < CALENDAR_DAYS_MAX; i++)
        assert_true(calendar_set_day(c, CALENDAR_DAYS_MAX - i, false));
    assert_false(calendar_set_day(c, 0, false));
    assert_true(calendar_set_day(c, 1, true));          /* it is there already */
    assert_int_equal(calendar_between(c, 1, CALENDAR_DAYS_MAX), 0);
    assert_true(calendar_after(c, 1, CALENDAR_COUNT_MAX) > CALENDAR_DAYS_MAX + CALENDAR_COUNT_MAX);
    assert_int_equal(calendar_between(c, 0, INT32_MAX), CALENDAR_COUNT_MAX);
    calendar_free(c);
}

static uint32_t draw(uint32_t *seed, uint32_t n)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (*seed >> 8) % n;
}

#define SPAN 800

/* Any weekend, any holidays: after and between agree with a table of days, and
 * with each other. */
static void test_any_calendar(void **state)
{
    uint32_t seed = 25;

    (void)state;
    for (int round = 0; round < 300; round++) {
        struct calendar *c = calendar_new();
        unsigned weekend = draw(&seed, 126);    /* bits of seven days, not all of them */
        bool worked[SPAN];
        int32_t base = day(2026, 1, 1) + (int32_t)draw(&seed, 4000) - 2000;

        calendar_set_weekend(c, weekend);
        for (int i = 0; i < SPAN; i++)
            worked[i] = (weekend & 1u << calendar_weekday(base + i)) == 0;
        for (int n = (int)draw(&seed, 60); n > 0; n--) {
            int i = (int)draw(&seed, SPAN);

            worked[i] = draw(&seed, 4) == 0;
            assert_true(calendar_set_day(c, base + i, worked[i]));
        }
        for (int n = 0; n < 50; n++) {
            int from = (int)draw(&seed, SPAN / 2), to = from + (int)draw(&seed, SPAN / 2), count = 0;

            for (int i = from + 1; i <= to; i++)
                count += worked[i];
            assert_int_equal(calendar_between(c, base + from, base + to), count);
            for (int i = from; i <= to; i++)
                assert_int_equal(calendar_is_worked(c, base + i), worked[i]);
            if (count > 0) {
                int32_t due = calendar_after(c, base + from, count);

                assert_true(due <= base + to && calendar_is_worked(c, due));
                assert_int_equal(calendar_between(c, base + from, due), count);
                assert_int_equal(calendar_between(c, base + from, due - 1), count - 1);
            }
        }
        calendar_free(c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_week),         cmocka_unit_test(test_single_days), cmocka_unit_test(test_end_of_day),
        cmocka_unit_test(test_bounds),       cmocka_unit_test(test_any_calendar),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
