#include "cli/replay_run.h"

#include <assert.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "cli/replay_sample.h"
#include "engine/flow.h"
#include "engine/session.h"

#define REPLAY_MSISDN "8801700000000"
#define REPLAY_MISFIT (EVENT_TEXT_MAX + 1)      /* octets of what fits nothing */
#define REPLAY_NO_PART 900              /* octets of a dialled part that fits nothing short */
#define REPLAY_FACTS_MAX 64             /* answers remembered of one dialogue */

static const unsigned char replay_secret[FLOW_SECRET_SIZE] = "replay";

/* The answer of one query, as it was. */
struct replay_fact {
    json_t *fact;
    bool used;
};

struct replay_run {
    const struct menu *menu;
    struct session_table *table;
    struct session *s;
    struct flow_out out;
    struct event_limits limits;
    struct flow_env env;
    struct flow_alert_text *alert_texts;        /* one for each language */
    struct flow_alert alert;
    struct replay_fact facts[REPLAY_FACTS_MAX];
    int fact_count, step_first;         /* of the dialogue; the first of this step */
    int numbers;                        /* given so far */
    uint32_t drawn;                     /* the last number drawn for a code; 0: none */
    unsigned events, dials;
    bool over;
    char misfit[REPLAY_MISFIT + 1];
    struct buf sample;
    struct buf dialled;
    struct replay_end end;
};

/* --- life -------------------------------------------------------------------------- */

struct replay_run *replay_run_new(const struct menu *m)
{
    struct replay_run *r = xcalloc(1, sizeof *r);

    r->menu = m;
    r->table = session_table_new(2);
    r->alert_texts = xcalloc((size_t)m->lang_count, sizeof *r->alert_texts);
    for (int i = 0; i < m->lang_count; i++)
        r->alert_texts[i] = (struct flow_alert_text){ m->langs[i].id, "!" };
    flow_out_init(&r->out);
    memset(r->misfit, 'x', REPLAY_MISFIT);
    buf_init(&r->sample, 4096);
    buf_init(&r->dialled, 4096);
    return r;
}

static void replay_forget_facts(struct replay_run *r)
{
    for (int i = 0; i < r->fact_count; i++)
        json_decref(r->facts[i].fact);
    r->fact_count = r->step_first = 0;
}

void replay_run_free(struct replay_run *r)
{
    if (r == NULL)
        return;
    replay_forget_facts(r);
    session_table_free(r->table);
    flow_out_fini(&r->out);
    buf_fini(&r->sample);
    buf_fini(&r->dialled);
    free(r->alert_texts);
    free(r);
}

__attribute__((format(printf, 3, 4)))
static void replay_stop(struct replay_run *r, enum replay_outcome outcome, const char *fmt, ...)
{
    va_list ap;

    if (r->over)
        return;
    r->over = true;
    r->end.outcome = outcome;
    va_start(ap, fmt);
    vsnprintf(r->end.why, sizeof r->end.why, fmt, ap);
    va_end(ap);
}

/* --- what is on the tape ------------------------------------------------------------ */

/* Who she was when the dialogue began. */
static void replay_person(struct replay_run *r, const json_t *who)
{
    const char *name = json_string_value(json_object_get(who, "lang"));
    int lang = name != NULL ? menu_lang_find(r->menu, name) : MENU_NONE;

    r->s->lang = lang >= 0 ? lang : 0;
    r->s->lang_known = lang >= 0 && json_is_true(json_object_get(who, "known"));
    if (json_is_true(json_object_get(who, "agent")))
        session_set_agent(r->s, "Agent", "Centre");
    r->alert = (struct flow_alert){ .texts = r->alert_texts, .count = r->menu->lang_count };
    r->env.alert = json_is_true(json_object_get(who, "alert")) ? &r->alert : NULL;
}

