/*
 * engine_menu.h - a small menu and a citizen for the engine's fuzzers.
 */
#ifndef ENGINE_MENU_H
#define ENGINE_MENU_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "engine/flow.h"
#include "engine/session.h"
#include "menu/model.h"

static const char fuzz_yaml[] =
    "language: 1\n"
    "code: [\"*333#\"]\n"
    "name: T\n"
    "languages: {en: {name: English, sms: true}, bn: {name: Bangla, sms: true}}\n"
    "words: {back: Back, exit: Exit, more: More, tries: '{n} left', wrong: Wrong, choose: Choose, copied: Copied,\n"
    "  too_many: 'Stop {helpline}', busy: Busy, continue: 'Go on?', 'yes': Ja, new: New, bye: Bye, no_code: None,\n"
    "  months: Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec}\n"
    "start: main\n"
    "shortcuts: {'7': ask, '7*1': pick}\n"
    "helpline: '333'\n"
    "types: {nid4: {pattern: '[0-9]{4}', example: '4821', width: 4}}\n"
    "records: {r: {no: whole, name: text(20), on: date, who: msisdn}}\n"
    "queries: {one: {sql: 'SELECT $1', args: [nid4], returns: r}, many: {sql: SELECT 1, returns: list of r}}\n"
    "services:\n"
    "  claim: {number: 8, agency: dss, title: T, fields: {what: text(160)}, notify: {submitted: in}}\n"
    "sms: {code: {class: otp, text: {en: 'Code {consent.code}', bn: 'কোড {consent.code}'}}, in: {class: transactional, text: {en: 'In {case.no|spell}', bn: 'জমা {case.no}'}}}\n"
    "screens:\n"
    "  main: {text: Main, options: {1: {text: Ask, goto: ask}, 2: {text: List, goto: pick},\n"
    "    3: {text: Say, goto: say}, 4: {text: En, set: {citizen.lang: en}, goto: main},\n"
    "    5: {text: Call, goto: calls}, 11: {text: Pin, when: citizen.known, goto: pin}}}\n"
    "  ask: {text: Ask, input: {into: nid4}, goto: look}\n"
    "  look: {query: one, into: a, none: ask, goto: shown}\n"
    "  shown: {text: '{a.name} {a.no|money} {a.on|day} {a.who|mask} {nid4|last4}',\n"
    "    options: {1: {text: Say, goto: say}}}\n"
    "  pick: {text: Pick,\n"
    "    list: {query: many, into: b, option: '{b.no} {b.name}', goto: picked, empty: ask, fail: ask}}\n"
    "  picked: {text: '{b.name|upper} {b.on|date}'}\n"
    "  say: {text: Say, input: {into: what, type: text(160)}, goto: sure}\n"
    "  sure: {text: '{what}', options: {1: {text: Send, goto: send}, 2: {text: Main, goto: main}}}\n"
    "  send: {submit: claim, with: {what: what}, into: case, goto: done}\n"
    "  done: {text: 'Done {case.no}', end: true}\n"
    "  calls: {do: [{call: {to: whose, into: x}}, {call: {to: agrees, into: y}}, {audit: {event: e, with: {x: x}}}],\n"
    "    goto: [{when: y, to: called}, {to: main}]}\n"
    "  whose: {text: Whose?, input: {into: typed, type: text(20)}, goto: whose_it_is}\n"
    "  whose_it_is: {return: typed}\n"
    "  agrees: {consent: {to: citizen.msisdn, sms: code}, fail: no_code, goto: code}\n"
    "  code: {text: Code?, input: {into: told, type: word(4)}, goto: check}\n"
    "  check: {do: [{consent: {check: told}, wrong: code, expired: agrees}, {return: yes}]}\n"
    "  no_code: {return: no}\n"
    "  called: {text: '{x}', options: {1: {text: Again, goto: calls}}}\n"
    "  pin: {text: Pin, secret: true, input: {into: pin, type: pin(4)}, goto: main}\n";

