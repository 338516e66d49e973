#include "app/officers.h"

#include <assert.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "app/desk.h"
#include "app/digests.h"
#include "app/generations.h"
#include "app/secret.h"
#include "app/throttle.h"
#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/event.h"
#include "base/log.h"
#include "base/stats.h"
#include "engine/docket.h"
#include "engine/notice.h"
#include "engine/officer.h"
#include "engine/officer_words.h"
#include "engine/rolling.h"
#include "engine/verdict.h"
#include "menu/said.h"
#include "store/cases.h"
#include "store/officers.h"
#include "store/store.h"

#define OFFICERS_ITEMS_MAX 256          /* messages under way */
#define OFFICERS_AGAIN_MAX 200          /* times that one is begun anew while the database answers */
#define OFFICERS_AHEAD 20               /* codes that she may have left out; RFC 4226 7.4: the window s */
#define OFFICERS_BEHIND 200             /* used ones that are still known for such */
/* RFC 6238 5.2 advises one step for the network's delay; a text message may take minutes */
#define OFFICERS_STEPS_BEHIND 20
#define OFFICERS_STEPS_AHEAD 1
#define OFFICERS_TRIES 5                /* RFC 4226 7.3 */
#define OFFICERS_LOCK_MS (24 * 3600 * INT64_C(1000))
#define OFFICERS_PENDING_MS (15 * 60 * INT64_C(1000))
#define OFFICERS_TEXT_MAX 4000          /* octets: a list of replies in Bengali */
#define OFFICERS_NAME_SIZE 128

/* What of an officer's row is needed after it was read. */
struct officers_who {
    int id, epoch, desk, next;
    int64_t counter;
    enum store_codes codes;
    char name[OFFICERS_NAME_SIZE], agency[64], place[16], lang[4];
};

/*
 * One message: whose is it, is its code hers, what does it ask, may it be done,
 * use the code, do it, answer.  Each of these asks the store or the desk and goes
 * on in the callback; what is lost on the way begins anew.
 */
struct officers_item {
    TAILQ_ENTRY(officers_item) link;
    struct officers *owner;
    void *waiter;
    bool again;                         /* begin anew at the next tick */
    int tries;
    int64_t at;
    char msisdn[EVENT_MSISDN_MAX], cause[64], by[64];
    struct officer_command typed, command;      /* as written; what is to be done */
    struct officers_who who;
    int64_t counter;                    /* of her code; -1 none */
    char key[64];
    char from[64], to[64], note[CASEFILE_NOTE_MAX + 1];
    int reply;                          /* NEED, NO: of the service's list; 0 none */
    int target;                         /* FWD: desk */
    char target_msisdn[EVENT_MSISDN_MAX], target_name[OFFICERS_NAME_SIZE], target_lang[4];
    struct store_officer_done done;
    struct store_case_to case_to;
};
TAILQ_HEAD(officers_items, officers_item);

struct officers {
    struct store *store;
    struct desk *desk;
    struct generations *generations;
    const struct officers_ops *ops;
    void *arg;
    unsigned char key[ROLLING_SECRET_SIZE];
    bool keyed;
    struct throttle *throttle;
    struct digests *digests;
    struct officers_items items;
    int count;
    struct buf text, words;             /* scratch: the answer; a part of it */
};

static void officers_begin(struct officers_item *i);

/* --- life of an item ----------------------------------------------------------------------- */

static void officers_drop(struct officers_item *i)
{
    TAILQ_REMOVE(&i->owner->items, i, link);
    i->owner->count--;
    free(i);
}

static void officers_end(struct officers_item *i, void (*told)(void *arg, void *waiter))
{
    void *waiter = i->waiter;
    void *arg = i->owner->arg;

    officers_drop(i);
    told(arg, waiter);
}

static void officers_again(struct officers_item *i)
{
    char mask[LOG_MASK_SIZE];

    if (++i->tries < OFFICERS_AGAIN_MAX) {
        i->again = true;
        return;
    }
    log_err("msisdn=%s event=officer_given_up tries=%d next=unanswered", log_mask(mask, i->msisdn), i->tries);
    officers_end(i, i->owner->ops->answered);
}

static struct store_officer_done *officers_back(struct officers_item *i, store_officer_fn fn)
{
    i->done = (struct store_officer_done){ .fn = fn, .arg = i };
    return &i->done;
}

