/* menu/parse: what a tree of files becomes, and what is said of one that is wrong. */
#include "menu/folder.h"
#include "menu_fixture.h"

#define MAIN "screens: {main: {text: Main}}\n"

static const struct menu_screen *screen(const struct menu *m, const char *name)
{
    int i = menu_screen_find(m, name);

    assert_true(i >= 0);
    return &m->screens[i];
}

static const struct menu_var *var(const struct menu *m, const char *name)
{
    int i = menu_var_find(m, name, strlen(name));

    if (i < 0)
        fail_msg("no variable %s", name);
    return &m->vars[i];
}

static const char *unset(const void *arg, int v, size_t *len)
{
    (void)arg;
    (void)v;
    *len = 0;
    return NULL;
}

static void assert_text(const struct menu *m, const struct menu_text *t, int lang, const char *want)
{
    const struct expr_scope scope = { .menu = m, .lang = lang, .get = unset };
    struct buf out;

    buf_init(&out, 4096);
    assert_non_null(t->by_lang[lang]);
    template_print(t->by_lang[lang], &scope, &out);
    assert_string_equal(buf_str(&out), want);
    buf_fini(&out);
}

/* --- what it becomes --------------------------------------------------------------------- */

static void test_root(void **state)
{
    struct fixture_menu f;
    const struct menu *m;

    (void)state;
    fixture_load(&f, HEAD_BN, "first: lang\nresume: 90m\ntries: 5\nutc_offset: \"-03:30\"\nkeys: {more: '8'}\n"
                              "screens: {main: {text: Main}, lang: {text: Lang}}\n");
    m = f.menu;
    assert_non_null(m);
    assert_int_equal(m->code_count, 2);
    assert_string_equal(m->codes[1], "*16333*1#");
    assert_int_equal(m->lang_count, 3);
    assert_string_equal(m->langs[1].id, "bn-Latn");
    assert_false(m->langs[1].sms);
    assert_int_equal(m->langs[1].shows, 0);
    assert_true(m->langs[2].sms);
    assert_int_equal(m->langs[2].shows, 2);
    assert_string_equal(m->key_back, "0");
    assert_string_equal(m->key_start, "00");
    assert_string_equal(m->key_more, "8");
    assert_string_equal(m->key_script, "*");
    assert_int_equal(m->start, menu_screen_find(m, "main"));
    assert_int_equal(m->first, menu_screen_find(m, "lang"));
    assert_int_equal(m->shortcut_count, 1);
    assert_string_equal(m->shortcuts[0].path, "8");
    assert_int_equal(m->resume_ms, 90 * 60 * 1000);
    assert_int_equal(m->tries, 5);
    assert_string_equal(m->helpline, "333");
    assert_int_equal(m->utc_offset_min, -210);
    assert_text(m, m->words[MENU_WORD_BUSY], 1, "Busy");
    fixture_free(&f);
}

static void test_defaults(void **state)
{
    struct fixture_menu f;

    (void)state;
    fixture_load(&f, HEAD, MAIN);
    assert_non_null(f.menu);
    assert_int_equal(f.menu->first, MENU_NONE);
    assert_int_equal(f.menu->resume_ms, 24 * 3600 * 1000);
    assert_int_equal(f.menu->tries, 3);
    assert_int_equal(f.menu->utc_offset_min, 360);
    assert_string_equal(f.menu->key_more, "9");
    assert_true(f.menu->generation != 0);
    fixture_free(&f);
}

