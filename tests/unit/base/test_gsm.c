/* gsm: tables of {input, want}, and what holds for every input. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/gsm.h"

/* 3GPP TS 23.038 6.2.1, row by row as printed there, without the escape. */
static const char default_alphabet[] =
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà";
static const char extension[] = "\f^{}\\[~]|€";

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

static struct buf call(void (*fn)(struct buf *, const char *, size_t), const char *s, size_t n)
{
    struct buf b;

    buf_init(&b, 1 << 20);
    fn(&b, s, n);
    assert_false(b.full);
    return b;
}

static void check_call(void (*fn)(struct buf *, const char *, size_t), const char *in, const char *want)
{
    struct buf b = call(fn, in, strlen(in));

    assert_string_equal(buf_str(&b), want);
    assert_int_equal(b.len, strlen(want));
    buf_fini(&b);
}

/* Every character of Unicode has the cost that the two tables give it. */
static void test_char_septets(void **state)
{
    static int8_t want[0x110000];
    size_t i = 0;
    uint32_t cp;
    int ones = 0;

    (void)state;
    memset(want, -1, sizeof want);
    while (i < sizeof default_alphabet - 1) {
        i += (size_t)gsm_utf8_next(default_alphabet + i, sizeof default_alphabet - 1 - i, &cp);
        want[cp] = 1;
        ones++;
    }
    assert_int_equal(ones, 127);
    for (i = 0; i < sizeof extension - 1;) {
        i += (size_t)gsm_utf8_next(extension + i, sizeof extension - 1 - i, &cp);
        want[cp] = 2;
    }
    for (cp = 0; cp < 0x110000; cp++) {
        struct buf b;

        if (gsm_char_septets(cp) != want[cp])
            fail_msg("U+%04X: %d septets, not %d", cp, gsm_char_septets(cp), want[cp]);
        if (cp == 0 || (cp >= 0xd800 && cp < 0xe000) || (cp > 0x3000 && cp % 97 != 0))
            continue;
        buf_init(&b, 8);
        gsm_utf8_add(&b, cp);
        assert_int_equal(gsm_cost(b.data, b.len).septets, want[cp]);
        assert_int_equal(gsm_cost(b.data, b.len).units, cp >= 0x10000 ? 2 : 1);
        buf_fini(&b);
    }
}

static void test_gsm_codes(void **state)
{
    struct buf codes;
    struct buf text;

    (void)state;
    buf_init(&codes, 1000);
    buf_init(&text, 1000);
    assert_true(gsm_to_gsm(&codes, default_alphabet, sizeof default_alphabet - 1));
    assert_int_equal(codes.len, 127);
    for (size_t i = 0; i < codes.len; i++)
        assert_int_equal((uint8_t)codes.data[i], i < 0x1b ? i : i + 1);
    assert_true(gsm_from_gsm(&text, codes.data, codes.len));
    assert_string_equal(buf_str(&text), default_alphabet);

    buf_clear(&codes);
    buf_clear(&text);
    assert_true(gsm_to_gsm(&codes, extension, sizeof extension - 1));
    assert_int_equal(codes.len, 20);
    assert_memory_equal(codes.data,
                        "\x1b\x0a\x1b\x14\x1b\x28\x1b\x29\x1b\x2f\x1b\x3c\x1b\x3d\x1b\x3e\x1b\x40\x1b\x65", 20);
    assert_true(gsm_from_gsm(&text, codes.data, codes.len));
    assert_string_equal(buf_str(&text), extension);

    /* escapes that mean nothing: the character itself, or a space */
    buf_clear(&text);
    assert_true(gsm_from_gsm(&text, "\x1b" "A\x1b\x1b" "B\x1b", 6));
    assert_string_equal(buf_str(&text), "A B ");
    buf_clear(&text);
    assert_false(gsm_from_gsm(&text, "AB\x80", 3));
    assert_int_equal(text.len, 0);
    buf_clear(&codes);
    buf_adds(&codes, "x");
    assert_false(gsm_to_gsm(&codes, "abঅ", 5));
    assert_string_equal(buf_str(&codes), "x");
    buf_fini(&codes);
    buf_fini(&text);
}

