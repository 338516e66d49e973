/*
 * play_world.h - citizens, a telco and a database for one scripted dialogue.
 *
 * The database is honest: after each step the session is written out, forgotten
 * and read back, as if another process went on.  When everything comes twice,
 * each step is also once lost before it is written, and each event, the one
 * before it and a resend by the telco must change nothing.
 */
#ifndef PLAY_WORLD_H
#define PLAY_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/play_cases.h"
#include "engine/flow.h"
#include "menu/model.h"

struct play_world;
struct yaml_node;

/* A day of autumn 2026, ten in the morning; m is borrowed for life. */
struct play_world *play_world_new(const struct menu *m, bool twice);

/* Have cover told of all that is come by; borrowed. */
struct play_cover;
void play_world_cover(struct play_world *w, struct play_cover *cover);
void play_world_free(struct play_world *w);

/* Another citizen; her language is the one that play_world_lang() set last.
 * False: there are too many. */
bool play_world_msisdn(struct play_world *w, const char *msisdn);
void play_world_lang(struct play_world *w, int lang);

void play_world_link(struct play_world *w, const char *name, int septets, int units);
void play_world_day(struct play_world *w, int32_t day);

/* She is an agent of a digital centre; name NULL: she is none. */
void play_world_agent(struct play_world *w, const char *name, const char *centre);

/* She has this PIN, and typed no wrong one yet; NULL: she has none.  Several, with blanks between: those of the
 * persons who share her number. */
void play_world_pin(struct play_world *w, const char *pins);

/* What providers say to a request for money from now on; failed: it cannot be asked. */
void play_world_pay(struct play_world *w, enum flow_pay pay, bool failed);

/* A warning for all, the same in every language; NULL: none. */
void play_world_alert(struct play_world *w, const char *text);

/* What a query answers from now on: count rows of the record's fields one after
 * the other, NULL = SQL NULL, borrowed for life; count < 0: it fails. */
void play_world_answer(struct play_world *w, int query, const char *const *cells, int count);

/* The same of a hook; members is a map of single values, or NULL when count is not
 * 1.  False: there are too many. */
bool play_world_hook(struct play_world *w, const struct menu_action *hook, const struct yaml_node *members, int count);

/* A case that she opened before, today; fields is a JSON object of strings. */
const char *play_world_filed(struct play_world *w, int64_t number, const struct menu_service *service,
                             const char *fields);

/* The office puts it into another state; number 0: the case that was opened last.
 * NULL, or why it may not. */
const char *play_world_office(struct play_world *w, int64_t number, const char *state, const char *note);

/* Where it stands, and its last note; NULL: there is no such case. */
const char *play_world_state(const struct play_world *w, int64_t number, const char **note);

/* What is told of cases from now on. */
void play_world_told(struct play_world *w, enum play_cases_mood mood);

/* What happens.  NULL, or why it cannot be or must not be so. */
const char *play_world_dial(struct play_world *w, const char *dialled);
/* She writes a text message; the page is the one that answers it. */
const char *play_world_text(struct play_world *w, const char *text);
const char *play_world_type(struct play_world *w, const char *text);
const char *play_world_hangup(struct play_world *w);
void play_world_wait(struct play_world *w, int64_t ms);

/* The page she sees, "" none; is the dialogue open? */
const char *play_world_page(const struct play_world *w);
bool play_world_is_open(const struct play_world *w);

/* Cases, messages and rows of the audit since the last dial. */
struct play_case {
    int64_t number;
    const char *service;
    const char *fields;                 /* JSON */
};
int play_world_cases(const struct play_world *w, const struct play_case **list);
int play_world_messages(const struct play_world *w, const char *const **texts);
struct play_audit {
    const char *event;
    const char *fields;                 /* JSON */
};
int play_world_audits(const struct play_world *w, const struct play_audit **list);

/* What providers were asked for since the last dial: "nagad 50 8123056783". */
int play_world_requests(const struct play_world *w, const char *const **texts);

#endif
