/*
 * Random walks over the shipped menus, twice side by side: one citizen whose
 * telco and servers are perfect, and one whose events come twice and late, and
 * whose servers are killed before and after every commit.  Both must see the
 * same pages and have the same cases.
 */
#include "rig.h"

#include "base/gsm.h"
#include "base/log.h"
#include "engine/case.h"

#define WALKS 400
#define WALK_STEPS 60
#define WALK_MENUS "menus"

static struct walk {
    uint64_t random;                    /* decides what happens */
    uint64_t seed;
    int step, asked;
    struct event before;                /* the event before the last one */
    char before_text[64];
    int pages, cases, faults;           /* seen in all walks */
} walk;

static uint64_t walk_mix(uint64_t x)
{
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static unsigned walk_random(unsigned n)
{
    walk.random += UINT64_C(0x9e3779b97f4a7c15);
    return (unsigned)(walk_mix(walk.random) % n);
}

/* --- the database ----------------------------------------------------------------- */

/* What it answers hangs on the walk, the step and the question alone: a step that
 * runs again gets the same. */
struct walk_rows {
    const struct menu_record *record;
    uint64_t random;
    char text[64];
};

static const char *walk_cell_of(struct walk_rows *rows, const struct menu_type *type, uint64_t random)
{
    static const char *const texts[] = { "Char", "Kukri Mukri", "চরফ্যাশন", "a", "" };
    static const char *const words[] = { "paid", "scheduled", "returned", "none", "dss-0925" };

    switch (type->kind) {
    case MENU_TYPE_TEXT:
        return texts[random % 5];
    case MENU_TYPE_WORD:
        return words[random % 5];
    case MENU_TYPE_WHOLE:
        snprintf(rows->text, sizeof rows->text, "%lld", (long long)(type->min + (int64_t)(random % 3)));
        return rows->text;
    case MENU_TYPE_DATE:
        return "2026-10-12";
    case MENU_TYPE_MSISDN:
        return "8801711000678";
    case MENU_TYPE_YESNO:
        return random % 2 > 0 ? "t" : "f";
    case MENU_TYPE_CASE_NO:
        snprintf(rows->text, sizeof rows->text, "%lld", (long long)case_number(8, (int64_t)(random % 1000)));
        return rows->text;
    case MENU_TYPE_CHOICE:
        return type->choices[random % (unsigned)type->choice_count].code;
    case MENU_TYPE_PATTERN:
        return type->example;
    case MENU_TYPE_TOLD:
        return "x\x1f" "8123056783\x1e" "x\x1f" "2026-10-12\x1f" "\x1f";
    case MENU_TYPE_PIN:
    case MENU_TYPE_KINDS:
        break;
    }
    return NULL;
}

static const char *walk_cell(const void *arg, int row, const char *column)
{
    static struct walk_rows rows;

    rows = *(const struct walk_rows *)arg;
    for (int i = 0; i < rows.record->field_count; i++) {
        uint64_t random = walk_mix(rows.random + 1000 * (uint64_t)row + (uint64_t)i);

        if (strcmp(rows.record->fields[i].name, column) != 0)
            continue;
        if (random % 30 == 0)
            return random % 60 == 0 ? NULL : "\x7f what";
        return walk_cell_of(&rows, rows.record->fields[i].type, random >> 8);
    }
    return NULL;
}

static enum flow_result walk_ask(struct rig *r)
{
    const struct flow_question *q = &r->out.question;
    struct flow_rows answer = { .cell = walk_cell };
    uint64_t random = walk_mix(walk.seed * 1000003 + (uint64_t)walk.step * 101 + (uint64_t)walk.asked++);
    struct walk_rows rows = { .random = random };

    answer.failed = random % 20 == 1;
    if (q->kind == FLOW_QUERY || (q->kind == FLOW_HOOK && q->hook->returns != NULL)) {
        rows.record = q->kind == FLOW_QUERY ? r->menu->queries[q->query].returns : q->hook->returns;
    } else {
        answer.number = (int64_t)(random % 100000000);
        answer.pin = (enum flow_pin)(random % FLOW_PINS);
        answer.pay = (enum flow_pay)(random % FLOW_PAYS);
        return flow_answer(&r->env, r->s, &answer, &r->out);
    }
    answer.count = answer.failed || random % 20 == 2 ? 0 : 1;
    answer.arg = &rows;
    return flow_answer(&r->env, r->s, &answer, &r->out);
}

static enum flow_result walk_run(struct rig *r, const struct event *ev)
{
    walk.asked = 0;
    return rig_run(r, ev);
}

/* --- the telco ----------------------------------------------------------------------- */

/* Nothing new must come of it. */
static void walk_nothing(struct rig *r, const struct event *ev, enum flow_result want)
{
    char page[SESSION_REPLY_MAX];

    snprintf(page, sizeof page, "%s", buf_str(&r->s->reply));
    assert_int_equal(walk_run(r, ev), want);
    assert_int_equal(r->out.case_count + r->out.message_count, 0);
    assert_string_equal(buf_str(&r->s->reply), page);
    rig_load(r);
    walk.faults++;
}

/* Every fault there is, some of them at a time. */
static void walk_faulty(struct rig *r, const struct event *ev)
{
    struct event other = *ev;

    while (walk_random(4) == 0) {       /* killed before the commit */
        (void)walk_run(r, ev);
        rig_load(r);
        walk.faults++;
    }
    assert_int_equal(walk_run(r, ev), FLOW_REPLY);
    rig_write(r);
    r->result = FLOW_REPLY;
    while (walk_random(4) == 0)         /* killed behind it: it comes again */
        walk_nothing(r, ev, FLOW_REPEAT);
    if (walk.step > 0 && walk_random(4) == 0)
        walk_nothing(r, &walk.before, FLOW_DROP);
    if (r->s->answer_hash != 0 && walk_random(4) == 0) {
        other.id.bytes[12] = 1;
        other.seen += 300;
        walk_nothing(r, &other, FLOW_REPEAT);
    }
    if (walk_random(8) == 0) {          /* an old dialogue's end */
        other.kind = EVENT_ABORT;
        other.id.bytes[12] = 2;
        other.ref.bytes[0] ^= 0x55;
        walk_nothing(r, &other, FLOW_DROP);
    }
}

/* --- the citizen ------------------------------------------------------------------------ */

static void walk_choose(char *out, size_t size, bool dial)
{
    static const char *const answers[] = {
        "1", "1", "1", "2", "2", "3", "4", "5", "6", "7", "8", "9", "9", "0", "0", "00", "*", "11", "16", "17",
        "7306", "7306", "4821", "01711000001", "05031958", "\xe0\xa7\xa7", "hello", "",
    };
    static const char *const dials[] = { "*333#", "*333#", "*333#", "*333*1*1#", "*333*8#", "*333*1*1*7306#",
                                         "*333*1*1*7306*2*1*1#", "*333*99#" };

    if (dial)
        snprintf(out, size, "%s", dials[walk_random(sizeof dials / sizeof dials[0])]);
    else
        snprintf(out, size, "%s", answers[walk_random(sizeof answers / sizeof answers[0])]);
}

static void walk_check_page(const struct rig *r)
{
    const struct buf *page = &r->s->reply;
    struct gsm_cost cost = gsm_cost(buf_str(page), page->len);

    walk.pages++;
    assert_true(page->len > 0);
    assert_true(gsm_utf8_valid(page->data, page->len));
    assert_true(cost.septets >= 0 ? cost.septets <= r->limits.septets : cost.units <= r->limits.units);
    assert_in_range(r->s->depth, 0, SESSION_STACK_MAX);
    assert_int_equal(r->out.mem.full, false);
}

static void walk_compare(const struct rig *calm, const struct rig *faulty)
{
    assert_string_equal(buf_str(&calm->s->reply), buf_str(&faulty->s->reply));
    assert_int_equal(calm->s->reply_end, faulty->s->reply_end);
    assert_int_equal(calm->turn, faulty->turn);
    assert_string_equal(calm->citizen_lang, faulty->citizen_lang);
    assert_int_equal(calm->case_count, faulty->case_count);
    assert_int_equal(calm->message_count, faulty->message_count);
    assert_memory_equal(calm->cases, faulty->cases, sizeof calm->cases);
    assert_memory_equal(calm->messages, faulty->messages, sizeof calm->messages);
}

static void walk_one(struct menu *m, uint64_t seed)
{
    static struct rig calm, faulty;
    bool open = false;

    rig_init(&calm, m);
    rig_init(&faulty, m);
    calm.ask = faulty.ask = walk_ask;
    walk.random = walk.seed = seed;
    for (walk.step = 0; walk.step < WALK_STEPS; walk.step++) {
        bool dial = !open || walk_random(12) == 0;
        char text[64];
        struct event ev;

        walk_choose(text, sizeof text, dial);
        calm.now += walk_random(20) == 0 ? 3600000 * (int64_t)walk_random(30) : 0;
        calm.ref = (uint8_t)(calm.ref + dial);
        ev = rig_event(&calm, dial ? EVENT_BEGIN : EVENT_ANSWER, text);
        assert_int_equal(walk_run(&calm, &ev), FLOW_REPLY);
        rig_write(&calm);
        walk_faulty(&faulty, &ev);
        walk_check_page(&calm);
        walk_compare(&calm, &faulty);
        open = !calm.s->reply_end;
        memcpy(walk.before_text, text, sizeof text);
        walk.before = ev;
        walk.before.text = walk.before_text;
    }
    walk.cases += calm.case_count;
    session_table_free(calm.table);
    session_table_free(faulty.table);
    flow_out_fini(&calm.out);
    flow_out_fini(&faulty.out);
    buf_fini(&calm.state);
    buf_fini(&faulty.state);
}

static void test_walks(void **state)
{
    struct menu_issues issues;
    struct menu *m = menu_load(WALK_MENUS, &issues);

    (void)state;
    log_set_level((enum log_level)0);   /* bad cells are meant */
    menu_issues_free(&issues);
    if (m == NULL)
        fail_msg("the menus in %s have errors; run in the project's folder", WALK_MENUS);
    for (uint64_t seed = 1; seed <= WALKS; seed++)
        walk_one(m, seed);
    print_message("%d pages, %d cases, %d faults\n", walk.pages, walk.cases, walk.faults);
    assert_true(walk.cases > WALKS / 10);       /* walks that go nowhere prove nothing */
    assert_true(walk.faults > walk.pages / 2);
    menu_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_walks) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
