#include "cli/play_world.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/keyed.h"
#include "cli/play_answer.h"
#include "cli/play_cases.h"
#include "cli/play_cover.h"
#include "engine/flow.h"
#include "engine/session.h"
#include "menu/reply.h"

#define WORLD_CITIZENS 32
#define WORLD_REQUEST_MAX 512
#define WORLD_EFFECTS 256               /* cases, or messages, of one dialogue */
#define WORLD_HOOKS 64                  /* that a script answers */
#define WORLD_STEP_MS 5000              /* she reads and types */
#define WORLD_IDLE_MS 180000            /* then the network drops the dialogue */
#define WORLD_RESEND_MS 800
#define WORLD_HOUR INT64_C(3600000)
#define WORLD_DAY (24 * WORLD_HOUR)
#define WORLD_PIN_TRIES 3
#define WORLD_PIN_TRIES_AGENT 5
#define WORLD_PERSONS 4
#define WORLD_OF 48

/* What she dials and what she writes are two dialogues. */
enum world_medium { WORLD_DIALOGUE = 0, WORLD_TEXTS, WORLD_MEDIA };

/* The row of one of them. */
struct world_row {
    int32_t turn;
    struct buf state;
    struct event last, before;          /* the last two events taken in */
    char *last_text, *before_text;
};

/* A citizen's rows in the database. */
struct world_citizen {
    char msisdn[EVENT_MSISDN_MAX];
    int lang;                           /* MENU_NONE: not known */
    struct world_row rows[WORLD_MEDIA];
    char *agent_name, *agent_centre;    /* owned; NULL: she is no agent */
    char pins[WORLD_PERSONS][12];       /* of those who share the number, person 1 first; "" none */
    char person_of[WORLD_PERSONS][WORLD_OF];    /* the number that each was named by, hashed; "" none */
    char pin_key[FLOW_KEY_SIZE];        /* who asked last */
    int pin_tries;                      /* wrong ones since the last good one */
    int64_t pin_locked;                 /* ms: until then; 0 = it is not */
};

struct world_answer {
    bool given;
    const char *const *cells;
    int count;
};

struct world_hook {
    int backend;
    const char *path;
    const struct yaml_node *members;
    int count;
};

struct play_world {
    const struct menu *menu;
    bool twice;
    struct play_cover *cover;           /* NULL: nobody counts */
    struct session_table *table;
    struct session *s;
    struct flow_env env;
    struct event_limits limits[WORLD_MEDIA];
    enum world_medium medium;           /* of the last event */
    char link[64];
    struct flow_out out;
    struct world_citizen citizens[WORLD_CITIZENS];
    int citizen_count;
    struct world_citizen *she;
    int lang;
    char *alert_text;                   /* owned */
    struct flow_alert_text alert_texts[1];
    struct flow_alert alert;
    struct world_answer *answers;       /* by query */
    struct play_cases *files;           /* the cases that there are */
    struct world_hook hooks[WORLD_HOOKS];
    int hook_count;
    struct reply reply;                 /* of a mock */
    char key[FLOW_KEY_SIZE];            /* of the last hook of the step */
    int64_t now;
    uint32_t codes;                     /* of consents: 1001, 1002, ... */
    int64_t series[10];
    uint64_t ids;
    uint32_t ref;
    bool open;
    struct buf page;
    struct play_case cases[WORLD_EFFECTS];
    char *fields[WORLD_EFFECTS];        /* of cases[i]; owned */
    int case_count;
    char *messages[WORLD_EFFECTS];
    int message_count;
    struct play_audit audits[WORLD_EFFECTS];
    char *told[WORLD_EFFECTS];          /* fields of audits[i]; owned */
    int audit_count;
    char *requests[WORLD_EFFECTS];
    char request_key[FLOW_KEY_SIZE];    /* of the last */
    int request_count;
    bool pay_given, pay_failed;
    enum flow_pay pay;                  /* if it is given */
    char why[512];
};

/* --- citizens --------------------------------------------------------------------------- */

