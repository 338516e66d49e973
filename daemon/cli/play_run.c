#include "cli/play_run.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/damm.h"
#include "base/event.h"
#include "base/gsm.h"
#include "cli/play_answer.h"
#include "cli/play_diff.h"
#include "cli/play_world.h"

#define RUN_WORD_MAX 1024

struct run {
    const struct menu *menu;
    const struct play_script *script;
    const struct play_step *step;
    struct play_world *world;
};

#define run_fail(r, ...) (play_script_error((r)->script, (r)->step->line, __VA_ARGS__), false)

/* --- words ---------------------------------------------------------------------------- */

/* One word, "a b" in quotes being one, to out; what follows it. */
static const char *run_word(const char *p, struct buf *out)
{
    bool quoted = false;

    buf_clear(out);
    p += strspn(p, " \n");
    for (; *p != '\0' && (quoted || (*p != ' ' && *p != '\n')); p++) {
        if (*p == '"')
            quoted = !quoted;
        else
            buf_addc(out, *p);
    }
    return p;
}

/* --- settings --------------------------------------------------------------------------- */

static bool run_language(struct run *r)
{
    int lang = menu_lang_find(r->menu, r->step->text);

    if (lang < 0)
        return run_fail(r, "the menus have no language '%s'", r->step->text);
    play_world_lang(r->world, lang);
    return true;
}

/* 8801711000001, or 01711000001 as people write it. */
static bool run_msisdn(struct run *r)
{
    const char *text = r->step->text;
    size_t n = strlen(text);
    char msisdn[EVENT_MSISDN_MAX];

    if (n < 6 || n > 15 || strspn(text, "0123456789") != n)
        return run_fail(r, "'%s': a number has 6 to 15 digits", text);
    snprintf(msisdn, sizeof msisdn, "%s%s", n == 11 && text[0] == '0' ? "88" : "", text);
    return play_world_msisdn(r->world, msisdn) || run_fail(r, "too many citizens");
}

static bool run_link(struct run *r)
{
    char name[64];
    int septets, units;
    char rest;

    if (sscanf(r->step->text, "%63s %d/%d%c", name, &septets, &units, &rest) != 3 || septets < 0 || units < 0)
        return run_fail(r, "'%s': a link is a name and its limits, like ussd 160/70", r->step->text);
    play_world_link(r->world, name, septets, units);
    return true;
}

static bool run_today(struct run *r)
{
    struct clock_date d;
    char rest;

    if (sscanf(r->step->text, "%4d-%2d-%2d%c", &d.year, &d.month, &d.day, &rest) != 3 ||
        clock_day_of(d) == CLOCK_DATE_NONE)
        return run_fail(r, "'%s': a day is like 2026-10-20", r->step->text);
    play_world_day(r->world, clock_day_of(d));
    return true;
}

/* Name and centre as a row of kheya.agent takes them. */
static bool run_agent(struct run *r)
{
    struct buf name, centre;
    const char *rest;
    bool good;

    if (strcmp(r->step->text, "none") == 0) {
        play_world_agent(r->world, NULL, NULL);
        return true;
    }
    buf_init(&name, RUN_WORD_MAX);
    buf_init(&centre, RUN_WORD_MAX);
    rest = run_word(run_word(r->step->text, &name), &centre);
    good = name.len > 0 && centre.len > 0 && rest[strspn(rest, " \n")] == '\0' && !name.full && !centre.full;
    if (good)
        play_world_agent(r->world, buf_str(&name), buf_str(&centre));
    buf_fini(&name);
    buf_fini(&centre);
    return good || run_fail(r, "'%s': an agent has a name and a centre, in quotes if they have blanks", r->step->text);
}

static bool run_alert(struct run *r)
{
    play_world_alert(r->world, strcmp(r->step->text, "none") != 0 ? r->step->text : NULL);
    return true;
}

static bool run_pin(struct run *r)
{
    const char *text = r->step->text;
    bool none = strcmp(text, "none") == 0;

    for (const char *p = text; !none && p != NULL && *p != '\0';) {
        size_t n = strspn(p, "0123456789");

        if (n < 4 || n > 8 || (p[n] != ' ' && p[n] != '\0'))
            return run_fail(r, "'%s': a PIN has 4 to 8 digits; several are of persons who share the number", text);
        p += n + strspn(p + n, " ");
    }
    play_world_pin(r->world, none ? NULL : text);
    return true;
}

