/* The africastalking dialect: forms to events, over the table and over HTTP. */
#include "wire/aggregator.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>
#include <event2/event.h>

#include "base/gsm.h"
#include "base/log.h"
#include "base/stats.h"

#include "http_client.h"

#define STYLE "africastalking"
#define FIRST "sessionId=ATUid_1&phoneNumber=%2B8801712345678&networkCode=47001&serviceCode=*333%23&text="

static const unsigned char no_secret[AGGREGATOR_SECRET];
static struct buf mem;
static struct event ev;
static const char *error;

static bool take(const char *body)
{
    error = NULL;
    return aggregator_event(STYLE, body, strlen(body), &mem, &ev, &error);
}

/* --- forms ------------------------------------------------------------------------ */

static void an_empty_text_begins(void **state)
{
    (void)state;
    assert_true(take(FIRST));
    assert_int_equal(ev.kind, EVENT_BEGIN);
    assert_string_equal(ev.text, "*333#");
    assert_int_equal(ev.text_len, 5);
    assert_string_equal(ev.code, "*333#");
    assert_string_equal(ev.msisdn, "8801712345678");
    assert_int_equal(ev.ref.len, 7);
    assert_memory_equal(ev.ref.bytes, "ATUid_1", 7);
    assert_false(ev.joined);
    assert_null(error);
}

static void a_text_answers_with_all_inputs_joined(void **state)
{
    (void)state;
    assert_true(take(FIRST "1*2*%E0%A7%A9+x%2A"));
    assert_int_equal(ev.kind, EVENT_ANSWER);
    assert_string_equal(ev.text, "1*2*\xe0\xa7\xa9 x*");
    assert_int_equal(ev.text_len, strlen(ev.text));
    assert_true(ev.joined);
}

static void a_long_session_id_is_hashed_not_cut(void **state)
{
    static const char tail[] = "&phoneNumber=8801712345678&serviceCode=*333%23&text=";
    struct event_ref refs[3];
    char body[256];

    (void)state;
    snprintf(body, sizeof body, "sessionId=ATUid_0123456789abcdef01%s", tail);     /* 24 octets */
    assert_true(take(body));
    assert_int_equal(ev.ref.len, 24);
    assert_memory_equal(ev.ref.bytes, "ATUid_0123456789abcdef01", 24);
    for (int i = 0; i < 3; i++) {
        snprintf(body, sizeof body, "sessionId=ATUid_0123456789abcdef0123456789abcdef%c%s", "aba"[i], tail);
        assert_true(take(body));
        refs[i] = ev.ref;
        assert_int_equal(refs[i].len, 24);
    }
    assert_memory_not_equal(refs[0].bytes, refs[1].bytes, 24);
    assert_memory_equal(refs[0].bytes, refs[2].bytes, 24);
}

static void the_same_step_has_the_same_id(void **state)
{
    static const char *const bodies[] = {
        "sessionId=a&phoneNumber=8801712345678&serviceCode=*333%23&text=1",
        "text=%31&serviceCode=%2a333%23&networkCode=9&sessionId=a&phoneNumber=01712345678",     /* the same */
        "sessionId=a&phoneNumber=8801712345678&serviceCode=*333%23&text=1*",
        "sessionId=a&phoneNumber=8801712345678&serviceCode=*333%23&text=",
        "sessionId=b&phoneNumber=8801712345678&serviceCode=*333%23&text=1",
        "sessionId=a1&phoneNumber=8801712345678&serviceCode=*333%23&text=",
    };
    struct event_id ids[6];

    (void)state;
    for (int i = 0; i < 6; i++) {
        assert_true(take(bodies[i]));
        ids[i] = ev.id;
    }
    assert_memory_equal(&ids[0], &ids[1], sizeof ids[0]);
    for (int i = 1; i < 6; i++)
        for (int j = 0; j < i; j++)
            if (i != 1)
                assert_memory_not_equal(&ids[i], &ids[j], sizeof ids[0]);
}

