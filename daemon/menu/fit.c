#include "menu/fit.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#define HASH_FUNCTION HASH_SAX          /* the default one falls through, which clang refuses */
#include <uthash.h>

#include "base/alloc.h"
#include "base/gsm.h"
#include "menu/number.h"
#include "menu/template.h"
#include "menu/told.h"
#include "menu/widest.h"

#define FIT_SHOWN_MAX (4 * WIDEST_OCTETS)       /* a filter at most doubles a value */
#define FIT_OWN_DIGITS 4                        /* of {n} and {consent.code} */

/* What one value of a template costs. */
struct fit_key {
    const struct template *t;
    intptr_t piece;                     /* as wide as a pointer: the key has no holes */
};

struct fit_known {
    struct fit_key key;
    struct fit_cost cost;
    UT_hash_handle hh;
};

static const char *fit_unset(const void *arg, int var, size_t *len)
{
    (void)arg;
    (void)var;
    *len = 0;
    return NULL;
}

void fit_init(struct fit *f, const struct menu *m, int lang)
{
    f->scope = (struct expr_scope){ .menu = m, .lang = lang, .get = fit_unset };
    f->blind = false;
    f->known = NULL;
    buf_init(&f->shown, FIT_SHOWN_MAX);
}

void fit_fini(struct fit *f)
{
    struct fit_known *k, *next;

    HASH_ITER(hh, f->known, k, next) {
        HASH_DEL(f->known, k);
        free(k);
    }
    buf_fini(&f->shown);
}

/* --- costs ---------------------------------------------------------------------------- */

static int fit_max(int a, int b)
{
    return a > b ? a : b;
}

struct fit_cost fit_plus(struct fit_cost a, struct fit_cost b)
{
    return (struct fit_cost){ a.septets < 0 || b.septets < 0 ? -1 : a.septets + b.septets, a.units + b.units,
                              a.ucs2 || b.ucs2 };
}

struct fit_cost fit_most(struct fit_cost a, struct fit_cost b)
{
    return (struct fit_cost){ fit_max(a.septets, b.septets), fit_max(a.units, b.units), a.ucs2 || b.ucs2 };
}

struct fit_cost fit_times(struct fit_cost a, int n)
{
    return (struct fit_cost){ a.septets < 0 ? -1 : a.septets * n, a.units * n, a.ucs2 };
}

struct fit_cost fit_ascii(int n)
{
    return (struct fit_cost){ n, n, false };
}

struct fit_cost fit_literal(const char *s, size_t len)
{
    struct gsm_cost c = gsm_cost(s, len);

    return (struct fit_cost){ c.septets, c.units, c.septets < 0 };
}

bool fit_fits(struct fit_cost c, const struct menu_link *link)
{
    if (c.septets >= 0 && link->septets > 0 && c.septets > link->septets)
        return false;
    return !c.ucs2 || link->units <= 0 || c.units <= link->units;
}

/* --- values ----------------------------------------------------------------------------- */

struct fit_value {
    struct fit *f;
    const struct template *t;
    int piece;
    struct fit_cost cost;
};

static void fit_sample(void *arg, const char *s, size_t len)
{
    struct fit_value *v = arg;

    buf_clear(&v->f->shown);
    template_show(v->t, v->piece, &v->f->scope, s, len, &v->f->shown);
    v->cost = fit_most(v->cost, fit_literal(buf_str(&v->f->shown), v->f->shown.len));
}

/* Unset it is nothing, so that it may always be in the alphabet. */
static struct fit_cost fit_count(struct fit *f, const struct template *t, int i, const struct template_piece *p)
{
    const struct menu_type *type = p->type;
    struct fit_value v = { f, t, i, fit_ascii(0) };
    int helpline = f->scope.menu->helpline != NULL ? (int)strlen(f->scope.menu->helpline) : 0;

    if (type == NULL)
        return fit_ascii(fit_max(helpline, FIT_OWN_DIGITS));
    if (type->kind == MENU_TYPE_TOLD)
        told_each(type, f->scope.menu, fit_sample, &v);
    else
        widest_each(type, fit_sample, &v);
    if (p->in_words)
        number_widest(type, f->scope.menu->langs[f->scope.lang].lakhs, fit_sample, &v);
    return v.cost;
}