/* --- answers ---------------------------------------------------------------------------------- */

static void officers_on_said(void *arg, uint64_t ticket, const struct store_officer_answer *a)
{
    struct officers_item *i = arg;

    (void)ticket;
    if (a->lost)
        officers_again(i);
    else
        officers_end(i, i->owner->ops->answered);
}

/* o->text is the answer. */
static void officers_send(struct officers_item *i)
{
    struct officers *o = i->owner;
    const struct store_message m = {
        .cause = i->cause, .receiver = i->msisdn, .link = i->by, .lang = i->who.lang, .class = "transactional",
        .text = buf_str(&o->text), .due = clock_now(),
    };

    stats_inc(officers_answered);
    store_officer_say(o->store, &m, officers_back(i, officers_on_said));
}

static void officers_code_of(const struct officers_item *i, int64_t counter, char code[ROLLING_DIGITS + 1])
{
    unsigned char secret[ROLLING_SECRET_SIZE];

    rolling_secret(i->owner->key, i->msisdn, i->who.epoch, secret);
    rolling_code(secret, counter, code);
    sodium_memzero(secret, sizeof secret);
}

static void officers_add(struct officers_item *i, enum officer_word word, const struct officer_values *v)
{
    struct buf *out = &i->owner->text;

    if (out->len > 0)
        buf_addc(out, '\n');
    officer_say(out, i->who.lang, word, v);
}

/* Which code is the next one, or it itself. */
static void officers_add_next(struct officers_item *i)
{
    static const enum officer_word words[STORE_CODES] = { OFFICER_WORD_NEXT_LIST, OFFICER_WORD_NEXT_SMS,
                                                          OFFICER_WORD_NEXT_TIME };
    char code[ROLLING_DIGITS + 1];
    const struct officer_values v = { .n = (int)i->who.counter, .code = code };

    officers_code_of(i, i->who.counter, code);
    if (i->who.codes != STORE_CODES_TIME || i->command.verb == OFFICER_CODE)
        officers_add(i, words[i->who.codes], &v);
}

static void officers_tell(struct officers_item *i, enum officer_word word, const struct officer_values *v)
{
    buf_clear(&i->owner->text);
    officers_add(i, word, v);
    officers_send(i);
}

/* Of her command's case, with s. */
static void officers_tell_case(struct officers_item *i, enum officer_word word, const char *s)
{
    const struct officer_values v = { .no = i->command.number, .s = s };

    officers_tell(i, word, &v);
}

/* --- what a case says ---------------------------------------------------------------------------- */

/* A state in her language, in o->words; e NULL: where it stands now. */
static const char *officers_state(struct officers_item *i, const struct menu *m, const struct casefile *f,
                                  const struct casefile_event *e)
{
    struct buf *out = &i->owner->words;

    buf_clear(out);
    docket_state(m, f, e, i->who.lang, out);
    return buf_str(out);
}

static void officers_show(struct officers_item *i, const struct menu *m, const struct casefile *f)
{
    struct buf *out = &i->owner->words;
    struct officer_values v = { .no = f->number };

    buf_clear(out);
    docket_print(m, f, i->who.lang, out);
    if (f->due != 0)
        officer_say_waiting(out, i->who.lang, f->number, f->due, clock_now());
    v.s = buf_str(out);
    officers_tell(i, OFFICER_WORD_SHOWN, &v);
}

/* The menus that know a case; NULL: they are not there, or (*fetched) come soon. */
static const struct menu *officers_menu(struct officers *o, const struct casefile *f, bool *fetched)
{
    const struct menu *m = generations_current(o->generations);
    bool missing;

    *fetched = false;
    if (desk_knows(m, f))
        return m;
    m = generations_find(o->generations, f->generation, &missing);
    if (m != NULL)
        return desk_knows(m, f) ? m : NULL;
    if (!missing && f->generation != 0) {
        store_sources(o->store, f->generation);
        *fetched = true;
    }
    return NULL;
}

/* What her word may be followed by, where the service has a list of it. */
static void officers_tell_replies(struct officers_item *i, const struct menu *m, const struct menu_state *state)
{
    struct buf *out = &i->owner->text;
    const struct officer_values v = { .no = i->command.number };
    int lang = notice_lang(m, i->who.lang);

    buf_clear(out);
    officers_add(i, OFFICER_WORD_REPLIES, &v);
    for (int k = 0; k < state->reply_count; k++) {
        struct gsm_cost cost;
        size_t n = 0;
        const char *words = said_words(state->replies[k].text, lang, &n, &cost);

        buf_addf(out, "\n%s %d: %.*s", officer_verb_name(i->command.verb), state->replies[k].number, (int)n, words != NULL ? words : "");
    }
    officers_send(i);
}

