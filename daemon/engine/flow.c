#include "engine/flow_step.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/gsm.h"
#include "base/log.h"
#include "engine/session_move.h"
#include "menu/render.h"

#define FLOW_MEM_MAX 65536              /* texts of a step's effects */
#define FLOW_UNSEEN_MS (10 * 60 * 1000) /* so long a case's last page is shown first on the next dial */

/* --- effects ---------------------------------------------------------------------------- */

void flow_out_init(struct flow_out *out)
{
    memset(out, 0, sizeof *out);
    buf_init(&out->mem, FLOW_MEM_MAX);
    buf_init(&out->mark.values, SESSION_VALUES_MAX);
    buf_init(&out->typed, 4 * EVENT_TEXT_MAX);
    buf_init(&out->value, SESSION_VALUES_MAX);
    buf_init(&out->text, SESSION_VALUES_MAX);
    buf_init(&out->rows, FLOW_ROWS_MAX);
    flow_tape_init(&out->tape);
}

void flow_out_fini(struct flow_out *out)
{
    buf_fini(&out->mem);
    buf_fini(&out->mark.values);
    buf_fini(&out->typed);
    buf_fini(&out->value);
    buf_fini(&out->text);
    buf_fini(&out->rows);
    flow_tape_fini(&out->tape);
}

static void flow_out_clear(struct flow_out *out)
{
    out->case_count = out->message_count = out->audit_count = out->order_count = 0;
    out->lang_changed = out->fruitless = out->moved = out->resumed = out->dialled = out->paid = false;
    out->moves = 0;
    out->hooks = 0;
    out->undialled = false;
    buf_clear(&out->mem);
}

/* The texts have stopped growing: point to them. */
static enum flow_result flow_settle(struct flow *f, enum flow_result r)
{
    struct flow_out *out = f->out;
    const char *mem = buf_str(&out->mem);

    for (int i = 0; i < out->case_count; i++) {
        out->cases[i].fields = mem + out->case_at[i].fields;
        out->cases[i].contact = mem + out->case_at[i].contact;
        out->cases[i].place = mem + out->case_at[i].place;
        out->cases[i].secrets = out->case_at[i].secrets != SIZE_MAX ? mem + out->case_at[i].secrets : NULL;
    }
    for (int i = 0; i < out->audit_count; i++)
        out->audits[i].fields = mem + out->audit_at[i];
    for (int i = 0; i < out->order_count; i++)
        for (int k = 0; k < FLOW_ORDER_TEXTS; k++)
            out->orders[i].texts[k] = mem + out->order_at[i][k];
    for (int i = 0; i < out->message_count; i++) {
        out->messages[i].cause = mem + out->message_at[i].cause;
        out->messages[i].receiver = mem + out->message_at[i].receiver;
        out->messages[i].text = mem + out->message_at[i].text;
    }
    if (r == FLOW_REPLY) {
        f->s->dealt |= out->case_count + out->order_count > 0 || out->paid;
        flow_drop_pins(f->s);
        flow_tape_end(f);
    }
    return r;
}

static void flow_was_name(char *to, size_t size, const char *name)
{
    size_t n = strnlen(name, size - 1);

    memcpy(to, name, n);
    to[n] = '\0';
}

static void flow_was(const struct session *s, struct flow_was *was)
{
    bool shows = s->event_count > 0 && s->menu != NULL && s->screen != MENU_NONE;

    was->stood = shows && s->mode != SESSION_ENDED && !s->reply_end;
    was->dealt = s->dealt;
    was->mode = s->mode;
    was->seen = s->seen;
    flow_was_name(was->screen, sizeof was->screen, shows ? s->menu->screens[s->screen].name : "");
    flow_was_name(was->lang, sizeof was->lang, shows ? s->menu->langs[s->lang].id : "");
}

/* --- one step ------------------------------------------------------------------------------ */

static const char *flow_yesno(bool yes)
{
    return yes ? "yes" : "no";
}

static bool flow_is_alert(const struct flow *f)
{
    return f->env->alert != NULL && f->env->alert->count > 0;
}

