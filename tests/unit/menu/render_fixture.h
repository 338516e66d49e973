/*
 * render_fixture.h - a small menu built by hand, for the tests of expr,
 * template and render: these rooms must not need the loader.
 */
#ifndef RENDER_FIXTURE_H
#define RENDER_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "menu/expr.h"
#include "menu/render.h"

enum { EN = 0, BN, LATN };

enum fixture_var {
    V_TAKA = MENU_BUILTINS,
    V_SENT,
    V_ALLOWANCE,
    V_TROUBLE,
    V_NID,
    V_NID4,
    V_PIN,
    V_STATE,
    V_OK,
    V_NOTE,
    V_OTHER_NOTE,
    V_WALLET,
    V_CASE,
    V_WARD,
    V_ROW_NO,
    V_ROW_STATE,
    V_COUNT,
};

struct fixture {
    struct arena *arena;
    struct menu menu;
    struct expr_names names;
    struct expr_scope scope;
    const char *values[V_COUNT];
    struct menu_text texts[400];
    int text_count;
};

static struct menu_text fixture_oaa, fixture_wda, fixture_lost, fixture_less;
static const struct menu_choice fixture_allowances[] = { { "OAA", &fixture_oaa }, { "WDA", &fixture_wda } };
static const struct menu_choice fixture_troubles[] = { { "lost", &fixture_lost }, { "less", &fixture_less } };

static const struct menu_type fixture_types[] = {
    { .name = "taka", .kind = MENU_TYPE_WHOLE, .min = 1, .max = 99999, .width = 5 },
    { .name = "date", .kind = MENU_TYPE_DATE, .width = 10 },
    { .name = "allowance", .kind = MENU_TYPE_CHOICE, .choices = fixture_allowances, .choice_count = 2, .width = 20 },
    { .name = "trouble", .kind = MENU_TYPE_CHOICE, .choices = fixture_troubles, .choice_count = 2, .width = 20 },
    { .name = "nid", .kind = MENU_TYPE_PATTERN, .width = 17, .sensitive = true },
    { .name = "nid4", .kind = MENU_TYPE_PATTERN, .width = 4, .example = "4821" },
    { .name = "pin(4)", .kind = MENU_TYPE_PIN, .width = 4, .sensitive = true },
    { .name = "word(12)", .kind = MENU_TYPE_WORD, .width = 12 },
    { .name = "yesno", .kind = MENU_TYPE_YESNO, .width = 3 },
    { .name = "text(40)", .kind = MENU_TYPE_TEXT, .width = 40 },
    { .name = "text(300)", .kind = MENU_TYPE_TEXT, .width = 300 },
    { .name = "word(11)", .kind = MENU_TYPE_WORD, .width = 11 },
    { .name = "case_no", .kind = MENU_TYPE_CASE_NO, .width = 10 },
    { .name = "ward", .kind = MENU_TYPE_WHOLE, .min = 1, .max = 9, .width = 1 },
    { .name = "msisdn", .kind = MENU_TYPE_MSISDN, .width = 13 },
};

#define FIXTURE_MSISDN (&fixture_types[14])

static const struct menu_var fixture_vars[V_COUNT] = {
    [MENU_VAR_MSISDN] = { .name = "citizen.msisdn", .type = FIXTURE_MSISDN },
    [MENU_VAR_LANG] = { .name = "citizen.lang", .type = &fixture_types[7] },
    [MENU_VAR_KNOWN] = { .name = "citizen.known", .type = &fixture_types[8] },
    [MENU_VAR_CODE] = { .name = "session.code", .type = &fixture_types[7] },
    [MENU_VAR_LINK] = { .name = "session.link", .type = &fixture_types[7] },
    [MENU_VAR_TODAY] = { .name = "today", .type = &fixture_types[1] },
    /* the program's others are not needed here */
    [V_TAKA] = { .name = "pay.taka", .type = &fixture_types[0] },
    [V_SENT] = { .name = "pay.sent", .type = &fixture_types[1] },
    [V_ALLOWANCE] = { .name = "allowance", .type = &fixture_types[2] },
    [V_TROUBLE] = { .name = "trouble", .type = &fixture_types[3] },
    [V_NID] = { .name = "nid", .type = &fixture_types[4] },
    [V_NID4] = { .name = "nid4", .type = &fixture_types[5] },
    [V_PIN] = { .name = "pin", .type = &fixture_types[6] },
    [V_STATE] = { .name = "pay.state", .type = &fixture_types[7] },
    [V_OK] = { .name = "ok", .type = &fixture_types[8] },
    [V_NOTE] = { .name = "note", .type = &fixture_types[9] },
    [V_OTHER_NOTE] = { .name = "other_note", .type = &fixture_types[10] },
    [V_WALLET] = { .name = "pay.wallet", .type = &fixture_types[11] },
    [V_CASE] = { .name = "case.no", .type = &fixture_types[12] },
    [V_WARD] = { .name = "ward", .type = &fixture_types[13] },
    [V_ROW_NO] = { .name = "c.no", .type = &fixture_types[12] },
    [V_ROW_STATE] = { .name = "c.state", .type = &fixture_types[7] },
};

