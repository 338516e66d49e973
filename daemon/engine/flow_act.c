#include "engine/flow_step.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/keyed.h"
#include "engine/notice.h"
#include "engine/verdict.h"
#include "engine/windows.h"
#include "menu/render.h"
#include "menu/said.h"
#include "menu/told.h"

#define FLOW_NULL SIZE_MAX              /* an argument that is SQL NULL */
#define FLOW_CELLS_MAX 255              /* columns of a list's row */

/* --- questions -------------------------------------------------------------------------- */

size_t flow_keep(struct flow_out *out, const char *p, size_t n)
{
    size_t at = out->mem.len;

    buf_add(&out->mem, p, n);
    buf_addc(&out->mem, '\0');
    return at;
}

bool flow_keyed(struct flow *f)
{
    struct buf *value = &f->out->value;
    struct buf whole;

    if (value->len == 0 || f->env->keyed == NULL)
        return value->len == 0;
    buf_init(&whole, value->len + 1);
    buf_add(&whole, value->data, value->len);
    buf_clear(value);
    keyed_make(f->env->keyed, whole.data, whole.len, value);
    sodium_memzero(whole.data, whole.len);
    buf_fini(&whole);
    return true;
}

static bool flow_is_keyed(const struct menu_type *t)
{
    return t != NULL && t->store == MENU_STORE_KEYED;
}

enum flow_pass flow_ask(struct flow *f, int query, int max_rows)
{
    struct flow_out *out = f->out;
    struct flow_question *q = &out->question;
    const struct menu_query *asked = &f->s->menu->queries[query];

    *q = (struct flow_question){ .kind = FLOW_QUERY, .query = query, .max_rows = max_rows };
    q->arg_count = asked->arg_count;
    q->people = asked->people;
    out->asked_at = out->mem.len;
    for (int i = 0; i < asked->arg_count; i++) {
        buf_clear(&out->value);
        out->arg_at[i] = FLOW_NULL;
        if (expr_value(asked->args[i], &f->scope, &out->value) &&
            (!flow_is_keyed(expr_type(asked->args[i])) || flow_keyed(f)))
            out->arg_at[i] = flow_keep(out, buf_str(&out->value), out->value.len);
    }
    for (int i = 0; i < asked->arg_count; i++)
        q->args[i] = out->arg_at[i] != FLOW_NULL ? out->mem.data + out->arg_at[i] : NULL;
    return FLOW_ASKS;
}

static enum flow_pass flow_ask_number(struct flow *f, int series)
{
    f->out->question = (struct flow_question){ .kind = FLOW_NUMBER, .series = series };
    f->out->asked_at = f->out->mem.len;
    return FLOW_ASKS;
}

/* --- rows to values ----------------------------------------------------------------------- */

/* One cell, canonical, in out->value.  False: its column is not what the record
 * says; *unset: SQL NULL. */
static bool flow_import(struct flow *f, const struct menu_field *field, const struct flow_rows *rows, int row,
                        bool *unset)
{
    const char *cell = rows->cell(rows->arg, row, field->name);

    buf_clear(&f->out->value);
    *unset = cell == NULL;
    if (cell == NULL || menu_type_import(field->type, cell, &f->out->value))
        return true;
    *unset = field->type->inward;       /* a state that these menus do not know any more */
    if (*unset)
        return true;
    flow_complain(f, "bad_cell", field->name);
    return false;
}

/* What a query or a hook answers; NULL: nothing of it is wanted. */
static const struct menu_record *flow_record(const struct flow *f, const struct menu_action *a)
{
    return a->kind == MENU_HOOK ? a->returns : f->s->menu->queries[a->query].returns;
}

static void flow_unset_record(struct flow *f, const struct menu_action *a)
{
    const struct menu_record *record = flow_record(f, a);

    for (int i = 0; record != NULL && i < record->field_count; i++)
        session_unset(f->s, a->into[i]);
}