bool play_world_msisdn(struct play_world *w, const char *msisdn)
{
    w->open = false;
    for (int i = 0; i < w->citizen_count; i++)
        if (strcmp(w->citizens[i].msisdn, msisdn) == 0) {
            w->she = &w->citizens[i];
            return true;
        }
    if (w->citizen_count == WORLD_CITIZENS)
        return false;
    w->she = &w->citizens[w->citizen_count++];
    snprintf(w->she->msisdn, sizeof w->she->msisdn, "%s", msisdn);
    w->she->lang = w->lang;
    for (int i = 0; i < WORLD_MEDIA; i++)
        buf_init(&w->she->rows[i].state, SESSION_STATE_MAX);
    return true;
}

void play_world_lang(struct play_world *w, int lang)
{
    w->lang = w->she->lang = lang;
}

void play_world_link(struct play_world *w, const char *name, int septets, int units)
{
    snprintf(w->link, sizeof w->link, "%s", name);
    w->limits[WORLD_DIALOGUE].septets = septets;
    w->limits[WORLD_DIALOGUE].units = units;
}

void play_world_day(struct play_world *w, int32_t day)
{
    w->now = day * WORLD_DAY + 10 * WORLD_HOUR - w->menu->utc_offset_min * INT64_C(60000);
}

void play_world_agent(struct play_world *w, const char *name, const char *centre)
{
    free(w->she->agent_name);
    free(w->she->agent_centre);
    w->she->agent_name = name != NULL ? xstrdup(name) : NULL;
    w->she->agent_centre = name != NULL ? xstrdup(centre) : NULL;
}

void play_world_pin(struct play_world *w, const char *pins)
{
    struct world_citizen *c = w->she;

    memset(c->pins, 0, sizeof c->pins);
    memset(c->person_of, 0, sizeof c->person_of);
    for (int i = 0; pins != NULL && *pins != '\0' && i < WORLD_PERSONS; i++) {
        size_t n = strcspn(pins, " ");

        (void)snprintf(c->pins[i], sizeof c->pins[i], "%.*s", (int)n, pins);
        pins += n + strspn(pins + n, " ");
    }
    c->pin_key[0] = '\0';
    c->pin_tries = 0;
    c->pin_locked = 0;
}

/* How many persons have one here. */
static int world_pins(const struct world_citizen *c)
{
    int count = 0;

    for (int i = 0; i < WORLD_PERSONS; i++)
        count += c->pins[i][0] != '\0';
    return count;
}

/* Whose it is; -1 nobody's. */
static int world_pin_find(const struct world_citizen *c, const char *pin)
{
    for (int i = 0; i < WORLD_PERSONS; i++)
        if (c->pins[i][0] != '\0' && strcmp(c->pins[i], pin) == 0)
            return i;
    return -1;
}

void play_world_alert(struct play_world *w, const char *text)
{
    bool free_there = text != NULL && strncmp(text, "free: ", 6) == 0;

    text = free_there ? text + 6 : text;
    free(w->alert_text);
    w->alert_text = text != NULL ? xstrdup(text) : NULL;
    w->alert_texts[0] = (struct flow_alert_text){ w->menu->langs[0].id, w->alert_text };
    w->alert = (struct flow_alert){ w->alert_texts, text != NULL, 10, free_there };
}

struct play_world *play_world_new(const struct menu *m, bool twice)
{
    struct play_world *w = xcalloc(1, sizeof *w);

    w->menu = m;
    w->twice = twice;
    w->table = session_table_new(WORLD_CITIZENS);
    w->limits[WORLD_DIALOGUE] = (struct event_limits){ .idle_ms = WORLD_IDLE_MS, .resend_ms = WORLD_RESEND_MS };
    w->limits[WORLD_TEXTS] = (struct event_limits){ .septets = EVENT_TEXT_SEPTETS, .units = EVENT_TEXT_UNITS,
                                                    .resend_ms = WORLD_RESEND_MS, .texts = true };
    play_world_link(w, "play", 160, 70);
    play_world_day(w, clock_day_of((struct clock_date){ 2026, 10, 20 }));
    w->answers = xcalloc((size_t)m->query_count + 1, sizeof *w->answers);
    w->files = play_cases_new(m);
    w->lang = MENU_NONE;
    flow_out_init(&w->out);
    buf_init(&w->page, SESSION_REPLY_MAX);
    reply_init(&w->reply);
    (void)play_world_msisdn(w, "8801711000001");
    return w;
}

