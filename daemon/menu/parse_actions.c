#include "menu/parse.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"

/* --- keys that go together -------------------------------------------------------------- */

/* Present, and written so: not only a slip that looks like it. */
static bool parse_has(const struct keys_got *got, const struct keys_row *rows, int key)
{
    return got->key[key] != NULL && yaml_is(got->key[key], rows[key].name);
}

bool parse_fits(struct parse *p, const struct keys_got *got, enum keys_map map, int key, uint64_t takes, uint64_t needs)
{
    const struct keys_row *rows = keys_table(map);
    bool good = true;

    /* a key that is only thought to be meant says nothing about the others */
    if (!parse_has(got, rows, key))
        return true;
    for (int i = 0; rows[i].name != NULL; i++) {
        bool goes = i == key || (takes & PARSE_BIT(i)) != 0;

        if (parse_has(got, rows, i) && !goes) {
            issue_add(p->issues, ISSUE_SCREEN, got->key[i]->pos, "'%s' does not go with '%s' in one %s", rows[i].name,
                      rows[key].name, keys_title(map));
            good = false;
        }
        if (got->key[i] == NULL && (needs & PARSE_BIT(i)) != 0) {
            p->vars_lost |= map != KEYS_TYPE;
            issue_add(p->issues, ISSUE_MISSING_KEY, got->key[key]->pos, "'%s' needs '%s' beside it", rows[key].name,
                      rows[i].name);
            good = false;
        }
    }
    return good;
}

/* --- set, with and into ------------------------------------------------------------------- */

int parse_sets(struct parse *p, const struct yaml_node *map, const struct menu_set **out)
{
    struct menu_set *sets = arena_alloc(p->arena, ((size_t)map->count + 1) * sizeof *sets);
    int count = 0;

    for (int i = 0; i < map->count; i++) {
        const struct yaml_node *key = yaml_key(map, i), *value = parse_entry(p, map, i);
        int var = parse_var(p, key->text, key->pos, NULL);

        if (var == MENU_NONE)
            continue;
        if (value == NULL) {
            parse_var_broken(p, var);
            continue;
        }
        sets[count].var = var;
        parse_expr(p, value, &sets[count].value)->var = var;
        count++;
    }
    if (map->count == 0)
        issue_add(p->issues, ISSUE_SHAPE, map->pos, "'set' is empty");
    *out = sets;
    return count;
}

static char *parse_joined(struct parse *p, const char *head, const char *field)
{
    struct buf name;
    char *copy;

    buf_init(&name, 256);
    buf_addf(&name, "%s.%s", head, field);
    copy = arena_strdup(p->arena, buf_str(&name));
    buf_fini(&name);
    return copy;
}

const int *parse_into_record(struct parse *p, const struct yaml_node *into, const struct menu_record *r)
{
    int *vars;

    if (into == NULL || !parse_var_head(p, into))
        return NULL;
    if (r == NULL || r->field_count == 0) {
        (void)names_add(p->broken, into->text, 0);
        return NULL;
    }
    vars = arena_alloc(p->arena, ((size_t)r->field_count + 1) * sizeof *vars);
    for (int i = 0; i < r->field_count; i++) {
        vars[i] = parse_var(p, parse_joined(p, into->text, r->fields[i].name), into->pos, r->fields[i].type);
        if (vars[i] != MENU_NONE && r->fields[i].type == NULL)
            parse_var_broken(p, vars[i]);
    }
    return vars;
}

const int *parse_into(struct parse *p, const struct yaml_node *into, int query)
{
    return parse_into_record(p, into, query != MENU_NONE ? p->menu->queries[query].returns : NULL);
}

/* --- the actions ---------------------------------------------------------------------------- */

int parse_exit(struct parse *p, const struct parse_file *file, const struct keys_got *got, int key)
{
    return got->at[key] != NULL ? parse_screen_find(p, file, got->at[key], got->key[key]->text) : MENU_NONE;
}

