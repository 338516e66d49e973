#include "menu/facts.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "menu/expr_node.h"

#define FACTS_LITERALS_MAX 30           /* of one variable; with more nothing is known of it */
#define FACTS_READS_MAX 32              /* of one expression */
#define FACTS_CLASSES 63

/* The values that a variable is compared with or set to. */
struct facts_var {
    enum expr_kind kind;
    const struct expr **list;           /* literals; numbers and dates ascending, all different */
    int count;
    bool too_many;
};

struct facts {
    const struct menu *m;
    struct facts_var *vars;
};

struct facts *facts_new(const struct menu *m)
{
    struct facts *f = xcalloc(1, sizeof *f);

    f->m = m;
    f->vars = xcalloc((size_t)m->var_count + 1, sizeof *f->vars);
    for (int i = 0; i < m->var_count; i++)
        f->vars[i].kind = m->vars[i].type != NULL ? expr_kind_of(m->vars[i].type) : EXPR_TEXT;
    return f;
}

void facts_free(struct facts *f)
{
    for (int i = 0; i < f->m->var_count; i++)
        free(f->vars[i].list);
    free(f->vars);
    free(f);
}

/* --- literals --------------------------------------------------------------------------- */

static bool facts_same(enum expr_kind kind, const struct expr *a, const struct expr *b)
{
    if (kind == EXPR_TEXT)
        return a->len == b->len && memcmp(a->text, b->text, a->len) == 0;
    return a->number == b->number;
}

static void facts_note(struct facts *f, int var, const struct expr *literal)
{
    struct facts_var *v = &f->vars[var];

    if (v->too_many || literal->kind != v->kind || v->kind == EXPR_BOOL)
        return;
    for (int i = 0; i < v->count; i++) {
        if (facts_same(v->kind, v->list[i], literal))
            return;
    }
    if (v->count == FACTS_LITERALS_MAX) {
        v->too_many = true;
        return;
    }
    v->list = xrealloc(v->list, ((size_t)v->count + 1) * sizeof(const struct expr *));
    v->list[v->count++] = literal;
}

void facts_learn(struct facts *f, const struct expr *e)
{
    for (const struct expr *o = e->first; o != NULL; o = o->next) {
        if (o->op == EXPR_OP_LITERAL && e->first->op == EXPR_OP_VAR)
            facts_note(f, e->first->var, o);
        if (o->op == EXPR_OP_VAR && e->first->op == EXPR_OP_LITERAL)
            facts_note(f, o->var, e->first);
        facts_learn(f, o);
    }
}

void facts_learn_value(struct facts *f, int var, const struct expr *value)
{
    if (value->op == EXPR_OP_LITERAL)
        facts_note(f, var, value);
    facts_learn(f, value);
}

static int facts_compare(const void *a, const void *b)
{
    const struct expr *const *x = a;
    const struct expr *const *y = b;

    return (*x)->number < (*y)->number ? -1 : (*x)->number > (*y)->number;
}

void facts_learnt(struct facts *f)
{
    for (int i = 0; i < f->m->var_count; i++) {
        struct facts_var *v = &f->vars[i];

        if (v->count > 1 && (v->kind == EXPR_WHOLE || v->kind == EXPR_DATE))
            qsort(v->list, (size_t)v->count, sizeof v->list[0], facts_compare);
    }
}

/* --- classes ------------------------------------------------------------------------------ */

/*
 * Texts: class i is literal i, class count any other.  Numbers: class 2i + 1 is
 * literal i, class 2i what lies below it and above the one before, class
 * 2 * count what is above the last.  Conditions: 0 no, 1 yes.
 */
static int facts_classes(const struct facts_var *v)
{
    if (v->too_many)
        return 1;
    return v->kind == EXPR_BOOL ? 2 : v->kind == EXPR_TEXT ? v->count + 1 : 2 * v->count + 1;
}

static uint64_t facts_bit(int class)
{
    return UINT64_C(1) << class;
}

/* The class of a literal; MENU_NONE: not known. */
static int facts_class(const struct facts_var *v, const struct expr *literal)
{
    if (v->too_many || literal->kind != v->kind)
        return MENU_NONE;
    if (v->kind == EXPR_BOOL)
        return literal->number != 0;
    for (int i = 0; i < v->count; i++) {
        if (facts_same(v->kind, v->list[i], literal))
            return v->kind == EXPR_TEXT ? i : 2 * i + 1;
    }
    return MENU_NONE;
}

static uint64_t facts_every(const struct facts_var *v)
{
    uint64_t mask = 0;

    for (int i = 0; i < facts_classes(v); i++)
        mask |= facts_bit(i);
    return mask;
}

