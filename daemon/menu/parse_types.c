#include "menu/parse.h"

#include <string.h>

#include "base/alloc.h"
#include "menu/pattern.h"

#define PARSE_WHOLE_MAX 999999999

/* --- the program's own types ------------------------------------------------------------ */

static const struct parse_own {
    const char *name;
    enum menu_type_kind kind;
    int width;                          /* 0: in parentheses, min..max */
    int min, max;
} parse_owns[] = {
    { "text", MENU_TYPE_TEXT, 0, 1, 1000 },     { "word", MENU_TYPE_WORD, 0, 1, 1000 },
    { "pin", MENU_TYPE_PIN, 0, 4, 8 },          { "whole", MENU_TYPE_WHOLE, 9, 0, 0 },
    { "date", MENU_TYPE_DATE, 10, 0, 0 },       { "msisdn", MENU_TYPE_MSISDN, 13, 0, 0 },
    { "yesno", MENU_TYPE_YESNO, 3, 0, 0 },      { "case_no", MENU_TYPE_CASE_NO, 10, 0, 0 },
};

static const struct parse_own *parse_own(const char *name, size_t len)
{
    for (size_t i = 0; i < sizeof parse_owns / sizeof parse_owns[0]; i++) {
        if (strlen(parse_owns[i].name) == len && memcmp(parse_owns[i].name, name, len) == 0)
            return &parse_owns[i];
    }
    return NULL;
}

struct menu_type *parse_type_new(struct parse *p, const char *name, struct menu_pos pos, enum menu_type_kind kind)
{
    struct menu_type *t = arena_alloc(p->arena, sizeof *t);

    t->name = name;
    t->pos = pos;
    t->kind = kind;
    t->sensitive = kind == MENU_TYPE_PIN;
    if (p->type_count == p->type_cap) {
        p->type_cap = p->type_cap > 0 ? p->type_cap * 2 : 32;
        p->types = xrealloc(p->types, (size_t)p->type_cap * sizeof *p->types);
    }
    p->types[p->type_count++] = t;
    return t;
}

/* "text(40)" to a type: one object for all that name it.  NULL: not one of ours. */
static const struct menu_type *parse_own_type(struct parse *p, const char *name, struct menu_pos pos)
{
    size_t n = strcspn(name, "("), len = strlen(name);
    const struct parse_own *own = parse_own(name, n);
    int known = names_find(p->type_names, name, len);
    int64_t width;
    struct menu_type *t;

    if (known != MENU_NONE)
        return p->types[known];
    if (own == NULL)
        return NULL;
    width = own->width;
    if (own->width == 0 && (len < n + 3 || name[len - 1] != ')' ||
                            !keys_parse_whole(name + n + 1, len - n - 2, &width) || width < own->min ||
                            width > own->max))
        return NULL;
    if (own->width != 0 && n != len)
        return NULL;
    t = parse_type_new(p, arena_strdup(p->arena, name), pos, own->kind);
    t->width = (int)width;
    t->max = own->kind == MENU_TYPE_WHOLE ? PARSE_WHOLE_MAX : 0;
    (void)names_add(p->type_names, t->name, p->type_count - 1);
    return t;
}

const struct menu_type *parse_builtin(struct parse *p, const char *name)
{
    return parse_own_type(p, name, (struct menu_pos){ p->root->source.name, 1, 1 });
}

const struct menu_type *parse_type(struct parse *p, const struct yaml_node *name)
{
    const struct parse_own *own = parse_own(name->text, strcspn(name->text, "("));
    const struct menu_type *t = parse_own_type(p, name->text, name->pos);
    struct names_best best = { .name = NULL };

    if (t != NULL)
        return t;
    if (names_find(p->defs[FILE_TYPES].names, name->text, name->len) != MENU_NONE)
        return NULL;                    /* defined, and broken: said there */
    if (parse_excused(p))
        return NULL;
    if (own != NULL && own->width == 0) {
        issue_add(p->issues, ISSUE_NO_TYPE, name->pos, "type '%s': write %s(n), n from %d to %d", name->text, own->name,
                  own->min, own->max);
        return NULL;
    }
    for (int i = 0; i < p->defs[FILE_TYPES].count && parse_may_compare(p, 1); i++)
        names_consider(&best, name->text, name->len, p->defs[FILE_TYPES].list[i].name);
    for (size_t i = 0; i < sizeof parse_owns / sizeof parse_owns[0]; i++)
        names_consider(&best, name->text, name->len, parse_owns[i].name);
    if (best.name != NULL)
        issue_add(p->issues, ISSUE_NO_TYPE, name->pos, "type '%s': no such type; did you mean '%s'?", name->text,
                  best.name);
    else
        issue_add(p->issues, ISSUE_NO_TYPE, name->pos, "type '%s': no such type", name->text);
    return NULL;
}

