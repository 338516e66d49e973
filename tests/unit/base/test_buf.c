/* buf: the ceiling holds, and full stays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"

static void test_add(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 100);
    assert_string_equal(buf_str(&b), "");
    assert_null(b.data);
    buf_add(&b, NULL, 0);
    assert_null(b.data);
    buf_adds(&b, "one");
    buf_addc(&b, ' ');
    buf_addf(&b, "%d-%s", 2, "three");
    assert_string_equal(buf_str(&b), "one 2-three");
    assert_int_equal(b.len, 11);
    buf_cut(&b, 3);
    assert_string_equal(buf_str(&b), "one");
    buf_eat(&b, 1);
    assert_string_equal(buf_str(&b), "ne");
    buf_eat(&b, 2);
    assert_string_equal(buf_str(&b), "");
    buf_eat(&b, 0);
    buf_clear(&b);
    assert_int_equal(b.len, 0);
    buf_fini(&b);
    assert_null(b.data);
    assert_int_equal(b.max, 100);
}

static void test_full(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 5);
    buf_adds(&b, "12345");
    assert_false(b.full);
    assert_int_equal(b.len, 5);
    buf_addc(&b, '6');
    assert_true(b.full);
    assert_string_equal(buf_str(&b), "12345");
    buf_cut(&b, 0);
    /* room again, but what was lost is still lost */
    buf_adds(&b, "1");
    assert_string_equal(buf_str(&b), "");
    assert_null(buf_grow(&b, 1));
    buf_clear(&b);
    assert_false(b.full);
    buf_addf(&b, "%d", 123456);
    assert_true(b.full);
    assert_int_equal(b.len, 0);
    buf_clear(&b);
    buf_adds(&b, "123");
    buf_add(&b, "xxxxxxxx", SIZE_MAX);
    assert_true(b.full);
    assert_string_equal(buf_str(&b), "123");
    buf_fini(&b);
}

static void test_addf_long(void **state)
{
    struct buf b;
    char long_text[1000];

    (void)state;
    memset(long_text, 'x', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = '\0';
    buf_init(&b, 2000);
    for (size_t n = 250; n < 262; n++) {
        buf_clear(&b);
        buf_adds(&b, "<");
        buf_addf(&b, "%.*s>", (int)n, long_text);
        assert_int_equal(b.len, n + 2);
        assert_int_equal(b.data[n + 1], '>');
        assert_int_equal(strlen(buf_str(&b)), b.len);
    }
    buf_clear(&b);
    buf_addf(&b, "%s%s%s", long_text, long_text, long_text);
    assert_true(b.full);
    assert_int_equal(b.len, 0);
    buf_fini(&b);
}

/* Random pieces: the content is what a plain array holds. */
static void test_property(void **state)
{
    uint32_t seed = 7;
    char want[300];

    (void)state;
    for (int round = 0; round < 500; round++) {
        struct buf b;
        size_t len = 0;

        seed = seed * 1664525u + 1013904223u;
        buf_init(&b, seed % 300);
        for (int i = 0; i < 50; i++) {
            char piece[40];
            size_t n;

            seed = seed * 1664525u + 1013904223u;
            n = seed >> 16 & 31;
            memset(piece, 'a' + i % 26, n);
            buf_add(&b, piece, n);
            if (b.full)
                break;
            memcpy(want + len, piece, n);
            len += n;
            if ((seed >> 10 & 7) == 0) {
                buf_eat(&b, len / 2);
                memmove(want, want + len / 2, len - len / 2);
                len -= len / 2;
            }
        }
        assert_true(b.len <= b.max);
        assert_int_equal(b.len, len);
        assert_memory_equal(buf_str(&b), want, len);
        assert_int_equal(buf_str(&b)[len], '\0');
        buf_fini(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_add), cmocka_unit_test(test_full), cmocka_unit_test(test_addf_long),
        cmocka_unit_test(test_property),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
