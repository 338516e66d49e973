/* deadline: the promised day of any history, against a count day by day; steps and expiry. */
#include "rig.h"

#include "base/calendar.h"
#include "base/clock.h"
#include "engine/deadline.h"

#define WORDS \
    "language: 1\ncode: ['*333#']\nname: T\nlanguages: {en: {name: E, sms: yes}}\nstart: main\nhelpline: '333'\n" \
    "words: {back: B, exit: X, more: M, tries: '{n} left', wrong: W, choose: C, copied: O, too_many: 'T {helpline}'," \
    " busy: 'B {helpline}', continue: C, 'yes': Y, new: N, bye: Bye, no_code: No," \
    " months: a b c d e f g h i j k l}\n"
#define SCREEN "screens: {main: {submit: s, with: {x: \"'a'\"}, goto: over}, over: {text: O, end: yes}}\n"
#define SERVICE \
    "services:\n  s:\n    number: 8\n    title: T\n    fields: {x: word(2)}\n" \
    "    within: {days: 5}\n" \
    "    overdue: [{after: 0, text: Late}, {after: 0, to: uno, text: UNO}, {after: 3, to: dc, text: DC}]\n" \
    "    states:\n" \
    "      submitted: [asked, answered]\n" \
    "      asked: {to: [submitted, expired], by: [citizen, officer], turn: citizen, expires: {days: 10, to: expired}}\n" \
    "      answered: {to: [closed, appealed], by: citizen}\n" \
    "      appealed: {to: [answered], within: {days: 3, calendar: all}}\n"

#define HOUR INT64_C(3600000)

static int32_t day(int month, int d)
{
    return clock_day_of((struct clock_date){ 2026, month, d });
}

/* A time of a day in Dhaka. */
static int64_t at(int month, int d, int hour)
{
    return ((int64_t)day(month, d) * 24 + hour - 6) * HOUR;
}

static struct deadline look_more(const struct menu *m, const struct calendar *c, const struct deadline_event *events,
                                 int count, int done, int more, int64_t now)
{
    const struct deadline_args args = { m, &m->services[0], c, events, count, done, more, now };

    return deadline_of(&args);
}

static struct deadline look(const struct menu *m, const struct calendar *c, const struct deadline_event *events, int count,
                            int done, int64_t now)
{
    return look_more(m, c, events, count, done, 0, now);
}

static int32_t due_day(struct deadline d)
{
    return d.due == 0 ? 0 : clock_day(d.due, 360);
}

/* 2026-11-01 is a Sunday. */
static void test_days(void **state)
{
    struct menu *m = rig_menu(WORDS SCREEN SERVICE);
    struct calendar *c = calendar_new();
    const struct deadline_event asked[] = {
        { at(11, 1, 23), "submitted" }, { at(11, 3, 10), "asked" }, { at(11, 10, 9), "submitted" },
        { at(11, 11, 9), "answered" },  { at(11, 12, 9), "appealed" },
    };

    (void)state;
    assert_int_equal(due_day(look(m, c, asked, 1, 0, asked[0].at)), day(11, 8));
    assert_true(calendar_set_day(c, day(11, 4), false));
    assert_int_equal(due_day(look(m, c, asked, 1, 0, asked[0].at)), day(11, 9));
    /* two days were used, and she has the turn */
    assert_int_equal(look(m, c, asked, 2, 0, asked[1].at).due, 0);
    assert_int_equal(look(m, c, asked, 2, 0, asked[1].at).wake, calendar_end(day(11, 13), 360) + 1);
    /* three are left: 11, 12, 15 */
    assert_int_equal(due_day(look(m, c, asked, 3, 0, asked[2].at)), day(11, 15));
    assert_int_equal(look(m, c, asked, 4, 0, asked[3].at).due, 0);
    assert_int_equal(look(m, c, asked, 4, 0, asked[3].at).wake, DEADLINE_NEVER);
    assert_int_equal(due_day(look(m, c, asked, 5, 0, asked[4].at)), day(11, 15));       /* all days count */
    /* a storm gave it ten more; where no answer is owed there is nothing to add to */
    assert_int_equal(due_day(look_more(m, c, asked, 5, 0, 10, asked[4].at)), day(11, 25));
    assert_int_equal(look_more(m, c, asked, 4, 0, 10, asked[3].at).due, 0);
    calendar_free(c);
    menu_free(m);
}

static void test_steps(void **state)
{
    struct menu *m = rig_menu(WORDS SCREEN SERVICE);
    struct calendar *c = calendar_new();
    const struct deadline_event e[] = { { at(11, 1, 12), "submitted" } };
    const int64_t end = calendar_end(day(11, 8), 360);
    struct deadline d = look(m, c, e, 1, 0, end);

    (void)state;
    assert_int_equal(d.act, DEADLINE_WAIT);
    assert_int_equal(d.wake, end + 1);
    d = look(m, c, e, 1, 0, end + 1);
    assert_int_equal(d.act, DEADLINE_OVERDUE);
    assert_int_equal(d.done, 0);
    assert_string_equal(d.key, "clock/overdue/20765/1");
    d = look(m, c, e, 1, 1, end + 1);
    assert_int_equal(d.act, DEADLINE_OVERDUE);
    assert_string_equal(d.key, "clock/overdue/20765/2");
    d = look(m, c, e, 1, 2, end + 1);
    assert_int_equal(d.act, DEADLINE_WAIT);
    assert_int_equal(d.wake, calendar_end(day(11, 11), 360) + 1);
    d = look(m, c, e, 1, 2, d.wake);
    assert_string_equal(d.key, "clock/overdue/20765/3");
    d = look(m, c, e, 1, 3, d.due + 365 * 24 * HOUR);
    assert_int_equal(d.wake, DEADLINE_NEVER);
    assert_int_equal(d.done, 3);
    assert_string_equal(deadline_office(&m->services[0], 0), "");
    assert_string_equal(deadline_office(&m->services[0], 1), "");
    assert_string_equal(deadline_office(&m->services[0], 2), "uno");
    assert_string_equal(deadline_office(&m->services[0], 9), "dc");
    /* days that turn out to be holidays put it off, and what was told of it with it */
    for (int i = 8; i < 20; i++)
        assert_true(calendar_set_day(c, day(11, i), false));
    d = look(m, c, e, 1, 3, end + 1);
    assert_int_equal(d.act, DEADLINE_WAIT);
    assert_int_equal(d.done, 0);
    calendar_free(c);
    menu_free(m);
}

