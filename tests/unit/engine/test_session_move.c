/*
 * A dialogue is begun under one tree, which is retired; her next keypress finds
 * another tree.  What does she see, and what was her keypress taken for?
 */
#include "engine/session_move.h"

#include "rig.h"

static const char move_root[] =
    "language: 1\n"
    "code: ['*333#']\n"
    "name: T\n"
    "languages: {en: {name: English}, bn: {name: Bangla}}\n"
    "words: {back: Back, exit: Exit, more: More, tries: '{n} left', wrong: Wrong., choose: Choose., copied: A sample.,\n"
    "  too_many: Call, busy: Busy, continue: Go on?, 'yes': 'Yes', new: New, bye: Bye, no_code: No code,\n"
    "  months: Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec}\n"
    "start: main\n"
    "helpline: '333'\n"
    "records: {item: {no: whole, name: 'text(20)'}}\n"
    "queries: {items: {sql: SELECT 1, returns: list of item}}\n";

/* main -> kind -> ask -> shown, and what a case changes. */
#define TYPES "types: {small: {whole: 1..9}, nid4: {pattern: '[0-9]{4}', width: 4}}\n"
#define MAIN "  main: {text: Main, options: {1: {text: Kinds, goto: kind}, 2: {text: List, goto: items}}}\n"
#define KIND "  kind: {text: Kind, options: {1: {text: Small, goto: ask}, 2: {text: Secret, goto: pin}}}\n"
#define ASK "  ask: {text: How many?, input: {into: n, type: small}, goto: more}\n"
#define MORE "  more: {text: '{n} what?', input: {into: x, type: 'word(9)'}, goto: shown}\n"
#define SHOWN "  shown: {text: '{n} {x}'}\n"
#define PIN "  pin: {text: PIN, secret: yes, input: {into: p, type: 'pin(4)'}, goto: told}\n  told: {text: Thanks}\n"
#define ITEMS "  items: {text: Items, list: {query: items, into: i, option: '{i.name}', empty: main, fail: main, goto: item}}\n"
#define ITEM "  item: {text: '{i.no} {i.name}'}\n"
#define OLD TYPES "screens:\n" MAIN KIND ASK MORE SHOWN PIN ITEMS ITEM

