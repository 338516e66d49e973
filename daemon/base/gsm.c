#include "base/gsm.h"

#include <string.h>

#define GSM_ESCAPE 0x1b
#define GSM_REPLACEMENT 0xfffd

#define BENGALI_DDA 0x09a1
#define BENGALI_DDHA 0x09a2
#define BENGALI_YA 0x09af
#define BENGALI_NUKTA 0x09bc
#define BENGALI_AA 0x09be
#define BENGALI_E 0x09c7
#define BENGALI_AU_MARK 0x09d7
#define BENGALI_ZERO 0x09e6

/* 3GPP TS 23.038 6.2.1: code 0x00..0x7f to Unicode; 0x1b is the escape. */
static const uint16_t gsm_default[128] = {
    '@', 0xa3, '$', 0xa5, 0xe8, 0xe9, 0xf9, 0xec, 0xf2, 0xc7, '\n', 0xd8, 0xf8, '\r', 0xc5, 0xe5,
    0x394, '_', 0x3a6, 0x393, 0x39b, 0x3a9, 0x3a0, 0x3a8, 0x3a3, 0x398, 0x39e, 0, 0xc6, 0xe6, 0xdf, 0xc9,
    ' ', '!', '"', '#', 0xa4, '%', '&', '\'', '(', ')', '*', '+', ',', '-', '.', '/',
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', ':', ';', '<', '=', '>', '?',
    0xa1, 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L', 'M', 'N', 'O',
    'P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W', 'X', 'Y', 'Z', 0xc4, 0xd6, 0xd1, 0xdc, 0xa7,
    0xbf, 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o',
    'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z', 0xe4, 0xf6, 0xf1, 0xfc, 0xe0,
};

/* 3GPP TS 23.038 6.2.1.1: what follows the escape. */
static const struct gsm_extension {
    uint8_t code;
    uint16_t cp;
} gsm_extensions[] = {
    { 0x0a, '\f' }, { 0x14, '^' }, { 0x28, '{' }, { 0x29, '}' }, { 0x2f, '\\' },
    { 0x3c, '[' }, { 0x3d, '~' }, { 0x3e, ']' }, { 0x40, '|' }, { 0x65, 0x20ac },
};

/* The two tables turned round, for U+0000..U+00FF: the code, with GSM_ESCAPED
 * set when it follows an escape; GSM_ABSENT when there is none.  A test holds
 * this table against the two above. */
#define GSM_ESCAPED 0x80
#define GSM_ABSENT 0xff
#define NA GSM_ABSENT
#define EX(code) (GSM_ESCAPED | (code))
static const uint8_t gsm_latin1[256] = {
    NA, NA, NA, NA, NA, NA, NA, NA, NA, NA, 0x0a, NA, EX(0x0a), 0x0d, NA, NA,
    NA, NA, NA, NA, NA, NA, NA, NA, NA, NA, NA, NA, NA, NA, NA, NA,
    0x20, 0x21, 0x22, 0x23, 0x02, 0x25, 0x26, 0x27, 0x28, 0x29, 0x2a, 0x2b, 0x2c, 0x2d, 0x2e, 0x2f,
    0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x3a, 0x3b, 0x3c, 0x3d, 0x3e, 0x3f,
    0x00, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49, 0x4a, 0x4b, 0x4c, 0x4d, 0x4e, 0x4f,
    0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59, 0x5a, EX(0x3c), EX(0x2f), EX(0x3e), EX(0x14), 0x11,
    NA, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f,
    0x70, 0x71, 0x72, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7a, EX(0x28), EX(0x40), EX(0x29), EX(0x3d), NA,
    NA, NA, NA, NA, NA, NA, NA, NA, NA, NA, NA, NA, NA, NA, NA, NA,
    NA, NA, NA, NA, NA, NA, NA, NA, NA, NA, NA, NA, NA, NA, NA, NA,
    NA, 0x40, NA, 0x01, 0x24, 0x03, NA, 0x5f, NA, NA, NA, NA, NA, NA, NA, NA,
    NA, NA, NA, NA, NA, NA, NA, NA, NA, NA, NA, NA, NA, NA, NA, 0x60,
    NA, NA, NA, NA, 0x5b, 0x0e, 0x1c, 0x09, NA, 0x1f, NA, NA, NA, NA, NA, NA,
    NA, 0x5d, NA, NA, NA, NA, 0x5c, NA, 0x0b, NA, NA, NA, 0x5e, NA, NA, 0x1e,
    0x7f, NA, NA, NA, 0x7b, 0x0f, 0x1d, NA, 0x04, 0x05, NA, NA, 0x07, NA, NA, NA,
    NA, 0x7d, 0x08, NA, NA, NA, 0x7c, NA, 0x0c, 0x06, NA, NA, 0x7e, NA, NA, NA,
};
#undef NA
#undef EX

