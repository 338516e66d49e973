/*
 * Backwards over the tree until nothing changes: what a screen needs is what it
 * reads itself, and what the screens it leads to need and it does not set.  A
 * screen is looked at again only when one that it leads to has changed.  A
 * called dialogue counts as setting nothing for the one that called it.
 */
#include "menu/needs.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "menu/expr.h"
#include "menu/template.h"
#include "menu/ways.h"

struct needs_edge {
    int from;                           /* a screen that leads to the one in whose list this is */
    int next;                           /* index; MENU_NONE: the last */
};

struct needs {
    const struct menu *menu;
    size_t words;                       /* of one screen's set */
    uint64_t *sets;                     /* by screen */
};

/* While it is made. */
struct needs_work {
    struct needs *n;
    struct needs_edge *edges;
    int edge_count, edge_cap;
    int *edge_head;                     /* by screen */
    int *todo;
    int todo_count;
    bool *waits;                        /* by screen: in todo */
    int screen;                         /* looked at */
    uint64_t *all;                      /* what it needs */
    uint64_t *given;                    /* levels of: set by the screen itself so far; the present one, those saved */
    size_t level, level_cap;
};

static uint64_t *needs_given(const struct needs_work *w)
{
    return w->given + w->level * w->n->words;
}

static uint64_t needs_bit(int var)
{
    return UINT64_C(1) << (var % 64);
}

/* --- one screen -------------------------------------------------------------------- */

static void needs_on_read(void *arg, int var)
{
    struct needs_work *w = arg;

    if (var >= 0)
        w->all[var / 64] |= needs_bit(var) & ~needs_given(w)[var / 64];
}

static void needs_read(struct needs_work *w, const struct ways_step *step)
{
    if (step->expr != NULL)
        expr_reads(step->expr, needs_on_read, w);
    for (int i = 0; step->text != NULL && i < w->n->menu->lang_count; i++)
        if (step->text->by_lang[i] != NULL)
            template_reads(step->text->by_lang[i], needs_on_read, w);
}

static void needs_save(struct needs_work *w)
{
    size_t words = w->n->words;

    if (w->level + 1 >= w->level_cap) {
        w->level_cap = 2 * w->level_cap;
        w->given = xrealloc(w->given, w->level_cap * words * sizeof *w->given);
    }
    memcpy(w->given + (w->level + 1) * words, needs_given(w), words * sizeof *w->given);
    w->level++;
}

static void needs_leave(struct needs_work *w, int to)
{
    const uint64_t *there = w->n->sets + (size_t)to * w->n->words;

    for (size_t i = 0; i < w->n->words; i++)
        w->all[i] |= there[i] & ~needs_given(w)[i];
}

static void needs_on_step(void *arg, const struct ways_step *step)
{
    struct needs_work *w = arg;

    switch (step->op) {
    case WAYS_READ:
        needs_read(w, step);
        break;
    case WAYS_SET:                      /* what it was before is nothing to what comes */
    case WAYS_UNSET:
        if (step->var >= 0)
            needs_given(w)[step->var / 64] |= needs_bit(step->var);
        break;
    case WAYS_SAVE:
        needs_save(w);
        break;
    case WAYS_BACK:
        w->level--;
        break;
    case WAYS_LEAVE:
        needs_leave(w, step->exit->to);
        break;
    case WAYS_SHOW:
    case WAYS_ASSUME:
    case WAYS_OPS:
        break;
    }
}

/* Into w->all. */
static void needs_screen(struct needs_work *w, int screen)
{
    memset(w->all, 0, w->n->words * sizeof *w->all);
    w->level = 0;
    memset(w->given, 0, w->n->words * sizeof *w->given);
    ways_walk(w->n->menu, screen, needs_on_step, w);
}

/* --- the whole tree ------------------------------------------------------------------- */

static void needs_wait(struct needs_work *w, int screen)
{
    if (w->waits[screen])
        return;
    w->waits[screen] = true;
    w->todo[w->todo_count++] = screen;
}

static void needs_on_exit(void *arg, const struct ways_exit *exit)
{
    struct needs_work *w = arg;

    if (w->edge_count == w->edge_cap) {
        w->edge_cap = w->edge_cap > 0 ? 2 * w->edge_cap : 256;
        w->edges = xrealloc(w->edges, (size_t)w->edge_cap * sizeof *w->edges);
    }
    w->edges[w->edge_count] = (struct needs_edge){ w->screen, w->edge_head[exit->to] };
    w->edge_head[exit->to] = w->edge_count++;
}

static void needs_gather(struct needs_work *w)
{
    for (w->screen = 0; w->screen < w->n->menu->screen_count; w->screen++) {
        ways_exits(w->n->menu, w->screen, needs_on_exit, w);
        needs_wait(w, w->screen);
    }
}

static void needs_settle(struct needs_work *w)
{
    size_t size = w->n->words * sizeof *w->all;

    while (w->todo_count > 0) {
        int screen = w->todo[--w->todo_count];
        uint64_t *set = w->n->sets + (size_t)screen * w->n->words;

        w->waits[screen] = false;
        needs_screen(w, screen);
        if (memcmp(set, w->all, size) == 0)
            continue;
        memcpy(set, w->all, size);
        for (int e = w->edge_head[screen]; e != MENU_NONE; e = w->edges[e].next)
            needs_wait(w, w->edges[e].from);
    }
}

struct needs *needs_new(const struct menu *m)
{
    struct needs *n = xcalloc(1, sizeof *n);
    struct needs_work w = { .n = n, .level_cap = 8 };
    size_t screens = (size_t)m->screen_count + 1;

    n->menu = m;
    n->words = (size_t)m->var_count / 64 + 1;
    n->sets = xcalloc(screens, n->words * sizeof *n->sets);
    w.all = xcalloc(n->words, sizeof *w.all);
    w.given = xcalloc(w.level_cap, n->words * sizeof *w.given);
    w.todo = xcalloc(screens, sizeof *w.todo);
    w.waits = xcalloc(screens, sizeof *w.waits);
    w.edge_head = xcalloc(screens, sizeof *w.edge_head);
    for (size_t i = 0; i < screens; i++)
        w.edge_head[i] = MENU_NONE;
    needs_gather(&w);
    needs_settle(&w);
    free(w.all);
    free(w.given);
    free(w.todo);
    free(w.waits);
    free(w.edge_head);
    free(w.edges);
    return n;
}

void needs_free(struct needs *n)
{
    if (n == NULL)
        return;
    free(n->sets);
    free(n);
}

bool needs_has(const struct needs *n, int screen, int var)
{
    return (n->sets[(size_t)screen * n->words + (size_t)var / 64] & needs_bit(var)) != 0;
}

int needs_next(const struct needs *n, int screen, int var)
{
    for (var = var > MENU_BUILTINS ? var : MENU_BUILTINS; var < n->menu->var_count; var++)
        if (needs_has(n, screen, var))
            return var;
    return MENU_NONE;
}
