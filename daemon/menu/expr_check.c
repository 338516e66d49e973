#include "menu/expr_node.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"

static const char *const expr_kind_names[EXPR_KINDS] = {
    [EXPR_BOOL] = "a condition", [EXPR_WHOLE] = "a number", [EXPR_DATE] = "a date", [EXPR_TEXT] = "a text",
};

enum expr_kind expr_kind_of(const struct menu_type *t)
{
    static const enum expr_kind kinds[MENU_TYPE_KINDS] = {
        [MENU_TYPE_TEXT] = EXPR_TEXT, [MENU_TYPE_WORD] = EXPR_TEXT, [MENU_TYPE_WHOLE] = EXPR_WHOLE,
        [MENU_TYPE_DATE] = EXPR_DATE, [MENU_TYPE_MSISDN] = EXPR_TEXT, [MENU_TYPE_YESNO] = EXPR_BOOL,
        [MENU_TYPE_CASE_NO] = EXPR_TEXT, [MENU_TYPE_PIN] = EXPR_TEXT, [MENU_TYPE_PATTERN] = EXPR_TEXT,
        [MENU_TYPE_CHOICE] = EXPR_TEXT, [MENU_TYPE_TOLD] = EXPR_TEXT,
    };

    return kinds[t->kind];
}

static bool expr_is_code(const struct menu_type *t, const char *s, size_t n)
{
    for (int i = 0; t != NULL && t->kind == MENU_TYPE_CHOICE && i < t->choice_count; i++)
        if (expr_same(s, n, t->choices[i].code))
            return true;
    return false;
}

/* "'paidd' is no code of state: paid, returned, scheduled" */
static struct expr *expr_fail_code(struct expr_parser *p, const struct expr *e, const struct menu_type *t)
{
    char codes[80] = "";
    size_t len = 0;

    for (int i = 0; i < t->choice_count; i++) {
        int k = snprintf(codes + len, sizeof codes - len, "%s%s", i > 0 ? ", " : "", t->choices[i].code);

        if (k < 0 || (size_t)k >= sizeof codes - len) {
            memcpy(codes + (len < sizeof codes - 4 ? len : sizeof codes - 4), "...", 4);
            break;
        }
        len += (size_t)k;
    }
    return expr_fail(p, e->at, "'%.*s' is no code of %s: %s", expr_shown(e->text, e->len), e->text,
                     t->name, codes);
}

/* A literal text against the type of the other side. */
static bool expr_check_text(struct expr_parser *p, struct expr *e, const struct menu_type *hint)
{
    int32_t day;

    if (hint == NULL)
        return true;
    if (hint->kind == MENU_TYPE_CHOICE) {
        if (!expr_is_code(hint, e->text, e->len)) {
            expr_fail_code(p, e, hint);
            return false;
        }
        e->type = hint;
    } else if (hint->kind == MENU_TYPE_DATE) {
        if (!expr_date(e->text, e->len, &day)) {
            expr_fail(p, e->at, "a date is written 'YYYY-MM-DD', like '2026-10-12'");
            return false;
        }
        e->kind = EXPR_DATE;
        e->number = day;
    }
    return true;
}

static bool expr_check_literal(struct expr_parser *p, struct expr *e, const struct menu_type *hint)
{
    if (e->kind == EXPR_TEXT)
        return expr_check_text(p, e, hint);
    if (e->kind == EXPR_BOOL && hint != NULL && expr_is_code(hint, e->text, e->len)) {
        e->kind = EXPR_TEXT;
        e->type = hint;
    }
    return true;
}

