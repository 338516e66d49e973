/* Where does a dialogue that somebody leaves count as work that she may want to finish? */
#include "engine/draft.h"

#include "rig.h"

static const char draft_tree[] =
    "language: 1\n"
    "code: ['*333#']\n"
    "name: T\n"
    "languages: {en: {name: English}, bn: {name: Bangla}}\n"
    "words: {back: Back, exit: Exit, more: More, tries: '{n} left', wrong: Wrong., choose: Choose., copied: A sample.,\n"
    "  too_many: Call, busy: Busy, continue: Go on?, 'yes': 'Yes', new: New, bye: Bye, no_code: No code,\n"
    "  months: Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec}\n"
    "start: kind\n"
    "helpline: '333'\n"
    "types: {kind: {choice: {a: A, b: B}}, small: {whole: 1..9}}\n"
    "services: {fair: {number: 7, agency: tea, title: Tea fair, fields: {n: small}}}\n"
    "screens:\n"
    "  kind: {text: Kind, input: {into: kind, type: kind}, goto: ask}\n"
    "  ask: {text: How many?, input: {into: n, type: small}, goto: more}\n"
    "  more: {text: More?, input: {into: m, type: small}, goto: [{when: m == 9, to: read}, {when: m == 8, to: hide}, {to: sure}]}\n"
    "  read: {text: 'Only to read {kind|name}'}\n"
    "  hide: {text: Hidden, secret: yes, input: {into: p, type: small}, goto: sure}\n"
    "  sure: {text: 'Send {n} {m}?', options: {1: {text: Send, goto: send}, 2: {text: No, goto: read}}}\n"
    "  send: {submit: fair, with: {n: n}, into: c, goto: done}\n"
    "  done: {text: '{c.no}', end: yes}\n";

static const struct draft_case {
    const char *what, *typed;           /* one character each */
    bool left;
} draft_cases[] = {
    { "nothing is answered", "", false },
    { "one answer", "1", false },
    { "two, before the third question", "15", false },
    { "the same question again counts once", "15005", false },
    { "three, before the key that sends", "155", true },
    { "three, and a page that only tells", "159", false },
    { "at a screen that nobody is led back to", "158", false },
    { "a wrong answer is none", "15x", false },
    { "it is sent", "1551", false },
};

static void test_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof draft_cases / sizeof draft_cases[0]; i++) {
        const struct draft_case *c = &draft_cases[i];
        struct rig r;

        rig_init(&r, rig_menu(draft_tree));
        memcpy(r.citizen_lang, "en", 3);
        rig_load(&r);
        rig_dial(&r, "*333#");
        for (const char *p = c->typed; *p != '\0'; p++)
            rig_type(&r, (char[]){ *p, '\0' });
        if (draft_is_left(r.s) != c->left)
            fail_msg("%s: %s, at '%s'", c->what, c->left ? "not seen" : "taken for work", rig_shown(&r));
        rig_fini(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_table) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
