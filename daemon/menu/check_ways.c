#include "menu/check_ways.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "menu/check_rounds.h"
#include "menu/graph.h"
#include "menu/ways.h"

#define CHECK_SCREENS 7                 /* to an end; more is a warning */
#define CHECK_SECONDS 90
#define CHECK_SECONDS_A_SCREEN 8
#define CHECK_SLOW (CHECK_SECONDS / CHECK_SECONDS_A_SCREEN)
#define CHECK_CIRCLE_SHOWN 8            /* screens of a circle that a message names */

/* Nodes that are met, and those whose neighbours are not looked at yet. */
struct check_walk {
    bool *seen;                         /* by node */
    int *todo;
    int count;
};

static void check_walk_init(struct check_walk *w, const struct graph *g)
{
    w->seen = xcalloc((size_t)g->nodes + 1, sizeof *w->seen);
    w->todo = xcalloc((size_t)g->nodes + 1, sizeof *w->todo);
    w->count = 0;
}

static void check_walk_fini(struct check_walk *w)
{
    free(w->seen);
    free(w->todo);
}

static void check_meet(struct check_walk *w, int node)
{
    if (w->seen[node])
        return;
    w->seen[node] = true;
    w->todo[w->count++] = node;
}

static void check_meet_begin(void *arg, const struct ways_begin *begin)
{
    check_meet(arg, begin->screen);
}

/* --- every screen can be reached ---------------------------------------------------------- */

static void check_reachable(const struct graph *g, struct menu_issues *issues)
{
    const struct menu *m = g->m;
    struct check_walk w;

    check_walk_init(&w, g);
    ways_begins(m, check_meet_begin, &w);
    while (w.count > 0) {
        int s = w.todo[--w.count];

        for (int i = g->out[s]; i < g->out[s + 1]; i++) {
            if (g->edges[i].kind != GRAPH_SHORTCUT)
                check_meet(&w, g->edges[i].to);
        }
    }
    for (int i = 0; i < m->screen_count; i++) {
        if (!w.seen[i])
            issue_add(issues, ISSUE_UNREACHABLE, m->screens[i].pos,
                      "no way leads to screen '%s': name it in a 'goto', or take it out", m->screens[i].name);
    }
    check_walk_fini(&w);
}

/* --- from every screen an end can be reached ------------------------------------------------- */

/* A page that asks nothing more is one too: it is what she came for, and she
 * hangs up. */
static bool check_is_end(const struct graph *g, int screen)
{
    return g->m->screens[screen].text != NULL && g->out[screen] == g->out[screen + 1];
}

static void check_ends(const struct graph *g, struct menu_issues *issues)
{
    const struct menu *m = g->m;
    struct check_walk w;

    check_walk_init(&w, g);
    for (int s = 0; s < m->screen_count; s++) {
        if (check_is_end(g, s))
            check_meet(&w, s);
    }
    while (w.count > 0) {
        int s = w.todo[--w.count];

        for (int i = g->in[s]; i < g->in[s + 1]; i++) {
            if (g->edges[g->back[i]].kind != GRAPH_SHORTCUT)
                check_meet(&w, g->edges[g->back[i]].from);
        }
    }
    for (int s = 0; s < m->screen_count; s++) {
        if (!w.seen[s])
            issue_add(issues, ISSUE_NO_END, m->screens[s].pos,
                      "no end can be reached from screen '%s': all its ways run in a circle", m->screens[s].name);
    }
    check_walk_fini(&w);
}

/* --- pages behind a submit --------------------------------------------------------------------- */

static bool check_submits(const struct menu_screen *s)
{
    for (int i = 0; i < s->action_count; i++) {
        if (s->actions[i].kind == MENU_SUBMIT)
            return true;
    }
    return false;
}

/* Key 0 on the page that says it is done leads back to the question whether to do
 * it, unless the dialogue is over with that page. */
static void check_submitted(const struct graph *g, struct menu_issues *issues)
{
    const struct menu *m = g->m;
    struct check_walk w;

    check_walk_init(&w, g);
    for (int s = 0; s < m->screen_count; s++) {
        if (check_submits(&m->screens[s]))
            check_meet(&w, s);
    }
    while (w.count > 0) {
        int s = w.todo[--w.count];

        for (int i = g->out[s]; i < g->out[s + 1] && graph_pages(g, s) == 0; i++) {
            if (g->edges[i].kind != GRAPH_SHORTCUT && g->edges[i].kind != GRAPH_CALL)
                check_meet(&w, g->edges[i].to);
        }
    }
    for (int s = 0; s < m->screen_count; s++) {
        if (w.seen[s] && check_is_end(g, s) && !m->screens[s].end)
            issue_add(issues, ISSUE_SUBMITTED, m->screens[s].pos, "screen '%s' comes after a submit and does not end "
                      "the dialogue: key %s leads back, and it is submitted again; write 'end: yes'",
                      m->screens[s].name, m->key_back);
    }
    check_walk_fini(&w);
}

