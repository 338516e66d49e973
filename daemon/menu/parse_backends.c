/* parse_backends.c - back ends, and the hooks that ask them. */
#include "menu/parse.h"

#include <string.h>

#define PARSE_BACKEND_TIMEOUT 2000      /* ms, of a back end that says nothing */
#define PARSE_BACKEND_FAILS 5
#define PARSE_BACKEND_REST 30000
#define PARSE_BACKEND_FIRST 10000
#define PARSE_BACKEND_LONGEST (3600 * 1000)
#define PARSE_BACKEND_EVERY (5 * 60 * 1000)
#define PARSE_BACKEND_POLL (15 * 60 * 1000)
#define PARSE_MEANING_MAX 60            /* octets of an agency's word */
#define PARSE_URL_MAX 512
#define PARSE_PATH_MAX 200
#define PARSE_MEMBERS_MAX 64

static const char *const parse_kind_names[MENU_BACKEND_KINDS] = {
    [MENU_BACKEND_HTTP] = "http",
    [MENU_BACKEND_CSV] = "csv",
    [MENU_BACKEND_INTERNAL] = "internal",
    [MENU_BACKEND_MOCK] = "mock",
};

/* What each kind takes beside 'kind', and needs. */
static const struct {
    uint64_t takes, needs;
} parse_kind_keys[MENU_BACKEND_KINDS] = {
    [MENU_BACKEND_HTTP] = { PARSE_BIT(BACKEND_URL) | PARSE_BIT(BACKEND_KEY) | PARSE_BIT(BACKEND_TIMEOUT) |
                                PARSE_BIT(BACKEND_BREAKER) | PARSE_BIT(BACKEND_CASES) | PARSE_BIT(BACKEND_STATES) |
                                PARSE_BIT(BACKEND_TAKEN) | PARSE_BIT(BACKEND_RETRY) | PARSE_BIT(BACKEND_PEOPLE) |
                                PARSE_BIT(BACKEND_POLL) | PARSE_BIT(BACKEND_PAYMENTS),
                            PARSE_BIT(BACKEND_URL) | PARSE_BIT(BACKEND_KEY) },
    [MENU_BACKEND_CSV] = { PARSE_BIT(BACKEND_FOLDER) | PARSE_BIT(BACKEND_STATES) | PARSE_BIT(BACKEND_TAKEN) |
                               PARSE_BIT(BACKEND_EVERY),
                           PARSE_BIT(BACKEND_FOLDER) },
    [MENU_BACKEND_INTERNAL] = { 0, 0 },
    [MENU_BACKEND_MOCK] = { PARSE_BIT(BACKEND_ANSWERS) | PARSE_BIT(BACKEND_CASES) | PARSE_BIT(BACKEND_STATES) |
                                PARSE_BIT(BACKEND_TAKEN) | PARSE_BIT(BACKEND_RETRY) | PARSE_BIT(BACKEND_PEOPLE) |
                                PARSE_BIT(BACKEND_PAYMENTS),
                            0 },
};

/* --- values ------------------------------------------------------------------------------ */

static bool parse_is_of(const struct yaml_node *n, const char *set)
{
    return strspn(n->text, set) == n->len;
}

