/* template: placeholders, filters, and what must never be shown. */
#include "menu/filter.h"
#include "render_fixture.h"

static struct fixture f;

static int setup(void **state)
{
    (void)state;
    fixture_init(&f);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fixture_fini(&f);
    return 0;
}

static void check_print(const char *source, int lang, const char *want)
{
    const struct template *t = fixture_template(&f, source, "n");
    struct buf b;

    buf_init(&b, 1 << 16);
    buf_adds(&b, ">");
    f.scope.lang = lang;
    template_print(t, &f.scope, &b);
    if (strcmp(buf_str(&b) + 1, want) != 0)
        fail_msg("%s: '%s', not '%s'", source, buf_str(&b) + 1, want);
    buf_fini(&b);
}

static void test_literals(void **state)
{
    size_t len = 0;
    struct gsm_cost cost;
    const char *s;

    (void)state;
    check_print("", EN, "");
    check_print("plain", EN, "plain");
    check_print("a {{b}} c", EN, "a {b}} c");
    check_print("{{", EN, "{");
    check_print("a\r\nb", EN, "a\nb");
    check_print("\xe0\xa6\xaf\xe0\xa6\xbc", EN, "\xe0\xa7\x9f");
    check_print("}", EN, "}");
    s = template_constant(fixture_template(&f, "{{x}", ""), &len, &cost);
    assert_string_equal(s, "{x}");
    assert_int_equal(len, 3);
    assert_int_equal(cost.septets, 5);
    assert_int_equal(cost.units, 3);
    assert_true(template_is_constant(fixture_template(&f, "", "")));
    assert_false(template_is_constant(fixture_template(&f, "{ok}", "")));
    assert_null(template_constant(fixture_template(&f, "a{ok}", ""), &len, &cost));
}

static void test_values(void **state)
{
    (void)state;
    f.values[V_TAKA] = "1950";
    f.values[V_STATE] = "paid";
    check_print("Tk {pay.taka} {pay.state}.", EN, "Tk 1950 paid.");
    check_print("{pay.taka}{pay.taka}", EN, "19501950");
    check_print("{ pay.taka | money }", EN, "1,950");
    check_print("[{case.no}]", EN, "[]");
    check_print("[{case.no|spell|last4}]", EN, "[]");
    check_print("{today}", EN, "2026-10-14");
    check_print("{today|day}", EN, "14 Oct");
    f.scope.word_value = "2";
    check_print("{n} tries left", EN, "2 tries left");
    check_print("{n|digits}", BN, "২");
    f.scope.word_value = NULL;
    check_print("[{n}]", EN, "[]");
}

