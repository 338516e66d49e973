/*
 * check_values against the truth: random small trees, whose ways are all walked
 * here with all their values.  Where a value is read before it is set, the
 * checker must say so, and where none is, it must not.
 */
#include "menu_fixture.h"

#include <stdlib.h>

#define TREES 3000
#define SCREENS_MAX 10
#define FLAGS 3                         /* variables 0..2 are compared and set; 3, 4 are only set and shown; 5, 6 a row */
#define VARS 7
#define ROW 5
#define VALUES 3                        /* 1..3 */
#define EXITS 3
#define STATES_MAX 60000

/* Besides 1..3. */
enum { NEVER_SET = 0, NOT_FOUND = VALUES + 1, SQL_NULL };

static const char *const var_names[VARS] = { "f0", "f1", "f2", "p0", "p1", "r.x", "r.y" };

struct atom {
    int var, op, value;                 /* op: == != < >= */
};

struct condition {
    int atoms;                          /* 0: none */
    struct atom atom[2];
    bool either, turned;                /* or; not (...) */
};

struct branch {
    struct condition when;              /* of the first; else the second */
    int to[2];
};

struct choice {
    struct condition when;
    int var, value, from;               /* set var to value, or to what is in from */
    struct branch go;
};

enum kind { OPTIONS = 0, SET, INPUT, QUERY, END, CALL, RETURN, KINDS };

struct screen {
    enum kind kind;
    int shows;                          /* variable; MENU_NONE */
    int count;
    struct choice choice[EXITS];        /* SET: the first alone; INPUT: its var and go; QUERY: its go */
    int none;                           /* screen; MENU_NONE */
    int to;                             /* CALL */
};

struct tree {
    struct screen screen[SCREENS_MAX];
    int count;
    int begin[FLAGS];                   /* what main sets; 0: nothing */
    int called;                         /* the first of the two screens that only calls lead to; count: none */
};

static uint64_t seed;

static int roll(int n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (int)(seed % (uint64_t)n);
}

/* --- making one ------------------------------------------------------------------------------ */

/* A column stands alone: that with it the others of its row are known is not
 * seen in one half of an "or". */
static struct condition make_condition(void)
{
    struct condition c = { .atoms = 1 + roll(2), .either = roll(2) == 0, .turned = roll(4) == 0 };

    for (int i = 0; i < c.atoms; i++)
        c.atom[i] = (struct atom){ roll(FLAGS), roll(4), 1 + roll(VALUES) };
    if (c.atoms == 1 && roll(4) == 0)
        c.atom[0].var = ROW + roll(2);
    return c;
}

/* Screens that show nothing lead only to later ones, nobody but calls into what
 * is called, and that only to its return. */
static int make_to(const struct tree *t, int from)
{
    enum kind kind = t->screen[from].kind;
    int ends = t->called < t->count ? 2 : 0;
    int to;

    if (from == t->called)
        return from + 1;
    to = kind == OPTIONS || kind == INPUT ? roll(t->count - ends) : from + 1 + roll(t->count - ends - from - 1);
    return to < t->called ? to : to + ends;
}

static struct branch make_branch(const struct tree *t, int from)
{
    struct branch b = { .to = { make_to(t, from), make_to(t, from) } };

    if (roll(2) == 0)
        b.when = make_condition();
    return b;
}

static struct choice make_choice(const struct tree *t, int from)
{
    struct choice c = { .var = roll(FLAGS + 2), .value = 1 + roll(VALUES), .from = MENU_NONE,
                        .go = make_branch(t, from) };

    if (roll(4) == 0)
        c.when = make_condition();
    if (c.var >= FLAGS && roll(3) == 0)
        c.from = roll(VARS);
    return c;
}

static enum kind make_kind(const struct tree *t, int i)
{
    static const enum kind called[] = { SET, INPUT, QUERY };

