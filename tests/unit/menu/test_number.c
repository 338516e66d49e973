/* menu/number: no number has wider words than those that the proof counts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/gsm.h"
#include "menu/number.h"

struct most {
    const struct expr_scope *scope;
    struct gsm_cost cost;
};

static struct gsm_cost cost_of(const struct expr_scope *scope, int64_t v)
{
    struct gsm_cost cost;
    struct buf out;

    buf_init(&out, 4096);
    number_print(scope, v, &out);
    cost = gsm_cost(buf_str(&out), out.len);
    buf_fini(&out);
    return cost;
}

static void count(void *arg, const char *s, size_t len)
{
    struct most *most = arg;
    struct gsm_cost cost = cost_of(most->scope, strtoll(s, NULL, 10));

    (void)len;
    if (cost.septets > most->cost.septets)
        most->cost.septets = cost.septets;
    if (cost.units > most->cost.units)
        most->cost.units = cost.units;
}

static void test_widest(void **state)
{
    static const int64_t most_of[] = { 9, 10, 99, 100, 777, 1000, 20000, 99999, 150000, 1234567, 999999999, NUMBER_MOST };
    struct menu_issues issues;
    struct menu *m = menu_load("tests/dialog/numbers", &issues);
    uint64_t random = 7;

    (void)state;
    assert_non_null(m);
    for (int lang = 0; lang < m->lang_count; lang++) {
        struct expr_scope scope = { .menu = m, .lang = lang };

        for (size_t i = 0; i < sizeof most_of / sizeof most_of[0]; i++) {
            struct menu_type t = { .kind = MENU_TYPE_WHOLE, .min = 0, .max = most_of[i] };
            struct most most = { &scope, { -1, 0 } };

            number_widest(&t, m->langs[lang].lakhs, count, &most);
            for (int k = 0; k < 5000; k++) {
                struct gsm_cost cost;

                random = random * 6364136223846793005u + 1442695040888963407u;
                cost = cost_of(&scope, (int64_t)((random >> 12) % (uint64_t)(most_of[i] + 1)));
                assert_true(cost.units <= most.cost.units && cost.septets <= most.cost.septets);
            }
        }
    }
    menu_free(m);
    menu_issues_free(&issues);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_widest) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
