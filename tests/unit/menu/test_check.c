/* menu/check, and the tables of issues, keys and names it speaks with. */
#include "menu/filter.h"
#include "menu/folder.h"
#include "menu/keys.h"
#include "menu/names.h"
#include "menu_fixture.h"

#define TEST_LONG \
    "A text that is long enough to need a second page however the options behind it are shown to those who have read" \
    " so far and want to choose one of them now"

static void test_numbers(void **state)
{
    static const struct fixture_case rows[] = {
        { "screens: {main: {text: M, options: {0: {text: A, goto: e}}}, e: {text: E}}\n",
          "1:37 E306 option 0 collides with the key for 'back'\n" },
        { "screens: {main: {text: M, options: {9: {text: A, goto: e}}}, e: {text: E, end: yes}}\n", "" },
        { "screens: {main: {text: " TEST_LONG ", options: {9: {text: A, goto: e}}}, e: {text: E, end: yes}}\n",
          "1:189 E306 option 9 collides with the key for 'more': in en the screen can need a second page on the usual link\n" },
        { "screens: {main: {text: M, options: {10: {text: A, goto: main}, 90: {text: B, goto: e}}}, e: {text: E}}\n", "" },
    };

    (void)state;
    FIXTURE_CASES(HEAD, rows);
}

static void test_warnings(void **state)
{
    static const struct fixture_case rows[] = {
        { "screens:\n  main: {text: M}\n  a: {goto: b}\n  b: {text: B}\n",
          "3:3 E220 no way leads to screen 'a': name it in a 'goto', or take it out\n"
          "4:3 E220 no way leads to screen 'b': name it in a 'goto', or take it out\n" },
        { "screens:\n  main: {goto: [{when: citizen.known, to: b}, {to: c}]}\n  b: {text: B}\n  c: {text: C}\n", "" },
        { "screens:\n  main: {query: q, into: p, none: b, fail: c, goto: d}\n  b: {text: B}\n  c: {text: C}\n"
          "  d: {text: D, list: {query: l, into: r, option: '{r.a}', goto: e, empty: f, fail: g}}\n"
          "  e: {text: E}\n  f: {text: F}\n  g: {text: G}\n"
          "records: {r: {a: whole}}\n"
          "queries: {q: {sql: SELECT 1, returns: r}, l: {sql: SELECT 1, returns: list of r}}\n", "" },
        { "first: a\nscreens:\n  main: {text: M}\n  a: {text: A}\n", "" },
        { "screens: {main: {text: M}}\nrecords: {r: {a: whole}}\nqueries: {q: {sql: SELECT 1, returns: r}}\n"
          "services: {s: {number: 1, title: S, fields: {a: whole}, notify: {submitted: m}}}\n"
          "sms: {m: {class: otp, text: M}, n: {class: otp, text: N}}\n",
          "3:11 W502 no screen asks query 'q'\n4:12 W502 no screen submits service 's'\n"
          "5:33 W502 nothing sends template 'n'\n" },
        { "screens: {main: {set: {a: 1, b: a}, goto: x}, x: {text: X, input: {into: c, type: whole}, goto: e},\n"
          "  e: {text: E}}\n",
          "1:30 W503 nothing reads 'b'\n1:74 W503 nothing reads 'c'\n" },
        /* no warnings while there are errors: they may be their consequence */
        { "screens:\n  main: {goto: aa}\n  a: {text: A}\n  b: {text: B}\n",
          "2:16 E201 goto 'aa': no such screen; did you mean 'a'?\n" },
    };

    (void)state;
    FIXTURE_CASES(HEAD, rows);
}

static void test_sms(void **state)
{
    static const struct fixture_case rows[] = {
        { "sms: {m: {class: otp, text: {bn: 'apnar code {citizen.msisdn}', en: Your code}}}\n"
          "screens: {main: {sms: m, goto: e}, e: {text: E}}\n",
          "1:34 E404 'bn' of template 'm' is in Latin letters\n" },
        { "sms: {m: {class: otp, text: '*333#: {citizen.msisdn}'}}\nscreens: {main: {sms: m, goto: e}, e: {text: E}}\n", "" },
        { "sms: {m: {class: otp, text: {bn: \"SMS \xe0\xa6\x95\", en: A}}}\nscreens: {main: {sms: m, goto: e}, e: {text: E}}\n",
          "" },
        { "sms: {m: {class: otp, text: {bn: \"\xe0\xa6\x95\", en: A, bn-Latn: K}}}\nscreens: {main: {sms: m, goto: e}, "
          "e: {text: E}}\n",
          "1:46 E403 'bn-Latn' is for screens only; its readers get SMS in 'bn'\n" },
    };

    (void)state;
    FIXTURE_CASES(HEAD_BN, rows);
}

