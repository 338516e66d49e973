/* What a step leaves on the tape: the way she went, and nothing that is hers. */
#include "engine/flow.h"

#include "rig.h"

static const char tape_yaml[] =
    "language: 1\n"
    "code: ['*333#']\n"
    "name: T\n"
    "languages: {en: {name: English}, bn: {name: Bangla}}\n"
    "words: {back: Back, exit: Exit, more: More, tries: '{n} left', wrong: Wrong., choose: Choose., copied: A sample.,\n"
    "  too_many: Call, busy: Busy, continue: Go on?, 'yes': 'Yes', new: New, bye: Bye, no_code: No code,\n"
    "  months: Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec}\n"
    "start: main\n"
    "shortcuts: {'8*1': small}\n"
    "helpline: '333'\n"
    "types:\n"
    "  small: {whole: 1..99}\n"
    "  large: {whole: 1..99999999}\n"
    "  nid: {pattern: '[0-9]{3}', width: 3, sensitive: yes}\n"
    "  code: {pattern: '[a-z]{4}', width: 4, example: abcd}\n"
    "  last4: {pattern: '[0-9]{4}', width: 4}\n"
    "  born: {date: DDMMYYYY, past: yes}\n"
    "  wallet: {pattern: '01[0-9]{9}', width: 11}\n"
    "  sort: {choice: {AA: Old, BB: New}}\n"
    "records: {person: {state: 'word(12)', taka: small, name: 'text(20)', phone: msisdn, nid: nid, born: born, sent: date,\n"
    "  account: 'word(20)', sort: sort, active: yesno}}\n"
    "queries: {who: {sql: SELECT $1, args: [small], returns: person}, many: {sql: SELECT 1, returns: list of person}}\n"
    "services: {claim: {number: 8, agency: dss, title: Claim, fields: {what: 'text(9)'}}}\n"
    "screens:\n"
    "  main: {text: Main, options: {1: {text: S, goto: small}, 2: {text: L, goto: large}, 3: {text: N, goto: nid},\n"
    "    4: {text: C, goto: code}, 5: {text: B, goto: born}, 6: {text: W, goto: wallet}, 7: {text: F, goto: free},\n"
    "    8: {text: P, goto: pin}, 16: {text: T, goto: phone}, 10: {text: Q, goto: ask}, 11: {text: M, goto: pick},\n"
    "    12: {text: K, goto: sort}, 13: {text: O, goto: word}, 14: {text: X, goto: hush}, 15: {text: Z, goto: send},\n"
    "    17: {text: A, goto: last4}}}\n"
    "  small: {text: S?, input: {into: small, type: small}, goto: end}\n"
    "  large: {text: L?, input: {into: large, type: large}, goto: end}\n"
    "  nid: {text: N?, input: {into: nid, type: nid}, goto: end}\n"
    "  last4: {text: A?, input: {into: last4, type: last4}, goto: end}\n"
    "  code: {text: C?, input: {into: code, type: code}, goto: end}\n"
    "  born: {text: B?, input: {into: born, type: born}, goto: end}\n"
    "  wallet: {text: W?, input: {into: wallet, type: wallet}, goto: end}\n"
    "  free: {text: F?, input: {into: free, type: 'text(40)'}, goto: end}\n"
    "  word: {text: O?, input: {into: word, type: 'word(40)'}, goto: end}\n"
    "  pin: {text: P?, secret: yes, input: {into: pin, type: 'pin(4)'}, goto: end}\n"
    "  hush: {text: X?, secret: yes, input: {into: hush, type: small}, goto: end}\n"
    "  phone: {text: T?, input: {into: phone, type: msisdn}, goto: end}\n"
    "  sort: {text: K?, input: {into: sort, type: sort}, goto: end}\n"
    "  ask: {do: [{set: {small: '7'}}, {query: who, into: w, none: main, fail: main}], goto: told}\n"
    "  told: {text: '{w.state}', options: {1: {text: End, goto: end}}}\n"
    "  pick: {text: Pick, list: {query: many, into: m, option: '{m.state}', empty: main, fail: main, goto: end}}\n"
    "  send: {submit: claim, with: {what: \"'x'\"}, into: case, goto: end}\n"
    "  end: {text: End, end: yes}\n";

static const struct rig_answer tape_answers[] = {
    { .query = "who", .count = 1,
      .rows = { { { "state", "paid" }, { "taka", "42" }, { "name", "Rahima Begum" }, { "phone", "8801712345678" } } } },
    { .query = "many", .count = 2,
      .rows = { { { "nid", "482" }, { "born", "1958-03-05" }, { "sent", "2026-01-02" }, { "sort", "BB" } },
                { { "account", "acc-7654321" }, { "active", "t" }, { "state", NULL } } } },
};

