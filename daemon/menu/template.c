#include "menu/template.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "menu/expr.h"
#include "menu/filter.h"
#include "menu/told.h"

#define TEMPLATE_FILTERS_MAX 4
#define TEMPLATE_WORD (-2)              /* in place of a variable: the program's own placeholder */
#define TEMPLATE_SHOWN 40               /* of a name in a message */
#define TEMPLATE_CUT_MAX 1000

struct template_step {
    const struct filter *filter;
    int arg;
};

/* A literal, or a value with its filters. */
struct template_part {
    const char *text;                   /* NULL: a value */
    size_t len;
    int var;
    struct menu_place place;            /* of a value's name */
    int step_count;
    const struct menu_type *type;       /* NULL: unknown, or the program's placeholder */
    const struct template_step *steps;
};

struct template {
    int count;
    struct gsm_cost cost;               /* when constant */
    struct template_part parts[];
};

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

static bool template_is_digit(char c)
{
    return c >= '0' && c <= '9';
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

/* "(3)" behind cut. */
static bool template_parse_arg(struct template_parser *p, struct template_step *step)
{
    size_t at = p->i;
    int v = 0;

    if (!step->filter->has_arg) {
        if (p->i < p->n && p->s[p->i] == '(')
            return template_fail(p, at, "filter '%s' takes no number", step->filter->name);
        return true;
    }
    if (p->i >= p->n || p->s[p->i] != '(')
        return template_fail(p, at, "filter '%s' wants a number: %s(12)", step->filter->name,
                             step->filter->name);
    p->i++;
    while (p->i < p->n && template_is_digit(p->s[p->i]) && v <= TEMPLATE_CUT_MAX)
        v = v * 10 + (p->s[p->i++] - '0');
    if (v < 1 || v > TEMPLATE_CUT_MAX || p->i >= p->n || p->s[p->i] != ')')
        return template_fail(p, at, "filter '%s' wants a number from 1 to %d", step->filter->name,
                             TEMPLATE_CUT_MAX);
    p->i++;
    step->arg = v;
    return true;
}

static bool template_no_filter(struct template_parser *p, size_t len)
{
    char known[100] = "";
    size_t used = 0;
    int count;
    const struct filter *table = filter_table(&count);

    for (int i = 0; i < count; i++) {
        int n = snprintf(known + used, sizeof known - used, "%s%s", i > 0 ? " " : "", table[i].name);

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
    step->filter = filter_find(p->s + at, len);
    if (step->filter == NULL)
        return template_no_filter(p, len);
    if (step->filter->takes != FILTER_ANY && part->step_count > 0)
        return template_fail(p, at, "filter '%s' must come first", step->filter->name);
    if (!filter_fits(step->filter, part->var, part->type))
        return template_fail(p, at, "filter '%s' wants %s", step->filter->name, filter_wants(step->filter));
    if (filter_needs_numbers(step->filter) && p->names->menu->numbers == NULL)
        return template_fail(p, at, "filter 'words' needs the words: the root file has no 'numbers'");
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
    if (t->inward)
        return template_fail(p, at, "'%.*s' is a name for conditions; show the text of a state", template_shown(len),
                             p->s + at);
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
        part->place = (struct menu_place){ names->source, at };
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

/* A value through its filters. */
static void template_filter(const struct template_part *part, const struct expr_scope *scope, const char *s, size_t len,
                            struct buf *out)
{
    struct filter_value v = { scope, out, out->len, part->var, part->type, 0 };

    if (s == NULL || len == 0)
        return;
    if (part->type != NULL && part->type->kind == MENU_TYPE_TOLD)
        told_print(part->type, scope, s, len, out);
    else
        buf_add(out, s, len);
    /* a value that was not added has nothing to filter */
    for (int i = 0; i < part->step_count && !out->full; i++) {
        v.arg = part->steps[i].arg;
        part->steps[i].filter->apply(&v);
    }
}

static void template_print_value(const struct template_part *part, const struct expr_scope *scope, struct buf *out)
{
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
    template_filter(part, scope, s, len, out);
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

int template_pieces(const struct template *t)
{
    return t->count;
}

struct template_piece template_piece(const struct template *t, int i)
{
    const struct template_part *part = &t->parts[i];
    bool own = part->var == TEMPLATE_WORD;

    if (part->text != NULL)
        return (struct template_piece){ part->text, part->len, MENU_NONE, NULL, false };
    return (struct template_piece){ NULL, 0, own ? MENU_NONE : part->var, own ? NULL : part->type,
                                    part->step_count > 0 && filter_needs_numbers(part->steps[0].filter) };
}

void template_show(const struct template *t, int i, const struct expr_scope *scope, const char *s, size_t len,
                   struct buf *out)
{
    template_filter(&t->parts[i], scope, s, len, out);
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

void template_source(const struct template *t, const struct menu *m, struct buf *out)
{
    for (int i = 0; i < t->count; i++) {
        const struct template_part *part = &t->parts[i];

        for (size_t k = 0; part->text != NULL && k < part->len; k++) {
            if (part->text[k] == '{')
                buf_addc(out, '{');
            buf_addc(out, part->text[k]);
        }
        if (part->text != NULL)
            continue;
        buf_addf(out, "{%s", part->var >= 0 ? m->vars[part->var].name : "");
        for (int k = 0; k < part->step_count; k++) {
            buf_addf(out, "|%s", part->steps[k].filter->name);
            if (part->steps[k].filter->has_arg)
                buf_addf(out, "(%d)", part->steps[k].arg);
        }
        buf_addc(out, '}');
    }
}

void template_reads(const struct template *t, void (*fn)(void *arg, int var), void *arg)
{
    for (int i = 0; i < t->count; i++)
        if (t->parts[i].text == NULL && t->parts[i].var >= 0)
            fn(arg, t->parts[i].var);
}

void template_places(const struct template *t, void (*fn)(void *arg, int var, struct menu_place place), void *arg)
{
    for (int i = 0; i < t->count; i++)
        if (t->parts[i].text == NULL && t->parts[i].var >= 0)
            fn(arg, t->parts[i].var, t->parts[i].place);
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
