#include "menu/moves.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "menu/template.h"

bool moves_is_pin(const struct menu *m, int var)
{
    return m->vars[var].type != NULL && m->vars[var].type->kind == MENU_TYPE_PIN;
}

/* --- what is read at all -------------------------------------------------------------- */

static void moves_note(void *arg, int var)
{
    bool *read = arg;

    read[var] = true;
}

/* --- rows ----------------------------------------------------------------------------- */

static void moves_note_column(struct moves *v, const struct ways_step *step)
{
    struct move_row *row = &v->rows[step->var];
    size_t size = (size_t)step->row_count * sizeof *step->row;

    if (row->vars != NULL && (row->count != step->row_count || memcmp(row->vars, step->row, size) != 0))
        row->spoilt = true;
    row->vars = step->row;
    row->count = step->row_count;
}

static void moves_note_step(void *arg, const struct ways_step *step)
{
    struct moves *v = arg;

    if (step->op == WAYS_ASSUME)
        facts_learn(v->facts, step->expr);
    if (step->op == WAYS_SET && step->expr != NULL)
        facts_learn_value(v->facts, step->var, step->expr);
    if ((step->op == WAYS_SET || step->op == WAYS_UNSET) && step->row != NULL)
        moves_note_column(v, step);
    else if (step->op == WAYS_SET)
        v->rows[step->var].spoilt = true;
    if (step->op != WAYS_READ)
        return;
    if (step->expr != NULL)
        expr_reads(step->expr, moves_note, v->read);
    for (int i = 0; step->text != NULL && i < v->m->lang_count; i++) {
        if (step->text->by_lang[i] != NULL)
            template_reads(step->text->by_lang[i], moves_note, v->read);
    }
}

/* --- compiling ------------------------------------------------------------------------ */

struct moves_screen {
    struct moves *v;
    const struct ways_step *step;       /* being compiled */
    int saves[MOVES_NESTED_MAX];
    int depth;
    int called;                         /* entered in the innermost save; MENU_NONE */
};

static struct move *moves_add(struct moves *v, enum move_op op)
{
    if (v->count == v->cap) {
        v->cap = v->cap > 0 ? v->cap * 2 : 1024;
        v->list = xrealloc(v->list, (size_t)v->cap * sizeof *v->list);
    }
    v->list[v->count] = (struct move){ .op = (uint8_t)op, .var = MENU_NONE, .to = MENU_NONE, .index = MENU_NONE };
    return &v->list[v->count++];
}

static void moves_save(void *arg)
{
    struct moves_screen *c = arg;

    assert(c->depth < MOVES_NESTED_MAX);
    c->saves[c->depth++] = c->v->count;
    (void)moves_add(c->v, MOVE_SAVE);
}

static void moves_back(void *arg)
{
    struct moves_screen *c = arg;

    c->v->list[c->saves[--c->depth]].index = c->v->count;
    (void)moves_add(c->v, MOVE_BACK);
    if (c->called != MENU_NONE)
        moves_add(c->v, MOVE_CALLED)->to = c->called;
    c->called = MENU_NONE;
}

static void moves_know(void *arg, int var)
{
    struct moves_screen *c = arg;
    struct moves *v = c->v;
    const struct move_row *row = &v->rows[var];

    if (var >= MENU_BUILTINS)
        moves_add(v, MOVE_KNOW)->var = var;
    for (int i = 0; !row->spoilt && i < row->count; i++) {
        int other = row->vars[i];

        if (other != MENU_NONE && other != var && v->read[other] && !v->rows[other].spoilt) {
            struct move *move = moves_add(v, MOVE_KNOW);

            move->var = other;
            move->maybe = true;
        }
    }
}

static void moves_assume(void *arg, const struct expr *e, bool truth)
{
    struct moves_screen *c = arg;
    struct move *move = moves_add(c->v, MOVE_ASSUME);

    move->expr = e;
    move->truth = truth;
    facts_implied(e, truth, moves_know, c);
}

