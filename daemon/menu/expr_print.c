/*
 * expr_print.c - an expression as an operator would write it.
 */
#include <inttypes.h>

#include "menu/expr_node.h"

/* How strongly an operator binds, and the word between its operands. */
static const struct expr_form {
    int binds;
    const char *word;
} expr_forms[EXPR_OPS] = {
    [EXPR_OP_LITERAL] = { 9, "" }, [EXPR_OP_VAR] = { 9, "" },     [EXPR_OP_OR] = { 1, " or " },
    [EXPR_OP_AND] = { 2, " and " }, [EXPR_OP_NOT] = { 3, "" },    [EXPR_OP_EQ] = { 4, " == " },
    [EXPR_OP_NE] = { 4, " != " },  [EXPR_OP_LT] = { 4, " < " },   [EXPR_OP_LE] = { 4, " <= " },
    [EXPR_OP_GT] = { 4, " > " },   [EXPR_OP_GE] = { 4, " >= " },  [EXPR_OP_IN] = { 4, " in (" },
    [EXPR_OP_SUM] = { 5, " + " },  [EXPR_OP_PRODUCT] = { 6, " * " }, [EXPR_OP_IF] = { 0, "" },
};

static void expr_print_text(const struct expr *e, struct buf *out)
{
    buf_addc(out, '\'');
    for (size_t i = 0; i < e->len; i++) {
        if (e->text[i] == '\'')
            buf_addc(out, '\'');
        buf_addc(out, e->text[i]);
    }
    buf_addc(out, '\'');
}

static void expr_print_literal(const struct expr *e, struct buf *out)
{
    bool code = e->type != NULL && e->type->kind == MENU_TYPE_CHOICE;

    if (e->kind == EXPR_WHOLE)
        buf_addf(out, "%" PRId64, e->number);
    else if (e->kind == EXPR_BOOL || code)
        buf_add(out, e->text, e->len);
    else
        expr_print_text(e, out);
}

static void expr_print_operand(const struct expr *e, int binds, struct buf *out)
{
    bool inside = expr_forms[e->op].binds <= binds;

    if (inside)
        buf_addc(out, '(');
    expr_source(e, out);
    if (inside)
        buf_addc(out, ')');
}

void expr_source(const struct expr *e, struct buf *out)
{
    const struct expr_form *form = &expr_forms[e->op];

    if (e->op == EXPR_OP_LITERAL) {
        expr_print_literal(e, out);
        return;
    }
    if (e->op == EXPR_OP_VAR) {
        buf_add(out, e->text, e->len);
        return;
    }
    if (e->op == EXPR_OP_IF) {
        expr_print_operand(e->first->next, 0, out);
        buf_adds(out, " if ");
        expr_print_operand(e->first, 0, out);
        buf_adds(out, " else ");
        expr_source(e->first->next->next, out);
        return;
    }
    if (e->op == EXPR_OP_NOT)
        buf_adds(out, "not ");
    for (const struct expr *o = e->first; o != NULL; o = o->next) {
        if (o != e->first)
            buf_adds(out, e->op == EXPR_OP_SUM && o->minus                 ? " - "
                          : e->op == EXPR_OP_PRODUCT && o->minus         ? " / "
                          : e->op == EXPR_OP_IN && o != e->first->next ? ", "
                                                                       : form->word);
        expr_print_operand(o, form->binds, out);
    }
    if (e->op == EXPR_OP_IN)
        buf_addc(out, ')');
}
