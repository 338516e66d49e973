#include "menu/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/gsm.h"
#include "menu/expr.h"

#define CHECK_TEXT_MAX (64 * 1024)      /* octets of one text without its placeholders */
#define CHECK_MONTHS 12

/* --- numbers of options ----------------------------------------------------------------- */

static void check_numbers(const struct menu *m, struct menu_issues *issues)
{
    const struct {
        const char *key, *name;
    } keys[] = {
        { m->key_back, "back" }, { m->key_start, "start" }, { m->key_more, "more" }, { m->key_script, "script" }
    };

    for (int i = 0; i < m->screen_count; i++) {
        for (int k = 0; k < m->screens[i].option_count; k++) {
            const struct menu_option *o = &m->screens[i].options[k];
            char number[16];

            (void)snprintf(number, sizeof number, "%d", o->number);
            for (size_t j = 0; j < sizeof keys / sizeof keys[0]; j++) {
                if (strcmp(number, keys[j].key) == 0)
                    issue_add(issues, ISSUE_NUMBER, o->pos, "option %s collides with the key for '%s'", number,
                              keys[j].name);
            }
        }
    }
}

/* --- reachable screens -------------------------------------------------------------------- */

struct check_walk {
    const struct menu *m;
    bool *seen;                         /* by screen */
    int *todo;                          /* seen, but its exits are not yet */
    int count;
};

static void check_reach(struct check_walk *w, int screen)
{
    if (screen == MENU_NONE || w->seen[screen])
        return;
    w->seen[screen] = true;
    w->todo[w->count++] = screen;
}

static void check_gotos(struct check_walk *w, const struct menu_gotos *go)
{
    for (int i = 0; i < go->count; i++)
        check_reach(w, go->list[i].to);
}

static void check_exits(struct check_walk *w, const struct menu_screen *s)
{
    for (int i = 0; i < s->option_count; i++)
        check_gotos(w, &s->options[i].go);
    for (int i = 0; i < s->action_count; i++) {
        check_reach(w, s->actions[i].none);
        check_reach(w, s->actions[i].fail);
    }
    check_reach(w, s->list.empty);
    check_reach(w, s->list.fail);
    check_gotos(w, &s->go);
}

static void check_unreachable(const struct menu *m, struct menu_issues *issues)
{
    struct check_walk w = { .m = m };

    w.seen = xcalloc((size_t)m->screen_count, sizeof *w.seen);
    w.todo = xcalloc((size_t)m->screen_count, sizeof *w.todo);
    check_reach(&w, m->start);
    check_reach(&w, m->first);
    for (int i = 0; i < m->shortcut_count; i++)
        check_reach(&w, m->shortcuts[i].to);
    while (w.count > 0)
        check_exits(&w, &m->screens[w.todo[--w.count]]);
    for (int i = 0; i < m->screen_count; i++) {
        if (!w.seen[i])
            issue_add(issues, ISSUE_UNREACHABLE, m->screens[i].pos, "no path leads to screen '%s'", m->screens[i].name);
    }
    free(w.seen);
    free(w.todo);
}

/* --- definitions that nothing uses ----------------------------------------------------------- */

struct check_uses {
    bool *queries, *services, *sms;     /* by index */
};

static void check_use(bool *used, int i)
{
    if (i != MENU_NONE)
        used[i] = true;
}

static void check_collect_uses(const struct menu *m, const struct check_uses *u)
{
    for (int i = 0; i < m->screen_count; i++) {
        const struct menu_screen *s = &m->screens[i];

        check_use(u->queries, s->list.query);
        for (int k = 0; k < s->action_count; k++) {
            check_use(u->queries, s->actions[k].query);
            check_use(u->services, s->actions[k].service);
            check_use(u->sms, s->actions[k].sms);
        }
    }
    for (int i = 0; i < m->service_count; i++) {
        for (int k = 0; k < m->services[i].notify_count; k++)
            check_use(u->sms, m->services[i].notify[k].sms);
    }
}

