#include "menu/parse.h"

#include <string.h>

#define PARSE_DAY (24 * 3600 * 1000LL)

/* --- languages ------------------------------------------------------------------------------ */

/* "bn", "bn-Latn": letters, then parts behind hyphens. */
static bool parse_is_language(const char *id)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";
    size_t n = strcspn(id, "-");

    return n >= 2 && n <= 3 && strlen(id) <= 16 && strspn(id, letters) == strlen(id) && id[strlen(id) - 1] != '-';
}

static void parse_shows(struct parse *p, const struct keys_got *got, int lang)
{
    struct menu_lang *l = &p->menu->langs[lang];
    const struct yaml_node *shows = got->at[LANGUAGE_SHOWS];

    l->shows = lang;
    if (shows != NULL) {
        l->shows = menu_lang_find(p->menu, shows->text);
        if (l->shows == MENU_NONE) {
            issue_add(p->issues, ISSUE_NO_LANGUAGE, shows->pos, "shows '%s': no such language", shows->text);
            l->shows = lang;
        } else if (!p->menu->langs[l->shows].sms) {
            issue_add(p->issues, ISSUE_VALUE, shows->pos, "shows '%s': which may not stand in an SMS either",
                      shows->text);
        }
    } else if (!l->sms && got->key[LANGUAGE_SHOWS] == NULL) {
        issue_add(p->issues, ISSUE_MISSING_KEY, got->node->pos,
                  "a language without SMS needs 'shows', the language of its readers' SMS");
    }
}

void parse_languages(struct parse *p)
{
    const struct yaml_node *map = p->root->got.at[ROOT_LANGUAGES];
    struct keys_got got[MENU_LANGS_MAX];
    struct menu *m = p->menu;

    if (map == NULL)
        return;
    if (map->count == 0 || map->count > MENU_LANGS_MAX) {
        issue_add(p->issues, ISSUE_VALUE, map->pos, "a tree has 1 to %d languages, not %d", MENU_LANGS_MAX, map->count);
        return;
    }
    for (int i = 0; i < map->count; i++) {
        const struct yaml_node *key = yaml_key(map, i);

        if (!parse_is_language(key->text))
            issue_add(p->issues, ISSUE_BAD_NAME, key->pos, "language '%s': a code like bn or bn-Latn", key->text);
        (void)keys_read(yaml_value(map, i), KEYS_LANGUAGE, &got[i], p->issues);
        m->langs[i].id = key->text;
        m->langs[i].name = got[i].at[LANGUAGE_NAME] != NULL ? got[i].at[LANGUAGE_NAME]->text : key->text;
        m->langs[i].lakhs = got[i].at[LANGUAGE_GROUPS] != NULL && strcmp(got[i].at[LANGUAGE_GROUPS]->text, "lakh") == 0;
        m->langs[i].sms = got[i].at[LANGUAGE_SMS] == NULL || keys_bool(got[i].at[LANGUAGE_SMS]);
    }
    m->lang_count = map->count;
    for (int i = 0; i < map->count; i++)
        parse_shows(p, &got[i], i);
}

/* --- codes and keys --------------------------------------------------------------------------- */

/* Digits in groups, with stars between them. */
static bool parse_is_path(const char *s, size_t n)
{
    bool digit = false;

    for (size_t i = 0; i < n; i++) {
        if (s[i] == '*' && !digit)
            return false;
        if (s[i] != '*' && (s[i] < '0' || s[i] > '9'))
            return false;
        digit = s[i] != '*';
    }
    return digit;
}

static void parse_code(struct parse *p, const struct yaml_node *n, const char **codes)
{
    struct menu *m = p->menu;

    if (n->len < 3 || n->len > 20 || n->text[0] != '*' || n->text[n->len - 1] != '#' ||
        !parse_is_path(n->text + 1, n->len - 2)) {
        issue_add(p->issues, ISSUE_VALUE, n->pos, "code '%s': a star, digits, a hash, like \"*333#\"", n->text);
        return;
    }
    for (int i = 0; i < m->code_count; i++) {
        if (strcmp(codes[i], n->text) == 0) {
            issue_add(p->issues, ISSUE_TWICE, n->pos, "code '%s' stands twice", n->text);
            return;
        }
    }
    codes[m->code_count++] = n->text;
}

static void parse_codes(struct parse *p, const struct yaml_node *n)
{
    const char **codes = arena_alloc(p->arena, ((size_t)n->count + 1) * sizeof *codes);

    if (n->kind == YAML_IS_SCALAR)
        parse_code(p, n, codes);
    else if (n->count == 0)
        issue_add(p->issues, ISSUE_VALUE, n->pos, "'code' is empty");
    for (int i = 0; n->kind == YAML_IS_LIST && i < n->count; i++)
        parse_code(p, n->items[i], codes);
    p->menu->codes = codes;
}

