#include "menu/witness.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "menu/graph.h"

#define WITNESS_FLAGS 8                 /* variables followed together */
#define WITNESS_STATES 20000            /* with flags; more is too much to rule a way out */
#define WITNESS_MOVES 200000000L        /* of all searches together: some seconds */
#define WITNESS_SHOWN 12                /* screens that a message names */
#define WITNESS_TRIES 64                /* in how many ways the conditions of one way are tried */

/* A call that has not returned. */
struct witness_frame {
    int up;                             /* the call it was made in; MENU_NONE */
    int screen, next;                   /* where it goes on */
};

/* What is known at one place of a way. */
struct witness_know {
    bool dead;                          /* the conditions so far cannot all hold */
    bool there;                         /* the value that is looked for is set, or was asked for */
    uint64_t missing;                   /* while it is not there: what it can be, unset among it */
    uint64_t masks[WITNESS_FLAGS];      /* see facts.h */
};

struct witness_state {
    int screen, next;                   /* goes on with list[next] */
    int frame;
    int before, via;                    /* the state that led here, and its move; MENU_NONE */
    int same;                           /* another of the same screen; MENU_NONE */
    const int *set;                     /* where a dialogue begins: what has a value already */
    int set_count;
    struct witness_know know;
};

struct witness {
    const struct moves *v;
    struct graph graph;
    bool has_graph;
    long left;                          /* moves */

    int goal, goal_screen, var;
    int flags[WITNESS_FLAGS];
    int flag_count;

    struct witness_state *states;
    int state_count, state_cap;
    int *of;                            /* by screen: its last state, MENU_NONE */
    struct witness_frame *frames;
    int frame_count, frame_cap;
    int found;                          /* the state whose screen has the read; MENU_NONE */

    bool *leads[2];                     /* by screen: from it on, with the value missing or there, the read can be
                                         * reached without it */
    int *todo;                          /* 2 * screen + there; states of the way found */
    int todo_cap;

    uint64_t *masks;                    /* by variable, of one way */
    bool *known;
    int *pins;
    int pin_count;
    struct witness_undo *trail;         /* what the masks were */
    int trail_count, trail_cap;
    int tries;
};

struct witness_undo {
    int var;
    bool known;
    uint64_t mask;
};

struct witness *witness_new(const struct moves *v)
{
    const struct menu *m = v->m;
    struct witness *w = xcalloc(1, sizeof *w);

    w->v = v;
    w->has_graph = graph_init(&w->graph, m);
    w->left = WITNESS_MOVES;
    w->of = xcalloc((size_t)m->screen_count + 1, sizeof *w->of);
    for (int i = 0; i < 2; i++)
        w->leads[i] = xcalloc((size_t)m->screen_count + 1, sizeof *w->leads[i]);
    w->todo_cap = 2 * m->screen_count + 2;
    w->todo = xcalloc((size_t)w->todo_cap, sizeof *w->todo);
    w->masks = xcalloc((size_t)m->var_count + 1, sizeof *w->masks);
    w->known = xcalloc((size_t)m->var_count + 1, sizeof *w->known);
    w->pins = xcalloc((size_t)m->var_count + 1, sizeof *w->pins);
    for (int i = 0; i < m->var_count; i++) {
        if (v->read[i] && moves_is_pin(m, i))
            w->pins[w->pin_count++] = i;
    }
    return w;
}

void witness_free(struct witness *w)
{
    if (w == NULL)
        return;
    graph_fini(&w->graph);
    free(w->states);
    free(w->of);
    free(w->frames);
    free(w->leads[0]);
    free(w->leads[1]);
    free(w->todo);
    free(w->masks);
    free(w->known);
    free(w->pins);
    free(w->trail);
    free(w);
}

/* --- one value ------------------------------------------------------------------------------ */

/* What a move makes of the value that is looked for.  A condition only wants it
 * asked for. */
static bool witness_there(const struct witness *w, const struct move *move, bool there)
{
    bool tested = w->v->list[w->goal].op == MOVE_TEST;

    if (move->op == MOVE_SHOW)
        return there && !moves_is_pin(w->v->m, w->var);
    if (move->var != w->var)
        return there;
    switch ((enum move_op)move->op) {
    case MOVE_USE:
    case MOVE_SET:
    case MOVE_KNOW:
        return true;
    case MOVE_TEST:
        return tested || there;
    case MOVE_UNSET:
        return tested;
    case MOVE_SHOW:
    case MOVE_ASSUME:
    case MOVE_SAVE:
    case MOVE_BACK:
    case MOVE_LEAVE:
    case MOVE_ENTER:
    case MOVE_CALLED:
    case MOVE_RETURN:
    case MOVES:
        break;
    }
    return there;
}

