/* Routes, limits, held requests; all over loopback in one loop. */
#include "wire/http.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <event2/event.h>
#include <event2/http.h>

#include "base/log.h"
#include "base/stats.h"

#include "http_client.h"

#define GET(path) "GET " path " HTTP/1.1\r\nHost: x\r\n\r\n"

static struct http *http;
static uint64_t tickets[16];
static int held;
static char last_rest[128];
static char hello[] = "hello";

static void on_hello(void *arg, struct evhttp_request *req, const char *rest)
{
    snprintf(last_rest, sizeof last_rest, "%s", rest);
    http_answer(req, 200, "text/plain", arg, strlen(arg));
}

static void on_hold(void *arg, struct evhttp_request *req, const char *rest)
{
    (void)arg;
    (void)rest;
    tickets[held++] = http_hold(http, req);
}

static void start(struct http_args args)
{
    char err[128] = "";

    args.base = client_base;
    args.address = "127.0.0.1:0";
    http = http_new(&args, err, sizeof err);
    assert_string_equal(err, "");
    assert_non_null(http);
    http_route(http, "/hello", EVHTTP_REQ_GET | EVHTTP_REQ_HEAD, on_hello, hello);
    http_route(http, "/hold", EVHTTP_REQ_GET, on_hold, NULL);
}

/* One request on a connection of its own, whole answer back; caller closes. */
static void ask(struct client *c, const char *request)
{
    client_open(c, http_port(http));
    client_sends(c, request);
    CLIENT_UNTIL(c, client_answers(c) == 1 || c->fd < 0);
}

static void assert_status(const struct client *c, int status)
{
    char want[32];

    snprintf(want, sizeof want, "HTTP/1.1 %d ", status);
    if (strncmp(buf_str(&c->in), want, strlen(want)) != 0)
        fail_msg("wanted %d, got %s", status, buf_str(&c->in));
}

static bool has(const struct client *c, const char *s)
{
    return strstr(buf_str(&c->in), s) != NULL;
}

/* --- routes --------------------------------------------------------------------- */

static void paths_and_methods(void **state)
{
    static char api[] = "api", cases[] = "cases", root[] = "root";
    static const struct { const char *request; int status; const char *body, *rest; } table[] = {
        { GET("/hello"), 200, "hello", "" },
        { GET("/hello?x=1"), 200, "hello", "" },
        { GET("http://x/hello"), 200, "hello", "" },
        { GET("/hello/"), 404, "not found\n", NULL },
        { GET("/hell"), 404, "not found\n", NULL },
        { GET("/api/v1/x%20y"), 200, "api", "x%20y" },
        { GET("/api/v1/"), 200, "api", "" },
        { GET("/api/v1"), 404, "not found\n", NULL },
        { GET("/api/v1/cases/7/x"), 200, "cases", "7/x" },
        { GET("/"), 404, "not found\n", NULL },
        { "POST /hello HTTP/1.1\r\nContent-Length: 1\r\n\r\nx", 405, "method not allowed\n", NULL },
        { "PATCH /hello HTTP/1.1\r\nContent-Length: 0\r\n\r\n", 405, "method not allowed\n", NULL },
        { "TRACE /hello HTTP/1.1\r\n\r\n", 405, "method not allowed\n", NULL },
    };

    (void)state;
    start((struct http_args){ 0 });
    http_route(http, "/api/v1/", EVHTTP_REQ_GET, on_hello, api);
    http_route(http, "/api/v1/cases/", EVHTTP_REQ_GET, on_hello, cases);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct client c;

        ask(&c, table[i].request);
        assert_status(&c, table[i].status);
        assert_string_equal(strstr(buf_str(&c.in), "\r\n\r\n") + 4, table[i].body);
        if (table[i].rest != NULL)
            assert_string_equal(last_rest, table[i].rest);
        if (table[i].status == 405)
            assert_true(has(&c, "Allow: GET, HEAD\r\n"));
        client_close(&c);
    }
    /* replaced, removed */
    http_route(http, "/hello", EVHTTP_REQ_GET, on_hello, root);
    for (int i = 0; i < 2; i++) {
        struct client c;

        ask(&c, GET("/hello"));
        assert_status(&c, i == 0 ? 200 : 404);
        assert_true(has(&c, i == 0 ? "root" : "not found"));
        client_close(&c);
        http_route(http, "/hello", 0, NULL, NULL);
    }
}

static void head_has_no_body(void **state)
{
    struct client c;

    (void)state;
    start((struct http_args){ 0 });
    client_open(&c, http_port(http));
    client_sends(&c, "HEAD /hello HTTP/1.1\r\n\r\n");
    CLIENT_UNTIL(&c, has(&c, "\r\n\r\n"));
    assert_true(has(&c, "Content-Length: 5\r\n"));
    assert_false(has(&c, "hello"));
    client_close(&c);
}