/* --- called dialogues ---------------------------------------------------------------------------- */

/*
 * Which dialogues can be called and come back without a page: those with a way
 * of silent edges to a return.  What lies behind a call is silent only if the
 * called dialogue can be so.  Calls are at most MENU_CALLS_MAX deep, so the
 * innermost are known after one round, their callers after the next.
 */
struct check_quiet {
    const struct graph *g;
    bool *can;                          /* by screen: from it on, a return without a page */
};

/* Can the calls of a screen before an action, or all of them, be passed so? */
static bool check_passes(const struct check_quiet *q, int screen, int action)
{
    const struct menu_screen *s = &q->g->m->screens[screen];
    int end = action != MENU_NONE ? action : s->action_count;

    for (int i = 0; i < end; i++) {
        if (s->actions[i].kind == MENU_CALL && !q->can[s->actions[i].call])
            return false;
    }
    return true;
}

/* Is an edge between screens taken before any page is shown? */
static bool check_is_silent(const struct check_quiet *q, const struct graph_edge *e)
{
    if (e->from >= q->g->screens || e->to >= q->g->screens || !e->silent)
        return false;
    return e->kind != GRAPH_SHORTCUT || check_passes(q, e->from, e->action);
}

static void check_quiet_round(const struct check_quiet *q)
{
    const struct graph *g = q->g;
    struct check_walk w;

    check_walk_init(&w, g);
    for (int i = 0; i < g->edge_count; i++) {
        const struct graph_edge *e = &g->edges[i];

        if (e->from < g->screens && e->to >= g->screens && check_passes(q, e->from, e->action))
            check_meet(&w, e->from);
    }
    while (w.count > 0) {
        int s = w.todo[--w.count];

        for (int i = g->in[s]; i < g->in[s + 1]; i++) {
            const struct graph_edge *e = &g->edges[g->back[i]];

            if (check_is_silent(q, e) && e->why != WAYS_CALL)
                check_meet(&w, e->from);
        }
    }
    memcpy(q->can, w.seen, (size_t)g->screens * sizeof *q->can);
    check_walk_fini(&w);
}

static void check_quiet_init(struct check_quiet *q, const struct graph *g)
{
    q->g = g;
    q->can = xcalloc((size_t)g->screens + 1, sizeof *q->can);
    for (int i = 0; g->nodes > g->screens && i <= MENU_CALLS_MAX; i++)
        check_quiet_round(q);
}

/* --- screens that show nothing ----------------------------------------------------------------- */

/*
 * Depth first along the edges that are taken without a page.  An edge to a
 * screen that is still on the way closes a circle.
 */
struct check_silent {
    const struct graph *g;
    struct menu_issues *issues;
    struct check_quiet quiet;
    enum { CHECK_NEW = 0, CHECK_OPEN, CHECK_DONE } *state;      /* by screen */
    int *next;                          /* by screen: its next edge */
    int *most;                          /* by screen: most screens entered from it on until a page is shown */
    int *longest;                       /* by screen: the edge with which that way begins; MENU_NONE */
    int *way;                           /* the open screens, in order */
    int depth;
};

static void check_circle(const struct check_silent *c, const struct graph_edge *closing)
{
    const struct menu *m = c->g->m;
    int from = c->depth - 1;
    struct buf names;

    buf_init(&names, 4096);
    while (c->way[from] != closing->to)
        from--;
    for (int i = from; i < c->depth; i++) {
        if (i - from == CHECK_CIRCLE_SHOWN)
            buf_adds(&names, "... > ");
        else if (i - from < CHECK_CIRCLE_SHOWN)
            buf_addf(&names, "%s > ", m->screens[c->way[i]].name);
    }
    issue_add(c->issues, ISSUE_CIRCLE, closing->pos, "screens that show nothing run in a circle: %s%s",
              buf_str(&names), m->screens[closing->to].name);
    buf_fini(&names);
}

