#include "menu/told.h"

#include <stdio.h>
#include <string.h>

#include "menu/filter.h"
#include "menu/said.h"
#include "menu/template.h"

#define TOLD_NUMBER "8123056783"        /* as wide as any */

/* One that is read. */
struct told {
    const char *service, *number, *states;      /* each with its end, below */
    size_t service_len, number_len, left;
};

/* What stands up to a separator, or to the end; *s is then behind it. */
static size_t told_part(const char **s, size_t *left, char separator)
{
    const char *end = memchr(*s, separator, *left);
    size_t n = end != NULL ? (size_t)(end - *s) : *left;

    *s += n + (end != NULL);
    *left -= n + (end != NULL);
    return n;
}

static struct told told_open(const char *s, size_t n)
{
    struct told t = { .states = s, .left = n };
    const char *head = s;
    size_t len = told_part(&t.states, &t.left, TOLD_RECORD);

    t.service = head;
    t.service_len = told_part(&head, &len, TOLD_UNIT);
    t.number = head;
    t.number_len = len;
    return t;
}

/* The next of its states; false: there is none. */
enum told_unit { TOLD_NAME = 0, TOLD_DAY, TOLD_SAID, TOLD_LEFT, TOLD_UNITS };
struct told_state {
    const char *at[TOLD_UNITS];
    size_t len[TOLD_UNITS];
};
static bool told_next(struct told *t, struct told_state *out)
{
    const char *s = t->states;
    size_t n;

    if (t->left == 0)
        return false;
    n = told_part(&t->states, &t->left, TOLD_RECORD);
    for (int i = 0; i < TOLD_UNITS; i++) {
        out->at[i] = s;
        out->len[i] = told_part(&s, &n, TOLD_UNIT);
    }
    return true;
}

bool told_is(const struct menu_type *t, const char *s, size_t n)
{
    struct told told = told_open(s, n);
    struct told_state state;
    int64_t states = 0;
    int32_t day;

    if (n > TOLD_MAX || told.service_len == 0 || told.number_len != strlen(TOLD_NUMBER) ||
        strspn(told.number, "0123456789") < told.number_len)
        return false;
    while (told_next(&told, &state)) {
        states++;
        if (state.len[TOLD_NAME] == 0 || !expr_date(state.at[TOLD_DAY], state.len[TOLD_DAY], &day) ||
            strspn(state.at[TOLD_LEFT], "0123456789") < state.len[TOLD_LEFT])
            return false;
    }
    return states > 0 && states <= t->max;
}

/* --- writing -------------------------------------------------------------------------------- */

void told_begin(struct buf *out, const char *service, const char *number)
{
    buf_addf(out, "%s%c%s", service, TOLD_UNIT, number);
}

void told_add(struct buf *out, const struct told_entry *e)
{
    buf_addf(out, "%c%s%c%s%c%s%c%s", TOLD_RECORD, e->state, TOLD_UNIT, e->day, TOLD_UNIT, e->note, TOLD_UNIT, e->left);
}

/* --- showing -------------------------------------------------------------------------------- */

static bool told_same(const char *name, const char *s, size_t n)
{
    return strlen(name) == n && memcmp(name, s, n) == 0;
}

static const struct menu_service *told_service(const struct menu *m, const struct told *t)
{
    for (int i = 0; i < m->service_count; i++)
        if (told_same(m->services[i].name, t->service, t->service_len))
            return &m->services[i];
    return NULL;
}

static const struct template *told_text(const struct menu_service *service, const struct told_state *state, int lang)
{
    for (int i = 0; service != NULL && i < service->state_count; i++)
        if (told_same(service->states[i].name, state->at[TOLD_NAME], state->len[TOLD_NAME]))
            /* cppcheck-suppress CastIntegerToAddressAtReturn; it takes the struct's name for the keyword of C++ */
            return template_of(service->states[i].text, lang);
    return NULL;
}

/* What the text of a state may show. */
struct told_scope {
    const struct menu *menu;
    const struct told *told;
    const struct told_state *state;
    const struct buf *note;             /* in the language of the page */
};

static const char *told_get(const void *arg, int var, size_t *len)
{
    const struct told_scope *scope = arg;
    const char *name = menu_tells(scope->menu, var);
    const struct {
        const char *name, *s;
        size_t len;
    } values[] = {
        { "at", scope->state->at[TOLD_DAY], scope->state->len[TOLD_DAY] },
        { "case.no", scope->told->number, scope->told->number_len },
        { "note", buf_str(scope->note), scope->note->len },
        { "left", scope->state->at[TOLD_LEFT], scope->state->len[TOLD_LEFT] },
    };

    for (size_t i = 0; name != NULL && i < sizeof values / sizeof values[0]; i++)
        if (strcmp(values[i].name, name) == 0) {
            *len = values[i].len;
            return values[i].s;
        }
    *len = 0;
    return NULL;
}

