#include "menu/template.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/cluster.h"
#include "menu/expr.h"

#define TEMPLATE_FILTERS_MAX 4
#define TEMPLATE_WORD (-2)              /* in place of a variable: the program's own placeholder */
#define TEMPLATE_SHOWN 40               /* of a name in a message */
#define TEMPLATE_CUT_MAX 1000
#define TEMPLATE_DIGITS_MAX 40          /* longer values are neither money nor spelled */

struct template_filter;

struct template_step {
    const struct template_filter *filter;
    int arg;
};

/* A literal, or a value with its filters. */
struct template_part {
    const char *text;                   /* NULL: a value */
    size_t len;
    int var;
    int step_count;
    const struct menu_type *type;       /* NULL: unknown, or the program's placeholder */
    const struct template_step *steps;
};

struct template {
    int count;
    struct gsm_cost cost;               /* when constant */
    struct template_part parts[];
};

/* What a filter works on: the octets of out from start on. */
struct template_value {
    const struct template_part *part;
    const struct expr_scope *scope;
    struct buf *out;
    size_t start;
    int arg;
};

/* --- filters ------------------------------------------------------------------------ */

static char *template_text(const struct template_value *v, size_t *len)
{
    *len = v->out->len - v->start;
    return *len > 0 ? v->out->data + v->start : NULL;
}

static bool template_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool template_all_digits(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!template_is_digit(s[i]))
            return false;
    return n > 0;
}

/* Octets of the first n characters. */
static size_t template_head(const char *s, size_t len, size_t n)
{
    size_t i = 0;

    for (; i < len; i++)
        if (((unsigned char)s[i] & 0xc0) != 0x80 && n-- == 0)
            break;
    return i;
}

static size_t template_chars(const char *s, size_t len)
{
    size_t n = 0;

    for (size_t i = 0; i < len; i++)
        n += ((unsigned char)s[i] & 0xc0) != 0x80;
    return n;
}

static void template_upper(const struct template_value *v)
{
    size_t len;
    char *s = template_text(v, &len);

    for (size_t i = 0; i < len; i++)
        if (s[i] >= 'a' && s[i] <= 'z')
            s[i] = (char)(s[i] - 'a' + 'A');
}

static void template_cut(const struct template_value *v)
{
    size_t len;
    const char *s = template_text(v, &len);
    size_t head = template_head(s, len, (size_t)v->arg);
    size_t whole;

    if (head == len)
        return;
    whole = cluster_floor(s, len, head);
    buf_cut(v->out, v->start + (whole > 0 ? whole : head));
}

/* What stays of a value is copied out before it is cut: head and tail are a few
 * characters, four octets each at most. */
static void template_keep(const struct template_value *v, size_t head_chars, size_t tail_chars)
{
    char head[16];
    char tail[16];
    size_t len;
    const char *s = template_text(v, &len);
    size_t head_len = template_head(s, len, head_chars);
    size_t tail_at = template_head(s, len, template_chars(s, len) - tail_chars);
    size_t tail_len = len - tail_at;

    memcpy(head, s, head_len);
    memcpy(tail, s + tail_at, tail_len);
    buf_cut(v->out, v->start);
    buf_add(v->out, head, head_len);
    buf_adds(v->out, "**");
    buf_add(v->out, tail, tail_len);
}

/* "017**678": of a short value less stays, so that most of it is hidden. */
static void template_mask(const struct template_value *v)
{
    size_t len;
    const char *s = template_text(v, &len);
    size_t chars;
    size_t keep;

    if (s == NULL)
        return;
    if (len == 13 && memcmp(s, "8801", 4) == 0 && template_all_digits(s, len)) {
        memmove(v->out->data + v->start, s + 2, len - 2);
        buf_cut(v->out, v->out->len - 2);
        s = template_text(v, &len);
    }
    chars = template_chars(s, len);
    keep = chars >= 9 ? 3 : chars / 4;
    template_keep(v, keep, keep);
}

