#include "engine/flow_step.h"

#include <string.h>

#include "base/gsm.h"

void flow_path_set(struct session *s, const char *p, size_t n)
{
    buf_clear(&s->path);
    if (n <= EVENT_TEXT_MAX)
        buf_add(&s->path, p, n);
    else
        buf_adds(&s->path, s->menu->key_back);  /* fits nowhere, as something so long would not */
}

/* Length of the part up to the next star. */
static size_t flow_part(const struct buf *path)
{
    const char *star = path->len > 0 ? memchr(path->data, '*', path->len) : NULL;

    return star != NULL ? (size_t)(star - path->data) : path->len;
}

/* Drop n octets and the star behind them. */
static void flow_path_eat(struct buf *path, size_t n)
{
    buf_eat(path, n < path->len ? n + 1 : n);
}

/* The short cut to the most parts of the path, and its octets in *n. */
static int flow_shortcut(const struct menu *m, const struct buf *path, size_t *n)
{
    int best = MENU_NONE;

    for (size_t end = 1; m->shortcut_count > 0 && end <= path->len; end++) {
        int i = end == path->len || path->data[end] == '*' ? menu_shortcut_find(m, path->data, end) : MENU_NONE;

        if (i == MENU_NONE)
            continue;
        best = i;
        *n = end;
    }
    return best;
}

void flow_path_begin(struct flow *f)
{
    const struct menu *m = f->s->menu;
    struct buf *path = &f->s->path;
    size_t longest = 0;
    int i = flow_shortcut(m, path, &longest);

    f->out->undialled = i == MENU_NONE && path->len > 0;
    flow_enter(f, m->start);
    if (i == MENU_NONE)
        return;
    flow_tape_part(f, path->data, longest);
    flow_path_eat(path, longest);
    f->s->screen = m->start;            /* key 0 leads there */
    flow_enter(f, m->shortcuts[i].to);
}

/* Keys of the handset are no answers of a path. */
static bool flow_is_key(const struct menu *m, const struct buf *answer)
{
    return strcmp(buf_str(answer), m->key_back) == 0 || strcmp(buf_str(answer), m->key_start) == 0;
}

bool flow_path_step(struct flow *f)
{
    struct session *s = f->s;
    const struct menu_screen *screen = &s->menu->screens[s->screen];
    struct buf *answer = &f->out->typed;
    size_t n = flow_part(&s->path);
    enum flow_fit fit = FLOW_WRONG;

    if (s->path.len == 0)
        return false;
    buf_clear(answer);
    gsm_answer(answer, s->path.data, n);
    /* what is secret does not belong into a dialled string: handsets list them */
    if (!screen->end && !screen->secret && !flow_is_key(s->menu, answer))
        fit = flow_feed(f, buf_str(answer), answer->len);
    if (fit == FLOW_FITS || fit == FLOW_CHOSE) {
        flow_tape_answer(f, screen, buf_str(answer), answer->len, fit);
        flow_path_eat(&s->path, n);
        f->out->undialled = false;
        return true;
    }
    flow_tape_part(f, FLOW_TAPE_NO_PART, strlen(FLOW_TAPE_NO_PART));
    buf_clear(&s->path);
    if (f->out->undialled)
        s->remark = SESSION_NO_CODE;
    return false;
}
