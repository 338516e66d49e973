/*
 * What the engine records of a random dialogue, replayed on the same menus, ends
 * on the same screen: the tape holds enough, and what it withholds can be made
 * up.
 */
#include "cli/replay_run.h"

#include "../engine/rig.h"

#include "base/log.h"
#include "cli/replay_sample.h"
#include "engine/case.h"

#define REPLAY_MENUS "menus"
#define WALKS 600
#define WALK_STEPS 40
#define TAPE_MAX (WALK_STEPS + 1)

static uint64_t random_state;

static unsigned random_of(unsigned n)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(random_state >> 33) % n;
}

/* --- the database ------------------------------------------------------------------- */

static const char *cell(const void *arg, int row, const char *column)
{
    static const char *const words[] = { "paid", "scheduled", "returned", "none", "dss-0925" };
    static struct buf value;
    const struct menu_record *record = arg;

    (void)row;
    if (value.max == 0)
        buf_init(&value, 4096);
    for (int i = 0; i < record->field_count; i++) {
        const struct menu_type *type = record->fields[i].type;

        if (strcmp(record->fields[i].name, column) != 0)
            continue;
        if (random_of(15) == 0)
            return NULL;
        if (random_of(200) == 0)
            return "\x7f what";
        if (type->kind == MENU_TYPE_CHOICE)
            return type->choices[random_of((unsigned)type->choice_count)].code;
        if (type->kind == MENU_TYPE_WORD)
            return words[random_of(5)];
        return replay_sample_cell(type, &value) ? buf_str(&value) : NULL;
    }
    return NULL;
}

/* The engine may look at a cell twice: the answer is the same. */
struct kept_rows {
    const struct menu_record *record;
    int count;
    char cells[3][32][64];
    bool set[3][32];
};

static const char *kept_cell(const void *arg, int row, const char *column)
{
    const struct kept_rows *k = arg;

    for (int i = 0; i < k->record->field_count; i++)
        if (strcmp(k->record->fields[i].name, column) == 0)
            return k->set[row][i] ? k->cells[row][i] : NULL;
    return NULL;
}

/* A case that she wants to move: of any service, in any state, or none. */
static enum flow_result answer_case(struct rig *r)
{
    const struct menu_service *s = &r->menu->services[random_of((unsigned)r->menu->service_count)];
    const struct casefile file = {
        .number = r->out.question.number, .service = s->name, .agency = s->agency, .msisdn = r->s->msisdn, .contact = "",
        .state = s->states[random_of((unsigned)s->state_count)].name, .fields = "{}", .lang = "en", .place = "",
        .channel = "ussd", .actor = "citizen", .seq = 1,
    };
    struct flow_rows rows = { .failed = random_of(20) == 0 };

    if (!rows.failed && random_of(10) > 0)
        rows.file = &file;
    return flow_answer(&r->env, r->s, &rows, &r->out);
}

static enum flow_result answer(struct rig *r)
{
    const struct flow_question *q = &r->out.question;
    struct flow_rows rows = { .cell = kept_cell };
    struct kept_rows kept = { .count = 0 };

    if (q->kind == FLOW_NUMBER) {
        rows.failed = random_of(20) == 0;
        rows.number = (int64_t)random_of(1000000);
        return flow_answer(&r->env, r->s, &rows, &r->out);
    }
    if (q->kind == FLOW_CASE)
        return answer_case(r);
    if (q->kind == FLOW_PIN) {
        rows.pin = (enum flow_pin)random_of(FLOW_PIN_FAILED);
        return flow_answer(&r->env, r->s, &rows, &r->out);
    }
    if (q->kind == FLOW_PAY) {
        rows.failed = random_of(20) == 0;
        rows.pay = (enum flow_pay)random_of(FLOW_PAYS);
        return flow_answer(&r->env, r->s, &rows, &r->out);
    }
    kept.record = r->menu->queries[q->query].returns;
    assert_true(kept.record->field_count <= 32);
    rows.failed = random_of(20) == 0;
    rows.count = rows.failed ? 0 : (int)random_of(q->max_rows > 1 ? 4 : 2) % 4;
    for (int row = 0; row < rows.count; row++)
        for (int i = 0; i < kept.record->field_count; i++) {
            const char *text = cell(kept.record, row, kept.record->fields[i].name);

            kept.set[row][i] = text != NULL;
            snprintf(kept.cells[row][i], sizeof kept.cells[row][i], "%s", text != NULL ? text : "");
        }
    rows.arg = &kept;
    return flow_answer(&r->env, r->s, &rows, &r->out);
}