/* "**4821".  A sensitive value is never shown by more than its half. */
static void template_last4(const struct template_value *v)
{
    size_t len;
    const char *s = template_text(v, &len);
    size_t chars = s != NULL ? template_chars(s, len) : 0;
    size_t keep = chars < 4 ? chars : 4;

    if (s == NULL)
        return;
    if (v->part->type != NULL && v->part->type->sensitive && keep > chars / 2)
        keep = chars / 2;
    template_keep(v, 0, keep);
}

static void template_replace(const struct template_value *v, const char *s)
{
    buf_cut(v->out, v->start);
    buf_adds(v->out, s);
}

/* The program asks yes or no with menu words of their own, so the root file has
 * no word for "no". */
static const char *template_no(const char *lang)
{
    if (strcmp(lang, "bn") == 0)
        return "\xe0\xa6\xa8\xe0\xa6\xbe";
    return strcmp(lang, "bn-Latn") == 0 ? "Na" : "No";
}

static void template_name_text(const struct template_value *v, const struct menu_text *name)
{
    const struct template *t = template_of(name, v->scope->lang);

    buf_cut(v->out, v->start);
    /* a name with placeholders could name itself */
    if (t != NULL && template_is_constant(t))
        template_print(t, v->scope, v->out);
}

static void template_name(const struct template_value *v)
{
    const struct menu *m = v->scope->menu;
    const struct menu_type *t = v->part->type;
    size_t len;
    const char *s = template_text(v, &len);

    if (s == NULL)
        return;
    if (v->part->var == MENU_VAR_LANG) {
        for (int i = 0; i < m->lang_count; i++)
            if (strcmp(m->langs[i].id, s) == 0) {
                template_replace(v, m->langs[i].name);
                return;
            }
    } else if (t != NULL && t->kind == MENU_TYPE_YESNO) {
        if (strcmp(s, "no") == 0)
            template_replace(v, template_no(m->langs[v->scope->lang].id));
        else
            template_name_text(v, m->words[MENU_WORD_YES]);
    } else if (t != NULL) {
        for (int i = 0; i < t->choice_count; i++)
            if (strcmp(t->choices[i].code, s) == 0) {
                template_name_text(v, t->choices[i].name);
                return;
            }
    }
}

const char *template_month(const struct expr_scope *scope, int month, size_t *len)
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

static void template_date_as(const struct template_value *v, bool year)
{
    size_t len;
    const char *s = template_text(v, &len);
    int32_t day;
    struct clock_date d;
    const char *month;

    if (s == NULL || !expr_date(s, len, &day))
        return;
    d = clock_date_of(day);
    month = template_month(v->scope, d.month, &len);
    buf_cut(v->out, v->start);
    buf_addf(v->out, "%d ", d.day);
    buf_add(v->out, month, len);
    if (year)
        buf_addf(v->out, " %d", d.year);
}

static void template_day(const struct template_value *v)
{
    template_date_as(v, false);
}

static void template_date(const struct template_value *v)
{
    template_date_as(v, true);
}

/* Put a separator between groups of digits: counted from the right (first = len
 * modulo size) or from the left (first = size). */
static void template_group(const struct template_value *v, size_t skip, size_t first, size_t size, char separator)
{
    char copy[TEMPLATE_DIGITS_MAX];
    size_t len;
    const char *s = template_text(v, &len);

    if (s == NULL || len > sizeof copy || !template_all_digits(s + skip, len - skip))
        return;
    memcpy(copy, s, len);
    buf_cut(v->out, v->start);
    for (size_t i = 0; i < len; i++) {
        if (i > skip && (i - skip) % size == first % size)
            buf_addc(v->out, separator);
        buf_addc(v->out, copy[i]);
    }
}

static void template_money(const struct template_value *v)
{
    size_t len;
    const char *s = template_text(v, &len);
    size_t skip = s != NULL && s[0] == '-' ? 1 : 0;

    template_group(v, skip, (len - skip) % 3, 3, ',');
}