/* The facts of a step: {...}, {...}.  False: they are not ours. */
static bool replay_take_facts(struct replay_run *r, const char *facts)
{
    struct buf text;
    json_t *list;
    bool good;

    buf_init(&text, 1 << 16);
    buf_addf(&text, "[%s]", facts);
    list = json_loadb(buf_str(&text), text.len, JSON_REJECT_DUPLICATES, NULL);
    buf_fini(&text);
    good = json_is_array(list);
    r->step_first = r->fact_count;
    for (size_t i = 0; good && i < json_array_size(list); i++) {
        json_t *fact = json_array_get(list, i);

        if (json_object_get(fact, "lang") != NULL)
            replay_person(r, fact);
        else if (r->fact_count < REPLAY_FACTS_MAX)
            r->facts[r->fact_count++] = (struct replay_fact){ json_incref(fact), false };
    }
    json_decref(list);
    return good;
}

/* The answer of a query, or of what else: this step's next one, else the last one
 * before. */
static json_t *replay_fact_of(struct replay_run *r, const char *what, const char *asked)
{
    json_t *found = NULL;

    for (int i = 0; i < r->fact_count; i++) {
        const char *name = json_string_value(json_object_get(r->facts[i].fact, what));

        if (name == NULL || strcmp(name, asked) != 0)
            continue;
        found = r->facts[i].fact;
        if (i >= r->step_first && !r->facts[i].used) {
            r->facts[i].used = true;
            return found;
        }
    }
    return found;
}

static bool replay_number_failed(const struct replay_run *r)
{
    for (int i = r->step_first; i < r->fact_count; i++)
        if (json_is_false(json_object_get(r->facts[i].fact, "number")))
            return true;
    return false;
}

/* How a PIN went: the next of this step; what was not asked then cannot be known. */
static bool replay_pin(struct replay_run *r, struct flow_rows *rows)
{
    for (int i = r->step_first; i < r->fact_count; i++) {
        const char *name = json_string_value(json_object_get(r->facts[i].fact, "pin"));

        if (name == NULL || r->facts[i].used)
            continue;
        r->facts[i].used = true;
        rows->person = 1;               /* the tape does not say whose */
        for (rows->pin = FLOW_PIN_GOOD; rows->pin < FLOW_PINS; rows->pin++)
            if (strcmp(flow_pin_name(rows->pin), name) == 0)
                return true;
    }
    return false;
}

/* The same of a payment. */
static bool replay_pay(struct replay_run *r, struct flow_rows *rows)
{
    for (int i = r->step_first; i < r->fact_count; i++) {
        const char *name = json_string_value(json_object_get(r->facts[i].fact, "pay"));

        if (name == NULL || r->facts[i].used)
            continue;
        r->facts[i].used = true;
        rows->pay = flow_pay_find(name);
        rows->failed = rows->pay == FLOW_PAYS;
        return true;
    }
    return false;
}

/* --- questions ------------------------------------------------------------------------- */

/* Rows of an answer; the cells that had to be made up. */
struct replay_rows {
    struct replay_run *r;
    const struct menu_record *record;
    const json_t *rows;
    bool lacks;                         /* a column that was not asked for then */
    const char *column;
};

static const struct menu_type *replay_column(const struct menu_record *record, const char *column)
{
    for (int i = 0; i < record->field_count; i++)
        if (strcmp(record->fields[i].name, column) == 0)
            return record->fields[i].type;
    return NULL;
}

static const char *replay_cell(const void *arg, int row, const char *column)
{
    const struct replay_rows *a = arg;
    const char *text = json_string_value(json_object_get(json_array_get(a->rows, (size_t)row), column));
    const struct menu_type *type;

    if (text == NULL || strcmp(text, FLOW_TAPE_WITHHELD) != 0)
        return text;
    type = replay_column(a->record, column);
    return type != NULL && replay_sample_cell(type, &a->r->sample) ? buf_str(&a->r->sample) : NULL;
}

/* Was every column of the record asked for then? */
static const char *replay_lacks(const struct menu_record *record, const json_t *rows)
{
    for (int i = 0; json_array_size(rows) > 0 && i < record->field_count; i++)
        if (json_object_get(json_array_get(rows, 0), record->fields[i].name) == NULL)
            return record->fields[i].name;
    return NULL;
}