/* Numbers of a class: from..to. */
static void facts_range(const struct facts_var *v, int class, int64_t *from, int64_t *to)
{
    int i = class / 2;

    if (class % 2 == 1) {
        *from = *to = v->list[i]->number;
        return;
    }
    *from = i > 0 ? v->list[i - 1]->number : INT64_MIN;
    *to = i < v->count ? v->list[i]->number : INT64_MAX;
    if (i > 0 && *from < INT64_MAX)
        ++*from;
    if (i < v->count && *to > INT64_MIN)
        --*to;
}

static uint64_t facts_any_number(const struct facts_var *v, int64_t min, int64_t max)
{
    uint64_t mask = 0;

    for (int i = 0; i < facts_classes(v); i++) {
        int64_t from, to;

        facts_range(v, i, &from, &to);
        if (from <= to && from <= max && to >= min)
            mask |= facts_bit(i);
    }
    return mask;
}

/* Codes that no condition names are together the class of any other. */
static uint64_t facts_any_choice(const struct facts_var *v, const struct menu_type *t)
{
    uint64_t mask = 0;

    for (int i = 0; i < t->choice_count; i++) {
        int class = 0;

        while (class < v->count && !expr_same(v->list[class]->text, v->list[class]->len, t->choices[i].code))
            class++;
        mask |= facts_bit(class);
    }
    return mask;
}

uint64_t facts_any(const struct facts *f, int var)
{
    const struct facts_var *v = &f->vars[var];
    const struct menu_type *t = f->m->vars[var].type;

    if (v->too_many || t == NULL)
        return facts_every(v);
    if (t->kind == MENU_TYPE_CHOICE)
        return facts_any_choice(v, t);
    if (v->kind == EXPR_WHOLE && t->min < t->max)
        return facts_any_number(v, t->min, t->max);
    return v->kind == EXPR_WHOLE || v->kind == EXPR_DATE ? facts_any_number(v, INT64_MIN, INT64_MAX) : facts_every(v);
}

uint64_t facts_begin(const struct facts *f, int var)
{
    static const bool may_miss[MENU_BUILTINS] = {
        [MENU_VAR_AGENT_NAME] = true, [MENU_VAR_AGENT_CENTRE] = true, [MENU_VAR_ALERT_TEXT] = true
    };

    if (var >= MENU_BUILTINS)
        return FACTS_UNSET;
    return facts_any(f, var) | (may_miss[var] ? FACTS_UNSET : 0);
}

uint64_t facts_value(const struct facts *f, int var, const struct expr *value)
{
    const struct facts_var *v = &f->vars[var];
    int class = value->op == EXPR_OP_LITERAL ? facts_class(v, value) : MENU_NONE;

    return class != MENU_NONE ? facts_bit(class) : facts_every(v);
}

/* --- conditions ----------------------------------------------------------------------------- */

enum { FACTS_TRUE = 1, FACTS_FALSE = 2, FACTS_BOTH = 3 };

/* Of the variable against a literal, as the engine compares: nothing holds of
 * what is unset, but that it is not equal. */
static uint64_t facts_where(const struct facts_var *v, enum expr_op op, const struct expr *literal, bool turned)
{
    int at = facts_class(v, literal);
    uint64_t mask = 0;

    if (at == MENU_NONE)
        return op == EXPR_OP_NE ? FACTS_ALL : FACTS_ALL & ~FACTS_UNSET;
    for (int i = 0; i < facts_classes(v); i++) {
        int order = turned ? at - i : i - at;
        bool holds = op == EXPR_OP_LT ? order < 0 : op == EXPR_OP_LE ? order <= 0 : op == EXPR_OP_GT ? order > 0 :
                     op == EXPR_OP_GE ? order >= 0 : op == EXPR_OP_NE ? order != 0 : order == 0;

        mask |= holds ? facts_bit(i) : 0;
    }
    return op == EXPR_OP_NE ? mask | FACTS_UNSET : mask;
}

static int facts_split(uint64_t mask, uint64_t where, bool certain)
{
    int can = ((mask & where) != 0 ? FACTS_TRUE : 0) | ((mask & ~where) != 0 ? FACTS_FALSE : 0);

    /* without its class only what is unset decides */
    return certain || (can & FACTS_TRUE) == 0 ? can : can | FACTS_FALSE;
}

static int facts_eval_compare(const struct facts *f, const struct expr *e, const struct facts_view *view)
{
    const struct expr *a = e->first, *b = a->next;
    bool turned = a->op == EXPR_OP_LITERAL && b->op == EXPR_OP_VAR;
    const struct expr *var = turned ? b : a, *literal = turned ? a : b;

    if (var->op != EXPR_OP_VAR || literal->op != EXPR_OP_LITERAL || literal->kind != f->vars[var->var].kind)
        return FACTS_BOTH;
    return facts_split(view->get(view->arg, var->var), facts_where(&f->vars[var->var], e->op, literal, turned),
                       facts_class(&f->vars[var->var], literal) != MENU_NONE);
}

