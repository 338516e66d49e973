#include "app/pages.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/stamp.h"
#include "engine/desk.h"

#define PAGES_FLAGS (JSON_COMPACT)
#define PAGES_TAIL 4                    /* digits of a card that are shown */
#define PAGES_LONG 10                   /* digits of a number that stands for a person */

/* --- what is hidden ------------------------------------------------------------------------ */

/* The value of one digit, ASCII or Bengali (U+09E6 ...), and its octets; 0: no digit. */
static size_t pages_digit(const char *s, size_t n, char *digit)
{
    const unsigned char *u = (const unsigned char *)s;

    if (n >= 1 && u[0] >= '0' && u[0] <= '9') {
        *digit = s[0];
        return 1;
    }
    if (n >= 3 && u[0] == 0xe0 && u[1] == 0xa7 && u[2] >= 0xa6 && u[2] <= 0xaf) {
        *digit = (char)('0' + (u[2] - 0xa6));
        return 3;
    }
    return 0;
}

/* The run of digits at s: their octets, their count, and the first ten. */
static size_t pages_run(const char *s, size_t n, size_t *count, char first[PAGES_LONG + 1])
{
    size_t at = 0, step;
    char digit;

    *count = 0;
    while ((step = pages_digit(s + at, n - at, &digit)) > 0) {
        if (*count < PAGES_LONG)
            first[*count] = digit;
        (*count)++;
        at += step;
    }
    first[*count < PAGES_LONG ? *count : PAGES_LONG] = '\0';
    return at;
}

static bool pages_is_card(size_t digits)
{
    return digits == 10 || digits == 13 || digits == 17;       /* of a national identity */
}

/* A run of digits, its last four alone. */
static void pages_stars(const char *s, size_t octets, size_t count, struct buf *out)
{
    char digit;
    size_t step;

    for (size_t at = 0, i = 0; at < octets; at += step, i++) {
        step = pages_digit(s + at, octets - at, &digit);
        if (i + PAGES_TAIL < count)
            buf_addc(out, '*');
        else
            buf_add(out, s + at, step);
    }
}

/* A text in which no number of a card is whole.  known: the case's own, which
 * is no secret. */
static void pages_scrub(const char *s, const char *known, struct buf *out)
{
    size_t n = strlen(s), count, octets;
    char first[PAGES_LONG + 1];

    while (n > 0) {
        octets = pages_run(s, n, &count, first);
        if (octets == 0) {
            buf_addc(out, *s);
            octets = 1;
        } else if (!pages_is_card(count) || (count == PAGES_LONG && strcmp(first, known) == 0)) {
            buf_add(out, s, octets);
        } else {
            pages_stars(s, octets, count, out);
        }
        s += octets;
        n -= octets;
    }
}

/* "****4821": the end that a case keeps of a sensitive value, or that of one which
 * it kept whole and is long enough to be told by it; else stars. */
static void pages_hide(const char *s, struct buf *out)
{
    size_t n = strlen(s), from = n, chars = 0;

    for (size_t i = 0; i < n; i++)
        chars += ((unsigned char)s[i] & 0xc0) != 0x80;
    for (size_t left = chars <= PAGES_TAIL ? chars : chars >= PAGES_LONG ? PAGES_TAIL : 0; left > 0; left--) {
        do
            from--;
        while (from > 0 && ((unsigned char)s[from] & 0xc0) == 0x80);
    }
    buf_adds(out, "****");
    buf_adds(out, s + from);
}

static const char *pages_phone(const char *msisdn, bool phones, char out[LOG_MASK_SIZE])
{
    return phones ? msisdn : log_mask(out, msisdn);
}

/* --- cases ------------------------------------------------------------------------------------- */

static json_t *pages_time(int64_t ms)
{
    char stamp[STAMP_SIZE];

    return ms != 0 ? json_string(stamp_write(stamp, ms)) : json_null();
}

static json_t *pages_text(const char *s)
{
    return s[0] != '\0' ? json_string(s) : json_null();
}

static json_t *pages_number(int64_t number, char digits[24])
{
    (void)snprintf(digits, 24, "%" PRId64, number);
    return json_string(digits);
}

static const struct menu_service *pages_service(const struct menu *menu, const char *name)
{
    for (int i = 0; menu != NULL && i < menu->service_count; i++)
        if (strcmp(menu->services[i].name, name) == 0)
            return &menu->services[i];
    return NULL;
}

static const struct menu_field *pages_field(const struct menu_service *service, const char *name)
{
    for (int i = 0; service != NULL && i < service->field_count; i++)
        if (strcmp(service->fields[i].name, name) == 0)
            return &service->fields[i];
    return NULL;
}

/* A value that its menus say is no secret is shown; of one that nobody knows, no
 * number that could be a card's. */
static void pages_value(const struct menu_field *field, const char *value, const char *known, struct buf *out)
{
    if (field == NULL)
        pages_scrub(value, known, out);
    else if (field->type->sensitive)
        pages_hide(value, out);
    else
        buf_adds(out, value);
}

static json_t *pages_fields(const struct casefile *f, const struct menu_service *service, const char *known)
{
    json_t *fields = json_loads(f->fields, JSON_REJECT_DUPLICATES, NULL);
    json_t *out = json_object(), *value;
    const char *name;
    struct buf text;

    buf_init(&text, 256 * 1024);
    json_object_foreach(fields, name, value) {
        buf_clear(&text);
        if (json_is_string(value))
            pages_value(pages_field(service, name), json_string_value(value), known, &text);
        (void)json_object_set_new(out, name, json_string(buf_str(&text)));
    }
    buf_fini(&text);
    json_decref(fields);
    return out;
}

