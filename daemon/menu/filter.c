#include "menu/filter.h"

#include <stdint.h>
#include <string.h>

#include "base/clock.h"
#include "base/cluster.h"
#include "menu/expr.h"
#include "menu/keys.h"
#include "menu/number.h"

static char *filter_text(const struct filter_value *v, size_t *len)
{
    *len = v->out->len - v->start;
    return *len > 0 ? v->out->data + v->start : NULL;
}

static bool filter_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool filter_all_digits(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!filter_is_digit(s[i]))
            return false;
    return n > 0;
}

/* UTF-16 units of the character at s: a width is counted as the network counts. */
static size_t filter_units(char c)
{
    return (unsigned char)c >= 0xf0 ? 2 : ((unsigned char)c & 0xc0) != 0x80;
}

/* Octets of the first n characters. */
static size_t filter_head(const char *s, size_t len, size_t n)
{
    size_t i = 0;

    for (; i < len; i++) {
        size_t units = filter_units(s[i]);

        if (units > n)
            break;
        n -= units;
    }
    return i;
}

static size_t filter_chars(const char *s, size_t len)
{
    size_t n = 0;

    for (size_t i = 0; i < len; i++)
        n += filter_units(s[i]);
    return n;
}

/* Where the last n characters begin. */
static size_t filter_tail(const char *s, size_t len, size_t n)
{
    size_t i = len;

    while (i > 0) {
        size_t at = i - 1;

        while (at > 0 && ((unsigned char)s[at] & 0xc0) == 0x80)
            at--;
        if (filter_units(s[at]) > n)
            break;
        n -= filter_units(s[at]);
        i = at;
    }
    return i;
}

static void filter_upper(const struct filter_value *v)
{
    size_t len;
    char *s = filter_text(v, &len);

    for (size_t i = 0; i < len; i++)
        if (s[i] >= 'a' && s[i] <= 'z')
            s[i] = (char)(s[i] - 'a' + 'A');
}

static void filter_cut(const struct filter_value *v)
{
    size_t len;
    const char *s = filter_text(v, &len);
    size_t head = filter_head(s, len, (size_t)v->arg);
    size_t whole;

    if (head == len)
        return;
    whole = cluster_floor(s, len, head);
    buf_cut(v->out, v->start + (whole > 0 ? whole : head));
}

/* What stays of a value is copied out before it is cut: head and tail are a few
 * characters, four octets each at most. */
static void filter_keep(const struct filter_value *v, size_t head_chars, size_t tail_chars)
{
    char head[16];
    char tail[16];
    size_t len;
    const char *s = filter_text(v, &len);
    size_t head_len = filter_head(s, len, head_chars);
    size_t tail_at = filter_tail(s, len, tail_chars);
    size_t tail_len = len - tail_at;

    memcpy(head, s, head_len);
    memcpy(tail, s + tail_at, tail_len);
    buf_cut(v->out, v->start);
    buf_add(v->out, head, head_len);
    buf_adds(v->out, "**");
    buf_add(v->out, tail, tail_len);
}

/* "017**678": of a short value less stays, so that most of it is hidden. */
static void filter_mask(const struct filter_value *v)
{
    size_t len;
    const char *s = filter_text(v, &len);
    size_t chars;
    size_t keep;

    if (s == NULL)
        return;
    if (len == 13 && memcmp(s, "8801", 4) == 0 && filter_all_digits(s, len)) {
        memmove(v->out->data + v->start, s + 2, len - 2);
        buf_cut(v->out, v->out->len - 2);
        s = filter_text(v, &len);
    }
    chars = filter_chars(s, len);
    keep = chars >= 9 ? 3 : chars / 4;
    filter_keep(v, keep, keep);
}

/* "**4821".  A sensitive value is never shown by more than its half. */
static void filter_last4(const struct filter_value *v)
{
    size_t len;
    const char *s = filter_text(v, &len);
    size_t chars = s != NULL ? filter_chars(s, len) : 0;
    size_t keep = chars < 4 ? chars : 4;

    if (s == NULL)
        return;
    if (v->type != NULL && v->type->sensitive && keep > chars / 2)
        keep = chars / 2;
    filter_keep(v, 0, keep);
}

static void filter_replace(const struct filter_value *v, const char *s)
{
    buf_cut(v->out, v->start);
    buf_adds(v->out, s);
}

/* The program asks yes or no with menu words of their own, so the root file has
 * no word for "no". */