static bool expr_check_name(struct expr_parser *p, struct expr *e, const struct menu_type *hint)
{
    const struct expr_names *names = p->names;
    const char *near;

    if (expr_is_code(hint, e->text, e->len)) {
        e->op = EXPR_OP_LITERAL;
        e->kind = EXPR_TEXT;
        e->type = hint;
        return true;
    }
    e->var = names->resolve(names->arg, e->text, e->len);
    if (e->var != MENU_NONE) {
        e->type = names->type(names->arg, e->var);
        e->kind = e->type != NULL ? expr_kind_of(e->type) : EXPR_TEXT;
        e->source = names->source;
        if (e->type != NULL && e->type->kind == MENU_TYPE_TOLD) {
            expr_fail(p, e->at, "'%.*s' can only be shown in a text", expr_shown(e->text, e->len), e->text);
            return false;
        }
        return true;
    }
    if (hint != NULL && hint->kind == MENU_TYPE_CHOICE) {
        expr_fail_code(p, e, hint);
        return false;
    }
    near = names->nearest != NULL ? names->nearest(names->arg, e->text, e->len) : NULL;
    expr_fail(p, e->at, "no such variable '%.*s'%s%s%s", expr_shown(e->text, e->len), e->text,
              near != NULL ? "; did you mean '" : "", near != NULL ? near : "", near != NULL ? "'?" : "");
    return false;
}

static bool expr_check_node(struct expr_parser *p, struct expr *e, const struct menu_type *hint);

static bool expr_check_all(struct expr_parser *p, struct expr *e)
{
    for (struct expr *o = e->first; o != NULL; o = o->next) {
        if (!expr_check_node(p, o, NULL))
            return false;
        if (o->kind != EXPR_BOOL) {
            expr_fail(p, o->at, "'%s' joins conditions, this is %s",
                      e->op == EXPR_OP_OR ? "or" : e->op == EXPR_OP_AND ? "and" : "not", expr_kind_names[o->kind]);
            return false;
        }
    }
    e->kind = EXPR_BOOL;
    return true;
}

/* The type that one side of a comparison has by itself. */
static const struct menu_type *expr_hint(const struct expr_parser *p, const struct expr *e)
{
    int var;

    if (e->op == EXPR_OP_IF) {
        const struct menu_type *yes = expr_hint(p, e->first->next);

        return yes != NULL ? yes : expr_hint(p, e->first->next->next);
    }
    if (e->op == EXPR_OP_SUM) {
        for (const struct expr *o = e->first; o != NULL; o = o->next) {
            const struct menu_type *t = expr_hint(p, o);

            if (t != NULL && t->kind == MENU_TYPE_DATE)
                return t;
        }
        return NULL;
    }
    if (e->op != EXPR_OP_VAR)
        return NULL;
    var = p->names->resolve(p->names->arg, e->text, e->len);
    return var != MENU_NONE ? p->names->type(p->names->arg, var) : NULL;
}

static bool expr_check_pair(struct expr_parser *p, const struct expr *e, const struct expr *a, const struct expr *b)
{
    bool orders = e->op != EXPR_OP_EQ && e->op != EXPR_OP_NE && e->op != EXPR_OP_IN;

    if (a->kind != b->kind) {
        expr_fail(p, b->at, "%s cannot be compared with %s%s", expr_kind_names[a->kind], expr_kind_names[b->kind],
                  (a->kind == EXPR_TEXT) != (b->kind == EXPR_TEXT) ? "; a text stands in single quotes" : "");
        return false;
    }
    if (orders && a->kind != EXPR_WHOLE && a->kind != EXPR_DATE) {
        expr_fail(p, b->at, "only numbers and dates have an order, this is %s", expr_kind_names[a->kind]);
        return false;
    }
    if (a->type != NULL && b->type != NULL && a->type != b->type && a->type->kind == MENU_TYPE_CHOICE &&
        b->type->kind == MENU_TYPE_CHOICE) {
        expr_fail(p, b->at, "choices of two types: %.40s and %.40s", a->type->name, b->type->name);
        return false;
    }
    return true;
}

static bool expr_check_compare(struct expr_parser *p, struct expr *e)
{
    struct expr *a = e->first;
    const struct menu_type *left = expr_hint(p, a);

    if (!expr_check_node(p, a, e->op != EXPR_OP_IN ? expr_hint(p, a->next) : NULL))
        return false;
    for (struct expr *b = a->next; b != NULL; b = b->next)
        if (!expr_check_node(p, b, left) || !expr_check_pair(p, e, a, b))
            return false;
    e->kind = EXPR_BOOL;
    return true;
}

