#include "engine/flow.h"

#include "rig.h"

/* A tree with one of everything.  Languages: en is the default, la is for
 * display only. */
static const char menu_root[] =
    "language: 1\n"
    "code: [\"*333#\"]\n"
    "name: T\n"
    "languages:\n"
    "  en: {name: English, sms: true}\n"
    "  bn: {name: Bangla, sms: true}\n"
    "  la: {name: Latin, sms: false, shows: bn}\n"
    "words:\n"
    "  back: {en: Back, bn: Piche, la: Pichne}\n"
    "  exit: Exit\n"
    "  more: More\n"
    "  tries: '{n} left'\n"
    "  wrong: Wrong.\n"
    "  choose: Choose.\n"
    "  copied: A sample.\n"
    "  too_many: 'Call {helpline}'\n"
    "  busy: {en: 'Busy {helpline}', bn: 'Byasto {helpline}', la: 'Byasto {helpline}'}\n"
    "  continue: {en: 'Go on?', bn: 'Cholbe?', la: 'Choluk?'}\n"
    "  'yes': Ja\n"
    "  new: New\n"
    "  bye: Bye\n"
    "  no_code: No code\n"
    "  months: Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec\n"
    "start: main\n"
    "first: lang\n"
    "shortcuts: {'7': ask_plain, '7*1': info}\n"
    "resume: 2h\n"
    "tries: 3\n"
    "helpline: '333'\n"
    "types:\n"
    "  nid4: {pattern: '[0-9]{4}', example: '4821', width: 4}\n"
    "  kind: {choice: {AA: {en: Old, bn: Boro, la: Boro}, BB: New}}\n"
    "records:\n"
    "  payment: {state: 'word(12)', taka: whole}\n"
    "  item: {no: whole, name: 'text(20)'}\n"
    "queries:\n"
    "  pay: {sql: 'SELECT $1, $2, $3', args: [citizen.msisdn, nid4, kind], returns: payment}\n"
    "  risky: {sql: SELECT 1, returns: payment}\n"
    "  again: {sql: SELECT $1, args: [pay.taka], returns: payment}\n"
    "  items: {sql: SELECT 1, returns: list of item}\n"
    "services:\n"
    "  claim:\n"
    "    number: 8\n"
    "    agency: dss\n"
    "    title: Claim\n"
    "    fields: {what: 'text(40)', nid4: nid4}\n"
    "    notify: {submitted: claim_in}\n"
    "  other: {number: 3, agency: up, title: Other, fields: {what: 'text(40)', no: whole}}\n"
    "sms:\n"
    "  claim_in: {class: transactional, text: {en: 'Claim {case.no} in', bn: 'দাবি {case.no} জমা'}}\n"
    "  hello: {class: service_info, text: {en: 'Hello', bn: 'সালাম'}}\n"
    "screens:\n";

static const char menu_screens[] =
    "  main:\n"
    "    text: {en: Main, bn: Prodhan, la: Prodhan}\n"
    "    options:\n"
    "      1: {text: Ask, goto: ask_plain}\n"
    "      2: {text: List, goto: pick}\n"
    "      3: {text: Claim, set: {nid4: \"'2222'\"}, goto: claim}\n"
    "      4: {text: Secret, goto: secret}\n"
    "      5: {text: More, goto: more}\n"
    "      6: {text: Hidden, when: citizen.lang == 'bn', goto: info}\n"
    "      7: {text: Loop, goto: loop}\n"
    "      8: {text: Sms, goto: sms}\n"
    "      10: {text: Set, set: {kind: AA}, goto: kinds}\n"
    "      11: {text: Deep, goto: deep}\n"
    "      12: {text: Long end, goto: long_end}\n"
    "  lang:\n"
    "    text: Lang\n"
    "    options:\n"
    "      1: {text: English, set: {citizen.lang: en}, goto: main}\n"
    "      2: {text: Bangla, set: {citizen.lang: bn}, goto: main}\n"
    "  ask_plain: {set: {kind: BB}, goto: ask}\n"
    "  ask:\n"
    "    text: Four digits\n"
    "    input: {into: nid4, wrong: Not four.}\n"
    "    goto: look\n"
    "  look: {query: pay, into: pay, none: nothing, goto: [{when: \"pay.state == 'bad'\", to: nothing}, {to: paid}]}\n"
    "  nothing: {text: Nothing}\n"
    "  info: {text: Info}\n"
    "  paid:\n"
    "    text: 'Tk {pay.taka}'\n"
    "    options: {1: {text: End, goto: end}, 2: {text: Risk, goto: risk}}\n"
    "  risk: {query: again, into: pay, none: nothing, fail: info, goto: paid}\n"
    "  end: {text: End, end: true}\n"
    "  long_end:\n"
    "    text: 'aaaaaaaaaaaaaaaaaaa bbbbbbbbbbbbbbbbbbb ccccccccccccccccccc ddddddddddddddddddd eeeeeeeeeeeeeeeeeee\n"
    "      fffffffffffffffffff ggggggggggggggggggg hhhhhhhhhhhhhhhhhhh iiiiiiiiiiiiiiiiiii'\n"
    "    end: true\n"
    "  pick:\n"
    "    text: Pick\n"
    "    list: {query: items, into: it, option: '{it.name}', goto: picked, empty: nothing, max: 12}\n"
    "  picked: {text: 'You took {it.no} {it.name}', options: {1: {text: Claim, goto: claim_row}}}\n"
    "  claim_row: {submit: other, with: {what: it.name, no: it.no}, into: case, goto: done}\n"
    "  claim:\n"
    "    text: What\n"
    "    input: {into: what, type: 'text(40)'}\n"
    "    goto: confirm\n"
    "  confirm:\n"
    "    text: 'Send {what}?'\n"
    "    options:\n"
    "      1: {text: 'Yes', goto: send}\n"
    "      2: {text: Two, goto: send_two}\n"
    "      3: {text: Risk, goto: send_risk}\n"
    "      4: {text: Same twice, goto: send_same}\n"
    "      5: {text: Then more, goto: send_more}\n"
    "  send: {submit: claim, with: {what: what, nid4: nid4}, into: case, goto: done}\n"
    "  send_two:\n"
    "    do: [{submit: claim, with: {what: what}, into: case}, {submit: other, with: {what: what}, into: second}]\n"
    "    goto: done\n"
    "  send_risk:\n"
    "    do: [{submit: claim, with: {what: what}, into: case}, {query: risky, into: pay}]\n"
    "    goto: done\n"
    "  send_same:\n"
    "    do: [{submit: claim, with: {what: what}, into: case}, {submit: claim, with: {what: what}, into: case}]\n"
    "    goto: done\n"
    "  send_more: {submit: claim, with: {what: what}, into: case, goto: after}\n"
    "  after: {text: 'Sent {case.no}', options: {1: {text: End, goto: end}}}\n"
    "  done: {text: 'Done {case.no}', end: true}\n"
    "  secret:\n"
    "    text: PIN\n"
    "    secret: true\n"
    "    input: {into: pin, type: 'pin(4)'}\n"
    "    goto: check\n"
    "  check: {goto: [{when: pin == '1234', to: inside}, {to: nothing}]}\n"
    "  inside: {text: Inside, options: {1: {text: Again, goto: secret}}}\n"
    "  more:\n"
    "    text: Ward\n"
    "    input: {into: ward, type: 'whole'}\n"
    "    goto: told\n"
    "  told: {text: 'Ward {ward}'}\n"
    "  loop: {goto: loop2}\n"
    "  loop2: {goto: [{when: citizen.known, to: info}, {to: info}]}\n"
    "  sms: {do: [{sms: hello, to: citizen.msisdn}, {sms: hello, to: citizen.msisdn}], goto: info}\n"
    "  kinds: {text: 'Kind {kind|name}', options: {1: {text: Ask, goto: ask}}}\n"
    "  deep: {text: Deep, options: {1: {text: Deeper, goto: deeper}}}\n"
    "  deeper: {text: Deeper, options: {1: {text: Deep, goto: deep}, 2: {text: End, goto: end}}}\n";

