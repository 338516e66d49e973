#include "engine/session_move.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "menu/needs.h"
#include "menu/same.h"

struct session_plan {
    const struct menu *from, *to;
    int *screens;                       /* by screen of from: the one of to that may take its place; MENU_NONE */
    int *vars;                          /* by variable of from: the one of to; MENU_NONE */
    struct needs *from_needs, *to_needs;
};

/* --- plans -------------------------------------------------------------------------- */

/* The start may be entered anew whatever it is; that it shows nothing matters
 * only on the stack, where it is the last step back. */
static bool session_plan_fits(const struct session_plan *p, int from, int to)
{
    const struct menu_screen *x = &p->from->screens[from];
    const struct menu_screen *y = &p->to->screens[to];

    if (from == p->from->start && to == p->to->start && x->text == NULL)
        return true;
    return !y->secret && same_question(p->from, x, p->to, y);
}

static int session_plan_screen(const struct session_plan *p, int from)
{
    int to = menu_screen_find(p->to, p->from->screens[from].name);

    return to != MENU_NONE && session_plan_fits(p, from, to) ? to : MENU_NONE;
}

static int session_plan_var(const struct session_plan *p, int from)
{
    const char *name = p->from->vars[from].name;
    int to = menu_var_find(p->to, name, strlen(name));

    return to >= MENU_BUILTINS && p->to->vars[to].type != NULL ? to : MENU_NONE;
}

/* Rows of lists are no values of hers: where she meets the list again, they are
 * asked for again. */
static void session_plan_forget_rows(struct session_plan *p)
{
    for (int i = 0; i < p->from->screen_count; i++)
        if (p->from->screens[i].list.query != MENU_NONE)
            p->vars[p->from->screens[i].list.rows] = MENU_NONE;
}

struct session_plan *session_plan_new(const struct menu *from, const struct menu *to)
{
    struct session_plan *p = xcalloc(1, sizeof *p);

    p->from = from;
    p->to = to;
    p->from_needs = needs_new(from);
    p->to_needs = needs_new(to);
    p->screens = xcalloc((size_t)from->screen_count + 1, sizeof *p->screens);
    p->vars = xcalloc((size_t)from->var_count + 1, sizeof *p->vars);
    for (int i = 0; i < from->screen_count; i++)
        p->screens[i] = session_plan_screen(p, i);
    for (int i = 0; i < from->var_count; i++)
        p->vars[i] = session_plan_var(p, i);
    session_plan_forget_rows(p);
    return p;
}

void session_plan_free(struct session_plan *p)
{
    if (p == NULL)
        return;
    needs_free(p->from_needs);
    needs_free(p->to_needs);
    free(p->screens);
    free(p->vars);
    free(p);
}

const struct menu *session_plan_from(const struct session_plan *p)
{
    return p->from;
}

/* --- values --------------------------------------------------------------------------- */

/* Where a longer form has no room, there is none. */
static void session_move_set(struct session *s, int var, const char *p, size_t n)
{
    if (!session_set(s, var, p, n))
        session_unset(s, var);
}

/* A value under the type it has now; one that does not fit is dropped. */
static void session_move_value(struct session *s, const struct menu *to, int var, const struct session_value *v)
{
    char text[SESSION_VALUES_MAX + 1];
    struct buf canonical;

    memcpy(text, v->p, v->len);
    text[v->len] = '\0';
    buf_init(&canonical, SESSION_VALUES_MAX);
    if (menu_type_import(to->vars[var].type, text, &canonical))
        session_move_set(s, var, buf_str(&canonical), canonical.len);
    buf_fini(&canonical);
}

/* One session on its way. */
struct session_mover {
    const struct session_plan *p;
    struct session *s;                  /* with the values that still fit */
    struct session was;                 /* as it was */
};

static void session_move_values(struct session_mover *m)
{
    struct session_value v;

    buf_init(&m->s->values.packed, SESSION_VALUES_MAX);
    for (size_t at = 0; session_next_value(&m->was, &at, &v);)
        if (m->p->vars[v.var] != MENU_NONE)
            session_move_value(m->s, m->p->to, m->p->vars[v.var], &v);
}

/* The rows that she saw are those that she chooses from. */
static void session_move_rows(struct session_mover *m, const struct menu_list *from, const struct menu_list *to)
{
    size_t n = 0;
    const char *rows = from->query != MENU_NONE ? session_get(&m->was, from->rows, &n) : NULL;

    if (rows != NULL)
        session_move_set(m->s, to->rows, rows, n);
}

/* --- the place ------------------------------------------------------------------------- */

/* Was it unset before, and was the tree content with that? */
static bool session_move_was_unset(const struct session_mover *m, int from, int var)
{
    const char *name = m->p->to->vars[var].name;
    int old = menu_var_find(m->p->from, name, strlen(name));
    size_t n;

    return old != MENU_NONE && needs_has(m->p->from_needs, from, old) && session_get(&m->was, old, &n) == NULL;
}