static void template_spell(const struct template_value *v)
{
    template_group(v, 0, 0, 4, ' ');
}

/* Bengali digits where the language is written in Bengali; from the end, because
 * each digit grows from one octet to three. */
static void template_digits(const struct template_value *v)
{
    const char *lang = v->scope->menu->langs[v->scope->lang].id;
    size_t len;
    char *s = template_text(v, &len);
    size_t digits = 0;
    size_t to;

    if (strncmp(lang, "bn", 2) != 0 || strstr(lang, "Latn") != NULL)
        return;
    for (size_t i = 0; i < len; i++)
        digits += template_is_digit(s[i]);
    to = len + 2 * digits;
    if (digits == 0 || buf_grow(v->out, 2 * digits) == NULL)
        return;
    s = v->out->data + v->start;
    for (size_t i = len; i-- > 0;) {
        if (template_is_digit(s[i])) {
            to -= 3;
            s[to + 2] = (char)(0xa6 + (s[i] - '0'));
            s[to + 1] = (char)0xa7;
            s[to] = (char)0xe0;
        } else {
            s[--to] = s[i];
        }
    }
}

enum template_takes { TEMPLATE_ANY = 0, TEMPLATE_NAMED, TEMPLATE_DATE, TEMPLATE_WHOLE };

static const char *const template_takes_names[] = {
    [TEMPLATE_ANY] = "anything", [TEMPLATE_NAMED] = "a choice, yes or no, or citizen.lang",
    [TEMPLATE_DATE] = "a date", [TEMPLATE_WHOLE] = "a number",
};

static const struct template_filter {
    struct template_filter_info info;
    void (*apply)(const struct template_value *v);
    enum template_takes takes;
    bool has_arg;
    bool hides;                         /* enough of a sensitive value */
} template_filter_table[] = {
    { { "upper", "Latin letters as capitals" }, template_upper, TEMPLATE_ANY, false, false },
    { { "cut", "cut(n): the first n characters, no letter broken" }, template_cut, TEMPLATE_ANY, true, false },
    { { "mask", "first three and last three characters: 017**678" }, template_mask, TEMPLATE_ANY, false, true },
    { { "last4", "the last four characters: **4821" }, template_last4, TEMPLATE_ANY, false, true },
    { { "name", "the name of a choice, of yes or no, or of her language, in her language" }, template_name,
      TEMPLATE_NAMED, false, false },
    { { "day", "day and month: 12 Oct" }, template_day, TEMPLATE_DATE, false, false },
    { { "date", "day, month and year: 12 Oct 2026" }, template_date, TEMPLATE_DATE, false, false },
    { { "money", "thousands apart: 10,000" }, template_money, TEMPLATE_WHOLE, false, false },
    { { "spell", "digits in groups of four: 8123 0567 83" }, template_spell, TEMPLATE_ANY, false, false },
    { { "digits", "the language's own digits" }, template_digits, TEMPLATE_ANY, false, false },
};

#define TEMPLATE_FILTER_COUNT (sizeof template_filter_table / sizeof template_filter_table[0])

const struct template_filter_info *template_filters(int *count)
{
    static struct template_filter_info infos[TEMPLATE_FILTER_COUNT];

    for (size_t i = 0; i < TEMPLATE_FILTER_COUNT; i++)
        infos[i] = template_filter_table[i].info;
    *count = (int)TEMPLATE_FILTER_COUNT;
    return infos;
}

/* --- parsing ------------------------------------------------------------------------ */

struct template_parser {
    struct arena *arena;
    const struct expr_names *names;
    const char *s;
    size_t n;
    size_t i;                           /* next octet */
    const char *word;
    struct expr_error *err;
};

__attribute__((format(printf, 3, 4)))
static bool template_fail(struct template_parser *p, size_t at, const char *fmt, ...)
{
    va_list ap;

    p->err->at = at;
    va_start(ap, fmt);
    vsnprintf(p->err->text, sizeof p->err->text, fmt, ap);
    va_end(ap);
    return false;
}

