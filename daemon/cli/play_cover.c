/*
 * play_cover.c - three kinds of parts: screens, options, and branches, which are
 * the ways where there is a choice of several.  A way alone on its screen is
 * taken when the screen is left, and would be counted for nothing.
 */
#include "cli/play_cover.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "menu/ways.h"

enum cover_kind { COVER_SCREEN = 0, COVER_OPTION, COVER_BRANCH, COVER_KINDS };

static const struct {
    const char *many, *never;
} cover_kinds[COVER_KINDS] = {
    [COVER_SCREEN] = { "screens", "no dialogue comes to it" },
    [COVER_OPTION] = { "options", "no dialogue chooses it" },
    [COVER_BRANCH] = { "branches", "no dialogue takes it" },
};

struct cover_part {
    const void *part;                   /* of the model, as flow names it */
    enum cover_kind kind;
    struct menu_pos pos;
    int screen;
    char name[96];                      /* within the screen; "" the screen itself */
    bool seen;
};

struct play_cover {
    const struct menu *menu;
    struct cover_part *parts;           /* by address */
    int count, cap;
    int screen;                         /* being read */
};

/* --- the parts ------------------------------------------------------------------------------ */

static struct cover_part *cover_add(struct play_cover *c, const void *part, enum cover_kind kind, struct menu_pos pos)
{
    if (c->count == c->cap) {
        c->cap = c->cap > 0 ? c->cap * 2 : 256;
        c->parts = xrealloc(c->parts, (size_t)c->cap * sizeof *c->parts);
    }
    c->parts[c->count] = (struct cover_part){ .part = part, .kind = kind, .pos = pos, .screen = c->screen };
    return &c->parts[c->count++];
}

static bool cover_is_choice(const struct ways_exit *e)
{
    return e->branches > 1 || (e->why != WAYS_GOTO && e->why != WAYS_OPTION && e->why != WAYS_ANSWER &&
                               e->why != WAYS_ROW && e->why != WAYS_CALL);
}

static void cover_on_exit(void *arg, const struct ways_exit *e)
{
    struct play_cover *c = arg;
    struct cover_part *part;
    struct buf name;

    if (!cover_is_choice(e))
        return;
    part = cover_add(c, e->place, COVER_BRANCH, e->pos);
    buf_init(&name, sizeof part->name);
    ways_print(e, &name);
    snprintf(part->name, sizeof part->name, "%s", buf_str(&name));
    buf_fini(&name);
}

static void cover_screen(struct play_cover *c)
{
    const struct menu_screen *s = &c->menu->screens[c->screen];

    (void)cover_add(c, s, COVER_SCREEN, s->pos);
    for (int i = 0; i < s->option_count; i++) {
        struct cover_part *part = cover_add(c, &s->options[i], COVER_OPTION, s->options[i].pos);

        snprintf(part->name, sizeof part->name, "option %d", s->options[i].number);
    }
    ways_exits(c->menu, c->screen, cover_on_exit, c);
}

static int cover_compare(const void *a, const void *b)
{
    const struct cover_part *x = a, *y = b;

    return ((uintptr_t)x->part > (uintptr_t)y->part) - ((uintptr_t)x->part < (uintptr_t)y->part);
}

static struct cover_part *cover_find(struct play_cover *c, const void *part)
{
    const struct cover_part key = { .part = part };

    return bsearch(&key, c->parts, (size_t)c->count, sizeof *c->parts, cover_compare);
}

struct play_cover *play_cover_new(const struct menu *m)
{
    struct play_cover *c = xcalloc(1, sizeof *c);
    int kept = 0;

    c->menu = m;
    for (c->screen = 0; c->screen < m->screen_count; c->screen++)
        cover_screen(c);
    qsort(c->parts, (size_t)c->count, sizeof *c->parts, cover_compare);
    for (int i = 0; i < c->count; i++)          /* the codes of a choice share their goto */
        if (i == 0 || c->parts[i].part != c->parts[kept - 1].part)
            c->parts[kept++] = c->parts[i];
    c->count = kept;
    return c;
}

void play_cover_free(struct play_cover *c)
{
    if (c == NULL)
        return;
    free(c->parts);
    free(c);
}

void play_cover_came_by(void *arg, const void *part)
{
    struct cover_part *found = cover_find(arg, part);

    if (found != NULL)
        found->seen = true;
}

/* --- what is told ------------------------------------------------------------------------------ */

static int cover_place(const void *a, const void *b)
{
    const struct cover_part *x = *(const struct cover_part *const *)a, *y = *(const struct cover_part *const *)b;
    int c = strcmp(x->pos.file, y->pos.file);

    if (c == 0)
        c = x->pos.line - y->pos.line;
    if (c == 0)
        c = x->pos.column - y->pos.column;
    if (c == 0)
        c = (int)x->kind - (int)y->kind;
    return c != 0 ? c : strcmp(x->name, y->name);
}

static void cover_print_part(const struct play_cover *c, const struct cover_part *part)
{
    const char *screen = c->menu->screens[part->screen].name;

    printf("%s:%d:%d: ", part->pos.file, part->pos.line, part->pos.column);
    if (part->kind == COVER_SCREEN)
        printf("screen %s", screen);
    else
        printf("%s of %s", part->name, screen);
    printf(": %s\n", cover_kinds[part->kind].never);
}

static void cover_print_unseen(const struct play_cover *c)
{
    const struct cover_part **list = xcalloc((size_t)c->count + 1, sizeof *list);
    int count = 0;

    for (int i = 0; i < c->count; i++)
        if (!c->parts[i].seen)
            list[count++] = &c->parts[i];
    qsort(list, (size_t)count, sizeof *list, cover_place);
    for (int i = 0; i < count; i++)
        cover_print_part(c, list[i]);
    free(list);
}

bool play_cover_print(const struct play_cover *c, int min)
{
    bool enough = true;

    cover_print_unseen(c);
    for (int kind = 0; kind < COVER_KINDS; kind++) {
        int all = 0;
        int seen = 0;
        int percent;

        for (int i = 0; i < c->count; i++) {
            all += (int)c->parts[i].kind == kind;
            seen += (int)c->parts[i].kind == kind && c->parts[i].seen;
        }
        percent = all > 0 ? seen * 100 / all : 100;
        printf("%s: %d of %d, %d %%%s\n", cover_kinds[kind].many, seen, all, percent,
               percent < min ? ", too few" : "");
        enough = enough && percent >= min;
    }
    return enough;
}