/* U+0393..U+03A9: the ten Greek capitals that Latin lacks. */
#define GSM_GREEK_FIRST 0x393
static const uint8_t gsm_greek[] = {
    [0x393 - GSM_GREEK_FIRST] = 0x13, [0x394 - GSM_GREEK_FIRST] = 0x10, [0x398 - GSM_GREEK_FIRST] = 0x19,
    [0x39b - GSM_GREEK_FIRST] = 0x14, [0x39e - GSM_GREEK_FIRST] = 0x1a, [0x3a0 - GSM_GREEK_FIRST] = 0x16,
    [0x3a3 - GSM_GREEK_FIRST] = 0x18, [0x3a6 - GSM_GREEK_FIRST] = 0x12, [0x3a8 - GSM_GREEK_FIRST] = 0x17,
    [0x3a9 - GSM_GREEK_FIRST] = 0x15,
};

static uint8_t gsm_code(uint32_t cp)
{
    if (cp < 256)
        return gsm_latin1[cp];
    if (cp >= GSM_GREEK_FIRST && cp < GSM_GREEK_FIRST + sizeof gsm_greek) {
        uint8_t code = gsm_greek[cp - GSM_GREEK_FIRST];

        return code != 0 ? code : GSM_ABSENT;
    }
    return cp == 0x20ac ? GSM_ESCAPED | 0x65 : GSM_ABSENT;
}

int gsm_char_septets(uint32_t cp)
{
    uint8_t code = gsm_code(cp);

    if (code == GSM_ABSENT)
        return -1;
    return (code & GSM_ESCAPED) != 0 ? 2 : 1;
}

/* --- UTF-8 ---------------------------------------------------------------------- */

/* RFC 3629 section 4.  min catches overlong forms. */
int gsm_utf8_next(const char *s, size_t n, uint32_t *cp)
{
    static const uint32_t min[5] = { 0, 0, 0x80, 0x800, 0x10000 };
    uint32_t c;
    int len;

    if (n == 0)
        return 0;
    c = (unsigned char)s[0];
    if (c < 0x80) {
        *cp = c;
        return 1;
    }
    if (c < 0xc2 || c > 0xf4)
        return -1;
    len = c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
    if ((size_t)len > n)
        return -1;
    c &= 0x7fu >> len;
    for (int i = 1; i < len; i++) {
        uint32_t b = (unsigned char)s[i];

        if ((b & 0xc0) != 0x80)
            return -1;
        c = c << 6 | (b & 0x3f);
    }
    if (c < min[len] || (c >= 0xd800 && c <= 0xdfff) || c > 0x10ffff)
        return -1;
    *cp = c;
    return len;
}

bool gsm_utf8_valid(const char *s, size_t n)
{
    uint32_t cp;

    while (n > 0) {
        int len = gsm_utf8_next(s, n, &cp);

        if (len < 0)
            return false;
        s += len;
        n -= (size_t)len;
    }
    return true;
}

