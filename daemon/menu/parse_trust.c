#include "menu/parse.h"

#include <stdlib.h>

#include "base/alloc.h"

/*
 * What makes a thing done be trusted: her PIN; on another's behalf her consent,
 * by a code that she was sent; and the audit.
 */

/* --- consent -------------------------------------------------------------------------------- */

static int parse_trust_exit(struct parse *p, const struct parse_file *file, const struct keys_got *got, int key)
{
    return got->at[key] != NULL ? parse_screen_find(p, file, got->at[key], got->key[key]->text) : MENU_NONE;
}

/* Keys beside the consent that this form of it does not take, or needs. */
static void parse_consent_keys(struct parse *p, const struct keys_got *got, bool sends)
{
    static const struct {
        int key;
        bool sends, checks;             /* may stand with it; with check, those that may must */
    } rows[] = { { ACTION_FAIL, true, false }, { ACTION_WRONG, false, true }, { ACTION_EXPIRED, false, true } };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *name = keys_table(KEYS_ACTION)[rows[i].key].name;

        if (got->key[rows[i].key] != NULL && !(sends ? rows[i].sends : rows[i].checks))
            issue_add(p->issues, ISSUE_SCREEN, got->key[rows[i].key]->pos, "'%s' does not go with a consent that %s",
                      name, sends ? "sends a code" : "checks one");
        if (got->key[rows[i].key] == NULL && !sends && rows[i].checks)
            issue_add(p->issues, ISSUE_MISSING_KEY, got->key[ACTION_CONSENT]->pos,
                      "a consent that checks a code needs '%s' beside it", name);
    }
}

static void parse_consent_send(struct parse *p, const struct keys_got *consent, struct menu_action *a)
{
    a->kind = MENU_CONSENT;
    if (consent->at[CONSENT_SMS] != NULL)
        a->sms = parse_find(p, FILE_SMS, consent->at[CONSENT_SMS]);
    if (consent->at[CONSENT_TO] != NULL)
        parse_expr(p, consent->at[CONSENT_TO], &a->to)->target = parse_builtin(p, "msisdn");
    if (p->menu->consent == MENU_NONE)
        p->menu->consent = parse_var_hidden(p, "consent:", a->pos);
}

void parse_consent_action(struct parse *p, const struct parse_file *file, const struct keys_got *got,
                          struct menu_action *a)
{
    struct keys_got consent;
    bool sends, checks;

    a->kind = MENU_CONSENT_CHECK;
    a->fail = parse_trust_exit(p, file, got, ACTION_FAIL);
    a->wrong = parse_trust_exit(p, file, got, ACTION_WRONG);
    a->expired = parse_trust_exit(p, file, got, ACTION_EXPIRED);
    if (got->at[ACTION_CONSENT] == NULL || !keys_read(got->at[ACTION_CONSENT], KEYS_CONSENT, &consent, p->issues))
        return;
    sends = consent.key[CONSENT_TO] != NULL || consent.key[CONSENT_SMS] != NULL;
    checks = consent.key[CONSENT_CHECK] != NULL;
    if (sends == checks || (sends && (consent.key[CONSENT_TO] == NULL || consent.key[CONSENT_SMS] == NULL))) {
        issue_add(p->issues, ISSUE_CONSENT, got->key[ACTION_CONSENT]->pos,
                  "a consent sends a code, {to: NUMBER, sms: TEMPLATE}, or checks one, {check: VARIABLE}");
        return;
    }
    parse_consent_keys(p, got, sends);
    if (sends)
        parse_consent_send(p, &consent, a);
    else if (consent.at[CONSENT_CHECK] != NULL)
        (void)parse_expr(p, consent.at[CONSENT_CHECK], &a->value);
}

/* --- her PIN -------------------------------------------------------------------------------- */

/* Who checks one must have said what is told to her who has none, and to her who
 * was wrong; who sets one asks nobody whether there is one. */
static void parse_pin_exits(struct parse *p, const struct keys_got *got, bool checks)
{
    static const int needed[] = { ACTION_WRONG, ACTION_NONE };

    for (size_t i = 0; checks && i < sizeof needed / sizeof needed[0]; i++) {
        if (got->key[needed[i]] == NULL)
            issue_add(p->issues, ISSUE_PIN_EXIT, got->key[ACTION_PIN]->pos, "a check of a PIN needs '%s' beside it: %s",
                      keys_table(KEYS_ACTION)[needed[i]].name,
                      needed[i] == ACTION_WRONG ? "the screen after a wrong one" : "the screen for her who has none yet");
    }
    if (!checks && got->key[ACTION_NONE] != NULL)
        issue_add(p->issues, ISSUE_SCREEN, got->key[ACTION_NONE]->pos, "'none' does not go with a PIN that is set");
}

void parse_pin_action(struct parse *p, const struct parse_file *file, const struct keys_got *got,
                      struct menu_action *a)
{
    struct keys_got pin;
    bool checks;

