#include "menu/parse.h"

#include <string.h>

#include "base/alloc.h"

#define PARSE_TEXT_MAX 4000             /* octets: some thirty pages in any script */

static struct parse_job *parse_job(struct parse *p, const struct yaml_node *node)
{
    if (p->job_count == p->job_cap) {
        p->job_cap = p->job_cap > 0 ? p->job_cap * 2 : 256;
        p->jobs = xrealloc(p->jobs, (size_t)p->job_cap * sizeof *p->jobs);
    }
    p->jobs[p->job_count] = (struct parse_job){ .node = node, .word = "", .want = -1, .var = MENU_NONE };
    return &p->jobs[p->job_count++];
}

/* Borrowed until the next job. */
struct parse_job *parse_expr(struct parse *p, const struct yaml_node *node, const struct expr **slot)
{
    struct parse_job *job = parse_job(p, node);

    job->expr = slot;
    return job;
}

/* --- texts ------------------------------------------------------------------------ */

static void parse_text_in(struct parse *p, const struct yaml_node *node, struct menu_text *text, uint32_t langs,
                          const struct parse_text_args *args)
{
    struct parse_job *job;

    if (node->kind != YAML_IS_SCALAR) {
        issue_add(p->issues, ISSUE_SHAPE, node->pos, "a text is a single value, not a %s",
                  node->kind == YAML_IS_MAP ? "map" : "list");
        return;
    }
    if (node->len == 0 && (node->style == YAML_IS_PLAIN || !args->may_be_empty)) {
        issue_add(p->issues, ISSUE_NO_TEXT, node->pos, "the text is empty");
        return;
    }
    if (node->len > PARSE_TEXT_MAX) {
        issue_add(p->issues, ISSUE_TEXT, node->pos, "a text of %zu octets; at most %d", node->len, PARSE_TEXT_MAX);
        return;
    }
    job = parse_job(p, node);
    job->text = text;
    job->langs = langs;
    job->constant = args->constant;
    job->receipt = args->receipt;
    job->tells = args->tells;
    job->word = args->word != NULL ? args->word : "";
}

/* The language that is meant, one bit, so that it is not missed as well. */
static uint32_t parse_no_language(struct parse *p, const struct yaml_node *key)
{
    struct names_best best = { .name = NULL };

    for (int i = 0; i < p->menu->lang_count; i++)
        names_consider(&best, key->text, key->len, p->menu->langs[i].id);
    if (best.name != NULL)
        issue_add(p->issues, ISSUE_NO_LANGUAGE, key->pos, "'%s': no such language; did you mean '%s'?", key->text,
                  best.name);
    else
        issue_add(p->issues, ISSUE_NO_LANGUAGE, key->pos, "'%s': no such language; the root file lists them",
                  key->text);
    return best.name != NULL ? 1u << menu_lang_find(p->menu, best.name) : 0;
}

/* Languages in which a text must stand, one bit each. */
static uint32_t parse_text_langs(const struct parse *p, const struct parse_text_args *args)
{
    uint32_t langs = 0;

    for (int i = 0; i < p->menu->lang_count; i++) {
        if (!args->sms || p->menu->langs[i].sms)
            langs |= 1u << i;
    }
    return langs;
}

static void parse_text_missing(struct parse *p, const struct yaml_node *node, uint32_t missing)
{
    struct buf list;

    buf_init(&list, 512);
    for (int i = 0; i < p->menu->lang_count; i++) {
        if ((missing & 1u << i) != 0)
            buf_addf(&list, "%s%s", list.len > 0 ? ", " : "", p->menu->langs[i].id);
    }
    issue_add(p->issues, ISSUE_NO_TEXT, node->pos, "no text in %s", buf_str(&list));
    buf_fini(&list);
}

static void parse_text_map(struct parse *p, const struct yaml_node *map, struct menu_text *text,
                           const struct parse_text_args *args)
{
    uint32_t wanted = parse_text_langs(p, args), there = 0;

    for (int i = 0; i < map->count; i++) {
        const struct yaml_node *key = yaml_key(map, i);
        int lang = menu_lang_find(p->menu, key->text);

        if (lang == MENU_NONE) {
            there |= parse_no_language(p, key);
            continue;
        }
        there |= 1u << lang;
        if ((wanted & 1u << lang) == 0)
            issue_add(p->issues, ISSUE_SMS_LANGUAGE, key->pos, "'%s' is for screens only; its readers get SMS in '%s'",
                      key->text, p->menu->langs[p->menu->langs[lang].shows].id);
        else
            parse_text_in(p, yaml_value(map, i), text, 1u << lang, args);
    }
    if ((wanted & ~there) != 0)
        parse_text_missing(p, map, wanted & ~there);
}