void gsm_utf8_add(struct buf *out, uint32_t cp)
{
    char p[4];
    size_t len;

    if (cp < 0x80) {
        p[0] = (char)cp;
        len = 1;
    } else if (cp < 0x800) {
        p[0] = (char)(0xc0 | cp >> 6);
        len = 2;
    } else if (cp < 0x10000) {
        p[0] = (char)(0xe0 | cp >> 12);
        len = 3;
    } else {
        p[0] = (char)(0xf0 | cp >> 18);
        len = 4;
    }
    for (size_t i = 1; i < len; i++)
        p[i] = (char)(0x80 | (cp >> 6 * (len - 1 - i) & 0x3f));
    buf_add(out, p, len);
}

/* --- costs ---------------------------------------------------------------------- */

/* Per ASCII character: its septets; 0x10 when it has none. */
#define GSM_NONE 0x10
static const uint8_t gsm_ascii_cost[128] = {
    16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 1, 16, 2, 1, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16,
    16, 16, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 2, 2, 2, 2, 1, 16, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 2, 2, 2, 2, 16,
};

/* Called for every page: ASCII by table, and the three octets of a Bengali
 * letter without being put together.  Well formed, so lengths are in the lead. */
struct gsm_cost gsm_cost(const char *s, size_t n)
{
    const unsigned char *p = (const unsigned char *)s;
    const unsigned char *end = p + n;
    unsigned seen = 0;
    int septets = 0;
    int units = 0;

    while (p < end) {
        unsigned c = *p;

        if (c < 0x80) {
            c = gsm_ascii_cost[c];
            seen |= c;
            septets += (int)c;
            units++;
            p++;
        } else if (c >= 0xe0 && (c >= 0xf0 || end - p < 3 || p[1] != 0x82 || c != 0xe2)) {
            seen = GSM_NONE;
            units += c < 0xf0 ? 1 : 2;
            p += c < 0xf0 ? 3 : 4;
        } else {
            uint32_t cp = GSM_REPLACEMENT;
            int len = gsm_utf8_next((const char *)p, (size_t)(end - p), &cp);
            int cost = gsm_char_septets(cp);

            if (cost < 0)
                seen |= GSM_NONE;
            septets += cost;
            units++;
            p += len > 0 ? len : 1;
        }
    }
    return (struct gsm_cost){ (seen & GSM_NONE) != 0 ? -1 : septets, units };
}

struct gsm_cost gsm_cost_add(struct gsm_cost a, struct gsm_cost b)
{
    return (struct gsm_cost){ a.septets < 0 || b.septets < 0 ? -1 : a.septets + b.septets, a.units + b.units };
}

int gsm_sms_segments(const char *s, size_t n)
{
    struct gsm_cost all = gsm_cost(s, n);
    bool seven = all.septets >= 0;
    int total = seven ? all.septets : all.units;
    int room = seven ? 153 : 67;        /* 3GPP TS 23.040 9.2.3.24.1: a 6-octet header in each part */
    int used = 0;
    int segments = 1;

    if (n == 0)
        return 0;
    if (total <= (seven ? 160 : 70))
        return 1;
    while (n > 0) {
        uint32_t cp = GSM_REPLACEMENT;
        int len = gsm_utf8_next(s, n, &cp);
        int cost = seven ? gsm_char_septets(cp) : cp >= 0x10000 ? 2 : 1;

        if (used + cost > room) {
            segments++;
            used = 0;
        }
        used += cost;
        len = len > 0 ? len : 1;
        s += len;
        n -= (size_t)len;
    }
    return segments;
}

/* --- normal form ------------------------------------------------------------------ */

/* The pairs that Bengali fonts of older handsets expect as one character.
 * Unicode's NFC composes only the two vowel signs and takes the three letters
 * apart; here all five are one. */
