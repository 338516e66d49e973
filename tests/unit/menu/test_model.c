/* menu/model and value: names, codes, and what an answer or a cell becomes. */
#include "base/damm.h"
#include "menu_fixture.h"

#define TODAY 20740                     /* 2026-10-14 */

/* One type of each form, in the fields of a record. */
static const char types_menu[] =
    HEAD "types:\n"
         "  nid4: {pattern: '[0-9]{4}', width: 4}\n"
         "  nid: {pattern: '[0-9]{10}|[0-9]{13}|[0-9]{17}', width: 17}\n"
         "  plate: {pattern: '[A-Z]{2}-[0-9]+', width: 12}\n"
         "  slow: {pattern: 'a*a*a*a*a*a*a*a*b', width: 160}\n"
         "  deep: {pattern: '(?:[ab]*c)*[ab]*(d)', width: 1000}\n"
         "  bangla: {pattern: '[\\x{980}-\\x{9ff}]{3}', width: 3}\n"
         "  taka: {whole: 1..99999}\n"
         "  cold: {whole: -40..50}\n"
         "  dob: {date: DDMMYYYY, past: true}\n"
         "  when: {date: DDMMYYYY, future: true}\n"
         "  allowance: {choice: {OAA: Old, WDA: Widow}}\n"
         "records:\n"
         "  r: {nid4: nid4, nid: nid, plate: plate, slow: slow, deep: deep, bangla: bangla, taka: taka, cold: cold,\n"
         "      dob: dob, when: when, date: date, allowance: allowance, text: text(5), word: word(5), msisdn: msisdn,\n"
         "      yesno: yesno, case_no: case_no, pin: pin(4), whole: whole}\n"
         "queries: {q: {sql: SELECT 1, returns: r}}\n"
         "screens: {main: {query: q, into: v, goto: end}, end: {text: End}}\n";

static struct menu *menu;

static int setup(void **state)
{
    struct menu_issues issues;

    (void)state;
    menu = menu_load_text(types_menu, strlen(types_menu), &issues);
    if (menu == NULL)
        fail_msg("%d: %s", issues.list[0].pos.line, issues.list[0].text);
    menu_issues_free(&issues);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    menu_free(menu);
    return 0;
}

static const struct menu_type *type(const char *name)
{
    const struct menu_record *r = &menu->records[0];

    for (int i = 0; i < r->field_count; i++) {
        if (strcmp(r->fields[i].name, name) == 0)
            return r->fields[i].type;
    }
    fail_msg("no type %s", name);
    return NULL;
}

struct row {
    const char *type, *in, *want;       /* want NULL: refused */
};

