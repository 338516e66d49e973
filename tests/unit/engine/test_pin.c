/* PINs: what a step asks of whom, what becomes of the answer, and that none is ever written. */
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
    "shortcuts: {'7': ask, '8': two}\n"
    "screens:\n"
    "  main: {text: Main, options: {1: {text: Ask, goto: ask}, 2: {text: Choose, goto: choose}}}\n"
    "  ask: {text: Ask, input: {into: p, type: pin(4)}, goto: look}\n"
    "  look: {pin: {check: p}, wrong: wrong, none: none, locked: locked, fail: fail, goto: good}\n"
    "  choose: {text: Choose, input: {into: q, type: pin(6)}, goto: set}\n"
    "  set: {pin: {set: q}, wrong: wrong, locked: locked, goto: good}\n"
    "  good: {text: Good, options: {1: {text: Choose, goto: choose}}}\n"
    "  wrong: {text: Wrong, options: {1: {text: Ask, goto: ask}}}\n"
    "  none: {text: None}\n"
    "  locked: {text: Locked}\n"
    "  fail: {text: Fail}\n"
    "  two: {text: Two, input: {into: p, type: pin(4)}, goto: then}\n"
    "  then: {text: Then, options: {5: {text: Go, goto: bare}}}\n"
    "  bare: {do: [{set: {x: 5}}], goto: ask_bare}\n"
    "  ask_bare: {text: 'Bare {x}', input: {into: r, type: pin(4)}, goto: bare_look}\n"
    "  bare_look: {pin: {check: r}, wrong: wrong, none: none, goto: good}\n";

static struct rig r;
static enum flow_pin next;
static bool fails;
static struct {
    char pin[12], key[FLOW_KEY_SIZE];
    bool sets, replaces;
} asked[16];
static int asked_count;

static enum flow_result answer(struct rig *rig)
{
    const struct flow_question *q = &rig->out.question;
    struct flow_rows rows = { .failed = fails, .pin = next };

    assert_int_equal(q->kind, FLOW_PIN);
    assert_true(asked_count < 16);
    snprintf(asked[asked_count].pin, sizeof asked[0].pin, "%s", q->pin);
    snprintf(asked[asked_count].key, sizeof asked[0].key, "%s", q->key);
    asked[asked_count].sets = q->sets;
    asked[asked_count++].replaces = q->replaces;
    return flow_answer(&rig->env, rig->s, &rows, &rig->out);
}

static int setup(void **state)
{
    (void)state;
    rig_init(&r, rig_menu(tree));
    r.ask = answer;
    asked_count = 0;
    next = FLOW_PIN_GOOD;
    fails = false;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rig_fini(&r);
    return 0;
}

/* Is it in what the session's row would hold, or in the page? */
static bool is_written(const char *pin)
{
    return memmem(r.state.data, r.state.len, pin, strlen(pin)) != NULL || strstr(buf_str(&r.s->reply), pin) != NULL;
}

static void test_outcomes(void **state)
{
    static const char *const pages[FLOW_PINS] = {
        [FLOW_PIN_GOOD] = "Good\n1 Choose\n0 B",   [FLOW_PIN_WRONG] = "Wrong\n1 Ask\n0 B",
        [FLOW_PIN_NONE] = "None\n0 B",     [FLOW_PIN_LOCKED] = "Locked\n0 B",
        [FLOW_PIN_FAILED] = "Fail\n0 B",
    };

    (void)state;
    for (next = FLOW_PIN_GOOD; next < FLOW_PINS; next++) {
        asked_count = 0;
        rig_dial(&r, "*333*7#");
        if (next > FLOW_PIN_GOOD)
            rig_type(&r, "2");
        rig_sees(rig_type(&r, "8642"), pages[next]);
        assert_int_equal(asked_count, 1);
        assert_string_equal(asked[0].pin, "8642");
        assert_false(asked[0].sets);
        assert_null(r.out.question.pin);
        assert_false(is_written("8642"));
    }
    next = FLOW_PIN_GOOD;
    fails = true;
    rig_dial(&r, "*333*7#");
    rig_type(&r, "2");
    rig_sees(rig_type(&r, "8642"), pages[FLOW_PIN_FAILED]);
}

/* A PIN that is there is replaced by her who was right just now, for five minutes. */
static void test_replaces(void **state)
{
    (void)state;
    rig_dial(&r, "*333#");
    rig_type(&r, "2");
    next = FLOW_PIN_WRONG;
    rig_sees(rig_type(&r, "864200"), "Wrong\n1 Ask\n0 B");
    assert_true(asked[0].sets);
    assert_false(asked[0].replaces);
    rig_type(&r, "1");
    rig_type(&r, "8642");               /* nor one who was wrong */
    next = FLOW_PIN_GOOD;
    rig_type(&r, "1");
    rig_type(&r, "8642");
    rig_type(&r, "1");
    rig_type(&r, "864201");
    assert_int_equal(asked_count, 4);
    assert_true(asked[3].replaces);
    r.now += 4 * 60 * 1000;
    rig_type(&r, "1");
    rig_type(&r, "864202");             /* what she set, she knows */
    assert_true(asked[4].replaces);
    r.now += 5 * 60 * 1000;
    rig_type(&r, "1");
    rig_type(&r, "864203");
    assert_true(asked[5].sets);
    assert_false(asked[5].replaces);
}

/* The same event asks under the same key, so that a try counts once. */
static void test_keys(void **state)
{
    struct event ev;

    (void)state;
    rig_dial(&r, "*333*7#");
    ev = rig_event(&r, EVENT_ANSWER, "8642");
    rig_run(&r, &ev);
    rig_load(&r);
    rig_send(&r, &ev);
    assert_int_equal(asked_count, 2);
    assert_string_equal(asked[0].key, asked[1].key);
    rig_dial(&r, "*333*7#");
    rig_type(&r, "2");
    rig_type(&r, "8642");
    assert_string_not_equal(asked[0].key, asked[2].key);
}

/* A PIN that was dialled with the code is not taken, nor kept with what is left of
 * the code; a new citizen each time, who is not asked whether to go on. */
static void test_never_written(void **state)
{
    static const char *const dialled[] = {
        "*333*7*8642#", "*333*8*8642#", "*333*8*8642*5#", "*333*8*8642*5*8642#", "*333*8*8642*9#", "*333*7*86422#",
        "*333*8*8642*5*86422#",
    };

    for (size_t i = 0; i < sizeof dialled / sizeof dialled[0]; i++) {
        for (int pin = FLOW_PIN_GOOD; pin < FLOW_PINS; pin++) {
            teardown(state);
            setup(state);
            next = (enum flow_pin)pin;
            rig_dial(&r, dialled[i]);
            assert_true(r.state.len > 0);
            assert_false(is_written("8642"));
        }
    }
}

#define T(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = { T(outcomes), T(replaces), T(keys), T(never_written) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