/* --- backward: where it is worth to look ------------------------------------------------------- */

/* Can a screen, entered so, leave to another so, or with to MENU_NONE come to
 * the read? */
static bool witness_leaves(struct witness *w, int screen, bool there, int to, bool so)
{
    const struct moves *v = w->v;
    bool stack[MOVES_NESTED_MAX + 1];
    bool *x = stack;

    *x = there;
    for (int i = v->first[screen]; i < v->first[screen + 1]; i++, w->left--) {
        const struct move *move = &v->list[i];

        if (to == MENU_NONE && i == w->goal && *x == so)
            return true;
        if (move->op == MOVE_SAVE) {
            x[1] = x[0];
            x++;
        } else if (move->op == MOVE_BACK) {
            x--;
        } else if (move->op == MOVE_LEAVE) {
            if (move->to == to && *x == so)
                return true;
        } else {
            *x = witness_there(w, move, *x);
        }
    }
    return false;
}

static void witness_lead(struct witness *w, int screen, bool there, int *count)
{
    if (w->leads[there][screen])
        return;
    w->leads[there][screen] = true;
    w->todo[(*count)++] = 2 * screen + there;
}

/* With calls a screen is only asked whether the read lies behind it at all.  Who
 * calls is come back to in the middle, from where the called dialogue returns. */
static void witness_lead_calls(struct witness *w)
{
    const struct graph *g = &w->graph;
    bool *seen = xcalloc((size_t)g->nodes + 1, sizeof *seen);
    int *todo = xcalloc((size_t)g->nodes + 1, sizeof *todo);
    int count = 0;

    seen[w->goal_screen] = true;
    todo[count++] = w->goal_screen;
    while (count > 0) {
        int n = todo[--count];

        for (int i = g->in[n]; i < g->in[n + 1]; i++) {
            int from = g->edges[g->back[i]].from;

            if (!seen[from])
                todo[count++] = from;
            seen[from] = true;
        }
        for (int i = g->out[n]; n < g->screens && i < g->out[n + 1]; i++) {
            int back = g->edges[i].why == WAYS_CALL ? g->returned[g->edges[i].to] : n;

            if (!seen[back])
                todo[count++] = back;
            seen[back] = true;
        }
    }
    memcpy(w->leads[0], seen, (size_t)g->screens * sizeof *seen);
    memcpy(w->leads[1], seen, (size_t)g->screens * sizeof *seen);
    free(seen);
    free(todo);
}

static void witness_lead_back(struct witness *w)
{
    const struct graph *g = &w->graph;
    int count = 0;

    for (int there = 0; there < 2; there++) {
        if (witness_leaves(w, w->goal_screen, there, MENU_NONE, false))
            witness_lead(w, w->goal_screen, there, &count);
    }
    while (count > 0 && w->left > 0) {
        int node = w->todo[--count];
        int s = node / 2;

        for (int i = g->in[s]; i < g->in[s + 1]; i++) {
            int from = g->edges[g->back[i]].from;

            if (i > g->in[s] && from == g->edges[g->back[i - 1]].from)
                continue;
            for (int there = 0; there < 2; there++) {
                if (!w->leads[there][from] && witness_leaves(w, from, there, s, node % 2))
                    witness_lead(w, from, there, &count);
            }
        }
    }
}

static void witness_leads(struct witness *w)
{
    size_t screens = (size_t)w->v->m->screen_count;

    memset(w->leads[0], 0, screens * sizeof *w->leads[0]);
    memset(w->leads[1], 0, screens * sizeof *w->leads[1]);
    if (w->v->calls)
        witness_lead_calls(w);
    else
        witness_lead_back(w);
}

/* --- forward: the shortest way ----------------------------------------------------------------- */

static int witness_frame(struct witness *w, int up, int screen, int next)
{
    for (int i = w->frame_count - 1; i >= 0; i--) {
        if (w->frames[i].up == up && w->frames[i].screen == screen && w->frames[i].next == next)
            return i;
    }
    if (w->frame_count == w->frame_cap) {
        w->frame_cap = w->frame_cap > 0 ? w->frame_cap * 2 : 16;
        w->frames = xrealloc(w->frames, (size_t)w->frame_cap * sizeof *w->frames);
    }
    w->frames[w->frame_count] = (struct witness_frame){ up, screen, next };
    return w->frame_count++;
}