static void test_accept(void **state)
{
    static const struct row rows[] = {
        { "nid4", "4821", "4821" }, { "nid4", "48 21", "4821" }, { "nid4", "4-8-2-1", "4821" }, { "nid4", "482", NULL },
        { "nid4", "48210", NULL }, { "nid4", "482a", NULL }, { "nid4", "", NULL }, { "nid4", "x4821", NULL },
        { "nid", "1234567890", "1234567890" }, { "nid", "12345678901", NULL },
        { "nid", "123 456 7890 123", "1234567890123" },
        { "plate", "DH-12", "DH-12" }, { "plate", "DH-1234567890", NULL }, { "plate", "DH 12", NULL },
        { "slow", "aaab", "aaab" },
        { "bangla", "\xe0\xa6\x95\xe0\xa6\x96\xe0\xa6\x97", "\xe0\xa6\x95\xe0\xa6\x96\xe0\xa6\x97" },
        { "bangla", "\xe0\xa6\x95\xe0\xa6\x96", NULL },
        { "taka", "1950", "1950" }, { "taka", "0", NULL }, { "taka", "99999", "99999" }, { "taka", "100000", NULL },
        { "taka", "007", "7" }, { "taka", "1,950", "1950" }, { "taka", "10,00", NULL }, { "taka", ",950", NULL },
        { "taka", "1,3", NULL }, { "taka", "+5", "5" }, { "taka", "-5", NULL }, { "taka", "1.5", NULL },
        { "taka", "", NULL },
        { "taka", "99999999999999999999999999", NULL }, { "taka", "12 ", NULL }, { "taka", "1 2", NULL },
        { "whole", "1,00,000", "100000" }, { "whole", "1,000,000", "1000000" }, { "whole", "1,,000", NULL },
        { "cold", "-40", "-40" }, { "cold", "-41", NULL }, { "cold", "-0", "0" }, { "cold", "--1", NULL },
        { "dob", "05031958", "1958-03-05" }, { "dob", "5-3-1958", "1958-03-05" }, { "dob", "05/03/1958", "1958-03-05" },
        { "dob", "5.3.1958", "1958-03-05" }, { "dob", "5 3 1958", "1958-03-05" }, { "dob", "5-3.1958", NULL },
        { "dob", "29021958", NULL }, { "dob", "29021960", "1960-02-29" }, { "dob", "31041958", NULL },
        { "dob", "00011958", NULL },
        { "dob", "01131958", NULL }, { "dob", "19580305", NULL }, { "dob", "1958-03-05", NULL },
        { "dob", "5031958", NULL },
        { "dob", "14102026", "2026-10-14" }, { "dob", "15102026", NULL }, { "when", "14102026", "2026-10-14" },
        { "when", "13102026", NULL }, { "date", "01012099", "2099-01-01" }, { "date", "5-3-58", NULL },
        { "date", "a-b-cdef", NULL },
        { "allowance", "OAA", "OAA" }, { "allowance", "wda", "WDA" }, { "allowance", "DIS", NULL },
        { "allowance", "", NULL },
        { "text", "a b", "a b" }, { "text", "\xe0\xa6\x95\xe0\xa6\x96\xe0\xa6\x97\xe0\xa6\x98\xe0\xa6\x99",
                                    "\xe0\xa6\x95\xe0\xa6\x96\xe0\xa6\x97\xe0\xa6\x98\xe0\xa6\x99" },
        { "text", "abcdef", NULL }, { "text", "", NULL }, { "word", "abcde", "abcde" }, { "word", "a b", NULL },
        { "word", "a\nb", NULL },
        { "msisdn", "01712345678", "8801712345678" }, { "msisdn", "+880 1712-345678", "8801712345678" },
        { "msisdn", "8801712345678", "8801712345678" }, { "msisdn", "008801712345678", "8801712345678" },
        { "msisdn", "(017) 12.345.678", "8801712345678" }, { "msisdn", "01212345678", NULL },
        { "msisdn", "0171234567", NULL },
        { "msisdn", "017123456789", NULL }, { "msisdn", "1712345678", NULL }, { "msisdn", "01712a45678", NULL },
        { "msisdn", "", NULL },
        { "yesno", "1", "yes" }, { "yesno", "2", "no" }, { "yesno", "Yes", "yes" }, { "yesno", "NA", "no" },
        { "yesno", "3", NULL },
        { "yesno", "\xe0\xa6\xb9\xe0\xa7\x8d\xe0\xa6\xaf\xe0\xa6\xbe\xe0\xa6\x81", "yes" },
        { "yesno", "\xe0\xa6\xa8\xe0\xa6\xbe", "no" }, { "yesno", "", NULL },
        { "pin", "1234", "1234" }, { "pin", "123", NULL }, { "pin", "12345", NULL }, { "pin", "12a4", NULL },
        { "pin", "12 34", NULL },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buf out;
        bool fits;

        buf_init(&out, 4096);
        buf_adds(&out, "was:");
        fits = menu_type_accept(type(rows[i].type), rows[i].in, strlen(rows[i].in), TODAY, &out);
        if (fits != (rows[i].want != NULL))
            fail_msg("%s '%s': %s", rows[i].type, rows[i].in, fits ? "accepted" : "refused");
        assert_string_equal(buf_str(&out) + 4, fits ? rows[i].want : "");
        buf_fini(&out);
    }
}

static void test_import(void **state)
{
    static const struct row rows[] = {
        { "taka", "1950", "1950" }, { "taka", "1,950", NULL }, { "taka", "1950.00", NULL }, { "taka", "0", NULL },
        { "taka", "", NULL },
        { "cold", "-7", "-7" }, { "date", "2026-10-12", "2026-10-12" },
        { "date", "2026-10-12 08:00:00+06", "2026-10-12" },
        { "date", "2026-02-30", NULL }, { "date", "12102026", NULL }, { "date", "2026-10-12x", NULL },
        { "date", "", NULL },
        { "dob", "2099-01-01", "2099-01-01" }, { "yesno", "t", "yes" }, { "yesno", "f", "no" },
        { "yesno", "true", "yes" },
        { "yesno", "no", "no" }, { "yesno", "1", NULL }, { "text", "", "" }, { "word", "", "" },
        { "word", "paid", "paid" },
        { "word", "a b", NULL }, { "text", "abcdef", NULL }, { "allowance", "WDA", "WDA" },
        { "allowance", "XXX", NULL },
        { "msisdn", "8801712345678", "8801712345678" }, { "msisdn", "01712345678", "8801712345678" },
        { "msisdn", "1", NULL },
        { "nid4", "4821", "4821" }, { "nid4", "x", NULL }, { "pin", "1234", NULL },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buf out;
        bool fits;

        buf_init(&out, 4096);
        fits = menu_type_import(type(rows[i].type), rows[i].in, &out);
        if (fits != (rows[i].want != NULL))
            fail_msg("%s '%s': %s", rows[i].type, rows[i].in, fits ? "taken" : "refused");
        assert_string_equal(buf_str(&out), fits ? rows[i].want : "");
        buf_fini(&out);
    }
}

