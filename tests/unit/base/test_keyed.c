/* keyed: the same number has the same form under one key, and no other has; who is told of a case sees only its end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/keyed.h"

static const unsigned char one[KEYED_KEY_SIZE] = "one", other[KEYED_KEY_SIZE] = "other";

static const char *form(const unsigned char *key, const char *value, struct buf *out)
{
    buf_clear(out);
    keyed_make(key, value, strlen(value), out);
    return buf_str(out);
}

static void test_form(void **state)
{
    struct buf a, b;

    (void)state;
    buf_init(&a, 200);
    buf_init(&b, 200);
    assert_int_equal(strlen(form(one, "1234567890", &a)), KEYED_WIDTH);
    assert_string_equal(buf_str(&a) + KEYED_HEAD, "7890");
    assert_string_equal(buf_str(&a), form(one, "1234567890", &b));
    assert_string_not_equal(buf_str(&a), form(one, "2234567890", &b));
    assert_memory_equal(buf_str(&a), buf_str(&b), 3);                       /* the same key */
    assert_string_not_equal(buf_str(&a), form(other, "1234567890", &b));
    assert_memory_not_equal(buf_str(&a), buf_str(&b), 3);
    assert_string_equal(form(one, "123", &b) + KEYED_HEAD, "3");
    assert_string_equal(form(one, "\xe0\xa7\xa7\xe0\xa7\xa8", &b) + KEYED_HEAD, "\xe0\xa7\xa8");
    buf_fini(&a);
    buf_fini(&b);
}

static void test_hidden(void **state)
{
    struct buf f, text, out;

    (void)state;
    buf_init(&f, 200);
    buf_init(&text, 2000);
    buf_init(&out, 2000);
    (void)form(one, "1234567890", &f);
    buf_addf(&text, "{\"nid\": \"%s\", \"x\": \"a%s\", \"y\": \"%s\", \"z\": \"ab-12\"}", buf_str(&f), buf_str(&f), buf_str(&f));
    keyed_hide(buf_str(&text), &out);
    buf_clear(&text);
    buf_addf(&text, "{\"nid\": \"7890\", \"x\": \"a%s\", \"y\": \"7890\", \"z\": \"ab-12\"}", buf_str(&f));
    assert_string_equal(buf_str(&out), buf_str(&text));
    buf_clear(&out);
    keyed_hide("", &out);
    assert_string_equal(buf_str(&out), "");
    buf_fini(&f);
    buf_fini(&text);
    buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_form),
        cmocka_unit_test(test_hidden),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