static struct fit_cost fit_value(struct fit *f, const struct template *t, int i, const struct template_piece *p)
{
    struct fit_key key = { t, i };
    struct fit_known *k;

    if (f->blind)
        return fit_ascii(0);
    HASH_FIND(hh, f->known, &key, sizeof key, k);
    if (k == NULL) {
        k = xcalloc(1, sizeof *k);
        k->key = key;
        k->cost = fit_count(f, t, i, p);
        HASH_ADD(hh, f->known, key, sizeof k->key, k);
    }
    return k->cost;
}

static const struct template *fit_template(const struct fit *f, const struct menu_text *text)
{
    return text != NULL ? template_of(text, f->scope.lang) : NULL;
}

struct fit_cost fit_text(struct fit *f, const struct menu_text *text)
{
    const struct template *t = fit_template(f, text);
    struct fit_cost sum = fit_ascii(0);

    for (int i = 0; t != NULL && i < template_pieces(t); i++) {
        struct template_piece p = template_piece(t, i);

        sum = fit_plus(sum, p.text != NULL ? fit_literal(p.text, p.len) : fit_value(f, t, i, &p));
    }
    return sum;
}

/* --- words ------------------------------------------------------------------------------- */

struct fit_reader {
    struct fit_word word;               /* so far */
    size_t len;                         /* of word.shown */
    fit_word_fn *fn;
    void *arg;
};

static void fit_flush(struct fit_reader *r)
{
    if (r->len > 0)
        r->fn(r->arg, &r->word);
    r->word = (struct fit_word){ .cost = fit_ascii(0) };
    r->len = 0;
}

static void fit_show(struct fit_reader *r, const char *s, size_t n)
{
    size_t room = sizeof r->word.shown - 1 - r->len;

    if (n > room)
        n = room;
    while (n > 0 && n < room && ((unsigned char)s[n] & 0xc0) == 0x80)
        n--;
    memcpy(r->word.shown + r->len, s, n);
    r->len += n;
    r->word.shown[r->len] = '\0';
}

static void fit_read_literal(struct fit_reader *r, const char *s, size_t len)
{
    size_t i = 0;

    while (i < len) {
        size_t n = 0;

        while (i + n < len && s[i + n] != ' ' && s[i + n] != '\n')
            n++;
        if (n > 0) {
            r->word.cost = fit_plus(r->word.cost, fit_literal(s + i, n));
            fit_show(r, s + i, n);
        }
        i += n;
        for (; i < len && (s[i] == ' ' || s[i] == '\n'); i++)
            fit_flush(r);
    }
}

static void fit_read_value(struct fit_reader *r, struct fit *f, const struct template *t, int i,
                           const struct template_piece *p)
{
    const char *name = p->var != MENU_NONE ? f->scope.menu->vars[p->var].name : "n";
    /* number words have blanks, and one of them is short */
    bool breaks = p->type != NULL && (p->type->kind == MENU_TYPE_TEXT || p->type->kind == MENU_TYPE_TOLD || p->in_words);

    if (breaks)
        fit_flush(r);
    r->word.cost = fit_plus(r->word.cost, fit_value(f, t, i, p));
    r->word.breaks = breaks;
    fit_show(r, "{", 1);
    fit_show(r, name, strlen(name));
    fit_show(r, "}", 1);
    if (breaks)
        fit_flush(r);
}

void fit_words(struct fit *f, const struct menu_text *text, fit_word_fn *fn, void *arg)
{
    const struct template *t = fit_template(f, text);
    struct fit_reader r = { .word.cost = fit_ascii(0), .fn = fn, .arg = arg };

    for (int i = 0; t != NULL && i < template_pieces(t); i++) {
        struct template_piece p = template_piece(t, i);

        if (p.text != NULL)
            fit_read_literal(&r, p.text, p.len);
        else
            fit_read_value(&r, f, t, i, &p);
    }
    fit_flush(&r);
}
