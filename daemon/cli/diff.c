#include "cli/diff.h"

#include <assert.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "cli/facts.h"
#include "cli/load.h"
#include "cli/play_diff.h"
#include "menu/expr.h"

#define DIFF_INLINE 40                  /* octets of a text that stands in its sentence */

static const char diff_usage[] =
    "usage: kheya diff OLD NEW\n"
    "What changes from the menus in folder OLD to those in NEW, in a citizen's terms:\n"
    "where numbers lead, what pages read, what is asked, what cannot be reached any more.\n"
    "Lines that begin with 'frozen' break what is printed on posters and walls; 'warning'\n"
    "tells of answers that are not taken any more.\n"
    "Exit status: 0 the same, 1 different, 2 used wrongly or one of them has errors.\n";

struct diff {
    const struct menu *was, *now;
    struct facts before, after;
    int changes, frozen, warnings;
};

/* --- sentences ------------------------------------------------------------------------------ */

static void diff_subject(const struct fact *f)
{
    if (f->part[0] != '\0')
        printf("%s of ", f->part);
    printf("%s", f->subject);
}

static bool diff_is_inline(const struct fact *f)
{
    return f == NULL || (strlen(f->value) <= DIFF_INLINE && strchr(f->value, '\n') == NULL);
}

static void diff_value(const struct fact *f)
{
    const char *quote = f->words ? "\"" : "";

    printf("%s%s%s", quote, f->value, quote);
}

/* One of both may be NULL. */
static void diff_fact(struct diff *d, const struct fact *was, const struct fact *now)
{
    const struct fact *f = now != NULL ? now : was;

    assert(f != NULL);
    d->changes++;
    diff_subject(f);
    printf(" %s%s", now == NULL ? "no more " : "", f->key);
    if (!diff_is_inline(was) || !diff_is_inline(now)) {
        puts("");
        play_diff_print(was != NULL ? was->value : "", now != NULL ? now->value : "");
        return;
    }
    putchar(' ');
    diff_value(f);
    if (was != NULL && now != NULL) {
        printf(" (was ");
        diff_value(was);
        putchar(')');
    } else if (now != NULL) {
        printf(" (new)");
    }
    putchar('\n');
}

/* All facts of a part that only one of both has. */
static void diff_part(struct diff *d, const struct facts *in, int first, const char *what)
{
    const struct fact *part = &in->list[first];

    d->changes++;
    diff_subject(part);
    printf(" is %s:\n", what);
    for (int i = first; i < in->count && strcmp(in->list[i].subject, part->subject) == 0; i++) {
        const struct fact *f = &in->list[i];

        if (strcmp(f->part, part->part) != 0)
            continue;
        printf("    %s ", f->key);
        diff_value(f);
        putchar('\n');
    }
}

/* --- facts against facts ---------------------------------------------------------------------- */

/* Is it the first of its subject, of its part?  The others were told with it. */
static bool diff_is_first(const struct facts *in, int i, bool part)
{
    const struct fact *f = &in->list[i];

    return facts_find(in, f->subject, part ? f->part : NULL, NULL) == i;
}

/* What stands in one list and not in the other; what is in both and differs. */
static void diff_against(struct diff *d, const struct facts *in, const struct facts *other, bool gone)
{
    for (int i = 0; i < in->count; i++) {
        const struct fact *f = &in->list[i];
        int same;

        if (facts_find(other, f->subject, NULL, NULL) == MENU_NONE)
            continue;                   /* diff_subjects() tells */
        if (facts_find(other, f->subject, f->part, NULL) == MENU_NONE) {
            if (diff_is_first(in, i, true))
                diff_part(d, in, i, gone ? "gone" : "new");
            continue;
        }
        if (facts_find(in, f->subject, f->part, f->key) != i)
            continue;                   /* said twice: the first counts */
        same = facts_find(other, f->subject, f->part, f->key);
        if (same == MENU_NONE)
            diff_fact(d, gone ? f : NULL, gone ? NULL : f);
        else if (!gone && strcmp(f->value, other->list[same].value) != 0)
            diff_fact(d, &other->list[same], f);
    }
}

/* Screens in one line, since there may be many; the rest by themselves. */
static void diff_subjects(struct diff *d, const struct facts *in, const struct facts *other, bool gone)
{
    int screens = 0;

    for (int i = 0; i < in->count; i++) {
        const struct fact *f = &in->list[i];

        if (!diff_is_first(in, i, false) || facts_find(other, f->subject, NULL, NULL) != MENU_NONE)
            continue;
        d->changes++;
        if (f->screen)
            screens++;
        else
            printf("%s is %s\n", f->subject, gone ? "gone" : "new");
    }
    if (screens == 0)
        return;
    printf("%d screen%s %s: ", screens, screens > 1 ? "s" : "", gone ? "cannot be reached any more" : "new");
    for (int i = 0, told = 0; i < in->count; i++) {
        const struct fact *f = &in->list[i];

        if (f->screen && diff_is_first(in, i, false) && facts_find(other, f->subject, NULL, NULL) == MENU_NONE)
            printf("%s%s", told++ > 0 ? ", " : "", f->subject);
    }
    putchar('\n');
}

