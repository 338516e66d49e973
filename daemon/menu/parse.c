#include "menu/parse.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "menu/check.h"
#include "menu/folder.h"

#define PARSE_COMPARED_MAX 4000000       /* names; a quarter of a second */
#define PARSE_PREFIX_MAX 128
#define PARSE_SOURCES_MAX (FOLDER_MAX + 1024 * 1024)    /* with paths and lengths */

/* --- names -------------------------------------------------------------------------------- */

static const struct parse_section {
    const char *what;
    enum issue_code none;
} parse_sections[FILE_KEYS] = {
    [FILE_TYPES] = { "type", ISSUE_NO_TYPE },          [FILE_RECORDS] = { "record", ISSUE_NO_RECORD },
    [FILE_QUERIES] = { "query", ISSUE_NO_QUERY },      [FILE_SCREENS] = { "screen", ISSUE_NO_SCREEN },
    [FILE_SERVICES] = { "service", ISSUE_NO_SERVICE }, [FILE_SMS] = { "template", ISSUE_NO_SMS },
    [FILE_BACKENDS] = { "back end", ISSUE_NO_BACKEND }, [FILE_PROVIDERS] = { "provider", ISSUE_NO_PROVIDER },
    [FILE_RECEIPTS] = { "receipt", ISSUE_RECEIPT },
};

bool parse_may_compare(struct parse *p, int names)
{
    p->compared += names;
    return p->issues->count < ISSUES_MAX && p->compared < PARSE_COMPARED_MAX;
}

bool parse_excused(struct parse *p)
{
    for (int i = 0; i < p->file_count; i++) {
        if (p->files[i].broken) {
            p->silent++;
            return true;
        }
    }
    return false;
}

/* A screen's name shows the file that it is in. */
static bool parse_screen_excused(struct parse *p, const struct parse_file *from, const struct yaml_node *name)
{
    for (int i = 0; i < p->file_count; i++) {
        const struct parse_file *f = &p->files[i];
        bool here = *f->prefix == '\0' ? strchr(name->text, '.') == NULL
                                       : strncmp(name->text, f->prefix, strlen(f->prefix)) == 0;

        if (f->broken && (here || f == from)) {
            p->silent++;
            return true;
        }
    }
    return false;
}

int parse_find(struct parse *p, enum keys_file section, const struct yaml_node *name)
{
    const struct parse_section *s = &parse_sections[section];
    int i = names_find(p->defs[section].names, name->text, name->len);
    const char *nearest = NULL;

    if (i != MENU_NONE || parse_excused(p))
        return i;
    if (parse_may_compare(p, p->defs[section].count))
        nearest = names_nearest(p->defs[section].names, name->text, name->len);
    if (nearest != NULL)
        issue_add(p->issues, s->none, name->pos, "%s '%s': no such %s; did you mean '%s'?", s->what, name->text,
                  s->what, nearest);
    else
        issue_add(p->issues, s->none, name->pos, "%s '%s': no such %s", s->what, name->text, s->what);
    return MENU_NONE;
}

static int parse_screen_index(const struct parse *p, const struct parse_file *file, const struct yaml_node *name)
{
    const struct names *names = p->defs[FILE_SCREENS].names;
    int i = MENU_NONE;
    struct buf full;

    if (*file->prefix != '\0' && name->len <= 64) {
        buf_init(&full, 256);
        buf_addf(&full, "%s%s", file->prefix, name->text);
        i = names_find(names, buf_str(&full), full.len);
        buf_fini(&full);
    }
    return i != MENU_NONE ? i : names_find(names, name->text, name->len);
}

/* Names of the same file are meant as they stand there, without its prefix. */
static const char *parse_screen_near(struct parse *p, const struct parse_file *file, const struct yaml_node *name)
{
    const struct parse_defs *defs = &p->defs[FILE_SCREENS];
    size_t prefix = strlen(file->prefix);
    struct names_best best = { .name = NULL };

    if (!parse_may_compare(p, 2 * defs->count))
        return NULL;
    for (int i = 0; i < defs->count; i++)
        names_consider(&best, name->text, name->len, defs->list[i].name + (defs->list[i].file == file ? prefix : 0));
    for (int i = 0; i < defs->count; i++)
        names_consider(&best, name->text, name->len, defs->list[i].name);
    return best.name;
}

