#include "menu/check_fits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "menu/fit.h"
#include "menu/render.h"

#define FITS_PAGES_MOST 4
#define FITS_FIRST_MOST 140             /* septets: some networks cut the first page of a dialogue there */
#define FITS_BESIDE_MORE " with the key for more beside it"
#define FITS_NAMES_MAX  200             /* octets of link names in a message */

/*
 * Why words and options are enough.  A page begins with a word of a text or
 * with an option.  If that one fits beside the hint for more, the renderer has a
 * page that is neither cut nor too long: it takes as much more as fits, and
 * where nothing fits, the title of later pages and then the hint for back give
 * way.  So a screen that may need a second page is proved when each of its
 * words and options fits beside that hint, and the last option alone.
 */

/* Links with the same limits are judged once. */
struct fits_limit {
    struct menu_link link;              /* name: of all of them */
    char names[FITS_NAMES_MAX];
    bool paged;                         /* the screen in hand may need a second page here */
};

struct fits {
    const struct menu *m;
    struct menu_issues *issues;
    struct fits_limit *limits;
    int limit_count;
    bool blind;                         /* see fit.h */
    bool proves;                        /* looks for errors; else for warnings */
    int lang;
    struct fit fit;
    struct fit_cost more, back, exit;   /* hints, each with the blank or line end before it */
    struct fit_cost choose, copied, wrong, tries, no_code;
    const struct menu_screen *screen;   /* in hand */
    /* the text whose words are judged */
    const struct menu_text *text;
    const char *what;
    struct fit_word word;               /* the last one read */
};

/* --- links -------------------------------------------------------------------------- */

static void fits_add_name(struct fits_limit *l, const char *name)
{
    size_t n = strlen(l->names);

    if (strlen(name) + 3 < sizeof l->names - n)
        (void)snprintf(l->names + n, sizeof l->names - n, "%s%s", n > 0 ? ", " : "", name);
}

static void fits_add_link(struct fits *c, const struct menu_link *link)
{
    for (int i = 0; i < c->limit_count; i++) {
        if (c->limits[i].link.septets == link->septets && c->limits[i].link.units == link->units) {
            fits_add_name(&c->limits[i], link->name);
            return;
        }
    }
    c->limits[c->limit_count] = (struct fits_limit){ .link = *link };
    fits_add_name(&c->limits[c->limit_count++], link->name);
}

/* --- what does not fit ----------------------------------------------------------------- */

/* "85 units, where gp holds 70" for the first limit that it passes, and the links
 * of the others. */
static void fits_say(struct fits *c, enum issue_code code, struct menu_pos pos, const char *what, const char *with,
                     struct fit_cost cost, const bool *passed)
{
    const struct fits_limit *first = NULL;
    struct buf others;
    bool units;

    buf_init(&others, 4096);
    for (int i = 0; i < c->limit_count; i++) {
        if (!passed[i])
            continue;
        if (first == NULL)
            first = &c->limits[i];
        else
            buf_addf(&others, "%s%s", others.len > 0 ? ", " : "; nor does it fit on ", c->limits[i].names);
    }
    if (first != NULL) {
        units = cost.septets < 0 || first->link.septets <= 0 || cost.septets <= first->link.septets;
        issue_add(c->issues, code, pos, "%s does not fit in %s: %d %s%s; a page of %s holds %d%s", what,
                  c->m->langs[c->lang].id, units ? cost.units : cost.septets, units ? "UCS-2 units" : "septets", with,
                  first->names, units ? first->link.units : first->link.septets, buf_str(&others));
    }
    buf_fini(&others);
}

/* A unit that no page can break, on all links where the screen may be paged (or
 * on all). */
static void fits_judge(struct fits *c, enum issue_code code, struct menu_pos pos, const char *what, const char *with,
                       struct fit_cost cost, bool everywhere)
{
    bool *passed = xcalloc((size_t)c->limit_count, sizeof *passed);
    bool any = false;