void play_world_cover(struct play_world *w, struct play_cover *cover)
{
    w->cover = cover;
}

/* What scripts say of a case: the last characters of what is keyed; owned. */
static char *world_fields(const char *kept)
{
    struct buf text;
    char *fields;

    buf_init(&text, strlen(kept) + 1);
    keyed_hide(kept, &text);
    fields = xstrdup(buf_str(&text));
    buf_fini(&text);
    return fields;
}

static void world_forget_effects(struct play_world *w)
{
    for (int i = 0; i < w->case_count; i++)
        free(w->fields[i]);
    for (int i = 0; i < w->message_count; i++)
        free(w->messages[i]);
    for (int i = 0; i < w->audit_count; i++)
        free(w->told[i]);
    for (int i = 0; i < w->request_count; i++)
        free(w->requests[i]);
    w->case_count = w->message_count = w->audit_count = w->request_count = 0;
}

void play_world_free(struct play_world *w)
{
    for (int i = 0; i < w->citizen_count; i++) {
        free(w->citizens[i].agent_name);
        free(w->citizens[i].agent_centre);
        for (int k = 0; k < WORLD_MEDIA; k++) {
            struct world_row *row = &w->citizens[i].rows[k];

            buf_fini(&row->state);
            free(row->last_text);
            free(row->before_text);
        }
    }
    free(w->alert_text);
    world_forget_effects(w);
    session_table_free(w->table);
    flow_out_fini(&w->out);
    buf_fini(&w->page);
    reply_fini(&w->reply);
    free(w->answers);
    play_cases_free(w->files);
    free(w);
}

/* --- the database ----------------------------------------------------------------------- */

void play_world_answer(struct play_world *w, int query, const char *const *cells, int count)
{
    w->answers[query] = (struct world_answer){ true, cells, count };
}

struct world_rows {
    const struct menu_record *record;
    const struct world_answer *answer;
};

static const char *world_cell(const void *arg, int row, const char *column)
{
    const struct world_rows *rows = arg;
    const struct menu_record *record = rows->record;

    for (int i = 0; i < record->field_count; i++)
        if (strcmp(record->fields[i].name, column) == 0)
            return rows->answer->cells[row * record->field_count + i];
    return NULL;
}

bool play_world_hook(struct play_world *w, const struct menu_action *hook, const struct yaml_node *members, int count)
{
    int i = 0;

    while (i < w->hook_count &&
           (w->hooks[i].backend != hook->backend || strcmp(w->hooks[i].path, hook->path) != 0))
        i++;
    if (i == WORLD_HOOKS)
        return false;
    w->hook_count += i == w->hook_count;
    w->hooks[i] = (struct world_hook){ hook->backend, hook->path, members, count };
    return true;
}

static const char *world_member(const void *arg, int row, const char *column)
{
    (void)row;
    return play_answer_member(arg, column);
}

static const char *world_reply_cell(const void *arg, int row, const char *column)
{
    (void)row;
    return reply_cell(arg, column);
}

/* A back end that is none answers for itself. */
static bool world_mock(struct play_world *w, const struct menu_action *a, struct flow_rows *rows)
{
    const struct menu_mock *mock = menu_mock_find(&w->menu->backends[a->backend], a->path);

    if (mock == NULL)
        return false;
    rows->failed = strcmp(mock->answer, "fail") == 0;
    if (rows->failed || strcmp(mock->answer, "none") == 0)
        return true;
    rows->cell = world_reply_cell;
    rows->arg = &w->reply;
    switch (reply_read(&w->reply, a->returns, mock->answer, strlen(mock->answer))) {
    case REPLY_ROW:
        rows->count = 1;
        if (a->heard != NULL)
            reply_hear(&w->reply, a->heard, clock_day(w->env.now, w->menu->utc_offset_min));
        break;
    case REPLY_NONE:
        break;
    case REPLY_BAD:
    case REPLY_KINDS:
        rows->failed = true;
        break;
    }
    return true;
}

