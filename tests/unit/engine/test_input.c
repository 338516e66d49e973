/* engine/flow_feed: conditions on answers, options beside an input, choices offered by themselves; and numbers
 * that are reckoned beyond their type. */
#include "engine/flow.h"

#include "rig.h"

static const char menu_yaml[] =
    "language: 1\n"
    "code: '*333#'\n"
    "name: T\n"
    "languages: {en: {name: English}}\n"
    "words: {back: Back, exit: Exit, more: More, tries: '{n} left', wrong: Wrong., choose: Choose., copied: A sample.,\n"
    "  too_many: 'Call {helpline}', busy: 'Busy {helpline}', continue: 'Go on?', 'yes': Ja, new: New, bye: Bye,\n"
    "  no_code: No code, months: Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec}\n"
    "start: main\n"
    "helpline: '333'\n"
    "types:\n"
    "  amount: {whole: 10..500}\n"
    "  kind: {choice: {AA: Old, BB: New, cc: Mine}}\n"
    "  few: {whole: 1..9}\n"
    "screens:\n"
    "  main:\n"
    "    text: Main\n"
    "    options: {1: {text: Ask, set: {most: 300}, goto: ask}, 2: {text: Kind, goto: kind},\n"
    "      3: {text: Count, set: {few: 8}, goto: count}}\n"
    "  ask:\n"
    "    text: How much?\n"
    "    input: {into: amount, when: amount <= most and amount != 13, wrong: Less.}\n"
    "    options: {1: {text: All, set: {amount: most}, goto: got}, 2: {text: None, when: most > 400, goto: main}}\n"
    "    goto: got\n"
    "  got: {text: 'Got {amount}', options: {1: {text: Again, set: {most: 450}, goto: ask}}}\n"
    "  kind: {text: Kind?, input: {into: kind}, options: {7: {text: Both, goto: main}}, goto: of}\n"
    "  of: {goto: [{when: kind == AA, to: old}, {to: new}]}\n"
    "  old: {text: 'It is {kind|name}'}\n"
    "  new: {text: 'Is it {kind|name}?', options: {1: {text: Again, goto: kind}}}\n"
    "  count: {text: 'Now {few}', options: {1: {text: More, set: {few: few + 1}, goto: count}, 2: {text: No, goto: old_end}}}\n"
    "  old_end: {text: End, end: yes}\n";

static int setup(void **state)
{
    static struct rig r;

    rig_init(&r, rig_menu(menu_yaml));
    *state = &r;
    return 0;
}

static int teardown(void **state)
{
    rig_fini(*state);
    return 0;
}

static void test_when(void **state)
{
    struct rig *r = *state;

    (void)rig_dial(r, "*333#");
    assert_string_equal(rig_type(r, "1"), "How much?\n1 All\n0 Back");
    assert_string_equal(rig_type(r, "301"), "Less.\n2 left\n1 All\n0 Back");
    assert_string_equal(rig_type(r, "13"), "Less.\n1 left\n1 All\n0 Back");
    assert_string_equal(rig_type(r, "300"), "Got 300\n1 Again\n0 Back");
    /* what it held before is not what was typed */
    (void)rig_type(r, "1");
    assert_string_equal(rig_type(r, "450"), "Got 450\n1 Again\n0 Back");
}

static void test_options_beside(void **state)
{
    struct rig *r = *state;

    (void)rig_dial(r, "*333#");
    (void)rig_type(r, "1");
    assert_string_equal(rig_type(r, "2"), "Less.\n2 left\n1 All\n0 Back");      /* not offered: an answer, and wrong */
    assert_string_equal(rig_type(r, "1"), "Got 300\n1 Again\n0 Back");
    assert_string_equal(rig_type(r, "1"), "How much?\n1 All\n2 None\n0 Back");
    assert_string_equal(rig_type(r, "2"), "Main\n1 Ask\n2 Kind\n3 Count\n0 Exit");
}

static void test_choice(void **state)
{
    struct rig *r = *state;

    (void)rig_dial(r, "*333#");
    assert_string_equal(rig_type(r, "2"), "Kind?\n1 Old\n2 New\n3 Mine\n7 Both\n0 Back");
    assert_string_equal(rig_type(r, "AA"), "Choose.\n2 left\n1 Old\n2 New\n3 Mine\n7 Both\n0 Back");
    assert_string_equal(rig_type(r, "3"), "Is it Mine?\n1 Again\n0 Back");
    (void)rig_type(r, "1");
    assert_string_equal(rig_type(r, "1"), "It is Old\n0 Back");
}

static void test_out_of_range(void **state)
{
    struct rig *r = *state;

    (void)rig_dial(r, "*333#");
    assert_string_equal(rig_type(r, "3"), "Now 8\n1 More\n2 No\n0 Back");
    assert_string_equal(rig_type(r, "1"), "Now 9\n1 More\n2 No\n0 Back");
    assert_string_equal(rig_type(r, "1"), "Busy 333");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_when), TEST(test_options_beside), TEST(test_choice), TEST(test_out_of_range),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
