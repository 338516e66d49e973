#include "menu/ways.h"

#include <string.h>

#include "menu/template.h"

struct ways {
    const struct menu *m;
    const struct menu_screen *screen;
    ways_step_fn *fn;
    void *arg;
};

/* --- single steps ------------------------------------------------------------------------- */

static void ways_step(const struct ways *w, enum ways_op op)
{
    w->fn(w->arg, &(struct ways_step){ .op = op, .var = MENU_NONE, .index = MENU_NONE });
}

static void ways_var(const struct ways *w, enum ways_op op, int var, const struct expr *value)
{
    if (var != MENU_NONE)
        w->fn(w->arg, &(struct ways_step){ .op = op, .var = var, .expr = value, .index = MENU_NONE });
}

/* The columns of a row. */
static void ways_record(const struct ways *w, enum ways_op op, bool maybe, const int *vars, int count)
{
    for (int i = 0; vars != NULL && i < count; i++) {
        if (vars[i] != MENU_NONE)
            w->fn(w->arg, &(struct ways_step){ .op = op, .var = vars[i], .index = MENU_NONE, .row = vars,
                                               .row_count = count, .maybe = maybe });
    }
}

static void ways_read(const struct ways *w, enum ways_place place, const struct expr *e)
{
    if (e != NULL)
        w->fn(w->arg, &(struct ways_step){ .op = WAYS_READ, .place = place, .expr = e, .var = MENU_NONE,
                                           .index = MENU_NONE });
}

static void ways_read_text(const struct ways *w, const struct menu_text *t)
{
    if (t != NULL)
        w->fn(w->arg, &(struct ways_step){ .op = WAYS_READ, .place = WAYS_IN_TEXT, .text = t, .var = MENU_NONE,
                                           .index = MENU_NONE });
}

static void ways_assume(const struct ways *w, const struct expr *e, bool truth, const struct menu_pos *pos)
{
    if (e != NULL)
        w->fn(w->arg, &(struct ways_step){ .op = WAYS_ASSUME, .expr = e, .truth = truth, .pos = pos, .var = MENU_NONE,
                                           .index = MENU_NONE });
}

static void ways_leave(const struct ways *w, const struct ways_exit *exit)
{
    if (exit->to != MENU_NONE)
        w->fn(w->arg, &(struct ways_step){ .op = WAYS_LEAVE, .var = MENU_NONE, .index = MENU_NONE, .exit = exit });
}

/* --- parts of screens ----------------------------------------------------------------------- */

static void ways_sets(const struct ways *w, const struct menu_set *sets, int count)
{
    for (int i = 0; i < count; i++) {
        if (sets[i].value != NULL)
            w->fn(w->arg, &(struct ways_step){ .op = WAYS_READ, .place = WAYS_IN_VALUE, .expr = sets[i].value,
                                               .var = sets[i].var, .index = MENU_NONE });
        ways_var(w, WAYS_SET, sets[i].var, sets[i].value);
    }
}

/* The first branch whose condition holds is taken, so behind it the condition
 * does not. */
static void ways_gotos(const struct ways *w, const struct menu_gotos *go, struct ways_exit exit)
{
    for (int i = 0; i < go->count; i++) {
        const struct menu_goto *g = &go->list[i];

        exit.to = g->to;
        exit.place = &g->to;
        exit.pos = g->pos;
        exit.branch = i;
        exit.branches = go->count;
        exit.when = g->when;
        ways_read(w, WAYS_IN_WHEN, g->when);
        ways_step(w, WAYS_SAVE);
        ways_assume(w, g->when, true, &g->pos);
        ways_leave(w, &exit);
        ways_step(w, WAYS_BACK);
        ways_assume(w, g->when, false, &g->pos);
    }
}

static void ways_go(const struct ways *w, enum ways_why why)
{
    ways_gotos(w, &w->screen->go, (struct ways_exit){ .why = why, .action = MENU_NONE });
}

/* A way out of a question, on which the values that it was to fill are not set. */
static void ways_aside(const struct ways *w, struct ways_exit exit, enum ways_why why, const int *place,
                       const struct menu_action *unset, int count)
{
    exit.why = why;
    exit.to = *place;
    exit.place = place;
    if (exit.to == MENU_NONE)
        return;
    ways_step(w, WAYS_SAVE);
    ways_record(w, WAYS_UNSET, false, unset != NULL ? unset->into : NULL, count);
    ways_leave(w, &exit);
    ways_step(w, WAYS_BACK);
}