    a->kind = MENU_PIN_SET;
    a->wrong = parse_trust_exit(p, file, got, ACTION_WRONG);
    a->none = parse_trust_exit(p, file, got, ACTION_NONE);
    a->locked = parse_trust_exit(p, file, got, ACTION_LOCKED);
    a->fail = parse_trust_exit(p, file, got, ACTION_FAIL);
    if (p->menu->pin == MENU_NONE)
        p->menu->pin = parse_var_hidden(p, "pin:", a->pos);
    if (got->at[ACTION_PIN] == NULL || !keys_read(got->at[ACTION_PIN], KEYS_PIN, &pin, p->issues))
        return;
    checks = pin.key[PIN_CHECK] != NULL;
    if (checks == (pin.key[PIN_SET] != NULL)) {
        issue_add(p->issues, ISSUE_PIN, got->key[ACTION_PIN]->pos,
                  "a pin checks one, {check: VARIABLE}, or sets one, {set: VARIABLE}");
        return;
    }
    if (checks && pin.key[PIN_OF] != NULL)
        issue_add(p->issues, ISSUE_SCREEN, pin.key[PIN_OF]->pos, "'of' does not go with a PIN that is checked: it tells itself whose it is");
    else if (pin.at[PIN_OF] != NULL)
        (void)parse_expr(p, pin.at[PIN_OF], &a->of);
    a->kind = checks ? MENU_PIN_CHECK : MENU_PIN_SET;
    parse_pin_exits(p, got, checks);
    if (pin.at[checks ? PIN_CHECK : PIN_SET] != NULL)
        (void)parse_expr(p, pin.at[checks ? PIN_CHECK : PIN_SET], &a->value);
}

static void parse_pin_place(void *arg, int var, struct menu_place place)
{
    struct menu_place *found = arg;

    (void)var;
    if (found->node == NULL)
        *found = place;
}

/* A person is told by what is kept as a hash, never by what could be read. */
static void parse_pin_of(struct parse *p, const struct menu_action *a)
{
    const struct menu_type *type = expr_type(a->of);
    struct menu_place place = { .node = NULL };

    expr_places(a->of, parse_pin_place, &place);
    if (type == NULL || type->store != MENU_STORE_KEYED)
        issue_add(p->issues, ISSUE_PIN_VALUE, place.node != NULL ? place.node->pos : a->pos,
                  "whose PIN is set is told by a variable of a type with 'store: keyed'");
}

static void parse_pin_value(struct parse *p, const struct menu_action *a)
{
    const struct menu_type *type = expr_type(a->value);
    struct menu_place place = { .node = NULL };

    expr_places(a->value, parse_pin_place, &place);
    if (type == NULL || type->kind != MENU_TYPE_PIN)
        issue_add(p->issues, ISSUE_PIN_VALUE, place.node != NULL ? place.node->pos : a->pos, "what is %s is no variable of a type pin: ask for it with "
                  "'input: {into: NAME, type: pin(4)}'", a->kind == MENU_PIN_CHECK ? "checked" : "set");
}

/* --- when all is compiled ------------------------------------------------------------------- */

static void parse_mark(void *arg, int var)
{
    bool *marked = arg;

    marked[var] = true;
}

void parse_trust_end(struct parse *p)
{
    bool *codes = xcalloc((size_t)p->var_count + 1, sizeof *codes);
    struct menu_screen *screens = p->screens;

    for (int i = 0; i < p->menu->screen_count; i++) {
        for (int k = 0; k < screens[i].action_count; k++) {
            const struct menu_action *a = &screens[i].actions[k];

            if (a->kind == MENU_CONSENT_CHECK && a->value != NULL)
                expr_reads(a->value, parse_mark, codes);
            if ((a->kind == MENU_PIN_CHECK || a->kind == MENU_PIN_SET) && a->value != NULL)
                parse_pin_value(p, a);
            if (a->of != NULL)
                parse_pin_of(p, a);
        }
    }
    for (int i = 0; i < p->menu->screen_count; i++)
        screens[i].input.is_code = screens[i].input.var != MENU_NONE && codes[screens[i].input.var];
    free(codes);
}

/* --- audit ---------------------------------------------------------------------------------- */

static void parse_told(struct parse *p, const struct yaml_node *map, struct menu_action *a)
{
    struct menu_told *told = arena_alloc(p->arena, ((size_t)map->count + 1) * sizeof *told);

    for (int i = 0; i < map->count; i++) {
        const struct yaml_node *key = yaml_key(map, i), *value = parse_entry(p, map, i);

        if (!keys_is_name(key->text, key->len))
            issue_add(p->issues, ISSUE_BAD_NAME, key->pos, "'%s': letters, digits and _, first a letter", key->text);
        if (value == NULL)
            continue;
        told[a->told_count].name = key->text;
        told[a->told_count].pos = key->pos;
        (void)parse_expr(p, value, &told[a->told_count++].value);
    }
    a->told = told;
}

void parse_audit_action(struct parse *p, const struct parse_file *file, const struct keys_got *got,
                        struct menu_action *a)
{
    struct keys_got audit;

    (void)file;
    a->kind = MENU_AUDIT;
    a->event = "";
    if (got->at[ACTION_AUDIT] == NULL || !keys_read(got->at[ACTION_AUDIT], KEYS_AUDIT, &audit, p->issues))
        return;
    if (audit.at[AUDIT_EVENT] != NULL) {
        const struct yaml_node *event = audit.at[AUDIT_EVENT];

        a->event = event->text;
        if (!keys_is_name(event->text, event->len))
            issue_add(p->issues, ISSUE_BAD_NAME, event->pos, "event '%s': letters, digits and _, first a letter",
                      event->text);
    }
    if (audit.at[AUDIT_WITH] != NULL)
        parse_told(p, audit.at[AUDIT_WITH], a);
}
