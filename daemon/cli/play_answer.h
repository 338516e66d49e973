/*
 * play_answer.h - the text of a step "answer": a query's name and its rows, or
 * "hook BACKEND/path" and its members.
 */
#ifndef PLAY_ANSWER_H
#define PLAY_ANSWER_H

#include <stdbool.h>

#include "cli/play_script.h"
#include "menu/model.h"
#include "menu/yaml.h"

#define PLAY_ANSWER_OFTEN (-2)         /* it is not asked: people were looked up too often */

struct play_answer {
    int query;
    const char *const *cells;           /* count rows of the record's fields, in the script's arena; NULL = SQL NULL */
    int count;                          /* < 0: it fails, or PLAY_ANSWER_OFTEN */
    const struct menu_action *hook;     /* one that asks so; NULL: a query is answered */
    const struct yaml_node *members;    /* hook: a map of single values, when count is 1 */
};

/* False, and said on stdout, when the query or a field is not there or the text
 * cannot be read. */
bool play_answer_read(const struct menu *m, const struct play_script *script, const struct play_step *step,
                      struct play_answer *out) __attribute__((warn_unused_result));

/* A member's value; NULL: it is not there, or null. */
const char *play_answer_member(const struct yaml_node *members, const char *name);

#endif