/* "need_info" to "need info": better than nothing. */
static void told_add_name(const struct told_state *state, struct buf *out)
{
    for (size_t i = 0; i < state->len[TOLD_NAME]; i++)
        buf_addc(out, state->at[TOLD_NAME][i] == '_' ? ' ' : state->at[TOLD_NAME][i]);
}

struct told_reads {
    const struct menu *menu;
    bool found;
};

static void told_on_read(void *arg, int var)
{
    struct told_reads *r = arg;

    const char *name = menu_tells(r->menu, var);

    r->found |= name != NULL && strcmp(name, "at") == 0;
}

static bool told_shows_day(const struct menu *m, const struct template *text)
{
    struct told_reads r = { m, false };

    if (text != NULL)
        template_reads(text, told_on_read, &r);
    return r.found;
}

/* "12 Oct " */
static void told_add_day(const struct expr_scope *scope, const struct told_state *state, struct buf *out)
{
    char day[16];

    snprintf(day, sizeof day, "%.*s", (int)state->len[TOLD_DAY], state->at[TOLD_DAY]);
    filter_day_of(scope, day, out);
    buf_addc(out, ' ');
}

static void told_print_state(const struct expr_scope *scope, const struct told *told, const struct told_state *state,
                             bool dated, struct buf *out)
{
    const struct menu_service *service = told_service(scope->menu, told);
    const struct template *text = told_text(service, state, scope->lang);
    struct buf note;
    const struct told_scope own = { scope->menu, told, state, &note };
    struct expr_scope inner = *scope;

    buf_init(&note, 4 * TOLD_NOTE);
    said_print(scope->menu, said_state(service, state->at[TOLD_NAME], state->len[TOLD_NAME]), scope->lang,
               state->at[TOLD_SAID], state->len[TOLD_SAID], dated ? TOLD_SHORT : TOLD_NOTE, &note);
    inner.get = told_get;
    inner.arg = &own;
    if (dated && !told_shows_day(scope->menu, text))
        told_add_day(scope, state, out);
    if (text != NULL)
        template_print(text, &inner, out);
    else
        told_add_name(state, out);
    buf_fini(&note);
}

void told_print(const struct menu_type *t, const struct expr_scope *scope, const char *s, size_t n, struct buf *out)
{
    struct told told = told_open(s, n);
    struct told_state state;

    for (int i = 0; told_next(&told, &state); i++) {
        if (i > 0)
            buf_addc(out, '\n');
        told_print_state(scope, &told, &state, t->max > 1, out);
    }
}

/* --- widths --------------------------------------------------------------------------------- */

struct told_widest {
    const struct menu_service *service;
    const char *state;
    int64_t states;
    void (*fn)(void *arg, const char *s, size_t n);
    void *arg;
};

/* A letter of a note as often as one can have it. */
static void told_fill(struct buf *note, const char *letter, int64_t states)
{
    buf_clear(note);
    for (int i = 0; i < (states > 1 ? TOLD_SHORT : TOLD_NOTE); i++)
        buf_adds(note, letter);
}

static void told_try(const struct told_widest *w, int month, const char *note)
{
    struct told_entry e = { .state = w->state, .note = note, .left = "9999" };
    struct buf value;
    char day[16];

    snprintf(day, sizeof day, "2028-%02d-28", month % 100);
    e.day = day;
    buf_init(&value, 4 * TOLD_MAX);
    told_begin(&value, w->service->name, TOLD_NUMBER);
    for (int64_t i = 0; i < w->states; i++)
        told_add(&value, &e);
    w->fn(w->arg, buf_str(&value), value.len);
    buf_fini(&value);
}

/* In every month, on a day of two digits; with a note that is all of the GSM
 * alphabet, of two septets a letter, and of Bengali letters. */
static void told_each_state(const struct told_widest *w)
{
    static const char *const letters[] = { "W", "[", "\xe0\xa6\x95" };
    struct buf note;

    buf_init(&note, TOLD_MAX);
    for (int month = 1; month <= 12; month++)
        told_try(w, month, "");
    for (size_t i = 0; i < sizeof letters / sizeof letters[0]; i++) {
        told_fill(&note, letters[i], w->states);
        told_try(w, 1, buf_str(&note));
    }
    buf_fini(&note);
}

void told_each(const struct menu_type *t, const struct menu *m, void (*fn)(void *arg, const char *s, size_t n), void *arg)
{
    struct told_widest w = { .states = t->max, .fn = fn, .arg = arg };

    for (int i = 0; i < m->service_count; i++) {
        w.service = &m->services[i];
        for (int k = 0; k < w.service->state_count; k++) {
            w.state = w.service->states[k].name;
            told_each_state(&w);
        }
    }
}
