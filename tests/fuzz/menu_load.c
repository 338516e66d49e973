/*
 * menu_load: any octets as kheya.yaml; or several files, each behind a line
 * "=== path" (tests/fuzz/pack makes such an input of a folder).  What does not load has at least one
 * error with its line; what loads can be walked: every screen in every
 * language, its pages, its expressions, and the values of its types.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/gsm.h"
#include "menu/expr.h"
#include "menu/folder.h"
#include "menu/issue.h"
#include "menu/render.h"

#define FUZZ_MAX 65536
#define FUZZ_PAGES_MAX 8192
#define FUZZ_TODAY 20740                /* days since 1970 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

/* --- issues ------------------------------------------------------------------------------- */

static void fuzz_issues(const struct menu_issues *issues, bool loaded)
{
    int errors = 0;

    for (int i = 0; i < issues->count; i++) {
        const struct menu_issue *issue = &issues->list[i];

        must(issue->pos.line >= 1 && issue->pos.column >= 1 && issue->pos.file[0] != '\0');
        must(issue_find(issue->code) != ISSUE_COUNT && issue->text[0] != '\0');
        must(gsm_utf8_valid(issue->text, strlen(issue->text)) && strchr(issue->text, '\n') == NULL);
        must((issue->severity == MENU_ERROR) == (issue->code[0] == 'E'));
        errors += issue->severity == MENU_ERROR;
        must(i == 0 || strcmp(issues->list[i - 1].pos.file, issue->pos.file) != 0 ||
             issues->list[i - 1].pos.line <= issue->pos.line);
    }
    must(issues->count <= ISSUES_MAX && errors <= issues->errors);
    must(loaded == (issues->errors == 0));
}

/* --- the tree ------------------------------------------------------------------------------- */

/* Half of the variables are set, to what their type says is widest. */
static const char *fuzz_get(const void *arg, int var, size_t *len)
{
    const struct menu *m = arg;
    const struct menu_type *t = m->vars[var].type;
    static const char *const samples[MENU_TYPE_KINDS] = {
        [MENU_TYPE_TEXT] = "Kukri Mukri 12", [MENU_TYPE_WORD] = "paid",         [MENU_TYPE_WHOLE] = "1950",
        [MENU_TYPE_DATE] = "2026-10-12",     [MENU_TYPE_MSISDN] = "8801712345678", [MENU_TYPE_YESNO] = "yes",
        [MENU_TYPE_CASE_NO] = "8123056783",  [MENU_TYPE_PIN] = "5555",          [MENU_TYPE_PATTERN] = "4821",
        [MENU_TYPE_TOLD] = "x\x1f" "8123056783\x1e" "x\x1f" "2026-10-12\x1f" "\x1f",
    };
    const char *s;

    must(var >= 0 && var < m->var_count && t != NULL);
    s = t->choice_count > 0 ? t->choices[var % t->choice_count].code : samples[t->kind];
    if (s == NULL || (var % 2 == 1 && var >= MENU_BUILTINS))
        return NULL;
    *len = strlen(s);
    return s;
}

static void fuzz_rows(const struct menu *m, const struct menu_list *list, struct buf *rows)
{
    const struct menu_record *r = m->queries[list->query].returns;
    const char *cells[64] = { "1", "paid", NULL, "2026-10-12" };

    render_rows_begin(rows, r->field_count < 64 ? r->field_count : 64);
    for (int i = 0; i < 3; i++)
        render_rows_add(rows, cells, r->field_count < 64 ? r->field_count : 64);
}

static void fuzz_pages(const struct menu *m, const struct menu_screen *s, int lang, int septets)
{
    const struct expr_scope scope = { m, lang, FUZZ_TODAY, fuzz_get, m, NULL, NULL };
    const struct event_limits limits = { .septets = septets, .units = septets * 70 / 160 };
    struct render_args args = { .scope = &scope, .screen = s, .limits = &limits, .at_start = s == &m->screens[m->start] };
    struct render_page page = { .more = true };
    struct buf rows, out;

    buf_init(&rows, 4096);
    if (s->list.query != MENU_NONE) {
        fuzz_rows(m, &s->list, &rows);
        args.list_rows = buf_str(&rows);
        args.list_rows_len = rows.len;
    }
    buf_init(&out, 1 << 20);
    for (args.page = 0; page.more; args.page++) {
        buf_clear(&out);
        render_page(&args, &out, &page);
        must(args.page < FUZZ_PAGES_MAX && page.page == args.page);
        must(gsm_utf8_valid(buf_str(&out), out.len));
    }
    buf_fini(&out);
    buf_fini(&rows);
}

