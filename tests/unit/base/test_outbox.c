/* outbox: classes and their order, quiet hours of Bangladesh, tries, and what a ministry's message must hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/outbox.h"

#define MINUTE INT64_C(60000)
#define HOUR (60 * MINUTE)

/* 2026-11-25 at a time of the day in Bangladesh, six hours east. */
static int64_t at(int hour, int minute)
{
    const struct clock_date day = { 2026, 11, 25 };

    return (int64_t)clock_day_of(day) * 24 * HOUR + (hour - 6) * HOUR + minute * MINUTE;
}

static void test_classes(void **state)
{
    static const char *const names[OUTBOX_CLASSES] = { "otp", "emergency", "transactional", "gov_info", "service_info" };

    (void)state;
    for (int i = 0; i < OUTBOX_CLASSES; i++) {
        assert_int_equal(outbox_class_of(names[i]), i);
        assert_int_equal(outbox_rules[i].rank, i);          /* the order in which they go */
        assert_true(i == 0 || outbox_rules[i].expiry_ms >= outbox_rules[i - 1].expiry_ms);
    }
    assert_int_equal(outbox_class_of("promotion"), OUTBOX_CLASSES);
    assert_int_equal(outbox_rank_expiry(0), 5 * MINUTE);
    assert_int_equal(outbox_rank_expiry(1), 6 * HOUR);
    for (int rank = 2; rank < OUTBOX_RANKS; rank++)
        assert_int_equal(outbox_rank_expiry(rank), 48 * HOUR);
    /* nobody's code, storm or own case waits for the morning or the day's count */
    for (int rank = 0; rank < OUTBOX_RANKS; rank++) {
        assert_int_equal(outbox_rank_is_quiet(rank), rank > OUTBOX_ASKED_RANK);
        assert_int_equal(outbox_rank_is_capped(rank), rank > OUTBOX_ASKED_RANK);
    }
}

static void test_hours_written(void **state)
{
    static const char *const bad[] = {
        "0:00-06:00", "00:00", "00:00-", "00:00-06:60", "25:00-26:00", "24:01-06:00", "06:00-06:00", "00:00-24:00",
        "00:00-06:00;13:00-14:00", "00:00-06:00,x", "night", "00:00-06:00 ",
        "01:00-02:00,02:00-03:00,03:00-04:00,04:00-05:00,05:00-06:00,06:00-07:00,07:00-08:00,08:00-09:00,09:00-10:00",
    };
    struct outbox_hours h;

    (void)state;
    assert_true(outbox_hours_parse(&h, ""));
    assert_int_equal(h.count, 0);
    assert_true(outbox_hours_parse(&h, "00:00-06:00, 13:05-13:30,22:00-24:00"));
    assert_int_equal(h.count, 3);
    assert_int_equal(h.spans[1].from, 13 * 60 + 5);
    assert_int_equal(h.spans[2].to, 0);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(outbox_hours_parse(&h, bad[i]));
}