static void a_connection_lasts_and_requests_queue_on_it(void **state)
{
    struct client c;

    (void)state;
    start((struct http_args){ 0 });
    client_open(&c, http_port(http));
    for (int i = 1; i <= 3; i++) {
        client_sends(&c, GET("/hello"));
        CLIENT_UNTIL(&c, client_answers(&c) == i);
    }
    client_sends(&c, GET("/hold") GET("/hello"));       /* pipelined: the second waits */
    CLIENT_UNTIL(&c, held == 1);
    for (int i = 0; i < 200; i++)
        client_turn(&c);
    assert_int_equal(client_answers(&c), 3);
    assert_true(http_header(http, tickets[0], "Retry-After", "5"));
    assert_true(http_finish(http, tickets[0], 200, "text/plain", "late", 4));
    CLIENT_UNTIL(&c, client_answers(&c) == 5);
    assert_true(has(&c, "Retry-After: 5\r\n"));
    assert_true(has(&c, "late"));
    client_close(&c);
}

/* --- limits ----------------------------------------------------------------------- */

static void what_is_too_large_is_refused_and_hung_up(void **state)
{
    static char big[70000];
    struct client c;

    (void)state;
    start((struct http_args){ .body_max = 1000, .headers_max = 2000 });
    memset(big, 'x', sizeof big - 1);
    client_open(&c, http_port(http));
    client_sends(&c, "POST /hello HTTP/1.1\r\nContent-Length: 1001\r\n\r\n");
    client_send(&c, big, 1001);
    CLIENT_UNTIL(&c, c.fd < 0);
    assert_status(&c, 413);
    client_close(&c);

    client_open(&c, http_port(http));
    client_sends(&c, "GET /hello HTTP/1.1\r\nX: ");
    client_send(&c, big, 5000);
    client_sends(&c, "\r\n\r\n");
    CLIENT_UNTIL(&c, c.fd < 0);
    assert_false(has(&c, " 200 "));
    client_close(&c);

    client_open(&c, http_port(http));
    client_sends(&c, "GET /");
    client_send(&c, big, 60000);
    CLIENT_UNTIL(&c, c.fd < 0);
    assert_false(has(&c, " 200 "));
    client_close(&c);

    ask(&c, GET("/hello"));
    assert_status(&c, 200);
    client_close(&c);
}

static void nonsense_is_survived(void **state)
{
    static const char *const table[] = {
        "\r\n\r\n", "x\r\n\r\n", "GET\r\n\r\n", "GET /hello\r\n\r\n", "GET /hello HTTP/9.9\r\n\r\n",
        "POST /hello HTTP/1.1\r\nContent-Length: -1\r\n\r\n", "POST /hello HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        "POST /hello HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "GET /%zz%00 HTTP/1.1\r\n\r\n",
        "GET * HTTP/1.1\r\n\r\n", "CONNECT x:1 HTTP/1.1\r\n\r\n", "OPTIONS * HTTP/1.1\r\n\r\n",
        "\xff\xfe\x01\x02\r\n\r\n", "GET //hello HTTP/1.1\r\n\r\n", "GET http:// HTTP/1.1\r\n\r\n",
        "GET ?x HTTP/1.1\r\n\r\n", "BREW /hello HTTP/1.1\r\n\r\n",
    };
    struct client c;

    (void)state;
    start((struct http_args){ 0 });
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        client_open(&c, http_port(http));
        client_sends(&c, table[i]);
        shutdown(c.fd, SHUT_WR);
        CLIENT_UNTIL(&c, c.fd < 0 || client_answers(&c) > 0);
        if (strncmp(table[i], "GET /hello\r", 11) != 0)
            assert_false(has(&c, " 200 "));
        client_close(&c);
    }
    ask(&c, GET("/hello"));
    assert_status(&c, 200);
    client_close(&c);
}

static void too_many_connections_get_503(void **state)
{
    struct client c[4];

    (void)state;
    start((struct http_args){ .connections_max = 2 });
    ask(&c[0], GET("/hello"));
    ask(&c[1], GET("/hello"));
    ask(&c[2], GET("/hello"));
    assert_status(&c[2], 503);
    CLIENT_UNTIL(&c[2], c[2].fd < 0);
    client_sends(&c[0], GET("/hello"));                 /* those that are in are served on */
    CLIENT_UNTIL(&c[0], client_answers(&c[0]) == 2);
    assert_false(has(&c[0], "503"));
    client_close(&c[0]);
    for (int i = 0; i < 100; i++)
        client_turn(&c[1]);
    ask(&c[3], GET("/hello"));
    assert_status(&c[3], 200);
    for (int i = 1; i < 4; i++)
        client_close(&c[i]);
}

/* --- held requests ------------------------------------------------------------------- */