static void parse_query_action(struct parse *p, const struct parse_file *file, const struct keys_got *got,
                               struct menu_action *a)
{
    a->kind = MENU_QUERY;
    a->query = got->at[ACTION_QUERY] != NULL ? parse_find(p, FILE_QUERIES, got->at[ACTION_QUERY]) : MENU_NONE;
    a->none = parse_exit(p, file, got, ACTION_NONE);
    a->fail = parse_exit(p, file, got, ACTION_FAIL);
    a->into = parse_into(p, got->at[ACTION_INTO], a->query);
    if (a->query != MENU_NONE && p->menu->queries[a->query].list)
        issue_add(p->issues, ISSUE_ROWS, got->at[ACTION_QUERY]->pos,
                  "query '%s' returns a list: show it with 'list' on a screen", got->at[ACTION_QUERY]->text);
}

static int parse_field(const struct menu_service *s, const char *name)
{
    for (int i = 0; i < s->field_count; i++) {
        if (strcmp(s->fields[i].name, name) == 0)
            return i;
    }
    return MENU_NONE;
}

static void parse_no_field(struct parse *p, const struct menu_service *s, const struct yaml_node *key)
{
    struct names_best best = { .name = NULL };

    for (int i = 0; i < s->field_count; i++)
        names_consider(&best, key->text, key->len, s->fields[i].name);
    if (best.name != NULL)
        issue_add(p->issues, ISSUE_NO_FIELD, key->pos, "service '%s' has no field '%s'; did you mean '%s'?", s->name,
                  key->text, best.name);
    else
        issue_add(p->issues, ISSUE_NO_FIELD, key->pos, "service '%s' has no field '%s'", s->name, key->text);
}

/* Fields of the service and what they become; one that is left out stays empty. */
static void parse_with(struct parse *p, const struct keys_got *got, const struct menu_service *s,
                       struct menu_action *a)
{
    const struct yaml_node *map = got->at[ACTION_WITH];
    struct menu_set *sets = arena_alloc(p->arena, ((size_t)map->count + 1) * sizeof *sets);

    for (int i = 0; i < map->count; i++) {
        const struct yaml_node *key = yaml_key(map, i), *value = parse_entry(p, map, i);
        int field = parse_field(s, key->text);

        if (field == MENU_NONE)
            parse_no_field(p, s, key);
        if (field == MENU_NONE || value == NULL)
            continue;
        sets[a->set_count].var = field;
        parse_expr(p, value, &sets[a->set_count++].value)->target = s->fields[field].type;
    }
    a->sets = sets;
}

static void parse_no_closed(struct parse *p, const struct yaml_node *submit, const struct menu_service *s)
{
    issue_add(p->issues, ISSUE_CLOSED, submit->pos, "service '%s' is not open %s: 'closed' must name the screen for %s",
              s->name, s->windowed ? "on every day" : "to everybody", s->windowed ? "the other days" : "the others");
}

static void parse_submit_action(struct parse *p, const struct parse_file *file, const struct keys_got *got,
                                struct menu_action *a)
{
    const struct yaml_node *into = got->at[ACTION_INTO];

    a->kind = MENU_SUBMIT;
    a->closed = parse_exit(p, file, got, ACTION_CLOSED);
    a->service = got->at[ACTION_SUBMIT] != NULL ? parse_find(p, FILE_SERVICES, got->at[ACTION_SUBMIT]) : MENU_NONE;
    if (a->service != MENU_NONE && got->at[ACTION_WITH] != NULL && p->menu->services[a->service].fields != NULL)
        parse_with(p, got, &p->menu->services[a->service], a);
    if (a->service != MENU_NONE && got->key[ACTION_CLOSED] == NULL && !menu_service_is_open(&p->menu->services[a->service]))
        parse_no_closed(p, got->at[ACTION_SUBMIT], &p->menu->services[a->service]);
    if (into != NULL && parse_var_head(p, into))
        a->case_no = parse_var(p, parse_joined(p, into->text, "no"), into->pos, parse_builtin(p, "case_no"));
}

static void parse_sms_action(struct parse *p, const struct parse_file *file, const struct keys_got *got,
                             struct menu_action *a)
{
    static const struct yaml_node citizen = { .kind = YAML_IS_SCALAR, .text = "citizen.msisdn", .len = 14 };