static int facts_eval_in(const struct facts *f, const struct expr *e, const struct facts_view *view)
{
    const struct expr *var = e->first;
    uint64_t where = 0;
    bool certain = true;

    if (var->op != EXPR_OP_VAR)
        return FACTS_BOTH;
    for (const struct expr *o = var->next; o != NULL; o = o->next) {
        if (o->op != EXPR_OP_LITERAL || o->kind != f->vars[var->var].kind)
            return FACTS_BOTH;
        where |= facts_where(&f->vars[var->var], EXPR_OP_EQ, o, false);
        certain &= facts_class(&f->vars[var->var], o) != MENU_NONE;
    }
    return facts_split(view->get(view->arg, var->var), where, certain);
}

static int facts_eval(const struct facts *f, const struct expr *e, const struct facts_view *view);

/* "and": true needs all, false one; "or" the other way round. */
static int facts_eval_all(const struct facts *f, const struct expr *e, const struct facts_view *view)
{
    int all = e->op == EXPR_OP_AND ? FACTS_TRUE : FACTS_FALSE;
    int every = FACTS_BOTH, some = 0;

    for (const struct expr *o = e->first; o != NULL; o = o->next) {
        int can = facts_eval(f, o, view);

        every &= can;
        some |= can;
    }
    return (every & all) | (some & ~all);
}

static int facts_eval(const struct facts *f, const struct expr *e, const struct facts_view *view)
{
    int can;

    switch (e->op) {
    case EXPR_OP_LITERAL:
        return e->kind != EXPR_BOOL ? FACTS_BOTH : e->number != 0 ? FACTS_TRUE : FACTS_FALSE;
    case EXPR_OP_VAR:
        return e->kind != EXPR_BOOL || f->vars[e->var].too_many ? FACTS_BOTH
               : facts_split(view->get(view->arg, e->var), facts_bit(1), true);
    case EXPR_OP_OR:
    case EXPR_OP_AND:
        return facts_eval_all(f, e, view);
    case EXPR_OP_NOT:
        can = facts_eval(f, e->first, view);
        return (can & FACTS_TRUE ? FACTS_FALSE : 0) | (can & FACTS_FALSE ? FACTS_TRUE : 0);
    case EXPR_OP_EQ:
    case EXPR_OP_NE:
    case EXPR_OP_LT:
    case EXPR_OP_LE:
    case EXPR_OP_GT:
    case EXPR_OP_GE:
        return facts_eval_compare(f, e, view);
    case EXPR_OP_IN:
        return facts_eval_in(f, e, view);
    case EXPR_OP_SUM:
    case EXPR_OP_PRODUCT:
    case EXPR_OP_IF:
    case EXPR_OPS:
        break;
    }
    return FACTS_BOTH;
}

/* The one variable that e reads; MENU_NONE for none or several. */
struct facts_only {
    int var, count;
};

static void facts_only(void *arg, int var)
{
    struct facts_only *o = arg;

    if (o->count == 0 || o->var != var)
        o->count++;
    o->var = var;
}

static uint64_t facts_get_one(void *arg, int var)
{
    const uint64_t *mask = arg;

    (void)var;
    return *mask;
}

/* A condition on one variable is tried on each of its classes. */
static bool facts_assume_one(const struct facts *f, const struct expr *e, int var, bool truth,
                             const struct facts_view *view)
{
    uint64_t mask = view->get(view->arg, var), left = 0, one;
    const struct facts_view single = { facts_get_one, NULL, &one };

    for (int i = 0; i <= FACTS_CLASSES; i++) {
        one = mask & facts_bit(i);
        if (one != 0 && (facts_eval(f, e, &single) & (truth ? FACTS_TRUE : FACTS_FALSE)) != 0)
            left |= one;
    }
    if (left != 0)
        view->put(view->arg, var, left);
    return left != 0;
}

bool facts_assume(const struct facts *f, const struct expr *e, bool truth, const struct facts_view *view)
{
    struct facts_only only = { MENU_NONE, 0 };

    expr_reads(e, facts_only, &only);
    if (only.count == 1)
        return facts_assume_one(f, e, only.var, truth, view);
    if (e->op == EXPR_OP_NOT)
        return facts_assume(f, e->first, !truth, view);
    if (e->op == (truth ? EXPR_OP_AND : EXPR_OP_OR)) {
        for (const struct expr *o = e->first; o != NULL; o = o->next) {
            if (!facts_assume(f, o, truth, view))
                return false;
        }
        return true;
    }
    return (facts_eval(f, e, view) & (truth ? FACTS_TRUE : FACTS_FALSE)) != 0;
}

