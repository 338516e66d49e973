/* log: one line, one write, no forged lines, errno kept. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"

static char line[8192];

/* Run fn with stderr in a pipe; what it wrote is in line. */
static void capture(void (*fn)(void))
{
    int saved = dup(STDERR_FILENO);
    int ends[2];
    ssize_t n;

    assert_int_equal(pipe(ends), 0);
    assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
    close(ends[1]);
    fn();
    assert_true(dup2(saved, STDERR_FILENO) >= 0);
    close(saved);
    n = read(ends[0], line, sizeof line - 1);
    assert_true(n >= 0);
    line[n] = '\0';
    close(ends[0]);
}

static void say_levels(void)
{
    log_set_level(LOG_LEVEL_WARN);
    log_err("event=%s n=%d", "a", 1);
    log_warn("event=b");
    log_info("event=c");
    log_debug("event=d");
    log_set_level(LOG_LEVEL_DEBUG);
    log_debug("event=e");
    log_set_level(LOG_LEVEL_INFO);
    log_debug("event=f");
    log_info("event=g");
}

static void test_levels(void **state)
{
    (void)state;
    capture(say_levels);
    assert_string_equal(line, "<3>event=a n=1\n<4>event=b\n<7>event=e\n<6>event=g\n");
}

static void say_forged(void)
{
    log_info("text=%s", "x\n<3>event=forged\r\t\x1b[2J\x7f");
    log_info("%s", "");
}

static void test_forged(void **state)
{
    (void)state;
    capture(say_forged);
    assert_string_equal(line, "<6>text=x?<3>event=forged???[2J?\n<6>\n");
}

static void say_long(void)
{
    char text[5000];

    memset(text, 'y', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    errno = EINTR;
    log_info("%s", text);
    assert_int_equal(errno, EINTR);
}

static void test_long(void **state)
{
    (void)state;
    capture(say_long);
    assert_true(strlen(line) <= 2048);
    assert_string_equal(line + strlen(line) - 5, "y...\n");
    assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
}

static void say_closed(void)
{
    close(STDERR_FILENO);
    errno = ENOENT;
    log_info("event=lost");
    assert_int_equal(errno, ENOENT);
}

static void test_nowhere_to_write(void **state)
{
    (void)state;
    capture(say_closed);
    assert_string_equal(line, "");
}

static void test_mask(void **state)
{
    char out[LOG_MASK_SIZE];

    (void)state;
    assert_string_equal(log_mask(out, "8801712345678"), "88017******78");
    assert_string_equal(log_mask(out, "333"), "333");
    assert_string_equal(log_mask(out, ""), "");
    assert_string_equal(log_mask(out, "1234567890"), "12345***90");
    assert_string_equal(log_mask(out, "a\nb c"), "a*b*c");
    /* longer than any number: cut, and hidden all the same */
    assert_string_equal(log_mask(out, "123456789012345678901234567890"), "12345****************23");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_levels),           cmocka_unit_test(test_forged), cmocka_unit_test(test_long),
        cmocka_unit_test(test_nowhere_to_write), cmocka_unit_test(test_mask),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