/* --- the tape ------------------------------------------------------------------------ */

static struct taped {
    uint64_t dialogue;
    int64_t at;
    int kind, how, state, step;
    char typed[256], facts[8192], screen[128];
} tape[TAPE_MAX];

static int tape_count;
static char sent_code[8] = "1";

static void record(const struct rig *r)
{
    const struct flow_tape *t = &r->out.tape;
    struct taped *e = &tape[tape_count];

    if (!t->on)
        return;
    assert_true(tape_count < TAPE_MAX);
    *e = (struct taped){ .dialogue = r->s->dialogue, .at = r->now, .kind = (int)t->kind, .how = (int)t->how,
                         .state = (int)r->s->mode, .step = r->s->steps };
    assert_true((size_t)snprintf(e->typed, sizeof e->typed, "%s", buf_str(&t->typed)) < sizeof e->typed);
    assert_true((size_t)snprintf(e->facts, sizeof e->facts, "%s", buf_str(&t->facts)) < sizeof e->facts);
    snprintf(e->screen, sizeof e->screen, "%s", r->s->screen >= 0 ? r->menu->screens[r->s->screen].name : "");
    tape_count++;
}

/* What a citizen may do; "code": the last one that was sent to her friend. */
struct habits {
    const char *answers[48], *dials[12];
};

static const struct habits shipped_habits = {
    .answers = { "1", "1", "1", "2", "2", "3", "4", "5", "6", "7", "8", "9", "9", "0", "0", "00", "*", "11", "16", "17",
                 "7306", "7306", "4821", "01711000001", "05031958", "\xe0\xa7\xa7", "hello", "" },
    .dials = { "*333#", "*333#", "*333#", "*333*1*1#", "*333*8#", "*333*1*1*7306#", "*333*1*1*7306*2*1*1#", "*333*99#",
               "*333*16*1#", "*333*8*3#" },
};

static const struct habits clinic_habits = {
    .answers = { "1", "1", "1", "1", "2", "2", "2", "3", "3", "4", "5", "6", "0", "00", "*", "9", "code", "code", "code", "code",
                 "01712345678", "01712345678", "Rahima", "Rahima Begum", "482", "05031958", "05031958", "abcd", "efgh",
                 "1234567", "8000000015", "12", "x" },
    .dials = { "*333#", "*333#", "*333*1#", "*333*2*01712345678#", "*333*3*482*1#", "*333*4*Rahima*1#", "*333*77*1#",
               "*333*7#", "*333*7*Rahima*2#" },
};

static const char *choose(const char *const *of)
{
    unsigned n = 0;

    while (of[n] != NULL)
        n++;
    return of[random_of(n)];
}

static uint32_t draw(void *arg)
{
    (void)arg;
    return random_of(900000);
}

static void go(struct rig *r, const struct habits *habits, bool dial)
{
    static const unsigned char secret[FLOW_SECRET_SIZE] = "test";
    const char *text = choose(dial ? habits->dials : habits->answers);
    struct event ev;

    if (strcmp(text, "code") == 0)
        text = sent_code;
    r->ref = (uint8_t)(r->ref + dial);
    ev = rig_event(r, dial ? EVENT_BEGIN : EVENT_ANSWER, text);
    r->env = (struct flow_env){ .menu = r->menu, .limits = &r->limits, .link = "test", .now = ev.seen, .tape = true,
                                .dice = (uint64_t)r->ids + 1, .secret = secret, .draw = draw };
    r->result = flow_event(&r->env, r->s, &ev, &r->out);
    while (r->result == FLOW_ASK)
        r->result = answer(r);
    assert_int_equal(r->result, FLOW_REPLY);
    if (r->out.message_count > 0 && strncmp(r->out.messages[0].text, "Code ", 5) == 0)
        snprintf(sent_code, sizeof sent_code, "%.4s", r->out.messages[0].text + 5);
    record(r);
    rig_write(r);
}

