/* test_alerts.c - whose warning it is, and what is shown while the database is away. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "app/alerts.h"

#define LATER 1000000

static const char *words(const struct flow_alert *a)
{
    return a != NULL ? a->texts[0].text : "none";
}

static void test_places(void **state)
{
    static const struct store_alert_text all[] = {
        { 1, INT64_MAX, "", 3, false, "en", "country" },      { 2, LATER, "09", 7, false, "bn", "zila" },
        { 2, LATER, "09", 7, false, "en", "district" },       { 3, INT64_MAX, "092544", 7, true, "en", "union" },
        { 4, INT64_MAX, "785719", 10, false, "en", "worst" },
    };
    struct alerts *a = alerts_new();

    (void)state;
    assert_null(alerts_for(a, "092544", 1));
    assert_null(alerts_blind(a, "", 1));
    alerts_take(a, all, 5);
    assert_string_equal(words(alerts_for(a, "092544", 1)), "union");        /* the nearest of equals */
    assert_true(alerts_for(a, "092544", 1)->free);
    assert_string_equal(words(alerts_for(a, "091827", 1)), "zila");
    assert_int_equal(alerts_for(a, "091827", 1)->count, 2);
    assert_string_equal(words(alerts_for(a, "091827", LATER)), "country");  /* over by the clock */
    assert_string_equal(words(alerts_for(a, "785719", 1)), "worst");
    assert_string_equal(words(alerts_for(a, "", 1)), "country");
    assert_string_equal(words(alerts_blind(a, "", 1)), "worst");            /* nobody knows where she is */
    assert_string_equal(words(alerts_blind(a, "091827", 1)), "zila");
    alerts_take(a, all + 3, 2);
    assert_null(alerts_for(a, "091827", 1));
    assert_null(alerts_blind(a, "091827", 1));
    alerts_take(a, NULL, 0);
    assert_null(alerts_blind(a, "", 1));
    alerts_free(a);
}

static void test_remembers(void **state)
{
    struct alerts *a = alerts_new();
    const char *place;
    int lang;

    (void)state;
    assert_false(alerts_recall(a, "8801711000001", &place, &lang));
    assert_string_equal(place, "");
    alerts_remember(a, "8801711000001", "092544", 2);
    assert_true(alerts_recall(a, "8801711000001", &place, &lang));
    assert_string_equal(place, "092544");
    assert_int_equal(lang, 2);
    assert_false(alerts_recall(a, "8801711000002", &place, &lang));
    alerts_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_places), cmocka_unit_test(test_remembers) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
