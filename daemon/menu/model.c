#define PCRE2_CODE_UNIT_WIDTH 8

#include "menu/model.h"

#include <pcre2.h>
#include <string.h>

#include "menu/names.h"

void menu_free(struct menu *m)
{
    if (m == NULL)
        return;
    for (int i = 0; i < m->type_count; i++)
        pcre2_code_free(m->types[i]->regex);
    arena_free(m->arena);
}

int menu_screen_find(const struct menu *m, const char *name)
{
    return names_find(m->screen_names, name, strlen(name));
}

int menu_var_find(const struct menu *m, const char *name, size_t len)
{
    return names_find(m->var_names, name, len);
}

int menu_lang_find(const struct menu *m, const char *id)
{
    for (int i = 0; i < m->lang_count; i++) {
        if (strcmp(m->langs[i].id, id) == 0)
            return i;
    }
    return MENU_NONE;
}

struct menu_pos menu_text_pos(const struct menu_text *t, int lang)
{
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