static enum flow_result world_answer_hook(struct play_world *w)
{
    const struct menu_action *a = w->out.question.hook;
    struct flow_rows rows = { .cell = world_member };
    const char *backend = w->menu->backends[a->backend].name;
    int i = 0;

    while (i < w->hook_count && (w->hooks[i].backend != a->backend || strcmp(w->hooks[i].path, a->path) != 0))
        i++;
    if (i < w->hook_count) {
        rows.often = w->hooks[i].count == PLAY_ANSWER_OFTEN;
        rows.failed = w->hooks[i].count < 0;
        rows.count = w->hooks[i].count > 0;
        rows.arg = w->hooks[i].members;
    } else if (!world_mock(w, a, &rows)) {
        rows.failed = true;
        snprintf(w->why, sizeof w->why, "the menus ask '%s%s', and no step 'answer hook %s%s' stands before", backend,
                 a->path, backend, a->path);
    }
    memcpy(w->key, w->out.question.key, sizeof w->key);
    return flow_answer(&w->env, w->s, &rows, &w->out);
}

/* As the database does it: a try counts before its answer is told, and one that is
 * made again because its step was lost counts once.  False: it is locked. */
static bool world_pin_counts(struct play_world *w, const struct flow_question *q)
{
    struct world_citizen *c = w->she;

    if (strcmp(c->pin_key, q->key) == 0)
        return true;
    if (w->now < c->pin_locked)
        return false;
    if (c->pin_locked != 0)
        c->pin_tries = 0;
    c->pin_tries++;
    c->pin_locked = c->pin_tries >= (c->agent_name != NULL ? WORLD_PIN_TRIES_AGENT : WORLD_PIN_TRIES) ? w->now + WORLD_DAY : 0;
    memcpy(c->pin_key, q->key, sizeof c->pin_key);
    return true;
}

static enum flow_pin world_pin_check(struct play_world *w, const struct flow_question *q, struct flow_rows *rows)
{
    struct world_citizen *c = w->she;
    int whose = world_pin_find(c, q->pin);

    if (world_pins(c) == 0)
        return FLOW_PIN_NONE;
    if (!world_pin_counts(w, q))
        return FLOW_PIN_LOCKED;
    if (whose < 0)
        return c->pin_locked != 0 ? FLOW_PIN_LOCKED : FLOW_PIN_WRONG;
    c->pin_tries = 0;
    c->pin_locked = 0;
    rows->person = whose + 1;
    return FLOW_PIN_GOOD;
}

/* Where it may go; -1: nowhere. */
static int world_pin_place(const struct world_citizen *c, const struct flow_question *q)
{
    int place = q->replaces ? q->person - 1 : -1;

    for (int i = 0; q->of[0] != '\0' && i < WORLD_PERSONS; i++)
        if (strcmp(c->person_of[i], q->of) == 0)
            return i == place ? i : -1;
    if (q->of[0] == '\0' && world_pins(c) > 0)
        return place;
    for (int i = 0; i < WORLD_PERSONS; i++)
        if (c->pins[i][0] == '\0')
            return i;
    return -1;
}

static enum flow_pin world_pin_set(struct play_world *w, const struct flow_question *q, struct flow_rows *rows)
{
    struct world_citizen *c = w->she;
    int place = world_pin_place(c, q), same = world_pin_find(c, q->pin);

    if (strcmp(c->pin_key, q->key) == 0 && same >= 0 && strcmp(c->person_of[same], q->of) == 0)
        place = same;                   /* the same keypress again */
    else if (world_pins(c) > 0 && w->now < c->pin_locked)
        return FLOW_PIN_LOCKED;
    if (place < 0 || (same >= 0 && same != place)) {
        if (q->of[0] != '\0' && world_pins(c) > 0)
            (void)world_pin_counts(w, q);
        return c->pin_locked != 0 ? FLOW_PIN_LOCKED : FLOW_PIN_WRONG;
    }
    (void)snprintf(c->pins[place], sizeof c->pins[place], "%s", q->pin);
    if (q->of[0] != '\0')
        (void)snprintf(c->person_of[place], sizeof c->person_of[place], "%s", q->of);
    if (q->of[0] == '\0' || world_pins(c) == 1)
        c->pin_tries = 0, c->pin_locked = 0;
    memcpy(c->pin_key, q->key, sizeof c->pin_key);
    rows->person = place + 1;
    return FLOW_PIN_GOOD;
}

