#include "menu/widest.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/gsm.h"
#include "menu/expr.h"
#include "menu/filter.h"
#include "menu/told.h"

#define WIDEST_KA "\xe0\xa6\x95"          /* U+0995: a letter of one unit, three octets */

/* --- patterns ----------------------------------------------------------------------------- */

static bool widest_is_escaped(int c)
{
    return c == '[' || c == ']' || c == '{' || c == '}' || c == '^' || c == '~' || c == '|' || c == '\\';
}

static void widest_letter(struct widest_letters *l, unsigned c)
{
    l->any |= c >= 0x80 || c < 0x20 || c == '`';
    l->escaped |= c < 0x80 && widest_is_escaped((int)c);
    l->digits |= c >= '0' && c <= '9';
    l->ascii |= c < '0' || c > '9';
}

/* What stands behind a backslash. */
static void widest_backslash(struct widest_letters *l, unsigned c)
{
    if (c == 'd') {
        l->digits = true;
    } else if (c == 'w') {
        l->digits = l->ascii = true;
    } else if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) {
        /* \b \A \z take no character, all others may take any */
        l->any |= strchr("bAzZG", (int)c) == NULL;
    } else {
        widest_letter(l, c);
    }
}

/* From behind '[' to behind its ']'. */
static const char *widest_class(struct widest_letters *l, const char *s)
{
    const char *begin = s;

    l->any |= *s == '^';
    while (*s != '\0' && (*s != ']' || s == begin)) {
        unsigned first = (unsigned char)*s++;

        if (first == '\\' && *s != '\0') {
            widest_backslash(l, (unsigned char)*s++);
            /* a range from an escaped character: what lies between is not looked at */
            l->any |= s[0] == '-' && s[1] != ']';
            continue;
        }
        l->any |= first == '[' && (*s == ':' || *s == '.' || *s == '=');
        if (s[0] == '-' && s[1] != ']' && s[1] != '\0') {
            unsigned last = (unsigned char)s[1];

            l->any |= last == '\\';
            for (unsigned c = first; c <= last && c < 0x80; c++)
                widest_letter(l, c);
            s += 2;
            first = last;
        }
        widest_letter(l, first);
    }
    return *s == ']' ? s + 1 : s;
}

/* A quantifier {2} {2,} {2,3} takes no character; another brace is itself. */
static const char *widest_brace(struct widest_letters *l, const char *s)
{
    size_t n = strspn(s, "0123456789,");

    if (n > 0 && s[n] == '}')
        return s + n + 1;
    widest_letter(l, '{');
    return s;
}

/* Seen from the pattern's text alone, so rather more than less. */
struct widest_letters widest_pattern(const char *s)
{
    struct widest_letters l = { false, false, false, false };

    while (*s != '\0') {
        unsigned c = (unsigned char)*s++;

        if (c == '\\' && *s != '\0') {
            widest_backslash(&l, (unsigned char)*s++);
        } else if (c == '[') {
            s = widest_class(&l, s);
        } else if (c == '{') {
            s = widest_brace(&l, s);
        } else if (c == '(' && *s == '?') {
            l.any |= s[1] != ':';       /* (?i), (*UCP) and the like */
            s += s[1] == ':' ? 2 : 1;
        } else if (c == '.') {
            l.any = true;
        } else if (c == '(' && *s == '*') {
            l.any = true;
        } else if (strchr("()|?*+^$", (int)c) == NULL) {
            widest_letter(&l, c);
        }
    }
    return l;
}

/* --- samples ------------------------------------------------------------------------------ */

static void widest_run(widest_fn *fn, void *arg, const char *letter, int width)
{
    char text[WIDEST_OCTETS];
    size_t len = strlen(letter);
    size_t n = 0;

    for (; width > 0 && n + len <= sizeof text; width--, n += len)
        memcpy(text + n, letter, len);
    fn(arg, text, n);
}

/* Digits are grouped up to a certain number of them. */
static void widest_digits(widest_fn *fn, void *arg, int width)
{
    widest_run(fn, arg, "9", width);
    if (width > FILTER_DIGITS_MAX)
        widest_run(fn, arg, "9", FILTER_DIGITS_MAX);
}

static void widest_letters_of(const struct menu_type *t, struct widest_letters l, widest_fn *fn, void *arg)
{
    if (l.ascii && !l.escaped && !l.any)
        widest_run(fn, arg, "W", t->width);
    if (l.digits || l.any)
        widest_digits(fn, arg, t->width);
    if (l.escaped || l.any)
        widest_run(fn, arg, "[", t->width);
    if (l.any)
        widest_run(fn, arg, WIDEST_KA, t->width);
}

static void widest_number(widest_fn *fn, void *arg, int64_t v)
{
    char text[32];
    int n = snprintf(text, sizeof text, "%" PRId64, v);

    fn(arg, text, (size_t)n);
}

/* Every month, on a day of one digit and on one of two: what a filter cuts off
 * is then known too. */