#define MAIN_OPTIONS "\n1 Ask\n2 List\n3 Claim\n4 Secret\n5 More\n7 Loop\n8 Sms\n10 Set\n11 Deep\n12 Long end\n"
#define MAIN "Main" MAIN_OPTIONS "0 Exit"
#define ASK "Four digits\n0 Back"
#define GO_ON "Go on?\n1 Ja\n2 New"

static const struct rig_answer answers[] = {
    { "pay", false, 1, { { { "state", "paid" }, { "taka", "1950" } } } },
    { "risky", true, 0, { { { NULL, NULL } } } },
    { "again", true, 0, { { { NULL, NULL } } } },
    { "items", false, 3,
      { { { "no", "11" }, { "name", "Ant" } },
        { { "no", "12" }, { "name", "Bee" } },
        { { "no", NULL }, { "name", "Cat" } } } },
};

static struct menu *flow_menu(void)
{
    char yaml[sizeof menu_root + sizeof menu_screens];

    snprintf(yaml, sizeof yaml, "%s%s", menu_root, menu_screens);
    return rig_menu(yaml);
}

/* Someone whose language is English. */
static struct rig *rig_new(void)
{
    struct rig *r = malloc(sizeof *r);

    assert_non_null(r);
    rig_init(r, flow_menu());
    r->answers = answers;
    r->answer_count = sizeof answers / sizeof answers[0];
    memcpy(r->citizen_lang, "en", 3);
    rig_load(r);
    return r;
}

static int setup(void **state)
{
    *state = rig_new();
    return 0;
}

static int teardown(void **state)
{
    rig_fini(*state);
    free(*state);
    return 0;
}

/* --- A: what an event is ------------------------------------------------------------ */

/* 1: the last event again, at whatever screen: its page, and nothing changes. */
static void test_last_again(void **state)
{
    struct rig *r = *state;
    int32_t turn;

    rig_sees(rig_dial(r, "*333#"), MAIN);
    rig_sees(rig_type(r, "1"), ASK);
    turn = r->turn;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(rig_send(r, &r->last), FLOW_REPEAT);
        rig_sees(rig_shown(r), ASK);
    }
    assert_int_equal(r->turn, turn);
    rig_sees(rig_type(r, "1111"), "Tk 1950\n1 End\n2 Risk\n0 Back");
}

/* 2: an older event that comes again late is dropped. */
static void test_older_again(void **state)
{
    struct rig *r = *state;
    struct event old[3];
    char texts[3][8] = { "*333#", "1", "1111" };

    rig_dial(r, "*333#");
    old[0] = r->last;
    rig_type(r, "1");
    old[1] = r->last;
    rig_type(r, "1111");
    old[2] = r->last;
    rig_type(r, "0");
    for (int i = 0; i < 3; i++) {
        old[i].text = texts[i];
        assert_int_equal(rig_send(r, &old[i]), FLOW_DROP);
    }
    rig_sees(buf_str(&r->s->reply), ASK);
}

/* 3: the telco's own resend has a new id; a person is never so fast. */
static void test_resend(void **state)
{
    struct rig *r = *state;
    struct event ev;

    rig_dial(r, "*333#");
    rig_type(r, "11");
    ev = r->last;
    ev.id.bytes[15] = 1;
    ev.seen += 799;
    assert_int_equal(rig_send(r, &ev), FLOW_REPEAT);
    rig_sees(rig_shown(r), "Deep\n1 Deeper\n0 Back");
    rig_load(r);                        /* by another process too, from the row */
    assert_int_equal(rig_send(r, &ev), FLOW_REPEAT);
    rig_sees(rig_shown(r), "Deep\n1 Deeper\n0 Back");
    ev.text = "1";                      /* another answer is an answer */
    ev.text_len = 1;
    assert_int_equal(rig_send(r, &ev), FLOW_REPLY);
    rig_sees(rig_shown(r), "Deeper\n1 Deep\n2 End\n0 Back");
    ev.id.bytes[15] = 2;                /* the same after the window is one too */
    ev.seen += 801;
    assert_int_equal(rig_send(r, &ev), FLOW_REPLY);
    rig_sees(rig_shown(r), "Deep\n1 Deeper\n0 Back");
    ev.id.bytes[15] = 4;                /* seen by a process whose clock is behind */
    ev.seen -= 1500;
    assert_int_equal(rig_send(r, &ev), FLOW_REPLY);
    rig_sees(rig_shown(r), "Deeper\n1 Deep\n2 End\n0 Back");
    ev.id.bytes[15] = 3;                /* in another dialogue: not a resend */
    ev.ref.bytes[0] = 99;
    ev.at += 1000;
    assert_int_equal(rig_send(r, &ev), FLOW_REPLY);
    rig_sees(rig_shown(r), GO_ON);
}

static void test_resent_dial(void **state)
{
    struct rig *r = *state;
    struct event ev;

    rig_dial(r, "*333#");
    ev = r->last;
    ev.id.bytes[15] = 1;
    ev.seen += 500;
    assert_int_equal(rig_send(r, &ev), FLOW_REPEAT);
}

/* 4: what is older than the last event and of another dialogue is over. */
static void test_stale(void **state)
{
    struct rig *r = *state;
    struct event ev;

    rig_dial(r, "*333#");
    rig_type(r, "1");
    r->ref = 77;
    for (int kind = 0; kind < EVENT_KINDS; kind++) {
        ev = rig_event(r, (enum event_kind)kind, "1");
        ev.at = r->s->at - 1000;
        assert_int_equal(rig_send(r, &ev), FLOW_DROP);
    }
    ev = rig_event(r, EVENT_ANSWER, "1");
    ev.at = r->s->at;                   /* same second: an answer is late, a dial is not */
    assert_int_equal(rig_send(r, &ev), FLOW_DROP);
    ev = rig_event(r, EVENT_ABORT, "");
    ev.at = r->s->at;
    assert_int_equal(rig_send(r, &ev), FLOW_DROP);
    ev = rig_event(r, EVENT_BEGIN, "*333#");
    ev.at = r->s->at;
    assert_int_equal(rig_send(r, &ev), FLOW_REPLY);
    rig_sees(rig_shown(r), GO_ON);
}

