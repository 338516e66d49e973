/* parse_keywords.c - words that begin a dialogue by text message. */
#include "menu/parse.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/gsm.h"

/* --- words -------------------------------------------------------------------------------- */

/* Why no text message can begin with it; NULL: one can. */
static const char *parse_word_wrong(const char *word, size_t len)
{
    if (len == 0)
        return "it is empty";
    if (len > MENU_KEYWORD_MAX)
        return "it is longer than 20 characters";
    if (strchr(word, ' ') != NULL)
        return "it has blanks";
    if (strspn(word, "0123456789*#") == len)
        return "numbers and keys answer a question";
    if (strchr(",.:;", word[len - 1]) != NULL)
        return "it ends with a mark, which is left out of what people write";
    return NULL;
}

/* As it comes out of a message; NULL and said when it cannot. */
static const char *parse_word(struct parse *p, const struct yaml_node *node)
{
    const char *copy = NULL, *wrong;
    struct buf word;

    buf_init(&word, 4 * YAML_FILE_MAX);
    gsm_answer(&word, node->text, node->len);
    wrong = parse_word_wrong(buf_str(&word), word.len);
    if (wrong == NULL)
        copy = arena_strdup(p->arena, buf_str(&word));
    else
        issue_add(p->issues, ISSUE_WORD, node->pos, "no text message can begin with '%.60s': %s", node->text, wrong);
    buf_fini(&word);
    return copy;
}

/* The word means keyword number i from here on. */
static const char *parse_word_add(struct parse *p, const struct yaml_node *node, const struct menu_keyword *list, int i)
{
    const char *word = parse_word(p, node);
    char *small;
    int first;

    if (word == NULL)
        return NULL;
    small = arena_strdup(p->arena, word);
    for (char *c = small; *c != '\0'; c++)
        *c = (char)(*c >= 'A' && *c <= 'Z' ? *c + ('a' - 'A') : *c);
    first = names_add(p->keyword_names, small, i);
    if (first == MENU_NONE)
        return word;
    issue_add(p->issues, ISSUE_WORD_TWICE, node->pos, "'%s' begins a keyword already, at %s:%d", node->text,
              list[first].pos.file, list[first].pos.line);
    return NULL;
}

static void parse_words_of(struct parse *p, const struct yaml_node *node, struct menu_keyword *list, int i)
{
    int count = node->kind == YAML_IS_LIST ? node->count : 1;
    const char **words = arena_alloc(p->arena, ((size_t)count + 1) * sizeof *words);

    for (int k = 0; k < count; k++) {
        const char *word = parse_word_add(p, node->kind == YAML_IS_LIST ? node->items[k] : node, list, i);

        if (word != NULL)
            words[list[i].word_count++] = word;
    }
    list[i].words = words;
}

/* --- what they fill ------------------------------------------------------------------------- */

static void parse_fill(struct parse *p, const struct yaml_node *name, int *fills, struct menu_pos *at,
                       struct menu_keyword *k)
{
    int var = names_find(p->var_names, name->text, name->len);

    if (var != MENU_NONE && var < MENU_BUILTINS) {
        issue_add(p->issues, ISSUE_OWN_NAME, name->pos, "'%s' belongs to the program and cannot be filled", name->text);
        return;
    }
    if (strchr(name->text, '.') != NULL) {
        issue_add(p->issues, ISSUE_BAD_NAME, name->pos, "'%s' cannot be filled: letters, digits and _, first a letter",
                  name->text);
        p->vars_lost = true;
        return;
    }
    var = parse_var(p, name->text, name->pos, NULL);
    for (int i = 0; i < k->fill_count && var != MENU_NONE; i++) {
        if (fills[i] == var) {
            issue_add(p->issues, ISSUE_FILL, name->pos, "'%s' is filled already, by word %d behind the keyword",
                      name->text, i + 1);
            return;
        }
    }
    if (var == MENU_NONE)
        return;
    fills[k->fill_count] = var;
    at[k->fill_count++] = name->pos;
}

static void parse_fills(struct parse *p, const struct yaml_node *node, struct menu_keyword *k)
{
    int count = node->kind == YAML_IS_LIST ? node->count : 1;
    int *fills = arena_alloc(p->arena, MENU_FILLS_MAX * sizeof *fills);
    struct menu_pos *at = arena_alloc(p->arena, MENU_FILLS_MAX * sizeof *at);

    if (count > MENU_FILLS_MAX) {
        issue_add(p->issues, ISSUE_FILL, node->pos, "%d fills; nobody writes a message of more than %d words", count,
                  MENU_FILLS_MAX);
        p->vars_lost = true;
        return;
    }
    for (int i = 0; i < count; i++)
        parse_fill(p, node->kind == YAML_IS_LIST ? node->items[i] : node, fills, at, k);
    k->fills = fills;
    k->fills_at = at;
}

/* --- all of them ------------------------------------------------------------------------------ */