static void test_months(void **state)
{
    struct fixture_menu f;
    struct buf head;

    (void)state;
    buf_init(&head, 1 << 16);
    buf_adds(&head, HEAD);
    strstr(head.data, "months: a b")[9] = '_';
    fixture_load(&f, buf_str(&head), "screens: {main: {text: M}}\n");
    assert_null(f.menu);
    assert_int_equal(f.issues.count, 1);
    assert_string_equal(f.issues.list[0].code, "E405");
    assert_string_equal(f.issues.list[0].text, "'months' in en: 11 words; there must be 12");
    fixture_free(&f);
    buf_fini(&head);
}

/* --- the tables ------------------------------------------------------------------------- */

static void test_codes_are_explained(void **state)
{
    (void)state;
    for (int i = 0; i < ISSUE_COUNT; i++) {
        const char *code = issue_name((enum issue_code)i);

        assert_true(strlen(code) == 4 && strchr("EW", code[0]) != NULL);
        assert_true(strlen(issue_meaning((enum issue_code)i)) > 20);
        assert_int_equal(issue_find(code), i);
        if (issue_example((enum issue_code)i)->wrong == NULL || issue_example((enum issue_code)i)->right == NULL)
            fail_msg("%s has no mistake and cure in daemon/menu/issue_examples.c", code);
        for (int k = 0; k < i; k++)
            assert_string_not_equal(code, issue_name((enum issue_code)k));
    }
    assert_int_equal(issue_find("e201"), ISSUE_NO_SCREEN);
    assert_int_equal(issue_find("E999"), ISSUE_COUNT);
    assert_int_equal(issue_find(""), ISSUE_COUNT);
}

/* A long name from a file does not make a long line, nor half a character. */
static void test_long_texts(void **state)
{
    struct menu_issues issues;
    struct buf text;

    (void)state;
    buf_init(&text, 1 << 16);
    for (int i = 0; i < 1000; i++)
        buf_adds(&text, "\xe0\xa6\x95");
    issues_init(&issues);
    issue_add(&issues, ISSUE_VALUE, (struct menu_pos){ "f", 1, 1 }, "x%s", buf_str(&text));
    issue_add(&issues, ISSUE_VALUE, (struct menu_pos){ "f", 1, 1 }, "a\nb\x7f");
    assert_true(strlen(issues.list[0].text) < 512);
    assert_string_equal(issues.list[0].text + strlen(issues.list[0].text) - 6, "\xe0\xa6\x95...");
    assert_string_equal(issues.list[1].text, "a?b?");
    menu_issues_free(&issues);
    buf_fini(&text);
}

static void test_sorted(void **state)
{
    static const struct menu_pos places[] = {
        { "b", 1, 1 }, { "a", 2, 1 }, { "a", 1, 9 }, { "a", 10, 1 }, { "a", 1, 2 }
    };
    static const char *const want[] = { "2", "9", "1", "1", "1" };
    struct menu_issues issues;

    (void)state;
    issues_init(&issues);
    for (size_t i = 0; i < 5; i++) {
        issue_add(&issues, ISSUE_VALUE, places[i], "%d", places[i].column);
        issue_add(&issues, ISSUE_VALUE, places[i], "%d", places[i].column);
    }
    issues_sort(&issues);
    assert_int_equal(issues.count, 5);
    assert_int_equal(issues.errors, 5);
    for (int i = 0; i < 5; i++)
        assert_string_equal(issues.list[i].text, want[i]);
    assert_int_equal(issues.list[2].pos.line, 2);
    assert_int_equal(issues.list[3].pos.line, 10);
    assert_string_equal(issues.list[4].pos.file, "b");
    menu_issues_free(&issues);
}

static void test_key_tables(void **state)
{
    (void)state;
    for (enum keys_map map = KEYS_FILE; map < KEYS_MAPS; map++) {
        const struct keys_row *rows = keys_table(map);
        int count = 0;

        assert_true(strlen(keys_title(map)) > 0);
        for (; rows[count].name != NULL; count++) {
            assert_true(rows[count].value < KEYS_VALUES);
            assert_true((rows[count].value == KEYS_CHOICE || rows[count].value == KEYS_SOME ||
                         rows[count].value == KEYS_CHOICE_OR_MAP) == (rows[count].words != NULL));
            assert_true(map == KEYS_WORDS || strlen(rows[count].help) > 5);
            assert_true(rows[count].min <= rows[count].max);
            assert_true(keys_has(map, rows[count].name));
        }
        assert_true(count > 0 && count <= KEYS_MOST);
    }
    assert_false(keys_has(KEYS_SCREEN, "colour"));
}