static void check_silent_open(struct check_silent *c, int screen)
{
    c->state[screen] = CHECK_OPEN;
    c->next[screen] = c->g->out[screen];
    c->longest[screen] = MENU_NONE;
    c->way[c->depth++] = screen;
}

/* Screens that an edge enters, with those of the dialogues called before it, and
 * their ways back; what is too much already is not added up. */
static int check_moves(const struct check_silent *c, const struct graph_edge *e)
{
    const struct menu_screen *s = &c->g->m->screens[e->from];
    int end = e->action != MENU_NONE ? e->action : s->action_count;
    int moves = 1 + c->most[e->to];

    for (int i = 0; i < end && moves <= MENU_SILENT_MAX; i++) {
        if (s->actions[i].kind == MENU_CALL)
            moves += c->most[s->actions[i].call] + 2;
    }
    return moves;
}

static void check_silent_close(struct check_silent *c)
{
    int s = c->way[--c->depth];

    c->state[s] = CHECK_DONE;
    for (int i = c->g->out[s]; i < c->g->out[s + 1]; i++) {
        const struct graph_edge *e = &c->g->edges[i];
        int moves;

        if (!check_is_silent(&c->quiet, e) || c->state[e->to] != CHECK_DONE)
            continue;
        moves = check_moves(c, e);
        if (moves > c->most[s]) {
            c->most[s] = moves;
            c->longest[s] = i;
        }
    }
}

static void check_silent_from(struct check_silent *c, int screen)
{
    check_silent_open(c, screen);
    while (c->depth > 0) {
        int s = c->way[c->depth - 1];
        const struct graph_edge *e = &c->g->edges[c->next[s]];

        if (c->next[s] == c->g->out[s + 1]) {
            check_silent_close(c);
            continue;
        }
        c->next[s]++;
        if (!check_is_silent(&c->quiet, e))
            continue;
        if (c->state[e->to] == CHECK_NEW)
            check_silent_open(c, e->to);
        else if (c->state[e->to] == CHECK_OPEN)
            check_circle(c, e);
    }
}

/* Said of the screens where a way becomes too long, not of all before them. */
static void check_too_long(const struct check_silent *c)
{
    const struct menu *m = c->g->m;

    for (int s = 0; s < m->screen_count; s++) {
        const struct graph_edge *e = &c->g->edges[c->longest[s]];

        if (c->longest[s] == MENU_NONE || c->most[s] <= MENU_SILENT_MAX || c->most[e->to] > MENU_SILENT_MAX)
            continue;
        issue_add(c->issues, ISSUE_TOO_SILENT, e->pos,
                  "from screen '%s' on, more than %d screens in a row can show nothing", m->screens[s].name,
                  MENU_SILENT_MAX);
    }
}

/* Where a page leads to comes first: circles are told from there. */
static void check_silent(const struct graph *g, struct menu_issues *issues)
{
    size_t screens = (size_t)g->screens + 1;
    struct check_silent c = { g, issues, { g, NULL }, xcalloc(screens, sizeof *c.state),
                              xcalloc(screens, sizeof *c.next), xcalloc(screens, sizeof *c.most),
                              xcalloc(screens, sizeof *c.longest), xcalloc(screens, sizeof *c.way), 0 };

    check_quiet_init(&c.quiet, g);
    for (int i = 0; i < g->edge_count; i++) {
        const struct graph_edge *e = &g->edges[i];

        if (!e->silent && e->to < g->screens && c.state[e->to] == CHECK_NEW)
            check_silent_from(&c, e->to);
    }
    for (int s = 0; s < g->screens; s++) {
        if (c.state[s] == CHECK_NEW)
            check_silent_from(&c, s);
    }
    check_too_long(&c);
    free(c.quiet.can);
    free(c.state);
    free(c.next);
    free(c.most);
    free(c.longest);
    free(c.way);
}

/* --- long ways ---------------------------------------------------------------------------------- */

/* The fewest pages on a way, screen by screen: those as far as the one looked at
 * come first, then those that are a page further. */
struct check_far {
    const struct graph *g;
    bool backward;
    int *pages;                         /* by node, with its own; MENU_NONE: not met */
    int *before;                        /* forward: the node in front of it on that way; backward: its end; MENU_NONE */
    int *near, *far;
    int near_count, far_count;
};

