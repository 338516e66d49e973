/*
 * Random trees, random edits of them, random dialogues, retired at random
 * moments.  Every page tells in its text what it asks, so that what a keypress
 * was taken for can be compared with the page that she saw:
 *
 *   Q n v3 t1    a question: variable 3, type 1
 *   O n          options; each one's text is the screen that it leads to
 *   E n          an end
 *
 * n is the screen's place in its tree; ways lead forward only.
 */
#include "engine/session_move.h"

#include "rig.h"

#define NODES_MAX 14
#define OPTIONS_MAX 4
#define VARS 6
#define TYPES 4
#define WALKS 1500
#define STEPS 25

enum node_kind { NODE_ASK = 0, NODE_CHOOSE, NODE_ACT, NODE_KINDS };

static struct node {
    enum node_kind kind;
    int name;                           /* place: ways lead to greater ones */
    int text;                           /* one of several, which mean nothing */
    int var;
    int options, number[OPTIONS_MAX], to[OPTIONS_MAX];  /* by index of node; ASK and ACT: to[0] */
    bool secret;
    int shows;                          /* variable; -1: none */
} nodes[2][NODES_MAX + 1];              /* the last is the end */

static int node_counts[2];
static int var_types[2][VARS];
static uint64_t random_state;
static long moved_pages, taken, dropped;

static unsigned random_of(unsigned n)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(random_state >> 33) % n;
}

/* --- trees --------------------------------------------------------------------------- */

static const char *const types[] = { "one: {whole: 1..9}", "fifty: {whole: 1..50}", "two: {pattern: '[0-9]{2}', width: 2}",
                                     "four: {pattern: '[0-9a-z]{1,4}', width: 4}" };
static const char *const type_names[] = { "one", "fifty", "two", "four" };

static bool type_takes(int type, const char *s)
{
    size_t n = strlen(s);
    bool digits = strspn(s, "0123456789") == n;
    long v = digits ? strtol(s, NULL, 10) : -1;

    switch (type) {
    case 0:
        return digits && v >= 1 && v <= 9;
    case 1:
        return digits && v >= 1 && v <= 50;
    case 2:
        return digits && n == 2;
    default:
        return n >= 1 && n <= 4 && strspn(s, "0123456789abcdefghijklmnopqrstuvwxyz") == n;
    }
}

static void node_new(struct node *n, int at, int count)
{
    memset(n, 0, sizeof *n);
    n->kind = at == 0 ? NODE_CHOOSE : (enum node_kind)random_of(NODE_KINDS);
    n->text = (int)random_of(3);
    n->var = (int)random_of(VARS);
    n->secret = at > 0 && random_of(8) == 0;
    n->options = n->kind == NODE_CHOOSE ? 1 + (int)random_of(OPTIONS_MAX) : 1;
    for (int i = 0; i < n->options; i++) {
        n->number[i] = i + 1 + (random_of(6) == 0 ? 4 : 0);
        n->to[i] = i == 0 || random_of(3) == 0 ? at + 1 : at + 1 + (int)random_of((unsigned)(count - at));
    }
    n->shows = -1;
}

/* No way jumps over it: whoever comes behind it has been there. */
static bool node_is_met(int tree, int j)
{
    for (int i = 0; i < j; i++)
        for (int k = 0; k < nodes[tree][i].options; k++)
            if (nodes[tree][i].to[k] > j)
                return false;
    return true;
}

static void tree_show(int tree)
{
    for (int i = 1; i <= node_counts[tree]; i++) {
        int j = (int)random_of((unsigned)i);

        nodes[tree][i].shows = nodes[tree][j].kind == NODE_ASK && node_is_met(tree, j) ? nodes[tree][j].var : -1;
    }
}

static void tree_new(int tree)
{
    for (int v = 0; v < VARS; v++)
        var_types[tree][v] = (int)random_of(TYPES);
    node_counts[tree] = 4 + (int)random_of(NODES_MAX - 4);
    for (int i = 0; i < node_counts[tree]; i++) {
        node_new(&nodes[tree][i], i, node_counts[tree]);
        nodes[tree][i].name = 2 * i;
    }
    nodes[tree][node_counts[tree]].name = 2 * NODES_MAX + 2;
    tree_show(tree);
}

