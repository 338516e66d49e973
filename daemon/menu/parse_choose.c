#include "menu/parse.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "menu/render.h"

/*
 * Inputs whose answer is chosen, and options beside an input.
 *
 * An input of a choice offers its codes as options: that is done here, so that
 * nothing behind the parser knows of it.  Beside any other input an option's
 * number must not be an answer as well.
 */

/* One code as an option: as if the operator had written it. */
static void parse_code_option(struct parse *p, const struct menu_screen *s, const struct menu_choice *code, int number,
                              struct menu_option *o)
{
    struct yaml_node *value = arena_alloc(p->arena, sizeof *value);
    struct menu_set *set = arena_alloc(p->arena, sizeof *set);

    value->kind = YAML_IS_SCALAR;
    value->pos = s->input.pos;
    value->text = code->code;
    value->len = strlen(code->code);
    set->var = s->input.var;
    parse_expr(p, value, &set->value)->var = s->input.var;
    *o = (struct menu_option){ .number = number, .pos = s->input.pos, .text = code->name, .sets = set, .set_count = 1,
                               .go = s->go };
}

/* The numbers are those of rows of a list: 1, 2, 3 ... without the keys. */
static void parse_offer_codes(struct parse *p, struct menu_screen *s)
{
    const struct menu_type *t = s->input.type;
    int count = t->choice_count + s->option_count;
    struct menu_option *options;

    if (count > RENDER_OPTIONS_MAX) {
        issue_add(p->issues, ISSUE_SIZE, s->input.pos, "%d codes and options; a screen has at most %d", count,
                  RENDER_OPTIONS_MAX);
        return;
    }
    options = arena_alloc(p->arena, ((size_t)count + 1) * sizeof *options);
    for (int i = 0; i < t->choice_count; i++)
        parse_code_option(p, s, &t->choices[i], render_row_number(p->menu, i), &options[i]);
    for (int i = 0; i < s->option_count; i++) {
        options[t->choice_count + i] = s->options[i];
        for (int k = 0; k < t->choice_count; k++) {
            if (options[k].number == s->options[i].number)
                issue_add(p->issues, ISSUE_OPTION_ANSWER, s->options[i].pos, "option %d is already the number of '%s'",
                          s->options[i].number, t->choices[k].code);
        }
    }
    s->options = options;
    s->option_count = count;
    s->go = (struct menu_gotos){ NULL, 0 };
    s->input = (struct menu_input){ .var = MENU_NONE };
}

/* Words are not numbers, even where they could be. */
static bool parse_takes_numbers(const struct menu_type *t)
{
    return t->kind != MENU_TYPE_TEXT && t->kind != MENU_TYPE_WORD &&
           (t->kind != MENU_TYPE_PATTERN || t->regex != NULL);
}

static void parse_beside(struct parse *p, const struct menu_screen *s)
{
    struct buf value;

    buf_init(&value, 4096);
    for (int i = 0; i < s->option_count; i++) {
        char number[16];
        int n = snprintf(number, sizeof number, "%d", s->options[i].number);

        buf_clear(&value);
        if (parse_takes_numbers(s->input.type) && menu_type_accept(s->input.type, number, (size_t)n, 0, &value))
            issue_add(p->issues, ISSUE_OPTION_ANSWER, s->options[i].pos,
                      "option %s is also an answer to the input, which takes %s", number, s->input.type->name);
    }
    buf_fini(&value);
}

void parse_chosen(struct parse *p)
{
    for (int i = 0; i < p->menu->screen_count; i++) {
        struct menu_screen *s = &p->screens[i];
        const struct menu_type *t = s->input.type;

        if (s->input.var == MENU_NONE || t == NULL)
            continue;
        if (t->kind != MENU_TYPE_CHOICE) {
            parse_beside(p, s);
            continue;
        }
        if (s->input.wrong != NULL || s->input.has_when)
            issue_add(p->issues, ISSUE_SCREEN, s->input.pos,
                      "the codes of '%s' are offered as options: there is no 'wrong' or 'when' for them", t->name);
        parse_offer_codes(p, s);
    }
}
