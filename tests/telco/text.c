/*
 * text.c - GSM 7-bit default alphabet, UCS2 and UTF-8.
 */
#include "text.h"

#include <stdlib.h>
#include <string.h>

#define ESC 0x1b

/* 3GPP TS 23.038 6.2.1; 0x1b is the escape and stands for no character. */
static const uint16_t gsm_basic[128] = {
    0x0040, 0x00a3, 0x0024, 0x00a5, 0x00e8, 0x00e9, 0x00f9, 0x00ec, 0x00f2, 0x00c7, 0x000a, 0x00d8, 0x00f8, 0x000d,
    0x00c5, 0x00e5, 0x0394, 0x005f, 0x03a6, 0x0393, 0x039b, 0x03a9, 0x03a0, 0x03a8, 0x03a3, 0x0398, 0x039e, 0x0000,
    0x00c6, 0x00e6, 0x00df, 0x00c9, 0x0020, 0x0021, 0x0022, 0x0023, 0x00a4, 0x0025, 0x0026, 0x0027, 0x0028, 0x0029,
    0x002a, 0x002b, 0x002c, 0x002d, 0x002e, 0x002f, 0x0030, 0x0031, 0x0032, 0x0033, 0x0034, 0x0035, 0x0036, 0x0037,
    0x0038, 0x0039, 0x003a, 0x003b, 0x003c, 0x003d, 0x003e, 0x003f, 0x00a1, 0x0041, 0x0042, 0x0043, 0x0044, 0x0045,
    0x0046, 0x0047, 0x0048, 0x0049, 0x004a, 0x004b, 0x004c, 0x004d, 0x004e, 0x004f, 0x0050, 0x0051, 0x0052, 0x0053,
    0x0054, 0x0055, 0x0056, 0x0057, 0x0058, 0x0059, 0x005a, 0x00c4, 0x00d6, 0x00d1, 0x00dc, 0x00a7, 0x00bf, 0x0061,
    0x0062, 0x0063, 0x0064, 0x0065, 0x0066, 0x0067, 0x0068, 0x0069, 0x006a, 0x006b, 0x006c, 0x006d, 0x006e, 0x006f,
    0x0070, 0x0071, 0x0072, 0x0073, 0x0074, 0x0075, 0x0076, 0x0077, 0x0078, 0x0079, 0x007a, 0x00e4, 0x00f6, 0x00f1,
    0x00fc, 0x00e0,
};

/* 3GPP TS 23.038 6.2.1.1 */
static const struct extension {
    uint8_t code;
    uint16_t cp;
} gsm_extension[] = {
    { 0x0a, 0x000c }, { 0x14, 0x005e }, { 0x28, 0x007b }, { 0x29, 0x007d }, { 0x2f, 0x005c },
    { 0x3c, 0x005b }, { 0x3d, 0x007e }, { 0x3e, 0x005d }, { 0x40, 0x007c }, { 0x65, 0x20ac },
};

/* One character of UTF-8: its length, 0 at the end, -1 when ill formed. */
static int utf8_next(const char *s, uint32_t *cp)
{
    static const uint32_t least[5] = { 0, 0, 0x80, 0x800, 0x10000 };
    const unsigned char *p = (const unsigned char *)s;
    int len = p[0] == 0 ? 0 : p[0] < 0x80 ? 1 : (p[0] & 0xe0) == 0xc0 ? 2 : (p[0] & 0xf0) == 0xe0 ? 3
              : (p[0] & 0xf8) == 0xf0 ? 4 : -1;

    *cp = p[0];
    if (len < 2)
        return len;
    *cp = p[0] & (0x7fu >> len);
    for (int i = 1; i < len; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return -1;
        *cp = *cp << 6 | (p[i] & 0x3fu);
    }
    if (*cp < least[len] || *cp > 0x10ffff || (*cp >= 0xd800 && *cp < 0xe000))
        return -1;
    return len;
}

