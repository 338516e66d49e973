/*
 * officer.h - what an officer writes about a case: "333 8123056783 NEED 2 482913".
 *
 * Pure: text in, command out.  Takes Bengali and Latin digits, small letters,
 * Bengali words and any spacing, also none.  Knows no officer and no case.
 */
#ifndef OFFICER_H
#define OFFICER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OFFICER_CODE_DIGITS 6
#define OFFICER_NOTE_CHARS 80           /* of her own words */
#define OFFICER_NOTE_SIZE (4 * OFFICER_NOTE_CHARS + 1)
#define OFFICER_ARG_NONE (-1)

enum officer_verb {
    OFFICER_NOTHING = 0,                /* no command: an ordinary message */
    OFFICER_SHOW,                       /* a case number alone: what is it about? */
    OFFICER_OK,
    OFFICER_NEED,
    OFFICER_NO,
    OFFICER_FORWARD,
    OFFICER_CONFIRM,                    /* a code alone: for the command before it */
    OFFICER_CODE,                       /* asks for the code that comes next */
    OFFICER_LIST,                       /* asks for the queue */
    OFFICER_VERBS,
};

enum officer_flaw {
    OFFICER_FINE = 0,
    OFFICER_BAD_NUMBER,                 /* not ten digits, or its check digit is wrong */
    OFFICER_BAD_VALUE,                  /* the digits behind the word are no value and no code */
    OFFICER_BAD_NOTE,                   /* too long */
    OFFICER_FLAWS,
};

struct officer_command {
    enum officer_verb verb;
    enum officer_flaw flaw;
    int64_t number;                     /* of the case; 0 none */
    int arg;                            /* 0 .. 999, or OFFICER_ARG_NONE */
    char code[OFFICER_CODE_DIGITS + 1]; /* "" none */
    char note[OFFICER_NOTE_SIZE];       /* her own words, "" none */
};

/* codes: what the service is dialled by, "*333#"; a message may begin with its digits. */
void officer_decode(const char *text, size_t n, const char *const *codes, int code_count,
                    struct officer_command *out);

/* The command without its code, always written the same way: "8123056783 NEED 2". */
#define OFFICER_FORM_SIZE (OFFICER_NOTE_SIZE + 32)
void officer_form(const struct officer_command *c, char out[OFFICER_FORM_SIZE]);

/* Its number says why: NEED and NO. */
bool officer_has_reasons(enum officer_verb verb);

/* "OK", "NEED" ...; "" where no word stands for it. */
const char *officer_verb_name(enum officer_verb verb);

#endif
