/* parse_pay.c - who takes money, what is said of it, and the action that asks for it. */
#include "menu/parse.h"

#include <string.h>

#define PARSE_PROVIDER_TIMEOUT 2000     /* ms */
#define PARSE_PROVIDER_FAILS 5
#define PARSE_PROVIDER_REST 30000
#define PARSE_PROVIDER_WITHIN (15 * 60 * 1000)

static const char *const parse_provider_kinds[MENU_PROVIDER_KINDS] = {
    [MENU_PROVIDER_HTTP] = "http", [MENU_PROVIDER_MOCK] = "mock",
};
static const char *const parse_mock_pays[MENU_MOCK_PAYS] = {
    [MENU_MOCK_CONFIRMED] = "confirmed", [MENU_MOCK_REFUSED] = "refused", [MENU_MOCK_LATE] = "late",
};

/* What each kind takes beside what all do, and needs. */
static const struct {
    uint64_t takes, needs;
} parse_provider_keys[MENU_PROVIDER_KINDS] = {
    [MENU_PROVIDER_HTTP] = { PARSE_BIT(PROVIDER_URL) | PARSE_BIT(PROVIDER_KEY) | PARSE_BIT(PROVIDER_TIMEOUT) |
                                 PARSE_BIT(PROVIDER_BREAKER),
                             PARSE_BIT(PROVIDER_URL) | PARSE_BIT(PROVIDER_KEY) },
    [MENU_PROVIDER_MOCK] = { PARSE_BIT(PROVIDER_ANSWER), 0 },
};

/* --- providers ------------------------------------------------------------------------------ */

static int parse_word_of(const struct yaml_node *n, const char *const *words, int count)
{
    int i = 0;

    while (i < count && !yaml_is(n, words[i]))
        i++;
    return i;
}

static void parse_provider_fits(struct parse *p, const struct keys_got *got, const struct menu_provider *v)
{
    const struct keys_row *rows = keys_table(KEYS_PROVIDER);

    for (int i = PROVIDER_URL; i < PROVIDER_KEYS; i++) {
        if (got->key[i] != NULL && (parse_provider_keys[v->kind].takes & PARSE_BIT(i)) == 0)
            issue_add(p->issues, ISSUE_PROVIDER, got->key[i]->pos, "'%s' does not go with kind '%s'", rows[i].name,
                      parse_provider_kinds[v->kind]);
        if (got->key[i] == NULL && (parse_provider_keys[v->kind].needs & PARSE_BIT(i)) != 0)
            issue_add(p->issues, ISSUE_MISSING_KEY, got->node->pos, "kind '%s' needs '%s'",
                      parse_provider_kinds[v->kind], rows[i].name);
    }
}

static void parse_provider(struct parse *p, const struct keys_got *got, struct menu_provider *v)
{
    v->kind = (enum menu_provider_kind)parse_word_of(got->at[PROVIDER_KIND], parse_provider_kinds, MENU_PROVIDER_KINDS);
    parse_provider_fits(p, got, v);
    if (got->at[PROVIDER_URL] != NULL)
        v->url = parse_url(p, got->at[PROVIDER_URL]);
    if (got->at[PROVIDER_KEY] != NULL)
        v->key = parse_below(p, "key", got->at[PROVIDER_KEY]);
    if (got->at[PROVIDER_TIMEOUT] != NULL)
        v->timeout_ms = (int)keys_duration(got->at[PROVIDER_TIMEOUT]);
    if (got->at[PROVIDER_WITHIN] != NULL)
        v->within_ms = keys_duration(got->at[PROVIDER_WITHIN]);
    if (got->at[PROVIDER_BREAKER] != NULL)
        parse_breaker(p, got->at[PROVIDER_BREAKER], &v->breaker_fails, &v->breaker_rest_ms);
    if (got->at[PROVIDER_ANSWER] != NULL)
        v->answer = (enum menu_mock_pay)parse_word_of(got->at[PROVIDER_ANSWER], parse_mock_pays, MENU_MOCK_PAYS);
}

