/*
 * A dialogue under one tree, which is retired for another in the middle.
 *
 * First octet: which other tree.  Each octet after it is a keypress or a dial;
 * from 0xf0 on, the tree is retired, if it was not.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/session_move.h"
#include "engine_menu.h"

#define MOVE_EDITS 10

static const struct move_edit {
    const char *from, *to;
} move_edits[MOVE_EDITS] = {
    { "pattern: '[0-9]{4}', example: '4821', width: 4", "pattern: '[0-9]{4,5}', example: '4821', width: 5" },
    { "1: {text: Ask, goto: ask}, 2: {text: List, goto: pick}", "2: {text: Ask, goto: ask}, 1: {text: List, goto: pick}" },
    { "  say: {text: Say, input: {into: what, type: text(160)}, goto: sure}",
      "  say: {text: Say, secret: true, input: {into: what, type: text(5)}, goto: sure}" },
    { "1: {text: Send, goto: send}, 2: {text: Main, goto: main}", "1: {text: Send, goto: send}" },
    { "records: {r: {no: whole,", "records: {r: {no: word(3)," },
    { "{call: {to: agrees, into: y}}, {audit", "{set: {y: yes}}, {audit" },
    { "  whose: {text: Whose?, input: {into: typed, type: text(20)}, goto: whose_it_is}",
      "  whose: {text: Whose?, options: {1: {text: Me, set: {typed: \"'me'\"}, goto: whose_it_is}}}" },
    { "en: {name: English, sms: true}, bn: {name: Bangla, sms: true}", "bn: {name: Bangla, sms: true}, en: {name: English, sms: true}" },
    { "start: main\n", "start: main\nkeys: {back: '3', more: '33', start: '34'}\n" },
    { "{into: told, type: word(4)}", "{into: told, type: whole}" },
};

static void check(bool good)
{
    if (!good)
        abort();
}

/* The tree with one edit; NULL: it does not load, say because agrees is reached no more. */
static struct menu *move_menu(const struct move_edit *edit)
{
    const char *at = strstr(fuzz_yaml, edit->from);
    struct menu_issues issues;
    struct menu *m;
    struct buf text;

    check(at != NULL);
    buf_init(&text, 1 << 16);
    buf_add(&text, fuzz_yaml, (size_t)(at - fuzz_yaml));
    buf_adds(&text, edit->to);
    buf_adds(&text, at + strlen(edit->from));
    m = menu_load_text(buf_str(&text), text.len, &issues);
    menu_issues_free(&issues);
    buf_fini(&text);
    return m;
}

static struct menu *move_newer[MOVE_EDITS];
static struct session_plan *move_plans[MOVE_EDITS];

static void move_once(const struct fuzz_engine *e)
{
    int loaded = 0;

    if (move_plans[0] != NULL)
        return;
    for (int i = 0; i < MOVE_EDITS; i++) {
        move_newer[i] = move_menu(&move_edits[i]);
        if (move_newer[i] == NULL)
            continue;
        move_plans[i] = session_plan_new(e->menu, move_newer[i]);
        loaded++;
    }
    check(move_plans[0] != NULL && loaded >= MOVE_EDITS - 3);
}

/* Written and read back, as another process would. */
static void move_again(struct fuzz_engine *e)
{
    const struct menu *m = e->s->menu;
    int32_t turn = e->s->turn;
    struct buf state;

    buf_init(&state, 2 * SESSION_STATE_MAX);
    if (session_encode(e->s, &state)) {
        check(session_decode(e->s, m, state.data, state.len));
        e->s->turn = turn;
    }
    buf_fini(&state);
}

static void move_step(struct fuzz_engine *e, uint8_t octet)
{
    static const char *const keys[] = { "1", "2", "3", "4", "5", "11", "0", "00", "*", "9", "7306", "1001", "hello", "me", "33", "x" };
    static const char *const dials[] = { "*333#", "*333*1*7306#", "*333*5*me#", "*333*3*hello#" };
    bool dial = octet % 17 == 16;

    e->ref = (uint8_t)(e->ref + dial);
    if (dial)
        (void)fuzz_send(e, EVENT_BEGIN, dials[octet / 17 % 4], strlen(dials[octet / 17 % 4]), false);
    else
        (void)fuzz_send(e, EVENT_ANSWER, keys[octet % 17], strlen(keys[octet % 17]), false);
    move_again(e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct fuzz_engine *e = fuzz_engine();
    int which = n > 0 ? data[0] % MOVE_EDITS : 0;

    move_once(e);
    if (move_newer[which] == NULL)
        return 0;
    (void)fuzz_send(e, EVENT_BEGIN, "*333#", 5, false);
    for (size_t i = 1; i < n && i < 200; i++) {
        if (data[i] >= 0xf0) {
            e->newer = move_newer[which];
            e->plan = move_plans[which];
        } else {
            move_step(e, data[i]);
            check(e->plan == NULL || e->s->mode == SESSION_ENDED || e->s->menu == e->newer);
        }
        check(e->s->screen == MENU_NONE || e->s->screen < e->s->menu->screen_count);
        check(e->s->screen == MENU_NONE || e->plan == NULL || e->s->mode != SESSION_ASKS_RESUME ||
              !e->s->menu->screens[e->s->screen].secret);
    }
    return 0;
}