static const struct move_case {
    const char *what;
    const char *newer;                  /* the tree that it is retired for */
    const char *typed;                  /* before: one character each */
    const char *then;                   /* the first keypress after */
    const char *sees;
    const char *value;                  /* of n afterwards; NULL: unset */
} move_cases[] = {
    { "nothing changed: the answer is taken", OLD, "11", "5", "5 what?\n0 Back", "5" },
    { "another text asks the same", TYPES "screens:\n" MAIN KIND
      "  ask: {text: 'Many?', input: {into: n, type: small}, goto: more}\n" MORE SHOWN PIN ITEMS ITEM,
      "11", "5", "5 what?\n0 Back", "5" },
    { "a wrong answer is one still", OLD, "11", "x", "Wrong.\n2 left\n0 Back", NULL },
    { "her values go with her", OLD, "115", "x", "5 x\n0 Back", "5" },
    { "another type: the question before it is shown, the answer is not taken",
      "types: {small: {whole: 1..8}, nid4: {pattern: '[0-9]{4}', width: 4}}\nscreens:\n" MAIN KIND ASK MORE SHOWN PIN ITEMS ITEM,
      "11", "5", "Kind\n1 Small\n2 Secret\n0 Back", NULL },
    { "another variable", TYPES "screens:\n" MAIN KIND
      "  ask: {text: How many?, input: {into: m, type: small}, goto: more2}\n"
      "  more2: {text: '{m} what?', input: {into: n, type: small}, goto: more}\n" MORE SHOWN PIN ITEMS ITEM,
      "11", "5", "Kind\n1 Small\n2 Secret\n0 Back", NULL },
    { "the screen is gone", TYPES "screens:\n" MAIN
      "  kind: {text: Kind, options: {1: {text: Small, goto: ask2}, 2: {text: Secret, goto: pin}}}\n"
      "  ask2: {text: How many?, input: {into: n, type: small}, goto: more}\n" MORE SHOWN PIN ITEMS ITEM,
      "11", "5", "Main\n1 Kinds\n2 List\n0 Exit", NULL },
    { "an option leads elsewhere", TYPES "screens:\n" MAIN
      "  kind: {text: Kind, options: {1: {text: Small, goto: pin}, 2: {text: Secret, goto: ask}}}\n"
      ASK MORE SHOWN PIN ITEMS ITEM, "1", "1", "Main\n1 Kinds\n2 List\n0 Exit", NULL },
    { "an option more", TYPES "screens:\n" MAIN
      "  kind: {text: Kind, options: {1: {text: Small, goto: ask}, 2: {text: Secret, goto: pin}, 3: {text: All, goto: told}}}\n"
      ASK MORE SHOWN PIN ITEMS ITEM, "1", "3", "Main\n1 Kinds\n2 List\n0 Exit", NULL },
    { "another number", TYPES "screens:\n" MAIN
      "  kind: {text: Kind, options: {1: {text: Small, goto: ask}, 3: {text: Secret, goto: pin}}}\n"
      ASK MORE SHOWN PIN ITEMS ITEM, "1", "1", "Main\n1 Kinds\n2 List\n0 Exit", NULL },
    { "an option sets something", TYPES "screens:\n" MAIN
      "  kind: {text: Kind, options: {1: {text: Small, set: {x: \"'a'\"}, goto: ask}, 2: {text: Secret, goto: pin}}}\n"
      ASK MORE SHOWN PIN ITEMS ITEM, "1", "1", "Main\n1 Kinds\n2 List\n0 Exit", NULL },
    { "an option has a condition", TYPES "screens:\n" MAIN
      "  kind: {text: Kind, options: {1: {text: Small, when: citizen.known, goto: ask}, 2: {text: Secret, goto: pin}}}\n"
      ASK MORE SHOWN PIN ITEMS ITEM, "1", "1", "Main\n1 Kinds\n2 List\n0 Exit", NULL },
    { "options in another order are the same", TYPES "screens:\n" MAIN
      "  kind: {text: Kind, options: {2: {text: Secret, goto: pin}, 1: {text: Small, goto: ask}}}\n"
      ASK MORE SHOWN PIN ITEMS ITEM, "1", "1", "How many?\n0 Back", NULL },
    { "a value that does not fit any more is dropped",
      "types: {small: {whole: 1..9}, nid4: {pattern: '[0-9]{4}', width: 4}}\nscreens:\n" MAIN KIND
      "  ask: {text: How many?, input: {into: n, type: nid4}, goto: more}\n" MORE SHOWN PIN ITEMS ITEM,
      "115", "x", "Kind\n1 Small\n2 Secret\n0 Back", NULL },
    { "a question before it that she has not been asked", TYPES "screens:\n" MAIN KIND
      "  ask: {text: How many?, input: {into: n, type: small}, goto: colour}\n"
      "  colour: {text: Colour?, input: {into: c, type: 'word(9)'}, goto: more}\n"
      MORE "  shown: {text: '{n} {c} {x}'}\n" PIN ITEMS ITEM, "115", "x", "How many?\n0 Back", "5" },
    { "secret now: not entered", TYPES "screens:\n" MAIN KIND
      "  ask: {text: How many?, secret: yes, input: {into: n, type: small}, goto: more}\n" MORE SHOWN PIN ITEMS ITEM,
      "11", "5", "Kind\n1 Small\n2 Secret\n0 Back", NULL },
    { "secret still: she goes back, and the PIN is nothing", OLD, "12", "4821", "Kind\n1 Small\n2 Secret\n0 Back", NULL },
    { "the start itself asks something else", TYPES "screens:\n"
      "  main: {text: Main, options: {1: {text: Nothing, goto: items}, 2: {text: Kinds, goto: kind}}}\n"
      KIND ASK MORE SHOWN PIN ITEMS ITEM, "", "1", "Main\n1 Nothing\n2 Kinds\n0 Exit", NULL },
    { "nothing of her way is left", TYPES "screens:\n"
      "  main: {text: Main, options: {1: {text: Nothing, goto: items}, 2: {text: Kinds, goto: kind}}}\n"
      "  kind: {text: Kind, options: {1: {text: Small, goto: ask2}, 2: {text: Secret, goto: pin}}}\n"
      "  ask2: {text: How many?, input: {into: n, type: small}, goto: more}\n"
      MORE SHOWN PIN ITEMS ITEM, "11", "5", "Main\n1 Nothing\n2 Kinds\n0 Exit", NULL },
    { "key 0 goes one back", OLD, "11", "0", "Kind\n1 Small\n2 Secret\n0 Back", NULL },
    { "key 0 goes to what is left", TYPES "screens:\n" MAIN
      "  kind: {text: Kind, options: {1: {text: Small, goto: ask}, 2: {text: Small, goto: ask}, 3: {text: P, goto: pin}}}\n"
      ASK MORE SHOWN PIN ITEMS ITEM, "11", "0", "Main\n1 Kinds\n2 List\n0 Exit", NULL },
    { "key 0 at the start leaves", TYPES "screens:\n"
      "  main: {text: Main, options: {1: {text: Nothing, goto: items}, 2: {text: Kinds, goto: kind}}}\n"
      KIND ASK MORE SHOWN PIN ITEMS ITEM, "", "0", "Bye", NULL },
    { "key 00 goes to the start", OLD, "11", "00", "Main\n1 Kinds\n2 List\n0 Exit", NULL },
    { "the old page's keys count", "keys: {back: '5', start: '55'}\n" OLD, "11", "5", "5 what?\n5 Back", "5" },
    { "the old page's back key is no answer", "keys: {back: '8'}\n" OLD, "11", "0", "Kind\n1 Small\n2 Secret\n8 Back", NULL },
    { "a row that she saw is chosen", OLD, "2", "2", "8 Beta\n0 Back", NULL },
    { "a list of another query", "records: {item: {no: whole, name: 'text(20)'}}\n"
      "queries: {items: {sql: SELECT 1, returns: list of item}, others: {sql: SELECT 1, returns: list of item}}\n" TYPES
      "screens:\n" MAIN KIND ASK MORE SHOWN PIN
      "  items: {text: Items, list: {query: others, into: i, option: '{i.name}', empty: main, fail: main, goto: item}}\n"
      ITEM, "2", "2", "Main\n1 Kinds\n2 List\n0 Exit", NULL },
    { "a question became a menu", TYPES "screens:\n" MAIN KIND
      "  ask: {text: How many?, options: {5: {text: Five, set: {n: '5'}, goto: more}}}\n" MORE SHOWN PIN ITEMS ITEM,
      "11", "5", "Kind\n1 Small\n2 Secret\n0 Back", NULL },
    { "a page that only tells", OLD, "115x", "7", "5 x\n0 Back", "5" },
};