static json_t *pages_moves(const struct menu *menu, const struct casefile *f)
{
    const char *moves[DESK_MOVES_MAX];
    int n = menu != NULL && desk_knows(menu, f) ? desk_moves(menu, f, DESK_AGENCY, moves) : 0;
    json_t *out = json_array();

    for (int i = 0; i < n; i++)
        (void)json_array_append_new(out, json_string(moves[i]));
    return out;
}

json_t *pages_case(const struct casefile *f, const struct menu *menu, bool phones)
{
    const struct menu_service *service = pages_service(menu, f->service);
    char known[24], phone[LOG_MASK_SIZE];
    json_t *out = json_object();

    (void)json_object_set_new(out, "number", pages_number(f->number, known));
    (void)json_object_set_new(out, "service", json_string(f->service));
    (void)json_object_set_new(out, "agency", json_string(f->agency));
    (void)json_object_set_new(out, "state", json_string(f->state));
    (void)json_object_set_new(out, "seq", json_integer(f->seq));
    (void)json_object_set_new(out, "created", pages_time(f->created));
    (void)json_object_set_new(out, "changed", pages_time(f->changed));
    (void)json_object_set_new(out, "due", pages_time(f->due));
    (void)json_object_set_new(out, "overdue", json_boolean(f->overdue > 0));
    (void)json_object_set_new(out, "phone", json_string(pages_phone(f->msisdn, phones, phone)));
    (void)json_object_set_new(out, "lang", pages_text(f->lang));
    (void)json_object_set_new(out, "place", pages_text(f->place));
    (void)json_object_set_new(out, "channel", json_string(f->channel));
    (void)json_object_set_new(out, "opened_by", json_string(f->actor));
    (void)json_object_set_new(out, "fields", pages_fields(f, service, known));
    (void)json_object_set_new(out, "moves", pages_moves(menu, f));
    return out;
}

/* --- events ---------------------------------------------------------------------------------------- */

json_t *pages_event(const struct casefile *f, const struct casefile_event *e)
{
    json_t *out = json_object();
    struct buf text;
    char known[24];

    (void)snprintf(known, sizeof known, "%" PRId64, f->number);
    buf_init(&text, 4 * CASEFILE_NOTE_MAX);
    (void)json_object_set_new(out, "seq", json_integer(e->seq));
    (void)json_object_set_new(out, "at", pages_time(e->at));
    (void)json_object_set_new(out, "kind", json_string(e->kind));
    pages_scrub(e->actor, known, &text);
    (void)json_object_set_new(out, "by", pages_text(buf_str(&text)));
    (void)json_object_set_new(out, "state", json_string(e->state));
    buf_clear(&text);
    pages_scrub(e->note, known, &text);
    (void)json_object_set_new(out, "note", pages_text(buf_str(&text)));
    buf_fini(&text);
    return out;
}

/* --- services ------------------------------------------------------------------------------------------ */

static json_t *pages_states(const struct menu *menu, const struct menu_service *s)
{
    json_t *out = json_array();

    for (int i = 0; i < (s->state_count > 0 ? s->state_count : 1); i++) {
        const char *name = s->state_count > 0 ? s->states[i].name : menu_service_first(s);
        const struct casefile f = { .service = s->name, .state = name };
        json_t *state = json_object();

        (void)json_object_set_new(state, "name", json_string(name));
        (void)json_object_set_new(state, "moves", pages_moves(menu, &f));
        (void)json_array_append_new(out, state);
    }
    return out;
}

static json_t *pages_one_service(const struct menu *menu, const struct menu_service *s)
{
    json_t *out = json_object(), *fields = json_array();

    for (int i = 0; i < s->field_count; i++)
        (void)json_array_append_new(fields, json_string(s->fields[i].name));
    (void)json_object_set_new(out, "name", json_string(s->name));
    (void)json_object_set_new(out, "number", json_integer(s->number));
    (void)json_object_set_new(out, "days", s->within_days > 0 ? json_integer(s->within_days) : json_null());
    (void)json_object_set_new(out, "calendar", json_string(s->within_all ? "all" : "working"));
    (void)json_object_set_new(out, "fields", fields);
    (void)json_object_set_new(out, "states", pages_states(menu, s));
    return out;
}

json_t *pages_services(const struct menu *menu, const char *agency)
{
    json_t *list = json_array(), *out = json_object();

    for (int i = 0; i < menu->service_count; i++)
        if (menu->services[i].agency != NULL && strcmp(menu->services[i].agency, agency) == 0)
            (void)json_array_append_new(list, pages_one_service(menu, &menu->services[i]));
    (void)json_object_set_new(out, "agency", json_string(agency));
    (void)json_object_set_new(out, "services", list);
    return out;
}

/* --- errors ------------------------------------------------------------------------------------------------ */

json_t *pages_problem(const struct api_problem *p)
{
    json_t *error = json_object(), *out = json_object();

    (void)json_object_set_new(error, "code", json_string(api_error_row(p->error)->code));
    (void)json_object_set_new(error, "message", json_string(p->text));
    (void)json_object_set_new(out, "error", error);
    return out;
}

/* --- text ---------------------------------------------------------------------------------------------------- */

static int pages_add(const char *p, size_t n, void *arg)
{
    buf_add(arg, p, n);
    return 0;
}

void pages_write(json_t *body_take, struct buf *out)
{
    (void)json_dump_callback(body_take, pages_add, out, PAGES_FLAGS);
    buf_addc(out, '\n');
    json_decref(body_take);
}

size_t pages_size(const json_t *body)
{
    return json_dumpb(body, NULL, 0, PAGES_FLAGS);
}