/* A question that the old tree did not have, between two of its screens. */
static void tree_insert(void)
{
    int at = 1 + (int)random_of((unsigned)node_counts[1]);

    if (node_counts[1] == NODES_MAX || nodes[1][at - 1].name + 1 >= nodes[1][at].name)
        return;
    memmove(&nodes[1][at + 1], &nodes[1][at], (size_t)(node_counts[1] - at + 1) * sizeof nodes[1][0]);
    node_counts[1]++;
    for (int i = 0; i <= node_counts[1]; i++)
        for (int k = 0; k < nodes[1][i].options; k++)
            nodes[1][i].to[k] += nodes[1][i].to[k] > at || (nodes[1][i].to[k] == at && i > at) ? 1 : 0;
    node_new(&nodes[1][at], at, node_counts[1]);
    nodes[1][at].kind = NODE_ASK;
    nodes[1][at].options = 1;
    nodes[1][at].name = nodes[1][at - 1].name + 1;
    nodes[1][at].to[0] = at + 1;
}

static void tree_edit(void)
{
    memcpy(nodes[1], nodes[0], sizeof nodes[1]);
    memcpy(var_types[1], var_types[0], sizeof var_types[1]);
    node_counts[1] = node_counts[0];
    for (int i = 0; i < node_counts[1]; i++) {
        struct node *n = &nodes[1][i];
        int name = n->name;
        int k = (int)random_of((unsigned)n->options);

        switch (random_of(16)) {
        case 0:
            n->text = (int)random_of(3);
            break;
        case 1:
            var_types[1][n->var] = (int)random_of(TYPES);
            break;
        case 2:
            n->var = (int)random_of(VARS);
            break;
        case 3:                         /* the first way is the one that everything is reached by */
            n->to[k] = k == 0 ? n->to[k] : i + 1 + (int)random_of((unsigned)(node_counts[1] - i));
            break;
        case 4:
            n->secret = i > 0 && !n->secret;
            break;
        case 5:
            node_new(n, i, node_counts[1]);
            n->name = name;
            break;
        case 6:
            n->number[k] = n->number[k] > OPTIONS_MAX ? n->number[k] - OPTIONS_MAX : n->number[k] + OPTIONS_MAX;
            break;
        case 7:
            if (n->kind == NODE_CHOOSE && n->options < OPTIONS_MAX) {
                n->number[n->options] = n->options + 1;
                n->to[n->options++] = i + 1 + (int)random_of((unsigned)(node_counts[1] - i));
            }
            break;
        default:
            break;
        }
    }
    if (random_of(3) == 0)
        tree_insert();
    tree_show(1);
}

static void tree_print_node(int tree, int i, struct buf *out)
{
    const struct node *n = &nodes[tree][i];
    char shown[24] = "";

    if (n->shows >= 0)
        snprintf(shown, sizeof shown, " [{v%d}]", n->shows);
    if (i == node_counts[tree]) {
        buf_addf(out, "  s%d: {text: 'E %d%s', end: yes}\n", n->name, n->name, shown);
        return;
    }
    buf_addf(out, "  s%d: {", n->name);
    switch (n->kind) {
    case NODE_ASK:
        buf_addf(out, "text: 'Q %d v%d t%d %c%s', input: {into: v%d, type: %s}, goto: s%d", n->name, n->var,
                 var_types[tree][n->var], 'a' + n->text, shown, n->var, type_names[var_types[tree][n->var]], nodes[tree][n->to[0]].name);
        break;
    case NODE_CHOOSE:
        buf_addf(out, "text: 'O %d %c%s', options: {", n->name, 'a' + n->text, shown);
        for (int k = 0; k < n->options; k++)
            buf_addf(out, "%s%d: {text: to %d, goto: s%d}", k > 0 ? ", " : "", n->number[k], nodes[tree][n->to[k]].name,
                     nodes[tree][n->to[k]].name);
        buf_adds(out, "}");
        break;
    case NODE_ACT:
    case NODE_KINDS:
        buf_addf(out, "set: {a: %d}, goto: s%d", n->name % 9 + 1, nodes[tree][n->to[0]].name);
        break;
    }
    buf_addf(out, "%s}\n", n->secret && n->kind != NODE_ACT ? ", secret: yes" : "");
}