static int witness_depth(const struct witness *w, int frame)
{
    int depth = 0;

    for (; frame != MENU_NONE; frame = w->frames[frame].up)
        depth++;
    return depth;
}

static bool witness_is_new(const struct witness *w, const struct witness_state *s)
{
    for (int i = w->of[s->screen]; i != MENU_NONE; i = w->states[i].same) {
        const struct witness_state *o = &w->states[i];

        if (o->next == s->next && o->frame == s->frame && o->know.there == s->know.there &&
            o->know.missing == s->know.missing &&
            memcmp(o->know.masks, s->know.masks, (size_t)w->flag_count * sizeof s->know.masks[0]) == 0)
            return false;
    }
    return true;
}

static void witness_push(struct witness *w, struct witness_state s)
{
    if (!w->leads[s.know.there][s.screen] || !witness_is_new(w, &s))
        return;
    if (w->state_count == w->state_cap) {
        w->state_cap = w->state_cap > 0 ? w->state_cap * 2 : 256;
        w->states = xrealloc(w->states, (size_t)w->state_cap * sizeof *w->states);
    }
    s.same = w->of[s.screen];
    w->of[s.screen] = w->state_count;
    w->states[w->state_count++] = s;
}

static bool witness_begins_with(const struct ways_begin *begin, int var)
{
    for (int i = 0; i < begin->set_count; i++) {
        if (begin->set[i] == var)
            return true;
    }
    return false;
}

static void witness_begin(void *arg, const struct ways_begin *begin)
{
    struct witness *w = arg;
    struct witness_state s = { .screen = begin->screen, .next = w->v->first[begin->screen], .frame = MENU_NONE,
                               .before = MENU_NONE, .via = MENU_NONE, .set = begin->set,
                               .set_count = begin->set_count };

    s.know.there = witness_begins_with(begin, w->var);
    s.know.missing = s.know.there ? FACTS_ALL : FACTS_UNSET;
    for (int i = 0; i < w->flag_count; i++)
        s.know.masks[i] = witness_begins_with(begin, w->flags[i]) ? facts_any(w->v->facts, w->flags[i])
                                                                  : facts_begin(w->v->facts, w->flags[i]);
    witness_push(w, s);
}

/* Index of a flag, MENU_NONE. */
static int witness_flag(const struct witness *w, int var)
{
    for (int i = 0; i < w->flag_count; i++) {
        if (w->flags[i] == var)
            return i;
    }
    return MENU_NONE;
}

/* What a move leaves possible of a variable that could be mask before. */
static uint64_t witness_mask(const struct witness *w, const struct move *move, int var, uint64_t mask)
{
    const struct facts *f = w->v->facts;

    if (move->op == MOVE_SET && move->expr != NULL)
        return facts_value(f, var, move->expr);
    if (move->op == MOVE_UNSET && !move->maybe)
        return FACTS_UNSET;
    if (move->op == MOVE_SET || move->op == MOVE_UNSET)
        return facts_any(f, var) | (move->maybe ? FACTS_UNSET : 0);
    return move->op == MOVE_KNOW && !move->maybe ? mask & ~FACTS_UNSET : mask;
}

struct witness_view {
    const struct witness *w;
    struct witness_know *know;
};

static uint64_t witness_get(void *arg, int var)
{
    const struct witness_view *v = arg;
    int flag = witness_flag(v->w, var);

    if (var == v->w->var && !v->know->there)
        return v->know->missing;
    return flag != MENU_NONE ? v->know->masks[flag] : FACTS_ALL;
}

static void witness_put(void *arg, int var, uint64_t mask)
{
    const struct witness_view *v = arg;
    int flag = witness_flag(v->w, var);

    if (flag != MENU_NONE)
        v->know->masks[flag] = mask;
    if (var != v->w->var || v->know->there)
        return;
    v->know->there = (mask & FACTS_UNSET) == 0;
    v->know->missing = v->know->there ? FACTS_ALL : mask;
}

