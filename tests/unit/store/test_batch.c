#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "store/batch.h"

static struct store_step step_of(const char *msisdn)
{
    return (struct store_step){ .msisdn = msisdn, .code = "*333#", .turn = 1, .screen = "main", .state = "s",
                                .state_len = 1 };
}

static const char *number(int i)
{
    static char text[24];

    snprintf(text, sizeof text, "88017%08d", i);
    return text;
}

/* An element of an array in the wire form; it must be there. */
static const void *element(const struct pg_params *p, int param, int n, size_t *len)
{
    struct rd r = rd_of(p->values[param], (size_t)p->lengths[param]);
    const void *at = NULL;
    uint32_t count;

    assert_int_equal(rd_u32(&r), 1);
    assert_int_equal(rd_u32(&r), 0);
    (void)rd_u32(&r);
    count = rd_u32(&r);
    assert_int_equal(rd_u32(&r), 1);
    assert_true((uint32_t)n < count);
    for (int i = 0; i <= n; i++) {
        *len = rd_u32(&r);
        at = rd_bytes(&r, *len);
    }
    assert_false(r.bad);
    return at;
}

static int elements(const struct pg_params *p, int param)
{
    struct rd r = rd_of(p->values[param], (size_t)p->lengths[param]);

    (void)rd_bytes(&r, 12);
    return (int)rd_u32(&r);
}

static void assert_text(const struct pg_params *p, int param, int n, const char *want)
{
    size_t len;
    const void *at = element(p, param, n, &len);

    assert_int_equal(len, strlen(want));
    assert_memory_equal(at, want, len);
}

static void test_one_row_a_subscriber(void **state)
{
    struct batch *b = batch_new(4);
    struct store_step s = step_of("8801700000001");

    (void)state;
    assert_true(batch_add(b, 1, &s));
    s.code = "*16333#";
    assert_false(batch_add(b, 2, &s));
    for (int i = 2; i <= 4; i++) {
        s = step_of(number(i));
        assert_true(batch_add(b, (uint64_t)i, &s));
    }
    s = step_of(number(5));
    assert_false(batch_add(b, 5, &s));          /* full */
    assert_int_equal(batch_count(b), 4);
    batch_clear(b);
    s = step_of("8801700000001");
    assert_true(batch_add(b, 1, &s));           /* forgotten */
    batch_free(b);
}

static void test_sealed_order(void **state)
{
    struct batch *b = batch_new(500);
    struct batch_range r;

    (void)state;
    for (int i = 0; i < 500; i++) {
        struct store_step s = step_of(number(i * 7919 % 500));

        assert_true(batch_add(b, (uint64_t)(i * 7919 % 500), &s));
    }
    batch_seal(b);
    assert_true(batch_next(b, &r));
    assert_int_equal(r.from, 0);
    assert_int_equal(r.to, 500);
    for (int i = 0; i < 500; i++) {
        assert_string_equal(batch_msisdn(b, i), number((int)batch_ticket(b, i)));
        if (i > 0) {
            int16_t before = store_bucket(batch_msisdn(b, i - 1));
            int16_t here = store_bucket(batch_msisdn(b, i));

            assert_true(before < here ||
                        (before == here && strcmp(batch_msisdn(b, i - 1), batch_msisdn(b, i)) < 0));
        }
        assert_int_equal(batch_find(b, batch_msisdn(b, i), 0), i);
        assert_int_equal(batch_find(b, batch_msisdn(b, i), i), i);
        assert_int_equal(batch_find(b, batch_msisdn(b, i), (i + 1) % 500), i);
        assert_int_equal(batch_find(b, batch_msisdn(b, i), 500), i);
    }
    assert_int_equal(batch_find(b, "nobody", 3), -1);
    batch_free(b);
}