const struct menu_text *parse_text(struct parse *p, const struct yaml_node *node, const struct parse_text_args *args)
{
    struct menu_text *text;

    if (node == NULL)
        return NULL;
    text = arena_alloc(p->arena, sizeof *text);
    text->pos = node->pos;
    if (p->menu->lang_count == 0)
        return text;                    /* the languages are broken: nothing can be said */
    if (node->kind == YAML_IS_MAP)
        parse_text_map(p, node, text, args);
    else
        parse_text_in(p, node, text, parse_text_langs(p, args), args);
    return text;
}

/* --- compiling ---------------------------------------------------------------------- */

struct menu_pos parse_at(const struct parse *p, const struct yaml_node *scalar, size_t at)
{
    const struct yaml_file *source = &p->root->source;

    if (p->issues->count == ISSUES_MAX)
        return scalar->pos;             /* only counted: not worth the search */
    for (int i = 0; i < p->file_count; i++) {
        if (p->files[i].source.name == scalar->pos.file)
            source = &p->files[i].source;
    }
    return yaml_at(source, scalar, at);
}

struct menu_pos parse_locate(void *arg, const struct menu_place *place)
{
    return parse_at(arg, place->node, place->at);
}

static void parse_job_error(struct parse *p, const struct parse_job *job, const struct expr_error *err)
{
    enum issue_code code = job->expr != NULL ? ISSUE_EXPRESSION : ISSUE_TEXT;
    const struct yaml_node *n = job->node;
    /* YAML has taken the quotes that were to make a text of a word */
    bool unquoted = job->expr != NULL && p->met_unknown && n->len <= 64 &&
                    (n->style == YAML_IS_SINGLE || n->style == YAML_IS_DOUBLE) && keys_is_name(n->text, n->len);

    if (p->met_broken) {
        p->silent++;
        return;
    }
    if (p->met_unknown) {
        if (p->vars_lost)
            p->silent++;
        if (p->vars_lost || parse_excused(p))
            return;
        code = ISSUE_NO_VARIABLE;
    }
    if (job->tells != NULL && job->tells->states)
        issue_add(p->issues, code, parse_at(p, n, err->at), "%s; the text of a state may have {at}, {left}, {note} and {case.no}",
                  err->text);
    else if (job->tells != NULL && !job->tells->tree)
        issue_add(p->issues, code, parse_at(p, n, err->at),
                  "%s; a message about a case may have {case.no}, {at}, {note}, {due} and fields that its service keeps",
                  err->text);
    else if (job->receipt)
        issue_add(p->issues, code, parse_at(p, n, err->at),
                  "%s; a receipt may have {taka}, {provider}, {service}, {about}, {trx} and {reason}", err->text);
    else if (unquoted)
        issue_add(p->issues, code, n->pos, "%s; for a text write \"'%s'\"", err->text, n->text);
    else
        issue_add(p->issues, code, parse_at(p, n, err->at), "%s", err->text);
}

/* The whole value is a code of the choice that it becomes, whatever letters the
 * code has: "bn-Latn" is not a difference. */
static bool parse_is_code(const struct menu_type *t, const struct yaml_node *node)
{
    for (int i = 0; t != NULL && i < t->choice_count; i++) {
        if (strcmp(t->choices[i].code, node->text) == 0)
            return true;
    }
    return false;
}

const struct expr *parse_job_expr(struct parse *p, struct arena *arena, const struct parse_job *job,
                                  struct expr_error *err)
{
    struct expr_names scope = parse_scope(p);
    const struct menu_type *target = job->target;
    const struct expr *e;
    struct buf quoted;

    if (job->var != MENU_NONE && !p->vars[job->var].broken)
        target = p->vars[job->var].var.type;
    p->met_broken = job->var != MENU_NONE && p->vars[job->var].excused;
    p->met_unknown = false;
    p->met_untyped = false;
    scope.source = p->compiled;
    if (!parse_is_code(target, job->node))
        return expr_parse(arena, &scope, job->node->text, job->node->len, job->want, target, err);
    buf_init(&quoted, job->node->len + 2);
    buf_addf(&quoted, "'%s'", job->node->text);
    e = expr_parse(arena, &scope, quoted.data, quoted.len, job->want, target, err);
    buf_fini(&quoted);
    return e;
}

static void parse_compile_expr(struct parse *p, const struct parse_job *job)
{
    struct expr_error err = { 0, "" };

    *job->expr = parse_job_expr(p, p->arena, job, &err);
    if (*job->expr == NULL)
        parse_job_error(p, job, &err);
}

static void parse_compile_text(struct parse *p, const struct parse_job *job)
{
    struct expr_names scope = job->tells != NULL ? parse_tells_scope(p, job->tells)
                              : job->receipt     ? parse_receipt_scope(p)
                                                 : parse_scope(p);
    struct expr_error err = { 0, "" };
    const struct template *t;

    p->met_broken = false;
    p->met_unknown = false;
    scope.source = p->compiled;
    t = template_parse(p->arena, &scope, job->node->text, job->node->len, job->word, &err);
    if (t == NULL)
        parse_job_error(p, job, &err);
    else if (job->constant && !template_is_constant(t))
        issue_add(p->issues, ISSUE_TEXT, job->node->pos, "no placeholder may stand in this text");
    for (int i = 0; i < p->menu->lang_count; i++) {
        if ((job->langs & 1u << i) == 0)
            continue;
        job->text->by_lang[i] = t;
        job->text->at[i].line = job->node->pos.line;
        job->text->at[i].column = job->node->pos.column;
    }
}