bool flow_is_free(const struct flow *f)
{
    return flow_is_alert(f) && f->env->alert->free;
}

/* In her language, else in the one that it shows, else in any. */
static const char *flow_alert_words(const struct flow_alert *a, const struct menu *m, int written)
{
    const struct menu_lang *lang = &m->langs[written];
    const char *shows = m->langs[lang->shows].id;
    const char *found = NULL;

    if (a == NULL || a->count == 0)
        return NULL;
    for (int i = 0; i < a->count; i++) {
        const struct flow_alert_text *t = &a->texts[i];

        if (strcmp(t->lang, lang->id) == 0)
            return t->text;
        if (strcmp(t->lang, shows) == 0)
            found = t->text;
    }
    return found != NULL ? found : a->texts[0].text;
}

static const char *flow_person_text(const struct flow *f)
{
    static const char *const digits[] = { "0", "1", "2", "3", "4", "5", "6", "7", "8", "9" };
    static char many[8];
    int person = flow_person(f);

    if (person >= 0 && person < 10)
        return digits[person];
    (void)snprintf(many, sizeof many, "%d", person);
    return many;
}

static const char *flow_get(const void *arg, int var, size_t *len)
{
    const struct flow *f = arg;
    const struct session *s = f->s;
    const char *text = NULL;

    switch (var) {
    case MENU_VAR_MSISDN:
        text = s->msisdn;
        break;
    case MENU_VAR_LANG:
        text = s->menu->langs[s->lang].id;
        break;
    case MENU_VAR_KNOWN:
        text = flow_yesno(s->lang_known);
        break;
    case MENU_VAR_CODE:
        text = s->code;
        break;
    case MENU_VAR_LINK:
        text = f->env->link;
        break;
    case MENU_VAR_IS_AGENT:
        text = flow_yesno(s->agent != NULL);
        break;
    case MENU_VAR_AGENT_NAME:
        text = s->agent;
        break;
    case MENU_VAR_AGENT_CENTRE:
        text = s->agent != NULL ? session_agent_centre(s) : NULL;
        break;
    case MENU_VAR_ALERT_ON:
        text = flow_yesno(flow_is_alert(f));
        break;
    case MENU_VAR_ALERT_TEXT:
        text = flow_alert_words(f->env->alert, s->menu, s->lang);
        break;
    case MENU_VAR_ALERT_FREE:
        text = flow_yesno(flow_is_free(f));
        break;
    case MENU_VAR_PIN:
        text = flow_yesno(flow_pin_shown(f));
        break;
    case MENU_VAR_SHARED:
        text = flow_yesno(s->shared);
        break;
    case MENU_VAR_PERSON:
        text = flow_person_text(f);
        break;
    case MENU_VAR_CONSENT:
        text = f->code;
        break;
    default:
        return session_get(s, var, len);
    }
    *len = text != NULL ? strlen(text) : 0;
    return text;
}

/* f must not move while it is used: the scope points to it. */
static void flow_start(struct flow *f, const struct flow_env *env, struct session *s, struct flow_out *out)
{
    *f = (struct flow){ .env = env, .s = s, .out = out };
    f->scope = (struct expr_scope){ .get = flow_get, .arg = f };
    if (s->menu == NULL)
        s->menu = env->menu;
    flow_rescope(f);
}

/* What is written out in: hers, or what it shows where it may not stand in an SMS. */
static int flow_written(const struct flow *f)
{
    const struct menu_lang *lang = &f->s->menu->langs[f->s->lang];

    return f->env->limits->texts && !lang->sms ? lang->shows : f->s->lang;
}

void flow_rescope(struct flow *f)
{
    f->scope.menu = f->s->menu;
    f->scope.lang = flow_written(f);
    f->scope.today = clock_day(f->env->now, f->s->menu->utc_offset_min);
}

void flow_lang_set(struct flow *f, int lang)
{
    f->s->lang = lang;
    f->scope.lang = flow_written(f);
}