/* Halves of halves down to single rows: each row exactly once, in order. */
static void test_halving_meets_every_row(void **state)
{
    (void)state;
    for (int n = 1; n <= 130; n++) {
        struct batch *b = batch_new(130);
        struct batch_range r;
        int next = 0;

        for (int i = 0; i < n; i++) {
            struct store_step s = step_of(number(i));

            assert_true(batch_add(b, 0, &s));
        }
        batch_seal(b);
        while (batch_next(b, &r)) {
            if (r.to - r.from > 1) {
                batch_halve(b);
                continue;
            }
            assert_int_equal(r.from, next);
            assert_int_equal(r.to, next + 1);
            next++;
            batch_settle(b);
        }
        assert_int_equal(next, n);
        batch_free(b);
    }
}

static void test_halving_the_largest(void **state)
{
    struct batch *b = batch_new(8192);
    struct batch_range r;
    int rows = 0;

    (void)state;
    for (int i = 0; i < 8192; i++) {
        struct store_step s = step_of(number(i));

        assert_true(batch_add(b, 0, &s));
    }
    batch_seal(b);
    while (batch_next(b, &r)) {
        if (r.to - r.from > 1) {
            batch_halve(b);
        } else {
            batch_settle(b);
            rows++;
        }
    }
    assert_int_equal(rows, 8192);
    batch_free(b);
}

/* The parameters in the order of the statements: 9 of the steps, 9 of the
 * cases, 10 of the messages, 5 of the citizens. */
static void test_params(void **state)
{
    const struct store_tape t = { 77, 3, "gp", "bn", 0, 0, 0, "1*?", "{}" };
    static const struct store_audit audits[] = {
        { "citizen", "asked", "{}" }, { "agent", "answered", "{\"b\": \"2\"}" },
    };
    struct batch *b = batch_new(8);
    struct store_case c = { .number = 8100000001, .service = "complaint", .agency = "dss", .fields = "{}",
                            .state = "submitted", .backend = "land", .letter = "{}", .secret = "s\0t", .secret_len = 3 };
    struct store_message m = { "cause", "8801799999999", "gp", "bn", "transactional", "text", 77, NULL, 0 };
    struct store_step s = step_of("8801700000001");
    struct pg_params p = { 0 };
    struct batch_range all;
    size_t len;
    int row;

    (void)state;
    s.state = "a\0b";
    s.state_len = 3;
    assert_true(batch_add(b, 1, &s));
    batch_seal(b);
    assert_true(batch_next(b, &all));
    assert_int_equal(batch_params(b, all, &p), BATCH_STEPS);
    assert_int_equal(p.count, 9);
    assert_text(&p, 1, 0, "8801700000001");
    assert_text(&p, 2, 0, "*333#");
    assert_memory_equal(element(&p, 8, 0, &len), "a\0b", 3);
    assert_int_equal(len, 3);

    s = step_of("8801700000002");
    s.cases = &c;
    s.case_count = 1;
    s.messages = &m;
    s.message_count = 1;
    assert_true(batch_add(b, 2, &s));
    s = step_of("8801700000003");
    s.lang = "en";
    s.citizen_link = "robi";
    s.tape = &t;
    s.audits = audits;
    s.audit_count = 2;
    assert_true(batch_add(b, 3, &s));
    batch_seal(b);
    assert_true(batch_next(b, &all));
    assert_int_equal(batch_params(b, all, &p), BATCH_FULL);
    assert_int_equal(p.count, 76);
    for (int i = 0; i < 9; i++) {
        assert_int_equal(elements(&p, i), 3);
        assert_int_equal(elements(&p, 9 + i), 1);
    }
    for (int i = 18; i < 57; i++)
        assert_int_equal(elements(&p, i), 1);
    assert_text(&p, 10, 0, "8801700000002");    /* the case is that subscriber's */
    assert_text(&p, 16, 0, "dss");
    assert_text(&p, 18, 0, "submitted");
    assert_text(&p, 29, 0, "8801700000002");    /* the message too, whoever receives it */
    assert_text(&p, 32, 0, "8801799999999");
    assert_text(&p, 39, 0, "8801700000003");
    assert_text(&p, 41, 0, "robi");
    assert_text(&p, 44, 0, "8801700000003");    /* to find the step it belongs to; it is not kept */
    assert_text(&p, 49, 0, "gp");
    assert_text(&p, 54, 0, "1*?");
    assert_text(&p, 56, 0, "{}");
    for (int i = 57; i < 66; i++)
        assert_int_equal(elements(&p, i), 2);
    assert_text(&p, 58, 1, "8801700000003");
    assert_text(&p, 63, 1, "agent");
    assert_text(&p, 64, 0, "asked");
    assert_text(&p, 65, 1, "{\"b\": \"2\"}");
    assert_memory_equal(element(&p, 62, 1, &len), "\0\1", 2);        /* seq */
    for (int i = 66; i < 73; i++)
        assert_int_equal(elements(&p, i), 1);
    assert_text(&p, 67, 0, "8801700000002");    /* the letter is the case's */
    assert_text(&p, 70, 0, "land");
    assert_text(&p, 71, 0, "{}");
    assert_memory_equal(element(&p, 72, 0, &len), "s\0t", 3);

    /* a half without extras needs the small statement only */
    row = batch_find(b, "8801700000001", 0);
    assert_int_equal(batch_params(b, (struct batch_range){ row, row + 1 }, &p), BATCH_STEPS);
    batch_free(b);
}