static void test_case_numbers(void **state)
{
    char number[11] = "812305678";
    struct buf out;

    (void)state;
    number[9] = damm_digit(number, 9);
    buf_init(&out, 64);
    assert_true(menu_type_accept(type("case_no"), number, 10, TODAY, &out));
    assert_string_equal(buf_str(&out), number);
    buf_clear(&out);
    assert_true(menu_type_accept(type("case_no"), "8123 0567-83", 12, TODAY, &out) == (number[9] == '3'));
    for (int i = 0; i < 10; i++) {
        char wrong[11];

        memcpy(wrong, number, sizeof wrong);
        wrong[i] = wrong[i] == '9' ? '0' : (char)(wrong[i] + 1);
        assert_false(menu_type_accept(type("case_no"), wrong, 10, TODAY, &out));
    }
    assert_false(menu_type_accept(type("case_no"), number, 9, TODAY, &out));
    buf_fini(&out);
}

/* Patterns that one could go back over for long: they do not fit, and soon. */
static void test_match_is_bounded(void **state)
{
    char many[1001];
    struct buf out;

    (void)state;
    memset(many, 'a', sizeof many);
    buf_init(&out, 4096);
    assert_false(menu_type_accept(type("slow"), many, 160, TODAY, &out));
    assert_false(menu_type_accept(type("deep"), many, 1000, TODAY, &out));
    assert_int_equal(out.len, 0);
    buf_fini(&out);
}

static void test_codes(void **state)
{
    static const struct {
        const char *dialled, *code, *rest;      /* code NULL: not ours */
    } rows[] = {
        { "*333#", "*333#", "" }, { "333", "*333#", "" }, { "*333", "*333#", "" }, { "333#", "*333#", "" },
        { "*333*1*1#", "*333#", "1*1" }, { "*333*4821", "*333#", "4821" }, { "*333*#", "*333#", "" },
        { "*3331#", NULL, NULL },
        { "*33#", NULL, NULL }, { "*16333*1#", "*16333*1#", "" }, { "*16333*1*5#", "*16333*1#", "5" },
        { "*16333*2#", NULL, NULL },
        { "*16333#", NULL, NULL }, { "", NULL, NULL }, { "*", NULL, NULL }, { "#", NULL, NULL }, { "*#", NULL, NULL },
        { "*333**1#", "*333#", "*1" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *code = NULL, *rest = NULL;
        size_t len = 0;
        bool ours = menu_code_match(menu, rows[i].dialled, strlen(rows[i].dialled), &code, &rest, &len);

        if (ours != (rows[i].code != NULL))
            fail_msg("'%s': %s", rows[i].dialled, ours ? "ours" : "not ours");
        if (!ours)
            continue;
        assert_string_equal(code, rows[i].code);
        assert_int_equal(len, strlen(rows[i].rest));
        assert_memory_equal(rest, rows[i].rest, len);
    }
}

/* The longest code wins, in whatever order they stand. */
static void test_longest_code(void **state)
{
    struct menu_issues issues;
    struct buf text;
    struct menu *m;
    const char *code, *rest;
    size_t len;

    (void)state;
    buf_init(&text, 1 << 16);
    buf_adds(&text, HEAD "screens: {main: {text: M}}\n");
    memcpy(strstr(text.data, "'*16333*1#'"), "'*333*22#' ", 11);
    m = menu_load_text(text.data, text.len, &issues);
    assert_non_null(m);
    assert_true(menu_code_match(m, "*333*22*7#", 10, &code, &rest, &len));
    assert_string_equal(code, "*333*22#");
    assert_int_equal(len, 1);
    assert_true(menu_code_match(m, "*333*2#", 7, &code, &rest, &len));
    assert_string_equal(code, "*333#");
    menu_free(m);
    menu_issues_free(&issues);
    buf_fini(&text);
}

static void test_names(void **state)
{
    (void)state;
    assert_int_equal(menu_screen_find(menu, "main"), 0);
    assert_int_equal(menu_screen_find(menu, "mai"), MENU_NONE);
    assert_int_equal(menu_screen_find(menu, ""), MENU_NONE);
    assert_int_equal(menu_var_find(menu, "citizen.msisdn", 14), MENU_VAR_MSISDN);
    assert_int_equal(menu_var_find(menu, "today", 5), MENU_VAR_TODAY);
    assert_int_equal(menu_var_find(menu, "todays", 5), MENU_VAR_TODAY);
    assert_int_equal(menu_var_find(menu, "v.nid4", 6), MENU_BUILTINS);
    assert_int_equal(menu_var_find(menu, "v.nid", 4), MENU_NONE);
    assert_int_equal(menu_lang_find(menu, "en"), 0);
    assert_int_equal(menu_lang_find(menu, "bn"), MENU_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accept),           cmocka_unit_test(test_import), cmocka_unit_test(test_case_numbers),
        cmocka_unit_test(test_match_is_bounded), cmocka_unit_test(test_codes),  cmocka_unit_test(test_longest_code),
        cmocka_unit_test(test_names),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