    for (int i = 0; i < c->limit_count; i++) {
        passed[i] = (everywhere || c->limits[i].paged) && !fit_fits(cost, &c->limits[i].link);
        any |= passed[i];
    }
    if (any)
        fits_say(c, code, pos, what, with, cost, passed);
    free(passed);
}

static void fits_judge_word(struct fits *c, const struct fit_word *w, bool last)
{
    char what[FIT_WORD_SHOWN + 128];

    if (w->breaks)
        return;
    (void)snprintf(what, sizeof what, "the word '%s' in %s", w->shown, c->what);
    fits_judge(c, ISSUE_TOO_LONG, menu_text_pos(c->text, c->lang), what, last ? "" : FITS_BESIDE_MORE,
               last ? w->cost : fit_plus(w->cost, c->more), false);
}

/* The one before is not the last. */
static void fits_word(void *arg, const struct fit_word *w)
{
    struct fits *c = arg;

    if (c->word.shown[0] != '\0')
        fits_judge_word(c, &c->word, false);
    c->word = *w;
}

/* ends: nothing stands behind the text, so that its last word needs no key for
 * more. */
static void fits_words(struct fits *c, const struct menu_text *text, const char *what, bool ends)
{
    if (text == NULL || text->by_lang[c->lang] == NULL)
        return;
    c->text = text;
    c->what = what;
    c->word.shown[0] = '\0';
    fit_words(&c->fit, text, fits_word, c);
    if (c->word.shown[0] != '\0')
        fits_judge_word(c, &c->word, ends);
}

/* --- one screen -------------------------------------------------------------------------- */

static struct fit_cost fits_number(int number)
{
    char text[16];

    return fit_ascii(snprintf(text, sizeof text, "%d ", number));
}

static struct fit_cost fits_option(struct fits *c, const struct menu_option *o)
{
    return fit_plus(fits_number(o->number), fit_text(&c->fit, o->text));
}

static struct fit_cost fits_row(struct fits *c)
{
    const struct menu_list *list = &c->screen->list;

    return fit_plus(fits_number(render_row_number(c->m, list->max > 0 ? list->max - 1 : 0)),
                    fit_text(&c->fit, list->option));
}

static bool fits_is_list(const struct menu_screen *s)
{
    return s->list.option != NULL;
}

/* What stands in the title's place after an answer that does not fit. */
static struct fit_cost fits_error(struct fits *c)
{
    const struct menu_input *in = &c->screen->input;
    struct fit_cost tries = fit_plus(fit_ascii(1), c->tries);
    struct fit_cost wrong = c->wrong;

    if (in->var == MENU_NONE)
        return c->screen->option_count > 0 || fits_is_list(c->screen) ? fit_plus(c->choose, tries) : fit_ascii(0);
    if (in->wrong != NULL)
        wrong = fit_text(&c->fit, in->wrong);
    else if (in->type != NULL && in->type->example != NULL)
        wrong = fit_plus(wrong, fit_plus(fit_ascii(1), fit_literal(in->type->example, strlen(in->type->example))));
    return fit_plus(fit_most(wrong, c->copied), tries);
}

static struct fit_cost fits_all_options(struct fits *c)
{
    struct fit_cost sum = fit_ascii(0);

    for (int i = 0; i < c->screen->option_count; i++)
        sum = fit_plus(sum, fit_plus(fit_ascii(1), fits_option(c, &c->screen->options[i])));
    return sum;
}

/* All of it on one page: the title, or an error or a notice with it, every
 * option that can be shown.  The hint for back may give way. */
static struct fit_cost fits_whole(struct fits *c)
{
    const struct menu_screen *s = c->screen;
    struct fit_cost notice = fit_plus(c->no_code, fit_ascii(1));
    struct fit_cost sum = fit_most(fit_plus(fit_text(&c->fit, s->text), notice), fits_error(c));

