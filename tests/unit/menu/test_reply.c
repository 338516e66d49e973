/* menu/reply: a back end's JSON to the fields of a record. */
#include "menu/reply.h"
#include "menu_fixture.h"

#define TREE \
    "records: {r: {state: word(9), taka: whole, sent: date, late: yesno, note: text(20)}}\n" \
    "backends: {b: {kind: mock}}\n" \
    "screens: {main: {hook: b, path: /x, returns: r, into: p, none: n, goto: a}, a: {text: '{p.state}', end: yes}, n: {text: N, end: yes}}\n"

struct reply_case {
    const char *json;
    enum reply_kind kind;
    const char *said;                   /* the cells with | behind each, - unset; or why */
};

static void reply_said(const struct reply *r, const struct menu_record *record, struct buf *out)
{
    buf_clear(out);
    for (int i = 0; i < record->field_count; i++) {
        const char *cell = reply_cell(r, record->fields[i].name);

        buf_addf(out, "%s|", cell != NULL ? cell : "-");
    }
}

static void test_rows(void **state)
{
    static const struct reply_case rows[] = {
        { "{\"state\": \"paid\", \"taka\": 1950, \"sent\": \"2026-10-12\", \"late\": true, \"note\": \"a b\"}", REPLY_ROW,
          "paid|1950|2026-10-12|yes|a b|" },
        { "{\"state\": \"paid\"}", REPLY_ROW, "paid|-|-|-|-|" },
        { "{\"state\": null, \"late\": false, \"taka\": \"7\"}", REPLY_ROW, "-|7|-|no|-|" },
        { "{\"state\": 12, \"taka\": 1950.0, \"note\": -3}", REPLY_ROW, "12|1950|-|-|-3|" },
        { "{\"other\": [1, {\"a\": 2}], \"deep\": {}, \"state\": \"x\"}", REPLY_ROW, "x|-|-|-|-|" },
        { "{\"note\": \"\\u09ac\\u09a8\"}", REPLY_ROW, "-|-|-|-|\xe0\xa6\xac\xe0\xa6\xa8|" },
        { "", REPLY_NONE, "" },
        { "{}", REPLY_NONE, "" },
        { " {\n} ", REPLY_NONE, "" },
        { "{", REPLY_BAD, "not JSON" },
        { "[]", REPLY_BAD, "not a JSON object" },
        { "null", REPLY_BAD, "not JSON" },
        { "\"x\"", REPLY_BAD, "not JSON" },
        { "{\"state\": \"a\", \"state\": \"b\"}", REPLY_BAD, "not JSON" },
        { "{\"state\": \"a\"} x", REPLY_BAD, "not JSON" },
        { "{\"state\": \"a\\u0000b\"}", REPLY_BAD, "not JSON" },
        { "{\"state\": \"\xff\"}", REPLY_BAD, "not JSON" },
        { "{\"state\": [\"paid\"]}", REPLY_BAD, "not what the record says: field state" },
        { "{\"state\": {\"a\": 1}}", REPLY_BAD, "not what the record says: field state" },
        { "{\"state\": \"two words\"}", REPLY_BAD, "not what the record says: field state" },
        { "{\"taka\": 1.5}", REPLY_BAD, "not what the record says: field taka" },
        { "{\"taka\": 1e300}", REPLY_BAD, "not what the record says: field taka" },
        { "{\"taka\": true}", REPLY_BAD, "not what the record says: field taka" },
        { "{\"taka\": \"many\"}", REPLY_BAD, "not what the record says: field taka" },
        { "{\"sent\": \"2026-02-30\"}", REPLY_BAD, "not what the record says: field sent" },
        { "{\"late\": 1}", REPLY_BAD, "not what the record says: field late" },
    };
    struct fixture_menu f;
    const struct menu_record *record;
    struct reply r;
    struct buf said;

    (void)state;
    fixture_load(&f, HEAD, TREE);
    assert_non_null(f.menu);
    record = &f.menu->records[0];
    reply_init(&r);
    buf_init(&said, 1 << 16);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        enum reply_kind kind = reply_read(&r, record, rows[i].json, strlen(rows[i].json));

        if (kind != rows[i].kind)
            fail_msg("%s: kind %d, %s", rows[i].json, (int)kind, r.why);
        if (kind == REPLY_ROW)
            reply_said(&r, record, &said);
        assert_string_equal(kind == REPLY_ROW ? buf_str(&said) : kind == REPLY_BAD ? r.why : "", rows[i].said);
    }
    /* nothing of it is wanted: any object will do */
    assert_int_equal(reply_read(&r, NULL, "{\"state\": [1]}", 14), REPLY_ROW);
    assert_null(reply_cell(&r, "state"));
    assert_int_equal(reply_read(&r, NULL, "[]", 2), REPLY_BAD);
    buf_fini(&said);
    reply_fini(&r);
    fixture_free(&f);
}

