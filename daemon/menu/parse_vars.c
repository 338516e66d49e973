#include "menu/parse.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/gsm.h"

#define PARSE_GUESS_WIDTH 160           /* of a text whose length cannot be seen */
#define PARSE_ROUNDS 32                 /* variables set from variables set from ... */

static const char *const parse_heads[] = { "citizen", "session", "alert", "agent" };
static const char *const parse_words[] = { "and", "or", "not", "in", "yes", "no", "true", "false", "if", "else" };

static bool parse_among(const char *const *list, size_t n, const char *name, size_t len)
{
    for (size_t i = 0; i < n; i++) {
        if (strlen(list[i]) == len && memcmp(list[i], name, len) == 0)
            return true;
    }
    return false;
}

static int parse_var_new(struct parse *p, const char *name, struct menu_pos pos, const struct menu_type *type)
{
    if (p->var_count == p->var_cap) {
        p->var_cap = p->var_cap > 0 ? p->var_cap * 2 : 64;
        p->vars = xrealloc(p->vars, (size_t)p->var_cap * sizeof *p->vars);
    }
    p->vars[p->var_count] = (struct parse_var){ .var = { name, type, pos }, .typed = pos };
    (void)names_add(p->var_names, name, p->var_count);
    return p->var_count++;
}

void parse_vars_begin(struct parse *p)
{
    static const struct {
        const char *name, *type;
    } own[MENU_BUILTINS] = {
        [MENU_VAR_MSISDN] = { "citizen.msisdn", "msisdn" }, [MENU_VAR_LANG] = { "citizen.lang", NULL },
        [MENU_VAR_KNOWN] = { "citizen.known", "yesno" },    [MENU_VAR_CODE] = { "session.code", "text(20)" },
        [MENU_VAR_LINK] = { "session.link", "text(32)" },   [MENU_VAR_TODAY] = { "today", "date" },
        [MENU_VAR_IS_AGENT] = { "citizen.is_agent", "yesno" }, [MENU_VAR_AGENT_NAME] = { "agent.name", "text(30)" },
        [MENU_VAR_AGENT_CENTRE] = { "agent.centre", "text(30)" }, [MENU_VAR_ALERT_ON] = { "alert.on", "yesno" },
        [MENU_VAR_ALERT_TEXT] = { "alert.text", "text(120)" },
        [MENU_VAR_ALERT_FREE] = { "alert.free", "yesno" },
        [MENU_VAR_PIN] = { "session.pin", "yesno" },
        [MENU_VAR_SHARED] = { "citizen.shared", "yesno" },  [MENU_VAR_PERSON] = { "citizen.person", "whole" },
        [MENU_VAR_CONSENT] = { "consent.code", "word(4)" },
    };
    struct menu_pos pos = { p->root->source.name, 1, 1 };

    for (int i = 0; i < MENU_BUILTINS; i++)
        (void)parse_var_new(p, own[i].name, pos,
                            own[i].type != NULL ? parse_builtin(p, own[i].type) : parse_lang_type(p));
    if (p->menu->lang_count == 0)
        p->vars[MENU_VAR_LANG].broken = p->vars[MENU_VAR_LANG].excused = true;
}

/* Letters, digits and _, in parts with dots between them. */
static bool parse_var_name(struct parse *p, const char *name, struct menu_pos pos)
{
    size_t n = strcspn(name, ".");

    if (parse_among(parse_heads, sizeof parse_heads / sizeof parse_heads[0], name, n) ||
        strcmp(name, "today") == 0 || strncmp(name, "consent.", 8) == 0 || parse_among(parse_words, sizeof parse_words / sizeof parse_words[0], name, n)) {
        issue_add(p->issues, ISSUE_OWN_NAME, pos, "'%s' belongs to the program and cannot be set", name);
        p->vars_lost = true;            /* who knows which name was meant */
        return false;
    }
    for (const char *s = name;; s += n + 1) {
        n = strcspn(s, ".");
        if (!keys_is_name(s, n)) {
            issue_add(p->issues, ISSUE_BAD_NAME, pos,
                      "'%s' cannot be a variable: letters, digits and _, first a letter", name);
            p->vars_lost = true;
            return false;
        }
        if (s[n] == '\0')
            return true;
    }
}

