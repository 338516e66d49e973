/* expr: what holds, what it reads, and one clear line for what is wrong. */
#include "render_fixture.h"

static struct fixture f;

static int setup(void **state)
{
    (void)state;
    fixture_init(&f);
    f.values[MENU_VAR_MSISDN] = "8801712345678";
    f.values[MENU_VAR_KNOWN] = "yes";
    f.values[MENU_VAR_LANG] = "bn";
    f.values[V_TAKA] = "1950";
    f.values[V_SENT] = "2026-10-12";
    f.values[V_ALLOWANCE] = "WDA";
    f.values[V_STATE] = "paid";
    f.values[V_OK] = "no";
    f.values[V_NOTE] = "it's";
    f.values[V_NID4] = "4821";
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fixture_fini(&f);
    return 0;
}

static const struct expr *parse(const char *s, int want, const struct menu_type *target)
{
    struct expr_error err;
    const struct expr *e = expr_parse(f.arena, &f.names, s, strlen(s), want, target, &err);

    if (e == NULL)
        fail_msg("%s: at %zu: %s", s, err.at, err.text);
    return e;
}

static void test_conditions(void **state)
{
    static const struct {
        const char *source;
        bool want;
    } rows[] = {
        { "yes", true }, { "no", false }, { "not no", true }, { "not not yes", true },
        { "citizen.known", true }, { "not citizen.known", false }, { "ok", false }, { "not ok", true },
        { "ok == no", true }, { "ok != no", false }, { "citizen.known == yes", true },
        { "pay.state == 'paid'", true }, { "'paid' == pay.state", true }, { "pay.state != 'paid'", false },
        { "pay.state == 'Paid'", false }, { "pay.state == ''", false },
        { "allowance == WDA", true }, { "WDA == allowance", true }, { "allowance == 'WDA'", true },
        { "allowance == OAA", false }, { "allowance in (OAA, WDA)", true }, { "allowance in (OAA)", false },
        { "pay.state in ('paid', 'returned')", true }, { "not pay.state in ('returned')", true },
        { "pay.taka > 1949", true }, { "pay.taka >= 1950", true }, { "pay.taka < 1950", false },
        { "pay.taka <= 1950", true }, { "pay.taka == 1950", true }, { "pay.taka + 50 == 2000", true },
        { "pay.taka - 1000 - 900 == 50", true }, { "pay.taka - (1000 - 900) == 1850", true },
        { "-5 < 3", true }, { "pay.taka > -1", true }, { "1 - -1 == 2", true },
        { "pay.sent == '2026-10-12'", true }, { "pay.sent < today", true }, { "today - pay.sent == 2", true },
        { "pay.sent + 2 == today", true }, { "2 + pay.sent == today", true }, { "today - 30 < pay.sent", true },
        { "pay.sent + 80 > '2026-12-30'", true }, { "today - '2026-10-10' == 4", true },
        { "pay.sent in ('2026-01-01', '2026-10-12')", true },
        { "yes or no and no", true }, { "(yes or no) and no", false }, { "not no and yes", true },
        { "no or no or no or yes", true }, { "yes and yes and no", false },
        { "note == 'it''s'", true }, { "note == other_note", false }, { "note == note", true },
        { "citizen.msisdn == '8801712345678'", true },
        /* unset: unequal to everything, itself too; no order; false */
        { "case.no == case.no", false }, { "case.no != case.no", true }, { "case.no == ''", false },
        { "case.no in ('1')", false }, { "ward < 5", false }, { "ward >= 5", false }, { "not ward < 5", true },
        { "ward + 1 == 2", false }, { "ward + 1 != 2", true }, { "trouble == lost", false },
        { "trouble != lost", true },
        { "nid4 == '4821'", true }, { "\n pay.taka\t==1950 \r\n", true }, { "citizen.lang == 'bn'", true },
        { "9223372036854775807 + 1 > 0", false }, { "today + 9223372036854775807 > today", false },
        { "today + 4000000 > today", false },   /* no such day: unset */
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (expr_true(parse(rows[i].source, EXPR_BOOL, NULL), &f.scope) != rows[i].want)
            fail_msg("%s is not %s", rows[i].source, rows[i].want ? "true" : "false");
}

static void test_values(void **state)
{
    static const struct {
        const char *source;
        enum expr_kind kind;
        const char *want;                   /* NULL: unset */
    } rows[] = {
        { "12", EXPR_WHOLE, "12" }, { "-12", EXPR_WHOLE, "-12" }, { "007", EXPR_WHOLE, "7" },
        { "9223372036854775807", EXPR_WHOLE, "9223372036854775807" }, { "pay.taka", EXPR_WHOLE, "1950" },
        { "pay.taka + 1", EXPR_WHOLE, "1951" }, { "'text'", EXPR_TEXT, "text" }, { "''", EXPR_TEXT, "" },
        { "'a''b'", EXPR_TEXT, "a'b" }, { "'ভাতা'", EXPR_TEXT, "ভাতা" }, { "pay.state", EXPR_TEXT, "paid" },
        { "today", EXPR_DATE, "2026-10-14" }, { "pay.sent", EXPR_DATE, "2026-10-12" },
        { "today + 20", EXPR_DATE, "2026-11-03" }, { "today - pay.sent", EXPR_WHOLE, "2" },
        { "yes", EXPR_BOOL, "yes" }, { "ok", EXPR_BOOL, "no" }, { "pay.taka > 1", EXPR_BOOL, "yes" },
        { "case.no", EXPR_TEXT, NULL }, { "ward", EXPR_WHOLE, NULL }, { "ward + 1", EXPR_WHOLE, NULL },
        { "pay.taka * 2", EXPR_WHOLE, "3900" }, { "pay.taka / 100 * 3", EXPR_WHOLE, "57" },
        { "2 + 3 * 4 - 10 / 4", EXPR_WHOLE, "12" }, { "-7 / 2", EXPR_WHOLE, "-3" }, { "(2 + 3) * 4", EXPR_WHOLE, "20" },
        { "(today - pay.sent) * 24", EXPR_WHOLE, "48" }, { "ward * 2", EXPR_WHOLE, NULL },
        { "9223372036854775807 * 2", EXPR_WHOLE, NULL }, { "(0 - 9223372036854775807 - 1) / -1", EXPR_WHOLE, NULL },
        { "10 if pay.taka > 1000 else 20", EXPR_WHOLE, "10" }, { "10 if pay.taka > 9000 else 20", EXPR_WHOLE, "20" },
        { "'few' if pay.taka < 10 else 'some' if pay.taka < 2000 else 'many'", EXPR_TEXT, "some" },
        { "1 + (2 if ok else 3)", EXPR_WHOLE, "4" }, { "ward if ok else 5", EXPR_WHOLE, "5" },
        { "5 if ok else ward", EXPR_WHOLE, NULL }, { "pay.sent if ok else today", EXPR_DATE, "2026-10-14" },
        { "yes if ok else pay.taka > 5", EXPR_BOOL, "yes" }, { "2 if ward == 1 else 3", EXPR_WHOLE, "3" },
        { "ward > 1", EXPR_BOOL, "no" }, { "pay.taka - 9223372036854775807 - 9223372036854775807", EXPR_WHOLE, NULL },
    };
    struct buf b;

    (void)state;
    buf_init(&b, 1000);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct expr *e = parse(rows[i].source, -1, NULL);

        buf_clear(&b);
        buf_adds(&b, ">");
        assert_int_equal(expr_kind(e), rows[i].kind);
        assert_int_equal(expr_value(e, &f.scope, &b), rows[i].want != NULL);
        assert_string_equal(buf_str(&b) + 1, rows[i].want != NULL ? rows[i].want : "");
    }
    buf_fini(&b);
}