/* Every prefix of an answer is bad or nothing, and what is too long or too deep is refused. */
static void test_bounds(void **state)
{
    static const char whole[] = "{\"state\": \"paid\", \"taka\": 1950, \"more\": [1, 2, {\"x\": null}]}";
    struct fixture_menu f;
    struct reply r;
    struct buf json;

    (void)state;
    fixture_load(&f, HEAD, TREE);
    reply_init(&r);
    for (size_t n = 1; n < sizeof whole - 1; n++)
        assert_int_equal(reply_read(&r, &f.menu->records[0], whole, n), REPLY_BAD);
    assert_int_equal(reply_read(&r, &f.menu->records[0], whole, sizeof whole - 1), REPLY_ROW);
    buf_init(&json, 4 * REPLY_MAX);
    buf_adds(&json, "{\"deep\": ");
    for (int i = 0; i < REPLY_MAX / 2; i++)
        buf_addc(&json, '[');
    assert_int_equal(reply_read(&r, &f.menu->records[0], buf_str(&json), json.len), REPLY_BAD);
    for (int i = 0; i < REPLY_MAX; i++)
        buf_addc(&json, ' ');
    assert_int_equal(reply_read(&r, &f.menu->records[0], buf_str(&json), json.len), REPLY_BAD);
    assert_string_equal(r.why, "longer than 64 KiB");
    buf_fini(&json);
    reply_fini(&r);
    fixture_free(&f);
}

/* What was heard is told with its day, and can be kept: the record's fields and no more. */
static void test_kept(void **state)
{
    static const char json[] = "{\"state\": \"pa\\\"id\", \"taka\": 1950, \"late\": true, \"nid\": \"1234567890\"}";
    struct fixture_menu f;
    const struct menu_record *record;
    struct reply r;
    struct buf kept, said;

    (void)state;
    fixture_load(&f, HEAD, TREE);
    record = &f.menu->records[0];
    reply_init(&r);
    buf_init(&kept, REPLY_MAX);
    buf_init(&said, 1000);
    assert_int_equal(reply_read(&r, record, json, sizeof json - 1), REPLY_ROW);
    reply_print(&r, &kept);
    assert_string_equal(buf_str(&kept), "{\"state\": \"pa\\\"id\", \"taka\": \"1950\", \"late\": \"yes\"}");
    assert_int_equal(reply_read(&r, record, buf_str(&kept), kept.len), REPLY_ROW);
    reply_hear(&r, "sent", 20782);
    reply_hear(&r, "none", 20782);
    reply_said(&r, record, &said);
    assert_string_equal(buf_str(&said), "pa\"id|1950|2026-11-25|yes|-|");
    buf_fini(&said);
    buf_fini(&kept);
    reply_fini(&r);
    fixture_free(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_rows), cmocka_unit_test(test_bounds), cmocka_unit_test(test_kept) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