static void test_types(void **state)
{
    struct fixture_menu f;
    const struct menu_type *t;

    (void)state;
    fixture_load(
        &f, HEAD_BN,
        "types:\n"
        "  nid: {pattern: '[0-9]{10}|[0-9]{17}', width: 17, sensitive: yes, example: '1234567890'}\n"
        "  taka: {whole: -5..99999}\n"
        "  dob: {date: DDMMYYYY, past: true}\n"
        "  kind: {choice: {OAA: {bn: \xe0\xa6\x95\xe0\xa6\x96, bn-Latn: Boyosko, en: Old}, W: x}}\n"
        "  note: {text: 40, sensitive: yes}\n"
        "  code: pin(6)\n"
        "records: {r: {a: nid, b: taka, c: dob, d: kind, e: note, f: word(4), g: yesno, h: case_no, i: code}}\n"
        "queries: {q: {sql: SELECT 1, returns: r}}\n"
        "screens: {main: {query: q, into: v, goto: z}, z: {text: Z}}\n");
    assert_non_null(f.menu);
    t = var(f.menu, "v.a")->type;
    assert_int_equal(t->kind, MENU_TYPE_PATTERN);
    assert_true(t->sensitive);
    assert_int_equal(t->width, 17);
    assert_string_equal(t->example, "1234567890");
    t = var(f.menu, "v.b")->type;
    assert_int_equal(t->min, -5);
    assert_int_equal(t->max, 99999);
    assert_int_equal(t->width, 5);
    assert_true(var(f.menu, "v.c")->type->past);
    t = var(f.menu, "v.d")->type;
    assert_int_equal(t->choice_count, 2);
    assert_string_equal(t->choices[0].code, "OAA");
    assert_int_equal(t->width, 7);      /* Boyosko */
    assert_text(f.menu, t->choices[1].name, 2, "x");
    t = var(f.menu, "v.e")->type;
    assert_int_equal(t->kind, MENU_TYPE_TEXT);
    assert_int_equal(t->width, 40);
    assert_true(t->sensitive);
    assert_string_equal(var(f.menu, "v.f")->type->name, "word(4)");
    assert_int_equal(var(f.menu, "v.h")->type->width, 10);
    t = var(f.menu, "v.i")->type;
    assert_int_equal(t->kind, MENU_TYPE_PIN);
    assert_int_equal(t->width, 6);
    assert_true(t->sensitive);
    assert_string_equal(t->name, "code");
    /* the languages are a choice */
    t = f.menu->vars[MENU_VAR_LANG].type;
    assert_int_equal(t->choice_count, 3);
    assert_string_equal(t->choices[1].code, "bn-Latn");
    assert_text(f.menu, t->choices[1].name, 0, "Bangla");
    fixture_free(&f);
}

static void test_screens(void **state)
{
    struct fixture_menu f;
    const struct menu_screen *s;

    (void)state;
    fixture_load(&f, HEAD,
                 "types: {ward: {whole: 1..9}}\n"
                 "screens:\n"
                 "  main: {set: {k: 0}, goto: home}\n"
                 "  home:\n"
                 "    text: Main\n"
                 "    continued: More\n"
                 "    back: hidden\n"
                 "    options:\n"
                 "      2: {text: Two, goto: ask, set: {k: 1, citizen.lang: en}, page: new}\n"
                 "      1: {text: One, goto: [{when: citizen.known, to: ask}, {to: home}], when: k == 1}\n"
                 "  ask: {text: Ask, secret: yes, input: {into: ward, wrong: Bad}, goto: fin}\n"
                 "  fin: {text: 'Ward {ward}', end: yes}\n");
    assert_non_null(f.menu);
    s = screen(f.menu, "home");
    assert_text(f.menu, s->continued, 0, "More");
    assert_true(s->hide_back);
    assert_int_equal(s->option_count, 2);
    assert_int_equal(s->options[0].number, 2);
    assert_true(s->options[0].new_page);
    assert_int_equal(s->options[0].set_count, 2);
    assert_int_equal(s->options[0].sets[1].var, MENU_VAR_LANG);
    assert_int_equal(s->options[0].pos.line, HEAD_LINES + 9);
    assert_int_equal(s->options[1].go.count, 2);
    assert_non_null(s->options[1].when);
    assert_non_null(s->options[1].go.list[0].when);
    assert_null(s->options[1].go.list[1].when);
    s = screen(f.menu, "ask");
    assert_true(s->secret);
    assert_string_equal(f.menu->vars[s->input.var].name, "ward");
    assert_string_equal(s->input.type->name, "ward");
    assert_text(f.menu, s->input.wrong, 0, "Bad");
    assert_true(screen(f.menu, "fin")->end);
    fixture_free(&f);
}