static void witness_learn(const struct witness *w, const struct move *move, struct witness_know *k)
{
    int flag = move->var != MENU_NONE ? witness_flag(w, move->var) : MENU_NONE;

    k->there = witness_there(w, move, k->there);
    if (k->there)
        k->missing = FACTS_ALL;
    else if (move->var == w->var && move->op == MOVE_UNSET)
        k->missing = witness_mask(w, move, w->var, 0);
    else if (move->op == MOVE_SHOW && moves_is_pin(w->v->m, w->var))
        k->missing = FACTS_UNSET;
    if (flag != MENU_NONE)
        k->masks[flag] = witness_mask(w, move, move->var, k->masks[flag]);
    for (int i = 0; move->op == MOVE_SHOW && i < w->flag_count; i++) {
        if (moves_is_pin(w->v->m, w->flags[i]))
            k->masks[i] = FACTS_UNSET;
    }
}

struct witness_any {
    const struct witness *w;
    bool any;
};

static void witness_any(void *arg, int var)
{
    struct witness_any *a = arg;

    a->any = a->any || var == a->w->var || witness_flag(a->w, var) != MENU_NONE;
}

/* Is anything that is followed in it? */
static bool witness_matters(const struct witness *w, const struct expr *e)
{
    struct witness_any any = { w, false };

    expr_reads(e, witness_any, &any);
    return any.any;
}

/* At a condition.  Where it can be so in several ways, each is gone on with by
 * itself: the first here, the others from states of their own. */
static void witness_assume(struct witness *w, int state, int at, struct witness_know *k)
{
    const struct move *move = &w->v->list[at];
    struct witness_know before = *k;
    struct witness_view of = { w, k };
    const struct facts_view view = { witness_get, witness_put, &of };
    int ways;

    if (k->dead || !witness_matters(w, move->expr))
        return;
    ways = facts_ways(move->expr, move->truth);
    if (ways == 1) {
        k->dead = !facts_assume(w->v->facts, move->expr, move->truth, &view);
        return;
    }
    k->dead = !facts_assume_way(w->v->facts, move->expr, move->truth, 0, &view);
    for (int i = 1; i < ways; i++) {
        struct witness_state s = w->states[state];

        s.know = before;
        of.know = &s.know;
        if (!facts_assume_way(w->v->facts, move->expr, move->truth, i, &view))
            continue;
        s.before = state;
        s.via = at;
        s.next = at + 1;
        witness_push(w, s);
    }
}

/* Out of a screen. */
static void witness_out(struct witness *w, int from, int at, const struct witness_know *k)
{
    const struct move *move = &w->v->list[at];
    struct witness_state s = { .screen = move->to, .frame = w->states[from].frame, .before = from, .via = at,
                               .know = *k };

    if (move->op == MOVE_RETURN) {
        if (s.frame == MENU_NONE)
            return;
        s.screen = w->frames[s.frame].screen;
        s.next = w->frames[s.frame].next;
        s.frame = w->frames[s.frame].up;
        witness_push(w, s);
        return;
    }
    if (move->op == MOVE_ENTER && witness_depth(w, s.frame) == MENU_CALLS_MAX)
        return;
    if (move->op == MOVE_ENTER)         /* behind its MOVE_BACK and MOVE_CALLED */
        s.frame = witness_frame(w, s.frame, w->states[from].screen, at + 3);
    else if (s.screen == w->v->m->start)
        s.frame = MENU_NONE;
    s.next = w->v->first[s.screen];
    witness_push(w, s);
}

static void witness_run(struct witness *w, int state)
{
    const struct moves *v = w->v;
    struct witness_know stack[MOVES_NESTED_MAX + 1];
    struct witness_know *k = stack;
    int end = v->first[w->states[state].screen + 1];

    *k = w->states[state].know;
    for (int i = w->states[state].next; i < end && v->list[i].op != MOVE_CALLED; i++, w->left--) {
        const struct move *move = &v->list[i];

        if (move->op == MOVE_SAVE && k->dead) {
            i = move->index;
        } else if (move->op == MOVE_SAVE) {
            k[1] = k[0];
            k++;
        } else if (move->op == MOVE_BACK) {
            if (k == stack)
                return;                 /* begun inside; what is outside was gone on with there */
            k--;
        } else if (move->op == MOVE_ASSUME) {
            witness_assume(w, state, i, k);
        } else if (i == w->goal && !k->dead && !k->there) {
            w->found = state;
            return;
        } else if (move->op == MOVE_LEAVE || move->op == MOVE_ENTER || move->op == MOVE_RETURN) {
            if (!k->dead)
                witness_out(w, state, i, k);
        } else {
            witness_learn(w, move, k);
        }
    }
}