/* Without names of dialogues only the time tells. */
static void test_stale_nameless(void **state)
{
    struct rig *r = *state;
    struct event ev;

    ev = rig_event(r, EVENT_BEGIN, "*333#");
    assert_int_equal(rig_send(r, &ev), FLOW_REPLY);
    ev = rig_event(r, EVENT_ANSWER, "1");
    ev.at = r->s->at;                   /* in the same second: ours */
    assert_int_equal(rig_send(r, &ev), FLOW_REPLY);
    rig_sees(rig_shown(r), ASK);
    ev = rig_event(r, EVENT_ANSWER, "1111");
    ev.at = r->s->at - 1000;
    assert_int_equal(rig_send(r, &ev), FLOW_DROP);
    rig_sees(rig_type(r, "1111"), "Tk 1950\n1 End\n2 Risk\n0 Back");
}

/* A dialogue that we began: her first answer brings its name, and an older event is none of it. */
static void test_pushed(void **state)
{
    struct rig *r = *state;
    struct event ev = rig_event(r, EVENT_BEGIN, "*333#");

    ev.ref = event_ref_pushed();
    assert_int_equal(rig_send(r, &ev), FLOW_REPLY);
    r->ref = 78;
    ev = rig_event(r, EVENT_ANSWER, "1");
    ev.at = r->s->at - 1000;
    assert_int_equal(rig_send(r, &ev), FLOW_DROP);
    rig_sees(rig_type(r, "1"), ASK);
    assert_false(event_ref_is_pushed(&r->s->ref));
    r->ref = 79;                        /* it has a name now */
    ev = rig_event(r, EVENT_ABORT, "");
    ev.at = r->s->at;
    assert_int_equal(rig_send(r, &ev), FLOW_DROP);
}

/* In the same dialogue bearers may tell what time they like. */
static void test_not_stale_in_dialogue(void **state)
{
    struct rig *r = *state;
    struct event ev;

    rig_dial(r, "*333#");
    ev = rig_event(r, EVENT_ANSWER, "1");
    ev.at = r->s->at - 60000;
    assert_int_equal(rig_send(r, &ev), FLOW_REPLY);
    rig_sees(rig_shown(r), ASK);
}

/* The clock was set back: she is not shut out until it has caught up. */
static void test_clock_set_back(void **state)
{
    struct rig *r = *state;

    rig_dial(r, "*333#");
    r->now -= 3600000;
    rig_sees(rig_dial(r, "*333#"), MAIN);
    rig_sees(rig_type(r, "1"), ASK);
}

/* 5: hanging up changes nothing; the dialogue can be continued. */
static void test_abort(void **state)
{
    struct rig *r = *state;
    struct event ev;
    int32_t turn;

    rig_dial(r, "*333#");
    rig_type(r, "1");
    turn = r->turn;
    ev = rig_event(r, EVENT_ABORT, "");
    assert_int_equal(rig_send(r, &ev), FLOW_CLOSE);
    ev = rig_event(r, EVENT_ABORT, "");
    ev.ref.bytes[0] = 200;              /* of a dialogue we do not know */
    assert_int_equal(rig_send(r, &ev), FLOW_DROP);
    ev = rig_event(r, EVENT_ABORT, "");
    ev.ref.len = 0;
    assert_int_equal(rig_send(r, &ev), FLOW_CLOSE);
    assert_int_equal(r->turn, turn);
    rig_sees(rig_dial(r, "*333#"), GO_ON);
}

/* 6: an answer to a screen we do not know: never silence. */
static void test_unknown_answer(void **state)
{
    struct rig *r = *state;

    r->ref = 5;
    rig_sees(rig_type(r, "3"), MAIN);           /* no dialogue at all */
    rig_sees(rig_type(r, "1"), ASK);
    r->ref = 6;
    rig_sees(rig_type(r, "1111"), GO_ON);       /* another dialogue than ours */
    rig_sees(rig_type(r, "1"), ASK);
    rig_type(r, "1111");
    rig_sees(rig_type(r, "1"), "End");
    rig_sees(rig_type(r, "1"), MAIN);           /* to one that has ended */
}

/* 7: an aggregator's text is all her answers so far. */
static const char *joined(struct rig *r, enum event_kind kind, const char *text)
{
    struct event ev = rig_event(r, kind, text);

    ev.joined = true;
    rig_send(r, &ev);
    return rig_shown(r);
}

static void test_joined(void **state)
{
    struct rig *r = *state;

    r->ref = 9;
    rig_sees(joined(r, EVENT_BEGIN, ""), MAIN);
    rig_sees(joined(r, EVENT_ANSWER, "3"), "What\n0 Back");
    rig_sees(joined(r, EVENT_ANSWER, "3*a*b"), "Send a*b?\n1 Yes\n2 Two\n3 Risk\n4 Same twice\n5 Then more\n0 Back");
    assert_int_equal(r->s->joined_len, 5);
    joined(r, EVENT_ANSWER, "3*a*b");           /* under another id */
    assert_int_equal(r->result, FLOW_REPEAT);
    joined(r, EVENT_ANSWER, "3");               /* shorter: an old one */
    assert_int_equal(r->result, FLOW_REPEAT);
    rig_sees(joined(r, EVENT_ANSWER, "3*a*b*0"), "What\n0 Back");
    rig_sees(joined(r, EVENT_ANSWER, "3*a*b*0**"), "What\n0 Piche");    /* key *: next script */
    rig_sees(joined(r, EVENT_ANSWER, "3*a*b*0****"), "What\n0 Pichne");
}

/* The first request may already hold a path; a new name is a new dialogue. */
static void test_joined_path(void **state)
{
    struct rig *r = *state;

    r->ref = 9;
    rig_sees(joined(r, EVENT_ANSWER, "7*1111"), "Tk 1950\n1 End\n2 Risk\n0 Back");
    assert_int_equal(r->s->joined_len, 6);
    rig_sees(joined(r, EVENT_ANSWER, "7*1111*1"), "End");
    rig_sees(joined(r, EVENT_ANSWER, "7*1111*1*3"), MAIN);      /* it went on after our end */
    rig_sees(joined(r, EVENT_ANSWER, "7*1111*1*3*11"), "Deep\n1 Deeper\n0 Back");
    r->ref = 10;
    rig_sees(joined(r, EVENT_ANSWER, "12"), "aaaaaaaaaaaaaaaaaaa bbbbbbbbbbbbbbbbbbb ccccccccccccccccccc "
             "ddddddddddddddddddd eeeeeeeeeeeeeeeeeee fffffffffffffffffff ggggggggggggggggggg\n9 More");
}

/* Requests over HTTP are never late. */
static void test_joined_never_stale(void **state)
{
    struct rig *r = *state;
    struct event ev;

    r->ref = 9;
    joined(r, EVENT_BEGIN, "");
    ev = rig_event(r, EVENT_ANSWER, "1");
    ev.joined = true;
    ev.ref.bytes[0] = 10;
    ev.at = r->s->at;
    assert_int_equal(rig_send(r, &ev), FLOW_REPLY);
    rig_sees(rig_shown(r), ASK);
}

/* --- B: a dial -------------------------------------------------------------------------- */

static void test_first_dial_asks_language(void **state)
{
    struct rig *r = *state;

    r->citizen_lang[0] = '\0';
    rig_load(r);
    rig_sees(rig_dial(r, "*333#"), "Lang\n1 English\n2 Bangla\n0 Exit");
    rig_sees(rig_type(r, "2"), "Prodhan\n1 Ask\n2 List\n3 Claim\n4 Secret\n5 More\n6 Hidden\n7 Loop\n8 Sms\n10 Set\n"
             "11 Deep\n12 Long end\n0 Exit");
    assert_string_equal(r->citizen_lang, "bn");         /* her row took it */
    rig_sees(rig_type(r, "0"), "Bye");                  /* the choice does not lie behind */
    rig_dial(r, "*333#");
    assert_true(strncmp(rig_shown(r), "Prodhan", 7) == 0);
}

