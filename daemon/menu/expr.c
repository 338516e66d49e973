#include "menu/expr_node.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"

#define EXPR_SCRATCH 256

/* --- texts of values ---------------------------------------------------------------- */

static bool expr_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool expr_same(const char *s, size_t n, const char *word)
{
    return strlen(word) == n && memcmp(s, word, n) == 0;
}

bool expr_digits(const char *s, size_t n, int64_t *value)
{
    bool minus = n > 0 && s[0] == '-';
    int64_t v = 0;

    for (size_t i = minus ? 1 : 0; i < n; i++)
        if (!expr_is_digit(s[i]) || __builtin_mul_overflow(v, 10, &v) || __builtin_sub_overflow(v, s[i] - '0', &v))
            return false;
    if (n == (minus ? 1 : 0) || (!minus && v == INT64_MIN))
        return false;
    *value = minus ? v : -v;
    return true;
}

bool expr_date(const char *s, size_t n, int32_t *day)
{
    struct clock_date d;

    if (n != 10 || s[4] != '-' || s[7] != '-')
        return false;
    for (size_t i = 0; i < n; i++)
        if (i != 4 && i != 7 && !expr_is_digit(s[i]))
            return false;
    d.year = (s[0] - '0') * 1000 + (s[1] - '0') * 100 + (s[2] - '0') * 10 + (s[3] - '0');
    d.month = (s[5] - '0') * 10 + (s[6] - '0');
    d.day = (s[8] - '0') * 10 + (s[9] - '0');
    *day = clock_day_of(d);
    return *day != CLOCK_DATE_NONE;
}

/* --- what it is --------------------------------------------------------------------- */

enum expr_kind expr_kind(const struct expr *e)
{
    return e->kind;
}

const struct menu_type *expr_type(const struct expr *e)
{
    if (e->op == EXPR_OP_IF) {
        const struct menu_type *yes = expr_type(e->first->next), *no = expr_type(e->first->next->next);

        return yes == no ? yes : NULL;
    }
    return e->op == EXPR_OP_VAR || e->op == EXPR_OP_LITERAL ? e->type : NULL;
}

void expr_reads(const struct expr *e, void (*fn)(void *arg, int var), void *arg)
{
    if (e->op == EXPR_OP_VAR)
        fn(arg, e->var);
    for (const struct expr *o = e->first; o != NULL; o = o->next)
        expr_reads(o, fn, arg);
}

void expr_places(const struct expr *e, expr_place_fn *fn, void *arg)
{
    if (e->op == EXPR_OP_VAR)
        fn(arg, e->var, (struct menu_place){ e->source, e->at });
    for (const struct expr *o = e->first; o != NULL; o = o->next)
        expr_places(o, fn, arg);
}

/* --- evaluation ------------------------------------------------------------------- */

static bool expr_number(const struct expr *e, const struct expr_scope *scope, int64_t *value);

static bool expr_number_of_var(const struct expr *e, const struct expr_scope *scope, int64_t *value)
{
    size_t len = 0;
    const char *s;
    int32_t day;

    if (e->var == MENU_VAR_TODAY) {
        *value = scope->today;
        return true;
    }
    s = scope->get(scope->arg, e->var, &len);
    if (s == NULL)
        return false;
    if (e->kind == EXPR_WHOLE)
        return expr_digits(s, len, value);
    if (e->kind == EXPR_DATE) {
        bool ok = expr_date(s, len, &day);

        *value = ok ? day : 0;
        return ok;
    }
    *value = expr_same(s, len, "yes");
    return *value != 0 || expr_same(s, len, "no");
}

static bool expr_number_of_sum(const struct expr *e, const struct expr_scope *scope, int64_t *value)
{
    int64_t sum = 0;
    int64_t v;

    for (const struct expr *o = e->first; o != NULL; o = o->next)
        if (!expr_number(o, scope, &v) ||
            (o->minus ? __builtin_sub_overflow(sum, v, &sum) : __builtin_add_overflow(sum, v, &sum)))
            return false;
    *value = sum;
    return e->kind != EXPR_DATE || (sum >= clock_day_of((struct clock_date){ 1, 1, 1 }) &&
                                    sum <= clock_day_of((struct clock_date){ 9999, 12, 31 }));
}

/* Factors from the left; nothing comes of what does not fit or is divided by 0. */
static bool expr_number_of_product(const struct expr *e, const struct expr_scope *scope, int64_t *value)
{
    int64_t product = 1;
    int64_t v;

    for (const struct expr *o = e->first; o != NULL; o = o->next) {
        if (!expr_number(o, scope, &v))
            return false;
        if (!o->minus && __builtin_mul_overflow(product, v, &product))
            return false;
        if (o->minus && (v == 0 || (v == -1 && product == INT64_MIN)))
            return false;
        if (o->minus)
            product /= v;
    }
    *value = product;
    return true;
}