void flow_complain(const struct flow *f, const char *event, const char *what)
{
    char mask[LOG_MASK_SIZE];

    log_err("msisdn=%s event=%s screen=%s what=\"%s\"", log_mask(mask, f->s->msisdn), event,
            f->s->menu->screens[f->out->waiting_screen].name, what);
}

/* --- a dial ---------------------------------------------------------------------------------- */

/* The new dialogue runs under the newest menus; her language is the one with
 * the same name. */
static void flow_restart(struct flow *f)
{
    struct session *s = f->s;
    const char *lang = s->menu->langs[s->lang].id;
    int same = s->menu == f->env->menu ? s->lang : menu_lang_find(f->env->menu, lang);

    s->lang_known = s->lang_known && same >= 0;
    s->lang = s->lang_known ? same : 0;
    session_restart(s, f->env->menu);
    flow_rescope(f);
    flow_mark(f);
}

static bool flow_is_retired(const struct flow *f)
{
    return f->env->plan != NULL && f->s->menu == session_plan_from(f->env->plan);
}

/* Her generation was retired: she goes on under the present one, from the same
 * question or an earlier one. */
static enum session_moved flow_change(struct flow *f)
{
    static const char *const names[SESSION_MOVES] = { "same", "earlier", "none" };
    struct session *s = f->s;
    enum session_moved moved;
    char mask[LOG_MASK_SIZE];

    if (!flow_is_retired(f))
        return SESSION_STAYED;
    moved = session_move(f->env->plan, s);
    if (moved != SESSION_STAYED)
        flow_tape_say(f, FLOW_TAPE_MOVED, NULL, 0);
    flow_rescope(f);
    f->out->moved = true;
    log_debug("msisdn=%s event=moved screen=%s", log_mask(mask, s->msisdn), names[moved]);
    return moved;
}

/* From the start, or along s->path. */
static enum flow_result flow_fresh(struct flow *f)
{
    const struct menu *m;

    flow_restart(f);
    flow_tape_fresh(f);
    m = f->s->menu;
    if (f->s->path.len > 0)
        flow_path_begin(f);
    else if (m->alert != MENU_NONE && flow_is_alert(f))
        flow_enter(f, m->alert);
    else
        flow_enter(f, !f->s->lang_known && m->first != MENU_NONE ? m->first : m->start);
    return flow_run(f);
}

/* A citizen's work waits a while; an agent goes from one centre's day to the next. */
static int64_t flow_resume_ms(const struct session *s)
{
    return s->agent != NULL ? s->menu->resume_agents_ms : s->menu->resume_ms;
}

/* In the middle of something that may be shown to whoever dials: of what one of several persons was doing, neither
 * what stood behind her PIN nor what she had typed before it. */
static bool flow_is_midway(const struct session *s)
{
    if (s->shared && (flow_pin_was_shown(s) || s->values.packed.len > 0))
        return false;
    return s->mode != SESSION_ENDED && s->screen != MENU_NONE && !s->menu->screens[s->screen].secret &&
           (s->depth > 0 || s->values.packed.len > 0);
}

/* Dropped in the middle, and not too long ago. */
static bool flow_is_resumable(const struct session *s, const struct event *ev)
{
    return flow_is_midway(s) && ev->at - s->at <= flow_resume_ms(s);
}

/* The page with her case's number may not have reached her: show it before
 * anything else, or she would file again. */
static bool flow_is_unseen(const struct session *s, const struct event *ev)
{
    return s->mode == SESSION_ENDED && s->unseen && s->reply.len > 0 && ev->at - s->ended <= FLOW_UNSEEN_MS &&
           ev->at - s->ended <= flow_resume_ms(s);
}

/* rest: what she dialled behind the code. */
static enum flow_result flow_dialled(struct flow *f, const struct event *ev, const char *rest, size_t n)
{
    struct session *s = f->s;
    bool unseen = flow_is_unseen(s, ev);
    bool resumable = flow_is_resumable(s, ev);