/* A note that is one of its service's replies, in the language of the dialogue. */
static void flow_say_note(struct flow *f, const struct flow_rows *rows)
{
    const struct menu *m = f->s->menu;
    const char *service = rows->cell(rows->arg, 0, "service");
    const struct menu_service *of = service != NULL ? verdict_service(m, service) : NULL;
    const char *state = of != NULL ? rows->cell(rows->arg, 0, "state") : NULL;
    struct buf *note = &f->out->text;

    if (state == NULL || f->out->value.len == 0)
        return;
    buf_clear(note);
    said_print(m, said_state(of, state, strlen(state)), f->scope.lang, buf_str(&f->out->value), f->out->value.len, TOLD_NOTE, note);
    buf_clear(&f->out->value);
    buf_add(&f->out->value, buf_str(note), note->len);
}

static bool flow_take_record(struct flow *f, const struct menu_action *a, const struct flow_rows *rows)
{
    const struct menu_record *record = flow_record(f, a);
    bool hers = a->kind == MENU_QUERY && f->s->menu->queries[a->query].of_cases;

    for (int i = 0; record != NULL && i < record->field_count; i++) {
        bool unset;

        if (!flow_import(f, &record->fields[i], rows, 0, &unset))
            return false;
        if (hers && !unset && strcmp(record->fields[i].name, "note") == 0)
            flow_say_note(f, rows);
        if (unset)
            session_unset(f->s, a->into[i]);
        else if (!session_set(f->s, a->into[i], buf_str(&f->out->value), f->out->value.len)) {
            flow_complain(f, "values_full", record->name);
            return false;
        }
    }
    return true;
}

/* Pack one row of a list; false when a cell is bad. */
static bool flow_pack_row(struct flow *f, const struct menu_record *record, const struct flow_rows *rows, int row,
                          struct buf *packed)
{
    struct buf *text = &f->out->text;   /* the cells, NUL behind each */
    size_t at[FLOW_CELLS_MAX];
    const char *cells[FLOW_CELLS_MAX];

    buf_clear(text);
    for (int i = 0; i < record->field_count; i++) {
        bool unset;

        if (!flow_import(f, &record->fields[i], rows, row, &unset))
            return false;
        at[i] = unset ? FLOW_NULL : text->len;
        if (unset)
            continue;
        buf_add(text, buf_str(&f->out->value), f->out->value.len);
        buf_addc(text, '\0');
    }
    for (int i = 0; i < record->field_count; i++)
        cells[i] = at[i] != FLOW_NULL && !text->full ? text->data + at[i] : NULL;
    render_rows_add(packed, cells, record->field_count);
    return true;
}

/* --- answers ---------------------------------------------------------------------------------- */

enum flow_pass flow_branch(struct flow *f, const int *place)
{
    if (*place == MENU_NONE)
        return FLOW_BROKEN;
    flow_take(f, place);
    return FLOW_ON;
}

/* A query, or a hook, has its answer. */
static enum flow_pass flow_query_answered(struct flow *f, const struct menu_action *a, const struct flow_rows *rows)
{
    if (!rows->failed && rows->count > 0 && flow_take_record(f, a, rows)) {
        f->out->waiting_action++;
        return FLOW_ON;
    }
    flow_unset_record(f, a);
    if (rows->failed || rows->count > 0)
        return flow_branch(f, &a->fail);
    if (a->none != MENU_NONE)
        return flow_branch(f, &a->none);
    f->out->waiting_action++;
    return FLOW_ON;
}

static bool flow_take_rows(struct flow *f, const struct menu_list *list, const struct flow_rows *rows)
{
    const struct menu_query *q = &f->s->menu->queries[list->query];
    struct buf *packed = &f->out->rows;
    bool good = q->returns->field_count <= FLOW_CELLS_MAX;

    buf_clear(packed);
    render_rows_begin(packed, q->returns->field_count);
    for (int i = 0; good && i < rows->count && i < list->max && !packed->full; i++)
        good = flow_pack_row(f, q->returns, rows, i, packed);
    if (packed->full)
        flow_complain(f, "list_cut", q->name);
    return good && session_set(f->s, list->rows, buf_str(packed), packed->len);
}

static enum flow_pass flow_list_answered(struct flow *f, const struct menu_list *list, const struct flow_rows *rows)
{
    f->out->waiting_action = 0;
    if (rows->failed)
        return flow_branch(f, &list->fail);
    if (rows->count == 0)
        return flow_branch(f, &list->empty);
    return flow_take_rows(f, list, rows) ? FLOW_ON : flow_branch(f, &list->fail);
}