struct taped {
    const char *typed;                  /* after *333# 1 keypress each, "|" between */
    enum flow_tape_how how;             /* of the last one */
    const char *kept;                   /* typed, of the last one */
    const char *facts;                  /* of the last one */
} taped[] = {
    { "", FLOW_TAPE_TYPED, "", "{\"lang\": \"en\", \"known\": true, \"agent\": false, \"alert\": false}" },
    { "1", FLOW_TAPE_TYPED, "1", "" },
    { "12", FLOW_TAPE_TYPED, "12", "" },
    { "77", FLOW_TAPE_TYPED, "77", "" },                /* not offered: still a number of an option */
    { "4821", FLOW_TAPE_MISFIT, "", "" },               /* might be a PIN typed too early */
    { "hello", FLOW_TAPE_MISFIT, "", "" },
    { "1|42", FLOW_TAPE_TYPED, "42", "" },
    { "1|100", FLOW_TAPE_MISFIT, "", "" },
    { "1|0", FLOW_TAPE_TYPED, "0", "" },
    { "1|00", FLOW_TAPE_TYPED, "00", "" },
    { "1|*", FLOW_TAPE_TYPED, "*", "" },
    { "2|123456", FLOW_TAPE_TYPED, "123456", "" },
    { "2|1234567", FLOW_TAPE_FITTED, "", "" },
    { "3|482", FLOW_TAPE_FITTED, "", "" },
    { "4|efgh", FLOW_TAPE_TYPED, "efgh", "" },
    { "17|7306", FLOW_TAPE_FITTED, "", "" },
    { "4|abcd", FLOW_TAPE_EXAMPLE, "", "" },
    { "5|05031958", FLOW_TAPE_FITTED, "", "" },
    { "6|01712345678", FLOW_TAPE_FITTED, "", "" },
    { "7|Rahima", FLOW_TAPE_FITTED, "", "" },
    { "13|Rahima", FLOW_TAPE_FITTED, "", "" },
    { "8|4821", FLOW_TAPE_FITTED, "", "" },
    { "8|48", FLOW_TAPE_MISFIT, "", "" },
    { "14|42", FLOW_TAPE_FITTED, "", "" },
    { "16|01712345678", FLOW_TAPE_FITTED, "", "" },
    { "12|2", FLOW_TAPE_TYPED, "2", "" },
    { "10", FLOW_TAPE_TYPED, "10",
      "{\"query\": \"who\", \"rows\": [{\"state\": \"paid\", \"taka\": \"42\", \"name\": \"?\", \"phone\": \"?\", "
      "\"nid\": null, \"born\": null, \"sent\": null, \"account\": null, \"sort\": null, \"active\": null}]}" },
    { "11", FLOW_TAPE_TYPED, "11",
      "{\"query\": \"many\", \"rows\": [{\"state\": null, \"taka\": null, \"name\": null, \"phone\": null, "
      "\"nid\": \"?\", \"born\": \"?\", \"sent\": \"2026-01-02\", \"account\": null, \"sort\": \"BB\", \"active\": null}, "
      "{\"state\": null, \"taka\": null, \"name\": null, \"phone\": null, \"nid\": null, \"born\": null, \"sent\": null, "
      "\"account\": \"?\", \"sort\": null, \"active\": \"yes\"}]}" },
    { "11|2", FLOW_TAPE_TYPED, "2", "" },
};

static enum flow_result tape_event(struct rig *r, enum event_kind kind, const char *text)
{
    struct event ev;

    if (kind == EVENT_BEGIN)
        r->ref++;
    ev = rig_event(r, kind, text);
    r->env = (struct flow_env){ .menu = r->menu, .limits = &r->limits, .link = "test", .now = ev.seen, .tape = true,
                                .dice = 1000 + r->ids };
    r->result = flow_event(&r->env, r->s, &ev, &r->out);
    while (r->result == FLOW_ASK)
        r->result = rig_answer(r);
    return r->result;
}

static void tape_init(struct rig *r)
{
    rig_init(r, rig_menu(tape_yaml));
    r->answers = tape_answers;
    r->answer_count = 2;
    memcpy(r->citizen_lang, "en", 3);
    rig_load(r);
}

