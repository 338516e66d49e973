/*
 * rig.h - a citizen, a telco and a database for tests of the engine: the clock
 * stands, questions are answered from a table, and after every step the session
 * is written out, forgotten and read back, as if another process went on.
 */
#ifndef RIG_H
#define RIG_H

#include <assert.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/flow.h"
#include "engine/session.h"
#include "menu/model.h"

#define RIG_MSISDN "8801712345678"
#define RIG_KEPT 64
#define RIG_ROWS 32

struct rig_cell {
    const char *column, *value;         /* value NULL: SQL NULL */
};

/* What a query answers: rows of cells, up to a cell without a column each. */
struct rig_answer {
    const char *query;
    bool failed;
    int count;
    struct rig_cell rows[RIG_ROWS][4];
};

struct rig_case {
    int64_t number;
    char service[32], fields[256];
};

struct rig_message {
    char cause[128], receiver[24], lang[16], class[24], text[512];
};

#define RIG_SECRET "the rig's own secret of 32 bytes"

struct rig {
    struct menu *menu;
    struct menu *newer;                 /* published since; NULL: none.  The test's own */
    const struct session_plan *plan;    /* menu was retired: from it to newer */
    const struct menu *row_menu;        /* whose generation her row names; NULL: menu's */
    struct session_table *table;
    struct session *s;
    struct event_limits limits;
    struct flow_env env;
    struct flow_out out;
    const struct rig_answer *answers;
    int answer_count;
    enum flow_result (*ask)(struct rig *r);     /* instead of the table; NULL: none */
    int asked;                          /* questions to the database so far */
    char args[8][64];                   /* of the last one, "NULL" for SQL NULL */
    int arg_count;
    int64_t number;                     /* next of the lease; < 0: failed */
    int64_t now;
    const struct flow_alert *alert;     /* the warning that is on; NULL: none */
    uint32_t draws;                     /* of codes so far: 1001, 1002, ... */
    unsigned ids;                       /* events so far */
    uint8_t ref;                        /* name of the telco's dialogue; 0: none */
    struct event last;                  /* the last one sent */
    char last_text[EVENT_TEXT_MAX * 12];
    enum flow_result result;
    struct rig_case cases[RIG_KEPT];
    int case_count;
    struct rig_message messages[RIG_KEPT];
    int message_count;
    char citizen_lang[16];              /* her row */
    struct buf state;                   /* her session's row; len 0: none */
    int32_t turn;
};

static inline struct menu *rig_menu(const char *yaml)
{
    struct menu_issues issues;
    struct menu *m = menu_load_text(yaml, strlen(yaml), &issues);

    for (int i = 0; i < issues.count && m == NULL; i++)
        print_error("%d:%d: %s %s\n", issues.list[i].pos.line, issues.list[i].pos.column, issues.list[i].code,
                    issues.list[i].text);
    menu_issues_free(&issues);
    assert_non_null(m);
    return m;
}

/* Another process: nothing but the rows is known. */
static inline void rig_load(struct rig *r)
{
    const struct menu *m = r->row_menu != NULL ? r->row_menu : r->menu;
    int lang;

    if (r->s != NULL)
        session_forget(r->table, r->s);
    session_reap(r->table);
    r->s = session_open(r->table, RIG_MSISDN, "*333#");
    r->s->menu = m;
    if (r->state.len > 0)
        assert_true(session_decode(r->s, m, r->state.data, r->state.len));
    r->s->turn = r->turn;
    lang = menu_lang_find(m, r->citizen_lang);
    if (lang >= 0) {
        r->s->lang = lang;
        r->s->lang_known = true;
    }
}

static inline void rig_init(struct rig *r, struct menu *m)
{
    memset(r, 0, sizeof *r);
    r->menu = m;
    r->table = session_table_new(64);
    r->limits = (struct event_limits){ .septets = 160, .units = 70, .idle_ms = 30000, .resend_ms = 800 };
    r->now = INT64_C(1767225600000);    /* 2026-01-01 */
    r->number = 5;
    flow_out_init(&r->out);
    buf_init(&r->state, SESSION_STATE_MAX);
    rig_load(r);
}

static inline void rig_fini(struct rig *r)
{
    session_table_free(r->table);
    flow_out_fini(&r->out);
    buf_fini(&r->state);
    menu_free(r->menu);
}

static inline const char *rig_cell_of(const void *arg, int row, const char *column)
{
    const struct rig_answer *a = arg;

    for (int i = 0; i < 4 && a->rows[row][i].column != NULL; i++)
        if (strcmp(a->rows[row][i].column, column) == 0)
            return a->rows[row][i].value;
    return NULL;
}