    flow_tape_begin(f, FLOW_TAPE_DIAL);
    flow_remember(f, ev);
    s->began = ev->at;
    s->dealt = false;
    if (unseen) {
        f->out->tape.on = false;        /* the page of a dialogue that is over */
        return FLOW_REPLY;
    }
    if (resumable)
        resumable = flow_change(f) != SESSION_LOST && flow_is_midway(s);
    flow_path_set(s, rest, n);
    if (!resumable || (n > 0 && !s->typed))
        return flow_fresh(f);
    s->tries = 0;
    flow_say_resume(f, false);
    return FLOW_REPLY;
}

/* The part of a dialled string behind the code; "" when it is the code alone. */
static enum flow_result flow_on_dial(struct flow *f, const struct event *ev)
{
    const char *code;
    const char *rest = "";
    size_t n = 0;

    if (ev->joined && ev->kind == EVENT_ANSWER && !flow_same_ref(f->s, ev))
        return flow_dialled(f, ev, ev->text, ev->text_len);
    if (ev->kind == EVENT_BEGIN && !menu_code_match(f->env->menu, ev->text, ev->text_len, &code, &rest, &n) &&
        !menu_code_match(f->env->menu, ev->code, strlen(ev->code), &code, &rest, &n))
        n = 0;
    return flow_dialled(f, ev, rest, n);
}

/* --- an answer --------------------------------------------------------------------------------- */

/* Tries are over: a polite end, and whom to call. */
static enum flow_result flow_wrong(struct flow *f, enum session_remark remark)
{
    struct session *s = f->s;

    f->out->fruitless = true;
    s->tries++;
    if (s->tries >= s->menu->tries) {
        session_unset_all(s);
        s->mode = SESSION_ENDED;
        flow_say(f, MENU_WORD_TOO_MANY, true);
        return FLOW_REPLY;
    }
    if (s->mode == SESSION_ASKS_RESUME) {
        flow_say_resume(f, true);
        return FLOW_REPLY;
    }
    s->remark = remark;
    return flow_again(f);
}

/* s->screen comes forward again; the start is entered, for it may only act. */
static enum flow_result flow_stand(struct flow *f)
{
    if (f->s->screen != f->s->menu->start)
        return flow_again(f);
    flow_enter(f, f->s->screen);
    return flow_run(f);
}

/* Key 0: one screen back; behind the first one lies the end.  At "Continue?" she
 * leaves without a choice, and is asked again next time. */
static enum flow_result flow_on_back(struct flow *f)
{
    struct session *s = f->s;

    if (s->mode != SESSION_ASKS_RESUME && s->depth == 0 && s->page > 0)
        return flow_again(f);           /* its hint is "back": to the first page */
    if (s->mode == SESSION_ASKS_RESUME || s->depth == 0) {
        if (s->mode != SESSION_ASKS_RESUME) {
            s->mode = SESSION_ENDED;
            session_unset_all(s);
        }
        flow_say(f, MENU_WORD_BYE, true);
        return FLOW_REPLY;
    }
    s->screen = s->stack[--s->depth];
    session_forget_calls(s, s->depth);
    s->tries = 0;
    s->remark = SESSION_PLAIN;
    return flow_stand(f);
}

static enum flow_result flow_on_start(struct flow *f)
{
    buf_clear(&f->s->path);
    flow_restart(f);
    flow_enter(f, f->s->menu->start);
    return flow_run(f);
}

/* By text message, the next one that she has not before her. */
static void flow_lang_next(struct flow *f)
{
    struct session *s = f->s;
    int was = f->env->limits->texts ? f->scope.lang : MENU_NONE;

    for (int i = 0; i < s->menu->lang_count; i++) {
        flow_lang_set(f, (s->lang + 1) % s->menu->lang_count);
        if (f->scope.lang == s->lang && s->lang != was)
            break;
    }
    s->lang_known = true;
    f->out->lang_changed = true;
}

/* Key *: the same screen in the next language. */
static enum flow_result flow_on_script(struct flow *f)
{
    struct session *s = f->s;

    flow_lang_next(f);
    if (s->mode != SESSION_ASKS_RESUME)
        return flow_again(f);
    flow_say_resume(f, false);
    return FLOW_REPLY;
}

