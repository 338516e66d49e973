/* api: every path, parameter and body, what is wrong with each in words, and pages that go on. */
#include "wire/api.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NO "8123056783"
#define EVENTS "cases/" NO "/events"

static struct api_call call;
static struct api_problem problem;

static bool ask(const char *method, const char *path, const char *query, const char *key, const char *body)
{
    struct api_request r = { method, path, query, key, body, body != NULL ? strlen(body) : 0 };

    api_call_fini(&call);
    api_call_init(&call);
    memset(&problem, 0, sizeof problem);
    return api_read(&call, &r, &problem);
}

static int teardown(void **state)
{
    (void)state;
    api_call_fini(&call);
    return 0;
}

static void assert_error(enum api_error e, const char *says)
{
    assert_string_equal(api_error_row(problem.error)->code, api_error_row(e)->code);
    if (strstr(problem.text, says) == NULL)
        fail_msg("'%s' does not say '%s'", problem.text, says);
    assert_null(strchr(problem.text, '\n'));
}

static void paths(void **state)
{
    static const struct { const char *method, *path; int kind; enum api_error error; const char *allow; } table[] = {
        { "GET", "cases", API_LIST, 0, NULL },
        { "GET", "cases/" NO, API_CASE, 0, NULL },
        { "GET", EVENTS, API_HISTORY, 0, NULL },
        { "GET", "services", API_SERVICES, 0, NULL },
        { "POST", "cases", -1, API_BAD_METHOD, "GET" },
        { "DELETE", "cases/" NO, -1, API_BAD_METHOD, "GET" },
        { "PUT", EVENTS, -1, API_BAD_METHOD, "GET, POST" },
        { "GET", "", -1, API_NO_PATH, NULL },
        { "GET", "cases/", -1, API_BAD_NUMBER, NULL },
        { "GET", "cases/8123056784", -1, API_BAD_NUMBER, NULL },
        { "GET", "cases/8132056783", -1, API_BAD_NUMBER, NULL },
        { "GET", "cases/812305678", -1, API_BAD_NUMBER, NULL },
        { "GET", "cases/81230567830", -1, API_BAD_NUMBER, NULL },
        { "GET", "cases/0000000000", -1, API_BAD_NUMBER, NULL },
        { "GET", "cases/%38123056783", -1, API_BAD_NUMBER, NULL },
        { "GET", "cases/" NO "/", -1, API_NO_PATH, NULL },
        { "GET", "cases/" NO "/events/", -1, API_NO_PATH, NULL },
        { "GET", "cases/" NO "/event", -1, API_NO_PATH, NULL },
        { "GET", "Cases", -1, API_NO_PATH, NULL },
        { "GET", "services/", -1, API_NO_PATH, NULL },
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        bool ok = ask(table[i].method, table[i].path, NULL, NULL, NULL);

        assert_int_equal(ok, table[i].kind >= 0);
        if (ok) {
            assert_int_equal(call.kind, table[i].kind);
            continue;
        }
        assert_error(table[i].error, "");
        if (table[i].allow != NULL)
            assert_string_equal(problem.allow, table[i].allow);
        else
            assert_null(problem.allow);
    }
    assert_true(ask("GET", "cases/" NO, NULL, NULL, NULL));
    assert_true(call.number == INT64_C(8123056783));
}

static void lists(void **state)
{
    (void)state;
    assert_true(ask("GET", "cases", NULL, NULL, NULL));
    assert_int_equal(call.limit, API_LIMIT);
    assert_true(call.since == API_NO_TIME);
    assert_true(ask("GET", "cases", "", NULL, NULL));
    assert_true(ask("GET", "cases", "&state=under_review&&limit=7&service=allowance.complaint&", NULL, NULL));
    assert_string_equal(call.state, "under_review");
    assert_string_equal(call.service, "allowance.complaint");
    assert_int_equal(call.limit, 7);
    assert_true(ask("GET", "cases", "since=2026-11-26T06%3A00%3a00%2B06:00", NULL, NULL));
    assert_true(call.since == INT64_C(1795651200000));
    assert_true(ask("GET", "cases", "since=2026-11-26T06:00:00+06:00", NULL, NULL));
    assert_true(call.since == INT64_C(1795651200000));
    assert_true(ask("GET", "cases", "since=0001-01-01T00:00:00%2B06:00", NULL, NULL));
    assert_true(call.since == 0);
    assert_false(ask("GET", "cases", "since=9999-12-31T23:59:59-06:00", NULL, NULL));
    assert_true(ask("GET", EVENTS, "after=3&limit=100", NULL, NULL));
    assert_int_equal(call.after, 3);
}

