#include "engine/flow_step.h"

#include <string.h>

#include "base/log.h"

/* --- the mark ----------------------------------------------------------------------- */

void flow_mark(struct flow *f)
{
    const struct session *s = f->s;
    struct flow_mark *mark = &f->out->mark;

    buf_clear(&mark->values);
    buf_add(&mark->values, s->values.packed.data, s->values.packed.len);
    mark->screen = s->screen;
    mark->depth = s->depth;
    memcpy(mark->frames, s->frames, sizeof mark->frames);
    mark->frame_count = s->frame_count;
    mark->lang = s->lang;
    mark->lang_known = s->lang_known;
    mark->lang_changed = f->out->lang_changed;
    mark->typed = s->typed;
    mark->opened = s->opened;
    mark->case_count = f->out->case_count;
    mark->message_count = f->out->message_count;
    mark->audit_count = f->out->audit_count;
    mark->order_count = f->out->order_count;
}

/*
 * What was done since the mark is undone: no case, no message, no value.  So a
 * step is taken in whole or, when she redials and answers again, once more
 * from the last screen that was reached.
 */
enum flow_result flow_give_up(struct flow *f)
{
    struct session *s = f->s;
    const struct flow_mark *mark = &f->out->mark;

    buf_clear(&s->values.packed);
    buf_add(&s->values.packed, mark->values.data, mark->values.len);
    s->screen = mark->screen;
    s->depth = mark->depth;
    memcpy(s->frames, mark->frames, sizeof s->frames);
    s->frame_count = mark->frame_count;
    s->typed = mark->typed;
    s->opened = mark->opened;
    s->lang_known = mark->lang_known;
    f->out->lang_changed = mark->lang_changed;
    f->out->case_count = mark->case_count;
    f->out->message_count = mark->message_count;
    f->out->audit_count = mark->audit_count;
    f->out->order_count = mark->order_count;
    flow_lang_set(f, mark->lang);
    buf_clear(&s->path);
    flow_say(f, MENU_WORD_BUSY, true);
    return FLOW_REPLY;
}

/* Whatever would have been found, the answer is the same. */
enum flow_result flow_often(struct flow *f)
{
    struct session *s = f->s;

    (void)flow_give_up(f);
    f->out->tape.on = false;            /* it was no answer of the database's */
    if (s->menu->words[MENU_WORD_OFTEN] != NULL) {
        flow_say(f, MENU_WORD_OFTEN, true);
        return FLOW_REPLY;
    }
    buf_clear(&s->reply);
    if (strcmp(s->menu->langs[f->scope.lang].id, "bn") == 0)
        buf_addf(&s->reply, "অনেকবার দেখেছেন। এক ঘণ্টা পরে আবার। সাহায্য %s", s->menu->helpline);
    else
        buf_addf(&s->reply, "You have looked many times. Try again in an hour. Help: %s", s->menu->helpline);
    return FLOW_REPLY;
}

/* --- from screen to screen ------------------------------------------------------------ */

void flow_enter(struct flow *f, int screen)
{
    const struct menu_list *list = &f->s->menu->screens[screen].list;

    f->out->waiting_screen = screen;
    f->out->waiting_action = 0;
    f->out->moves++;
    if (list->query != MENU_NONE)
        session_unset(f->s, list->rows);        /* asked anew each time one comes forward */
    if (screen == f->s->menu->start) {
        f->s->depth = 0;                /* nothing lies behind the start, and nobody called it */
        f->s->frame_count = 0;
        f->s->screen = MENU_NONE;
    }
}

void flow_came_by(const struct flow *f, const void *part)
{
    if (f->env->came_by != NULL)
        f->env->came_by(f->env->came_by_arg, part);
}

void flow_take(struct flow *f, const int *place)
{
    flow_came_by(f, place);
    flow_enter(f, *place);
}

enum flow_pass flow_follow(struct flow *f, const struct menu_gotos *go)
{
    for (int i = 0; i < go->count; i++)
        if (go->list[i].when == NULL || expr_true(go->list[i].when, &f->scope)) {
            flow_take(f, &go->list[i].to);
            return FLOW_ON;
        }
    flow_complain(f, "no_goto", "no condition holds");
    return FLOW_BROKEN;
}