static void test_services(void **state)
{
    struct fixture_menu f;
    const struct menu_service *s;

    (void)state;
    fixture_load(&f, HEAD,
                 "types: {t: {word: 9, store: last4}, n: {whole: 1..9, store: none}}\n"
                 "services:\n"
                 "  s: {number: 8, title: T, fields: {a: t, b: n}, who: [agent], fee: {official: 5, centre: 20},\n"
                 "    window: {from: 2026-11-01, to: 2026-11-30}, within: {days: 30, calendar: all}, backend: d,\n"
                 "    states: {in: {to: [out, gone], by: [officer, clock]}, out: []}, texts: {gone: '{at|day} {case.no}'},\n"
                 "    saves: {version: 2, counted: out, before: {visits: 2, hours: 10.5}, self: {hours: 0.05}}}\n"
                 "  p: {number: 9, title: P, fields: {a: t}}\n"
                 "backends: {d: {kind: internal}}\n"
                 "screens:\n"
                 "  main: {submit: s, with: {a: \"'x'\"}, closed: fin, goto: act}\n"
                 "  act: {submit: p, with: {a: \"'x'\"}, goto: fin}\n"
                 "  fin: {text: F, end: yes}\n");
    assert_non_null(f.menu);
    s = &f.menu->services[0];
    assert_int_equal(s->fields[0].type->store, MENU_STORE_LAST4);
    assert_int_equal(s->fields[1].type->store, MENU_STORE_NONE);
    assert_int_equal(s->who, MENU_WHO_AGENT);
    assert_int_equal(s->fee_official, 5);
    assert_int_equal(s->fee_centre, 20);
    assert_true(s->windowed);
    assert_int_equal(s->to - s->from, 29);
    assert_int_equal(s->within_days, 30);
    assert_true(s->within_all);
    assert_int_equal(s->backend, 0);
    assert_int_equal(s->state_count, 3);        /* gone stands in a list alone */
    assert_string_equal(menu_service_first(s), "in");
    assert_int_equal(s->states[0].to_count, 2);
    assert_int_equal(s->states[0].may[1], MENU_BY_OFFICER | MENU_BY_CLOCK);
    assert_string_equal(s->states[s->states[0].to[1]].name, "gone");
    assert_non_null(s->states[2].text);
    assert_int_equal(s->states[2].to_count, 0);
    assert_int_equal(s->saves.version, 2);
    assert_int_equal(s->saves.counted, 1);
    assert_int_equal(s->saves.before.visits, 200);
    assert_int_equal(s->saves.before.hours, 1050);
    assert_int_equal(s->saves.self.hours, 5);
    assert_int_equal(s->saves.assisted.taka, 0);
    assert_int_equal(screen(f.menu, "main")->actions[0].closed, menu_screen_find(f.menu, "fin"));
    assert_false(menu_service_is_open(s));
    s = &f.menu->services[1];
    assert_string_equal(menu_service_first(s), "submitted");
    assert_true(menu_service_is_open(s));
    assert_int_equal(s->backend, MENU_NONE);
    fixture_free(&f);
}

static void test_actions(void **state)
{
    struct fixture_menu f;
    const struct menu_screen *s;
    const struct menu_action *a;

    (void)state;
    fixture_load(
        &f, HEAD,
        "records: {r: {state: word(9), taka: whole}}\n"
        "queries:\n"
        "  one: {sql: 'SELECT f($1, $2)', args: [citizen.msisdn, today], returns: r, timeout: 500ms, cache: 60s}\n"
        "  many: {sql: SELECT 1, returns: list of r}\n"
        "services: {s: {number: 8, agency: dss, title: T, fields: {a: word(9), b: whole}, notify: {submitted: got}}}\n"
        "sms: {got: {class: transactional, text: 'No {case.no}'}}\n"
        "screens:\n"
        "  main: {query: one, into: p, none: list, fail: fin, goto: act}\n"
        "  act: {do: [{set: {x: p.taka + 1}}, {submit: s, with: {b: x, a: p.state}, into: case}, {sms: got}],\n"
        "        goto: fin}\n"
        "  list: {text: L, list: {query: many, into: c, option: '{c.state}', goto: fin, empty: fin, max: 5}}\n"
        "  fin: {text: F}\n");
    assert_non_null(f.menu);
    assert_int_equal(f.menu->queries[0].arg_count, 2);
    assert_int_equal(f.menu->queries[0].timeout_ms, 500);
    assert_int_equal(f.menu->queries[0].cache_ms, 60000);
    assert_int_equal(f.menu->queries[1].timeout_ms, 2000);
    assert_true(f.menu->queries[1].list);
    a = &screen(f.menu, "main")->actions[0];
    assert_int_equal(a->kind, MENU_QUERY);
    assert_int_equal(a->none, menu_screen_find(f.menu, "list"));
    assert_int_equal(a->fail, menu_screen_find(f.menu, "fin"));
    assert_string_equal(f.menu->vars[a->into[1]].name, "p.taka");
    s = screen(f.menu, "act");
    assert_null(s->text);
    assert_int_equal(s->action_count, 3);
    assert_int_equal(s->actions[0].kind, MENU_SET);
    assert_int_equal(s->actions[1].kind, MENU_SUBMIT);
    assert_int_equal(s->actions[1].sets[0].var, 1);     /* field b */
    assert_string_equal(f.menu->vars[s->actions[1].case_no].name, "case.no");
    assert_int_equal(s->actions[2].kind, MENU_SMS);
    assert_non_null(s->actions[2].to);  /* the citizen */
    assert_int_equal(f.menu->services[0].notify[0].sms, 0);
    s = screen(f.menu, "list");
    assert_int_equal(s->list.max, 5);
    assert_int_equal(s->list.fail, MENU_NONE);
    assert_int_equal(s->go.count, 1);
    assert_string_equal(f.menu->vars[s->list.into[0]].name, "c.state");
    assert_string_equal(f.menu->vars[s->list.rows].name, "rows:list");
    fixture_free(&f);
}