/* A sub-code goes straight on, in the default language. */
static void test_first_dial_subcode(void **state)
{
    struct rig *r = *state;

    r->citizen_lang[0] = '\0';
    rig_load(r);
    rig_sees(rig_dial(r, "*333*7#"), ASK);
    assert_false(r->s->lang_known);
}

static void test_resume(void **state)
{
    struct rig *r = *state;

    rig_dial(r, "*333#");
    rig_type(r, "1");
    rig_sees(rig_dial(r, "*333#"), GO_ON);
    rig_sees(rig_type(r, "3"), "Choose.\n1 Ja\n2 New");
    rig_sees(rig_type(r, "1"), ASK);
    assert_true(r->out.resumed);
    rig_sees(rig_type(r, "x"), "Not four.\n2 left\n0 Back");     /* its tries begin anew */
    rig_dial(r, "*333#");
    rig_sees(rig_type(r, "1"), ASK);                            /* from its first page, without the error */
    rig_sees(rig_type(r, "0"), MAIN);
    rig_type(r, "1");
    rig_dial(r, "*333#");
    rig_sees(rig_type(r, "2"), MAIN);
    assert_int_equal(r->s->depth, 0);
    rig_sees(rig_dial(r, "*333#"), MAIN);                       /* nothing was done yet: no question */
}

/* Keys work at the question too; leaving it keeps the dialogue. */
static void test_resume_keys(void **state)
{
    struct rig *r = *state;

    rig_dial(r, "*333#");
    rig_type(r, "1");
    rig_dial(r, "*333#");
    rig_sees(rig_type(r, "*"), "Cholbe?\n1 Ja\n2 New");
    assert_string_equal(r->citizen_lang, "bn");
    rig_type(r, "*");
    rig_type(r, "*");
    rig_sees(rig_type(r, "0"), "Bye");
    assert_true(r->s->reply_end);
    rig_sees(rig_dial(r, "*333#"), GO_ON);
    rig_sees(rig_type(r, "00"), MAIN);
    rig_type(r, "1");
    rig_dial(r, "*333#");
    rig_type(r, "x");
    rig_type(r, "y");
    rig_sees(rig_type(r, "z"), "Call 333");
    rig_sees(rig_dial(r, "*333#"), MAIN);
}

static void test_resume_window(void **state)
{
    struct rig *r = *state;

    rig_dial(r, "*333#");
    rig_type(r, "1");
    r->now += 2 * 3600000 - 5000;       /* menu key resume: 2h */
    rig_sees(rig_dial(r, "*333#"), GO_ON);
    r->now += 2 * 3600000;
    rig_sees(rig_dial(r, "*333#"), MAIN);
}

/* PIN and consent screens are never resumed into. */
static void test_resume_secret(void **state)
{
    struct rig *r = *state;

    rig_dial(r, "*333#");
    rig_sees(rig_type(r, "4"), "PIN\n0 Back");
    rig_sees(rig_dial(r, "*333#"), MAIN);
}

static void test_resume_and_subcode(void **state)
{
    struct rig *r = *state;

    rig_dial(r, "*333#");
    rig_type(r, "11");
    rig_sees(rig_dial(r, "*333*7#"), ASK);              /* nothing typed would be lost */
    rig_type(r, "1111");
    rig_sees(rig_dial(r, "*333*3*hello#"), GO_ON);
    rig_sees(rig_type(r, "1"), "Tk 1950\n1 End\n2 Risk\n0 Back");
    assert_int_equal(r->s->path.len, 0);
    rig_dial(r, "*333*3*hello#");
    rig_sees(rig_type(r, "2"), "Send hello?\n1 Yes\n2 Two\n3 Risk\n4 Same twice\n5 Then more\n0 Back");
}

/* The page with the case's number is shown again until a bearer confirmed it. */
static void test_unseen(void **state)
{
    struct rig *r = *state;
    char done[64];

    rig_dial(r, "*333*3*hello#");
    snprintf(done, sizeof done, "%s", rig_type(r, "1"));
    assert_true(strncmp(done, "Done 8", 6) == 0);
    assert_true(r->s->unseen && r->s->reply_end);
    rig_sees(rig_dial(r, "*333#"), done);
    assert_true(r->s->reply_end);
    rig_sees(rig_dial(r, "*333*7#"), done);
    r->now += 9 * 60000;
    rig_sees(rig_dial(r, "*333#"), done);
    r->now += 60000;                    /* ten minutes after the end, not after the last dial */
    rig_sees(rig_dial(r, "*333#"), MAIN);
    assert_int_equal(r->case_count, 1);
}

/* Ten minutes from the end, however long she took to get there. */
static void test_unseen_slow(void **state)
{
    struct rig *r = *state;

    rig_dial(r, "*333*3*hello#");
    r->now += 8 * 60000;
    rig_type(r, "1");
    r->now += 8 * 60000;
    assert_true(strncmp(rig_dial(r, "*333#"), "Done 8", 6) == 0);
}

static void test_seen(void **state)
{
    struct rig *r = *state;

    rig_dial(r, "*333*3*hello#");
    rig_type(r, "1");
    flow_seen(r->s);
    buf_clear(&r->state);
    assert_true(session_encode(r->s, &r->state));
    rig_sees(rig_dial(r, "*333#"), MAIN);
}

/* The end that comes screens after the case counts as well. */
static void test_unseen_later(void **state)
{
    struct rig *r = *state;

    rig_dial(r, "*333*3*hello#");
    rig_type(r, "5");
    assert_false(r->s->unseen);
    rig_sees(rig_type(r, "1"), "End");
    assert_true(r->s->unseen);
}

/* An end leaves nothing of what she said. */
static void test_end_forgets(void **state)
{
    struct rig *r = *state;

    rig_dial(r, "*333*7*1111#");
    rig_sees(rig_type(r, "1"), "End");
    assert_true(r->s->reply_end);
    assert_int_equal(r->s->values.packed.len, 0);
    assert_int_equal(r->s->mode, SESSION_ENDED);
    assert_false(r->s->unseen);
    rig_sees(rig_dial(r, "*333#"), MAIN);
}

/* --- C: sub-codes ------------------------------------------------------------------------ */

