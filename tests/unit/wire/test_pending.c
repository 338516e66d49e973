#include "wire/pending.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void id_of(uint8_t id[16], int n)
{
    /* most ids share their first octets, and so their hash */
    memset(id, 0, 16);
    id[0] = (uint8_t)(n % 3);
    id[14] = (uint8_t)(n >> 8);
    id[15] = (uint8_t)n;
}

static void taken_by_id_once(void **state)
{
    struct pending *p = pending_new(4);
    char token[PENDING_TOKEN_SIZE];
    uint8_t a[16], b[16];

    (void)state;
    id_of(a, 1);
    id_of(b, 2);
    assert_true(pending_add(p, a, "ta", 10));
    assert_false(pending_add(p, a, "again", 10));
    assert_true(pending_add(p, b, "", 20));
    assert_int_equal(pending_count(p), 2);
    assert_int_equal(pending_oldest(p), 10);
    assert_true(pending_take(p, a, token));
    assert_string_equal(token, "ta");
    assert_false(pending_take(p, a, token));
    assert_int_equal(pending_oldest(p), 20);
    assert_true(pending_take(p, b, token));
    assert_string_equal(token, "");
    assert_int_equal(pending_oldest(p), INT64_MAX);
    assert_false(pending_take_oldest(p, token));
    pending_free(p);
}

static void full_refuses_and_recovers(void **state)
{
    enum { MAX = 100 };
    struct pending *p = pending_new(MAX);
    char token[PENDING_TOKEN_SIZE];
    char want[PENDING_TOKEN_SIZE];
    uint8_t id[16];

    (void)state;
    for (int round = 0; round < 50; round++) {
        for (int i = 0; i < MAX; i++) {
            id_of(id, i);
            snprintf(want, sizeof want, "token %d", i);
            assert_true(pending_add(p, id, want, i));
        }
        id_of(id, MAX);
        assert_false(pending_add(p, id, "one too many", MAX));
        for (int i = 1; i < MAX; i += 2) {
            id_of(id, i);
            snprintf(want, sizeof want, "token %d", i);
            assert_true(pending_take(p, id, token));
            assert_string_equal(token, want);
        }
        for (int i = 0; i < MAX; i += 2) {      /* the rest, oldest first */
            snprintf(want, sizeof want, "token %d", i);
            assert_true(pending_take_oldest(p, token));
            assert_string_equal(token, want);
        }
        assert_int_equal(pending_count(p), 0);
    }
    pending_free(p);
}

static void a_long_token_is_refused(void **state)
{
    struct pending *p = pending_new(2);
    char token[PENDING_TOKEN_SIZE + 1];
    char back[PENDING_TOKEN_SIZE];
    uint8_t id[16];

    (void)state;
    memset(token, 'x', sizeof token - 1);
    token[PENDING_TOKEN_SIZE] = '\0';
    id_of(id, 1);
    assert_false(pending_add(p, id, token, 0));
    token[PENDING_TOKEN_SIZE - 1] = '\0';
    assert_true(pending_add(p, id, token, 0));
    assert_true(pending_take(p, id, back));
    assert_string_equal(back, token);
    pending_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(taken_by_id_once),
        cmocka_unit_test(full_refuses_and_recovers),
        cmocka_unit_test(a_long_token_is_refused),
    };

    return cmocka_run_group_tests_name("wire/pending", tests, NULL, NULL);
}
