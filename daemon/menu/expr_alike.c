#include "menu/expr.h"

#include <string.h>

#include "menu/expr_node.h"

/* The number of a node is what it says, or not used; its text is a name, a text
 * or a code. */
static bool expr_alike_node(const struct expr *a, const struct expr *b)
{
    return a->op == b->op && a->kind == b->kind && a->minus == b->minus && a->number == b->number &&
           a->len == b->len && (a->len == 0 || memcmp(a->text, b->text, a->len) == 0);
}

bool expr_alike(const struct expr *a, const struct expr *b)
{
    if (a == NULL || b == NULL)
        return a == b;
    if (!expr_alike_node(a, b))
        return false;
    a = a->first;
    b = b->first;
    while (a != NULL && b != NULL && expr_alike(a, b)) {
        a = a->next;
        b = b->next;
    }
    return a == NULL && b == NULL;
}

bool expr_needs(const struct expr *e, int var)
{
    bool every = e->op == EXPR_OP_OR, any = e->op == EXPR_OP_VAR && e->var == var;

    if (e->op == EXPR_OP_OR || e->op == EXPR_OP_AND)
        for (const struct expr *part = e->first; part != NULL; part = part->next) {
            bool needs = expr_needs(part, var);

            every = every && needs;
            any = any || (needs && e->op == EXPR_OP_AND);
        }
    return any || every;
}