static uint32_t gsm_compose(uint32_t a, uint32_t b)
{
    if (b == BENGALI_NUKTA)
        return a == BENGALI_DDA ? 0x09dc : a == BENGALI_DDHA ? 0x09dd : a == BENGALI_YA ? 0x09df : 0;
    if (a == BENGALI_E)
        return b == BENGALI_AA ? 0x09cb : b == BENGALI_AU_MARK ? 0x09cc : 0;
    return 0;
}

/* One character of any bytes; an ill-formed octet with the continuation octets
 * behind it is one U+FFFD. */
static size_t gsm_lenient_next(const char *s, size_t n, uint32_t *cp)
{
    int len = gsm_utf8_next(s, n, cp);
    size_t i = 1;

    if (len > 0)
        return (size_t)len;
    *cp = GSM_REPLACEMENT;
    while (i < n && ((unsigned char)s[i] & 0xc0) == 0x80)
        i++;
    return i;
}

/* Walk through s in normal form; one character of look-back for composition. */
struct gsm_walk {
    const char *s;
    size_t n;
    uint32_t held;              /* read and not yet given, 0 none */
};

static uint32_t gsm_walk_raw(struct gsm_walk *w)
{
    while (w->n > 0) {
        uint32_t cp;
        size_t len = gsm_lenient_next(w->s, w->n, &cp);

        w->s += len;
        w->n -= len;
        if (cp == '\r') {
            if (w->n > 0 && w->s[0] == '\n')
                continue;
            return '\n';
        }
        if (cp == '\t')
            return ' ';
        if (cp == '\n' || (cp >= 0x20 && cp < 0x7f) || cp >= 0xa0)
            return cp;
    }
    return 0;
}

/* The next character, 0 at the end. */
static uint32_t gsm_walk_next(struct gsm_walk *w)
{
    uint32_t cp = w->held != 0 ? w->held : gsm_walk_raw(w);
    uint32_t joined;

    w->held = 0;
    /* only a letter of the Bengali block may join with the next */
    if (cp < BENGALI_DDA || cp > BENGALI_E)
        return cp;
    w->held = gsm_walk_raw(w);
    joined = gsm_compose(cp, w->held);
    if (joined == 0)
        return cp;
    w->held = 0;
    return joined;
}

void gsm_normalise(struct buf *out, const char *s, size_t n)
{
    struct gsm_walk w = { s, n, 0 };
    uint32_t cp;

    while ((cp = gsm_walk_next(&w)) != 0)
        gsm_utf8_add(out, cp);
}

static bool gsm_is_space(uint32_t cp)
{
    return cp == ' ' || cp == '\n' || cp == 0xa0 || cp == 0x1680 || (cp >= 0x2000 && cp <= 0x200a) ||
           cp == 0x2028 || cp == 0x2029 || cp == 0x202f || cp == 0x205f || cp == 0x3000;
}

/* Joiners mean something inside a Bengali word and nothing at its ends. */
static bool gsm_is_invisible(uint32_t cp)
{
    return (cp >= 0x200b && cp <= 0x200d) || cp == 0xfeff;
}

void gsm_answer(struct buf *out, const char *s, size_t n)
{
    struct gsm_walk w = { s, n, 0 };
    size_t start = out->len;
    size_t solid = start;               /* end of the last character to keep */
    bool after_space = true;
    uint32_t cp;

    while ((cp = gsm_walk_next(&w)) != 0) {
        bool space = gsm_is_space(cp);
        bool invisible = gsm_is_invisible(cp);

        if ((space && after_space) || (invisible && out->len == start))
            continue;
        if (space)
            cp = ' ';
        else if (cp >= BENGALI_ZERO && cp <= BENGALI_ZERO + 9)
            cp = '0' + (cp - BENGALI_ZERO);
        gsm_utf8_add(out, cp);
        after_space = space;
        if (!space && !invisible)
            solid = out->len;
    }
    buf_cut(out, solid);
}