    if (fits_is_list(s))
        sum = fit_plus(sum, fit_times(fit_plus(fit_ascii(1), fits_row(c)), s->list.max));
    return fit_plus(sum, fits_all_options(c));
}

static void fits_options(struct fits *c)
{
    const struct menu_screen *s = c->screen;
    char what[32];

    for (int i = 0; i < s->option_count; i++) {
        struct fit_cost line = fits_option(c, &s->options[i]);
        bool last = i + 1 == s->option_count;

        (void)snprintf(what, sizeof what, "option %d", s->options[i].number);
        fits_judge(c, ISSUE_TOO_LONG, s->options[i].text != NULL ? menu_text_pos(s->options[i].text, c->lang)
                                                                 : s->options[i].pos,
                   what, last ? "" : FITS_BESIDE_MORE, last ? line : fit_plus(line, c->more), false);
    }
    if (!fits_is_list(s))
        return;
    fits_judge(c, ISSUE_TOO_LONG, menu_text_pos(s->list.option, c->lang), "a row of the list", FITS_BESIDE_MORE,
               fit_plus(fits_row(c), c->more), false);
}

/* On a page that is the only one, the key for more is a number like others. */
static void fits_more_key(struct fits *c)
{
    const struct menu_screen *s = c->screen;
    char number[16];

    for (int i = 0; i < s->option_count; i++) {
        (void)snprintf(number, sizeof number, "%d", s->options[i].number);
        if (strcmp(number, c->m->key_more) != 0)
            continue;
        for (int k = 0; k < c->limit_count; k++) {
            if (!c->limits[k].paged)
                continue;
            issue_add(c->issues, ISSUE_NUMBER, s->options[i].pos,
                      "option %s collides with the key for 'more': in %s the screen can need a second page on %s", number,
                      c->m->langs[c->lang].id, c->limits[k].names);
            break;
        }
    }
}

/* --- how many pages ----------------------------------------------------------------------- */

/* Pages as they are filled at the widest, in septets or in units. */
struct fits_count {
    bool units;
    int room;                           /* of a page, beside its hints */
    int used;
    int pages;
    int first;                          /* used of the first page */
};

static void fits_turn(struct fits_count *n)
{
    if (n->pages == 0)
        n->first = n->used;
    n->pages++;
    n->used = 0;
}

static void fits_fill(struct fits_count *n, struct fit_cost cost, bool breaks)
{
    int c = (n->units ? cost.units : cost.septets) + 1;

    if (n->used > 0 && n->used + c > n->room && !breaks)
        fits_turn(n);
    n->used += c;
    while (n->used > n->room && n->room > 0 && n->pages < 1000) {
        int rest = n->used - n->room;

        n->used = n->room;
        fits_turn(n);
        n->used = rest;
    }
}

static void fits_fill_word(void *arg, const struct fit_word *w)
{
    fits_fill(arg, w->cost, w->breaks);
}

static struct fits_count fits_count(struct fits *c, const struct fits_limit *l, bool units)
{
    const struct menu_screen *s = c->screen;
    struct fit_cost hints = fit_plus(c->more, s->end || s->hide_back ? fit_ascii(0) : c->back);
    struct fits_count n = { .units = units };

    n.room = (units ? l->link.units : l->link.septets) - (units ? hints.units : hints.septets) + 1;
    fit_words(&c->fit, s->text, fits_fill_word, &n);
    for (int i = 0; i < s->option_count; i++) {
        if (s->options[i].new_page && n.used > 0)
            fits_turn(&n);
        fits_fill(&n, fits_option(c, &s->options[i]), false);
    }
    for (int i = 0; fits_is_list(s) && i < s->list.max; i++)
        fits_fill(&n, fits_row(c), false);
    if (n.used > 0)
        fits_turn(&n);
    n.first += n.pages > 1 ? (units ? hints.units : hints.septets) - 1 : 0;
    return n;
}

