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

static void go(struct rig *r, bool dial)
{
    static const char *const answers[] = {
        "1", "1", "1", "2", "2", "3", "4", "5", "6", "7", "8", "9", "9", "0", "0", "00", "*", "11", "16", "17",
        "7306", "7306", "4821", "01711000001", "05031958", "\xe0\xa7\xa7", "hello", "",
    };
    static const char *const dials[] = { "*333#", "*333#", "*333#", "*333*1*1#", "*333*8#", "*333*1*1*7306#",
                                         "*333*1*1*7306*2*1*1#", "*333*99#" };
    struct event ev;

    r->ref = (uint8_t)(r->ref + dial);
    ev = rig_event(r, dial ? EVENT_BEGIN : EVENT_ANSWER,
                   dial ? dials[random_of(sizeof dials / sizeof dials[0])] : answers[random_of(sizeof answers / sizeof answers[0])]);
    r->env = (struct flow_env){ .menu = r->menu, .limits = &r->limits, .link = "test", .now = ev.seen, .tape = true,
                                .dice = (uint64_t)r->ids + 1 };
    r->result = flow_event(&r->env, r->s, &ev, &r->out);
    while (r->result == FLOW_ASK)
        r->result = answer(r);
    assert_int_equal(r->result, FLOW_REPLY);
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

static void test_same(void **state)
{
    struct menu_issues issues;
    struct menu *m = menu_load(REPLAY_MENUS, &issues);
    struct replay_run *run;

    (void)state;
    log_set_level((enum log_level)0);
    menu_issues_free(&issues);
    if (m == NULL)
        fail_msg("the menus in %s have errors; run in the project's folder", REPLAY_MENUS);
    run = replay_run_new(m);
    for (uint64_t seed = 1; seed <= WALKS; seed++) {
        struct rig r;

        random_state = seed * UINT64_C(0x9e3779b97f4a7c15);
        tape_count = 0;
        rig_init(&r, m);
        for (int i = 0; i < WALK_STEPS; i++) {
            r.now += random_of(20) == 0 ? 3600000 * (int64_t)random_of(30) : 0;
            go(&r, i == 0 || r.s->reply_end || random_of(12) == 0);
        }
        replay_all(run, &r.limits, seed);
        r.menu = NULL;
        rig_fini(&r);
    }
    print_message("%ld dialogues replayed, %ld not whole on the tape\n", replayed, lacking);
    assert_true(replayed > WALKS * 3 && lacking < replayed / 20);
    replay_run_free(run);
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
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_same), cmocka_unit_test(test_samples) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
