#include "app/letter.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/gsm.h"
#include "base/keyed.h"

#define LETTER_DAY_MS (24 * 60 * 60 * INT64_C(1000))

void letter_id(int64_t number, int seq, char out[LETTER_ID_SIZE])
{
    (void)snprintf(out, LETTER_ID_SIZE, "%" PRId64 "/%d", number, seq);
}

/* 2026-11-25T18:04:11+06:00 */
static void letter_time(int64_t at, int offset_min, char out[40])
{
    int64_t there = at + offset_min * INT64_C(60000);
    struct clock_date d = clock_date_of(clock_day(at, offset_min));
    int second = (int)(((there % LETTER_DAY_MS + LETTER_DAY_MS) % LETTER_DAY_MS) / 1000);
    int east = abs(offset_min);

    (void)snprintf(out, 40, "%04d-%02d-%02dT%02d:%02d:%02d%c%02d:%02d", d.year, d.month, d.day, second / 3600,
                   second / 60 % 60, second % 60, offset_min < 0 ? '-' : '+', east / 60, east % 60);
}

static void letter_put(json_t *o, const char *name, const char *value)
{
    (void)json_object_set_new(o, name, json_string(value));
}

static bool letter_print(const json_t *o, struct buf *out)
{
    char *text = json_dumps(o, JSON_PRESERVE_ORDER);

    if (text != NULL)
        buf_adds(out, text);
    free(text);
    return text != NULL && !out->full;
}

/* An agency has no use for our hashes. */
static json_t *letter_fields(const char *kept)
{
    struct buf text;
    json_t *fields;

    buf_init(&text, strlen(kept) + 1);
    keyed_hide(kept, &text);
    fields = json_loads(buf_str(&text), 0, NULL);
    buf_fini(&text);
    return fields;
}

void letter_write(const struct letter *l, struct buf *out)
{
    json_t *o = json_object();
    json_t *fields = letter_fields(l->fields);
    char number[24], seq[16], at[40];

    (void)snprintf(number, sizeof number, "%" PRId64, l->number);
    (void)snprintf(seq, sizeof seq, "%d", l->seq);
    letter_time(l->at, l->utc_offset_min, at);
    letter_put(o, "case", number);
    letter_put(o, "event", seq);
    letter_put(o, "service", l->service);
    letter_put(o, "state", l->state);
    letter_put(o, "at", at);
    letter_put(o, "phone", l->phone);
    letter_put(o, "lang", l->lang);
    letter_put(o, "by", l->by);
    if (l->note[0] != '\0')
        letter_put(o, "note", l->note);
    (void)json_object_set_new(o, "fields", fields != NULL ? fields : json_object());
    (void)letter_print(o, out);
    json_decref(o);
}

bool letter_complete(const char *letter, const char *secrets, struct buf *out)
{
    json_t *o = json_loads(letter, 0, NULL);
    json_t *more = json_loads(secrets, 0, NULL);
    json_t *fields = json_object_get(o, "fields");
    bool good = json_is_object(fields) && json_is_object(more) && json_object_update(fields, more) == 0 &&
                letter_print(o, out);

    json_decref(o);
    json_decref(more);
    return good;
}

void letter_note(const char *text, char out[CASEFILE_NOTE_MAX + 1])
{
    size_t n = 0, left = strlen(text);
    int units = 0, step;
    uint32_t c;

    while ((step = gsm_utf8_next(text + n, left, &c)) > 0) {
        units += c >= 0x10000 ? 2 : 1;
        if (units > CASEFILE_NOTE_UNITS || n + (size_t)step > CASEFILE_NOTE_MAX)
            break;
        n += (size_t)step;
        left -= (size_t)step;
    }
    for (size_t i = 0; i < n; i++)
        out[i] = (unsigned char)text[i] < 0x20 || text[i] == 0x7f ? ' ' : text[i];
    while (n > 0 && out[n - 1] == ' ')
        n--;
    out[n] = '\0';
}

bool letter_answer(const char *json, size_t n, struct letter_answer *out)
{
    json_t *o = n > 0 ? json_loadb(json, n, JSON_REJECT_DUPLICATES, NULL) : json_object();
    const json_t *word = json_object_get(o, "state"), *note = json_object_get(o, "note");
    bool good = json_is_object(o) && (word == NULL || json_is_string(word) || json_is_null(word)) &&
                (note == NULL || json_is_string(note) || json_is_null(note));

    *out = (struct letter_answer){ .word = "" };
    if (json_is_string(note))
        letter_note(json_string_value(note), out->note);
    if (json_is_string(word) && json_string_length(word) < sizeof out->word)
        memcpy(out->word, json_string_value(word), json_string_length(word) + 1);
    else if (json_is_string(word))
        good = false;
    json_decref(o);
    return good;
}
