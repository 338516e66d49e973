/*
 * warnings.h - warnings set and cleared by operators; for the command line only.
 */
#ifndef WARNINGS_H
#define WARNINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WARNINGS_LANGS 3                /* bn, bn-Latn, en */
#define WARNINGS_HASH_SIZE 65           /* of 64 digits */

struct warning {
    const char *place;                  /* 2, 4 or 6 digits, or "" the country */
    int signal;                         /* 1..11 */
    const char *ends;                   /* as PostgreSQL reads a time, or "" */
    int days;                           /* more for each open case there, 0..60 */
    bool free;
    const char *langs[WARNINGS_LANGS], *texts[WARNINGS_LANGS];
    int lang_count;
};

/* Who asks is the role that conninfo logs in as, a member of kheya_operator.  Each
 * is false with a line in err. */

/* It waits for a second operator.  hash: hexadecimal, of all of it. */
bool warnings_propose(const char *conninfo, const struct warning *w, int64_t *id, char hash[WARNINGS_HASH_SIZE], char *err,
                      size_t n) __attribute__((warn_unused_result));

/* By another operator than who proposed it, who writes how its hash begins: the
 * place's warning is this one from now on; one that stood there is replaced.
 * *cases have more days by it: each those of the most generous warning it is under. */
bool warnings_approve(const char *conninfo, const char *id, const char *hash, int64_t *cases, char *err, size_t n)
    __attribute__((warn_unused_result));

/* What is on at the place and what waits for it.  False with "" in err: nothing. */
bool warnings_clear(const char *conninfo, const char *place, char *err, size_t n) __attribute__((warn_unused_result));

struct warning_row {                    /* texts as the database writes times; borrowed */
    const char *id, *state, *place, *signal, *since, *ends, *days, *free, *set_by, *approved_by, *text, *hash;
};
bool warnings_list(const char *conninfo, void (*row)(void *arg, const struct warning_row *r), void *arg, char *err,
                   size_t n) __attribute__((warn_unused_result));

#endif
