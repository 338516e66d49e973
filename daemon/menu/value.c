#include "menu/model.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/damm.h"
#include "menu/expr.h"
#include "menu/pattern.h"
#include "menu/told.h"

#define VALUE_DIGITS 32                 /* of a number with its blanks and hyphens */

/* As the network counts: one beyond U+FFFF is two units. */
static int value_characters(const char *s, size_t n)
{
    int count = 0;

    for (size_t i = 0; i < n; i++)
        count += (unsigned char)s[i] >= 0xf0 ? 2 : ((unsigned char)s[i] & 0xc0) != 0x80;
    return count;
}

static bool value_is_digits(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (s[i] < '0' || s[i] > '9')
            return false;
    }
    return n > 0;
}

/* The characters of s that are not in drop; -1 when they are more than size. */
static int value_strip(char *out, int size, const char *s, size_t n, const char *drop)
{
    int len = 0;

    for (size_t i = 0; i < n; i++) {
        if (s[i] != '\0' && strchr(drop, s[i]) != NULL)
            continue;
        if (len == size)
            return -1;
        out[len++] = s[i];
    }
    return len;
}

/* --- texts and patterns --------------------------------------------------------------------- */

static bool value_text(const struct menu_type *t, const char *s, size_t n, struct buf *out)
{
    if (n == 0 || value_characters(s, n) > t->width)
        return false;
    buf_add(out, s, n);
    return true;
}

static bool value_word(const struct menu_type *t, const char *s, size_t n, struct buf *out)
{
    return memchr(s, ' ', n) == NULL && memchr(s, '\n', n) == NULL && value_text(t, s, n, out);
}

static bool value_matches(const struct menu_type *t, const char *s, size_t n)
{
    return n > 0 && t->regex != NULL && value_characters(s, n) <= t->width && pattern_matches(t->regex, s, n);
}

/* As typed; or else without the blanks, dots and hyphens that people put into
 * long numbers. */
static bool value_pattern(const struct menu_type *t, const char *s, size_t n, struct buf *out)
{
    char *bare;
    bool fits = value_matches(t, s, n);
    int len;

    if (fits) {
        buf_add(out, s, n);
        return true;
    }
    bare = xcalloc(n, 1);
    len = value_strip(bare, (int)n, s, n, " .-");
    fits = len > 0 && value_matches(t, bare, (size_t)len);
    if (fits)
        buf_add(out, bare, (size_t)len);
    free(bare);
    return fits;
}

/* --- numbers ---------------------------------------------------------------------------------- */

/* "1,950" and "1,00,000": three digits behind the last comma, two or three
 * between commas. */
static bool value_commas(const char *s, size_t n)
{
    size_t group = 0, groups = 0;

    for (size_t i = 0; i < n; i++) {
        if (s[i] != ',') {
            group++;
            continue;
        }
        if (group == 0 || group > 3 || (groups > 0 && group < 2))
            return false;
        groups++;
        group = 0;
    }
    return groups == 0 || group == 3;
}

static bool value_whole(const struct menu_type *t, const char *s, size_t n, struct buf *out)
{
    char digits[VALUE_DIGITS];
    bool minus = n > 0 && *s == '-';
    int64_t v = 0;
    int len;

    if (minus || (n > 0 && *s == '+')) {
        s++;
        n--;
    }
    len = value_strip(digits, VALUE_DIGITS, s, n, ",");
    if (len <= 0 || !value_commas(s, n) || !value_is_digits(digits, (size_t)len))
        return false;
    for (int i = 0; i < len; i++) {
        if (v > INT64_MAX / 100)
            return false;
        v = v * 10 + (digits[i] - '0');
    }
    v = minus ? -v : v;
    if (v < t->min || v > t->max)
        return false;
    buf_addf(out, "%" PRId64, v);
    return true;
}

/* ITU-T E.164 numbers of Bangladesh: 880, then 1[3-9] and eight digits; at home
 * 0 stands for 880. */
