/* lane: so many segments a second, so many messages out, under a clock of the test's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "app/lane.h"

/* Hand over as much as there is room for, for so long: how many segments went. */
static int segments_in(struct lane *l, int64_t *now, int ms, int each, bool told)
{
    static int64_t id;
    int sent = 0;

    for (int64_t end = *now + ms; *now < end; *now += 10) {
        for (int room = lane_room(l, *now); room > 0; room--) {
            lane_sent(l, 1, ++id, each, *now);
            sent += each;
            if (told)
                assert_true(lane_told(l, 1, id));
        }
    }
    return sent;
}

static void test_rate(void **state)
{
    struct lane *l = lane_new(50, 1000);
    int64_t now = 1000;

    (void)state;
    assert_in_range(segments_in(l, &now, 1000, 1, true), 50, 100);      /* a second's worth was saved */
    assert_in_range(segments_in(l, &now, 10000, 1, true), 495, 505);
    /* long messages cost more, and are paid for */
    assert_in_range(segments_in(l, &now, 10000, 3, true), 480, 530);
    /* a pause is not made good for */
    now += 3600000;
    assert_in_range(segments_in(l, &now, 1000, 1, true), 50, 105);
    lane_free(l);
}

/* They go together, not one each turn of the loop. */
static void test_together(void **state)
{
    struct lane *l = lane_new(100, 1000);
    int64_t now = 1;
    int turns = 0;

    (void)state;
    segments_in(l, &now, 1000, 1, true);
    for (int i = 0; i < 1000; i++, now++)
        if (lane_room(l, now) > 0) {
            turns++;
            segments_in(l, &now, 1, 1, true);
        }
    assert_in_range(turns, 5, 13);
    lane_free(l);
}

static void test_slow(void **state)
{
    struct lane *l = lane_new(1, 10);
    int64_t now = 0;

    (void)state;
    assert_in_range(segments_in(l, &now, 60000, 1, true), 59, 61);
    lane_free(l);
}

static void test_no_limit(void **state)
{
    struct lane *l = lane_new(0, 10);
    int64_t now = 0;

    (void)state;
    assert_int_equal(segments_in(l, &now, 10, 5, false), 50);
    assert_int_equal(lane_room(l, now), 0);
    assert_int_equal(lane_waiting(l), 10);
    lane_free(l);
}

/* Nothing more goes into bearerbox while the SMSC takes nothing; a word that never comes is not waited for. */
static void test_window(void **state)
{
    struct lane *l = lane_new(0, 3);
    int64_t now = 500;

    (void)state;
    for (int64_t id = 1; id <= 3; id++)
        lane_sent(l, 7, id, 1, now);
    assert_int_equal(lane_room(l, now), 0);
    assert_false(lane_told(l, 8, 2));
    assert_true(lane_told(l, 7, 2));
    assert_false(lane_told(l, 7, 2));
    assert_int_equal(lane_room(l, now), 1);
    lane_sent(l, 7, 4, 1, now);
    lane_tick(l, now + 59999);
    assert_int_equal(lane_room(l, now), 0);
    lane_tick(l, now + 60000);
    lane_tick(l, now + 60001);
    assert_int_equal(lane_room(l, now), 1);
    lane_tick(l, now + 66000);
    assert_int_equal(lane_room(l, now), 2);
    lane_clear(l);
    assert_int_equal(lane_room(l, now), 3);
    /* a take brought more than there was room for */
    for (int64_t id = 1; id <= 9; id++)
        lane_sent(l, 7, id, 1, now);
    assert_int_equal(lane_room(l, now), 0);
    lane_free(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rate), cmocka_unit_test(test_together), cmocka_unit_test(test_slow),
        cmocka_unit_test(test_no_limit), cmocka_unit_test(test_window),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
