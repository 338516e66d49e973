#include "engine/payment.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MINUTE INT64_C(60000)
#define NOW INT64_C(1764000000000)

static struct payment fresh(void)
{
    return (struct payment){ .taka = 50, .created = NOW, .expires = NOW + 15 * MINUTE };
}

static struct payment_news told(enum payment_state state)
{
    return (struct payment_news){ .state = state, .taka = 50,
                                  .trx = state == PAYMENT_CONFIRMED ? "TX1" : state == PAYMENT_REFUNDED ? "BACK1" : "",
                                  .reason = state == PAYMENT_FAILED ? "declined" : "" };
}

static void test_ladder(void **state)
{
    struct payment p = fresh();

    (void)state;
    for (enum payment_state s = PAYMENT_REQUESTED; s < PAYMENT_STATES; s++) {
        struct payment_news n = told(s);

        assert_int_equal(payment_take(&p, &n), PAYMENT_MOVED);
        assert_int_equal(p.state, s);
        assert_int_equal(payment_take(&p, &n), PAYMENT_KNOWN);
        assert_string_equal(p.reason, s == PAYMENT_FAILED ? "declined" : "");
        assert_int_equal(payment_state_find(payment_state_name(s)), s);
    }
    assert_string_equal(p.trx, "TX1");
    assert_int_equal(payment_state_find("paid"), PAYMENT_STATES);
}

static void test_other_money(void **state)
{
    struct payment p = fresh();
    struct payment before = p;
    struct payment_news n = told(PAYMENT_CONFIRMED);

    (void)state;
    n.taka = 49;
    assert_int_equal(payment_take(&p, &n), PAYMENT_OTHER_TAKA);
    assert_memory_equal(&p, &before, sizeof p);
    n = told(PAYMENT_CONFIRMED);
    assert_int_equal(payment_take(&p, &n), PAYMENT_MOVED);
    before = p;
    n.trx = "TX2";                      /* taken twice under one reference: a person must look */
    assert_int_equal(payment_take(&p, &n), PAYMENT_OTHER_TRX);
    assert_memory_equal(&p, &before, sizeof p);
}

/* A part that an operator asked back is asked for when nothing is owed; its message is owed like others. */
static void test_part(void **state)
{
    struct payment p = fresh();
    struct payment_news n = told(PAYMENT_CONFIRMED);

    (void)state;
    assert_int_equal(payment_take(&p, &n), PAYMENT_MOVED);
    p.part = 2;
    assert_int_equal(payment_next(&p, NOW), PAYMENT_PAY_DEBT);
    p.owes = 0;
    assert_int_equal(payment_next(&p, NOW), PAYMENT_ASK_PART);
    assert_int_equal(payment_due(&p, NOW), NOW);
    p.tries = 1;
    assert_true(payment_due(&p, NOW) > NOW);
    p.part = 0;
    assert_int_equal(payment_next(&p, NOW), PAYMENT_REST);
    p.state = PAYMENT_REFUNDED;
    payment_owe(&p, PAYMENT_OWES_PART);
    assert_int_equal(payment_next(&p, NOW), PAYMENT_PAY_DEBT);
    assert_int_equal(payment_debt(&p), PAYMENT_OWES_PART);
    payment_clear_debt(&p, PAYMENT_OWES_PART);
    assert_int_equal(payment_next(&p, NOW), PAYMENT_REST);
}

/* --- any order, any repetition ---------------------------------------------------------------- */

static uint32_t seed = 20261125;

static uint32_t dice(uint32_t n)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % n;
}

struct effects {
    int counts[PAYMENT_DEBTS];
};

/* Pay all debts now, as the daemon does between two calls of the provider. */
static void settle(struct payment *p, struct effects *e)
{
    enum payment_debt debt;

    while ((debt = payment_debt(p)) != PAYMENT_DEBTS) {
        e->counts[debt]++;
        payment_clear_debt(p, debt);
    }
}

/* A set of news, told in every way: where it ends depends on the set alone, and what is done for it is done once. */
static void test_orders(void **state)
{
    (void)state;
    for (int round = 0; round < 20000; round++) {
        unsigned set = 1 + dice((1u << (PAYMENT_STATES - 1)) - 1);      /* bit i: state i + 1 was told */
        enum payment_state top = PAYMENT_QUOTED;
        struct payment p = fresh();
        struct effects e = { { 0 } };
        unsigned heard = 0;
        bool lazy = dice(2) == 0;       /* debts are paid at the end */

        for (int i = PAYMENT_REQUESTED; i < PAYMENT_STATES; i++)
            top = (set & 1u << (i - 1)) != 0 ? (enum payment_state)i : top;
        while (heard != set) {
            enum payment_state s = (enum payment_state)(1 + dice(PAYMENT_STATES - 1));
            enum payment_state before = p.state;
            struct payment_news n = told(s);

            if ((set & 1u << (s - 1)) == 0)
                continue;
            heard |= 1u << (s - 1);
            (void)!payment_take(&p, &n);
            assert_true(p.state >= before);
            if (!lazy)
                settle(&p, &e);
        }
        settle(&p, &e);
        assert_int_equal(p.state, top);
        assert_int_equal(e.counts[PAYMENT_OWES_RECEIPT], top >= PAYMENT_CONFIRMED);
        assert_int_equal(e.counts[PAYMENT_OWES_CASE], top >= PAYMENT_CONFIRMED);
        assert_int_equal(e.counts[PAYMENT_OWES_BACK], top == PAYMENT_REFUNDED);
        assert_int_equal(e.counts[PAYMENT_OWES_CASE_BACK], top == PAYMENT_REFUNDED);
        assert_true(e.counts[PAYMENT_OWES_FAILED] <= 1);
        if (top == PAYMENT_FAILED)
            assert_int_equal(e.counts[PAYMENT_OWES_FAILED], 1);
        if ((set & 1u << (PAYMENT_CONFIRMED - 1)) != 0)
            assert_string_equal(p.trx, "TX1");
        assert_int_equal(payment_next(&p, NOW) == PAYMENT_REST, top >= PAYMENT_FAILED);
    }
}