/* Values that are not what their type says, as a damaged session may hold. */
static void test_damaged_values(void **state)
{
    static const char *const wholes[] = { "", "-", "x", "12x", "99999999999999999999", "1 2", "+1" };
    static const char *const dates[] = { "", "2026-02-30", "2026-1-1", "12-10-2026", "2026-10-12x", "abcd-ef-gh" };

    (void)state;
    for (size_t i = 0; i < sizeof wholes / sizeof wholes[0]; i++) {
        f.values[V_TAKA] = wholes[i];
        assert_false(expr_true(parse("pay.taka >= 0 or pay.taka < 0 or pay.taka == pay.taka", -1, NULL), &f.scope));
    }
    for (size_t i = 0; i < sizeof dates / sizeof dates[0]; i++) {
        f.values[V_SENT] = dates[i];
        assert_false(expr_true(parse("pay.sent <= today or pay.sent > today", -1, NULL), &f.scope));
    }
    f.values[V_OK] = "maybe";
    assert_false(expr_true(parse("ok", -1, NULL), &f.scope));
    assert_false(expr_true(parse("ok == ok", -1, NULL), &f.scope));
}

/* Two long values, equal or not in any octet: what get gives does not last. */
static void test_long_texts(void **state)
{
    static char a[700];
    static char b[700];
    const struct expr *e = parse("note == other_note", -1, NULL);

    (void)state;
    f.values[V_NOTE] = a;
    f.values[V_OTHER_NOTE] = b;
    for (size_t n = 0; n < sizeof a; n += n < 10 ? 1 : 31) {
        memset(a, 'a', sizeof a);
        memset(b, 'a', sizeof b);
        a[n] = b[n] = '\0';
        assert_true(expr_true(e, &f.scope));
        for (size_t i = 0; i < n; i += 17) {
            b[i] = 'b';
            assert_false(expr_true(e, &f.scope));
            b[i] = 'a';
        }
        if (n > 0) {
            b[n - 1] = '\0';
            assert_false(expr_true(e, &f.scope));
        }
    }
}