/* A mock says by itself what it answers. */
static enum flow_pay world_provider_says(const struct play_world *w, const struct menu_provider *v)
{
    static const enum flow_pay mocks[MENU_MOCK_PAYS] = {
        [MENU_MOCK_CONFIRMED] = FLOW_PAY_ASKED, [MENU_MOCK_REFUSED] = FLOW_PAY_REFUSED, [MENU_MOCK_LATE] = FLOW_PAY_LATE,
    };

    if (w->pay_given)
        return w->pay;
    return v->kind == MENU_PROVIDER_MOCK ? mocks[v->answer] : FLOW_PAY_ASKED;
}

/* A step that runs again asks under the same key, and that is one request. */
static enum flow_result world_answer_pay(struct play_world *w)
{
    const struct flow_question *q = &w->out.question;
    struct flow_rows rows = { .failed = w->pay_failed, .pay = world_provider_says(w, q->provider) };
    struct buf text;

    if (!rows.failed && rows.pay != FLOW_PAY_AGAIN && strcmp(q->key, w->request_key) != 0 &&
        w->request_count < WORLD_EFFECTS) {
        buf_init(&text, WORLD_REQUEST_MAX);
        buf_addf(&text, "%s %" PRId64 "%s%s", q->provider->name, q->taka, q->about[0] != '\0' ? " " : "", q->about);
        w->requests[w->request_count++] = xstrdup(buf_str(&text));
        buf_fini(&text);
    }
    memcpy(w->request_key, q->key, sizeof w->request_key);
    memcpy(w->key, q->key, sizeof w->key);
    return flow_answer(&w->env, w->s, &rows, &w->out);
}

static int32_t world_today(const struct play_world *w)
{
    return clock_day(w->now, w->menu->utc_offset_min);
}

/* One that is to be moved. */
static enum flow_result world_answer_case(struct play_world *w)
{
    struct flow_rows rows = { .failed = play_cases_away(w->files) };
    struct casefile file;

    if (!rows.failed && !play_cases_hidden(w->files) && play_cases_read(w->files, w->out.question.number, &file))
        rows.file = &file;
    memcpy(w->key, w->out.question.key, sizeof w->key);
    return flow_answer(&w->env, w->s, &rows, &w->out);
}

static enum flow_result world_answer_question(struct play_world *w)
{
    const struct flow_question *q = &w->out.question;
    struct flow_rows rows = { .failed = false };
    struct world_rows from;

    if (q->kind == FLOW_NUMBER) {
        rows.number = w->series[q->series]++;
        return flow_answer(&w->env, w->s, &rows, &w->out);
    }
    if (q->kind == FLOW_CASE)
        return world_answer_case(w);
    if (q->kind == FLOW_HOOK)
        return world_answer_hook(w);
    if (q->kind == FLOW_WAITLIST)
        return flow_answer(&w->env, w->s, &rows, &w->out);
    if (q->kind == FLOW_PAY)
        return world_answer_pay(w);
    if (q->kind == FLOW_PIN) {
        rows.pin = q->sets ? world_pin_set(w, q, &rows) : world_pin_check(w, q, &rows);
        rows.shared = world_pins(w->she) > 1;
        memcpy(w->key, q->key, sizeof w->key);
        return flow_answer(&w->env, w->s, &rows, &w->out);
    }
    if (w->menu->queries[q->query].of_cases) {
        rows.arg = &w->files;
        play_cases_ask(w->files, q, world_today(w), w->s->shared, &rows);
        return flow_answer(&w->env, w->s, &rows, &w->out);
    }
    from.record = w->menu->queries[q->query].returns;
    from.answer = &w->answers[q->query];
    if (!from.answer->given)
        snprintf(w->why, sizeof w->why, "the menus ask '%s', and no step 'answer %s' stands before",
                 w->menu->queries[q->query].name, w->menu->queries[q->query].name);
    rows.often = from.answer->given && from.answer->count == PLAY_ANSWER_OFTEN;
    rows.failed = !from.answer->given || from.answer->count < 0;
    rows.count = rows.failed ? 0 : from.answer->count < q->max_rows ? from.answer->count : q->max_rows;
    rows.cell = world_cell;
    rows.arg = &from;
    return flow_answer(&w->env, w->s, &rows, &w->out);
}

