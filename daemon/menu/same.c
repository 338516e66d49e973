#include "menu/same.h"

#include <string.h>

#include "menu/expr.h"

static bool same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* --- types ---------------------------------------------------------------------- */

static bool same_choices(const struct menu_type *a, const struct menu_type *b)
{
    if (a->choice_count != b->choice_count)
        return false;
    for (int i = 0; i < a->choice_count; i++)
        if (strcmp(a->choices[i].code, b->choices[i].code) != 0)
            return false;
    return true;
}

bool same_type(const struct menu_type *a, const struct menu_type *b)
{
    if (a == b || a == NULL || b == NULL)
        return a == b;
    return a->kind == b->kind && a->min == b->min && a->max == b->max && a->width == b->width &&
           a->past == b->past && a->future == b->future && a->sensitive == b->sensitive &&
           same_text(a->pattern, b->pattern) && same_choices(a, b);
}

/* --- questions --------------------------------------------------------------------- */

/* Of two generations; what both have. */
struct same {
    const struct menu *a, *b;
};

struct same_reads {
    const struct same *m;
    bool differ;
};

static bool same_var(const struct same *m, int x, int y)
{
    return strcmp(m->a->vars[x].name, m->b->vars[y].name) == 0;
}

/* A variable of a must mean in b what it means in a. */
static void same_on_read(void *arg, int var)
{
    struct same_reads *r = arg;
    const char *name = r->m->a->vars[var].name;
    int there = menu_var_find(r->m->b, name, strlen(name));

    if (there == MENU_NONE || !same_type(r->m->a->vars[var].type, r->m->b->vars[there].type))
        r->differ = true;
}

/* The same words about the same kind of values. */
static bool same_expr(const struct same *m, const struct expr *x, const struct expr *y)
{
    struct same_reads r = { .m = m };

    if (!expr_alike(x, y))
        return false;
    if (x != NULL)
        expr_reads(x, same_on_read, &r);
    return !r.differ;
}

static bool same_gotos(const struct same *m, const struct menu_gotos *x, const struct menu_gotos *y)
{
    if (x->count != y->count)
        return false;
    for (int i = 0; i < x->count; i++)
        if (strcmp(m->a->screens[x->list[i].to].name, m->b->screens[y->list[i].to].name) != 0 ||
            !same_expr(m, x->list[i].when, y->list[i].when))
            return false;
    return true;
}

static bool same_sets(const struct same *m, const struct menu_option *x, const struct menu_option *y)
{
    if (x->set_count != y->set_count)
        return false;
    for (int i = 0; i < x->set_count; i++)
        if (!same_var(m, x->sets[i].var, y->sets[i].var) || !same_expr(m, x->sets[i].value, y->sets[i].value))
            return false;
    return true;
}

static const struct menu_option *same_number(const struct menu_screen *screen, int number)
{
    for (int i = 0; i < screen->option_count; i++)
        if (screen->options[i].number == number)
            return &screen->options[i];
    return NULL;
}

static bool same_options(const struct same *m, const struct menu_screen *x, const struct menu_screen *y)
{
    if (x->option_count != y->option_count)
        return false;
    for (int i = 0; i < x->option_count; i++) {
        const struct menu_option *o = &x->options[i];
        const struct menu_option *p = same_number(y, o->number);

        if (p == NULL || !same_expr(m, o->when, p->when) || !same_sets(m, o, p) || !same_gotos(m, &o->go, &p->go))
            return false;
    }
    return true;
}

static bool same_input(const struct same *m, const struct menu_input *x, const struct menu_input *y)
{
    if (x->var == MENU_NONE || y->var == MENU_NONE)
        return x->var == y->var;
    return same_var(m, x->var, y->var) && same_type(x->type, y->type) && same_expr(m, x->when, y->when);
}

static bool same_list(const struct same *m, const struct menu_list *x, const struct menu_list *y)
{
    const struct menu_query *q;
    const struct menu_query *r;

    if (x->query == MENU_NONE || y->query == MENU_NONE)
        return x->query == y->query;
    q = &m->a->queries[x->query];
    r = &m->b->queries[y->query];
    if (strcmp(q->name, r->name) != 0 || x->max != y->max || q->returns->field_count != r->returns->field_count)
        return false;
    for (int i = 0; i < q->returns->field_count; i++)
        if (strcmp(q->returns->fields[i].name, r->returns->fields[i].name) != 0 ||
            !same_type(q->returns->fields[i].type, r->returns->fields[i].type) ||
            !same_var(m, x->into[i], y->into[i]))
            return false;
    return true;
}

bool same_question(const struct menu *a, const struct menu_screen *x, const struct menu *b,
                   const struct menu_screen *y)
{
    const struct same m = { a, b };

    return x->text != NULL && y->text != NULL && x->end == y->end && same_options(&m, x, y) &&
           same_input(&m, &x->input, &y->input) && same_list(&m, &x->list, &y->list);
}
