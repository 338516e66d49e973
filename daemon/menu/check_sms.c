#include "menu/check_sms.h"

#include <string.h>

#include "base/buf.h"
#include "base/gsm.h"
#include "base/outbox.h"
#include "menu/expr.h"
#include "menu/fit.h"
#include "menu/keys.h"

#define SMS_TEXT_MAX (64 * 1024)        /* octets of one text without its placeholders */

/* --- letters ------------------------------------------------------------------------------ */

static const char *sms_unset(const void *arg, int var, size_t *len)
{
    (void)arg;
    (void)var;
    *len = 0;
    return NULL;
}

/* Letters of the Latin alphabet, and none of the Bengali block U+0980..U+09FF. */
static bool sms_is_latin(const char *s, size_t n)
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

static bool sms_is_bangla(const char *lang)
{
    return strcmp(lang, "bn") == 0 || strncmp(lang, "bn-", 3) == 0;
}

/* The regulator's A2P directive: Bangla in an SMS is in Bengali letters. */
static void sms_check_letters(const struct menu *m, const struct menu_sms *sms, int lang, struct menu_issues *issues)
{
    const struct expr_scope scope = { .menu = m, .lang = lang, .get = sms_unset };
    struct buf text;

    if (!sms_is_bangla(m->langs[lang].id))
        return;
    buf_init(&text, SMS_TEXT_MAX);
    /* the words of the text itself, without what its placeholders would show */
    template_print(sms->text->by_lang[lang], &scope, &text);
    if (sms_is_latin(buf_str(&text), text.len))
        issue_add(issues, ISSUE_SMS_SCRIPT, menu_text_pos(sms->text, lang), "'%s' of template '%s' is in Latin letters",
                  m->langs[lang].id, sms->name);
    buf_fini(&text);
}

/* --- length ------------------------------------------------------------------------------- */

/* How long a message of a class may be; NULL: there is no such class. */
static const struct outbox_rule *sms_limit_of(const char *class)
{
    enum outbox_class c = class != NULL ? outbox_class_of(class) : OUTBOX_CLASSES;

    return c != OUTBOX_CLASSES ? &outbox_rules[c] : NULL;
}

/* 3GPP TS 23.040 9.2.3.24.1: 160 septets or 70 units alone, 153 or 67 each in a
 * chain.  A pair that stays whole may leave the last place of a part empty. */
static int sms_parts(int cost, int alone, int chained, bool pairs)
{
    int room = chained - (pairs ? 1 : 0);

    return cost <= alone ? 1 : (cost + room - 1) / room;
}

static int sms_segments(struct fit_cost c, bool constant)
{
    int septets = c.septets >= 0 ? sms_parts(c.septets, 160, 153, c.septets > c.units || !constant) : 0;
    int units = c.ucs2 ? sms_parts(c.units, 70, 67, !constant) : 0;

    return septets > units ? septets : units;
}

static struct fit_cost sms_widest(const struct menu *m, const struct menu_text *text, int lang)
{
    struct fit_cost cost;
    struct fit fit;

    fit_init(&fit, m, lang);
    cost = fit_text(&fit, text);
    fit_fini(&fit);
    return cost;
}

struct check_sms_cost check_sms_cost(const struct menu *m, const struct menu_text *text, int lang)
{
    struct fit_cost cost;

    if (text == NULL || text->by_lang[lang] == NULL)
        return (struct check_sms_cost){ .segments = 0 };
    cost = sms_widest(m, text, lang);
    return (struct check_sms_cost){ .segments = sms_segments(cost, template_is_constant(text->by_lang[lang])),
                                    .length = cost.ucs2 ? cost.units : cost.septets, .ucs2 = cost.ucs2 };
}

static void sms_check_length(const struct menu *m, const struct menu_sms *sms, int lang, struct menu_issues *issues)
{
    const struct outbox_rule *limit = sms_limit_of(sms->class);
    struct fit_cost cost;
    int segments;

    if (limit == NULL)
        return;
    cost = sms_widest(m, sms->text, lang);
    segments = sms_segments(cost, template_is_constant(sms->text->by_lang[lang]));
    if (limit->characters > 0 && cost.units > limit->characters)
        issue_add(issues, ISSUE_SMS_LENGTH, menu_text_pos(sms->text, lang),
                  "template '%s' can have %d characters in %s; a message of class %s has at most %d", sms->name,
                  cost.units, m->langs[lang].id, sms->class, limit->characters);
    if (limit->segments > 0 && segments > limit->segments)
        issue_add(issues, ISSUE_SMS_LENGTH, menu_text_pos(sms->text, lang),
                  "template '%s' can take %d segments in %s (%d %s); a message of class %s has at most %d", sms->name,
                  segments, m->langs[lang].id, cost.ucs2 ? cost.units : cost.septets,
                  cost.ucs2 ? "UCS-2 units" : "septets", sms->class, limit->segments);
}

/* --- a ministry's word to all --------------------------------------------------------------- */

/* BTRC, Government Info SMS Guideline, 6 Feb 2024: in Bengali, with the date of the
 * campaign, approved. */
static bool sms_has_date(const struct template *t, const struct buf *words)
{
    for (int i = 0; i < template_pieces(t); i++) {
        const struct template_piece piece = template_piece(t, i);

        if (piece.text == NULL && piece.type != NULL && piece.type->kind == MENU_TYPE_DATE)
            return true;
    }
    return outbox_has_date(buf_str(words), words->len);
}