static void check_unused(const struct menu *m, struct menu_issues *issues)
{
    struct check_uses u = { xcalloc((size_t)m->query_count, sizeof(bool)),
                            xcalloc((size_t)m->service_count, sizeof(bool)),
                            xcalloc((size_t)m->sms_count, sizeof(bool)) };

    check_collect_uses(m, &u);
    for (int i = 0; i < m->query_count; i++) {
        if (!u.queries[i])
            issue_add(issues, ISSUE_UNUSED, m->queries[i].pos, "no screen asks query '%s'", m->queries[i].name);
    }
    for (int i = 0; i < m->service_count; i++) {
        if (!u.services[i])
            issue_add(issues, ISSUE_UNUSED, m->services[i].pos, "no screen submits service '%s'", m->services[i].name);
    }
    for (int i = 0; i < m->sms_count; i++) {
        if (!u.sms[i])
            issue_add(issues, ISSUE_UNUSED, m->sms[i].pos, "nothing sends template '%s'", m->sms[i].name);
    }
    free(u.queries);
    free(u.services);
    free(u.sms);
}

/* --- texts ---------------------------------------------------------------------------------- */

static const char *check_unset(const void *arg, int var, size_t *len)
{
    (void)arg;
    (void)var;
    *len = 0;
    return NULL;
}

/* The words of a text itself, without what its placeholders would show. */
static void check_print(const struct menu *m, const struct template *t, int lang, struct buf *out)
{
    const struct expr_scope scope = { .menu = m, .lang = lang, .get = check_unset };

    buf_clear(out);
    template_print(t, &scope, out);
}

/* Letters of the Latin alphabet, and none of the Bengali block U+0980..U+09FF. */
static bool check_is_latin(const char *s, size_t n)
{
    bool latin = false;
    uint32_t cp;
    int step;

    for (; n > 0 && (step = gsm_utf8_next(s, n, &cp)) > 0; s += step, n -= (size_t)step) {
        if (cp >= 0x980 && cp <= 0x9ff)
            return false;
        latin |= (cp >= 'a' && cp <= 'z') || (cp >= 'A' && cp <= 'Z');
    }
    return latin;
}

static bool check_is_bangla(const char *lang)
{
    return strcmp(lang, "bn") == 0 || strncmp(lang, "bn-", 3) == 0;
}

/* The regulator's A2P directive: Bangla in an SMS is in Bengali letters. */
static void check_sms(const struct menu *m, struct menu_issues *issues)
{
    struct buf text;

    buf_init(&text, CHECK_TEXT_MAX);
    for (int i = 0; i < m->sms_count; i++) {
        const struct menu_text *t = m->sms[i].text;

        for (int k = 0; k < m->lang_count; k++) {
            if (t == NULL || t->by_lang[k] == NULL || !check_is_bangla(m->langs[k].id))
                continue;
            check_print(m, t->by_lang[k], k, &text);
            if (check_is_latin(buf_str(&text), text.len))
                issue_add(issues, ISSUE_SMS_SCRIPT, menu_text_pos(t, k), "'%s' of template '%s' is in Latin letters",
                          m->langs[k].id, m->sms[i].name);
        }
    }
    buf_fini(&text);
}

static int check_count_words(const char *s)
{
    int count = 0;

    while (*(s += strspn(s, " \n")) != '\0') {
        s += strcspn(s, " \n");
        count++;
    }
    return count;
}

static void check_months(const struct menu *m, struct menu_issues *issues)
{
    const struct menu_text *months = m->words[MENU_WORD_MONTHS];
    struct buf text;

    buf_init(&text, CHECK_TEXT_MAX);
    for (int k = 0; months != NULL && k < m->lang_count; k++) {
        if (months->by_lang[k] == NULL)
            continue;
        check_print(m, months->by_lang[k], k, &text);
        if (check_count_words(buf_str(&text)) != CHECK_MONTHS)
            issue_add(issues, ISSUE_WORDS, menu_text_pos(months, k), "'months' in %s: %d words; a year has %d", m->langs[k].id,
                      check_count_words(buf_str(&text)), CHECK_MONTHS);
    }
    buf_fini(&text);
}

void check_menu(const struct menu *m, struct menu_issues *issues)
{
    check_numbers(m, issues);
    check_sms(m, issues);
    check_months(m, issues);
    if (issues->errors > 0)
        return;
    check_unreachable(m, issues);
    check_unused(m, issues);
}