static void wrong_parameters(void **state)
{
    static const struct { const char *path, *query, *says; } table[] = {
        { "cases", "colour=red", "no parameter 'colour' here: known are state, service, since, limit, cursor" },
        { "cases", "colo%75r=red", "no parameter '' here" },
        { "cases", "after=1", "no parameter 'after' here" },
        { "cases/" NO, "limit=1", "no parameter 'limit' here: there are none" },
        { "services", "x", "there are none" },
        { EVENTS, "state=x", "known are limit, after" },
        { "cases", "limit=0", "'limit' is to be a whole number from 1 to 100" },
        { "cases", "limit=101", "'limit'" },
        { "cases", "limit=07", "'limit'" },
        { "cases", "limit=-1", "'limit'" },
        { "cases", "limit=99999999999999999999999", "'limit'" },
        { "cases", "limit=", "'limit'" },
        { "cases", "limit", "'limit'" },
        { "cases", "limit=5&limit=5", "'limit' stands twice" },
        { "cases", "state=", "'state'" },
        { "cases", "state=a'b", "'state'" },
        { "cases", "state=a%00b", "'state'" },
        { "cases", "state=a%2", "'state'" },
        { "cases", "state=a%zz", "'state'" },
        { "cases", "since=yesterday", "'since' is to be a time like" },
        { "cases", "cursor=x", "'cursor'" },
        { "cases", "cursor=a1-2", "'cursor'" },
        { "cases", "cursor=a1-2-3-4", "'cursor'" },
        { "cases", "cursor=a1-2-G", "'cursor'" },
        { "cases", "cursor=a1-2-1234567890123456", "'cursor'" },
        { "cases", "cursor=c1-2-3", "asked for otherwise" },
        { "cases", "cursor=a1-2-3&since=2026-11-26T00:00:00Z", "asked for otherwise" },
        { EVENTS, "after=x", "'after'" },
        { EVENTS, "after=2147483648", "'after'" },
    };
    char long_name[100];

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        assert_false(ask("GET", table[i].path, table[i].query, NULL, NULL));
        assert_error(API_BAD_QUERY, table[i].says);
    }
    (void)snprintf(long_name, sizeof long_name, "state=%065d", 0);
    assert_false(ask("GET", "cases", long_name, NULL, NULL));
    assert_error(API_BAD_QUERY, "'state'");
    assert_true(ask("GET", "cases", "state=0000000000000000000000000000000000000000000000000000000000000000", NULL, NULL));
    assert_false(ask("GET", "cases", NULL, NULL, "{}"));
    assert_error(API_BAD_BODY, "a GET has no body");
}

static void events(void **state)
{
    (void)state;
    assert_true(ask("POST", EVENTS, NULL, "k-1", "{\"state\": \"answered\", \"note\": \"Paid\\r\\non \\u09a1\\u09bc\", \"by\": \"Rahim\"}"));
    assert_int_equal(call.kind, API_POST);
    assert_string_equal(call.state, "answered");
    assert_string_equal(buf_str(&call.note), "Paid\non \xe0\xa7\x9c");
    assert_string_equal(buf_str(&call.by), "Rahim");
    assert_string_equal(call.key, "k-1");
    assert_true(ask("POST", EVENTS, NULL, "\"8e03978e-40d5-43dd-bc93-6894a57f9324\"", "{\"note\": \"x\", \"state\": null, \"by\": null}"));
    assert_string_equal(call.state, "");
    assert_int_equal(call.by.len, 0);
    assert_true(ask("POST", EVENTS, NULL, "k", "{\"state\": \"b\", \"from\": \"a\", \"fields\": {\"day\": \"2026-12-14\", \"x\": \"\"}}"));
    assert_string_equal(call.from, "a");
    assert_int_equal(call.field_count, 2);
    for (int i = 0; i < 2; i++) {
        bool day = strcmp(call.fields[i].name, "day") == 0;

        assert_true(day || strcmp(call.fields[i].name, "x") == 0);
        assert_string_equal(buf_str(&call.values) + call.fields[i].at, day ? "2026-12-14" : "");
    }
}

