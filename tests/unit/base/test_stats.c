/* stats: every counter of the table, in the Prometheus text format. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/stats.h"

static void test_print(void **state)
{
    struct buf b;
    int lines = 0;

    (void)state;
    stats_inc(events_begin);
    stats_add(batch_rows, 41);
    stats_inc(batch_rows);
    stats_set(sessions_open, 7);
    stats_add(replies, UINT64_MAX);
    assert_int_equal(stats_get(batch_rows), 42);
    buf_init(&b, 1 << 20);
    stats_print(&b);
    assert_non_null(strstr(buf_str(&b), "# HELP kheya_events_begin_total dialogues begun by a telco or an aggregator\n"
                                        "# TYPE kheya_events_begin_total counter\n"
                                        "kheya_events_begin_total 1\n"));
    assert_non_null(strstr(buf_str(&b), "\nkheya_batch_rows_total 42\n"));
    assert_non_null(strstr(buf_str(&b), "# TYPE kheya_sessions_open gauge\nkheya_sessions_open 7\n"));
    assert_non_null(strstr(buf_str(&b), "\nkheya_replies_total 18446744073709551615\n"));
    for (const char *s = buf_str(&b); (s = strchr(s, '\n')) != NULL; s++)
        lines++;
    assert_int_equal(lines, 3 * STATS_COUNT);
    assert_int_equal(b.data[b.len - 1], '\n');
    buf_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_print),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