static uint32_t replay_draw(void *arg)
{
    struct replay_run *r = arg;

    r->drawn += 17;                     /* no example is near */
    return r->drawn;
}

static enum flow_result replay_answer_rows(struct replay_run *r, const char *what, const char *name,
                                           const struct menu_record *record)
{
    json_t *fact = replay_fact_of(r, what, name);
    struct replay_rows a = { .r = r, .record = record, .rows = json_object_get(fact, "rows") };
    struct flow_rows rows = { .cell = replay_cell, .arg = &a, .failed = a.rows == NULL };
    const char *lacks = replay_lacks(record, a.rows);

    if (fact == NULL)
        replay_stop(r, REPLAY_ASKS_MORE, "%s '%s' was not asked then", what, name);
    else if (json_is_true(json_object_get(fact, "cut")))
        replay_stop(r, REPLAY_TAPE_LACKS, "the answer of %s '%s' was too long for the tape", what, name);
    else if (lacks != NULL)
        replay_stop(r, REPLAY_ASKS_MORE, "%s '%s' did not answer '%s' then", what, name, lacks);
    rows.count = (int)json_array_size(a.rows);
    if (rows.count > r->out.question.max_rows)
        rows.count = r->out.question.max_rows;
    return flow_answer(&r->env, r->s, &rows, &r->out);
}

/* A case that is to be moved, as far as the tape tells of it: "roof received citizen". */
static bool replay_case(struct replay_run *r, char words[3][65])
{
    for (int i = r->step_first; i < r->fact_count; i++) {
        const char *fact = json_string_value(json_object_get(r->facts[i].fact, "case"));

        if (fact == NULL || r->facts[i].used)
            continue;
        r->facts[i].used = true;
        return sscanf(fact, "%64s %64s %64s", words[0], words[1], words[2]) >= 1;
    }
    return false;
}

static enum flow_result replay_answer_case(struct replay_run *r)
{
    char words[3][65] = { "", "", "" };
    struct casefile file = { .number = r->out.question.number, .service = words[0], .agency = "", .contact = "",
                             .msisdn = REPLAY_MSISDN, .state = words[1], .fields = "{}", .lang = "", .place = "",
                             .channel = "ussd", .actor = words[2], .seq = 1 };
    struct flow_rows rows = { .failed = !replay_case(r, words) };

    if (rows.failed)
        replay_stop(r, REPLAY_ASKS_MORE, "no case was moved then");
    rows.failed |= strcmp(words[0], "failed") == 0;
    if (!rows.failed && words[2][0] != '\0')
        rows.file = &file;
    return flow_answer(&r->env, r->s, &rows, &r->out);
}

static enum flow_result replay_answer(struct replay_run *r)
{
    static const struct menu_record nothing = { .name = "" };
    struct flow_rows number = { .failed = replay_number_failed(r) };
    const struct menu_action *hook = r->out.question.hook;
    const struct menu_query *q;
    char name[256];

    switch (r->out.question.kind) {
    case FLOW_QUERY:
        q = &r->s->menu->queries[r->out.question.query];
        return replay_answer_rows(r, "query", q->name, q->returns);
    case FLOW_HOOK:
        (void)snprintf(name, sizeof name, "%s%s", r->s->menu->backends[hook->backend].name, hook->path);
        return replay_answer_rows(r, "hook", name, hook->returns != NULL ? hook->returns : &nothing);
    case FLOW_PIN:
        number.failed = !replay_pin(r, &number);
        if (number.failed)
            replay_stop(r, REPLAY_ASKS_MORE, "no PIN was asked for then");
        break;
    case FLOW_PAY:
        if (!replay_pay(r, &number)) {
            number.failed = true;
            replay_stop(r, REPLAY_ASKS_MORE, "no payment was asked for then");
        }
        break;
    case FLOW_CASE:
        return replay_answer_case(r);
    case FLOW_WAITLIST:
        break;
    case FLOW_NUMBER:
        number.number = r->numbers++;
        break;
    }
    return flow_answer(&r->env, r->s, &number, &r->out);
}

/* --- one event --------------------------------------------------------------------------- */