#define FACTS_WAYS_MAX 8

int facts_ways(const struct expr *e, bool truth)
{
    struct facts_only only = { MENU_NONE, 0 };
    int ways = 0;

    for (; e->op == EXPR_OP_NOT; e = e->first)
        truth = !truth;
    expr_reads(e, facts_only, &only);
    if (e->op != (truth ? EXPR_OP_OR : EXPR_OP_AND) || only.count == 1)
        return 1;
    for (const struct expr *o = e->first; o != NULL; o = o->next)
        ways++;
    return ways <= FACTS_WAYS_MAX ? ways : 1;
}

bool facts_assume_way(const struct facts *f, const struct expr *e, bool truth, int way,
                      const struct facts_view *view)
{
    const struct expr *o;

    for (; e->op == EXPR_OP_NOT; e = e->first)
        truth = !truth;
    for (o = e->first; way > 0; o = o->next, way--) {
        if (!facts_assume(f, o, !truth, view))
            return false;
    }
    return facts_assume(f, o, truth, view);
}

/* --- what is set when it holds ------------------------------------------------------------------ */

/* For certain: of two values behind an 'if' only one is. */
static bool facts_reads(const struct expr *e, int var)
{
    if (e->op == EXPR_OP_VAR)
        return e->var == var;
    if (e->op == EXPR_OP_IF)
        return false;
    for (const struct expr *o = e->first; o != NULL; o = o->next) {
        if (facts_reads(o, var))
            return true;
    }
    return false;
}

/* Is var set whenever e is so? */
static bool facts_implies(const struct expr *e, bool truth, int var)
{
    bool all = e->op == (truth ? EXPR_OP_OR : EXPR_OP_AND);

    switch (e->op) {
    case EXPR_OP_LITERAL:
        return false;
    case EXPR_OP_VAR:
        return truth && e->var == var;
    case EXPR_OP_OR:
    case EXPR_OP_AND:
        for (const struct expr *o = e->first; o != NULL; o = o->next) {
            if (facts_implies(o, truth, var) != all)
                return !all;
        }
        return all;
    case EXPR_OP_NOT:
        return facts_implies(e->first, !truth, var);
    case EXPR_OP_NE:
        return !truth && facts_reads(e, var);
    case EXPR_OP_EQ:
    case EXPR_OP_LT:
    case EXPR_OP_LE:
    case EXPR_OP_GT:
    case EXPR_OP_GE:
        return truth && facts_reads(e, var);
    case EXPR_OP_IN:                    /* of the list any one */
        return truth && facts_reads(e->first, var);
    case EXPR_OP_SUM:
    case EXPR_OP_PRODUCT:
    case EXPR_OP_IF:
    case EXPR_OPS:
        break;
    }
    return false;
}

struct facts_list {
    int vars[FACTS_READS_MAX];
    int count;
};

static void facts_list(void *arg, int var)
{
    struct facts_list *l = arg;

    if (l->count < FACTS_READS_MAX)
        l->vars[l->count] = var;
    l->count++;
}

void facts_implied(const struct expr *e, bool truth, void (*fn)(void *arg, int var), void *arg)
{
    struct facts_list list = { .count = 0 };

    expr_reads(e, facts_list, &list);
    for (int i = 0; list.count <= FACTS_READS_MAX && i < list.count; i++) {
        if (facts_implies(e, truth, list.vars[i]))
            fn(arg, list.vars[i]);
    }
}

/* --- reading ------------------------------------------------------------------------------------- */

/* Each value is read only where the condition says so. */
static void facts_read_if(const struct expr *e, bool tested, const struct facts_reader *r)
{
    const struct expr *value = e->first->next;

    facts_read(e->first, true, r);
    for (int truth = 1; truth >= 0; truth--, value = value->next) {
        r->save(r->arg);
        r->assume(r->arg, e->first, truth != 0);
        facts_read(value, tested, r);
        r->back(r->arg);
    }
}

void facts_read(const struct expr *e, bool tested, const struct facts_reader *r)
{
    bool joins = e->op == EXPR_OP_AND || e->op == EXPR_OP_OR;
    bool counts = e->op == EXPR_OP_SUM || e->op == EXPR_OP_PRODUCT;

    if (e->op == EXPR_OP_IF) {
        facts_read_if(e, tested, r);
        return;
    }
    if (e->op == EXPR_OP_VAR)
        r->read(r->arg, e->var, (struct menu_place){ e->source, e->at }, tested);
    if (joins)
        r->save(r->arg);
    for (const struct expr *o = e->first; o != NULL; o = o->next) {
        facts_read(o, tested || !counts, r);
        if (joins && o->next != NULL)
            r->assume(r->arg, o, e->op == EXPR_OP_AND);
    }
    if (joins)
        r->back(r->arg);
}
