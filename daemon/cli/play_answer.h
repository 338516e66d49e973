/*
 * play_answer.h - the text of a step "answer": a query's name and its rows.
 */
#ifndef PLAY_ANSWER_H
#define PLAY_ANSWER_H

#include <stdbool.h>

#include "cli/play_script.h"
#include "menu/model.h"

struct play_answer {
    int query;
    const char *const *cells;           /* count rows of the record's fields, in the script's arena; NULL = SQL NULL */
    int count;                          /* < 0: it fails */
};

/* False, and said on stdout, when the query or a field is not there or the text
 * cannot be read. */
bool play_answer_read(const struct menu *m, const struct play_script *script, const struct play_step *step,
                      struct play_answer *out) __attribute__((warn_unused_result));

#endif