static void replay_event(struct replay_run *r, enum event_kind kind, const char *text)
{
    struct event ev = { .kind = kind, .code = r->menu->codes[0], .text = text, .text_len = strlen(text) };
    enum flow_result result;

    r->events++;
    r->dials += kind == EVENT_BEGIN;
    memcpy(ev.id.bytes, &r->events, sizeof r->events);
    ev.ref.len = sizeof r->dials;
    memcpy(ev.ref.bytes, &r->dials, sizeof r->dials);
    memcpy(ev.msisdn, REPLAY_MSISDN, sizeof REPLAY_MSISDN);
    ev.at = ev.seen = r->env.now;
    result = flow_event(&r->env, r->s, &ev, &r->out);
    while (result == FLOW_ASK)
        result = replay_answer(r);
    r->s->turn++;
}

/* "*333*1*42#" of the parts that were walked, up to the first that was withheld;
 * what is left behind it. */
static const char *replay_dial(struct replay_run *r, const char *parts)
{
    const char *code = r->menu->codes[0];
    const char *rest = parts;

    buf_clear(&r->dialled);
    buf_add(&r->dialled, code, strlen(code) - (code[strlen(code) - 1] == '#'));
    while (*rest != '\0') {
        size_t n = strcspn(rest, "*");

        if (n == strlen(FLOW_TAPE_WITHHELD) && memcmp(rest, FLOW_TAPE_WITHHELD, n) == 0)
            break;
        buf_addc(&r->dialled, '*');
        if (n == strlen(FLOW_TAPE_NO_PART) && memcmp(rest, FLOW_TAPE_NO_PART, n) == 0)
            buf_add(&r->dialled, r->misfit, REPLAY_NO_PART);
        else
            buf_add(&r->dialled, rest, n);
        rest += n + (rest[n] == '*');
    }
    buf_addc(&r->dialled, '#');
    replay_event(r, EVENT_BEGIN, buf_str(&r->dialled));
    return rest;
}

/* Of a consent: flow_consent.c makes the same of what was drawn. */
static void replay_code(const struct replay_run *r, struct buf *out)
{
    buf_clear(out);
    buf_addf(out, "%u", 1000 + r->drawn % 9000);
}

/* She typed the code that was sent. */
static bool replay_was_right(const struct replay_run *r)
{
    for (int i = r->step_first; i < r->fact_count; i++) {
        const char *consent = json_string_value(json_object_get(r->facts[i].fact, "consent"));

        if (consent != NULL)
            return strcmp(consent, "right") == 0;
    }
    return false;
}

/* A value that she typed and the tape withheld.  NULL: the menus ask for none here. */
static const char *replay_made_up(struct replay_run *r)
{
    const struct menu_screen *screen = r->s->screen != MENU_NONE ? &r->menu->screens[r->s->screen] : NULL;

    if (r->s->mode != SESSION_AT_SCREEN || screen == NULL || screen->input.var == MENU_NONE)
        return NULL;
    if (screen->input.is_code && r->drawn > 0 && replay_was_right(r)) {
        replay_code(r, &r->sample);
        return buf_str(&r->sample);
    }
    if (replay_sample_typed(screen->input.type, clock_day(r->env.now, r->menu->utc_offset_min), &r->sample))
        return buf_str(&r->sample);
    replay_stop(r, REPLAY_ASKS_MORE, "no value of type '%s' could be made up", screen->input.type->name);
    return NULL;
}

static const char *replay_example(const struct replay_run *r)
{
    const struct menu_screen *screen = r->s->screen != MENU_NONE ? &r->menu->screens[r->s->screen] : NULL;
    const char *example = screen != NULL && screen->input.var != MENU_NONE ? screen->input.type->example : NULL;

    return example != NULL ? example : r->misfit;
}

static void replay_type(struct replay_run *r, const char *text)
{
    if (text == NULL || r->s->mode == SESSION_ENDED)
        r->over = true;                 /* she answered another question than these menus ask, or after their end */
    else
        replay_event(r, EVENT_ANSWER, text);
}