static void wrong_events(void **state)
{
    static const struct { const char *body, *says; } table[] = {
        { NULL, "there is no body" },
        { "", "there is no body" },
        { "state=answered", "not JSON, in line 1" },
        { "{\"state\": \"answered\"", "not JSON" },
        { "{\"state\": \"answered\"}x", "not JSON" },
        { "{\"state\": \"a\", \"state\": \"b\"}", "not JSON" },
        { "{\"note\": \"\xff\"}", "not JSON" },
        { "{\"note\": \"a\\u0000b\"}", "not JSON" },
        { "{\"note\": \"\\ud800\"}", "not JSON" },
        { "[]", "an object of" },
        { "[{\"state\": \"a\"}]", "an object of" },
        { "{}", "a 'state', a 'note' or 'fields'" },
        { "{\"state\": null, \"from\": \"a\"}", "a 'state', a 'note' or 'fields'" },
        { "{\"fields\": {}}", "a 'state', a 'note' or 'fields'" },
        { "{\"fields\": []}", "'fields' is to be an object of at most 16" },
        { "{\"fields\": {\"a\": 7}}", "'fields' is to be an object of at most 16" },
        { "{\"fields\": {\"a b\": \"7\"}}", "'fields' is to be an object of at most 16" },
        { "{\"fields\": {\"\": \"7\"}}", "'fields' is to be an object of at most 16" },
        { "{\"fields\": {\"a\": \"7\", \"a\": \"8\"}}", "not JSON" },
        { "{\"state\": \"a\", \"from\": \"\"}", "'from' is to be the name of a state" },
        { "{\"state\": \"\"}", "'state' is to be the name of a state" },
        { "{\"state\": 7}", "'state'" },
        { "{\"state\": \"a b\"}", "'state'" },
        { "{\"to\": \"answered\"}", "nothing else" },
        { "{\"state\": \"answered\", \"nid\": \"1\"}", "nothing else" },
        { "{\"note\": 7}", "'note' is to be a text of at most 140 characters" },
        { "{\"note\": \"\"}", "a 'state', a 'note' or 'fields'" },
        { "{\"note\": \"\\u0001\"}", "a 'state', a 'note' or 'fields'" },
        { "{\"note\": \"x\", \"by\": \"abcdefghijabcdefghijabcdefghijabcdefghijk\"}", "'by' is to be a text of at most 40" },
        { "{\"note\": \"x\", \"by\": []}", "'by'" },
        { "{\"note\": \"x\", \"by\": \"Rahim 01711000001\"}", "without numbers" },
        { "{\"note\": \"x\", \"by\": \"R 123 45 67\"}", "without numbers" },
    };
    static const char *const keys[] = {
        NULL, "", "a b", "k\x7f", "k\xc3\xa9", "12345678901234567890123456789012345678901234567890123456789012345",
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        assert_false(ask("POST", EVENTS, NULL, "k", table[i].body));
        assert_error(API_BAD_BODY, table[i].says);
    }
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        assert_false(ask("POST", EVENTS, NULL, keys[i], "{\"note\": \"x\"}"));
        assert_error(API_NO_KEY, "Idempotency-Key");
    }
    assert_false(ask("POST", EVENTS, "limit=3", "k", "{\"note\": \"x\"}"));
    assert_error(API_BAD_QUERY, "there are none");
}

static char *put(char *at, const char *s)
{
    size_t n = strlen(s);

    memcpy(at, s, n + 1);
    return at + n;
}

/* Characters are counted, not octets. */
static void bounds(void **state)
{
    char body[API_BODY_MAX + 2], *at = body;

    (void)state;
    at = put(at, "{\"note\": \"");
    for (int i = 0; i < API_NOTE_MAX; i++)
        at = put(at, "\xe0\xa6\x95");
    (void)put(at, "\"}");
    assert_true(ask("POST", EVENTS, NULL, "k", body));
    assert_int_equal(call.note.len, 3 * API_NOTE_MAX);
    (void)put(at, "x\"}");
    assert_false(ask("POST", EVENTS, NULL, "k", body));
    assert_error(API_BAD_BODY, "at most 140 characters");
    memset(body, ' ', sizeof body);
    memcpy(body, "{\"note\":\"x\"}", 12);
    body[API_BODY_MAX] = '\0';
    assert_true(ask("POST", EVENTS, NULL, "k", body));
    body[API_BODY_MAX] = ' ';
    body[API_BODY_MAX + 1] = '\0';
    assert_false(ask("POST", EVENTS, NULL, "k", body));
    assert_error(API_TOO_LONG, "16385 octets, of at most 16384");
    memset(body, '[', API_BODY_MAX);
    body[API_BODY_MAX] = '\0';
    assert_false(ask("POST", EVENTS, NULL, "k", body));
    assert_error(API_BAD_BODY, "not JSON");
}