/* Keys of the handset, as the page that she saw names them. */
enum flow_key { FLOW_NO_KEY = 0, FLOW_BACK, FLOW_START, FLOW_SCRIPT, FLOW_MORE, FLOW_KEYS };

static bool flow_is_typed(const struct buf *answer, const char *key)
{
    return strcmp(buf_str(answer), key) == 0;
}

static enum flow_key flow_key_of(const struct menu *m, const struct buf *answer)
{
    if (flow_is_typed(answer, m->key_back))
        return FLOW_BACK;
    if (flow_is_typed(answer, m->key_start))
        return FLOW_START;
    if (flow_is_typed(answer, m->key_script))
        return FLOW_SCRIPT;
    return flow_is_typed(answer, m->key_more) ? FLOW_MORE : FLOW_NO_KEY;
}

static enum flow_result flow_answer_resume(struct flow *f, const struct buf *answer)
{
    struct session *s = f->s;

    flow_tape_number(f, buf_str(answer), answer->len);

    if (flow_is_typed(answer, "2"))
        return flow_fresh(f);
    if (!flow_is_typed(answer, "1"))
        return flow_wrong(f, SESSION_CHOOSE);
    f->out->resumed = true;
    buf_clear(&s->path);
    s->mode = SESSION_AT_SCREEN;
    s->tries = 0;
    s->remark = SESSION_PLAIN;
    return flow_stand(f);
}

static enum flow_result flow_misfit(struct flow *f)
{
    const struct session *s = f->s;

    return flow_wrong(f, s->mode == SESSION_AT_SCREEN && s->menu->screens[s->screen].input.var != MENU_NONE
                             ? SESSION_WRONG : SESSION_CHOOSE);
}

static enum flow_result flow_answer_screen(struct flow *f, const struct buf *answer)
{
    const struct menu_screen *screen = &f->s->menu->screens[f->s->screen];
    enum flow_fit fit = flow_feed(f, buf_str(answer), answer->len);

    flow_tape_answer(f, screen, buf_str(answer), answer->len, fit);
    switch (fit) {
    case FLOW_FITS:
    case FLOW_CHOSE:
        return flow_run(f);
    case FLOW_COPIED:
        flow_tape_say(f, FLOW_TAPE_EXAMPLE, NULL, 0);
        return flow_wrong(f, SESSION_COPIED);
    case FLOW_WRONG:
        break;
    }
    return flow_misfit(f);
}

/* Key 9: the next page.  Where there is no more, it is an answer like any other. */
static bool flow_on_more(struct flow *f)
{
    return f->s->mode == SESSION_AT_SCREEN && flow_show(f, f->s->page + 1);
}

/* answer NULL: too long for one. */
static enum flow_result flow_on_key(struct flow *f, enum flow_key key, const struct buf *answer)
{
    switch (key) {
    case FLOW_BACK:
        return flow_on_back(f);
    case FLOW_START:
        return flow_on_start(f);
    case FLOW_SCRIPT:
        return flow_on_script(f);
    case FLOW_MORE:
        if (flow_on_more(f))
            return FLOW_REPLY;
        break;
    case FLOW_NO_KEY:
    case FLOW_KEYS:
        break;
    }
    if (answer == NULL)
        return flow_misfit(f);
    return f->s->mode == SESSION_ASKS_RESUME ? flow_answer_resume(f, answer) : flow_answer_screen(f, answer);
}

/* Does she ask for what can be done wherever she stands: to leave, to begin anew? */
static bool flow_is_away(const struct session *s, enum flow_key key, const struct buf *answer)
{
    bool asks_resume = s->mode == SESSION_ASKS_RESUME;

    return key == FLOW_START || (key == FLOW_BACK && (asks_resume || (s->depth == 0 && s->page == 0))) ||
           (asks_resume && answer != NULL && flow_is_typed(answer, "2"));
}

/*
 * The first keypress after her generation was retired.  It answers the page that
 * she saw, of the old menus: its keys are theirs, and it is taken as an answer
 * only where the present menus ask the same.  Else she is shown where she is
 * now.  A page that had a next one is followed by the new one's.
 */