/* http://host[:port][/path], without a user, a query or blanks. */
static bool parse_is_url(const struct yaml_node *n)
{
    static const char set[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~%/:[]";
    size_t scheme = strncmp(n->text, "http://", 7) == 0 ? 7 : strncmp(n->text, "https://", 8) == 0 ? 8 : 0;

    return scheme > 0 && n->len > scheme && n->len <= PARSE_URL_MAX && parse_is_of(n, set) &&
           n->text[scheme] != '/' && n->text[scheme] != ':';
}

const char *parse_url(struct parse *p, const struct yaml_node *url)
{
    size_t n = url->len;

    if (!parse_is_url(url)) {
        issue_add(p->issues, ISSUE_BACKEND, url->pos,
                  "url '%s': an address is like http://10.0.0.1:8400/api, without a user or a query", url->text);
        return NULL;
    }
    while (url->text[n - 1] == '/')
        n--;
    return arena_memdup0(p->arena, url->text, n);
}

/* A file or folder below the configuration's: an operator of menus names no other
 * part of the machine. */
const char *parse_below(struct parse *p, const char *key, const struct yaml_node *path)
{
    static const char set[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._/";

    if (path->len <= PARSE_PATH_MAX && path->text[0] != '/' && parse_is_of(path, set) &&
        strstr(path->text, "..") == NULL)
        return path->text;
    issue_add(p->issues, ISSUE_BACKEND, path->pos,
              "%s '%s': a path below the folder of the configuration, of letters, digits and - _ . /", key,
              path->text);
    return NULL;
}

static bool parse_is_path(const struct yaml_node *n)
{
    static const char set[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/";

    return n->text[0] == '/' && n->len <= PARSE_PATH_MAX && parse_is_of(n, set);
}

/* --- back ends ----------------------------------------------------------------------------- */

static void parse_mocks(struct parse *p, const struct yaml_node *map, struct menu_backend *b)
{
    struct menu_mock *mocks = arena_alloc(p->arena, ((size_t)map->count + 1) * sizeof *mocks);

    for (int i = 0; i < map->count; i++) {
        const struct yaml_node *key = yaml_key(map, i), *value = parse_entry(p, map, i);

        if (!parse_is_path(key) && !yaml_is(key, "*"))
            issue_add(p->issues, ISSUE_BACKEND, key->pos, "'%s': a path like /status, or \"*\" for all others",
                      key->text);
        else if (value != NULL)
            mocks[b->mock_count++] = (struct menu_mock){ key->text, value->text, value->pos };
    }
    b->mocks = mocks;
}

void parse_breaker(struct parse *p, const struct yaml_node *map, int *fails, int *rest_ms)
{
    struct keys_got got;

    if (!keys_read(map, KEYS_BREAKER, &got, p->issues))
        return;
    if (got.at[BREAKER_FAILS] != NULL)
        *fails = (int)keys_whole(got.at[BREAKER_FAILS]);
    if (got.at[BREAKER_REST] != NULL)
        *rest_ms = (int)keys_duration(got.at[BREAKER_REST]);
}

static void parse_meanings(struct parse *p, const struct yaml_node *map, struct menu_backend *b)
{
    struct menu_meaning *meanings = arena_alloc(p->arena, ((size_t)map->count + 1) * sizeof *meanings);

    for (int i = 0; i < map->count; i++) {
        const struct yaml_node *key = yaml_key(map, i), *value = parse_entry(p, map, i);

        if (key->len > PARSE_MEANING_MAX)
            issue_add(p->issues, ISSUE_BACKEND, key->pos, "a word of an agency has at most %d octets", PARSE_MEANING_MAX);
        else if (menu_backend_state(b, key->text) != NULL && b->meaning_count > 0)
            issue_add(p->issues, ISSUE_BACKEND, key->pos,
                      "word '%s' stands here twice: capital and small letters are the same", key->text);
        else if (value != NULL)
            meanings[b->meaning_count++] = (struct menu_meaning){ key->text, value->text, value->pos };
        b->meanings = meanings;
    }
}

static void parse_retry(struct parse *p, const struct yaml_node *map, struct menu_backend *b)
{
    struct keys_got got;

    if (!keys_read(map, KEYS_RETRY, &got, p->issues))
        return;
    if (got.at[RETRY_FIRST] != NULL)
        b->retry_first_ms = (int)keys_duration(got.at[RETRY_FIRST]);
    if (got.at[RETRY_LONGEST] != NULL)
        b->retry_longest_ms = (int)keys_duration(got.at[RETRY_LONGEST]);
    if (b->retry_first_ms > b->retry_longest_ms)
        issue_add(p->issues, ISSUE_BACKEND, map->pos, "'first' is longer than 'longest'");
}

static void parse_poll(struct parse *p, const struct yaml_node *map, struct menu_backend *b)
{
    struct keys_got got;

    b->poll = "/status";
    b->poll_ms = PARSE_BACKEND_POLL;
    if (!keys_read(map, KEYS_POLL, &got, p->issues))
        return;
    if (got.at[POLL_EVERY] != NULL)
        b->poll_ms = (int)keys_duration(got.at[POLL_EVERY]);
    if (got.at[POLL_PATH] == NULL)
        return;
    b->poll = got.at[POLL_PATH]->text;
    if (!parse_is_path(got.at[POLL_PATH]))
        issue_add(p->issues, ISSUE_BACKEND, got.at[POLL_PATH]->pos,
                  "path '%s': a path begins with /, then letters, digits and - _ . ~ /", b->poll);
}

/* A path behind the url; fallback where nothing is said. */
static const char *parse_sent_to(struct parse *p, const struct yaml_node *path, const char *key, const char *fallback)
{
    if (path == NULL)
        return fallback;
    if (!parse_is_path(path))
        issue_add(p->issues, ISSUE_BACKEND, path->pos, "%s '%s': a path begins with /, then letters, digits and - _ . ~ /", key,
                  path->text);
    return path->text;
}

/* How cases go there, and what becomes of them. */
static void parse_takes(struct parse *p, const struct keys_got *got, struct menu_backend *b)
{
    b->cases = parse_sent_to(p, got->at[BACKEND_CASES], "cases", b->cases);
    b->payments = parse_sent_to(p, got->at[BACKEND_PAYMENTS], "payments", b->payments);
    if (got->at[BACKEND_STATES] != NULL)
        parse_meanings(p, got->at[BACKEND_STATES], b);
    if (got->at[BACKEND_TAKEN] != NULL) {
        b->taken = got->at[BACKEND_TAKEN]->text;
        b->taken_pos = got->at[BACKEND_TAKEN]->pos;
    }
    if (got->at[BACKEND_RETRY] != NULL)
        parse_retry(p, got->at[BACKEND_RETRY], b);
    if (got->at[BACKEND_POLL] != NULL)
        parse_poll(p, got->at[BACKEND_POLL], b);
    if (got->at[BACKEND_EVERY] != NULL)
        b->every_ms = (int)keys_duration(got->at[BACKEND_EVERY]);
}

/* Which keys go with its kind. */
static void parse_backend_fits(struct parse *p, const struct keys_got *got, const struct menu_backend *b)
{
    const struct keys_row *rows = keys_table(KEYS_BACKEND);

    for (int i = BACKEND_URL; i < BACKEND_KEYS; i++) {
        if (got->key[i] != NULL && (parse_kind_keys[b->kind].takes & PARSE_BIT(i)) == 0)
            issue_add(p->issues, ISSUE_BACKEND, got->key[i]->pos, "'%s' does not go with kind '%s'", rows[i].name,
                      parse_kind_names[b->kind]);
        if (got->key[i] == NULL && (parse_kind_keys[b->kind].needs & PARSE_BIT(i)) != 0)
            issue_add(p->issues, ISSUE_MISSING_KEY, got->node->pos, "kind '%s' needs '%s'", parse_kind_names[b->kind],
                      rows[i].name);
    }
}

static void parse_backend(struct parse *p, const struct keys_got *got, struct menu_backend *b)
{
    for (int i = 0; i < MENU_BACKEND_KINDS; i++) {
        if (yaml_is(got->at[BACKEND_KIND], parse_kind_names[i]))
            b->kind = (enum menu_backend_kind)i;
    }
    parse_backend_fits(p, got, b);
    if (got->at[BACKEND_URL] != NULL)
        b->url = parse_url(p, got->at[BACKEND_URL]);
    if (got->at[BACKEND_KEY] != NULL)
        b->key = parse_below(p, "key", got->at[BACKEND_KEY]);
    if (got->at[BACKEND_FOLDER] != NULL)
        b->folder = parse_below(p, "folder", got->at[BACKEND_FOLDER]);
    if (got->at[BACKEND_TIMEOUT] != NULL)
        b->timeout_ms = (int)keys_duration(got->at[BACKEND_TIMEOUT]);
    if (got->at[BACKEND_BREAKER] != NULL)
        parse_breaker(p, got->at[BACKEND_BREAKER], &b->breaker_fails, &b->breaker_rest_ms);
    b->people = got->at[BACKEND_PEOPLE] != NULL && keys_bool(got->at[BACKEND_PEOPLE]);
    if (got->at[BACKEND_ANSWERS] != NULL)
        parse_mocks(p, got->at[BACKEND_ANSWERS], b);
    parse_takes(p, got, b);
}

void parse_backends(struct parse *p)
{
    const struct parse_defs *defs = &p->defs[FILE_BACKENDS];
    struct menu_backend *backends = arena_alloc(p->arena, ((size_t)defs->count + 1) * sizeof *backends);

    for (int i = 0; i < defs->count; i++) {
        struct menu_backend *b = &backends[i];
        struct keys_got got;

        b->name = defs->list[i].name;
        b->pos = defs->list[i].key->pos;
        b->kind = MENU_BACKEND_KINDS;   /* not known: a hook of it says nothing */
        b->timeout_ms = PARSE_BACKEND_TIMEOUT;
        b->breaker_fails = PARSE_BACKEND_FAILS;
        b->breaker_rest_ms = PARSE_BACKEND_REST;
        b->cases = "/cases";
        b->payments = "/payments";
        b->retry_first_ms = PARSE_BACKEND_FIRST;
        b->retry_longest_ms = PARSE_BACKEND_LONGEST;
        b->every_ms = PARSE_BACKEND_EVERY;
        if (keys_read(defs->list[i].value, KEYS_BACKEND, &got, p->issues) && got.at[BACKEND_KIND] != NULL)
            parse_backend(p, &got, b);
    }
    p->menu->backends = backends;
    p->menu->backend_count = defs->count;
}

/* --- hooks ------------------------------------------------------------------------------------ */

/* Members of the request and their values. */
static void parse_members(struct parse *p, const struct yaml_node *map, struct menu_action *a)
{
    struct menu_set *sets = arena_alloc(p->arena, ((size_t)map->count + 1) * sizeof *sets);
    const char **names = arena_alloc(p->arena, ((size_t)map->count + 1) * sizeof *names);

    if (map->count > PARSE_MEMBERS_MAX) {
        issue_add(p->issues, ISSUE_HOOK, map->pos, "%d members; a request has at most %d", map->count,
                  PARSE_MEMBERS_MAX);
        return;
    }
    for (int i = 0; i < map->count; i++) {
        const struct yaml_node *key = yaml_key(map, i), *value = parse_entry(p, map, i);

        if (!keys_is_name(key->text, key->len))
            issue_add(p->issues, ISSUE_BAD_NAME, key->pos, "member '%s': letters, digits and _, first a letter",
                      key->text);
        if (value == NULL)
            continue;
        names[a->set_count] = key->text;
        sets[a->set_count].var = a->set_count;
        (void)parse_expr(p, value, &sets[a->set_count].value);
        a->set_count++;
    }
    a->sets = sets;
    a->names = names;
}

/* 'returns' and 'into' come together. */
static void parse_hook_returns(struct parse *p, const struct keys_got *got, struct menu_action *a)
{
    const struct yaml_node *returns = got->at[ACTION_RETURNS];
    int record = MENU_NONE;

    if (got->key[ACTION_RETURNS] == NULL && got->key[ACTION_INTO] == NULL)
        return;
    if (got->key[ACTION_RETURNS] == NULL || got->key[ACTION_INTO] == NULL) {
        p->vars_lost = true;
        issue_add(p->issues, ISSUE_MISSING_KEY, got->key[ACTION_HOOK]->pos, "'%s' needs '%s' beside it",
                  got->key[ACTION_INTO] != NULL ? "into" : "returns",
                  got->key[ACTION_INTO] != NULL ? "returns" : "into");
        return;
    }
    if (returns != NULL && strncmp(returns->text, "list of ", 8) == 0)
        issue_add(p->issues, ISSUE_ROWS, returns->pos, "a hook returns one record, not a list");
    else if (returns != NULL)
        record = parse_find(p, FILE_RECORDS, returns);
    a->returns = record != MENU_NONE ? &p->menu->records[record] : NULL;
    a->into = parse_into_record(p, got->at[ACTION_INTO], a->returns);
}

static const struct menu_field *parse_heard_field(const struct menu_record *r, const char *name)
{
    for (int i = 0; i < r->field_count; i++)
        if (strcmp(r->fields[i].name, name) == 0)
            return &r->fields[i];
    return NULL;
}

/* What is kept may be shown to nobody but her, and never hold what is sensitive. */
static void parse_hook_kept(struct parse *p, const struct keys_got *got, struct menu_action *a)
{
    const struct yaml_node *heard = got->at[ACTION_HEARD];
    const struct menu_field *field;

    if (got->key[ACTION_KEEP] == NULL && got->key[ACTION_HEARD] == NULL)
        return;
    if (got->key[ACTION_KEEP] == NULL || got->key[ACTION_HEARD] == NULL || got->key[ACTION_RETURNS] == NULL) {
        issue_add(p->issues, ISSUE_MISSING_KEY, got->key[ACTION_HOOK]->pos, "'keep', 'heard' and 'returns' come together");
        return;
    }
    if (got->at[ACTION_KEEP] == NULL || heard == NULL || a->returns == NULL)
        return;
    field = parse_heard_field(a->returns, heard->text);
    if (field == NULL || (field->type != NULL && field->type->kind != MENU_TYPE_DATE))
        issue_add(p->issues, ISSUE_HOOK, heard->pos, "heard '%s': a field of record '%s' that is a date", heard->text,
                  a->returns->name);
    for (int i = 0; i < a->returns->field_count; i++)
        if (a->returns->fields[i].type != NULL && a->returns->fields[i].type->sensitive)
            issue_add(p->issues, ISSUE_HOOK, got->key[ACTION_KEEP]->pos,
                      "field '%s' of record '%s' is sensitive: the answer cannot be kept", a->returns->fields[i].name,
                      a->returns->name);
    a->keep_ms = keys_duration(got->at[ACTION_KEEP]);
    a->heard = heard->text;
}

/* Only the web and a mock answer at once. */
static void parse_hook_backend(struct parse *p, const struct yaml_node *hook, struct menu_action *a)
{
    const struct menu_backend *b;

    a->backend = parse_find(p, FILE_BACKENDS, hook);
    if (a->backend == MENU_NONE)
        return;
    b = &p->menu->backends[a->backend];
    if (b->kind == MENU_BACKEND_CSV || b->kind == MENU_BACKEND_INTERNAL)
        issue_add(p->issues, ISSUE_HOOK, hook->pos,
                  "back end '%s' is of kind '%s': a hook asks one of kind 'http' or 'mock'", b->name,
                  parse_kind_names[b->kind]);
}

void parse_hook_action(struct parse *p, const struct parse_file *file, const struct keys_got *got,
                       struct menu_action *a)
{
    const struct yaml_node *path = got->at[ACTION_PATH];

    a->kind = MENU_HOOK;
    if (got->at[ACTION_HOOK] != NULL)
        parse_hook_backend(p, got->at[ACTION_HOOK], a);
    a->path = path != NULL ? path->text : "";
    if (path != NULL && !parse_is_path(path))
        issue_add(p->issues, ISSUE_HOOK, path->pos,
                  "path '%s': begins with /, then letters, digits and - _ . ~ /; values go into 'with'", path->text);
    if (got->at[ACTION_WITH] != NULL)
        parse_members(p, got->at[ACTION_WITH], a);
    a->none = parse_exit(p, file, got, ACTION_NONE);
    a->fail = parse_exit(p, file, got, ACTION_FAIL);
    parse_hook_returns(p, got, a);
    parse_hook_kept(p, got, a);
}