/* What is told of all cases: fail, none, or again what is so. */
static bool run_cases(struct run *r)
{
    static const char *const moods[] = {
        [PLAY_CASES_OWN] = "cases again", [PLAY_CASES_NONE] = "cases none", [PLAY_CASES_FAIL] = "cases fail",
    };

    for (size_t i = 0; i < sizeof moods / sizeof moods[0]; i++)
        if (strcmp(r->step->text, moods[i]) == 0) {
            play_world_told(r->world, (enum play_cases_mood)i);
            return true;
        }
    return false;
}

static bool run_answer(struct run *r)
{
    struct play_answer a;

    if (run_cases(r))
        return true;
    if (!play_answer_read(r->menu, r->script, r->step, &a))
        return false;
    if (a.hook == NULL) {
        play_world_answer(r->world, a.query, a.cells, a.count);
        return true;
    }
    return play_world_hook(r->world, a.hook, a.members, a.count) || run_fail(r, "too many hooks are answered");
}

static bool run_done(struct run *r, const char *why)
{
    return why == NULL || run_fail(r, "%s", why);
}

/* --- cases ---------------------------------------------------------------------------------- */

/* A case number, or 0 for "last"; what follows it.  NULL and said. */
static const char *run_number(struct run *r, const char *p, struct buf *word, int64_t *number)
{
    p = run_word(p, word);
    *number = strtoll(buf_str(word), NULL, 10);
    if (strcmp(buf_str(word), "last") == 0 ||
        (word->len == 10 && strspn(buf_str(word), "0123456789") == 10 && damm_valid(buf_str(word), 10)))
        return p;
    (void)run_fail(r, "'%s' is no case number; the last of 10 digits is a Damm digit, or write: last", buf_str(word));
    return NULL;
}

static const struct menu_service *run_service(const struct menu *m, const char *name)
{
    for (int i = 0; i < m->service_count; i++)
        if (strcmp(m->services[i].name, name) == 0)
            return &m->services[i];
    return NULL;
}

/* "field=value ..." as a JSON object; NULL: it is not that. */
static char *run_fields(const char *text)
{
    json_t *json = json_object();
    char *out = NULL;
    struct buf word;
    bool good = true;

    buf_init(&word, RUN_WORD_MAX);
    for (text = run_word(text, &word); good && word.len > 0; text = run_word(text, &word)) {
        char *equals = strchr(word.data, '=');

        good = equals != NULL;
        if (equals != NULL) {
            *equals = '\0';
            json_object_set_new(json, word.data, json_string(equals + 1));
        }
    }
    if (good)
        out = json_dumps(json, JSON_COMPACT);
    buf_fini(&word);
    json_decref(json);
    return out;
}

static bool run_filed(struct run *r)
{
    const struct menu_service *service = NULL;
    const char *rest, *why = "a case is its number, its service and its fields, like 8123056783 complaint what=tea";
    char *fields = NULL;
    struct buf word;
    int64_t number = 0;

    buf_init(&word, RUN_WORD_MAX);
    rest = run_number(r, r->step->text, &word, &number);
    if (rest != NULL) {
        rest = run_word(rest, &word);
        service = run_service(r->menu, buf_str(&word));
        fields = service != NULL ? run_fields(rest) : NULL;
    }
    if (fields != NULL && number != 0)
        why = play_world_filed(r->world, number, service, fields);
    free(fields);
    buf_fini(&word);
    return rest != NULL && run_done(r, why);
}

static bool run_office(struct run *r)
{
    const char *rest, *why = NULL;
    struct buf word;
    int64_t number;

    buf_init(&word, RUN_WORD_MAX);
    rest = run_number(r, r->step->text, &word, &number);
    if (rest != NULL) {
        rest = run_word(rest, &word);
        why = play_world_office(r->world, number, buf_str(&word), rest + strspn(rest, " \n"));
    }
    buf_fini(&word);
    return rest != NULL && run_done(r, why);
}