struct fuzz_engine {
    struct menu *menu;
    struct session_table *table;
    struct session *s;
    struct flow_out out;
    struct event_limits limits;
    struct flow_env env;
    int64_t now;
    uint64_t ids;
    uint8_t ref;
    unsigned random;                    /* what the database answers */
    const struct menu *newer;           /* menu was retired for it by plan; NULL: it was not */
    const struct session_plan *plan;
};

#define FUZZ_SECRET "thirty-two octets for the fuzzers"

/* Every code is 1001. */
static inline uint32_t fuzz_draw(void *arg)
{
    (void)arg;
    return 1;
}

static inline struct fuzz_engine *fuzz_engine(void)
{
    static struct fuzz_engine e;
    struct menu_issues issues;

    if (e.menu == NULL) {
        log_set_level((enum log_level)0);
        e.menu = menu_load_text(fuzz_yaml, sizeof fuzz_yaml - 1, &issues);
        menu_issues_free(&issues);
        if (e.menu == NULL)
            abort();
        e.table = session_table_new(1);
        e.s = session_open(e.table, "8801711000001", "*333#");
        flow_out_init(&e.out);
        e.limits = (struct event_limits){ .septets = 60, .units = 40, .resend_ms = 800 };
    }
    session_clear(e.s);
    e.s->menu = e.menu;
    e.now = INT64_C(1767225600000);
    e.ref = 1;
    e.random = 0;
    e.newer = NULL;
    e.plan = NULL;
    return &e;
}

static inline const char *fuzz_cell(const void *arg, int row, const char *column)
{
    static const struct {
        const char *column, *value;
    } good[] = { { "no", "7" }, { "on", "2026-10-12" }, { "who", "8801711000678" }, { "name", "Ant" } };
    static const char *const any[] = { "1", "7", "2026-10-12", "8801711000678", "Ant", "চর", NULL, "x\x7f" };
    const struct fuzz_engine *e = arg;

    for (size_t i = 0; i < sizeof good / sizeof good[0] && e->random % 4 > 0; i++)
        if (strcmp(good[i].column, column) == 0)
            return good[i].value;
    return any[(e->random + (unsigned)row + (unsigned char)column[0]) % 8];
}

/* One event to its end.  A page is never empty. */
static inline enum flow_result fuzz_send(struct fuzz_engine *e, enum event_kind kind, const char *text, size_t n,
                                         bool joined)
{
    struct event ev = { .kind = kind, .code = "*333#", .text = text, .text_len = n, .joined = joined };
    struct flow_rows rows = { .cell = fuzz_cell, .arg = e };
    enum flow_result r;

    e->now += 3000;
    e->ids++;
    memcpy(ev.id.bytes, &e->ids, sizeof e->ids);
    ev.ref.len = 1;
    ev.ref.bytes[0] = e->ref;
    ev.at = e->now / 1000 * 1000;
    ev.seen = e->now;
    e->env = (struct flow_env){ .menu = e->newer != NULL ? e->newer : e->menu, .plan = e->plan, .limits = &e->limits, .link = "fuzz", .now = e->now,
                                .secret = (const unsigned char *)FUZZ_SECRET, .draw = fuzz_draw };
    r = flow_event(&e->env, e->s, &ev, &e->out);
    for (int asked = 0; r == FLOW_ASK; asked++) {
        if (asked > 1000)
            abort();
        e->random = e->random * 1103515245 + 12345;
        rows.failed = e->random >> 16 & 1 && e->random >> 17 & 1;
        rows.count = (int)(e->random >> 18 & 3);
        rows.number = e->random % 100000000;
        r = flow_answer(&e->env, e->s, &rows, &e->out);
    }
    if (r == FLOW_REPLY && e->s->reply.len == 0)
        abort();
    return r;
}

#endif
