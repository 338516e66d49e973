/* A request of any content, in lines: method, path, query, key, the four headers of a
 * signature, and the rest is the body.  What is taken is within its bounds, and its next page asks
 * for the same; what is not is one line of words. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/damm.h"
#include "base/gsm.h"
#include "wire/api.h"
#include "wire/signed.h"

#define LINES 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int good)
{
    if (!good)
        abort();
}

/* Up to LINES lines as strings, NUL for a line end; an absent or empty one is NULL behind the first two. */
static const char *split(char *text, size_t size, const char *lines[LINES])
{
    char *at = text, *end = text + size;

    for (int i = 0; i < LINES; i++) {
        char *to = at < end ? memchr(at, '\n', (size_t)(end - at)) : NULL;

        to = to != NULL ? to : end;
        *to = '\0';
        lines[i] = i < 2 || *at != '\0' ? at : NULL;
        at = to < end ? to + 1 : end;
    }
    return at;
}

static void check_call(const struct api_call *c)
{
    check(c->kind >= 0 && c->kind < API_KINDS && c->limit >= 1 && c->limit <= API_LIMIT_MAX && c->after >= 0);
    check(strlen(c->state) <= API_NAME_MAX && strlen(c->service) <= API_NAME_MAX);
    check(c->number == 0 || (c->number >= 1000000000 && c->number <= 9999999999));
    check((c->kind == API_LIST || c->kind == API_SERVICES) == (c->number == 0));
    check(!c->note.full && !c->by.full && c->note.len <= 4 * API_NOTE_MAX && c->by.len <= 4 * API_BY_MAX);
    check(gsm_utf8_valid(buf_str(&c->note), c->note.len) && strlen(buf_str(&c->note)) == c->note.len);
    if (c->kind == API_POST)
        check(strlen(c->key) > 0 && strlen(c->key) <= API_KEY_MAX && (c->state[0] != '\0' || c->note.len > 0 || c->field_count > 0));
    check(c->field_count >= 0 && c->field_count <= API_FIELDS_MAX && !c->values.full);
    for (int i = 0; i < c->field_count; i++)
        check(c->fields[i].name[0] != '\0' && c->fields[i].at < c->values.len &&
              gsm_utf8_valid(buf_str(&c->values) + c->fields[i].at, strlen(buf_str(&c->values) + c->fields[i].at)));
    if (c->goes_on)
        check(c->place.at >= 0 && c->place.number >= 0 && c->place.begun >= 0);
}

/* The page behind this one is asked for as this one was. */
static void check_next(const struct api_call *c)
{
    const struct api_place place = {
        .order = c->since != API_NO_TIME ? API_BY_CHANGE : API_BY_CREATION, .at = 1, .number = 2, .begun = 3,
    };
    struct api_problem problem;
    struct api_request r = { .method = "GET", .path = "cases" };
    struct api_call next;
    struct buf target;

    buf_init(&target, 1024);
    api_next(c, &place, &target);
    check(!target.full);
    r.query = strchr(buf_str(&target), '?') + 1;
    api_call_init(&next);
    check(api_read(&next, &r, &problem));
    check(next.goes_on && next.place.at == 1 && next.place.number == 2 && next.place.begun == 3);
    check(next.since == c->since && next.limit == c->limit);
    check(strcmp(next.state, c->state) == 0 && strcmp(next.service, c->service) == 0);
    api_call_fini(&next);
    buf_fini(&target);
}

static void check_signature(const struct signed_head *head, const struct signed_request *r)
{
    static const unsigned char key[] = "0123456789abcdef";
    char hex[SIGNED_HEX + 1];
    const char *what = NULL;
    struct signed_head right = *head;

    if (signed_shape(head, &what) != SIGNED_GOOD) {
        check(what != NULL);
        return;
    }
    check(signed_check(head, r, key, 16, 0, 0) == SIGNED_WRONG);
    signed_make(head->time, head->nonce, r, key, 16, hex);
    right.signature = hex;
    check(signed_check(&right, r, key, 16, strtoll(head->time, NULL, 10) * 1000, 0) == SIGNED_GOOD);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    struct api_problem problem = { .allow = NULL };
    const char *lines[LINES];
    struct api_call call;
    const char *body;

    check(text != NULL);
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    body = split(text, size, lines);
    {
        size_t n = (size_t)(text + size - body);
        const struct api_request r = { lines[0], lines[1], lines[2], lines[3], body, n };
        const struct signed_head head = { lines[4], lines[5], lines[6], lines[7] };
        const struct signed_request s = { lines[0], lines[1], body, n };

        api_call_init(&call);
        if (api_read(&call, &r, &problem)) {
            check_call(&call);
            if (call.kind == API_LIST)
                check_next(&call);
        } else {
            check(problem.error >= 0 && problem.error < API_ERRORS && problem.text[0] != '\0');
            check(strchr(problem.text, '\n') == NULL && gsm_utf8_valid(problem.text, strlen(problem.text)));
            check((problem.error == API_BAD_METHOD) == (problem.allow != NULL));
        }
        api_call_fini(&call);
        check_signature(&head, &s);
    }
    free(text);
    return 0;
}
