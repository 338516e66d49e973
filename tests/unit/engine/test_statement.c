#include "engine/statement.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HEAD "time,trx,ref,kind,taka\n"
#define REF(c) "0417000000000000000" c

/* --- reading --------------------------------------------------------------------------------- */

static const struct {
    const char *text, *errors;          /* errors "": it is read */
    size_t lines;
} reads[] = {
    { HEAD, "", 0 },
    { HEAD "2026-11-25,T1," REF("a") ",payment,50\n\n2026-11-25 10:00,T2," REF("a") ",refund,50.00\r\n", "", 2 },
    { "\xef\xbb\xbfkind,more,taka,time,ref,trx\npayment,\"x,\ny\",1,2026-11-25T23:59:59,,T\n", "", 1 },
    { "", "s.csv:1: error: the file is empty: its first line names the columns: time,trx,ref,kind,taka\n", 0 },
    { "time,trx,reference,kind,taka\n2026-11-25,T1,x,payment,50\n",
      "s.csv:1: error: no column 'ref'; the first line names them: time,trx,ref,kind,taka\n", 0 },
    { "time,trx,ref,kind,taka,trx\n", "s.csv:1: error: column 'trx' stands there twice\n", 0 },
    { HEAD "2026-11-25,T1,x,payment\n2026-11-31,T 1,x,paid,0\n2026-11-25,,x,refund,5.50\n2026-11-25 24:00,T,x,payment,-5\n",
      "s.csv:2: error: 4 fields; the first line has 5\n"
      "s.csv:3: error: kind 'paid': payment or refund\n"
      "s.csv:3: error: time '2026-11-31': like 2026-11-25 or 2026-11-25 10:00:05\n"
      "s.csv:3: error: taka '0': a whole number above 0\n"
      "s.csv:3: error: trx 'T 1': 1 to 40 letters and digits\n"
      "s.csv:4: error: taka '5.50': a whole number above 0\n"
      "s.csv:4: error: trx '': 1 to 40 letters and digits\n"
      "s.csv:5: error: time '2026-11-25 24:00': like 2026-11-25 or 2026-11-25 10:00:05\n"
      "s.csv:5: error: taka '-5': a whole number above 0\n",
      0 },
};

static void test_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof reads / sizeof reads[0]; i++) {
        struct statement s;
        struct buf errors;
        bool good;

        buf_init(&errors, 65536);
        good = statement_read(&s, "s.csv", reads[i].text, strlen(reads[i].text), &errors);
        assert_string_equal(buf_str(&errors), reads[i].errors);
        assert_int_equal(good, reads[i].errors[0] == '\0');
        if (good)
            assert_int_equal(s.count, reads[i].lines);
        statement_free(&s);
        buf_fini(&errors);
    }
}

/* Every prefix and every octet spoilt: no crash, and no line without its values. */
static void test_spoilt(void **state)
{
    static const char text[] = HEAD "2026-11-25 10:00:05,T1," REF("a") ",payment,50\n2026-11-26,\"T2\"," REF("b") ",refund,1\n";

    (void)state;
    for (size_t i = 0; i < 2 * sizeof text; i++) {
        char copy[sizeof text];
        struct statement s;
        struct buf errors;
        size_t n = i < sizeof text ? i : sizeof text - 1;

        memcpy(copy, text, sizeof text);
        if (i >= sizeof text)
            copy[i - sizeof text] = (char)(i % 256);
        buf_init(&errors, 65536);
        if (statement_read(&s, "s", copy, n, &errors)) {
            for (size_t k = 0; k < s.count; k++)
                assert_true(s.lines[k].taka > 0 && s.lines[k].trx[0] != '\0' && s.lines[k].line > 1);
        }
        statement_free(&s);
        buf_fini(&errors);
    }
}

static void test_time(void **state)
{
    int64_t ms;

    (void)state;
    assert_true(statement_time("1970-01-01 06:00", &ms));
    assert_true(ms == 0);
    assert_true(statement_time("2026-11-25", &ms));
    assert_true(ms == INT64_C(1795543200000));
    assert_false(statement_time("25-11-2026", &ms));
    assert_false(statement_time("2026-02-29", &ms));
    assert_false(statement_time("2026-11-25 1:00", &ms));
}

