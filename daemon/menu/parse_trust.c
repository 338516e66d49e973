#include "menu/parse.h"

/*
 * What makes a thing done on another's behalf be trusted: the audit.
 */

/* --- audit ---------------------------------------------------------------------------------- */

static void parse_told(struct parse *p, const struct yaml_node *map, struct menu_action *a)
{
    struct menu_told *told = arena_alloc(p->arena, ((size_t)map->count + 1) * sizeof *told);

    for (int i = 0; i < map->count; i++) {
        const struct yaml_node *key = yaml_key(map, i), *value = parse_entry(p, map, i);

        if (!keys_is_name(key->text, key->len))
            issue_add(p->issues, ISSUE_BAD_NAME, key->pos, "'%s': letters, digits and _, first a letter", key->text);
        if (value == NULL)
            continue;
        told[a->told_count].name = key->text;
        told[a->told_count].pos = key->pos;
        (void)parse_expr(p, value, &told[a->told_count++].value);
    }
    a->told = told;
}

void parse_audit_action(struct parse *p, const struct parse_file *file, const struct keys_got *got,
                        struct menu_action *a)
{
    struct keys_got audit;

    (void)file;
    a->kind = MENU_AUDIT;
    a->event = "";
    if (got->at[ACTION_AUDIT] == NULL || !keys_read(got->at[ACTION_AUDIT], KEYS_AUDIT, &audit, p->issues))
        return;
    if (audit.at[AUDIT_EVENT] != NULL) {
        const struct yaml_node *event = audit.at[AUDIT_EVENT];

        a->event = event->text;
        if (!keys_is_name(event->text, event->len))
            issue_add(p->issues, ISSUE_BAD_NAME, event->pos, "event '%s': letters, digits and _, first a letter",
                      event->text);
    }
    if (audit.at[AUDIT_WITH] != NULL)
        parse_told(p, audit.at[AUDIT_WITH], a);
}
