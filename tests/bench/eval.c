/*
 * eval - what a tree's size costs: to load and check it, and to take one step in
 * it.  The engine alone: no socket, no database.
 *
 *   eval make FOLDER SCREENS LANGUAGES      write a tree of about so many screens
 *   eval check FOLDER LINKS                 prints "SCREENS us=N warnings=N"
 *   eval step FOLDER MS                     prints "SCREENS ns=N all_ns=N allocs=N bytes=N", each per step
 *
 * The tree has services of five screens each (a menu, a question, a query, an
 * answer, the end), each with a short cut, behind menus of eight.  step plays
 * dialogues, each keypress on a session that is read from its row and written to
 * it again: of one service, which the processor's caches hold whatever the tree's
 * size (ns), and of services all over the tree (all_ns and the rest).
 */
#include "measure.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "engine/flow.h"
#include "engine/session.h"
#include "menu/model.h"

#define EVAL_SERVICE 5                  /* screens of a service */
#define EVAL_FAN 8                      /* options of a menu above them */
#define EVAL_TREE_MAX (64u << 20)
#define EVAL_FILES 64                   /* screens do not go into one file of 4 MiB */
#define EVAL_LINKS 5

/* --- allocations are counted ------------------------------------------------------------- */

static uint64_t eval_allocs, eval_octets;

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);

void *malloc(size_t n)
{
    eval_allocs++;
    eval_octets += n;
    return __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
    eval_allocs++;
    eval_octets += n * size;
    return __libc_calloc(n, size);
}

void *realloc(void *p, size_t n)
{
    eval_allocs++;
    eval_octets += n;
    return __libc_realloc(p, n);
}

/* --- the tree ------------------------------------------------------------------------------ */

static const char *const eval_langs[] = { "en", "fr", "sw" };

static void eval_text(struct buf *out, int langs, const char *text)
{
    buf_adds(out, "{");
    for (int i = 0; i < langs; i++)
        buf_addf(out, "%s%s: \"%s\"", i > 0 ? ", " : "", eval_langs[i], text);
    buf_adds(out, "}");
}

static void eval_root(struct buf *out, int langs, int services)
{
    buf_adds(out, "language: 1\ncode: '*333#'\nname: Bench\nlanguages: {");
    for (int i = 0; i < langs; i++)
        buf_addf(out, "%s%s: {name: %s}", i > 0 ? ", " : "", eval_langs[i], eval_langs[i]);
    buf_adds(out, "}\nwords: {back: Back, exit: Exit, more: More, tries: '{n} left', wrong: Wrong, choose: Choose,\n"
                  "  copied: Copied, too_many: 'Call {helpline}', busy: Busy, continue: Go on?, 'yes': 'Yes', new: New,\n"
                  "  bye: Bye, no_code: No code, months: Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec}\n"
                  "start: m.m0\nhelpline: '333'\n"
                  "types: {nid4: {pattern: '[0-9]{4}', width: 4, example: '4821'}, taka: {whole: 1..99999}}\n"
                  "records: {pay: {state: word(8), taka: taka, sent: date}}\n"
                  "queries: {pay: {sql: 'SELECT * FROM svc.pay($1)', args: [nid4], returns: pay}}\nshortcuts:\n");
    for (int i = 0; i < services; i++)
        buf_addf(out, "  \"7*%d\": s%d.a%d\n", i + 1, i % EVAL_FILES, i);
}

/* Menus over menus: number m has the menus below it, or services. */
static void eval_menus(struct buf *out, int langs, int services)
{
    int leaves = (services + EVAL_FAN - 1) / EVAL_FAN;  /* menus that hold services */

    buf_adds(out, "screens:\n");
    for (int m = 0, inner = leaves > 1 ? (leaves + EVAL_FAN - 3) / (EVAL_FAN - 1) : 0; m < inner + leaves; m++) {
        buf_addf(out, "  m%d:\n    text: ", m);
        eval_text(out, langs, "Choose a service");
        buf_adds(out, "\n    options:\n");
        for (int k = 0; k < EVAL_FAN; k++) {
            int below = m * EVAL_FAN + k + 1, service = (m - inner) * EVAL_FAN + k;

            if (m < inner ? below >= inner + leaves : service >= services)
                break;
            buf_addf(out, "      %d: {text: ", k + 1);
            eval_text(out, langs, "A group or service");
            if (m < inner)
                buf_addf(out, ", goto: m%d}\n", below);
            else
                buf_addf(out, ", goto: s%d.a%d}\n", service % EVAL_FILES, service);
        }
    }
}

