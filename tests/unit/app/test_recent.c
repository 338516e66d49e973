/* recent: an answer is given again to the same question only, and not too long. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "app/recent.h"

static const struct menu_field fields[] = { { .name = "state" }, { .name = "taka" } };
static const struct menu_record record = { .name = "payment", .fields = fields, .field_count = 2 };
static const struct menu_query queries[] = {
    { .name = "kept", .returns = &record, .cache_ms = 60000 },
    { .name = "fresh", .returns = &record },
};
static const struct menu menu = { .generation = 7, .queries = queries, .query_count = 2 };

static const char *cell(const void *arg, int row, const char *column)
{
    (void)row;
    return strcmp(column, "state") == 0 ? arg : NULL;
}

static struct flow_question question(int query, const char *who)
{
    return (struct flow_question){ .kind = FLOW_QUERY, .query = query, .args = { who }, .arg_count = 1 };
}

static struct flow_rows answer(const char *state)
{
    return (struct flow_rows){ .count = 2, .cell = cell, .arg = state };
}

static void test_same_question_same_answer(void **state)
{
    struct recent *r = recent_new(1 << 20);
    struct flow_question a = question(0, "8801711000001");
    struct flow_question b = question(0, "8801711000002");
    struct flow_question null = question(0, NULL);
    struct flow_rows rows = answer("paid");
    struct flow_rows got;

    (void)state;
    assert_false(recent_get(r, &menu, &a, 1000, &got));
    recent_put(r, &menu, &a, 1000, &rows);
    assert_true(recent_get(r, &menu, &a, 61000, &got));
    assert_int_equal(got.count, 2);
    assert_string_equal(got.cell(got.arg, 1, "state"), "paid");
    assert_null(got.cell(got.arg, 1, "taka"));
    assert_null(got.cell(got.arg, 0, "nothing"));
    assert_false(recent_get(r, &menu, &a, 61001, &got));
    assert_false(recent_get(r, &menu, &a, 999, &got));
    assert_false(recent_get(r, &menu, &b, 1000, &got));
    assert_false(recent_get(r, &menu, &null, 1000, &got));
    rows = answer("returned");
    recent_put(r, &menu, &a, 2000, &rows);
    assert_true(recent_get(r, &menu, &a, 2000, &got));
    assert_string_equal(got.cell(got.arg, 0, "state"), "returned");
    recent_free(r);
}

static void test_what_is_not_kept(void **state)
{
    struct recent *r = recent_new(1 << 20);
    struct flow_question a = question(1, "x");
    struct flow_question b = question(0, "x");
    struct flow_rows rows = answer("paid");
    struct flow_rows failed = { .failed = true };
    struct flow_rows got;

    (void)state;
    recent_put(r, &menu, &a, 1000, &rows);
    assert_false(recent_get(r, &menu, &a, 1000, &got));
    recent_put(r, &menu, &b, 1000, &failed);
    assert_false(recent_get(r, &menu, &b, 1000, &got));
    recent_free(r);
}

static void test_bounded(void **state)
{
    struct recent *r = recent_new(4096);
    struct flow_rows rows = answer("paid");
    struct flow_rows got;
    char who[16];

    (void)state;
    for (int i = 0; i < 1000; i++) {
        struct flow_question q = question(0, who);

        snprintf(who, sizeof who, "%d", i);
        recent_put(r, &menu, &q, 1000, &rows);
        assert_true(recent_get(r, &menu, &q, 1000, &got));
    }
    for (int i = 0; i < 900; i++) {
        struct flow_question q = question(0, who);

        snprintf(who, sizeof who, "%d", i);
        assert_false(recent_get(r, &menu, &q, 1000, &got));
    }
    recent_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_question_same_answer),
        cmocka_unit_test(test_what_is_not_kept),
        cmocka_unit_test(test_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