static bool value_msisdn(const char *s, size_t n, struct buf *out)
{
    static const char *const prefixes[] = { "+880", "00880", "880", "0" };
    char digits[VALUE_DIGITS];
    int len = value_strip(digits, VALUE_DIGITS, s, n, " .-()");

    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        int skip = (int)strlen(prefixes[i]);
        const char *rest = digits + skip;

        if (len != skip + 10 || memcmp(digits, prefixes[i], (size_t)skip) != 0)
            continue;
        if (!value_is_digits(rest, 10) || rest[0] != '1' || rest[1] < '3')
            return false;
        buf_addf(out, "880%.10s", rest);
        return true;
    }
    return false;
}

static bool value_case_no(const char *s, size_t n, struct buf *out)
{
    char digits[VALUE_DIGITS];
    int len = value_strip(digits, VALUE_DIGITS, s, n, " -");

    if (len != 10 || !value_is_digits(digits, 10) || !damm_valid(digits, 10))
        return false;
    buf_add(out, digits, 10);
    return true;
}

static bool value_pin(const struct menu_type *t, const char *s, size_t n, struct buf *out)
{
    if (n != (size_t)t->width || !value_is_digits(s, n))
        return false;
    buf_add(out, s, n);
    return true;
}

/* --- dates ------------------------------------------------------------------------------------ */

/* A day as YYYY-MM-DD if there is one and the type takes it. */
static bool value_day(const struct menu_type *t, const char ymd[10], int32_t today, struct buf *out)
{
    int32_t day;

    if (!expr_date(ymd, 10, &day) || (t->past && day > today) || (t->future && day < today))
        return false;
    buf_add(out, ymd, 10);
    return true;
}

/* D-M-YYYY with one separator of . - / or blank; DD and MM too. */
static bool value_split_date(const char *s, size_t n, char ymd[10])
{
    size_t day = 0, month, at;

    while (day < n && s[day] >= '0' && s[day] <= '9')
        day++;
    if (day == n || memchr(".-/ ", s[day], 4) == NULL)
        return false;
    at = day + 1;
    month = 0;
    while (at + month < n && s[at + month] >= '0' && s[at + month] <= '9')
        month++;
    if (day < 1 || day > 2 || month < 1 || month > 2 || at + month + 5 != n || s[at + month] != s[day] ||
        !value_is_digits(s + n - 4, 4))
        return false;
    memcpy(ymd, s + n - 4, 4);
    ymd[5] = month == 2 ? s[at] : '0';
    ymd[6] = s[at + month - 1];
    ymd[8] = day == 2 ? s[0] : '0';
    ymd[9] = s[day - 1];
    return true;
}

static bool value_date(const struct menu_type *t, const char *s, size_t n, int32_t today, struct buf *out)
{
    char ymd[10] = "0000-00-00";

    if (n == 8 && value_is_digits(s, 8)) {
        memcpy(ymd, s + 4, 4);
        memcpy(ymd + 5, s + 2, 2);
        memcpy(ymd + 8, s, 2);
    } else if (!value_split_date(s, n, ymd)) {
        return false;
    }
    return value_day(t, ymd, today, out);
}

/* --- one of a few ------------------------------------------------------------------------------- */

static bool value_same(const char *word, const char *s, size_t n)
{
    return strlen(word) == n && strncasecmp(word, s, n) == 0;
}

static bool value_yesno(const char *s, size_t n, struct buf *out)
{
    static const struct {
        const char *typed;
        bool yes;
    } words[] = {
        { "1", true },  { "yes", true }, { "y", true },   { "ha", true },     { "hya", true }, { "ji", true },
        { "হ্যাঁ", true }, { "হ্যা", true }, { "জি", true },   { "জ্বি", true },
        { "2", false }, { "no", false }, { "n", false },  { "na", false },    { "না", false },
    };

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (value_same(words[i].typed, s, n)) {
            buf_adds(out, words[i].yes ? "yes" : "no");
            return true;
        }
    }
    return false;
}

