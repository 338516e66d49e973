/*
 * imports.h - lists that an operator hands the database whole, for the command
 * line: all of a list goes in, or nothing does.  Blocking.
 *
 * A list stands for its part of a table: what the table has there and the list
 * has not goes.
 */
#ifndef IMPORTS_H
#define IMPORTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/event.h"

struct imports_holiday {
    int32_t day;                        /* clock.h */
    bool worked;
    const char *name;
};

/* The list stands for the years in it. */
struct imports_calendar {
    const struct imports_holiday *days;
    size_t count;
    bool has_weekend;                   /* else the weekend stays as it is */
    unsigned weekend;                   /* one bit a day, Sunday first */
};

struct imports_window {
    const char *service, *place;
    int32_t opens, closes;              /* INT32_MIN, INT32_MAX: no bound */
};

struct imports_done {
    int64_t added, changed, gone;
};

/* False, with a line in err: nothing was changed. */
bool imports_calendar(const char *conninfo, const struct imports_calendar *c, struct imports_done *done, char *err,
                      size_t n) __attribute__((warn_unused_result));

/* The list stands for the services in it. */
bool imports_windows(const char *conninfo, const struct imports_window *windows, size_t count, struct imports_done *done,
                     char *err, size_t n) __attribute__((warn_unused_result));

/* Texts in the order union, seq, en, bn, latn, keeper; stands for the unions in it. */
#define IMPORTS_SHELTER_TEXTS 6
struct imports_shelter {
    char *texts[IMPORTS_SHELTER_TEXTS];
};
bool imports_shelters(const char *conninfo, const struct imports_shelter *shelters, size_t count,
                      struct imports_done *done, char *err, size_t n) __attribute__((warn_unused_result));

struct imports_responder {
    char msisdn[EVENT_MSISDN_MAX], role[12], place[8];
};

/* The list stands for all of them. */
bool imports_responders(const char *conninfo, const struct imports_responder *responders, size_t count,
                        struct imports_done *done, char *err, size_t n) __attribute__((warn_unused_result));

/* Texts in the order service, sex, min_age, max_age, income, status, place, since, until, source, none of them empty but
 * sex, income, status and place; stands for the services in it. */
#define IMPORTS_RULE_TEXTS 10
struct imports_rule {
    char *texts[IMPORTS_RULE_TEXTS];
};
bool imports_rules(const char *conninfo, const struct imports_rule *rules, size_t count, struct imports_done *done,
                   char *err, size_t n) __attribute__((warn_unused_result));

struct imports_schedule {
    char kind[12], source[84];
    int days;
};

/* The list stands for the kinds in it. */
bool imports_schedules(const char *conninfo, const struct imports_schedule *schedules, size_t count,
                       struct imports_done *done, char *err, size_t n) __attribute__((warn_unused_result));

#endif