/* citizen.lang is the one of the program's variables that a menu may set. */
static void flow_set_lang(struct flow *f, const char *id)
{
    int lang = menu_lang_find(f->s->menu, id);

    if (lang < 0)
        return;
    flow_lang_set(f, lang);
    f->s->lang_known = true;
    f->out->lang_changed = true;
}

/* What was reckoned may be more than its variable's type knows, and than its
 * pages have room for. */
static bool flow_in_range(const struct flow *f, int var, struct buf *value)
{
    const struct menu_type *t = f->s->menu->vars[var].type;
    struct buf same;
    bool fits;

    if (t->kind != MENU_TYPE_WHOLE)
        return true;
    buf_init(&same, 64);
    fits = menu_type_import(t, buf_str(value), &same);
    buf_fini(&same);
    return fits;
}

bool flow_set(struct flow *f, const struct menu_set *sets, int count)
{
    struct buf *value = &f->out->value;

    for (int i = 0; i < count; i++) {
        bool known;

        buf_clear(value);
        known = expr_value(sets[i].value, &f->scope, value);
        if (sets[i].var == MENU_VAR_LANG)
            flow_set_lang(f, buf_str(value));
        else if (!known)
            session_unset(f->s, sets[i].var);
        else if (!flow_in_range(f, sets[i].var, value)) {
            flow_complain(f, "out_of_range", "set");
            return false;
        } else if (!session_set(f->s, sets[i].var, buf_str(value), value->len)) {
            flow_complain(f, "values_full", "set");
            return false;
        }
    }
    return true;
}

/* The oldest above the bottom goes when the stack is full: the last step back
 * is always to where she began. */
static void flow_push(struct session *s, int screen)
{
    if (s->depth == SESSION_STACK_MAX) {
        memmove(s->stack + 1, s->stack + 2, (SESSION_STACK_MAX - 2) * sizeof s->stack[0]);
        s->depth--;
        for (int i = 0; i < s->frame_count; i++)
            s->frames[i].behind -= s->frames[i].behind > 0;
    }
    s->stack[s->depth++] = screen;
}

/* waiting_screen becomes her screen. */
static void flow_land(struct flow *f)
{
    struct session *s = f->s;
    int to = f->out->waiting_screen;

    if (s->screen != MENU_NONE && s->screen != to)
        flow_push(s, s->screen);
    s->screen = to;
    s->page = 0;
    s->tries = 0;
    s->remark = SESSION_PLAIN;
    flow_mark(f);
}

static bool flow_needs_rows(const struct flow *f, const struct menu_screen *screen)
{
    size_t len;

    return screen->list.query != MENU_NONE && session_get(f->s, screen->list.rows, &len) == NULL;
}

/* At a screen with a text. */
static enum flow_pass flow_arrive(struct flow *f, const struct menu_screen *screen)
{
    if (flow_needs_rows(f, screen)) {
        f->out->waiting_action = FLOW_LIST;
        return flow_ask(f, screen->list.query, screen->list.max);
    }
    flow_land(f);
    if (flow_path_step(f))
        return FLOW_ON;
    (void)flow_show(f, 0);
    return FLOW_SHOWN;
}

enum flow_result flow_run(struct flow *f)
{
    enum flow_pass pass = FLOW_ON;

    while (pass == FLOW_ON) {
        const struct menu_screen *screen = &f->s->menu->screens[f->out->waiting_screen];

        if (f->broken) {
            pass = FLOW_BROKEN;
        } else if (f->out->moves > FLOW_MOVES_MAX) {
            flow_complain(f, "too_many_moves", "the dialogue goes round without a screen");
            pass = FLOW_BROKEN;
        } else {
            pass = screen->text == NULL ? flow_act(f, screen) : flow_arrive(f, screen);
        }
    }
    if (pass == FLOW_BROKEN)
        return flow_give_up(f);
    return pass == FLOW_ASKS ? FLOW_ASK : FLOW_REPLY;
}

enum flow_result flow_again(struct flow *f)
{
    struct session *s = f->s;

    if (flow_needs_rows(f, &s->menu->screens[s->screen])) {
        f->out->waiting_screen = s->screen;
        return flow_run(f);
    }
    (void)flow_show(f, 0);
    return FLOW_REPLY;
}
