/* secret: a key for each use, out of a file that nobody else may read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "app/secret.h"

static void put(const char *path, const char *text, mode_t mode)
{
    FILE *f = fopen(path, "we");

    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    assert_int_equal(chmod(path, mode), 0);
}

static void test_secret(void **state)
{
    static const char good[] = "0123456789abcdef0123456789abcdef";
    unsigned char a[SECRET_SIZE], b[SECRET_SIZE];
    char dir[] = "/tmp/kheya-secret.XXXXXX";
    char path[64], err[256];

    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/secret", dir);
    assert_false(secret_read(path, "consent", a, err, sizeof err));
    assert_non_null(strstr(err, "No such file"));
    put(path, "short", 0600);
    assert_false(secret_read(path, "consent", a, err, sizeof err));
    assert_non_null(strstr(err, "at least 32 octets"));
    put(path, good, 0644);
    assert_false(secret_read(path, "consent", a, err, sizeof err));
    assert_non_null(strstr(err, "everybody may read it"));
    put(path, good, 0640);
    assert_true(secret_read(path, "consent", a, err, sizeof err));
    assert_true(secret_read(path, "consent", b, err, sizeof err));
    assert_memory_equal(a, b, sizeof a);
    assert_true(secret_read(path, "other", b, err, sizeof err));
    assert_memory_not_equal(a, b, sizeof a);
    put(path, "1123456789abcdef0123456789abcdef", 0600);
    assert_true(secret_read(path, "consent", b, err, sizeof err));
    assert_memory_not_equal(a, b, sizeof a);
    assert_false(secret_read(dir, "consent", a, err, sizeof err));
    unlink(path);
    rmdir(dir);
}

static void test_key(void **state)
{
    static const char good[] = "0123456789abcdef";
    unsigned char key[64];
    char dir[] = "/tmp/kheya-secret.XXXXXX";
    char path[64], err[256], longest[80];

    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/key", dir);
    assert_int_equal(secret_read_key(path, key, sizeof key, err, sizeof err), 0);
    assert_non_null(strstr(err, "No such file"));
    put(path, "0123456789abcde\n\n", 0600);
    assert_int_equal(secret_read_key(path, key, sizeof key, err, sizeof err), 0);
    assert_non_null(strstr(err, "at least 16 octets"));
    put(path, "0123456789abcdef\r\n", 0640);
    assert_int_equal(secret_read_key(path, key, sizeof key, err, sizeof err), 16);
    assert_memory_equal(key, good, 16);
    put(path, good, 0644);
    assert_int_equal(secret_read_key(path, key, sizeof key, err, sizeof err), 0);
    assert_non_null(strstr(err, "everybody may read it"));
    memset(longest, 'x', sizeof longest);
    longest[64] = '\0';
    put(path, longest, 0600);
    assert_int_equal(secret_read_key(path, key, sizeof key, err, sizeof err), 64);
    longest[64] = 'x';
    longest[65] = '\0';
    put(path, longest, 0600);
    assert_int_equal(secret_read_key(path, key, sizeof key, err, sizeof err), 0);
    assert_non_null(strstr(err, "more than 64 octets"));
    assert_int_equal(secret_read_key(dir, key, sizeof key, err, sizeof err), 0);
    unlink(path);
    rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_secret), cmocka_unit_test(test_key) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