/* --- messages --------------------------------------------------------------------------------- */

/* A display-only language is not for messages: they go out in the one it names. */
static int flow_sms_lang(const struct flow *f)
{
    const struct menu_lang *lang = &f->s->menu->langs[f->s->lang];

    return lang->sms ? f->s->lang : lang->shows;
}

/* Another's phone: what its owner reads is not known here, so the tree's first language. */
static int flow_message_lang(const struct flow *f, const char *receiver)
{
    const struct menu *m = f->s->menu;

    if (strcmp(receiver, f->s->msisdn) == 0)
        return flow_sms_lang(f);
    return m->langs[0].sms ? 0 : m->langs[0].shows;
}

enum flow_pass flow_send(struct flow *f, int sms, const char *receiver)
{
    return flow_send_of(f, sms, receiver, NULL);
}

enum flow_pass flow_send_of(struct flow *f, int sms, const char *receiver, const struct notice_case *c)
{
    const struct menu *m = f->s->menu;
    struct flow_out *out = f->out;
    struct expr_scope scope = f->scope;
    struct flow_message_at *at = &out->message_at[out->message_count];

    if (out->message_count == FLOW_MESSAGES_MAX) {
        flow_complain(f, "too_many_messages", m->sms[sms].name);
        return FLOW_BROKEN;
    }
    at->cause = flow_keep(out, buf_str(&out->text), out->text.len);
    at->receiver = flow_keep(out, receiver, strlen(receiver));
    scope.lang = flow_message_lang(f, receiver);
    buf_clear(&out->value);
    if (c != NULL)
        notice_print(c, m->sms[sms].text, scope.lang, &out->value);
    else
        template_print(template_of(m->sms[sms].text, scope.lang), &scope, &out->value);
    at->text = flow_keep(out, buf_str(&out->value), out->value.len);
    out->messages[out->message_count++] = (struct flow_message){
        .lang = m->langs[scope.lang].id, .class = m->sms[sms].class, .approval = m->sms[sms].approval,
        .quiet = c != NULL ? c->file->quiet : CASEFILE_PLAIN,
    };
    return FLOW_ON;
}

/* --- cases ------------------------------------------------------------------------------------ */

/* RFC 8259 section 7; values are UTF-8 without NUL. */
void flow_add_json(struct buf *out, const char *p, size_t n)
{
    buf_addc(out, '"');
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)p[i];

        if (c == '"' || c == '\\') {
            buf_addc(out, '\\');
            buf_addc(out, p[i]);
        } else if (c < 0x20) {
            buf_addf(out, "\\u%04x", c);
        } else {
            buf_addc(out, p[i]);
        }
    }
    buf_addc(out, '"');
}

/* How many characters a case keeps of one that has n; all of it for a plain type.
 * A sensitive value is whole only on its way to its back end. */
static size_t flow_kept(const struct menu_type *t, size_t n)
{
    if (t->store == MENU_STORE_LAST4)
        return 4;
    if (!t->sensitive)
        return n;
    return n / 2 < 4 ? n / 2 : 4;
}

static bool flow_begins_character(char c)
{
    return ((unsigned char)c & 0xc0) != 0x80;
}

/* What a case keeps of a value that has such a type. */
static void flow_keep_form(const struct menu_type *t, struct buf *value)
{
    size_t at = value->len;
    size_t chars = 0;

    for (size_t i = 0; i < value->len; i++)
        chars += flow_begins_character(value->data[i]);
    for (size_t left = flow_kept(t, chars); at > 0 && left > 0; left--) {
        do
            at--;
        while (at > 0 && !flow_begins_character(value->data[at]));
    }
    if (at > 0)
        memmove(value->data, value->data + at, value->len - at);
    buf_cut(value, value->len - at);
}

