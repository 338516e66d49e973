#include "menu/expr_node.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Depth of parentheses and nots; also bounds the recursion of evaluation,
 * because chains of and, or and + are lists, not trees. */
#define EXPR_DEPTH_MAX 32
/* Octets of a name or text in a message. */
#define EXPR_SHOWN 40

/* Longer signs first. */
static const struct expr_sign {
    const char *sign;
    enum expr_token token;
    const char *instead;                /* of what people write from habit */
} expr_signs[] = {
    { "==", EXPR_EQ, NULL }, { "!=", EXPR_NE, NULL }, { "<=", EXPR_LE, NULL }, { ">=", EXPR_GE, NULL },
    { "<>", EXPR_BAD, "!=" }, { "&&", EXPR_BAD, "and" }, { "||", EXPR_BAD, "or" }, { "<", EXPR_LT, NULL },
    { ">", EXPR_GT, NULL }, { "(", EXPR_OPEN, NULL }, { ")", EXPR_CLOSE, NULL }, { ",", EXPR_COMMA, NULL },
    { "+", EXPR_PLUS, NULL }, { "-", EXPR_MINUS, NULL }, { "*", EXPR_TIMES, NULL },
    { "/", EXPR_DIVIDED, NULL }, { "=", EXPR_BAD, "==" }, { "!", EXPR_BAD, "not" },
    { "\"", EXPR_BAD, "'" },
};

static const struct expr_keyword {
    const char *word;
    enum expr_token token;
} expr_keywords[] = {
    { "or", EXPR_OR }, { "and", EXPR_AND }, { "not", EXPR_NOT }, { "in", EXPR_IN }, { "yes", EXPR_YES },
    { "no", EXPR_NO }, { "if", EXPR_IF }, { "else", EXPR_ELSE },
};

int expr_shown(const char *s, size_t len)
{
    size_t n = len < EXPR_SHOWN ? len : EXPR_SHOWN;

    while (n > 0 && n < len && ((unsigned char)s[n] & 0xc0) == 0x80)
        n--;
    return (int)n;
}

struct expr *expr_fail(struct expr_parser *p, size_t at, const char *fmt, ...)
{
    va_list ap;

    if (p->failed)
        return NULL;
    p->failed = true;
    p->err->at = at;
    va_start(ap, fmt);
    vsnprintf(p->err->text, sizeof p->err->text, fmt, ap);
    va_end(ap);
    for (char *c = p->err->text; *c != '\0'; c++)
        if ((unsigned char)*c < 0x20)
            *c = ' ';
    return NULL;
}

struct expr *expr_no_room(struct expr_parser *p, size_t at)
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

static struct expr *expr_parse_choice(struct expr_parser *p);

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

static struct expr *expr_literal(struct expr_parser *p, enum expr_kind kind, int64_t number)
{
    struct expr *e = expr_new(p, EXPR_OP_LITERAL, p->at);

    if (e == NULL)
        return NULL;
    e->kind = kind;
    e->number = number;
    expr_advance(p);
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
    e = expr_parse_choice(p);
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
    return expr_fail(p, p->at, "a value is missing before '%.*s'", expr_shown(p->s + p->at, p->end - p->at),
                     p->s + p->at);
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
        bool minus = p->token == EXPR_MINUS || p->token == EXPR_DIVIDED;

        expr_advance(p);
        last->next = parse(p);
        if (last->next == NULL)
            return NULL;
        last = last->next;
        last->minus = minus;
    }
    return e;
}

static struct expr *expr_parse_product(struct expr_parser *p)
{
    return expr_parse_chain(p, EXPR_OP_PRODUCT, EXPR_TIMES, EXPR_DIVIDED, expr_parse_term);
}

static struct expr *expr_parse_sum(struct expr_parser *p)
{
    return expr_parse_chain(p, EXPR_OP_SUM, EXPR_PLUS, EXPR_MINUS, expr_parse_product);
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

/* value if condition else value; what is behind the else may be one again. */
static struct expr *expr_parse_choice(struct expr_parser *p)
{
    struct expr *value = expr_parse_or(p), *when, *other, *e;

    if (value == NULL || p->token != EXPR_IF)
        return value;
    if (p->depth == EXPR_DEPTH_MAX)
        return expr_fail(p, p->at, "more than %d conditions in one another", EXPR_DEPTH_MAX);
    expr_advance(p);
    when = expr_parse_or(p);
    if (when == NULL)
        return NULL;
    if (p->token != EXPR_ELSE)
        return expr_fail(p, p->at, "'if' wants an 'else': 10 if kilos > 5 else 20");
    expr_advance(p);
    p->depth++;
    other = expr_parse_choice(p);
    p->depth--;
    e = other != NULL ? expr_parent(p, EXPR_OP_IF, when) : NULL;
    if (e == NULL)
        return NULL;
    when->next = value;
    value->next = other;
    return e;
}

const struct expr *expr_parse(struct arena *a, const struct expr_names *names, const char *s, size_t n, int want,
                              const struct menu_type *target, struct expr_error *err)
{
    struct expr_parser p = { .arena = a, .names = names, .s = s, .n = n, .err = err };
    struct expr *e;

    err->at = 0;
    err->text[0] = '\0';
    expr_advance(&p);
    e = expr_parse_choice(&p);
    if (e != NULL && p.token != EXPR_END)
        expr_fail(&p, p.at, "'%.*s' is too much here", expr_shown(s + p.at, p.end - p.at), s + p.at);
    return p.failed || e == NULL || !expr_check(&p, e, want, target) ? NULL : e;
}