static void test_cost(void **state)
{
    static const struct {
        const char *text;
        int septets, units;
    } rows[] = {
        { "", 0, 0 },
        { "333 Govt services", 17, 17 },
        { "a\nb", 3, 3 },
        { "[ ] { } ^ ~ | \\ €", 26, 17 },
        { "a`b", -1, 3 },
        { "it’s", -1, 4 },
        { "৳ 5", -1, 3 },
        { "ভাতা", -1, 4 },
        { "😀", -1, 2 },
        { "é", 1, 1 },
        { "ê", -1, 1 },
        { "Δ€", 3, 2 },
        { "\x7f", -1, 1 },
        { "333 সেবা\n1 ভাতা ও টাকা\n2 জমি\n3 পাসপোর্ট\n4 জন্ম সনদ\n5 স্কুল\n9 আরও 0 শেষ", -1, 70 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gsm_cost c = gsm_cost(rows[i].text, strlen(rows[i].text));

        assert_int_equal(c.septets, rows[i].septets);
        assert_int_equal(c.units, rows[i].units);
        for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
            struct buf both;
            struct gsm_cost sum = gsm_cost_add(c, gsm_cost(rows[k].text, strlen(rows[k].text)));

            buf_init(&both, 10000);
            buf_adds(&both, rows[i].text);
            buf_adds(&both, rows[k].text);
            assert_int_equal(gsm_cost(buf_str(&both), both.len).septets, sum.septets);
            assert_int_equal(gsm_cost(buf_str(&both), both.len).units, sum.units);
            buf_fini(&both);
        }
    }
}

static void test_utf8(void **state)
{
    static const struct {
        const char *bytes;
        size_t n;
        int len;
        uint32_t cp;
    } rows[] = {
        { "", 0, 0, 0 }, { "\0", 1, 1, 0 }, { "a", 1, 1, 'a' }, { "\xc2\x80", 2, 2, 0x80 }, { "\xdf\xbf", 2, 2, 0x7ff },
        { "\xe0\xa0\x80", 3, 3, 0x800 }, { "\xef\xbf\xbf", 3, 3, 0xffff }, { "\xf0\x90\x80\x80", 4, 4, 0x10000 },
        { "\xf4\x8f\xbf\xbf", 4, 4, 0x10ffff },
        { "\x80", 1, -1, 0 }, { "\xbf", 1, -1, 0 }, { "\xc0\x80", 2, -1, 0 }, { "\xc1\xbf", 2, -1, 0 },
        { "\xe0\x9f\xbf", 3, -1, 0 }, { "\xf0\x8f\xbf\xbf", 4, -1, 0 }, { "\xed\xa0\x80", 3, -1, 0 },
        { "\xed\xbf\xbf", 3, -1, 0 }, { "\xf4\x90\x80\x80", 4, -1, 0 }, { "\xf5\x80\x80\x80", 4, -1, 0 },
        { "\xff", 1, -1, 0 }, { "\xe0\xa6", 2, -1, 0 }, { "\xf0\x9f\x98", 3, -1, 0 }, { "\xc2", 1, -1, 0 },
        { "\xe0\xa6" "a", 3, -1, 0 }, { "\xc2\xc2", 2, -1, 0 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint32_t cp = 0;

        assert_int_equal(gsm_utf8_next(rows[i].bytes, rows[i].n, &cp), rows[i].len);
        if (rows[i].len > 0)
            assert_int_equal(cp, rows[i].cp);
        assert_int_equal(gsm_utf8_valid(rows[i].bytes, rows[i].n), rows[i].len >= 0);
    }
    for (uint32_t cp = 1; cp < 0x110000; cp += cp < 0x3000 ? 1 : 61) {
        struct buf b;
        uint32_t back = 0;

        if (cp >= 0xd800 && cp < 0xe000)
            continue;
        buf_init(&b, 8);
        gsm_utf8_add(&b, cp);
        assert_int_equal(gsm_utf8_next(b.data, b.len, &back), (int)b.len);
        assert_int_equal(back, cp);
        buf_fini(&b);
    }
}

static void test_normalise(void **state)
{
    static const char *const rows[][2] = {
        { "plain", "plain" },
        { "\xe0\xa6\xaf\xe0\xa6\xbc", "\xe0\xa7\x9f" },                 /* ya + nukta */
        { "\xe0\xa6\xa1\xe0\xa6\xbc", "\xe0\xa7\x9c" },                 /* dda + nukta */
        { "\xe0\xa6\xa2\xe0\xa6\xbc", "\xe0\xa7\x9d" },                 /* ddha + nukta */
        { "\xe0\xa7\x87\xe0\xa6\xbe", "\xe0\xa7\x8b" },                 /* e + aa */
        { "\xe0\xa7\x87\xe0\xa7\x97", "\xe0\xa7\x8c" },                 /* e + au mark */
        { "\xe0\xa6\x95\xe0\xa6\xbc", "\xe0\xa6\x95\xe0\xa6\xbc" },     /* ka + nukta stays two */
        { "\xe0\xa7\x9f\xe0\xa6\xbc", "\xe0\xa7\x9f\xe0\xa6\xbc" },     /* and one nukta joins once */
        { "\xe0\xa6\xaf", "\xe0\xa6\xaf" },
        { "\xe0\xa6\xaf\xe0\xa6\xaf\xe0\xa6\xbc", "\xe0\xa6\xaf\xe0\xa7\x9f" },
        { "যায়নি ঠিক হয়নি", "যা\xe0\xa7\x9fনি ঠিক হ\xe0\xa7\x9fনি" },
        { "a\r\nb\rc\nd", "a\nb\nc\nd" },
        { "a\tb\x01\x7f\xc2\x85" "c", "a bc" },
        { "x\xff\xe0\xa6z", "x\xef\xbf\xbd\xef\xbf\xbdz" },
        { "\xed\xa0\x80", "\xef\xbf\xbd" },
        { "\x80\x80\x80", "\xef\xbf\xbd" },
    };
    struct buf b = call(gsm_normalise, "a\0b", 3);

    (void)state;
    assert_string_equal(buf_str(&b), "ab");
    buf_fini(&b);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        check_call(gsm_normalise, rows[i][0], rows[i][1]);
        check_call(gsm_normalise, rows[i][1], rows[i][1]);
    }
}