/* The parts of a dial from the first one on that was withheld, one answer each. */
static void replay_parts(struct replay_run *r, const char *parts)
{
    while (*parts != '\0' && !r->over) {
        char part[64];
        size_t n = strcspn(parts, "*");

        snprintf(part, sizeof part, "%.*s", (int)n, parts);
        r->env.now += 2000;
        if (strcmp(part, FLOW_TAPE_NO_PART) != 0)       /* then the page stays */
            replay_type(r, strcmp(part, FLOW_TAPE_WITHHELD) == 0 ? replay_made_up(r) : part);
        parts += n + (parts[n] == '*');
    }
}

static void replay_do(struct replay_run *r, const struct replay_step *step)
{
    if (step->kind == FLOW_TAPE_DIAL) {
        replay_parts(r, replay_dial(r, step->typed));
        return;
    }
    switch ((enum flow_tape_how)step->how) {
    case FLOW_TAPE_TYPED:
        replay_type(r, step->typed);
        break;
    case FLOW_TAPE_FITTED:
        replay_type(r, replay_made_up(r));
        break;
    case FLOW_TAPE_MISFIT:
        replay_type(r, r->misfit);
        break;
    case FLOW_TAPE_EXAMPLE:
        replay_type(r, replay_example(r));
        break;
    case FLOW_TAPE_MOVED:
    case FLOW_TAPE_HOWS:
        break;
    }
}

/* --- a dialogue ------------------------------------------------------------------------- */

static void replay_screen(char out[REPLAY_SCREEN_SIZE], const char *screen, bool end)
{
    snprintf(out, REPLAY_SCREEN_SIZE, "%.100s%s", screen[0] != '\0' ? screen : "(none)", end ? " (end)" : "");
}

void replay_run_begin(struct replay_run *r, const struct event_limits *limits)
{
    r->limits = *limits;
    r->limits.resend_ms = 0;            /* what stands on the tape was new */
    if (r->s != NULL)
        session_forget(r->table, r->s);
    session_reap(r->table);
    replay_forget_facts(r);
    r->s = session_open(r->table, REPLAY_MSISDN, r->menu->codes[0]);
    r->s->menu = r->menu;
    r->drawn = 0;
    r->env = (struct flow_env){ .menu = r->menu, .limits = &r->limits, .link = "replay", .secret = replay_secret, .keyed = replay_secret,
                                .draw = replay_draw, .draw_arg = r };
    r->over = false;
    memset(&r->end, 0, sizeof r->end);
}

/* Where they went apart, the first time. */
static void replay_compare(struct replay_run *r, const struct replay_step *step, const char *before)
{
    if (r->end.apart[0] != '\0' || strcmp(r->end.was, r->end.is) == 0)
        return;
    replay_screen(r->end.apart, before, false);
    snprintf(r->end.key, sizeof r->end.key, "%s",
             step->kind == FLOW_TAPE_DIAL ? "the dial" : step->how == FLOW_TAPE_TYPED ? step->typed : "an answer");
}

void replay_run_step(struct replay_run *r, const struct replay_step *step)
{
    char before[REPLAY_SCREEN_SIZE];

    snprintf(before, sizeof before, "%s", r->end.was);
    if (step->how == FLOW_TAPE_MOVED)
        replay_stop(r, REPLAY_TAPE_LACKS, "its menus were retired in the middle");
    else if (!replay_take_facts(r, step->facts))
        replay_stop(r, REPLAY_TAPE_LACKS, "what the tape holds of it cannot be read");
    replay_screen(r->end.was, step->screen, step->state == SESSION_ENDED);
    if (!r->over) {
        r->env.now = r->env.now >= step->at ? r->env.now + 1 : step->at;
        r->env.link = "replay";
        replay_do(r, step);
    }
    replay_screen(r->end.is, r->s->screen != MENU_NONE ? r->menu->screens[r->s->screen].name : "",
                  r->s->mode == SESSION_ENDED);
    replay_compare(r, step, before);
}

const struct replay_end *replay_run_end(const struct replay_run *r)
{
    return &r->end;
}