    if (i == t->count - 1)
        return END;
    if (i == t->called)
        return called[roll(3)];
    if (i == t->called + 1)
        return RETURN;
    return roll(t->called < t->count ? 5 : 4) == 4 ? CALL : (enum kind)roll(4);
}

/* The last screen is an end, and before it may stand a dialogue that is called. */
static void make_tree(struct tree *t)
{
    memset(t, 0, sizeof *t);
    t->count = 5 + roll(SCREENS_MAX - 4);
    t->called = roll(3) == 0 ? t->count - 3 : t->count;
    for (int i = 0; i < FLAGS; i++)
        t->begin[i] = roll(3) > 0 ? 1 + roll(VALUES) : 0;
    for (int i = 0; i < t->count; i++) {
        struct screen *s = &t->screen[i];

        s->kind = make_kind(t, i);
        s->shows = roll(4) == 0 ? roll(VARS) : MENU_NONE;
        s->count = s->kind == OPTIONS ? 1 + roll(EXITS) : 1;
        for (int k = 0; k < s->count && s->kind != END && s->kind != RETURN; k++)
            s->choice[k] = make_choice(t, i);
        if (s->kind == INPUT)
            s->choice[0].var = roll(FLAGS);
        s->none = s->kind == QUERY && i != t->called && roll(2) == 0 ? make_to(t, i) : MENU_NONE;
        s->to = s->kind == CALL ? t->called : MENU_NONE;
    }
}

/* --- writing it down --------------------------------------------------------------------------- */

static void write_condition(const struct condition *c, struct buf *out)
{
    static const char *const ops[] = { "==", "!=", "<", ">=" };

    buf_adds(out, c->turned ? "not (" : "(");
    for (int i = 0; i < c->atoms; i++)
        buf_addf(out, "%s%s %s %d", i == 0 ? "" : c->either ? " or " : " and ", var_names[c->atom[i].var],
                 ops[c->atom[i].op], c->atom[i].value);
    buf_adds(out, ")");
}

static void write_branch(const struct branch *b, struct buf *out)
{
    if (b->when.atoms == 0) {
        buf_addf(out, "goto: s%d", b->to[1]);
        return;
    }
    buf_adds(out, "goto: [{when: \"");
    write_condition(&b->when, out);
    buf_addf(out, "\", to: s%d}, {to: s%d}]", b->to[0], b->to[1]);
}

static void write_set(const struct choice *c, struct buf *out)
{
    if (c->from != MENU_NONE)
        buf_addf(out, "set: {%s: %s}, ", var_names[c->var], var_names[c->from]);
    else
        buf_addf(out, "set: {%s: %d}, ", var_names[c->var], c->value);
}

static void write_text(const struct screen *s, struct buf *out)
{
    buf_adds(out, "text: \"T");
    if (s->shows != MENU_NONE)
        buf_addf(out, " {%s}", var_names[s->shows]);
    buf_adds(out, "\"");
}

static void write_options(const struct screen *s, struct buf *out)
{
    write_text(s, out);
    buf_adds(out, ", options: {");
    for (int k = 0; k < s->count; k++) {
        buf_addf(out, "%s%d: {text: O, ", k > 0 ? ", " : "", k + 1);
        if (s->choice[k].when.atoms > 0) {
            buf_adds(out, "when: \"");
            write_condition(&s->choice[k].when, out);
            buf_adds(out, "\", ");
        }
        write_set(&s->choice[k], out);
        write_branch(&s->choice[k].go, out);
        buf_adds(out, "}");
    }
    buf_adds(out, "}");
}