void parse_providers(struct parse *p)
{
    const struct parse_defs *defs = &p->defs[FILE_PROVIDERS];
    struct menu_provider *providers = arena_alloc(p->arena, ((size_t)defs->count + 1) * sizeof *providers);

    for (int i = 0; i < defs->count; i++) {
        struct menu_provider *v = &providers[i];
        struct keys_got got;

        v->name = defs->list[i].name;
        v->pos = defs->list[i].key->pos;
        v->timeout_ms = PARSE_PROVIDER_TIMEOUT;
        v->within_ms = PARSE_PROVIDER_WITHIN;
        v->breaker_fails = PARSE_PROVIDER_FAILS;
        v->breaker_rest_ms = PARSE_PROVIDER_REST;
        if (!keys_read(defs->list[i].value, KEYS_PROVIDER, &got, p->issues))
            continue;
        if (got.at[PROVIDER_KIND] != NULL)
            parse_provider(p, &got, v);
        v->title = parse_text(p, got.at[PROVIDER_TITLE], &(struct parse_text_args){ .constant = true });
    }
    p->menu->providers = providers;
    p->menu->provider_count = defs->count;
}

/* --- receipts -------------------------------------------------------------------------------- */

static const char *const parse_receipt_names[MENU_RECEIPTS] = {
    [MENU_RECEIPT_CONFIRMED] = "confirmed", [MENU_RECEIPT_BILLED] = "billed", [MENU_RECEIPT_FAILED] = "failed",
    [MENU_RECEIPT_REFUNDED] = "refunded", [MENU_RECEIPT_PART] = "part",
};
static const char *const parse_paid_names[MENU_PAID_VARS] = {
    [MENU_PAID_TAKA] = "taka",   [MENU_PAID_PROVIDER] = "provider", [MENU_PAID_SERVICE] = "service",
    [MENU_PAID_ABOUT] = "about", [MENU_PAID_TRX] = "trx",           [MENU_PAID_REASON] = "reason",
};

/* A choice of all that have a title: one without has an error already. */
static struct menu_type *parse_titled(struct parse *p, const char *name, struct menu_pos pos, int max,
                                      struct menu_choice **choices)
{
    struct menu_type *t = parse_type_new(p, name, pos, MENU_TYPE_CHOICE);

    *choices = arena_alloc(p->arena, ((size_t)max + 1) * sizeof **choices);
    t->choices = *choices;
    return t;
}

static const struct menu_type *parse_paid_providers(struct parse *p, struct menu_pos pos)
{
    const struct menu *m = p->menu;
    struct menu_choice *choices;
    struct menu_type *t = parse_titled(p, "receipt:provider", pos, m->provider_count, &choices);

    for (int i = 0; i < m->provider_count; i++) {
        if (m->providers[i].title != NULL)
            choices[t->choice_count++] = (struct menu_choice){ m->providers[i].name, m->providers[i].title };
    }
    return t;
}

static const struct menu_type *parse_paid_services(struct parse *p, struct menu_pos pos)
{
    const struct menu *m = p->menu;
    struct menu_choice *choices;
    struct menu_type *t = parse_titled(p, "receipt:service", pos, m->service_count, &choices);

    for (int i = 0; i < m->service_count; i++) {
        if (m->services[i].title != NULL)
            choices[t->choice_count++] = (struct menu_choice){ m->services[i].name, m->services[i].title };
    }
    return t;
}

static void parse_paid_vars(struct parse *p, struct menu_pos pos)
{
    static const struct {
        const char *name, *type;
    } plain[MENU_PAID_VARS] = {
        [MENU_PAID_TAKA] = { "receipt:taka", "whole" },      [MENU_PAID_PROVIDER] = { "receipt:provider", NULL },
        [MENU_PAID_SERVICE] = { "receipt:service", NULL },   [MENU_PAID_ABOUT] = { "receipt:about", "word(40)" },
        [MENU_PAID_TRX] = { "receipt:trx", "word(40)" },     [MENU_PAID_REASON] = { "receipt:reason", "text(80)" },
    };

    for (int i = 0; i < MENU_PAID_VARS; i++) {
        const struct menu_type *type = plain[i].type != NULL ? parse_builtin(p, plain[i].type)
                                       : i == MENU_PAID_PROVIDER ? parse_paid_providers(p, pos)
                                                                 : parse_paid_services(p, pos);

        p->menu->paid[i] = parse_var_hidden_of(p, plain[i].name, pos, type);
    }
}

