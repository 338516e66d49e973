/* chain: a link changes with everything that stands before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/chain.h"

struct link {
    unsigned char octets[CHAIN_SIZE];
};

static struct link link_of(int64_t block, int64_t at, int64_t rows, const char *const *parts, size_t count)
{
    struct link l = { { 0 } };

    chain_begin(l.octets, l.octets, block, at, rows);
    chain_add(l.octets, parts, count);
    return l;
}

static void test_all_of_it_counts(void **state)
{
    static const char *const same[] = { "ab", "c" };
    static const char *const cut_elsewhere[] = { "a", "bc" };
    static const char *const with_empty[] = { "ab", "", "c" };
    static const char *const turned[] = { "c", "ab" };
    const struct link first = link_of(1, 1000, 2, same, 2);
    const struct link others[] = {
        link_of(2, 1000, 2, same, 2),          link_of(1, 1001, 2, same, 2), link_of(1, 1000, 3, same, 2),
        link_of(1, 1000, 2, cut_elsewhere, 2), link_of(1, 1000, 2, with_empty, 3), link_of(1, 1000, 2, turned, 2),
    };
    const struct link again = link_of(1, 1000, 2, same, 2);

    (void)state;
    assert_memory_equal(first.octets, again.octets, CHAIN_SIZE);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_memory_not_equal(first.octets, others[i].octets, CHAIN_SIZE);
}

static void test_the_order_counts(void **state)
{
    static const char *const one[] = { "1" };
    static const char *const two[] = { "2" };
    struct link a = link_of(1, 0, 2, one, 1), b = link_of(1, 0, 2, two, 1);

    (void)state;
    chain_add(a.octets, two, 1);
    chain_add(b.octets, one, 1);
    assert_memory_not_equal(a.octets, b.octets, CHAIN_SIZE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_of_it_counts),
        cmocka_unit_test(test_the_order_counts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
