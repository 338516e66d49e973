/*
 * operator.h - what the commands that work on a running system's database have
 * in common: which database, who asks, and numbers as people write them.
 */
#ifndef OPERATOR_H
#define OPERATOR_H

#include <stdbool.h>
#include <stdint.h>

#include "app/conf.h"
#include "base/event.h"

/* conf: NULL where only the database was named. */
typedef int operator_fn(void *arg, const char *conninfo, const struct conf *conf);

/* fn's exit status, with conninfo or, where that is NULL, the database of the
 * configuration at path; 2 and its errors on stderr when it cannot be read. */
int operator_run(const char *path, const char *conninfo, operator_fn *fn, void *arg);

/* As operator_run(), but who asks the database is who sits at the keyboard: the
 * configuration's database under the login's own role, or conninfo as it is.
 * path NULL: the configuration at usual, and none where conninfo is given. */
int operator_run_self(const char *path, const char *usual, const char *conninfo, operator_fn *fn, void *arg);
#define OPERATOR_SELF "You are who you log in to the database as: a role of your own, member of kheya_operator.\n"

/* What to do about an error of the database that says this is not for everybody; "" for any other. */
const char *operator_hint(const char *error);

/* Who is at the keyboard, behind sudo too; "" when nobody knows. */
const char *operator_login(void);

/* "8123056783", also "8123 0567-83"; 0: it is none, by its length or its check
 * digit. */
int64_t operator_case(const char *text);

/* "01711-000301", "+8801711000301" to international digits. */
bool operator_msisdn(const char *text, char out[EVENT_MSISDN_MAX]) __attribute__((warn_unused_result));

/* The same, of a mobile number of the country. */
bool operator_mobile(const char *text, char out[EVENT_MSISDN_MAX]) __attribute__((warn_unused_result));

#endif