static void fuzz_go(const struct menu *m, const struct menu_gotos *go, const struct expr_scope *scope)
{
    for (int i = 0; i < go->count; i++) {
        must(go->list[i].to >= 0 && go->list[i].to < m->screen_count);
        must((go->list[i].when == NULL) == (i == go->count - 1));
        if (go->list[i].when != NULL)
            (void)expr_true(go->list[i].when, scope);
    }
}

static void fuzz_sets(const struct menu_set *sets, int count, int vars, const struct expr_scope *scope)
{
    struct buf out;

    buf_init(&out, 1 << 16);
    for (int i = 0; i < count; i++) {
        must(sets[i].var >= 0 && sets[i].var < vars && sets[i].value != NULL);
        (void)expr_value(sets[i].value, scope, &out);
    }
    buf_fini(&out);
}

static void fuzz_action(const struct menu *m, const struct menu_action *a, const struct expr_scope *scope)
{
    must((a->kind == MENU_QUERY) == (a->query != MENU_NONE) && a->query < m->query_count);
    must((a->kind == MENU_SUBMIT) == (a->service != MENU_NONE) && a->service < m->service_count);
    must((a->kind == MENU_SMS || a->kind == MENU_CONSENT) == (a->sms != MENU_NONE && a->to != NULL) &&
         a->sms < m->sms_count);
    must(a->kind != MENU_CONSENT || (m->consent >= MENU_BUILTINS && m->consent < m->var_count));
    must((a->kind == MENU_CONSENT_CHECK) == (a->wrong != MENU_NONE && a->expired != MENU_NONE));
    must(a->kind != MENU_PIN_CHECK || (a->wrong != MENU_NONE && a->none != MENU_NONE));
    must(a->locked < m->screen_count && (a->locked == MENU_NONE || a->kind == MENU_PIN_CHECK || a->kind == MENU_PIN_SET));
    must((a->kind != MENU_PIN_CHECK && a->kind != MENU_PIN_SET) || (m->pin >= MENU_BUILTINS && m->pin < m->var_count));
    must(a->wrong < m->screen_count && a->expired < m->screen_count);
    must(a->none < m->screen_count && a->fail < m->screen_count && a->case_no < m->var_count);
    must((a->kind == MENU_CALL) == (a->call != MENU_NONE) && a->call < m->screen_count && a->var < m->var_count);
    must(a->kind == MENU_RETURN ||
         (a->kind == MENU_CONSENT_CHECK || a->kind == MENU_PIN_CHECK || a->kind == MENU_PIN_SET) == (a->value != NULL));
    must(a->kind == MENU_AUDIT || a->told_count == 0);
    for (int i = 0; i < a->told_count; i++)
        must(a->told[i].value != NULL && a->told[i].name != NULL);
    must((a->kind == MENU_HOOK) == (a->backend != MENU_NONE) && a->backend < m->backend_count);
    fuzz_sets(a->sets, a->set_count,
              a->kind == MENU_SUBMIT ? m->services[a->service].field_count
              : a->kind == MENU_HOOK ? a->set_count : m->var_count, scope);
    if (a->kind == MENU_QUERY) {
        const struct menu_record *r = m->queries[a->query].returns;

        must(r != NULL && a->into != NULL);
        for (int i = 0; i < r->field_count; i++)
            must(m->vars[a->into[i]].type == r->fields[i].type);
    }
}

static void fuzz_screen(const struct menu *m, const struct menu_screen *s)
{
    const struct expr_scope scope = { m, 0, FUZZ_TODAY, fuzz_get, m, NULL, NULL };

    must(menu_screen_find(m, s->name) == s - m->screens);
    must(s->text != NULL || s->go.count > 0 ||
         (s->action_count > 0 && s->actions[s->action_count - 1].kind == MENU_RETURN));
    must(s->text == NULL || s->action_count == 0);
    must(s->input.var == MENU_NONE || (s->input.type == m->vars[s->input.var].type && s->go.count > 0));
    fuzz_go(m, &s->go, &scope);
    for (int i = 0; i < s->option_count; i++) {
        must(s->options[i].number > 0 && s->options[i].text != NULL && s->options[i].go.count > 0);
        fuzz_sets(s->options[i].sets, s->options[i].set_count, m->var_count, &scope);
        fuzz_go(m, &s->options[i].go, &scope);
    }
    for (int i = 0; i < s->action_count; i++)
        fuzz_action(m, &s->actions[i], &scope);
    for (int lang = 0; s->text != NULL && lang < m->lang_count; lang++) {
        must(s->text->by_lang[lang] != NULL);
        fuzz_pages(m, s, lang, 160);
        fuzz_pages(m, s, lang, 40);
    }
}

