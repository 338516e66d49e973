/*
 * parse_tells.c - what a text that tells of a case may show: its number, what
 * has just happened to it, and the fields of its service.
 *
 * These are variables that no operator can name outside such a text: "tells:at".
 */
#include "menu/parse.h"

#include <string.h>

static const struct {
    const char *name, *type;
    bool states, messages;              /* may stand in */
} parse_own_tells[] = {
    { "case.no", "case_no", true, true },       /* its number */
    { "at", "date", true, true },       /* day of the state */
    { "note", "text(140)", true, true },        /* what was noted with it */
    { "left", NULL, true, false },      /* days that are left for an answer */
    { "due", "date", false, true },     /* day till which an answer is promised; unset where none is */
};

#define PARSE_OWN_TELLS (sizeof parse_own_tells / sizeof parse_own_tells[0])

/* --- the variables ------------------------------------------------------------------- */

static const struct menu_type *parse_tells_type(const struct parse *p, int var)
{
    return p->vars[var].var.type;
}

/* The variable of a field's name and type, made when it is first asked for. */
static int parse_tells_var(struct parse *p, const char *name, size_t len, const struct menu_type *type)
{
    char *full;

    for (int i = 0; i < p->tells_count; i++) {
        const char *known = p->vars[p->tells[i]].var.name + strlen(MENU_TELLS);

        if (strlen(known) == len && memcmp(known, name, len) == 0 && parse_tells_type(p, p->tells[i]) == type)
            return p->tells[i];
    }
    if (p->tells_count == PARSE_TELLS_MAX)
        return MENU_NONE;
    full = arena_alloc(p->arena, strlen(MENU_TELLS) + len + 1);
    memcpy(full, MENU_TELLS, strlen(MENU_TELLS));
    memcpy(full + strlen(MENU_TELLS), name, len);
    p->tells[p->tells_count] = parse_var_hidden_of(p, full, (struct menu_pos){ p->root->source.name, 1, 1 }, type);
    return p->tells[p->tells_count++];
}

/* A field that a case keeps. */
static const struct menu_field *parse_tells_field(const struct menu_service *s, const char *name, size_t len)
{
    for (int i = 0; i < s->field_count; i++) {
        const struct menu_field *f = &s->fields[i];

        if (strlen(f->name) == len && memcmp(f->name, name, len) == 0)
            return f->type != NULL && f->type->store != MENU_STORE_NONE ? f : NULL;
    }
    return NULL;
}

static bool parse_tells_has(const struct parse_tells *t, size_t own)
{
    return t->states ? parse_own_tells[own].states : parse_own_tells[own].messages;
}

/* All services that the text may tell of must mean the same by it. */
static int parse_tells_find(struct parse *p, const struct parse_tells *t, const char *name, size_t len)
{
    const struct menu_type *type = NULL;

    for (size_t i = 0; i < PARSE_OWN_TELLS; i++) {
        const char *builtin = parse_own_tells[i].type;

        if (parse_tells_has(t, i) && strlen(parse_own_tells[i].name) == len &&
            memcmp(parse_own_tells[i].name, name, len) == 0)
            return parse_tells_var(p, name, len, builtin != NULL ? parse_builtin(p, builtin) : parse_left_type(p));
    }
    for (int i = 0; i < t->count; i++) {
        const struct menu_field *f = parse_tells_field(t->services[i], name, len);

        if (f == NULL || (type != NULL && f->type != type))
            return MENU_NONE;
        type = f->type;
    }
    return type != NULL ? parse_tells_var(p, name, len, type) : MENU_NONE;
}

/* --- the scope of a text ---------------------------------------------------------------- */

static int parse_tells_resolve(void *arg, const char *name, size_t len)
{
    struct parse *p = arg;
    const struct parse_tells *t = p->telling;
    struct expr_names tree = parse_scope(p);
    int found;

    if (t->tree && names_find(p->var_names, name, len) != MENU_NONE)
        return tree.resolve(p, name, len);
    found = parse_tells_find(p, t, name, len);
    return found == MENU_NONE && t->tree ? tree.resolve(p, name, len) : found;
}

static const struct menu_type *parse_tells_type_of(void *arg, int var)
{
    return parse_tells_type(arg, var);
}

static const char *parse_tells_nearest(void *arg, const char *name, size_t len)
{
    struct parse *p = arg;
    const struct parse_tells *t = p->telling;
    struct names_best best = { .name = NULL };

    for (size_t i = 0; i < PARSE_OWN_TELLS; i++)
        if (parse_tells_has(t, i))
            names_consider(&best, name, len, parse_own_tells[i].name);
    for (int i = 0; i < t->count; i++) {
        for (int k = 0; k < t->services[i]->field_count; k++) {
            const char *field = t->services[i]->fields[k].name;

            if (parse_tells_find(p, t, field, strlen(field)) != MENU_NONE)
                names_consider(&best, name, len, field);
        }
    }
    if (best.name == NULL && t->tree) {
        struct expr_names tree = parse_scope(p);

        return tree.nearest(p, name, len);
    }
    return best.name;
}

struct expr_names parse_tells_scope(struct parse *p, const struct parse_tells *t)
{
    p->telling = t;
    return (struct expr_names){ p->menu, parse_tells_resolve, parse_tells_type_of, parse_tells_nearest, p, NULL };
}

/* --- what a template tells of ----------------------------------------------------------- */

/* Does a case come to its first state again? */
static bool parse_comes_back(const struct menu_service *s)
{
    for (int i = 0; i < s->state_count; i++) {
        for (int k = 0; k < s->states[i].to_count; k++) {
            if (s->states[i].to[k] == 0)
                return true;
        }
    }
    return false;
}

const struct parse_tells *parse_tells_of(struct parse *p, int sms)
{
    const struct menu *m = p->menu;
    struct parse_tells *t = arena_alloc(p->arena, sizeof *t);
    const struct menu_service **services = arena_alloc(p->arena, ((size_t)m->service_count + 1) * sizeof(*services));

    t->tree = true;
    for (int i = 0; i < m->service_count; i++) {
        const struct menu_service *s = &m->services[i];
        bool tells = false;

        for (int k = 0; k < s->notify_count; k++) {
            if (s->notify[k].sms != sms)
                continue;
            tells = true;
            if (strcmp(s->notify[k].state, menu_service_first(s)) != 0 || parse_comes_back(s))
                t->tree = false;        /* nobody is in a dialogue then */
        }
        for (int k = 0; k < s->overdue_count; k++) {
            if (s->overdue[k].sms != sms)
                continue;
            tells = true;
            t->tree = false;
        }
        if (tells)
            services[t->count++] = s;
    }
    t->services = services;
    return t->count > 0 ? t : NULL;
}
