#include "menu/parse.h"

#include <string.h>

#include "base/buf.h"
#include "menu/render.h"

#define PARSE_LIST_ROWS 20              /* offered when the file says nothing */
#define PARSE_NUMBER_MAX 999            /* of an option */
#define PARSE_SETTING (PARSE_BIT(ACTION_SET) | PARSE_BIT(ACTION_INTO) | PARSE_BIT(ACTION_CALL) | PARSE_BIT(SCREEN_DO) | \
                       PARSE_BIT(SCREEN_OPTIONS) | PARSE_BIT(SCREEN_INPUT) | PARSE_BIT(SCREEN_LIST))

/* --- goto --------------------------------------------------------------------------------- */

static void parse_branch(struct parse *p, const struct parse_file *file, const struct yaml_node *entry, bool last,
                         struct menu_goto *go)
{
    struct keys_got got;

    go->to = MENU_NONE;
    go->pos = entry->pos;
    if (!keys_read(entry, KEYS_BRANCH, &got, p->issues))
        return;
    if (got.at[BRANCH_TO] != NULL)
        go->to = parse_screen_find(p, file, got.at[BRANCH_TO], "to");
    if (got.at[BRANCH_WHEN] != NULL)
        parse_expr(p, got.at[BRANCH_WHEN], &go->when)->want = EXPR_BOOL;
    if (last && got.key[BRANCH_WHEN] != NULL)
        issue_add(p->issues, ISSUE_BRANCH, got.key[BRANCH_WHEN]->pos,
                  "the last entry of 'goto' has no 'when': where else would it go?");
    if (!last && got.key[BRANCH_WHEN] == NULL)
        issue_add(p->issues, ISSUE_BRANCH, entry->pos, "only the last entry of 'goto' has no 'when'; those below it "
                                                       "are never taken");
}

void parse_gotos(struct parse *p, const struct parse_file *file, const struct yaml_node *node, struct menu_gotos *out)
{
    struct menu_goto *list;
    int count = node != NULL && node->kind == YAML_IS_LIST ? node->count : 1;

    if (node == NULL)
        return;
    list = arena_alloc(p->arena, ((size_t)count + 1) * sizeof *list);
    if (node->kind == YAML_IS_SCALAR)
        list[0] = (struct menu_goto){ NULL, parse_screen_find(p, file, node, "goto"), node->pos };
    for (int i = 0; node->kind == YAML_IS_LIST && i < count; i++)
        parse_branch(p, file, node->items[i], i == count - 1, &list[i]);
    if (count == 0)
        issue_add(p->issues, ISSUE_BRANCH, node->pos, "'goto' is empty");
    out->list = list;
    out->count = count;
}

/* --- what a screen shows -------------------------------------------------------------------- */

static void parse_option(struct parse *p, const struct parse_file *file, const struct yaml_node *map, int i,
                         struct menu_option *o)
{
    const struct yaml_node *key = yaml_key(map, i);
    struct keys_got got;
    int64_t number = 0;

    o->pos = key->pos;
    o->number = MENU_NONE;
    if (!keys_parse_whole(key->text, key->len, &number) || number < 0 || number > PARSE_NUMBER_MAX)
        issue_add(p->issues, ISSUE_VALUE, key->pos, "option '%s': a number from 1 to %d, without leading zeros",
                  key->text, PARSE_NUMBER_MAX);
    else
        o->number = (int)number;
    if (!parse_keys(p, yaml_value(map, i), KEYS_OPTION, PARSE_BIT(OPTION_SET), &got))
        return;
    o->text = parse_text(p, got.at[OPTION_TEXT], &(struct parse_text_args){ .may_be_empty = false });
    parse_gotos(p, file, got.at[OPTION_GOTO], &o->go);
    if (got.at[OPTION_WHEN] != NULL)
        parse_expr(p, got.at[OPTION_WHEN], &o->when)->want = EXPR_BOOL;
    if (got.at[OPTION_SET] != NULL)
        o->set_count = parse_sets(p, got.at[OPTION_SET], &o->sets);
    o->new_page = got.at[OPTION_PAGE] != NULL;
}