static long replayed, lacking;

static void replay_all(struct replay_run *run, const struct event_limits *limits, uint64_t seed)
{
    for (int i = 0; i < tape_count; i++) {
        const struct replay_end *end;

        if (tape[i].step != 1)
            continue;
        replay_run_begin(run, limits);
        for (int k = i; k < tape_count; k++) {
            const struct taped *t = &tape[k];
            const struct replay_step step = { t->at, t->kind, t->how, t->state, t->typed, t->facts, t->screen };

            if (t->dialogue == tape[i].dialogue)
                replay_run_step(run, &step);
        }
        end = replay_run_end(run);
        lacking += end->outcome == REPLAY_TAPE_LACKS;
        if (end->outcome == REPLAY_ASKS_MORE || (end->outcome == REPLAY_FOLLOWED && strcmp(end->was, end->is) != 0))
            fail_msg("seed %llu, dialogue %llu: %s -> %s, apart at %s after %s; %s", (unsigned long long)seed,
                     (unsigned long long)tape[i].dialogue, end->was, end->is, end->apart, end->key, end->why);
        replayed++;
    }
}

static void replay_walks(struct menu *m, const struct habits *habits)
{
    struct replay_run *run = replay_run_new(m);

    replayed = lacking = 0;
    for (uint64_t seed = 1; seed <= WALKS; seed++) {
        struct rig r;

        random_state = seed * UINT64_C(0x9e3779b97f4a7c15);
        tape_count = 0;
        rig_init(&r, m);
        for (int i = 0; i < WALK_STEPS; i++) {
            r.now += random_of(20) == 0 ? 3600000 * (int64_t)random_of(30) : 0;
            go(&r, habits, i == 0 || r.s->reply_end || random_of(12) == 0);
        }
        replay_all(run, &r.limits, seed);
        r.menu = NULL;
        rig_fini(&r);
    }
    print_message("%ld dialogues replayed, %ld not whole on the tape\n", replayed, lacking);
    assert_true(replayed > WALKS * 3 && lacking < replayed / 20);
    replay_run_free(run);
}

static void test_shipped(void **state)
{
    struct menu_issues issues;
    struct menu *m = menu_load(REPLAY_MENUS, &issues);

    (void)state;
    log_set_level((enum log_level)0);
    menu_issues_free(&issues);
    if (m == NULL)
        fail_msg("the menus in %s have errors; run in the project's folder", REPLAY_MENUS);
    replay_walks(m, &shipped_habits);
    menu_free(m);
}

