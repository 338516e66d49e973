/*
 * reply.h - a back end's answer, a JSON object, to the fields of a record.
 *
 * Strings, whole numbers, true and false become canonical values; null and a
 * member that is not there leave the field unset; members that the record does
 * not have are not looked at.
 */
#ifndef REPLY_H
#define REPLY_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "menu/model.h"

#define REPLY_MAX 65536                 /* octets of an answer */

enum reply_kind {
    REPLY_ROW = 0,                      /* the record's fields are here */
    REPLY_NONE,                         /* nothing, or {}: what was asked for is not there */
    REPLY_BAD,                          /* why says what is wrong */
    REPLY_KINDS,
};

struct reply {
    const struct menu_record *record;   /* NULL: nothing of it is wanted */
    struct buf text;                    /* the values, NUL behind each */
    size_t *at;                         /* by field: where in text; SIZE_MAX unset */
    char why[160];                      /* never a value: it goes to the log */
};

void reply_init(struct reply *r);
void reply_fini(struct reply *r);

enum reply_kind reply_read(struct reply *r, const struct menu_record *record, const char *json, size_t n)
    __attribute__((warn_unused_result));

/* After REPLY_ROW: the day, clock.h, on which the row was heard becomes its field's value. */
void reply_hear(struct reply *r, const char *field, int32_t day);

/* After REPLY_ROW: the record's fields as a JSON object that reply_read() takes. */
void reply_print(const struct reply *r, struct buf *out);

/* The value of a field after REPLY_ROW; NULL when it is unset. */
const char *reply_cell(const struct reply *r, const char *field);

#endif
