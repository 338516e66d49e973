/* parse_cases.c - what citizens see of their cases, and how they move them.
 *
 * The program has two questions of its own, about a case and about the list of
 * hers; to all that knows queries they are queries like others, asked of the
 * functions of schema svc. */
#include "menu/parse.h"

#include <string.h>

#include "base/buf.h"
#include "menu/told.h"

#define PARSE_KEYS_MAX 4                /* fields that make a second key */
#define PARSE_CASE_TIMEOUT 2000         /* ms */
#define PARSE_LEFT_MAX 9999             /* days */

/* --- what is known of a case ------------------------------------------------------------- */

/* A name of the program's, the same in all languages. */
static const struct menu_text *parse_plain_name(struct parse *p, const char *name, struct menu_pos pos)
{
    struct menu_text *text = arena_alloc(p->arena, sizeof *text);
    const struct expr_names scope = parse_scope(p);
    struct expr_error err;

    text->pos = pos;
    for (int i = 0; i < p->menu->lang_count; i++)
        text->by_lang[i] = template_parse(p->arena, &scope, name, strlen(name), "", &err);
    return text;
}

static struct menu_type *parse_case_type(struct parse *p, const char *name, enum menu_type_kind kind)
{
    return parse_type_new(p, name, (struct menu_pos){ p->root->source.name, 1, 1 }, kind);
}

/* {c.service|name} is its title. */
static const struct menu_type *parse_service_type(struct parse *p)
{
    const struct menu *m = p->menu;
    struct menu_type *t = parse_case_type(p, "service of a case", MENU_TYPE_CHOICE);
    struct menu_choice *choices = arena_alloc(p->arena, ((size_t)m->service_count + 1) * sizeof *choices);

    for (int i = 0; i < m->service_count; i++) {
        const struct menu_service *s = &m->services[i];

        choices[i].code = s->name;
        choices[i].name = s->title != NULL ? s->title : parse_plain_name(p, s->name, s->pos);
    }
    t->choices = choices;
    t->choice_count = m->service_count;
    return t;
}

static bool parse_has_code(const struct menu_choice *choices, int count, const char *code)
{
    for (int i = 0; i < count; i++) {
        if (strcmp(choices[i].code, code) == 0)
            return true;
    }
    return false;
}

/* All states of all services. */
static const struct menu_type *parse_state_type(struct parse *p)
{
    const struct menu *m = p->menu;
    struct menu_type *t = parse_case_type(p, "state of a case", MENU_TYPE_CHOICE);
    struct menu_choice *choices;
    int count = 0;

    for (int i = 0; i < m->service_count; i++)
        count += m->services[i].state_count;
    choices = arena_alloc(p->arena, ((size_t)count + 1) * sizeof *choices);
    for (int i = 0; i < m->service_count; i++) {
        for (int k = 0; k < m->services[i].state_count; k++) {
            const struct menu_state *s = &m->services[i].states[k];

            if (!parse_has_code(choices, t->choice_count, s->name))
                choices[t->choice_count++] = (struct menu_choice){ s->name, parse_plain_name(p, s->name, s->pos) };
        }
    }
    t->choices = choices;
    t->inward = true;
    return t;
}

static const struct menu_type *parse_told_type(struct parse *p, const char *name, int states)
{
    struct menu_type *t = parse_case_type(p, name, MENU_TYPE_TOLD);

    t->max = states;
    t->width = TOLD_MAX;
    return t;
}

const struct menu_type *parse_left_type(struct parse *p)
{
    struct menu_type *t;

    if (p->left_type != NULL)
        return p->left_type;
    t = parse_case_type(p, "days of a case", MENU_TYPE_WHOLE);

    t->max = PARSE_LEFT_MAX;
    t->width = 4;
    p->left_type = t;
    return t;
}

/* The fields of both records, those of a list first. */
enum parse_case_field {
    CASE_NO = 0, CASE_SERVICE, CASE_STATE, CASE_TEXT, CASE_AT, CASE_LISTED,
    CASE_OPENED = CASE_LISTED, CASE_DUE, CASE_LEFT, CASE_OVERDUE, CASE_NOTE, CASE_HISTORY, CASE_FIELDS,
};