static void test_quiet_hours(void **state)
{
    static const struct {
        const char *hours;
        int hour, minute, until_hour, until_minute;
    } rows[] = {
        { "", 3, 0, 3, 0 },
        { "00:00-06:00", 0, 0, 6, 0 },
        { "00:00-06:00", 5, 59, 6, 0 },
        { "00:00-06:00", 6, 0, 6, 0 },
        { "00:00-06:00", 23, 59, 23, 59 },
        { "22:00-06:00", 23, 0, 30, 0 },
        { "22:00-06:00", 3, 0, 6, 0 },
        { "22:00-24:00", 22, 0, 24, 0 },
        { "22:00-24:00,00:00-06:00", 23, 0, 30, 0 },        /* one ends where the other begins */
        { "05:30-07:00,00:00-06:00", 1, 0, 7, 0 },          /* and inside it */
        { "13:00-13:30", 13, 29, 13, 30 },
        { "13:00-13:30", 13, 30, 13, 30 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct outbox_hours h;

        assert_true(outbox_hours_parse(&h, rows[i].hours));
        assert_int_equal(outbox_awake(&h, at(rows[i].hour, rows[i].minute)),
                         at(rows[i].until_hour, rows[i].until_minute));
    }
}

/* Seconds are not lost: it ends at the minute, not a minute after now's second. */
static void test_quiet_seconds(void **state)
{
    struct outbox_hours h;

    (void)state;
    assert_true(outbox_hours_parse(&h, "00:00-06:00"));
    assert_int_equal(outbox_awake(&h, at(5, 59) + 59999), at(6, 0));
    /* a whole day of hours is left, not gone round for ever */
    assert_true(outbox_hours_parse(&h, "00:00-12:00,12:00-24:00"));
    assert_true(outbox_awake(&h, at(1, 0)) >= at(24, 0));
}

static void test_tomorrow(void **state)
{
    struct outbox_hours h;

    (void)state;
    assert_true(outbox_hours_parse(&h, "00:00-06:00"));
    assert_int_equal(outbox_tomorrow(&h, at(6, 0)), at(30, 0));
    assert_int_equal(outbox_tomorrow(&h, at(23, 59)), at(30, 0));
    assert_int_equal(outbox_tomorrow(&h, at(1, 0)), at(30, 0));
    assert_true(outbox_hours_parse(&h, ""));
    assert_int_equal(outbox_tomorrow(&h, at(0, 0)), at(24, 0));
    assert_int_equal(outbox_day(at(0, 0)), outbox_day(at(23, 59)));
    assert_int_equal(outbox_day(at(24, 0)), outbox_day(at(0, 0)) + 1);
}

static void test_retries(void **state)
{
    static const int minutes[] = { 1, 5, 15, 60 };

    (void)state;
    for (int i = 0; i < 4; i++)
        assert_int_equal(outbox_retry(i + 1), minutes[i] * MINUTE);
    assert_int_equal(outbox_retry(5), -1);
    assert_int_equal(outbox_retry(0), -1);
}

static void test_dates(void **state)
{
    static const struct {
        const char *text;
        bool date;
    } rows[] = {
        { "আজ ২৬ মে টিকা", true },
        { "26/05", true },
        { "২৬-০৫-২০২৬", true },
        { "২৬মে", true },
        { "৫ ডিসেম্বর", true },
        { "২৬", false },
        { "৩৩৩ নম্বরে ফোন করুন", false },
        { "১২৬ মে", false },                                    /* the end of a longer number */
        { "৩২ মে", false },
        { "26/13", false },
        { "*333#", false },
        { "", false },
        { "৪০ টাকা", false },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(outbox_has_date(rows[i].text, strlen(rows[i].text)), rows[i].date);
}

static void add(char *out, size_t size, const char *more)
{
    size_t n = strlen(out);

    snprintf(out + n, size - n, "%s", more);
}

static void test_gov_info(void **state)
{
    static const char good[] = "টিকা: ২৬ মে সকাল ৯টায় ইউনিয়ন পরিষদে শিশুকে নিয়ে আসুন";
    char longest[3 * 202 + 1] = "";

    (void)state;
    assert_null(outbox_fault(OUTBOX_GOV_INFO, good, "BTRC/2026/17"));
    assert_non_null(strstr(outbox_fault(OUTBOX_GOV_INFO, good, ""), "approval"));
    assert_non_null(strstr(outbox_fault(OUTBOX_GOV_INFO, "Vaccine on 26/05", "x"), "Bengali"));
    assert_non_null(strstr(outbox_fault(OUTBOX_GOV_INFO, "টিকা tika ২৬ মে", "x"), "Bengali"));
    assert_non_null(strstr(outbox_fault(OUTBOX_GOV_INFO, "টিকা আজ", "x"), "date"));
    for (int i = 0; i < 195; i++)
        add(longest, sizeof longest, "ক");
    add(longest, sizeof longest, "২৬ মে");
    assert_null(outbox_fault(OUTBOX_GOV_INFO, longest, "x"));
    add(longest, sizeof longest, "ক");
    assert_non_null(strstr(outbox_fault(OUTBOX_GOV_INFO, longest, "x"), "200"));
    assert_null(outbox_fault(OUTBOX_SERVICE_INFO, "Vaccine", ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_classes),      cmocka_unit_test(test_hours_written), cmocka_unit_test(test_quiet_hours),
        cmocka_unit_test(test_quiet_seconds), cmocka_unit_test(test_tomorrow),     cmocka_unit_test(test_retries),
        cmocka_unit_test(test_dates),        cmocka_unit_test(test_gov_info),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