static void parse_keyword(struct parse *p, const struct parse_file *file, int entry, struct menu_keyword *list, int i)
{
    const struct yaml_node *map = file->got.at[FILE_KEYWORDS];
    struct menu_keyword *k = &list[i];
    struct keys_got got;

    *k = (struct menu_keyword){ .word = "", .pos = yaml_key(map, entry)->pos, .to = MENU_NONE };
    k->word = parse_word_add(p, yaml_key(map, entry), list, i);
    if (!parse_keys(p, yaml_value(map, entry), KEYS_KEYWORD, PARSE_BIT(KEYWORD_FILLS), &got))
        return;
    if (got.at[KEYWORD_WORDS] != NULL)
        parse_words_of(p, got.at[KEYWORD_WORDS], list, i);
    if (got.at[KEYWORD_FILLS] != NULL)
        parse_fills(p, got.at[KEYWORD_FILLS], k);
    if (got.at[KEYWORD_GOTO] != NULL)
        k->to = parse_screen_find(p, file, got.at[KEYWORD_GOTO], "goto");
    k->help = parse_text(p, got.at[KEYWORD_HELP], &(struct parse_text_args){ .constant = true, .sms = true });
}

void parse_keywords(struct parse *p)
{
    struct menu_keyword *list;
    int count = 0, made = 0;

    for (int i = 0; i < p->file_count; i++) {
        const struct keys_got *got = &p->files[i].got;

        count += got->at[FILE_KEYWORDS] != NULL ? got->at[FILE_KEYWORDS]->count : 0;
        p->vars_lost |= got->key[FILE_KEYWORDS] != NULL && got->at[FILE_KEYWORDS] == NULL;
    }
    list = arena_alloc(p->arena, ((size_t)count + 1) * sizeof *list);
    for (int i = 0; i < p->file_count; i++) {
        const struct yaml_node *map = p->files[i].got.at[FILE_KEYWORDS];

        for (int k = 0; map != NULL && k < map->count; k++, made++)
            parse_keyword(p, &p->files[i], k, list, made);
    }
    p->menu->keywords = list;
    p->menu->keyword_count = count;
}

/* --- when all types are known ------------------------------------------------------------------- */

/* Can the condition of a question be judged when the message comes? */
struct parse_judged {
    const struct menu_keyword *keyword;
    bool all;
};

static void parse_judged_by(void *arg, int var)
{
    struct parse_judged *j = arg;
    bool known = var < MENU_BUILTINS;

    for (int i = 0; i < j->keyword->fill_count; i++)
        known |= j->keyword->fills[i] == var;
    j->all &= known;
}

/* What the screens that ask for a variable say of it. */
struct parse_asked {
    bool code;                          /* it is a consent's */
    int screens, judged;                /* that ask for it; whose condition the message can meet */
};

static void parse_asked_on(const struct menu_screen *s, const struct menu_keyword *k, struct parse_asked *a)
{
    struct parse_judged j = { k, true };

    a->code |= s->input.is_code;
    a->screens++;
    if (s->input.when != NULL)
        expr_reads(s->input.when, parse_judged_by, &j);
    a->judged += j.all;
}

static void parse_fill_end(struct parse *p, const struct menu_keyword *k, int i, const struct parse_asked *a)
{
    const struct parse_var *v = &p->vars[k->fills[i]];
    const struct menu_type *t = v->var.type;

    if (v->broken || t == NULL)
        return;
    if (t->kind == MENU_TYPE_PIN || a->code)
        issue_add(p->issues, ISSUE_FILL, k->fills_at[i], "'%s' is a %s: it does not belong into a text message, "
                  "which stays on the phone", v->var.name, t->kind == MENU_TYPE_PIN ? "PIN" : "code of a consent");
    else if (t->kind == MENU_TYPE_TEXT && i + 1 < k->fill_count)
        issue_add(p->issues, ISSUE_FILL, k->fills_at[i], "'%s' is free text, which may have blanks: only the last of "
                  "'fills' can be, or give it a type like word(%d)", v->var.name, t->width);
    else if (a->screens > 0 && a->judged == 0)
        issue_add(p->issues, ISSUE_FILL, k->fills_at[i], "the question for '%s' has a 'when' that reads what the "
                  "message does not fill", v->var.name);
}

void parse_keywords_end(struct parse *p)
{
    struct parse_asked *asked = xcalloc((size_t)p->var_count + 1, sizeof *asked);

    for (int i = 0; i < p->menu->keyword_count && i < ISSUES_MAX; i++) {
        const struct menu_keyword *k = &p->menu->keywords[i];

        if (k->fill_count == 0)
            continue;
        memset(asked, 0, ((size_t)p->var_count + 1) * sizeof *asked);
        for (int s = 0; s < p->menu->screen_count; s++) {
            if (p->menu->screens[s].input.var != MENU_NONE)
                parse_asked_on(&p->menu->screens[s], k, &asked[p->menu->screens[s].input.var]);
        }
        for (int f = 0; f < k->fill_count; f++)
            parse_fill_end(p, k, f, &asked[k->fills[f]]);
    }
    free(asked);
}
