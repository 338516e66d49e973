#include "engine/draft.h"

#include <stddef.h>

#define DRAFT_ANSWERS 3

/* An option answers by what it sets: those of a choice do (parse_choose.c). */
static bool draft_sets(const struct menu_screen *s, int var)
{
    if (s->input.var != MENU_NONE && (var == MENU_NONE || s->input.var == var))
        return true;
    for (int i = 0; i < s->option_count; i++)
        for (int k = 0; k < s->options[i].set_count; k++)
            if (var == MENU_NONE || s->options[i].sets[k].var == var)
                return true;
    return false;
}

/* Each question once, however often she answered it. */
static int draft_answers(const struct session *s)
{
    struct session_value v;
    size_t at = 0;
    int count = 0;

    while (session_next_value(s, &at, &v)) {
        bool asked = false;

        for (int i = 0; i < s->menu->screen_count && !asked; i++)
            asked = draft_sets(&s->menu->screens[i], v.var);
        count += asked;
    }
    return count;
}

static bool draft_submits(const struct menu *m, int screen)
{
    const struct menu_screen *s = &m->screens[screen];

    for (int i = 0; i < s->action_count; i++)
        if (s->actions[i].kind == MENU_SUBMIT)
            return true;
    return false;
}

struct draft_look {
    const struct menu *m;
    bool submits;
};

static void draft_look(void *arg, int to)
{
    struct draft_look *look = arg;

    look->submits = look->submits || draft_submits(look->m, to);
}

bool draft_is_left(const struct session *s)
{
    const struct menu_screen *screen;
    struct draft_look look = { s->menu, false };

    if (s->menu == NULL || s->shared || s->screen == MENU_NONE || s->mode == SESSION_ENDED || s->opened || s->turn == 0)
        return false;
    screen = &s->menu->screens[s->screen];
    if (screen->secret || screen->text == NULL)
        return false;
    menu_exits(screen, draft_look, &look);
    return (draft_sets(screen, MENU_NONE) || look.submits) && draft_answers(s) >= DRAFT_ANSWERS;
}
