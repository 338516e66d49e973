#include "engine/flow_step.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

/*
 * A code goes to another phone, and whoever holds that phone tells it to her.
 * The session keeps what is needed to know it again, under a variable that no
 * operator can name, as one text:
 *
 *   HASH UNTIL TRIES SENT NUMBER SCREEN ACTION
 *
 * HASH is a keyed hash of the code with the session's number and service code,
 * the receiver and the time: of no use to who reads the database.  It is "-"
 * once the code counts no more.  SCREEN and ACTION are where it was sent: if
 * the number there would be another one now, the consent is not for her.
 */
#define CONSENT_MS (5 * 60 * 1000)
#define CONSENT_TRIES 3                 /* wrong answers, the last of which ends the code */
#define CONSENT_SENDS 3                 /* codes of one dialogue: nobody's phone is a toy */
#define CONSENT_CODES 9000              /* 1000 .. 9999: also a number keeps all four digits */
#define CONSENT_HASH 16                 /* octets */
#define CONSENT_TEXT_MAX 512

struct consent {
    char hash[2 * CONSENT_HASH + 1];
    int64_t until;
    int tries, sent;
    char number[EVENT_MSISDN_MAX + 12];
    char screen[256];
    int action;
};

/* --- what the session keeps ---------------------------------------------------------------- */

/* Nothing was sent yet, or it cannot be read: all zero. */
static struct consent flow_consent_get(const struct flow *f)
{
    struct consent c = { .hash = "" };
    char text[CONSENT_TEXT_MAX];
    size_t n = 0;
    int var = f->s->menu->consent;
    const char *p = var != MENU_NONE ? session_get(f->s, var, &n) : NULL;

    if (p == NULL || n >= sizeof text)
        return c;
    memcpy(text, p, n);
    text[n] = '\0';
    if (sscanf(text, "%32s %" SCNd64 " %d %d %31s %255s %d", c.hash, &c.until, &c.tries, &c.sent, c.number, c.screen,
               &c.action) != 7)
        return (struct consent){ .hash = "" };
    return c;
}

static bool flow_consent_put(struct flow *f, const struct consent *c)
{
    char text[CONSENT_TEXT_MAX];
    int n = snprintf(text, sizeof text, "%s %" PRId64 " %d %d %s %s %d", c->hash, c->until, c->tries, c->sent,
                     c->number, c->screen, c->action);

    return n > 0 && (size_t)n < sizeof text && session_set(f->s, f->s->menu->consent, text, (size_t)n);
}

/* Each part with its NUL, so that no two run into one another. */
static void flow_consent_hash(const struct flow *f, const struct consent *c, const char *code, size_t n,
                              char hex[2 * CONSENT_HASH + 1])
{
    unsigned char hash[CONSENT_HASH];
    crypto_generichash_state state;
    const char *const parts[] = { "consent", f->s->msisdn, f->s->code, c->number };
    char until[24];

    (void)snprintf(until, sizeof until, "%" PRId64, c->until);
    (void)crypto_generichash_init(&state, f->env->secret, FLOW_SECRET_SIZE, sizeof hash);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        (void)crypto_generichash_update(&state, (const unsigned char *)parts[i], strlen(parts[i]) + 1);
    (void)crypto_generichash_update(&state, (const unsigned char *)until, strlen(until) + 1);
    (void)crypto_generichash_update(&state, (const unsigned char *)code, n);
    (void)crypto_generichash_final(&state, hash, sizeof hash);
    (void)sodium_bin2hex(hex, 2 * CONSENT_HASH + 1, hash, sizeof hash);
}

/* --- a code goes out -------------------------------------------------------------------------- */

/* An example is refused as an answer: it must not be a code. */
static bool flow_is_example(const struct menu *m, const char *code)
{
    for (int i = 0; i < m->type_count; i++)
        if (m->types[i]->example != NULL && strcmp(m->types[i]->example, code) == 0)
            return true;
    return false;
}

static void flow_draw_code(const struct flow *f, char code[8])
{
    uint32_t n = f->env->draw(f->env->draw_arg) % CONSENT_CODES;

    for (int tries = 0; tries < CONSENT_CODES; tries++) {
        (void)snprintf(code, 8, "%04d", 1000 + (int)((n + (uint32_t)tries) % CONSENT_CODES));
        if (!flow_is_example(f->s->menu, code))
            break;
    }
}