static void test_subcodes(void **state)
{
    static const struct {
        const char *dialled, *page;
    } rows[] = {
        { "*333*1#", ASK },
        { "*333*7#", ASK },                             /* a short cut, not option 7 */
        { "*333*7*1#", "Info\n0 Back" },                /* the longest */
        { "*333*7*1111#", "Tk 1950\n1 End\n2 Risk\n0 Back" },
        { "*333*1*1111*1#", "End" },
        { "*333*1*1111*1*5*6#", "End" },                /* an end is the end */
        { "*333*2*2#", "You took 12 Bee\n1 Claim\n0 Back" },     /* a question on the way */
        { "*333*1*12#", ASK },                          /* as far as it fits, and no try is counted */
        { "*333*1*4821#", ASK },
        { "*333*71#", "No code\nMain" MAIN_OPTIONS "0 Exit" },
        { "*333*99*1#", "No code\nMain" MAIN_OPTIONS "0 Exit" },
        { "*333*0#", "No code\nMain" MAIN_OPTIONS "0 Exit" },
        { "*333*00#", "No code\nMain" MAIN_OPTIONS "0 Exit" },
        { "*333*01#", "No code\nMain" MAIN_OPTIONS "0 Exit" },
        { "*333**#", "No code\nMain" MAIN_OPTIONS "0 Exit" },
        { "*333*1*0#", ASK },
        { "*333*6#", "No code\nMain" MAIN_OPTIONS "0 Exit" },     /* not offered in English */
        { "*333*4*1234#", "PIN\n0 Back" },              /* secrets are not dialled */
        { "*333#", MAIN },
        { "*333*", MAIN },
        { "333", MAIN },
        { "*444*1#", MAIN },                            /* not ours: as if she had dialled the code */
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rig *r = rig_new();

        rig_dial(r, rows[i].dialled);
        if (strcmp(rig_shown(r), rows[i].page) != 0)
            fail_msg("%s shows\n%s\nnot\n%s", rows[i].dialled, rig_shown(r), rows[i].page);
        assert_int_equal(r->s->tries, 0);
        assert_int_equal(r->s->path.len, 0);
        rig_fini(r);
        free(r);
    }
}

/* Behind a sub-code lies the start, whatever it jumped over. */
static void test_subcode_back(void **state)
{
    struct rig *r = *state;

    rig_dial(r, "*333*7#");
    rig_sees(rig_type(r, "0"), MAIN);
    rig_sees(rig_type(r, "0"), "Bye");
    rig_dial(r, "*333*1*1111#");
    rig_sees(rig_type(r, "0"), ASK);
    rig_sees(rig_type(r, "0"), MAIN);
}

/* The line above the menu is gone with the next page, and pages are laid out
 * with it. */
static void test_no_code_paging(void **state)
{
    struct rig *r = *state;

    r->limits.septets = 40;
    rig_sees(rig_dial(r, "*333*99#"), "No code\nMain\n1 Ask\n2 List\n9 More 0 Exit");
    rig_sees(rig_type(r, "9"), "3 Claim\n4 Secret\n5 More\n9 More 0 Back");      /* nothing is skipped */
    rig_sees(rig_type(r, "1"), ASK);
}

/* 200 digits, and more than a session keeps. */
static void test_long_path(void **state)
{
    struct rig *r = *state;
    char dialled[EVENT_TEXT_MAX + 200] = "*333*";

    memset(dialled + 5, '1', 200);
    rig_sees(rig_dial(r, dialled), "No code\nMain" MAIN_OPTIONS "0 Exit");
    memset(dialled + 5, '1', sizeof dialled - 6);
    dialled[6] = '*';
    rig_sees(rig_dial(r, dialled), "No code\nMain" MAIN_OPTIONS "0 Exit");
}

/* The question on the way fails: she goes on from the screen that was reached. */
static void test_subcode_busy(void **state)
{
    static const struct rig_answer broken[] = { { "pay", true, 0, { { { NULL, NULL } } } } };
    struct rig *r = *state;

    r->answers = broken;
    r->answer_count = 1;
    rig_sees(rig_dial(r, "*333*10*1*1111*1#"), "Busy 333");
    assert_true(r->s->reply_end);
    r->answers = answers;
    r->answer_count = sizeof answers / sizeof answers[0];
    rig_sees(rig_dial(r, "*333#"), GO_ON);
    rig_sees(rig_type(r, "1"), ASK);
    rig_type(r, "2222");
    assert_string_equal(r->args[0], RIG_MSISDN);
    assert_string_equal(r->args[1], "2222");
    assert_string_equal(r->args[2], "AA");              /* chosen on the way, before what failed */
}

/* --- D: an answer --------------------------------------------------------------------------- */

static void test_back(void **state)
{
    struct rig *r = *state;

    rig_dial(r, "*333#");
    rig_type(r, "1");
    rig_type(r, "1111");
    rig_sees(rig_type(r, "0"), ASK);
    rig_sees(rig_type(r, "0"), MAIN);
    rig_sees(rig_type(r, "0"), "Bye");
    assert_true(r->s->reply_end);
    assert_int_equal(r->s->mode, SESSION_ENDED);
}

/* An action that leads to where she was: one step back is the screen before. */
static void test_back_from_same(void **state)
{
    static const struct rig_answer good[] = {
        { "pay", false, 1, { { { "state", "paid" }, { "taka", "1950" } } } },
        { "again", false, 1, { { { "state", "paid" }, { "taka", "7" } } } },
    };
    struct rig *r = *state;

    r->answers = good;
    r->answer_count = 2;
    rig_dial(r, "*333*7*1111#");
    rig_sees(rig_type(r, "2"), "Tk 7\n1 End\n2 Risk\n0 Back");
    rig_sees(rig_type(r, "0"), ASK);
}

/* More screens than the stack: the last step back is still the start. */
static void test_back_from_depth(void **state)
{
    struct rig *r = *state;
    int steps = 0;

    rig_dial(r, "*333#");
    rig_type(r, "11");
    for (int i = 0; i < 60; i++)
        rig_type(r, "1");
    assert_int_equal(r->s->depth, SESSION_STACK_MAX);
    while (strcmp(rig_type(r, "0"), MAIN) != 0)
        steps++;
    assert_int_equal(steps, SESSION_STACK_MAX - 1);
    rig_sees(rig_type(r, "0"), "Bye");
}

static void test_start_key(void **state)
{
    struct rig *r = *state;

    rig_dial(r, "*333#");
    rig_type(r, "1");
    rig_type(r, "1111");
    rig_sees(rig_type(r, "00"), MAIN);
    assert_int_equal(r->s->depth, 0);
    assert_int_equal(r->s->values.packed.len, 0);
    rig_sees(rig_dial(r, "*333#"), MAIN);               /* nothing to continue */
}

static void test_script_key(void **state)
{
    struct rig *r = *state;

    rig_dial(r, "*333#");
    rig_type(r, "1");
    rig_type(r, "x");
    rig_sees(rig_type(r, "*"), "Not four.\n2 left\n0 Piche");   /* as it stands, in the next language */
    assert_string_equal(r->citizen_lang, "bn");
    rig_sees(rig_type(r, "*"), "Not four.\n2 left\n0 Pichne");
    rig_type(r, "*");
    assert_string_equal(r->citizen_lang, "en");
    assert_int_equal(r->s->tries, 1);
    rig_type(r, "0");
    assert_false(r->out.lang_changed);
    r->limits.septets = 40;
    rig_dial(r, "*333*99#");
    rig_type(r, "9");
    rig_sees(rig_type(r, "*"), "No code\nProdhan\n1 Ask\n9 More 0 Exit");     /* its first page */
}

