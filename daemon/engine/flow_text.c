#include "engine/flow_step.h"

#include <string.h>

#include "base/clock.h"
#include "menu/render.h"

/*
 * "VATA WDA 4821": a keyword, and words that fill variables in the order that
 * the menus say.  The last value may have blanks, and so may the name of a
 * choice; any other is one word.
 */

#define TEXT_MARKS ",.:;"               /* what people write behind a word */
#define TEXT_SHOWN_MAX 20               /* octets of a value in the form that is put together */

/* --- the keyword ------------------------------------------------------------------------- */

bool flow_keyword(struct flow *f, struct buf *message, struct flow_filled *filled)
{
    const struct menu *m = f->env->menu;
    const char *s = buf_str(message);
    size_t end = strcspn(s, " "), n = end;
    int i;

    while (n > 0 && strchr(TEXT_MARKS, s[n - 1]) != NULL)
        n--;
    i = menu_keyword_find(m, s, n);
    if (i == MENU_NONE)
        return false;
    *filled = (struct flow_filled){ .menu = m, .keyword = &m->keywords[i], .rest = s + end + (s[end] == ' '),
                                    .today = clock_day(f->env->now, m->utc_offset_min), .values = &f->out->text };
    return true;
}

/* --- one value ------------------------------------------------------------------------------ */

static const char *flow_text_unset(const void *arg, int var, size_t *len)
{
    (void)arg;
    (void)var;
    *len = 0;
    return NULL;
}

/* The name of a choice in a language, in out. */
static const char *flow_choice_name(const struct menu *m, const struct menu_choice *c, int lang, struct buf *out)
{
    const struct expr_scope scope = { .menu = m, .lang = lang, .get = flow_text_unset };

    buf_clear(out);
    if (c->name != NULL && c->name->by_lang[lang] != NULL)
        template_print(c->name->by_lang[lang], &scope, out);
    return buf_str(out);
}

/* The choice whose code or name stands at s, and its octets in *n: the longest. */
static int flow_choice_at(struct flow *f, const struct menu *m, const struct menu_type *t, const char *s, size_t *n)
{
    int found = MENU_NONE;

    *n = 0;
    for (int i = 0; i < t->choice_count; i++) {
        for (int k = -1; k < m->lang_count; k++) {
            const char *name = k < 0 ? t->choices[i].code : flow_choice_name(m, &t->choices[i], k, &f->out->value);
            size_t len = strlen(name);

            if (len <= *n || strncasecmp(s, name, len) != 0 || (s[len] != ' ' && s[len] != '\0'))
                continue;
            *n = len;
            found = i;
        }
    }
    return found;
}

/* By its number, as its question shows it. */
static int flow_choice_numbered(const struct menu *m, const struct menu_type *t, const char *s, size_t n)
{
    int number = 0;

    if (n == 0 || n > 3 || s[0] == '0')
        return MENU_NONE;
    for (size_t i = 0; i < n; i++) {
        if (s[i] < '0' || s[i] > '9')
            return MENU_NONE;
        number = 10 * number + (s[i] - '0');
    }
    number = render_row_of(m, number);
    return number < t->choice_count ? number : MENU_NONE;
}

/* Take a choice's value from s: its octets; 0 none is there. */
static size_t flow_fill_choice(struct flow *f, const struct menu *m, const struct menu_type *t, const char *s)
{
    size_t n;
    int i = flow_choice_at(f, m, t, s, &n);

    if (i == MENU_NONE) {
        n = strcspn(s, " ");
        i = flow_choice_numbered(m, t, s, n);
    }
    if (i == MENU_NONE)
        return 0;
    buf_adds(&f->out->text, t->choices[i].code);
    return n;
}

/* One value to out->text; its octets in *n. */
static enum flow_fit flow_fill_one(struct flow *f, const struct flow_filled *filled, size_t *n)
{
    const struct menu *m = filled->menu;
    const struct menu_type *t = m->vars[filled->keyword->fills[filled->count]].type;
    const char *s = filled->rest;
    bool last = filled->count + 1 == filled->keyword->fill_count;

