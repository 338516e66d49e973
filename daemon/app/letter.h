/*
 * letter.h - what an agency's system is told of a case, and what it answers.
 * Pure: JSON in and out.
 */
#ifndef LETTER_H
#define LETTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/casefile.h"

#define LETTER_WORD_MAX 61              /* with its NUL: of an agency for a state */
#define LETTER_MAX (64 * 1024)          /* octets */

struct letter {
    int64_t number;
    int seq;                            /* of the event that it tells */
    const char *service, *state;
    int64_t at;                         /* ms since the epoch */
    int utc_offset_min;                 /* of the country's clock */
    const char *phone, *lang, *by;
    const char *note;                   /* "" none */
    const char *fields;                 /* JSON object of strings */
};

/* NUMBER/SEQ: its name, the same each time. */
#define LETTER_ID_SIZE 32
void letter_id(int64_t number, int seq, char out[LETTER_ID_SIZE]);

void letter_write(const struct letter *l, struct buf *out);

/* The letter with its sensitive values in its fields: as it leaves.  False: one of
 * them is not what we wrote. */
bool letter_complete(const char *letter, const char *secrets, struct buf *out) __attribute__((warn_unused_result));

struct letter_answer {
    char word[LETTER_WORD_MAX];         /* "" none */
    char note[CASEFILE_NOTE_MAX + 1];
};

/* {"state": WORD, "note": TEXT}, both as they like.  False: it is not that; what
 * could be read of it is there. */
bool letter_answer(const char *json, size_t n, struct letter_answer *out);

/* Cut between characters to what a case keeps, CASEFILE_NOTE_UNITS, and made one line. */
void letter_note(const char *text, char out[CASEFILE_NOTE_MAX + 1]);

#endif