static void phone_numbers_as_they_come(void **state)
{
    static const char *const good[] = { "%2B8801712345678", "+8801712345678", "8801712345678", "01712345678",
                                        "008801712345678" };
    static const char *const bad[] = { "", "123", "abc", "88017123456789012", "8801712345678%20", "++8801712345678" };
    char body[256];

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        snprintf(body, sizeof body, "sessionId=a&phoneNumber=%s&serviceCode=*333%%23&text=", good[i]);
        assert_true(take(body));
        assert_string_equal(ev.msisdn, "8801712345678");
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        snprintf(body, sizeof body, "sessionId=a&phoneNumber=%s&serviceCode=*333%%23&text=", bad[i]);
        if (take(body))
            fail_msg("%s", bad[i]);
        assert_string_equal(error, "phoneNumber: not a phone number");
    }
}

static void bad_forms_are_refused_by_the_fields_name(void **state)
{
    static const struct { const char *body, *error; } table[] = {
        { "", "sessionId: missing" },
        { "&&&", "sessionId: missing" },
        { "{\"sessionId\":\"a\"}", "sessionId: missing" },
        { "sessionId=a&phoneNumber=8801712345678&serviceCode=*333%23", "text: missing" },
        { "sessionId=a&phoneNumber=8801712345678&text=", "serviceCode: missing" },
        { "sessionId=a&serviceCode=*333%23&text=", "phoneNumber: missing" },
        { "sessionid=a&phoneNumber=8801712345678&serviceCode=*333%23&text=", "sessionId: missing" },
        { "sessionId=&phoneNumber=8801712345678&serviceCode=*333%23&text=", "sessionId: empty" },
        { "sessionId=a&phoneNumber=8801712345678&serviceCode=&text=", "serviceCode: not a service code" },
        { "sessionId=a&phoneNumber=8801712345678&serviceCode=*1234567890123456789012#&text=",
          "serviceCode: not a service code" },
        { FIRST "1&text=2", "text: given twice" },
        { FIRST "%", "text: not form-encoded UTF-8 without NUL" },
        { FIRST "%4", "text: not form-encoded UTF-8 without NUL" },
        { FIRST "%zz", "text: not form-encoded UTF-8 without NUL" },
        { FIRST "%00", "text: not form-encoded UTF-8 without NUL" },
        { FIRST "%FF", "text: not form-encoded UTF-8 without NUL" },
        { FIRST "%E0%A7", "text: not form-encoded UTF-8 without NUL" },
        { FIRST "%C0%80", "text: not form-encoded UTF-8 without NUL" },
        { FIRST "\xe0\xa7", "text: not form-encoded UTF-8 without NUL" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (take(table[i].body))
            fail_msg("%s", table[i].body);
        assert_string_equal(error, table[i].error);
    }
    assert_false(aggregator_event(STYLE, FIRST "1\0002", sizeof FIRST + 2, &mem, &ev, &error));
    assert_false(aggregator_event("nobody", FIRST, strlen(FIRST), &mem, &ev, &error));
    assert_string_equal(error, "unknown style");
}

static void other_fields_do_not_matter(void **state)
{
    (void)state;
    assert_true(take("a&b=&=c&%zz=%&networkCode=%00&networkCode=1&" FIRST "7&"));
    assert_string_equal(ev.text, "7");
}

/* Every prefix of a form is an event or an error with a name, never more. */
static void every_prefix_is_survived(void **state)
{
    static const char body[] = FIRST "1*2*%E0%A7%A9+x%2A";

    (void)state;
    for (size_t n = 0; n < sizeof body; n++) {
        char *copy = malloc(n > 0 ? n : 1);

        assert_non_null(copy);
        memcpy(copy, body, n);
        error = NULL;
        if (aggregator_event(STYLE, copy, n, &mem, &ev, &error))
            assert_true(gsm_utf8_valid(ev.text, ev.text_len));
        else
            assert_non_null(error);
        free(copy);
    }
}

static void every_octet_survives_the_form(void **state)
{
    (void)state;
    for (unsigned c = 1; c < 0x80; c++) {
        char body[256];

        snprintf(body, sizeof body, "%s%%%02X", FIRST, c);
        assert_true(take(body));
        assert_int_equal(ev.text_len, 1);
        assert_int_equal(ev.text[0], c);
        snprintf(body, sizeof body, "%s%%%02x", FIRST, c);
        assert_true(take(body));
        assert_int_equal(ev.text[0], c);
    }
}

/* --- over HTTP ---------------------------------------------------------------------- */

static struct http *http;
static struct aggregator *aggregator;
static int events;
static uint64_t last_ticket;
static char last_text[64];
static bool answer_at_once;

static void on_event(void *arg, struct aggregator *a, uint64_t ticket, const struct event *e)
{
    (void)arg;
    events++;
    last_ticket = ticket;
    ev = *e;
    snprintf(last_text, sizeof last_text, "%s", e->text);
    if (answer_at_once)
        assert_true(aggregator_reply(a, ticket, "Menu", 4, false));
}

static void post(struct client *c, const char *path, const char *body)
{
    char head[256];

    snprintf(head, sizeof head,
             "POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
             "Content-Length: %zu\r\n\r\n", path, strlen(body));
    client_sends(c, head);
    client_sends(c, body);
}

static void assert_answer(struct client *c, int status, const char *body)
{
    char want[32];

    CLIENT_UNTIL(c, client_answers(c) == 1 || c->fd < 0);
    snprintf(want, sizeof want, "HTTP/1.1 %d ", status);
    assert_memory_equal(buf_str(&c->in), want, strlen(want));
    assert_non_null(strstr(buf_str(&c->in), "Content-Type: text/plain; charset=utf-8\r\n"));
    assert_string_equal(strstr(buf_str(&c->in), "\r\n\r\n") + 4, body);
    buf_clear(&c->in);
}

static void a_whole_dialogue_over_http(void **state)
{
    static const char page[] = "Khoa\n1. \xe0\xa6\x95";
    struct client c;

    (void)state;
    client_open(&c, http_port(http));
    answer_at_once = true;
    post(&c, "/ussd/bdapps", FIRST);
    assert_answer(&c, 200, "CON Menu");
    assert_int_equal(ev.kind, EVENT_BEGIN);
    assert_true(ev.at > 0 && ev.seen == ev.at);

    answer_at_once = false;                         /* the reply waits for its commit */
    post(&c, "/ussd/bdapps", FIRST "1");
    CLIENT_UNTIL(&c, events == 2);
    assert_string_equal(last_text, "1");
    assert_int_equal(c.in.len, 0);
    assert_true(aggregator_reply(aggregator, last_ticket, page, strlen(page), true));
    assert_answer(&c, 200, "END Khoa\n1. \xe0\xa6\x95");
    assert_false(aggregator_reply(aggregator, last_ticket, "x", 1, true));
    assert_string_equal(aggregator_name(aggregator), "bdapps");
    assert_int_equal(aggregator_limits(aggregator)->septets, 160);
    client_close(&c);
}

static void bad_requests_get_one_line(void **state)
{
    uint64_t bad = stats_get(events_bad);
    struct client c;

    (void)state;
    client_open(&c, http_port(http));
    post(&c, "/ussd/bdapps", "sessionId=a");
    assert_answer(&c, 400, "phoneNumber: missing\n");
    post(&c, "/ussd/bdapps", "");
    assert_answer(&c, 400, "sessionId: missing\n");
    post(&c, "/ussd/nobody", FIRST);
    assert_answer(&c, 404, "not found\n");
    client_sends(&c, "GET /ussd/bdapps HTTP/1.1\r\n\r\n");
    assert_answer(&c, 405, "method not allowed\n");
    assert_int_equal(events, 0);
    assert_int_equal(stats_get(events_bad), bad + 2);
    client_close(&c);
}

/* The database keeps an event's id, and an answer holds what was typed at a secret
 * screen: without the secret, four digits cannot be found out from it. */
static void ids_of_answers_need_the_secret(void **state)
{
    static const unsigned char secret[AGGREGATOR_SECRET] = { 1 };
    struct aggregator_args args = { .name = "bdapps", .style = STYLE, .event = on_event, .secret = secret };
    static const char *const bodies[] = { FIRST, FIRST "2*7391" };
    struct event_id first[2];
    struct client c;

    (void)state;
    answer_at_once = true;
    client_open(&c, http_port(http));
    for (int i = 0; i < 2; i++) {
        post(&c, "/ussd/bdapps", bodies[i]);
        assert_answer(&c, 200, "CON Menu");
        first[i] = ev.id;
    }
    aggregator_free(aggregator);
    aggregator = aggregator_new(http, &args);
    for (int i = 0; i < 2; i++) {
        post(&c, "/ussd/bdapps", bodies[i]);
        assert_answer(&c, 200, "CON Menu");
        assert_int_equal(memcmp(&first[i], &ev.id, sizeof ev.id) == 0, i == 0);
    }
    client_close(&c);
}

static void the_same_text_on_two_links_is_two_events(void **state)
{
    struct aggregator_args args = { .name = "other", .style = STYLE, .event = on_event, .secret = no_secret };
    struct aggregator *other = aggregator_new(http, &args);
    struct event_id first;
    struct client c;

    (void)state;
    answer_at_once = true;
    client_open(&c, http_port(http));
    post(&c, "/ussd/bdapps", FIRST);
    assert_answer(&c, 200, "CON Menu");
    first = ev.id;
    post(&c, "/ussd/other", FIRST);
    assert_answer(&c, 200, "CON Menu");
    assert_memory_not_equal(&first, &ev.id, sizeof first);
    aggregator_free(other);
    post(&c, "/ussd/other", FIRST);                 /* its path went with it */
    assert_answer(&c, 404, "not found\n");
    client_close(&c);
}

static void a_client_that_hung_up_gets_nothing(void **state)
{
    struct client c;

    (void)state;
    client_open(&c, http_port(http));
    post(&c, "/ussd/bdapps", FIRST);
    CLIENT_UNTIL(&c, events == 1);
    client_close(&c);
    assert_false(aggregator_reply(aggregator, last_ticket, "x", 1, false));
}

static void an_unknown_style_is_none(void **state)
{
    struct aggregator_args args = { .name = "x", .style = "nobody", .event = on_event };

    (void)state;
    assert_null(aggregator_new(http, &args));
}

static int set_up(void **state)
{
    struct http_args args = { .address = "127.0.0.1:0" };
    struct aggregator_args link = { .name = "bdapps", .style = STYLE, .limits = { 160, 70, 30000, 150000, 800, false },
                                    .event = on_event, .secret = no_secret };
    char err[128];

    (void)state;
    log_set_level((enum log_level)0);
    client_base = event_base_new();
    args.base = client_base;
    http = http_new(&args, err, sizeof err);
    aggregator = aggregator_new(http, &link);
    events = 0;
    answer_at_once = false;
    buf_init(&mem, 1 << 20);
    return http != NULL && aggregator != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    aggregator_free(aggregator);
    http_free(http);
    event_base_free(client_base);
    buf_fini(&mem);
    return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_empty_text_begins),
        TEST(a_text_answers_with_all_inputs_joined),
        TEST(a_long_session_id_is_hashed_not_cut),
        TEST(the_same_step_has_the_same_id),
        TEST(phone_numbers_as_they_come),
        TEST(bad_forms_are_refused_by_the_fields_name),
        TEST(other_fields_do_not_matter),
        TEST(every_prefix_is_survived),
        TEST(every_octet_survives_the_form),
        TEST(a_whole_dialogue_over_http),
        TEST(bad_requests_get_one_line),
        TEST(ids_of_answers_need_the_secret),
        TEST(the_same_text_on_two_links_is_two_events),
        TEST(a_client_that_hung_up_gets_nothing),
        TEST(an_unknown_style_is_none),
    };

    return cmocka_run_group_tests_name("wire/aggregator", tests, NULL, NULL);
}
