#include "menu/issue.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/gsm.h"

#define ISSUE_OCTETS 512

static const struct issue_row {
    const char *code, *text;
} issue_rows[ISSUE_COUNT] = {
#define X(id, code, text) [ISSUE_##id] = { code, text },
    ISSUE_CODES(X)
#undef X
};

enum issue_code issue_find(const char *name)
{
    int i = 0;

    while (i < ISSUE_COUNT && strcasecmp(issue_rows[i].code, name) != 0)
        i++;
    return (enum issue_code)i;
}

const char *issue_name(enum issue_code code)
{
    return issue_rows[code].code;
}

const char *issue_meaning(enum issue_code code)
{
    return issue_rows[code].text;
}

void issues_init(struct menu_issues *issues)
{
    memset(issues, 0, sizeof *issues);
    /* ISSUES_MAX texts and the names of 2000 files: this ceiling is never met */
    issues->arena = arena_new(SIZE_MAX);
}

void menu_issues_free(struct menu_issues *issues)
{
    arena_free(issues->arena);
    free(issues->list);
    memset(issues, 0, sizeof *issues);
}

/* What no terminal or JSON reader should get: control characters, and bytes that
 * are not UTF-8, as a file's name may have. */
static void issue_print(char *text)
{
    uint32_t cp;
    int n;

    for (size_t left = strlen(text); left > 0; text += n, left -= (size_t)n) {
        n = gsm_utf8_next(text, left, &cp);
        if (n <= 0 || cp < 0x20 || cp == 0x7f) {
            *text = '?';
            n = 1;
        }
    }
}

/* A name may be as long as a file: cut between characters, and keep to one line. */
static void issue_tidy(char text[ISSUE_OCTETS], size_t len)
{
    if (len >= ISSUE_OCTETS) {
        len = ISSUE_OCTETS - 4;
        while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
            len--;
        memcpy(text + len, "...", 4);
    }
    issue_print(text);
}

/* Positions outlive the menu they were found in: keep one copy of each file's name. */
static const char *issue_file(struct menu_issues *issues, const char *file)
{
    char *copy;

    for (int i = issues->count - 1; i >= 0 && i >= issues->count - 8; i--) {
        if (strcmp(issues->list[i].pos.file, file) == 0)
            return issues->list[i].pos.file;
    }
    copy = arena_strdup(issues->arena, file);
    issue_print(copy);
    return copy;
}

void issue_add(struct menu_issues *issues, enum issue_code code, struct menu_pos pos, const char *fmt, ...)
{
    char text[ISSUE_OCTETS];
    struct menu_issue *issue;
    va_list ap;
    int n;

    if (issue_rows[code].code[0] == 'E')
        issues->errors++;
    if (issues->count == ISSUES_MAX) {
        issues->dropped++;
        return;
    }
    if (issues->count == issues->cap) {
        issues->cap = issues->cap > 0 ? issues->cap * 2 : 16;
        issues->list = xrealloc(issues->list, (size_t)issues->cap * sizeof *issues->list);
    }
    va_start(ap, fmt);
    n = vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    issue_tidy(text, n > 0 ? (size_t)n : 0);
    issue = &issues->list[issues->count];
    *issue = (struct menu_issue){ pos, issue_rows[code].code[0] == 'E' ? MENU_ERROR : MENU_WARNING,
                                  issue_rows[code].code, arena_strdup(issues->arena, text) };
    issue->pos.file = issue_file(issues, pos.file);
    issues->count++;
}

struct menu_pos issue_where(const struct menu_issues *issues, const struct menu_place *place)
{
    return issues->locate(issues->locate_arg, place);
}

static int issue_compare(const void *a, const void *b)
{
    const struct menu_issue *x = a, *y = b;
    int c = strcmp(x->pos.file, y->pos.file);

    if (c != 0)
        return c;
    if (x->pos.line != y->pos.line)
        return x->pos.line < y->pos.line ? -1 : 1;
    if (x->pos.column != y->pos.column)
        return x->pos.column < y->pos.column ? -1 : 1;
    c = strcmp(x->code, y->code);
    return c != 0 ? c : strcmp(x->text, y->text);
}

void issues_sort(struct menu_issues *issues)
{
    int kept = 0;

    if (issues->count == 0)
        return;
    qsort(issues->list, (size_t)issues->count, sizeof *issues->list, issue_compare);
    for (int i = 0; i < issues->count; i++) {
        if (kept > 0 && issue_compare(&issues->list[kept - 1], &issues->list[i]) == 0) {
            if (issues->list[i].severity == MENU_ERROR)
                issues->errors--;
            continue;
        }
        issues->list[kept++] = issues->list[i];
    }
    issues->count = kept;
}
