/*
 * warnings.h - warnings set and cleared by operators; for the command line only.
 */
#ifndef WARNINGS_H
#define WARNINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WARNINGS_LANGS 3                /* bn, bn-Latn, en */

struct warning {
    const char *place;                  /* 2, 4 or 6 digits, or "" the country */
    int signal;                         /* 1..11 */
    const char *ends;                   /* as PostgreSQL reads a time, or "" */
    int days;                           /* more for each open case there, 0..60 */
    bool free;
    const char *by;                     /* who sets it */
    const char *langs[WARNINGS_LANGS], *texts[WARNINGS_LANGS];
    int lang_count;
};

/* The place's warning is this one from now on; one that stood there is replaced.
 * The days are added where the place has had none since it was last cleared:
 * *cases were given them, -1: they had been already.  False, with a line in err. */
bool warnings_set(const char *conninfo, const struct warning *w, int64_t *id, int64_t *cases, char *err, size_t n)
    __attribute__((warn_unused_result));

/* False: none was on there (err ""), or a line in err. */
bool warnings_clear(const char *conninfo, const char *place, const char *by, char *err, size_t n)
    __attribute__((warn_unused_result));

struct warning_row {                    /* texts as the database writes times; borrowed */
    const char *id, *place, *signal, *since, *ends, *days, *free, *by, *text;
};
bool warnings_list(const char *conninfo, void (*row)(void *arg, const struct warning_row *r), void *arg, char *err,
                   size_t n) __attribute__((warn_unused_result));

#endif
