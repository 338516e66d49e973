/* signed: the right key, the same five lines, in time; one octet of any changed is found. */
#include "wire/signed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define NOW INT64_C(1795650000000)
#define WINDOW 300000
#define BODY "{\"state\": \"answered\"}"

static const unsigned char key[] = "0123456789abcdef";

static const struct signed_request post = { "POST", "/api/v1/cases/8123056783/events", BODY, sizeof BODY - 1 };

static struct signed_head head_of(const struct signed_request *r, const char *time, char hex[SIGNED_HEX + 1])
{
    struct signed_head head = { "dss", time, "n0nce-0001", hex };

    signed_make(time, head.nonce, r, key, 16, hex);
    return head;
}

/* printf '%s\n' 1795650000 n0nce-0001 GET /api/v1/cases | openssl dgst -sha256 -hmac 0123456789abcdef */
static void known_by_others_too(void **state)
{
    static const struct signed_request get = { "GET", "/api/v1/cases", NULL, 0 };
    char hex[SIGNED_HEX + 1];

    (void)state;
    signed_make("1795650000", "n0nce-0001", &get, key, 16, hex);
    assert_string_equal(hex, "f9c46ab2447e57d9125398eca6947797bcdcba30e31b154c2d684b12bcb38b82");
    signed_make("1795650000", "n0nce-0001", &post, key, 16, hex);
    assert_string_equal(hex, "d87cda6b1460895f88509b91032c23bdad329706023de2291424d861ea40fed3");
}

static void good_and_not(void **state)
{
    char hex[SIGNED_HEX + 1], other[SIGNED_HEX + 1];
    struct signed_head head = head_of(&post, "1795650000", hex);
    struct signed_head changed;

    (void)state;
    assert_int_equal(signed_check(&head, &post, key, 16, NOW, WINDOW), SIGNED_GOOD);
    assert_int_equal(signed_check(&head, &post, key, 15, NOW, WINDOW), SIGNED_WRONG);
    assert_int_equal(signed_check(&head, &post, (const unsigned char *)"1123456789abcdef", 16, NOW, WINDOW), SIGNED_WRONG);
    changed = head;
    changed.time = "1795650001";
    assert_int_equal(signed_check(&changed, &post, key, 16, NOW, WINDOW), SIGNED_WRONG);
    changed = head;
    changed.nonce = "n0nce-0002";
    assert_int_equal(signed_check(&changed, &post, key, 16, NOW, WINDOW), SIGNED_WRONG);
    for (int i = 0; i < SIGNED_HEX; i++) {
        changed = head;
        memcpy(other, hex, sizeof other);
        other[i] = other[i] == '0' ? '1' : '0';
        changed.signature = other;
        assert_int_equal(signed_check(&changed, &post, key, 16, NOW, WINDOW), SIGNED_WRONG);
    }
    for (int i = 0; i < SIGNED_HEX; i++)
        if (hex[i] >= 'a')
            hex[i] = (char)(hex[i] - 'a' + 'A');
    assert_int_equal(signed_check(&head, &post, key, 16, NOW, WINDOW), SIGNED_GOOD);
}

static void each_octet_counts(void **state)
{
    static const char *const methods[] = { "GET", "PUT", "post" };
    static const char *const targets[] = { "/api/v1/cases/8123056783/event", "/api/v1/cases/8123056783/events?",
                                           "/api/v1/cases/8123056784/events", "",
                                           /* the body moved up a line */
                                           "/api/v1/cases/8123056783/events\n{\"state\": \"answered\"}" };
    char hex[SIGNED_HEX + 1], body[sizeof BODY];
    struct signed_head head = head_of(&post, "1795650000", hex);
    struct signed_request r = post;

    (void)state;
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        r.method = methods[i];
        assert_int_equal(signed_check(&head, &r, key, 16, NOW, WINDOW), SIGNED_WRONG);
    }
    r = post;
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        r.target = targets[i];
        assert_int_equal(signed_check(&head, &r, key, 16, NOW, WINDOW), SIGNED_WRONG);
    }
    r = post;
    for (size_t n = 0; n < post.body_len; n++) {
        r.body_len = n;
        r.body = BODY;
        assert_int_equal(signed_check(&head, &r, key, 16, NOW, WINDOW), SIGNED_WRONG);
        memcpy(body, BODY, sizeof BODY);
        body[n] ^= 1;
        r.body = body;
        r.body_len = post.body_len;
        assert_int_equal(signed_check(&head, &r, key, 16, NOW, WINDOW), SIGNED_WRONG);
    }
}

static void in_time(void **state)
{
    static const struct { const char *time; enum signed_verdict want; } table[] = {
        { "1795650000", SIGNED_GOOD },  { "1795649700", SIGNED_GOOD },   { "1795650300", SIGNED_GOOD },
        { "1795649699", SIGNED_STALE }, { "1795650301", SIGNED_STALE },  { "0", SIGNED_STALE },
        { "999999999999", SIGNED_STALE }, { "1795650000000", SIGNED_STALE },
    };
    char hex[SIGNED_HEX + 1];

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct signed_head head = head_of(&post, table[i].time, hex);

        assert_int_equal(signed_check(&head, &post, key, 16, NOW, WINDOW), table[i].want);
        hex[0] = hex[0] == '0' ? '1' : '0';
        assert_int_equal(signed_check(&head, &post, key, 16, NOW, WINDOW), SIGNED_WRONG);
    }
}

static void shapes(void **state)
{
#define S "0123456789abcdef0123456789abcdef0123456789abcdef0123456789ABCDEF"
    static const struct { struct signed_head head; const char *what; } table[] = {
        { { "dss", "1", "12345678", S }, NULL },
        { { NULL, "1", "12345678", S }, "X-Kheya-Key" },
        { { "", "1", "12345678", S }, "X-Kheya-Key" },
        { { "d s", "1", "12345678", S }, "X-Kheya-Key" },
        { { "123456789012345678901234567890123", "1", "12345678", S }, "X-Kheya-Key" },
        { { "dss", NULL, "12345678", S }, "X-Kheya-Time" },
        { { "dss", "-1", "12345678", S }, "X-Kheya-Time" },
        { { "dss", "1795650000.5", "12345678", S }, "X-Kheya-Time" },
        { { "dss", "1234567890123", "12345678", S }, "X-Kheya-Time" },
        { { "dss", "1", NULL, S }, "X-Kheya-Nonce" },
        { { "dss", "1", "1234567", S }, "X-Kheya-Nonce" },
        { { "dss", "1", "1234567%", S }, "X-Kheya-Nonce" },
        { { "dss", "1", S "x", S }, "X-Kheya-Nonce" },
        { { "dss", "1", "12345678", NULL }, "X-Kheya-Signature" },
        { { "dss", "1", "12345678", S "0" }, "X-Kheya-Signature" },
        { { "dss", "1", "12345678", "x" }, "X-Kheya-Signature" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        const char *what = NULL;

        assert_int_equal(signed_shape(&table[i].head, &what), table[i].what == NULL ? SIGNED_GOOD : SIGNED_MISSING);
        if (table[i].what != NULL)
            assert_memory_equal(what, table[i].what, strlen(table[i].what));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_by_others_too), cmocka_unit_test(good_and_not), cmocka_unit_test(each_octet_counts),
        cmocka_unit_test(in_time),             cmocka_unit_test(shapes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
