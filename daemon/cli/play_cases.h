/*
 * play_cases.h - the cases of a play world: those its citizens open, those that
 * a script says are there, and what became of them.
 *
 * Answers the program's own questions about cases as the database does.
 */
#ifndef PLAY_CASES_H
#define PLAY_CASES_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/desk.h"
#include "engine/flow.h"
#include "menu/model.h"

struct play_cases;

struct play_cases *play_cases_new(const struct menu *m);
void play_cases_free(struct play_cases *c);

/* A case of this citizen; agent: an agent opened it for another one.  False:
 * there are too many. */
struct play_file {
    int64_t number;
    const struct menu_service *service;
    const char *msisdn;
    const char *fields;                 /* JSON object of strings */
    const char *lang;                   /* borrowed for life */
    int32_t day;
    bool agent;
    int person;                         /* of several on the number; 0: nobody said */
};
bool play_cases_add(struct play_cases *c, const struct play_file *file);

/* Of that number, or with 0 the one that was opened last. */
int64_t play_cases_number(const struct play_cases *c, int64_t number);

/* A citizen's move, as the step says it. */
void play_cases_order(struct play_cases *c, const struct flow_order *order, int32_t day);

/* The office's, or somebody else's: fn is told of each message that it causes.
 * NULL, or why it may not be. */
typedef void play_cases_told_fn(void *arg, const char *text);
const char *play_cases_office(struct play_cases *c, const struct desk_order *order, int32_t day, play_cases_told_fn *fn,
                              void *arg);

/* Where it stands, and its last note; NULL: there is no such case. */
const char *play_cases_state(const struct play_cases *c, int64_t number, const char **note);

/* What is told of cases from now on: all, that there are none, or nothing. */
enum play_cases_mood { PLAY_CASES_OWN = 0, PLAY_CASES_NONE, PLAY_CASES_FAIL };
void play_cases_mood(struct play_cases *c, enum play_cases_mood mood);
bool play_cases_away(const struct play_cases *c);
bool play_cases_hidden(const struct play_cases *c);

/* A case as whoever moves it reads it; false: there is none. */
bool play_cases_read(struct play_cases *c, int64_t number, struct casefile *out);

/* The rows of a question, borrowed until the next one; shared: several persons have a PIN on the number. */
void play_cases_ask(struct play_cases *c, const struct flow_question *q, int32_t today, bool shared, struct flow_rows *rows);

#endif
