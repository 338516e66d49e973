/*
 * The durable form, version 3, or 4 where what she said is sealed; integers big-endian, a name or text is u16
 * length and octets:
 *   u8 version, u64 generation, u8 mode, u8 flags, u8 tries, u8 remark,
 *   u16 page, name of the language, name of the screen ("" none),
 *   u8 depth, names of the screens on the stack,
 *   u8 calls, {name of the calling screen, u16 index of its action, name of the
 *   screen called, u8 place on the stack + 1} each (version 1: none of this),
 *   u16 values, {name, text} each,
 *   path (version 4: a length and, sealed, the values and the path), u8 length and octets of the ref, u8 events, 16 octets each,
 *   u64 at, seen, began, ended, answer_hash, u32 joined_len,
 *   u64 dialogue, u16 steps (version 2: without these), the last page.
 */
#include "engine/session.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/gsm.h"
#include "base/sealed.h"

#define FORM_VERSION 3
#define FORM_SEALED 4
#define FORM_OLDEST 1
#define FORM_TIME_MAX UINT64_C(253402300799999)
#define FORM_ROWS "rows:"               /* how the names of lists' variables begin */

enum form_flag {
    FORM_LANG_KNOWN = 1 << 0,
    FORM_UNSEEN = 1 << 1,
    FORM_REPLY_END = 1 << 2,
    FORM_TYPED = 1 << 3,
    FORM_OPENED = 1 << 4,
    FORM_DEALT = 1 << 5,
    FORM_FLAGS = (1 << 6) - 1,
};

/* --- out -------------------------------------------------------------------------- */

static void form_put(struct buf *out, const char *p, size_t n)
{
    wr_u16(out, (uint16_t)n);
    buf_add(out, p, n);
}

static void form_put_name(struct buf *out, const char *name)
{
    form_put(out, name, strlen(name));
}

static void form_put_screen(struct buf *out, const struct session *s, int screen)
{
    form_put_name(out, screen >= 0 ? s->menu->screens[screen].name : "");
}

static void form_put_frames(struct buf *out, const struct session *s)
{
    wr_u8(out, (uint8_t)s->frame_count);
    for (int i = 0; i < s->frame_count; i++) {
        const struct session_frame *f = &s->frames[i];

        form_put_screen(out, s, f->screen);
        wr_u16(out, (uint16_t)f->call);
        form_put_screen(out, s, session_called(s->menu, f->screen, f->call));
        wr_u8(out, (uint8_t)(f->behind + 1));
    }
}

/* What is sensitive does not outlive its dialogue: the row does. */
static bool form_keeps(const struct session *s, int var)
{
    const struct menu_type *t = s->menu->vars[var].type;

    return s->mode != SESSION_ENDED || t == NULL || !t->sensitive;
}

static void form_put_values(struct buf *out, const struct session *s)
{
    struct session_value v;
    uint16_t count = 0;

    for (size_t at = 0; session_next_value(s, &at, &v);)
        count = (uint16_t)(count + form_keeps(s, v.var));
    wr_u16(out, count);
    for (size_t at = 0; session_next_value(s, &at, &v);) {
        if (!form_keeps(s, v.var))
            continue;
        form_put_name(out, s->menu->vars[v.var].name);
        form_put(out, v.p, v.len);
    }
}

/* What belongs to a dialogue's row: sealed answers open nowhere else. */
static void form_belongs(const struct session *s, char out[EVENT_MSISDN_MAX + EVENT_CODE_MAX + 1])
{
    (void)snprintf(out, EVENT_MSISDN_MAX + EVENT_CODE_MAX + 1, "%s/%s", s->msisdn, s->code);
}

/* What she said so far, and what she dialled and was not asked yet. */
static void form_put_said(struct buf *out, const struct session *s)
{
    form_put_values(out, s);
    form_put(out, buf_str(&s->path), s->path.len);
}