int parse_screen_find(struct parse *p, const struct parse_file *file, const struct yaml_node *name, const char *key)
{
    int i = parse_screen_index(p, file, name);
    const char *nearest;

    if (i != MENU_NONE || parse_screen_excused(p, file, name))
        return i;
    nearest = parse_screen_near(p, file, name);
    if (nearest != NULL)
        issue_add(p->issues, ISSUE_NO_SCREEN, name->pos, "%s '%s': no such screen; did you mean '%s'?", key, name->text,
                  nearest);
    else
        issue_add(p->issues, ISSUE_NO_SCREEN, name->pos, "%s '%s': no such screen", key, name->text);
    return MENU_NONE;
}

bool parse_keys(struct parse *p, const struct yaml_node *node, enum keys_map map, uint64_t setting,
                struct keys_got *got)
{
    bool good = keys_read(node, map, got, p->issues);
    const struct keys_row *rows = keys_table(map);

    p->vars_lost |= !good;
    for (int i = 0; rows[i].name != NULL; i++) {
        bool lost = got->key[i] != NULL ? got->at[i] == NULL : rows[i].required;

        p->vars_lost |= (setting & PARSE_BIT(i)) != 0 && lost;
    }
    return good;
}

const struct yaml_node *parse_entry(struct parse *p, const struct yaml_node *map, int i)
{
    const struct yaml_node *key = yaml_key(map, i), *value = yaml_value(map, i);

    if (value->kind == YAML_IS_SCALAR && (value->len > 0 || value->style != YAML_IS_PLAIN))
        return value;
    issue_add(p->issues, ISSUE_SHAPE, value->pos, "'%s' takes a single value", key->text);
    return NULL;
}

/* --- definitions ---------------------------------------------------------------------------- */

static void parse_define(struct parse *p, enum keys_file section, const struct parse_def *def)
{
    struct parse_defs *defs = &p->defs[section];
    int first = names_add(defs->names, def->name, defs->count);

    if (first != MENU_NONE) {
        const struct menu_pos *pos = &defs->list[first].key->pos;

        issue_add(p->issues, ISSUE_DEFINED_TWICE, def->key->pos, "%s '%s' is defined twice; first at %s:%d",
                  parse_sections[section].what, def->name, pos->file, pos->line);
        return;
    }
    if (defs->count == defs->cap) {
        defs->cap = defs->cap > 0 ? defs->cap * 2 : 32;
        defs->list = xrealloc(defs->list, (size_t)defs->cap * sizeof *defs->list);
    }
    defs->list[defs->count++] = *def;
}

static void parse_define_all(struct parse *p, const struct parse_file *file, enum keys_file section)
{
    const struct yaml_node *map = file->got.at[section];
    struct buf name;

    for (int i = 0; map != NULL && i < map->count; i++) {
        struct parse_def def = { NULL, yaml_key(map, i), yaml_value(map, i), file };

        if (!keys_is_name(def.key->text, def.key->len))
            issue_add(p->issues, ISSUE_BAD_NAME, def.key->pos, "%s '%s': letters, digits and _, first a letter",
                      parse_sections[section].what, def.key->text);
        def.name = def.key->text;
        if (section == FILE_SCREENS && *file->prefix != '\0') {
            buf_init(&name, PARSE_PREFIX_MAX + YAML_FILE_MAX);
            buf_addf(&name, "%s%s", file->prefix, def.name);
            def.name = arena_strdup(p->arena, buf_str(&name));
            buf_fini(&name);
        }
        parse_define(p, section, &def);
    }
}

/* --- files ------------------------------------------------------------------------------------ */