enum flow_pass flow_do_consent(struct flow *f, const struct menu_action *a)
{
    struct flow_out *out = f->out;
    struct session *s = f->s;
    const char *screen = s->menu->screens[out->waiting_screen].name;
    struct consent c = flow_consent_get(f);
    enum flow_pass pass;
    char code[8];

    buf_clear(&out->value);
    if (f->env->draw == NULL || c.sent >= CONSENT_SENDS || !expr_value(a->to, &f->scope, &out->value) ||
        out->value.len == 0 || out->value.len >= sizeof c.number)
        return flow_branch(f, &a->fail);
    c = (struct consent){ .until = f->env->now + CONSENT_MS, .tries = CONSENT_TRIES, .sent = c.sent + 1,
                          .action = out->waiting_action };
    memcpy(c.number, buf_str(&out->value), out->value.len + 1);
    (void)snprintf(c.screen, sizeof c.screen, "%s", screen);
    flow_draw_code(f, code);
    flow_consent_hash(f, &c, code, strlen(code), c.hash);
    if (!flow_consent_put(f, &c)) {
        flow_complain(f, "values_full", "consent");
        return FLOW_BROKEN;
    }
    buf_clear(&out->text);
    buf_addf(&out->text, "consent/%s/%s/%" PRId32 "/%s/%d", s->msisdn, s->code, s->turn + 1, screen,
             out->message_count);
    out->waiting_action++;
    f->code = code;
    pass = flow_send(f, a->sms, c.number);
    f->code = NULL;
    sodium_memzero(code, sizeof code);
    return pass;
}

/* --- and comes back --------------------------------------------------------------------------- */

/* Would a code go to the same number now? */
static bool flow_consent_is_hers(struct flow *f, const struct consent *c)
{
    const struct menu *m = f->s->menu;
    int screen = menu_screen_find(m, c->screen);
    const struct menu_action *a;

    if (screen == MENU_NONE || c->action < 0 || c->action >= m->screens[screen].action_count)
        return false;
    a = &m->screens[screen].actions[c->action];
    buf_clear(&f->out->value);
    return a->kind == MENU_CONSENT && expr_value(a->to, &f->scope, &f->out->value) &&
           strcmp(buf_str(&f->out->value), c->number) == 0;
}

static bool flow_consent_counts(struct flow *f, const struct consent *c)
{
    return f->env->secret != NULL && strlen(c->hash) == 2 * (size_t)CONSENT_HASH && c->tries > 0 &&
           f->env->now < c->until && flow_consent_is_hers(f, c);
}

/* It is used, or used up.  The hash goes; how many were sent stays. */
static bool flow_consent_end(struct flow *f, struct consent *c)
{
    if (c->sent == 0)
        return true;                    /* none was sent */
    memcpy(c->hash, "-", sizeof "-");
    return flow_consent_put(f, c);
}

enum flow_pass flow_do_consent_check(struct flow *f, const struct menu_action *a)
{
    struct consent c = flow_consent_get(f);
    char hash[2 * CONSENT_HASH + 1];
    bool right;

    if (!flow_consent_counts(f, &c))
        return flow_consent_end(f, &c) ? flow_branch(f, &a->expired) : FLOW_BROKEN;
    buf_clear(&f->out->value);
    (void)expr_value(a->value, &f->scope, &f->out->value);
    flow_consent_hash(f, &c, buf_str(&f->out->value), f->out->value.len, hash);
    right = sodium_memcmp(hash, c.hash, sizeof hash) == 0;
    c.tries--;
    flow_tape_fact(f, "consent", right ? "right" : "wrong");
    if (right) {                        /* who agrees is no phone that is played with: the count begins anew */
        session_unset(f->s, f->s->menu->consent);
        f->out->waiting_action++;
        return FLOW_ON;
    }
    if (c.tries == 0)
        return flow_consent_end(f, &c) ? flow_branch(f, &a->expired) : FLOW_BROKEN;
    return flow_consent_put(f, &c) ? flow_branch(f, &a->wrong) : FLOW_BROKEN;
}