static bool run_stands(struct run *r)
{
    const char *rest, *state = NULL, *note = "";
    bool good = false;
    struct buf word;
    int64_t number;

    buf_init(&word, RUN_WORD_MAX);
    rest = run_number(r, r->step->text, &word, &number);
    if (rest != NULL) {
        rest = run_word(rest, &word);
        rest += strspn(rest, " \n");
        state = play_world_state(r->world, number, &note);
        good = state != NULL && strcmp(state, buf_str(&word)) == 0 && (rest[0] == '\0' || strcmp(rest, note) == 0);
        if (!good)
            (void)(state != NULL ? run_fail(r, "the case stands in '%s', and its last note is '%s'", state, note)
                                 : run_fail(r, "there is no such case"));
    }
    buf_fini(&word);
    return good;
}

/* --- what she does ------------------------------------------------------------------------ */

static bool run_dial(struct run *r)
{
    return run_done(r, play_world_dial(r->world, r->step->text));
}

static bool run_type(struct run *r)
{
    return run_done(r, play_world_type(r->world, r->step->text));
}

static bool run_text(struct run *r)
{
    return run_done(r, play_world_text(r->world, r->step->text));
}

static bool run_hangup(struct run *r)
{
    return run_done(r, play_world_hangup(r->world));
}