/* The languages as a choice, so that {citizen.lang|name} is a name. */
const struct menu_type *parse_lang_type(struct parse *p)
{
    struct menu *m = p->menu;
    struct menu_type *t = parse_type_new(p, "language", (struct menu_pos){ p->root->source.name, 1, 1 },
                                         MENU_TYPE_CHOICE);
    struct menu_choice *choices = arena_alloc(p->arena, MENU_LANGS_MAX * sizeof *choices);

    for (int i = 0; i < m->lang_count; i++) {
        struct menu_text *text = arena_alloc(p->arena, sizeof *text);
        const struct expr_names scope = parse_scope(p);
        struct expr_error err;

        for (int k = 0; k < m->lang_count; k++)
            text->by_lang[k] = template_parse(p->arena, &scope, m->langs[i].name, strlen(m->langs[i].name), "", &err);
        choices[i] = (struct menu_choice){ m->langs[i].id, text };
    }
    t->choices = choices;
    t->choice_count = m->lang_count;
    return t;
}

/* --- types of the tree -------------------------------------------------------------------- */

static void parse_pattern(struct parse *p, const struct keys_got *got, struct menu_type *t)
{
    const struct yaml_node *n = got->at[TYPE_PATTERN];
    struct pattern_error err;
    enum pattern_fault fault = pattern_compile(n->text, n->len, &p->judged, &t->regex, &err);

    t->pattern = n->text;
    if (fault != PATTERN_GOOD)
        issue_add(p->issues, fault == PATTERN_EXPONENTIAL ? ISSUE_PATTERN_TIME : ISSUE_PATTERN,
                  parse_at(p, n, err.at), "pattern: %s", err.text);
    if (got->key[TYPE_WIDTH] == NULL)
        issue_add(p->issues, ISSUE_MISSING_KEY, got->key[TYPE_PATTERN]->pos,
                  "a pattern needs 'width', the greatest number of characters");
}

static int parse_digits(int64_t v)
{
    int n = v < 0 ? 2 : 1;

    while (v > 9 || v < -9) {
        v /= 10;
        n++;
    }
    return n;
}

static void parse_whole(struct parse *p, const struct keys_got *got, struct menu_type *t)
{
    const struct yaml_node *n = got->at[TYPE_WHOLE];
    const char *dots = strstr(n->text, "..");
    size_t low = dots != NULL ? (size_t)(dots - n->text) : 0;
    int min, max;

    if (dots == NULL || !keys_parse_whole(n->text, low, &t->min) ||
        !keys_parse_whole(dots + 2, n->len - low - 2, &t->max) || t->min > t->max) {
        issue_add(p->issues, ISSUE_VALUE, n->pos, "'whole' is '%s'; it takes from..to, like 1..99", n->text);
        t->max = PARSE_WHOLE_MAX;
    }
    min = parse_digits(t->min);
    max = parse_digits(t->max);
    t->width = min > max ? min : max;
}

static void parse_choice(struct parse *p, const struct keys_got *got, struct menu_type *t)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
    const struct yaml_node *map = got->at[TYPE_CHOICE];
    struct menu_choice *choices = arena_alloc(p->arena, ((size_t)map->count + 1) * sizeof *choices);

    if (map->count == 0)
        issue_add(p->issues, ISSUE_VALUE, map->pos, "a choice has at least one code");
    if (map->count > PARSE_CODES_MAX) {
        issue_add(p->issues, ISSUE_SIZE, map->pos, "%d codes; a choice has at most %d", map->count, PARSE_CODES_MAX);
        return;
    }
    for (int i = 0; i < map->count; i++) {
        const struct yaml_node *code = yaml_key(map, i);

        if (code->len == 0 || code->len > 32 || strspn(code->text, letters) != code->len)
            issue_add(p->issues, ISSUE_BAD_NAME, code->pos, "code '%s': letters, digits and _, at most 32", code->text);
        choices[i].code = code->text;
        choices[i].name = parse_text(p, yaml_value(map, i), &(struct parse_text_args){ .constant = true });
    }
    t->choices = choices;
    t->choice_count = map->count;
}