static void parse_pad(struct parse *p, const struct yaml_node *map)
{
    struct menu *m = p->menu;
    const char **const slots[PAD_KEYS] = { [PAD_BACK] = &m->key_back, [PAD_START] = &m->key_start,
                                           [PAD_MORE] = &m->key_more, [PAD_SCRIPT] = &m->key_script };
    struct keys_got got;

    if (map == NULL || !keys_read(map, KEYS_PAD, &got, p->issues))
        return;
    for (int i = 0; i < PAD_KEYS; i++) {
        const struct yaml_node *n = got.at[i];

        if (n == NULL)
            continue;
        if (n->len > 3 || strspn(n->text, "0123456789*") != n->len)
            issue_add(p->issues, ISSUE_VALUE, n->pos, "key '%s': one to three of 0-9 and *", n->text);
        *slots[i] = n->text;
    }
    for (int i = 0; i < PAD_KEYS; i++) {
        for (int k = 0; k < i; k++) {
            if (strcmp(*slots[i], *slots[k]) == 0)
                issue_add(p->issues, ISSUE_VALUE, got.at[i] != NULL ? got.at[i]->pos : map->pos,
                          "'%s' is the key for '%s' and for '%s'", *slots[i], keys_table(KEYS_PAD)[k].name,
                          keys_table(KEYS_PAD)[i].name);
        }
    }
}

/* --- the rest --------------------------------------------------------------------------------- */

static void parse_shortcuts(struct parse *p, const struct yaml_node *map)
{
    struct menu_shortcut *list = arena_alloc(p->arena, ((size_t)map->count + 1) * sizeof *list);
    struct names *names = names_new(p->arena);

    for (int i = 0; i < map->count; i++) {
        const struct yaml_node *key = yaml_key(map, i), *value = parse_entry(p, map, i);

        if (!parse_is_path(key->text, key->len))
            issue_add(p->issues, ISSUE_VALUE, key->pos, "short cut '%s': numbers with stars between them, like \"1*1\"",
                      key->text);
        list[i].path = key->text;
        (void)names_add(names, key->text, i);
        list[i].to = value != NULL ? parse_screen_find(p, p->root, value, "short cut to") : MENU_NONE;
    }
    p->menu->shortcuts = list;
    p->menu->shortcut_names = names;
    p->menu->shortcut_count = map->count;
}

/* "+06:00" to minutes. */
static void parse_utc_offset(struct parse *p, const struct yaml_node *n)
{
    const char *s = n->text;
    int minutes;

    if (n->len == 6 && (s[0] == '+' || s[0] == '-') && s[3] == ':' && strspn(s + 1, "0123456789") == 2 &&
        strspn(s + 4, "0123456789") == 2) {
        minutes = ((s[1] - '0') * 10 + (s[2] - '0')) * 60 + (s[4] - '0') * 10 + (s[5] - '0');
        p->menu->utc_offset_min = s[0] == '-' ? -minutes : minutes;
        if (minutes <= 14 * 60 && s[4] < '6')
            return;
    }
    issue_add(p->issues, ISSUE_VALUE, n->pos, "utc_offset '%s': a sign, hours and minutes, like \"+06:00\"", s);
}

static void parse_words(struct parse *p, const struct yaml_node *map)
{
    static const char *const args[MENU_WORD_COUNT] = {
#define X(id, name, arg) [MENU_WORD_##id] = arg,
        MENU_WORDS(X)
#undef X
    };
    struct keys_got got;

    if (map == NULL || !keys_read(map, KEYS_WORDS, &got, p->issues))
        return;
    for (int i = 0; i < MENU_WORD_COUNT; i++)
        p->menu->words[i] = parse_text(p, got.at[i], &(struct parse_text_args){ .word = args[i] });
}

static int parse_root_screen(struct parse *p, int key)
{
    const struct keys_got *got = &p->root->got;

    return got->at[key] != NULL ? parse_screen_find(p, p->root, got->at[key], got->key[key]->text) : MENU_NONE;
}

void parse_root(struct parse *p)
{
    const struct yaml_node *const *at = p->root->got.at;
    struct menu *m = p->menu;

    m->key_back = "0";
    m->key_start = "00";
    m->key_more = "9";
    m->key_script = "*";
    parse_pad(p, at[ROOT_PAD]);
    if (at[ROOT_CODE] != NULL)
        parse_codes(p, at[ROOT_CODE]);
    m->name = parse_text(p, at[ROOT_NAME], &(struct parse_text_args){ .constant = true });
    parse_words(p, at[ROOT_WORDS]);
    if (at[ROOT_NUMBERS] != NULL)
        m->numbers = parse_text(p, at[ROOT_NUMBERS], &(struct parse_text_args){ .constant = true });
    m->start = parse_root_screen(p, ROOT_START);
    m->first = parse_root_screen(p, ROOT_FIRST);
    m->alert = parse_root_screen(p, ROOT_ALERT);
    if (at[ROOT_SHORTCUTS] != NULL)
        parse_shortcuts(p, at[ROOT_SHORTCUTS]);
    m->resume_ms = at[ROOT_RESUME] != NULL ? keys_duration(at[ROOT_RESUME]) : PARSE_DAY;
    m->resume_agents_ms = at[ROOT_RESUME_AGENTS] != NULL ? keys_duration(at[ROOT_RESUME_AGENTS]) : m->resume_ms;
    m->tries = at[ROOT_TRIES] != NULL ? (int)keys_whole(at[ROOT_TRIES]) : 3;
    m->helpline = at[ROOT_HELPLINE] != NULL ? at[ROOT_HELPLINE]->text : "";
    m->utc_offset_min = 360;
    if (at[ROOT_UTC_OFFSET] != NULL)
        parse_utc_offset(p, at[ROOT_UTC_OFFSET]);
}
