/* arena: zeroed, aligned, apart, and never more than its ceiling. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdalign.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"

#define PIECES 2000

static void test_pieces(void **state)
{
    struct arena *a = arena_new(64 << 20);
    static unsigned char *piece[PIECES];
    static size_t size[PIECES];
    uint32_t seed = 3;
    size_t sum = 0;

    (void)state;
    for (int i = 0; i < PIECES; i++) {
        seed = seed * 1664525u + 1013904223u;
        size[i] = (seed >> 8) % 10 == 0 ? (seed >> 12) % 100000 : (seed >> 12) % 200;
        piece[i] = arena_alloc(a, size[i]);
        assert_non_null(piece[i]);
        assert_int_equal((uintptr_t)piece[i] % alignof(max_align_t), 0);
        for (size_t k = 0; k < size[i]; k++)
            assert_int_equal(piece[i][k], 0);
        memset(piece[i], i & 255, size[i]);
        sum += size[i];
        assert_true(arena_used(a) >= sum);
    }
    for (int i = 0; i < PIECES; i++)
        for (size_t k = 0; k < size[i]; k++)
            assert_int_equal(piece[i][k], i & 255);
    arena_free(a);
    arena_free(NULL);
}

static void test_ceiling(void **state)
{
    struct arena *a = arena_new(1000);
    int given = 0;

    (void)state;
    assert_null(arena_alloc(a, 1001));
    assert_null(arena_alloc(a, SIZE_MAX));
    assert_null(arena_alloc(a, SIZE_MAX - 8));
    assert_int_equal(arena_used(a), 0);
    while (arena_alloc(a, 100) != NULL)
        given++;
    assert_true(given >= 8 && given <= 10);
    assert_true(arena_used(a) <= 1000);
    /* a smaller piece may still fit, until nothing does */
    while (arena_alloc(a, 1) != NULL)
        given++;
    assert_true(arena_used(a) <= 1000);
    assert_null(arena_strdup(a, "x"));
    arena_free(a);
    a = arena_new(1 << 20);
    assert_non_null(arena_alloc(a, 1 << 20));
    assert_null(arena_alloc(a, 1));
    arena_free(a);
}

static void test_copies(void **state)
{
    struct arena *a = arena_new(10000);
    char *s = arena_strdup(a, "hello");
    char *t = arena_memdup0(a, "a\0b", 3);

    (void)state;
    assert_string_equal(s, "hello");
    assert_memory_equal(t, "a\0b\0", 4);
    assert_string_equal(arena_memdup0(a, NULL, 0), "");
    assert_non_null(arena_alloc(a, 0));
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pieces), cmocka_unit_test(test_ceiling), cmocka_unit_test(test_copies),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
