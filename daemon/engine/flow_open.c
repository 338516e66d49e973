/* flow_open.c - a case is opened: what it keeps, where it belongs, who is told. */
#include "engine/flow_step.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "engine/case.h"
#include "engine/notice.h"

/* Fields that mean something to the program, by name. */
#define FLOW_FIELD_CONTACT "contact"    /* mobile number that its messages go to */
#define FLOW_FIELD_PLACE "place"        /* where it belongs, for escalation and windows */
#define FLOW_FIELD_UNION "union"        /* the same, where there is no place */
#define FLOW_FIELD_QUIET "quiet"        /* plain, discreet or silent */

/* A submitted field's whole value, in out->value; false: it is not set. */
static bool flow_field(struct flow *f, const struct menu_action *a, const char *name)
{
    const struct menu_service *service = &f->s->menu->services[a->service];

    buf_clear(&f->out->value);
    for (int i = 0; i < a->set_count; i++)
        if (strcmp(service->fields[a->sets[i].var].name, name) == 0)
            return expr_value(a->sets[i].value, &f->scope, &f->out->value) && f->out->value.len > 0;
    return false;
}

static enum casefile_quiet flow_quiet(struct flow *f, const struct menu_action *a)
{
    static const char *const words[CASEFILE_QUIETS] = {
        [CASEFILE_PLAIN] = "plain", [CASEFILE_DISCREET] = "discreet", [CASEFILE_SILENT] = "silent",
    };

    if (!flow_field(f, a, FLOW_FIELD_QUIET))
        return CASEFILE_PLAIN;
    for (int i = 0; i < CASEFILE_QUIETS; i++)
        if (strcmp(buf_str(&f->out->value), words[i]) == 0)
            return (enum casefile_quiet)i;
    return CASEFILE_PLAIN;
}

bool flow_place(struct flow *f, const struct menu_action *a)
{
    return flow_field(f, a, FLOW_FIELD_PLACE) || flow_field(f, a, FLOW_FIELD_UNION);
}

static size_t flow_keep_field(struct flow *f, const struct menu_action *a, const char *name, const char *otherwise)
{
    if (!flow_field(f, a, name) && (otherwise == NULL || !flow_field(f, a, otherwise)))
        return flow_keep(f->out, "", 0);
    return flow_keep(f->out, buf_str(&f->out->value), f->out->value.len);
}

/* Where a warning makes fees free, what waits for a fee does not wait. */
static const char *flow_first_state(const struct flow *f, const struct menu_service *s)
{
    return flow_is_free(f) && s->fee_official > 0 && s->fee_paid != MENU_NONE ? s->states[s->fee_paid].name
                                                                              : menu_service_first(s);
}

/* The messages of the first state. */
static enum flow_pass flow_notify(struct flow *f, const struct flow_case *opened, const struct flow_case_at *at)
{
    const struct menu_service *service = opened->service;
    struct buf fields, receiver;
    struct casefile file = { .number = opened->number, .due = opened->due, .quiet = opened->quiet };
    struct notice_case c = { .menu = f->s->menu, .service = service, .file = &file, .at = f->env->now,
                             .dialogue = &f->scope };
    enum flow_pass pass = FLOW_ON;

    buf_init(&fields, f->out->mem.max);         /* mem moves while messages are kept */
    buf_init(&receiver, EVENT_MSISDN_MAX);
    buf_adds(&fields, buf_str(&f->out->mem) + at->fields);
    buf_adds(&receiver, buf_str(&f->out->mem) + at->contact);
    file.fields = buf_str(&fields);
    for (int i = 0; i < service->notify_count && pass == FLOW_ON && opened->quiet != CASEFILE_SILENT; i++) {
        int sms = service->notify[i].sms;

        if (strcmp(service->notify[i].state, opened->state) != 0)
            continue;
        buf_clear(&f->out->text);
        buf_addf(&f->out->text, "case/%" PRId64 "/1/%s", opened->number, f->s->menu->sms[sms].name);
        pass = flow_send_of(f, sms, receiver.len > 0 ? buf_str(&receiver) : f->s->msisdn, &c);
    }
    buf_fini(&fields);
    buf_fini(&receiver);
    return pass;
}

enum flow_pass flow_number_answered(struct flow *f, const struct menu_action *a, const struct flow_rows *rows)
{
    struct flow_out *out = f->out;
    struct flow_case *opened = &out->cases[out->case_count];
    struct flow_case_at *at = &out->case_at[out->case_count];
    char digits[24];

    if (rows->failed) {
        flow_tape_no_number(f);
        return FLOW_BROKEN;
    }
    *opened = (struct flow_case){ .service = &f->s->menu->services[a->service] };
    opened->state = flow_first_state(f, opened->service);
    opened->number = case_number(opened->service->number, rows->number);
    snprintf(digits, sizeof digits, "%" PRId64, opened->number);
    if (a->case_no != MENU_NONE && !session_set(f->s, a->case_no, digits, strlen(digits)))
        return FLOW_BROKEN;
    at->fields = out->mem.len;
    flow_add_fields(f, a, &out->mem);
    buf_addc(&out->mem, '\0');
    at->secrets = out->mem.len;
    if (flow_add_secrets(f, a, &out->mem))
        buf_addc(&out->mem, '\0');
    else
        at->secrets = SIZE_MAX;
    at->contact = flow_keep_field(f, a, FLOW_FIELD_CONTACT, NULL);
    at->place = flow_keep_field(f, a, FLOW_FIELD_PLACE, FLOW_FIELD_UNION);
    opened->quiet = flow_quiet(f, a);
    opened->person = f->s->shared ? flow_person(f) : 0;
    out->case_count++;
    f->s->opened = true;
    out->waiting_action++;
    return flow_notify(f, opened, at);
}
