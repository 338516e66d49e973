#include "menu/parse.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "menu/calls.h"

/* --- the two actions --------------------------------------------------------------------- */

void parse_call_action(struct parse *p, const struct parse_file *file, const struct keys_got *got,
                       struct menu_action *a)
{
    struct keys_got call;

    a->kind = MENU_CALL;
    if (got->at[ACTION_CALL] == NULL || !parse_keys(p, got->at[ACTION_CALL], KEYS_CALL, PARSE_BIT(CALL_INTO), &call))
        return;
    if (call.at[CALL_TO] != NULL)
        a->call = parse_screen_find(p, file, call.at[CALL_TO], "call");
    if (call.at[CALL_INTO] == NULL)
        return;
    a->var = parse_var(p, call.at[CALL_INTO]->text, call.at[CALL_INTO]->pos, NULL);
    /* where the returns are is not known: nor the type that they give */
    if (a->var != MENU_NONE && a->call == MENU_NONE && p->vars[a->var].var.type == NULL)
        parse_var_broken(p, a->var);
}

void parse_return_action(struct parse *p, const struct parse_file *file, const struct keys_got *got,
                         struct menu_action *a)
{
    const struct yaml_node *value = got->at[ACTION_RETURN];
    struct parse_return *r;

    (void)file;
    a->kind = MENU_RETURN;
    if (p->return_count == p->return_cap) {
        p->return_cap = p->return_cap > 0 ? p->return_cap * 2 : 16;
        p->returns = xrealloc(p->returns, (size_t)p->return_cap * sizeof *p->returns);
    }
    r = &p->returns[p->return_count++];
    *r = (struct parse_return){ .action = a, .job = MENU_NONE };
    if (value == NULL || (value->len == 0 && value->style == YAML_IS_PLAIN))
        return;
    r->node = value;
    r->job = p->job_count;
    (void)parse_expr(p, value, &a->value);
}

/* --- what they give to each other ---------------------------------------------------------- */

#define PARSE_JOIN_COST 50              /* visits that one more job counts as */
#define PARSE_NEVER (MENU_NONE - 1)     /* no variable, and not the lack of one */

/* The returns of one called dialogue, for the variable of one call. */
struct parse_join {
    struct parse *p;
    struct calls calls;
    const int *return_of;               /* by screen: index of its return, or MENU_NONE */
    const struct menu_action *call;
    int returns;                        /* seen in it */
    bool broken;                        /* one of its screens has an error: there may be more */
    bool *told;                         /* by screen: that it never returns */
    int *answered;                      /* by screen: it returned to a call for this variable; PARSE_NEVER */
};

/* Returns were read in the order of their screens. */
static int *parse_returns_by_screen(const struct parse *p)
{
    const struct menu *m = p->menu;
    int *of = xcalloc((size_t)m->screen_count + 1, sizeof *of);

    for (int i = 0, k = 0; i < m->screen_count; i++) {
        const struct menu_screen *s = &m->screens[i];

        of[i] = MENU_NONE;
        for (int j = 0; j < s->action_count; j++) {
            if (s->actions[j].kind == MENU_RETURN)
                of[i] = k++;
        }
    }
    return of;
}

/* The value of one return goes into one more variable. */
static void parse_join_value(struct parse_join *j, const struct parse_return *r)
{
    struct parse *p = j->p;
    int var = j->call->var;

    if (r->node == NULL) {
        issue_add(p->issues, ISSUE_CALL_VALUE, r->action->pos, "the call at %s:%d wants a value for '%s'",
                  j->call->pos.file, j->call->pos.line, p->vars[var].var.name);
        parse_var_broken(p, var);
    } else if (p->jobs[r->job].var == MENU_NONE) {
        p->jobs[r->job].var = var;
    } else if (p->jobs[r->job].var != var) {
        parse_expr(p, r->node, arena_alloc(p->arena, sizeof(struct expr *)))->var = var;
        j->calls.left -= PARSE_JOIN_COST;
    }
}

static void parse_join(void *arg, const struct menu_screen *s)
{
    struct parse_join *j = arg;
    int at = j->return_of[s - j->p->menu->screens];

    j->broken |= j->p->spoilt[s - j->p->menu->screens];
    if (at == MENU_NONE)
        return;
    j->returns++;
    if (j->call->var == MENU_NONE)
        return;
    if (j->p->returns[at].node == NULL && j->p->spoilt[s - j->p->menu->screens])
        parse_var_broken(j->p, j->call->var);
    else
        parse_join_value(j, &j->p->returns[at]);
}

static bool parse_join_call(struct parse_join *j, const struct menu_action *call)
{
    struct parse *p = j->p;

    if (j->answered[call->call] == call->var)
        return true;                    /* the same again, as of thousands of calls of one dialogue */
    j->call = call;
    j->returns = 0;
    j->broken = false;
    if (!calls_walk(&j->calls, call->call, parse_join, j)) {
        issue_add(p->issues, ISSUE_CALLS_SIZE, call->pos, "the calls of the tree reach too many screens: let called "
                                                          "dialogues return instead of going on to others");
        return false;
    }
    if (j->returns > 0) {
        j->answered[call->call] = call->var;
        return true;
    }
    if (!j->broken && !j->told[call->call])
        issue_add(p->issues, ISSUE_NO_RETURN, call->pos,
                  "no way from screen '%s' comes to a 'return'; if none is meant to, use 'goto'",
                  p->menu->screens[call->call].name);
    j->told[call->call] = true;
    if (call->var != MENU_NONE)
        parse_var_broken(p, call->var);
    return true;
}

static bool parse_join_screen(struct parse_join *j, const struct menu_screen *s)
{
    for (int i = 0; i < s->action_count; i++) {
        const struct menu_action *a = &s->actions[i];

        if (a->kind == MENU_CALL && a->call != MENU_NONE && !parse_join_call(j, a))
            return false;
    }
    return true;
}

/* The start screen, which is read later; without a word if it is none. */
static int parse_start_of(const struct parse *p)
{
    const struct yaml_node *start = p->root->got.at[ROOT_START];

    return start != NULL ? names_find(p->defs[FILE_SCREENS].names, start->text, start->len) : MENU_NONE;
}

void parse_calls(struct parse *p)
{
    const struct menu *m = p->menu;
    int *return_of = parse_returns_by_screen(p);
    bool *told = xcalloc((size_t)m->screen_count + 1, sizeof *told);
    int *answered = xcalloc((size_t)m->screen_count + 1, sizeof *answered);
    struct parse_join j = { .p = p, .return_of = return_of, .told = told, .answered = answered };

    for (int i = 0; i < m->screen_count; i++)
        answered[i] = PARSE_NEVER;
    calls_init(&j.calls, m->screens, m->screen_count, parse_start_of(p));
    for (int i = 0; i < m->screen_count; i++) {
        if (!parse_join_screen(&j, &m->screens[i]))
            break;
    }
    calls_fini(&j.calls);
    free(return_of);
    free(told);
    free(answered);
}