/* NULL: the checker refuses it, say because a number stands twice. */
static struct menu *tree_load(int tree, const char *keys)
{
    struct menu_issues issues;
    struct menu *m;
    struct buf out;

    buf_init(&out, 1 << 16);
    buf_addf(&out, "language: 1\ncode: '*333#'\nname: T\nlanguages: {en: {name: English}, bn: {name: Bangla}}\n%s"
                   "words: {back: Back, exit: Exit, more: More, tries: '{n} left', wrong: Wrong, choose: Choose,"
                   " copied: Copied, too_many: Call, busy: Busy, continue: Go on, 'yes': 'Yes', new: New, bye: Bye,"
                   " no_code: None, months: a b c d e f g h i j k l}\nstart: s0\nhelpline: '333'\ntypes:\n", keys);
    for (int i = 0; i < TYPES; i++)
        buf_addf(&out, "  %s\n", types[i]);
    buf_adds(&out, "screens:\n");
    for (int i = 0; i <= node_counts[tree]; i++)
        tree_print_node(tree, i, &out);
    m = menu_load_text(buf_str(&out), out.len, &issues);
    menu_issues_free(&issues);
    buf_fini(&out);
    return m;
}

/* --- what she saw, and what became of it --------------------------------------------------- */

struct seen {
    bool resume;                        /* "Go on?" */
    char kind;                          /* Q O E, or 0: none of them */
    int screen, var, type;
    char page[SESSION_REPLY_MAX];
};

/* The line that begins the page, behind a remark. */
static void look(struct seen *seen, const char *page, const struct session *s)
{
    const char *p = page;

    memset(seen, 0, sizeof *seen);
    snprintf(seen->page, sizeof seen->page, "%s", page);
    seen->resume = s->mode == SESSION_ASKS_RESUME;
    if (s->mode != SESSION_AT_SCREEN || s->screen == MENU_NONE)
        return;
    seen->screen = (int)strtol(s->menu->screens[s->screen].name + 1, NULL, 10);
    seen->kind = s->menu->screens[s->screen].input.var != MENU_NONE ? 'Q' : 'O';
    p = strstr(page, " v");
    if (seen->kind == 'Q' && s->remark == SESSION_PLAIN && (p == NULL || sscanf(p, " v%d t%d", &seen->var, &seen->type) != 2))
        fail_msg("a question without its mark: %s", page);
    if (seen->kind == 'Q' && s->remark != SESSION_PLAIN) {      /* the error stands in its place */
        const struct menu_input *input = &s->menu->screens[s->screen].input;

        seen->var = s->menu->vars[input->var].name[1] - '0';
        for (seen->type = 0; strcmp(type_names[seen->type], input->type->name) != 0;)
            seen->type++;
    }
}

static bool value_of(const struct session *s, int v, char out[16])
{
    char name[4] = { 'v', (char)('0' + v), '\0' };
    int var = menu_var_find(s->menu, name, 2);
    size_t n;
    const char *p = var != MENU_NONE ? session_get(s, var, &n) : NULL;

    snprintf(out, 16, "%.*s", p != NULL ? (int)n : 0, p != NULL ? p : "");
    return p != NULL;
}

/* "3 to 8" on the page: pressing 3 leads to screen 8.  -1: not offered. */
static int offered(const char *page, const char *key)
{
    char want[24];
    const char *p;

    snprintf(want, sizeof want, "\n%s to ", key);
    p = strstr(page, want);
    return p != NULL ? (int)strtol(p + strlen(want), NULL, 10) : -1;
}

static int place_of(const struct session *s)
{
    return s->screen != MENU_NONE ? (int)strtol(s->menu->screens[s->screen].name + 1, NULL, 10) : -1;
}

static bool is_ahead(const struct seen *before, const struct session *s)
{
    return before->kind != 0 && place_of(s) > before->screen;
}

