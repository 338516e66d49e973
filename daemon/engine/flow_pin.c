#include "engine/flow_step.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

/*
 * What she typed goes out with the question and is forgotten with its answer,
 * at the latest with the step: the session has no PIN when it is written.
 *
 * A PIN that is there is replaced only by her who has just shown that she knows
 * it: a hidden variable says till when that counts, for a dropped dialogue may
 * be gone on with by somebody else.  Where several persons share the number it
 * says too whose PIN it was: what is shown and written from then on is hers.
 */
#define FLOW_PIN_KNOWN_MS (5 * 60 * 1000)
#define FLOW_PIN_SHOWN_MS (10 * 60 * 1000)      /* what is done with it goes on so long */

static const char *const flow_pin_names[FLOW_PINS] = {
    [FLOW_PIN_GOOD] = "good",     [FLOW_PIN_WRONG] = "wrong",   [FLOW_PIN_NONE] = "none",
    [FLOW_PIN_LOCKED] = "locked", [FLOW_PIN_FAILED] = "failed",
};

const char *flow_pin_name(enum flow_pin pin)
{
    return flow_pin_names[pin];
}

void flow_drop_pins(struct session *s)
{
    struct session_value v;
    size_t at = 0;

    while (session_next_value(s, &at, &v)) {
        const struct menu_type *type = s->menu->vars[v.var].type;

        if (type != NULL && type->kind == MENU_TYPE_PIN) {
            session_unset(s, v.var);
            at = 0;
        }
    }
}

/* When and whose: a hidden variable keeps both. */
struct flow_shown {
    int64_t until;                      /* ms: so long it counts as known; 0: none was shown */
    int person;                         /* of those on this number */
};

static struct flow_shown flow_pin_get(const struct session *s)
{
    struct flow_shown shown = { 0 };
    char text[32];
    size_t n = 0;
    const char *p = s->menu != NULL && s->menu->pin != MENU_NONE ? session_get(s, s->menu->pin, &n) : NULL;

    if (p == NULL || n >= sizeof text)
        return shown;
    memcpy(text, p, n);
    text[n] = '\0';
    if (sscanf(text, "%" SCNd64 " %d", &shown.until, &shown.person) != 2)
        return (struct flow_shown){ 0 };
    return shown;
}

static bool flow_pin_within(const struct flow *f, int64_t ms)
{
    struct flow_shown shown = flow_pin_get(f->s);
    int64_t at = shown.until - FLOW_PIN_KNOWN_MS;

    return shown.until > 0 && f->env->now >= at && f->env->now < at + ms;
}

bool flow_pin_shown(const struct flow *f)
{
    return flow_pin_within(f, FLOW_PIN_SHOWN_MS);
}

bool flow_pin_was_shown(const struct session *s)
{
    return flow_pin_get(s).until > 0;
}

int flow_person(const struct flow *f)
{
    return flow_pin_shown(f) ? flow_pin_get(f->s).person : 0;
}

static bool flow_pin_know(struct flow *f, const struct flow_rows *rows)
{
    char text[32];
    int n = snprintf(text, sizeof text, "%" PRId64 " %d", f->env->now + FLOW_PIN_KNOWN_MS, rows->person);

    f->s->shared = rows->shared;
    if (session_set(f->s, f->s->menu->pin, text, (size_t)n))
        return true;
    flow_complain(f, "values_full", "pin");
    return false;
}

/* Whose it is to be, as a hash.  False: it cannot be told. */
static bool flow_pin_of(struct flow *f, const struct menu_action *a, size_t *at)
{
    struct flow_out *out = f->out;

    buf_clear(&out->value);
    if (a->of != NULL && (!expr_value(a->of, &f->scope, &out->value) || out->value.len == 0 || !flow_keyed(f)))
        return false;
    *at = flow_keep(out, buf_str(&out->value), out->value.len);
    return true;
}

enum flow_pass flow_do_pin(struct flow *f, const struct menu_action *a)
{
    struct flow_out *out = f->out;
    struct flow_question *q = &out->question;
    size_t of;

    *q = (struct flow_question){ .kind = FLOW_PIN, .query = MENU_NONE, .sets = a->kind == MENU_PIN_SET };
    out->asked_at = out->mem.len;
    if (!flow_pin_of(f, a, &of))
        return flow_branch(f, &a->fail);
    buf_clear(&out->value);
    if (!expr_value(a->value, &f->scope, &out->value) || out->value.len == 0)
        return flow_branch(f, &a->fail);        /* the checker lets no way lead here without one */
    q->replaces = q->sets && flow_pin_within(f, FLOW_PIN_KNOWN_MS);
    q->person = q->replaces ? flow_pin_get(f->s).person : 0;
    q->of = out->mem.data + of;
    q->pin = buf_str(&out->value);
    flow_key(f, q->key);
    out->hooks++;
    return FLOW_ASKS;
}

enum flow_pass flow_pin_answered(struct flow *f, const struct menu_action *a, const struct flow_rows *rows)
{
    enum flow_pin pin = rows->failed ? FLOW_PIN_FAILED : rows->pin;
    const int *to = &a->fail;

    sodium_memzero(f->out->value.data, f->out->value.len);
    buf_clear(&f->out->value);
    f->out->question.pin = NULL;
    flow_tape_fact(f, "pin", flow_pin_names[pin]);
    switch (pin) {
    case FLOW_PIN_GOOD:
        f->out->waiting_action++;
        return flow_pin_know(f, rows) ? FLOW_ON : FLOW_BROKEN;
    case FLOW_PIN_WRONG:
        to = &a->wrong;
        break;
    case FLOW_PIN_NONE:
        to = &a->none;
        break;
    case FLOW_PIN_LOCKED:
        to = &a->locked;
        break;
    case FLOW_PIN_FAILED:
    case FLOW_PINS:
        break;
    }
    return flow_branch(f, *to != MENU_NONE ? to : &a->fail);
}
