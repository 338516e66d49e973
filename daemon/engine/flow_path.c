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

static bool flow_is_prefix(const struct buf *path, const char *shortcut, size_t n)
{
    return n <= path->len && memcmp(path->data, shortcut, n) == 0 && (n == path->len || path->data[n] == '*');
}

void flow_path_begin(struct flow *f)
{
    const struct menu *m = f->s->menu;
    struct buf *path = &f->s->path;
    size_t longest = 0;
    int to = m->start;

    for (int i = 0; i < m->shortcut_count && path->len > 0; i++) {
        const struct menu_shortcut *c = &m->shortcuts[i];
        size_t n = strlen(c->path);

        if (n > longest && flow_is_prefix(path, c->path, n)) {
            longest = n;
            to = c->to;
        }
    }
    f->out->undialled = longest == 0 && path->len > 0;
    flow_enter(f, m->start);
    if (longest == 0)
        return;
    flow_tape_part(f, path->data, longest);
    flow_path_eat(path, longest);
    f->s->screen = m->start;            /* key 0 leads there */
    flow_enter(f, to);
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
    bool fits;

    if (s->path.len == 0)
        return false;
    buf_clear(answer);
    gsm_answer(answer, s->path.data, n);
    /* what is secret does not belong into a dialled string: handsets list them */
    fits = !screen->end && !screen->secret && !flow_is_key(s->menu, answer) &&
           flow_feed(f, buf_str(answer), answer->len) == FLOW_FITS;
    if (fits) {
        flow_tape_answer(f, screen, buf_str(answer), answer->len, true);
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
