#include "engine/flow_step.h"

#include <string.h>

#include "menu/keys.h"

/*
 * A provider is asked for money; she approves in its own menu.  What comes of it
 * later is not the dialogue's: her receipt is a message, her case goes on by itself.
 */
#define FLOW_TAKA_MAX 99999999

static const char *const flow_pay_names[FLOW_PAYS] = {
    [FLOW_PAY_ASKED] = "asked", [FLOW_PAY_LATE] = "late", [FLOW_PAY_REFUSED] = "refused", [FLOW_PAY_AGAIN] = "again",
};

const char *flow_pay_name(enum flow_pay pay)
{
    return flow_pay_names[pay];
}

enum flow_pay flow_pay_find(const char *name)
{
    int i = 0;

    while (i < FLOW_PAYS && strcmp(flow_pay_names[i], name) != 0)
        i++;
    return (enum flow_pay)i;
}

/* NULL: she has chosen none. */
static const struct menu_provider *flow_provider(struct flow *f, const struct menu_pay *pay)
{
    const struct menu *m = f->s->menu;
    struct buf *name = &f->out->value;
    int i = pay->provider;

    buf_clear(name);
    if (i == MENU_NONE && expr_value(pay->by, &f->scope, name))
        i = menu_provider_find(m, buf_str(name));
    return i != MENU_NONE ? &m->providers[i] : NULL;
}

/* 0: it is none that can be asked for. */
static int64_t flow_taka(struct flow *f, const struct menu_pay *pay)
{
    struct buf *text = &f->out->value;
    int64_t taka = 0;

    if (pay->fee != MENU_NONE)
        return f->s->menu->services[pay->fee].fee_official;
    buf_clear(text);
    if (!expr_value(pay->taka, &f->scope, text) || !keys_parse_whole(buf_str(text), text->len, &taka))
        return 0;
    return taka > 0 && taka <= FLOW_TAKA_MAX ? taka : 0;
}

enum flow_pass flow_do_pay(struct flow *f, const struct menu_action *a)
{
    const struct menu_pay *pay = a->pay;
    struct flow_out *out = f->out;
    struct flow_question *q = &out->question;

    *q = (struct flow_question){ .kind = FLOW_PAY, .query = MENU_NONE };
    out->asked_at = out->mem.len;
    q->provider = flow_provider(f, pay);
    q->taka = flow_taka(f, pay);
    if (q->provider == NULL || q->taka == 0)
        return flow_branch(f, &a->fail);
    q->fee = pay->fee != MENU_NONE ? &f->s->menu->services[pay->fee] : NULL;
    q->tells = pay->tells != MENU_NONE ? &f->s->menu->backends[pay->tells] : NULL;
    buf_clear(&out->value);
    if (pay->about != NULL)
        (void)expr_value(pay->about, &f->scope, &out->value);
    q->about = buf_str(&out->value);
    flow_key(f, q->key);
    out->hooks++;
    return FLOW_ASKS;
}

enum flow_pass flow_pay_answered(struct flow *f, const struct menu_action *a, const struct flow_rows *rows)
{
    const int *to = &a->fail;

    flow_tape_fact(f, "pay", rows->failed ? "failed" : flow_pay_names[rows->pay]);
    f->out->paid |= !rows->failed && (rows->pay == FLOW_PAY_ASKED || rows->pay == FLOW_PAY_LATE);
    if (rows->failed)
        return flow_branch(f, to);
    switch (rows->pay) {
    case FLOW_PAY_LATE:
        if (a->late != MENU_NONE)
            return flow_branch(f, &a->late);
        f->out->waiting_action++;
        return FLOW_ON;
    case FLOW_PAY_ASKED:
        f->out->waiting_action++;
        return FLOW_ON;
    case FLOW_PAY_REFUSED:
        to = &a->refused;
        break;
    case FLOW_PAY_AGAIN:
        to = &a->again;
        break;
    case FLOW_PAYS:
        break;
    }
    return flow_branch(f, to);
}
