#include "engine/session.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

/* One value: u16 variable, u16 length, octets; in the order of setting.  A
 * dialogue holds some ten of them, so a walk is the shortest way. */
#define SESSION_VALUE_HEAD 4

static uint16_t session_u16(const char *p)
{
    return (uint16_t)((unsigned char)p[0] << 8 | (unsigned char)p[1]);
}

bool session_next_value(const struct session *s, size_t *at, struct session_value *out)
{
    const struct buf *b = &s->values.packed;

    if (*at >= b->len)
        return false;
    out->var = session_u16(b->data + *at);
    out->len = session_u16(b->data + *at + 2);
    out->p = b->data + *at + SESSION_VALUE_HEAD;
    *at += SESSION_VALUE_HEAD + out->len;
    assert(*at <= b->len);
    return true;
}

/* Where the value of var stands; false when it is unset. */
static bool session_seek(const struct session *s, int var, struct session_value *out)
{
    size_t at = 0;

    while (session_next_value(s, &at, out))
        if (out->var == var)
            return true;
    return false;
}

const char *session_get(const struct session *s, int var, size_t *len)
{
    struct session_value v;

    if (!session_seek(s, var, &v))
        return NULL;
    *len = v.len;
    return v.p;
}

static void session_remove(struct buf *b, const struct session_value *v)
{
    size_t at = (size_t)(v->p - b->data) - SESSION_VALUE_HEAD;
    size_t n = SESSION_VALUE_HEAD + v->len;

    memmove(b->data + at, b->data + at + n, b->len - at - n);
    buf_cut(b, b->len - n);
}

void session_unset(struct session *s, int var)
{
    struct session_value v;

    if (session_seek(s, var, &v))
        session_remove(&s->values.packed, &v);
}

bool session_set(struct session *s, int var, const char *p, size_t len)
{
    struct buf *b = &s->values.packed;
    struct session_value old = { .var = MENU_NONE };
    bool had = session_seek(s, var, &old);
    size_t freed = had ? SESSION_VALUE_HEAD + old.len : 0;
    const uint8_t head[SESSION_VALUE_HEAD] = {
        (uint8_t)(var >> 8), (uint8_t)var, (uint8_t)(len >> 8), (uint8_t)len,
    };

    assert(var >= 0 && var <= UINT16_MAX);
    if (p == NULL) {
        session_unset(s, var);
        return true;
    }
    if (len > UINT16_MAX || b->len - freed + SESSION_VALUE_HEAD + len > SESSION_VALUES_MAX)
        return false;
    if (had && old.len == len) {
        memcpy(b->data + (old.p - b->data), p, len);
        return true;
    }
    if (had)
        session_remove(b, &old);
    buf_add(b, head, sizeof head);
    buf_add(b, p, len);
    return true;
}

void session_unset_all(struct session *s)
{
    buf_clear(&s->values.packed);
}

int session_called(const struct menu *m, int screen, int action)
{
    const struct menu_screen *s = &m->screens[screen];

    return action < s->action_count && s->actions[action].kind == MENU_CALL ? s->actions[action].call : MENU_NONE;
}

void session_forget_calls(struct session *s, int depth)
{
    while (s->frame_count > 0 && s->frames[s->frame_count - 1].behind >= depth)
        s->frame_count--;
}

void session_restart(struct session *s, const struct menu *m)
{
    s->menu = m;
    s->mode = SESSION_AT_SCREEN;
    s->screen = MENU_NONE;
    s->page = 0;
    s->tries = 0;
    s->remark = SESSION_PLAIN;
    s->depth = 0;
    s->frame_count = 0;
    s->typed = s->opened = s->unseen = false;
    s->ended = 0;
    session_unset_all(s);
}

void session_set_agent(struct session *s, const char *name, const char *centre)
{
    size_t n = name != NULL ? strlen(name) + 1 : 0;

    free(s->agent);
    s->agent = NULL;
    if (name == NULL)
        return;
    s->agent = xcalloc(n + strlen(centre) + 1, 1);
    memcpy(s->agent, name, n);
    memcpy(s->agent + n, centre, strlen(centre) + 1);
}

const char *session_agent_centre(const struct session *s)
{
    return s->agent + strlen(s->agent) + 1;
}

void session_clear(struct session *s)
{
    session_restart(s, NULL);
    s->shared = s->dealt = false;
    session_set_agent(s, NULL, NULL);
    s->turn = 0;
    s->lang = 0;
    s->lang_known = false;
    buf_clear(&s->path);
    memset(&s->ref, 0, sizeof s->ref);
    memset(s->events, 0, sizeof s->events);
    s->event_count = 0;
    s->at = s->seen = s->began = 0;
    s->answer_hash = 0;
    s->joined_len = 0;
    s->dialogue = 0;
    s->steps = 0;
    buf_clear(&s->reply);
    s->reply_end = false;
}