static void fits_pages(struct fits *c, struct fit_cost whole)
{
    for (int i = 0; i < c->limit_count; i++) {
        const struct fits_limit *l = &c->limits[i];
        struct fits_count n = { .pages = 0 };

        if (!l->paged)
            continue;
        if (whole.septets >= 0 && l->link.septets > 0)
            n = fits_count(c, l, false);
        if (whole.ucs2 && l->link.units > 0 && n.pages <= FITS_PAGES_MOST)
            n = fits_count(c, l, true);
        if (n.pages <= FITS_PAGES_MOST)
            continue;
        issue_add(c->issues, ISSUE_PAGES, menu_text_pos(c->screen->text, c->lang),
                  "%d pages in %s on %s: few people read so far; at most %d", n.pages, c->m->langs[c->lang].id, l->names,
                  FITS_PAGES_MOST);
        return;
    }
}

/* Does a dialogue begin here? */
static bool fits_opens(const struct menu *m, int screen)
{
    bool opens = screen == m->start || screen == m->first || screen == m->alert;

    for (int i = 0; i < m->shortcut_count; i++)
        opens |= screen == m->shortcuts[i].to;
    return opens;
}

/* Some networks take 140 septets in the first page of a dialogue. */
static void fits_first(struct fits *c, int screen, struct fit_cost whole)
{
    const struct menu_screen *s = c->screen;
    struct fit_cost plain = fit_plus(fit_text(&c->fit, s->text), fits_all_options(c));
    int most = 0;

    if (!fits_opens(c->m, screen) || whole.septets < 0)
        return;
    if (!s->end && !s->hide_back)
        plain = fit_plus(plain, c->exit);
    for (int i = 0; i < c->limit_count; i++) {
        const struct fits_limit *l = &c->limits[i];
        bool alone = l->link.septets <= 0 || plain.septets <= l->link.septets;
        int first = alone ? plain.septets : fits_count(c, l, false).first;

        most = first > most ? first : most;
    }
    if (most > FITS_FIRST_MOST)
        issue_add(c->issues, ISSUE_FIRST_PAGE, menu_text_pos(s->text, c->lang),
                  "the first page of a dialogue has %d septets in %s: some networks cut it at %d", most,
                  c->m->langs[c->lang].id, FITS_FIRST_MOST);
}

static void fits_screen(struct fits *c, int screen)
{
    struct fit_cost whole;
    bool paged = false;

    c->screen = &c->m->screens[screen];
    if (c->screen->text == NULL)
        return;
    whole = fits_whole(c);
    for (int i = 0; i < c->limit_count; i++) {
        c->limits[i].paged = !fit_fits(whole, &c->limits[i].link);
        paged |= c->limits[i].paged;
    }
    if (!c->proves) {
        fits_pages(c, whole);
        fits_first(c, screen, whole);
    } else if (paged) {
        fits_words(c, c->screen->text, "the text", c->screen->option_count == 0 && !fits_is_list(c->screen));
        fits_words(c, c->screen->input.wrong, "'wrong'", false);
        fits_options(c);
        fits_more_key(c);
    }
}

/* --- the program's own sentences ---------------------------------------------------------- */

static struct fit_cost fits_own(struct fits *c, enum menu_word word)
{
    return fit_text(&c->fit, c->m->words[word]);
}

static void fits_sentence(struct fits *c, enum menu_word word, const char *name, struct fit_cost cost)
{
    char what[64];

    /* what is missing is said; another language's words stand for it meanwhile */
    if (c->m->words[word] == NULL || c->m->words[word]->by_lang[c->lang] == NULL)
        return;
    (void)snprintf(what, sizeof what, "the one page of '%s'", name);
    fits_judge(c, ISSUE_SENTENCE, menu_text_pos(c->m->words[word], c->lang), what, "", cost, true);
}

