#include "menu/expr.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"

/* Depth of parentheses and nots; also bounds the recursion of evaluation,
 * because chains of and, or and + are lists, not trees. */
#define EXPR_DEPTH_MAX 32
#define EXPR_SCRATCH 256
/* A name or a text in a message is cut here. */
#define EXPR_SHOWN 40

enum expr_op {
    EXPR_OP_LITERAL = 0,
    EXPR_OP_VAR,
    EXPR_OP_OR,             /* first, next, next... */
    EXPR_OP_AND,
    EXPR_OP_NOT,
    EXPR_OP_EQ,             /* first, second */
    EXPR_OP_NE,
    EXPR_OP_LT,
    EXPR_OP_LE,
    EXPR_OP_GT,
    EXPR_OP_GE,
    EXPR_OP_IN,             /* first, then the list */
    EXPR_OP_SUM,            /* first, then parts with their sign */
    EXPR_OPS,
};

struct expr {
    enum expr_op op;
    enum expr_kind kind;
    bool minus;                         /* as a part of a sum */
    size_t at, end;                     /* in the source, for messages */
    int var;                            /* EXPR_OP_VAR */
    const struct menu_type *type;       /* of a variable or a choice's code */
    int64_t number;                     /* literal whole, date, bool */
    const char *text;                   /* literal text; name of a variable */
    size_t len;
    struct expr *first;                 /* operands */
    struct expr *next;                  /* the operand behind this one */
};

static const char *const expr_kind_names[EXPR_KINDS] = {
    [EXPR_BOOL] = "a condition", [EXPR_WHOLE] = "a number", [EXPR_DATE] = "a date", [EXPR_TEXT] = "a text",
};

/* --- tokens ----------------------------------------------------------------------- */

enum expr_token {
    EXPR_END = 0,
    EXPR_NAME,
    EXPR_NUMBER,
    EXPR_STRING,
    EXPR_OPEN,
    EXPR_CLOSE,
    EXPR_COMMA,
    EXPR_PLUS,
    EXPR_MINUS,
    EXPR_EQ,
    EXPR_NE,
    EXPR_LT,
    EXPR_LE,
    EXPR_GT,
    EXPR_GE,
    EXPR_OR,
    EXPR_AND,
    EXPR_NOT,
    EXPR_IN,
    EXPR_YES,
    EXPR_NO,
    EXPR_BAD,
    EXPR_TOKENS,
};

/* Longer signs first. */
static const struct expr_sign {
    const char *sign;
    enum expr_token token;
    const char *instead;                /* of what people write from habit */
} expr_signs[] = {
    { "==", EXPR_EQ, NULL }, { "!=", EXPR_NE, NULL }, { "<=", EXPR_LE, NULL }, { ">=", EXPR_GE, NULL },
    { "<>", EXPR_BAD, "!=" }, { "&&", EXPR_BAD, "and" }, { "||", EXPR_BAD, "or" }, { "<", EXPR_LT, NULL },
    { ">", EXPR_GT, NULL }, { "(", EXPR_OPEN, NULL }, { ")", EXPR_CLOSE, NULL }, { ",", EXPR_COMMA, NULL },
    { "+", EXPR_PLUS, NULL }, { "-", EXPR_MINUS, NULL }, { "=", EXPR_BAD, "==" }, { "!", EXPR_BAD, "not" },
    { "\"", EXPR_BAD, "'" },
};

static const struct expr_keyword {
    const char *word;
    enum expr_token token;
} expr_keywords[] = {
    { "or", EXPR_OR }, { "and", EXPR_AND }, { "not", EXPR_NOT }, { "in", EXPR_IN }, { "yes", EXPR_YES },
    { "no", EXPR_NO },
};

struct expr_parser {
    struct arena *arena;
    const struct expr_names *names;
    const char *s;
    size_t n;
    enum expr_token token;              /* the one looked at */
    size_t at, end;                     /* where it stands */
    size_t last;                        /* end of the one before */
    int depth;
    bool failed;
    struct expr_error *err;
};

/* The first error stays; returns NULL. */
__attribute__((format(printf, 3, 4)))
static struct expr *expr_fail(struct expr_parser *p, size_t at, const char *fmt, ...)
{
    va_list ap;

    if (p->failed)
        return NULL;
    p->failed = true;
    p->err->at = at;
    va_start(ap, fmt);
    vsnprintf(p->err->text, sizeof p->err->text, fmt, ap);
    va_end(ap);
    return NULL;
}

static struct expr *expr_no_room(struct expr_parser *p, size_t at)
{
    return expr_fail(p, at, "no room left for this expression: the menus are too large");
}