static void test_more_key(void **state)
{
    struct rig *r = *state;

    r->limits.septets = 40;
    rig_sees(rig_dial(r, "*333#"), "Main\n1 Ask\n2 List\n3 Claim\n9 More 0 Exit");
    rig_sees(rig_type(r, "9"), "4 Secret\n5 More\n7 Loop\n9 More 0 Back");
    assert_int_equal(r->s->page, 1);
    rig_sees(rig_type(r, "1"), ASK);                    /* a number of another page */
    rig_type(r, "0");
    rig_type(r, "9");
    rig_type(r, "9");
    rig_sees(rig_type(r, "0"), "Main\n1 Ask\n2 List\n3 Claim\n9 More 0 Exit");       /* as its hint says */
    rig_sees(rig_type(r, "11"), "Deep\n1 Deeper\n0 Back");
    rig_sees(rig_type(r, "9"), "Choose.\n2 left\n1 Deeper\n0 Back");    /* no more here: a wrong number */
}

/* Where no more is shown, 9 is an answer. */
static void test_nine_as_answer(void **state)
{
    struct rig *r = *state;

    rig_dial(r, "*333*5#");
    rig_sees(rig_type(r, "9"), "Ward 9\n0 Back");
}

/* Pages of an error are laid out with it: no option falls between two pages. */
static void test_more_after_error(void **state)
{
    struct rig *r = *state;

    r->limits.septets = 40;
    rig_dial(r, "*333#");
    rig_sees(rig_type(r, "99"), "Choose.\n2 left\n1 Ask\n9 More 0 Exit");
    assert_true(strncmp(rig_type(r, "9"), "2 List\n", 7) == 0);
}

static void test_options(void **state)
{
    static const char *const wrong[] = {
        "", "6", "9", "99", "01", "1.", "one", "1 1", "0x1", "-1", "+1", "1111111111111",
        "\xe0\xa7\xa7\xe0\xa7\xa8\xe0\xa7\xa9",     /* ১২৩ */
    };
    struct rig *r = *state;

    rig_dial(r, "*333#");
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        rig_sees(rig_type(r, wrong[i]), "Choose.\n2 left" MAIN_OPTIONS "0 Exit");
        rig_type(r, "00");
    }
    rig_sees(rig_type(r, " \xe0\xa7\xa7 "), ASK);               /* ১ */
    rig_type(r, "0");
    rig_sees(rig_type(r, "\xe0\xa7\xa7\xe0\xa7\xa7"), "Deep\n1 Deeper\n0 Back");        /* ১১ */
}

static void test_tries(void **state)
{
    struct rig *r = *state;

    rig_dial(r, "*333#");
    rig_type(r, "1");
    rig_sees(rig_type(r, "123"), "Not four.\n2 left\n0 Back");
    rig_sees(rig_type(r, "4821"), "A sample.\n1 left\n0 Back");
    rig_sees(rig_type(r, "abc"), "Call 333");
    assert_true(r->s->reply_end);
    assert_int_equal(r->s->mode, SESSION_ENDED);
    rig_sees(rig_dial(r, "*333#"), MAIN);
    rig_type(r, "77");
    rig_sees(rig_type(r, "1"), ASK);                    /* a right answer gives them back */
    rig_sees(rig_type(r, "1"), "Not four.\n2 left\n0 Back");
    rig_type(r, "0");
    rig_sees(rig_type(r, "77"), "Choose.\n2 left" MAIN_OPTIONS "0 Exit");
}

/* The program's own words where the input has none; a screen that only tells is
 * told again. */
static void test_wrong_words(void **state)
{
    struct rig *r = *state;

    rig_dial(r, "*333*5#");
    rig_sees(rig_type(r, "x"), "Wrong.\n2 left\n0 Back");
    rig_dial(r, "*333*7*1#");
    rig_sees(rig_type(r, "5"), "Info\n0 Back");
    rig_type(r, "5");
    rig_sees(rig_type(r, "5"), "Call 333");
}

static void test_too_long(void **state)
{
    static char text[10001];
    struct rig *r = *state;

    memset(text, '1', sizeof text - 1);
    rig_dial(r, "*333*7#");
    rig_sees(rig_type(r, text), "Not four.\n2 left\n0 Back");
    rig_dial(r, "*333#");
    rig_sees(rig_type(r, text), "Choose.\n1 Ja\n2 New");
    rig_type(r, "2");
    rig_sees(rig_type(r, text), "Choose.\n2 left" MAIN_OPTIONS "0 Exit");
    text[EVENT_TEXT_MAX] = '\0';        /* the longest that is looked at */
    rig_type(r, "3");
    rig_sees(rig_type(r, text), "Wrong.\n2 left\n0 Back");
}

/* Choosing sets values, citizen.lang too, and `when` sees them. */
static void test_sets(void **state)
{
    struct rig *r = *state;

    rig_dial(r, "*333#");
    rig_sees(rig_type(r, "10"), "Kind Old\n1 Ask\n0 Back");
    rig_type(r, "1");
    rig_type(r, "1111");
    assert_string_equal(r->args[2], "AA");
}

/* --- E: screens that act ------------------------------------------------------------------------ */

static void test_query_args(void **state)
{
    struct rig *r = *state;

    rig_dial(r, "*333*7#");
    rig_sees(rig_type(r, "1111"), "Tk 1950\n1 End\n2 Risk\n0 Back");
    assert_int_equal(r->arg_count, 3);
    assert_string_equal(r->args[0], RIG_MSISDN);
    assert_string_equal(r->args[1], "1111");
    assert_string_equal(r->args[2], "BB");
}

/* An argument that is not set is SQL NULL. */
static void test_query_args_unset(void **state)
{
    static const struct rig_answer poor[] = {
        { "pay", false, 1, { { { "state", "paid" }, { "taka", NULL } } } },
        { "again", true, 0, { { { NULL, NULL } } } },
    };
    struct rig *r = *state;

    r->answers = poor;
    r->answer_count = 2;
    rig_dial(r, "*333*7*1111#");
    rig_type(r, "2");
    assert_int_equal(r->arg_count, 1);
    assert_string_equal(r->args[0], "NULL");
}