static void test_errors(void **state)
{
    static const struct {
        const char *source;
        int want;
        size_t at;
        const char *text;
    } rows[] = {
        { "", EXPR_BOOL, 0, "an empty expression" },
        { "  ", EXPR_BOOL, 2, "the expression ends too early" },
        { "pay.stat == 'paid'", -1, 0, "no such variable 'pay.stat'; did you mean 'pay.state'?" },
        { "ok and zzz", -1, 7, "no such variable 'zzz'" },
        { "pay.state = 'paid'", -1, 10, "'=' is written == here" },
        { "ok && ok", -1, 3, "'&&' is written and here" },
        { "ok || ok", -1, 3, "'||' is written or here" },
        { "!ok", -1, 0, "'!' is written not here" },
        { "pay.state == \"paid\"", -1, 13, "'\"' is written ' here" },
        { "pay.taka <> 1", -1, 9, "'<>' is written != here" },
        { "pay.state == paid", -1, 13, "no such variable 'paid'" },
        { "pay.state == 'paid", -1, 13, "a text without its closing quote" },
        { "allowance == WDX", -1, 13, "'WDX' is no code of allowance: OAA, WDA" },
        { "allowance == 'WDX'", -1, 13, "'WDX' is no code of allowance: OAA, WDA" },
        { "allowance in (OAA, XYZ)", -1, 19, "'XYZ' is no code of allowance: OAA, WDA" },
        { "allowance == trouble", -1, 13, "choices of two types: allowance and trouble" },
        { "allowance == lost", -1, 13, "'lost' is no code of allowance: OAA, WDA" },
        { "nid4 == 4821", -1, 8, "a text cannot be compared with a number; a text stands in single quotes" },
        { "pay.taka == pay.sent", -1, 12, "a number cannot be compared with a date" },
        { "pay.sent == '12-10-2026'", -1, 12, "a date is written 'YYYY-MM-DD', like '2026-10-12'" },
        { "pay.state < 'paid'", -1, 12, "only numbers and dates have an order, this is a text" },
        { "ok < yes", -1, 5, "only numbers and dates have an order, this is a condition" },
        { "1 < 2 < 3", -1, 6, "two comparisons in a row; join them with 'and'" },
        { "ok == no == no", -1, 9, "two comparisons in a row; join them with 'and'" },
        { "pay.taka and ok", -1, 0, "'and' joins conditions, this is a number" },
        { "ok or 'x'", -1, 6, "'or' joins conditions, this is a text" },
        { "not pay.taka", -1, 4, "'not' joins conditions, this is a number" },
        { "pay.state + 1 == 2", -1, 0, "'+' and '-' take numbers and dates, this is a text" },
        { "today + today == today", -1, 8, "two dates cannot be added" },
        { "1 - today == 2", -1, 4, "a date cannot be taken from a number" },
        { "pay.taka", EXPR_BOOL, 0, "a condition is wanted here, this is a number" },
        { "ok", EXPR_TEXT, 0, "a text is wanted here, this is a condition" },
        { "(ok", -1, 0, "a parenthesis that is not closed" },
        { "ok)", -1, 2, "')' is too much here" },
        { "ok ok", -1, 3, "'ok' is too much here" },
        { "(ok, ok)", -1, 3, "a list stands only behind 'in'" },
        { "allowance in OAA", -1, 13, "'in' wants a list: in ('a', 'b')" },
        { "allowance in (OAA", -1, 17, "a list that is not closed" },
        { "allowance in ()", -1, 14, "a value is missing before ')'" },
        { "ok and", -1, 6, "the expression ends too early" },
        { "and ok", -1, 0, "a value is missing before 'and'" },
        { "pay.taka > 12abc", -1, 11, "a number with letters; a text stands in single quotes" },
        { "pay.taka > 99999999999999999999", -1, 11, "a number that is too large" },
        { "-ok", -1, 0, "a minus stands between two values or before a number" },
        { "ok; no", -1, 2, "';' has no place in an expression" },
        { "pay.taka % 2 == 4", -1, 9, "'%' has no place in an expression" },
        { "pay.taka * 'a' == 4", -1, 11, "'*' and '/' take numbers, this is a text" },
        { "today * 2 == 4", -1, 0, "'*' and '/' take numbers, this is a date" },
        { "pay.taka / 0", -1, 11, "what divides may be 0 here: divide by a number, or by a value whose type begins at 1" },
        { "pay.taka / (1 + 1)", -1, 12,
          "what divides may be 0 here: divide by a number, or by a value whose type begins at 1" },
        { "1 if ok", -1, 7, "'if' wants an 'else': 10 if kilos > 5 else 20" },
        { "1 if 2 else 3", -1, 5, "behind 'if' stands a condition, this is a number" },
        { "1 if ok else 'a'", -1, 13, "a number before 'if', but a text behind 'else'" },
        { "1 else 2", -1, 2, "'else' is too much here" },
        { "ভাতা == 1", -1, 0, "a character that has no place in an expression; a text stands in single quotes" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct expr_error err = { 99, "" };

        if (expr_parse(f.arena, &f.names, rows[i].source, strlen(rows[i].source), rows[i].want, NULL, &err) != NULL)
            fail_msg("%s was taken", rows[i].source);
        if (err.at != rows[i].at || strcmp(err.text, rows[i].text) != 0)
            fail_msg("%s: at %zu: %s", rows[i].source, err.at, err.text);
    }
}

/* A value on its way into a variable. */
static void test_targets(void **state)
{
    static const struct {
        const char *source;
        int target;
        const char *error;                  /* NULL: taken */
    } rows[] = {
        { "WDA", V_ALLOWANCE, NULL },
        { "'OAA'", V_ALLOWANCE, NULL },
        { "allowance", V_ALLOWANCE, NULL },
        { "XXX", V_ALLOWANCE, "'XXX' is no code of allowance: OAA, WDA" },
        { "trouble", V_ALLOWANCE, "allowance takes values of its own type, not of trouble" },
        { "12", V_ALLOWANCE, "allowance is a text, not a number" },
        { "7", V_WARD, NULL },
        { "10", V_WARD, "10 is not in 1..9" },
        { "pay.taka", V_WARD, NULL },           /* judged when it is known */
        { "'7'", V_WARD, "ward is a number, not a text" },
        { "yes", V_OK, NULL },
        { "pay.taka > 7", V_OK, NULL },
        { "'yes'", V_OK, "yesno is a condition, not a text" },
        { "today + 7", V_SENT, NULL },
        { "'2026-01-31'", V_SENT, NULL },
        { "'2026-02-31'", V_SENT, "a date is written 'YYYY-MM-DD', like '2026-10-12'" },
        { "'a text'", V_NOTE, NULL },
        { "pay.taka + 1", V_NOTE, NULL },
        { "'a text'", V_STATE, "a word(12) has no spaces" },
        { "'thirteen_long'", V_STATE, "more than the 12 characters of word(12)" },
        { "'বাংলাদেশবাংলা'", V_STATE, "more than the 12 characters of word(12)" },
        { "note", V_NID4, "nid4 takes values of its own type, not of text(40)" },
        { "nid4", V_NID4, NULL },
        { "'8123056783'", V_CASE, NULL },
        { "'8123056784'", V_CASE, "'8123056784' is no case_no" },
        { "'01712345678'", MENU_VAR_MSISDN, NULL },
        { "'0171'", MENU_VAR_MSISDN, "'0171' is no msisdn" },
        { "citizen.msisdn", V_CASE, "case_no takes values of its own type, not of msisdn" },
    };

    struct buf b;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct expr_error err = { 0, "" };
        const struct expr *e = expr_parse(f.arena, &f.names, rows[i].source, strlen(rows[i].source), -1,
                                          fixture_vars[rows[i].target].type, &err);

        if ((e != NULL) != (rows[i].error == NULL) || (e == NULL && strcmp(err.text, rows[i].error) != 0))
            fail_msg("%s into %s: %s", rows[i].source, fixture_vars[rows[i].target].name, err.text);
    }
    buf_init(&b, 100);
    assert_true(expr_value(parse("'017-12345678'", -1, FIXTURE_MSISDN), &f.scope, &b));
    assert_string_equal(buf_str(&b), "8801712345678");
    buf_fini(&b);
    assert_ptr_equal(expr_type(parse("allowance", -1, NULL)), fixture_vars[V_ALLOWANCE].type);
    assert_ptr_equal(expr_type(parse("WDA", -1, fixture_vars[V_ALLOWANCE].type)), fixture_vars[V_ALLOWANCE].type);
    assert_null(expr_type(parse("pay.taka + 1", -1, NULL)));
    assert_null(expr_type(parse("'x'", -1, NULL)));
}

