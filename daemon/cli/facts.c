#include "cli/facts.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "menu/expr.h"
#include "menu/names.h"
#include "menu/ways.h"

#define FACTS_VALUE_MAX (1u << 20)
#define FACTS_KEY_MAX (1u << 17)        /* a condition is a part of it */

struct maker {
    struct facts *facts;
    const struct menu *menu;
    struct names *names;
    const char *subject, *part;
    bool screen;
    struct buf value;                   /* being written */
    struct buf key;
};

/* --- the list ------------------------------------------------------------------------------ */

static void maker_name(struct maker *k, const char *part, const char *key, int fact)
{
    struct buf name;

    buf_init(&name, FACTS_KEY_MAX);
    buf_adds(&name, k->subject);
    if (part != NULL)
        buf_addf(&name, "\n%s", part);
    if (key != NULL)
        buf_addf(&name, "\n%s", key);
    names_add(k->names, arena_strdup(k->facts->arena, buf_str(&name)), fact);
    buf_fini(&name);
}

static void maker_add(struct maker *k, const char *key, const char *value, bool words)
{
    struct facts *f = k->facts;
    struct fact *fact;

    if (f->count == f->cap) {
        f->cap = f->cap > 0 ? f->cap * 2 : 256;
        f->list = xrealloc(f->list, (size_t)f->cap * sizeof *f->list);
    }
    fact = &f->list[f->count];
    *fact = (struct fact){ k->subject, k->part, arena_strdup(f->arena, key), arena_strdup(f->arena, value), k->screen,
                           words };
    maker_name(k, NULL, NULL, f->count);
    maker_name(k, k->part, NULL, f->count);
    maker_name(k, k->part, key, f->count);
    f->count++;
}

