/*
 * casefile.h - a case, and one thing that happened to it, as plain values.
 *
 * The common words of store, engine and desk.  All strings are borrowed from
 * whoever hands a casefile out, until his callback returns, unless he says more.
 */
#ifndef CASEFILE_H
#define CASEFILE_H

#include <stdint.h>

#define CASEFILE_KEY_MAX 200            /* octets of an event's key */
#define CASEFILE_NOTE_MAX 480           /* octets of a note, as the database keeps it */
#define CASEFILE_NOTE_UNITS 140         /* characters (UTF-16 units) of a note: the width of {note} in a text */
#define CASEFILE_ACTOR_MAX 120          /* octets of a name in the history */

enum casefile_quiet {
    CASEFILE_PLAIN = 0,
    CASEFILE_DISCREET,                  /* "You have news": the phone is shared */
    CASEFILE_SILENT,                    /* no text messages */
    CASEFILE_QUIETS,
};

struct casefile {
    int64_t number;                     /* 10 digits; 0: there is no such case */
    const char *service, *agency;
    const char *msisdn;                 /* that it was opened from */
    const char *contact;                /* that its messages go to; "" = msisdn */
    const char *state;
    const char *fields;                 /* JSON object of strings */
    const char *lang, *place;           /* "" unknown */
    const char *channel;                /* "ussd", "sms" */
    const char *actor;                  /* who opened it: "citizen", "agent" */
    int64_t generation;                 /* of the menus it was opened under; 0 unknown */
    int64_t created, changed;           /* ms since the epoch; changed: its last event */
    int64_t due;                        /* 0: nothing is promised */
    int seq;                            /* of its last event, from 1 */
    int overdue;
    enum casefile_quiet quiet;
};

struct casefile_event {
    int seq;                            /* 0: there is none */
    int64_t at;
    const char *kind;                   /* "citizen", "officer" ... */
    const char *actor;                  /* his name */
    const char *state;                  /* where the case stood afterwards */
    const char *note;
    const char *key;
};

#endif