static void fuzz_types(const struct menu *m, const char *typed, size_t n)
{
    struct buf out, again;

    buf_init(&out, 1 << 17);
    buf_init(&again, 1 << 17);
    for (int i = 0; i < m->type_count; i++) {
        const struct menu_type *t = m->types[i];

        must(t->name != NULL && t->width > 0);
        buf_clear(&out);
        buf_clear(&again);
        if (!menu_type_accept(t, typed, n, FUZZ_TODAY, &out)) {
            must(out.len == 0);
            continue;
        }
        /* what was accepted is canonical: it may come back from the database */
        must(t->kind == MENU_TYPE_PIN || (menu_type_import(t, buf_str(&out), &again) && again.len == out.len));
    }
    buf_fini(&out);
    buf_fini(&again);
}

static void fuzz_menu(const struct menu *m, const char *text, size_t size)
{
    const char *code, *rest;
    size_t rest_len, n = size < 24 ? size : 24;
    struct buf typed;

    must(m->generation != 0 && m->code_count > 0 && m->lang_count > 0);
    must(m->start >= 0 && m->start < m->screen_count && m->first < m->screen_count);
    for (int i = 0; i < MENU_WORD_COUNT; i++) {
        for (int k = 0; k < m->lang_count; k++)
            must(m->words[i] != NULL ? m->words[i]->by_lang[k] != NULL : i == MENU_WORD_DIAL || i == MENU_WORD_OFTEN);
    }
    for (int i = 0; i < m->code_count; i++)
        must(menu_code_match(m, m->codes[i], strlen(m->codes[i]), &code, &rest, &rest_len) && rest_len == 0);
    for (int i = 0; i < m->var_count; i++)
        must(m->vars[i].type != NULL && menu_var_find(m, m->vars[i].name, strlen(m->vars[i].name)) == i);
    for (int i = 0; i < m->screen_count; i++)
        fuzz_screen(m, &m->screens[i]);
    /* something of the file's end, as an answer */
    buf_init(&typed, 1 << 10);
    gsm_answer(&typed, text + size - n, n);
    fuzz_types(m, buf_str(&typed), typed.len);
    fuzz_types(m, "4821", 4);
    fuzz_types(m, "05-03-1958", 10);
    buf_fini(&typed);
}

/* --- one file or several -------------------------------------------------------------------- */

static const char fuzz_mark[] = "=== ";

static bool fuzz_is_mark(const char *s, const char *end)
{
    return (size_t)(end - s) >= sizeof fuzz_mark - 1 && memcmp(s, fuzz_mark, sizeof fuzz_mark - 1) == 0;
}

static const char *fuzz_line(const char *s, const char *end)
{
    const char *stop = memchr(s, '\n', (size_t)(end - s));

    return stop != NULL ? stop + 1 : end;
}

/* The file that begins behind the mark at s, and what is behind it. */
static const char *fuzz_file(const char *s, const char *end, struct buf *sources)
{
    const char *body = fuzz_line(s, end), *next = body;
    char path[64];
    size_t n = (size_t)(body - s);

    n = n > sizeof fuzz_mark ? n - sizeof fuzz_mark : 0;
    n = n < sizeof path ? n : sizeof path - 1;
    memcpy(path, s + sizeof fuzz_mark - 1, n);
    path[n] = '\0';
    while (next < end && !fuzz_is_mark(next, end))
        next = fuzz_line(next, end);
    folder_add(sources, path, body, (size_t)(next - body));
    return next;
}

static struct menu *fuzz_load(const char *s, size_t size, struct menu_issues *issues)
{
    const char *end = s + size;
    struct buf sources;
    struct menu *m;

    if (!fuzz_is_mark(s, end))
        return menu_load_text(s, size, issues);
    buf_init(&sources, 4 * FUZZ_MAX);
    while (s < end)
        s = fuzz_file(s, end, &sources);
    m = menu_load_sources(buf_str(&sources), sources.len, issues);
    buf_fini(&sources);
    return m;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct menu_issues issues;
    struct menu *m;

    if (size > FUZZ_MAX)
        return 0;
    m = fuzz_load((const char *)data, size, &issues);
    fuzz_issues(&issues, m != NULL);
    if (m != NULL)
        fuzz_menu(m, (const char *)data, size);
    menu_free(m);
    menu_issues_free(&issues);
    return 0;
}