bool parse_var_head(struct parse *p, const struct yaml_node *name)
{
    if (strchr(name->text, '.') == NULL)
        return parse_var_name(p, name->text, name->pos);
    issue_add(p->issues, ISSUE_BAD_NAME, name->pos, "'%s' cannot be the name of a record: no dots", name->text);
    p->vars_lost = true;
    return false;
}

/* A second place that gives a type must give the same one. */
static void parse_var_again(struct parse *p, struct parse_var *v, struct menu_pos pos, const struct menu_type *type)
{
    if (v->var.type == NULL) {
        v->var.type = type;
        v->typed = pos;
    } else if (type != NULL && type != v->var.type && !v->broken) {
        issue_add(p->issues, ISSUE_TWO_TYPES, pos, "'%s' is %s here, but %s at %s:%d", v->var.name, type->name,
                  v->var.type->name, v->typed.file, v->typed.line);
    }
}

int parse_var(struct parse *p, const char *name, struct menu_pos pos, const struct menu_type *type)
{
    int i = names_find(p->var_names, name, strlen(name));

    if (i == MENU_VAR_LANG)
        return i;
    if (i >= MENU_BUILTINS) {
        parse_var_again(p, &p->vars[i], pos, type);
        return i;
    }
    if (!parse_var_name(p, name, pos))
        return MENU_NONE;
    if (p->var_count == PARSE_VARS_MAX) {
        issue_add(p->issues, ISSUE_SIZE, pos, "more than %d variables", PARSE_VARS_MAX);
        return MENU_NONE;
    }
    return parse_var_new(p, name, pos, type);
}

int parse_var_hidden_of(struct parse *p, const char *name, struct menu_pos pos, const struct menu_type *type)
{
    return parse_var_new(p, name, pos, type);
}

int parse_var_hidden(struct parse *p, const char *name, struct menu_pos pos)
{
    return parse_var_hidden_of(p, name, pos, parse_builtin(p, "text(1000)"));
}

void parse_var_broken(struct parse *p, int var)
{
    if (var < MENU_BUILTINS)
        return;
    p->vars[var].broken = true;
    p->vars[var].excused = true;
}

/* --- what expressions see ------------------------------------------------------------- */

static int parse_resolve(void *arg, const char *name, size_t len)
{
    struct parse *p = arg;
    int i = names_find(p->var_names, name, len);
    const char *dot = memchr(name, '.', len);

    if (i != MENU_NONE && p->vars[i].broken)
        p->met_broken = true;
    if (i == MENU_NONE && dot != NULL && names_find(p->broken, name, (size_t)(dot - name)) != MENU_NONE)
        p->met_broken = true;
    p->met_unknown |= i == MENU_NONE;
    p->met_untyped |= i != MENU_NONE && p->vars[i].var.type == NULL;
    return i != MENU_NONE && p->vars[i].var.type != NULL ? i : MENU_NONE;
}

static const struct menu_type *parse_type_of(void *arg, int var)
{
    const struct parse *p = arg;

    return p->vars[var].var.type;
}

static const char *parse_nearest(void *arg, const char *name, size_t len)
{
    struct parse *p = arg;

    return parse_may_compare(p, p->var_count) ? names_nearest(p->var_names, name, len) : NULL;
}

struct expr_names parse_scope(struct parse *p)
{
    return (struct expr_names){ p->menu, parse_resolve, parse_type_of, parse_nearest, p, NULL };
}

/* --- types of variables ----------------------------------------------------------------- */

/* Characters that a value adds to a text; -1 when they cannot be seen. */
static int parse_literal_width(const struct yaml_node *node)
{
    const char *s = node->text;
    size_t left = node->len;
    uint32_t cp;
    int width = 0, n;

    if (left < 2 || s[0] != '\'' || memchr(s + 1, '\'', left - 1) != s + left - 1)
        return -1;
    while (left > 0 && (n = gsm_utf8_next(s, left, &cp)) > 0) {
        s += n;
        left -= (size_t)n;
        width += cp >= 0x10000 ? 2 : 1;
    }
    return width - 2;
}