static void maker_say(struct maker *k, const char *key, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static void maker_say(struct maker *k, const char *key, const char *fmt, ...)
{
    struct buf value;
    char text[1024];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    buf_init(&value, sizeof text);
    buf_adds(&value, text);
    maker_add(k, key, buf_str(&value), false);
    buf_fini(&value);
}

/* What is in k->value. */
static void maker_say_value(struct maker *k, const char *key)
{
    maker_add(k, key, buf_str(&k->value), false);
}

static void maker_subject(struct maker *k, const char *kind, const char *name)
{
    struct buf subject;

    buf_init(&subject, FACTS_KEY_MAX);
    buf_addf(&subject, "%s%s", kind, name);
    k->subject = arena_strdup(k->facts->arena, buf_str(&subject));
    k->part = "";
    k->screen = false;
    buf_fini(&subject);
}

/* --- texts and values ---------------------------------------------------------------------- */

static void maker_text(struct maker *k, const char *verb, const struct menu_text *text)
{
    for (int i = 0; text != NULL && i < k->menu->lang_count; i++) {
        if (text->by_lang[i] == NULL)
            continue;
        buf_clear(&k->key);
        buf_addf(&k->key, "%s in %s", verb, k->menu->langs[i].id);
        buf_clear(&k->value);
        template_source(text->by_lang[i], k->menu, &k->value);
        maker_add(k, buf_str(&k->key), buf_str(&k->value), true);
    }
}

static void maker_expr(struct maker *k, const char *key, const struct expr *e)
{
    if (e == NULL)
        return;
    buf_clear(&k->value);
    expr_source(e, &k->value);
    maker_say_value(k, key);
}

static void maker_add_sets(struct maker *k, const struct menu_set *sets, int count, const struct menu_service *service)
{
    for (int i = 0; i < count; i++) {
        buf_addf(&k->value, "%s%s = ", i > 0 ? ", " : "",
                 service != NULL ? service->fields[sets[i].var].name : k->menu->vars[sets[i].var].name);
        expr_source(sets[i].value, &k->value);
    }
}

/* --- screens ---------------------------------------------------------------------------------- */

/* Who is asked, for how much, for what. */
static void maker_add_pay(struct maker *k, const struct menu_pay *pay)
{
    const struct menu *m = k->menu;

    buf_adds(&k->value, "pay by ");
    if (pay->provider != MENU_NONE)
        buf_adds(&k->value, m->providers[pay->provider].name);
    else
        expr_source(pay->by, &k->value);
    if (pay->fee != MENU_NONE) {
        buf_addf(&k->value, " the fee of %s, %d", m->services[pay->fee].name, m->services[pay->fee].fee_official);
    } else {
        buf_adds(&k->value, " taka ");
        expr_source(pay->taka, &k->value);
    }
    if (pay->about != NULL) {
        buf_adds(&k->value, " for ");
        expr_source(pay->about, &k->value);
    }
    if (pay->tells != MENU_NONE)
        buf_addf(&k->value, " tells %s", m->backends[pay->tells].name);
}

static void maker_add_action(struct maker *k, const struct menu_action *a)
{
    const struct menu *m = k->menu;

    switch (a->kind) {
    case MENU_QUERY:
        buf_addf(&k->value, "query %s", m->queries[a->query].name);
        break;
    case MENU_SUBMIT:
        buf_addf(&k->value, "submit %s with ", m->services[a->service].name);
        maker_add_sets(k, a->sets, a->set_count, &m->services[a->service]);
        break;
    case MENU_SMS:
        buf_addf(&k->value, "sms %s to ", m->sms[a->sms].name);
        expr_source(a->to, &k->value);
        break;
    case MENU_HOOK:
        buf_addf(&k->value, "hook %s%s", m->backends[a->backend].name, a->path);
        for (int i = 0; i < a->set_count; i++) {
            buf_addf(&k->value, "%s%s = ", i > 0 ? ", " : " with ", a->names[i]);
            expr_source(a->sets[i].value, &k->value);
        }
        break;
    case MENU_SET:
        buf_adds(&k->value, "set ");
        maker_add_sets(k, a->sets, a->set_count, NULL);
        break;
    case MENU_CALL:
        buf_addf(&k->value, "call %s", m->screens[a->call].name);
        break;
    case MENU_RETURN:
        buf_adds(&k->value, "return");
        break;
    case MENU_AUDIT:
        buf_addf(&k->value, "audit %s", a->event);
        break;
    case MENU_CONSENT:
        buf_addf(&k->value, "consent, sms %s to ", m->sms[a->sms].name);
        expr_source(a->to, &k->value);
        break;
    case MENU_CONSENT_CHECK:
        buf_adds(&k->value, "consent check");
        break;
    case MENU_PIN_CHECK:
        buf_adds(&k->value, "pin check");
        break;
    case MENU_MOVE:
        buf_addf(&k->value, "move a case to %s", a->state);
        break;
    case MENU_PIN_SET:
        buf_adds(&k->value, "pin set");
        if (a->of != NULL) {
            buf_adds(&k->value, " of ");
            expr_source(a->of, &k->value);
        }
        break;
    case MENU_WAITLIST:
        buf_addf(&k->value, "waitlist %s", m->services[a->service].name);
        if (a->at != NULL) {
            buf_adds(&k->value, " for ");
            expr_source(a->at, &k->value);
        }
        break;
    case MENU_PAY:
        maker_add_pay(k, a->pay);
        break;
    case MENU_ACTIONS:
        break;
    }
    if (a->value != NULL) {
        buf_addc(&k->value, ' ');
        expr_source(a->value, &k->value);
    }
    for (int i = 0; i < a->told_count; i++) {
        buf_addf(&k->value, "%s%s = ", i > 0 ? ", " : " with ", a->told[i].name);
        expr_source(a->told[i].value, &k->value);
    }
}

static void maker_actions(struct maker *k, const struct menu_screen *s)
{
    buf_clear(&k->value);
    for (int i = 0; i < s->action_count; i++) {
        if (i > 0)
            buf_adds(&k->value, "; ");
        maker_add_action(k, &s->actions[i]);
    }
    if (s->action_count > 0)
        maker_say_value(k, "does");
}

static void maker_on_exit(void *arg, const struct ways_exit *e)
{
    struct maker *k = arg;
    bool plain = e->why == WAYS_GOTO || e->why == WAYS_OPTION || e->why == WAYS_ANSWER || e->why == WAYS_ROW;

    k->part = "";
    buf_clear(&k->key);
    if (e->option != NULL) {
        buf_addf(&k->key, "option %d", e->option->number);
        k->part = arena_strdup(k->facts->arena, buf_str(&k->key));
        buf_clear(&k->key);
    }
    if (e->when != NULL) {
        buf_adds(&k->key, "when ");
        expr_source(e->when, &k->key);
        buf_addc(&k->key, ' ');
    }
    if (!plain)
        buf_addf(&k->key, "at %s ", ways_why_name(e->why));
    if (!plain && e->action > 0)
        buf_addf(&k->key, "of action %d ", e->action + 1);
    buf_adds(&k->key, "leads to");
    maker_say(k, buf_str(&k->key), "%s", k->menu->screens[e->to].name);
}

static void maker_options(struct maker *k, const struct menu_screen *s)
{
    for (int i = 0; i < s->option_count; i++) {
        const struct menu_option *o = &s->options[i];
        char part[32];

        snprintf(part, sizeof part, "option %d", o->number);
        k->part = arena_strdup(k->facts->arena, part);
        maker_text(k, "reads", o->text);
        maker_expr(k, "is offered when", o->when);
        buf_clear(&k->value);
        maker_add_sets(k, o->sets, o->set_count, NULL);
        if (o->set_count > 0)
            maker_say_value(k, "sets");
    }
    k->part = "";
}

static void maker_asks(struct maker *k, const struct menu_screen *s)
{
    if (s->input.var != MENU_NONE)
        maker_say(k, "asks for", "%s, a %s", k->menu->vars[s->input.var].name, s->input.type->name);
    maker_expr(k, "takes an answer only when", s->input.when);
    maker_text(k, "answers what does not fit", s->input.wrong);
    if (s->list.query != MENU_NONE) {
        maker_say(k, "lists", "at most %d of %s", s->list.max, k->menu->queries[s->list.query].name);
        maker_text(k, "shows rows", s->list.option);
    }
}

static void maker_screen(struct maker *k, int screen)
{
    const struct menu_screen *s = &k->menu->screens[screen];

    maker_subject(k, "", s->name);
    k->screen = true;
    maker_say(k, "is", "%s", s->text == NULL ? "a step" : s->end ? "an end" : "a page");
    maker_text(k, "reads", s->text);
    maker_text(k, "goes on under", s->continued);
    maker_actions(k, s);
    maker_asks(k, s);
    if (s->secret)
        maker_say(k, "is kept", "secret");
    if (s->hide_back)
        maker_say(k, "hides", "its hint for key back");
    maker_options(k, s);
    ways_exits(k->menu, screen, maker_on_exit, k);
    k->part = "";
}

/* --- data --------------------------------------------------------------------------------------- */

/* A type of the program's own; no menu may define one of these names. */
static bool maker_is_own(const char *name)
{
    static const char *const own[] = { "msisdn", "date", "whole", "yesno", "case_no", "language" };

    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        if (strcmp(own[i], name) == 0)
            return true;
    return strchr(name, '(') != NULL || strchr(name, ' ') != NULL;
}

static void maker_type(struct maker *k, const struct menu_type *t)
{
    static const char *const kinds[MENU_TYPE_KINDS] = {
        [MENU_TYPE_TEXT] = "a text", [MENU_TYPE_WORD] = "a word", [MENU_TYPE_WHOLE] = "a whole number",
        [MENU_TYPE_DATE] = "a date", [MENU_TYPE_MSISDN] = "a mobile number", [MENU_TYPE_YESNO] = "yes or no",
        [MENU_TYPE_CASE_NO] = "a case number", [MENU_TYPE_PIN] = "a PIN", [MENU_TYPE_PATTERN] = "a pattern",
        [MENU_TYPE_CHOICE] = "a choice", [MENU_TYPE_TOLD] = "states of a case",
    };

    if (maker_is_own(t->name))
        return;
    maker_subject(k, "type ", t->name);
    maker_say(k, "is", "%s", kinds[t->kind]);
    maker_say(k, "has at most", "%d characters", t->width);
    if (t->kind == MENU_TYPE_WHOLE)
        maker_say(k, "takes", "%" PRId64 "..%" PRId64, t->min, t->max);
    if (t->pattern != NULL)
        maker_add(k, "takes", t->pattern, false);
    if (t->past || t->future)
        maker_say(k, "takes", "%s", t->past ? "today and before" : "today and after");
    if (t->example != NULL)
        maker_say(k, "shows as its example", "%s", t->example);
    if (t->sensitive)
        maker_say(k, "is kept", "hidden");
    if (t->store != MENU_STORE_WHOLE)
        maker_say(k, "leaves in cases", "%s", t->store == MENU_STORE_NONE ? "nothing"
                  : t->store == MENU_STORE_KEYED ? "its keyed hash and last 4 characters" : "its last 4 characters");
    for (int i = 0; i < t->choice_count; i++) {
        k->part = t->choices[i].code;
        maker_text(k, "reads", t->choices[i].name);
    }
}

static void maker_fields(struct maker *k, const char *key, const struct menu_field *fields, int count)
{
    buf_clear(&k->value);
    for (int i = 0; i < count; i++)
        buf_addf(&k->value, "%s%s: %s", i > 0 ? ", " : "", fields[i].name, fields[i].type->name);
    maker_say_value(k, key);
}

static void maker_query(struct maker *k, const struct menu_query *q)
{
    maker_subject(k, "query ", q->name);
    buf_clear(&k->value);
    buf_adds(&k->value, q->sql);
    maker_say_value(k, "asks");
    buf_clear(&k->value);
    for (int i = 0; i < q->arg_count; i++) {
        buf_adds(&k->value, i > 0 ? ", " : "");
        expr_source(q->args[i], &k->value);
    }
    maker_say_value(k, "is given");
    maker_say(k, "returns", "%s%s", q->list ? "list of " : "", q->returns->name);
    maker_say(k, "waits", "%d ms", q->timeout_ms);
    if (q->people)
        maker_say(k, "looks up", "people");
    if (q->behind_pin)
        maker_say(k, "is asked", "behind her PIN");
    if (q->cache_ms > 0)
        maker_say(k, "is kept", "%d ms", q->cache_ms);
}

static void maker_day(struct maker *k, const char *key, int32_t day)
{
    struct clock_date d = clock_date_of(day);

    maker_say(k, key, "%04d-%02d-%02d", d.year, d.month, d.day);
}

static void maker_effort(struct maker *k, const char *key, const struct menu_effort *e)
{
    maker_say(k, key, "%.2f visits, %.2f hours, Tk %.2f", (double)e->visits / 100, (double)e->hours / 100,
              (double)e->taka / 100);
}

static void maker_overdue(struct maker *k, const struct menu_overdue *o)
{
    char name[48];

    snprintf(name, sizeof name, "%d days late", o->after);
    maker_say(k, name, "%s%s%s%s", o->to[0] != '\0' ? "goes to " : "is told", o->to, o->sms != MENU_NONE ? ", sends " : "",
              o->sms != MENU_NONE ? k->menu->sms[o->sms].name : "");
    maker_text(k, "notes", o->text);
}

static void maker_replies(struct maker *k, const struct menu_state *s)
{
    char name[48];

    for (int i = 0; i < s->reply_count; i++) {
        snprintf(name, sizeof name, "with reply %d says", s->replies[i].number);
        maker_text(k, name, s->replies[i].text);
    }
}

static void maker_span(struct maker *k, const char *key, const struct menu_span *span)
{
    if (span->days > 0)
        maker_say(k, key, "%d %s", span->days, span->all ? "days" : "working days");
}

static void maker_service_rules(struct maker *k, const struct menu_service *s)
{
    if ((s->who & MENU_WHO_CITIZEN) == 0)
        maker_say(k, "takes it from", "%s", "agents alone");
    if (s->windowed && s->from > s->to)
        maker_say(k, "is open", "%s", "as the database says");
    if (s->opened != MENU_NONE)
        maker_say(k, "tells who waits", "%s", k->menu->sms[s->opened].name);
    if (s->windowed && s->from <= s->to && s->from > INT32_MIN)
        maker_day(k, "opens on", s->from);
    if (s->windowed && s->from <= s->to && s->to < INT32_MAX)
        maker_day(k, "is open until", s->to);
    if (s->fee_official > 0)
        maker_say(k, "costs", "Tk %d", s->fee_official);
    if (s->fee_centre > 0)
        maker_say(k, "costs at a centre", "Tk %d", s->fee_centre);
    if (s->within_days > 0)
        maker_say(k, "answers within", "%d %s", s->within_days, s->within_all ? "days" : "working days");
    for (int i = 0; i < s->overdue_count; i++)
        maker_overdue(k, &s->overdue[i]);
    if (s->backend != MENU_NONE)
        maker_say(k, "goes to", "%s", k->menu->backends[s->backend].name);
    if (s->saves.version == 0)
        return;
    maker_say(k, "saves, by version", "%d, counted when %s", s->saves.version, s->states[s->saves.counted].name);
    maker_effort(k, "saves, of", &s->saves.before);
    maker_effort(k, "still costs her", &s->saves.self);
    maker_effort(k, "still costs her at a centre", &s->saves.assisted);
}

/* "closed (citizen, officer)" after what is there; officers alone go without saying. */
static void maker_move(struct maker *k, const char *to, unsigned may)
{
    static const char *const who[] = { "citizen", "agent", "officer", "clock", "provider" };
    const char *before = " (";

    buf_addf(&k->value, "%s%s", k->value.len > 0 ? ", " : "", to);
    if (may == MENU_BY_OFFICER)
        return;
    for (unsigned i = 0; i < sizeof who / sizeof who[0]; i++) {
        if ((may & 1u << i) == 0)
            continue;
        buf_addf(&k->value, "%s%s", before, who[i]);
        before = ", ";
    }
    buf_addc(&k->value, ')');
}

static void maker_state(struct maker *k, const struct menu_service *s, const struct menu_state *state)
{
    k->part = state->name;
    buf_clear(&k->value);
    for (int i = 0; i < state->to_count; i++)
        maker_move(k, s->states[state->to[i]].name, state->may[i]);
    if (state->to_count > 0)
        maker_say_value(k, "may become");
    if (state->to_count > 0 && state->hers)
        maker_say(k, "waits for", "%s", "the citizen");
    maker_span(k, "answers within", &state->within);
    maker_span(k, "expires after", &state->expires);
    if (state->text != NULL)
        maker_text(k, "reads", state->text);
    maker_replies(k, state);
    k->part = NULL;
}

static void maker_service(struct maker *k, const struct menu_service *s)
{
    maker_subject(k, "service ", s->name);
    maker_say(k, "numbers its cases with", "%d", s->number);
    if (s->agency != NULL)
        maker_say(k, "is of", "%s", s->agency);
    maker_text(k, "is called", s->title);
    maker_fields(k, "takes", s->fields, s->field_count);
    maker_service_rules(k, s);
    for (int i = 0; i < s->state_count; i++)
        maker_state(k, s, &s->states[i]);
    for (int i = 0; i < s->notify_count; i++) {
        k->part = s->notify[i].state;
        maker_say(k, "sends", "%s", k->menu->sms[s->notify[i].sms].name);
    }
}

static void maker_keyword(struct maker *k, const struct menu_keyword *w)
{
    maker_subject(k, "keyword ", w->word);
    maker_say(k, "leads to", "%s", k->menu->screens[w->to].name);
    for (int i = 0; i < w->word_count; i++)
        maker_say(k, "may be written", "%s", w->words[i]);
    for (int i = 0; i < w->fill_count; i++)
        maker_say(k, "fills", "%d. %s", i + 1, k->menu->vars[w->fills[i]].name);
    if (w->help != NULL)
        maker_text(k, "helps with", w->help);
}

static void maker_root(struct maker *k)
{
    static const char *const words[MENU_WORD_COUNT] = {
#define X(id, name, arg) [MENU_WORD_##id] = #name,
        MENU_WORDS(X)
#undef X
    };
    const struct menu *m = k->menu;

    for (int i = 0; i < m->code_count; i++) {
        maker_subject(k, "code ", m->codes[i]);
        maker_say(k, "leads to", "%s", m->screens[m->start].name);
        if (m->first != MENU_NONE)
            maker_say(k, "leads, the first time, to", "%s", m->screens[m->first].name);
        if (m->alert != MENU_NONE)
            maker_say(k, "leads, where a storm is told of, to", "%s", m->screens[m->alert].name);
    }
    for (int i = 0; i < m->shortcut_count; i++) {
        maker_subject(k, "short cut ", m->shortcuts[i].path);
        maker_say(k, "leads to", "%s", m->screens[m->shortcuts[i].to].name);
    }
    for (int i = 0; i < m->keyword_count; i++)
        maker_keyword(k, &m->keywords[i]);
    for (int i = 0; i < m->lang_count; i++) {
        maker_subject(k, "language ", m->langs[i].id);
        maker_say(k, "is called", "%s", m->langs[i].name);
        maker_say(k, "has its SMS in", "%s", m->langs[m->langs[i].sms ? i : m->langs[i].shows].id);
    }
    maker_subject(k, "the tree", "");
    maker_text(k, "is called", m->name);
    maker_say(k, "has the keys", "%s back, %s start, %s more, %s script", m->key_back, m->key_start, m->key_more,
              m->key_script);
    maker_say(k, "continues dialogues for", "%" PRId64 " s", m->resume_ms / 1000);
    if (m->resume_agents_ms != m->resume_ms)
        maker_say(k, "continues dialogues of agents for", "%" PRId64 " s", m->resume_agents_ms / 1000);
    maker_say(k, "takes", "%d wrong answers", m->tries);
    maker_say(k, "has the help line", "%s", m->helpline);
    maker_say(k, "has its clock at", "UTC %+d min", m->utc_offset_min);
    for (int i = 0; i < MENU_WORD_COUNT; i++) {
        maker_subject(k, "word ", words[i]);
        maker_text(k, "reads", m->words[i]);
    }
}

/* --- all of it ------------------------------------------------------------------------------------ */

void facts_init(struct facts *f, const struct menu *m)
{
    struct maker k = { .facts = f, .menu = m };

    *f = (struct facts){ .arena = arena_new(SIZE_MAX) };
    k.names = names_new(f->arena);
    f->names = k.names;
    buf_init(&k.value, FACTS_VALUE_MAX);
    buf_init(&k.key, FACTS_KEY_MAX);
    maker_root(&k);
    for (int i = 0; i < m->screen_count; i++)
        maker_screen(&k, i);
    for (int i = 0; i < m->type_count; i++)
        maker_type(&k, m->types[i]);
    for (int i = 0; i < m->record_count; i++) {
        maker_subject(&k, "record ", m->records[i].name);
        maker_fields(&k, "holds", m->records[i].fields, m->records[i].field_count);
    }
    for (int i = 0; i < m->query_count; i++)
        maker_query(&k, &m->queries[i]);
    for (int i = 0; i < m->service_count; i++)
        maker_service(&k, &m->services[i]);
    for (int i = 0; i < m->sms_count; i++) {
        maker_subject(&k, "SMS ", m->sms[i].name);
        maker_say(&k, "is", "%s", m->sms[i].class);
        if (m->sms[i].due != NULL)
            maker_say(&k, "is due for", "%s", m->sms[i].due);
        maker_text(&k, "reads", m->sms[i].text);
    }
    buf_fini(&k.value);
    buf_fini(&k.key);
}

void facts_fini(struct facts *f)
{
    arena_free(f->arena);
    free(f->list);
    *f = (struct facts){ .arena = NULL };
}

int facts_find(const struct facts *f, const char *subject, const char *part, const char *key)
{
    struct buf name;
    int found;

    buf_init(&name, FACTS_KEY_MAX);
    buf_adds(&name, subject);
    if (part != NULL)
        buf_addf(&name, "\n%s", part);
    if (key != NULL)
        buf_addf(&name, "\n%s", key);
    found = names_find(f->names, buf_str(&name), name.len);
    buf_fini(&name);
    return found;
}
