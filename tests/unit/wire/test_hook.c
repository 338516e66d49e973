/* hook: its bounds, and that neither a name server nor a back end that says nothing holds up the loop. */
#include "wire/hook.h"

#include <dlfcn.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <netdb.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/stats.h"

enum { MAX = 4, LOOKUP_MS = 1500 };

static struct event_base *base;
static struct evhttp *server;
static struct evhttp_request *held[16];
static int held_count;
static struct hook *hook;
static struct { int count, status; char body[64]; size_t len; } got;
static char url[64];
static atomic_int lookups;

/* A name server that takes its time over one name: libcurl's own call comes here. */
int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **out)
{
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    void *found = dlsym(RTLD_NEXT, "getaddrinfo");

    memcpy(&real, &found, sizeof real);
    if (name != NULL && strcmp(name, "slow.invalid") == 0) {
        atomic_fetch_add(&lookups, 1);
        usleep(LOOKUP_MS * 1000);
        return EAI_NONAME;
    }
    return real(name, service, hints, out);
}

static void on_answered(void *arg, const struct hook_answer *answer)
{
    (void)arg;
    got.count++;
    got.status = answer->status;
    got.len = answer->len;
    snprintf(got.body, sizeof got.body, "%s", answer->body);
}

static void on_request(struct evhttp_request *req, void *arg)
{
    const char *path = evhttp_request_get_uri(req);
    struct evbuffer *body;

    (void)arg;
    if (strcmp(path, "/hang") == 0) {
        held[held_count++] = req;
        return;
    }
    body = evbuffer_new();
    if (strcmp(path, "/fits") == 0 || strcmp(path, "/over") == 0) {
        for (size_t i = 0; i < HOOK_BODY_MAX + (size_t)(strcmp(path, "/over") == 0); i++)
            evbuffer_add(body, "x", 1);
    } else {
        evbuffer_add_printf(body, "hello");
    }
    evhttp_send_reply(req, strcmp(path, "/busy") == 0 ? 429 : 200, "ok", body);
    evbuffer_free(body);
}

static bool ask(struct hook_place *p, const char *path, int timeout_ms)
{
    const struct hook_question q = {
        .ticket = 7, .timeout_ms = timeout_ms, .breaker_fails = 2, .breaker_rest_ms = 60000,
        .path = path, .id = "00", .body = "{}",
    };

    return hook_ask(hook, p, &q);
}

/* Turn the loop until so many answers are here; the longest turn in ms. */
static int64_t turn_until(int count)
{
    int64_t longest = 0, end = clock_mono() + 5000;
    const struct timeval tick = { 0, 10000 };

    while (got.count < count && clock_mono() < end) {
        int64_t began = clock_mono();

        event_base_loopexit(base, &tick);
        event_base_loop(base, 0);
        if (clock_mono() - began > longest)
            longest = clock_mono() - began;
    }
    assert_int_equal(got.count, count);
    return longest;
}

static struct hook_place *place(const char *address)
{
    struct hook_place *p = hook_place_new(hook, "dss", address);

    hook_place_key(p, (const unsigned char *)"0123456789abcdef", 16);
    return p;
}

static int setup(void **state)
{
    struct evhttp_bound_socket *bound;
    struct sockaddr_in a;
    socklen_t n = sizeof a;
    char err[128] = "";
    struct hook_args args = { .max = MAX, .answered = on_answered };

    (void)state;
    base = event_base_new();
    server = evhttp_new(base);
    evhttp_set_gencb(server, on_request, NULL);
    bound = evhttp_bind_socket_with_handle(server, "127.0.0.1", 0);
    assert_non_null(bound);
    getsockname(evhttp_bound_socket_get_fd(bound), (struct sockaddr *)&a, &n);
    snprintf(url, sizeof url, "http://127.0.0.1:%d", ntohs(a.sin_port));
    args.base = base;
    hook = hook_new(&args, err, sizeof err);
    assert_string_equal(err, "");
    assert_non_null(hook);
    memset(&got, 0, sizeof got);
    held_count = 0;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    hook_free(hook);
    evhttp_free(server);
    event_base_free(base);
    return 0;
}

static void an_answer_of_any_length_up_to_the_bound(void **state)
{
    struct hook_place *p = place(url);

    (void)state;
    assert_true(ask(p, "/hello", 2000));
    turn_until(1);
    assert_int_equal(got.status, 200);
    assert_string_equal(got.body, "hello");
    assert_true(ask(p, "/fits", 2000));
    turn_until(2);
    assert_int_equal(got.status, 200);
    assert_int_equal(got.len, HOOK_BODY_MAX);
    assert_true(ask(p, "/over", 2000));
    turn_until(3);
    assert_int_equal(got.status, 0);
    assert_int_equal(stats_get(hooks_in_flight), 0);
}

static void one_place_takes_half(void **state)
{
    struct hook_place *one = place(url), *other = place(url), *third = place(url);
    uint64_t refused = stats_get(hooks_refused);

    (void)state;
    for (int i = 0; i < MAX / 2; i++)
        assert_true(ask(one, "/hang", 4000));
    assert_false(ask(one, "/hello", 4000));
    assert_true(ask(other, "/hello", 4000));
    turn_until(1);
    for (int i = 0; i < MAX / 2; i++)
        assert_true(ask(other, "/hang", 4000));
    assert_false(ask(third, "/hello", 4000));
    assert_int_equal(stats_get(hooks_refused), refused + 2);
    assert_int_equal(stats_get(hooks_in_flight), MAX);
    hook_free(hook);                    /* with all of them out */
    assert_int_equal(stats_get(hooks_in_flight), 0);
    assert_int_equal(got.count, 1);
    hook = NULL;
}

static void not_now_and_silence_open_the_breaker(void **state)
{
    struct hook_place *p = place(url);

    (void)state;
    assert_true(ask(p, "/busy", 2000));
    turn_until(1);
    assert_int_equal(got.status, 429);
    assert_true(ask(p, "/hang", 100));
    turn_until(2);
    assert_int_equal(got.status, 0);
    assert_false(ask(p, "/hello", 2000));
    assert_true(ask(place(url), "/hello", 2000));
    turn_until(3);
    assert_int_equal(got.status, 200);
}

/* Neither while it lasts, nor at the deadline, nor at the end of the process. */
static void a_slow_lookup_holds_up_nothing(void **state)
{
    int64_t began = clock_mono();

    (void)state;
    assert_true(ask(place("http://slow.invalid:9"), "/x", 300));
    assert_true(clock_mono() - began < LOOKUP_MS / 3);
    assert_true(turn_until(1) < LOOKUP_MS / 3);
    assert_int_equal(got.status, 0);
    assert_int_equal(atomic_load(&lookups), 1);
    hook_free(hook);
    hook = NULL;
    assert_true(clock_mono() - began < LOOKUP_MS);
    usleep(LOOKUP_MS * 1000);           /* its thread frees what it has */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_answer_of_any_length_up_to_the_bound, setup, teardown),
        cmocka_unit_test_setup_teardown(one_place_takes_half, setup, teardown),
        cmocka_unit_test_setup_teardown(not_now_and_silence_open_the_breaker, setup, teardown),
        cmocka_unit_test_setup_teardown(a_slow_lookup_holds_up_nothing, setup, teardown),
    };

    log_set_level(LOG_LEVEL_ERR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