static void parse_sized(struct menu_type *t, const struct yaml_node *n)
{
    t->width = (int)keys_whole(n);
}

/* How a type is made: the key that says so, and keys that go with it. */
static const struct parse_form {
    int key;
    enum menu_type_kind kind;
    uint64_t takes;
    int width;
} parse_forms[] = {
    { TYPE_PATTERN, MENU_TYPE_PATTERN, PARSE_BIT(TYPE_WIDTH), 0 },
    { TYPE_WHOLE, MENU_TYPE_WHOLE, PARSE_BIT(TYPE_WIDTH), 0 },
    { TYPE_DATE, MENU_TYPE_DATE, PARSE_BIT(TYPE_PAST) | PARSE_BIT(TYPE_FUTURE), 10 },
    { TYPE_CHOICE, MENU_TYPE_CHOICE, 0, 0 },
    { TYPE_MSISDN, MENU_TYPE_MSISDN, 0, 13 },
    { TYPE_TEXT, MENU_TYPE_TEXT, 0, 0 },
    { TYPE_WORD, MENU_TYPE_WORD, 0, 0 },
    { TYPE_PIN, MENU_TYPE_PIN, 0, 0 },
};

static void parse_width(struct parse *p, const struct keys_got *got, struct menu_type *t)
{
    int width = (int)keys_whole(got->at[TYPE_WIDTH]);

    if (t->kind == MENU_TYPE_WHOLE && width < t->width)
        issue_add(p->issues, ISSUE_VALUE, got->at[TYPE_WIDTH]->pos, "width %d: its numbers have up to %d characters",
                  width, t->width);
    t->width = width;
}

static void parse_store(struct parse *p, const struct yaml_node *store, struct menu_type *t)
{
    bool cut = t->kind == MENU_TYPE_TEXT || t->kind == MENU_TYPE_WORD || t->kind == MENU_TYPE_MSISDN ||
               t->kind == MENU_TYPE_PATTERN;

    t->store = yaml_is(store, "last4") ? MENU_STORE_LAST4 : yaml_is(store, "none") ? MENU_STORE_NONE
             : yaml_is(store, "keyed") ? MENU_STORE_KEYED : MENU_STORE_WHOLE;
    if (t->store == MENU_STORE_KEYED) { /* who hides it in tables hides it everywhere */
        t->sensitive = true;
        p->menu->keyed = true;
    }
    if ((t->store == MENU_STORE_LAST4 || t->store == MENU_STORE_KEYED) && !cut)
        issue_add(p->issues, ISSUE_STORE, store->pos,
                  "type '%s' has no last 4 characters to keep: patterns, texts, words and mobile numbers have; "
                  "write whole or none", t->name);
}

static void parse_type_rest(struct parse *p, const struct keys_got *got, struct menu_type *t)
{
    if (got->at[TYPE_WIDTH] != NULL)
        parse_width(p, got, t);
    if (got->at[TYPE_SENSITIVE] != NULL)
        t->sensitive |= keys_bool(got->at[TYPE_SENSITIVE]);
    t->past = got->at[TYPE_PAST] != NULL && keys_bool(got->at[TYPE_PAST]);
    t->future = got->at[TYPE_FUTURE] != NULL && keys_bool(got->at[TYPE_FUTURE]);
    if (got->at[TYPE_STORE] != NULL)
        parse_store(p, got->at[TYPE_STORE], t);
    if (got->at[TYPE_EXAMPLE] != NULL) {
        t->example = got->at[TYPE_EXAMPLE]->text;
        t->example_pos = got->at[TYPE_EXAMPLE]->pos;
    }
}

static struct menu_type *parse_type_form(struct parse *p, const struct parse_def *def, const struct keys_got *got,
                                         const struct parse_form *form)
{
    uint64_t takes = form->takes | PARSE_BIT(TYPE_EXAMPLE) | PARSE_BIT(TYPE_SENSITIVE) | PARSE_BIT(TYPE_STORE);
    struct menu_type *t = parse_type_new(p, def->name, def->key->pos, form->kind);

    (void)parse_fits(p, got, KEYS_TYPE, form->key, takes, 0);
    t->width = form->width;
    if (got->at[form->key] == NULL)
        return NULL;
    if (form->key == TYPE_PATTERN)
        parse_pattern(p, got, t);
    else if (form->key == TYPE_WHOLE)
        parse_whole(p, got, t);
    else if (form->key == TYPE_CHOICE)
        parse_choice(p, got, t);
    else if (form->width == 0)
        parse_sized(t, got->at[form->key]);
    parse_type_rest(p, got, t);
    return t;
}