/* Its own words, without what its values would show. */
static void sms_words(const struct template *t, struct buf *out)
{
    for (int i = 0; i < template_pieces(t); i++) {
        const struct template_piece piece = template_piece(t, i);

        if (piece.text != NULL)
            buf_add(out, piece.text, piece.len);
        else
            buf_addc(out, ' ');
    }
}

static void sms_check_gov(const struct menu *m, const struct menu_sms *sms, int lang, struct menu_issues *issues)
{
    const struct template *t = sms->text->by_lang[lang];
    struct buf text;

    if (strcmp(sms->class, "gov_info") != 0)
        return;
    buf_init(&text, SMS_TEXT_MAX);
    sms_words(t, &text);
    if (!outbox_is_bengali(buf_str(&text), text.len))
        issue_add(issues, ISSUE_GOV_SCRIPT, menu_text_pos(sms->text, lang),
                  "'%s' of template '%s' is not in Bengali letters alone; a message of class gov_info is, in every language",
                  m->langs[lang].id, sms->name);
    if (!sms_has_date(t, &text))
        issue_add(issues, ISSUE_GOV_DATE, menu_text_pos(sms->text, lang),
                  "'%s' of template '%s' has no date, like ২৬ মে or {today|day}; a message of class gov_info has",
                  m->langs[lang].id, sms->name);
    buf_fini(&text);
}

static void sms_check_approval(const struct menu_sms *sms, struct menu_issues *issues)
{
    bool gov = strcmp(sms->class, "gov_info") == 0;

    if (gov && sms->approval[0] == '\0')
        issue_add(issues, ISSUE_GOV_APPROVAL, sms->pos,
                  "template '%s' is of class gov_info: add 'approval', the reference under which it was approved", sms->name);
    else if (!gov && sms->approval[0] != '\0')
        issue_add(issues, ISSUE_GOV_APPROVAL, sms->pos, "template '%s' is not of class gov_info: it takes no 'approval'",
                  sms->name);
}

/* What a keyword's help says goes out as a message of three segments at most; in any letters, for it shows what is to
 * be typed. */
static void sms_check_help(const struct menu *m, const struct menu_keyword *k, int lang, struct menu_issues *issues)
{
    const struct menu_sms sms = { .name = k->word != NULL ? k->word : "", .class = "service_info", .approval = "",
                                  .text = k->help };

    if (k->help == NULL || k->help->by_lang[lang] == NULL)
        return;
    sms_check_length(m, &sms, lang, issues);
}

static void sms_check_receipt(const struct menu *m, const struct menu_text *text, struct menu_issues *issues)
{
    const struct menu_sms sms = { .name = "receipts", .class = MENU_RECEIPT_CLASS, .text = text };

    for (int k = 0; text != NULL && k < m->lang_count; k++) {
        if (text->by_lang[k] == NULL)
            continue;
        sms_check_letters(m, &sms, k, issues);
        sms_check_length(m, &sms, k, issues);
    }
}

/* The database says to whom and when: nobody is in a dialogue then. */
static void sms_check_due(const struct menu *m, int sms, struct menu_issues *issues)
{
    const struct menu_sms *s = &m->sms[sms];

    if (!keys_is_name(s->due, strlen(s->due)))
        issue_add(issues, ISSUE_DUE, s->pos, "template '%s': '%s' is no name of what is due", s->name, s->due);
    if (s->class != NULL && strcmp(s->class, "transactional") != 0 && strcmp(s->class, "service_info") != 0)
        issue_add(issues, ISSUE_DUE, s->pos,
                  "template '%s' is of class %s; what is due is transactional (hers, she waits for it) or service_info",
                  s->name, s->class);
    for (int i = 0; s->text != NULL && i < m->lang_count; i++)
        if (s->text->by_lang[i] != NULL && !template_is_constant(s->text->by_lang[i])) {
            issue_add(issues, ISSUE_DUE, menu_text_pos(s->text, i),
                      "template '%s' goes to all for whom '%s' is due: it may have no placeholders", s->name, s->due);
            break;
        }
    for (int i = 0; i < sms; i++)
        if (m->sms[i].due != NULL && strcmp(m->sms[i].due, s->due) == 0)
            issue_add(issues, ISSUE_DUE, s->pos, "template '%s': '%s' is what template '%s' is due for already", s->name,
                      s->due, m->sms[i].name);
}

void check_sms(const struct menu *m, struct menu_issues *issues)
{
    for (int i = 0; i < m->keyword_count; i++) {
        for (int k = 0; k < m->lang_count; k++)
            sms_check_help(m, &m->keywords[i], k, issues);
    }
    for (int i = 0; i < MENU_RECEIPTS; i++)
        sms_check_receipt(m, m->receipts[i], issues);
    for (int i = 0; i < m->sms_count; i++) {
        const struct menu_sms *sms = &m->sms[i];

        if (sms->class != NULL)
            sms_check_approval(sms, issues);
        if (sms->due != NULL)
            sms_check_due(m, i, issues);
        for (int k = 0; sms->text != NULL && k < m->lang_count; k++) {
            if (sms->text->by_lang[k] == NULL)
                continue;
            sms_check_letters(m, sms, k, issues);
            sms_check_length(m, sms, k, issues);
            if (m->langs[k].sms && sms->class != NULL)
                sms_check_gov(m, sms, k, issues);
        }
    }
}