static const char *filter_no(const char *lang)
{
    if (strcmp(lang, "bn") == 0)
        return "\xe0\xa6\xa8\xe0\xa6\xbe";
    return strcmp(lang, "bn-Latn") == 0 ? "Na" : "No";
}

static void filter_name_text(const struct filter_value *v, const struct menu_text *name)
{
    const struct template *t = template_of(name, v->scope->lang);

    buf_cut(v->out, v->start);
    /* a name with placeholders could name itself */
    if (t != NULL && template_is_constant(t))
        template_print(t, v->scope, v->out);
}

static void filter_name(const struct filter_value *v)
{
    const struct menu *m = v->scope->menu;
    const struct menu_type *t = v->type;
    size_t len;
    const char *s = filter_text(v, &len);

    if (s == NULL)
        return;
    if (v->var == MENU_VAR_LANG) {
        for (int i = 0; i < m->lang_count; i++)
            if (strcmp(m->langs[i].id, s) == 0) {
                filter_replace(v, m->langs[i].name);
                return;
            }
    } else if (t != NULL && t->kind == MENU_TYPE_YESNO) {
        if (strcmp(s, "no") == 0)
            filter_replace(v, filter_no(m->langs[v->scope->lang].id));
        else
            filter_name_text(v, m->words[MENU_WORD_YES]);
    } else if (t != NULL) {
        for (int i = 0; i < t->choice_count; i++)
            if (strcmp(t->choices[i].code, s) == 0) {
                filter_name_text(v, t->choices[i].name);
                return;
            }
    }
}

const char *filter_month(const struct expr_scope *scope, int month, size_t *len)
{
    const struct menu_text *text = scope->menu->words[MENU_WORD_MONTHS];
    const struct template *t = text != NULL ? template_of(text, scope->lang) : NULL;
    size_t n = 0;
    const char *s = t != NULL ? template_constant(t, &n, NULL) : NULL;
    const char *end = s != NULL ? s + n : NULL;

    while (s != NULL) {
        const char *space = memchr(s, ' ', (size_t)(end - s));

        *len = space != NULL ? (size_t)(space - s) : (size_t)(end - s);
        if (*len > 0 && --month == 0)
            return s;
        s = space != NULL ? space + 1 : NULL;
    }
    *len = 1;
    return "?";
}

static void filter_date_as(const struct filter_value *v, bool year)
{
    size_t len;
    const char *s = filter_text(v, &len);
    int32_t day;
    struct clock_date d;
    const char *month;

    if (s == NULL || !expr_date(s, len, &day))
        return;
    d = clock_date_of(day);
    month = filter_month(v->scope, d.month, &len);
    buf_cut(v->out, v->start);
    buf_addf(v->out, "%d ", d.day);
    buf_add(v->out, month, len);
    if (year)
        buf_addf(v->out, " %d", d.year);
}

static void filter_day(const struct filter_value *v)
{
    filter_date_as(v, false);
}

void filter_day_of(const struct expr_scope *scope, const char *date, struct buf *out)
{
    struct filter_value v = { .scope = scope, .out = out, .start = out->len };

    buf_adds(out, date);
    filter_day(&v);
}

static void filter_date(const struct filter_value *v)
{
    filter_date_as(v, true);
}

/* Does a group end where so many digits are left? */
typedef bool filter_groups(size_t left);

static bool filter_thousands(size_t left)
{
    return left % 3 == 0;
}

/* 1,00,00,000: thousands, then lakhs, crores and so on of two digits each. */
static bool filter_lakhs(size_t left)
{
    return left >= 3 && (left - 3) % 2 == 0;
}

/* Put a separator between groups of digits, counted from the right. */
static void filter_group(const struct filter_value *v, filter_groups *ends, size_t size, char separator)
{
    char copy[FILTER_DIGITS_MAX];
    size_t len;
    const char *s = filter_text(v, &len);
    size_t skip = len > 0 && s[0] == '-' ? 1 : 0;

    if (len > sizeof copy || !filter_all_digits(s + skip, len - skip))
        return;
    memcpy(copy, s, len);
    buf_cut(v->out, v->start);
    for (size_t i = 0; i < len; i++) {
        if (i > skip && (ends != NULL ? ends(len - i) : (i - skip) % size == 0))
            buf_addc(v->out, separator);
        buf_addc(v->out, copy[i]);
    }
}

