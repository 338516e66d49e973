#include "base/cluster.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <unigbrk.h>

#include "base/gsm.h"

/* No cluster that a person wrote is longer; one that is may be broken here. */
#define CLUSTER_LOOK_BACK 256

static bool cluster_is_consonant(uint32_t cp)
{
    return (cp >= 0x0995 && cp <= 0x09b9) || (cp >= 0x09dc && cp <= 0x09df) || cp == 0x09f0 || cp == 0x09f1;
}

/* The start of the character before at; at > 0. */
static size_t cluster_back(const char *s, size_t at)
{
    do
        at--;
    while (at > 0 && ((unsigned char)s[at] & 0xc0) == 0x80);
    return at;
}

/* UAX #29 GB9c: consonant, then hasanta among nukta and joiners, then at a
 * consonant: no break. */
static bool cluster_is_conjunct(const char *s, size_t n, size_t at)
{
    bool hasanta = false;
    uint32_t cp = 0;

    if (at == 0 || gsm_utf8_next(s + at, n - at, &cp) <= 0 || !cluster_is_consonant(cp))
        return false;
    while (at > 0) {
        at = cluster_back(s, at);
        if (gsm_utf8_next(s + at, n - at, &cp) <= 0)
            return false;
        if (cp == 0x09cd)
            hasanta = true;
        else if (cp != 0x09bc && cp != 0x200d)
            break;
    }
    return hasanta && cluster_is_consonant(cp);
}

size_t cluster_floor(const char *s, size_t n, size_t at)
{
    char breaks[CLUSTER_LOOK_BACK + 8];
    size_t begin = 0;
    size_t end;

    if (at >= n)
        return n;
    while (at > 0 && ((unsigned char)s[at] & 0xc0) == 0x80)
        at--;
    if (at == 0 || ((unsigned char)s[at - 1] < 0x80 && (unsigned char)s[at] < 0x80))
        return at;
    if (at > CLUSTER_LOOK_BACK) {
        begin = at - CLUSTER_LOOK_BACK;
        while (((unsigned char)s[begin] & 0xc0) == 0x80)
            begin++;
    }
    /* whether there is a break at at depends on the one character behind it */
    end = at + 1;
    while (end < n && ((unsigned char)s[end] & 0xc0) == 0x80 && end < at + 4)
        end++;
    u8_grapheme_breaks((const uint8_t *)s + begin, end - begin, breaks);
    while (at > begin && (breaks[at - begin] == 0 || cluster_is_conjunct(s + begin, end - begin, at - begin)))
        at--;
    return at;
}
