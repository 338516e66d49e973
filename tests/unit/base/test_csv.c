/* csv: rows and their lines, what is wrong and where, nothing that overruns. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/csv.h"

/* "3:a|b c" for a row on line 3, "4!reason" for a bad one, ';' between. */
static void csv_all(const char *text, size_t n, char *out, size_t size)
{
    char *copy = malloc(n + 1);         /* to its end and not an octet further */
    struct csv c;
    enum csv_read got;
    size_t len = 0;

    assert_non_null(copy);
    memcpy(copy, text, n);
    csv_init(&c, copy, n);
    out[0] = '\0';
    while ((got = csv_next(&c)) != CSV_END && len < size) {
        if (got == CSV_BAD)
            len += (size_t)snprintf(out + len, size - len, "%s%d!%s", len > 0 ? ";" : "", c.line, c.reason);
        else
            len += (size_t)snprintf(out + len, size - len, "%s%d:", len > 0 ? ";" : "", c.line);
        for (int i = 0; i < c.count && len < size; i++)
            len += (size_t)snprintf(out + len, size - len, "%s%s", i > 0 ? "|" : "", c.fields[i]);
    }
    csv_fini(&c);
    free(copy);
}

static void test_rows(void **state)
{
    static const struct {
        const char *text, *want;
    } rows[] = {
        { "", "" },
        { "\n \n\r\n", "" },
        { "a", "1:a" },
        { "a,b\n", "1:a|b" },
        { "a,b\r\nc,d\r\n", "1:a|b;2:c|d" },
        { "a,b\rc,d", "1:a|b;2:c|d" },
        { "\xef\xbb\xbf" "day,name\n2026-02-21,Shaheed Day\n", "1:day|name;2:2026-02-21|Shaheed Day" },
        { ",\n,,", "1:|;2:||" },
        { " a , b c \n", "1:a|b c" },
        { "\"a, \"\"b\"\"\",\" c \" \n", "1:a, \"b\"| c " },
        { "\"two\nlines\",x\ny\n", "1:two\nlines|x;3:y" },
        { "\n\nx\n\ny", "3:x;5:y" },
        { "ঈদ,ছুটি\n", "1:ঈদ|ছুটি" },
        { "a\"b,c\nd\n", "1!a quote inside a field: put the whole field in quotes, and write \"\" for this one;2:d" },
        { "\"a\"b\nc\n", "1!something stands behind a closing quote: write \"\" for a quote inside;2:c" },
        { "x\n\"a\nb", "1:x;2!a quote is opened and not closed" },
        { "a\xff" "b\nc", "1!not UTF-8: save the file as UTF-8;2:c" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char got[512];

        csv_all(rows[i].text, strlen(rows[i].text), got, sizeof got);
        assert_string_equal(got, rows[i].want);
    }
}

static void test_bounds(void **state)
{
    char got[2 * CSV_ROW_MAX];
    static char text[CSV_ROW_MAX + 64];

    (void)state;
    csv_all("a\0b\nc", 5, got, sizeof got);
    assert_string_equal(got, "1!an octet of value 0;2:c");
    memset(text, 'a', sizeof text);
    memcpy(text + sizeof text - 3, "\nb", 3);
    csv_all(text, sizeof text - 1, got, sizeof got);
    assert_string_equal(got, "1!the row is too long;2:b");
    memset(text, ',', CSV_FIELDS_MAX);
    memcpy(text + CSV_FIELDS_MAX, "\nb", 3);
    csv_all(text, CSV_FIELDS_MAX + 2, got, sizeof got);
    assert_string_equal(got, "1!too many fields;2:b");
}

static void test_columns(void **state)
{
    static const char text[] = "\xef\xbb\xbf" "a, b,\"c\nd\",e\n\n ,f";
    struct csv c;

    (void)state;
    csv_init(&c, text, sizeof text - 1);
    assert_int_equal(csv_next(&c), CSV_ROW);
    assert_int_equal(c.count, 4);
    assert_int_equal(c.columns[0], 1);
    assert_int_equal(c.columns[1], 4);
    assert_int_equal(c.columns[2], 6);
    assert_int_equal(c.columns[3], 4);
    assert_int_equal(csv_next(&c), CSV_ROW);
    assert_int_equal(c.line, 4);
    assert_int_equal(c.columns[1], 3);
    csv_fini(&c);
}

/* Whatever comes: it ends, and no line is told twice. */
static void test_noise(void **state)
{
    static const char letters[] = "a,\"\n\r \xef\xff";
    uint32_t seed = 4;

    (void)state;
    for (int round = 0; round < 20000; round++) {
        char text[24];
        char *copy;
        size_t n;
        struct csv c;
        int line = 0;

        seed = seed * 1664525u + 1013904223u;
        n = seed >> 27 < sizeof text ? seed >> 27 : sizeof text;
        for (size_t i = 0; i < n; i++) {
            seed = seed * 1664525u + 1013904223u;
            text[i] = letters[(seed >> 24) % (sizeof letters - 1)];
        }
        copy = malloc(n + 1);
        assert_non_null(copy);
        memcpy(copy, text, n);
        csv_init(&c, copy, n);
        while (csv_next(&c) != CSV_END) {
            assert_true(c.line > line);
            line = c.line;
        }
        csv_fini(&c);
        free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_columns),
        cmocka_unit_test(test_noise),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