static void filter_money(const struct filter_value *v)
{
    filter_group(v, v->scope->menu->langs[v->scope->lang].lakhs ? filter_lakhs : filter_thousands, 0, ',');
}

/* From the left: 8123 0567 83. */
static void filter_spell(const struct filter_value *v)
{
    filter_group(v, NULL, 4, ' ');
}

/* Bengali digits where the language is written in Bengali; from the end, because
 * each digit grows from one octet to three. */
static void filter_digits(const struct filter_value *v)
{
    const char *lang = v->scope->menu->langs[v->scope->lang].id;
    size_t len;
    char *s = filter_text(v, &len);
    size_t digits = 0;
    size_t to;

    if (strncmp(lang, "bn", 2) != 0 || strstr(lang, "Latn") != NULL)
        return;
    for (size_t i = 0; i < len; i++)
        digits += filter_is_digit(s[i]);
    to = len + 2 * digits;
    if (digits == 0 || buf_grow(v->out, 2 * digits) == NULL)
        return;
    s = v->out->data + v->start;
    for (size_t i = len; i-- > 0;) {
        if (filter_is_digit(s[i])) {
            to -= 3;
            s[to + 2] = (char)(0xa6 + (s[i] - '0'));
            s[to + 1] = (char)0xa7;
            s[to] = (char)0xe0;
        } else {
            s[--to] = s[i];
        }
    }
}

static void filter_words(const struct filter_value *v)
{
    size_t len;
    const char *s = filter_text(v, &len);
    int64_t n;

    if (!keys_parse_whole(s, len, &n))
        return;
    buf_cut(v->out, v->start);
    number_print(v->scope, n, v->out);
}

static const char *const filter_takes_names[FILTER_TAKES] = {
    [FILTER_ANY] = "anything", [FILTER_NAMED] = "a choice, yes or no, or citizen.lang",
    [FILTER_DATE] = "a date", [FILTER_WHOLE] = "a number",
};

static const struct filter filter_rows[] = {
    { "upper", "Latin letters as capitals", filter_upper, FILTER_ANY, false, false },
    { "cut", "cut(n): the first n characters, no letter broken", filter_cut, FILTER_ANY, true, false },
    { "mask", "first three and last three characters: 017**678", filter_mask, FILTER_ANY, false, true },
    { "last4", "the last four characters: **4821", filter_last4, FILTER_ANY, false, true },
    { "name", "the name of a choice, of yes or no, or of her language, in her language", filter_name, FILTER_NAMED,
      false, false },
    { "day", "day and month: 12 Oct", filter_day, FILTER_DATE, false, false },
    { "date", "day, month and year: 12 Oct 2026", filter_date, FILTER_DATE, false, false },
    { "money", "thousands apart: 10,000; lakhs where the language says so: 1,00,000", filter_money, FILTER_WHOLE, false, false },
    { "words", "the number in words; the root file lists them: numbers", filter_words, FILTER_WHOLE, false, false },
    { "spell", "digits in groups of four: 8123 0567 83", filter_spell, FILTER_ANY, false, false },
    { "digits", "the language's own digits", filter_digits, FILTER_ANY, false, false },
};

const struct filter *filter_table(int *count)
{
    *count = (int)(sizeof filter_rows / sizeof filter_rows[0]);
    return filter_rows;
}

const struct filter *filter_find(const char *name, size_t len)
{
    for (size_t i = 0; i < sizeof filter_rows / sizeof filter_rows[0]; i++)
        if (strlen(filter_rows[i].name) == len && memcmp(filter_rows[i].name, name, len) == 0)
            return &filter_rows[i];
    return NULL;
}

bool filter_needs_numbers(const struct filter *f)
{
    return f->apply == filter_words;
}

bool filter_fits(const struct filter *f, int var, const struct menu_type *type)
{
    switch (f->takes) {
    case FILTER_ANY:
        return true;
    case FILTER_NAMED:
        return var == MENU_VAR_LANG ||
               (type != NULL && (type->kind == MENU_TYPE_CHOICE || type->kind == MENU_TYPE_YESNO));
    case FILTER_DATE:
        return type != NULL && type->kind == MENU_TYPE_DATE;
    case FILTER_WHOLE:
        return type != NULL && type->kind == MENU_TYPE_WHOLE;
    case FILTER_TAKES:
        break;
    }
    return false;
}

const char *filter_wants(const struct filter *f)
{
    return filter_takes_names[f->takes];
}
