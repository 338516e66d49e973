#include "wire/api.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/damm.h"
#include "base/gsm.h"
#include "base/stamp.h"

#define API_VALUE_MAX 256               /* octets of a parameter, decoded */
#define API_DIGITS 10                   /* of a case number */
#define API_BY_DIGITS 6                 /* in a name */
#define API_TIME_MAX INT64_C(253402300799999)           /* the last that stamp_write() writes */

static const char *const api_right_names[API_RIGHTS] = {
    [API_READ] = "read", [API_EVENTS] = "events", [API_PHONES] = "phones",
};

const char *api_right_name(enum api_right right)
{
    return api_right_names[right];
}

static const struct api_error_row api_errors[API_ERRORS] = {
    [API_NO_PATH] = { "no_path", 404, "there is nothing at this path" },
    [API_BAD_METHOD] = { "bad_method", 405, "not with this method; Allow says with which" },
    [API_BAD_QUERY] = { "bad_query", 400, "a parameter behind the '?' is wrong" },
    [API_BAD_NUMBER] = { "bad_number", 400, "no case number: 10 digits, the last of which checks the others" },
    [API_BAD_BODY] = { "bad_body", 400, "the body is not the JSON object that it should be" },
    [API_NO_KEY] = { "no_key", 400, "header Idempotency-Key is missing or not of its form" },
    [API_TOO_LONG] = { "too_long", 413, "the body is too long" },
    [API_UNSIGNED] = { "unsigned", 401, "a header of the signature is missing or not of its form" },
    [API_BAD_SIGNATURE] = { "bad_signature", 401, "there is no such key, or it does not make this signature" },
    [API_STALE] = { "stale", 401, "the signature is right, but its time is too far from ours" },
    [API_REPLAYED] = { "replayed", 401, "this nonce was used before: sign anew, and keep the Idempotency-Key" },
    [API_NO_RIGHT] = { "no_right", 403, "this key may not do that" },
    [API_NO_CASE] = { "no_case", 404, "this agency has no such case" },
    [API_NO_STATE] = { "no_state", 422, "the service has no such state" },
    [API_NO_FIELD] = { "no_field", 422, "the service has no such field, or the value is not of its type" },
    [API_NOT_NOW] = { "not_now", 409, "the case cannot go there from where it stands" },
    [API_NOT_YOURS] = { "not_yours", 403, "that move is not an agency's to make" },
    [API_KEY_REUSED] = { "key_reused", 422, "this Idempotency-Key was used for something else of this case" },
    [API_TOO_MANY] = { "too_many", 429, "too many requests of this key are under way" },
    [API_AWAY] = { "away", 503, "not now: the same again a little later" },
};

const struct api_error_row *api_error_row(enum api_error e)
{
    return &api_errors[e];
}

void api_fail(struct api_problem *p, enum api_error e, const char *fmt, ...)
{
    va_list ap;

    p->error = e;
    va_start(ap, fmt);
    if (vsnprintf(p->text, sizeof p->text, fmt, ap) < 0)
        p->text[0] = '\0';
    va_end(ap);
}

void api_call_init(struct api_call *c)
{
    memset(c, 0, sizeof *c);
    c->since = API_NO_TIME;
    c->limit = API_LIMIT;
    buf_init(&c->values, 2 * API_BODY_MAX);
    buf_init(&c->note, 4 * API_NOTE_MAX);
    buf_init(&c->by, 4 * API_BY_MAX);
}

void api_call_fini(struct api_call *c)
{
    buf_fini(&c->values);
    buf_fini(&c->note);
    buf_fini(&c->by);
}

/* --- values ----------------------------------------------------------------------- */

