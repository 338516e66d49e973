#include "menu/check_values.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "menu/graph.h"
#include "menu/moves.h"
#include "menu/witness.h"

#define VALUES_WORDS 4
#define VALUES_BATCH (64 * VALUES_WORDS)        /* variables looked at together */

/* Of each variable of the batch: is it certainly set; set or at least asked for. */
struct values {
    uint64_t set[VALUES_WORDS], asked[VALUES_WORDS];
};

struct check_values {
    const struct moves *v;
    struct menu_issues *issues;
    int *number;                        /* by variable, of those that are read; MENU_NONE */
    int from;                           /* number of the batch's first */
    struct values pins;                 /* of the batch */
    struct values *in;                  /* by screen: at its beginning, on every way */
    struct values *none, *all;          /* by screen: when what is called returns after it, with nothing set at the
                                         * screen's beginning, and with everything; NULL without calls */
    struct graph graph;                 /* with calls */
    int *queue;                         /* screens to be looked at (again), a ring */
    bool *queued;
    int head, queue_count;
    struct witness *witness;            /* NULL until it is needed */
    struct values met;                  /* at the ends of all ways of the screen that is looked at */
};

/* --- bits ------------------------------------------------------------------------------- */

static void values_fill(struct values *x, bool on)
{
    memset(x, on ? 0xff : 0, sizeof *x);
}

/* False when nothing changes. */
static bool values_meet(struct values *x, const struct values *y)
{
    uint64_t changed = 0;

    for (int i = 0; i < VALUES_WORDS; i++) {
        changed |= (x->set[i] & ~y->set[i]) | (x->asked[i] & ~y->asked[i]);
        x->set[i] &= y->set[i];
        x->asked[i] &= y->asked[i];
    }
    return changed != 0;
}

/* What a dialogue makes of x that leaves none of nothing and all of everything. */
static void values_through(struct values *x, const struct values *none, const struct values *all)
{
    for (int i = 0; i < VALUES_WORDS; i++) {
        x->set[i] = (x->set[i] & all->set[i]) | none->set[i];
        x->asked[i] = (x->asked[i] & all->asked[i]) | none->asked[i];
    }
}

static void values_forget(struct values *x, const struct values *these)
{
    for (int i = 0; i < VALUES_WORDS; i++) {
        x->set[i] &= ~these->set[i];
        x->asked[i] &= ~these->asked[i];
    }
}

static void values_mark(struct values *x, int bit, bool set)
{
    uint64_t mask = UINT64_C(1) << (bit % 64);

    x->asked[bit / 64] |= mask;
    if (set)
        x->set[bit / 64] |= mask;
}

static void values_unmark(struct values *x, int bit)
{
    x->set[bit / 64] &= ~(UINT64_C(1) << (bit % 64));
}

static bool values_has(const uint64_t *words, int bit)
{
    return (words[bit / 64] >> (bit % 64) & 1) != 0;
}

/* --- through one screen ------------------------------------------------------------------- */

typedef void values_leave_fn(struct check_values *c, int screen, const struct move *move, const struct values *x);
typedef void values_read_fn(struct check_values *c, int screen, int move);

/* Where a read is a fault, the value counts as set from then on: it is said once. */
static void values_read(struct check_values *c, int screen, int move, int bit, struct values *x, values_read_fn *read)
{
    bool use = c->v->list[move].op == MOVE_USE;

    if (read != NULL && !values_has(use ? x->set : x->asked, bit))
        read(c, screen, move);
    values_mark(x, bit, use);
}

/* The batch's bit of a variable; MENU_NONE. */
static int values_bit(const struct check_values *c, int var)
{
    int bit = var != MENU_NONE && c->number[var] != MENU_NONE ? c->number[var] - c->from : MENU_NONE;

    return bit >= 0 && bit < VALUES_BATCH ? bit : MENU_NONE;
}