void parse_cases_begin(struct parse *p)
{
    struct menu_field *fields = arena_alloc(p->arena, CASE_FIELDS * sizeof *fields);
    struct menu_record *records = arena_alloc(p->arena, 2 * sizeof *records);

    fields[CASE_NO] = (struct menu_field){ "no", parse_builtin(p, "case_no") };
    fields[CASE_SERVICE] = (struct menu_field){ "service", parse_service_type(p) };
    fields[CASE_STATE] = (struct menu_field){ "state", parse_state_type(p) };
    fields[CASE_TEXT] = (struct menu_field){ "text", parse_told_type(p, "text of a case", 1) };
    fields[CASE_AT] = (struct menu_field){ "at", parse_builtin(p, "date") };
    fields[CASE_OPENED] = (struct menu_field){ "opened", parse_builtin(p, "date") };
    fields[CASE_DUE] = (struct menu_field){ "due", parse_builtin(p, "date") };
    fields[CASE_LEFT] = (struct menu_field){ "left", parse_left_type(p) };
    fields[CASE_OVERDUE] = (struct menu_field){ "overdue", parse_builtin(p, "yesno") };
    fields[CASE_NOTE] = (struct menu_field){ "note", parse_builtin(p, "text(160)") };
    fields[CASE_HISTORY] = (struct menu_field){ "history", parse_told_type(p, "history of a case", TOLD_STATES_MAX) };
    records[0] = (struct menu_record){ .name = "case", .fields = fields, .field_count = CASE_FIELDS };
    records[1] = (struct menu_record){ .name = "cases", .fields = fields, .field_count = CASE_LISTED };
    p->her_case = &records[0];
    p->her_cases = &records[1];
}

/* --- of which services ------------------------------------------------------------------- */

static const struct yaml_node *parse_literal(struct parse *p, const char *text, struct menu_pos pos)
{
    struct yaml_node *n = arena_alloc(p->arena, sizeof *n);

    n->kind = YAML_IS_SCALAR;
    n->style = YAML_IS_PLAIN;
    n->text = text;
    n->len = strlen(text);
    n->pos = pos;
    return n;
}

/* Her cases of this service are shown: each of its states has words for her. */
static void parse_shown_states(struct parse *p, const struct menu_service *s)
{
    if (s->shown)
        return;
    p->services[s - p->menu->services].shown = true;
    for (int i = 0; i < s->state_count; i++) {
        if (s->states[i].text == NULL)
            issue_add(p->issues, ISSUE_CASE_TEXT, s->states[i].pos.file[0] != '\0' ? s->states[i].pos : s->pos,
                      "service '%s' shows its cases to citizens: 'texts' must say what state '%s' is for them", s->name,
                      s->states[i].name);
    }
}

/* Does a list of services, or "all", name this one? */
static bool parse_is_of(const struct yaml_node *of, const struct menu_service *s)
{
    if (of == NULL || of->kind == YAML_IS_SCALAR)
        return of == NULL || yaml_is(of, "all") || yaml_is(of, s->name);
    for (int i = 0; i < of->count; i++) {
        if (yaml_is(of->items[i], s->name))
            return true;
    }
    return false;
}

static bool parse_of_good(struct parse *p, const struct yaml_node *of)
{
    bool good = true;

    if (of == NULL || (of->kind == YAML_IS_SCALAR && yaml_is(of, "all")))
        return true;
    for (int i = 0; i < (of->kind == YAML_IS_LIST ? of->count : 1); i++)
        good &= parse_find(p, FILE_SERVICES, of->kind == YAML_IS_LIST ? of->items[i] : of) != MENU_NONE;
    return good;
}

/* The names as an expression: 'complaint,passport!'; the ! says that all days count. */
static const struct yaml_node *parse_of_text(struct parse *p, const struct yaml_node *of, struct menu_pos pos)
{
    const struct yaml_node *n;
    const char *before = "";
    struct buf names;

    buf_init(&names, 65536);
    buf_addc(&names, '\'');
    for (int i = 0; i < p->menu->service_count; i++) {
        const struct menu_service *s = &p->menu->services[i];

        if (!parse_is_of(of, s))
            continue;
        parse_shown_states(p, s);
        buf_addf(&names, "%s%s%s", before, s->name, s->within_all ? "!" : "");
        before = ",";
    }
    buf_addc(&names, '\'');
    n = parse_literal(p, arena_strdup(p->arena, buf_str(&names)), pos);
    buf_fini(&names);
    return n;
}