static bool api_name(const char *s, size_t n, char out[API_NAME_MAX + 1])
{
    static const char of[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";

    if (n == 0 || n > API_NAME_MAX || strlen(s) != n || strspn(s, of) != n)
        return false;
    memcpy(out, s, n + 1);
    return true;
}

/* Decimal, without sign or leading zero, min..max. */
static bool api_whole(const char *s, int64_t min, int64_t max, int64_t *out)
{
    size_t n = strlen(s);

    if (n == 0 || n > 18 || strspn(s, "0123456789") != n || (n > 1 && s[0] == '0'))
        return false;
    *out = strtoll(s, NULL, 10);
    return *out >= min && *out <= max;
}

static bool api_case_no(const char *s, size_t n, int64_t *number)
{
    char digits[API_DIGITS + 1];

    if (n != API_DIGITS)
        return false;
    memcpy(digits, s, API_DIGITS);
    digits[API_DIGITS] = '\0';
    return damm_valid(digits, API_DIGITS) && api_whole(digits, INT64_C(1000000000), INT64_C(9999999999), number);
}

static int api_hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* RFC 3986 2.1, and '+' for a space as forms have it.  False: not encoded well,
 * too long, or with a NUL. */
static bool api_decode(const char *s, size_t n, char out[API_VALUE_MAX + 1])
{
    size_t len = 0;

    for (size_t i = 0; i < n; i++) {
        int c = (unsigned char)s[i];

        if (c == '+') {
            c = ' ';
        } else if (c == '%') {
            if (n - i < 3 || api_hex_digit(s[i + 1]) < 0 || api_hex_digit(s[i + 2]) < 0)
                return false;
            c = api_hex_digit(s[i + 1]) * 16 + api_hex_digit(s[i + 2]);
            i += 2;
        }
        if (c == 0 || len == API_VALUE_MAX)
            return false;
        out[len++] = (char)c;
    }
    out[len] = '\0';
    return true;
}

/* --- cursors ------------------------------------------------------------------------ */

static const char api_orders[] = "ac";          /* by enum api_order */

static void api_cursor_write(const struct api_place *p, struct buf *out)
{
    buf_addf(out, "%c%" PRIx64 "-%" PRIx64 "-%" PRIx64, api_orders[p->order], (uint64_t)p->at, (uint64_t)p->number,
             (uint64_t)p->begun);
}

/* One hexadecimal number below 2^60 and what must stand behind it. */
static bool api_cursor_part(const char **s, char behind, int64_t *out)
{
    size_t n = strspn(*s, "0123456789abcdef");

    if (n == 0 || n > 15 || (*s)[n] != behind)
        return false;
    *out = (int64_t)strtoull(*s, NULL, 16);
    *s += n + (behind != '\0');
    return true;
}

static bool api_cursor_read(const char *s, struct api_place *p)
{
    const char *order = s[0] != '\0' ? strchr(api_orders, s[0]) : NULL;

    if (order == NULL)
        return false;
    p->order = (enum api_order)(order - api_orders);
    s++;
    return api_cursor_part(&s, '-', &p->at) && api_cursor_part(&s, '-', &p->number) && api_cursor_part(&s, '\0', &p->begun);
}

/* --- parameters ------------------------------------------------------------------------ */

enum api_param { API_STATE = 0, API_SERVICE, API_SINCE, API_PAGE, API_CURSOR, API_AFTER, API_PARAMS };

#define API_OF_LIST (1u << API_STATE | 1u << API_SERVICE | 1u << API_SINCE | 1u << API_PAGE | 1u << API_CURSOR)
#define API_OF_HISTORY (1u << API_PAGE | 1u << API_AFTER)

static const struct api_param_row {
    const char *name;
    const char *wants;
} api_params[API_PARAMS] = {
    [API_STATE] = { "state", "the name of a state" },
    [API_SERVICE] = { "service", "the name of a service" },
    [API_SINCE] = { "since", "a time like 2026-11-25T04:00:00Z" },
    [API_PAGE] = { "limit", "a whole number from 1 to 100" },
    [API_CURSOR] = { "cursor", "what an earlier page said in 'next'" },
    [API_AFTER] = { "after", "the seq of an event, a whole number from 0" },
};

static bool api_take_param(struct api_call *c, enum api_param param, char *value)
{
    int64_t v;
    char *plus;

    switch (param) {
    case API_STATE:
        return api_name(value, strlen(value), c->state);
    case API_SERVICE:
        return api_name(value, strlen(value), c->service);
    case API_SINCE:
        plus = strchr(value, ' ');      /* "+06:00" that was sent as it is */
        if (plus != NULL)
            *plus = '+';
        if (!stamp_read(value, &v) || v > API_TIME_MAX)
            return false;
        c->since = v > 0 ? v : 0;
        return true;
    case API_PAGE:
        if (!api_whole(value, 1, API_LIMIT_MAX, &v))
            return false;
        c->limit = (int)v;
        return true;
    case API_CURSOR:
        c->goes_on = true;
        return api_cursor_read(value, &c->place);
    case API_AFTER:
        if (!api_whole(value, 0, INT32_MAX, &v))
            return false;
        c->after = (int)v;
        return true;
    case API_PARAMS:
        break;
    }
    abort();
}

/* What it is called is only said again when it is a name. */
static void api_no_param(const char *s, size_t n, unsigned may, struct api_problem *p)
{
    char name[API_NAME_MAX + 1] = "", known[128] = "";
    char copy[API_NAME_MAX + 1];
    size_t len = 0;

    if (n <= API_NAME_MAX) {
        memcpy(copy, s, n);
        copy[n] = '\0';
        if (!api_name(copy, n, name))
            name[0] = '\0';
    }
    for (int i = 0; i < API_PARAMS; i++)
        if ((may & 1u << i) != 0)
            len += (size_t)snprintf(known + len, sizeof known - len, "%s%s", len > 0 ? ", " : "", api_params[i].name);
    api_fail(p, API_BAD_QUERY, "there is no parameter '%s' here: %s%s", name, len > 0 ? "known are " : "there are none", known);
}

static bool api_param(struct api_call *c, const char *s, size_t n, unsigned may, unsigned *seen, struct api_problem *p)
{
    const char *is = memchr(s, '=', n);
    size_t name_len = is != NULL ? (size_t)(is - s) : n;
    char value[API_VALUE_MAX + 1];

    for (int i = 0; i < API_PARAMS; i++) {
        const struct api_param_row *row = &api_params[i];

        if ((may & 1u << i) == 0 || strlen(row->name) != name_len || memcmp(row->name, s, name_len) != 0)
            continue;
        if ((*seen & 1u << i) != 0) {
            api_fail(p, API_BAD_QUERY, "parameter '%s' stands twice", row->name);
            return false;
        }
        *seen |= 1u << i;
        if (is != NULL && api_decode(is + 1, n - name_len - 1, value) && api_take_param(c, (enum api_param)i, value))
            return true;
        api_fail(p, API_BAD_QUERY, "parameter '%s' is to be %s", row->name, row->wants);
        return false;
    }
    api_no_param(s, name_len, may, p);
    return false;
}

static bool api_query(struct api_call *c, const char *query, unsigned may, struct api_problem *p)
{
    unsigned seen = 0;

    while (query != NULL && *query != '\0') {
        size_t n = strcspn(query, "&");

        if (n > 0 && !api_param(c, query, n, may, &seen, p))
            return false;
        query += n + (query[n] == '&');
    }
    if (c->goes_on && c->place.order != (c->since != API_NO_TIME ? API_BY_CHANGE : API_BY_CREATION)) {
        api_fail(p, API_BAD_QUERY, "parameter 'cursor' goes on with a list that was asked for otherwise: take 'next' whole");
        return false;
    }
    return true;
}

/* --- the body of an event ------------------------------------------------------------------ */

/* A name in the history of a case is no place for a phone's number or a card's. */
static bool api_is_name(const struct buf *b)
{
    int digits = 0;

    for (size_t i = 0; i < b->len; i++)
        digits += b->data[i] >= '0' && b->data[i] <= '9';
    return digits <= API_BY_DIGITS;
}

static bool api_text(const json_t *v, size_t max, const char *name, void (*take)(struct buf *, const char *, size_t),
                     struct buf *out, struct api_problem *p)
{
    if (v == NULL || json_is_null(v))
        return true;
    if (json_is_string(v))
        take(out, json_string_value(v), json_string_length(v));
    if (json_is_string(v) && !out->full && (size_t)gsm_cost(buf_str(out), out->len).units <= max)
        return true;
    api_fail(p, API_BAD_BODY, "'%s' is to be a text of at most %zu characters", name, max);
    return false;
}

/* The name of a state, or nothing. */
static bool api_state(const json_t *v, const char *name, char out[API_NAME_MAX + 1], struct api_problem *p)
{
    if (v == NULL || json_is_null(v) ||
        (json_is_string(v) && api_name(json_string_value(v), json_string_length(v), out)))
        return true;
    api_fail(p, API_BAD_BODY, "'%s' is to be %s", name, api_params[API_STATE].wants);
    return false;
}

static bool api_field(struct api_call *c, const char *name, const json_t *v, struct api_problem *p)
{
    struct api_field *field = &c->fields[c->field_count];
    struct buf value;
    bool ok;

    if (c->field_count == API_FIELDS_MAX || !api_name(name, strlen(name), field->name) || !json_is_string(v)) {
        api_fail(p, API_BAD_BODY, "'fields' is to be an object of at most %d names with texts", API_FIELDS_MAX);
        return false;
    }
    buf_init(&value, 4 * API_FIELD_UNITS);
    ok = api_text(v, API_FIELD_UNITS, field->name, gsm_normalise, &value, p);
    field->at = c->values.len;
    buf_adds(&c->values, buf_str(&value));
    buf_addc(&c->values, '\0');
    c->field_count++;
    buf_fini(&value);
    return ok;
}

static bool api_fields(struct api_call *c, json_t *fields, struct api_problem *p)
{
    const char *name;
    json_t *v;

    if (fields == NULL || json_is_null(fields))
        return true;
    if (!json_is_object(fields)) {
        api_fail(p, API_BAD_BODY, "'fields' is to be an object of at most %d names with texts", API_FIELDS_MAX);
        return false;
    }
    json_object_foreach(fields, name, v)
        if (!api_field(c, name, v, p))
            return false;
    return true;
}

static bool api_event(struct api_call *c, const json_t *body, struct api_problem *p)
{
    static const char *const names[] = { "state", "from", "note", "by", "fields" };
    size_t known = 0;

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        known += json_object_get(body, names[i]) != NULL;
    if (!json_is_object(body) || known != json_object_size(body)) {
        api_fail(p, API_BAD_BODY, "the body is to be an object of 'state', 'from', 'note', 'by' and 'fields', and of nothing else");
        return false;
    }
    if (!api_state(json_object_get(body, "state"), "state", c->state, p) ||
        !api_state(json_object_get(body, "from"), "from", c->from, p) ||
        !api_fields(c, json_object_get(body, "fields"), p) ||
        !api_text(json_object_get(body, "note"), API_NOTE_MAX, "note", gsm_normalise, &c->note, p) ||
        !api_text(json_object_get(body, "by"), API_BY_MAX, "by", gsm_answer, &c->by, p))
        return false;
    if (!api_is_name(&c->by)) {
        api_fail(p, API_BAD_BODY, "'by' is the name of a person or a room, without numbers");
        return false;
    }
    if (c->state[0] == '\0' && c->note.len == 0 && c->field_count == 0) {
        api_fail(p, API_BAD_BODY, "an event has a 'state', a 'note' or 'fields', or several of them");
        return false;
    }
    return true;
}

static bool api_body(struct api_call *c, const struct api_request *r, struct api_problem *p)
{
    json_error_t error = { .line = 0 };
    json_t *body;
    bool ok;

    if (r->len > API_BODY_MAX) {
        api_fail(p, API_TOO_LONG, "the body has %zu octets, of at most %d", r->len, API_BODY_MAX);
        return false;
    }
    body = r->len > 0 ? json_loadb(r->body, r->len, JSON_REJECT_DUPLICATES, &error) : NULL;
    if (body == NULL) {
        api_fail(p, API_BAD_BODY, r->len > 0 ? "the body is not JSON, in line %d" : "there is no body", error.line);
        return false;
    }
    ok = api_event(c, body, p);
    json_decref(body);
    return ok;
}

static bool api_key(struct api_call *c, const char *key, struct api_problem *p)
{
    size_t n = key != NULL ? strlen(key) : 0;

    for (size_t i = 0; i < n; i++)
        if (key[i] < '!' || key[i] > '~')
            n = 0;
    if (n == 0 || n > API_KEY_MAX) {
        api_fail(p, API_NO_KEY, "header Idempotency-Key is to be 1 to %d characters of ASCII without blanks, the same "
                 "when the same is sent again", API_KEY_MAX);
        return false;
    }
    memcpy(c->key, key, n + 1);
    return true;
}

/* --- paths ------------------------------------------------------------------------------------ */

static const struct api_path {
    const char *method;
    const char *head, *tail;            /* "cases/" {number} "/events"; tail NULL: head alone */
    unsigned params;                    /* bits of enum api_param */
} api_paths[API_KINDS] = {
    [API_LIST] = { "GET", "cases", NULL, API_OF_LIST },
    [API_CASE] = { "GET", "cases/", "", 0 },
    [API_HISTORY] = { "GET", "cases/", "/events", API_OF_HISTORY },
    [API_POST] = { "POST", "cases/", "/events", 0 },
    [API_SERVICES] = { "GET", "services", NULL, 0 },
};

/* Does it lead there?  *number: where the number stands, its length; else NULL. */
static bool api_path_is(const struct api_path *p, const char *path, const char **number, size_t *n)
{
    size_t head = strlen(p->head);

    *number = NULL;
    if (p->tail == NULL)
        return strcmp(path, p->head) == 0;
    if (strncmp(path, p->head, head) != 0)
        return false;
    *number = path + head;
    *n = strcspn(*number, "/");
    return strcmp(*number + *n, p->tail) == 0;
}

/* False: nothing is there, or not with this method. */
static bool api_find(struct api_call *c, const struct api_request *r, const char **number, size_t *n,
                     struct api_problem *p)
{
    static const struct { bool get, post; const char *allow; } allows[] = {
        { true, false, "GET" }, { false, true, "POST" }, { true, true, "GET, POST" },
    };
    bool get = false, post = false;

    for (int i = 0; i < API_KINDS; i++) {
        if (!api_path_is(&api_paths[i], r->path, number, n))
            continue;
        c->kind = (enum api_kind)i;
        if (strcmp(api_paths[i].method, r->method) == 0)
            return true;
        get = get || api_paths[i].method[0] == 'G';
        post = post || api_paths[i].method[0] == 'P';
    }
    for (size_t i = 0; i < sizeof allows / sizeof allows[0]; i++) {
        if (allows[i].get != get || allows[i].post != post)
            continue;
        p->allow = allows[i].allow;
        api_fail(p, API_BAD_METHOD, "this path is for %s", p->allow);
        return false;
    }
    api_fail(p, API_NO_PATH, "there is nothing at this path: the ways are cases, cases/NUMBER, cases/NUMBER/events "
             "and services, without a '/' behind them");
    return false;
}

bool api_read(struct api_call *c, const struct api_request *r, struct api_problem *p)
{
    const char *number;
    size_t n = 0;

    p->allow = NULL;
    if (!api_find(c, r, &number, &n, p))
        return false;
    if (number != NULL && !api_case_no(number, n, &c->number)) {
        api_fail(p, API_BAD_NUMBER, "a case number has 10 digits, the last of which checks the others: is one mistyped?");
        return false;
    }
    if (!api_query(c, r->query, api_paths[c->kind].params, p))
        return false;
    if (c->kind == API_POST)
        return api_key(c, r->key, p) && api_body(c, r, p);
    if (r->len == 0)
        return true;
    api_fail(p, API_BAD_BODY, "a GET has no body");
    return false;
}

/* --- answers -------------------------------------------------------------------------------------- */

void api_next(const struct api_call *c, const struct api_place *place, struct buf *out)
{
    char stamp[STAMP_SIZE];

    buf_addf(out, API_PREFIX "cases?limit=%d", c->limit);
    if (c->state[0] != '\0')
        buf_addf(out, "&state=%s", c->state);
    if (c->service[0] != '\0')
        buf_addf(out, "&service=%s", c->service);
    if (c->since != API_NO_TIME)
        buf_addf(out, "&since=%s", stamp_write(stamp, c->since));
    buf_adds(out, "&cursor=");
    api_cursor_write(place, out);
}

void api_next_events(const struct api_call *c, struct buf *out)
{
    buf_addf(out, API_PREFIX "cases/%" PRId64 "/events?after=%d&limit=%d", c->number, c->after, c->limit);
}

/* --- help --------------------------------------------------------------------------------------- */

void api_help(struct buf *out)
{
    for (int i = 0; i < API_KINDS; i++) {
        const struct api_path *path = &api_paths[i];

        buf_addf(out, "path %s " API_PREFIX "%s%s%s", path->method, path->head, path->tail != NULL ? "{number}" : "",
                 path->tail != NULL ? path->tail : "");
        for (int k = 0; k < API_PARAMS; k++)
            if ((path->params & 1u << k) != 0)
                buf_addf(out, " %s", api_params[k].name);
        buf_addc(out, '\n');
    }
    for (int i = 0; i < API_ERRORS; i++)
        buf_addf(out, "error %s %d %s\n", api_errors[i].code, api_errors[i].status, api_errors[i].means);
    buf_addf(out, "bound body %d\nbound name %d\nbound key %d\nbound note %d\nbound by %d\nbound limit %d\nbound fields %d\n", API_BODY_MAX,
             API_NAME_MAX, API_KEY_MAX, API_NOTE_MAX, API_BY_MAX, API_LIMIT_MAX, API_FIELDS_MAX);
}