static void parse_options(struct parse *p, const struct parse_file *file, const struct keys_got *got,
                          struct menu_screen *s)
{
    const struct yaml_node *map = got->at[SCREEN_OPTIONS];
    struct menu_option *options = arena_alloc(p->arena, ((size_t)map->count + 1) * sizeof *options);

    if (map->count == 0)
        issue_add(p->issues, ISSUE_SHAPE, map->pos, "'options' is empty");
    if (map->count > RENDER_OPTIONS_MAX) {
        issue_add(p->issues, ISSUE_SIZE, map->pos, "%d options; a screen has at most %d", map->count,
                  RENDER_OPTIONS_MAX);
        p->vars_lost = true;
        return;
    }
    for (int i = 0; i < map->count; i++)
        parse_option(p, file, map, i, &options[i]);
    s->options = options;
    s->option_count = map->count;
}

static void parse_input(struct parse *p, const struct parse_file *file, const struct keys_got *screen,
                        struct menu_screen *s)
{
    const struct menu_type *type = NULL;
    struct keys_got got;

    if (screen->at[SCREEN_OPTIONS] != NULL)
        parse_options(p, file, screen, s);
    if (!parse_keys(p, screen->at[SCREEN_INPUT], KEYS_INPUT, PARSE_BIT(INPUT_INTO), &got))
        return;
    s->input.pos = got.node->pos;
    s->input.has_when = got.key[INPUT_WHEN] != NULL;
    if (got.at[INPUT_WHEN] != NULL) {
        s->input.pos = got.at[INPUT_WHEN]->pos;
        parse_expr(p, got.at[INPUT_WHEN], &s->input.when)->want = EXPR_BOOL;
    }
    if (got.at[INPUT_TYPE] != NULL)
        type = parse_type(p, got.at[INPUT_TYPE]);
    s->input.type = type;               /* of its variable, once that is known */
    s->input.wrong = parse_text(p, got.at[INPUT_WRONG], &(struct parse_text_args){ .may_be_empty = false });
    if (got.at[INPUT_INTO] == NULL)
        return;
    s->input.var = parse_var(p, got.at[INPUT_INTO]->text, got.at[INPUT_INTO]->pos, type);
    if (s->input.var != MENU_NONE && type == NULL && got.key[INPUT_TYPE] != NULL)
        parse_var_broken(p, s->input.var);
}

/* The rows that were offered are kept with the session, under a name that no
 * operator can give. */
static int parse_rows(struct parse *p, const char *screen, struct menu_pos pos)
{
    struct buf name;
    char *copy;
    int var;

    buf_init(&name, 1024);
    buf_addf(&name, "rows:%s", screen);
    copy = arena_strdup(p->arena, buf_str(&name));
    buf_fini(&name);
    var = names_find(p->var_names, copy, strlen(copy));
    return var != MENU_NONE ? var : parse_var_hidden(p, copy, pos);
}

/* A query of the menus, or the program's own of her cases. */
static void parse_list_rows(struct parse *p, const struct keys_got *got, struct menu_screen *s)
{
    const struct yaml_node *query = got->at[LIST_QUERY], *cases = got->at[LIST_CASES];
    struct menu_list *l = &s->list;

    l->pos = query != NULL ? query->pos : cases != NULL ? cases->pos : s->pos;
    if ((got->key[LIST_QUERY] == NULL) == (got->key[LIST_CASES] == NULL)) {
        bool none = got->key[LIST_QUERY] == NULL;

        issue_add(p->issues, none ? ISSUE_MISSING_KEY : ISSUE_LIST_OF, got->node->pos,
                  none ? "missing key 'query' or 'cases' in list" : "a list has either 'query' or 'cases'");
        p->vars_lost = true;
        return;
    }
    if (query != NULL)
        l->query = parse_find(p, FILE_QUERIES, query);
    if (cases != NULL)
        l->query = parse_cases_of(p, cases, l->max);
    if (query != NULL && l->query != MENU_NONE && !p->menu->queries[l->query].list)
        issue_add(p->issues, ISSUE_ROWS, query->pos,
                  "query '%s' returns one row: take it with 'query' on a screen of its own", query->text);
}