/* --- doing it ----------------------------------------------------------------------------------- */

static void officers_on_forwarded(void *arg, uint64_t ticket, const struct store_officer_answer *a);

static void officers_done(struct officers_item *i, const struct menu *m, const struct desk_answer *a)
{
    const struct officer_values v = {
        .no = i->command.number, .n = i->target,
        .s = i->command.verb == OFFICER_FORWARD ? i->target_name : officers_state(i, m, a->file, &a->event),
    };

    buf_clear(&i->owner->text);
    officers_add(i, i->command.verb == OFFICER_FORWARD ? OFFICER_WORD_FORWARDED
                    : a->outcome == DESK_REPEATED      ? OFFICER_WORD_BEFORE
                                                       : OFFICER_WORD_DONE, &v);
    officers_add_next(i);
    if (i->command.verb == OFFICER_FORWARD)
        store_officer_forward(i->owner->store, i->command.number, i->who.agency, i->target, a->event.seq,
                              officers_back(i, officers_on_forwarded));
    else
        officers_send(i);
}

static void officers_on_ordered(void *arg, uint64_t ticket, const struct desk_answer *a)
{
    struct officers_item *i = arg;
    bool fetched;
    const struct menu *m = a->file != NULL ? officers_menu(i->owner, a->file, &fetched) : NULL;

    (void)ticket;
    switch (a->outcome) {
    case DESK_DONE:
    case DESK_REPEATED:
        officers_done(i, m != NULL ? m : generations_current(i->owner->generations), a);
        return;
    case DESK_NO_CASE:
        officers_tell_case(i, OFFICER_WORD_NO_CASE, "");
        return;
    case DESK_NO_STATE:
    case DESK_NOT_NOW:
    case DESK_NOT_YOURS:
        officers_tell_case(i, OFFICER_WORD_NOT_NOW, m != NULL ? officers_state(i, m, a->file, NULL) : a->file->state);
        return;
    case DESK_NO_REPLY:                 /* the menus changed since it was judged */
        if (m != NULL && a->replies != NULL && a->replies->reply_count > 0) {
            officers_tell_replies(i, m, a->replies);
            return;
        }
        officers_tell_case(i, OFFICER_WORD_BAD_VALUE, "");
        return;
    case DESK_NO_FIELD:
    case DESK_BAD_ORDER:
        officers_tell_case(i, OFFICER_WORD_BAD_VALUE, "");
        return;
    case DESK_NO_MENUS:
        officers_tell_case(i, OFFICER_WORD_NO_MENUS, "");
        return;
    case DESK_AWAY:
        officers_again(i);
        return;
    case DESK_OUTCOMES:
        break;
    }
    abort();
}

/* The case lies on the other desk: its officer is told too, once. */
static void officers_on_other_told(void *arg, uint64_t ticket, const struct store_officer_answer *a)
{
    struct officers_item *i = arg;
    const struct officer_values v = { .no = i->command.number, .n = i->target, .s = i->target_name };

    (void)ticket;
    if (a->lost) {
        officers_again(i);
        return;
    }
    buf_clear(&i->owner->text);
    officers_add(i, OFFICER_WORD_FORWARDED, &v);
    officers_add_next(i);
    officers_send(i);
}

static void officers_on_forwarded(void *arg, uint64_t ticket, const struct store_officer_answer *a)
{
    struct officers_item *i = arg;
    struct officers *o = i->owner;
    const struct officer_values v = { .no = i->command.number, .s = i->who.name };
    const struct store_message m = { .cause = i->key, .receiver = i->target_msisdn, .link = "", .lang = i->target_lang,
                                     .class = "transactional", .text = "", .due = clock_now() };
    struct store_message told = m;

    (void)ticket;
    if (a->lost) {
        officers_again(i);
        return;
    }
    buf_clear(&o->text);
    officer_say(&o->text, i->target_lang, OFFICER_WORD_YOURS, &v);
    told.text = buf_str(&o->text);
    store_officer_say(o->store, &told, officers_back(i, officers_on_other_told));
}