/* --- comparing ------------------------------------------------------------------------------------ */

static struct statement_own own(char c, enum payment_state s, int64_t taka, const char *trx, const char *paid, const char *back)
{
    struct statement_own o = { .state = s, .taka = taka };

    (void)snprintf(o.ref, sizeof o.ref, "0417000000000000000%c", c);
    (void)snprintf(o.trx, sizeof o.trx, "%s", trx);
    if (paid[0] != '\0')
        assert_true(statement_time(paid, &o.paid));
    if (back[0] != '\0')
        assert_true(statement_time(back, &o.back));
    return o;
}

static void tell(void *arg, const struct statement_difference *d)
{
    struct buf *out = arg;

    buf_addf(out, "%d ", d->line != NULL ? d->line->line : 0);
    statement_print(d, out);
    buf_addc(out, '\n');
}

static void test_compare(void **state)
{
    static const char text[] = HEAD
        "2026-11-25 09:00,T1," REF("a") ",payment,50\n"         /* 2: agrees */
        "2026-11-25 09:01,T2," REF("b") ",payment,50\n"         /* 3: not heard of */
        "2026-11-25 09:02,T3," REF("c") ",payment,60\n"         /* 4: another amount */
        "2026-11-25 09:03,T9," REF("d") ",payment,50\n"         /* 5: another number */
        "2026-11-25 09:04,T1," REF("a") ",payment,50\n"         /* 6: twice */
        "2026-11-25 09:05,T5," REF("e") ",payment,50\n"         /* 7: unknown */
        "2026-11-25 09:06,T6,shop-17,payment,70\n"              /* 8: unknown */
        "2026-11-25 09:07,R1," REF("d") ",refund,50\n"          /* 9: not heard of */
        "2026-11-25 09:08,T7," REF("f") ",payment,20\n"         /* 10, 11: agree */
        "2026-11-25 23:59,R2," REF("f") ",refund,20\n";
    struct statement_own list[] = {
        own('f', PAYMENT_REFUNDED, 20, "T7", "2026-11-25 09:08", "2026-11-25 23:59"),
        own('a', PAYMENT_CONFIRMED, 50, "T1", "2026-11-25 09:00", ""),
        own('b', PAYMENT_FAILED, 50, "", "", ""),
        own('c', PAYMENT_CONFIRMED, 50, "T3", "2026-11-25 09:02", ""),
        own('d', PAYMENT_CONFIRMED, 50, "T4", "2026-11-25 09:03", ""),
        own('9', PAYMENT_CONFIRMED, 30, "T8", "2026-11-25 12:00", ""),
        own('8', PAYMENT_REFUNDED, 30, "T8", "2026-11-24 12:00", "2026-11-25 00:00"),
        own('7', PAYMENT_CONFIRMED, 30, "T8", "2026-11-26 00:00", ""),          /* of the next day */
        own('6', PAYMENT_QUOTED, 30, "", "", ""),
    };
    struct statement_known known = { list, sizeof list / sizeof list[0], NULL, 0 };
    struct statement s;
    struct statement_result r;
    struct buf out;

    (void)state;
    list[5].again = true;
    buf_init(&out, 65536);
    assert_true(statement_read(&s, "s", text, sizeof text - 1, &out));
    r = statement_compare(&s, &known, s.first, s.last, tell, &out);
    assert_string_equal(buf_str(&out),
        "3 " REF("b") " Tk 50 paid (T2), and failed here\n"
        "4 " REF("c") " Tk 60 paid (T3), and Tk 50 here\n"
        "5 " REF("d") " Tk 50 paid (T9), and under the number T4 here\n"
        "6 " REF("a") " Tk 50 paid (T1), as on line 2 before\n"
        "7 " REF("e") " Tk 50 paid (T5), and no such payment of this provider here\n"
        "8 shop-17 Tk 70 paid (T6), and no such payment of this provider here\n"
        "9 " REF("d") " Tk 50 given back (R1), and confirmed here\n"
        "0 " REF("8") " Tk 30 given back here on 2026-11-25 (T8), and not in the statement\n"
        "0 " REF("9") " Tk 30 paid here on 2026-11-25 (T8), and not in the statement\n"
        "0 " REF("9") " Tk 30 paid here on 2026-11-25 (T8), for what another payment has paid too: give one back with "
        "kheya payment refund\n");
    assert_int_equal(r.differences, 10);
    assert_true(r.theirs.payments == 8 && r.theirs.payment_taka == 400 && r.theirs.refunds == 2 && r.theirs.refund_taka == 70);
    assert_true(r.ours.payments == 5 && r.ours.payment_taka == 200 && r.ours.refunds == 2 && r.ours.refund_taka == 50);
    statement_free(&s);
    buf_fini(&out);
}

