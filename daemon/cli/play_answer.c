#include "cli/play_answer.h"

#include <string.h>

#include "base/buf.h"
#include "menu/issue.h"
#include "menu/yaml.h"

#define ANSWER_ROWS_MAX 1000

/* One that is being read. */
struct answer {
    const struct menu *menu;
    const struct play_script *script;
    const struct play_step *step;
    struct play_answer *out;
    const char **cells;
    bool good;
};

static int answer_query(const struct menu *m, const char *name, size_t n)
{
    for (int i = 0; i < m->query_count; i++)
        if (strlen(m->queries[i].name) == n && memcmp(m->queries[i].name, name, n) == 0)
            return i;
    return MENU_NONE;
}

static int answer_field(const struct menu_record *record, const char *name)
{
    for (int i = 0; i < record->field_count; i++)
        if (strcmp(record->fields[i].name, name) == 0)
            return i;
    return MENU_NONE;
}

/* The rows in YAML's flow style; NULL and said when they are not. */
static const struct yaml_node *answer_yaml(struct answer *a, const char *text)
{
    struct yaml_file file = { a->script->file, text, strlen(text) };
    struct yaml_budget budget = { 10000 };
    const struct yaml_node *node;
    struct menu_issues issues;

    issues_init(&issues);
    node = yaml_read(a->script->arena, &file, &budget, &issues);
    if (issues.count > 0) {
        play_script_error(a->script, a->step->line, "%s", issues.list[0].text);
        node = NULL;
    } else if (node == NULL || node->kind == YAML_IS_SCALAR) {
        play_script_error(a->script, a->step->line, "rows look like {field: value, ...}, or [{...}, {...}]");
        node = NULL;
    }
    menu_issues_free(&issues);
    return node;
}

static bool answer_is_null(const struct yaml_node *n)
{
    return n->style == YAML_IS_PLAIN && (yaml_is(n, "null") || yaml_is(n, "~"));
}

static void answer_row(struct answer *a, const struct yaml_node *map, int row)
{
    const struct menu_record *record = a->menu->queries[a->out->query].returns;

    if (map->kind != YAML_IS_MAP) {
        play_script_error(a->script, a->step->line, "a row looks like {field: value, ...}");
        a->good = false;
        return;
    }
    for (int i = 0; i < map->count; i++) {
        const struct yaml_node *key = yaml_key(map, i);
        const struct yaml_node *value = yaml_value(map, i);
        int field = answer_field(record, key->text);

        if (field == MENU_NONE || value->kind != YAML_IS_SCALAR) {
            play_script_error(a->script, a->step->line,
                              field == MENU_NONE ? "'%s' is no field of record '%s'" : "'%s' of '%s' is not one value",
                              key->text, record->name);
            a->good = false;
        } else if (!answer_is_null(value)) {
            a->cells[row * record->field_count + field] = value->text;
        }
    }
}

static void answer_rows(struct answer *a, const struct yaml_node *node)
{
    const struct menu_query *q = &a->menu->queries[a->out->query];
    int count = node->kind == YAML_IS_LIST ? node->count : 1;
    size_t cells = (size_t)count * (size_t)q->returns->field_count;

    if (count > ANSWER_ROWS_MAX || (count > 1 && !q->list)) {
        play_script_error(a->script, a->step->line, count > ANSWER_ROWS_MAX ? "too many rows for '%s'"
                                                                            : "'%s' returns one row", q->name);
        a->good = false;
        return;
    }
    a->cells = arena_alloc(a->script->arena, (cells + 1) * sizeof(char *));
    for (int i = 0; i < count; i++)
        answer_row(a, node->kind == YAML_IS_LIST ? node->items[i] : node, i);
    a->out->cells = a->cells;
    a->out->count = count;
}

/* --- hooks ------------------------------------------------------------------------------- */