static void write_screen(const struct tree *t, int i, struct buf *out)
{
    const struct screen *s = &t->screen[i];

    buf_addf(out, "  s%d: {", i);
    switch (s->kind) {
    case OPTIONS:
        write_options(s, out);
        break;
    case SET:
        write_set(&s->choice[0], out);
        write_branch(&s->choice[0].go, out);
        break;
    case INPUT:
        write_text(s, out);
        buf_addf(out, ", input: {into: %s, type: w}, ", var_names[s->choice[0].var]);
        write_branch(&s->choice[0].go, out);
        break;
    case QUERY:
        buf_adds(out, "query: q, into: r, ");
        if (s->none != MENU_NONE)
            buf_addf(out, "none: s%d, ", s->none);
        write_branch(&s->choice[0].go, out);
        break;
    case END:
        write_text(s, out);
        break;
    case CALL:
        buf_addf(out, "call: {to: s%d}, ", s->to);
        write_branch(&s->choice[0].go, out);
        break;
    case RETURN:
        buf_adds(out, "return: ");
        break;
    case KINDS:
        break;
    }
    buf_adds(out, "}\n");
}

/* Nothing of the head's is missing, and every variable has its type. */
static void write_tree(const struct tree *t, struct buf *out)
{
    buf_adds(out, "types: {w: &w {whole: 1..3}, f0: *w, f1: *w, f2: *w, p0: *w, p1: *w}\n"
                  "records: {r: {x: w, y: w}}\nqueries: {q: {sql: SELECT 1, returns: r}}\nscreens:\n"
                  "  main: {do: [{set: {citizen.lang: en");
    for (int i = 0; i < FLAGS; i++)
        if (t->begin[i] > 0)
            buf_addf(out, ", %s: %d", var_names[i], t->begin[i]);
    buf_adds(out, "}}], goto: s0}\n"
                  "  all:\n    do:\n      - {set: {f0: 1, f1: 1, f2: 1, p0: 1, p1: 1}}\n"
                  "      - {query: q, into: r, none: all2}\n    goto: all2\n"
                  "  all2: {text: All, end: yes}\n");
    for (int i = 0; i < t->count; i++)
        write_screen(t, i, out);
}

/* --- the truth ------------------------------------------------------------------------------------ */

struct state {
    uint8_t screen, behind;             /* behind: a call at this screen is to be returned to; 255: none */
    uint8_t value[VARS];
};

struct walk {
    const struct tree *t;
    struct state *states;
    int count;
    bool fault, lost;
};

/* A row's column may well be empty: that is its value. */
static bool is_set(uint8_t value)
{
    return value != NEVER_SET && value != NOT_FOUND;
}

static bool atom_holds(struct walk *w, const struct state *s, const struct atom *a)
{
    uint8_t value = s->value[a->var];

    w->fault |= value == NEVER_SET;
    if (!is_set(value) || value == SQL_NULL)
        return a->op == 1;
    return a->op == 0 ? value == a->value : a->op == 1 ? value != a->value :
           a->op == 2 ? value < a->value : value >= a->value;
}

static bool holds(struct walk *w, const struct state *s, const struct condition *c)
{
    bool all = c->atoms == 0 || atom_holds(w, s, &c->atom[0]);

    if (c->atoms == 2 && all != c->either)
        all = atom_holds(w, s, &c->atom[1]);
    return all != c->turned;
}

static void reach(struct walk *w, struct state s, int to)
{
    s.screen = (uint8_t)to;
    for (int i = 0; i < w->count; i++)
        if (memcmp(&w->states[i], &s, sizeof s) == 0)
            return;
    if (w->count == STATES_MAX)
        w->lost = true;
    else
        w->states[w->count++] = s;
}

static void take(struct walk *w, struct state s, const struct branch *b)
{
    reach(w, s, b->to[b->when.atoms > 0 && holds(w, &s, &b->when) ? 0 : 1]);
}

static void choose(struct walk *w, struct state s, const struct choice *c)
{
    if (c->from != MENU_NONE) {
        w->fault |= !is_set(s.value[c->from]);
        s.value[c->var] = s.value[c->from];
    } else {
        s.value[c->var] = (uint8_t)c->value;
    }
    take(w, s, &c->go);
}