static void test_inferred(void **state)
{
    struct fixture_menu f;

    (void)state;
    fixture_load(
        &f, HEAD,
        "types: {kind: {choice: {OAA: Old, WDA: Widow}}}\n"
        "screens:\n"
        "  main: {goto: last}\n"
        "  first: {set: {e: d}, goto: b}\n"
        "  second: {set: {d: c}, goto: first}\n"
        "  third: {set: {c: n + 1}, goto: second}\n"
        "  last: {set: {n: 5, flag: n > 3, day: today - 2, kind: OAA, other: kind}, goto: third}\n"
        "  b: {set: {t: \"'ab'\", l: citizen.lang, nothing: \"''\"}, goto: c}\n"
        "  c: {set: {t: \"'abcd'\"}, goto: d}\n"
        "  d: {text: '{c}{d}{e}{flag}{day}{kind}{other}{t}{l}{nothing}'}\n");
    assert_non_null(f.menu);
    assert_int_equal(f.issues.count, 0);
    assert_int_equal(var(f.menu, "e")->type->kind, MENU_TYPE_WHOLE);
    assert_int_equal(var(f.menu, "flag")->type->kind, MENU_TYPE_YESNO);
    assert_int_equal(var(f.menu, "day")->type->kind, MENU_TYPE_DATE);
    assert_string_equal(var(f.menu, "other")->type->name, "kind");
    assert_int_equal(var(f.menu, "t")->type->kind, MENU_TYPE_TEXT);
    assert_int_equal(var(f.menu, "t")->type->width, 4);
    assert_int_equal(var(f.menu, "nothing")->type->width, 1);
    assert_ptr_equal(var(f.menu, "l")->type, f.menu->vars[MENU_VAR_LANG].type);
    fixture_free(&f);
}

/* The same name with dots before it belongs to a file; its own come first. */
static void test_prefixes(void **state)
{
    static const char *const files[][2] = {
        { "a.yaml", "screens:\n  start: {goto: [{when: citizen.known, to: home}, {to: own}]}\n"
                    "  own: {goto: north.b.start}\n" },
        { "kheya.yaml", HEAD "screens: {main: {goto: a.start}, home: {text: Home}}\n" },
        { "north/b.yaml", "screens: {start: {goto: own}, own: {text: B}}\n" },
    };
    struct menu_issues issues;
    struct menu *m, *again;
    struct buf blob;

    (void)state;
    buf_init(&blob, 1 << 16);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        folder_add(&blob, files[i][0], files[i][1], strlen(files[i][1]));
    m = menu_load_sources(blob.data, blob.len, &issues);
    if (m == NULL)
        fail_msg("%s:%d: %s", issues.list[0].pos.file, issues.list[0].pos.line, issues.list[0].text);
    menu_issues_free(&issues);
    assert_int_equal(screen(m, "a.start")->go.list[0].to, menu_screen_find(m, "home"));
    assert_int_equal(screen(m, "a.start")->go.list[1].to, menu_screen_find(m, "a.own"));
    assert_int_equal(screen(m, "north.b.start")->go.list[0].to, menu_screen_find(m, "north.b.own"));
    assert_int_equal(menu_screen_find(m, "own"), MENU_NONE);

    /* a generation is its sources: the same again is the same, an octet more is another */
    again = menu_load_sources(m->sources, m->sources_len, &issues);
    assert_non_null(again);
    assert_true(again->generation == m->generation);
    assert_int_equal(again->sources_len, m->sources_len);
    menu_free(again);
    menu_issues_free(&issues);
    for (size_t n = 0; n < blob.len; n += 7) {
        again = menu_load_sources(blob.data, n, &issues);
        assert_true(again == NULL || again->generation != m->generation);
        menu_free(again);
        menu_issues_free(&issues);
    }
    menu_free(m);
    buf_fini(&blob);
}

