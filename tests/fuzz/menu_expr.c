/*
 * menu_expr: any octets as an expression, as a text with placeholders, and as
 * the texts of a screen.  What parses can be evaluated, printed and paged; what
 * does not has one line that says where.
 *
 * The first octet chooses: 0 expression, 1 text, 2 screen (then septets, units,
 * flags, and lines: the title, '#' before an option's line).
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/gsm.h"
#include "menu/expr.h"
#include "menu/render.h"

#define FUZZ_MAX 4096
#define FUZZ_OPTIONS 40

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

/* --- a small menu --------------------------------------------------------------------- */

static struct menu_text fuzz_names[2];
static const struct menu_choice fuzz_choices[] = { { "OAA", &fuzz_names[0] }, { "WDA", &fuzz_names[1] } };

static const struct fuzz_var {
    const char *name, *value;
    struct menu_type type;
} fuzz_vars[] = {
    { "citizen.msisdn", "8801712345678", { .name = "msisdn", .kind = MENU_TYPE_MSISDN, .width = 13 } },
    { "citizen.lang", "bn", { .name = "word(8)", .kind = MENU_TYPE_WORD, .width = 8 } },
    { "citizen.known", "yes", { .name = "yesno", .kind = MENU_TYPE_YESNO, .width = 3 } },
    { "session.code", "*333#", { .name = "word(8)", .kind = MENU_TYPE_WORD, .width = 8 } },
    { "session.link", NULL, { .name = "word(8)", .kind = MENU_TYPE_WORD, .width = 8 } },
    { "today", NULL, { .name = "date", .kind = MENU_TYPE_DATE, .width = 10 } },
    { "a", "WDA", { .name = "allowance", .kind = MENU_TYPE_CHOICE, .choices = fuzz_choices, .choice_count = 2 } },
    { "t", "1950", { .name = "taka", .kind = MENU_TYPE_WHOLE, .min = 1, .max = 99999, .width = 5 } },
    { "u", NULL, { .name = "ward", .kind = MENU_TYPE_WHOLE, .min = 1, .max = 9, .width = 1 } },
    { "d", "2026-10-12", { .name = "date", .kind = MENU_TYPE_DATE, .width = 10 } },
    { "s", "9876543210123", { .name = "nid", .kind = MENU_TYPE_PATTERN, .width = 17, .sensitive = true } },
    { "p", "5555", { .name = "pin(4)", .kind = MENU_TYPE_PIN, .width = 4, .sensitive = true } },
    { "w", "\xe0\xa6\x95\xe0\xa7\x8d\xe0\xa6\xb7\xe0\xa6\xa4\xe0\xa6\xbf 12 \xf0\x9f\x98\x80",
      { .name = "text(40)", .kind = MENU_TYPE_TEXT, .width = 40 } },
};

#define FUZZ_VARS ((int)(sizeof fuzz_vars / sizeof fuzz_vars[0]))

static int fuzz_resolve(void *arg, const char *name, size_t len)
{
    (void)arg;
    for (int i = 0; i < FUZZ_VARS; i++)
        if (strlen(fuzz_vars[i].name) == len && memcmp(fuzz_vars[i].name, name, len) == 0)
            return i;
    return MENU_NONE;
}

static const struct menu_type *fuzz_type(void *arg, int var)
{
    (void)arg;
    return &fuzz_vars[var].type;
}

static const char *fuzz_get(const void *arg, int var, size_t *len)
{
    static char shown[64];

    (void)arg;
    must(var >= 0 && var < FUZZ_VARS && var != MENU_VAR_TODAY);
    memset(shown, '!', sizeof shown);
    if (fuzz_vars[var].value == NULL)
        return NULL;
    *len = strlen(fuzz_vars[var].value);
    memcpy(shown, fuzz_vars[var].value, *len);
    return shown;
}

struct fuzz {
    struct arena *arena;
    struct menu menu;
    struct expr_names names;
    struct expr_scope scope;
    struct menu_text words[MENU_WORD_COUNT];
};