static bool expr_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool expr_is_name_start(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool expr_same(const char *s, size_t n, const char *word)
{
    return strlen(word) == n && memcmp(s, word, n) == 0;
}

static void expr_lex_name(struct expr_parser *p)
{
    size_t i = p->at;

    while (i < p->n && (expr_is_name_start(p->s[i]) || expr_is_digit(p->s[i]) || p->s[i] == '.'))
        i++;
    p->end = i;
    p->token = EXPR_NAME;
    for (size_t k = 0; k < sizeof expr_keywords / sizeof expr_keywords[0]; k++)
        if (expr_same(p->s + p->at, i - p->at, expr_keywords[k].word))
            p->token = expr_keywords[k].token;
}

/* 'text'; a quote in it is written twice. */
static void expr_lex_string(struct expr_parser *p)
{
    size_t i = p->at + 1;

    while (i < p->n && (p->s[i] != '\'' || (i + 1 < p->n && p->s[i + 1] == '\'')))
        i += p->s[i] == '\'' ? 2 : 1;
    p->token = EXPR_STRING;
    p->end = i + 1;
    if (i >= p->n) {
        expr_fail(p, p->at, "a text without its closing quote");
        p->end = p->n;
    }
}

static void expr_lex_sign(struct expr_parser *p)
{
    p->token = EXPR_BAD;
    p->end = p->at + 1;
    for (size_t k = 0; k < sizeof expr_signs / sizeof expr_signs[0]; k++) {
        const struct expr_sign *sign = &expr_signs[k];
        size_t len = strlen(sign->sign);

        if (len > p->n - p->at || memcmp(p->s + p->at, sign->sign, len) != 0)
            continue;
        if (sign->instead != NULL)
            expr_fail(p, p->at, "'%s' is written %s here", sign->sign, sign->instead);
        p->token = sign->token;
        p->end = p->at + len;
        return;
    }
    if ((unsigned char)p->s[p->at] > 0x20 && (unsigned char)p->s[p->at] < 0x7f)
        expr_fail(p, p->at, "'%c' has no place in an expression", p->s[p->at]);
    else
        expr_fail(p, p->at, "a character that has no place in an expression; a text stands in single quotes");
}

static void expr_advance(struct expr_parser *p)
{
    size_t i = p->end;

    p->last = p->end;
    while (i < p->n && (p->s[i] == ' ' || p->s[i] == '\n' || p->s[i] == '\t' || p->s[i] == '\r'))
        i++;
    p->at = i;
    p->end = i;
    if (i == p->n) {
        p->token = EXPR_END;
    } else if (expr_is_name_start(p->s[i])) {
        expr_lex_name(p);
    } else if (expr_is_digit(p->s[i])) {
        p->token = EXPR_NUMBER;
        while (p->end < p->n && expr_is_digit(p->s[p->end]))
            p->end++;
        if (p->end < p->n && expr_is_name_start(p->s[p->end]))
            expr_fail(p, p->at, "a number with letters; a text stands in single quotes");
    } else if (p->s[i] == '\'') {
        expr_lex_string(p);
    } else {
        expr_lex_sign(p);
    }
}

/* --- grammar ---------------------------------------------------------------------- */

static struct expr *expr_parse_or(struct expr_parser *p);

static struct expr *expr_new(struct expr_parser *p, enum expr_op op, size_t at)
{
    struct expr *e = arena_alloc(p->arena, sizeof *e);

    if (e == NULL)
        return expr_no_room(p, at);
    e->op = op;
    e->at = at;
    e->var = MENU_NONE;
    return e;
}

static struct expr *expr_parent(struct expr_parser *p, enum expr_op op, struct expr *first)
{
    struct expr *e = expr_new(p, op, first->at);

    if (e != NULL)
        e->first = first;
    return e;
}

/* A whole in decimal digits; false when it does not fit. */
static bool expr_digits(const char *s, size_t n, int64_t *value)
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

static struct expr *expr_literal(struct expr_parser *p, enum expr_kind kind, int64_t number)
{
    struct expr *e = expr_new(p, EXPR_OP_LITERAL, p->at);

    if (e == NULL)
        return NULL;
    e->kind = kind;
    e->number = number;
    expr_advance(p);
    e->end = p->last;
    return e;
}

static struct expr *expr_parse_number(struct expr_parser *p, bool minus)
{
    int64_t v = 0;

    if (!expr_digits(p->s + p->at, p->end - p->at, &v))
        return expr_fail(p, p->at, "a number that is too large");
    return expr_literal(p, EXPR_WHOLE, minus ? -v : v);
}

static struct expr *expr_parse_string(struct expr_parser *p)
{
    size_t len = 0;
    char *text = arena_alloc(p->arena, p->end - p->at);
    struct expr *e;

    if (text == NULL)
        return expr_no_room(p, p->at);
    for (size_t i = p->at + 1; i + 1 < p->end; i++) {
        text[len++] = p->s[i];
        if (p->s[i] == '\'')
            i++;
    }
    e = expr_literal(p, EXPR_TEXT, 0);
    if (e != NULL) {
        e->text = text;
        e->len = len;
    }
    return e;
}

/* A name is resolved later, when the other side is known. */
static struct expr *expr_parse_name(struct expr_parser *p)
{
    struct expr *e = expr_new(p, EXPR_OP_VAR, p->at);

    if (e == NULL)
        return NULL;
    e->len = p->end - p->at;
    e->text = arena_memdup0(p->arena, p->s + p->at, e->len);
    if (e->text == NULL)
        return expr_no_room(p, p->at);
    expr_advance(p);
    e->end = p->last;
    return e;
}

static struct expr *expr_parse_group(struct expr_parser *p)
{
    size_t at = p->at;
    struct expr *e;

    if (p->depth == EXPR_DEPTH_MAX)
        return expr_fail(p, at, "more than %d parentheses in one another", EXPR_DEPTH_MAX);
    p->depth++;
    expr_advance(p);
    e = expr_parse_or(p);
    p->depth--;
    if (e == NULL)
        return NULL;
    if (p->token == EXPR_COMMA)
        return expr_fail(p, p->at, "a list stands only behind 'in'");
    if (p->token != EXPR_CLOSE)
        return expr_fail(p, at, "a parenthesis that is not closed");
    expr_advance(p);
    return e;
}

static struct expr *expr_parse_term(struct expr_parser *p)
{
    if (p->token == EXPR_NUMBER)
        return expr_parse_number(p, false);
    if (p->token == EXPR_STRING)
        return expr_parse_string(p);
    if (p->token == EXPR_NAME)
        return expr_parse_name(p);
    if (p->token == EXPR_YES || p->token == EXPR_NO) {
        /* the word stays with it: a choice may have a code of that name */
        bool yes = p->token == EXPR_YES;
        struct expr *e = expr_literal(p, EXPR_BOOL, yes ? 1 : 0);

        if (e != NULL) {
            e->text = yes ? "yes" : "no";
            e->len = strlen(e->text);
        }
        return e;
    }
    if (p->token == EXPR_OPEN)
        return expr_parse_group(p);
    if (p->token == EXPR_MINUS) {
        size_t at = p->at;

        expr_advance(p);
        if (p->token == EXPR_NUMBER)
            return expr_parse_number(p, true);
        return expr_fail(p, at, "a minus stands between two values or before a number");
    }
    if (p->token == EXPR_END)
        return expr_fail(p, p->at, p->n == 0 ? "an empty expression" : "the expression ends too early");
    return expr_fail(p, p->at, "a value is missing before '%.*s'", (int)(p->end - p->at), p->s + p->at);
}

/* Collect first, and every operand that parse gives behind one of the tokens a
 * and b, under one node. */
static struct expr *expr_parse_chain(struct expr_parser *p, enum expr_op op, enum expr_token a, enum expr_token b,
                                     struct expr *(*parse)(struct expr_parser *p))
{
    struct expr *first = parse(p);
    struct expr *last = first;
    struct expr *e;

    if (first == NULL || (p->token != a && p->token != b))
        return first;
    e = expr_parent(p, op, first);
    while (e != NULL && (p->token == a || p->token == b)) {
        bool minus = p->token == EXPR_MINUS;

        expr_advance(p);
        last->next = parse(p);
        if (last->next == NULL)
            return NULL;
        last = last->next;
        last->minus = minus;
        e->end = p->last;
    }
    return e;
}

static struct expr *expr_parse_sum(struct expr_parser *p)
{
    return expr_parse_chain(p, EXPR_OP_SUM, EXPR_PLUS, EXPR_MINUS, expr_parse_term);
}

/* in (a, b, c) */
static struct expr *expr_parse_in(struct expr_parser *p, struct expr *left)
{
    struct expr *e = expr_parent(p, EXPR_OP_IN, left);
    struct expr *last = left;

    expr_advance(p);
    if (p->token != EXPR_OPEN)
        return expr_fail(p, p->at, "'in' wants a list: in ('a', 'b')");
    do {
        expr_advance(p);
        last->next = expr_parse_sum(p);
        last = last->next;
    } while (last != NULL && p->token == EXPR_COMMA);
    if (last == NULL || e == NULL)
        return NULL;
    if (p->token != EXPR_CLOSE)
        return expr_fail(p, p->at, "a list that is not closed");
    expr_advance(p);
    e->end = p->last;
    return e;
}

static bool expr_compares(enum expr_token t, enum expr_op *op)
{
    static const enum expr_op ops[EXPR_TOKENS] = {
        [EXPR_EQ] = EXPR_OP_EQ, [EXPR_NE] = EXPR_OP_NE, [EXPR_LT] = EXPR_OP_LT,
        [EXPR_LE] = EXPR_OP_LE, [EXPR_GT] = EXPR_OP_GT, [EXPR_GE] = EXPR_OP_GE,
    };

    *op = ops[t];
    return *op != EXPR_OP_LITERAL;
}

static struct expr *expr_parse_compare(struct expr_parser *p)
{
    struct expr *left = expr_parse_sum(p);
    struct expr *e = left;
    enum expr_op op;

    if (left == NULL)
        return NULL;
    if (p->token == EXPR_IN) {
        e = expr_parse_in(p, left);
    } else if (expr_compares(p->token, &op)) {
        e = expr_parent(p, op, left);
        if (e == NULL)
            return NULL;
        expr_advance(p);
        left->next = expr_parse_sum(p);
        if (left->next == NULL)
            return NULL;
        e->end = p->last;
    }
    if (e != NULL && e != left && (p->token == EXPR_IN || expr_compares(p->token, &op)))
        return expr_fail(p, p->at, "two comparisons in a row; join them with 'and'");
    return e;
}

static struct expr *expr_parse_not(struct expr_parser *p)
{
    size_t at = p->at;
    struct expr *inner;
    struct expr *e;

    if (p->token != EXPR_NOT)
        return expr_parse_compare(p);
    if (p->depth == EXPR_DEPTH_MAX)
        return expr_fail(p, at, "more than %d nots in one another", EXPR_DEPTH_MAX);
    p->depth++;
    expr_advance(p);
    inner = expr_parse_not(p);
    p->depth--;
    if (inner == NULL)
        return NULL;
    e = expr_parent(p, EXPR_OP_NOT, inner);
    if (e != NULL)
        e->at = at;
    return e;
}

static struct expr *expr_parse_and(struct expr_parser *p)
{
    return expr_parse_chain(p, EXPR_OP_AND, EXPR_AND, EXPR_AND, expr_parse_not);
}

static struct expr *expr_parse_or(struct expr_parser *p)
{
    return expr_parse_chain(p, EXPR_OP_OR, EXPR_OR, EXPR_OR, expr_parse_and);
}

/* --- types ------------------------------------------------------------------------ */

enum expr_kind expr_kind_of(const struct menu_type *t)
{
    static const enum expr_kind kinds[MENU_TYPE_KINDS] = {
        [MENU_TYPE_TEXT] = EXPR_TEXT, [MENU_TYPE_WORD] = EXPR_TEXT, [MENU_TYPE_WHOLE] = EXPR_WHOLE,
        [MENU_TYPE_DATE] = EXPR_DATE, [MENU_TYPE_MSISDN] = EXPR_TEXT, [MENU_TYPE_YESNO] = EXPR_BOOL,
        [MENU_TYPE_CASE_NO] = EXPR_TEXT, [MENU_TYPE_PIN] = EXPR_TEXT, [MENU_TYPE_PATTERN] = EXPR_TEXT,
        [MENU_TYPE_CHOICE] = EXPR_TEXT,
    };

    return kinds[t->kind];
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
    return expr_fail(p, e->at, "'%.*s' is no code of %s: %s", (int)(e->len < EXPR_SHOWN ? e->len : EXPR_SHOWN), e->text,
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
        return true;
    }
    if (hint != NULL && hint->kind == MENU_TYPE_CHOICE) {
        expr_fail_code(p, e, hint);
        return false;
    }
    near = names->nearest != NULL ? names->nearest(names->arg, e->text, e->len) : NULL;
    expr_fail(p, e->at, "no such variable '%.*s'%s%s%s", (int)(e->len < EXPR_SHOWN ? e->len : EXPR_SHOWN), e->text,
              near != NULL ? "; did you mean '" : "", near != NULL ? near : "", near != NULL ? "'?" : "");
    return false;
}

static bool expr_check(struct expr_parser *p, struct expr *e, const struct menu_type *hint);

static bool expr_check_all(struct expr_parser *p, struct expr *e)
{
    for (struct expr *o = e->first; o != NULL; o = o->next) {
        if (!expr_check(p, o, NULL))
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

    if (!expr_check(p, a, e->op != EXPR_OP_IN ? expr_hint(p, a->next) : NULL))
        return false;
    for (struct expr *b = a->next; b != NULL; b = b->next)
        if (!expr_check(p, b, left) || !expr_check_pair(p, e, a, b))
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
        if (!expr_check(p, o, own))
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

static bool expr_check(struct expr_parser *p, struct expr *e, const struct menu_type *hint)
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
    case EXPR_OPS:
        break;
    }
    return false;
}

static size_t expr_chars(const char *s, size_t n)
{
    size_t count = 0;

    for (size_t i = 0; i < n; i++)
        count += ((unsigned char)s[i] & 0xc0) != 0x80;
    return count;
}

/* A literal text that must look like its type; kept in the type's canonical form. */
static void expr_check_form(struct expr_parser *p, struct expr *e, const struct menu_type *t)
{
    char *text = arena_memdup0(p->arena, e->text, e->len);
    struct buf canonical;

    buf_init(&canonical, p->n + EXPR_SCRATCH);
    if (text == NULL)
        expr_no_room(p, e->at);
    else if (!menu_type_import(t, text, &canonical))
        expr_fail(p, e->at, "'%.*s' is no %.40s", (int)(e->len < EXPR_SHOWN ? e->len : EXPR_SHOWN), e->text, t->name);
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

    if (e->op == EXPR_OP_LITERAL && e->kind == expr_kind_of(t))
        return expr_check_fits(p, e, t);
    if (loose)
        return true;
    if (e->kind != expr_kind_of(t)) {
        expr_fail(p, e->at, "%.40s is %s, not %s", t->name, expr_kind_names[expr_kind_of(t)], expr_kind_names[e->kind]);
        return false;
    }
    if (e->kind == EXPR_TEXT && from != NULL && strcmp(from->name, t->name) != 0) {
        expr_fail(p, e->at, "%.40s takes values of its own type, not of %.40s", t->name, from->name);
        return false;
    }
    return true;
}

const struct expr *expr_parse(struct arena *a, const struct expr_names *names, const char *s, size_t n, int want,
                              const struct menu_type *target, struct expr_error *err)
{
    struct expr_parser p = { .arena = a, .names = names, .s = s, .n = n, .err = err };
    struct expr *e;

    err->at = 0;
    err->text[0] = '\0';
    expr_advance(&p);
    e = expr_parse_or(&p);
    if (e != NULL && p.token != EXPR_END)
        expr_fail(&p, p.at, "'%.*s' is too much here", (int)(p.end - p.at < EXPR_SHOWN ? p.end - p.at : EXPR_SHOWN),
                  s + p.at);
    if (p.failed || e == NULL || !expr_check(&p, e, target))
        return NULL;
    if (want >= 0 && e->kind != (enum expr_kind)want)
        expr_fail(&p, e->at, "%s is wanted here, this is %s", expr_kind_names[want], expr_kind_names[e->kind]);
    if (!p.failed && target != NULL)
        expr_check_target(&p, e, target);
    return p.failed ? NULL : e;
}

enum expr_kind expr_kind(const struct expr *e)
{
    return e->kind;
}

const struct menu_type *expr_type(const struct expr *e)
{
    return e->op == EXPR_OP_VAR || e->op == EXPR_OP_LITERAL ? e->type : NULL;
}

void expr_reads(const struct expr *e, void (*fn)(void *arg, int var), void *arg)
{
    if (e->op == EXPR_OP_VAR)
        fn(arg, e->var);
    for (const struct expr *o = e->first; o != NULL; o = o->next)
        expr_reads(o, fn, arg);
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

/* False when it is unset; a bool is 0 or 1. */
static bool expr_number(const struct expr *e, const struct expr_scope *scope, int64_t *value)
{
    if (e->op == EXPR_OP_VAR)
        return expr_number_of_var(e, scope, value);
    if (e->op == EXPR_OP_SUM)
        return expr_number_of_sum(e, scope, value);
    *value = e->op == EXPR_OP_LITERAL ? e->number : expr_true(e, scope);
    return true;
}

/* A literal text or a variable's; NULL when it is unset. */
static const char *expr_text(const struct expr *e, const struct expr_scope *scope, size_t *len)
{
    if (e->op == EXPR_OP_VAR)
        return scope->get(scope->arg, e->var, len);
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