    (void)file;
    a->kind = MENU_SMS;
    a->sms = got->at[ACTION_SMS] != NULL ? parse_find(p, FILE_SMS, got->at[ACTION_SMS]) : MENU_NONE;
    if (got->key[ACTION_TO] == NULL || got->at[ACTION_TO] != NULL)
        parse_expr(p, got->at[ACTION_TO] != NULL ? got->at[ACTION_TO] : &citizen, &a->to)->target =
            parse_builtin(p, "msisdn");
}

static void parse_waitlist_action(struct parse *p, const struct parse_file *file, const struct keys_got *got,
                                  struct menu_action *a)
{
    const struct yaml_node *name = got->at[ACTION_WAITLIST];

    parse_sms_action(p, file, got, a);  /* its 'to' */
    a->kind = MENU_WAITLIST;
    a->service = name != NULL ? parse_find(p, FILE_SERVICES, name) : MENU_NONE;
    a->fail = parse_exit(p, file, got, ACTION_FAIL);
    if (a->service != MENU_NONE && p->menu->services[a->service].opened == MENU_NONE)
        issue_add(p->issues, ISSUE_WAITLIST, name->pos,
                  "service '%s' has no list: its 'window' names the message that is sent when it opens, 'opened'", name->text);
    if (got->at[ACTION_PLACE] != NULL)
        (void)parse_expr(p, got->at[ACTION_PLACE], &a->at);
}

static void parse_set_action(struct parse *p, const struct parse_file *file, const struct keys_got *got,
                             struct menu_action *a)
{
    (void)file;
    a->kind = MENU_SET;
    if (got->at[ACTION_SET] != NULL)
        a->set_count = parse_sets(p, got->at[ACTION_SET], &a->sets);
}

static const struct parse_action parse_actions[] = {
    { ACTION_QUERY, PARSE_BIT(ACTION_INTO) | PARSE_BIT(ACTION_NONE) | PARSE_BIT(ACTION_FAIL), PARSE_BIT(ACTION_INTO),
      parse_query_action },
    { ACTION_CASE, PARSE_BIT(ACTION_OF) | PARSE_BIT(ACTION_WITH) | PARSE_BIT(ACTION_INTO) | PARSE_BIT(ACTION_NONE) | PARSE_BIT(ACTION_FAIL),
      PARSE_BIT(ACTION_INTO) | PARSE_BIT(ACTION_NONE), parse_case_action },
    { ACTION_MOVE, PARSE_BIT(ACTION_NONE) | PARSE_BIT(ACTION_FAIL) | PARSE_BIT(ACTION_REFUSED),
      PARSE_BIT(ACTION_NONE) | PARSE_BIT(ACTION_REFUSED), parse_move_action },
    { ACTION_SUBMIT, PARSE_BIT(ACTION_INTO) | PARSE_BIT(ACTION_WITH) | PARSE_BIT(ACTION_CLOSED), PARSE_BIT(ACTION_WITH), parse_submit_action },
    { ACTION_SMS, PARSE_BIT(ACTION_TO), 0, parse_sms_action },
    { ACTION_HOOK, PARSE_BIT(ACTION_PATH) | PARSE_BIT(ACTION_WITH) | PARSE_BIT(ACTION_RETURNS) | PARSE_BIT(ACTION_INTO) |
                       PARSE_BIT(ACTION_NONE) | PARSE_BIT(ACTION_FAIL) | PARSE_BIT(ACTION_KEEP) | PARSE_BIT(ACTION_HEARD),
      PARSE_BIT(ACTION_PATH), parse_hook_action },
    { ACTION_WAITLIST, PARSE_BIT(ACTION_TO) | PARSE_BIT(ACTION_PLACE) | PARSE_BIT(ACTION_FAIL), 0, parse_waitlist_action },
    { ACTION_SET, 0, 0, parse_set_action },
    { ACTION_PIN, PARSE_BIT(ACTION_WRONG) | PARSE_BIT(ACTION_NONE) | PARSE_BIT(ACTION_LOCKED) | PARSE_BIT(ACTION_FAIL), 0,
      parse_pin_action },
    { ACTION_CALL, 0, 0, parse_call_action },
    { ACTION_RETURN, 0, 0, parse_return_action },
    { ACTION_AUDIT, 0, 0, parse_audit_action },
    { ACTION_CONSENT, PARSE_BIT(ACTION_WRONG) | PARSE_BIT(ACTION_EXPIRED) | PARSE_BIT(ACTION_FAIL), 0,
      parse_consent_action },
    { ACTION_PAY, PARSE_BIT(ACTION_AGAIN) | PARSE_BIT(ACTION_REFUSED) | PARSE_BIT(ACTION_LATE) | PARSE_BIT(ACTION_FAIL),
      PARSE_BIT(ACTION_AGAIN) | PARSE_BIT(ACTION_REFUSED), parse_pay_action },
};