static void test_answer(void **state)
{
    static const char *const rows[][2] = {
        { "4821", "4821" },
        { "৪৮২১", "4821" },
        { "০১২৩৪৫৬৭৮৯", "0123456789" },
        { "  1 \n", "1" },
        { "\xc2\xa0" "1\xe2\x80\x8b", "1" },
        { "\xef\xbb\xbf" "1", "1" },
        { "\xe2\x80\x8b \xe2\x80\x8c" "1 \xe2\x80\x8d ", "1" },
        { "a  b\t\tc\n\nd", "a b c d" },
        { "a\xe2\x80\x8d" "b", "a\xe2\x80\x8d" "b" },
        { " \t ", "" },
        { "", "" },
        { "\xe2\x80\x8b", "" },
        { "VATA  WDA ৪৮২১", "VATA WDA 4821" },
        { "\xe3\x80\x80" "1\xe3\x80\x80" "2", "1 2" },
        { "\x01" "1\x02", "1" },
    };
    struct buf b;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        check_call(gsm_answer, rows[i][0], rows[i][1]);
    buf_init(&b, 100);
    buf_adds(&b, "kept ");
    gsm_answer(&b, "  x ", 4);
    assert_string_equal(buf_str(&b), "kept x");
    gsm_answer(&b, "   ", 3);
    assert_string_equal(buf_str(&b), "kept x");
    buf_fini(&b);
}

static void test_digits(void **state)
{
    (void)state;
    check_call(gsm_bengali_digits, "", "");
    check_call(gsm_bengali_digits, "no", "no");
    check_call(gsm_bengali_digits, "1950 টাকা, 07", "১৯৫০ টাকা, ০৭");
    check_call(gsm_bengali_digits, "0123456789", "০১২৩৪৫৬৭৮৯");
}

static void test_utf16(void **state)
{
    static const struct {
        const char *bytes;
        size_t n;
        const char *text;                   /* NULL: refused */
    } rows[] = {
        { "", 0, "" }, { "\0a", 2, "a" }, { "\x09\x85\0b", 4, "অb" }, { "\xd8\x3d\xde\0", 4, "😀" },
        { "\xdb\xff\xdf\xff", 4, "\xf4\x8f\xbf\xbf" }, { "\0", 1, NULL }, { "\0a\0", 3, NULL }, { "\0\0", 2, NULL },
        { "\xd8\x3d", 2, NULL }, { "\xde\0\0a", 4, NULL }, { "\xd8\x3d\0a", 4, NULL }, { "\xd8\x3d\xde", 3, NULL },
        { "\0a\xd8\x3d\xd8\x3d", 6, NULL },
    };
    struct buf b;
    struct buf back;

    (void)state;
    buf_init(&b, 100);
    buf_init(&back, 100);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        buf_clear(&b);
        buf_adds(&b, "<");
        assert_int_equal(gsm_from_utf16be(&b, rows[i].bytes, rows[i].n), rows[i].text != NULL);
        assert_string_equal(buf_str(&b) + 1, rows[i].text != NULL ? rows[i].text : "");
        if (rows[i].text == NULL)
            continue;
        buf_clear(&back);
        assert_true(gsm_to_utf16be(&back, b.data + 1, b.len - 1));
        assert_int_equal(back.len, rows[i].n);
        if (rows[i].n > 0)
            assert_memory_equal(back.data, rows[i].bytes, rows[i].n);
    }
    buf_clear(&back);
    assert_false(gsm_to_utf16be(&back, "a\xff", 2));
    assert_int_equal(back.len, 0);
    buf_fini(&b);
    buf_fini(&back);
}