static struct statement_part part(char c, int n, int64_t taka, const char *trx, const char *back)
{
    struct statement_part p = { .n = n, .taka = taka };

    (void)snprintf(p.ref, sizeof p.ref, "0417000000000000000%c", c);
    (void)snprintf(p.trx, sizeof p.trx, "%s", trx);
    if (back[0] != '\0')
        assert_true(statement_time(back, &p.back));
    return p;
}

/* Parts of one amount are told apart by their numbers; what was given back whole is none of them. */
static void test_parts(void **state)
{
    static const char text[] = HEAD
        "2026-11-25 09:00,T1," REF("a") ",payment,50\n"
        "2026-11-25 09:01,R2," REF("a") ",refund,10\n"          /* 3, 4: agree, in another order */
        "2026-11-25 09:02,R1," REF("a") ",refund,10\n"
        "2026-11-25 09:03,R3," REF("a") ",refund,20\n"          /* 5: not heard of */
        "2026-11-25 09:04,R4," REF("a") ",refund,7\n"           /* 6: nobody asked for it */
        "2026-11-25 09:05,R1," REF("a") ",refund,10\n"          /* 7: twice */
        "2026-11-25 09:06,T2," REF("b") ",payment,50\n"
        "2026-11-25 09:07,R5," REF("b") ",refund,30\n";         /* 9: another amount */
    struct statement_own list[] = {
        own('a', PAYMENT_CONFIRMED, 50, "T1", "2026-11-25 09:00", ""),
        own('b', PAYMENT_REFUNDED, 50, "T2", "2026-11-25 09:06", "2026-11-25 09:07"),
        own('c', PAYMENT_REFUNDED, 15, "T3", "2026-11-24 09:06", "2026-11-25 09:07"),
    };
    struct statement_part parts[] = {
        part('a', 1, 10, "R1", "2026-11-25 09:02"), part('a', 2, 10, "R2", "2026-11-25 09:01"), part('a', 3, 20, "", ""),
        part('c', 1, 5, "R8", "2026-11-25 09:02"), part('c', 2, 10, "R9", "2026-11-26 09:01"),
    };
    struct statement_known known = { list, sizeof list / sizeof list[0], parts, sizeof parts / sizeof parts[0] };
    struct statement s;
    struct statement_result r;
    struct buf out;

    (void)state;
    buf_init(&out, 65536);
    assert_true(statement_read(&s, "s", text, sizeof text - 1, &out));
    r = statement_compare(&s, &known, s.first, s.last, tell, &out);
    assert_string_equal(buf_str(&out),
        "5 " REF("a") " Tk 20 given back (R3), and asked for here\n"
        "6 " REF("a") " Tk 7 given back (R4), and nobody asked for such a part here\n"
        "7 " REF("a") " Tk 10 given back (R1), as on line 4 before\n"
        "9 " REF("b") " Tk 30 given back (R5), and Tk 50 here\n"
        "0 " REF("c") " Tk 5 given back here on 2026-11-25 (R8), and not in the statement\n");
    assert_int_equal(r.differences, 5);
    assert_true(r.ours.refunds == 4 && r.ours.refund_taka == 75);
    statement_free(&s);
    buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read), cmocka_unit_test(test_spoilt), cmocka_unit_test(test_time),
        cmocka_unit_test(test_compare), cmocka_unit_test(test_parts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