/* A step that moves a case of another bucket. */
static void test_order_params(void **state)
{
    const struct store_order o = { .number = 8123056783, .msisdn = "8801700000009", .seq = 3, .key = "k", .kind = "citizen",
                                   .actor = "", .state = "closed", .note = "good", .audit = "", .audit_fields = "{}", .backend = "dss", .letter = "{}",
                                   .ends = true };
    struct batch *b = batch_new(8);
    struct store_step s = step_of("8801700000001");
    struct pg_params p = { 0 };
    struct batch_range all;
    uint8_t bucket[2];
    size_t len;

    (void)state;
    bucket[0] = (uint8_t)(store_bucket("8801700000009") >> 8);
    bucket[1] = (uint8_t)store_bucket("8801700000009");
    assert_true(batch_add(b, 1, &s));
    s = step_of("8801700000002");
    s.orders = &o;
    s.order_count = 1;
    assert_true(batch_step_size(&s) > strlen("8801700000009") + strlen("closed"));
    assert_true(batch_add(b, 2, &s));
    batch_seal(b);
    assert_true(batch_next(b, &all));
    assert_int_equal(batch_params(b, all, &p), BATCH_ORDERS);
    assert_int_equal(p.count, 92);
    for (int i = 76; i < 92; i++)
        assert_int_equal(elements(&p, i), 1);
    assert_memory_equal(element(&p, 76, 0, &len), bucket, 2);
    assert_text(&p, 77, 0, "8801700000002");    /* whose step it is */
    assert_text(&p, 79, 0, "8801700000009");    /* who opened the case */
    assert_text(&p, 82, 0, "k");
    assert_text(&p, 85, 0, "closed");
    assert_text(&p, 86, 0, "good");
    assert_memory_equal(element(&p, 87, 0, &len), "\1", 1);
    batch_free(b);
}

static void test_step_size(void **state)
{
    const struct store_tape t = { 77, 3, "gp", "bn", 0, 0, 0, "1*?", "{}" };
    struct store_message m = { "cause", "8801799999999", "", "bn", "transactional", "text", 77, NULL, 0 };
    struct store_step s = step_of("8801700000001");
    size_t plain = batch_step_size(&s);

    (void)state;
    assert_true(plain >= 14 + 6 + 5 + 1);
    s.state_len = BATCH_STEP_MAX;               /* its length alone counts */
    assert_true(batch_step_size(&s) > BATCH_STEP_MAX);
    s.state_len = 1;
    s.messages = &m;
    s.message_count = 1;
    assert_true(batch_step_size(&s) > plain + 13);
    plain = batch_step_size(&s);
    s.tape = &t;
    assert_true(batch_step_size(&s) >= plain + 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_row_a_subscriber),
        cmocka_unit_test(test_sealed_order),
        cmocka_unit_test(test_halving_meets_every_row),
        cmocka_unit_test(test_halving_the_largest),
        cmocka_unit_test(test_params),
        cmocka_unit_test(test_order_params),
        cmocka_unit_test(test_step_size),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