static void parse_guess_text(struct parse *p, struct parse_var *v, const struct yaml_node *node)
{
    int width = parse_literal_width(node);

    if (width < 0)
        width = PARSE_GUESS_WIDTH;
    if (v->guessed == NULL) {
        v->guessed = parse_type_new(p, "text", v->var.pos, MENU_TYPE_TEXT);
        v->guessed->width = 1;
    }
    if (v->guessed->width < width)
        v->guessed->width = width;
    v->var.type = v->guessed;
}

/* True when the variable got its type from this job. */
static bool parse_guess(struct parse *p, struct arena *scratch, const struct parse_job *job)
{
    static const char *const kinds[EXPR_KINDS] = {
        [EXPR_BOOL] = "yesno", [EXPR_WHOLE] = "whole", [EXPR_DATE] = "date", [EXPR_TEXT] = NULL
    };
    struct parse_var *v = &p->vars[job->var];
    struct expr_error err = { 0, "" };
    const struct expr *e = parse_job_expr(p, scratch, job, &err);

    v->broken |= p->met_broken;
    v->waits = p->met_untyped;
    if (e == NULL)
        return false;
    if (expr_type(e) != NULL)
        v->var.type = expr_type(e);
    else if (kinds[expr_kind(e)] != NULL)
        v->var.type = parse_builtin(p, kinds[expr_kind(e)]);
    else
        parse_guess_text(p, v, job->node);
    return true;
}

static bool parse_guess_round(struct parse *p)
{
    struct arena *scratch = arena_new(SIZE_MAX);
    bool progress = false;

    for (int i = 0; i < p->job_count; i++) {
        const struct parse_job *job = &p->jobs[i];

        if (job->expr == NULL || job->var == MENU_NONE)
            continue;
        if (p->vars[job->var].var.type == NULL)
            progress |= parse_guess(p, scratch, job);
    }
    arena_free(scratch);
    return progress;
}

/* A text variable is as wide as the widest that it is set to. */
static void parse_guess_widths(struct parse *p)
{
    for (int i = 0; i < p->job_count; i++) {
        const struct parse_job *job = &p->jobs[i];

        if (job->expr != NULL && job->var != MENU_NONE && p->vars[job->var].guessed != NULL)
            parse_guess_text(p, &p->vars[job->var], job->node);
    }
}

/* So that the rest can be read. */
static void parse_give_up(struct parse *p, struct parse_var *v)
{
    if (!v->broken && (!v->is_set || v->waits) && !parse_excused(p))
        issue_add(p->issues, ISSUE_UNTYPED, v->var.pos,
                  "'%s' has no type: give one with 'type', or define a type of this name", v->var.name);
    v->broken = true;
    v->var.type = parse_builtin(p, "text(160)");
}

static void parse_guess_all(struct parse *p)
{
    for (int round = 0; round < PARSE_ROUNDS && p->rounds < 2 * PARSE_ROUNDS && parse_guess_round(p); round++)
        p->rounds++;
}

void parse_vars_settle(struct parse *p)
{
    for (int i = MENU_BUILTINS; i < p->var_count; i++) {
        struct parse_var *v = &p->vars[i];
        int named = names_find(p->type_names, v->var.name, strlen(v->var.name));

        if (v->var.type == NULL && named != MENU_NONE)
            v->var.type = p->types[named];
        else if (v->var.type == NULL &&
                 names_find(p->defs[FILE_TYPES].names, v->var.name, strlen(v->var.name)) != MENU_NONE)
            parse_var_broken(p, i);     /* that type is */
    }
    for (int i = 0; i < p->job_count; i++) {
        if (p->jobs[i].var != MENU_NONE)
            p->vars[p->jobs[i].var].is_set = true;
    }
    parse_guess_all(p);
    /* those whose own expression is wrong, then those that read one of them, then what runs in a circle */
    for (int i = MENU_BUILTINS; i < p->var_count; i++) {
        if (p->vars[i].var.type == NULL && !p->vars[i].waits)
            parse_give_up(p, &p->vars[i]);
    }
    parse_guess_all(p);
    for (int i = MENU_BUILTINS, circles = 0; i < p->var_count; i++) {
        if (p->vars[i].var.type != NULL)
            continue;
        parse_give_up(p, &p->vars[i]);
        if (circles++ < PARSE_ROUNDS)
            parse_guess_all(p);
    }
    parse_guess_widths(p);
}