static void eval_service(struct buf *out, int langs, int i)
{
    buf_addf(out, "  a%d:\n    text: ", i);
    eval_text(out, langs, "Old age allowance");
    buf_adds(out, "\n    options:\n      1: {text: ");
    eval_text(out, langs, "Has my money come?");
    buf_addf(out, ", goto: b%d}\n      2: {text: ", i);
    eval_text(out, langs, "Help");
    buf_addf(out, ", goto: e%d, when: citizen.known or today > '2020-01-01'}\n  b%d:\n    text: ", i, i);
    eval_text(out, langs, "Whose allowance? Write the last 4 numbers of the card.\\nLike 4821");
    buf_addf(out, "\n    input: {into: nid4}\n    goto: c%d\n", i);
    buf_addf(out, "  c%d:\n    query: pay\n    into: p\n    none: e%d\n    fail: e%d\n"
                  "    goto: [{when: p.state == 'paid' and p.taka > 0, to: d%d}, {to: e%d}]\n  d%d:\n    text: ",
             i, i, i, i, i, i);
    eval_text(out, langs, "Tk {p.taka|money} sent {p.sent|day} for {nid4|last4}");
    buf_adds(out, "\n    options:\n      1: {text: ");
    eval_text(out, langs, "Thank you");
    buf_addf(out, ", goto: e%d}\n  e%d:\n    text: ", i, i);
    eval_text(out, langs, "Call 333, day and night.");
    buf_adds(out, "\n    end: yes\n");
}

static void eval_write(const char *dir, const char *name, const struct buf *text)
{
    char path[4096];
    FILE *f;

    if (snprintf(path, sizeof path, "%s/%s", dir, name) >= (int)sizeof path || text->full)
        measure_die("eval: too large");
    f = fopen(path, "w");
    if (f == NULL || fwrite(text->data, 1, text->len, f) != text->len || fclose(f) != 0)
        measure_die("eval: %s cannot be written", path);
}

static void eval_make(const char *dir, int screens, int langs)
{
    int services = screens / (EVAL_SERVICE + 1) > 1 ? screens / (EVAL_SERVICE + 1) : 1;
    struct buf text;
    char name[32];

    buf_init(&text, EVAL_TREE_MAX);
    eval_root(&text, langs, services);
    eval_write(dir, "kheya.yaml", &text);
    buf_clear(&text);
    eval_menus(&text, langs, services);
    eval_write(dir, "m.yaml", &text);
    for (int f = 0; f < EVAL_FILES && f < services; f++) {
        buf_clear(&text);
        buf_adds(&text, "screens:\n");
        for (int i = f; i < services; i += EVAL_FILES)
            eval_service(&text, langs, i);
        snprintf(name, sizeof name, "s%d.yaml", f);
        eval_write(dir, name, &text);
    }
    buf_fini(&text);
}

/* --- load and check --------------------------------------------------------------------------- */

static struct menu *eval_load(const char *dir, int links, int *warnings)
{
    static const struct menu_link all[EVAL_LINKS] = {
        { "a", 182, 80 }, { "b", 160, 70 }, { "c", 140, 70 }, { "d", 120, 60 }, { "e", 100, 60 },
    };
    struct menu_issues issues;
    struct menu *m = menu_load_for(dir, &(struct menu_links){ all, links }, &issues);

    for (int i = 0; m == NULL && i < issues.count && i < 5; i++)
        fprintf(stderr, "%s:%d: %s\n", issues.list[i].pos.file, issues.list[i].pos.line, issues.list[i].text);
    if (m == NULL)
        measure_die("eval: the tree does not load");
    *warnings = issues.count;
    menu_issues_free(&issues);
    return m;
}

static void eval_check(const char *dir, int links)
{
    int warnings;
    int64_t began = clock_mono_us();
    struct menu *m = eval_load(dir, links, &warnings);

    printf("%d us=%" PRId64 " warnings=%d\n", m->screen_count, clock_mono_us() - began, warnings);
    menu_free(m);
}

/* --- steps ------------------------------------------------------------------------------------ */

struct eval {
    struct menu *m;
    struct session_table *table;
    struct session *s;
    struct flow_out out;
    struct event_limits limits;
    struct buf row;                     /* her session as the database has it */
    int64_t now;
    uint64_t events;
    int32_t turn;
    unsigned random;
};

static unsigned eval_random(struct eval *e)
{
    e->random = e->random * 1103515245 + 12345;
    return e->random >> 8;
}

static const char *eval_cell(const void *arg, int row, const char *column)
{
    (void)arg;
    (void)row;
    return strcmp(column, "state") == 0 ? "paid" : strcmp(column, "taka") == 0 ? "1950" : "2026-10-12";
}

