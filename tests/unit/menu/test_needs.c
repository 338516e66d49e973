#include "menu/needs.h"

#include "menu_fixture.h"

static const char needs_yaml[] =
    "types: {n: {whole: 1..9}}\n"
    "records: {r: {k: whole}}\n"
    "queries:\n"
    "  one: {sql: SELECT $1, args: [a], returns: r}\n"
    "  many: {sql: SELECT $1, args: [b], returns: list of r}\n"
    "services:\n"
    "  s: {number: 8, agency: x, title: S, fields: {f: n}, notify: {submitted: in}}\n"
    "sms: {in: {class: transactional, text: '{case.no} {d}'}}\n"
    "screens:\n"
    "  main: {set: {a: '1', b: '1', c: '1', d: '1', e: '1', f: '1', g: '1', h: '1', i: '1'}, goto: home}\n"
    "  home: {text: Main, options: {1: {text: A, set: {a: '1'}, goto: look}, 2: {text: B, when: c == 1, goto: pick}, 3: {text: O, goto: other}}}\n"
    "  ask: {text: A?, input: {into: a, type: n}, goto: look}\n"
    "  look: {query: one, into: o, none: told, goto: found}\n"
    "  found: {text: '{o.k} {e}'}\n"
    "  told: {text: '{f}'}\n"
    "  pick: {text: Pick, list: {query: many, into: m, option: '{m.k}', empty: told, goto: chosen}}\n"
    "  chosen: {text: '{m.k}', options: {1: {text: Go, goto: send}}}\n"
    "  send: {do: [{set: {f: '2'}}, {submit: s, with: {f: g}, into: case}], goto: told}\n"
    "  round: {text: '{h}', options: {1: {text: R, goto: back}}}\n"
    "  back: {text: Back, options: {1: {text: R, goto: round}, 2: {text: '{i}', goto: told}}}\n"
    "  first: {do: [{set: {a: b}}, {set: {b: '1'}}, {query: one, into: o}], goto: pick}\n"
    "  other: {text: Other, options: {1: {text: A, goto: ask}, 2: {text: F, goto: first}, 3: {text: S, goto: set}}}\n"
    "  set: {do: [{set: {a: '1', b: '1', c: '1', d: '1', e: '1', f: '1', g: '1', h: '1', i: '1'}}], goto: round}\n";

static const struct needs_case {
    const char *screen, *vars;
} needs_cases[] = {
    { "found", "e o.k" }, { "told", "f" }, { "look", "a e f" }, { "ask", "e f" },
    { "chosen", "d g m.k" }, { "pick", "b d f g" }, { "send", "d g" }, { "home", "b c d e f g" }, { "main", "" },
    { "round", "f h i" }, { "back", "f h i" }, { "first", "b d f g" }, { "set", "" },
};

/* Names in order. */
static void needs_print(const struct needs *n, const struct menu *m, int screen, struct buf *out)
{
    const char *last = "";

    for (;;) {
        const char *next = NULL;

        for (int v = needs_next(n, screen, 0); v != MENU_NONE; v = needs_next(n, screen, v + 1))
            if (strcmp(m->vars[v].name, last) > 0 && (next == NULL || strcmp(m->vars[v].name, next) < 0))
                next = m->vars[v].name;
        if (next == NULL)
            return;
        buf_addf(out, "%s%s", out->len > 0 ? " " : "", next);
        last = next;
    }
}

static void test_needs(void **state)
{
    struct fixture_menu f;
    struct needs *n;
    struct buf said;

    (void)state;
    buf_init(&said, 4096);
    fixture_load(&f, HEAD, needs_yaml);
    if (f.menu == NULL) {
        fixture_said(&f, &said);
        fail_msg("%s", buf_str(&said));
    }
    n = needs_new(f.menu);
    for (size_t i = 0; i < sizeof needs_cases / sizeof needs_cases[0]; i++) {
        int screen = menu_screen_find(f.menu, needs_cases[i].screen);

        assert_int_not_equal(screen, MENU_NONE);
        buf_clear(&said);
        needs_print(n, f.menu, screen, &said);
        if (strcmp(buf_str(&said), needs_cases[i].vars) != 0)
            fail_msg("%s needs '%s', not '%s'", needs_cases[i].screen, needs_cases[i].vars, buf_str(&said));
    }
    needs_free(n);
    buf_fini(&said);
    fixture_free(&f);
}

/* A long chain and a ring through it: as many looks as screens, not their square. */
static void test_long(void **state)
{
    enum { SCREENS = 1500 };
    struct fixture_menu f;
    struct buf text;
    struct needs *n;

    (void)state;
    buf_init(&text, 1 << 22);
    buf_adds(&text, "screens:\n  main: {set: {x: 1}, goto: home}\n  home: {text: Main, options: {1: {text: A, goto: s0}, 2: {text: X, goto: x}}}\n");
    for (int i = 0; i < SCREENS; i++)
        buf_addf(&text, "  s%d: {text: S, options: {1: {text: A, goto: s%d}, 2: {text: B, goto: home}}}\n", i, i + 1);
    buf_addf(&text, "  s%d: {text: '{citizen.msisdn} {x}'}\n  x: {text: X, input: {into: x, type: whole}, goto: s0}\n", SCREENS);
    fixture_load(&f, HEAD, buf_str(&text));
    assert_non_null(f.menu);
    n = needs_new(f.menu);
    for (int i = 0; i < f.menu->screen_count; i++)
        if (strcmp(f.menu->screens[i].name, "x") != 0 && strcmp(f.menu->screens[i].name, "main") != 0)
            assert_int_equal(needs_next(n, i, 0), menu_var_find(f.menu, "x", 1));
    needs_free(n);
    buf_fini(&text);
    fixture_free(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_needs), cmocka_unit_test(test_long) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