static const struct template *fuzz_constant(struct fuzz *f, const char *s)
{
    struct expr_error err;
    const struct template *t = template_parse(f->arena, &f->names, s, strlen(s), "", &err);

    must(t != NULL);
    return t;
}

static void fuzz_init(struct fuzz *f)
{
    static const struct menu_lang langs[] = { { "en", "English", true, 0, true }, { "bn", "Bangla", true, 1, true } };

    memset(f, 0, sizeof *f);
    f->arena = arena_new(4 << 20);
    memcpy(f->menu.langs, langs, sizeof langs);
    f->menu.lang_count = 2;
    f->menu.key_back = "0";
    f->menu.key_start = "00";
    f->menu.key_more = "9";
    f->menu.key_script = "*";
    f->names = (struct expr_names){ &f->menu, fuzz_resolve, fuzz_type, NULL, NULL, NULL };
    f->scope = (struct expr_scope){ &f->menu, 0, 20740, fuzz_get, NULL, NULL, NULL };
    for (int i = 0; i < MENU_WORD_COUNT; i++) {
        f->words[i].by_lang[0] = fuzz_constant(f, i == MENU_WORD_MONTHS ? "J F M A M J J A S O N D" : "More");
        f->words[i].by_lang[1] = fuzz_constant(f, "\xe0\xa6\x86\xe0\xa6\xb0\xe0\xa6\x93");
        f->menu.words[i] = &f->words[i];
    }
    fuzz_names[0].by_lang[0] = fuzz_constant(f, "Old age");
    fuzz_names[1].by_lang[0] = fuzz_constant(f, "Widow");
}

/* --- the three ways ------------------------------------------------------------------- */

static void fuzz_error(const struct expr_error *err, size_t size)
{
    must(err->at <= size);
    must(err->text[0] != '\0' && strlen(err->text) < sizeof err->text && strchr(err->text, '\n') == NULL);
}

static void fuzz_read(void *arg, int var)
{
    (void)arg;
    must(var >= 0 && var < FUZZ_VARS);
}

static void fuzz_expr(struct fuzz *f, const char *s, size_t n)
{
    struct expr_error err = { SIZE_MAX, "" };
    struct buf out;

    buf_init(&out, 1 << 16);
    /* alone, as a condition, and into a variable of each type */
    for (int i = -2; i < FUZZ_VARS; i++) {
        const struct expr *e = expr_parse(f->arena, &f->names, s, n, i == -2 ? EXPR_BOOL : -1,
                                          i < 0 ? NULL : &fuzz_vars[i].type, &err);

        if (e == NULL) {
            fuzz_error(&err, n);
            continue;
        }
        buf_clear(&out);
        (void)expr_true(e, &f->scope);
        (void)expr_value(e, &f->scope, &out);
        expr_reads(e, fuzz_read, NULL);
        if (i >= 0 && fuzz_vars[i].type.kind == MENU_TYPE_WHOLE)
            must(expr_kind(e) == EXPR_WHOLE);
    }
    buf_fini(&out);
}

static void fuzz_text(struct fuzz *f, const char *s, size_t n)
{
    struct expr_error err = { SIZE_MAX, "" };
    const struct template *t = template_parse(f->arena, &f->names, s, n, "n", &err);
    struct buf out;

    if (t == NULL) {
        fuzz_error(&err, n);
        return;
    }
    f->scope.word_value = "2";
    template_reads(t, fuzz_read, NULL);
    for (f->scope.lang = 0; f->scope.lang < 2; f->scope.lang++) {
        buf_init(&out, 1 << 20);
        template_print(t, &f->scope, &out);
        must(gsm_utf8_valid(buf_str(&out), out.len));
        /* neither the sensitive value nor the PIN, unless the text itself has it */
        must(memmem(s, n, "98765", 5) != NULL || strstr(buf_str(&out), "9876543210123") == NULL);
        must(memmem(s, n, "5", 1) != NULL || strstr(buf_str(&out), "5555") == NULL);
        buf_fini(&out);
        buf_init(&out, n);
        template_print(t, &f->scope, &out);
        buf_fini(&out);
    }
}

