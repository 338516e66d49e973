#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "store/array.h"

/* What PostgreSQL's array_send() gives for the same arrays. */
static void test_elements(void **state)
{
    static const char int2[] = "\0\0\0\1\0\0\0\0\0\0\0\x15\0\0\0\2\0\0\0\1"
                               "\0\0\0\2\0\x7\0\0\0\2\xff\xfe";
    static const char text[] = "\0\0\0\1\0\0\0\0\0\0\0\x19\0\0\0\2\0\0\0\1"
                               "\0\0\0\3abc\0\0\0\0";
    static const char int8[] = "\0\0\0\1\0\0\0\0\0\0\0\x14\0\0\0\1\0\0\0\1"
                               "\0\0\0\x8\x80\0\0\0\0\0\0\1";
    static const char mixed[] = "\0\0\0\1\0\0\0\0\0\0\0\x10\0\0\0\2\0\0\0\1"
                                "\0\0\0\1\1\0\0\0\1\0";
    struct array a;

    (void)state;
    array_init(&a, 1024);
    array_begin(&a, ARRAY_INT2);
    array_int2(&a, 7);
    array_int2(&a, -2);
    array_end(&a);
    assert_int_equal(a.bytes.len, sizeof int2 - 1);
    assert_memory_equal(a.bytes.data, int2, sizeof int2 - 1);

    array_begin(&a, ARRAY_TEXT);
    array_bytes(&a, "abc", 3);
    array_bytes(&a, NULL, 0);
    array_end(&a);
    assert_int_equal(a.bytes.len, sizeof text - 1);
    assert_memory_equal(a.bytes.data, text, sizeof text - 1);

    array_begin(&a, ARRAY_INT8);
    array_int8(&a, INT64_MIN + 1);
    array_end(&a);
    assert_int_equal(a.bytes.len, sizeof int8 - 1);
    assert_memory_equal(a.bytes.data, int8, sizeof int8 - 1);

    array_begin(&a, ARRAY_BOOL);
    array_bool(&a, 1);
    array_bool(&a, 0);
    array_end(&a);
    assert_int_equal(a.bytes.len, sizeof mixed - 1);
    assert_memory_equal(a.bytes.data, mixed, sizeof mixed - 1);
    array_fini(&a);
}

/* An empty array is one of no elements, not a shorter message. */
static void test_empty(void **state)
{
    static const char empty[] = "\0\0\0\1\0\0\0\0\0\0\0\x11\0\0\0\0\0\0\0\1";
    struct array a;

    (void)state;
    array_init(&a, 1024);
    array_begin(&a, ARRAY_BYTEA);
    array_end(&a);
    assert_int_equal(a.bytes.len, sizeof empty - 1);
    assert_memory_equal(a.bytes.data, empty, sizeof empty - 1);
    array_fini(&a);
}

static void test_ceiling(void **state)
{
    struct array a;

    (void)state;
    array_init(&a, 40);
    array_begin(&a, ARRAY_INT4);
    array_int4(&a, 1);
    array_int4(&a, 2);
    assert_false(a.bytes.full);
    array_int4(&a, 3);
    assert_true(a.bytes.full);
    assert_int_equal(a.count, 2);
    array_begin(&a, ARRAY_INT4);
    assert_false(a.bytes.full);
    assert_int_equal(a.count, 0);
    array_fini(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_elements),
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_ceiling),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