static void form_put_sealed(struct buf *out, const struct session *s)
{
    char place[EVENT_MSISDN_MAX + EVENT_CODE_MAX + 1];
    struct buf plain, box;

    buf_init(&plain, SESSION_STATE_MAX);
    buf_init(&box, SESSION_STATE_MAX);
    form_put_said(&plain, s);
    form_belongs(s, place);
    sealed_close(s->seal, place, buf_str(&plain), plain.len, &box);
    form_put(out, buf_str(&box), box.len);
    out->full = out->full || plain.full || box.full || box.len > UINT16_MAX;
    sodium_memzero(plain.data, plain.len);
    buf_fini(&plain);
    buf_fini(&box);
}

static uint8_t form_flags(const struct session *s)
{
    return (uint8_t)((s->lang_known ? FORM_LANG_KNOWN : 0) | (s->unseen ? FORM_UNSEEN : 0) |
                     (s->reply_end ? FORM_REPLY_END : 0) | (s->typed ? FORM_TYPED : 0) |
                     (s->opened ? FORM_OPENED : 0) | (s->dealt ? FORM_DEALT : 0));
}

bool session_encode(const struct session *s, struct buf *out)
{
    size_t start = out->len;

    wr_u8(out, s->seal != NULL ? FORM_SEALED : FORM_VERSION);
    wr_u64(out, (uint64_t)s->menu->generation);
    wr_u8(out, (uint8_t)s->mode);
    wr_u8(out, form_flags(s));
    wr_u8(out, (uint8_t)s->tries);
    wr_u8(out, (uint8_t)s->remark);
    wr_u16(out, (uint16_t)s->page);
    form_put_name(out, s->menu->langs[s->lang].id);
    form_put_screen(out, s, s->screen);
    wr_u8(out, (uint8_t)s->depth);
    for (int i = 0; i < s->depth; i++)
        form_put_screen(out, s, s->stack[i]);
    form_put_frames(out, s);
    if (s->seal != NULL)
        form_put_sealed(out, s);
    else
        form_put_said(out, s);
    wr_u8(out, s->ref.len);
    buf_add(out, s->ref.bytes, s->ref.len);
    wr_u8(out, (uint8_t)s->event_count);
    buf_add(out, s->events, (size_t)s->event_count * sizeof s->events[0]);
    wr_u64(out, (uint64_t)s->at);
    wr_u64(out, (uint64_t)s->seen);
    wr_u64(out, (uint64_t)s->began);
    wr_u64(out, (uint64_t)s->ended);
    wr_u64(out, s->answer_hash);
    wr_u32(out, s->joined_len);
    wr_u64(out, s->dialogue);
    wr_u16(out, s->steps);
    form_put(out, buf_str(&s->reply), s->reply.len);
    return !out->full && out->len - start <= SESSION_STATE_MAX;
}

/* --- in --------------------------------------------------------------------------- */

#define FORM_NAME_MAX 512

/* One that is being read. */
struct form {
    struct rd r;
    struct session *s;
    const struct menu *menu;
    unsigned version;
    bool homeless;                      /* of another generation, or names what is not there: its place is not taken */
    char name[FORM_NAME_MAX];           /* the last name read */
};

static const char *form_get(struct form *f, size_t *n)
{
    *n = rd_u16(&f->r);
    return (const char *)rd_bytes(&f->r, *n);
}

/* The next name in f->name; too long for one of ours: "", which is none. */
static void form_get_name(struct form *f)
{
    size_t n;
    const char *p = form_get(f, &n);

    if (p == NULL || n >= sizeof f->name || memchr(p, '\0', n) != NULL)
        n = 0;
    else
        memcpy(f->name, p, n);
    f->name[n] = '\0';
}

static int form_get_screen(struct form *f)
{
    form_get_name(f);
    return f->name[0] != '\0' ? menu_screen_find(f->menu, f->name) : MENU_NONE;
}

/* Can she stand there?  The start is entered anew, also where it only acts. */
static bool form_is_place(const struct form *f, int screen)
{
    return screen >= 0 && (f->menu->screens[screen].text != NULL || screen == f->menu->start);
}

