/* menu/yaml: trees with places, and what it refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "menu/issue.h"
#include "menu/yaml.h"

struct loaded {
    struct arena *arena;
    struct yaml_file file;
    struct menu_issues issues;
    const struct yaml_node *root;
};

static void load_n(struct loaded *l, const char *text, size_t n)
{
    struct yaml_budget budget = { YAML_PARTS_MAX };

    l->arena = arena_new(SIZE_MAX);
    l->file = (struct yaml_file){ "f.yaml", text, n };
    issues_init(&l->issues);
    l->root = yaml_read(l->arena, &l->file, &budget, &l->issues);
}

static void load(struct loaded *l, const char *text)
{
    load_n(l, text, strlen(text));
}

static void unload(struct loaded *l)
{
    menu_issues_free(&l->issues);
    arena_free(l->arena);
}

/* "{a@1:1: [b@2:3]}": the tree with the place of every scalar */
static void print(const struct yaml_node *n, struct buf *out)
{
    if (n->kind == YAML_IS_SCALAR) {
        buf_addf(out, "%s@%d:%d", n->text, n->pos.line, n->pos.column);
        return;
    }
    buf_adds(out, n->kind == YAML_IS_MAP ? "{" : "[");
    for (int i = 0; i < n->count; i++) {
        if (i > 0)
            buf_adds(out, ", ");
        if (n->kind == YAML_IS_MAP) {
            print(yaml_key(n, i), out);
            buf_adds(out, ": ");
            print(yaml_value(n, i), out);
        } else {
            print(n->items[i], out);
        }
    }
    buf_adds(out, n->kind == YAML_IS_MAP ? "}" : "]");
}

static void test_trees(void **state)
{
    static const struct {
        const char *yaml, *want;
    } rows[] = {
        { "a", "a@1:1" },
        { "a: b", "{a@1:1: b@1:4}" },
        { "a: {b: c, d: [e, 'f']}\n", "{a@1:1: {b@1:5: c@1:8, d@1:11: [e@1:15, f@1:18]}}" },
        { "- a\n- \"b\\n\\u0995\"\n", "[a@1:3, b\n\xe0\xa6\x95@2:3]" },
        { "\xe0\xa6\x95: \xe0\xa6\x96\n\xe0\xa6\x97\xe0\xa6\x98: x", /* columns count characters */
          "{\xe0\xa6\x95@1:1: \xe0\xa6\x96@1:4, \xe0\xa6\x97\xe0\xa6\x98@2:1: x@2:5}" },
        { "a: no\nb: ~\nc:\nd: 0x1f\n", "{a@1:1: no@1:4, b@2:1: ~@2:4, c@3:1: @3:3, d@4:1: 0x1f@4:4}" },
        { "\xef\xbb\xbf" "a: b\r\nc: d\r\n", "{a@1:1: b@1:4, c@2:1: d@2:4}" },
        { "a: &x {b: 1}\nc: *x\n", "{a@1:1: {b@1:8: 1@1:11}, c@2:1: {b@1:8: 1@1:11}}" },
        { "--- # one document\na: b\n...\n", "{a@2:1: b@2:4}" },
        { "a: b\tc\n", "{a@1:1: b\tc@1:4}" },
        { "a: >\n  one\n  two\n", "{a@1:1: one two\n@1:4}" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct loaded l;
        struct buf out;

        load(&l, rows[i].yaml);
        assert_int_equal(l.issues.count, 0);
        assert_non_null(l.root);
        buf_init(&out, 4096);
        print(l.root, &out);
        assert_string_equal(buf_str(&out), rows[i].want);
        buf_fini(&out);
        unload(&l);
    }
}

static void test_nothing(void **state)
{
    static const char *const rows[] = { "", "# only a comment\n", "\n\n", "\xef\xbb\xbf" };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct loaded l;

        load(&l, rows[i]);
        assert_null(l.root);
        assert_int_equal(l.issues.count, 0);
        unload(&l);
    }
}