const struct parse_action *parse_action_of(const struct keys_got *got)
{
    for (size_t i = 0; i < sizeof parse_actions / sizeof parse_actions[0]; i++) {
        if (got->key[parse_actions[i].key] != NULL)
            return &parse_actions[i];
    }
    return NULL;
}

void parse_act(struct parse *p, const struct parse_file *file, const struct parse_action *action,
               const struct keys_got *got, struct menu_action *a)
{
    a->pos = got->key[action->key]->pos;
    a->query = MENU_NONE;
    a->none = MENU_NONE;
    a->fail = MENU_NONE;
    a->service = MENU_NONE;
    a->case_no = MENU_NONE;
    a->sms = MENU_NONE;
    a->call = MENU_NONE;
    a->var = MENU_NONE;
    a->wrong = MENU_NONE;
    a->expired = MENU_NONE;
    a->locked = MENU_NONE;
    a->closed = MENU_NONE;
    a->backend = MENU_NONE;
    a->again = MENU_NONE;
    a->refused = MENU_NONE;
    a->late = MENU_NONE;
    action->parse(p, file, got, a);
}

/* What an entry without an action could have been: "query, submit or set". */
static void parse_no_action(struct parse *p, const struct yaml_node *entry)
{
    const struct keys_row *rows = keys_table(KEYS_ACTION);
    size_t count = sizeof parse_actions / sizeof parse_actions[0];
    struct buf list;

    buf_init(&list, 1024);
    for (size_t i = 0; i < count; i++)
        buf_addf(&list, "%s%s", i == 0 ? "" : i + 1 < count ? ", " : " or ", rows[parse_actions[i].key].name);
    issue_add(p->issues, ISSUE_SCREEN, entry->pos, "no action: %s", buf_str(&list));
    buf_fini(&list);
}

void parse_do(struct parse *p, const struct parse_file *file, const struct yaml_node *list, struct menu_screen *s)
{
    struct menu_action *actions = arena_alloc(p->arena, ((size_t)list->count + 1) * sizeof *actions);

    if (list->count == 0)
        issue_add(p->issues, ISSUE_SHAPE, list->pos, "'do' is empty");
    for (int i = 0; i < list->count; i++) {
        const struct parse_action *action;
        struct keys_got got;

        if (!parse_keys(p, list->items[i], KEYS_ACTION,
                        PARSE_BIT(ACTION_SET) | PARSE_BIT(ACTION_INTO) | PARSE_BIT(ACTION_CALL), &got))
            continue;
        action = parse_action_of(&got);
        if (action != NULL) {
            (void)parse_fits(p, &got, KEYS_ACTION, action->key, action->takes, action->needs);
            if (s->action_count > 0 && actions[s->action_count - 1].kind == MENU_RETURN)
                issue_add(p->issues, ISSUE_RETURN_LAST, list->items[i]->pos,
                          "nothing is done after 'return': it goes back to the caller");
            parse_act(p, file, action, &got, &actions[s->action_count++]);
        } else {
            parse_no_action(p, list->items[i]);
        }
    }
    s->actions = actions;
}