static size_t utf8_put(char *out, uint32_t cp)
{
    if (cp < 0x80) {
        out[0] = (char)cp;
        return 1;
    }
    if (cp < 0x800) {
        out[0] = (char)(0xc0 | cp >> 6);
        out[1] = (char)(0x80 | (cp & 0x3f));
        return 2;
    }
    if (cp < 0x10000) {
        out[0] = (char)(0xe0 | cp >> 12);
        out[1] = (char)(0x80 | (cp >> 6 & 0x3f));
        out[2] = (char)(0x80 | (cp & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | cp >> 18);
    out[1] = (char)(0x80 | (cp >> 12 & 0x3f));
    out[2] = (char)(0x80 | (cp >> 6 & 0x3f));
    out[3] = (char)(0x80 | (cp & 0x3f));
    return 4;
}

/* Octets of cp in GSM 7-bit: 1, 2, or 0 when it has none. */
static int gsm_of(uint32_t cp, uint8_t out[2])
{
    if (cp >= 'a' && cp <= 'z') {
        out[0] = (uint8_t)cp;
        return 1;
    }
    for (unsigned i = 0; i < 128; i++)
        if (gsm_basic[i] == cp && i != ESC) {
            out[0] = (uint8_t)i;
            return 1;
        }
    for (size_t i = 0; i < sizeof(gsm_extension) / sizeof(gsm_extension[0]); i++)
        if (gsm_extension[i].cp == cp) {
            out[0] = ESC;
            out[1] = gsm_extension[i].code;
            return 2;
        }
    return 0;
}

enum text_coding text_coding_of(uint8_t dcs)
{
    if (dcs == 3)
        return TEXT_LATIN1;             /* SMPP 3.4 5.2.19 */
    if (dcs == 8)
        return TEXT_UCS2;
    if (dcs == 2 || dcs == 4)
        return TEXT_BINARY;
    if ((dcs & 0xc0) == 0x40 || (dcs & 0xf0) == 0xf0)   /* 3GPP TS 23.038 5: general data coding */
        return (dcs & 0x0c) == 0x08 && (dcs & 0xf0) != 0xf0 ? TEXT_UCS2
               : (dcs & 0x04) ? TEXT_BINARY : TEXT_GSM7;
    return dcs <= 1 || dcs == 0x0f ? TEXT_GSM7 : TEXT_BINARY;
}

const char *text_coding_name(enum text_coding c)
{
    static const char *const names[TEXT_CODINGS] = { "gsm7", "ucs2", "latin1", "binary" };

    return c < TEXT_CODINGS ? names[c] : "none";
}

static bool decode_gsm(const uint8_t *p, size_t n, char *out)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t cp;

        if (p[i] > 0x7f)
            return false;
        cp = gsm_basic[p[i]];
        if (p[i] == ESC && i + 1 < n) {
            i++;
            if (p[i] > 0x7f)
                return false;
            cp = gsm_basic[p[i]];       /* unknown extension: the basic letter */
            for (size_t k = 0; k < sizeof(gsm_extension) / sizeof(gsm_extension[0]); k++)
                if (gsm_extension[k].code == p[i])
                    cp = gsm_extension[k].cp;
        }
        if (cp == 0)
            cp = ' ';                   /* 3GPP TS 23.038 6.2.1.1: escape to nowhere shows as a space */
        out += utf8_put(out, cp);
    }
    *out = '\0';
    return true;
}

static bool decode_ucs2(const uint8_t *p, size_t n, char *out)
{
    if (n % 2 != 0)
        return false;
    for (size_t i = 0; i < n; i += 2) {
        uint32_t cp = (uint32_t)p[i] << 8 | p[i + 1];

        if (cp >= 0xd800 && cp < 0xdc00 && i + 3 < n) {
            uint32_t low = (uint32_t)p[i + 2] << 8 | p[i + 3];

            if (low < 0xdc00 || low > 0xdfff)
                return false;
            cp = 0x10000 + ((cp - 0xd800) << 10) + (low - 0xdc00);
            i += 2;
        }
        if (cp == 0 || (cp >= 0xd800 && cp < 0xe000))
            return false;
        out += utf8_put(out, cp);
    }
    *out = '\0';
    return true;
}