static struct world_row *world_row(struct play_world *w)
{
    return &w->she->rows[w->medium];
}

/* Nothing is known of her but her rows. */
static void world_load(struct play_world *w)
{
    const struct world_row *row = world_row(w);
    struct session *old = session_find_key(w->table, w->she->msisdn, w->menu->codes[0]);

    if (old != NULL)
        session_forget(w->table, old);
    session_reap(w->table);
    w->s = session_open(w->table, w->she->msisdn, w->menu->codes[0]);
    assert(w->s != NULL);
    w->s->menu = w->menu;
    if (row->turn > 0 && !session_decode(w->s, w->menu, row->state.data, row->state.len))
        snprintf(w->why, sizeof w->why, "the session cannot be read back");
    w->s->turn = row->turn;
    session_set_agent(w->s, w->she->agent_name, w->she->agent_centre);
    w->s->shared = world_pins(w->she) > 1;
    if (w->she->lang != MENU_NONE) {
        w->s->lang = w->she->lang;
        w->s->lang_known = true;
    }
}

static void world_file(struct play_world *w, const struct flow_case *c)
{
    (void)play_cases_add(w->files, &(struct play_file){
        .number = c->number, .service = c->service, .msisdn = w->she->msisdn, .fields = c->fields,
        .lang = w->menu->langs[w->s->lang].id, .day = world_today(w), .agent = w->she->agent_name != NULL,
        .person = c->person });
}

static void world_write(struct play_world *w)
{
    struct world_row *row = world_row(w);

    buf_clear(&row->state);
    if (!session_encode(w->s, &row->state))
        snprintf(w->why, sizeof w->why, "the session is too big to be written");
    row->turn++;
    if (w->out.lang_changed)
        w->she->lang = w->s->lang;
    for (int i = 0; i < w->out.case_count && w->case_count < WORLD_EFFECTS; i++) {
        const struct flow_case *c = &w->out.cases[i];

        w->fields[w->case_count] = world_fields(c->fields);
        w->cases[w->case_count] = (struct play_case){ c->number, c->service->name, w->fields[w->case_count] };
        w->case_count++;
        world_file(w, c);
    }
    for (int i = 0; i < w->out.order_count; i++)
        play_cases_order(w->files, &w->out.orders[i], world_today(w));
    for (int i = 0; i < w->out.message_count && w->message_count < WORLD_EFFECTS; i++)
        w->messages[w->message_count++] = xstrdup(w->out.messages[i].text);
    for (int i = 0; i < w->out.audit_count && w->audit_count < WORLD_EFFECTS; i++) {
        w->told[w->audit_count] = xstrdup(w->out.audits[i].fields);
        w->audits[w->audit_count] = (struct play_audit){ w->out.audits[i].event, w->told[w->audit_count] };
        w->audit_count++;
    }
}

static const unsigned char world_secret[FLOW_SECRET_SIZE] = "play";

static uint32_t world_draw(void *arg)
{
    struct play_world *w = arg;

    return ++w->codes;
}

/* --- events ----------------------------------------------------------------------------- */

static enum flow_result world_run(struct play_world *w, const struct event *ev)
{
    enum flow_result r;

    w->env = (struct flow_env){
        .secret = world_secret, .keyed = world_secret, .draw = world_draw, .draw_arg = w,
        .menu = w->menu, .limits = &w->limits[w->medium], .link = w->medium == WORLD_TEXTS ? "sms" : w->link,
        .now = w->now, .alert = &w->alert,
        .came_by = w->cover != NULL ? play_cover_came_by : NULL, .came_by_arg = w->cover,
    };
    r = flow_event(&w->env, w->s, ev, &w->out);
    while (r == FLOW_ASK)
        r = world_answer_question(w);
    return r;
}

