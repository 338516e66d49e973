/* bytes: what was written is read; after a short read, nothing is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"

static void write_all(struct buf *b)
{
    wr_u8(b, 0x12);
    wr_u16(b, 0x3456);
    wr_u32(b, 0x789abcdeu);
    wr_u64(b, 0xf011223344556677u);
    buf_adds(b, "tail");
}

static void test_order(void **state)
{
    struct buf b;
    struct rd r;

    (void)state;
    buf_init(&b, 100);
    write_all(&b);
    assert_int_equal(b.len, 19);
    assert_memory_equal(b.data, "\x12\x34\x56\x78\x9a\xbc\xde\xf0\x11\x22\x33\x44\x55\x66\x77tail", 19);
    r = rd_of(b.data, b.len);
    assert_int_equal(rd_u8(&r), 0x12);
    assert_int_equal(rd_u16(&r), 0x3456);
    assert_int_equal(rd_u32(&r), 0x789abcdeu);
    assert_true(rd_u64(&r) == 0xf011223344556677u);
    assert_int_equal(rd_left(&r), 4);
    assert_memory_equal(rd_bytes(&r, 4), "tail", 4);
    assert_false(r.bad);
    assert_non_null(rd_bytes(&r, 0));
    assert_int_equal(rd_u8(&r), 0);
    assert_true(r.bad);
    wr_u32_at(&b, 3, 1);
    assert_memory_equal(b.data, "\x12\x34\x56\0\0\0\x01\xf0", 8);
    wr_u32_at(&b, 16, 1);                   /* beyond the end: nothing */
    assert_memory_equal(b.data + 15, "tail", 4);
    buf_fini(&b);
}

/* Cut at every length: reads are those of the whole or zero, and bad is set
 * exactly when something did not fit. */
static void test_truncated(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 100);
    write_all(&b);
    for (size_t n = 0; n <= b.len; n++) {
        struct rd r = rd_of(b.data, n);
        uint8_t a = rd_u8(&r);
        uint16_t c = rd_u16(&r);
        uint32_t d = rd_u32(&r);
        uint64_t e = rd_u64(&r);
        const uint8_t *t = rd_bytes(&r, 4);

        assert_int_equal(a, n >= 1 ? 0x12 : 0);
        assert_int_equal(c, n >= 3 ? 0x3456 : 0);
        assert_int_equal(d, n >= 7 ? 0x789abcdeu : 0);
        /* a u64 is two halves; the second is zero when it is not there */
        assert_true(n >= 15 ? e == 0xf011223344556677u : (e & 0xffffffffu) == 0);
        assert_int_equal(t != NULL, n >= 19);
        assert_int_equal(r.bad, n < 19);
        assert_true(r.p <= r.end);
    }
    buf_fini(&b);
}

static void test_bad_stays(void **state)
{
    struct rd r = rd_of("abc", 3);

    (void)state;
    assert_null(rd_bytes(&r, 4));
    assert_true(r.bad);
    assert_int_equal(rd_left(&r), 3);
    assert_int_equal(rd_u8(&r), 0);
    assert_null(rd_bytes(&r, 1));
    assert_null(rd_bytes(&r, 0));
    r = rd_of("abc", 3);
    assert_null(rd_bytes(&r, SIZE_MAX));
    assert_true(r.bad);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order), cmocka_unit_test(test_truncated), cmocka_unit_test(test_bad_stays),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