static void check_far_meet(struct check_far *f, int node, int before, int pages)
{
    if (f->pages[node] != MENU_NONE)
        return;
    f->pages[node] = pages + graph_pages(f->g, node);
    if (!f->backward)
        f->before[node] = before;
    else
        f->before[node] = before == MENU_NONE ? node : f->before[before];
    if (f->pages[node] > pages)
        f->far[f->far_count++] = node;
    else
        f->near[f->near_count++] = node;
}

static void check_far_on(struct check_far *f, int s)
{
    const struct graph *g = f->g;

    for (int i = g->out[s]; !f->backward && i < g->out[s + 1]; i++) {
        if (g->edges[i].kind != GRAPH_SHORTCUT)
            check_far_meet(f, g->edges[i].to, s, f->pages[s]);
    }
    for (int i = g->in[s]; f->backward && i < g->in[s + 1]; i++) {
        if (g->edges[g->back[i]].kind != GRAPH_SHORTCUT)
            check_far_meet(f, g->edges[g->back[i]].from, s, f->pages[s]);
    }
}

static void check_far_run(struct check_far *f)
{
    while (f->near_count > 0 || f->far_count > 0) {
        int *near = f->near;

        while (f->near_count > 0)
            check_far_on(f, f->near[--f->near_count]);
        f->near = f->far;
        f->near_count = f->far_count;
        f->far = near;
        f->far_count = 0;
    }
}

static void check_far_begin(void *arg, const struct ways_begin *begin)
{
    check_far_meet(arg, begin->screen, MENU_NONE, 0);
    check_far_run(arg);
}

static void check_far_init(struct check_far *f, const struct graph *g, bool backward)
{
    size_t nodes = (size_t)g->nodes + 1;

    *f = (struct check_far){ g, backward, xcalloc(nodes, sizeof *f->pages), xcalloc(nodes, sizeof *f->before),
                             xcalloc(nodes, sizeof *f->near), xcalloc(nodes, sizeof *f->far), 0, 0 };
    for (int s = 0; s < g->nodes; s++)
        f->pages[s] = f->before[s] = MENU_NONE;
}

static void check_far_fini(struct check_far *f)
{
    free(f->pages);
    free(f->before);
    free(f->near);
    free(f->far);
}

/* Pages of the shortest way from a beginning to the end that is nearest to a
 * node; 0 where there is none. */
static int check_far_end(const struct check_far *there, const struct check_far *on, int node)
{
    if (node == MENU_NONE || on->pages[node] == MENU_NONE)
        return 0;
    return there->pages[on->before[node]];
}

static void check_far_say(const struct menu_screen *s, int pages, int before, struct menu_issues *issues)
{
    if (pages > CHECK_SCREENS && before <= CHECK_SCREENS)
        issue_add(issues, ISSUE_FAR, s->pos, "the shortest way to the end behind screen '%s' has %d screens; people "
                  "follow %d", s->name, pages, CHECK_SCREENS);
    if (pages > CHECK_SLOW && before <= CHECK_SLOW)
        issue_add(issues, ISSUE_SLOW, s->pos, "the shortest way to the end behind screen '%s' takes %d seconds at %d a "
                  "screen; networks cut at %d", s->name, pages * CHECK_SECONDS_A_SCREEN, CHECK_SECONDS_A_SCREEN,
                  CHECK_SECONDS);
}

/* Many screens lie on a long way: it is said of the first, with which the way
 * becomes long. */
static void check_far(const struct graph *g, struct menu_issues *issues)
{
    const struct menu *m = g->m;
    struct check_far there, on;

    check_far_init(&there, g, false);
    check_far_init(&on, g, true);
    ways_begins(m, check_far_begin, &there);
    for (int s = 0; s < m->screen_count; s++) {
        if (check_is_end(g, s))
            check_far_meet(&on, s, MENU_NONE, 0);
    }
    check_far_run(&on);
    for (int s = 0; s < m->screen_count; s++)
        check_far_say(&m->screens[s], check_far_end(&there, &on, s), check_far_end(&there, &on, there.before[s]),
                      issues);
    check_far_fini(&there);
    check_far_fini(&on);
}

void check_ways(const struct menu *m, struct menu_issues *issues)
{
    struct graph g;

    /* the checks of calls say if it is too large */
    if (graph_init(&g, m)) {
        check_reachable(&g, issues);
        check_ends(&g, issues);
        check_submitted(&g, issues);
        check_rounds(&g, issues);
        check_silent(&g, issues);
        check_far(&g, issues);
    }
    graph_fini(&g);
}