/* The branch that is taken. */
static const struct expr *expr_taken(const struct expr *e, const struct expr_scope *scope)
{
    const struct expr *yes = e->first->next;

    return expr_true(e->first, scope) ? yes : yes->next;
}

/* False when it is unset; a bool is 0 or 1. */
static bool expr_number(const struct expr *e, const struct expr_scope *scope, int64_t *value)
{
    if (e->op == EXPR_OP_VAR)
        return expr_number_of_var(e, scope, value);
    if (e->op == EXPR_OP_SUM)
        return expr_number_of_sum(e, scope, value);
    if (e->op == EXPR_OP_PRODUCT)
        return expr_number_of_product(e, scope, value);
    if (e->op == EXPR_OP_IF)
        return expr_number(expr_taken(e, scope), scope, value);
    *value = e->op == EXPR_OP_LITERAL ? e->number : expr_true(e, scope);
    return true;
}

/* A literal text or a variable's; NULL when it is unset. */
static const char *expr_text(const struct expr *e, const struct expr_scope *scope, size_t *len)
{
    if (e->op == EXPR_OP_VAR)
        return scope->get(scope->arg, e->var, len);
    if (e->op == EXPR_OP_IF)
        return expr_text(expr_taken(e, scope), scope, len);
    *len = e->len;
    return e->text;
}

/* Two variables are compared piece by piece: what get gives lives only until
 * its next call. */
static bool expr_texts_equal(const struct expr *a, const struct expr *b, const struct expr_scope *scope)
{
    char piece[EXPR_SCRATCH];
    size_t done = 0;

    for (;;) {
        size_t len = 0;
        size_t other = 0;
        size_t n;
        const char *s = expr_text(a, scope, &len);

        if (s == NULL)
            return false;
        n = len - done < sizeof piece ? len - done : sizeof piece;
        memcpy(piece, s + done, n);
        s = expr_text(b, scope, &other);
        if (s == NULL || other != len || memcmp(piece, s + done, n) != 0)
            return false;
        done += n;
        if (done == len)
            return true;
    }
}

/* Compare; false with anything unset, whatever the operator. */
static bool expr_holds(enum expr_op op, const struct expr *a, const struct expr *b, const struct expr_scope *scope)
{
    int64_t x;
    int64_t y;

    if (a->kind == EXPR_TEXT)
        return expr_texts_equal(a, b, scope);
    if (!expr_number(a, scope, &x) || !expr_number(b, scope, &y))
        return false;
    return op == EXPR_OP_LT ? x < y : op == EXPR_OP_LE ? x <= y : op == EXPR_OP_GT ? x > y :
           op == EXPR_OP_GE ? x >= y : x == y;
}

static bool expr_any(const struct expr *e, const struct expr *first, const struct expr_scope *scope, bool wanted)
{
    for (const struct expr *o = first; o != NULL; o = o->next)
        if ((e->op == EXPR_OP_IN ? expr_holds(EXPR_OP_EQ, e->first, o, scope) : expr_true(o, scope)) == wanted)
            return true;
    return false;
}

bool expr_true(const struct expr *e, const struct expr_scope *scope)
{
    int64_t v = 0;

    switch (e->op) {
    case EXPR_OP_LITERAL:
    case EXPR_OP_VAR:
    case EXPR_OP_SUM:
    case EXPR_OP_PRODUCT:
    case EXPR_OP_IF:
        return e->kind == EXPR_BOOL && expr_number(e, scope, &v) && v != 0;
    case EXPR_OP_OR:
        return expr_any(e, e->first, scope, true);
    case EXPR_OP_AND:
        return !expr_any(e, e->first, scope, false);
    case EXPR_OP_NOT:
        return !expr_true(e->first, scope);
    case EXPR_OP_NE:
        return !expr_holds(EXPR_OP_EQ, e->first, e->first->next, scope);
    case EXPR_OP_EQ:
    case EXPR_OP_LT:
    case EXPR_OP_LE:
    case EXPR_OP_GT:
    case EXPR_OP_GE:
        return expr_holds(e->op, e->first, e->first->next, scope);
    case EXPR_OP_IN:
        return expr_any(e, e->first->next, scope, true);
    case EXPR_OPS:
        break;
    }
    return false;
}

bool expr_value(const struct expr *e, const struct expr_scope *scope, struct buf *out)
{
    size_t len = 0;
    int64_t v;
    struct clock_date d;

    if (e->kind == EXPR_TEXT) {
        const char *s = expr_text(e, scope, &len);

        if (s != NULL)
            buf_add(out, s, len);
        return s != NULL;
    }
    if (!expr_number(e, scope, &v))
        return false;
    if (e->kind == EXPR_BOOL) {
        buf_adds(out, v != 0 ? "yes" : "no");
    } else if (e->kind == EXPR_WHOLE) {
        buf_addf(out, "%" PRId64, v);
    } else {
        d = clock_date_of((int32_t)v);
        buf_addf(out, "%04d-%02d-%02d", d.year, d.month, d.day);
    }
    return true;
}