/* --- what must not change ---------------------------------------------------------------------- */

static const char *diff_screen(const struct menu *m, int screen)
{
    return m->screens[screen].name;
}

static void diff_shortcuts(struct diff *d)
{
    for (int i = 0; i < d->was->shortcut_count; i++) {
        const struct menu_shortcut *was = &d->was->shortcuts[i];
        const struct menu_shortcut *now = NULL;

        for (int k = 0; k < d->now->shortcut_count && now == NULL; k++)
            if (strcmp(d->now->shortcuts[k].path, was->path) == 0)
                now = &d->now->shortcuts[k];
        if (now != NULL && strcmp(diff_screen(d->now, now->to), diff_screen(d->was, was->to)) == 0)
            continue;
        d->frozen++;
        printf("frozen: short cut %s is printed on posters and led to %s; it ", was->path, diff_screen(d->was, was->to));
        if (now != NULL)
            printf("must not lead to %s\n", diff_screen(d->now, now->to));
        else
            printf("must not go\n");
    }
}

/* Words of text messages stand on posters too, with what is written behind them. */
static void diff_word(struct diff *d, const struct menu_keyword *was, const char *word)
{
    int i = menu_keyword_find(d->now, word, strlen(word));
    const struct menu_keyword *now = i != MENU_NONE ? &d->now->keywords[i] : NULL;
    bool same = now != NULL && now->fill_count == was->fill_count;

    for (int k = 0; same && k < was->fill_count; k++)
        same = strcmp(d->now->vars[now->fills[k]].name, d->was->vars[was->fills[k]].name) == 0;
    if (same && strcmp(diff_screen(d->now, now->to), diff_screen(d->was, was->to)) == 0)
        return;
    d->frozen++;
    printf("frozen: keyword %s is printed on posters and led to %s; it must not %s\n", word,
           diff_screen(d->was, was->to), now == NULL ? "go" : same ? "lead elsewhere" : "be filled in another way");
}

static void diff_keywords(struct diff *d)
{
    for (int i = 0; i < d->was->keyword_count; i++) {
        const struct menu_keyword *was = &d->was->keywords[i];

        diff_word(d, was, was->word);
        for (int k = 0; k < was->word_count; k++)
            diff_word(d, was, was->words[k]);
    }
}

static void diff_codes(struct diff *d)
{
    for (int i = 0; i < d->was->code_count; i++) {
        bool there = false;

        for (int k = 0; k < d->now->code_count; k++)
            there = there || strcmp(d->now->codes[k], d->was->codes[i]) == 0;
        if (there)
            continue;
        d->frozen++;
        printf("frozen: people dial %s; these menus do not answer it any more\n", d->was->codes[i]);
    }
}

static const struct menu_option *diff_option_of(const struct menu_screen *s, int number)
{
    for (int i = 0; i < s->option_count; i++)
        if (s->options[i].number == number)
            return &s->options[i];
    return NULL;
}

static bool diff_same_template(const struct diff *d, const struct template *was, const struct template *now)
{
    struct buf a, b;
    bool same;

    if (was == NULL || now == NULL)
        return was == now;
    buf_init(&a, 1u << 20);
    buf_init(&b, 1u << 20);
    template_source(was, d->was, &a);
    template_source(now, d->now, &b);
    same = strcmp(buf_str(&a), buf_str(&b)) == 0;
    buf_fini(&a);
    buf_fini(&b);
    return same;
}

/* In some language of both trees. */
static bool diff_shares_words(const struct diff *d, const struct menu_text *was, const struct menu_text *now)
{
    for (int i = 0; i < d->was->lang_count; i++) {
        int lang = menu_lang_find(d->now, d->was->langs[i].id);

        if (lang != MENU_NONE && diff_same_template(d, was->by_lang[i], now->by_lang[lang]))
            return true;
    }
    return false;
}

/* A screen that both lead to, by name. */
static bool diff_shares_screen(const struct diff *d, const struct menu_gotos *was, const struct menu_gotos *now)
{
    for (int i = 0; i < was->count; i++)
        for (int k = 0; k < now->count; k++)
            if (strcmp(diff_screen(d->was, was->list[i].to), diff_screen(d->now, now->list[k].to)) == 0)
                return true;
    return false;
}