/* Is all at hand that the present tree needs from there on? */
static bool session_move_has_needs(const struct session_mover *m, int from, int to)
{
    const struct needs *needs = m->p->to_needs;
    size_t n;

    for (int v = needs_next(needs, to, 0); v != MENU_NONE; v = needs_next(needs, to, v + 1))
        if (session_get(m->s, v, &n) == NULL && !session_move_was_unset(m, from, v))
            return false;
    return true;
}

/* Where she may stand instead of a screen of from. */
static int session_move_place(const struct session_mover *m, int from)
{
    int to = from != MENU_NONE ? m->p->screens[from] : MENU_NONE;

    return to != MENU_NONE && session_move_has_needs(m, from, to) ? to : MENU_NONE;
}

/* The action of the screen that calls the same dialogue for the same variable:
 * the one in its old place, else the first; MENU_NONE. */
static int session_move_call(const struct session_plan *p, const struct session_frame *f, int to)
{
    const struct menu_action *old = &p->from->screens[f->screen].actions[f->call];
    const struct menu_screen *screen = &p->to->screens[to];
    int found = MENU_NONE;

    for (int i = 0; i < screen->action_count; i++) {
        const struct menu_action *a = &screen->actions[i];

        if (a->kind == MENU_CALL && strcmp(p->to->screens[a->call].name, p->from->screens[old->call].name) == 0 &&
            (old->var == MENU_NONE || a->var == MENU_NONE
                 ? old->var == a->var
                 : strcmp(p->from->vars[old->var].name, p->to->vars[a->var].name) == 0) &&
            (found == MENU_NONE || i == f->call))
            found = i;
    }
    return found;
}

/* Calls that can still come back, and how far up her way that leads: to the last
 * place (of the old stack; its depth is the screen in front of her) before the
 * first call that cannot. */
static int session_move_frames(const struct session_mover *m)
{
    struct session *s = m->s;

    s->frame_count = 0;
    for (int i = 0; i < m->was.frame_count; i++) {
        const struct session_frame *f = &m->was.frames[i];
        int to = menu_screen_find(m->p->to, m->p->from->screens[f->screen].name);
        int call = to != MENU_NONE && m->p->to->screens[to].text == NULL ? session_move_call(m->p, f, to) : MENU_NONE;

        if (call == MENU_NONE || !session_move_has_needs(m, f->screen, to))
            return f->behind;
        s->frames[s->frame_count++] = (struct session_frame){ to, call, f->behind };
    }
    return m->was.depth;
}

/* last: as session_move_frames() told.  Calls keep their place behind what is
 * left of the screen before them. */
static void session_move_stack(const struct session_mover *m, int last)
{
    struct session *s = m->s;
    int next = 0;                       /* frame */

    s->depth = 0;
    while (next < s->frame_count && s->frames[next].behind < 0)
        next++;
    for (int i = 0; i < m->was.depth; i++) {
        int to = i <= last ? session_move_place(m, m->was.stack[i]) : MENU_NONE;

        if (to != MENU_NONE)
            s->stack[s->depth++] = to;
        for (; next < s->frame_count && s->frames[next].behind == i; next++)
            s->frames[next].behind = s->depth - 1;
    }
    for (; next < s->frame_count; next++)       /* called from the screen in front of her */
        s->frames[next].behind = s->depth;
}

/* Her language is the one with the same name. */
static void session_move_lang(struct session_mover *m)
{
    struct session *s = m->s;
    int lang = menu_lang_find(m->p->to, m->p->from->langs[s->lang].id);

    s->lang_known = s->lang_known && lang >= 0;
    s->lang = lang >= 0 ? lang : 0;
}

/* She stands where the question is another one now, or none. */
static enum session_moved session_move_back(struct session *s)
{
    s->page = 0;
    s->tries = 0;
    s->remark = SESSION_PLAIN;
    s->screen = s->depth > 0 ? s->stack[--s->depth] : MENU_NONE;
    session_forget_calls(s, s->depth);
    if (s->screen != MENU_NONE)
        return SESSION_WENT_BACK;
    s->frame_count = 0;
    session_unset_all(s);
    return SESSION_LOST;
}

enum session_moved session_move(const struct session_plan *p, struct session *s)
{
    struct session_mover m = { .p = p, .s = s, .was = *s };
    int last;                           /* place on her way that she may stand at */
    int to = MENU_NONE;

    assert(s->menu == p->from);
    session_move_lang(&m);
    session_move_values(&m);
    last = s->mode != SESSION_ENDED ? session_move_frames(&m) : -1;
    session_move_stack(&m, last);
    s->menu = p->to;
    if (last == m.was.depth)
        to = session_move_place(&m, m.was.screen);
    if (to != MENU_NONE) {
        session_move_rows(&m, &p->from->screens[m.was.screen].list, &p->to->screens[to].list);
        s->screen = to;
    }
    buf_fini(&m.was.values.packed);
    return to != MENU_NONE ? SESSION_STAYED : session_move_back(s);
}