/* --- the questions ----------------------------------------------------------------------- */

#define PARSE_CASES_COLUMNS "no, service, state, text, at"
#define PARSE_CASE_COLUMNS PARSE_CASES_COLUMNS ", opened, due, \"left\", overdue, note, history"

static const struct expr **parse_case_args(struct parse *p, const struct yaml_node *of, struct menu_pos pos, int count)
{
    const struct expr **args = arena_alloc(p->arena, ((size_t)count + 1) * sizeof *args);

    (void)parse_expr(p, parse_literal(p, "citizen.msisdn", pos), &args[0]);
    (void)parse_expr(p, parse_of_text(p, of, pos), &args[1]);
    return args;
}

/* Whose they are, of several on her phone: the last argument. */
static void parse_case_person(struct parse *p, struct menu_pos pos, const struct expr **arg)
{
    (void)parse_expr(p, parse_literal(p, "citizen.person", pos), arg);
}

int parse_cases_of(struct parse *p, const struct yaml_node *of, int max)
{
    struct menu_query q = { .name = "her cases", .pos = of->pos, .list = true, .returns = p->her_cases,
                            .of_cases = true, .timeout_ms = PARSE_CASE_TIMEOUT };
    const struct expr **args;
    struct buf sql;

    if (!parse_of_good(p, of)) {
        p->vars_lost = true;
        return MENU_NONE;
    }
    buf_init(&sql, 1024);
    buf_addf(&sql, "SELECT " PARSE_CASES_COLUMNS " FROM svc.her_cases($1, $2, $3) LIMIT %d", max);
    q.sql = arena_strdup(p->arena, buf_str(&sql));
    buf_fini(&sql);
    args = parse_case_args(p, of, of->pos, 3);
    parse_case_person(p, of->pos, &args[2]);
    q.args = args;
    q.arg_count = 3;
    return parse_query_add(p, &q);
}

/* The type of a field that services have under this name; NULL: none has. */
static const struct menu_type *parse_key_type(const struct parse *p, const struct yaml_node *of, const char *name)
{
    for (int i = 0; i < p->menu->service_count; i++) {
        const struct menu_service *s = &p->menu->services[i];

        for (int k = 0; parse_is_of(of, s) && k < s->field_count; k++) {
            if (strcmp(s->fields[k].name, name) == 0)
                return s->fields[k].type;
        }
    }
    return NULL;
}

/* {nid4: nid4}: from args[from] on, and their names as a literal before them. */
static int parse_case_keys(struct parse *p, const struct yaml_node *of, const struct yaml_node *with,
                           const struct expr **args, int from)
{
    int count = with != NULL && with->count <= PARSE_KEYS_MAX ? with->count : 0;
    struct buf names;

    if (with != NULL && (with->count == 0 || with->count > PARSE_KEYS_MAX))
        issue_add(p->issues, ISSUE_CASE_KEY, with->pos, "a second key of a case has 1 to %d fields", PARSE_KEYS_MAX);
    buf_init(&names, 1024);
    buf_addc(&names, '\'');
    for (int i = 0; i < count; i++) {
        const struct yaml_node *key = yaml_key(with, i), *value = parse_entry(p, with, i);
        const struct menu_type *type = parse_key_type(p, of, key->text);

        if (type == NULL)
            issue_add(p->issues, ISSUE_CASE_KEY, key->pos, "no service here has a field '%s'", key->text);
        buf_addf(&names, "%s%s", i > 0 ? "," : "", key->text);
        if (value != NULL)
            parse_expr(p, value, &args[from + 1 + i])->target = type;
    }
    buf_addc(&names, '\'');
    (void)parse_expr(p, parse_literal(p, arena_strdup(p->arena, buf_str(&names)), with != NULL ? with->pos : p->root->got.node->pos),
                     &args[from]);
    buf_fini(&names);
    return count;
}

/* What finds one case: its number, and what else shows that she may see it. */
struct parse_case {
    const struct yaml_node *number, *of, *with;
};