/* What the shipped menus do not have: calls, consents, every kind of answer that is withheld. */
static const char clinic_yaml[] =
    "language: 1\n"
    "code: ['*333#']\n"
    "name: T\n"
    "languages: {en: {name: English}, la: {name: Latin, sms: no, shows: en}}\n"
    "words: {back: Back, exit: Exit, more: More, tries: '{n} left', wrong: Wrong., choose: Choose., copied: A sample.,\n"
    "  too_many: Call, busy: Busy, continue: Go on?, 'yes': 'Yes', new: New, bye: Bye, no_code: No code,\n"
    "  months: Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec}\n"
    "start: main\n"
    "shortcuts: {'77': name}\n"
    "helpline: '333'\n"
    "types:\n"
    "  nid: {pattern: '[0-9]{3}', width: 3, sensitive: yes}\n"
    "  born: {date: DDMMYYYY, past: yes, example: '05031958'}\n"
    "  code: {pattern: '[a-z]{4}', width: 4, example: abcd}\n"
    "  account: {pattern: '[0-9]{7}', width: 7}\n"
    "records: {person: {state: 'word(12)', name: 'text(20)', phone: msisdn, ward: whole}}\n"
    "queries: {who: {sql: SELECT $1, args: [phone], returns: person}, many: {sql: SELECT 1, returns: list of person}}\n"
    "services: {claim: {number: 8, agency: dss, title: Claim, fields: {what: 'text(40)'}}}\n"
    "sms: {code: {class: otp, text: {en: 'Code {consent.code}'}}}\n"
    "screens:\n"
    "  main: {text: Main, options: {1: {text: Self, goto: self}, 2: {text: Friend, goto: friend}, 3: {text: N, goto: nid},\n"
    "    4: {text: Name, goto: name}, 5: {text: Many, goto: many}, 6: {text: Account, goto: account}}}\n"
    "  self: {call: {to: person, into: whom}, goto: told}\n"
    "  told: {text: 'Born {whom|day}', options: {1: {text: Again, goto: self}, 2: {text: End, goto: end}}}\n"
    "  person: {text: Born?, input: {into: b, type: born}, goto: code}\n"
    "  code: {text: Code?, input: {into: c, type: code}, goto: back}\n"
    "  back: {return: b}\n"
    "  friend: {text: Phone?, input: {into: phone, type: msisdn}, goto: send}\n"
    "  send: {consent: {to: phone, sms: code}, fail: no, goto: ask}\n"
    "  ask: {text: Code?, input: {into: told, type: word(4)}, goto: check}\n"
    "  check: {consent: {check: told}, wrong: wrong, expired: no, goto: note}\n"
    "  wrong: {text: Wrong, options: {1: {text: Again, goto: ask}, 2: {text: New, goto: send}}}\n"
    "  note: {audit: {event: agreed, with: {known: citizen.known}}, goto: look}\n"
    "  look: {query: who, into: w, none: no, fail: no, goto: [{when: w.ward > 3, to: far}, {to: near}]}\n"
    "  far: {text: 'Far {w.name} {w.phone|last4}', options: {1: {text: File, goto: file}}}\n"
    "  near: {text: 'Near {w.name}', options: {1: {text: File, goto: file}, 2: {text: Back, goto: main}}}\n"
    "  file: {submit: claim, with: {what: w.state}, into: case, goto: filed}\n"
    "  filed: {text: 'Done {case.no}', end: yes}\n"
    "  nid: {text: N?, input: {into: nid, type: nid}, goto: sure}\n"
    "  sure: {text: Sure?, input: {into: sure, type: yesno}, goto: [{when: sure, to: end}, {to: main}]}\n"
    "  name: {text: Name?, input: {into: name, type: 'text(20)'}, goto: hello}\n"
    "  hello: {text: '{name}', options: {1: {text: End, goto: end}, 2: {text: Case, goto: case}}}\n"
    "  case: {text: Case?, input: {into: number, type: case_no}, goto: end}\n"
    "  many: {text: Which?, list: {query: many, into: m, option: '{m.state} {m.name}', empty: no, fail: no, goto: one}}\n"
    "  one: {text: '{m.name}', options: {1: {text: End, goto: end}}}\n"
    "  account: {text: A?, input: {into: account, type: account}, goto: end}\n"
    "  no: {text: No, options: {1: {text: Main, goto: main}}}\n"
    "  end: {text: End, end: yes}\n";

static void test_clinic(void **state)
{
    struct menu *m = rig_menu(clinic_yaml);

    (void)state;
    log_set_level((enum log_level)0);
    replay_walks(m, &clinic_habits);
    menu_free(m);
}

/* For every type that the shipped menus declare something can be made up. */
static void test_samples(void **state)
{
    struct menu_issues issues;
    struct menu *m = menu_load(REPLAY_MENUS, &issues);
    struct buf sample;

    (void)state;
    menu_issues_free(&issues);
    assert_non_null(m);
    buf_init(&sample, 4096);
    for (int i = 0; i < m->type_count; i++) {
        if (m->types[i]->kind == MENU_TYPE_TOLD)        /* nobody types one */
            continue;
        if (!replay_sample_typed(m->types[i], 20000, &sample))
            fail_msg("nothing fits type '%s'", m->types[i]->name);
        if (m->types[i]->example != NULL)
            assert_string_not_equal(buf_str(&sample), m->types[i]->example);
    }
    buf_fini(&sample);
    menu_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_shipped), cmocka_unit_test(test_clinic), cmocka_unit_test(test_samples) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