static void look(struct walk *w, struct state s, const struct screen *screen)
{
    struct state found = s;

    s.value[ROW] = s.value[ROW + 1] = NOT_FOUND;
    if (screen->none != MENU_NONE)
        reach(w, s, screen->none);
    else
        take(w, s, &screen->choice[0].go);
    for (int x = 0; x <= VALUES; x++)
        for (int y = 0; y <= VALUES; y++) {
            found.value[ROW] = (uint8_t)(x > 0 ? x : SQL_NULL);
            found.value[ROW + 1] = (uint8_t)(y > 0 ? y : SQL_NULL);
            take(w, found, &screen->choice[0].go);
        }
}

static void shown(struct walk *w, const struct state *s, const struct screen *screen)
{
    w->fault |= screen->shows != MENU_NONE && !is_set(s->value[screen->shows]);
}

static void step(struct walk *w, struct state s)
{
    const struct screen *screen = &w->t->screen[s.screen];

    switch (screen->kind) {
    case OPTIONS:
        shown(w, &s, screen);
        for (int k = 0; k < screen->count; k++)
            if (holds(w, &s, &screen->choice[k].when))
                choose(w, s, &screen->choice[k]);
        break;
    case SET:
        choose(w, s, &screen->choice[0]);
        break;
    case INPUT:
        shown(w, &s, screen);
        for (int v = 1; v <= VALUES; v++) {
            s.value[screen->choice[0].var] = (uint8_t)v;
            take(w, s, &screen->choice[0].go);
        }
        break;
    case QUERY:
        look(w, s, screen);
        break;
    case END:
        shown(w, &s, screen);
        break;
    case CALL:
        s.behind = s.screen;
        reach(w, s, screen->to);
        break;
    case RETURN:
        if (s.behind != 255) {
            const struct branch *go = &w->t->screen[s.behind].choice[0].go;

            s.behind = 255;
            take(w, s, go);
        }
        break;
    case KINDS:
        break;
    }
}

/* Is there a way on which something is read before it is set? */
static bool walk_all(struct walk *w)
{
    struct state first = { .behind = 255 };

    for (int i = 0; i < FLAGS; i++)
        first.value[i] = (uint8_t)w->t->begin[i];
    w->count = 0;
    w->fault = w->lost = false;
    reach(w, first, 0);
    for (int i = 0; i < w->count && !w->fault; i++)
        step(w, w->states[i]);
    return w->fault;
}

/* --- the comparison ------------------------------------------------------------------------------- */

enum verdict { GOOD = 0, UNSET, OTHER };

static enum verdict judged(const struct menu_issues *issues)
{
    enum verdict v = GOOD;

    for (int i = 0; i < issues->count; i++) {
        if (issues->list[i].severity == MENU_WARNING || strcmp(issues->list[i].code, "E220") == 0 ||
            strcmp(issues->list[i].code, "E221") == 0)
            continue;
        if (strcmp(issues->list[i].code, "E224") != 0)
            return OTHER;
        v = UNSET;
    }
    return v;
}

static void test_random_trees(void **state)
{
    struct walk w = { .states = calloc(STATES_MAX, sizeof *w.states) };
    int good = 0, unset = 0;
    struct buf text;

    (void)state;
    buf_init(&text, 1 << 16);
    for (int i = 0; i < TREES; i++) {
        struct fixture_menu f;
        enum verdict verdict;
        struct tree t;
        bool fault;

        seed = UINT64_C(0x9e3779b97f4a7c15) * (uint64_t)(i + 1);
        make_tree(&t);
        buf_clear(&text);
        write_tree(&t, &text);
        fixture_load(&f, HEAD, buf_str(&text));
        verdict = judged(&f.issues);
        w.t = &t;
        fault = walk_all(&w);
        if (verdict != OTHER && !w.lost && fault != (verdict == UNSET)) {
            buf_adds(&text, "\n");
            fixture_said(&f, &text);
            puts(buf_str(&text));
            fail_msg("tree %d: %s, but the checker says the above", i,
                     fault ? "something is read before it is set" : "all that is read is set");
        }
        good += verdict == GOOD;
        unset += verdict == UNSET;
        fixture_free(&f);
    }
    assert_true(good > TREES / 20 && unset > TREES / 20);
    buf_fini(&text);
    free(w.states);
}

