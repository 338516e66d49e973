/* test_pure.c - the parts of pg, questions and store that need no database. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "store/pg.h"
#include "store/questions.h"
#include "store/store.h"

/* Part of every primary key: these numbers may never change. */
static void test_bucket(void **state)
{
    static int seen[1024];
    int most = 0;

    (void)state;
    assert_int_equal(store_bucket(""), 2166136261u % 1024);
    assert_int_equal(store_bucket("8801712345678"), 863);
    assert_int_equal(store_bucket("8801812345678"), 14);
    for (int i = 0; i < 102400; i++) {
        char msisdn[24];
        int16_t b;

        snprintf(msisdn, sizeof msisdn, "88017%08d", i * 7);
        b = store_bucket(msisdn);
        assert_in_range(b, 0, 1023);
        seen[b]++;
        most = seen[b] > most ? seen[b] : most;
    }
    assert_true(most < 200);                    /* 100 on average */
}

static void test_errors(void **state)
{
    static const struct {
        const char *sqlstate;
        enum pg_error want;
    } rows[] = {
        { "22021", PG_ERROR_ROW },              /* not UTF-8 */
        { "22P02", PG_ERROR_ROW },              /* not JSON */
        { "23505", PG_ERROR_ROW },              /* unique */
        { "23514", PG_ERROR_ROW },              /* check */
        { "54000", PG_ERROR_ROW },              /* too large for an index */
        { "40P01", PG_ERROR_AGAIN },            /* deadlock */
        { "40001", PG_ERROR_AGAIN },
        { "55P03", PG_ERROR_AGAIN },
        { "55000", PG_ERROR_TROUBLE },
        { "57014", PG_ERROR_TROUBLE },          /* statement_timeout */
        { "57P01", PG_ERROR_TROUBLE },          /* shutdown */
        { "57P03", PG_ERROR_TROUBLE },          /* starting up */
        { "25006", PG_ERROR_TROUBLE },          /* read only after a fail-over */
        { "53100", PG_ERROR_TROUBLE },          /* disk full */
        { "42P01", PG_ERROR_TROUBLE },
        { "42501", PG_ERROR_TROUBLE },
        { "26000", PG_ERROR_TROUBLE },
        { "08006", PG_ERROR_TROUBLE },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (pg_error_of(rows[i].sqlstate) != rows[i].want)
            fail_msg("%s", rows[i].sqlstate);
}

static void test_turn_list(void **state)
{
    static const struct {
        const char *list;
        int by;
        const char *want;                       /* NULL: nothing to turn */
    } rows[] = {
        { "a", 1, NULL },         { "a", 7, NULL },          { "", 1, NULL },        { "a,b", 2, NULL },
        { "a,b", 1, "b,a" },      { "a,b,c", 1, "b,c,a" },   { "a,b,c", 2, "c,a,b" }, { "a,b,c", 3, NULL },
        { "a,b,c", 4, "b,c,a" },  { ",b", 1, "b," },         { "5432,5433", 1, "5433,5432" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buf b;

        buf_init(&b, 100);
        assert_int_equal(pg_turn_list(&b, rows[i].list, rows[i].by), rows[i].want != NULL);
        assert_string_equal(buf_str(&b), rows[i].want != NULL ? rows[i].want : "");
        buf_fini(&b);
    }
}

static void test_wrap(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 1000);
    questions_wrap(&b, "SELECT 1 -- one ; \n ;\n", 3);
    assert_string_equal(buf_str(&b), "SELECT * FROM (\nSELECT 1 -- one\n) AS question LIMIT 3");
    buf_clear(&b);
    questions_wrap(&b, ";", 1);
    assert_string_equal(buf_str(&b), "SELECT * FROM (\n\n) AS question LIMIT 1");
    buf_fini(&b);
}

/* Two people who add a migration at a time take the same number: it shows here. */
static void test_migrations_have_one_number_each(void **state)
{
    glob_t found;

    (void)state;
    assert_int_equal(glob("sql/[0-9]*.sql", 0, NULL, &found), 0);
    for (size_t i = 0; i < found.gl_pathc; i++)
        if (strtol(found.gl_pathv[i] + 4, NULL, 10) != (long)i + 1)
            fail_msg("%s should be number %zu: is a number given twice, or left out?", found.gl_pathv[i], i + 1);
    assert_int_equal(found.gl_pathc, STORE_SCHEMA_VERSION);
    globfree(&found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bucket),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_turn_list),
        cmocka_unit_test(test_wrap),
        cmocka_unit_test(test_migrations_have_one_number_each),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