static enum flow_result flow_on_retired(struct flow *f, enum flow_key key, const struct buf *answer)
{
    struct session *s = f->s;
    bool away = flow_is_away(s, key, answer);
    bool more = key == FLOW_MORE && flow_on_more(f);
    enum session_moved moved;

    if (more && s->mode == SESSION_ENDED)
        return FLOW_REPLY;              /* the last page of an end */
    moved = flow_change(f);
    flow_mark(f);
    if (away)
        return flow_on_key(f, key, answer);
    if (key == FLOW_SCRIPT && moved != SESSION_STAYED)
        flow_lang_next(f);
    if (moved == SESSION_LOST)
        return flow_on_start(f);
    if (moved == SESSION_WENT_BACK && s->mode == SESSION_AT_SCREEN)
        return flow_stand(f);
    if (more) {
        (void)flow_show(f, s->page);
        return FLOW_REPLY;
    }
    return flow_on_key(f, key == FLOW_MORE ? FLOW_NO_KEY : key, answer);
}

/* What she typed, without the answers that an aggregator repeats in front of it;
 * false when it is too long for an answer. */
static bool flow_typed(const struct event *ev, size_t joined_len, struct buf *answer)
{
    size_t from = !ev->joined ? 0 : joined_len > 0 ? joined_len + 1 : 0;
    bool fits = (ev->joined ? ev->text_len - joined_len : ev->text_len) <= EVENT_TEXT_MAX;

    buf_clear(answer);
    if (fits && from < ev->text_len)
        gsm_answer(answer, ev->text + from, ev->text_len - from);
    return fits;
}

static enum flow_result flow_on_answer(struct flow *f, const struct event *ev)
{
    struct session *s = f->s;
    struct buf *typed = &f->out->typed;
    const struct buf *answer = flow_typed(ev, s->joined_len, typed) ? typed : NULL;
    enum flow_key key = flow_key_of(s->menu, typed);

    flow_remember(f, ev);
    flow_mark(f);
    if (key != FLOW_NO_KEY)
        flow_tape_say(f, FLOW_TAPE_TYPED, buf_str(typed), typed->len);
    return flow_is_retired(f) ? flow_on_retired(f, key, answer) : flow_on_key(f, key, answer);
}

/* --- a text message ---------------------------------------------------------------------------- */

/* A dialogue by text messages has no end of its own but those of the menus: it
 * waits for an answer as long as a dropped one can be continued. */
static bool flow_is_waiting(const struct session *s, const struct event *ev)
{
    return s->event_count > 0 && s->mode != SESSION_ENDED && s->screen != MENU_NONE &&
           ev->at - s->at <= flow_resume_ms(s);
}

/* Free text may begin with any word. */
static bool flow_asks_text(const struct session *s)
{
    const struct menu_input *input = &s->menu->screens[s->screen].input;

    return s->mode == SESSION_AT_SCREEN && input->var != MENU_NONE && input->type->kind == MENU_TYPE_TEXT;
}

static void flow_text_remember(struct flow *f, const struct event *ev)
{
    flow_remember(f, ev);
    f->s->began = ev->at;
    flow_path_set(f->s, "", 0);
}

/* The values are there: as if she had answered so far. */
static enum flow_result flow_by_keyword(struct flow *f, const struct event *ev, const struct flow_filled *filled)
{
    struct session *s = f->s;

    flow_text_remember(f, ev);
    flow_restart(f);
    flow_tape_fresh(f);
    flow_enter(f, s->menu->start);
    s->screen = s->menu->start;         /* key 0 leads there */
    for (int i = 0; i < filled->keyword->fill_count; i++)
        f->broken |= !session_set(s, filled->keyword->fills[i], filled->values->data + filled->at[i],
                                  strlen(filled->values->data + filled->at[i]));
    s->typed = true;
    flow_enter(f, filled->keyword->to);
    return flow_run(f);
}

