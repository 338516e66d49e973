/* engine/flow_call: dialogues inside the dialogue, and what becomes of them when the line drops, servers change
 * and menus are written anew. */
#include "engine/flow.h"

#include "engine/session_move.h"
#include "rig.h"

static const char menu_root[] =
    "language: 1\n"
    "code: '*333#'\n"
    "name: T\n"
    "languages: {en: {name: English}}\n"
    "words: {back: Back, exit: Exit, more: More, tries: '{n} left', wrong: Wrong., choose: Choose., copied: A sample.,\n"
    "  too_many: 'Call {helpline}', busy: 'Busy {helpline}', continue: 'Go on?', 'yes': Ja, new: New, bye: Bye,\n"
    "  no_code: No code, months: Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec}\n"
    "start: main\n"
    "shortcuts: {'7': child}\n"
    "helpline: '333'\n"
    "types: {paper: {pattern: '[0-9]{4}', width: 4}}\n"
    "records: {known: {name: 'word(12)'}}\n"
    "queries: {who: {sql: 'SELECT $1', args: [paper], returns: known}}\n"
    "sms: {hello: {class: service_info, text: 'Hello {child}'}}\n"
    "screens:\n"
    "  main:\n"
    "    text: Main\n"
    "    options:\n"
    "      1: {text: Child, goto: before}\n"
    "      2: {text: Nobody, set: {paper: \"'9999'\"}, goto: nobody}\n"
    "      3: {text: Deep, goto: d1}\n"
    "      4: {text: Flag, goto: flag}\n"
    "  before: {text: Before, options: {1: {text: Go, goto: child}, 2: {text: Go twice, goto: twice}}}\n";

/* the caller, in a place of its own so that it can be left out or changed */
static const char menu_caller[] = "  child: {call: {to: person, into: child}, goto: sure}\n";

static const char menu_rest[] =
    "  twice:\n"
    "    do:\n"
    "      - {set: {before: 1}}\n"
    "      - {call: {to: person, into: child}}\n"
    "      - {sms: hello}\n"
    "      - {call: {to: person, into: second}}\n"
    "    goto: both\n"
    "  person: {text: Paper?, input: {into: paper}, goto: look}\n"
    "  look: {query: who, into: known, none: person_again, goto: is_it}\n"
    "  person_again: {text: No such. Paper?, input: {into: paper}, goto: look}\n"
    "  is_it: {text: 'Is it {known.name}?', options: {1: {text: Ja, goto: it_is}, 2: {text: No, goto: person}, 3: {text: "
    "Leave, goto: main}}}\n"
    "  it_is: {return: paper}\n"
    "  sure: {text: 'Child {child}', options: {1: {text: Again, goto: child}, 2: {text: Ask, goto: risky}}}\n"
    "  both: {text: '{child} and {second} {before}', end: yes}\n"
    "  risky: {do: [{call: {to: silent}}, {query: who, into: known, fail: main}], goto: main}\n"
    "  silent: {return: }\n"
    "  nobody: {do: [{set: {child: paper}}, {call: {to: silent}}], goto: sure}\n"
    "  flag: {do: [{call: {to: yes_it_is, into: flag}}], goto: [{when: flag, to: flagged}, {to: main}]}\n"
    "  yes_it_is: {return: yes}\n"
    "  flagged: {text: 'Flag {flag|name}'}\n"
    "  d1: {do: [{call: {to: d2, into: n1}}, {set: {n1: n1 + 1}}], goto: deep}\n"
    "  d2: {do: [{call: {to: d3, into: n2}}, {return: n2 + 1}]}\n"
    "  d3: {do: [{call: {to: d4, into: n3}}, {return: n3 + 1}]}\n"
    "  d4: {do: [{call: {to: d5, into: n4}}, {return: n4 + 1}]}\n"
    "  d5: {do: [{call: {to: d6, into: n5}}, {return: n5 + 1}]}\n"
    "  d6: {do: [{call: {to: d7, into: n6}}, {return: n6 + 1}]}\n"
    "  d7: {do: [{call: {to: d8, into: n7}}, {return: n7 + 1}]}\n"
    "  d8: {do: [{call: {to: d9, into: n8}}, {return: n8 + 1}]}\n"
    "  d9: {text: Bottom, options: {1: {text: Up, goto: d10}, 2: {text: Round, goto: r1}}}\n"
    "  d10: {return: 1}\n"
    "  r1: {text: R1, options: {1: {text: R2, goto: r2}, 2: {text: Up, goto: d10}}}\n"
    "  r2: {text: R2, options: {1: {text: R1, goto: r1}}}\n"
    "  deep: {text: 'Depth {n1}'}\n";

