/*
 * play_script.h - a *.dlg file to a list of steps.
 *
 * One step a line, a verb and its text; an indented line goes on with the
 * text of the step before it; # in the first column begins a comment.
 */
#ifndef PLAY_SCRIPT_H
#define PLAY_SCRIPT_H

#include "base/arena.h"

/* verb, its word, and what its text is: "" none, "~" may be absent */
#define PLAY_VERBS(X) \
    X(LANGUAGE, "language", "a language of the menus") \
    X(MSISDN, "msisdn", "a number") \
    X(LINK, "link", "NAME SEPTETS/UNITS") \
    X(TODAY, "today", "YYYY-MM-DD") \
    X(AGENT, "agent", "NAME CENTRE, or none") \
    X(ALERT, "alert", "a warning, or none") \
    X(PIN, "pin", "4 to 8 digits, or none; several: of persons who share the number") \
    X(PAY, "pay", "asked, late, refused, again or fail") \
    X(ANSWER, "answer", "QUERY or hook BACKEND/path, then {field: value, ...}, a list of them, none or fail") \
    X(FILED, "filed", "NUMBER SERVICE field=value ...") \
    X(OFFICE, "office", "NUMBER or last, then a state, then what the office says to it") \
    X(DIAL, "dial", "what she dials") \
    X(TYPE, "type", "~") \
    X(TEXT, "text", "what she writes in a text message") \
    X(HANGUP, "hangup", "") \
    X(WAIT, "wait", "a time like 200s") \
    X(SEE, "see", "the page, or ~ and a part of it") \
    X(ENDS, "ends", "") \
    X(OPEN, "open", "") \
    X(CASE, "case", "SERVICE field=value ..., or none") \
    X(STANDS, "stands", "NUMBER or last, then a state, then the last note or nothing") \
    X(SMS, "sms", "the text, or ~ and a part of it, or none") \
    X(AUDIT, "audit", "EVENT field=value ..., or none") \
    X(REQUEST, "request", "PROVIDER TAKA WHAT, or none")

enum play_verb {
#define X(id, word, text) PLAY_##id,
    PLAY_VERBS(X)
#undef X
    PLAY_VERB_COUNT
};

struct play_step {
    enum play_verb verb;
    int line;
    const char *text;                   /* normal form (gsm.h); lines joined by '\n' */
};

struct play_script {
    const char *file;                   /* as given */
    struct arena *arena;                /* the steps live in it */
    struct play_step *steps;
    int count;
};

enum play_read { PLAY_READ = 0, PLAY_NO_FILE, PLAY_BAD_FILE };

/* What is wrong in the file goes to stdout, all of it, as file:line: error: text;
 * a file that cannot be read, to stderr. */
enum play_read play_script_read(struct play_script *s, const char *file) __attribute__((warn_unused_result));
void play_script_free(struct play_script *s);

/* "file:line: error: text" on stdout. */
void play_script_error(const struct play_script *s, int line, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