static const struct rig_answer move_answers[] = {
    { .query = "items", .count = 2,
      .rows = { { { "no", "7" }, { "name", "Alpha" } }, { { "no", "8" }, { "name", "Beta" } } } },
    { .query = "others", .count = 1, .rows = { { { "no", "9" }, { "name", "Gamma" } } } },
};

/* root, without its queries where the tree has its own. */
static struct menu *move_menu(const char *tree)
{
    struct buf text;
    struct menu *m;
    const char *cut = strstr(move_root, "records:");

    buf_init(&text, 1 << 16);
    buf_add(&text, move_root, strstr(tree, "records:") != NULL ? (size_t)(cut - move_root) : strlen(move_root));
    buf_adds(&text, tree);
    m = rig_menu(buf_str(&text));
    buf_fini(&text);
    return m;
}

struct move_rig {
    struct rig r;
    struct menu *newer;
    struct session_plan *plan;
};

static void move_init(struct move_rig *t, const char *old, const char *newer)
{
    rig_init(&t->r, move_menu(old));
    t->newer = move_menu(newer);
    t->plan = session_plan_new(t->r.menu, t->newer);
    t->r.answers = move_answers;
    t->r.answer_count = 2;
    memcpy(t->r.citizen_lang, "en", 3);
    rig_load(&t->r);
}

static void move_retire(struct move_rig *t)
{
    t->r.newer = t->newer;
    t->r.plan = t->plan;
}

static void move_fini(struct move_rig *t)
{
    rig_fini(&t->r);
    session_plan_free(t->plan);
    menu_free(t->newer);
}

static void move_go(struct rig *r, const char *typed)
{
    rig_dial(r, "*333#");
    for (const char *p = typed; *p != '\0'; p++)
        rig_type(r, (char[]){ *p, '\0' });
}

static void check_n(const struct rig *r, const char *want, const char *what)
{
    int n = menu_var_find(r->s->menu, "n", 1);
    size_t len = 0;
    const char *p = n != MENU_NONE ? session_get(r->s, n, &len) : NULL;

    if (want == NULL ? p != NULL : p == NULL || len != strlen(want) || memcmp(p, want, len) != 0)
        fail_msg("%s: n is '%.*s'", what, p != NULL ? (int)len : 5, p != NULL ? p : "unset");
}

static void test_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof move_cases / sizeof move_cases[0]; i++) {
        const struct move_case *c = &move_cases[i];
        struct move_rig t;

        move_init(&t, OLD, c->newer);
        move_go(&t.r, c->typed);
        move_retire(&t);
        rig_type(&t.r, c->then);
        if (strcmp(rig_shown(&t.r), c->sees) != 0)
            fail_msg("%s: she sees\n%s\ninstead of\n%s", c->what, rig_shown(&t.r), c->sees);
        check_n(&t.r, c->value, c->what);
        assert_ptr_equal(t.r.s->menu, t.newer);
        move_fini(&t);
    }
}

