/* engine/flow_consent: a code goes to another phone once, and is known again by its hash alone. */
#include "engine/flow.h"

#include "engine/session_move.h"
#include "rig.h"

static const char menu_yaml[] =
    "language: 1\n"
    "code: '*333#'\n"
    "name: T\n"
    "languages: {en: {name: English}, la: {name: Latin, sms: no, shows: en}}\n"
    "words: {back: Back, exit: Exit, more: More, tries: '{n} left', wrong: Wrong., choose: Choose., copied: A sample.,\n"
    "  too_many: 'Call {helpline}', busy: 'Busy {helpline}', continue: 'Go on?', 'yes': Ja, new: New, bye: Bye,\n"
    "  no_code: No code, months: Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec}\n"
    "start: main\n"
    "helpline: '333'\n"
    "types: {her: {msisdn: yes, sensitive: yes}}\n"
    "records: {known: {name: 'word(12)'}}\n"
    "queries: {who: {sql: SELECT 1, returns: known}}\n"
    "sms: {code: {class: otp, text: {en: 'Code {consent.code}'}}}\n"
    "screens:\n"
    "  main: {text: Her?, input: {into: her}, goto: send}\n"
    "  send: {consent: {to: her, sms: code}, fail: none, goto: told}\n"
    "  told: {text: Code?, input: {into: told, type: word(4)}, goto: check}\n"
    "  check: {consent: {check: told}, wrong: wrong, expired: expired, goto: note}\n"
    "  note: {audit: {event: agreed, with: {known: citizen.known}}, goto: look}\n"
    "  look: {query: who, into: known, none: good, fail: later, goto: good}\n"
    "  good: {text: Good, end: yes}\n"
    "  later: {text: Later, options: {1: {text: Again, goto: check}}}\n"
    "  wrong: {text: Not it, options: {1: {text: Again, goto: told}, 2: {text: New, goto: send}}}\n"
    "  expired: {text: Over, options: {1: {text: New, goto: send}}}\n"
    "  none: {text: No more, end: yes}\n";

static void begins(const char *shown, const char *want)
{
    if (strncmp(shown, want, strlen(want)) != 0)
        fail_msg("shown:\n%s\nwanted:\n%s", shown, want);
}

static void consent_init(struct rig *r)
{
    rig_init(r, rig_menu(menu_yaml));
    rig_dial(r, "*333#");
    begins(rig_type(r, "01712345679"), "Code?");
}

static void test_right(void **state)
{
    struct rig r;

    (void)state;
    consent_init(&r);
    assert_int_equal(r.message_count, 1);
    assert_string_equal(r.messages[0].text, "Code 1001");
    assert_string_equal(r.messages[0].receiver, "8801712345679");
    assert_string_equal(r.messages[0].class, "otp");
    assert_string_equal(r.messages[0].lang, "en");
    begins(rig_type(&r, "1001"), "Later");      /* the question behind it failed */
    begins(rig_type(&r, "1"), "Over");          /* and the code was used */
    rig_fini(&r);
}

/* The row holds no code, and the same code leaves another hash each time. */
static void test_row(void **state)
{
    struct rig r;
    char hashes[2][33] = { "", "" };

    (void)state;
    consent_init(&r);
    for (int i = 0; i < 2; i++) {
        const char *at = memmem(r.state.data, r.state.len, "consent:", 8);

        assert_null(memmem(r.state.data, r.state.len, "1001", 4));
        assert_non_null(at);
        memcpy(hashes[i], at + 10, 32);
        assert_int_equal(strspn(hashes[i], "0123456789abcdef"), 32);
        r.draws = 0;
        rig_type(&r, "abcd");
        rig_type(&r, "2");
    }
    assert_string_equal(r.messages[1].text, "Code 1001");
    assert_string_not_equal(hashes[0], hashes[1]);
    rig_fini(&r);
}

/* The event again: the stored page, and no other code.  A step that was lost
 * makes a new one, under the same cause. */