/* --- what is to be done -------------------------------------------------------------------------- */

static void test_next(void **state)
{
    struct payment p = fresh();
    struct payment_news n;

    (void)state;
    assert_int_equal(payment_next(&p, NOW), PAYMENT_ASK);
    assert_true(payment_due(&p, NOW) == NOW);
    p.tries = 1;
    assert_true(payment_due(&p, NOW) > NOW + 10000 && payment_due(&p, NOW) < NOW + MINUTE);
    p.tries = 20;
    assert_true(payment_due(&p, NOW) == p.expires);
    assert_int_equal(payment_next(&p, p.expires), PAYMENT_EXPIRE);
    n = told(PAYMENT_REQUESTED);
    assert_int_equal(payment_take(&p, &n), PAYMENT_MOVED);
    assert_int_equal(payment_next(&p, NOW), PAYMENT_ASK_STATUS);
    assert_true(payment_due(&p, NOW) > NOW);
    assert_true(payment_due(&p, p.expires - 1) == p.expires);
    assert_false(payment_is_over(&p, true, p.expires - 1));
    assert_true(payment_is_over(&p, true, p.expires));
    assert_false(payment_is_over(&p, false, p.expires));
    assert_true(payment_is_over(&p, false, p.expires + 15 * MINUTE));
    n = told(PAYMENT_APPROVED);
    assert_int_equal(payment_take(&p, &n), PAYMENT_MOVED);
    assert_false(payment_is_over(&p, true, p.expires + 600 * MINUTE));  /* her money is on its way */
    n = told(PAYMENT_CONFIRMED);
    assert_int_equal(payment_take(&p, &n), PAYMENT_MOVED);
    assert_int_equal(payment_next(&p, NOW), PAYMENT_PAY_DEBT);
    assert_int_equal(payment_debt(&p), PAYMENT_OWES_RECEIPT);
    p.owes = 0;
    assert_true(payment_due(&p, NOW) == 0);
    assert_true(payment_may_refund(&p));
    p.refund = true;
    assert_int_equal(payment_next(&p, NOW), PAYMENT_ASK_REFUND);
    n = told(PAYMENT_REFUNDED);
    assert_int_equal(payment_take(&p, &n), PAYMENT_MOVED);
    p.owes = 0;
    assert_int_equal(payment_next(&p, NOW), PAYMENT_REST);
    assert_false(payment_may_refund(&p));
}

/* Tries become rare, and never stop while something is owed. */
static void test_waits(void **state)
{
    struct payment p = fresh();
    int64_t last = 0;

    (void)state;
    p.state = PAYMENT_CONFIRMED;
    p.refund = true;
    for (p.tries = 1; p.tries < 40; p.tries++) {
        int64_t wait = payment_due(&p, NOW) - NOW;

        assert_true(wait >= last && wait <= 60 * MINUTE);
        last = wait;
    }
    assert_true(last == 60 * MINUTE);
}

static void test_ref(void **state)
{
    char ref[PAYMENT_REF_SIZE];
    int16_t bucket = -1;

    (void)state;
    payment_ref(ref, 417, "0123456789abcdef0123456789abcdef");
    assert_string_equal(ref, "04170123456789abcdef");
    assert_true(payment_ref_bucket(ref, &bucket));
    assert_int_equal(bucket, 417);
    assert_false(payment_ref_bucket("", &bucket));
    assert_false(payment_ref_bucket("04170123456789abcde", &bucket));
    assert_false(payment_ref_bucket("04170123456789abcdef0", &bucket));
    assert_false(payment_ref_bucket("0417 123456789abcdef", &bucket));
    assert_false(payment_ref_bucket("a4170123456789abcdef", &bucket));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ladder), cmocka_unit_test(test_part), cmocka_unit_test(test_other_money), cmocka_unit_test(test_orders),
        cmocka_unit_test(test_next),   cmocka_unit_test(test_waits),       cmocka_unit_test(test_ref),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