/* Dropped in the middle: "Continue?" leads to what is left, and its own answers
 * are answers to it whenever the tree is retired. */
static void test_resume(void **state)
{
    static const char shorter[] = TYPES "screens:\n" MAIN KIND
        "  ask: {text: How many?, input: {into: n, type: nid4}, goto: more}\n" MORE SHOWN PIN ITEMS ITEM;

    (void)state;
    for (int when = 0; when < 2; when++) {
        struct move_rig t;

        move_init(&t, OLD, shorter);
        move_go(&t.r, "11");
        if (when == 0)
            move_retire(&t);
        rig_sees(rig_dial(&t.r, "*333#"), "Go on?\n1 Yes\n2 New");
        move_retire(&t);
        rig_sees(rig_type(&t.r, "7"), "Choose.\n1 Yes\n2 New");
        rig_sees(rig_type(&t.r, "1"), "Kind\n1 Small\n2 Secret\n0 Back");
        rig_sees(rig_type(&t.r, "1"), "How many?\n0 Back");
        move_fini(&t);
    }
}

static void test_resume_lost(void **state)
{
    static const char other[] = TYPES "screens:\n"
        "  main: {text: New, options: {1: {text: List, goto: items}}}\n" ITEMS ITEM;
    static const char *const keys[] = { "1", "2", "x" };

    (void)state;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        struct move_rig t;

        move_init(&t, OLD, other);
        move_go(&t.r, "11");
        rig_dial(&t.r, "*333#");
        move_retire(&t);
        rig_sees(rig_type(&t.r, keys[i]), "New\n1 List\n0 Exit");
        move_fini(&t);
    }
}

/* The same event again is answered by the page it led to, not moved again. */
static void test_again(void **state)
{
    struct move_rig t;
    struct event ev;

    (void)state;
    move_init(&t, OLD, OLD);
    move_go(&t.r, "11");
    move_retire(&t);
    ev = rig_event(&t.r, EVENT_ANSWER, "5");
    rig_send(&t.r, &ev);
    rig_sees(rig_shown(&t.r), "5 what?\n0 Back");
    assert_int_equal(rig_send(&t.r, &ev), FLOW_REPEAT);
    rig_sees(rig_shown(&t.r), "5 what?\n0 Back");
    move_fini(&t);
}

#define WORDS "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
#define ONE "types: {one: {whole: 1..9}}\n"
#define LONG(first) ONE "screens:\n  main: {text: '" first " " WORDS " " WORDS "', input: {into: n, type: one}, goto: end}\n" \
    "  end: {text: 'Got {n} " WORDS " " WORDS "', end: yes}\n"

/* Key 9 on a page that has a next one; where it has none, 9 is an answer. */
static void test_more(void **state)
{
    struct move_rig t;

    (void)state;
    move_init(&t, LONG("A"), LONG("B"));
    rig_dial(&t.r, "*333#");
    move_retire(&t);
    assert_non_null(strstr(rig_type(&t.r, "9"), "sixteen seventeen"));
    assert_ptr_equal(t.r.s->menu, t.newer);
    assert_non_null(strstr(rig_type(&t.r, "9"), "Got 9"));
    move_fini(&t);

    move_init(&t, LONG("A"), ONE "screens: {main: {text: Short, input: {into: n, type: one}, goto: end}, end: {text: '{n}', end: yes}}\n");
    rig_dial(&t.r, "*333#");
    move_retire(&t);
    rig_sees(rig_type(&t.r, "9"), "Short\n0 Exit");     /* not the answer 9 */
    check_n(&t.r, NULL, "more");
    move_fini(&t);
}

/* The last page of an end is paged to under the menus it came from. */
static void test_end(void **state)
{
    struct move_rig t;

    (void)state;
    move_init(&t, LONG("A"), "screens: {main: {text: Short}}\n");
    move_go(&t.r, "9");
    rig_type(&t.r, "7");
    move_retire(&t);
    assert_non_null(strstr(rig_type(&t.r, "9"), "sixteen seventeen"));
    assert_int_equal(t.r.s->mode, SESSION_ENDED);
    rig_sees(rig_dial(&t.r, "*333#"), "Short\n0 Exit");
    move_fini(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table), cmocka_unit_test(test_resume), cmocka_unit_test(test_resume_lost),
        cmocka_unit_test(test_again), cmocka_unit_test(test_more), cmocka_unit_test(test_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