static void test_expiry_and_end(void **state)
{
    struct menu *m = rig_menu(WORDS SCREEN SERVICE);
    struct calendar *c = calendar_new();
    const struct deadline_event e[] = {
        { at(11, 1, 12), "submitted" }, { at(11, 2, 12), "asked" }, { at(11, 5, 12), "asked" }, { at(11, 14, 0), "expired" },
    };
    struct deadline d = look(m, c, e, 3, 0, calendar_end(day(11, 12), 360));

    (void)state;
    assert_int_equal(d.act, DEADLINE_WAIT);             /* since the 2nd: a note on the 5th moved nothing */
    d = look(m, c, e, 3, 0, d.wake);
    assert_int_equal(d.act, DEADLINE_EXPIRE);
    assert_string_equal(m->services[0].states[d.state->expires_to].name, "expired");
    assert_int_equal(look(m, c, e, 4, 0, e[3].at).act, DEADLINE_OVER);
    assert_int_equal(look(m, c, e, 4, 0, e[3].at).due, 0);
    calendar_free(c);
    menu_free(m);
}

/* The count of days that a clerk would make: day after day, is it the office's turn, is it worked? */
static int32_t clerk_due(const struct calendar *c, const struct deadline_event *e, int count)
{
    int left = 5;
    bool all = false;
    int32_t due = 0;

    for (int i = 0; i < count; i++) {
        int32_t from = clock_day(e[i].at, 360), to = i + 1 < count ? clock_day(e[i + 1].at, 360) : from + 400;
        bool runs = strcmp(e[i].state, "submitted") == 0 || strcmp(e[i].state, "appealed") == 0;

        if (strcmp(e[i].state, "appealed") == 0 && strcmp(e[i - 1].state, "appealed") != 0) {
            left = 3;
            all = true;
        }
        if (left < 0 || !runs)
            continue;                   /* it was broken: the day stays */
        due = left == 0 ? from : due;
        for (int32_t d = from + 1; d <= to && left >= 0; d++) {
            if (!all && !calendar_is_worked(c, d))
                continue;
            left--;
            due = left == 0 ? d : due;
        }
    }
    return due;
}

static void test_any_history(void **state)
{
    static const char *const next[][2] = { { "asked", "answered" }, { "submitted", "submitted" }, { "appealed", "appealed" },
                                           { "answered", "answered" } };
    struct menu *m = rig_menu(WORDS SCREEN SERVICE);
    uint32_t seed = 7;

    (void)state;
    for (int round = 0; round < 3000; round++) {
        struct calendar *c = calendar_new();
        struct deadline_event e[12] = { { at(3, 1, 9), "submitted" } };
        int count = 1 + round % 11, at_state = 0;
        bool runs;
        struct deadline d;

        for (int i = 0; i < 20; i++) {
            seed = seed * 1664525u + 1013904223u;
            assert_true(calendar_set_day(c, day(3, 1) + (int32_t)(seed >> 24) % 60, (seed >> 8) % 4 == 0));
        }
        for (int i = 1; i < count; i++) {
            seed = seed * 1664525u + 1013904223u;
            e[i].at = e[i - 1].at + (int64_t)(seed >> 25) * HOUR;
            e[i].state = e[i - 1].state;
            if ((seed >> 10) % 4 == 0)
                continue;               /* a note */
            e[i].state = next[at_state][(seed >> 12) % 2];
            at_state = strcmp(e[i].state, "submitted") == 0  ? 0
                       : strcmp(e[i].state, "asked") == 0    ? 1
                       : strcmp(e[i].state, "answered") == 0 ? 2
                                                             : 3;
        }
        runs = at_state == 0 || at_state == 3;
        d = look(m, c, e, count, 0, e[count - 1].at);
        assert_int_equal(due_day(d), runs ? clerk_due(c, e, count) : 0);
        /* it is waited for exactly until something is to be done */
        for (int steps = 0; steps < 8 && d.act == DEADLINE_WAIT && d.wake != DEADLINE_NEVER; steps++) {
            int64_t wake = d.wake;

            assert_int_equal(look(m, c, e, count, d.done, wake - 1).act, DEADLINE_WAIT);
            d = look(m, c, e, count, d.done, wake);
            assert_int_not_equal(d.act, DEADLINE_WAIT);
            if (d.act == DEADLINE_OVERDUE)
                d = look(m, c, e, count, d.done + 1, wake);
        }
        calendar_free(c);
    }
    menu_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_days),
        cmocka_unit_test(test_steps),
        cmocka_unit_test(test_expiry_and_end),
        cmocka_unit_test(test_any_history),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