static bool template_no_room(struct template_parser *p)
{
    return template_fail(p, p->i, "no room left for this text: the menus are too large");
}

static void template_blanks(struct template_parser *p)
{
    while (p->i < p->n && p->s[p->i] == ' ')
        p->i++;
}

/* A name in a placeholder: length of letters, digits, '_' and '.'. */
static size_t template_name_len(const struct template_parser *p)
{
    size_t i = p->i;

    while (i < p->n && ((p->s[i] >= 'a' && p->s[i] <= 'z') || (p->s[i] >= 'A' && p->s[i] <= 'Z') ||
                        template_is_digit(p->s[i]) || p->s[i] == '_' || p->s[i] == '.'))
        i++;
    return i - p->i;
}

static int template_shown(size_t len)
{
    return (int)(len < TEMPLATE_SHOWN ? len : TEMPLATE_SHOWN);
}

static bool template_takes(const struct template_part *part, enum template_takes takes)
{
    switch (takes) {
    case TEMPLATE_ANY:
        return true;
    case TEMPLATE_NAMED:
        return part->var == MENU_VAR_LANG || (part->type != NULL && (part->type->kind == MENU_TYPE_CHOICE ||
                                                                     part->type->kind == MENU_TYPE_YESNO));
    case TEMPLATE_DATE:
        return part->type != NULL && part->type->kind == MENU_TYPE_DATE;
    case TEMPLATE_WHOLE:
        return part->type != NULL && part->type->kind == MENU_TYPE_WHOLE;
    }
    return false;
}

/* "(3)" behind cut. */
static bool template_parse_arg(struct template_parser *p, struct template_step *step)
{
    size_t at = p->i;
    int v = 0;

    if (!step->filter->has_arg) {
        if (p->i < p->n && p->s[p->i] == '(')
            return template_fail(p, at, "filter '%s' takes no number", step->filter->info.name);
        return true;
    }
    if (p->i >= p->n || p->s[p->i] != '(')
        return template_fail(p, at, "filter '%s' wants a number: %s(12)", step->filter->info.name,
                             step->filter->info.name);
    p->i++;
    while (p->i < p->n && template_is_digit(p->s[p->i]) && v <= TEMPLATE_CUT_MAX)
        v = v * 10 + (p->s[p->i++] - '0');
    if (v < 1 || v > TEMPLATE_CUT_MAX || p->i >= p->n || p->s[p->i] != ')')
        return template_fail(p, at, "filter '%s' wants a number from 1 to %d", step->filter->info.name,
                             TEMPLATE_CUT_MAX);
    p->i++;
    step->arg = v;
    return true;
}

static bool template_no_filter(struct template_parser *p, size_t len)
{
    char known[100] = "";
    size_t used = 0;

    for (size_t i = 0; i < TEMPLATE_FILTER_COUNT; i++) {
        int n = snprintf(known + used, sizeof known - used, "%s%s", i > 0 ? " " : "",
                         template_filter_table[i].info.name);

        used += n > 0 && (size_t)n < sizeof known - used ? (size_t)n : 0;
    }
    return template_fail(p, p->i, "no such filter '%.*s'; there are: %s", template_shown(len), p->s + p->i, known);
}

/* One filter behind '|'. */
static bool template_parse_filter(struct template_parser *p, struct template_part *part, struct template_step *steps)
{
    struct template_step *step = &steps[part->step_count];
    size_t at;
    size_t len;

    template_blanks(p);
    at = p->i;
    len = template_name_len(p);
    if (part->step_count == TEMPLATE_FILTERS_MAX)
        return template_fail(p, at, "more than %d filters", TEMPLATE_FILTERS_MAX);
    step->filter = NULL;
    for (size_t i = 0; i < TEMPLATE_FILTER_COUNT; i++)
        if (strlen(template_filter_table[i].info.name) == len &&
            memcmp(template_filter_table[i].info.name, p->s + at, len) == 0)
            step->filter = &template_filter_table[i];
    if (step->filter == NULL)
        return template_no_filter(p, len);
    if (step->filter->takes != TEMPLATE_ANY && part->step_count > 0)
        return template_fail(p, at, "filter '%s' must come first", step->filter->info.name);
    if (!template_takes(part, step->filter->takes))
        return template_fail(p, at, "filter '%s' wants %s", step->filter->info.name,
                             template_takes_names[step->filter->takes]);
    part->step_count++;
    p->i += len;
    if (!template_parse_arg(p, step))
        return false;
    template_blanks(p);
    return true;
}