/* False: not known, too much to look at. */
static bool witness_search(struct witness *w)
{
    for (int i = 0; i < w->v->m->screen_count; i++)
        w->of[i] = MENU_NONE;
    w->state_count = 0;
    w->frame_count = 0;
    w->found = MENU_NONE;
    ways_begins(w->v->m, witness_begin, w);
    for (int i = 0; i < w->state_count && w->found == MENU_NONE; i++) {
        if (w->left <= 0 || (w->flag_count > 0 && w->state_count > WITNESS_STATES))
            return false;
        witness_run(w, i);
    }
    return true;
}

/* --- is the way possible? ------------------------------------------------------------------------ */

static uint64_t witness_get_all(void *arg, int var)
{
    const struct witness *w = arg;

    return w->known[var] ? w->masks[var] : facts_begin(w->v->facts, var);
}

static void witness_put_all(void *arg, int var, uint64_t mask)
{
    struct witness *w = arg;

    if (w->trail_count == w->trail_cap) {
        w->trail_cap = w->trail_cap > 0 ? w->trail_cap * 2 : 256;
        w->trail = xrealloc(w->trail, (size_t)w->trail_cap * sizeof *w->trail);
    }
    w->trail[w->trail_count++] = (struct witness_undo){ var, w->known[var], w->masks[var] };
    w->known[var] = true;
    w->masks[var] = mask;
}

static void witness_undo(struct witness *w, int to)
{
    while (w->trail_count > to) {
        const struct witness_undo *u = &w->trail[--w->trail_count];

        w->known[u->var] = u->known;
        w->masks[u->var] = u->mask;
    }
}

static void witness_follow(void *arg, int var)
{
    struct witness *w = arg;

    if (w->flag_count < WITNESS_FLAGS && witness_flag(w, var) == MENU_NONE)
        w->flags[w->flag_count++] = var;
}

static bool witness_try(struct witness *w, int count, int segment, int from);

/* A condition that can be so in several ways: in each of them, and then the
 * rest of the way.  They stand in one another, at most WITNESS_TRIES deep. */
static bool witness_try_ways(struct witness *w, int count, int segment, int at)
{
    const struct facts_view view = { witness_get_all, witness_put_all, w };
    const struct move *move = &w->v->list[at];
    int trail = w->trail_count;

    for (int i = 0; i < facts_ways(move->expr, move->truth); i++) {
        if (!facts_assume_way(w->v->facts, move->expr, move->truth, i, &view))
            expr_reads(move->expr, witness_follow, w);
        else if (w->tries-- <= 0 || witness_try(w, count, segment, at + 1))
            return true;
        witness_undo(w, trail);
        if (!witness_matters(w, move->expr))
            return false;
    }
    return false;
}

/* What a move on the way does; false when it is a condition that cannot hold. */
static bool witness_try_move(struct witness *w, const struct move *move)
{
    const struct facts_view view = { witness_get_all, witness_put_all, w };

    if (move->var != MENU_NONE)
        witness_put_all(w, move->var, witness_mask(w, move, move->var, witness_get_all(w, move->var)));
    for (int i = 0; move->op == MOVE_SHOW && i < w->pin_count; i++)
        witness_put_all(w, w->pins[i], FACTS_UNSET);
    if (move->op != MOVE_ASSUME || facts_assume(w->v->facts, move->expr, move->truth, &view))
        return true;
    expr_reads(move->expr, witness_follow, w);
    return false;
}

static bool witness_is_split(const struct move *move)
{
    return move->op == MOVE_ASSUME && facts_ways(move->expr, move->truth) > 1;
}

/* Can all conditions on the way found hold, from list[from] of one of its states
 * on?  from MENU_NONE: from its beginning. */
static bool witness_try(struct witness *w, int count, int segment, int from)
{
    for (; segment < count; segment++, from = MENU_NONE) {
        int to = segment + 1 < count ? w->states[w->todo[segment + 1]].via : w->goal;

        for (int i = from != MENU_NONE ? from : w->states[w->todo[segment]].next; i < to; i++, w->left--) {
            const struct move *move = &w->v->list[i];

            if (move->op == MOVE_SAVE && move->index < to)
                i = move->index;        /* another way on */
            else if (witness_is_split(move))
                return witness_try_ways(w, count, segment, i);
            else if (!witness_try_move(w, move))
                return false;
        }
        if (witness_is_split(&w->v->list[to]))          /* where the state behind it comes from */
            return witness_try_ways(w, count, segment + 1, to);
    }
    return (witness_get_all(w, w->var) & FACTS_UNSET) != 0;
}