static void check_step(const struct seen *before, const struct session *s, const char *key, char values[VARS][16])
{
    int now = place_of(s);
    bool ahead = is_ahead(before, s);

    if (strstr(buf_str(&s->reply), "Busy") != NULL)
        fail_msg("busy after '%s' on\n%s", key, before->page);
    if (strstr(buf_str(&s->reply), "[]") != NULL)
        fail_msg("a value that she has not given is shown after '%s' on\n%s\n->\n%s", key, before->page, buf_str(&s->reply));
    if (ahead && before->kind == 'Q' && !type_takes(before->type, key))
        fail_msg("'%s' is no answer to\n%s\n->\n%s", key, before->page, buf_str(&s->reply));
    if (ahead && before->kind == 'O' && (offered(before->page, key) < 0 || now < offered(before->page, key)))
        fail_msg("'%s' was not offered on\n%s\n->\n%s", key, before->page, buf_str(&s->reply));
    for (int v = 0; v < VARS; v++) {
        char value[16];

        if (value_of(s, v, value) && strcmp(value, values[v]) != 0 &&
            (before->kind != 'Q' || before->var != v || strcmp(value, key) != 0))
            fail_msg("v%d became '%s' by '%s' on\n%s", v, value, key, before->page);
    }
    taken += ahead;
}

/* --- a walk ------------------------------------------------------------------------------------ */

static const char *random_key(void)
{
    static const char *const keys[] = { "1", "2", "3", "4", "5", "6", "7", "8", "9", "12", "42", "ab", "0", "00", "*", "?!" };

    return keys[random_of(random_of(2) == 0 ? 5 : sizeof keys / sizeof keys[0])];
}

static void walk(struct menu *old, struct menu *newer)
{
    struct session_plan *plan = session_plan_new(old, newer);
    unsigned when = random_of(STEPS);
    struct rig r;

    rig_init(&r, old);
    memcpy(r.citizen_lang, "en", 3);
    rig_load(&r);
    rig_dial(&r, "*333#");
    for (unsigned step = 0; step < STEPS; step++) {
        const char *key = random_key();
        char values[VARS][16];
        struct seen before;

        if (step == when) {
            r.newer = newer;
            r.plan = plan;
        }
        for (int v = 0; v < VARS; v++)
            if (!value_of(r.s, v, values[v]))
                values[v][0] = '\0';
        look(&before, buf_str(&r.s->reply), r.s);
        if (r.s->mode == SESSION_ENDED || r.s->screen == MENU_NONE || random_of(9) == 0)
            rig_dial(&r, "*333#");
        else {
            const struct menu *was = r.s->menu;

            rig_type(&r, key);
            check_step(&before, r.s, key, values);
            moved_pages += was != r.s->menu;
            dropped += was != r.s->menu && before.kind == 'Q' && type_takes(before.type, key) && !is_ahead(&before, r.s);
        }
        assert_int_equal(r.result, FLOW_REPLY);
        if (step > when && r.s->mode != SESSION_ENDED)
            assert_ptr_equal(r.s->menu, newer);
    }
    r.menu = NULL;
    rig_fini(&r);
    session_plan_free(plan);
}

static void test_walks(void **state)
{
    static const char *const keys[] = { "", "", "keys: {back: '9', more: '99'}\n", "keys: {start: '42', more: '90'}\n" };
    int refused = 0;

    (void)state;
    for (int i = 0; i < WALKS; i++) {
        struct menu *old;
        struct menu *newer;

        random_state = (uint64_t)i * UINT64_C(0x9e3779b97f4a7c15) + 1;
        tree_new(0);
        tree_edit();
        old = tree_load(0, "");
        newer = tree_load(1, keys[random_of(4)]);
        if (old != NULL && newer != NULL)
            walk(old, newer);
        else
            refused++;
        menu_free(old);
        menu_free(newer);
    }
    print_message("%d pairs of trees refused, %ld dialogues moved, %ld with an answer that was not taken; %ld answers taken\n",
                  refused, moved_pages, dropped, taken);
    assert_true(refused < WALKS / 10);
    assert_true(moved_pages > WALKS / 2 && dropped > WALKS / 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_walks) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
