/*
 * menu_fixture.h - small menus for tests: a root file's beginning, to which a
 * test adds its part, and what the loader says of it.
 */
#ifndef MENU_FIXTURE_H
#define MENU_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "menu/expr.h"
#include "menu/issue.h"
#include "menu/model.h"

#define HEAD_LINES 10
#define HEAD_OF(languages) \
    "language: 1\n" \
    "code: ['*333#', '*16333*1#']\n" \
    "name: Test\n" \
    "languages: {" languages "}\n" \
    "words: {back: Back, exit: Exit, more: More, tries: '{n} left', wrong: Wrong, choose: Choose, copied: Copied,\n" \
    "  too_many: 'Call {helpline}', busy: Busy, continue: Go on, 'yes': 'Yes', new: New, bye: Bye, no_code: None,\n" \
    "  months: a b c d e f g h i j k l}\n" \
    "start: main\n" \
    "shortcuts: {'8': main}\n" \
    "helpline: 333\n"
#define HEAD HEAD_OF("en: {name: English}")
#define HEAD_BN HEAD_OF("bn: {name: \xe0\xa6\xac}, bn-Latn: {name: Bangla, sms: no, shows: bn}, en: {name: English}")

struct fixture_menu {
    struct menu *menu;
    struct menu_issues issues;
};

static inline void fixture_load(struct fixture_menu *f, const char *head, const char *rest)
{
    struct buf text;

    buf_init(&text, 1 << 24);
    buf_adds(&text, head);
    buf_adds(&text, rest);
    f->menu = menu_load_text(buf_str(&text), text.len, &f->issues);
    buf_fini(&text);
}

static inline void fixture_free(struct fixture_menu *f)
{
    menu_free(f->menu);
    menu_issues_free(&f->issues);
}

/* All issues, "LINE:COLUMN CODE text" a line, lines counted behind the head. */
static inline void fixture_said(const struct fixture_menu *f, struct buf *out)
{
    for (int i = 0; i < f->issues.count; i++) {
        const struct menu_issue *issue = &f->issues.list[i];

        buf_addf(out, "%d:%d %s %s\n", issue->pos.line - HEAD_LINES, issue->pos.column, issue->code, issue->text);
    }
}

struct fixture_case {
    const char *yaml, *want;
};

static inline void fixture_cases(const char *head, const struct fixture_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct fixture_menu f;
        struct buf said;

        fixture_load(&f, head, cases[i].yaml);
        buf_init(&said, 1 << 20);
        fixture_said(&f, &said);
        assert_string_equal(buf_str(&said), cases[i].want);
        assert_int_equal(f.menu != NULL, f.issues.errors == 0);
        buf_fini(&said);
        fixture_free(&f);
    }
}

#define FIXTURE_CASES(head, cases) fixture_cases(head, cases, sizeof(cases) / sizeof(cases)[0])

#endif
