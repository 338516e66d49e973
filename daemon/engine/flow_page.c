#include "engine/flow_step.h"

#include <stdio.h>
#include <string.h>

#include "menu/render.h"

/* --- what stands in the title's place ----------------------------------------------------- */

/* An answer that does not fit: the input's own words, else the program's with
 * the example. */
static void flow_add_wrong(struct flow *f, const struct menu_input *input, struct buf *out)
{
    if (input->wrong != NULL) {
        template_print(template_of(input->wrong, f->scope.lang), &f->scope, out);
        return;
    }
    render_word(&f->scope, MENU_WORD_WRONG, NULL, out);
    if (input->type != NULL && input->type->example != NULL) {
        buf_addc(out, '\n');
        buf_adds(out, input->type->example);
    }
}

static void flow_add_tries(struct flow *f, struct buf *out)
{
    char left[16];

    snprintf(left, sizeof left, "%d", f->s->menu->tries - f->s->tries);
    buf_addc(out, '\n');
    render_word(&f->scope, MENU_WORD_TRIES, left, out);
}

/* A screen that asks for nothing is shown again as it is. */
static const char *flow_error(struct flow *f, const struct menu_screen *screen)
{
    struct buf *out = &f->out->text;
    bool input = screen->input.var != MENU_NONE;

    buf_clear(out);
    if (f->s->remark == SESSION_PLAIN || f->s->remark == SESSION_NO_CODE ||
        (!input && screen->option_count == 0 && screen->list.query == MENU_NONE))
        return NULL;
    if (!input)
        render_word(&f->scope, MENU_WORD_CHOOSE, NULL, out);
    else if (f->s->remark == SESSION_COPIED)
        render_word(&f->scope, MENU_WORD_COPIED, NULL, out);
    else
        flow_add_wrong(f, &screen->input, out);
    flow_add_tries(f, out);
    return buf_str(out);
}

static const char *flow_notice(struct flow *f)
{
    struct buf *out = &f->out->text;

    if (f->s->remark != SESSION_NO_CODE)
        return NULL;
    buf_clear(out);
    render_word(&f->scope, MENU_WORD_NO_CODE, NULL, out);
    return buf_str(out);
}

/* --- pages ---------------------------------------------------------------------------------- */

/* She has reached an end: what she said is not needed any more. */
static void flow_end(struct session *s)
{
    s->mode = SESSION_ENDED;
    s->unseen = s->opened;
    s->ended = s->at;
    session_unset_all(s);
}

/* "*333#" for the dialogue of 333. */
static const char *flow_dialled_code(const struct session *s)
{
    const struct menu *m = s->menu;

    for (int i = 0; i < m->code_count; i++)
        if (strlen(m->codes[i]) == strlen(s->code) + 2 && strncmp(m->codes[i] + 1, s->code, strlen(s->code)) == 0)
            return m->codes[i];
    return m->codes[0];
}

/* What is secret is not asked by text message: it would stay in the handset and at the telco. */
static void flow_refuse_secret(struct flow *f)
{
    struct session *s = f->s;
    const char *code = flow_dialled_code(s);
    struct buf *out = &s->reply;

    buf_clear(out);
    if (s->menu->words[MENU_WORD_DIAL] != NULL)
        render_word(&f->scope, MENU_WORD_DIAL, code, out);
    else if (strcmp(s->menu->langs[f->scope.lang].id, "bn") == 0)
        buf_addf(out, "গোপন কথা এসএমএসে লিখবেন না। ডায়াল করুন %s", code);
    else
        buf_addf(out, "What is secret does not belong into a text message. Please dial %s", code);
    s->reply_end = true;
    s->page = 0;
    flow_end(s);
}

bool flow_show(struct flow *f, int page)
{
    struct session *s = f->s;
    const struct menu_screen *screen = &s->menu->screens[s->screen];
    struct render_args args = {
        .scope = &f->scope,
        .screen = screen,
        .limits = f->env->limits,
        .page = page,
        .at_start = s->depth == 0,
        .error = flow_error(f, screen),
        .notice = flow_notice(f),
    };
    struct render_page shown;

    if (f->env->limits->texts && screen->secret) {
        flow_refuse_secret(f);
        return true;
    }
    if (screen->list.query != MENU_NONE)
        args.list_rows = session_get(s, screen->list.rows, &args.list_rows_len);
    flow_came_by(f, screen);
    buf_clear(&s->reply);
    render_page(&args, &s->reply, &shown);
    s->page = shown.page;
    s->mode = SESSION_AT_SCREEN;
    s->reply_end = screen->end && !shown.more;
    if (s->reply_end)
        flow_end(s);
    return shown.page == page;
}

void flow_say(struct flow *f, enum menu_word word, bool end)
{
    struct session *s = f->s;

    buf_clear(&s->reply);
    render_word(&f->scope, word, s->menu->helpline, &s->reply);
    s->reply_end = end;
}

void flow_say_resume(struct flow *f, bool again)
{
    struct session *s = f->s;

    s->mode = SESSION_ASKS_RESUME;
    flow_say(f, again ? MENU_WORD_CHOOSE : MENU_WORD_CONTINUE, false);
    buf_adds(&s->reply, "\n1 ");
    render_word(&f->scope, MENU_WORD_YES, NULL, &s->reply);
    buf_adds(&s->reply, "\n2 ");
    render_word(&f->scope, MENU_WORD_NEW, NULL, &s->reply);
}
