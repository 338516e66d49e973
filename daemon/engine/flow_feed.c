#include "engine/flow_step.h"

#include <string.h>

#include "menu/render.h"

#define FLOW_NUMBER_DIGITS 3            /* of an option or a row */

/* "8" to 8; what is not written so ("08", "8.") is MENU_NONE. */
static int flow_number_of(const char *p, size_t n)
{
    int number = 0;

    if (n == 0 || n > FLOW_NUMBER_DIGITS || p[0] == '0')
        return MENU_NONE;
    for (size_t i = 0; i < n; i++) {
        if (p[i] < '0' || p[i] > '9')
            return MENU_NONE;
        number = 10 * number + (p[i] - '0');
    }
    return number;
}

/* Where an accepted answer leads.  What cannot be stored or followed breaks the
 * step, and flow_run() finds it so. */
static void flow_lead(struct flow *f, bool stored, const struct menu_gotos *go)
{
    if (!stored || flow_follow(f, go) == FLOW_BROKEN)
        f->broken = true;
}

static const struct menu_option *flow_option(struct flow *f, const struct menu_screen *screen, int number)
{
    const struct render_args args = { .scope = &f->scope, .screen = screen, .limits = f->env->limits };

    return number != MENU_NONE ? render_option(&args, number) : NULL;
}

static enum flow_fit flow_feed_option(struct flow *f, const struct menu_screen *screen, int number)
{
    const struct menu_option *o = flow_option(f, screen, number);

    if (o == NULL)
        return FLOW_WRONG;
    flow_came_by(f, o);
    flow_lead(f, flow_set(f, o->sets, o->set_count), &o->go);
    return FLOW_CHOSE;
}

/* The cells of the row chosen become values. */
static bool flow_take_row(struct flow *f, const struct menu_list *list, int row)
{
    const struct menu_record *record = f->s->menu->queries[list->query].returns;
    struct buf *value = &f->out->value;

    for (int i = 0; i < record->field_count; i++) {
        size_t rows_len = 0;
        const char *rows = session_get(f->s, list->rows, &rows_len);
        size_t len;
        const char *cell = rows != NULL ? render_rows_cell(rows, rows_len, row, i, &len) : NULL;

        if (cell == NULL) {
            session_unset(f->s, list->into[i]);
            continue;
        }
        buf_clear(value);               /* a copy: setting moves what cell points to */
        buf_add(value, cell, len);
        if (!session_set(f->s, list->into[i], buf_str(value), len))
            return false;
    }
    return true;
}

static enum flow_fit flow_feed_list(struct flow *f, const struct menu_screen *screen, int number)
{
    size_t len = 0;
    const char *rows = session_get(f->s, screen->list.rows, &len);
    int row = number != MENU_NONE ? render_row_of(f->s->menu, number) : MENU_NONE;

    if (rows == NULL || row == MENU_NONE || row >= render_rows_count(rows, len))
        return FLOW_WRONG;
    flow_lead(f, flow_take_row(f, &screen->list, row), &screen->go);
    return FLOW_CHOSE;
}

/* What was typed, in place of what its variable holds. */
struct flow_typed {
    const struct expr_scope *scope;
    int var;
    const struct buf *value;
};

static const char *flow_get_typed(const void *arg, int var, size_t *len)
{
    const struct flow_typed *t = arg;

    if (var != t->var)
        return t->scope->get(t->scope->arg, var, len);
    *len = t->value->len;
    return t->value->data;
}

/* Does the input's condition hold of it? */
static bool flow_allows(struct flow *f, const struct menu_input *input, struct buf *value)
{
    const struct flow_typed typed = { &f->scope, input->var, value };
    struct expr_scope scope = f->scope;

    if (input->when == NULL)
        return true;
    (void)buf_str(value);               /* with its NUL */
    scope.get = flow_get_typed;
    scope.arg = &typed;
    return expr_true(input->when, &scope);
}

static enum flow_fit flow_feed_input(struct flow *f, const struct menu_screen *screen, const char *p, size_t n)
{
    const struct menu_type *type = screen->input.type;
    struct buf *value = &f->out->value;

    if (type->example != NULL && strlen(type->example) == n && memcmp(type->example, p, n) == 0)
        return FLOW_COPIED;
    buf_clear(value);
    if (!menu_type_accept(type, p, n, f->scope.today, value) || !flow_allows(f, &screen->input, value))
        return FLOW_WRONG;
    f->s->typed = true;
    flow_lead(f, session_set(f->s, screen->input.var, buf_str(value), value->len), &screen->go);
    return FLOW_FITS;
}

enum flow_fit flow_feed(struct flow *f, const char *p, size_t n)
{
    const struct menu_screen *screen = &f->s->menu->screens[f->s->screen];

    /* beside an input, what is no option's number is an answer */
    if (screen->option_count > 0 && (screen->input.var == MENU_NONE || flow_option(f, screen, flow_number_of(p, n)) != NULL))
        return flow_feed_option(f, screen, flow_number_of(p, n));
    if (screen->list.query != MENU_NONE)
        return flow_feed_list(f, screen, flow_number_of(p, n));
    if (screen->input.var != MENU_NONE)
        return flow_feed_input(f, screen, p, n);
    return FLOW_WRONG;
}
