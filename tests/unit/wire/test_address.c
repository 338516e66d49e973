#include "wire/address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void numeric_addresses_alone(void **state)
{
    static const struct { const char *text; int family, port; } table[] = {
        { "127.0.0.1:8333", AF_INET, 8333 },    { "0.0.0.0:0", AF_INET, 0 },
        { "127.0.0.1:65535", AF_INET, 65535 },  { "[::1]:13001", AF_INET6, 13001 },
        { "[fe80::1:2]:1", AF_INET6, 1 },       { "127.0.0.1:65536", 0, 0 },
        { "127.0.0.1:", 0, 0 },                 { "127.0.0.1", 0, 0 },
        { "", 0, 0 },                           { ":80", 0, 0 },
        { "localhost:80", 0, 0 },               { "::1:80", 0, 0 },
        { "[::1:80", 0, 0 },                    { "[]:80", 0, 0 },
        { "[", 0, 0 },                          { "[:80", 0, 0 },
        { "[127.0.0.1]:80", 0, 0 },             { "127.0.0.1:-1", 0, 0 },
        { "127.0.0.1:8x", 0, 0 },               { "127.0.0.1:000001", 0, 0 },
        { "127.0.0.256:80", 0, 0 },             { "127.1:80", 0, 0 },
        { "[1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc]:1", 0, 0 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct address a;
        bool good = address_parse(&a, table[i].text);

        if (good != (table[i].family != 0))
            fail_msg("%s", table[i].text);
        if (!good)
            continue;
        assert_int_equal(a.sa.ss_family, table[i].family);
        assert_int_equal(address_port(&a), table[i].port);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numeric_addresses_alone),
    };

    return cmocka_run_group_tests_name("wire/address", tests, NULL, NULL);
}