static void parse_list(struct parse *p, const struct parse_file *file, const struct keys_got *screen,
                       struct menu_screen *s)
{
    struct menu_list *l = &s->list;
    struct keys_got got;

    if (!parse_keys(p, screen->at[SCREEN_LIST], KEYS_LIST, PARSE_BIT(LIST_INTO), &got))
        return;
    l->max = got.at[LIST_MAX] != NULL ? (int)keys_whole(got.at[LIST_MAX]) : PARSE_LIST_ROWS;
    parse_list_rows(p, &got, s);
    l->into = parse_into(p, got.at[LIST_INTO], l->query);
    l->option = parse_text(p, got.at[LIST_OPTION], &(struct parse_text_args){ .may_be_empty = false });
    parse_gotos(p, file, got.at[LIST_GOTO], &s->go);
    if (got.at[LIST_EMPTY] != NULL)
        l->empty = parse_screen_find(p, file, got.at[LIST_EMPTY], "empty");
    if (got.at[LIST_FAIL] != NULL)
        l->fail = parse_screen_find(p, file, got.at[LIST_FAIL], "fail");
    l->rows = parse_rows(p, s->name, s->pos);
}

static void parse_end(struct parse *p, const struct parse_file *file, const struct keys_got *got,
                      struct menu_screen *s)
{
    (void)p;
    (void)file;
    s->end = keys_bool(got->at[SCREEN_END]);
}

static void parse_plain(struct parse *p, const struct parse_file *file, const struct keys_got *got,
                        struct menu_screen *s)
{
    (void)p;
    (void)file;
    (void)got;
    (void)s;
}

static void parse_several(struct parse *p, const struct parse_file *file, const struct keys_got *got,
                          struct menu_screen *s)
{
    bool returns;

    parse_do(p, file, got->at[SCREEN_DO], s);
    returns = s->action_count > 0 && s->actions[s->action_count - 1].kind == MENU_RETURN;
    if (!returns && got->key[SCREEN_GOTO] == NULL)
        issue_add(p->issues, ISSUE_MISSING_KEY, got->key[SCREEN_DO]->pos, "'do' needs 'goto' beside it");
    if (returns && got->key[SCREEN_GOTO] != NULL)
        issue_add(p->issues, ISSUE_RETURN_LAST, got->key[SCREEN_GOTO]->pos,
                  "'goto' is never taken: 'return' goes back to the caller");
}

/* --- what a screen is ------------------------------------------------------------------------- */

#define PARSE_SHOWS (PARSE_BIT(SCREEN_TEXT) | PARSE_BIT(SCREEN_CONTINUED) | PARSE_BIT(SCREEN_SECRET) | \
                     PARSE_BIT(SCREEN_BACK))

/* The first row whose key a screen has says what it is; an action comes before
 * all of them. */
static const struct parse_kind {
    int key;
    uint64_t takes, needs;
    void (*parse)(struct parse *p, const struct parse_file *file, const struct keys_got *got, struct menu_screen *s);
} parse_kinds[] = {
    { SCREEN_DO, PARSE_BIT(SCREEN_GOTO), 0, parse_several },
    { SCREEN_INPUT, PARSE_SHOWS | PARSE_BIT(SCREEN_GOTO) | PARSE_BIT(SCREEN_OPTIONS),
      PARSE_BIT(SCREEN_TEXT) | PARSE_BIT(SCREEN_GOTO), parse_input },
    { SCREEN_OPTIONS, PARSE_SHOWS, PARSE_BIT(SCREEN_TEXT), parse_options },
    { SCREEN_LIST, PARSE_SHOWS, PARSE_BIT(SCREEN_TEXT), parse_list },
    { SCREEN_END, PARSE_SHOWS, PARSE_BIT(SCREEN_TEXT), parse_end },
    { SCREEN_TEXT, PARSE_SHOWS, 0, parse_plain },
    { SCREEN_GOTO, 0, 0, parse_plain },
};