/* One more member of an object that is being written: {"name": "value". */
static void flow_add_member(struct flow *f, const char *name, const struct expr *e, const struct menu_type *type,
                            const char **before, struct buf *out)
{
    if (type != NULL && type->store == MENU_STORE_NONE)
        return;
    buf_clear(&f->out->value);
    if (!expr_value(e, &f->scope, &f->out->value))
        return;                         /* it is not set */
    if (flow_is_keyed(type) && !flow_keyed(f))
        return;
    if (type != NULL && !flow_is_keyed(type))
        flow_keep_form(type, &f->out->value);
    buf_adds(out, *before);
    flow_add_json(out, name, strlen(name));
    buf_adds(out, ": ");
    flow_add_json(out, buf_str(&f->out->value), f->out->value.len);
    *before = ", ";
}

static void flow_add_end(const char *before, struct buf *out)
{
    buf_adds(out, before[0] == '{' ? "{}" : "}");
}

/* Of a submission's field: it says what a case keeps.  A request takes all. */
static const struct menu_type *flow_member_type(const struct flow *f, const struct menu_action *a, int i)
{
    return a->kind == MENU_HOOK ? NULL : f->s->menu->services[a->service].fields[a->sets[i].var].type;
}

/* The name of a submission's field, or of a request's member. */
static const char *flow_member(const struct flow *f, const struct menu_action *a, int i)
{
    return a->kind == MENU_HOOK ? a->names[i] : f->s->menu->services[a->service].fields[a->sets[i].var].name;
}

/* {"field": "text", ...} of what is set. */
void flow_add_fields(struct flow *f, const struct menu_action *a, struct buf *out)
{
    const char *before = "{";

    for (int i = 0; i < a->set_count; i++)
        flow_add_member(f, flow_member(f, a, i), a->sets[i].value, flow_member_type(f, a, i), &before, out);
    flow_add_end(before, out);
}

bool flow_add_secrets(struct flow *f, const struct menu_action *a, struct buf *out)
{
    const struct menu_service *service = &f->s->menu->services[a->service];
    const char *before = "{";

    if (service->backend == MENU_NONE || !menu_backend_takes_cases(&f->s->menu->backends[service->backend]))
        return false;
    for (int i = 0; i < a->set_count; i++) {
        const struct menu_type *t = flow_member_type(f, a, i);

        if (t != NULL && t->sensitive && (t->store == MENU_STORE_WHOLE || flow_is_keyed(t)) && t->kind != MENU_TYPE_PIN)
            flow_add_member(f, flow_member(f, a, i), a->sets[i].value, NULL, &before, out);
    }
    if (before[0] == '{')
        return false;
    flow_add_end(before, out);
    return true;
}

/* --- actions ---------------------------------------------------------------------------------- */

static enum flow_pass flow_do_query(struct flow *f, const struct menu_action *a)
{
    if (f->s->menu->queries[a->query].behind_pin && !flow_pin_shown(f))
        return flow_branch(f, &a->fail);        /* ten minutes are over, or a dialogue was continued */
    return flow_ask(f, a->query, 1);
}

/* Does the service take anything from her today? */
static bool flow_takes(struct flow *f, const struct menu_action *a)
{
    const struct menu_service *s = &f->s->menu->services[a->service];
    bool hers = (s->who & MENU_WHO_CITIZEN) != 0 || f->s->agent != NULL;

    return hers && windows_is_open(f->env->windows, s, flow_place(f, a) ? buf_str(&f->out->value) : "", f->scope.today);
}

/* A step opens at most one case of a service: the database knows it by that. */
static enum flow_pass flow_do_submit(struct flow *f, const struct menu_action *a)
{
    const struct menu_service *service = &f->s->menu->services[a->service];

    if (!flow_takes(f, a))
        return flow_branch(f, &a->closed);
    for (int i = 0; i < f->out->case_count; i++)
        if (f->out->cases[i].service == service) {
            flow_complain(f, "submitted_twice", service->name);
            return FLOW_BROKEN;
        }
    if (f->out->case_count == FLOW_CASES_MAX) {
        flow_complain(f, "too_many_cases", service->name);
        return FLOW_BROKEN;
    }
    return flow_ask_number(f, service->number);
}

/* The cause names the citizen, the step and the place in it, so that a step run
 * again sends nothing twice. */