void gsm_bengali_digits(struct buf *out, const char *s, size_t n)
{
    size_t from = 0;

    for (size_t i = 0; i < n; i++) {
        if (s[i] < '0' || s[i] > '9')
            continue;
        buf_add(out, s + from, i - from);
        gsm_utf8_add(out, BENGALI_ZERO + (uint32_t)(s[i] - '0'));
        from = i + 1;
    }
    buf_add(out, s + from, n - from);
}

/* --- conversions ------------------------------------------------------------------ */

static bool gsm_utf16_all(struct buf *out, const uint8_t *p, size_t n)
{
    for (size_t i = 0; i + 1 < n; i += 2) {
        uint32_t cp = (uint32_t)p[i] << 8 | p[i + 1];

        if (cp >= 0xd800 && cp <= 0xdbff && i + 3 < n && (p[i + 2] & 0xfc) == 0xdc) {
            cp = 0x10000 + ((cp & 0x3ff) << 10 | (uint32_t)(p[i + 2] & 3) << 8 | p[i + 3]);
            i += 2;
        }
        if (cp == 0 || (cp >= 0xd800 && cp <= 0xdfff))
            return false;
        gsm_utf8_add(out, cp);
    }
    return n % 2 == 0;
}

bool gsm_from_utf16be(struct buf *out, const void *p, size_t n)
{
    size_t start = out->len;
    bool ok = gsm_utf16_all(out, p, n);

    if (!ok)
        buf_cut(out, start);
    return ok;
}

/* 3GPP TS 23.038 6.2.1.1: an escape pair that is not in the extension table
 * shows as the character of the default table, a second or last escape as a
 * space. */
static uint32_t gsm_escaped(uint8_t code)
{
    for (size_t i = 0; i < sizeof gsm_extensions / sizeof gsm_extensions[0]; i++)
        if (gsm_extensions[i].code == code)
            return gsm_extensions[i].cp;
    return code == GSM_ESCAPE ? ' ' : gsm_default[code];
}

bool gsm_from_gsm(struct buf *out, const void *p, size_t n)
{
    const uint8_t *b = p;

    for (size_t i = 0; i < n; i++)
        if (b[i] > 0x7f)
            return false;
    for (size_t i = 0; i < n; i++) {
        uint32_t cp = gsm_default[b[i]];

        if (b[i] == GSM_ESCAPE) {
            i++;
            cp = i < n ? gsm_escaped(b[i]) : ' ';
        }
        gsm_utf8_add(out, cp);
    }
    return true;
}

bool gsm_to_utf16be(struct buf *out, const char *s, size_t n)
{
    size_t start = out->len;

    while (n > 0) {
        uint32_t cp;
        int len = gsm_utf8_next(s, n, &cp);
        uint32_t high;
        uint8_t p[4];

        if (len < 0) {
            buf_cut(out, start);
            return false;
        }
        s += len;
        n -= (size_t)len;
        high = cp < 0x10000 ? cp : 0xd800 + ((cp - 0x10000) >> 10);
        p[0] = (uint8_t)(high >> 8);
        p[1] = (uint8_t)high;
        if (cp < 0x10000) {
            buf_add(out, p, 2);
            continue;
        }
        p[2] = (uint8_t)(0xdc | (cp >> 8 & 3));
        p[3] = (uint8_t)cp;
        buf_add(out, p, 4);
    }
    return true;
}

bool gsm_to_gsm(struct buf *out, const char *s, size_t n)
{
    size_t start = out->len;

    while (n > 0) {
        uint32_t cp;
        int len = gsm_utf8_next(s, n, &cp);
        uint8_t code = len > 0 ? gsm_code(cp) : GSM_ABSENT;
        const uint8_t pair[2] = { GSM_ESCAPE, code & 0x7f };

        if (code == GSM_ABSENT) {
            buf_cut(out, start);
            return false;
        }
        s += len;
        n -= (size_t)len;
        if ((code & GSM_ESCAPED) != 0)
            buf_add(out, pair, 2);
        else
            buf_add(out, pair + 1, 1);
    }
    return true;
}