/* --- large trees ------------------------------------------------------------------------------------ */

#define UNITS 1440
#define UNITS_A_HUB 150

/* A service whose last pages can only be judged by what a flag says; with a
 * fault, one of them cannot. */
static void write_unit(int u, bool fault, struct buf *out)
{
    buf_addf(out, "  u%d: {text: U, options: {1: {text: M, set: {w%d: 1}, goto: ask%d}, 2: {text: T, set: {w%d: 2}, "
             "goto: %s%d}}}\n", u, u, u, u, fault ? "ask" : "other", u);
    buf_addf(out, "  other%d: {text: O, input: {into: o%d, type: w}, goto: ask%d}\n", u, u, u);
    buf_addf(out, "  ask%d: {text: A, input: {into: c%d, type: w}, goto: sure%d}\n", u, u, u);
    buf_addf(out, "  sure%d: {text: '{c%d}?', options: {1: {text: Y, goto: send%d}, 2: {text: N, goto: u%d}}}\n", u, u, u,
             u);
    buf_addf(out, "  send%d: {goto: [{when: w%d == 2, to: whole%d}, {to: short%d}]}\n", u, u, u, u);
    buf_addf(out, "  whole%d: {text: '{o%d} {c%d}', end: yes}\n", u, u, u);
    buf_addf(out, "  short%d: {text: '{c%d}', options: {1: {text: R, goto: ask%d}, 2: {text: E, goto: end}}}\n", u, u,
             u);
}

static void write_large(int fault, struct buf *out)
{
    int hubs = (UNITS + UNITS_A_HUB - 1) / UNITS_A_HUB;

    buf_adds(out, "types: {w: {whole: 1..3}}\nscreens:\n  main: {text: M, options: {");
    for (int h = 0; h < hubs; h++)
        buf_addf(out, "%s%d: {text: H, goto: h%d}", h > 0 ? ", " : "", h + 100, h);
    buf_adds(out, "}}\n");
    for (int u = 0; u < UNITS; u++) {
        if (u % UNITS_A_HUB == 0)
            buf_addf(out, "%s  h%d: {text: H, options: {", u > 0 ? "}}\n" : "", u / UNITS_A_HUB);
        buf_addf(out, "%s%d: {text: U, goto: u%d}", u % UNITS_A_HUB > 0 ? ", " : "", u % UNITS_A_HUB + 100, u);
    }
    buf_adds(out, "}}\n");
    for (int u = 0; u < UNITS; u++)
        write_unit(u, u == fault, out);
    buf_adds(out, "  end: {text: End, end: yes}\n");
}

/* Ten thousand screens, each service with a way to be ruled out: none is given up
 * as too much, and the one that is wrong is found. */
static void test_large(void **state)
{
    struct fixture_menu f;
    struct buf text, said;

    (void)state;
    buf_init(&text, 1 << 24);
    buf_init(&said, 1 << 16);
    write_large(777, &text);
    fixture_load(&f, HEAD, buf_str(&text));
    for (int i = 0; i < f.issues.count && i < 20; i++)
        buf_addf(&said, "%s %s\n", f.issues.list[i].code, f.issues.list[i].text);
    assert_string_equal(buf_str(&said), "E220 no way leads to screen 'other777': name it in a 'goto', or take it out\n"
                                        "E224 'o777' may not be set here: main > h5 > u777 > ask777 > sure777 > "
                                        "send777 > whole777\n");
    fixture_free(&f);
    buf_fini(&text);
    buf_fini(&said);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_random_trees), cmocka_unit_test(test_large) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