void parse_compile(struct parse *p)
{
    for (int i = 0; i < p->job_count; i++) {
        p->compiled = p->jobs[i].node;
        if (p->jobs[i].expr != NULL)
            parse_compile_expr(p, &p->jobs[i]);
        else
            parse_compile_text(p, &p->jobs[i]);
    }
}

/* --- one sign too many ------------------------------------------------------------------- */

/* Signs that word processors put in, and what the GSM alphabet has for them. */
static const struct parse_sign {
    uint32_t cp;
    const char *instead;
} parse_signs[] = {
    { 0x2018, "'" },  { 0x2019, "'" },  { 0x201b, "'" },  { 0x60, "'" },    { 0xb4, "'" },    { 0x2032, "'" },
    { 0x201c, "\"" }, { 0x201d, "\"" }, { 0x201e, "\"" }, { 0xab, "\"" },   { 0xbb, "\"" },   { 0x2033, "\"" },
    { 0x2010, "-" },  { 0x2011, "-" },  { 0x2012, "-" },  { 0x2013, "-" },  { 0x2014, "-" },  { 0x2015, "-" },
    { 0x2212, "-" },  { 0x2022, "-" },  { 0xb7, "-" },    { 0x2026, "..." }, { 0xd7, "x" },   { 0x9f3, "Tk" },
    { 0x20b9, "Rs" }, { 0xa0, "a blank" }, { 0x2009, "a blank" }, { 0x202f, "a blank" }, { 0x200b, "nothing" },
    { 0x200c, "nothing" }, { 0x200d, "nothing" }, { 0xfeff, "nothing" }, { 0x964, "." },
};

static const struct parse_sign *parse_sign(uint32_t cp)
{
    for (size_t i = 0; i < sizeof parse_signs / sizeof parse_signs[0]; i++)
        if (parse_signs[i].cp == cp)
            return &parse_signs[i];
    return NULL;
}

/* The first such sign of a text that has nothing else outside the alphabet. */
static const struct parse_sign *parse_only_sign(const struct yaml_node *node, size_t *at)
{
    const struct parse_sign *first = NULL;
    bool letters = false;
    uint32_t cp = 0;

    for (size_t i = 0, n; i < node->len; i += n) {
        const struct parse_sign *sign;
        int step = gsm_utf8_next(node->text + i, node->len - i, &cp);

        n = step > 0 ? (size_t)step : 1;
        letters |= (cp >= 'a' && cp <= 'z') || (cp >= 'A' && cp <= 'Z');
        if (step > 0 && (gsm_char_septets(cp) >= 0 || cp == '\t'))
            continue;
        sign = parse_sign(cp);
        if (sign == NULL)
            return NULL;
        if (first == NULL) {
            first = sign;
            *at = i;
        }
    }
    return letters ? first : NULL;
}

/* Are the pages of a language in the GSM alphabet, by their hints? */
static bool parse_is_gsm(const struct menu *m, int lang)
{
    static const enum menu_word words[] = { MENU_WORD_BACK, MENU_WORD_MORE };

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        const struct template *t = template_of(m->words[words[i]], lang);
        struct gsm_cost cost = { 0, 0 };
        size_t len;

        if (t != NULL && template_constant(t, &len, &cost) != NULL && cost.septets < 0)
            return false;
    }
    return true;
}

static void parse_job_sign(struct parse *p, const struct parse_job *job)
{
    const struct parse_sign *sign;
    char shown[8] = "";
    struct buf utf8;
    size_t at = 0;
    int lang = 0;

    while (lang < p->menu->lang_count && ((job->langs & 1u << lang) == 0 || !parse_is_gsm(p->menu, lang)))
        lang++;
    if (lang == p->menu->lang_count)
        return;
    sign = parse_only_sign(job->node, &at);
    if (sign == NULL)
        return;
    buf_init(&utf8, sizeof shown - 1);
    gsm_utf8_add(&utf8, sign->cp);
    memcpy(shown, buf_str(&utf8), utf8.len + 1);
    buf_fini(&utf8);
    issue_add(p->issues, ISSUE_ONE_LETTER, parse_at(p, job->node, at),
              "'%s' (U+%04X) makes this text cost UCS-2 in %s; write %s", shown, (unsigned)sign->cp,
              p->menu->langs[lang].id, sign->instead);
}

void parse_signs_found(struct parse *p)
{
    for (int i = 0; i < p->job_count; i++) {
        if (p->jobs[i].expr == NULL)
            parse_job_sign(p, &p->jobs[i]);
    }
}