/* The states of the way that was found, from its beginning, in todo; how many. */
static int witness_way(struct witness *w)
{
    int count = 0;

    for (int s = w->found; s != MENU_NONE; s = w->states[s].before)
        count++;
    if (count > w->todo_cap) {
        w->todo_cap = count;
        w->todo = xrealloc(w->todo, (size_t)count * sizeof *w->todo);
    }
    for (int s = w->found, i = count; s != MENU_NONE; s = w->states[s].before)
        w->todo[--i] = s;
    return count;
}

/* Only what has a value where the way that was found begins is known. */
static void witness_forget(struct witness *w)
{
    const struct witness_state *s = &w->states[w->todo[0]];

    memset(w->known, 0, (size_t)w->v->m->var_count * sizeof *w->known);
    w->trail_count = 0;
    for (int i = 0; i < s->set_count; i++) {
        w->known[s->set[i]] = true;
        w->masks[s->set[i]] = facts_any(w->v->facts, s->set[i]);
    }
}

/* The last condition of the way that cannot hold; NULL when none is so by itself. */
static const struct expr *witness_last(struct witness *w, int count)
{
    const struct facts_view view = { witness_get_all, witness_put_all, w };
    const struct expr *last = NULL;

    witness_forget(w);
    for (int segment = 0; segment < count; segment++) {
        int to = segment + 1 < count ? w->states[w->todo[segment + 1]].via : w->goal;

        for (int i = w->states[w->todo[segment]].next; i < to; i++, w->left--) {
            const struct move *move = &w->v->list[i];

            if (move->op == MOVE_SAVE && move->index < to)
                i = move->index;
            else if (move->op != MOVE_ASSUME)
                (void)witness_try_move(w, move);
            else if (!facts_assume(w->v->facts, move->expr, move->truth, &view))
                last = move->expr;
        }
    }
    return last;
}

/* Is the way that was found possible?  If not, what shows so is followed: the
 * last condition that cannot hold, for what lies before it may be avoided. */
static bool witness_holds(struct witness *w, int count)
{
    int followed = w->flag_count;
    int flags[WITNESS_FLAGS], all;
    const struct expr *last;

    witness_forget(w);
    w->tries = WITNESS_TRIES;
    if (witness_try(w, count, 0, MENU_NONE))
        return true;
    last = witness_last(w, count);
    all = w->flag_count;
    memcpy(flags, w->flags, sizeof flags);
    w->flag_count = followed;
    if (last != NULL)
        expr_reads(last, witness_follow, w);
    if (w->flag_count == followed) {    /* only together with others */
        w->flag_count = all;
        memcpy(w->flags, flags, sizeof flags);
    }
    return false;
}

static void witness_print(const struct witness *w, int count, struct buf *out)
{
    const struct moves *v = w->v;
    int shown = 0;

    for (int i = 0; i < count; i++) {
        const struct witness_state *s = &w->states[w->todo[i]];
        enum ways_why why = s->via != MENU_NONE ? (enum ways_why)v->list[s->via].why : WAYS_GOTO;

        if (s->next != v->first[s->screen])
            continue;                   /* come back to after a call */
        shown++;
        if (shown > WITNESS_SHOWN / 2 && count - i > WITNESS_SHOWN / 2) {
            if (shown == WITNESS_SHOWN / 2 + 1)
                buf_adds(out, " > ...");
            continue;
        }
        if (why == WAYS_NONE || why == WAYS_FAIL || why == WAYS_EMPTY)
            buf_addf(out, " (%s)", ways_why_name(why));
        buf_addf(out, "%s%s", shown > 1 ? " > " : "", v->m->screens[s->screen].name);
    }
}

bool witness_find(struct witness *w, int screen, int move, struct buf *out)
{
    w->goal = move;
    w->goal_screen = screen;
    w->var = w->v->list[move].var;
    w->flag_count = 0;
    if (!w->has_graph)
        return false;
    witness_leads(w);
    for (;;) {
        int flags = w->flag_count;
        bool known = witness_search(w);
        int count;

        if (known && w->found == MENU_NONE)
            return false;
        count = w->found != MENU_NONE ? witness_way(w) : 0;
        if (count > 0 && known && !witness_holds(w, count) && w->flag_count > flags)
            continue;
        buf_clear(out);
        witness_print(w, count, out);
        if (count == 0)
            buf_adds(out, "the ways to it are too many to show one");
        return true;
    }
}