static void test_once(void **state)
{
    struct rig r;
    struct event ev;
    char cause[128];

    (void)state;
    rig_init(&r, rig_menu(menu_yaml));
    rig_dial(&r, "*333#");
    ev = rig_event(&r, EVENT_ANSWER, "01712345679");
    assert_int_equal(rig_run(&r, &ev), FLOW_REPLY);
    assert_int_equal(r.out.message_count, 1);
    snprintf(cause, sizeof cause, "%s", r.out.messages[0].cause);
    rig_load(&r);
    assert_int_equal(rig_send(&r, &ev), FLOW_REPLY);
    assert_string_equal(r.messages[0].cause, cause);
    assert_string_equal(r.messages[0].text, "Code 1002");
    assert_int_equal(rig_run(&r, &ev), FLOW_REPEAT);
    assert_int_equal(r.out.message_count, 0);
    begins(rig_type(&r, "1001"), "Not it");
    begins(rig_type(&r, "1"), "Code?");
    begins(rig_type(&r, "1002"), "Later");
    rig_fini(&r);
}

static void test_bounds(void **state)
{
    struct rig r;

    (void)state;
    consent_init(&r);
    rig_type(&r, "x");
    begins(rig_type(&r, "1"), "Code?");
    rig_type(&r, "\xe0\xa6\x95");
    rig_type(&r, "1");
    begins(rig_type(&r, "0000"), "Over");
    begins(rig_type(&r, "1"), "Code?");
    begins(rig_type(&r, "1001"), "Not it");     /* the one before */
    rig_type(&r, "2");
    r.now += 5 * 60 * 1000;
    begins(rig_type(&r, "1003"), "Over");
    begins(rig_type(&r, "1"), "No more");
    assert_int_equal(r.message_count, 3);
    rig_fini(&r);
}

/* No way to draw a code. */
static void test_none(void **state)
{
    struct rig r;
    struct event ev;

    (void)state;
    rig_init(&r, rig_menu(menu_yaml));
    rig_dial(&r, "*333#");
    ev = rig_event(&r, EVENT_ANSWER, "01712345679");
    r.env.draw = NULL;
    assert_int_equal(flow_event(&r.env, r.s, &ev, &r.out), FLOW_REPLY);
    begins(buf_str(&r.s->reply), "No more");
    assert_int_equal(r.out.message_count, 0);
    rig_fini(&r);
}

/* The code is no use in a process with another secret. */
static void test_other_secret(void **state)
{
    struct rig r;
    struct event ev;

    (void)state;
    consent_init(&r);
    ev = rig_event(&r, EVENT_ANSWER, "1001");
    r.env.secret = (const unsigned char *)"another one, of thirty-two bytes";
    assert_int_equal(flow_event(&r.env, r.s, &ev, &r.out), FLOW_REPLY);
    begins(buf_str(&r.s->reply), "Not it");
    rig_fini(&r);
}

/* Her menus are retired for newer ones: the code still counts. */
static void test_other_generation(void **state)
{
    struct session_plan *plan;
    struct menu *newer;
    struct rig r;
    char yaml[sizeof menu_yaml];

    (void)state;
    consent_init(&r);
    memcpy(yaml, menu_yaml, sizeof menu_yaml);
    memcpy(strstr(yaml, "Not it"), "Nope..", 6);
    newer = rig_menu(yaml);
    plan = session_plan_new(r.menu, newer);
    r.newer = newer;
    r.plan = plan;
    begins(rig_type(&r, "1234"), "Nope..");
    rig_type(&r, "1");
    begins(rig_type(&r, "1001"), "Later");
    rig_fini(&r);
    session_plan_free(plan);
    menu_free(newer);
}

/* Bytes that nobody wrote stand in the variable's place. */
static void test_garbage(void **state)
{
    static const char *const rows[] = { "", "-", "x 1 1 1 1 1 1", "a b c d e f g",
                                        "00000000000000000000000000000000 9999999999999 3 1 8801712345679 send 0",
                                        "00000000000000000000000000000000 9999999999999 3 1 8801712345679 told 99",
                                        "00000000000000000000000000000000 9999999999999 3 1 8801712345679 nowhere -1" };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rig r;

        consent_init(&r);
        assert_true(session_set(r.s, r.menu->consent, rows[i], strlen(rows[i])));
        begins(rig_type(&r, "1001"), i == 4 ? "Not it" : "Over");
        rig_fini(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_right), cmocka_unit_test(test_row),    cmocka_unit_test(test_once),
        cmocka_unit_test(test_bounds), cmocka_unit_test(test_none), cmocka_unit_test(test_other_secret),
        cmocka_unit_test(test_other_generation), cmocka_unit_test(test_garbage),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