static void ways_args(const struct ways *w, int query, const struct menu_pos *pos)
{
    const struct menu_query *q = &w->m->queries[query];

    for (int i = 0; i < q->arg_count; i++)
        w->fn(w->arg, &(struct ways_step){ .op = WAYS_READ, .place = WAYS_IN_ARGS, .expr = q->args[i], .pos = pos,
                                           .var = MENU_NONE, .index = query });
}

static void ways_message(const struct ways *w, int sms, const struct menu_pos *pos)
{
    if (sms != MENU_NONE)
        w->fn(w->arg, &(struct ways_step){ .op = WAYS_READ, .place = WAYS_IN_SMS, .text = w->m->sms[sms].text,
                                           .pos = pos, .var = MENU_NONE, .index = sms });
}

/* --- actions -------------------------------------------------------------------------------- */

static void ways_query(const struct ways *w, const struct menu_action *a, struct ways_exit exit)
{
    int fields = w->m->queries[a->query].returns->field_count;

    ways_args(w, a->query, &a->pos);
    ways_aside(w, exit, WAYS_FAIL, &a->fail, a, fields);
    ways_aside(w, exit, WAYS_NONE, &a->none, a, fields);
    ways_record(w, a->none != MENU_NONE ? WAYS_SET : WAYS_UNSET, true, a->into, fields);
}

/* What a message tells of the case that has just been opened is there. */
static void ways_on_tells(void *arg, int var)
{
    const struct ways *w = arg;

    if (menu_tells(w->m, var) != NULL)
        ways_var(w, WAYS_SET, var, NULL);
}

/* The message of the first state. */
static void ways_notify(const struct ways *w, const struct menu_notify *n, const struct menu_pos *pos)
{
    const struct menu_text *text = n->sms != MENU_NONE ? w->m->sms[n->sms].text : NULL;
    struct ways told = *w;

    for (int i = 0; text != NULL && i < w->m->lang_count; i++)
        if (text->by_lang[i] != NULL)
            template_reads(text->by_lang[i], ways_on_tells, &told);
    ways_message(w, n->sms, pos);
}

static void ways_submit(const struct ways *w, const struct menu_action *a, struct ways_exit exit)
{
    const struct menu_service *s = &w->m->services[a->service];

    ways_aside(w, exit, WAYS_CLOSED, &a->closed, NULL, 0);
    for (int i = 0; i < a->set_count; i++)
        w->fn(w->arg, &(struct ways_step){ .op = WAYS_READ, .place = WAYS_IN_FIELD, .expr = a->sets[i].value,
                                           .var = a->sets[i].var, .index = a->service });
    ways_var(w, WAYS_SET, a->case_no, NULL);
    for (int i = 0; i < s->notify_count; i++)
        if (strcmp(s->notify[i].state, menu_service_first(s)) == 0)
            ways_notify(w, &s->notify[i], &a->pos);
}

static void ways_waitlist(const struct ways *w, const struct menu_action *a, struct ways_exit exit)
{
    ways_read(w, WAYS_IN_RECEIVER, a->to);
    if (a->at != NULL)
        ways_read(w, WAYS_IN_RECEIVER, a->at);
    ways_aside(w, exit, WAYS_FAIL, &a->fail, NULL, 0);
}

static void ways_sms(const struct ways *w, const struct menu_action *a, struct ways_exit exit)
{
    (void)exit;
    ways_read(w, WAYS_IN_RECEIVER, a->to);
    ways_message(w, a->sms, &a->pos);
}

static void ways_hook(const struct ways *w, const struct menu_action *a, struct ways_exit exit)
{
    int fields = a->returns != NULL ? a->returns->field_count : 0;

    for (int i = 0; i < a->set_count; i++)
        w->fn(w->arg, &(struct ways_step){ .op = WAYS_READ, .place = WAYS_IN_MEMBER, .expr = a->sets[i].value,
                                           .pos = &a->pos, .var = MENU_NONE, .index = a->backend });
    ways_aside(w, exit, WAYS_FAIL, &a->fail, a, fields);
    ways_aside(w, exit, WAYS_NONE, &a->none, a, fields);
    ways_record(w, a->none != MENU_NONE ? WAYS_SET : WAYS_UNSET, true, a->into, fields);
}

static void ways_set(const struct ways *w, const struct menu_action *a, struct ways_exit exit)
{
    (void)exit;
    ways_sets(w, a->sets, a->set_count);
}

/* What the called screens set is theirs to tell; here it is only known that the
 * value is there when they have returned. */
static void ways_call(const struct ways *w, const struct menu_action *a, struct ways_exit exit)
{
    ways_aside(w, exit, WAYS_CALL, &a->call, NULL, 0);
    ways_var(w, WAYS_SET, a->var, NULL);
}

