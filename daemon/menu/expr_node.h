/*
 * expr_node.h - the tree of an expression, and its parser's state; for
 * expr*.c alone.
 */
#ifndef EXPR_NODE_H
#define EXPR_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "menu/expr.h"

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
    EXPR_OP_PRODUCT,        /* first, then factors and divisors */
    EXPR_OP_IF,             /* condition, the value when it holds, the value when not */
    EXPR_OPS,
};

struct expr {
    enum expr_op op;
    enum expr_kind kind;
    bool minus;                         /* as a part of a sum; of a product: what divides it */
    size_t at;                          /* in the source, for messages */
    int var;                            /* EXPR_OP_VAR */
    const struct yaml_node *source;     /* EXPR_OP_VAR: what at counts in */
    const struct menu_type *type;       /* of a variable or a choice's code */
    int64_t number;                     /* literal whole, date, bool */
    const char *text;                   /* literal text; name of a variable */
    size_t len;
    struct expr *first;                 /* operands */
    struct expr *next;                  /* the operand behind this one */
};

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
    EXPR_TIMES,
    EXPR_DIVIDED,
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
    EXPR_IF,
    EXPR_ELSE,
    EXPR_YES,
    EXPR_NO,
    EXPR_BAD,
    EXPR_TOKENS,
};

struct expr_parser {
    struct arena *arena;
    const struct expr_names *names;
    const char *s;
    size_t n;
    enum expr_token token;              /* the one looked at */
    size_t at, end;                     /* where it stands */
    int depth;
    bool failed;
    struct expr_error *err;
};

/* The first error stays; returns NULL. */
struct expr *expr_fail(struct expr_parser *p, size_t at, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
struct expr *expr_no_room(struct expr_parser *p, size_t at);

/* Names to variables and kinds of all nodes; want and target as in expr_parse().
 * False after expr_fail(). */
bool expr_check(struct expr_parser *p, struct expr *e, int want, const struct menu_type *target);

/* Octets of a name or text that a message shows, for %.*s. */
int expr_shown(const char *s, size_t len);

bool expr_same(const char *s, size_t n, const char *word);
/* A whole in decimal digits; false when it does not fit. */
bool expr_digits(const char *s, size_t n, int64_t *value);

#endif