static enum flow_pass flow_do_sms(struct flow *f, const struct menu_action *a)
{
    struct flow_out *out = f->out;
    const struct session *s = f->s;

    buf_clear(&out->value);
    if (!expr_value(a->to, &f->scope, &out->value) || out->value.len == 0) {
        out->waiting_action++;          /* nobody to send it to */
        return FLOW_ON;
    }
    buf_clear(&out->text);
    buf_addf(&out->text, "sms/%s/%s/%" PRId32 "/%s/%d", s->msisdn, s->code, s->turn + 1,
             s->menu->screens[out->waiting_screen].name, out->message_count);
    out->waiting_action++;
    return flow_send(f, a->sms, buf_str(&out->value));
}

/* The list is written before the step: twice is once. */
static enum flow_pass flow_do_waitlist(struct flow *f, const struct menu_action *a)
{
    struct flow_out *out = f->out;
    struct flow_question *q = &out->question;
    size_t place, receiver;

    *q = (struct flow_question){ .kind = FLOW_WAITLIST, .query = MENU_NONE, .service = &f->s->menu->services[a->service],
                                 .lang = f->s->menu->langs[flow_sms_lang(f)].id };
    out->asked_at = out->mem.len;
    buf_clear(&out->value);
    if (a->at != NULL && !expr_value(a->at, &f->scope, &out->value))
        buf_clear(&out->value);
    place = flow_keep(out, buf_str(&out->value), out->value.len);
    buf_clear(&out->value);
    if (!expr_value(a->to, &f->scope, &out->value) || out->value.len == 0) {
        out->waiting_action++;          /* nobody waits */
        return FLOW_ON;
    }
    receiver = flow_keep(out, buf_str(&out->value), out->value.len);
    q->place = buf_str(&out->mem) + place;
    q->receiver = buf_str(&out->mem) + receiver;
    flow_key(f, q->key);
    out->hooks++;
    return FLOW_ASKS;
}

static enum flow_pass flow_waitlist_answered(struct flow *f, const struct menu_action *a, const struct flow_rows *rows)
{
    if (rows->failed)
        return flow_branch(f, &a->fail);
    f->out->waiting_action++;
    return FLOW_ON;
}

static enum flow_pass flow_do_set(struct flow *f, const struct menu_action *a)
{
    f->out->waiting_action++;
    return flow_set(f, a->sets, a->set_count) ? FLOW_ON : FLOW_BROKEN;
}

static enum flow_pass flow_do_audit(struct flow *f, const struct menu_action *a)
{
    struct flow_out *out = f->out;
    const char *before = "{";

    if (out->audit_count == FLOW_AUDITS_MAX) {
        flow_complain(f, "too_many_audits", a->event);
        return FLOW_BROKEN;
    }
    out->audit_at[out->audit_count] = out->mem.len;
    for (int i = 0; i < a->told_count; i++)
        flow_add_member(f, a->told[i].name, a->told[i].value, NULL, &before, &out->mem);
    flow_add_end(before, &out->mem);
    buf_addc(&out->mem, '\0');
    out->audits[out->audit_count++] = (struct flow_audit){ .event = a->event };
    out->waiting_action++;
    return FLOW_ON;
}

void flow_key(const struct flow *f, char key[FLOW_KEY_SIZE])
{
    const struct session *s = f->s;
    const char *screen = s->menu->screens[f->out->waiting_screen].name;
    const uint8_t place[] = { (uint8_t)f->out->waiting_action, (uint8_t)f->out->hooks };
    uint8_t hash[FLOW_KEY_SIZE / 2];
    crypto_generichash_state state;

    crypto_generichash_init(&state, NULL, 0, sizeof hash);
    crypto_generichash_update(&state, s->events[0].bytes, sizeof s->events[0].bytes);
    crypto_generichash_update(&state, place, sizeof place);
    crypto_generichash_update(&state, (const unsigned char *)s->msisdn, strlen(s->msisdn) + 1);
    crypto_generichash_update(&state, (const unsigned char *)screen, strlen(screen) + 1);
    crypto_generichash_final(&state, hash, sizeof hash);
    (void)sodium_bin2hex(key, FLOW_KEY_SIZE, hash, sizeof hash);
}