static bool decode_latin1(const uint8_t *p, size_t n, char *out)
{
    for (size_t i = 0; i < n; i++) {
        if (p[i] == 0)
            return false;
        out += utf8_put(out, p[i]);
    }
    *out = '\0';
    return true;
}

char *text_decode(enum text_coding c, const uint8_t *p, size_t n)
{
    char *out = malloc(n * 3 + 1);      /* the most: one GSM or Latin octet 2, one UCS2 unit 3 */
    bool ok = false;

    if (!out)
        abort();
    if (c == TEXT_GSM7)
        ok = decode_gsm(p, n, out);
    else if (c == TEXT_UCS2)
        ok = decode_ucs2(p, n, out);
    else if (c == TEXT_LATIN1)
        ok = decode_latin1(p, n, out);
    if (ok)
        return out;
    free(out);
    return NULL;
}

static int octets_of(enum text_coding c, uint32_t cp, uint8_t out[4])
{
    if (c == TEXT_GSM7)
        return gsm_of(cp, out);
    if (c == TEXT_UCS2 && cp < 0x10000) {
        out[0] = (uint8_t)(cp >> 8);
        out[1] = (uint8_t)cp;
        return 2;
    }
    if (c == TEXT_UCS2) {
        uint32_t high = 0xd800 + ((cp - 0x10000) >> 10), low = 0xdc00 + ((cp - 0x10000) & 0x3ff);

        out[0] = (uint8_t)(high >> 8);
        out[1] = (uint8_t)high;
        out[2] = (uint8_t)(low >> 8);
        out[3] = (uint8_t)low;
        return 4;
    }
    out[0] = (uint8_t)cp;
    return c == TEXT_LATIN1 && cp < 0x100 ? 1 : 0;
}

long text_encode(enum text_coding c, const char *s, uint8_t *out, size_t size)
{
    size_t n = 0;
    uint32_t cp;
    int len;

    while ((len = utf8_next(s, &cp)) > 0) {
        uint8_t o[4];
        int k = octets_of(c, cp, o);

        if (k == 0 || size - n < (size_t)k)
            return -1;
        memcpy(out + n, o, (size_t)k);
        n += (size_t)k;
        s += len;
    }
    return len < 0 ? -1 : (long)n;
}

bool text_valid(const char *s)
{
    uint32_t cp;
    int len;

    while ((len = utf8_next(s, &cp)) > 0)
        s += len;
    return len == 0;
}

struct text_cost text_cost(const char *s)
{
    struct text_cost cost = { 0, 0 };
    uint32_t cp;
    int len;

    while ((len = utf8_next(s, &cp)) > 0) {
        uint8_t o[2];
        int k = cost.septets < 0 ? 0 : gsm_of(cp, o);

        cost.septets = k == 0 ? -1 : cost.septets + k;
        cost.units += cp > 0xffff ? 2 : 1;
        s += len;
    }
    return cost;
}

enum text_coding text_choose(const char *s)
{
    return text_cost(s).septets >= 0 ? TEXT_GSM7 : TEXT_UCS2;
}

size_t text_cut(enum text_coding c, const uint8_t *p, size_t n, size_t max)
{
    if (n <= max)
        return n;
    if (c == TEXT_GSM7)
        return max > 1 && p[max - 1] == ESC ? max - 1 : max;
    if (c == TEXT_UCS2) {
        max &= ~(size_t)1;
        return max > 2 && (p[max - 2] & 0xfc) == 0xd8 ? max - 2 : max;
    }
    return max;
}

int text_packed(int septets)
{
    return (septets * 7 + 7) / 8;
}
