/* flow_case.c - a citizen moves a case of hers.
 *
 * The case is read first, and the order judged by the desk (desk.h) as everybody
 * else's is.  The move itself is an effect of the step: written with it, and only
 * if nobody has moved the case since. */
#include "engine/flow_step.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "engine/desk.h"

/* --- the question ------------------------------------------------------------------- */

enum flow_pass flow_do_order(struct flow *f, const struct menu_action *a)
{
    struct flow_out *out = f->out;
    struct flow_question *q = &out->question;

    *q = (struct flow_question){ .kind = FLOW_CASE, .query = MENU_NONE, .people = a->set_count > 0 };
    out->asked_at = out->mem.len;
    buf_clear(&out->value);
    if (!expr_value(a->to, &f->scope, &out->value) || out->value.len == 0)
        return flow_branch(f, &a->none);
    q->number = strtoll(buf_str(&out->value), NULL, 10);
    flow_key(f, q->key);
    out->hooks++;                       /* the next one of the step has another key */
    return FLOW_ASKS;
}

/* --- the answer --------------------------------------------------------------------- */

/* "roof received citizen": how it was decided can be seen from that, and it tells
 * nothing of hers. */
static void flow_tape_case(struct flow *f, const struct flow_rows *rows)
{
    struct buf *fact = &f->out->text;

    buf_clear(fact);
    if (rows->failed || rows->file == NULL)
        buf_adds(fact, rows->failed ? "failed" : "none");
    else
        buf_addf(fact, "%s %s %s", rows->file->service, rows->file->state, rows->file->actor);
    flow_tape_fact(f, "case", buf_str(fact));
}

static bool flow_is_ordered(const struct flow_out *out, int64_t number)
{
    for (int i = 0; i < out->order_count; i++)
        if (out->orders[i].number == number)
            return true;
    return false;
}

/* Who opened it for another one moves it as an agent; its contact is a citizen. */
static enum desk_actor flow_order_kind(const struct flow *f, const struct casefile *file)
{
    bool opened = strcmp(file->actor, "agent") == 0 && strcmp(file->msisdn, f->s->msisdn) == 0;

    return opened ? DESK_AGENT : DESK_CITIZEN;
}

static bool flow_add_notices(struct flow *f, const struct desk_plan *plan)
{
    struct flow_out *out = f->out;

    if (out->message_count + plan->notice_count > FLOW_MESSAGES_MAX) {
        flow_complain(f, "too_many_messages", "move");
        return false;
    }
    for (int i = 0; i < plan->notice_count; i++) {
        const struct desk_notice *n = &plan->notices[i];
        struct flow_message_at *at = &out->message_at[out->message_count];

        at->cause = flow_keep(out, n->cause, strlen(n->cause));
        at->receiver = flow_keep(out, n->receiver, strlen(n->receiver));
        at->text = flow_keep(out, n->text, strlen(n->text));
        out->messages[out->message_count++] = (struct flow_message){ .lang = n->lang, .class = n->class };
    }
    return true;
}

/* The desk knows it. */
static const struct menu_service *flow_service_of(const struct menu *m, const char *name)
{
    int i = 0;

    while (i < m->service_count - 1 && strcmp(m->services[i].name, name) != 0)
        i++;
    return &m->services[i];
}

/* What is to be written of it. */
static void flow_add_order(struct flow *f, const struct casefile *file, const struct desk_order *o,
                           const struct desk_plan *plan)
{
    struct flow_out *out = f->out;
    const char *const texts[FLOW_ORDER_TEXTS] = {
        [FLOW_ORDER_OPENER] = file->msisdn, [FLOW_ORDER_STATE] = plan->state, [FLOW_ORDER_NOTE] = plan->note,
        [FLOW_ORDER_ACTOR] = plan->actor, [FLOW_ORDER_AUDIT] = plan->audit, [FLOW_ORDER_TOLD] = plan->audit_fields,
        [FLOW_ORDER_FIELDS] = file->fields, [FLOW_ORDER_LANG] = file->lang,
    };
    struct flow_order *order = &out->orders[out->order_count];

    *order = (struct flow_order){ .number = file->number, .seq = file->seq, .kind = desk_actor_name(o->kind),
                                  .ends = plan->ends,
                                  .service = flow_service_of(f->s->menu, file->service) };
    memcpy(order->key, out->question.key, sizeof order->key);
    for (int i = 0; i < FLOW_ORDER_TEXTS; i++)
        out->order_at[out->order_count][i] = flow_keep(out, texts[i], strlen(texts[i]));
    out->order_count++;
}

static enum flow_pass flow_judge(struct flow *f, const struct menu_action *a, const struct casefile *file,
                                 struct desk_plan *plan)
{
    struct desk_order o = { .number = file->number, .key = f->out->question.key, .kind = flow_order_kind(f, file),
                            .actor = f->s->agent, .msisdn = f->s->msisdn, .to = a->state, .at = f->env->now };
    struct desk_answer answer;

    buf_clear(&f->out->value);
    if (a->value != NULL)
        (void)expr_value(a->value, &f->scope, &f->out->value);
    o.note = buf_str(&f->out->value);
    if (!desk_is_his(file, &o))
        return flow_branch(f, &a->none);
    if (desk_looks_right(&o) != DESK_DONE || !desk_knows(f->s->menu, file) ||
        desk_decide(f->s->menu, file, &o, plan, &answer) != DESK_DONE)
        return flow_branch(f, &a->refused);
    if (!flow_add_notices(f, plan))
        return FLOW_BROKEN;
    flow_add_order(f, file, &o, plan);
    f->out->waiting_action++;
    return FLOW_ON;
}

enum flow_pass flow_order_answered(struct flow *f, const struct menu_action *a, const struct flow_rows *rows)
{
    struct desk_plan plan;
    enum flow_pass pass;

    flow_tape_case(f, rows);
    if (rows->failed)
        return flow_branch(f, &a->fail);
    if (rows->file == NULL)
        return flow_branch(f, &a->none);
    if (f->out->order_count == FLOW_ORDERS_MAX || flow_is_ordered(f->out, rows->file->number)) {
        flow_complain(f, "moved_twice", a->state);      /* it was computed from what the database knows */
        return FLOW_BROKEN;
    }
    desk_plan_init(&plan);
    pass = flow_judge(f, a, rows->file, &plan);
    desk_plan_fini(&plan);
    return pass;
}
