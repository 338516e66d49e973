#include "cli/play_cases.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "engine/officer.h"
#include "engine/verdict.h"
#include "menu/told.h"

#define CASES_MAX 64
#define CASES_EVENTS 32                 /* of one case */
#define CASES_CELL (TOLD_MAX + 1)
#define CASES_KEYS_FROM 4               /* the arguments: citizen, services, number, names of keys, keys */

struct cases_event {
    const struct menu_state *state;
    int32_t day;
    char *note;                         /* owned */
};

struct cases_file {
    int64_t number;
    const struct menu_service *service;
    char *msisdn, *fields;              /* owned */
    const char *lang;
    bool agent;
    int person;                         /* of several on the number; 0: nobody said */
    struct cases_event events[CASES_EVENTS];
    int count;                          /* at least 1 */
};

/* Columns of what is asked. */
#define CASES_COLUMNS(X) \
    X(NO, no) X(SERVICE, service) X(STATE, state) X(TEXT, text) X(AT, at) X(OPENED, opened) X(DUE, due) X(LEFT, left) \
    X(OVERDUE, overdue) X(NOTE, note) X(HISTORY, history)

enum cases_column {
#define X(id, name) CASES_##id,
    CASES_COLUMNS(X)
#undef X
    CASES_COLUMN_COUNT
};

static const char *const cases_columns[CASES_COLUMN_COUNT] = {
#define X(id, name) [CASES_##id] = #name,
    CASES_COLUMNS(X)
#undef X
};

struct play_cases {
    const struct menu *menu;
    enum play_cases_mood mood;
    bool listing;                       /* what is asked now is a list */
    struct cases_file files[CASES_MAX];
    int count;
    int32_t today;
    const struct cases_file *found[CASES_MAX];
    int found_count;
    char cell[CASES_CELL];              /* the last one asked for */
};

struct play_cases *play_cases_new(const struct menu *m)
{
    struct play_cases *c = xcalloc(1, sizeof *c);

    c->menu = m;
    return c;
}

void play_cases_free(struct play_cases *c)
{
    for (int i = 0; i < c->count; i++) {
        free(c->files[i].msisdn);
        free(c->files[i].fields);
        for (int k = 0; k < c->files[i].count; k++)
            free(c->files[i].events[k].note);
    }
    free(c);
}

static void cases_event(struct cases_file *f, const struct menu_state *state, const char *note, int32_t day)
{
    if (f->count < CASES_EVENTS)
        f->events[f->count++] = (struct cases_event){ state, day, xstrdup(note) };
}

bool play_cases_add(struct play_cases *c, const struct play_file *file)
{
    struct cases_file *f = &c->files[c->count];

    if (c->count == CASES_MAX)
        return false;
    *f = (struct cases_file){ .number = file->number, .service = file->service, .msisdn = xstrdup(file->msisdn),
                              .fields = xstrdup(file->fields), .lang = file->lang, .agent = file->agent,
                              .person = file->person };
    cases_event(f, &file->service->states[0], "", file->day);
    c->count++;
    return true;
}

int64_t play_cases_number(const struct play_cases *c, int64_t number)
{
    return number == 0 && c->count > 0 ? c->files[c->count - 1].number : number;
}

/* MENU_NONE: there is no such case. */
static int cases_find(const struct play_cases *c, int64_t number)
{
    for (int i = 0; i < c->count; i++)
        if (c->files[i].number == number)
            return i;
    return MENU_NONE;
}

static const struct cases_event *cases_last(const struct cases_file *f)
{
    return &f->events[f->count - 1];
}

static const struct menu_state *cases_state(const struct menu_service *s, const char *name)
{
    int i = 0;

    while (i < s->state_count - 1 && strcmp(s->states[i].name, name) != 0)
        i++;
    return &s->states[i];
}

void play_cases_order(struct play_cases *c, const struct flow_order *order, int32_t day)
{
    int i = cases_find(c, order->number);

    if (i != MENU_NONE && c->files[i].count == order->seq)
        cases_event(&c->files[i], cases_state(c->files[i].service, order->texts[FLOW_ORDER_STATE]),
                    order->texts[FLOW_ORDER_NOTE], day);
}

/* "NEED 2", as an officer writes it: the state, the reply and her own words.  False: her word leads nowhere. */
static bool cases_officer(struct play_cases *c, struct desk_order *o)
{
    struct casefile file;
    char *end;

    for (int verb = 0; verb < OFFICER_VERBS; verb++) {
        if (officer_verb_name((enum officer_verb)verb)[0] == '\0' || strcmp(officer_verb_name((enum officer_verb)verb), o->to) != 0)
            continue;
        if (!play_cases_read(c, o->number, &file))
            return false;
        o->to = verdict_state(c->menu, &file, (enum officer_verb)verb);
        if (o->to == NULL || !officer_has_reasons((enum officer_verb)verb))
            return o->to != NULL;
        o->reply = (int)strtol(o->note, &end, 10);
        o->note = end + strspn(end, " ");
        return true;
    }
    return true;
}