/* The next hook of the menus that asks "BACKEND/path"; *screen and *action from 0. */
static const struct menu_action *answer_hook(const struct menu *m, const char *name, size_t n, int *screen,
                                             int *action)
{
    for (; *screen < m->screen_count; (*screen)++, *action = 0) {
        while (*action < m->screens[*screen].action_count) {
            const struct menu_action *a = &m->screens[*screen].actions[(*action)++];
            const char *backend = a->kind == MENU_HOOK ? m->backends[a->backend].name : "";
            size_t len = strlen(backend);

            if (a->kind == MENU_HOOK && len < n && memcmp(backend, name, len) == 0 && strlen(a->path) == n - len &&
                memcmp(a->path, name + len, n - len) == 0)
                return a;
        }
    }
    return NULL;
}

static bool answer_hook_has(const struct menu *m, const char *name, size_t n, const char *field)
{
    const struct menu_action *a;
    int screen = 0, action = 0;

    while ((a = answer_hook(m, name, n, &screen, &action)) != NULL)
        if (a->returns != NULL && answer_field(a->returns, field) != MENU_NONE)
            return true;
    return false;
}

static bool answer_members(struct answer *a, const char *name, size_t n, const struct yaml_node *map)
{
    if (map->kind != YAML_IS_MAP) {
        play_script_error(a->script, a->step->line, "a hook is answered by {field: value, ...}, none or fail");
        return false;
    }
    for (int i = 0; i < map->count; i++) {
        const char *field = yaml_key(map, i)->text;
        bool known = answer_hook_has(a->menu, name, n, field);

        if (known && yaml_value(map, i)->kind == YAML_IS_SCALAR)
            continue;
        play_script_error(a->script, a->step->line,
                          known ? "'%s' of '%.*s' is not one value" : "'%s' is no field of what hook '%.*s' returns",
                          field, (int)n, name);
        a->good = false;
    }
    a->out->members = map;
    a->out->count = map->count > 0;
    return a->good;
}

/* text: "BACKEND/path {...}" */
static bool answer_read_hook(struct answer *a, const char *text)
{
    size_t n = strcspn(text, " \n");
    const char *rest = text + n + strspn(text + n, " \n");
    const struct yaml_node *node;
    int screen = 0, action = 0;

    a->out->hook = answer_hook(a->menu, text, n, &screen, &action);
    if (a->out->hook == NULL) {
        play_script_error(a->script, a->step->line, "no screen asks hook '%.*s' (BACKEND/path)", (int)n, text);
        return false;
    }
    if (strcmp(rest, "none") == 0 || strcmp(rest, "fail") == 0 || strcmp(rest, "often") == 0) {
        a->out->count = strcmp(rest, "fail") == 0 ? -1 : strcmp(rest, "often") == 0 ? PLAY_ANSWER_OFTEN : 0;
        return true;
    }
    node = answer_yaml(a, rest);
    return node != NULL && answer_members(a, text, n, node);
}

const char *play_answer_member(const struct yaml_node *members, const char *name)
{
    for (int i = 0; members != NULL && i < members->count; i++)
        if (yaml_is(yaml_key(members, i), name) && !answer_is_null(yaml_value(members, i)))
            return yaml_value(members, i)->text;
    return NULL;
}

bool play_answer_read(const struct menu *m, const struct play_script *script, const struct play_step *step,
                      struct play_answer *out)
{
    struct answer a = { .menu = m, .script = script, .step = step, .out = out, .good = true };
    const char *text = step->text;
    size_t name = strcspn(text, " \n");
    const struct yaml_node *node;

    *out = (struct play_answer){ .query = answer_query(m, text, name) };
    if (out->query == MENU_NONE && name == strlen("hook") && strncmp(text, "hook", name) == 0)
        return answer_read_hook(&a, text + name + strspn(text + name, " \n"));
    if (out->query == MENU_NONE) {
        play_script_error(script, step->line, "the menus have no query '%.*s'", (int)name, text);
        return false;
    }
    text += name;
    text += strspn(text, " \n");
    if (strcmp(text, "none") == 0)
        return true;
    if (strcmp(text, "often") == 0 && m->queries[out->query].people) {
        out->count = PLAY_ANSWER_OFTEN;
        return true;
    }
    if (strcmp(text, "fail") == 0) {
        out->count = -1;
        return true;
    }
    node = answer_yaml(&a, text);
    if (node == NULL)
        return false;
    answer_rows(&a, node);
    return a.good;
}