static void officers_order(struct officers_item *i)
{
    const struct desk_order order = {
        .number = i->command.number, .key = i->key, .kind = DESK_OFFICER, .actor = i->who.name,
        .agency = i->who.agency, .from = i->from[0] != '\0' ? i->from : NULL, .to = i->to, .note = i->note,
        .reply = i->reply, .at = clock_now(),
    };
    const struct desk_done done = { officers_on_ordered, i, 0 };

    desk_order(i->owner->desk, &order, &done);
}

/* --- the code ------------------------------------------------------------------------------------ */

static void officers_on_burnt(void *arg, uint64_t ticket, const struct store_officer_answer *a)
{
    struct officers_item *i = arg;

    (void)ticket;
    if (a->lost) {
        officers_again(i);
        return;
    }
    if (i->who.counter <= i->counter)
        i->who.counter = i->counter + 1;
    if (a->burnt != STORE_BURNT_BEFORE) {
        officers_order(i);
        return;
    }
    buf_clear(&i->owner->text);
    officers_add(i, OFFICER_WORD_USED, &(struct officer_values){ 0 });
    officers_add_next(i);
    officers_send(i);
}

static void officers_burn(struct officers_item *i)
{
    char form[OFFICER_FORM_SIZE];
    const struct store_burn b = { i->msisdn, i->who.epoch, i->counter, form, i->cause, i->at };

    officer_form(&i->command, form);
    store_officer_burn(i->owner->store, &b, officers_back(i, officers_on_burnt));
}

static void officers_on_wrong(void *arg, uint64_t ticket, const struct store_officer_answer *a)
{
    struct officers_item *i = arg;
    const struct officer_values v = { .n = OFFICERS_TRIES - a->officer.tries };
    char mask[LOG_MASK_SIZE];

    (void)ticket;
    if (a->lost) {
        officers_again(i);
        return;
    }
    stats_inc(officers_wrong);
    log_warn("msisdn=%s event=officer_code_wrong locked=%d", log_mask(mask, i->msisdn),
             a->officer.locked_until > i->at);
    officers_tell(i, a->officer.locked_until > i->at ? OFFICER_WORD_LOCKED : OFFICER_WORD_WRONG, &v);
}

/* Which of her codes it is; -1: none.  One that was used already is found too. */
static int64_t officers_counter(const struct officers_item *i, const char *code)
{
    const struct officers_who *w = &i->who;
    int64_t step = rolling_step(i->at);
    unsigned char secret[ROLLING_SECRET_SIZE];
    int64_t found;

    rolling_secret(i->owner->key, i->msisdn, w->epoch, secret);
    if (w->codes == STORE_CODES_TIME) {
        found = rolling_find(secret, step - OFFICERS_STEPS_BEHIND, OFFICERS_STEPS_BEHIND + OFFICERS_STEPS_AHEAD + 1, code);
    } else {
        found = rolling_find(secret, w->counter, OFFICERS_AHEAD, code);
        if (found < 0)
            found = rolling_find(secret, w->counter - OFFICERS_BEHIND, OFFICERS_BEHIND, code);
    }
    sodium_memzero(secret, sizeof secret);
    return found;
}

/* No code yet: keep the command, and say which one is wanted. */
static void officers_on_pended(void *arg, uint64_t ticket, const struct store_officer_answer *a)
{
    static const enum officer_word words[STORE_CODES] = { OFFICER_WORD_CONFIRM_LIST, OFFICER_WORD_CONFIRM_SMS,
                                                          OFFICER_WORD_CONFIRM_TIME };
    struct officers_item *i = arg;
    char form[OFFICER_FORM_SIZE];
    char code[ROLLING_DIGITS + 1];
    const struct officer_values v = { .n = (int)i->who.counter, .s = form, .code = code };

    (void)ticket;
    if (a->lost) {
        officers_again(i);
        return;
    }
    officer_form(&i->command, form);
    officers_code_of(i, i->who.counter, code);
    officers_tell(i, words[i->who.codes], &v);
}

/* It may be done. */
static void officers_go(struct officers_item *i)
{
    char form[OFFICER_FORM_SIZE];

    if (i->counter >= 0) {
        officers_burn(i);
        return;
    }
    officer_form(&i->command, form);
    store_officer_pend(i->owner->store, i->msisdn, form, i->at, officers_back(i, officers_on_pended));
}

/* --- may it be done? ------------------------------------------------------------------------------- */

