/* Where dialogues are left and how long they keep the network: sums in bounded memory. */
#include "app/tally.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "store/reach.h"

#define DAY_MS (INT64_C(24) * 3600 * 1000)
#define BEGAN (20000 * DAY_MS)          /* 06:00 in Dhaka */
#define IDLE_MS 30000

/* --- in the store's place ------------------------------------------------------------------ */

static struct row {
    struct reach_sum sum;
    char screen[80], key[80];
} rows[5000];
static int row_count, batches;
static struct reach_teller *teller;

void reach_rows_begin(struct buf *out)
{
    buf_clear(out);
}

void reach_rows_add(struct buf *out, const struct reach_sum *sum, const char *screen, const char *key)
{
    struct row *r = &rows[row_count++];

    buf_addc(out, '.');
    r->sum = *sum;
    snprintf(r->screen, sizeof r->screen, "%s", screen);
    snprintf(r->key, sizeof r->key, "%s", key);
}

void reach_count(struct store *s, struct buf *out, struct reach_teller *to)
{
    (void)s;
    (void)out;
    batches++;
    teller = to;
}

static void written(struct tally *t)
{
    row_count = 0;
    tally_tick(t, true);
    if (row_count > 0)
        teller->counted(teller->arg, true);
    assert_true(tally_is_idle(t));
}

static const int64_t *sums(enum reach_kind kind, const char *screen, const char *key)
{
    static const int64_t none[REACH_SUMS];

    for (int i = 0; i < row_count; i++)
        if (rows[i].sum.kind == kind && strcmp(rows[i].screen, screen) == 0 && strcmp(rows[i].key, key) == 0)
            return rows[i].sum.sums;
    return none;
}

/* --- a citizen ------------------------------------------------------------------------------- */

static struct menu_screen screens[2];
static struct menu menu;
static struct session her;
static struct flow_out out;

static void begins(struct tally *t)
{
    screens[0].name = "root";
    screens[1].name = "list";
    menu = (struct menu){ .screens = screens, .screen_count = 2, .lang_count = 1, .utc_offset_min = 360 };
    menu.langs[0].id = "bn";
    her = (struct session){ .menu = &menu, .began = BEGAN, .seen = BEGAN, .place = "092544" };
    out = (struct flow_out){ .dialled = true };
    tally_step(t, &her, &out, "gp", IDLE_MS);
}

/* She answers at a time, and stands at a screen. */
static void answers(struct tally *t, int64_t ms, int screen, bool end, bool dealt)
{
    out.dialled = false;
    out.was = (struct flow_was){ .stood = true, .dealt = her.dealt, .mode = her.mode, .seen = her.seen, .lang = "bn" };
    snprintf(out.was.screen, sizeof out.was.screen, "%s", screens[her.screen].name);
    her.seen = BEGAN + ms;
    her.screen = screen;
    her.reply_end = end;
    her.dealt |= dealt;
    tally_step(t, &her, &out, "gp", IDLE_MS);
}

static void test_left(void **state)
{
    struct tally *t = tally_new(NULL);

    (void)state;
    begins(t);
    answers(t, 5000, 1, false, false);
    answers(t, 9000, 1, false, false);
    written(t);
    assert_int_equal(rows[0].sum.day, 20000);
    assert_int_equal(sums(REACH_SCRIPT, "root", "bn")[0], 1);
    assert_int_equal(sums(REACH_SCRIPT, "root", "bn")[1], 0);
    assert_int_equal(sums(REACH_LINK, "list", "gp")[0], 1);
    assert_int_equal(sums(REACH_UNION, "list", "092544")[1], 1);
    answers(t, 12000, 1, true, false);
    written(t);
    assert_int_equal(sums(REACH_UNION, "list", "092544")[0], 0);
    assert_int_equal(sums(REACH_UNION, "list", "092544")[1], -1);
    tally_free(t);
}

static void test_blocks(void **state)
{
    struct tally *t = tally_new(NULL);
    const int64_t *v;

    (void)state;
    begins(t);
    answers(t, 70000, 1, false, false);
    written(t);
    v = sums(REACH_ENQUIRY, "", "gp");
    assert_int_equal(v[0], 1);
    assert_int_equal(v[1], 70000);
    assert_int_equal(v[2], 1);
    assert_int_equal(v[3], 2);
    answers(t, 91000, 1, true, true);
    written(t);
    v = sums(REACH_ENQUIRY, "", "gp");  /* it was none: all is taken back */
    assert_int_equal(v[0], -1);
    assert_int_equal(v[1], -70000);
    assert_int_equal(v[2], -1);
    assert_int_equal(v[3], -2);
    v = sums(REACH_TRANSACTION, "", "gp");
    assert_int_equal(v[0], 1);
    assert_int_equal(v[1], 91000);
    assert_int_equal(v[2], 2);
    assert_int_equal(v[3], 2);
    tally_free(t);
}

/* However many unions there are between two batches, nobody is counted twice or not at all. */
static void test_bounded(void **state)
{
    struct tally *t = tally_new(NULL);
    int64_t came = 0;

    (void)state;
    begins(t);
    for (unsigned i = 1; i < 20000; i++) {
        snprintf(her.place, sizeof her.place, "%06u", i % 1000000);
        tally_step(t, &her, &out, "gp", IDLE_MS);
    }
    her.place[0] = '\0';
    for (int i = 0; i < 20000; i++) {
        char name[16];

        snprintf(name, sizeof name, "s%d", i);
        screens[0].name = name;
        tally_step(t, &her, &out, "gp", IDLE_MS);
    }
    written(t);
    assert_in_range(row_count, 3500, 4095);
    for (int i = 0; i < row_count; i++)
        came += rows[i].sum.kind == REACH_UNION ? rows[i].sum.sums[0] : 0;
    assert_int_equal(came, 40000);
    assert_in_range(sums(REACH_UNION, "root", "other")[0], 17000, 19999);
    assert_in_range(sums(REACH_UNION, "other", "other")[0], 15000, 19999);
    tally_free(t);
}

/* A batch at a time, and not before it is due. */
static void test_batches(void **state)
{
    struct tally *t = tally_new(NULL);

    (void)state;
    batches = 0;
    begins(t);
    tally_tick(t, false);
    assert_int_equal(batches, 1);
    assert_false(tally_is_idle(t));
    answers(t, 1000, 1, false, false);
    tally_tick(t, true);
    assert_int_equal(batches, 1);
    teller->counted(teller->arg, false);
    tally_tick(t, false);
    assert_int_equal(batches, 1);
    tally_tick(t, true);
    assert_int_equal(batches, 2);
    teller->counted(teller->arg, true);
    assert_true(tally_is_idle(t));
    tally_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_left),
        cmocka_unit_test(test_blocks),
        cmocka_unit_test(test_bounded),
        cmocka_unit_test(test_batches),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