static void test_refusals(void **state)
{
    static const struct {
        const char *yaml, *want;        /* of the first issue */
    } rows[] = {
        { "a: 1\nb: 2\na: 3\n", "3:1 E106 key 'a' stands twice; first on line 1" },
        { "{a: 1, b: 2, c: 3, d: 4, e: 5, f: 6, g: 7, h: 8, i: 9, 'c': 10}",
          "1:56 E106 key 'c' stands twice; first on line 1" },
        { "[a]: b\n", "1:1 E112 a key is a single value, not a list" },
        { "? {a: b}\n: c\n", "1:3 E112 a key is a single value, not a map" },
        { "a:\n\tb: c\n", "2:1 E105 a tab indents this line; use blanks" },
        { "a:\n  - 1\n \t- 2\n", "3:2 E105 a tab indents this line; use blanks" },
        { "a:\n -\t- b\n", "2:3 E105 a tab stands here; use blanks" },
        { "a: &a [*a]\n", "1:8 E107 alias '*a' contains itself" },
        { "a: *b\n", "1:4 E107 alias '*b': no such anchor" },
        { "a: &x 1\nb: &x 2\n", "2:4 E107 anchor '&x' stands twice" },
        { "a: !x b\n", "1:4 E109 tag '!x': menus have no tags" },
        { "a: b\n---\nc: d\n", "2:1 E109 a second document in one file" },
        { "a: \"\\0\"\n", "1:4 E113 a NUL character stands in this value" },
        { "a: \x07\n", "1:4 E104 not YAML: control characters are not allowed (U+0007)" },
        { "a: b\n\xc3\x28\n", "2:1 E103 not UTF-8 text: byte 0xc3" },
        { "a: \xed\xa0\x80\n", "1:4 E103 not UTF-8 text: byte 0xed" },
        { "a: 'b\n", "1:4 E104 the text in quotes that begins here has no closing quote" },
        { "a: 'b\nc: 'd'\n",
          "1:4 E104 the text in quotes that begins here ends on line 2: is its closing quote missing?" },
        { "a: {b: c\r\nd: e\r\n", "1:4 E104 '{' is not closed on this line nor below it" },
        { "a: [b,\n  c d: e: f,\n]\n", "2:9 E104 not YAML: did not find expected ',' or ']', while parsing a flow "
                                       "sequence that begins on line 1; put a text with : , { } [ ] or # in quotes" },
        { "a:\n  b: c\n  d\n  e: f\n", "3:3 E104 a ':' is missing on this line, or it is too far to the left" },
        { "a:\r\n   b: c\r\n  d: e\r\n",
          "2:4 E104 this line begins in column 4, line 3 of the same map in column 3" },
        { "a:\n  b:\n    c: d\n\n# e\n   f: g\n",
          "6:4 E104 this line begins in column 4, line 3 of the same map in column 5" },
        { "a: b: c\n", "1:5 E104 not YAML: mapping values are not allowed in this context; put a text with : , { } [ ] "
                       "or # in quotes" },
        { "a: {b: c {d}}\n",
          "1:10 E104 not YAML: did not find expected ',' or '}', while parsing a flow mapping; put a "
          "text with : , { } [ ] or # in quotes" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct loaded l;
        char got[512];

        load(&l, rows[i].yaml);
        assert_true(l.issues.count > 0);
        (void)snprintf(got, sizeof got, "%d:%d %s %s", l.issues.list[0].pos.line, l.issues.list[0].pos.column,
                       l.issues.list[0].code, l.issues.list[0].text);
        assert_string_equal(got, rows[i].want);
        unload(&l);
    }
}

static void test_depth(void **state)
{
    (void)state;
    for (int depth = 63; depth <= 65; depth++) {
        struct loaded l;
        struct buf text;

        buf_init(&text, 4096);
        for (int i = 0; i < depth; i++)
            buf_addc(&text, '[');
        for (int i = 0; i < depth; i++)
            buf_addc(&text, ']');
        load_n(&l, text.data, text.len);
        assert_int_equal(l.root != NULL, depth <= YAML_DEPTH_MAX);
        if (l.root == NULL)
            assert_string_equal(l.issues.list[0].code, "E108");
        unload(&l);
        buf_fini(&text);
    }
}

/* Nine aliases of nine aliases ...: 9^n parts if they were written out. */
static void test_bomb(void **state)
{
    struct loaded l;
    struct buf text;

    (void)state;
    buf_init(&text, 1 << 16);
    buf_adds(&text, "a: &a [x,x,x,x,x,x,x,x,x]\n");
    for (char c = 'b'; c < 'z'; c++) {
        buf_addf(&text, "%c: &%c [", c, c);
        for (int i = 0; i < 9; i++)
            buf_addf(&text, "%s*%c", i > 0 ? "," : "", c - 1);
        buf_adds(&text, "]\n");
    }
    load_n(&l, text.data, text.len);
    assert_null(l.root);
    assert_int_equal(l.issues.count, 1);
    assert_string_equal(l.issues.list[0].code, "E107");
    assert_true(arena_used(l.arena) < 1 << 20);
    unload(&l);
    buf_fini(&text);
}

/* Every place inside a scalar, as its source says it. */
static void test_places(void **state)
{
    static const struct {
        const char *yaml;               /* of a map with one pair */
        size_t at;
        int line, column;
    } rows[] = {
        { "a: bcd", 0, 1, 4 },
        { "a: bcd", 2, 1, 6 },
        { "a: bcd", 3, 1, 7 },
        { "a: 'bcd'", 1, 1, 6 },
        { "a: 'b''c'", 2, 1, 8 },
        { "a: \"b\\nc\"", 2, 1, 8 },
        { "a: \"\\u0995c\"", 3, 1, 11 },
        { "a: \"\\x41c\"", 1, 1, 9 },
        { "a: \"\\Lc\"", 3, 1, 7 },
        { "a: \xe0\xa6\x95\xe0\xa6\x96z", 6, 1, 6 },
        { "a: one\n   two", 4, 2, 4 },
        { "a: \"one\n\n   two\"", 4, 3, 4 },
        { "a: \"one  \n  two\"", 4, 2, 3 },
        { "a: \"one\\\n  two\"", 3, 2, 3 },
        { "a: |\n  one\n  two\n", 5, 3, 4 },
        { "a: |\n  one\n\n    two\n", 7, 4, 5 },
        { "a: |-\r\n  one\r\n  two\r\n", 4, 3, 3 },
        { "a: >\n  one\n  two\n", 4, 3, 3 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct loaded l;
        struct menu_pos pos;

        load(&l, rows[i].yaml);
        assert_non_null(l.root);
        pos = yaml_at(&l.file, yaml_value(l.root, 0), rows[i].at);
        assert_int_equal(pos.line, rows[i].line);
        assert_int_equal(pos.column, rows[i].column);
        unload(&l);
    }
}

/* Whatever is cut off, it ends in a tree or in one issue. */
static void test_every_prefix(void **state)
{
    static const char whole[] = "a: &x {b: 'it''s', c: \"d\\n\", e: |\n}\nf:\n  - *x\n  - >\n    g\nh: [i, {j: k}]\n";

    (void)state;
    for (size_t n = 0; n <= strlen(whole); n++) {
        struct loaded l;

        load_n(&l, whole, n);
        assert_true(l.root == NULL || l.issues.count == 0);
        assert_true(l.issues.count <= 1);
        unload(&l);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trees),  cmocka_unit_test(test_nothing), cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_depth),  cmocka_unit_test(test_bomb),    cmocka_unit_test(test_places),
        cmocka_unit_test(test_every_prefix),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