static void officers_on_desk(void *arg, uint64_t ticket, const struct store_officer_answer *a)
{
    struct officers_item *i = arg;
    const struct officer_values v = { .n = i->target };

    (void)ticket;
    if (a->lost) {
        officers_again(i);
        return;
    }
    if (!a->found) {
        officers_tell(i, OFFICER_WORD_NO_DESK, &v);
        return;
    }
    snprintf(i->target_msisdn, sizeof i->target_msisdn, "%s", a->officer.msisdn);
    snprintf(i->target_name, sizeof i->target_name, "%s", a->officer.name);
    snprintf(i->target_lang, sizeof i->target_lang, "%s", a->officer.lang);
    officers_go(i);
}

/* To a desk that there is. */
static void officers_aim(struct officers_item *i)
{
    if (i->command.verb != OFFICER_FORWARD)
        officers_go(i);
    else if (i->target == 0)
        officers_tell_case(i, OFFICER_WORD_WHICH_DESK, "");
    else
        store_officer_desk(i->owner->store, i->who.agency, i->target, officers_back(i, officers_on_desk));
}

static bool officers_is_bengali(const char *s)
{
    for (; *s != '\0'; s++)             /* U+0980 .. U+09FF: e0 a6 or e0 a7 */
        if ((unsigned char)s[0] == 0xe0 && ((unsigned char)s[1] == 0xa6 || (unsigned char)s[1] == 0xa7))
            return true;
    return false;
}

/* In the language of the citizen, who reads it. */
static void officers_write_note(struct officers_item *i, const struct menu *m, const struct casefile *f)
{
    const struct officer_command *c = &i->command;
    bool english = strcmp(m->langs[notice_lang(m, f->lang)].id, "en") == 0;
    int n = 0;

    i->note[0] = '\0';
    if (c->verb == OFFICER_FORWARD)
        n = snprintf(i->note, sizeof i->note, english ? "Forwarded to desk %d" : "%d নং ডেস্কে পাঠানো হয়েছে", i->target);
    else if (c->arg != OFFICER_ARG_NONE && i->reply == 0)
        n = snprintf(i->note, sizeof i->note, english ? "Reason %d" : "কারণ %d", c->arg);
    if (c->note[0] != '\0')
        snprintf(i->note + n, sizeof i->note - (size_t)n, "%s%s", n > 0 ? ". " : "", c->note);
}

/* Is it one of the list, where there is one?  Without a number there are to be words of hers. */
static bool officers_take_reply(struct officers_item *i, const struct menu_state *state)
{
    const struct officer_command *c = &i->command;
    const struct menu_reply *reply = c->arg != OFFICER_ARG_NONE ? said_reply(state, c->arg) : NULL;

    i->reply = reply != NULL ? reply->number : 0;
    return reply != NULL || state == NULL || state->reply_count == 0 || (c->arg == OFFICER_ARG_NONE && c->note[0] != '\0');
}

/* The case is hers and nothing was done with this code yet. */
static void officers_judge(struct officers_item *i, const struct menu *m, const struct casefile *f)
{
    const struct officer_command *c = &i->command;
    const char *to = c->verb != OFFICER_FORWARD ? verdict_state(m, f, c->verb) : "";

    if (c->note[0] != '\0' && strcmp(m->langs[notice_lang(m, f->lang)].id, "en") != 0 && !officers_is_bengali(c->note)) {
        officers_tell_case(i, OFFICER_WORD_NOTE_SCRIPT, "");
        return;
    }
    if (to == NULL) {
        officers_tell_case(i, OFFICER_WORD_NOT_NOW, officers_state(i, m, f, NULL));
        return;
    }
    if (officer_has_reasons(c->verb) && !officers_take_reply(i, verdict_replies(m, f, c->verb))) {
        officers_tell_replies(i, m, verdict_replies(m, f, c->verb));
        return;
    }
    snprintf(i->from, sizeof i->from, "%s", c->verb != OFFICER_FORWARD ? f->state : "");
    snprintf(i->to, sizeof i->to, "%s", to);
    officers_write_note(i, m, f);
    officers_aim(i);
}

/* This code was here before: the order says what came of it. */
static void officers_repeat(struct officers_item *i, const struct casefile_event *e)
{
    i->from[0] = '\0';
    snprintf(i->to, sizeof i->to, "%s", i->command.verb != OFFICER_FORWARD ? e->state : "");
    snprintf(i->note, sizeof i->note, "%s", e->note);
    officers_aim(i);
}