/* One event from the row to the row. */
static void eval_event(struct eval *e, enum event_kind kind, const char *text)
{
    const struct flow_rows rows = { .count = 1, .cell = eval_cell };
    struct flow_env env = { .menu = e->m, .limits = &e->limits, .link = "bench", .now = e->now += 5000 };
    struct event ev = { .kind = kind, .code = "*333#", .msisdn = "8801711000001", .text = text,
                        .text_len = strlen(text), .at = e->now, .seen = e->now };
    enum flow_result r;

    e->events++;
    memcpy(ev.id.bytes, &e->events, sizeof e->events);
    if (e->s != NULL)
        session_forget(e->table, e->s);
    session_reap(e->table);
    e->s = session_open(e->table, ev.msisdn, "*333#");
    e->s->menu = e->m;
    if (e->row.len > 0 && !session_decode(e->s, e->m, e->row.data, e->row.len))
        measure_die("eval: a row cannot be read");
    e->s->turn = e->turn++;
    e->s->lang_known = true;
    r = flow_event(&env, e->s, &ev, &e->out);
    while (r == FLOW_ASK)
        r = flow_answer(&env, e->s, &rows, &e->out);
    if (r != FLOW_REPLY)
        measure_die("eval: no page for '%s'", text);
    buf_clear(&e->row);
    if (!session_encode(e->s, &e->row))
        measure_die("eval: a session cannot be written");
}

static void eval_sees(const struct eval *e, const char *part)
{
    if (strstr(buf_str(&e->s->reply), part) == NULL)
        measure_die("eval: '%s' is not on the page: %s", part, buf_str(&e->s->reply));
}

#define EVAL_STEPS 4

static void eval_dialogue(struct eval *e, unsigned service)
{
    char dialled[32];

    snprintf(dialled, sizeof dialled, "*333*7*%u#", service + 1);
    eval_event(e, EVENT_BEGIN, dialled);
    eval_sees(e, "Old age allowance");
    eval_event(e, EVENT_ANSWER, "1");
    eval_event(e, EVENT_ANSWER, "7355");
    eval_sees(e, "Tk 1,950 sent 12 Oct for **7355");
    eval_event(e, EVENT_ANSWER, "1");
    eval_sees(e, "Call 333, day and night.");
}

/* Nanoseconds of a step, over ms milliseconds. */
static double eval_time(struct eval *e, unsigned services, long ms, uint64_t *steps)
{
    int64_t began = clock_mono_us(), took;

    *steps = 0;
    do {
        for (int i = 0; i < 100; i++)
            eval_dialogue(e, eval_random(e) % services);
        *steps += 100 * EVAL_STEPS;
        took = clock_mono_us() - began;
    } while (took < ms * 1000);
    return (double)took * 1000 / (double)*steps;
}

static void eval_step(const char *dir, long ms)
{
    static struct eval e;
    uint64_t allocs, octets, steps;
    unsigned services;
    double one, all;
    int warnings;

    e.m = eval_load(dir, 1, &warnings);
    e.table = session_table_new(16);
    e.limits = (struct event_limits){ .septets = 160, .units = 70, .idle_ms = 30000 };
    e.now = INT64_C(1794614400000);
    e.random = 333;
    flow_out_init(&e.out);
    buf_init(&e.row, SESSION_STATE_MAX);
    services = (unsigned)e.m->shortcut_count;
    (void)eval_time(&e, services, ms / 10 + 1, &steps);         /* buffers have their size */
    one = eval_time(&e, 1, ms, &steps);
    allocs = eval_allocs;
    octets = eval_octets;
    all = eval_time(&e, services, ms, &steps);
    printf("%d ns=%.0f all_ns=%.0f allocs=%.2f bytes=%.0f\n", e.m->screen_count, one, all,
           (double)(eval_allocs - allocs) / (double)steps, (double)(eval_octets - octets) / (double)steps);
}

int main(int argc, char **argv)
{
    const char *what = argc > 2 ? argv[1] : "";

    log_set_level((enum log_level)0);
    if (strcmp(what, "make") == 0 && argc == 5)
        eval_make(argv[2], (int)measure_long("SCREENS", argv[3], 1, 100000), (int)measure_long("LANGUAGES", argv[4], 1, 3));
    else if (strcmp(what, "check") == 0 && argc == 4)
        eval_check(argv[2], (int)measure_long("LINKS", argv[3], 1, EVAL_LINKS));
    else if (strcmp(what, "step") == 0 && argc == 4)
        eval_step(argv[2], measure_long("MS", argv[3], 1, 600000));
    else
        measure_die("eval make FOLDER SCREENS LANGUAGES | check FOLDER LINKS | step FOLDER MS");
    return 0;
}