/* whole +- whole, date +- whole, date - date. */
static bool expr_check_sum(struct expr_parser *p, struct expr *e, const struct menu_type *hint)
{
    const struct menu_type *own = expr_hint(p, e);
    enum expr_kind kind = EXPR_WHOLE;

    if (own == NULL && hint != NULL && hint->kind == MENU_TYPE_DATE)
        own = hint;
    for (struct expr *o = e->first; o != NULL; o = o->next) {
        if (!expr_check_node(p, o, own))
            return false;
        if (o->kind != EXPR_WHOLE && o->kind != EXPR_DATE) {
            expr_fail(p, o->at, "'+' and '-' take numbers and dates, this is %s", expr_kind_names[o->kind]);
            return false;
        }
        if (o == e->first)
            kind = o->kind;
        else if (o->kind == EXPR_DATE && (kind == EXPR_DATE) != o->minus) {
            expr_fail(p, o->at, o->minus ? "a date cannot be taken from a number" : "two dates cannot be added");
            return false;
        } else if (o->kind == EXPR_DATE)
            kind = o->minus ? EXPR_WHOLE : EXPR_DATE;
    }
    e->kind = kind;
    return true;
}

/* Can it be 0?  A number can that is not 0; so can a value whose type begins at 1. */
static bool expr_may_be_zero(const struct expr *e)
{
    if (e->op == EXPR_OP_LITERAL)
        return e->number == 0;
    return e->op != EXPR_OP_VAR || e->type == NULL || (e->type->min <= 0 && e->type->max >= 0);
}

static bool expr_check_product(struct expr_parser *p, struct expr *e)
{
    for (struct expr *o = e->first; o != NULL; o = o->next) {
        if (!expr_check_node(p, o, NULL))
            return false;
        if (o->kind != EXPR_WHOLE) {
            expr_fail(p, o->at, "'*' and '/' take numbers, this is %s", expr_kind_names[o->kind]);
            return false;
        }
        if (o->minus && expr_may_be_zero(o)) {
            expr_fail(p, o->at, "what divides may be 0 here: divide by a number, or by a value whose type begins at 1");
            return false;
        }
    }
    e->kind = EXPR_WHOLE;
    return true;
}

/* Both values are of one kind; what one of them is to become, the other is too. */
static bool expr_check_if(struct expr_parser *p, struct expr *e, const struct menu_type *hint)
{
    struct expr *when = e->first, *yes = when->next, *no = yes->next;

    if (!expr_check_node(p, when, NULL))
        return false;
    if (when->kind != EXPR_BOOL) {
        expr_fail(p, when->at, "behind 'if' stands a condition, this is %s", expr_kind_names[when->kind]);
        return false;
    }
    if (!expr_check_node(p, yes, hint != NULL ? hint : expr_hint(p, no)) ||
        !expr_check_node(p, no, hint != NULL ? hint : expr_hint(p, yes)))
        return false;
    if (yes->kind != no->kind) {
        expr_fail(p, no->at, "%s before 'if', but %s behind 'else'", expr_kind_names[yes->kind],
                  expr_kind_names[no->kind]);
        return false;
    }
    e->kind = yes->kind;
    return true;
}

static bool expr_check_node(struct expr_parser *p, struct expr *e, const struct menu_type *hint)
{
    switch (e->op) {
    case EXPR_OP_LITERAL:
        return expr_check_literal(p, e, hint);
    case EXPR_OP_VAR:
        return expr_check_name(p, e, hint);
    case EXPR_OP_OR:
    case EXPR_OP_AND:
    case EXPR_OP_NOT:
        return expr_check_all(p, e);
    case EXPR_OP_EQ:
    case EXPR_OP_NE:
    case EXPR_OP_LT:
    case EXPR_OP_LE:
    case EXPR_OP_GT:
    case EXPR_OP_GE:
    case EXPR_OP_IN:
        return expr_check_compare(p, e);
    case EXPR_OP_SUM:
        return expr_check_sum(p, e, hint);
    case EXPR_OP_PRODUCT:
        return expr_check_product(p, e);
    case EXPR_OP_IF:
        return expr_check_if(p, e, hint);
    case EXPR_OPS:
        break;
    }
    return false;
}