/* Whoever may: who that is says the service. */
static bool cases_decide(struct play_cases *c, struct desk_order *o, struct desk_plan *plan)
{
    struct casefile file;
    struct desk_answer a;

    if (!play_cases_read(c, o->number, &file))
        return false;
    for (int kind = 0; kind < DESK_ACTORS; kind++) {
        o->kind = (enum desk_actor)kind;
        if (desk_decide(c->menu, &file, o, plan, &a) == DESK_DONE)
            return true;
    }
    return false;
}

const char *play_cases_office(struct play_cases *c, const struct desk_order *order, int32_t day, play_cases_told_fn *fn,
                              void *arg)
{
    struct desk_order o = *order;
    struct desk_plan plan;
    struct cases_file *f;
    bool good;
    int i = cases_find(c, o.number);

    if (i == MENU_NONE)
        return "there is no case of this number";
    f = &c->files[i];
    if (f->count == CASES_EVENTS)
        return "too much has happened to this case";
    desk_plan_init(&plan);
    good = cases_officer(c, &o) && cases_decide(c, &o, &plan);
    for (int k = 0; good && k < plan.notice_count; k++)
        fn(arg, plan.notices[k].text);
    if (good)
        cases_event(f, cases_state(f->service, o.to), plan.note, day);
    desk_plan_fini(&plan);
    return good ? NULL : "no move leads there from where the case stands, or its state has no reply of this number";
}

const char *play_cases_state(const struct play_cases *c, int64_t number, const char **note)
{
    int i = cases_find(c, number);

    if (i == MENU_NONE)
        return NULL;
    *note = cases_last(&c->files[i])->note;
    return cases_last(&c->files[i])->state->name;
}

void play_cases_mood(struct play_cases *c, enum play_cases_mood mood)
{
    c->mood = mood;
}

bool play_cases_away(const struct play_cases *c)
{
    return c->mood == PLAY_CASES_FAIL;
}

bool play_cases_hidden(const struct play_cases *c)
{
    return c->mood == PLAY_CASES_NONE;
}

/* --- what is asked -------------------------------------------------------------------------- */

/* Does a list of names, "a,b", hold this one? */
static bool cases_lists(const char *names, const char *name)
{
    size_t n = strlen(name);

    while (*names != '\0') {
        size_t len = strcspn(names, ",!");

        if (len == n && memcmp(names, name, n) == 0)
            return true;
        names += len + strspn(names + len, ",!");
    }
    return false;
}

/* A value as a case keeps it: all of it, or its last four characters. */
static bool cases_same(const char *kept, const char *value)
{
    size_t n = strlen(value);

    return strcmp(kept, value) == 0 || (strlen(kept) == 4 && n > 4 && strcmp(kept, value + n - 4) == 0);
}

/* All fields of the second key are those of the case. */
static bool cases_opens(const struct cases_file *f, const struct flow_question *q)
{
    json_t *fields = json_loads(f->fields, 0, NULL);
    const char *names = q->args[CASES_KEYS_FROM - 1];
    bool good = names[0] != '\0';
    char name[64];

    for (int i = CASES_KEYS_FROM; good && i < q->arg_count - 1; i++) {
        size_t n = strcspn(names, ",");
        const char *kept;

        snprintf(name, sizeof name, "%.*s", (int)n, names);
        names += n + (names[n] == ',');
        kept = json_string_value(json_object_get(fields, name));
        good = kept != NULL && q->args[i] != NULL && cases_same(kept, q->args[i]);
    }
    json_decref(fields);
    return good;
}

/* Of several persons each sees her own; the last argument says who has shown her PIN. */
static bool cases_hers(const struct cases_file *f, const struct flow_question *q, bool shared, bool list)
{
    const char *person = q->args[q->arg_count - 1];

    return strcmp(f->msisdn, q->args[0]) == 0 &&
           (!shared || (f->person > 0 && person != NULL && strtol(person, NULL, 10) == f->person) ||
            (f->person == 0 && !list));
}

static void cases_look(struct play_cases *c, const struct flow_question *q, bool shared)
{
    bool list = c->menu->queries[q->query].list;

    c->found_count = 0;
    c->listing = list;
    for (int i = c->count - 1; i >= 0; i--) {
        const struct cases_file *f = &c->files[i];
        bool hers = cases_hers(f, q, shared, list);

        if (!cases_lists(q->args[1], f->service->name))
            continue;
        if (!list && (q->args[2] == NULL || strtoll(q->args[2], NULL, 10) != f->number))
            continue;
        if (hers || (!list && cases_opens(f, q)))
            c->found[c->found_count++] = f;
    }
}

/* Friday and Saturday; day 0 was a Thursday. */
static bool cases_is_weekend(int32_t day)
{
    return day % 7 == 1 || day % 7 == 2;
}

/* An answer is promised, and has not come. */
static bool cases_waits(const struct cases_file *f)
{
    return f->service->within_days > 0 && cases_last(f)->state->to_count > 0;
}

