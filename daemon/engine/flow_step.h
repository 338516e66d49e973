/*
 * flow_step.h - what the rooms of flow share: one step while it runs.  Not for
 * those who call flow.
 *
 * flow.c       what an event means in the session's mode
 * flow_sense.c is it new, a duplicate, stale, an abort
 * flow_feed.c  an answer put to the screen: where it leads
 * flow_path.c  a dialled sub-code, part after part
 * flow_text.c  a text message that begins with a keyword
 * flow_move.c  from screen to screen until one is shown
 * flow_act.c   actions and the answers of their questions
 * flow_open.c  a case is opened
 * flow_call.c  calls and returns
 * flow_case.c  moves of a case
 * flow_consent.c  codes sent to another phone, and checked
 * flow_pin.c   her PIN, checked or set
 * flow_page.c  pages
 * flow_tape.c  what the tape keeps of it
 */
#ifndef FLOW_STEP_H
#define FLOW_STEP_H

#include "engine/flow.h"
#include "menu/expr.h"

#define FLOW_LIST (-1)                  /* waiting_action: the rows of a list */
#define FLOW_ROWS_MAX 4096              /* octets of a list's rows: half of what a session may hold */

struct flow {
    const struct flow_env *env;
    struct session *s;
    struct flow_out *out;
    struct expr_scope scope;            /* of s->menu and s->lang */
    bool broken;                        /* an answer was taken and cannot be followed */
    const char *code;                   /* of a consent, while its message is written; else NULL */
};

/* The scope follows the session's menu and language. */
void flow_rescope(struct flow *f);

void flow_lang_set(struct flow *f, int lang);

/* "msisdn=... event=EVENT screen=... what=...": someone must act. */
void flow_complain(const struct flow *f, const char *event, const char *what);

/* --- flow_sense.c ------------------------------------------------------------------ */

enum flow_sense {
    FLOW_NEW_DIAL = 0,                  /* she dialled, or answered what we do not know */
    FLOW_NEW_ANSWER,                    /* to our last screen */
    FLOW_IS_REPEAT,
    FLOW_IS_STALE,
    FLOW_IS_ABORT,
};

enum flow_sense flow_sense(const struct flow *f, const struct event *ev);

/* Of the dialogue that the session is in, by the telco's name of it. */
bool flow_same_ref(const struct session *s, const struct event *ev);

/* The event is new: the session remembers it. */
void flow_remember(struct flow *f, const struct event *ev);

/* --- flow_feed.c ------------------------------------------------------------------- */

enum flow_fit { FLOW_FITS = 0, FLOW_CHOSE, FLOW_WRONG, FLOW_COPIED };

/* Put an answer to s->screen.  FLOW_FITS, or FLOW_CHOSE where it is the number of
 * an option or a row: its values are set and the screen it leads to is entered. */
enum flow_fit flow_feed(struct flow *f, const char *p, size_t n);

/* --- flow_path.c ------------------------------------------------------------------- */

/* "1*1*4821" is to be walked. */
void flow_path_set(struct session *s, const char *p, size_t n);

/* Where the walk begins: the longest short cut, else the start screen. */
void flow_path_begin(struct flow *f);

/* At s->screen: feed it the next part.  False: there is none, or it does not
 * fit, and the screen is to be shown. */
bool flow_path_step(struct flow *f);

/* --- flow_text.c ------------------------------------------------------------------- */

/* A keyword of the present menus and the values behind it. */
struct flow_filled {
    const struct menu *menu;
    const struct menu_keyword *keyword;
    const char *rest;                   /* what stands behind it; borrowed from the message */
    int32_t today;
    const struct buf *values;           /* each with its NUL: f->out->text */
    size_t at[MENU_FILLS_MAX];
    int count;                          /* of those that are there so far */
};

/* Does the message begin with one?  It has been through gsm_answer(). */
bool flow_keyword(struct flow *f, struct buf *message, struct flow_filled *filled);

/* The values, word after word; each must be one that its question takes. */
enum flow_fit flow_fill(struct flow *f, struct flow_filled *filled);

/* A page that says how the message is written. */
void flow_say_help(struct flow *f, const struct menu_keyword *k, enum flow_fit fit);

/* --- flow_move.c ------------------------------------------------------------------- */

enum flow_pass {
    FLOW_ON = 0,                        /* look at waiting_screen again */
    FLOW_ASKS,                          /* a question is out */
    FLOW_SHOWN,                         /* a page is in s->reply */
    FLOW_BROKEN,                        /* the step cannot be done: busy */
};

void flow_enter(struct flow *f, int screen);

/* By a way of the menu, whose screen place names. */
void flow_take(struct flow *f, const int *place);

/* For who counts what dialogues come by. */
void flow_came_by(const struct flow *f, const void *part);

/* Enter the first whose condition holds. */
enum flow_pass flow_follow(struct flow *f, const struct menu_gotos *go);

/* Apply them; false when one does not fit any more. */
bool flow_set(struct flow *f, const struct menu_set *sets, int count);

/* From waiting_screen on, until a page is shown or a question asked. */
enum flow_result flow_run(struct flow *f);

/* Show s->screen again from its first page. */
enum flow_result flow_again(struct flow *f);

void flow_mark(struct flow *f);

/* Undo to the mark and end the network's dialogue with the busy page. */
enum flow_result flow_give_up(struct flow *f);

/* People were looked up too often: as flow_give_up(), and she is told so. */
enum flow_result flow_often(struct flow *f);

/* --- flow_act.c -------------------------------------------------------------------- */