static void parse_acting(struct parse *p, const struct parse_file *file, const struct parse_action *action,
                         const struct keys_got *got, struct menu_screen *s)
{
    struct menu_action *a = arena_alloc(p->arena, sizeof *a);
    uint64_t next = action->key != ACTION_RETURN ? PARSE_BIT(SCREEN_GOTO) : 0;

    (void)parse_fits(p, got, KEYS_SCREEN, action->key, action->takes | next, action->needs | next);
    parse_act(p, file, action, got, a);
    s->actions = a;
    s->action_count = 1;
}

static void parse_shown(struct parse *p, const struct keys_got *got, struct menu_screen *s)
{
    s->text = parse_text(p, got->at[SCREEN_TEXT], &(struct parse_text_args){ .may_be_empty = true });
    s->continued = parse_text(p, got->at[SCREEN_CONTINUED], &(struct parse_text_args){ .may_be_empty = true });
    s->secret = got->at[SCREEN_SECRET] != NULL && keys_bool(got->at[SCREEN_SECRET]);
    s->hide_back = got->at[SCREEN_BACK] != NULL;
}

static const struct parse_kind *parse_kind_of(const struct keys_got *got)
{
    for (size_t i = 0; i < sizeof parse_kinds / sizeof parse_kinds[0]; i++) {
        if (got->key[parse_kinds[i].key] != NULL)
            return &parse_kinds[i];
    }
    return NULL;
}

static void parse_screen(struct parse *p, const struct parse_def *def, struct menu_screen *s)
{
    const struct parse_action *action;
    const struct parse_kind *kind;
    struct keys_got got;

    s->name = def->name;
    s->pos = def->key->pos;
    s->input.var = MENU_NONE;
    s->list = (struct menu_list){ .query = MENU_NONE, .empty = MENU_NONE, .fail = MENU_NONE, .rows = MENU_NONE };
    if (!parse_keys(p, def->value, KEYS_SCREEN, PARSE_SETTING, &got))
        return;
    if (got.at[SCREEN_END] != NULL && !keys_bool(got.at[SCREEN_END]))
        got.key[SCREEN_END] = NULL;     /* "end: no" says nothing */
    parse_shown(p, &got, s);
    action = parse_action_of(&got);
    kind = parse_kind_of(&got);
    if (action != NULL && got.key[SCREEN_DO] == NULL) {
        parse_acting(p, def->file, action, &got, s);
    } else if (kind != NULL) {
        (void)parse_fits(p, &got, KEYS_SCREEN, kind->key, kind->takes, kind->needs);
        if (got.at[kind->key] != NULL)
            kind->parse(p, def->file, &got, s);
    } else {
        issue_add(p->issues, ISSUE_SCREEN, def->key->pos, "screen '%s' neither shows a text, nor acts, nor goes on",
                  def->name);
    }
    if (got.at[SCREEN_GOTO] != NULL)
        parse_gotos(p, def->file, got.at[SCREEN_GOTO], &s->go);
}

void parse_screens(struct parse *p)
{
    const struct parse_defs *defs = &p->defs[FILE_SCREENS];
    struct menu_screen *screens = arena_alloc(p->arena, ((size_t)defs->count + 1) * sizeof *screens);

    p->spoilt = arena_alloc(p->arena, ((size_t)defs->count + 1) * sizeof *p->spoilt);
    for (int i = 0; i < defs->count; i++) {
        int errors = p->issues->errors;

        parse_screen(p, &defs->list[i], &screens[i]);
        p->spoilt[i] = p->issues->errors > errors;
    }
    p->menu->screens = screens;
    p->screens = screens;
    p->menu->screen_count = defs->count;
    parse_keywords(p);                  /* which set variables, too */
    parse_calls(p);
    parse_vars_settle(p);
    for (int i = 0; i < defs->count; i++) {
        if (screens[i].input.var != MENU_NONE)
            screens[i].input.type = p->vars[screens[i].input.var].var.type;
        if (screens[i].input.type != NULL && screens[i].input.type->kind == MENU_TYPE_PIN)
            screens[i].secret = true;
    }
}