/* The day of the answer that is promised; holidays are not in this world. */
static int32_t cases_due(const struct cases_file *f)
{
    int32_t day = f->events[0].day;

    for (int left = f->service->within_days; left > 0;) {
        day++;
        left -= f->service->within_all || !cases_is_weekend(day);
    }
    return day;
}

static void cases_day(char *out, int32_t day)
{
    struct clock_date d = clock_date_of(day);

    snprintf(out, CASES_CELL, "%04d-%02d-%02d", d.year % 10000, d.month, d.day);
}

static int cases_left(const struct play_cases *c, const struct cases_file *f)
{
    int left = 0;

    for (int32_t day = cases_due(f); day > c->today; day--)
        left += f->service->within_all || !cases_is_weekend(day);
    return left;
}

/* The first n characters, for a short form. */
static void cases_cut(char *out, size_t size, const char *note, int n)
{
    size_t len = 0;

    for (; note[len] != '\0' && len + 5 < size; len++) {
        n -= ((unsigned char)note[len] & 0xc0) != 0x80;
        if (n < 0)
            break;
    }
    snprintf(out, size, "%.*s", (int)len, note);
}

/* The newest states, at most so many. */
static void cases_told(const struct play_cases *c, const struct cases_file *f, int most, char *out)
{
    char number[24], day[CASES_CELL], left[16], note[4 * TOLD_NOTE + 8];
    struct told_entry e = { .day = day, .left = left, .note = note };
    struct buf told;

    buf_init(&told, CASES_CELL - 1);
    snprintf(number, sizeof number, "%" PRId64, f->number);
    told_begin(&told, f->service->name, number);
    snprintf(left, sizeof left, "%d", cases_left(c, f));
    for (int i = f->count - 1, shown = 0; i >= 0 && shown < most; i--) {
        if (i > 0 && f->events[i].state == f->events[i - 1].state)
            continue;                   /* only a note */
        if (i < f->count - 1 || !cases_waits(f))
            left[0] = '\0';
        cases_day(day, f->events[i].day);
        cases_cut(note, sizeof note, f->events[i].note, c->listing || most > 1 ? TOLD_SHORT : TOLD_NOTE);
        e.state = f->events[i].state->name;
        told_add(&told, &e);
        shown++;
    }
    memcpy(out, buf_str(&told), told.len + 1);
    buf_fini(&told);
}

static const char *cases_cell(struct play_cases *c, const struct cases_file *f, enum cases_column column)
{
    const struct cases_event *last = cases_last(f);
    bool due = cases_waits(f);

    switch (column) {
    case CASES_NO:
        snprintf(c->cell, sizeof c->cell, "%" PRId64, f->number);
        return c->cell;
    case CASES_SERVICE:
        return f->service->name;
    case CASES_STATE:
        return last->state->name;
    case CASES_TEXT:
        cases_told(c, f, 1, c->cell);
        return c->cell;
    case CASES_AT:
        cases_day(c->cell, last->day);
        return c->cell;
    case CASES_OPENED:
        cases_day(c->cell, f->events[0].day);
        return c->cell;
    case CASES_DUE:
        cases_day(c->cell, due ? cases_due(f) : 0);
        return due ? c->cell : NULL;
    case CASES_LEFT:
        snprintf(c->cell, sizeof c->cell, "%d", cases_left(c, f));
        return due ? c->cell : NULL;
    case CASES_OVERDUE:
        return due && cases_due(f) < c->today ? "yes" : "no";
    case CASES_NOTE:
        return last->note;
    case CASES_HISTORY:
        cases_told(c, f, TOLD_STATES_MAX, c->cell);
        return c->cell;
    case CASES_COLUMN_COUNT:
        break;
    }
    return NULL;
}

static const char *cases_on_cell(const void *arg, int row, const char *column)
{
    struct play_cases *c = *(struct play_cases *const *)arg;

    for (int i = 0; i < CASES_COLUMN_COUNT; i++)
        if (strcmp(cases_columns[i], column) == 0)
            return cases_cell(c, c->found[row], (enum cases_column)i);
    return NULL;
}

bool play_cases_read(struct play_cases *c, int64_t number, struct casefile *out)
{
    int i = cases_find(c, number);
    const struct cases_file *f;

    if (i == MENU_NONE)
        return false;
    f = &c->files[i];
    *out = (struct casefile){
        .number = f->number, .service = f->service->name, .agency = f->service->agency, .msisdn = f->msisdn,
        .contact = "", .state = cases_last(f)->state->name, .fields = f->fields, .lang = f->lang, .place = "",
        .channel = "ussd", .actor = f->agent ? "agent" : "citizen", .generation = c->menu->generation, .seq = f->count,
    };
    return true;
}

void play_cases_ask(struct play_cases *c, const struct flow_question *q, int32_t today, bool shared, struct flow_rows *rows)
{
    c->today = today;
    rows->failed = c->mood == PLAY_CASES_FAIL;
    if (c->mood != PLAY_CASES_OWN)
        return;
    cases_look(c, q, shared);
    rows->count = c->found_count < q->max_rows ? c->found_count : q->max_rows;
    rows->cell = cases_on_cell;
}