static void note_read(void *arg, int var)
{
    int *counts = arg;

    counts[var]++;
}

static void test_reads(void **state)
{
    int counts[V_COUNT] = { 0 };

    (void)state;
    expr_reads(parse("ok or not (allowance in (OAA, WDA)) and pay.taka + ward > 3 and today > pay.sent", -1, NULL),
               note_read, counts);
    for (int i = 0; i < V_COUNT; i++)
        assert_int_equal(counts[i], i == V_OK || i == V_ALLOWANCE || i == V_TAKA || i == V_WARD || i == V_SENT ||
                                        i == MENU_VAR_TODAY);
}

/* Nesting is refused before the stack is in danger; chains may be long. */
static void test_depth(void **state)
{
    static char s[200000];
    struct expr_error err;
    size_t n = 0;

    (void)state;
    memset(s, '(', 100000);
    assert_null(expr_parse(f.arena, &f.names, s, 100000, -1, NULL, &err));
    assert_string_equal(err.text, "more than 32 parentheses in one another");
    for (n = 0; n < 100000; n += 4)
        memcpy(s + n, "not ", 4);
    assert_null(expr_parse(f.arena, &f.names, s, 100000, -1, NULL, &err));
    assert_string_equal(err.text, "more than 32 nots in one another");
    n = 0;
    memcpy(s, "no", 2);
    for (n = 2; n + 7 < 100000; n += 7)
        memcpy(s + n, " or  no", 7);
    memcpy(s + n, " or yes", 7);
    assert_true(expr_true(expr_parse(f.arena, &f.names, s, n + 7, -1, NULL, &err), &f.scope));
    memset(s, '(', 32);
    memcpy(s + 32, "yes", 3);
    memset(s + 35, ')', 32);
    assert_non_null(expr_parse(f.arena, &f.names, s, 67, -1, NULL, &err));
}