static void officers_on_case(void *arg, uint64_t ticket, const struct store_case_answer *a)
{
    struct officers_item *i = arg;
    const struct menu *m;
    bool fetched;

    (void)ticket;
    if (a->lost || a->refused) {
        officers_again(i);
        return;
    }
    if (a->file == NULL || strcmp(a->file->agency, i->who.agency) != 0) {
        officers_tell_case(i, OFFICER_WORD_NO_CASE, "");
        return;
    }
    i->reply = 0;
    i->target = i->command.arg != OFFICER_ARG_NONE ? i->command.arg : i->who.next;
    m = officers_menu(i->owner, a->file, &fetched);
    if (m == NULL && fetched)
        officers_again(i);
    else if (m == NULL)
        officers_tell_case(i, OFFICER_WORD_NO_MENUS, "");
    else if (i->command.verb == OFFICER_SHOW)
        officers_show(i, m, a->file);
    else if (a->event.seq > 0)
        officers_repeat(i, &a->event);
    else
        officers_judge(i, m, a->file);
}

static void officers_read_case(struct officers_item *i)
{
    i->case_to = (struct store_case_to){ officers_on_case, i };
    i->key[0] = '\0';
    if (i->counter >= 0)
        snprintf(i->key, sizeof i->key, "officer/%d/%d/%" PRId64, i->who.id, i->who.epoch, i->counter);
    store_case_read(i->owner->store, i->command.number, i->key, &i->case_to, 0);
}

/* --- whose is it, and what does it ask? ------------------------------------------------------------ */

static void officers_on_queue(void *arg, uint64_t ticket, const struct store_officer_answer *a)
{
    struct officers_item *i = arg;

    (void)ticket;
    if (a->lost) {
        officers_again(i);
        return;
    }
    buf_clear(&i->owner->text);
    digests_say(&i->owner->text, i->who.lang, &a->queue, clock_now());
    officers_send(i);
}

static void officers_ask_queue(struct officers_item *i)
{
    const struct store_officer her = { .agency = i->who.agency, .place = i->who.place, .desk = i->who.desk };

    digests_queue(i->owner->digests, &her, clock_now(), officers_back(i, officers_on_queue));
}

static void officers_tell_flaw(struct officers_item *i)
{
    static const enum officer_word words[OFFICER_FLAWS] = { OFFICER_WORD_BAD_VALUE, OFFICER_WORD_BAD_NUMBER,
                                                            OFFICER_WORD_BAD_VALUE, OFFICER_WORD_BAD_NOTE };
    const struct officer_values v = { .n = OFFICER_NOTE_CHARS };

    officers_tell(i, words[i->command.flaw], &v);
}

/* A command about a case. */
static void officers_read(struct officers_item *i, int64_t locked_until)
{
    i->counter = -1;
    if (i->command.flaw != OFFICER_FINE) {
        officers_tell_flaw(i);
        return;
    }
    if (i->command.code[0] != '\0' && locked_until > i->at) {
        officers_tell(i, OFFICER_WORD_LOCKED, &(struct officer_values){ 0 });
        return;
    }
    if (i->command.code[0] != '\0') {
        i->counter = officers_counter(i, i->command.code);
        if (i->counter < 0) {
            store_officer_wrong(i->owner->store, i->msisdn, i->cause, OFFICERS_TRIES, i->at + OFFICERS_LOCK_MS,
                                officers_back(i, officers_on_wrong));
            return;
        }
    }
    officers_read_case(i);
}

static void officers_act(struct officers_item *i, int64_t locked_until)
{
    switch (i->command.verb) {
    case OFFICER_LIST:
        officers_ask_queue(i);
        return;
    case OFFICER_CODE:
        buf_clear(&i->owner->text);
        officers_add_next(i);
        officers_send(i);
        return;
    case OFFICER_SHOW:
    case OFFICER_OK:
    case OFFICER_NEED:
    case OFFICER_NO:
    case OFFICER_FORWARD:
        officers_read(i, locked_until);
        return;
    case OFFICER_NOTHING:
    case OFFICER_CONFIRM:
    case OFFICER_VERBS:
        break;
    }
    abort();
}