/* Octets of a text that are no blanks: what pages together must have. */
static size_t fuzz_solid(const char *s, size_t n)
{
    size_t count = 0;

    for (size_t i = 0; i < n; i++)
        count += s[i] != ' ' && s[i] != '\n';
    return count;
}

static size_t fuzz_add(struct fuzz *f, const char *s, size_t n, struct menu_text *text)
{
    struct expr_error err;
    struct buf printed;
    size_t solid;

    text->by_lang[0] = template_parse(f->arena, &f->names, s, n, "", &err);
    if (text->by_lang[0] == NULL)
        text->by_lang[0] = fuzz_constant(f, "x y");
    buf_init(&printed, 1 << 20);
    template_print(text->by_lang[0], &f->scope, &printed);
    solid = fuzz_solid(buf_str(&printed), printed.len);
    buf_fini(&printed);
    return solid;
}

static void fuzz_pages(const struct render_args *base, size_t want)
{
    struct render_args args = *base;
    struct render_page page = { .more = true };
    size_t got = 0;
    bool cut = false;

    for (args.page = 0; page.more; args.page++) {
        struct gsm_cost cost;
        struct buf out;

        must(args.page < 2 * FUZZ_MAX);
        buf_init(&out, 1 << 20);
        render_page(&args, &out, &page);
        must(page.page == args.page && gsm_utf8_valid(buf_str(&out), out.len));
        cost = gsm_cost(buf_str(&out), out.len);
        must(page.septets == cost.septets && page.units == cost.units);
        if (page.fits)
            must(cost.septets >= 0 ? cost.septets <= args.limits->septets : cost.units <= args.limits->units);
        cut |= !page.fits;
        got += fuzz_solid(buf_str(&out), out.len) - (page.more ? strlen("9More") : 0);
        buf_fini(&out);
    }
    /* more than the scratch holds is said with fits */
    must(got == want || (cut && got < want && want > 8000));
}

static void fuzz_screen(struct fuzz *f, const char *s, size_t n)
{
    static struct menu_text texts[FUZZ_OPTIONS + 1];
    struct menu_option options[FUZZ_OPTIONS] = { { 0 } };
    struct menu_screen screen = { .text = &texts[0], .options = options, .list = { .query = MENU_NONE },
                                  .hide_back = true };
    struct event_limits limits;
    struct render_args args = { .scope = &f->scope, .screen = &screen, .limits = &limits };
    const char *title = s + 3;
    const char *end = s + n;
    const char *line;
    size_t want;

    if (n < 3)
        return;
    limits = (struct event_limits){ .septets = 1 + (uint8_t)s[0], .units = 1 + (uint8_t)s[1] };
    line = memchr(title, '#', (size_t)(end - title));
    want = fuzz_add(f, title, (size_t)((line != NULL ? line : end) - title), &texts[0]);
    while (line != NULL && screen.option_count < FUZZ_OPTIONS) {
        struct menu_option *o = &options[screen.option_count++];
        const char *next = memchr(line + 1, '#', (size_t)(end - line - 1));

        o->number = screen.option_count;
        o->text = &texts[screen.option_count];
        o->new_page = (s[2] >> screen.option_count % 8 & 1) != 0;
        want += (size_t)(o->number < 10 ? 1 : 2);
        want += fuzz_add(f, line + 1, (size_t)((next != NULL ? next : end) - line - 1), &texts[screen.option_count]);
        line = next;
    }
    fuzz_pages(&args, want);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *s = (const char *)data + 1;
    struct fuzz f;

    if (size == 0 || size > FUZZ_MAX)
        return 0;
    fuzz_init(&f);
    switch (data[0] % 3) {
    case 0:
        fuzz_expr(&f, s, size - 1);
        break;
    case 1:
        fuzz_text(&f, s, size - 1);
        break;
    default:
        fuzz_screen(&f, s, size - 1);
        break;
    }
    arena_free(f.arena);
    return 0;
}
