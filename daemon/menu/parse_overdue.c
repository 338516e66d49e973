/* parse_overdue.c - what happens when a promised answer is not there in time. */
#include "menu/parse.h"

#include <string.h>

#define OVERDUE_MAX 16                  /* steps of one service */
#define OVERDUE_NOTE_MAX 480            /* octets of a note in the history: CASEFILE_NOTE_MAX */

static bool overdue_has_promise(const struct menu_service *s)
{
    bool any = s->within_days > 0;

    for (int i = 0; i < s->state_count; i++)
        any |= s->states[i].within.days > 0;
    return any;
}

/* The history keeps it as a note, which is bounded. */
static void overdue_check_note(struct parse *p, const struct yaml_node *node)
{
    size_t longest = node->kind == YAML_IS_MAP ? 0 : node->len;

    for (int i = 0; node->kind == YAML_IS_MAP && i < node->count; i++)
        longest = yaml_value(node, i)->len > longest ? yaml_value(node, i)->len : longest;
    if (longest > OVERDUE_NOTE_MAX)
        issue_add(p->issues, ISSUE_SIZE, node->pos, "the text of an overdue step has at most %d octets", OVERDUE_NOTE_MAX);
}

static void overdue_step(struct parse *p, const struct yaml_node *map, const struct menu_overdue *before,
                         struct menu_overdue *o)
{
    struct keys_got got;

    *o = (struct menu_overdue){ .pos = map->pos, .to = "", .sms = MENU_NONE };
    if (!keys_read(map, KEYS_OVERDUE, &got, p->issues))
        return;
    if (got.at[OVERDUE_AFTER] != NULL)
        o->after = (int)keys_whole(got.at[OVERDUE_AFTER]);
    if (before != NULL && o->after < before->after)
        issue_add(p->issues, ISSUE_OVERDUE, map->pos, "a step after %d days stands behind one after %d", o->after,
                  before->after);
    if (got.at[OVERDUE_TO] != NULL && keys_is_name(got.at[OVERDUE_TO]->text, got.at[OVERDUE_TO]->len))
        o->to = got.at[OVERDUE_TO]->text;
    else if (got.at[OVERDUE_TO] != NULL)
        issue_add(p->issues, ISSUE_BAD_NAME, got.at[OVERDUE_TO]->pos, "office '%s': letters, digits and _, first a letter",
                  got.at[OVERDUE_TO]->text);
    if (got.at[OVERDUE_SMS] != NULL)
        o->sms = parse_find(p, FILE_SMS, got.at[OVERDUE_SMS]);
    if (got.at[OVERDUE_TEXT] != NULL)
        overdue_check_note(p, got.at[OVERDUE_TEXT]);
    o->text = parse_text(p, got.at[OVERDUE_TEXT], &(struct parse_text_args){ .constant = true });
}

void parse_overdue(struct parse *p, const struct yaml_node *list, struct menu_service *s)
{
    struct menu_overdue *steps = arena_alloc(p->arena, ((size_t)list->count + 1) * sizeof *steps);

    if (!overdue_has_promise(s))
        issue_add(p->issues, ISSUE_OVERDUE, list->pos,
                  "service '%s' promises no time, so nothing is overdue: 'within' says the days", s->name);
    if (list->count == 0 || list->count > OVERDUE_MAX) {
        issue_add(p->issues, ISSUE_SIZE, list->pos, "'overdue' has 1 to %d steps", OVERDUE_MAX);
        return;
    }
    for (int i = 0; i < list->count; i++)
        overdue_step(p, list->items[i], i > 0 ? &steps[i - 1] : NULL, &steps[i]);
    s->overdue = steps;
    s->overdue_count = list->count;
}