static void fits_sentences(struct fits *c)
{
    struct fit_cost answers = fit_plus(fit_ascii(6), fit_plus(fits_own(c, MENU_WORD_YES), fits_own(c, MENU_WORD_NEW)));

    fits_sentence(c, MENU_WORD_TOO_MANY, "too_many", fits_own(c, MENU_WORD_TOO_MANY));
    fits_sentence(c, MENU_WORD_BUSY, "busy", fits_own(c, MENU_WORD_BUSY));
    fits_sentence(c, MENU_WORD_BYE, "bye", fits_own(c, MENU_WORD_BYE));
    fits_sentence(c, MENU_WORD_CONTINUE, "continue' with 'yes' and 'new", fit_plus(fits_own(c, MENU_WORD_CONTINUE), answers));
    fits_sentence(c, MENU_WORD_CHOOSE, "choose' with 'yes' and 'new", fit_plus(fits_own(c, MENU_WORD_CHOOSE), answers));
}

static void fits_program_words(struct fits *c)
{
    static const struct {
        enum menu_word word;
        const char *name;
    } words[] = {
        { MENU_WORD_WRONG, "'wrong'" },   { MENU_WORD_COPIED, "'copied'" },   { MENU_WORD_CHOOSE, "'choose'" },
        { MENU_WORD_TRIES, "'tries'" },   { MENU_WORD_NO_CODE, "'no_code'" },
    };

    for (int i = 0; i < c->limit_count; i++)
        c->limits[i].paged = true;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        fits_words(c, c->m->words[words[i].word], words[i].name, false);
}

/* Texts of states stand on pages that may be paged. */
static void fits_states(struct fits *c, const struct menu_service *s)
{
    char what[96];

    for (int i = 0; i < s->state_count; i++) {
        (void)snprintf(what, sizeof what, "the text of state '%.48s'", s->states[i].name);
        fits_words(c, s->states[i].text, what, false);
    }
}

/* "9 More", with the blank or line end before it. */
static struct fit_cost fits_hint(struct fits *c, const char *key, enum menu_word word)
{
    struct fit_cost text = fits_own(c, word);

    return fit_plus(fit_plus(text, fit_literal(key, strlen(key))), fit_ascii(text.units > 0 ? 2 : 1));
}

static void fits_language(struct fits *c)
{
    fit_init(&c->fit, c->m, c->lang);
    c->fit.blind = c->blind;
    c->more = fits_hint(c, c->m->key_more, MENU_WORD_MORE);
    c->back = fits_hint(c, c->m->key_back, MENU_WORD_BACK);
    c->exit = fits_hint(c, c->m->key_back, MENU_WORD_EXIT);
    c->choose = fits_own(c, MENU_WORD_CHOOSE);
    c->copied = fits_own(c, MENU_WORD_COPIED);
    c->wrong = fits_own(c, MENU_WORD_WRONG);
    c->tries = fits_own(c, MENU_WORD_TRIES);
    c->no_code = fits_own(c, MENU_WORD_NO_CODE);
    if (c->proves) {
        fits_sentences(c);
        fits_program_words(c);
        for (int i = 0; i < c->m->service_count; i++)
            fits_states(c, &c->m->services[i]);
    }
    for (int i = 0; i < c->m->screen_count; i++)
        fits_screen(c, i);
    fit_fini(&c->fit);
}

static void fits_tree(const struct menu *m, const struct menu_links *links, struct menu_issues *issues, bool proves)
{
    struct fits c = { .m = m, .issues = issues, .proves = proves, .blind = issues->errors > 0 };

    if (links == NULL || links->count == 0 || m->key_more == NULL)
        return;
    c.limits = xcalloc((size_t)links->count, sizeof *c.limits);
    for (int i = 0; i < links->count; i++)
        fits_add_link(&c, &links->list[i]);
    for (c.lang = 0; c.lang < m->lang_count; c.lang++)
        fits_language(&c);
    free(c.limits);
}

void check_fits(const struct menu *m, const struct menu_links *links, struct menu_issues *issues)
{
    fits_tree(m, links, issues, true);
}

void check_pages(const struct menu *m, const struct menu_links *links, struct menu_issues *issues)
{
    fits_tree(m, links, issues, false);
}
