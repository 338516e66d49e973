/*
 * officer_words.h - what an officer is told, in Bengali or English.
 *
 * These are staff's sentences, not a citizen's: they do not stand in the menus.
 */
#ifndef OFFICER_WORDS_H
#define OFFICER_WORDS_H

#include <stdint.h>

#include "base/buf.h"

enum officer_word {
    OFFICER_WORD_DONE = 0,              /* no, s: where it stands */
    OFFICER_WORD_BEFORE,                /* no, s: done before */
    OFFICER_WORD_FORWARDED,             /* no, n: desk, s: whose */
    OFFICER_WORD_YOURS,                 /* no, s: who forwards it; to the other one */
    OFFICER_WORD_SHOWN,                 /* no, s: what it is about */
    OFFICER_WORD_CONFIRM_LIST,          /* s: command, n: number of the code */
    OFFICER_WORD_CONFIRM_SMS,           /* s: command, code */
    OFFICER_WORD_CONFIRM_TIME,          /* s: command */
    OFFICER_WORD_NEXT_LIST,             /* n */
    OFFICER_WORD_NEXT_SMS,              /* code */
    OFFICER_WORD_NEXT_TIME,
    OFFICER_WORD_WRONG,                 /* n: tries left */
    OFFICER_WORD_LOCKED,
    OFFICER_WORD_USED,
    OFFICER_WORD_NO_CASE,               /* no */
    OFFICER_WORD_BAD_NUMBER,
    OFFICER_WORD_BAD_VALUE,
    OFFICER_WORD_BAD_NOTE,              /* n: most characters */
    OFFICER_WORD_NOTE_SCRIPT,
    OFFICER_WORD_REPLIES,               /* no; then the list */
    OFFICER_WORD_NOT_NOW,               /* no, s: where it stands */
    OFFICER_WORD_NO_MENUS,              /* no */
    OFFICER_WORD_NO_DESK,               /* n */
    OFFICER_WORD_WHICH_DESK,
    OFFICER_WORD_QUEUE,                 /* n waiting, m overdue */
    OFFICER_WORD_QUEUE_LATE,            /* no, n: days late */
    OFFICER_WORD_QUEUE_DUE,             /* no, n: days left */
    OFFICER_WORD_QUEUE_OPEN,            /* no */
    OFFICER_WORD_EMPTY,
    OFFICER_WORDS,
};

struct officer_values {
    int64_t no;                         /* {no}: case number */
    int n, m;                           /* {n} {m} */
    const char *s, *code;               /* {s} {code} */
};

/* Append it; Bengali unless lang is "en". */
void officer_say(struct buf *out, const char *lang, enum officer_word word, const struct officer_values *v);

/* Append a line of her queue; due 0: nothing is promised. */
void officer_say_waiting(struct buf *out, const char *lang, int64_t number, int64_t due, int64_t now);

#endif