    if (t->kind == MENU_TYPE_CHOICE) {
        *n = flow_fill_choice(f, m, t, s);
        return *n > 0 ? FLOW_FITS : FLOW_WRONG;
    }
    *n = last ? strlen(s) : strcspn(s, " ");
    if (t->example != NULL && strlen(t->example) == *n && memcmp(t->example, s, *n) == 0)
        return FLOW_COPIED;
    return *n > 0 && menu_type_accept(t, s, *n, filled->today, &f->out->text) ? FLOW_FITS : FLOW_WRONG;
}

/* --- what its question says of it -------------------------------------------------------------- */

struct flow_filling {
    const struct flow *f;
    const struct flow_filled *filled;
};

/* Nothing is known yet but what the message says. */
static const char *flow_get_filled(const void *arg, int var, size_t *len)
{
    const struct flow_filling *g = arg;
    const struct flow_filled *filled = g->filled;

    *len = 0;
    if (var < MENU_BUILTINS)
        return g->f->scope.get(g->f->scope.arg, var, len);
    for (int i = 0; i < filled->count; i++) {
        const char *value = filled->values->data + filled->at[i];

        if (filled->keyword->fills[i] != var)
            continue;
        *len = strlen(value);
        return value;
    }
    return NULL;
}

/* Would one of the screens that ask for it take it? */
static bool flow_allows_fill(const struct flow *f, const struct flow_filled *filled, int var)
{
    const struct flow_filling filling = { f, filled };
    struct expr_scope scope = f->scope;
    bool asked = false;

    scope.menu = filled->menu;
    scope.today = filled->today;
    scope.get = flow_get_filled;
    scope.arg = &filling;
    for (int i = 0; i < filled->menu->screen_count; i++) {
        const struct menu_input *input = &filled->menu->screens[i].input;

        if (input->var != var)
            continue;
        if (input->when == NULL || expr_true(input->when, &scope))
            return true;
        asked = true;
    }
    return !asked;
}

enum flow_fit flow_fill(struct flow *f, struct flow_filled *filled)
{
    const struct menu_keyword *k = filled->keyword;

    buf_clear(&f->out->text);
    for (filled->count = 0; filled->count < k->fill_count; filled->count++) {
        size_t n;
        enum flow_fit fit;

        filled->at[filled->count] = f->out->text.len;
        fit = flow_fill_one(f, filled, &n);
        if (fit != FLOW_FITS)
            return fit;
        buf_addc(&f->out->text, '\0');
        filled->rest += n;
        filled->rest += *filled->rest == ' ';
    }
    if (*filled->rest != '\0' || f->out->text.full)
        return FLOW_WRONG;
    for (int i = 0; i < k->fill_count; i++) {
        if (!flow_allows_fill(f, filled, k->fills[i]))
            return FLOW_WRONG;
    }
    return FLOW_FITS;
}

/* --- how it is written --------------------------------------------------------------------------- */

/* "VATA WDA 4821": of each value a code or the example, as they are typed. */
static void flow_add_form(const struct menu *m, const struct menu_keyword *k, struct buf *out)
{
    buf_adds(out, k->word);
    for (int i = 0; i < k->fill_count; i++) {
        const struct menu_type *t = m->vars[k->fills[i]].type;
        const char *shown = t->choice_count > 0 ? t->choices[0].code : t->example;

        buf_addf(out, " %s", shown != NULL && strlen(shown) <= TEXT_SHOWN_MAX ? shown : "...");
    }
}

void flow_say_help(struct flow *f, const struct menu_keyword *k, enum flow_fit fit)
{
    const struct menu *m = f->env->menu;
    const char *lang = f->s->menu->langs[f->scope.lang].id;
    int same = menu_lang_find(m, lang);
    const struct expr_scope scope = { .menu = m, .lang = same != MENU_NONE && m->langs[same].sms ? same : m->langs[0].shows,
                                      .get = flow_text_unset };
    struct buf *out = &f->s->reply;

    buf_clear(out);
    if (fit == FLOW_COPIED || k->help == NULL) {
        render_word(&scope, fit == FLOW_COPIED ? MENU_WORD_COPIED : MENU_WORD_WRONG, NULL, out);
        buf_addc(out, '\n');
    }
    if (k->help != NULL)
        template_print(template_of(k->help, scope.lang), &scope, out);
    else
        flow_add_form(m, k, out);
}