static const struct rig_answer known = {
    .query = "who", .count = 1, .rows = { { { "name", "Rahim" } } },
};

static struct menu *calls_menu(const char *caller)
{
    struct buf yaml;
    struct menu *m;

    buf_init(&yaml, 1 << 16);
    buf_adds(&yaml, menu_root);
    buf_adds(&yaml, caller);
    buf_adds(&yaml, menu_rest);
    m = rig_menu(buf_str(&yaml));
    buf_fini(&yaml);
    return m;
}

static void calls_init(struct rig *r)
{
    rig_init(r, calls_menu(menu_caller));
    r->answers = &known;
    r->answer_count = 1;
}

static void begins(const char *shown, const char *want)
{
    if (strncmp(shown, want, strlen(want)) != 0)
        fail_msg("shown:\n%s\nwanted:\n%s", shown, want);
}

/* --- there and back ----------------------------------------------------------------------- */

static void test_returns(void **state)
{
    struct rig r;

    (void)state;
    calls_init(&r);
    begins(rig_dial(&r, "*333*1*1#"), "Paper?");
    begins(rig_type(&r, "12345"), "Wrong.");
    begins(rig_type(&r, "1234"), "Is it Rahim?");
    assert_int_equal(r.s->frame_count, 1);
    begins(rig_type(&r, "2"), "Paper?");
    begins(rig_type(&r, "4567"), "Is it Rahim?");
    begins(rig_type(&r, "1"), "Child 4567");
    assert_int_equal(r.s->frame_count, 0);
    /* past the called screens */
    begins(rig_type(&r, "0"), "Before");
    begins(rig_type(&r, "0"), "Main");
    rig_fini(&r);
}

static void test_called_again(void **state)
{
    struct rig r;

    (void)state;
    calls_init(&r);
    rig_dial(&r, "*333*1*1*1234*1#");
    begins(rig_type(&r, "1"), "Paper?");
    begins(rig_type(&r, "0"), "Child 1234");    /* the screen before this call */
    assert_int_equal(r.s->frame_count, 0);
    begins(rig_type(&r, "1"), "Paper?");
    rig_type(&r, "9876");
    begins(rig_type(&r, "1"), "Child 9876");
    begins(rig_type(&r, "0"), "Before");
    rig_fini(&r);
}

static void test_back_over_the_border(void **state)
{
    struct rig r;

    (void)state;
    calls_init(&r);
    rig_dial(&r, "*333*1*1*1234#");
    begins(rig_type(&r, "0"), "Paper?");
    assert_int_equal(r.s->frame_count, 1);
    begins(rig_type(&r, "0"), "Before");
    assert_int_equal(r.s->frame_count, 0);
    /* start forgets the call */
    rig_type(&r, "1");
    begins(rig_type(&r, "00"), "Main");
    assert_int_equal(r.s->frame_count, 0);
    /* so does a way to the start screen */
    rig_dial(&r, "*333*1*1*1234#");
    begins(rig_type(&r, "3"), "Main");
    assert_int_equal(r.s->frame_count, 0);
    rig_fini(&r);
}

/* Nothing was shown before the call. */
static void test_shortcut(void **state)
{
    struct rig r;

    (void)state;
    calls_init(&r);
    begins(rig_dial(&r, "*333*7#"), "Paper?");
    begins(rig_type(&r, "0"), "Main");
    begins(rig_dial(&r, "*333*7*1234*1#"), "Child 1234");
    begins(rig_type(&r, "0"), "Main");
    begins(rig_type(&r, "0"), "Bye");
    rig_fini(&r);
}

/* The actions behind a call follow after its return; two calls of one dialogue
 * have each their own value. */