/* The actions of waiting_screen from waiting_action on, then its goto. */
enum flow_pass flow_act(struct flow *f, const struct menu_screen *screen);

enum flow_pass flow_ask(struct flow *f, int query, int max_rows);

/* Names the event and the place in its step: who is asked again because we were
 * killed knows it by that. */
void flow_key(const struct flow *f, char key[FLOW_KEY_SIZE]);

/* Append text and its NUL to what the effects point into; where it begins. */
size_t flow_keep(struct flow_out *out, const char *p, size_t n);

/* A message whose cause is in out->text; receiver may stand in out->value. */
enum flow_pass flow_send(struct flow *f, int sms, const char *receiver);

/* The same, which tells of a case that this step opens; NULL: of none. */
struct notice_case;
enum flow_pass flow_send_of(struct flow *f, int sms, const char *receiver, const struct notice_case *c);

/* Append {"field": "text", ...} of what an action hands over and is set. */
void flow_add_fields(struct flow *f, const struct menu_action *a, struct buf *out);

/* The same of the sensitive values alone, whole: for the back end that takes the
 * case.  False, and nothing written, where there are none. */
bool flow_add_secrets(struct flow *f, const struct menu_action *a, struct buf *out);

/* By a way out of an action; MENU_NONE at its place: the step cannot be done. */
enum flow_pass flow_branch(struct flow *f, const int *place);

/* The answer of the question that is out. */
enum flow_pass flow_answered(struct flow *f, const struct flow_rows *rows);

/* --- flow_case.c ------------------------------------------------------------------- */

enum flow_pass flow_do_order(struct flow *f, const struct menu_action *a);
enum flow_pass flow_order_answered(struct flow *f, const struct menu_action *a, const struct flow_rows *rows);

/* --- flow_open.c -------------------------------------------------------------------- */

/* Where the case of a submit belongs, in out->value; false: nothing says it. */
bool flow_place(struct flow *f, const struct menu_action *a);

/* The number of a submission's case has come. */
enum flow_pass flow_number_answered(struct flow *f, const struct menu_action *a, const struct flow_rows *rows);

/* --- flow_call.c ------------------------------------------------------------------- */

enum flow_pass flow_do_call(struct flow *f, const struct menu_action *a);
enum flow_pass flow_do_return(struct flow *f, const struct menu_action *a);

/* Append a JSON string. */
void flow_add_json(struct buf *out, const char *p, size_t n);

/* --- flow_tape.c ------------------------------------------------------------------- */

void flow_tape_init(struct flow_tape *t);
void flow_tape_fini(struct flow_tape *t);

void flow_tape_begin(struct flow *f, enum flow_tape_kind kind);

/* A new dialogue begins in this step. */
void flow_tape_fresh(struct flow *f);

/* What became of what she typed; p is kept with FLOW_TAPE_TYPED alone. */
void flow_tape_say(struct flow *f, enum flow_tape_how how, const char *p, size_t n);
void flow_tape_number(struct flow *f, const char *p, size_t n);
void flow_tape_answer(struct flow *f, const struct menu_screen *screen, const char *p, size_t n, enum flow_fit fit);

/* A part of a dialled path that may be kept. */
void flow_tape_part(struct flow *f, const char *p, size_t n);

/* The rows that something outside answered: what "query", name its name. */
struct flow_tape_asked {
    const char *what, *name;
    const struct menu_record *returns;
};
void flow_tape_rows(struct flow *f, const struct flow_tape_asked *asked, const struct flow_rows *rows);
void flow_tape_no_number(struct flow *f);

/* How something else went that no menus alone could tell: {"name": "value"}. */
void flow_tape_fact(struct flow *f, const char *name, const char *value);

/* The step is over. */
void flow_tape_end(struct flow *f);

/* --- flow_consent.c ---------------------------------------------------------------- */

enum flow_pass flow_do_consent(struct flow *f, const struct menu_action *a);
enum flow_pass flow_do_consent_check(struct flow *f, const struct menu_action *a);

/* --- flow.c, beside the steps ------------------------------------------------------- */

/* Is there a warning where she lives that makes fees free? */
bool flow_is_free(const struct flow *f);

/* --- flow_pin.c -------------------------------------------------------------------- */

enum flow_pass flow_do_pin(struct flow *f, const struct menu_action *a);
/* Has she shown her PIN in this dialogue, a short while ago? */
bool flow_pin_shown(const struct flow *f);

/* Whose PIN that was, of those on this number; 0: nobody's. */
int flow_person(const struct flow *f);

/* A PIN was shown in this dialogue, however long ago. */
bool flow_pin_was_shown(const struct session *s);

/* out->value becomes the form in which a keyed value is kept.  False: there is no key, and nothing is told of it. */
bool flow_keyed(struct flow *f);

enum flow_pass flow_pin_answered(struct flow *f, const struct menu_action *a, const struct flow_rows *rows);

/* A PIN lives as long as the step that uses it. */
void flow_drop_pins(struct session *s);

/* --- flow_pay.c -------------------------------------------------------------------- */

enum flow_pass flow_do_pay(struct flow *f, const struct menu_action *a);
enum flow_pass flow_pay_answered(struct flow *f, const struct menu_action *a, const struct flow_rows *rows);

/* --- flow_page.c ------------------------------------------------------------------- */

/* Page number page of s->screen into s->reply; false: there is no such page, and
 * the last one is there. */
bool flow_show(struct flow *f, int page);

/* A page of one of the program's own sentences. */
void flow_say(struct flow *f, enum menu_word word, bool end);

void flow_say_resume(struct flow *f, bool again);

#endif
