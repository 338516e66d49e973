/* Hooks: what a step asks a back end, under which key, and what becomes of the answer. */
#include "engine/flow.h"

#include "rig.h"

static const char tree[] =
    "language: 1\n"
    "code: [\"*333#\"]\n"
    "name: T\n"
    "languages: {en: {name: English}}\n"
    "words: {back: B, exit: E, more: M, tries: '{n} left', wrong: W, choose: C, copied: S, too_many: 'T {helpline}',\n"
    "  busy: 'Busy {helpline}', continue: Go, 'yes': Y, new: N, bye: Z, no_code: X, months: a b c d e f g h i j k l}\n"
    "start: main\n"
    "helpline: '333'\n"
    "records: {r: {state: word(9), taka: whole}, o: {gone: word(9)}}\n"
    "backends: {dss: {kind: http, url: 'http://127.0.0.1:1/', key: keys/dss, timeout: 700ms}, up: {kind: mock}}\n"
    "screens:\n"
    "  main: {text: Main, input: {into: q, type: text(40)}, goto: look}\n"
    "  look:\n"
    "    do:\n"
    "      - {hook: up, path: /first, returns: o, into: o, none: none, fail: away}\n"
    "      - {hook: dss, path: /second, with: {q: q, gone: o.gone, who: citizen.msisdn, n: 7}, returns: r, into: r,\n"
    "         none: none, fail: away}\n"
    "    goto: [{when: r.taka > 5, to: rich}, {to: poor}]\n"
    "  rich: {text: 'Rich {r.state} {r.taka}'}\n"
    "  poor: {text: 'Poor {r.state}'}\n"
    "  none: {text: None}\n"
    "  away: {text: Away}\n";

static struct rig r;
static struct {
    char backend[8], path[16], body[256], key[FLOW_KEY_SIZE];
} asked[16];
static int asked_count;
static struct rig_answer second;
static bool first_fails;

static enum flow_result answer(struct rig *rig)
{
    const struct flow_question *q = &rig->out.question;
    bool first = strcmp(q->hook->path, "/first") == 0;
    struct flow_rows rows = { .failed = first ? first_fails : second.failed, .count = first ? 1 : second.count,
                              .cell = rig_cell_of, .arg = &second };

    assert_int_equal(q->kind, FLOW_HOOK);
    assert_true(asked_count < 16);
    snprintf(asked[asked_count].backend, sizeof asked[0].backend, "%s", rig->menu->backends[q->hook->backend].name);
    snprintf(asked[asked_count].path, sizeof asked[0].path, "%s", q->hook->path);
    snprintf(asked[asked_count].body, sizeof asked[0].body, "%s", q->body);
    snprintf(asked[asked_count].key, sizeof asked[0].key, "%s", q->key);
    asked_count++;
    return flow_answer(&rig->env, rig->s, &rows, &rig->out);
}

static int setup(void **state)
{
    (void)state;
    rig_init(&r, rig_menu(tree));
    r.ask = answer;
    asked_count = 0;
    first_fails = false;
    second = (struct rig_answer){ .count = 1, .rows = { { { "state", "paid" }, { "taka", "7" } } } };
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rig_fini(&r);
    return 0;
}

static void test_asks(void **state)
{
    (void)state;
    assert_int_equal(r.menu->backends[0].timeout_ms, 700);
    assert_int_equal(r.menu->backends[0].breaker_fails, 5);
    assert_int_equal(r.menu->backends[0].breaker_rest_ms, 30000);
    assert_string_equal(r.menu->backends[0].url, "http://127.0.0.1:1");
    rig_dial(&r, "*333#");
    rig_sees(rig_type(&r, "a \"b\" \\ \n c"), "Rich paid 7\n0 B");
    assert_int_equal(asked_count, 2);
    assert_string_equal(asked[0].backend, "up");
    assert_string_equal(asked[0].body, "{}");
    assert_string_equal(asked[1].backend, "dss");
    assert_string_equal(asked[1].path, "/second");
    assert_string_equal(asked[1].body,
                        "{\"q\": \"a \\\"b\\\" \\\\ c\", \"who\": \"" RIG_MSISDN "\", \"n\": \"7\"}");
}

static void test_answers(void **state)
{
    static const struct {
        struct rig_answer answer;
        const char *page;
    } rows[] = {
        { { .count = 1, .rows = { { { "state", "paid" }, { "taka", "6" } } } }, "Rich paid 6\n0 B" },
        { { .count = 1, .rows = { { { "state", "paid" } } } }, "Poor paid\n0 B" },
        { { .count = 0 }, "None\n0 B" },
        { { .failed = true }, "Away\n0 B" },
        { { .count = 1, .rows = { { { "state", "old" }, { "taka", "many" } } } }, "Away\n0 B" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        second = rows[i].answer;
        rig_dial(&r, "*333#");
        if (i > 0)
            rig_type(&r, "2");
        rig_sees(rig_type(&r, "x"), rows[i].page);
        asked_count = 0;
    }
    first_fails = true;
    rig_dial(&r, "*333#");
    rig_type(&r, "2");
    rig_sees(rig_type(&r, "x"), "Away\n0 B");
    assert_int_equal(asked_count, 1);
}

/* The same event asks under the same keys, in another process too; each place and
 * each event has its own. */
static void test_keys(void **state)
{
    struct event ev;

    (void)state;
    rig_dial(&r, "*333#");
    ev = rig_event(&r, EVENT_ANSWER, "x");
    rig_run(&r, &ev);
    rig_load(&r);                       /* killed before the step was written */
    rig_send(&r, &ev);
    assert_int_equal(asked_count, 4);
    assert_int_equal(strlen(asked[0].key), 32);
    assert_string_equal(asked[0].key, asked[2].key);
    assert_string_equal(asked[1].key, asked[3].key);
    assert_string_not_equal(asked[0].key, asked[1].key);
    rig_type(&r, "0");
    rig_type(&r, "x");
    assert_int_equal(asked_count, 6);
    assert_string_not_equal(asked[4].key, asked[0].key);
    assert_string_not_equal(asked[5].key, asked[1].key);
}

#define T(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = { T(asks), T(answers), T(keys) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