/* As a value's width is counted: one beyond U+FFFF is two. */
static size_t expr_chars(const char *s, size_t n)
{
    size_t count = 0;

    for (size_t i = 0; i < n; i++)
        count += (unsigned char)s[i] >= 0xf0 ? 2 : ((unsigned char)s[i] & 0xc0) != 0x80;
    return count;
}

/* A literal text that must look like its type; kept in the type's canonical form. */
static void expr_check_form(struct expr_parser *p, struct expr *e, const struct menu_type *t)
{
    char *text = arena_memdup0(p->arena, e->text, e->len);
    struct buf canonical;

    buf_init(&canonical, p->n + 64);
    if (text == NULL)
        expr_no_room(p, e->at);
    else if (!menu_type_import(t, text, &canonical))
        expr_fail(p, e->at, "'%.*s' is no %.40s", expr_shown(e->text, e->len), e->text, t->name);
    else {
        e->text = arena_memdup0(p->arena, buf_str(&canonical), canonical.len);
        e->len = canonical.len;
        if (e->text == NULL)
            expr_no_room(p, e->at);
    }
    buf_fini(&canonical);
}

/* A literal that goes into a variable. */
static bool expr_check_fits(struct expr_parser *p, struct expr *e, const struct menu_type *t)
{
    bool whole = t->kind == MENU_TYPE_WHOLE;
    bool loose = t->kind == MENU_TYPE_TEXT || t->kind == MENU_TYPE_WORD;

    if (whole && (e->number < t->min || e->number > t->max))
        expr_fail(p, e->at, "%" PRId64 " is not in %" PRId64 "..%" PRId64, e->number, t->min, t->max);
    else if (loose && t->width > 0 && expr_chars(e->text, e->len) > (size_t)t->width)
        expr_fail(p, e->at, "more than the %d characters of %.40s", t->width, t->name);
    else if (t->kind == MENU_TYPE_WORD && memchr(e->text, ' ', e->len) != NULL)
        expr_fail(p, e->at, "a %.40s has no spaces", t->name);
    else if (t->kind == MENU_TYPE_PATTERN || t->kind == MENU_TYPE_MSISDN || t->kind == MENU_TYPE_CASE_NO)
        expr_check_form(p, e, t);
    return !p->failed;
}

/* May a value of e be kept as a t?  Any value is a text; else kinds must agree,
 * and a choice, a number of a phone or a case, a PIN or a pattern comes only
 * from its own type. */
static bool expr_check_target(struct expr_parser *p, struct expr *e, const struct menu_type *t)
{
    bool loose = t->kind == MENU_TYPE_TEXT || t->kind == MENU_TYPE_WORD;
    const struct menu_type *from = expr_type(e);
    /* every number of a phone, or of a case, is one whatever its type is called */
    bool same = from != NULL && from->kind == t->kind &&
                (t->kind == MENU_TYPE_MSISDN || t->kind == MENU_TYPE_CASE_NO);

    if (e->op == EXPR_OP_IF)
        return expr_check_target(p, e->first->next, t) && expr_check_target(p, e->first->next->next, t);
    if (e->op == EXPR_OP_LITERAL && e->kind == expr_kind_of(t))
        return expr_check_fits(p, e, t);
    if (loose)
        return true;
    if (e->kind != expr_kind_of(t)) {
        expr_fail(p, e->at, "%.40s is %s, not %s", t->name, expr_kind_names[expr_kind_of(t)], expr_kind_names[e->kind]);
        return false;
    }
    if (e->kind == EXPR_TEXT && from != NULL && !same && strcmp(from->name, t->name) != 0) {
        expr_fail(p, e->at, "%.40s takes values of its own type, not of %.40s", t->name, from->name);
        return false;
    }
    return true;
}

bool expr_check(struct expr_parser *p, struct expr *e, int want, const struct menu_type *target)
{
    if (!expr_check_node(p, e, target))
        return false;
    if (want >= 0 && e->kind != (enum expr_kind)want) {
        expr_fail(p, e->at, "%s is wanted here, this is %s", expr_kind_names[want], expr_kind_names[e->kind]);
        return false;
    }
    return target == NULL || expr_check_target(p, e, target);
}