static void test_kept(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof taped / sizeof taped[0]; i++) {
        const struct flow_tape *t;
        char keys[64];
        char *save;
        struct rig r;
        int steps = 1;

        tape_init(&r);
        t = &r.out.tape;
        snprintf(keys, sizeof keys, "%s", taped[i].typed);
        tape_event(&r, EVENT_BEGIN, "*333#");
        for (char *key = strtok_r(keys, "|", &save); key != NULL; key = strtok_r(NULL, "|", &save), steps++) {
            rig_write(&r);              /* another process goes on */
            tape_event(&r, EVENT_ANSWER, key);
        }
        if (!t->on || t->how != taped[i].how || strcmp(buf_str(&t->typed), taped[i].kept) != 0 ||
            strcmp(buf_str(&t->facts), taped[i].facts) != 0)
            fail_msg("%s: how %d typed '%s' facts %s", taped[i].typed, (int)t->how, buf_str(&t->typed),
                     buf_str(&t->facts));
        assert_int_equal(r.s->dialogue, 1001);          /* the name of the first step */
        assert_int_equal(r.s->steps, steps);
        rig_fini(&r);
    }
}

static void test_dialled(void **state)
{
    static const struct {
        const char *dialled, *kept;
    } rows[] = {
        { "*333*1*42#", "1*42" }, { "*333*8*1*42#", "8*1*42" }, { "*333*3*482#", "3*?" }, { "*333*1*100#", "1*!" },
        { "*333*16*01712345678#", "16*?" }, { "*333*8*4821#", "8*!" }, { "*333*99#", "!" }, { "*333*11*2#", "11*2" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rig r;

        tape_init(&r);
        tape_event(&r, EVENT_BEGIN, rows[i].dialled);
        assert_int_equal(r.out.tape.kind, FLOW_TAPE_DIAL);
        assert_string_equal(buf_str(&r.out.tape.typed), rows[i].kept);
        rig_fini(&r);
    }
}

/* A resumed dialogue goes on, "new" begins another one, and so does the next dial after an end. */
static void test_dialogues(void **state)
{
    struct rig r;

    (void)state;
    tape_init(&r);
    tape_event(&r, EVENT_BEGIN, "*333#");
    rig_write(&r);
    tape_event(&r, EVENT_ANSWER, "1");
    rig_write(&r);
    tape_event(&r, EVENT_BEGIN, "*333#");
    assert_int_equal(r.out.tape.kind, FLOW_TAPE_DIAL);
    assert_int_equal(r.s->dialogue, 1001);
    assert_int_equal(r.s->steps, 3);
    rig_write(&r);
    tape_event(&r, EVENT_ANSWER, "2");
    assert_int_equal(r.out.tape.kind, FLOW_TAPE_DIAL);
    assert_int_equal(r.s->dialogue, 1004);
    assert_int_equal(r.s->steps, 1);
    assert_non_null(strstr(buf_str(&r.out.tape.facts), "\"lang\""));
    rig_write(&r);
    tape_event(&r, EVENT_ANSWER, "15");
    assert_true(r.s->mode == SESSION_ENDED && r.s->unseen);
    rig_write(&r);
    tape_event(&r, EVENT_BEGIN, "*333#");               /* her case's page again: no step of a dialogue */
    assert_false(r.out.tape.on);
    rig_write(&r);
    flow_seen(r.s);
    tape_event(&r, EVENT_BEGIN, "*333#");
    assert_int_equal(r.s->dialogue, 1007);
    rig_fini(&r);
}

static void test_off(void **state)
{
    struct rig r;

    (void)state;
    tape_init(&r);
    rig_dial(&r, "*333#");
    assert_false(r.out.tape.on);
    assert_int_equal(r.s->dialogue, 0);
    tape_event(&r, EVENT_ANSWER, "1");                  /* switched on in the middle: from the next dialogue on */
    assert_false(r.out.tape.on);
    rig_fini(&r);
}

static void test_failed(void **state)
{
    struct rig r;

    (void)state;
    tape_init(&r);
    r.answer_count = 0;
    tape_event(&r, EVENT_BEGIN, "*333#");
    tape_event(&r, EVENT_ANSWER, "10");
    assert_string_equal(buf_str(&r.out.tape.facts), "{\"query\": \"who\", \"failed\": true}");
    r.number = -1;
    tape_event(&r, EVENT_ANSWER, "15");
    assert_string_equal(buf_str(&r.out.tape.facts), "{\"number\": false}");
    rig_fini(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kept), cmocka_unit_test(test_dialled), cmocka_unit_test(test_dialogues),
        cmocka_unit_test(test_off),  cmocka_unit_test(test_failed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