/* The step is lost before it is written, and runs again: the same page. */
static enum flow_result world_run_lost(struct play_world *w, const struct event *ev)
{
    int64_t series[10];
    uint32_t codes = w->codes;
    char key[FLOW_KEY_SIZE];
    enum flow_result r;

    w->key[0] = '\0';
    memcpy(series, w->series, sizeof series);
    r = world_run(w, ev);
    if (r != FLOW_REPLY)
        return r;
    buf_clear(&w->page);
    buf_add(&w->page, buf_str(&w->s->reply), w->s->reply.len);
    memcpy(w->series, series, sizeof series);
    w->codes = codes;
    memcpy(key, w->key, sizeof key);
    world_load(w);
    r = world_run(w, ev);
    if (strcmp(key, w->key) != 0)
        snprintf(w->why, sizeof w->why, "the step was lost and ran again, and asked a hook or a PIN under another key");
    if (r != FLOW_REPLY || strcmp(buf_str(&w->page), buf_str(&w->s->reply)) != 0)
        snprintf(w->why, sizeof w->why, "the step was lost and ran again, and showed another page");
    return r;
}

/* One that must change nothing. */
static void world_expect(struct play_world *w, const struct event *ev, enum flow_result want, const char *what)
{
    enum flow_result r = flow_event(&w->env, w->s, ev, &w->out);

    if (r != want || w->out.case_count + w->out.message_count + w->out.audit_count + w->out.order_count > 0 ||
        strcmp(buf_str(&w->s->reply), buf_str(&w->page)) != 0)
        snprintf(w->why, sizeof w->why, "%s was not recognised", what);
    world_load(w);
}

/* It comes again; so does the one before; and the telco sends it anew. */
static void world_deliver_again(struct play_world *w, const struct event *ev)
{
    struct event resend = *ev;

    world_expect(w, ev, FLOW_REPEAT, "the same event, delivered again,");
    if (world_row(w)->before_text != NULL)
        world_expect(w, &world_row(w)->before, FLOW_DROP, "the event before it, delivered again,");
    if (w->s->answer_hash == 0)
        return;
    w->ids++;
    memcpy(resend.id.bytes + 8, &w->ids, sizeof w->ids);
    resend.seen += WORLD_RESEND_MS / 2;
    world_expect(w, &resend, FLOW_REPEAT, "the telco's resend");
}

static void world_remember(struct play_world *w, const struct event *ev)
{
    struct world_row *row = world_row(w);

    free(row->before_text);
    row->before = row->last;
    row->before_text = row->last_text;
    row->before.text = row->before_text;
    row->last = *ev;
    row->last_text = xmemdup0(ev->text, ev->text_len);
    row->last.text = row->last_text;
}

static struct event world_event(struct play_world *w, enum event_kind kind, const char *text)
{
    struct event ev = { .kind = kind, .code = w->menu->codes[0], .text = text, .text_len = strlen(text) };

    w->now += WORLD_STEP_MS;
    w->ids++;
    memcpy(ev.id.bytes, &w->ids, sizeof w->ids);
    if (w->medium == WORLD_DIALOGUE) {  /* a text message belongs to no dialogue of the telco's */
        ev.ref.len = sizeof w->ref;
        memcpy(ev.ref.bytes, &w->ref, sizeof w->ref);
    }
    memcpy(ev.msisdn, w->she->msisdn, sizeof ev.msisdn);
    ev.at = w->now / 1000 * 1000;       /* as Kannel tells it */
    ev.seen = w->now;
    return ev;
}

static const char *world_why(const struct play_world *w)
{
    return w->why[0] != '\0' ? w->why : NULL;
}

static const char *world_send(struct play_world *w, enum event_kind kind, const char *text)
{
    struct event ev = world_event(w, kind, text);
    enum flow_result r;

    w->why[0] = '\0';
    world_load(w);
    r = w->twice ? world_run_lost(w, &ev) : world_run(w, &ev);
    if (r != FLOW_REPLY) {
        snprintf(w->why, sizeof w->why, "it was not taken for something new");
        return world_why(w);
    }
    world_write(w);
    world_load(w);
    buf_clear(&w->page);
    buf_add(&w->page, buf_str(&w->s->reply), w->s->reply.len);
    w->open = !w->s->reply_end;
    world_remember(w, &ev);
    if (w->twice)
        world_deliver_again(w, &ev);
    return world_why(w);
}