static void test_in_a_list(void **state)
{
    struct rig r;

    (void)state;
    calls_init(&r);
    begins(rig_dial(&r, "*333*1*2#"), "Paper?");
    rig_type(&r, "1111");
    assert_int_equal(r.message_count, 0);
    begins(rig_type(&r, "1"), "Paper?");
    assert_int_equal(r.message_count, 1);
    assert_string_equal(r.messages[0].text, "Hello 1111");
    rig_type(&r, "2222");
    begins(rig_type(&r, "1"), "1111 and 2222 1");
    assert_int_equal(r.message_count, 1);
    rig_fini(&r);
}

static void test_values(void **state)
{
    struct rig r;

    (void)state;
    calls_init(&r);
    begins(rig_dial(&r, "*333*2#"), "Child ");
    begins(rig_dial(&r, "*333*4#"), "Flag Ja");
    rig_fini(&r);
}

static void test_sub_code_through(void **state)
{
    static const char *const rows[][2] = {
        { "*333*7*1234*1#", "Child 1234" },
        { "*333*1*2*1111*1*2222*1#", "1111 and 2222 1" },
        { "*333*3*1#", "Depth 9" },
        { "*333*1*2*1111*1*99#", "Paper?" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rig r;

        calls_init(&r);
        begins(rig_dial(&r, rows[i][0]), rows[i][1]);
        rig_fini(&r);
    }
}

/* --- bounds ------------------------------------------------------------------------------- */

static void test_deep(void **state)
{
    struct rig r;

    (void)state;
    calls_init(&r);
    begins(rig_dial(&r, "*333*3#"), "Bottom");
    assert_int_equal(r.s->frame_count, MENU_CALLS_MAX);
    begins(rig_type(&r, "0"), "Main");          /* all of them at once */
    assert_int_equal(r.s->frame_count, 0);
    rig_type(&r, "3");
    begins(rig_type(&r, "1"), "Depth 9");
    rig_fini(&r);
}

/* More screens than the stack holds: the frames still know their places. */
static void test_stack_full(void **state)
{
    struct rig r;

    (void)state;
    calls_init(&r);
    rig_dial(&r, "*333*3*2#");
    for (int i = 0; i < SESSION_STACK_MAX + 5; i++)
        rig_type(&r, "1");
    assert_int_equal(r.s->depth, SESSION_STACK_MAX);
    assert_int_equal(r.s->frame_count, MENU_CALLS_MAX);
    begins(rig_type(&r, "0"), "R1");
    begins(rig_type(&r, "2"), "Depth 9");
    begins(rig_type(&r, "0"), "Main");
    rig_dial(&r, "*333*3*2#");
    for (int i = 0; i < SESSION_STACK_MAX + 5; i++)
        rig_type(&r, "1");
    for (int i = 0; i < SESSION_STACK_MAX - 1; i++)
        rig_type(&r, "0");
    assert_int_equal(r.s->frame_count, MENU_CALLS_MAX);
    begins(rig_type(&r, "0"), "Main");
    assert_int_equal(r.s->frame_count, 0);
    rig_fini(&r);
}

/* Deeper than the checker lets pass, as if a newer generation did: the busy
 * page, and she stands where she stood. */
static void test_too_deep(void **state)
{
    struct rig r;
    int screen;

    (void)state;
    calls_init(&r);
    rig_dial(&r, "*333*1#");
    screen = r.s->screen;
    for (int i = 0; i < MENU_CALLS_MAX; i++)
        r.s->frames[i] = (struct session_frame){ menu_screen_find(r.menu, "child"), 0, -1 };
    r.s->frame_count = MENU_CALLS_MAX;
    rig_sees(rig_type(&r, "1"), "Busy 333");
    assert_int_equal(r.s->screen, screen);
    assert_int_equal(r.s->frame_count, MENU_CALLS_MAX);
    rig_fini(&r);
}

/* --- faults -------------------------------------------------------------------------------- */

static void test_dropped(void **state)
{
    struct rig r;

    (void)state;
    calls_init(&r);
    rig_dial(&r, "*333*1*1*1234#");
    begins(rig_dial(&r, "*333#"), "Go on?");
    begins(rig_type(&r, "1"), "Is it Rahim?");
    begins(rig_type(&r, "1"), "Child 1234");
    rig_fini(&r);
}

/* A step that fails behind a return leaves her inside the call. */
static void test_busy_after_return(void **state)
{
    static const struct rig_answer failed = { .query = "who", .failed = true };
    struct rig r;

    (void)state;
    calls_init(&r);
    rig_dial(&r, "*333*1*1#");
    r.answers = &failed;
    rig_sees(rig_type(&r, "1234"), "Busy 333");
    assert_int_equal(r.s->frame_count, 1);
    r.answers = &known;
    begins(rig_dial(&r, "*333#"), "Go on?");
    begins(rig_type(&r, "1"), "Paper?");
    rig_type(&r, "1234");
    begins(rig_type(&r, "1"), "Child 1234");
    rig_fini(&r);
}

/* --- another generation -------------------------------------------------------------------- */

/* She is inside the call when the menus become those with this caller. */
/* The menus that the dialogue runs under are retired for others. */
struct calls_newer {
    struct menu *menu;
    struct session_plan *plan;
};

static void calls_retire(struct rig *r, struct calls_newer *newer, const char *caller)
{
    newer->menu = calls_menu(caller);
    newer->plan = session_plan_new(r->menu, newer->menu);
    r->newer = newer->menu;
    r->plan = newer->plan;
}

static void test_other_generations(void **state)
{
    static const struct {
        const char *caller, *resumed, *then;
    } rows[] = {
        /* the call stands elsewhere in its screen */
        { "  child: {do: [{set: {before: 2}}, {call: {to: person, into: child}}], goto: sure}\n", "Is it Rahim?",
          "Child 1234" },
        /* the screen calls no more, or another one, or for another variable: the screen before the call */
        { "  child: {set: {child: \"'1111'\", paper: \"'1111'\"}, goto: sure}\n", "Before", "Child 1111" },
        { "  child: {do: [{set: {child: \"'1111'\", paper: \"'1111'\"}}, {call: {to: silent}}], goto: sure}\n",
          "Before", "Child 1111" },
        { "  child: {do: [{set: {child: \"'1111'\"}}, {call: {to: person, into: third}}], goto: third}\n"
          "  third: {text: '{third}', options: {1: {text: Sure, goto: sure}}}\n", "Before", "Paper?" },
        /* it shows something now */
        { "  child: {text: Shown, options: {1: {text: Go, goto: twice}}}\n", "Before", "Shown" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct calls_newer newer;
        struct rig r;

        calls_init(&r);
        rig_dial(&r, "*333*1*1*1234#");
        calls_retire(&r, &newer, rows[i].caller);
        begins(rig_dial(&r, "*333#"), "Go on?");
        begins(rig_type(&r, "1"), rows[i].resumed);
        begins(rig_type(&r, "1"), rows[i].then);
        rig_fini(&r);
        session_plan_free(newer.plan);
        menu_free(newer.menu);
    }
}

/* Rows that nobody wrote. */
static void test_form(void **state)
{
    struct rig r;
    struct buf bytes;

    (void)state;
    calls_init(&r);
    rig_dial(&r, "*333*1*1*1234#");
    buf_init(&bytes, SESSION_STATE_MAX);
    for (size_t n = 0; n < r.state.len; n++)
        assert_false(session_decode(r.s, r.menu, r.state.data, n));
    for (size_t n = 0; n < r.state.len; n++) {
        for (int bit = 0; bit < 8; bit++) {
            buf_clear(&bytes);
            buf_add(&bytes, r.state.data, r.state.len);
            bytes.data[n] = (char)(bytes.data[n] ^ 1 << bit);
            if (!session_decode(r.s, r.menu, bytes.data, bytes.len))
                continue;
            assert_true(r.s->frame_count <= MENU_CALLS_MAX);
            for (int i = 0; i < r.s->frame_count; i++)
                assert_true(r.s->frames[i].behind >= -1 && r.s->frames[i].behind <= r.s->depth);
        }
    }
    assert_true(session_decode(r.s, r.menu, r.state.data, r.state.len));
    buf_fini(&bytes);
    rig_fini(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_returns),    cmocka_unit_test(test_called_again),
        cmocka_unit_test(test_back_over_the_border), cmocka_unit_test(test_shortcut),
        cmocka_unit_test(test_in_a_list),  cmocka_unit_test(test_values),
        cmocka_unit_test(test_sub_code_through), cmocka_unit_test(test_deep),
        cmocka_unit_test(test_stack_full), cmocka_unit_test(test_too_deep),
        cmocka_unit_test(test_dropped),    cmocka_unit_test(test_busy_after_return),
        cmocka_unit_test(test_other_generations), cmocka_unit_test(test_form),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