static void ways_return(const struct ways *w, const struct menu_action *a, struct ways_exit exit)
{
    (void)exit;
    ways_read(w, WAYS_IN_VALUE, a->value);
}

static void ways_consent(const struct ways *w, const struct menu_action *a, struct ways_exit exit)
{
    ways_read(w, WAYS_IN_RECEIVER, a->to);
    ways_message(w, a->sms, &a->pos);
    ways_aside(w, exit, WAYS_FAIL, &a->fail, NULL, 0);
}

static void ways_consent_check(const struct ways *w, const struct menu_action *a, struct ways_exit exit)
{
    ways_read(w, WAYS_IN_CODE, a->value);
    ways_aside(w, exit, WAYS_WRONG, &a->wrong, NULL, 0);
    ways_aside(w, exit, WAYS_EXPIRED, &a->expired, NULL, 0);
}

/* Her PIN is checked or set. */
static void ways_pin(const struct ways *w, const struct menu_action *a, struct ways_exit exit)
{
    ways_read(w, WAYS_IN_PIN, a->value);
    ways_read(w, WAYS_IN_PIN, a->of);
    ways_aside(w, exit, WAYS_WRONG, &a->wrong, NULL, 0);
    ways_aside(w, exit, WAYS_NONE, &a->none, NULL, 0);
    ways_aside(w, exit, WAYS_LOCKED, &a->locked, NULL, 0);
    ways_aside(w, exit, WAYS_FAIL, &a->fail, NULL, 0);
}

static void ways_pay(const struct ways *w, const struct menu_action *a, struct ways_exit exit)
{
    ways_read(w, WAYS_IN_PAYMENT, a->pay->by);
    ways_read(w, WAYS_IN_PAYMENT, a->pay->taka);
    ways_read(w, WAYS_IN_PAYMENT, a->pay->about);
    ways_aside(w, exit, WAYS_AGAIN, &a->again, NULL, 0);
    ways_aside(w, exit, WAYS_REFUSED, &a->refused, NULL, 0);
    ways_aside(w, exit, WAYS_LATE, &a->late, NULL, 0);
    ways_aside(w, exit, WAYS_FAIL, &a->fail, NULL, 0);
}

static void ways_audit(const struct ways *w, const struct menu_action *a, struct ways_exit exit)
{
    (void)exit;
    for (int i = 0; i < a->told_count; i++)
        ways_read(w, WAYS_IN_AUDIT, a->told[i].value);
}

static void ways_move(const struct ways *w, const struct menu_action *a, struct ways_exit exit)
{
    ways_read(w, WAYS_IN_NUMBER, a->to);
    ways_read(w, WAYS_IN_NOTE, a->value);
    ways_aside(w, exit, WAYS_FAIL, &a->fail, NULL, 0);
    ways_aside(w, exit, WAYS_NONE, &a->none, NULL, 0);
    ways_aside(w, exit, WAYS_REFUSED, &a->refused, NULL, 0);
}

/* exit: filled with what its ways out have in common. */
static void (*const ways_actions[MENU_ACTIONS])(const struct ways *w, const struct menu_action *a,
                                                struct ways_exit exit) = {
    [MENU_QUERY] = ways_query,
    [MENU_SUBMIT] = ways_submit,
    [MENU_SMS] = ways_sms,
    [MENU_SET] = ways_set,
    [MENU_CALL] = ways_call,
    [MENU_RETURN] = ways_return,
    [MENU_AUDIT] = ways_audit,
    [MENU_CONSENT] = ways_consent,
    [MENU_CONSENT_CHECK] = ways_consent_check,
    [MENU_HOOK] = ways_hook,
    [MENU_PIN_CHECK] = ways_pin,
    [MENU_PIN_SET] = ways_pin,
    [MENU_WAITLIST] = ways_waitlist,
    [MENU_PAY] = ways_pay,
    [MENU_MOVE] = ways_move,
};

static void ways_act(const struct ways *w)
{
    for (int i = 0; i < w->screen->action_count; i++) {
        const struct menu_action *a = &w->screen->actions[i];

        ways_actions[a->kind](w, a, (struct ways_exit){ .pos = a->pos, .action = i, .branches = 1 });
    }
    ways_go(w, WAYS_GOTO);
}

/* --- screens that show --------------------------------------------------------------------------- */

static void ways_options(const struct ways *w)
{
    for (int i = 0; i < w->screen->option_count; i++) {
        const struct menu_option *o = &w->screen->options[i];

        ways_read(w, WAYS_IN_WHEN, o->when);
        ways_step(w, WAYS_SAVE);
        ways_assume(w, o->when, true, &o->pos);
        ways_read_text(w, o->text);
        ways_sets(w, o->sets, o->set_count);
        ways_gotos(w, &o->go, (struct ways_exit){ .why = WAYS_OPTION, .option = o, .action = MENU_NONE });
        ways_step(w, WAYS_BACK);
    }
}

