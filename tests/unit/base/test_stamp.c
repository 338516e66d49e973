/* stamp: what is written is read back; what is no time is none. */
#include "base/stamp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void written(void **state)
{
    static const struct { int64_t ms; const char *text; } table[] = {
        { 0, "1970-01-01T00:00:00.000Z" },
        { -1, "1969-12-31T23:59:59.999Z" },
        { INT64_C(1795651200123), "2026-11-26T00:00:00.123Z" },
        { INT64_C(951782400000), "2000-02-29T00:00:00.000Z" },
        { INT64_MIN, "0001-01-01T00:00:00.000Z" },
        { INT64_MAX, "9999-12-31T23:59:59.999Z" },
    };
    char out[STAMP_SIZE];
    int64_t back;

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        assert_string_equal(stamp_write(out, table[i].ms), table[i].text);
        assert_true(stamp_read(out, &back));
        if (i < 4)
            assert_true(back == table[i].ms);
    }
    for (int64_t ms = -INT64_C(3000000000000); ms < INT64_C(4000000000000); ms += INT64_C(86400000) * 13 + 3723457) {
        assert_true(stamp_read(stamp_write(out, ms), &back));
        assert_true(back == ms);
    }
}

static void taken(void **state)
{
    static const struct { const char *text; int64_t ms; } table[] = {
        { "2026-11-26T00:00:00Z", INT64_C(1795651200000) },
        { "2026-11-26t00:00:00z", INT64_C(1795651200000) },
        { "2026-11-26T06:00:00+06:00", INT64_C(1795651200000) },
        { "2026-11-25T19:30:00-04:30", INT64_C(1795651200000) },
        { "2026-11-26T06:00:00.5+06:00", INT64_C(1795651200500) },
        { "2026-11-26T06:00:00.07+06:00", INT64_C(1795651200070) },
    };
    int64_t ms;

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        assert_true(stamp_read(table[i].text, &ms));
        assert_true(ms == table[i].ms);
    }
}

static void refused(void **state)
{
    static const char *const table[] = {
        "", "now", "1795651200", "2026-11-26", "2026-11-26T00:00:00", "2026-11-26 00:00:00Z", "2026-13-01T00:00:00Z",
        "2026-02-29T00:00:00Z", "2026-11-26T24:00:00Z", "2026-11-26T00:60:00Z", "2026-11-26T00:00:60Z",
        "2026-11-26T00:00:00.Z", "2026-11-26T00:00:00.1234Z", "2026-11-26T00:00:00+6", "2026-11-26T00:00:00+0600",
        "2026-11-26T00:00:00 06:00", "2026-11-26T00:00:00Zx", "02026-11-26T00:00:00Z", "0000-11-26T00:00:00Z", "-026-11-26T00:00:00Z",
    };
    int64_t ms = 7;

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        assert_false(stamp_read(table[i], &ms));
    assert_true(ms == 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(written), cmocka_unit_test(taken), cmocka_unit_test(refused) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