static inline int fixture_resolve(void *arg, const char *name, size_t len)
{
    (void)arg;
    for (int i = 0; i < V_COUNT; i++)
        if (fixture_vars[i].name != NULL && strlen(fixture_vars[i].name) == len && memcmp(fixture_vars[i].name, name, len) == 0)
            return i;
    return MENU_NONE;
}

static inline const struct menu_type *fixture_type(void *arg, int var)
{
    (void)arg;
    return fixture_vars[var].type;
}

static inline const char *fixture_nearest(void *arg, const char *name, size_t len)
{
    (void)arg;
    for (int i = 0; i < V_COUNT; i++)
        if (len > 2 && fixture_vars[i].name != NULL && strncmp(fixture_vars[i].name, name, len - 1) == 0)
            return fixture_vars[i].name;
    return NULL;
}

/* The buffer is spoiled at every call, as a real session's may be. */
static inline const char *fixture_get(const void *arg, int var, size_t *len)
{
    const struct fixture *f = arg;
    static char shown[9000];                /* gone at the next call */

    assert_int_not_equal(var, MENU_VAR_TODAY);
    memset(shown, '!', 600);
    if (f->values[var] == NULL)
        return NULL;
    *len = strlen(f->values[var]);
    memcpy(shown, f->values[var], *len);
    return shown;
}

static inline const struct template *fixture_template(struct fixture *f, const char *s, const char *word)
{
    struct expr_error err;
    const struct template *t = template_parse(f->arena, &f->names, s, strlen(s), word, &err);

    if (t == NULL)
        fail_msg("'%s': at %zu: %s", s, err.at, err.text);
    return t;
}

/* A text in three languages; NULL: none in that one. */
static inline const struct menu_text *fixture_text(struct fixture *f, const char *en, const char *bn, const char *latn)
{
    struct menu_text *t = &f->texts[f->text_count++];
    const char *const by_lang[] = { en, bn, latn };

    assert_true(f->text_count <= 400);
    memset(t, 0, sizeof *t);
    for (int i = 0; i < 3; i++)
        if (by_lang[i] != NULL)
            t->by_lang[i] = fixture_template(f, by_lang[i], "");
    return t;
}

static inline void fixture_word(struct fixture *f, enum menu_word word, const char *arg, const char *en, const char *bn,
                                const char *latn)
{
    struct menu_text *t = &f->texts[f->text_count++];

    t->by_lang[EN] = fixture_template(f, en, arg);
    t->by_lang[BN] = fixture_template(f, bn, arg);
    t->by_lang[LATN] = fixture_template(f, latn, arg);
    f->menu.words[word] = t;
}

static inline void fixture_words(struct fixture *f)
{
    fixture_word(f, MENU_WORD_BACK, "", "Back", "পিছে", "Piche");
    fixture_word(f, MENU_WORD_EXIT, "", "Exit", "শেষ", "Shesh");
    fixture_word(f, MENU_WORD_MORE, "", "More", "আরও", "Aro");
    fixture_word(f, MENU_WORD_YES, "", "Yes", "হ্যাঁ", "Ha");
    fixture_word(f, MENU_WORD_TRIES, "n", "{n} tries left", "আর {n} বার পারবেন", "Ar {n} bar");
    fixture_word(f, MENU_WORD_BUSY, "helpline", "Busy. Call {helpline}.", "ব্যস্ত। {helpline}", "Bysto. {helpline}");
    fixture_word(f, MENU_WORD_MONTHS, "", "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec",
                 "জানু ফেব্রু মার্চ এপ্রিল মে জুন জুলাই আগস্ট সেপ্টে অক্টো নভে ডিসে",
                 "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec");
}

static inline void fixture_name(struct fixture *f, struct menu_text *t, const char *en, const char *bn)
{
    memset(t, 0, sizeof *t);
    t->by_lang[EN] = fixture_template(f, en, "");
    t->by_lang[BN] = fixture_template(f, bn, "");
}

static inline void fixture_init(struct fixture *f)
{
    memset(f, 0, sizeof *f);
    f->arena = arena_new(16 << 20);
    f->menu.arena = f->arena;
    f->menu.langs[EN] = (struct menu_lang){ "en", "English", true, EN, false };
    f->menu.langs[BN] = (struct menu_lang){ "bn", "বাংলা", true, BN, true };
    f->menu.langs[LATN] = (struct menu_lang){ "bn-Latn", "Bangla", false, BN, true };
    f->menu.lang_count = 3;
    f->menu.key_back = "0";
    f->menu.key_start = "00";
    f->menu.key_more = "9";
    f->menu.key_script = "*";
    f->menu.vars = fixture_vars;
    f->menu.var_count = V_COUNT;
    f->names = (struct expr_names){ &f->menu, fixture_resolve, fixture_type, fixture_nearest, f, NULL };
    f->scope = (struct expr_scope){ &f->menu, EN, 20740, fixture_get, f, NULL, NULL };
    fixture_words(f);
    fixture_name(f, &fixture_oaa, "Old age allowance", "বয়স্ক ভাতা");
    fixture_name(f, &fixture_wda, "Widow allowance", "বিধবা ভাতা");
    fixture_name(f, &fixture_lost, "SIM lost", "সিম নেই");
    fixture_name(f, &fixture_less, "Got less", "কম টাকা");
}

static inline void fixture_fini(struct fixture *f)
{
    arena_free(f->arena);
}

#endif