void parse_receipts(struct parse *p)
{
    const struct parse_defs *defs = &p->defs[FILE_RECEIPTS];

    if (defs->count > 0)
        parse_paid_vars(p, defs->list[0].key->pos);
    for (int i = 0; i < defs->count; i++) {
        const struct yaml_node *key = defs->list[i].key;
        int receipt = parse_word_of(key, parse_receipt_names, MENU_RECEIPTS);

        if (receipt == MENU_RECEIPTS)
            issue_add(p->issues, ISSUE_RECEIPT, key->pos,
                      "receipt '%s': there are those of a payment that is confirmed, billed (no fee), failed, refunded or given back in part", key->text);
        else
            p->menu->receipts[receipt] = parse_text(p, defs->list[i].value,
                                                    &(struct parse_text_args){ .sms = true, .receipt = true });
    }
}

static int parse_receipt_resolve(void *arg, const char *name, size_t len)
{
    const struct parse *p = arg;

    for (int i = 0; i < MENU_PAID_VARS; i++) {
        if (strlen(parse_paid_names[i]) == len && memcmp(parse_paid_names[i], name, len) == 0)
            return p->menu->paid[i];
    }
    return MENU_NONE;
}

static const char *parse_receipt_nearest(void *arg, const char *name, size_t len)
{
    struct names_best best = { .name = NULL };

    (void)arg;
    for (int i = 0; i < MENU_PAID_VARS; i++)
        names_consider(&best, name, len, parse_paid_names[i]);
    return best.name;
}

struct expr_names parse_receipt_scope(struct parse *p)
{
    struct expr_names scope = parse_scope(p);

    scope.resolve = parse_receipt_resolve;
    scope.nearest = parse_receipt_nearest;
    return scope;
}

/* --- the action -------------------------------------------------------------------------------- */

void parse_pay_action(struct parse *p, const struct parse_file *file, const struct keys_got *got, struct menu_action *a)
{
    struct menu_pay *pay = arena_alloc(p->arena, sizeof *pay);
    struct keys_got own;

    a->kind = MENU_PAY;
    a->pay = pay;
    pay->pos = a->pos;
    pay->provider = MENU_NONE;
    pay->fee = MENU_NONE;
    pay->tells = MENU_NONE;
    a->again = parse_exit(p, file, got, ACTION_AGAIN);
    a->refused = parse_exit(p, file, got, ACTION_REFUSED);
    a->late = parse_exit(p, file, got, ACTION_LATE);
    a->fail = parse_exit(p, file, got, ACTION_FAIL);
    if (got->at[ACTION_PAY] == NULL || !keys_read(got->at[ACTION_PAY], KEYS_PAY, &own, p->issues))
        return;
    if (own.at[PAY_BY] != NULL) {
        pay->provider = names_find(p->defs[FILE_PROVIDERS].names, own.at[PAY_BY]->text, own.at[PAY_BY]->len);
        if (pay->provider == MENU_NONE)
            (void)parse_expr(p, own.at[PAY_BY], &pay->by);
    }
    if ((own.key[PAY_FEE] != NULL) == (own.key[PAY_TAKA] != NULL))
        issue_add(p->issues, ISSUE_PAY, got->key[ACTION_PAY]->pos,
                  "a payment is one of a service's fee, {fee: SERVICE}, or of an amount, {taka: NUMBER}");
    else if (own.at[PAY_FEE] != NULL)
        pay->fee = parse_find(p, FILE_SERVICES, own.at[PAY_FEE]);
    else if (own.at[PAY_TAKA] != NULL)
        parse_expr(p, own.at[PAY_TAKA], &pay->taka)->want = EXPR_WHOLE;
    if (own.at[PAY_FOR] != NULL)
        (void)parse_expr(p, own.at[PAY_FOR], &pay->about);
    if (own.at[PAY_TELLS] != NULL)
        pay->tells = parse_find(p, FILE_BACKENDS, own.at[PAY_TELLS]);
    if (own.key[PAY_TELLS] != NULL && own.key[PAY_FOR] == NULL)
        issue_add(p->issues, ISSUE_MISSING_KEY, own.key[PAY_TELLS]->pos, "'tells' needs 'for' beside it: what is paid, as they know it");
    if (own.key[PAY_FEE] != NULL && own.key[PAY_FOR] == NULL)
        issue_add(p->issues, ISSUE_MISSING_KEY, own.key[PAY_FEE]->pos, "'fee' needs 'for' beside it: the number of the case");
}

