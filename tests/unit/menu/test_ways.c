/* menu/ways: every exit of a screen, and what it does with variables on the way. */
#include "menu/ways.h"
#include "menu_fixture.h"

static const char tree[] =
    "first: lang\n"
    "\n"
    "types: {nid4: {pattern: '[0-9]{4}', width: 4}, kind: {choice: {AA: A, BB: B}}}\n"
    "records: {r: {a: whole, b: whole}}\n"
    "queries: {q: {sql: SELECT $1, args: [nid4], returns: r}, l: {sql: SELECT 1, returns: list of r}}\n"
    "services: {s: {number: 1, title: S, fields: {x: nid4}, notify: {submitted: m}}}\n"
    "sms: {m: {class: otp, text: '{case.no}'}}\n"
    "screens:\n"
    "  main:\n"
    "    text: Main\n"
    "    options:\n"
    "      1: {text: One, set: {kind: AA}, goto: ask}\n"
    "      12: {text: 'K {today}', when: citizen.known, set: {kind: BB}, goto: [{when: kind == AA, to: ask}, {to: ask}]}\n"
    "  lang: {text: Lang, options: {3: {text: L, set: {citizen.lang: en, kind: AA}, goto: main}}}\n"
    "  ask: {text: Ask, input: {into: nid4, wrong: 'No {kind}'}, goto: look}\n"
    "  look: {query: q, into: p, none: none, fail: lang, goto: [{when: p.a > 3, to: pick}, {to: send}]}\n"
    "  again: {do: [{query: q, into: p}, {set: {kind: AA}}], goto: pick}\n"
    "  none: {text: None, options: {1: {text: Again, goto: again}}}\n"
    "  pick: {text: 'P {kind}', list: {query: l, into: c, option: '{c.a}', goto: send, empty: none, fail: lang}}\n"
    "  send: {submit: s, with: {x: nid4}, into: case, goto: more}\n"
    "  more: {sms: m, goto: done}\n"
    "  done: {text: '{case.no}', end: yes}\n";

static const struct menu *menu;         /* for the callbacks */

static void add_exit(void *arg, const struct ways_exit *exit)
{
    struct buf *out = arg;

    ways_print(exit, out);
    buf_addf(out, " > %s @%d\n", menu->screens[exit->to].name, exit->pos.line - HEAD_LINES);
}

static void test_exits(void **state)
{
    static const struct {
        const char *screen, *want;
    } rows[] = {
        { "main", "option 1 > ask @12\noption 12, branch 1 of 2 > ask @13\noption 12, branch 2 of 2 > ask @13\n" },
        { "lang", "option 3 > main @14\n" },
        { "ask", "answer > look @15\n" },
        { "look", "fail > lang @16\nnone > none @16\ngoto, branch 1 of 2 > pick @16\ngoto, branch 2 of 2 > send @16\n" },
        { "again", "goto > pick @17\n" },
        { "pick", "fail > lang @19\nempty > none @19\nrow > send @19\n" },
        { "send", "goto > more @20\n" },
        { "done", "" },
    };
    struct fixture_menu f;
    struct buf out;

    (void)state;
    fixture_load(&f, HEAD, tree);
    assert_non_null(f.menu);
    menu = f.menu;
    buf_init(&out, 1 << 16);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        buf_clear(&out);
        ways_exits(menu, menu_screen_find(menu, rows[i].screen), add_exit, &out);
        assert_string_equal(buf_str(&out), rows[i].want);
    }
    buf_fini(&out);
    fixture_free(&f);
}

static void add_read(void *arg, int var)
{
    buf_addf(arg, " %s", menu->vars[var].name);
}

static void add_step(void *arg, const struct ways_step *step)
{
    static const char *const ops[WAYS_OPS] = {
        [WAYS_READ] = "read", [WAYS_SET] = "set", [WAYS_UNSET] = "unset", [WAYS_SHOW] = "show",
        [WAYS_ASSUME] = "if", [WAYS_SAVE] = "(", [WAYS_BACK] = ")", [WAYS_LEAVE] = "to"
    };
    struct buf *out = arg;

    buf_addf(out, "%s", ops[step->op]);
    if (step->op == WAYS_ASSUME && !step->truth)
        buf_adds(out, " not");
    if (step->var != MENU_NONE && step->op != WAYS_READ)
        buf_addf(out, " %s", menu->vars[step->var].name);
    if (step->expr != NULL && step->op != WAYS_SET)
        expr_reads(step->expr, add_read, out);
    if (step->text != NULL)
        template_reads(step->text->by_lang[0], add_read, out);
    if (step->exit != NULL)
        buf_addf(out, " %s", menu->screens[step->exit->to].name);
    buf_adds(out, "; ");
}

static void test_steps(void **state)
{
    static const struct {
        const char *screen, *want;
    } rows[] = {
        { "main", "read; show; (; read; read; set kind; (; to ask; ); ); read citizen.known; (; if citizen.known; "
                  "read today; read; set kind; read kind; (; if kind; to ask; ); if not kind; (; to ask; ); ); " },
        { "ask", "read; read kind; show; (; set nid4; (; to look; ); ); " },
        { "look", "read nid4; (; unset p.a; unset p.b; to lang; ); (; unset p.a; unset p.b; to none; ); set p.a; "
                  "set p.b; read p.a; (; if p.a; to pick; ); if not p.a; (; to send; ); " },
        { "again", "read nid4; unset p.a; unset p.b; read; set kind; (; to pick; ); " },
        { "pick", "(; to lang; ); (; to none; ); read kind; (; set c.a; set c.b; read c.a; ); show; set c.a; set c.b; "
                  "(; to send; ); " },
        { "send", "read nid4; set case.no; read case.no; (; to more; ); " },
        { "more", "read citizen.msisdn; read case.no; (; to done; ); " },
        { "done", "read case.no; show; " },
    };
    struct fixture_menu f;
    struct buf out;

    (void)state;
    fixture_load(&f, HEAD, tree);
    menu = f.menu;
    buf_init(&out, 1 << 16);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        buf_clear(&out);
        ways_walk(menu, menu_screen_find(menu, rows[i].screen), add_step, &out);
        assert_string_equal(buf_str(&out), rows[i].want);
    }
    buf_fini(&out);
    fixture_free(&f);
}

static void add_begin(void *arg, const struct ways_begin *begin)
{
    buf_addf(arg, "%s%s%s ", menu->screens[begin->screen].name, begin->dialled != NULL ? "=" : "",
             begin->dialled != NULL ? begin->dialled : "");
}

static void test_begins(void **state)
{
    struct fixture_menu f;
    struct buf out;

    (void)state;
    fixture_load(&f, HEAD, tree);
    menu = f.menu;
    buf_init(&out, 1 << 16);
    ways_begins(menu, add_begin, &out);
    assert_string_equal(buf_str(&out), "main lang main=8 ");
    buf_fini(&out);
    fixture_free(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exits), cmocka_unit_test(test_steps), cmocka_unit_test(test_begins),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
