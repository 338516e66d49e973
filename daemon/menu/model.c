#include "menu/model.h"

#include <string.h>
#include <strings.h>

#include "menu/names.h"
#include "menu/pattern.h"

void menu_free(struct menu *m)
{
    if (m == NULL)
        return;
    for (int i = 0; i < m->type_count; i++)
        pattern_free(m->types[i]->regex);
    arena_free(m->arena);
}

static void menu_exit(int to, void (*fn)(void *arg, int to), void *arg)
{
    if (to != MENU_NONE)
        fn(arg, to);
}

static void menu_exits_of(const struct menu_gotos *go, void (*fn)(void *arg, int to), void *arg)
{
    for (int i = 0; i < go->count; i++)
        menu_exit(go->list[i].to, fn, arg);
}

void menu_exits(const struct menu_screen *s, void (*fn)(void *arg, int to), void *arg)
{
    for (int i = 0; i < s->option_count; i++)
        menu_exits_of(&s->options[i].go, fn, arg);
    for (int i = 0; i < s->action_count; i++) {
        menu_exit(s->actions[i].none, fn, arg);
        menu_exit(s->actions[i].fail, fn, arg);
        menu_exit(s->actions[i].wrong, fn, arg);
        menu_exit(s->actions[i].expired, fn, arg);
        menu_exit(s->actions[i].locked, fn, arg);
        menu_exit(s->actions[i].closed, fn, arg);
        menu_exit(s->actions[i].refused, fn, arg);
    }
    menu_exit(s->list.empty, fn, arg);
    menu_exit(s->list.fail, fn, arg);
    menu_exits_of(&s->go, fn, arg);
}

int menu_shortcut_find(const struct menu *m, const char *path, size_t len)
{
    return names_find(m->shortcut_names, path, len);
}

const char *menu_tells(const struct menu *m, int var)
{
    const char *name = var >= 0 ? m->vars[var].name : "";

    return strncmp(name, MENU_TELLS, strlen(MENU_TELLS)) == 0 ? name + strlen(MENU_TELLS) : NULL;
}

const char *menu_service_first(const struct menu_service *s)
{
    return s->state_count > 0 ? s->states[0].name : "submitted";
}

bool menu_service_is_open(const struct menu_service *s)
{
    return !s->windowed && (s->who & MENU_WHO_CITIZEN) != 0;
}

int menu_screen_find(const struct menu *m, const char *name)
{
    return names_find(m->screen_names, name, strlen(name));
}

int menu_var_find(const struct menu *m, const char *name, size_t len)
{
    return names_find(m->var_names, name, len);
}

int menu_keyword_find(const struct menu *m, const char *word, size_t len)
{
    char small[MENU_KEYWORD_MAX];

    if (len > sizeof small)
        return MENU_NONE;
    for (size_t i = 0; i < len; i++)
        small[i] = (char)(word[i] >= 'A' && word[i] <= 'Z' ? word[i] + ('a' - 'A') : word[i]);
    return names_find(m->keyword_names, small, len);
}

int menu_lang_find(const struct menu *m, const char *id)
{
    for (int i = 0; i < m->lang_count; i++) {
        if (strcmp(m->langs[i].id, id) == 0)
            return i;
    }
    return MENU_NONE;
}

int menu_provider_find(const struct menu *m, const char *name)
{
    for (int i = 0; i < m->provider_count; i++) {
        if (strcmp(m->providers[i].name, name) == 0)
            return i;
    }
    return MENU_NONE;
}

int menu_service_find(const struct menu *m, const char *name)
{
    for (int i = 0; i < m->service_count; i++) {
        if (strcmp(m->services[i].name, name) == 0)
            return i;
    }
    return MENU_NONE;
}

const struct menu_mock *menu_mock_find(const struct menu_backend *b, const char *path)
{
    const struct menu_mock *other = NULL;

    for (int i = 0; i < b->mock_count; i++) {
        if (strcmp(b->mocks[i].path, path) == 0)
            return &b->mocks[i];
        if (strcmp(b->mocks[i].path, "*") == 0)
            other = &b->mocks[i];
    }
    return other;
}

const char *menu_backend_state(const struct menu_backend *b, const char *word)
{
    for (int i = 0; i < b->meaning_count; i++)
        if (strcasecmp(b->meanings[i].word, word) == 0)
            return b->meanings[i].state;
    return b->meaning_count == 0 ? word : NULL;
}

bool menu_backend_takes_cases(const struct menu_backend *b)
{
    return b->kind != MENU_BACKEND_INTERNAL && b->kind != MENU_BACKEND_KINDS;
}

struct menu_pos menu_text_pos(const struct menu_text *t, int lang)
{
    if (t->at[lang].line == 0)
        return t->pos;                  /* it is missing there */
    return (struct menu_pos){ t->pos.file, t->at[lang].line, t->at[lang].column };
}

bool menu_code_match(const struct menu *m, const char *dialled, size_t n, const char **code, const char **rest,
                     size_t *rest_len)
{
    size_t best = 0;

    if (n > 0 && dialled[n - 1] == '#')
        n--;
    if (n > 0 && dialled[0] == '*') {
        dialled++;
        n--;
    }
    for (int i = 0; i < m->code_count; i++) {
        /* "*333#" without its star and hash */
        size_t len = strlen(m->codes[i]) - 2;

        if (len <= best || len > n || memcmp(m->codes[i] + 1, dialled, len) != 0 || (len < n && dialled[len] != '*'))
            continue;
        best = len;
        *code = m->codes[i];
        *rest = dialled + len + (len < n);
        *rest_len = n - len - (len < n);
    }
    return best > 0;
}