static void widest_dates(widest_fn *fn, void *arg)
{
    for (int month = 1; month <= 12; month++) {
        char text[16];

        for (int day = 8; day <= 28; day += 20) {
            int n = snprintf(text, sizeof text, "2028-%02d-%02d", month % 100, day % 100);

            fn(arg, text, (size_t)n);
        }
    }
}

void widest_each(const struct menu_type *t, widest_fn *fn, void *arg)
{
    static const struct widest_letters all = { true, true, true, true };

    switch (t->kind) {
    case MENU_TYPE_TEXT:
    case MENU_TYPE_WORD:
        widest_letters_of(t, all, fn, arg);
        break;
    case MENU_TYPE_PATTERN:
        widest_letters_of(t, widest_pattern(t->pattern), fn, arg);
        break;
    case MENU_TYPE_WHOLE:
        widest_number(fn, arg, t->min);
        widest_number(fn, arg, t->max);
        break;
    case MENU_TYPE_DATE:
        widest_dates(fn, arg);
        break;
    case MENU_TYPE_MSISDN:
        fn(arg, "8801712345678", 13);
        break;
    case MENU_TYPE_YESNO:
        fn(arg, "yes", 3);
        fn(arg, "no", 2);
        break;
    case MENU_TYPE_CASE_NO:
        fn(arg, "8123056783", 10);
        break;
    case MENU_TYPE_CHOICE:
        for (int i = 0; i < t->choice_count; i++)
            fn(arg, t->choices[i].code, strlen(t->choices[i].code));
        break;
    case MENU_TYPE_TOLD:                /* told_each() */
    case MENU_TYPE_PIN:
    case MENU_TYPE_KINDS:
        break;
    }
}

/* --- one value ---------------------------------------------------------------------------- */

static int widest_name_units(const struct menu_text *name, int lang)
{
    const struct template *t = template_of(name, lang);
    struct gsm_cost cost = { 0, 0 };
    size_t len;

    if (t != NULL)
        (void)template_constant(t, &len, &cost);
    return cost.units;
}

static const char *widest_code(const struct menu_type *t, int lang)
{
    const char *widest = "";
    int most = -1;

    for (int i = 0; i < t->choice_count; i++) {
        int units = widest_name_units(t->choices[i].name, lang);

        if (units > most) {
            most = units;
            widest = t->choices[i].code;
        }
    }
    return widest;
}

/* A day of two digits in the month with the longest name. */
static int widest_month(const struct expr_scope *scope)
{
    int widest = 1;
    int most = -1;

    for (int month = 1; month <= 12; month++) {
        size_t len;
        const char *name = filter_month(scope, month, &len);
        int units = gsm_cost(name, len).units;

        if (units > most) {
            most = units;
            widest = month;
        }
    }
    return widest;
}

static void widest_fill(struct buf *out, char c, int width)
{
    for (int i = 0; i < width; i++)
        buf_addc(out, c);
}

/* The longest sample so far. */
static void widest_keep(void *arg, const char *s, size_t len)
{
    struct buf *out = arg;

    if (len <= out->len)
        return;
    buf_clear(out);
    buf_add(out, s, len);
}

/* The one that is shown in the most units. */
struct widest_told {
    const struct menu_type *type;
    const struct expr_scope *scope;
    struct buf shown, *out;
    int most;
};

static void widest_on_told(void *arg, const char *s, size_t len)
{
    struct widest_told *w = arg;
    int units;

    buf_clear(&w->shown);
    told_print(w->type, w->scope, s, len, &w->shown);
    units = gsm_cost(buf_str(&w->shown), w->shown.len).units;
    if (units <= w->most)
        return;
    w->most = units;
    buf_clear(w->out);
    buf_add(w->out, s, len);
}

static void widest_told(const struct menu_type *t, const struct expr_scope *scope, struct buf *out)
{
    struct widest_told w = { .type = t, .scope = scope, .out = out };

    buf_init(&w.shown, WIDEST_OCTETS);
    told_each(t, scope->menu, widest_on_told, &w);
    buf_fini(&w.shown);
}

void widest_value(const struct menu_type *t, const struct expr_scope *scope, struct buf *out)
{
    struct widest_letters l;

    switch (t->kind) {
    case MENU_TYPE_TEXT:
    case MENU_TYPE_WORD:
        widest_fill(out, 'W', t->width);
        break;
    case MENU_TYPE_PATTERN:
        l = widest_pattern(t->pattern);
        widest_fill(out, l.ascii || l.escaped || l.any ? 'W' : '9', t->width);
        break;
    case MENU_TYPE_DATE:
        buf_addf(out, "2028-%02d-28", widest_month(scope));
        break;
    case MENU_TYPE_CHOICE:
        buf_adds(out, widest_code(t, scope->lang));
        break;
    case MENU_TYPE_PIN:
        widest_fill(out, '9', t->width);
        break;
    case MENU_TYPE_WHOLE:
    case MENU_TYPE_MSISDN:
    case MENU_TYPE_YESNO:
    case MENU_TYPE_CASE_NO:
        widest_each(t, widest_keep, out);
        break;
    case MENU_TYPE_TOLD:
        widest_told(t, scope, out);
        break;
    case MENU_TYPE_KINDS:
        break;
    }
}