static void test_query_results(void **state)
{
    static const struct {
        struct rig_answer answer;
        const char *page;
    } rows[] = {
        { { "pay", false, 0, { { { NULL, NULL } } } }, "Nothing\n0 Back" },
        { { "pay", false, 1, { { { "state", "bad" }, { "taka", "1" } } } }, "Nothing\n0 Back" },
        { { "pay", false, 1, { { { "state", "paid" }, { "taka", NULL } } } }, "Tk \n1 End\n2 Risk\n0 Back" },
        { { "pay", false, 1, { { { "state", "paid" }, { "taka", "many" } } } }, "Busy 333" },
        { { "pay", false, 1, { { { "state", "two words" }, { "taka", "1" } } } }, "Busy 333" },
        { { "pay", true, 0, { { { NULL, NULL } } } }, "Busy 333" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rig *r = rig_new();

        r->answers = &rows[i].answer;
        r->answer_count = 1;
        rig_dial(r, "*333*7#");
        rig_sees(rig_type(r, "1111"), rows[i].page);
        rig_fini(r);
        free(r);
    }
}

/* Without a fail target: busy, and all as it was at the last screen. */
static void test_busy_changes_nothing(void **state)
{
    static const struct rig_answer broken[] = { { "pay", true, 0, { { { NULL, NULL } } } } };
    struct rig *r = *state;
    struct event last;
    size_t len;

    r->answers = broken;
    r->answer_count = 1;
    rig_dial(r, "*333*1#");
    len = r->s->values.packed.len;
    rig_sees(rig_type(r, "1111"), "Busy 333");
    assert_true(r->s->reply_end);
    assert_int_equal(r->s->mode, SESSION_AT_SCREEN);
    assert_int_equal(r->s->values.packed.len, len);
    last = r->last;
    assert_int_equal(rig_send(r, &last), FLOW_REPEAT);  /* it was taken in */
    rig_sees(rig_dial(r, "*333#"), GO_ON);
    rig_sees(rig_type(r, "1"), ASK);
    rig_sees(rig_type(r, "0"), MAIN);
}

static void test_fail_target(void **state)
{
    struct rig *r = *state;

    rig_dial(r, "*333*7*1111#");
    rig_sees(rig_type(r, "2"), "Info\n0 Back");
    rig_sees(rig_type(r, "0"), "Tk \n1 End\n2 Risk\n0 Back");   /* what failed is unset */
}

/* So does what she dialled, when it leads round and round. */
static void test_loop(void **state)
{
    struct rig *r = *state;
    char dialled[4 * FLOW_MOVES_MAX] = "*333*11";

    size_t n = strlen(dialled);

    for (int i = 0; i < FLOW_MOVES_MAX; i++, n += 2)
        memcpy(dialled + n, "*1", 2);
    memcpy(dialled + n, "#", 2);
    rig_sees(rig_dial(r, dialled), "Busy 333");
    assert_true(r->s->reply_end);
    rig_sees(rig_dial(r, "*333#"), GO_ON);
}

static void test_list(void **state)
{
    struct rig *r = *state;

    rig_dial(r, "*333#");
    rig_sees(rig_type(r, "2"), "Pick\n1 Ant\n2 Bee\n3 Cat\n0 Back");
    assert_int_equal(r->asked, 1);
    rig_sees(rig_type(r, "4"), "Choose.\n2 left\n1 Ant\n2 Bee\n3 Cat\n0 Back");
    rig_sees(rig_type(r, "2"), "You took 12 Bee\n1 Claim\n0 Back");
    rig_sees(rig_type(r, "0"), "Pick\n1 Ant\n2 Bee\n3 Cat\n0 Back");    /* the same rows, not asked again */
    assert_int_equal(r->asked, 1);
    rig_sees(rig_type(r, "3"), "You took  Cat\n1 Claim\n0 Back");        /* SQL NULL */
    rig_type(r, "0");
    rig_type(r, "0");
    rig_type(r, "2");
    assert_int_equal(r->asked, 2);                              /* forward: asked anew */
}

static void test_list_results(void **state)
{
    static const struct rig_answer none = { "items", false, 0, { { { NULL, NULL } } } };
    static const struct rig_answer failed = { "items", true, 0, { { { NULL, NULL } } } };
    static const struct rig_answer bad = { "items", false, 1, { { { "no", "x" }, { "name", "Ant" } } } };
    struct rig *r = *state;

    r->answer_count = 1;
    r->answers = &none;
    rig_dial(r, "*333#");
    rig_sees(rig_type(r, "2"), "Nothing\n0 Back");
    r->answers = &failed;
    rig_type(r, "0");
    rig_sees(rig_type(r, "2"), "Busy 333");
    r->answers = &bad;
    rig_dial(r, "*333#");
    rig_sees(rig_type(r, "2"), "Busy 333");
}

/* Rows beyond max are not offered; numbers jump over the keys. */
static void test_list_max(void **state)
{
    static struct rig_answer many = { "items", false, 15, { { { NULL, NULL } } } };
    struct rig *r = *state;

    for (int i = 0; i < 15; i++) {
        many.rows[i][0] = (struct rig_cell){ "no", "1" };
        many.rows[i][1] = (struct rig_cell){ "name", "R" };
    }
    r->answer_count = 1;
    r->answers = &many;
    rig_dial(r, "*333#");
    rig_sees(rig_type(r, "2"), "Pick\n1 R\n2 R\n3 R\n4 R\n5 R\n6 R\n7 R\n8 R\n10 R\n11 R\n12 R\n13 R\n0 Back");
    rig_type(r, "14");
    assert_int_equal(r->s->tries, 1);
    rig_sees(rig_type(r, "13"), "You took 1 R\n1 Claim\n0 Back");
}

static void test_submit(void **state)
{
    struct rig *r = *state;
    char number[24];

    rig_dial(r, "*333*7*1111#");
    rig_type(r, "0");
    rig_type(r, "0");
    rig_type(r, "3");
    rig_type(r, "say \"no\" \\ yes");
    rig_type(r, "1");
    assert_int_equal(r->case_count, 1);
    assert_string_equal(r->cases[0].service, "claim");
    assert_string_equal(r->cases[0].fields, "{\"what\": \"say \\\"no\\\" \\\\ yes\", \"nid4\": \"2222\"}");
    snprintf(number, sizeof number, "Done %lld", (long long)r->cases[0].number);
    rig_sees(rig_shown(r), number);
    assert_int_equal(r->message_count, 1);
    assert_string_equal(r->messages[0].receiver, RIG_MSISDN);
    assert_string_equal(r->messages[0].lang, "en");
    assert_string_equal(r->messages[0].class, "transactional");
    snprintf(number, sizeof number, "case/%lld", (long long)r->cases[0].number);
    assert_true(strncmp(r->messages[0].cause, number, strlen(number)) == 0);
    assert_string_equal(r->messages[0].cause + strlen(number), "/1/claim_in");
    snprintf(number, sizeof number, "Claim %lld in", (long long)r->cases[0].number);
    assert_string_equal(r->messages[0].text, number);
}

/* An unset value is not among the fields. */
static void test_submit_unset(void **state)
{
    struct rig *r = *state;

    rig_dial(r, "*333*2*3#");
    rig_type(r, "1");
    assert_string_equal(r->cases[0].fields, "{\"what\": \"Cat\"}");
}

/* A language that is for display only: the message goes out in the other. */
static void test_sms_language(void **state)
{
    struct rig *r = *state;

    memcpy(r->citizen_lang, "la", 3);
    rig_load(r);
    rig_dial(r, "*333*3*hello#");
    rig_type(r, "1");
    assert_string_equal(r->messages[0].lang, "bn");
    assert_true(strncmp(r->messages[0].text, "দাবি 8", strlen("দাবি 8")) == 0);
}

static void test_submit_two(void **state)
{
    struct rig *r = *state;

    rig_dial(r, "*333*3*hello#");
    rig_type(r, "2");
    assert_int_equal(r->case_count, 2);
    assert_int_equal(r->cases[0].number / 1000000000, 8);
    assert_int_equal(r->cases[1].number / 1000000000, 3);
    assert_string_equal(r->cases[0].fields, "{\"what\": \"hello\"}");
    assert_string_equal(r->cases[1].fields, "{\"what\": \"hello\"}");
}

/* What fails behind a submission takes it back: whole or not at all. */
static void test_submit_then_busy(void **state)
{
    struct rig *r = *state;
    struct flow_rows rows = { .number = 3 };
    struct event ev;

    (void)rows;
    rig_dial(r, "*333*3*hello#");
    rig_sees(rig_type(r, "3"), "Busy 333");
    assert_int_equal(r->case_count, 0);
    assert_int_equal(r->message_count, 0);
    assert_false(r->s->opened);
    rig_dial(r, "*333#");
    rig_sees(rig_type(r, "1"), "Send hello?\n1 Yes\n2 Two\n3 Risk\n4 Same twice\n5 Then more\n0 Back");
    rig_sees(rig_type(r, "4"), "Busy 333");             /* the same service twice in one step */
    assert_int_equal(r->case_count, 0);
    rig_dial(r, "*333#");
    rig_type(r, "1");
    r->number = -1;                                     /* no numbers to be had */
    rig_sees(rig_type(r, "1"), "Busy 333");
    assert_int_equal(r->case_count, 0);
    r->number = 7;
    rig_dial(r, "*333#");
    rig_type(r, "1");
    rig_type(r, "1");
    assert_int_equal(r->case_count, 1);
    ev = r->last;
    assert_int_equal(rig_send(r, &ev), FLOW_REPEAT);
    assert_int_equal(r->case_count, 1);
}

/* A step that was lost before it was written opens its case when it runs again,
 * once; one that was written does not. */
static void test_submit_lost(void **state)
{
    struct rig *r = *state;
    struct event ev;

    rig_dial(r, "*333*3*hello#");
    ev = rig_event(r, EVENT_ANSWER, "1");
    assert_int_equal(rig_run(r, &ev), FLOW_REPLY);
    assert_int_equal(r->out.case_count, 1);
    rig_load(r);                                        /* killed before the commit */
    assert_int_equal(rig_send(r, &ev), FLOW_REPLY);
    assert_int_equal(r->case_count, 1);
    assert_int_equal(rig_send(r, &ev), FLOW_REPEAT);    /* killed after it */
    assert_int_equal(r->case_count, 1);
    assert_int_equal(r->out.case_count, 0);
}

/* Causes name her, the step and the place: two messages of one step are two. */
static void test_sms_action(void **state)
{
    struct rig *r = *state;
    char cause[128];

    rig_dial(r, "*333#");
    rig_sees(rig_type(r, "8"), "Info\n0 Back");
    assert_int_equal(r->message_count, 2);
    assert_string_equal(r->messages[0].text, "Hello");
    assert_string_equal(r->messages[0].class, "service_info");
    snprintf(cause, sizeof cause, "sms/%s/*333#/%d/sms/0", RIG_MSISDN, r->turn);
    assert_string_equal(r->messages[0].cause, cause);
    snprintf(cause, sizeof cause, "sms/%s/*333#/%d/sms/1", RIG_MSISDN, r->turn);
    assert_string_equal(r->messages[1].cause, cause);
}

/* --- secrets ----------------------------------------------------------------------------------- */

/* A PIN is used in its step and kept nowhere: not as a value, nor as a hash. */
static void test_pin(void **state)
{
    struct rig *r = *state;

    rig_dial(r, "*333#");
    rig_type(r, "4");
    rig_sees(rig_type(r, "1234"), "Inside\n1 Again\n0 Back");
    assert_int_equal(r->s->answer_hash, 0);
    assert_int_equal(r->s->values.packed.len, 0);
    assert_null(memmem(r->state.data, r->state.len, "1234", 4));
    rig_sees(rig_type(r, "1"), "PIN\n0 Back");
}

/* An aggregator repeats it in front of every later answer. */
static void test_joined_pin(void **state)
{
    struct rig *r = *state;

    joined(r, EVENT_BEGIN, "");
    rig_sees(joined(r, EVENT_ANSWER, "4"), "PIN\n0 Back");
    rig_sees(joined(r, EVENT_ANSWER, "4*1234"), "Inside\n1 Again\n0 Back");
    rig_sees(joined(r, EVENT_ANSWER, "4*1234*1"), "PIN\n0 Back");
    assert_int_equal(r->s->answer_hash, 0);
    assert_null(memmem(r->state.data, r->state.len, "1234", 4));
    joined(r, EVENT_ANSWER, "4*1234*1");        /* under another id */
    assert_int_equal(r->result, FLOW_REPEAT);
}

/* --- F: ends ------------------------------------------------------------------------------------- */

/* An end of several pages ends with the last. */
static void test_long_end(void **state)
{
    struct rig *r = *state;

    rig_dial(r, "*333#");
    rig_type(r, "12");
    assert_false(r->s->reply_end);
    assert_int_equal(r->s->mode, SESSION_AT_SCREEN);
    rig_sees(rig_type(r, "9"), "hhhhhhhhhhhhhhhhhhh iiiiiiiiiiiiiiiiiii");
    assert_true(r->s->reply_end);
    assert_int_equal(r->s->mode, SESSION_ENDED);
}

static void test_flow_busy(void **state)
{
    struct rig *r = *state;
    struct buf out;

    buf_init(&out, 1000);
    r->env = (struct flow_env){ .menu = r->menu, .limits = &r->limits, .link = "test" };
    flow_busy(&r->env, 0, &out);
    assert_string_equal(buf_str(&out), "Busy 333");
    buf_clear(&out);
    memcpy(r->citizen_lang, "bn", 3);
    rig_load(r);
    flow_busy(&r->env, r->s->lang, &out);
    assert_string_equal(buf_str(&out), "Byasto 333");
    buf_fini(&out);
}

/* A dialogue goes on under its own menus; the next one begins under the new. */
static void test_new_generation(void **state)
{
    struct rig *r = *state;
    struct menu *old = r->menu;
    struct menu *new = flow_menu();
    struct event ev;

    memcpy(r->citizen_lang, "bn", 3);
    rig_load(r);
    rig_dial(r, "*333#");
    ev = rig_event(r, EVENT_ANSWER, "1");
    r->env = (struct flow_env){ .menu = new, .limits = &r->limits, .link = "test", .now = r->now };
    assert_int_equal(flow_event(&r->env, r->s, &ev, &r->out), FLOW_REPLY);
    assert_ptr_equal(r->s->menu, old);
    ev = rig_event(r, EVENT_ANSWER, "00");
    assert_int_equal(flow_event(&r->env, r->s, &ev, &r->out), FLOW_REPLY);
    assert_ptr_equal(r->s->menu, new);
    assert_true(strncmp(buf_str(&r->s->reply), "Prodhan", 7) == 0);
    r->menu = new;
    menu_free(old);
}

#define T(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(last_again), T(older_again), T(resend), T(resent_dial), T(stale), T(stale_nameless),
        T(pushed), T(not_stale_in_dialogue), T(clock_set_back), T(abort), T(unknown_answer), T(joined), T(joined_path),
        T(joined_never_stale),
        T(first_dial_asks_language), T(first_dial_subcode), T(resume), T(resume_keys), T(resume_window),
        T(resume_secret), T(resume_and_subcode), T(unseen), T(seen), T(unseen_slow), T(unseen_later), T(end_forgets),
        T(subcodes), T(subcode_back), T(no_code_paging), T(long_path), T(subcode_busy),
        T(back), T(back_from_same), T(back_from_depth), T(start_key), T(script_key), T(more_key), T(nine_as_answer),
        T(more_after_error), T(options), T(tries), T(wrong_words), T(too_long), T(sets),
        T(query_args), T(query_args_unset), T(query_results), T(busy_changes_nothing), T(fail_target), T(loop), T(list), T(list_results),
        T(list_max), T(submit), T(submit_unset), T(sms_language), T(submit_two), T(submit_then_busy),
        T(submit_lost), T(sms_action), T(pin), T(joined_pin), T(long_end), T(flow_busy), T(new_generation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