/* menus(5) names every key, word, filter and code. */
static void test_manual(void **state)
{
    struct buf page;
    char line[4096];
    int filters;
    const struct filter *filter = filter_table(&filters);
    FILE *f = fopen("menus/menus.5", "r");

    (void)state;
    if (f == NULL)
        fail_msg("menus/menus.5: run the tests from the top of the tree");
    buf_init(&page, 1 << 20);
    while (fgets(line, sizeof line, f) != NULL)
        buf_adds(&page, line);
    (void)fclose(f);
    for (enum keys_map map = KEYS_FILE; map < KEYS_MAPS; map++) {
        for (const struct keys_row *row = keys_table(map); row->name != NULL; row++) {
            char key[64];

            (void)snprintf(key, sizeof key, "\n.B %s\n", row->name);
            if (strstr(buf_str(&page), key) == NULL)
                fail_msg("menus.5 says nothing of the key '%s' of %s", row->name, keys_title(map));
        }
    }
    for (int i = 0; i < filters; i++) {
        if (strstr(buf_str(&page), filter[i].name) == NULL)
            fail_msg("menus.5 says nothing of the filter '%s'", filter[i].name);
    }
    buf_fini(&page);
}

static void test_nearest(void **state)
{
    static const struct {
        const char *wrong, *want;
    } rows[] = {
        { "paidd", "paid" }, { "piad", "paid" }, { "pai", "paid" }, { "PAID", "paid" }, { "complain", "complaint" },
        { "allowance.starrt", "allowance.start" }, { "help_f2", "help_f2x" }, { "quite_other", NULL }, { "x", NULL },
        { "", NULL }, { "zzzz", NULL },
    };
    static const char *const names[] = {
        "paid", "complaint", "allowance.start", "help_f1", "help_f2x", "help_f3", "y"
    };
    struct arena *a = arena_new(1 << 20);
    struct names *t = names_new(a);

    (void)state;
    assert_null(names_nearest(t, "paid", 4));
    assert_int_equal(names_find(t, "paid", 4), MENU_NONE);
    for (int i = 0; i < 7; i++)
        assert_int_equal(names_add(t, names[i], i), MENU_NONE);
    assert_int_equal(names_add(t, "paid", 99), 0);
    assert_int_equal(names_find(t, "help_f3zzz", 7), 5);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *got = names_nearest(t, rows[i].wrong, strlen(rows[i].wrong));

        if (rows[i].want == NULL)
            assert_null(got);
        else
            assert_string_equal(got, rows[i].want);
    }
    arena_free(a);
}

static void test_many_names(void **state)
{
    struct arena *a = arena_new(1 << 24);
    struct names *t = names_new(a);
    char name[32];

    (void)state;
    for (int i = 0; i < 20000; i++) {
        (void)snprintf(name, sizeof name, "screen_%d", i);
        assert_int_equal(names_add(t, arena_strdup(a, name), i), MENU_NONE);
    }
    assert_int_equal(names_count(t), 20000);
    for (int i = 0; i < 20000; i++) {
        (void)snprintf(name, sizeof name, "screen_%d", i);
        assert_int_equal(names_find(t, name, strlen(name)), i);
    }
    arena_free(a);
}

/* What folder_add() writes, folder_next() reads; what it did not write, it refuses. */
static void test_sources(void **state)
{
    static const char *const bad[] = { "a", "a\0", "a\0x\0", "a\0" "5\0abc", "a\0" "99999999999999999999\0x" };
    static const size_t sizes[] = { 1, 2, 4, 7, 24 };
    struct folder_file file;
    struct buf b;
    const char *at;
    size_t left;

    (void)state;
    buf_init(&b, 4096);
    folder_add(&b, "a.yaml", "x: \0", 4);
    folder_add(&b, "b/c.yml", "", 0);
    at = b.data;
    left = b.len;
    assert_true(folder_next(&at, &left, &file));
    assert_string_equal(file.path, "a.yaml");
    assert_int_equal(file.len, 4);
    assert_true(folder_next(&at, &left, &file));
    assert_string_equal(file.path, "b/c.yml");
    assert_int_equal(file.len, 0);
    assert_int_equal(left, 0);
    assert_false(folder_next(&at, &left, &file));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        at = bad[i];
        left = sizes[i];
        assert_false(folder_next(&at, &left, &file));
    }
    buf_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),  cmocka_unit_test(test_warnings), cmocka_unit_test(test_sms),
        cmocka_unit_test(test_months),   cmocka_unit_test(test_codes_are_explained),
        cmocka_unit_test(test_long_texts), cmocka_unit_test(test_sorted), cmocka_unit_test(test_key_tables),
        cmocka_unit_test(test_manual),   cmocka_unit_test(test_nearest),  cmocka_unit_test(test_many_names),
        cmocka_unit_test(test_sources),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