/* How the message is written.  A dialogue that waits for an answer waits on. */
static enum flow_result flow_help(struct flow *f, const struct event *ev, const struct menu_keyword *k,
                                  enum flow_fit fit)
{
    struct session *s = f->s;
    bool waits = flow_is_waiting(s, ev);

    f->out->fruitless = true;
    flow_remember(f, ev);
    if (!waits && s->screen != MENU_NONE) {
        s->mode = SESSION_ENDED;
        session_unset_all(s);
    }
    flow_say_help(f, k, fit);
    s->reply_end = !waits;
    return FLOW_REPLY;
}

/* A keyword begins anew, wherever she stands; else it is the answer to the
 * question that is out; else it asks for the start. */
static enum flow_result flow_on_text(struct flow *f, const struct event *ev)
{
    struct session *s = f->s;
    struct flow_filled filled;
    bool waits = flow_is_waiting(s, ev);
    enum flow_fit fit;

    if (flow_typed(ev, 0, &f->out->typed) && flow_keyword(f, &f->out->typed, &filled)) {
        fit = flow_fill(f, &filled);
        if (fit == FLOW_FITS)
            return flow_by_keyword(f, ev, &filled);
        if (!waits || !flow_asks_text(s))
            return flow_help(f, ev, filled.keyword, fit);
    }
    if (waits)
        return flow_on_answer(f, ev);
    f->out->fruitless = true;
    flow_text_remember(f, ev);
    return flow_fresh(f);
}

enum flow_result flow_event(const struct flow_env *env, struct session *s, const struct event *ev,
                            struct flow_out *out)
{
    struct flow f;
    enum flow_sense sense;

    flow_out_clear(out);
    flow_was(s, &out->was);
    flow_start(&f, env, s, out);
    flow_tape_begin(&f, FLOW_TAPE_ANSWER);
    sense = flow_sense(&f, ev);
    out->dialled = sense == FLOW_NEW_DIAL;
    switch (sense) {
    case FLOW_IS_REPEAT:
        return FLOW_REPEAT;
    case FLOW_IS_STALE:
        return FLOW_DROP;
    case FLOW_IS_ABORT:
        return FLOW_CLOSE;
    case FLOW_NEW_DIAL:
    case FLOW_NEW_ANSWER:
        break;
    }
    if (env->limits->texts)
        return flow_settle(&f, flow_on_text(&f, ev));
    if (sense == FLOW_NEW_DIAL)
        return flow_settle(&f, flow_on_dial(&f, ev));
    return flow_settle(&f, flow_on_answer(&f, ev));
}

enum flow_result flow_answer(const struct flow_env *env, struct session *s, const struct flow_rows *rows,
                             struct flow_out *out)
{
    struct flow f;

    flow_start(&f, env, s, out);
    if (rows->often)
        return flow_settle(&f, flow_often(&f));
    f.broken = flow_answered(&f, rows) == FLOW_BROKEN;
    return flow_settle(&f, flow_run(&f));
}

/* --- beside the steps ------------------------------------------------------------------------- */

void flow_busy(const struct flow_env *env, int lang, struct buf *out)
{
    const struct expr_scope scope = { .menu = env->menu, .lang = lang };

    render_word(&scope, MENU_WORD_BUSY, env->menu->helpline, out);
}

static bool flow_warn_fits(const struct event_limits *limits, const char *text, size_t n)
{
    struct gsm_cost cost = gsm_cost(text, n);

    if (limits->texts)
        return true;
    if (cost.septets >= 0)
        return limits->septets == 0 || cost.septets <= limits->septets;
    return limits->units == 0 || cost.units <= limits->units;
}

bool flow_warn(const struct flow_env *env, int lang, struct buf *out)
{
    const char *text = flow_alert_words(env->alert, env->menu, lang);
    size_t n;

    if (text == NULL)
        return false;
    for (n = strlen(text); n > 0 && !flow_warn_fits(env->limits, text, n);)
        for (n--; n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80;)
            n--;
    buf_add(out, text, n);
    return n > 0;
}

void flow_seen(struct session *s)
{
    s->unseen = false;
}