/* An arena that is too small is an error, not a crash. */
static void test_no_room(void **state)
{
    static const char s[] = "(ok or not ok) and pay.state in ('a', 'b', 'c') and pay.taka + 1 - 2 > 3";
    struct expr_error err;

    (void)state;
    for (size_t max = 0; max < 4096; max += 16) {
        struct arena *a = arena_new(max);
        const struct expr *e = expr_parse(a, &f.names, s, sizeof s - 1, -1, NULL, &err);

        if (e == NULL)
            assert_string_equal(err.text, "no room left for this expression: the menus are too large");
        else
            assert_true(max > 1000);
        arena_free(a);
    }
}

/* What is printed reads as the same, and is printed the same. */
static void test_source(void **state)
{
    static const struct {
        const char *source, *want;
    } rows[] = {
        { "yes", "yes" }, { "not  no", "not no" }, { "not not yes", "not (not yes)" },
        { "citizen.known==yes", "citizen.known == yes" }, { "'it''s' == note", "'it''s' == note" },
        { "allowance == WDA", "allowance == WDA" }, { "allowance == 'WDA'", "allowance == WDA" },
        { "allowance in (OAA,WDA)", "allowance in (OAA, WDA)" }, { "pay.taka in (1)", "pay.taka in (1)" },
        { "pay.taka - (1000 - 900) == 1850", "pay.taka - (1000 - 900) == 1850" },
        { "pay.taka - 1000 - -900 + 1 > 5", "pay.taka - 1000 - -900 + 1 > 5" },
        { "pay.sent < '2026-10-12'", "pay.sent < '2026-10-12'" },
        { "(ok or citizen.known) and not (ok and yes)", "(ok or citizen.known) and not (ok and yes)" },
        { "ok or citizen.known and ok", "ok or citizen.known and ok" },
        { "(ok == no) == yes", "(ok == no) == yes" },
        { "pay.taka*2/3-(4-1)*2>1", "pay.taka * 2 / 3 - (4 - 1) * 2 > 1" },
        { "pay.taka/(2)*(1+3)==1", "pay.taka / 2 * (1 + 3) == 1" },
        { "(1 if ok else (2 if yes else 3))==4", "(1 if ok else 2 if yes else 3) == 4" },
        { "((1 if ok else 2) if no else 3) == 3", "((1 if ok else 2) if no else 3) == 3" },
    };
    struct buf out, again;

    (void)state;
    buf_init(&out, 1000);
    buf_init(&again, 1000);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        buf_clear(&out);
        buf_clear(&again);
        expr_source(parse(rows[i].source, EXPR_BOOL, NULL), &out);
        assert_string_equal(buf_str(&out), rows[i].want);
        expr_source(parse(buf_str(&out), EXPR_BOOL, NULL), &again);
        assert_string_equal(buf_str(&again), rows[i].want);
    }
    buf_fini(&out);
    buf_fini(&again);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_conditions), TEST(test_values), TEST(test_damaged_values), TEST(test_long_texts), TEST(test_errors),
        TEST(test_targets),    TEST(test_reads),  TEST(test_depth),          TEST(test_no_room),
        TEST(test_source),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