static void values_var(struct check_values *c, int screen, int move, struct values *x, values_read_fn *read)
{
    int bit = values_bit(c, c->v->list[move].var);

    if (bit == MENU_NONE)
        return;
    switch ((enum move_op)c->v->list[move].op) {
    case MOVE_USE:
    case MOVE_TEST:
        values_read(c, screen, move, bit, x, read);
        break;
    case MOVE_UNSET:
        values_mark(x, bit, false);
        values_unmark(x, bit);
        break;
    case MOVE_SET:
    case MOVE_KNOW:
        values_mark(x, bit, true);
        break;
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
}

static void values_run(struct check_values *c, int screen, const struct values *begin, values_leave_fn *leave,
                       values_read_fn *read)
{
    const struct moves *v = c->v;
    struct values stack[MOVES_NESTED_MAX + 1];
    struct values *x = stack;

    *x = *begin;
    for (int i = v->first[screen]; i < v->first[screen + 1]; i++) {
        const struct move *move = &v->list[i];

        switch ((enum move_op)move->op) {
        case MOVE_SAVE:
            x[1] = x[0];
            x++;
            break;
        case MOVE_BACK:
            x--;
            break;
        case MOVE_SHOW:
            values_forget(x, &c->pins);
            break;
        case MOVE_LEAVE:
        case MOVE_ENTER:
        case MOVE_RETURN:
            leave(c, screen, move, x);
            break;
        case MOVE_CALLED:
            values_through(x, &c->none[move->to], &c->all[move->to]);
            break;
        case MOVE_USE:
        case MOVE_TEST:
        case MOVE_SET:
        case MOVE_UNSET:
        case MOVE_KNOW:
            values_var(c, screen, i, x, read);
            break;
        case MOVE_ASSUME:
        case MOVES:
            break;
        }
    }
}

/* --- the queue ------------------------------------------------------------------------------ */

static void values_push(struct check_values *c, int screen)
{
    if (c->queued[screen])
        return;
    c->queued[screen] = true;
    c->queue[(c->head + c->queue_count++) % c->v->m->screen_count] = screen;
}

static int values_pop(struct check_values *c)
{
    int screen = c->queue[c->head];

    c->head = (c->head + 1) % c->v->m->screen_count;
    c->queue_count--;
    c->queued[screen] = false;
    return screen;
}

/* --- backward: what called dialogues do ------------------------------------------------------ */

/* The way on from an exit to the return, if it comes to one. */
static void values_back_leave(struct check_values *c, int screen, const struct move *move, const struct values *x)
{
    struct values end = *x;

    (void)screen;
    if (move->op == MOVE_ENTER || (move->op == MOVE_LEAVE && move->to == c->v->m->start))
        return;                         /* goes on behind the call; forgets its callers */
    if (move->op == MOVE_LEAVE)
        values_through(&end, &c->none[move->to], &c->all[move->to]);
    (void)values_meet(&c->met, &end);
}

static bool values_back_from(struct check_values *c, int screen, bool everything, struct values *out)
{
    struct values begin;

    values_fill(&begin, everything);
    values_fill(&c->met, true);
    values_run(c, screen, &begin, values_back_leave, NULL);
    return values_meet(out, &c->met);
}

/* Who leads to a screen, or calls it. */
static void values_back_push(struct check_values *c, int screen)
{
    const struct graph *g = &c->graph;

    for (int i = g->in[screen]; i < g->in[screen + 1]; i++) {
        int from = g->edges[g->back[i]].from;

        if (from < g->screens)
            values_push(c, from);
    }
}

static void values_backward(struct check_values *c)
{
    int screens = c->v->m->screen_count;

    for (int s = 0; s < screens; s++) {
        values_fill(&c->none[s], true);
        values_fill(&c->all[s], true);
    }
    for (int s = screens - 1; s >= 0; s--)
        values_push(c, s);
    while (c->queue_count > 0) {
        int s = values_pop(c);
        bool none = values_back_from(c, s, false, &c->none[s]);
        bool all = values_back_from(c, s, true, &c->all[s]);

        if (none || all)
            values_back_push(c, s);
    }
}

/* --- forward ------------------------------------------------------------------------------------ */

static void values_leave(struct check_values *c, int screen, const struct move *move, const struct values *x)
{
    (void)screen;
    if (move->op != MOVE_RETURN && values_meet(&c->in[move->to], x))
        values_push(c, move->to);
}

static void values_stay(struct check_values *c, int screen, const struct move *move, const struct values *x)
{
    (void)c;
    (void)screen;
    (void)move;
    (void)x;
}

static void values_begin(void *arg, const struct ways_begin *begin)
{
    struct check_values *c = arg;
    struct values x;

    values_fill(&x, false);
    for (int i = 0; i < begin->set_count; i++) {
        int bit = values_bit(c, begin->set[i]);

        if (bit != MENU_NONE)
            values_mark(&x, bit, true);
    }
    (void)values_meet(&c->in[begin->screen], &x);
    values_push(c, begin->screen);
}

static void values_forward(struct check_values *c)
{
    for (int s = 0; s < c->v->m->screen_count; s++)
        values_fill(&c->in[s], true);
    ways_begins(c->v->m, values_begin, c);
    while (c->queue_count > 0) {
        int s = values_pop(c);

        values_run(c, s, &c->in[s], values_leave, NULL);
    }
}

/* --- what is said --------------------------------------------------------------------------------- */

static struct menu_pos values_where(const struct check_values *c, const struct move_read *read)
{
    return read->pos != NULL ? *read->pos : issue_where(c->issues, &read->at);
}

/* "query 'last_payment' reads ", of what stands elsewhere. */
static void values_reader(const struct menu *m, const struct move_read *read, struct buf *out)
{
    if (read->place == WAYS_IN_ARGS)
        buf_addf(out, "query '%s' reads ", m->queries[read->index].name);
    if (read->place == WAYS_IN_SMS)
        buf_addf(out, "template '%s' reads ", m->sms[read->index].name);
    if (read->pos != NULL && out->len == 0)
        buf_adds(out, "what is asked here reads ");
}

static void values_say(struct check_values *c, int screen, int move)
{
    const struct menu *m = c->v->m;
    const struct move_read *read = &c->v->reads[c->v->list[move].index];
    const char *tells = menu_tells(m, c->v->list[move].var);
    struct buf reader, way;

    if (c->witness == NULL)
        c->witness = witness_new(c->v);
    buf_init(&reader, 256);
    buf_init(&way, 4096);
    if (c->issues->count < ISSUES_MAX && witness_find(c->witness, screen, move, &way)) {
        values_reader(m, read, &reader);
        issue_add(c->issues, ISSUE_UNSET, values_where(c, read), "%s'%s'%s%s may not be set here: %s", buf_str(&reader),
                  tells != NULL ? tells : m->vars[c->v->list[move].var].name, tells != NULL ? " of a case" : "",
                  reader.len > 0 ? ", which" : "", buf_str(&way));
    }
    buf_fini(&reader);
    buf_fini(&way);
}

/* --- batch after batch -------------------------------------------------------------------------------- */

static void values_batch(struct check_values *c, int from)
{
    const struct menu *m = c->v->m;

    c->from = from;
    values_fill(&c->pins, false);
    for (int i = 0; i < m->var_count; i++) {
        int bit = values_bit(c, i);

        if (bit != MENU_NONE && moves_is_pin(m, i))
            values_mark(&c->pins, bit, true);
    }
    if (c->v->calls)
        values_backward(c);
    values_forward(c);
    for (int s = 0; s < m->screen_count; s++)
        values_run(c, s, &c->in[s], values_stay, values_say);
}

static int values_number(struct check_values *c)
{
    const struct menu *m = c->v->m;
    int count = 0;

    c->number = xcalloc((size_t)m->var_count + 1, sizeof *c->number);
    for (int i = 0; i < m->var_count; i++)
        c->number[i] = i >= MENU_BUILTINS && c->v->read[i] ? count++ : MENU_NONE;
    return count;
}

static bool values_init(struct check_values *c, const struct moves *v, struct menu_issues *issues)
{
    size_t screens = (size_t)v->m->screen_count + 1;

    *c = (struct check_values){ .v = v, .issues = issues };
    c->in = xcalloc(screens, sizeof *c->in);
    c->queue = xcalloc(screens, sizeof *c->queue);
    c->queued = xcalloc(screens, sizeof *c->queued);
    if (!v->calls)
        return true;
    c->none = xcalloc(screens, sizeof *c->none);
    c->all = xcalloc(screens, sizeof *c->all);
    return graph_init(&c->graph, v->m);
}

static void values_fini(struct check_values *c)
{
    free(c->number);
    free(c->in);
    free(c->none);
    free(c->all);
    free(c->queue);
    free(c->queued);
    graph_fini(&c->graph);
    witness_free(c->witness);
}

void check_values(const struct menu *m, struct menu_issues *issues)
{
    struct check_values c;
    struct moves v;

    moves_init(&v, m);
    /* the checks of calls say if there are too many */
    if (values_init(&c, &v, issues)) {
        int count = values_number(&c);

        for (int from = 0; from < count; from += VALUES_BATCH)
            values_batch(&c, from);
    }
    values_fini(&c);
    moves_fini(&v);
}