static void test_filters(void **state)
{
    static const struct {
        int var;
        const char *value, *source;
        int lang;
        const char *want;
    } rows[] = {
        { V_NOTE, "Widow é", "{note|upper}", EN, "WIDOW é" },
        { V_NOTE, "Widow", "{note|cut(3)}", EN, "Wid" },
        { V_NOTE, "Widow", "{note|cut(5)}", EN, "Widow" },
        { V_NOTE, "Widow", "{note|cut(900)}", EN, "Widow" },
        { V_NOTE, "Widow", "{note|cut(3)|upper}", EN, "WID" },
        { V_NOTE, "রহিমা", "{note|cut(3)}", BN, "র" "হি" },
        { V_NOTE, "রহিমা", "{note|cut(2)}", BN, "র" },                     /* no sign without its letter */
        { V_NOTE, "ক্ষতি", "{note|cut(4)}", BN, "ক্ষ" },
        { V_NOTE, "ক্ষতি", "{note|cut(2)}", BN, "ক্" },                      /* a conjunct alone is too long */
        { V_WALLET, "01712345678", "{pay.wallet|mask}", EN, "017**678" },
        { MENU_VAR_MSISDN, "8801712345678", "{citizen.msisdn|mask}", EN, "017**678" },
        { V_WALLET, "123456789", "{pay.wallet|mask}", EN, "123**789" },
        { V_WALLET, "12345678", "{pay.wallet|mask}", EN, "12**78" },
        { V_WALLET, "4821", "{pay.wallet|mask}", EN, "4**1" },
        { V_WALLET, "123", "{pay.wallet|mask}", EN, "**" },
        { V_NOTE, "রহিমা খাতুন", "{note|mask}", BN, "রহি**তুন" },
        { V_NID4, "4821", "{nid4|last4}", EN, "**4821" },
        { V_NID, "1234567890", "{nid|last4}", EN, "**7890" },
        { V_NID, "12345678901234567", "{nid|last4}", EN, "**4567" },
        { V_NID, "123456", "{nid|last4}", EN, "**456" },                /* never more than half */
        { V_NID, "1234", "{nid|last4}", EN, "**34" },
        { V_NID, "1", "{nid|last4}", EN, "**" },
        { V_NID, "1234567890", "{nid|mask}", EN, "123**890" },
        { V_NID, "1234567890", "{nid|last4|digits}", BN, "**৭৮৯০" },
        { V_NOTE, "ab", "{note|last4}", EN, "**ab" },
        { V_ALLOWANCE, "WDA", "{allowance}", EN, "WDA" },
        { V_ALLOWANCE, "WDA", "{allowance|name}", EN, "Widow allowance" },
        { V_ALLOWANCE, "WDA", "{allowance|name}", BN, "বিধবা ভাতা" },
        { V_ALLOWANCE, "WDA", "{allowance|name}", LATN, "Widow allowance" },    /* none: the first there is */
        { V_ALLOWANCE, "XXX", "{allowance|name}", EN, "XXX" },
        { V_ALLOWANCE, "WDA", "{allowance|name|cut(5)}", EN, "Widow" },
        { V_OK, "yes", "{ok|name}", EN, "Yes" },
        { V_OK, "yes", "{ok|name}", BN, "হ্যাঁ" },
        { V_OK, "no", "{ok|name}", EN, "No" },
        { V_OK, "no", "{ok|name}", BN, "না" },
        { V_OK, "no", "{ok|name}", LATN, "Na" },
        { MENU_VAR_LANG, "bn", "{citizen.lang|name}", EN, "বাংলা" },
        { MENU_VAR_LANG, "en", "{citizen.lang|name}", BN, "English" },
        { MENU_VAR_LANG, "xx", "{citizen.lang|name}", EN, "xx" },
        { V_SENT, "2026-10-12", "{pay.sent}", EN, "2026-10-12" },
        { V_SENT, "2026-10-12", "{pay.sent|day}", EN, "12 Oct" },
        { V_SENT, "2026-10-02", "{pay.sent|day}", BN, "2 অক্টো" },
        { V_SENT, "2026-10-02", "{pay.sent|day|digits}", BN, "২ অক্টো" },
        { V_SENT, "2026-01-31", "{pay.sent|date}", EN, "31 Jan 2026" },
        { V_SENT, "2026-12-01", "{pay.sent|date}", BN, "1 ডিসে 2026" },
        { V_SENT, "garbage", "{pay.sent|date}", EN, "garbage" },
        { V_TAKA, "0", "{pay.taka|money}", EN, "0" },
        { V_TAKA, "999", "{pay.taka|money}", EN, "999" },
        { V_TAKA, "1000", "{pay.taka|money}", EN, "1,000" },
        { V_TAKA, "10000", "{pay.taka|money}", BN, "10,000" },
        { V_TAKA, "99999", "{pay.taka|money|digits}", BN, "৯৯,৯৯৯" },
        { V_TAKA, "1234567", "{pay.taka|money}", EN, "1,234,567" },
        { V_TAKA, "-123456", "{pay.taka|money}", EN, "-123,456" },
        { V_TAKA, "100000", "{pay.taka|money}", BN, "1,00,000" },
        { V_TAKA, "12345678", "{pay.taka|money}", BN, "1,23,45,678" },
        { V_TAKA, "-123456", "{pay.taka|money}", LATN, "-1,23,456" },
        { V_TAKA, "1234567", "{pay.taka|money|digits}", BN, "১২,৩৪,৫৬৭" },
        { V_TAKA, "-", "{pay.taka|money}", EN, "-" },
        { V_CASE, "8123056783", "{case.no|spell}", EN, "8123 0567 83" },
        { V_CASE, "8123056783", "{case.no|spell|digits}", BN, "৮১২৩ ০৫৬৭ ৮৩" },
        { V_NID4, "4821", "{nid4|spell}", EN, "4821" },
        { V_NOTE, "12345", "{note|spell}", EN, "1234 5" },
        { V_NOTE, "abc", "{note|spell}", EN, "abc" },
        { V_NOTE, "room 12", "{note|digits}", BN, "room ১২" },
        { V_NOTE, "room 12", "{note|digits}", EN, "room 12" },
        { V_NOTE, "room 12", "{note|digits}", LATN, "room 12" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        memset(f.values, 0, sizeof f.values);
        f.values[rows[i].var] = rows[i].value;
        check_print(rows[i].source, rows[i].lang, rows[i].want);
    }
}

static void test_errors(void **state)
{
    static const struct {
        const char *source;
        size_t at;
        const char *text;
    } rows[] = {
        { "a {", 2, "'{' begins a placeholder like {name}; a brace itself is written '{{'" },
        { "a {}", 2, "'{' begins a placeholder like {name}; a brace itself is written '{{'" },
        { "{{{", 2, "'{' begins a placeholder like {name}; a brace itself is written '{{'" },
        { "{pay.taka", 0, "a placeholder without its '}'; a brace itself is written '{{'" },
        { "{pay.taka money}", 0, "a placeholder without its '}'; a brace itself is written '{{'" },
        { "ভাতা {pay.takx}", 14, "no such variable 'pay.takx'; did you mean 'pay.taka'?" },
        { "{zzz}", 1, "no such variable 'zzz'" },
        { "{n}", 1, "no such variable 'n'" },
        { "{pay.taka|mony}", 10,
          "no such filter 'mony'; there are: upper cut mask last4 name day date money words spell digits" },
        { "{pay.taka|}", 10,
          "no such filter ''; there are: upper cut mask last4 name day date money words spell digits" },
        { "{pay.taka|day}", 10, "filter 'day' wants a date" },
        { "{pay.sent|money}", 10, "filter 'money' wants a number" },
        { "{pay.state|name}", 11, "filter 'name' wants a choice, yes or no, or citizen.lang" },
        { "{pay.sent|upper|day}", 16, "filter 'day' must come first" },
        { "{note|cut}", 9, "filter 'cut' wants a number: cut(12)" },
        { "{note|cut()}", 9, "filter 'cut' wants a number from 1 to 1000" },
        { "{note|cut(0)}", 9, "filter 'cut' wants a number from 1 to 1000" },
        { "{note|cut(1001)}", 9, "filter 'cut' wants a number from 1 to 1000" },
        { "{note|cut(99999999999999)}", 9, "filter 'cut' wants a number from 1 to 1000" },
        { "{note|cut(3}", 9, "filter 'cut' wants a number from 1 to 1000" },
        { "{note|upper(3)}", 11, "filter 'upper' takes no number" },
        { "{note|upper|upper|upper|upper|upper}", 30, "more than 4 filters" },
        { "{nid}", 1, "'nid' is sensitive: show it as {nid|last4} or {nid|mask}" },
        { "{nid|upper}", 1, "'nid' is sensitive: show it as {nid|last4} or {nid|mask}" },
        { "{nid|cut(4)|last4}", 1, "'nid' is sensitive: show it as {nid|last4} or {nid|mask}" },
        { "{nid|spell|mask}", 1, "'nid' is sensitive: show it as {nid|last4} or {nid|mask}" },
        { "{pin}", 1, "'pin' is a PIN, which is never shown" },
        { "{pin|last4}", 1, "'pin' is a PIN, which is never shown" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct expr_error err = { 99, "" };

        if (template_parse(f.arena, &f.names, rows[i].source, strlen(rows[i].source), "", &err) != NULL)
            fail_msg("%s was taken", rows[i].source);
        if (err.at != rows[i].at || strcmp(err.text, rows[i].text) != 0)
            fail_msg("%s: at %zu: %s", rows[i].source, err.at, err.text);
    }
}

static void note_read(void *arg, int var)
{
    *(unsigned *)arg |= 1u << var;
}

static void test_reads(void **state)
{
    unsigned seen = 0;

    (void)state;
    template_reads(fixture_template(&f, "{n} {pay.taka} {pay.taka} {nid|last4} {today}", "n"), note_read, &seen);
    assert_int_equal(seen, 1u << V_TAKA | 1u << V_NID | 1u << MENU_VAR_TODAY);
}

/* A name whose text has a placeholder could name itself: it shows nothing. */
static void test_name_of_name(void **state)
{
    (void)state;
    fixture_name(&f, &fixture_wda, "{allowance|name}!", "x");
    f.values[V_ALLOWANCE] = "WDA";
    check_print("[{allowance|name}]", EN, "[]");
}

/* Out of room at any point: what is there is a prefix, and full says so. */
static void test_full(void **state)
{
    const struct template *t = fixture_template(&f, "{pay.taka|money|digits} {case.no|spell} {allowance|name} "
                                                    "{note|mask} {pay.sent|date} {nid|last4}", "");
    struct buf all;

    (void)state;
    f.scope.lang = BN;
    f.values[V_TAKA] = "99999";
    f.values[V_CASE] = "8123056783";
    f.values[V_ALLOWANCE] = "WDA";
    f.values[V_NOTE] = "রহিমা খাতুন";
    f.values[V_SENT] = "2026-10-12";
    f.values[V_NID] = "1234567890";
    buf_init(&all, 1000);
    template_print(t, &f.scope, &all);
    assert_false(all.full);
    for (size_t max = 0; max < all.len; max++) {
        struct buf b;

        buf_init(&b, max);
        template_print(t, &f.scope, &b);
        assert_true(b.full);
        assert_true(b.len <= max);
        assert_null(strstr(buf_str(&b), "1234567890"));
        buf_fini(&b);
    }
    buf_fini(&all);
}

static void test_no_room(void **state)
{
    static const char s[] = "text {pay.taka|money} and {{ more {nid|last4}";
    struct expr_error err;

    (void)state;
    for (size_t max = 0; max < 2048; max += 16) {
        struct arena *a = arena_new(max);
        const struct template *t = template_parse(a, &f.names, s, sizeof s - 1, "", &err);

        if (t == NULL)
            assert_string_equal(err.text, "no room left for this text: the menus are too large");
        else
            assert_true(max > 200);
        arena_free(a);
    }
}

static void test_filter_table(void **state)
{
    int count = 0;
    const struct filter *table = filter_table(&count);

    (void)state;
    assert_int_equal(count, 11);
    for (int i = 0; i < count; i++) {
        assert_true(strlen(table[i].name) > 0);
        assert_true(strlen(table[i].help) > 0);
    }
}

static void test_source(void **state)
{
    static const char *const rows[] = {
        "", "Plain", "{{no}", "Tk {pay.taka|money} on {pay.sent|day}", "{note|cut(5)|upper}", "{today}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct expr_error err;
        const struct template *t = template_parse(f.arena, &f.names, rows[i], strlen(rows[i]), "", &err);
        struct buf out;

        assert_non_null(t);
        buf_init(&out, 1000);
        template_source(t, f.names.menu, &out);
        assert_string_equal(buf_str(&out), rows[i]);
        buf_fini(&out);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_literals),     TEST(test_values), TEST(test_filters), TEST(test_errors),      TEST(test_reads),
        TEST(test_name_of_name), TEST(test_full),   TEST(test_no_room), TEST(test_filter_table),
        TEST(test_source),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