/* A code alone means the command before it.  False: there is none. */
static bool officers_confirm(struct officers_item *i, const struct store_officer *her)
{
    const struct menu *m = generations_current(i->owner->generations);

    if (her->pending[0] == '\0' || i->at - her->pending_at > OFFICERS_PENDING_MS)
        return false;
    officer_decode(her->pending, strlen(her->pending), m->codes, m->code_count, &i->command);
    memcpy(i->command.code, i->typed.code, sizeof i->command.code);
    return i->command.number != 0;
}

static void officers_on_found(void *arg, uint64_t ticket, const struct store_officer_answer *a)
{
    struct officers_item *i = arg;
    const struct store_officer *her = &a->officer;

    (void)ticket;
    if (a->lost) {
        officers_again(i);
        return;
    }
    i->command = i->typed;
    if (!a->found || !her->active || (i->typed.verb == OFFICER_CONFIRM && !officers_confirm(i, her))) {
        officers_end(i, i->owner->ops->passed);
        return;
    }
    i->who = (struct officers_who){ .id = her->id, .epoch = her->epoch, .desk = her->desk, .next = her->next,
                                    .counter = her->counter, .codes = her->codes };
    snprintf(i->who.name, sizeof i->who.name, "%s", her->name);
    snprintf(i->who.agency, sizeof i->who.agency, "%s", her->agency);
    snprintf(i->who.place, sizeof i->who.place, "%s", her->place);
    snprintf(i->who.lang, sizeof i->who.lang, "%s", her->lang);
    officers_act(i, her->locked_until);
}

static void officers_begin(struct officers_item *i)
{
    i->again = false;
    store_officer_find(i->owner->store, i->msisdn, officers_back(i, officers_on_found));
}

/* --- from outside ------------------------------------------------------------------------------------ */

bool officers_take(struct officers *o, const struct officers_text *t)
{
    const struct menu *m = generations_current(o->generations);
    struct officer_command c;
    struct officers_item *i;

    if (!o->keyed || o->count >= OFFICERS_ITEMS_MAX)
        return false;
    officer_decode(t->text, t->text_len, m->codes, m->code_count, &c);
    if (c.verb == OFFICER_NOTHING || !throttle_take(o->throttle, t->msisdn, clock_mono()))
        return false;
    i = xcalloc(1, sizeof *i);
    i->owner = o;
    i->waiter = t->waiter;
    i->at = t->at;
    i->typed = c;
    snprintf(i->msisdn, sizeof i->msisdn, "%s", t->msisdn);
    snprintf(i->by, sizeof i->by, "%s", t->link);
    snprintf(i->cause, sizeof i->cause, "%s", t->cause);
    TAILQ_INSERT_TAIL(&o->items, i, link);
    o->count++;
    officers_begin(i);
    return true;
}

void officers_tick(struct officers *o)
{
    struct officers_item *i;

    if (!store_is_up(o->store))
        return;
    TAILQ_FOREACH(i, &o->items, link)
        if (i->again)
            officers_begin(i);          /* answered in a later turn: the list stays as it is */
    digests_tick(o->digests);
}

struct officers *officers_new(const struct officers_args *args, char *err, size_t n)
{
    struct officers *o = xcalloc(1, sizeof *o);

    static_assert(ROLLING_SECRET_SIZE == SECRET_SIZE, "the installation's key is a key of officers' codes");
    o->store = args->store;
    o->desk = args->desk;
    o->generations = args->generations;
    o->ops = args->ops;
    o->arg = args->arg;
    TAILQ_INIT(&o->items);
    buf_init(&o->text, OFFICERS_TEXT_MAX);
    buf_init(&o->words, OFFICERS_TEXT_MAX);
    o->throttle = throttle_new(args->per_hour, THROTTLE_HOUR);
    o->keyed = args->secret[0] != '\0';
    o->digests = digests_new(args->store, args->generations, o->keyed ? args->digest_hour : -1);
    if (!o->keyed || secret_read(args->secret, "officer", o->key, err, n))
        return o;
    officers_free(o);
    return NULL;
}

void officers_free(struct officers *o)
{
    if (o == NULL)
        return;
    while (!TAILQ_EMPTY(&o->items))
        officers_end(TAILQ_FIRST(&o->items), o->ops->dropped);
    digests_free(o->digests);
    throttle_free(o->throttle);
    sodium_memzero(o->key, sizeof o->key);
    buf_fini(&o->text);
    buf_fini(&o->words);
    free(o);
}