static void form_get_stack(struct form *f)
{
    struct session *s = f->s;
    int depth = rd_u8(&f->r);

    if (depth > SESSION_STACK_MAX)
        f->r.bad = true;
    for (int i = 0; i < depth && !f->r.bad; i++) {
        int screen = form_get_screen(f);

        if (form_is_place(f, screen))
            s->stack[s->depth++] = screen;
        else
            f->homeless = true;
    }
}

static void form_get_frame(struct form *f)
{
    struct session *s = f->s;
    int screen = form_get_screen(f);
    int call = rd_u16(&f->r);
    int called = form_get_screen(f);
    int behind = rd_u8(&f->r) - 1;
    int before = s->frame_count > 0 ? s->frames[s->frame_count - 1].behind : -1;

    if (f->r.bad || f->homeless)
        return;
    if (screen < 0 || called < 0 || session_called(f->menu, screen, call) != called || behind > s->depth ||
        behind < before)
        f->homeless = true;
    else
        s->frames[s->frame_count++] = (struct session_frame){ screen, call, behind };
}

static void form_get_frames(struct form *f)
{
    int count = f->version > 1 ? rd_u8(&f->r) : 0;

    if (count > MENU_CALLS_MAX)
        f->r.bad = true;
    for (int i = 0; i < count && !f->r.bad; i++)
        form_get_frame(f);
}

/* Text that may be sent: well formed, without NUL. */
static bool form_is_text(const char *p, size_t n)
{
    return memchr(p, '\0', n) == NULL && gsm_utf8_valid(p, n);
}

/* Under its own generation a value fits its variable: we wrote it.  Rows of a list
 * are no text. */
static bool form_fits(const struct form *f, const char *p, size_t n)
{
    return strncmp(f->name, FORM_ROWS, strlen(FORM_ROWS)) == 0 || form_is_text(p, n);
}

static void form_get_values(struct form *f)
{
    int count = rd_u16(&f->r);

    for (int i = 0; i < count && !f->r.bad; i++) {
        const char *p;
        size_t n;
        int var;

        form_get_name(f);
        p = form_get(f, &n);
        var = p != NULL && f->name[0] != '\0' ? menu_var_find(f->menu, f->name, strlen(f->name)) : MENU_NONE;
        if (var >= MENU_BUILTINS && !f->homeless && form_fits(f, p, n) && !session_set(f->s, var, p, n))
            f->r.bad = true;
    }
}

static void form_get_text(struct form *f, struct buf *out)
{
    size_t n;
    const char *p = form_get(f, &n);

    if (p == NULL)
        return;
    buf_add(out, p, n);
    if (out->full || !form_is_text(p, n))
        f->r.bad = true;
}

/* Years 1970 to 9999: may be added and taken away without a thought. */
static int64_t form_get_time(struct form *f)
{
    uint64_t ms = rd_u64(&f->r);

    if (ms <= FORM_TIME_MAX)
        return (int64_t)ms;
    f->r.bad = true;
    return 0;
}

static void form_get_history(struct form *f)
{
    struct session *s = f->s;
    const uint8_t *p;

    s->ref.len = rd_u8(&f->r);
    p = s->ref.len <= EVENT_REF_MAX ? rd_bytes(&f->r, s->ref.len) : NULL;
    if (p != NULL)
        memcpy(s->ref.bytes, p, s->ref.len);
    else
        f->r.bad = true;
    s->event_count = rd_u8(&f->r);
    p = s->event_count <= SESSION_EVENTS ? rd_bytes(&f->r, (size_t)s->event_count * sizeof s->events[0]) : NULL;
    if (p != NULL)
        memcpy(s->events, p, (size_t)s->event_count * sizeof s->events[0]);
    else
        f->r.bad = true;
    s->at = form_get_time(f);
    s->seen = form_get_time(f);
    s->began = form_get_time(f);
    s->ended = form_get_time(f);
    s->answer_hash = rd_u64(&f->r);
    s->joined_len = rd_u32(&f->r);
    if (f->version >= 3) {
        s->dialogue = rd_u64(&f->r);
        s->steps = rd_u16(&f->r);
    }
}