/* As many fields as there may be, each as long as it may be; one more is too many. */
static void many_fields(void **state)
{
    char body[API_BODY_MAX], name[32], *at = put(body, "{\"fields\": {");

    (void)state;
    for (int i = 0; i < API_FIELDS_MAX; i++) {
        (void)snprintf(name, sizeof name, "%s\"f%d\": \"", i > 0 ? ", " : "", i);
        at = put(at, name);
        for (int k = 0; k < API_FIELD_UNITS; k++)
            at = put(at, "\xe0\xa6\x95");
        at = put(at, "\"");
    }
    (void)put(at, "}}");
    assert_true(ask("POST", EVENTS, NULL, "k", body));
    assert_int_equal(call.field_count, API_FIELDS_MAX);
    for (int i = 0; i < API_FIELDS_MAX; i++)
        assert_int_equal(strlen(buf_str(&call.values) + call.fields[i].at), 3 * API_FIELD_UNITS);
    (void)put(at, ", \"more\": \"\"}}");
    assert_false(ask("POST", EVENTS, NULL, "k", body));
    assert_error(API_BAD_BODY, "at most 16");
}

/* What 'next' says is asked for again, and it says the same. */
static void pages(void **state)
{
    static const char *const queries[] = {
        "limit=2", "state=received&limit=100", "service=a.b&state=c&limit=1", "since=2026-11-26T06:00:00.5%2B06:00&limit=3",
    };
    const struct api_place place = { API_BY_CREATION, INT64_C(1795651200123), INT64_C(8123056783), INT64_C(1795651300000) };
    struct buf next, again;

    (void)state;
    buf_init(&next, 1024);
    buf_init(&again, 1024);
    for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++) {
        struct api_place at = place;

        buf_clear(&next);
        buf_clear(&again);
        assert_true(ask("GET", "cases", queries[i], NULL, NULL));
        assert_false(call.goes_on);
        at.order = call.since != API_NO_TIME ? API_BY_CHANGE : API_BY_CREATION;
        api_next(&call, &at, &next);
        assert_memory_equal(buf_str(&next), API_PREFIX "cases?", strlen(API_PREFIX "cases?"));
        assert_true(ask("GET", "cases", strchr(buf_str(&next), '?') + 1, NULL, NULL));
        assert_true(call.goes_on && call.place.order == at.order && call.place.at == at.at &&
                    call.place.number == at.number && call.place.begun == at.begun);
        api_next(&call, &at, &again);
        assert_string_equal(buf_str(&next), buf_str(&again));
    }
    buf_clear(&next);
    assert_true(ask("GET", EVENTS, "limit=3", NULL, NULL));
    call.after = 8;
    api_next_events(&call, &next);
    assert_string_equal(buf_str(&next), API_PREFIX EVENTS "?after=8&limit=3");
    buf_fini(&next);
    buf_fini(&again);
}

static void tables(void **state)
{
    struct buf help;

    (void)state;
    buf_init(&help, 1 << 16);
    api_help(&help);
    assert_non_null(strstr(buf_str(&help), "path GET /api/v1/cases/{number}/events limit after\n"));
    for (int e = 0; e < API_ERRORS; e++) {
        const struct api_error_row *row = api_error_row((enum api_error)e);

        assert_true(row->status >= 400 && row->status <= 599);
        assert_int_equal(strspn(row->code, "abcdefghijklmnopqrstuvwxyz_"), strlen(row->code));
        for (int other = 0; other < e; other++)
            assert_string_not_equal(api_error_row((enum api_error)other)->code, row->code);
    }
    for (int r = 0; r < API_RIGHTS; r++)
        assert_non_null(api_right_name((enum api_right)r));
    buf_fini(&help);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths),  cmocka_unit_test(lists),  cmocka_unit_test(wrong_parameters), cmocka_unit_test(events),
        cmocka_unit_test(wrong_events), cmocka_unit_test(bounds), cmocka_unit_test(many_fields), cmocka_unit_test(pages),      cmocka_unit_test(tables),
    };

    return cmocka_run_group_tests(tests, NULL, teardown);
}