/* A sensitive value is shown only through a first filter that hides most of it,
 * and only when there is more of it than that. */
static bool template_check_sensitive(struct template_parser *p, const struct template_part *part, size_t at, size_t len)
{
    const struct menu_type *t = part->type;

    if (t == NULL)
        return true;
    if (t->kind == MENU_TYPE_PIN)
        return template_fail(p, at, "'%.*s' is a PIN, which is never shown", template_shown(len), p->s + at);
    if (t->sensitive && (part->step_count == 0 || !part->steps[0].filter->hides))
        return template_fail(p, at, "'%.*s' is sensitive: show it as {%.*s|last4} or {%.*s|mask}", template_shown(len),
                             p->s + at, template_shown(len), p->s + at, template_shown(len), p->s + at);
    return true;
}

static bool template_resolve(struct template_parser *p, struct template_part *part, size_t at, size_t len)
{
    const struct expr_names *names = p->names;
    const char *near;

    if (len > 0 && strlen(p->word) == len && memcmp(p->word, p->s + at, len) == 0) {
        part->var = TEMPLATE_WORD;
        return true;
    }
    part->var = names->resolve(names->arg, p->s + at, len);
    if (part->var != MENU_NONE) {
        part->type = names->type(names->arg, part->var);
        return true;
    }
    near = names->nearest != NULL ? names->nearest(names->arg, p->s + at, len) : NULL;
    return template_fail(p, at, "no such variable '%.*s'%s%s%s", template_shown(len), p->s + at,
                         near != NULL ? "; did you mean '" : "", near != NULL ? near : "", near != NULL ? "'?" : "");
}

/* From behind '{' to behind '}'. */
static bool template_parse_value(struct template_parser *p, struct template_part *part)
{
    struct template_step steps[TEMPLATE_FILTERS_MAX + 1];
    size_t open = p->i - 1;
    size_t at;
    size_t len;

    memset(steps, 0, sizeof steps);
    template_blanks(p);
    at = p->i;
    len = template_name_len(p);
    if (len == 0)
        return template_fail(p, open, "'{' begins a placeholder like {name}; a brace itself is written '{{'");
    if (!template_resolve(p, part, at, len))
        return false;
    p->i += len;
    template_blanks(p);
    while (p->i < p->n && p->s[p->i] == '|') {
        p->i++;
        if (!template_parse_filter(p, part, steps))
            return false;
    }
    if (p->i >= p->n || p->s[p->i] != '}')
        return template_fail(p, open, "a placeholder without its '}'; a brace itself is written '{{'");
    p->i++;
    part->steps = (const void *)arena_memdup0(p->arena, steps, (size_t)part->step_count * sizeof steps[0]);
    return part->steps != NULL ? template_check_sensitive(p, part, at, len) : template_no_room(p);
}

/* Literal text up to a placeholder, "{{" taken as a brace. */
static bool template_parse_text(struct template_parser *p, struct buf *literal, struct template_part *part)
{
    buf_clear(literal);
    while (p->i < p->n) {
        const char *brace = memchr(p->s + p->i, '{', p->n - p->i);
        size_t to = brace != NULL ? (size_t)(brace - p->s) : p->n;

        gsm_normalise(literal, p->s + p->i, to - p->i);
        p->i = to;
        if (brace == NULL || to + 1 >= p->n || p->s[to + 1] != '{')
            break;
        buf_addc(literal, '{');
        p->i += 2;
    }
    part->len = literal->len;
    part->text = arena_memdup0(p->arena, buf_str(literal), literal->len);
    return !literal->full && part->text != NULL;
}