static void diff_numbers_of(struct diff *d, const struct menu_screen *was, const struct menu_screen *now)
{
    for (int i = 0; i < was->option_count; i++) {
        const struct menu_option *o = &was->options[i];
        const struct menu_option *other = diff_option_of(now, o->number);

        if (other != NULL && (diff_shares_words(d, o->text, other->text) || diff_shares_screen(d, &o->go, &other->go)))
            continue;
        d->frozen++;
        if (other != NULL)
            printf("frozen: option %d of %s is used for something else; its number is printed on walls\n", o->number,
                   now->name);
        else
            printf("frozen: option %d of %s is gone; its number is printed on walls, and may not be used again\n",
                   o->number, now->name);
    }
}

static void diff_numbers(struct diff *d)
{
    for (int i = 0; i < d->was->screen_count; i++) {
        int now = menu_screen_find(d->now, d->was->screens[i].name);

        if (now != MENU_NONE)
            diff_numbers_of(d, &d->was->screens[i], &d->now->screens[now]);
    }
}

/* --- answers that are not taken any more -------------------------------------------------------- */

static bool diff_has_code(const struct menu_type *t, const char *code)
{
    for (int i = 0; i < t->choice_count; i++)
        if (strcmp(t->choices[i].code, code) == 0)
            return true;
    return false;
}

/* Does now refuse what was taken?  Of patterns it is only known when they are
 * the same. */
static bool diff_is_stricter(const struct menu_type *was, const struct menu_type *now)
{
    if (was->kind != now->kind)
        return true;
    for (int i = 0; i < was->choice_count; i++)
        if (!diff_has_code(now, was->choices[i].code))
            return true;
    if (was->kind == MENU_TYPE_WHOLE)
        return now->min > was->min || now->max < was->max;
    if (was->kind == MENU_TYPE_PATTERN)
        return strcmp(was->pattern, now->pattern) != 0;
    if (was->kind == MENU_TYPE_DATE)
        return (now->past && !was->past) || (now->future && !was->future);
    if (was->kind == MENU_TYPE_PIN)
        return was->width != now->width;
    return (was->kind == MENU_TYPE_TEXT || was->kind == MENU_TYPE_WORD) && now->width < was->width;
}

static void diff_types(struct diff *d)
{
    for (int i = 0; i < d->was->type_count; i++)
        for (int k = 0; k < d->now->type_count; k++) {
            const struct menu_type *was = d->was->types[i];
            const struct menu_type *now = d->now->types[k];

            if (strcmp(was->name, now->name) != 0 || !diff_is_stricter(was, now))
                continue;
            d->warnings++;
            printf("warning: type %s %s what was taken before\n", now->name,
                   now->kind == MENU_TYPE_PATTERN && was->kind == MENU_TYPE_PATTERN ? "may refuse" : "refuses");
        }
}

static void diff_questions(struct diff *d)
{
    for (int i = 0; i < d->was->screen_count; i++) {
        const struct menu_screen *was = &d->was->screens[i];
        int found = menu_screen_find(d->now, was->name);
        const struct menu_screen *now = found != MENU_NONE ? &d->now->screens[found] : NULL;

        if (now == NULL || was->input.var == MENU_NONE || now->input.var == MENU_NONE ||
            strcmp(was->input.type->name, now->input.type->name) == 0)
            continue;
        d->warnings++;
        printf("warning: %s asks for another kind of answer: %s (was %s)\n", now->name, now->input.type->name,
               was->input.type->name);
    }
}

/* --- the command ---------------------------------------------------------------------------------- */

static int diff_trees(const struct menu *was, const struct menu *now)
{
    struct diff d = { .was = was, .now = now };

    facts_init(&d.before, was);
    facts_init(&d.after, now);
    diff_shortcuts(&d);
    diff_keywords(&d);
    diff_codes(&d);
    diff_numbers(&d);
    diff_types(&d);
    diff_questions(&d);
    diff_subjects(&d, &d.before, &d.after, true);
    diff_subjects(&d, &d.after, &d.before, false);
    diff_against(&d, &d.after, &d.before, false);
    diff_against(&d, &d.before, &d.after, true);
    facts_fini(&d.before);
    facts_fini(&d.after);
    if (d.changes == 0)
        printf("the same for citizens\n");
    else
        printf("%d changes, %d of them frozen, %d warnings\n", d.changes, d.frozen, d.warnings);
    return d.changes > 0 ? 1 : 0;
}

int diff_main(int argc, char **argv)
{
    static const struct option options[] = {
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    struct menu *was, *now;
    int status = 2;
    int c;

    optind = 1;
    if ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        fputs(diff_usage, c == 'h' ? stdout : stderr);
        return c == 'h' ? 0 : 2;
    }
    if (optind + 2 != argc) {
        fputs(diff_usage, stderr);
        return 2;
    }
    was = load_menus(argv[optind], stderr);
    now = load_menus(argv[optind + 1], stderr);
    if (was != NULL && now != NULL)
        status = diff_trees(was, now);
    menu_free(was);
    menu_free(now);
    return status;
}
