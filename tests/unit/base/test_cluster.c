/* cluster: no letter is broken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/cluster.h"

/* bounds: the boundaries, '|' between the clusters of text. */
static void check(const char *clusters)
{
    char text[512];
    size_t bound[64];
    size_t bounds = 0;
    size_t n = 0;

    bound[bounds++] = 0;
    for (const char *s = clusters; *s != '\0'; s++) {
        if (*s == '|')
            bound[bounds++] = n;
        else
            text[n++] = *s;
    }
    bound[bounds] = n;
    for (size_t at = 0; at <= n + 2; at++) {
        size_t want = 0;

        for (size_t i = 0; i <= bounds; i++)
            if (bound[i] <= at)
                want = bound[i];
        if (cluster_floor(text, n, at) != want)
            fail_msg("%s at %zu: %zu, not %zu", clusters, at, cluster_floor(text, n, at), want);
    }
}

static void test_clusters(void **state)
{
    (void)state;
    check("");
    check("a|b|c");
    check("a| |b|\n|c");
    check("e\xcc\x81|x");                   /* a letter and its accent */
    check("ভা|তা");                          /* vowel signs */
    check("ক্ষ|তি");                           /* conjuncts: GB9c */
    check("বৃ|দ্ধ");
    check("প্র|তি|ব|ন্ধী");
    check("স্কু|ল");
    check("কা|র্য|দি|ব|সে");
    check("ন্ত্র|ণা");                           /* a conjunct of three */
    check("ব্|a");                           /* hasanta that joins nothing */
    check("হ|\xe0\xa6\xaf\xe0\xa6\xbc" "|a");     /* a letter and its nukta */
    check("র্\xe2\x80\x8dযা|ক");               /* a joiner inside */
    check("👨\xe2\x80\x8d👩\xe2\x80\x8d👧|x");
    check("🇧🇩|🇮🇳");
}

/* A run longer than any cluster: still a boundary of characters, and progress. */
static void test_endless(void **state)
{
    char text[3 * 1000 + 3];
    size_t n = 0;
    size_t at;

    (void)state;
    memcpy(text, "\xe0\xa6\x95", 3);
    for (n = 3; n < sizeof text; n += 3)
        memcpy(text + n, "\xe0\xa6\xbe", 3);
    at = cluster_floor(text, n, 1500);
    assert_true(at > 0 && at <= 1500 && at % 3 == 0);
    assert_int_equal(cluster_floor(text, n, 100), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clusters), cmocka_unit_test(test_endless),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