/* "nid4: text(4)": another name for one of the program's own. */
static struct menu_type *parse_type_alias(struct parse *p, const struct parse_def *def)
{
    const struct menu_type *same;
    struct menu_type *t;

    if (parse_own(def->value->text, strcspn(def->value->text, "(")) == NULL) {
        issue_add(p->issues, ISSUE_NO_TYPE, def->value->pos, "type '%s' is '%s', which is no builtin type", def->name,
                  def->value->text);
        return NULL;
    }
    same = parse_type(p, def->value);
    if (same == NULL)
        return NULL;
    t = parse_type_new(p, def->name, def->key->pos, same->kind);
    t->width = same->width;
    t->max = same->max;
    return t;
}

static struct menu_type *parse_type_def(struct parse *p, const struct parse_def *def)
{
    struct keys_got got;

    if (def->value->kind == YAML_IS_SCALAR)
        return parse_type_alias(p, def);
    if (!keys_read(def->value, KEYS_TYPE, &got, p->issues))
        return NULL;
    for (size_t i = 0; i < sizeof parse_forms / sizeof parse_forms[0]; i++) {
        if (got.key[parse_forms[i].key] != NULL)
            return parse_type_form(p, def, &got, &parse_forms[i]);
    }
    issue_add(p->issues, ISSUE_MISSING_KEY, def->key->pos,
              "type '%s' says not what it is: pattern, whole, date, choice, msisdn, text, word or pin", def->name);
    return NULL;
}

void parse_types(struct parse *p)
{
    const struct parse_defs *defs = &p->defs[FILE_TYPES];

    for (int i = 0; i < defs->count; i++) {
        const struct parse_def *def = &defs->list[i];
        struct menu_type *t;

        if (parse_own(def->name, strlen(def->name)) != NULL || strcmp(def->name, "language") == 0) {
            issue_add(p->issues, ISSUE_OWN_NAME, def->key->pos, "'%s' is a builtin type", def->name);
            continue;
        }
        t = parse_type_def(p, def);
        if (t != NULL)
            (void)names_add(p->type_names, t->name, p->type_count - 1);
    }
}

/* --- when all texts are compiled ------------------------------------------------------------ */

static int parse_characters(const char *s, size_t n)
{
    int count = 0;

    for (size_t i = 0; i < n; i++)
        count += ((unsigned char)s[i] & 0xc0) != 0x80;
    return count;
}

/* A choice is as wide as its longest name. */
static void parse_choice_width(const struct parse *p, struct menu_type *t)
{
    for (int i = 0; i < t->choice_count; i++) {
        for (int k = 0; k < p->menu->lang_count; k++) {
            const struct template *name = t->choices[i].name->by_lang[k];
            size_t len = 0;
            const char *s = name != NULL ? template_constant(name, &len, NULL) : NULL;

            if (s != NULL && parse_characters(s, len) > t->width)
                t->width = parse_characters(s, len);
        }
    }
}

/* What a question shows as an example must be a good answer to it. */
static void parse_example(struct parse *p, const struct menu_type *t)
{
    struct menu_type timeless = *t;
    struct buf value;

    timeless.past = false;
    timeless.future = false;
    if (t->kind == MENU_TYPE_PATTERN && t->regex == NULL)
        return;
    buf_init(&value, 4096);
    if (!menu_type_accept(&timeless, t->example, strlen(t->example), 0, &value))
        issue_add(p->issues, ISSUE_EXAMPLE, t->example_pos, "type '%s': its example '%s' does not fit it", t->name,
                  t->example);
    buf_fini(&value);
}

void parse_types_end(struct parse *p)
{
    for (int i = 0; i < p->type_count; i++) {
        if (p->types[i]->choice_count > 0)
            parse_choice_width(p, p->types[i]);
        if (p->types[i]->example != NULL)
            parse_example(p, p->types[i]);
    }
}