static enum flow_pass flow_do_hook(struct flow *f, const struct menu_action *a)
{
    struct flow_out *out = f->out;
    struct flow_question *q = &out->question;

    *q = (struct flow_question){ .kind = FLOW_HOOK, .query = MENU_NONE, .max_rows = 1, .hook = a,
                                 .people = f->s->menu->backends[a->backend].people };
    out->asked_at = out->mem.len;
    flow_add_fields(f, a, &out->mem);
    buf_addc(&out->mem, '\0');
    if (out->mem.full) {
        flow_complain(f, "hook_too_long", a->path);
        return FLOW_BROKEN;
    }
    q->body = out->mem.data + out->asked_at;
    flow_key(f, q->key);
    out->hooks++;
    return FLOW_ASKS;
}

static enum flow_pass (*const flow_actions[MENU_ACTIONS])(struct flow *f, const struct menu_action *a) = {
    [MENU_QUERY] = flow_do_query,
    [MENU_SUBMIT] = flow_do_submit,
    [MENU_SMS] = flow_do_sms,
    [MENU_SET] = flow_do_set,
    [MENU_CALL] = flow_do_call,
    [MENU_RETURN] = flow_do_return,
    [MENU_AUDIT] = flow_do_audit,
    [MENU_CONSENT] = flow_do_consent,
    [MENU_CONSENT_CHECK] = flow_do_consent_check,
    [MENU_HOOK] = flow_do_hook,
    [MENU_PIN_CHECK] = flow_do_pin,
    [MENU_PIN_SET] = flow_do_pin,
    [MENU_WAITLIST] = flow_do_waitlist,
    [MENU_PAY] = flow_do_pay,
    [MENU_MOVE] = flow_do_order,
};

enum flow_pass flow_act(struct flow *f, const struct menu_screen *screen)
{
    const struct menu_action *a;

    flow_came_by(f, screen);
    if (f->out->waiting_action >= screen->action_count)
        return flow_follow(f, &screen->go);
    a = &screen->actions[f->out->waiting_action];
    return flow_actions[a->kind](f, a);
}

static void flow_tape_query(struct flow *f, const struct flow_rows *rows)
{
    const struct menu_query *q = &f->s->menu->queries[f->out->question.query];

    flow_tape_rows(f, &(struct flow_tape_asked){ "query", q->name, q->returns }, rows);
}

/* "dss/status"; a hook that wants nothing back has an answer without fields. */
static void flow_tape_hook(struct flow *f, const struct flow_rows *rows)
{
    static const struct menu_record nothing = { .name = "" };
    const struct menu_action *a = f->out->question.hook;
    struct buf *name = &f->out->value;

    buf_clear(name);
    buf_addf(name, "%s%s", f->s->menu->backends[a->backend].name, a->path);
    flow_tape_rows(f, &(struct flow_tape_asked){ "hook", buf_str(name), a->returns != NULL ? a->returns : &nothing },
                   rows);
}

enum flow_pass flow_answered(struct flow *f, const struct flow_rows *rows)
{
    struct flow_out *out = f->out;
    const struct menu_screen *screen = &f->s->menu->screens[out->waiting_screen];
    const struct menu_action *a;

    buf_cut(&out->mem, out->asked_at);  /* its arguments are not needed any more */
    if (out->question.kind == FLOW_QUERY)
        flow_tape_query(f, rows);
    else if (out->question.kind == FLOW_HOOK)
        flow_tape_hook(f, rows);
    if (out->waiting_action == FLOW_LIST)
        return flow_list_answered(f, &screen->list, rows);
    a = &screen->actions[out->waiting_action];
    switch (out->question.kind) {
    case FLOW_NUMBER:
        return flow_number_answered(f, a, rows);
    case FLOW_PIN:
        return flow_pin_answered(f, a, rows);
    case FLOW_PAY:
        return flow_pay_answered(f, a, rows);
    case FLOW_CASE:
        return flow_order_answered(f, a, rows);
    case FLOW_WAITLIST:
        return flow_waitlist_answered(f, a, rows);
    case FLOW_QUERY:
    case FLOW_HOOK:
        break;
    }
    return flow_query_answered(f, a, rows);
}