/* --- one mistake, one line ------------------------------------------------------------------ */

static void test_single_mistakes(void **state)
{
    static const struct fixture_case rows[] = {
        { "screens:\n  main: {text: Main, optionz: {1: {text: One, goto: main}}}\n",
          "2:22 E110 unknown key 'optionz' in screen; did you mean 'options'?\n" },
        { "screens:\n  main: {text: Main, options: {1: {txt: One, goto: main}}}\n",
          "2:36 E110 unknown key 'txt' in option; did you mean 'text'?\n" },
        { "screens: {main: {text: Main}, a: {query: q, into: p, goto: b}, b: {text: '{p.x} {p.y|day}'}}\n"
          "queries: {q: {sql: SELECT 1, returns: [r]}}\n",
          "2:39 E112 'returns' takes a single value, not a list\n" },
        { "screens: {main: {text: Main, input: {into: age, type: yers}, goto: b}, b: {text: '{age|money}', end: "
          "yes}}\n",
          "1:55 E202 type 'yers': no such type\n" },
        { "types: {k: {choicee: {A: a}}}\nscreens: {main: {set: {k: A}, goto: b}, b: {text: '{k|name}', end: yes}}\n",
          "1:13 E110 unknown key 'choicee' in type; did you mean 'choice'?\n" },
        { "screens: {main: {set: {x: 1 +}, goto: b}, b: {set: {y: x + 1}, goto: c}, c: {text: '{y}'}}\n",
          "1:30 E301 the expression ends too early\n" },
        { "screens: {main: {text: Main, goto: nowhere, input: {into: x, type: whole}}, b: {text: '{x}'}}\n",
          "1:36 E201 goto 'nowhere': no such screen\n" },
        { "services: {s: {number: 1, title: T}}\nscreens: {main: {submit: s, with: {a: 1}, goto: main}}\n",
          "1:15 E111 missing key 'fields' in service\n" },
        { "screens: {main: {text: Main}, b: {do: [{query: q, intoo: p}], goto: c}, c: {text: '{p.a}'}}\n"
          "records: {r: {a: whole}}\nqueries: {q: {sql: SELECT 1, returns: r}}\n",
          "1:51 E110 unknown key 'intoo' in action; did you mean 'into'?\n" },
        { "records: {r: x}\nqueries: {q: {sql: SELECT 1, returns: r}}\n"
          "screens: {main: {query: q, into: p, goto: b}, b: {text: '{p.a}'}}\n",
          "1:14 E112 a record is a map from field to type\n" },
    };

    (void)state;
    FIXTURE_CASES(HEAD, rows);
}

/* Places inside a value: of the word that is wrong. */
static void test_places(void **state)
{
    static const struct fixture_case rows[] = {
        { "screens: {main: {text: 'Hi {nobody}'}}\n", "1:29 E207 no such variable 'nobody'\n" },
        { "screens: {main: {text: \"Hi\\n\\n{nobody}\"}}\n", "1:32 E207 no such variable 'nobody'\n" },
        { "screens:\n  main:\n    text: |\n      One\n      two {nobody}\n", "5:12 E207 no such variable 'nobody'\n" },
        { "screens:\n  main:\n    goto:\n      - {when: citizen.known and\n          nobody, to: main}\n      - {to: "
          "main}\n",
          "5:11 E207 no such variable 'nobody'\n" },
    };

    (void)state;
    FIXTURE_CASES(HEAD, rows);
}

