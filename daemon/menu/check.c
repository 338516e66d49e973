#include "menu/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/gsm.h"
#include "menu/check_asks.h"
#include "menu/check_calls.h"
#include "menu/check_trust.h"
#include "menu/check_conditions.h"
#include "menu/check_fits.h"
#include "menu/check_secrets.h"
#include "menu/check_services.h"
#include "menu/check_sms.h"
#include "menu/check_values.h"
#include "menu/check_ways.h"
#include "menu/expr.h"
#include "menu/number.h"
#include "menu/reply.h"
#include "menu/ways.h"

#define CHECK_TEXT_MAX (64 * 1024)      /* octets of one text without its placeholders */
#define CHECK_MONTHS 12

/* --- numbers of options ----------------------------------------------------------------- */

/* The key for more is free where there is no second page: check_fits() knows. */
static void check_numbers(const struct menu *m, struct menu_issues *issues)
{
    const struct {
        const char *key, *name;
    } keys[] = {
        { m->key_back, "back" }, { m->key_start, "start" }, { m->key_script, "script" }
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

/* --- variables that nothing reads ------------------------------------------------------------- */

static void check_read(void *arg, int var)
{
    bool *read = arg;

    read[var] = true;
}

static void check_read_expr(const struct expr *e, bool *read)
{
    if (e != NULL)
        expr_reads(e, check_read, read);
}

static void check_read_text(const struct menu_text *t, bool *read)
{
    for (int i = 0; t != NULL && i < MENU_LANGS_MAX; i++) {
        if (t->by_lang[i] != NULL)
            template_reads(t->by_lang[i], check_read, read);
    }
}

static void check_read_step(void *arg, const struct ways_step *step)
{
    if (step->op == WAYS_READ) {
        check_read_expr(step->expr, arg);
        check_read_text(step->text, arg);
    }
}

static void check_unread_sets(const struct menu *m, const struct menu_set *sets, int count, bool *read,
                              struct menu_issues *issues)
{
    for (int i = 0; i < count; i++) {
        const struct menu_var *v = &m->vars[sets[i].var];

        if (!read[sets[i].var])
            issue_add(issues, ISSUE_UNREAD, v->pos, "nothing reads '%s'", v->name);
        read[sets[i].var] = true;       /* once is enough */
    }
}

/* Of those that the menus set one by one; a record may well have a field more
 * than this tree needs. */
static void check_unread(const struct menu *m, struct menu_issues *issues)
{
    bool *read = xcalloc((size_t)m->var_count, sizeof *read);

    read[MENU_VAR_LANG] = true;
    for (int i = 0; i < m->screen_count; i++)
        ways_walk(m, i, check_read_step, read);
    for (int i = 0; i < m->sms_count; i++)
        check_read_text(m->sms[i].text, read);
    for (int i = 0; i < m->query_count; i++) {
        for (int k = 0; k < m->queries[i].arg_count; k++)
            check_read_expr(m->queries[i].args[k], read);
    }
    for (int i = 0; i < m->screen_count; i++) {
        const struct menu_screen *s = &m->screens[i];

        for (int k = 0; k < s->option_count; k++)
            check_unread_sets(m, s->options[k].sets, s->options[k].set_count, read, issues);
        for (int k = 0; k < s->action_count; k++) {
            if (s->actions[k].kind == MENU_SET)
                check_unread_sets(m, s->actions[k].sets, s->actions[k].set_count, read, issues);
            if (s->actions[k].var != MENU_NONE)
                check_unread_sets(m, &(struct menu_set){ s->actions[k].var, NULL }, 1, read, issues);
        }
        if (s->input.var != MENU_NONE)
            check_unread_sets(m, &(struct menu_set){ s->input.var, NULL }, 1, read, issues);
    }
    for (int i = 0; i < m->keyword_count; i++) {
        for (int k = 0; k < m->keywords[i].fill_count; k++)
            check_unread_sets(m, &(struct menu_set){ m->keywords[i].fills[k], NULL }, 1, read, issues);
    }
    free(read);
}

/* --- definitions that nothing uses ----------------------------------------------------------- */

struct check_uses {
    bool *queries, *services, *sms, *backends, *providers;      /* by index */
};

static void check_use(bool *used, int i)
{
    if (i != MENU_NONE)
        used[i] = true;
}

/* Who takes the money, and whose fee it is. */
static void check_use_pay(const struct menu *m, const struct check_uses *u, const struct menu_pay *pay)
{
    const struct menu_type *type = pay->by != NULL ? expr_type(pay->by) : NULL;

    check_use(u->providers, pay->provider);
    check_use(u->services, pay->fee);
    check_use(u->backends, pay->tells);
    for (int i = 0; type != NULL && i < type->choice_count; i++)
        check_use(u->providers, menu_provider_find(m, type->choices[i].code));
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
            check_use(u->backends, s->actions[k].backend);
            if (s->actions[k].kind == MENU_PAY)
                check_use_pay(m, u, s->actions[k].pay);
        }
    }
    for (int i = 0; i < m->service_count; i++) {
        for (int k = 0; k < m->services[i].notify_count; k++)
            check_use(u->sms, m->services[i].notify[k].sms);
        check_use(u->sms, m->services[i].opened);
        for (int k = 0; k < m->services[i].overdue_count; k++)
            check_use(u->sms, m->services[i].overdue[k].sms);
        check_use(u->backends, m->services[i].backend);
    }
}