static bool value_choice(const struct menu_type *t, const char *s, size_t n, struct buf *out)
{
    for (int i = 0; i < t->choice_count; i++) {
        if (value_same(t->choices[i].code, s, n)) {
            buf_adds(out, t->choices[i].code);
            return true;
        }
    }
    return false;
}

/* --- both ways ------------------------------------------------------------------------------------ */

bool menu_type_accept(const struct menu_type *t, const char *s, size_t n, int32_t today, struct buf *out)
{
    switch (t->kind) {
    case MENU_TYPE_TEXT:
        return value_text(t, s, n, out);
    case MENU_TYPE_WORD:
        return value_word(t, s, n, out);
    case MENU_TYPE_WHOLE:
        return value_whole(t, s, n, out);
    case MENU_TYPE_DATE:
        return value_date(t, s, n, today, out);
    case MENU_TYPE_MSISDN:
        return value_msisdn(s, n, out);
    case MENU_TYPE_YESNO:
        return value_yesno(s, n, out);
    case MENU_TYPE_CASE_NO:
        return value_case_no(s, n, out);
    case MENU_TYPE_PIN:
        return value_pin(t, s, n, out);
    case MENU_TYPE_PATTERN:
        return value_pattern(t, s, n, out);
    case MENU_TYPE_CHOICE:
        return value_choice(t, s, n, out);
    case MENU_TYPE_TOLD:                /* never typed */
    case MENU_TYPE_KINDS:
        break;
    }
    return false;
}

/* PostgreSQL's text form of boolean is t and f. */
static bool value_import_yesno(const char *s, struct buf *out)
{
    static const char *const yes[] = { "t", "true", "yes" }, *const no[] = { "f", "false", "no" };

    for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++) {
        if (strcmp(s, yes[i]) == 0 || strcmp(s, no[i]) == 0) {
            buf_adds(out, strcmp(s, yes[i]) == 0 ? "yes" : "no");
            return true;
        }
    }
    return false;
}

/* A date, or the day of a timestamp. */
static bool value_import_date(const struct menu_type *t, const char *s, struct buf *out)
{
    const struct menu_type any = { .kind = t->kind };
    size_t n = strlen(s);

    return n >= 10 && (n == 10 || s[10] == ' ' || s[10] == 'T') && value_day(&any, s, 0, out);
}

/* The database may keep what a citizen could not type: an empty text. */
static bool value_import_text(const struct menu_type *t, const char *s, struct buf *out)
{
    size_t n = strlen(s);

    return n == 0 || (t->kind == MENU_TYPE_WORD ? value_word(t, s, n, out) : value_text(t, s, n, out));
}

bool menu_type_import(const struct menu_type *t, const char *s, struct buf *out)
{
    size_t n = strlen(s);

    switch (t->kind) {
    case MENU_TYPE_TEXT:
    case MENU_TYPE_WORD:
        return value_import_text(t, s, out);
    case MENU_TYPE_WHOLE:
        return strchr(s, ',') == NULL && value_whole(t, s, n, out);
    case MENU_TYPE_DATE:
        return value_import_date(t, s, out);
    case MENU_TYPE_MSISDN:
        return value_msisdn(s, n, out);
    case MENU_TYPE_YESNO:
        return value_import_yesno(s, out);
    case MENU_TYPE_CASE_NO:
        return value_case_no(s, n, out);
    case MENU_TYPE_PATTERN:
        return value_pattern(t, s, n, out);
    case MENU_TYPE_CHOICE:
        return value_choice(t, s, n, out);
    case MENU_TYPE_TOLD:
        if (told_is(t, s, n))
            buf_add(out, s, n);
        return told_is(t, s, n);
    case MENU_TYPE_PIN:                 /* never comes from there */
    case MENU_TYPE_KINDS:
        break;
    }
    return false;
}