static void form_get_flags(struct form *f)
{
    struct session *s = f->s;
    unsigned flags = rd_u8(&f->r);

    if ((flags & ~(unsigned)FORM_FLAGS) != 0)
        f->r.bad = true;
    s->lang_known = (flags & FORM_LANG_KNOWN) != 0;
    s->unseen = (flags & FORM_UNSEEN) != 0;
    s->reply_end = (flags & FORM_REPLY_END) != 0;
    s->typed = (flags & FORM_TYPED) != 0;
    s->opened = (flags & FORM_OPENED) != 0;
    s->dealt = (flags & FORM_DEALT) != 0;
}

/* What its screens asked is not known any more. */
static void form_forget_place(struct session *s)
{
    if (s->mode != SESSION_ENDED)
        s->mode = SESSION_AT_SCREEN;
    s->screen = MENU_NONE;
    s->depth = 0;
    s->frame_count = 0;
    s->page = 0;
    s->tries = 0;
    s->remark = SESSION_PLAIN;
}

static void form_get_place(struct form *f)
{
    struct session *s = f->s;
    unsigned mode = rd_u8(&f->r);
    unsigned remark;
    int lang;

    form_get_flags(f);
    s->tries = rd_u8(&f->r);
    remark = rd_u8(&f->r);
    s->page = rd_u16(&f->r);
    if (mode >= SESSION_MODES || remark >= SESSION_REMARKS) {
        f->r.bad = true;
        return;
    }
    s->mode = (enum session_mode)mode;
    s->remark = (enum session_remark)remark;
    form_get_name(f);
    lang = menu_lang_find(f->menu, f->name);
    s->lang = lang >= 0 ? lang : 0;
    s->lang_known = s->lang_known && lang >= 0;
    s->screen = form_get_screen(f);
    f->homeless = f->homeless || (f->name[0] != '\0' && !form_is_place(f, s->screen));
    form_get_stack(f);
    form_get_frames(f);
    if (f->homeless)
        form_forget_place(s);
}

static void form_get_said(struct form *f)
{
    form_get_values(f);
    form_get_text(f, &f->s->path);
}

/* Another key, or another row: it cannot be read. */
static void form_get_sealed(struct form *f)
{
    char place[EVENT_MSISDN_MAX + EVENT_CODE_MAX + 1];
    size_t n;
    const char *box = form_get(f, &n);
    struct rd outside;
    struct buf plain;

    if (box == NULL)
        return;
    buf_init(&plain, SESSION_STATE_MAX);
    form_belongs(f->s, place);
    outside = f->r;
    if (f->s->seal != NULL && sealed_open(f->s->seal, place, box, n, &plain)) {
        f->r = rd_of(buf_str(&plain), plain.len);
        form_get_said(f);
        outside.bad = outside.bad || f->r.bad || rd_left(&f->r) > 0;
    } else {
        outside.bad = true;
    }
    f->r = outside;
    if (plain.len > 0)
        sodium_memzero(plain.data, plain.len);
    buf_fini(&plain);
}

bool session_decode(struct session *s, const struct menu *m, const void *p, size_t n)
{
    struct form f = { .r = rd_of(p, n), .s = s, .menu = m };

    session_clear(s);
    s->menu = m;
    f.version = rd_u8(&f.r);
    if (f.version < FORM_OLDEST || f.version > FORM_SEALED)
        f.r.bad = true;
    f.homeless = (int64_t)rd_u64(&f.r) != m->generation;
    form_get_place(&f);
    if (f.version == FORM_SEALED)
        form_get_sealed(&f);
    else
        form_get_said(&f);
    form_get_history(&f);
    form_get_text(&f, &s->reply);
    if (f.r.bad || rd_left(&f.r) > 0) {
        session_clear(s);
        return false;
    }
    return true;
}