/* Before the page: its rows are asked for. */
static void ways_rows(const struct ways *w)
{
    const struct menu_list *l = &w->screen->list;
    const struct ways_exit exit = { .pos = l->pos, .action = MENU_NONE, .branches = 1 };

    ways_args(w, l->query, &l->pos);
    ways_aside(w, exit, WAYS_FAIL, &l->fail, NULL, 0);
    ways_aside(w, exit, WAYS_EMPTY, &l->empty, NULL, 0);
}

static void ways_list(const struct ways *w)
{
    const struct menu_list *l = &w->screen->list;
    int fields = w->m->queries[l->query].returns->field_count;

    /* each row with its own fields */
    ways_step(w, WAYS_SAVE);
    ways_record(w, WAYS_SET, true, l->into, fields);
    ways_read_text(w, l->option);
    ways_step(w, WAYS_BACK);
    ways_step(w, WAYS_SHOW);
    ways_record(w, WAYS_SET, true, l->into, fields);
    ways_go(w, WAYS_ROW);
}

/* What is typed is there for the condition that it must meet. */
static void ways_input(const struct ways *w)
{
    const struct menu_input *i = &w->screen->input;

    ways_step(w, WAYS_SAVE);
    ways_var(w, WAYS_SET, i->var, NULL);
    ways_read(w, WAYS_IN_WHEN, i->when);
    ways_assume(w, i->when, true, &i->pos);
    ways_go(w, WAYS_ANSWER);
    ways_step(w, WAYS_BACK);
}

static void ways_shown(const struct ways *w)
{
    const struct menu_screen *s = w->screen;

    if (s->list.query != MENU_NONE)
        ways_rows(w);
    ways_read_text(w, s->text);
    ways_read_text(w, s->continued);
    ways_read_text(w, s->input.wrong);
    if (s->list.query != MENU_NONE) {
        ways_list(w);
        return;
    }
    ways_step(w, WAYS_SHOW);
    if (s->input.var != MENU_NONE)
        ways_input(w);
    ways_options(w);
}

void ways_walk(const struct menu *m, int screen, ways_step_fn *fn, void *arg)
{
    const struct ways w = { m, &m->screens[screen], fn, arg };

    if (w.screen->text != NULL)
        ways_shown(&w);
    else
        ways_act(&w);
}

/* --- exits alone ------------------------------------------------------------------------------------ */

struct ways_exits {
    ways_exit_fn *fn;
    void *arg;
};

static void ways_exit_step(void *arg, const struct ways_step *step)
{
    const struct ways_exits *e = arg;

    if (step->op == WAYS_LEAVE)
        e->fn(e->arg, step->exit);
}

void ways_exits(const struct menu *m, int screen, ways_exit_fn *fn, void *arg)
{
    struct ways_exits e = { fn, arg };

    ways_walk(m, screen, ways_exit_step, &e);
}

const char *ways_why_name(enum ways_why why)
{
    static const char *const names[WAYS_WHY_COUNT] = {
#define X(id, text) [WAYS_##id] = text,
        WAYS_WHYS(X)
#undef X
    };

    return names[why];
}

void ways_print(const struct ways_exit *exit, struct buf *out)
{
    buf_adds(out, ways_why_name(exit->why));
    if (exit->option != NULL)
        buf_addf(out, " %d", exit->option->number);
    if (exit->branches > 1)
        buf_addf(out, ", branch %d of %d", exit->branch + 1, exit->branches);
}

static void ways_begin(ways_begin_fn *fn, void *arg, int screen, const char *dialled)
{
    if (screen != MENU_NONE)
        fn(arg, &(struct ways_begin){ .screen = screen, .dialled = dialled });
}

void ways_begins(const struct menu *m, ways_begin_fn *fn, void *arg)
{
    ways_begin(fn, arg, m->start, NULL);
    ways_begin(fn, arg, m->first, NULL);
    ways_begin(fn, arg, m->alert, NULL);
    for (int i = 0; i < m->shortcut_count; i++)
        ways_begin(fn, arg, m->shortcuts[i].to, m->shortcuts[i].path);
    for (int i = 0; i < m->keyword_count; i++) {
        const struct menu_keyword *k = &m->keywords[i];

        if (k->to != MENU_NONE)
            fn(arg, &(struct ways_begin){ .screen = k->to, .word = k->word, .set = k->fills,
                                          .set_count = k->fill_count });
    }
}