static void check_unused(const struct menu *m, struct menu_issues *issues)
{
    struct check_uses u = { xcalloc((size_t)m->query_count, sizeof(bool)),
                            xcalloc((size_t)m->service_count, sizeof(bool)),
                            xcalloc((size_t)m->sms_count, sizeof(bool)),
                            xcalloc((size_t)m->backend_count, sizeof(bool)),
                            xcalloc((size_t)m->provider_count, sizeof(bool)) };

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
        if (!u.sms[i] && m->sms[i].due == NULL)
            issue_add(issues, ISSUE_UNUSED, m->sms[i].pos, "nothing sends template '%s'", m->sms[i].name);
    }
    for (int i = 0; i < m->backend_count; i++) {
        if (!u.backends[i])
            issue_add(issues, ISSUE_UNUSED, m->backends[i].pos, "nothing uses back end '%s'", m->backends[i].name);
    }
    for (int i = 0; i < m->provider_count; i++) {
        if (!u.providers[i])
            issue_add(issues, ISSUE_UNUSED, m->providers[i].pos, "no payment is by provider '%s'", m->providers[i].name);
    }
    free(u.providers);
    free(u.backends);
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

static int check_count_words(const char *s)
{
    int count = 0;

    while (*(s += strspn(s, " \n")) != '\0') {
        s += strcspn(s, " \n");
        count++;
    }
    return count;
}

/* A text that is a list of words. */
static void check_list(const struct menu *m, const struct menu_text *list, const char *name, int count,
                       struct menu_issues *issues)
{
    struct buf text;

    buf_init(&text, CHECK_TEXT_MAX);
    for (int k = 0; list != NULL && k < m->lang_count; k++) {
        if (list->by_lang[k] == NULL)
            continue;
        check_print(m, list->by_lang[k], k, &text);
        if (check_count_words(buf_str(&text)) != count)
            issue_add(issues, ISSUE_WORDS, menu_text_pos(list, k), "'%s' in %s: %d words; there must be %d", name,
                      m->langs[k].id, check_count_words(buf_str(&text)), count);
    }
    buf_fini(&text);
}

/* --- mocks ------------------------------------------------------------------------------------ */

/* Does what a mock answers fit the record that the hook returns? */
static void check_mock(const struct menu *m, const struct menu_action *a, struct reply *reply,
                       struct menu_issues *issues)
{
    const struct menu_backend *b = &m->backends[a->backend];
    const struct menu_mock *mock = menu_mock_find(b, a->path);

    if (b->mock_count == 0)
        return;
    if (mock == NULL)
        issue_add(issues, ISSUE_MOCK, a->pos, "mock '%s' has no answer for '%s', and none for \"*\"", b->name, a->path);
    else if (strcmp(mock->answer, "none") != 0 && strcmp(mock->answer, "fail") != 0 &&
             reply_read(reply, a->returns, mock->answer, strlen(mock->answer)) == REPLY_BAD)
        issue_add(issues, ISSUE_MOCK, mock->pos, "the answer of '%s': %s", mock->path, reply->why);
}

static void check_mocks(const struct menu *m, struct menu_issues *issues)
{
    struct reply reply;

    reply_init(&reply);
    for (int i = 0; i < m->screen_count; i++) {
        for (int k = 0; k < m->screens[i].action_count; k++) {
            const struct menu_action *a = &m->screens[i].actions[k];

            if (a->kind == MENU_HOOK && m->backends[a->backend].kind == MENU_BACKEND_MOCK)
                check_mock(m, a, &reply, issues);
        }
    }
    reply_fini(&reply);
}

void check_menu(const struct menu *m, const struct menu_links *links, struct menu_issues *issues)
{
    bool whole = issues->errors == 0;

    check_numbers(m, issues);
    check_fits(m, links, issues);
    check_sms(m, issues);
    if (whole)                          /* else a screen that asks for our PIN may have lost its type */
        check_asks(m, issues);
    check_list(m, m->words[MENU_WORD_MONTHS], "months", CHECK_MONTHS, issues);
    check_list(m, m->numbers, "numbers", NUMBER_WORDS, issues);
    check_services(m, issues);
    if (!whole)
        return;
    check_mocks(m, issues);
    check_calls(m, issues);
    check_ways(m, issues);
    check_values(m, issues);
    check_secrets(m, issues);
    check_trust(m, issues);
    if (issues->errors > 0)
        return;
    check_conditions(m, issues);
    check_pages(m, links, issues);
    check_unused(m, issues);
    check_unread(m, issues);
}