/* --- when all is compiled ----------------------------------------------------------------------- */

static void parse_pay_by(struct parse *p, const struct menu_pay *pay)
{
    const struct menu_type *type = pay->by != NULL ? expr_type(pay->by) : NULL;

    if (pay->by == NULL)
        return;
    if (type == NULL || type->kind != MENU_TYPE_CHOICE) {
        if (parse_excused(p))
            return;
        issue_add(p->issues, ISSUE_PAY, pay->pos,
                  "'by' is the name of a provider, or a variable whose choices are names of providers");
        return;
    }
    for (int i = 0; i < type->choice_count; i++) {
        if (menu_provider_find(p->menu, type->choices[i].code) == MENU_NONE)
            issue_add(p->issues, ISSUE_NO_PROVIDER, pay->pos, "'by' may be '%s', and no provider has this name",
                      type->choices[i].code);
    }
}

/* May the provider move a case to the state of those that are paid? */
static bool parse_pay_moves(const struct menu_service *s, int to)
{
    for (int i = 0; i < s->state_count; i++) {
        for (int k = 0; k < s->states[i].to_count; k++) {
            if (s->states[i].to[k] == to && (s->states[i].may[k] & MENU_BY_PROVIDER) != 0)
                return true;
        }
    }
    return false;
}

static void parse_pay_fee(struct parse *p, const struct menu_pay *pay)
{
    const struct menu_service *s = &p->menu->services[pay->fee];
    const struct menu_type *type = pay->about != NULL ? expr_type(pay->about) : NULL;

    if (s->fee_official == 0)
        issue_add(p->issues, ISSUE_PAY_FEE, pay->pos, "service '%s' has no official fee", s->name);
    else if (s->fee_paid == MENU_NONE && s->state_count > 0)
        issue_add(p->issues, ISSUE_PAY_FEE, pay->pos,
                  "the fee of service '%s' has no 'paid': the state that a case gets when it is paid", s->name);
    else if (s->state_count > 0 && !parse_pay_moves(s, s->fee_paid))
        issue_add(p->issues, ISSUE_PAY_FEE, pay->pos,
                  "no state of service '%s' lets a payment move its case to '%s': write it like fee_due: {to: [%s], by: [provider]}",
                  s->name, s->states[s->fee_paid].name, s->states[s->fee_paid].name);
    if (pay->about != NULL && (type == NULL || type->kind != MENU_TYPE_CASE_NO))
        issue_add(p->issues, ISSUE_PAY_FEE, pay->pos, "a fee is paid 'for' a case: a variable of type case_no");
}

/* Files are of cases, and our own desk has no bills. */
static void parse_pay_tells(struct parse *p, const struct menu_pay *pay)
{
    const struct menu_backend *b = pay->tells != MENU_NONE ? &p->menu->backends[pay->tells] : NULL;

    if (b != NULL && (b->kind == MENU_BACKEND_CSV || b->kind == MENU_BACKEND_INTERNAL))
        issue_add(p->issues, ISSUE_PAY, pay->pos, "'tells': back end '%s' is told over the web alone, kind http or mock", b->name);
}

void parse_pay_end(struct parse *p)
{
    const struct menu_pay *first = NULL;

    for (int i = 0; i < p->menu->screen_count; i++) {
        for (int k = 0; k < p->screens[i].action_count; k++) {
            const struct menu_action *a = &p->screens[i].actions[k];

            if (a->kind != MENU_PAY)
                continue;
            first = first == NULL ? a->pay : first;
            parse_pay_by(p, a->pay);
            parse_pay_tells(p, a->pay);
            if (a->pay->fee != MENU_NONE)
                parse_pay_fee(p, a->pay);
        }
    }
    if (first != NULL && p->menu->receipts[MENU_RECEIPT_CONFIRMED] == NULL && !parse_excused(p) &&
        names_find(p->defs[FILE_RECEIPTS].names, "confirmed", 9) == MENU_NONE)
        issue_add(p->issues, ISSUE_RECEIPT, first->pos,
                  "who pays gets a receipt: write one under 'receipts', 'confirmed'");
}
