/*
 * script.h - dialogues as lines, like the .dlg files of menus/dialogs:
 *
 *      phone 8801711000001         who (not in a load test); also: msisdn
 *      dial *333#
 *      see  333 Govt services      the screen's first lines, exactly
 *           1 Allowance & money
 *      see ~ Allowance             the screen contains
 *      type 1
 *      ended                       the dialogue is over (asks: it is not); also: ends
 *      failed                      the network said so
 *      sms ~ received              a message that contains this comes
 *      send 333 HELP               a message from the phone
 *      cancel
 *      wait 2s
 *
 * A line that begins with '#' is a comment, so is what follows "  # ".  A line
 * that begins with a blank goes on with the text of see.
 */
#ifndef SCRIPT_H
#define SCRIPT_H

#include <stdbool.h>
#include <stddef.h>

#define SCRIPT_STEPS_MAX 1000

enum step_kind {
    STEP_PHONE = 0,
    STEP_DIAL,
    STEP_TYPE,
    STEP_SEE,
    STEP_LIKE,
    STEP_SMS,
    STEP_SEND,
    STEP_ASKS,
    STEP_ENDED,
    STEP_FAILED,
    STEP_CANCEL,
    STEP_WAIT,
    STEP_KINDS,
};

struct step {
    enum step_kind kind;
    int line;
    int ms;                             /* STEP_WAIT */
    char *text;                         /* never NULL */
    char *to;                           /* STEP_SEND */
};

struct script {
    size_t count;
    struct step *steps;
};

/* Parse source; false: error is "line N: ...". */
bool script_parse(struct script *s, const char *source, char *error, size_t size) __attribute__((warn_unused_result));
void script_free(struct script *s);
const char *script_name(enum step_kind k);

/* The first lines of screen are those of want; a last line "..." says: and so on. */
bool script_sees(const char *screen, const char *want);

#endif