static int segments(const char *piece, int times, const char *end)
{
    struct buf b;
    int n;

    buf_init(&b, 100000);
    for (int i = 0; i < times; i++)
        buf_adds(&b, piece);
    buf_adds(&b, end);
    n = gsm_sms_segments(buf_str(&b), b.len);
    buf_fini(&b);
    return n;
}

static void test_segments(void **state)
{
    static const struct {
        const char *piece;
        int times;
        const char *end;
        int want;
    } rows[] = {
        { "", 0, "", 0 }, { "a", 1, "", 1 }, { "a", 160, "", 1 }, { "a", 161, "", 2 }, { "a", 306, "", 2 },
        { "a", 307, "", 3 }, { "{", 80, "", 1 }, { "{", 80, "a", 2 },
        /* 152 and an escape pair: the pair goes to the next part, so 153 * 2 do not fit in two */
        { "a", 152, "{", 1 }, { "a", 304, "{", 2 }, { "{", 153, "", 3 }, { "{", 152, "", 2 },
        { "অ", 70, "", 1 }, { "অ", 71, "", 2 }, { "অ", 134, "", 2 }, { "অ", 135, "", 3 }, { "a", 70, "অ", 2 },
        { "😀", 35, "", 1 }, { "😀", 36, "", 2 }, { "😀", 66, "", 2 }, { "😀", 67, "", 3 },
        { "a", 66, "😀😀😀", 2 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (segments(rows[i].piece, rows[i].times, rows[i].end) != rows[i].want)
            fail_msg("row %zu: %d segments, not %d", i, segments(rows[i].piece, rows[i].times, rows[i].end),
                     rows[i].want);
}

/* Random bytes: the normal form is well formed and stays what it is; answers
 * are normal, without outer blanks; conversions bring back what went in. */
static void test_property(void **state)
{
    static const char *const bits[] = {
        "a", "1", " ", "\n", "\r", "\t", "\xe0\xa6\xaf", "\xe0\xa6\xbc", "\xe0\xa7\x87", "\xe0\xa6\xbe", "\xe0\xa7\x97",
        "\xe0\xa6\xa1", "৪", "\xe2\x80\x8d", "\xef\xbb\xbf", "😀", "€", "{", "\x80", "\xff", "\xe0", "\xc2\x85",
    };
    uint32_t seed = 20261124;

    (void)state;
    for (int round = 0; round < 20000; round++) {
        char in[64];
        size_t n = 0;
        struct buf once;
        struct buf again;
        struct buf answer;
        struct buf wire;
        struct buf back;

        for (uint32_t k = next_random(&seed) % 12; k > 0; k--) {
            const char *bit = bits[next_random(&seed) % (sizeof bits / sizeof bits[0])];

            memcpy(in + n, bit, strlen(bit));
            n += strlen(bit);
        }
        once = call(gsm_normalise, in, n);
        assert_true(gsm_utf8_valid(buf_str(&once), once.len));
        again = call(gsm_normalise, buf_str(&once), once.len);
        assert_string_equal(buf_str(&once), buf_str(&again));
        answer = call(gsm_answer, in, n);
        buf_fini(&again);
        again = call(gsm_answer, buf_str(&answer), answer.len);
        assert_string_equal(buf_str(&answer), buf_str(&again));
        assert_null(strstr(buf_str(&answer), "  "));
        assert_null(strchr(buf_str(&answer), '\n'));
        buf_init(&wire, 1000);
        buf_init(&back, 1000);
        assert_true(gsm_to_utf16be(&wire, buf_str(&once), once.len));
        assert_int_equal(wire.len, 2 * gsm_cost(buf_str(&once), once.len).units);
        assert_true(gsm_from_utf16be(&back, buf_str(&wire), wire.len));
        assert_string_equal(buf_str(&back), buf_str(&once));
        buf_clear(&wire);
        buf_clear(&back);
        if (gsm_to_gsm(&wire, buf_str(&once), once.len)) {
            assert_int_equal(wire.len, gsm_cost(buf_str(&once), once.len).septets);
            assert_true(gsm_from_gsm(&back, buf_str(&wire), wire.len));
            assert_string_equal(buf_str(&back), buf_str(&once));
        } else {
            assert_int_equal(gsm_cost(buf_str(&once), once.len).septets, -1);
        }
        buf_fini(&once);
        buf_fini(&again);
        buf_fini(&answer);
        buf_fini(&wire);
        buf_fini(&back);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_char_septets), cmocka_unit_test(test_gsm_codes), cmocka_unit_test(test_cost),
        cmocka_unit_test(test_utf8),         cmocka_unit_test(test_normalise), cmocka_unit_test(test_answer),
        cmocka_unit_test(test_digits),       cmocka_unit_test(test_utf16),     cmocka_unit_test(test_segments),
        cmocka_unit_test(test_property),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
