#include "menu/reply.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"

#define REPLY_UNSET SIZE_MAX
#define REPLY_EXACT 1e15                /* whole numbers below it are exact in a double */

void reply_init(struct reply *r)
{
    memset(r, 0, sizeof *r);
    buf_init(&r->text, 2 * REPLY_MAX);
}

void reply_fini(struct reply *r)
{
    buf_fini(&r->text);
    free(r->at);
}

static enum reply_kind reply_bad(struct reply *r, const char *what, const char *name)
{
    (void)snprintf(r->why, sizeof r->why, "%s%s%.64s", what, name[0] != '\0' ? " " : "", name);
    return REPLY_BAD;
}

/* One member as text; false when it is no single value.  *text NULL: null. */
static bool reply_text(const json_t *v, char scratch[32], const char **text)
{
    *text = scratch;
    switch (json_typeof(v)) {
    case JSON_STRING:
        *text = json_string_value(v);
        return true;
    case JSON_INTEGER:
        (void)snprintf(scratch, 32, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
        return true;
    case JSON_REAL:                     /* 1950.0 is what some systems say for 1950 */
        if (fabs(json_real_value(v)) >= REPLY_EXACT || trunc(json_real_value(v)) != json_real_value(v))
            return false;
        (void)snprintf(scratch, 32, "%.0f", json_real_value(v));
        return true;
    case JSON_TRUE:
    case JSON_FALSE:
        *text = json_is_true(v) ? "yes" : "no";
        return true;
    case JSON_NULL:
        *text = NULL;
        return true;
    case JSON_OBJECT:
    case JSON_ARRAY:
        break;
    }
    return false;
}

static bool reply_take(struct reply *r, const struct menu_field *field, const json_t *v, size_t *at)
{
    char scratch[32];
    const char *text;

    *at = REPLY_UNSET;
    if (v == NULL)
        return true;
    if (!reply_text(v, scratch, &text))
        return false;
    if (text == NULL)
        return true;
    *at = r->text.len;
    if (!menu_type_import(field->type, text, &r->text))
        return false;
    buf_addc(&r->text, '\0');
    return !r->text.full;
}

static enum reply_kind reply_object(struct reply *r, const json_t *object)
{
    const struct menu_record *record = r->record;

    if (!json_is_object(object))
        return reply_bad(r, "not a JSON object", "");
    if (json_object_size(object) == 0)
        return REPLY_NONE;
    for (int i = 0; record != NULL && i < record->field_count; i++)
        if (!reply_take(r, &record->fields[i], json_object_get(object, record->fields[i].name), &r->at[i]))
            return reply_bad(r, "not what the record says: field", record->fields[i].name);
    return REPLY_ROW;
}

enum reply_kind reply_read(struct reply *r, const struct menu_record *record, const char *json, size_t n)
{
    enum reply_kind kind;
    json_error_t error;
    json_t *object;

    r->record = record;
    r->why[0] = '\0';
    buf_clear(&r->text);
    if (n > REPLY_MAX)
        return reply_bad(r, "longer than 64 KiB", "");
    if (n == 0)
        return REPLY_NONE;
    if (record != NULL)
        r->at = xrealloc(r->at, ((size_t)record->field_count + 1) * sizeof *r->at);
    object = json_loadb(json, n, JSON_REJECT_DUPLICATES, &error);
    kind = object != NULL ? reply_object(r, object) : reply_bad(r, "not JSON", "");
    json_decref(object);
    return kind;
}

void reply_hear(struct reply *r, const char *field, int32_t day)
{
    struct clock_date d = clock_date_of(day);

    for (int i = 0; r->record != NULL && i < r->record->field_count; i++) {
        if (strcmp(r->record->fields[i].name, field) != 0)
            continue;
        r->at[i] = r->text.len;
        buf_addf(&r->text, "%04d-%02d-%02d", d.year, d.month, d.day);
        buf_addc(&r->text, '\0');
        if (r->text.full)
            r->at[i] = REPLY_UNSET;
    }
}

void reply_print(const struct reply *r, struct buf *out)
{
    json_t *o = json_object();
    char *text;

    for (int i = 0; r->record != NULL && i < r->record->field_count; i++)
        if (r->at[i] != REPLY_UNSET)
            (void)json_object_set_new(o, r->record->fields[i].name, json_string(r->text.data + r->at[i]));
    text = json_dumps(o, JSON_PRESERVE_ORDER);
    if (text != NULL)
        buf_adds(out, text);
    free(text);
    json_decref(o);
}

const char *reply_cell(const struct reply *r, const char *field)
{
    for (int i = 0; r->record != NULL && i < r->record->field_count; i++)
        if (strcmp(r->record->fields[i].name, field) == 0)
            return r->at[i] != REPLY_UNSET ? r->text.data + r->at[i] : NULL;
    return NULL;
}