static int parse_case_query(struct parse *p, const struct parse_case *c)
{
    struct menu_query q = { .name = "her case", .pos = c->number->pos, .returns = p->her_case, .of_cases = true,
                            .timeout_ms = PARSE_CASE_TIMEOUT };
    const struct expr **args = parse_case_args(p, c->of, c->number->pos, 5 + PARSE_KEYS_MAX);
    int keys = parse_case_keys(p, c->of, c->with, args, 3);
    struct buf sql;

    parse_expr(p, c->number, &args[2])->target = parse_builtin(p, "case_no");
    buf_init(&sql, 1024);
    buf_adds(&sql, "SELECT " PARSE_CASE_COLUMNS " FROM svc.her_case($1, $2, $3, $4, ARRAY[");
    for (int i = 0; i < keys; i++)
        buf_addf(&sql, "%s$%d", i > 0 ? ", " : "", 5 + i);
    buf_addf(&sql, "]::text[], $%d)", 5 + keys);
    parse_case_person(p, c->number->pos, &args[4 + keys]);
    q.sql = arena_strdup(p->arena, buf_str(&sql));
    buf_fini(&sql);
    q.args = args;
    q.arg_count = 5 + keys;
    return parse_query_add(p, &q);
}

void parse_case_action(struct parse *p, const struct parse_file *file, const struct keys_got *got,
                       struct menu_action *a)
{
    const struct parse_case c = { got->at[ACTION_CASE], got->at[ACTION_OF], got->at[ACTION_WITH] };

    a->kind = MENU_QUERY;
    a->none = parse_exit(p, file, got, ACTION_NONE);
    a->fail = parse_exit(p, file, got, ACTION_FAIL);
    if (c.number == NULL || !parse_of_good(p, c.of)) {
        p->vars_lost = true;
        return;
    }
    a->query = parse_case_query(p, &c);
    a->into = parse_into(p, got->at[ACTION_INTO], a->query);
}

/* --- moves ------------------------------------------------------------------------------- */

/* How many states are called so, and how many of her moves lead there. */
static void parse_count_moves(const struct menu_service *s, const char *name, int *states, int *moves)
{
    for (int i = 0; i < s->state_count; i++) {
        const struct menu_state *from = &s->states[i];

        *states += strcmp(from->name, name) == 0;
        for (int k = 0; k < from->to_count; k++)
            *moves += (from->may[k] & (MENU_BY_CITIZEN | MENU_BY_AGENT)) != 0 &&
                      strcmp(s->states[from->to[k]].name, name) == 0;
    }
}

static void parse_move_to(struct parse *p, const struct yaml_node *to)
{
    const struct menu *m = p->menu;
    struct names_best best = { .name = NULL };
    int states = 0, moves = 0;

    for (int i = 0; i < m->service_count; i++) {
        parse_count_moves(&m->services[i], to->text, &states, &moves);
        for (int k = 0; k < m->services[i].state_count; k++)
            names_consider(&best, to->text, to->len, m->services[i].states[k].name);
    }
    if (states == 0 && !parse_excused(p))
        issue_add(p->issues, ISSUE_MOVE_STATE, to->pos, "no service has a state '%s'%s%s%s", to->text,
                  best.name != NULL ? "; did you mean '" : "", best.name != NULL ? best.name : "",
                  best.name != NULL ? "'?" : "");
    else if (states > 0 && moves == 0)
        issue_add(p->issues, ISSUE_MOVE_NOBODY, to->pos,
                  "no citizen may move a case to '%s': a state that leads there needs 'by: [citizen]'", to->text);
}

void parse_move_action(struct parse *p, const struct parse_file *file, const struct keys_got *got,
                       struct menu_action *a)
{
    struct keys_got move;

    a->kind = MENU_MOVE;
    a->state = "";
    a->none = parse_exit(p, file, got, ACTION_NONE);
    a->fail = parse_exit(p, file, got, ACTION_FAIL);
    a->refused = parse_exit(p, file, got, ACTION_REFUSED);
    if (got->at[ACTION_MOVE] == NULL || !keys_read(got->at[ACTION_MOVE], KEYS_MOVE, &move, p->issues))
        return;
    if (move.at[MOVE_TO] != NULL) {
        a->state = move.at[MOVE_TO]->text;
        parse_move_to(p, move.at[MOVE_TO]);
    }
    if (move.at[MOVE_NOTE] != NULL)
        parse_expr(p, move.at[MOVE_NOTE], &a->value)->target = parse_builtin(p, "text(160)");
    if (move.at[MOVE_CASE] != NULL)
        parse_expr(p, move.at[MOVE_CASE], &a->to)->target = parse_builtin(p, "case_no");
}