static bool run_wait(struct run *r)
{
    static const struct {
        const char *name;
        int64_t ms;
    } units[] = { { "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 }, { "d", 86400000 } };
    char *end;
    long n = strtol(r->step->text, &end, 10);

    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (strcmp(end, units[i].name) == 0 && end != r->step->text && n >= 0 && n <= 1000000) {
            play_world_wait(r->world, n * units[i].ms);
            return true;
        }
    return run_fail(r, "'%s': a time is like 200s, 10m or 25h", r->step->text);
}

/* --- what must be so -------------------------------------------------------------------------- */

/* "~ part" to part; NULL when the text is meant whole. */
static const char *run_part(const char *text)
{
    return text[0] == '~' ? text + 1 + strspn(text + 1, " ") : NULL;
}

static bool run_see(struct run *r)
{
    const char *page = play_world_page(r->world);
    const char *part = run_part(r->step->text);
    bool good = part != NULL ? strstr(page, part) != NULL : play_diff_same(r->step->text, page);

    if (good)
        return true;
    if (part != NULL) {
        (void)run_fail(r, "'%s' is not on the page:", part);
        play_diff_print_page(page);
    } else {
        (void)run_fail(r, "another page (- expected, + shown):");
        play_diff_print(r->step->text, page);
    }
    return false;
}

static bool run_ends(struct run *r)
{
    return !play_world_is_open(r->world) || run_fail(r, "the dialogue is still open");
}

static bool run_open(struct run *r)
{
    return play_world_is_open(r->world) || run_fail(r, "the dialogue is over");
}

/* Has a JSON object every "field=value" of text? */
static bool run_has(const char *fields, const char *text)
{
    json_t *json = json_loads(fields, 0, NULL);
    struct buf word;
    bool good = json != NULL;

    buf_init(&word, RUN_WORD_MAX);
    for (text = run_word(text, &word); good && word.len > 0; text = run_word(text, &word)) {
        char *equals = strchr(word.data, '=');
        const char *value = NULL;

        if (equals != NULL) {
            *equals = '\0';
            value = json_string_value(json_object_get(json, word.data));
        }
        good = value != NULL && strcmp(value, equals + 1) == 0;
    }
    buf_fini(&word);
    json_decref(json);
    return good;
}

static void run_print_cases(const struct play_case *list, int count)
{
    for (int i = 0; i < count; i++)
        printf("    %s %s\n", list[i].service, list[i].fields);
}

static bool run_case(struct run *r)
{
    const struct play_case *list;
    int count = play_world_cases(r->world, &list);
    const char *text = r->step->text;
    size_t name = strcspn(text, " \n");
    bool none = strcmp(text, "none") == 0;
    bool good = none && count == 0;

    for (int i = 0; i < count && !good && !none; i++)
        good = strlen(list[i].service) == name && memcmp(list[i].service, text, name) == 0 &&
               run_has(list[i].fields, text + name);
    if (good)
        return true;
    (void)run_fail(r, count > 0 ? "since the dial these cases were opened:" : "no case was opened since the dial");
    run_print_cases(list, count);
    return false;
}

static bool run_sms(struct run *r)
{
    const char *const *texts;
    int count = play_world_messages(r->world, &texts);
    const char *part = run_part(r->step->text);
    bool none = strcmp(r->step->text, "none") == 0;
    bool good = none && count == 0;

    for (int i = 0; i < count && !good && !none; i++)
        good = part != NULL ? strstr(texts[i], part) != NULL : strcmp(texts[i], r->step->text) == 0;
    if (good)
        return true;
    (void)run_fail(r, count > 0 ? "since the dial these messages were caused:"
                                : "no message was caused since the dial");
    for (int i = 0; i < count; i++)
        play_diff_print_page(texts[i]);
    return false;
}

static bool run_audit(struct run *r)
{
    const struct play_audit *list;
    int count = play_world_audits(r->world, &list);
    const char *text = r->step->text;
    size_t name = strcspn(text, " \n");
    bool none = strcmp(text, "none") == 0;
    bool good = none && count == 0;

    for (int i = 0; i < count && !good && !none; i++)
        good = strlen(list[i].event) == name && memcmp(list[i].event, text, name) == 0 &&
               run_has(list[i].fields, text + name);
    if (good)
        return true;
    (void)run_fail(r, count > 0 ? "since the dial this was told the audit:"
                                : "nothing was told the audit since the dial");
    for (int i = 0; i < count; i++)
        printf("    %s %s\n", list[i].event, list[i].fields);
    return false;
}

static bool run_pay(struct run *r)
{
    bool failed = strcmp(r->step->text, "fail") == 0;
    enum flow_pay pay = flow_pay_find(r->step->text);

    if (!failed && pay == FLOW_PAYS)
        return run_fail(r, "pay: asked, late, refused, again or fail");
    play_world_pay(r->world, failed ? FLOW_PAY_ASKED : pay, failed);
    return true;
}

static bool run_request(struct run *r)
{
    const char *const *texts;
    int count = play_world_requests(r->world, &texts);
    bool none = strcmp(r->step->text, "none") == 0;
    bool good = none && count == 0;

    for (int i = 0; i < count && !good && !none; i++)
        good = strcmp(texts[i], r->step->text) == 0;
    if (good)
        return true;
    (void)run_fail(r, count > 0 ? "since the dial providers were asked for:" : "no provider was asked since the dial");
    for (int i = 0; i < count; i++)
        printf("    %s\n", texts[i]);
    return false;
}

/* --- all of it ----------------------------------------------------------------------------------- */

static bool (*const run_verbs[PLAY_VERB_COUNT])(struct run *r) = {
    [PLAY_LANGUAGE] = run_language,
    [PLAY_MSISDN] = run_msisdn,
    [PLAY_LINK] = run_link,
    [PLAY_TODAY] = run_today,
    [PLAY_AGENT] = run_agent,
    [PLAY_ALERT] = run_alert,
    [PLAY_PIN] = run_pin,
    [PLAY_ANSWER] = run_answer,
    [PLAY_FILED] = run_filed,
    [PLAY_OFFICE] = run_office,
    [PLAY_STANDS] = run_stands,
    [PLAY_DIAL] = run_dial,
    [PLAY_TYPE] = run_type,
    [PLAY_TEXT] = run_text,
    [PLAY_HANGUP] = run_hangup,
    [PLAY_WAIT] = run_wait,
    [PLAY_SEE] = run_see,
    [PLAY_ENDS] = run_ends,
    [PLAY_OPEN] = run_open,
    [PLAY_CASE] = run_case,
    [PLAY_SMS] = run_sms,
    [PLAY_AUDIT] = run_audit,
    [PLAY_PAY] = run_pay,
    [PLAY_REQUEST] = run_request,
};

bool play_run(const struct menu *m, const struct play_script *script, bool twice, struct play_cover *cover,
              struct play_tally *tally)
{
    struct run r = { .menu = m, .script = script, .world = play_world_new(m, twice) };
    bool good = true;

    play_world_cover(r.world, cover);
    for (int i = 0; i < script->count && good; i++) {
        r.step = &script->steps[i];
        good = run_verbs[r.step->verb](&r);
        tally->steps += good;
    }
    tally->dialogues++;
    tally->failed += !good;
    play_world_free(r.world);
    return good;
}