static void test_languages(void **state)
{
    static const struct fixture_case rows[] = {
        { "screens: {main: {text: {en: A, bn: B, bn-Latn: C}}}\n", "" },
        { "screens: {main: {text: {en: A, bn: B}}}\n", "1:24 E401 no text in bn-Latn\n" },
        { "screens: {main: {text: {}}}\n", "1:24 E401 no text in bn, bn-Latn, en\n" },
        { "screens: {main: {text: {en: A, bn: B, bn-Latn: }}}\n", "1:48 E401 the text is empty\n" },
        { "screens: {main: {text: A, continued: {en: A, bn: '', bn-Latn: ''}}}\n", "" },
        { "screens: {main: {text: {en: A, bn: B, bn-latn: C}}}\n",
          "1:39 E208 'bn-latn': no such language; did you mean 'bn-Latn'?\n" },
        { "sms: {m: {class: otp, text: {en: A}}}\nscreens: {main: {sms: m, goto: main}}\n",
          "1:29 E401 no text in bn\n" },
    };

    (void)state;
    FIXTURE_CASES(HEAD_BN, rows);
}

/* --- all of them ---------------------------------------------------------------------------- */

static void test_all_in_one_pass(void **state)
{
    struct fixture_menu f;
    struct buf text;

    (void)state;
    buf_init(&text, 1 << 20);
    buf_adds(&text, "screens:\n  main: {text: Main}\n");
    for (int i = 0; i < 1500; i++)
        buf_addf(&text, "  s%d: {goto: x%d}\n", i, i);
    fixture_load(&f, HEAD, buf_str(&text));
    assert_null(f.menu);
    assert_int_equal(f.issues.errors, 1500);
    assert_int_equal(f.issues.count, ISSUES_MAX);
    assert_int_equal(f.issues.dropped, 500);
    for (int i = 0; i < ISSUES_MAX; i++)
        assert_int_equal(f.issues.list[i].pos.line, HEAD_LINES + 3 + i);
    fixture_free(&f);
    buf_fini(&text);
}

/* What one alias says three times is said once. */
static void test_said_once(void **state)
{
    static const struct fixture_case rows[] = {
        { "screens:\n  main: &m {text: Main, options: {1: &o {text: One, goto: away}, 2: *o, 3: *o}}\n",
          "2:59 E201 goto 'away': no such screen\n" },
    };

    (void)state;
    FIXTURE_CASES(HEAD, rows);
}

static void test_big(void **state)
{
    struct fixture_menu f;
    struct buf text;

    (void)state;
    buf_init(&text, 1 << 24);
    buf_adds(&text, "screens:\n  main: {text: Main, options: {1: {text: One, goto: s0}, 2: {text: End, goto: end}}}\n  end: {text: End}\n");
    for (int i = 0; i < 10000; i++)
        buf_addf(&text, "  s%d: {text: Screen, options: {1: {text: On, goto: s%d}, 2: {text: Up, goto: main}}}\n", i,
                 (i + 1) % 10000);
    fixture_load(&f, HEAD, buf_str(&text));
    assert_non_null(f.menu);
    assert_int_equal(f.issues.count, 0);
    assert_int_equal(f.menu->screen_count, 10002);
    assert_int_equal(screen(f.menu, "s9998")->options[0].go.list[0].to, menu_screen_find(f.menu, "s9999"));
    fixture_free(&f);
    buf_fini(&text);
}

static void test_every_prefix(void **state)
{
    static const char whole[] =
        HEAD "types: {nid4: {pattern: '[0-9]{4}', width: 4, example: '4821'}}\n"
             "records: {r: {state: word(9)}}\n"
             "queries: {q: {sql: 'SELECT f($1)', args: [nid4], returns: r}}\n"
             "screens:\n"
             "  main: {text: Main, input: {into: nid4}, goto: look}\n"
             "  look: {query: q, into: p, none: main, goto: [{when: p.state == 'x', to: main}, {to: fin}]}\n"
             "  fin: {text: \"{nid4} {p.state}\", end: yes}\n";

    (void)state;
    for (size_t n = 0; n < sizeof whole; n++) {
        struct menu_issues issues;
        struct menu *m = menu_load_text(whole, n, &issues);

        assert_int_equal(m != NULL, issues.errors == 0);
        assert_true(m == NULL || n >= sizeof whole - 3);
        menu_free(m);
        menu_issues_free(&issues);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_root),            cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_types),           cmocka_unit_test(test_screens),
        cmocka_unit_test(test_services),        cmocka_unit_test(test_actions),
        cmocka_unit_test(test_inferred),        cmocka_unit_test(test_prefixes),
        cmocka_unit_test(test_single_mistakes), cmocka_unit_test(test_places),
        cmocka_unit_test(test_languages),
        cmocka_unit_test(test_all_in_one_pass), cmocka_unit_test(test_said_once),
        cmocka_unit_test(test_big),             cmocka_unit_test(test_every_prefix),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