static void held_requests_are_answered_once_in_any_order(void **state)
{
    struct client c[3];

    (void)state;
    start((struct http_args){ 0 });
    for (int i = 0; i < 3; i++) {
        client_open(&c[i], http_port(http));
        client_sends(&c[i], GET("/hold"));
        CLIENT_UNTIL(&c[i], held == i + 1);
        assert_true(tickets[i] != 0);
    }
    for (int i = 2; i >= 0; i--) {
        assert_true(http_finish(http, tickets[i], 200, "text/plain", &"abc"[i], 1));
        CLIENT_UNTIL(&c[i], client_answers(&c[i]) == 1);
        assert_int_equal(c[i].in.data[c[i].in.len - 1], "abc"[i]);
        assert_false(http_finish(http, tickets[i], 200, "text/plain", "x", 1));
    }
    assert_false(http_finish(http, 0, 200, "text/plain", "x", 1));
    assert_false(http_finish(http, 999, 200, "text/plain", "x", 1));
    assert_false(http_header(http, 999, "Retry-After", "5"));
    for (int i = 0; i < 3; i++)
        client_close(&c[i]);
}

static void a_client_that_has_gone_is_told(void **state)
{
    struct client c, other;

    (void)state;
    start((struct http_args){ 0 });
    client_open(&c, http_port(http));
    client_sends(&c, GET("/hold"));
    CLIENT_UNTIL(&c, held == 1);
    client_close(&c);
    assert_false(http_finish(http, tickets[0], 200, "text/plain", "x", 1));
    ask(&other, GET("/hello"));                         /* and the house stands */
    assert_status(&other, 200);
    client_close(&other);
}

static void what_is_never_answered_gets_503_in_time(void **state)
{
    struct client c[2];

    (void)state;
    clock_fake_set(INT64_C(1000000));
    start((struct http_args){ .timeout_s = 30 });
    for (int i = 0; i < 2; i++) {
        client_open(&c[i], http_port(http));
        client_sends(&c[i], GET("/hold"));
        CLIENT_UNTIL(&c[i], held == i + 1);
        clock_fake_add(20000);
    }
    CLIENT_UNTIL(&c[0], client_answers(&c[0]) == 1);    /* held for 40 s */
    assert_status(&c[0], 503);
    assert_false(http_finish(http, tickets[0], 200, "text/plain", "x", 1));
    assert_int_equal(c[1].in.len, 0);                   /* for 20 s only */
    assert_true(http_finish(http, tickets[1], 200, "text/plain", "x", 1));
    CLIENT_UNTIL(&c[1], client_answers(&c[1]) == 1);
    for (int i = 0; i < 2; i++)
        client_close(&c[i]);
}

static void the_end_comes_while_requests_are_held(void **state)
{
    struct client c[3];

    (void)state;
    start((struct http_args){ 0 });
    for (int i = 0; i < 3; i++) {
        client_open(&c[i], http_port(http));
        client_sends(&c[i], i < 2 ? GET("/hold") : GET("/hello"));
        CLIENT_UNTIL(&c[i], i < 2 ? held == i + 1 : client_answers(&c[i]) == 1);
    }
    http_free(http);
    http = NULL;
    for (int i = 0; i < 3; i++)
        client_close(&c[i]);
}

/* --- addresses -------------------------------------------------------------------------- */

static void an_address_that_cannot_be_had(void **state)
{
    static const char *const bad[] = { "localhost:8333", "", "127.0.0.1:99999", "[::1" };
    struct http_args args = { .base = client_base };
    char address[32];
    char err[128];

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        args.address = bad[i];
        err[0] = '\0';
        assert_null(http_new(&args, err, sizeof err));
        assert_non_null(strstr(err, "not a numeric address"));
    }
    start((struct http_args){ 0 });
    snprintf(address, sizeof address, "127.0.0.1:%d", http_port(http));
    args.address = address;
    assert_null(http_new(&args, err, sizeof err));
    assert_non_null(strstr(err, "Address already in use"));
    assert_non_null(strstr(err, address));
}

static void refusals_are_counted(void **state)
{
    uint64_t requests = stats_get(http_requests);
    uint64_t refused = stats_get(http_refused);
    struct client c;

    (void)state;
    start((struct http_args){ 0 });
    ask(&c, GET("/hello"));
    client_close(&c);
    ask(&c, GET("/nowhere"));
    client_close(&c);
    assert_int_equal(stats_get(http_requests), requests + 2);
    assert_int_equal(stats_get(http_refused), refused + 1);
}

static int set_up(void **state)
{
    (void)state;
    log_set_level((enum log_level)0);
    client_base = event_base_new();
    http = NULL;
    held = 0;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    http_free(http);
    event_base_free(client_base);
    return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(paths_and_methods),
        TEST(head_has_no_body),
        TEST(a_connection_lasts_and_requests_queue_on_it),
        TEST(what_is_too_large_is_refused_and_hung_up),
        TEST(nonsense_is_survived),
        TEST(too_many_connections_get_503),
        TEST(held_requests_are_answered_once_in_any_order),
        TEST(a_client_that_has_gone_is_told),
        TEST(the_end_comes_while_requests_are_held),
        TEST(an_address_that_cannot_be_had),
        TEST(refusals_are_counted),
        TEST(what_is_never_answered_gets_503_in_time),      /* last: it stops the clock */
    };

    return cmocka_run_group_tests_name("wire/http", tests, NULL, NULL);
}