static void moves_read(void *arg, int var, struct menu_place place, bool tested)
{
    struct moves_screen *c = arg;
    struct moves *v = c->v;
    struct move *move;

    if (var < MENU_BUILTINS)
        return;
    if (v->read_count == v->read_cap) {
        v->read_cap = v->read_cap > 0 ? v->read_cap * 2 : 1024;
        v->reads = xrealloc(v->reads, (size_t)v->read_cap * sizeof *v->reads);
    }
    move = moves_add(v, tested ? MOVE_TEST : MOVE_USE);
    move->var = var;
    move->index = v->read_count;
    v->reads[v->read_count++] = (struct move_read){ c->step->place, c->step->index, place, c->step->pos };
}

static void moves_read_place(void *arg, int var, struct menu_place place)
{
    moves_read(arg, var, place, false);
}

static void moves_read_step(struct moves_screen *c)
{
    const struct facts_reader reader = { moves_read, moves_assume, moves_save, moves_back, c };
    const struct menu_text *t = c->step->text;

    if (c->step->expr != NULL)
        facts_read(c->step->expr, c->step->place == WAYS_IN_WHEN, &reader);
    for (int i = 0; t != NULL && i < c->v->m->lang_count; i++) {
        if (t->by_lang[i] != NULL && (i == 0 || t->by_lang[i] != t->by_lang[i - 1]))
            template_places(t->by_lang[i], moves_read_place, c);
    }
}

static void moves_var(struct moves *v, enum move_op op, const struct ways_step *step)
{
    struct move *move;

    if (step->var < MENU_BUILTINS || !v->read[step->var])
        return;
    move = moves_add(v, op);
    move->var = step->var;
    move->expr = step->expr;
    move->maybe = step->maybe;
}

static void moves_leave(struct moves_screen *c, const struct ways_exit *exit)
{
    struct move *move = moves_add(c->v, exit->why == WAYS_CALL ? MOVE_ENTER : MOVE_LEAVE);

    move->to = exit->to;
    move->why = (uint8_t)exit->why;
    if (exit->why == WAYS_CALL) {
        c->called = exit->to;
        c->v->calls = true;
    }
}

static void moves_step(void *arg, const struct ways_step *step)
{
    struct moves_screen *c = arg;

    c->step = step;
    switch (step->op) {
    case WAYS_READ:
        moves_read_step(c);
        break;
    case WAYS_SET:
        moves_var(c->v, MOVE_SET, step);
        break;
    case WAYS_UNSET:
        moves_var(c->v, MOVE_UNSET, step);
        break;
    case WAYS_SHOW:
        (void)moves_add(c->v, MOVE_SHOW);
        break;
    case WAYS_ASSUME:
        moves_assume(c, step->expr, step->truth);
        break;
    case WAYS_SAVE:
        moves_save(c);
        break;
    case WAYS_BACK:
        moves_back(c);
        break;
    case WAYS_LEAVE:
        moves_leave(c, step->exit);
        break;
    case WAYS_OPS:
        break;
    }
}

static void moves_screen(struct moves *v, int screen)
{
    const struct menu_screen *s = &v->m->screens[screen];
    struct moves_screen c = { .v = v, .called = MENU_NONE };

    v->first[screen] = v->count;
    ways_walk(v->m, screen, moves_step, &c);
    if (s->action_count > 0 && s->actions[s->action_count - 1].kind == MENU_RETURN)
        (void)moves_add(v, MOVE_RETURN);
}

void moves_init(struct moves *v, const struct menu *m)
{
    *v = (struct moves){ .m = m, .facts = facts_new(m) };
    v->read = xcalloc((size_t)m->var_count + 1, sizeof *v->read);
    v->first = xcalloc((size_t)m->screen_count + 1, sizeof *v->first);
    v->rows = xcalloc((size_t)m->var_count + 1, sizeof *v->rows);
    for (int s = 0; s < m->screen_count; s++)
        ways_walk(m, s, moves_note_step, v);
    facts_learnt(v->facts);
    for (int s = 0; s < m->screen_count; s++)
        moves_screen(v, s);
    v->first[m->screen_count] = v->count;
}

void moves_fini(struct moves *v)
{
    facts_free(v->facts);
    free(v->read);
    free(v->rows);
    free(v->first);
    free(v->list);
    free(v->reads);
    memset(v, 0, sizeof *v);
}