static inline enum flow_result rig_answer(struct rig *r)
{
    const struct flow_question *q = &r->out.question;
    struct flow_rows rows = { .failed = true, .cell = rig_cell_of };

    if (q->kind == FLOW_NUMBER) {
        rows.failed = r->number < 0;
        rows.number = r->number++;
        return flow_answer(&r->env, r->s, &rows, &r->out);
    }
    r->asked++;
    r->arg_count = q->arg_count;
    for (int i = 0; i < q->arg_count; i++)
        snprintf(r->args[i], sizeof r->args[i], "%s", q->args[i] != NULL ? q->args[i] : "NULL");
    for (int i = 0; i < r->answer_count; i++)
        if (strcmp(r->answers[i].query, r->s->menu->queries[q->query].name) == 0) {
            rows.failed = r->answers[i].failed;
            rows.count = r->answers[i].count;
            rows.arg = &r->answers[i];
        }
    return flow_answer(&r->env, r->s, &rows, &r->out);
}

static inline uint32_t rig_draw(void *arg)
{
    struct rig *r = arg;

    return ++r->draws;
}

/* Run the event on what is in memory, without writing anything. */
static inline enum flow_result rig_run(struct rig *r, const struct event *ev)
{
    r->env = (struct flow_env){ .menu = r->newer != NULL ? r->newer : r->menu, .plan = r->plan, .limits = &r->limits,
                                .link = "test", .now = ev->seen, .secret = (const unsigned char *)RIG_SECRET,
                                .draw = rig_draw, .draw_arg = r, .alert = r->alert };
    r->result = flow_event(&r->env, r->s, ev, &r->out);
    while (r->result == FLOW_ASK)
        r->result = r->ask != NULL ? r->ask(r) : rig_answer(r);
    return r->result;
}

static inline void rig_keep(struct rig *r)
{
    for (int i = 0; i < r->out.case_count; i++) {
        struct rig_case *c = &r->cases[r->case_count++ % RIG_KEPT];

        c->number = r->out.cases[i].number;
        snprintf(c->service, sizeof c->service, "%s", r->out.cases[i].service->name);
        snprintf(c->fields, sizeof c->fields, "%s", r->out.cases[i].fields);
    }
    for (int i = 0; i < r->out.message_count; i++) {
        const struct flow_message *from = &r->out.messages[i];
        struct rig_message *m = &r->messages[r->message_count++ % RIG_KEPT];

        snprintf(m->cause, sizeof m->cause, "%s", from->cause);
        snprintf(m->receiver, sizeof m->receiver, "%s", from->receiver);
        snprintf(m->lang, sizeof m->lang, "%s", from->lang);
        snprintf(m->class, sizeof m->class, "%s", from->class);
        snprintf(m->text, sizeof m->text, "%s", from->text);
    }
    if (r->out.lang_changed)
        snprintf(r->citizen_lang, sizeof r->citizen_lang, "%s", r->s->menu->langs[r->s->lang].id);
}

/* Commit the step, and go on in another process. */
static inline void rig_write(struct rig *r)
{
    if (r->result != FLOW_REPLY)
        return;
    rig_keep(r);
    buf_clear(&r->state);
    assert_true(session_encode(r->s, &r->state));
    r->row_menu = r->s->menu;
    r->turn++;
    rig_load(r);
}

static inline enum flow_result rig_send(struct rig *r, const struct event *ev)
{
    enum flow_result result = rig_run(r, ev);

    rig_write(r);
    return result;
}

/* A new event of the present dialogue, five seconds after the one before. */
static inline struct event rig_event(struct rig *r, enum event_kind kind, const char *text)
{
    struct event ev = { .kind = kind, .code = "*333#" };

    r->now += 5000;
    r->ids++;
    memcpy(ev.id.bytes, &r->ids, sizeof r->ids);
    ev.ref.len = r->ref != 0;
    ev.ref.bytes[0] = r->ref;
    memcpy(ev.msisdn, RIG_MSISDN, sizeof RIG_MSISDN);
    assert_true(strlen(text) < sizeof r->last_text);
    memcpy(r->last_text, text, strlen(text) + 1);
    ev.text = r->last_text;
    ev.text_len = strlen(text);
    ev.at = r->now / 1000 * 1000;
    ev.seen = r->now;
    r->last = ev;
    return ev;
}

/* What she sees after dialling, after typing. */
static inline const char *rig_shown(const struct rig *r)
{
    return r->result == FLOW_REPLY || r->result == FLOW_REPEAT ? buf_str(&r->s->reply) : "(nothing)";
}

static inline const char *rig_dial(struct rig *r, const char *dialled)
{
    struct event ev;

    r->ref++;
    if (r->ref == 0)
        r->ref = 1;
    ev = rig_event(r, EVENT_BEGIN, dialled);
    rig_send(r, &ev);
    return rig_shown(r);
}

static inline const char *rig_type(struct rig *r, const char *text)
{
    struct event ev = rig_event(r, EVENT_ANSWER, text);

    rig_send(r, &ev);
    return rig_shown(r);
}

#define rig_sees(shown, page) assert_string_equal(shown, page)

#endif
