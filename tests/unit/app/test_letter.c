/* test_letter.c - what an agency's system is told, and what it may answer; and secrets on their way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "app/letter.h"
#include "base/sealed.h"

static void test_written(void **state)
{
    const struct letter l = { .number = 8123056783, .seq = 1, .service = "complaint", .state = "submitted",
                              .at = 1795608251000, .utc_offset_min = 360, .phone = "8801712345678", .lang = "bn",
                              .by = "citizen", .note = "", .fields = "{\"category\": \"a \\\"b\\\"\", \"nid\": \"4821\"}" };
    struct buf out;
    char id[LETTER_ID_SIZE];

    (void)state;
    buf_init(&out, LETTER_MAX);
    letter_write(&l, &out);
    assert_string_equal(buf_str(&out),
        "{\"case\": \"8123056783\", \"event\": \"1\", \"service\": \"complaint\", \"state\": \"submitted\","
        " \"at\": \"2026-11-25T18:04:11+06:00\", \"phone\": \"8801712345678\", \"lang\": \"bn\", \"by\": \"citizen\","
        " \"fields\": {\"category\": \"a \\\"b\\\"\", \"nid\": \"4821\"}}");
    letter_id(l.number, l.seq, id);
    assert_string_equal(id, "8123056783/1");
    buf_fini(&out);
}

static void test_completed(void **state)
{
    struct buf out;

    (void)state;
    buf_init(&out, LETTER_MAX);
    assert_true(letter_complete("{\"case\": \"1\", \"fields\": {\"nid\": \"4821\", \"x\": \"y\"}}",
                                "{\"nid\": \"1234564821\"}", &out));
    assert_string_equal(buf_str(&out), "{\"case\": \"1\", \"fields\": {\"nid\": \"1234564821\", \"x\": \"y\"}}");
    assert_false(letter_complete("{\"case\": \"1\"}", "{}", &out));
    assert_false(letter_complete("", "{}", &out));
    assert_false(letter_complete("{\"fields\": {}}", "[]", &out));
    buf_fini(&out);
}

static void test_answers(void **state)
{
    static const struct {
        const char *json;
        bool good;
        const char *word, *note;
    } rows[] = {
        { "", true, "", "" },
        { "{}", true, "", "" },
        { "{\"state\": \"DONE\", \"note\": \"Come on Monday\", \"more\": [1]}", true, "DONE", "Come on Monday" },
        { "{\"state\": null, \"note\": \"a\\nb\\t \"}", true, "", "a b" },
        { "{\"state\": 7, \"note\": \"x\"}", false, "", "x" },
        { "{\"state\": \"0123456789012345678901234567890123456789012345678901234567890\"}", false, "", "" },
        { "{\"state\": \"A\", \"state\": \"B\"}", false, "", "" },
        { "[]", false, "", "" },
        { "<html>", false, "", "" },
        { "{\"note\": \"\\u0000\"}", false, "", "" },
        { "{\"note\": \"\xff\"}", false, "", "" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct letter_answer a;

        assert_int_equal(letter_answer(rows[i].json, strlen(rows[i].json), &a), rows[i].good);
        assert_string_equal(a.word, rows[i].word);
        assert_string_equal(a.note, rows[i].note);
    }
}

/* A long note is cut between characters. */
static void test_long_note(void **state)
{
    char text[1024], note[CASEFILE_NOTE_MAX + 1];

    (void)state;
    memset(text, 'a', sizeof text);
    for (size_t i = 1; i + 3 < sizeof text; i += 3)
        memcpy(text + i, "\xe0\xa6\x95", 3);
    text[sizeof text - 3] = '\0';
    letter_note(text, note);
    assert_int_equal(strlen(note), 1 + 3 * (CASEFILE_NOTE_UNITS - 1));
    assert_memory_equal(note, text, strlen(note));
}

static void test_sealed(void **state)
{
    static const char secret[] = "{\"nid\": \"1234567890\"}";
    unsigned char key[SEALED_KEY_SIZE] = { 1 }, other[SEALED_KEY_SIZE] = { 2 };
    struct buf box, again, out;

    (void)state;
    buf_init(&box, 1000);
    buf_init(&again, 1000);
    buf_init(&out, 1000);
    sealed_close(key, "8123056783/1", secret, strlen(secret), &box);
    sealed_close(key, "8123056783/1", secret, strlen(secret), &again);
    assert_null(memmem(box.data, box.len, "1234567890", 10));
    assert_true(box.len == again.len && memcmp(box.data, again.data, box.len) != 0);
    assert_true(sealed_open(key, "8123056783/1", box.data, box.len, &out));
    assert_string_equal(buf_str(&out), secret);
    buf_clear(&out);
    assert_false(sealed_open(other, "8123056783/1", box.data, box.len, &out));
    assert_false(sealed_open(key, "8123056783/2", box.data, box.len, &out));
    for (size_t n = 0; n < box.len; n++)
        assert_false(sealed_open(key, "8123056783/1", box.data, n, &out));
    for (size_t i = 0; i < box.len; i++) {
        box.data[i] ^= 1;
        assert_false(sealed_open(key, "8123056783/1", box.data, box.len, &out));
        box.data[i] ^= 1;
    }
    assert_int_equal(out.len, 0);
    buf_fini(&box);
    buf_fini(&again);
    buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_written), cmocka_unit_test(test_completed), cmocka_unit_test(test_answers),
        cmocka_unit_test(test_long_note), cmocka_unit_test(test_sealed),
    };

    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