/* "north/allowance.yaml" to "north.allowance."; NULL when it cannot be one. */
static const char *parse_prefix(struct parse *p, const char *path)
{
    size_t n = strlen(path);
    char *prefix = arena_strdup(p->arena, path);

    if (strcmp(path, "kheya.yaml") == 0)
        return "";
    n -= n > 5 && strcmp(path + n - 5, ".yaml") == 0 ? 4 : n > 4 && strcmp(path + n - 4, ".yml") == 0 ? 3 : n;
    prefix[n] = '\0';
    if (n < 2 || n > PARSE_PREFIX_MAX)
        return NULL;
    for (size_t i = 0; i + 1 < n; i++) {
        if (prefix[i] == '/')
            prefix[i] = '.';
        else if (strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-", prefix[i]) == NULL)
            return NULL;
    }
    return prefix;
}

/* The name that positions show. */
static const char *parse_file_name(struct parse *p, const char *dir, const char *path)
{
    struct buf name;
    const char *copy;

    if (dir == NULL)
        return path;
    buf_init(&name, 16384);
    buf_adds(&name, dir);
    while (name.len > 1 && name.data[name.len - 1] == '/')
        buf_cut(&name, name.len - 1);
    buf_addf(&name, "/%s", path);
    copy = arena_strdup(p->arena, buf_str(&name));
    buf_fini(&name);
    return copy;
}

static void parse_file_keys(struct parse *p, struct parse_file *file, struct yaml_budget *budget)
{
    int errors = p->issues->errors;
    const struct yaml_node *root = yaml_read(p->arena, &file->source, budget, p->issues);

    file->broken = root == NULL && p->issues->errors > errors;
    if (root == NULL && p->root == file && !file->broken)
        issue_add(p->issues, ISSUE_FOLDER, (struct menu_pos){ file->source.name, 1, 1 }, "the root file is empty");
    if (root == NULL)
        return;
    if (!keys_read(root, p->root == file ? KEYS_ROOT : KEYS_FILE, &file->got, p->issues))
        file->broken = true;
    for (int i = FILE_TYPES; i <= FILE_RECEIPTS; i++)
        file->broken |= file->got.key[i] != NULL && file->got.at[i] == NULL;
    /* "screns:" holds definitions too */
    for (int i = 0; root->kind == YAML_IS_MAP && i < root->count; i++)
        file->broken |= yaml_value(root, i)->kind == YAML_IS_MAP && !keys_has(p->root == file ? KEYS_ROOT : KEYS_FILE,
                                                                             yaml_key(root, i)->text);
}

static void parse_file(struct parse *p, const char *dir, const struct folder_file *from, struct yaml_budget *budget)
{
    struct parse_file *file = &p->files[p->file_count++];

    file->source = (struct yaml_file){ parse_file_name(p, dir, from->path), from->data, from->len };
    file->prefix = parse_prefix(p, from->path);
    if (file->prefix == NULL) {
        issue_add(p->issues, ISSUE_BAD_NAME, (struct menu_pos){ file->source.name, 1, 1 },
                  "the file's name becomes the prefix of its screens: letters, digits, - and _, at most %d",
                  PARSE_PREFIX_MAX);
        file->prefix = "";
    } else if (*file->prefix == '\0') {
        p->root = file;
    }
    parse_file_keys(p, file, budget);
}

/* Files that could not even be read are not among the sources: the root stands
 * for them. */
static void parse_lost_files(struct parse *p, int errors_before)
{
    if (errors_before > 0 && p->root != NULL)
        p->root->broken = true;
}

static bool parse_files(struct parse *p, const char *dir)
{
    struct yaml_budget budget = { YAML_PARTS_MAX };
    const char *at = p->menu->sources;
    size_t left = p->menu->sources_len;
    struct folder_file file;
    int count = 0, errors = p->issues->errors;

    while (folder_next(&at, &left, &file))
        count++;
    if (left > 0 || count > FOLDER_FILES_MAX) {
        issue_add(p->issues, ISSUE_FOLDER, (struct menu_pos){ "kheya.yaml", 1, 1 }, "not the sources of a menu");
        return false;
    }
    p->files = arena_alloc(p->arena, ((size_t)count + 1) * sizeof *p->files);
    at = p->menu->sources;
    left = p->menu->sources_len;
    while (folder_next(&at, &left, &file))
        parse_file(p, dir, &file, &budget);
    parse_lost_files(p, errors);
    if (p->root == NULL && p->issues->errors == 0)
        issue_add(p->issues, ISSUE_FOLDER, (struct menu_pos){ "kheya.yaml", 1, 1 }, "no kheya.yaml among the sources");
    return p->root != NULL && p->root->got.node != NULL;
}

/* --- the whole ---------------------------------------------------------------------------------- */

static void parse_seal(struct parse *p)
{
    struct menu *m = p->menu;
    struct menu_var *vars = arena_alloc(p->arena, ((size_t)p->var_count + 1) * sizeof *vars);
    const struct menu_type **types = arena_alloc(p->arena, ((size_t)p->type_count + 1) * sizeof *types);

    for (int i = 0; i < p->var_count; i++)
        vars[i] = p->vars[i].var;
    for (int i = 0; i < p->type_count; i++)
        types[i] = p->types[i];
    m->vars = vars;
    m->var_count = p->var_count;
    m->types = types;
    m->type_count = p->type_count;
    m->screen_names = p->defs[FILE_SCREENS].names;
    m->var_names = p->var_names;
}

static void parse_tree(struct parse *p)
{
    parse_languages(p);
    for (int i = 0; i < p->file_count; i++) {
        for (enum keys_file s = FILE_TYPES; s <= FILE_RECEIPTS; s++)
            parse_define_all(p, &p->files[i], s);
    }
    parse_vars_begin(p);
    parse_types(p);
    parse_records(p);
    parse_backends(p);
    parse_services(p);
    parse_providers(p);
    parse_receipts(p);
    parse_cases_begin(p);
    parse_messages(p);
    parse_queries(p);
    parse_screens(p);
    parse_root(p);
    parse_chosen(p);
    parse_compile(p);
    parse_trust_end(p);
    parse_pay_end(p);
    parse_keywords_end(p);
    parse_types_end(p);
    if (p->issues->errors == 0)
        parse_signs_found(p);
    if (p->issues->errors == 0 && p->silent > 0)
        issue_add(p->issues, ISSUE_UNTYPED, (struct menu_pos){ p->root->source.name, 1, 1 },
                  "%d expressions read variables without a type", p->silent);
}

static void parse_begin(struct parse *p, const char *sources, size_t n, struct menu_issues *issues)
{
    unsigned char hash[crypto_generichash_BYTES_MIN];

    /* what goes in is bounded by FOLDER_MAX and YAML_PARTS_MAX: this ceiling is never met */
    p->arena = arena_new(SIZE_MAX);
    p->issues = issues;
    p->menu = arena_alloc(p->arena, sizeof *p->menu);
    p->menu->arena = p->arena;
    p->menu->consent = MENU_NONE;
    p->menu->pin = MENU_NONE;
    p->menu->keyword_names = p->keyword_names = names_new(p->arena);
    for (int i = 0; i < MENU_PAID_VARS; i++)
        p->menu->paid[i] = MENU_NONE;
    p->tells = arena_alloc(p->arena, PARSE_TELLS_MAX * sizeof *p->tells);
    p->menu->sources = arena_memdup0(p->arena, sources, n);
    p->menu->sources_len = n;
    (void)crypto_generichash(hash, sizeof hash, (const unsigned char *)sources, n, NULL, 0);
    memcpy(&p->menu->generation, hash, sizeof p->menu->generation);
    if (p->menu->generation == 0)
        p->menu->generation = 1;
    for (enum keys_file s = FILE_TYPES; s < FILE_KEYS; s++)
        p->defs[s].names = names_new(p->arena);
    p->type_names = names_new(p->arena);
    p->var_names = names_new(p->arena);
    p->broken = names_new(p->arena);
}

static void parse_end_all(struct parse *p)
{
    for (enum keys_file s = FILE_TYPES; s < FILE_KEYS; s++)
        free(p->defs[s].list);
    free(p->types);
    free(p->vars);
    free(p->jobs);
    free(p->returns);
}

static struct menu *parse_sources(const char *dir, const char *sources, size_t n, const struct menu_links *links,
                                  struct menu_issues *issues)
{
    struct parse p = { .root = NULL };
    struct menu *m;

    parse_begin(&p, sources, n, issues);
    m = p.menu;
    if (parse_files(&p, dir))
        parse_tree(&p);
    parse_seal(&p);
    issues->locate = parse_locate;
    issues->locate_arg = &p;            /* cppcheck-suppress autoVariables ; until the end of this function */
    check_menu(m, links, issues);
    issues->locate = NULL;
    issues->locate_arg = NULL;
    parse_end_all(&p);
    issues_sort(issues);
    if (issues->errors == 0)
        return m;
    menu_free(m);
    return NULL;
}

static const struct menu_link parse_usual_link = { "the usual link", 160, 70 };
static const struct menu_links parse_usual = { &parse_usual_link, 1 };

struct menu *menu_load_for(const char *dir, const struct menu_links *links, struct menu_issues *issues)
{
    struct menu *m = NULL;
    struct buf sources;

    issues_init(issues);
    buf_init(&sources, PARSE_SOURCES_MAX);
    if (folder_read(dir, &sources, issues))
        m = parse_sources(dir, sources.data, sources.len, links, issues);
    else
        issues_sort(issues);
    buf_fini(&sources);
    return m;
}

struct menu *menu_load(const char *dir, struct menu_issues *issues)
{
    return menu_load_for(dir, &parse_usual, issues);
}

struct menu *menu_load_sources(const char *sources, size_t n, struct menu_issues *issues)
{
    issues_init(issues);
    return parse_sources(NULL, sources, n, NULL, issues);
}

struct menu *menu_load_text(const char *text, size_t n, struct menu_issues *issues)
{
    struct menu *m;
    struct buf sources;

    issues_init(issues);
    buf_init(&sources, n + 64);
    folder_add(&sources, "kheya.yaml", text, n);
    m = parse_sources(NULL, sources.data, sources.len, &parse_usual, issues);
    buf_fini(&sources);
    return m;
}