const char *play_world_filed(struct play_world *w, int64_t number, const struct menu_service *service, const char *fields)
{
    const char *note;

    if (play_cases_state(w->files, number, &note) != NULL)
        return "there is a case of this number already";
    return play_cases_add(w->files, &(struct play_file){ .number = number, .service = service, .msisdn = w->she->msisdn,
                                                         .fields = fields, .lang = w->menu->langs[w->she->lang >= 0 ? w->she->lang : 0].id,
                                                         .day = world_today(w) })
               ? NULL : "too many cases";
}

/* A message that is caused outside of a step. */
static void world_told(void *arg, const char *text)
{
    struct play_world *w = arg;

    if (w->message_count < WORLD_EFFECTS)
        w->messages[w->message_count++] = xstrdup(text);
}

const char *play_world_office(struct play_world *w, int64_t number, const char *state, const char *note)
{
    const struct desk_order order = { .number = play_cases_number(w->files, number), .key = "office", .to = state,
                                      .note = note, .at = w->now };

    return play_cases_office(w->files, &order, world_today(w), world_told, w);
}

const char *play_world_state(const struct play_world *w, int64_t number, const char **note)
{
    return play_cases_state(w->files, play_cases_number(w->files, number), note);
}

void play_world_told(struct play_world *w, enum play_cases_mood mood)
{
    play_cases_mood(w->files, mood);
}

const char *play_world_dial(struct play_world *w, const char *dialled)
{
    w->ref++;
    w->medium = WORLD_DIALOGUE;
    world_forget_effects(w);
    return world_send(w, EVENT_BEGIN, dialled);
}

const char *play_world_type(struct play_world *w, const char *text)
{
    if (w->medium == WORLD_TEXTS)
        return "she writes text messages: answer with 'text'";
    if (!w->open)
        return "the dialogue is over; dial first";
    return world_send(w, EVENT_ANSWER, text);
}

const char *play_world_text(struct play_world *w, const char *text)
{
    if (!w->open || w->medium != WORLD_TEXTS)
        world_forget_effects(w);
    w->medium = WORLD_TEXTS;
    return world_send(w, EVENT_ANSWER, text);
}

const char *play_world_hangup(struct play_world *w)
{
    struct event ev;

    if (w->medium == WORLD_TEXTS)
        return "a text message cannot be hung up";
    if (!w->open)
        return "the dialogue is over";
    w->open = false;
    w->why[0] = '\0';
    world_load(w);
    ev = world_event(w, EVENT_ABORT, "");
    if (world_run(w, &ev) != FLOW_CLOSE)
        return "hanging up was not taken for the end";
    return NULL;
}

void play_world_wait(struct play_world *w, int64_t ms)
{
    w->now += ms;
    if (w->medium == WORLD_DIALOGUE && ms >= w->limits[WORLD_DIALOGUE].idle_ms)
        w->open = false;
}

const char *play_world_page(const struct play_world *w)
{
    return buf_str(&w->page);
}

bool play_world_is_open(const struct play_world *w)
{
    return w->open;
}

int play_world_cases(const struct play_world *w, const struct play_case **list)
{
    *list = w->cases;
    return w->case_count;
}

int play_world_messages(const struct play_world *w, const char *const **texts)
{
    *texts = (const char *const *)w->messages;
    return w->message_count;
}

void play_world_pay(struct play_world *w, enum flow_pay pay, bool failed)
{
    w->pay_given = true;
    w->pay = pay;
    w->pay_failed = failed;
}

int play_world_requests(const struct play_world *w, const char *const **texts)
{
    *texts = (const char *const *)w->requests;
    return w->request_count;
}

int play_world_audits(const struct play_world *w, const struct play_audit **list)
{
    *list = w->audits;
    return w->audit_count;
}