static bool template_parse_parts(struct template_parser *p, struct buf *literal, struct template *t)
{
    do {
        struct template_part *part = &t->parts[t->count];

        if (p->i < p->n && p->s[p->i] == '{' && (p->i + 1 >= p->n || p->s[p->i + 1] != '{')) {
            p->i++;
            if (!template_parse_value(p, part))
                return false;
            t->count++;
        } else {
            if (!template_parse_text(p, literal, part))
                return template_no_room(p);
            t->count++;
        }
    } while (p->i < p->n);
    return true;
}

const struct template *template_parse(struct arena *a, const struct expr_names *names, const char *s, size_t n,
                                      const char *word, struct expr_error *err)
{
    struct template_parser p = { a, names, s, n, 0, word, err };
    struct buf literal;
    struct template *t;
    size_t most = 1;
    bool ok;

    err->at = 0;
    err->text[0] = '\0';
    for (size_t i = 0; i < n; i++)
        most += s[i] == '{' ? 2 : 0;
    t = arena_alloc(a, sizeof *t + most * sizeof t->parts[0]);
    if (t == NULL) {
        template_no_room(&p);
        return NULL;
    }
    /* an octet that is not UTF-8 becomes three */
    buf_init(&literal, 3 * n);
    ok = template_parse_parts(&p, &literal, t);
    buf_fini(&literal);
    if (ok && template_is_constant(t))
        t->cost = gsm_cost(t->parts[0].text, t->parts[0].len);
    return ok ? t : NULL;
}

/* --- printing ----------------------------------------------------------------------- */

static void template_print_value(const struct template_part *part, const struct expr_scope *scope, struct buf *out)
{
    struct template_value v = { part, scope, out, out->len, 0 };
    char date[16];
    size_t len = 0;
    const char *s;

    if (part->var == TEMPLATE_WORD) {
        s = scope->word_value;
        len = s != NULL ? strlen(s) : 0;
    } else if (part->var == MENU_VAR_TODAY) {
        struct clock_date d = clock_date_of(scope->today);

        len = (size_t)snprintf(date, sizeof date, "%04d-%02d-%02d", d.year % 10000, d.month, d.day);
        s = date;
    } else {
        s = scope->get(scope->arg, part->var, &len);
    }
    if (s == NULL || len == 0)
        return;
    buf_add(out, s, len);
    /* a value that was not added has nothing to filter */
    for (int i = 0; i < part->step_count && !out->full; i++) {
        v.arg = part->steps[i].arg;
        part->steps[i].filter->apply(&v);
    }
}

void template_print(const struct template *t, const struct expr_scope *scope, struct buf *out)
{
    for (int i = 0; i < t->count; i++) {
        if (t->parts[i].text != NULL)
            buf_add(out, t->parts[i].text, t->parts[i].len);
        else
            template_print_value(&t->parts[i], scope, out);
    }
}

bool template_is_constant(const struct template *t)
{
    return t->count == 1 && t->parts[0].text != NULL;
}

const char *template_constant(const struct template *t, size_t *len, struct gsm_cost *cost)
{
    if (!template_is_constant(t))
        return NULL;
    *len = t->parts[0].len;
    if (cost != NULL)
        *cost = t->cost;
    return t->parts[0].text;
}

void template_reads(const struct template *t, void (*fn)(void *arg, int var), void *arg)
{
    for (int i = 0; i < t->count; i++)
        if (t->parts[i].text == NULL && t->parts[i].var >= 0)
            fn(arg, t->parts[i].var);
}

const struct template *template_of(const struct menu_text *text, int lang)
{
    if (text == NULL)
        return NULL;
    if (text->by_lang[lang] != NULL)
        return text->by_lang[lang];
    for (int i = 0; i < MENU_LANGS_MAX; i++)
        if (text->by_lang[i] != NULL)
            return text->by_lang[i];
    return NULL;
}
