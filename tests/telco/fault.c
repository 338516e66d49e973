/*
 * fault.c - the table of switches.
 */
#include "fault.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

static const struct knob {
    const char *name;
    size_t offset;
    int min, max, rest;
    const char *help;
} knobs[] = {
    { "silent", offsetof(struct fault, silent), 0, 1, 0, "answer nothing, send nothing, keep the connection" },
    { "down", offsetof(struct fault, down), 0, 1, 0, "close binds, and every new connection at once" },
    { "bind_status", offsetof(struct fault, bind_status), 0, 0xffff, 0, "refuse binds with this status" },
    { "drop_submit", offsetof(struct fault, drop_submit), 0, 1000000, 0, "swallow the next N submit_sm" },
    { "drop_submit_resp", offsetof(struct fault, drop_submit_resp), 0, 1000000, 0,
      "take the next N submit_sm but send no submit_sm_resp" },
    { "submit_errors", offsetof(struct fault, submit_errors), 0, 1000000, 0, "refuse the next N submit_sm" },
    { "submit_status", offsetof(struct fault, submit_status), 1, 0xffff, 0x08, "with this status" },
    { "submit_resp_ms", offsetof(struct fault, submit_resp_ms), 0, 600000, 0, "delay of submit_sm_resp" },
    { "drop_deliver", offsetof(struct fault, drop_deliver), 0, 1000000, 0, "lose the next N deliver_sm" },
    { "drop_deliver_resp", offsetof(struct fault, drop_deliver_resp), 0, 1000000, 0,
      "lose the next N deliver_sm_resp (see resp, resend)" },
    { "deliver_ms", offsetof(struct fault, deliver_ms), 0, 600000, 0, "delay of deliver_sm" },
    { "duplicate", offsetof(struct fault, duplicate), 0, 10, 0, "send each deliver_sm N times more" },
    { "duplicate_ms", offsetof(struct fault, duplicate_ms), 0, 600000, 0, "so much later" },
    { "reorder", offsetof(struct fault, reorder), 0, 1, 0, "swap neighbouring deliver_sm" },
    { "receipt_ms", offsetof(struct fault, receipt_ms), -1, 3600000, -1, "delay of delivery reports" },
    { "receipt", offsetof(struct fault, receipt), -1, 2, -1, "0 DELIVRD, 1 EXPIRED, 2 UNDELIV" },
};
#define KNOBS (sizeof(knobs) / sizeof(knobs[0]))

static int *at(struct fault *f, const struct knob *k)
{
    return (int *)(void *)((char *)f + k->offset);
}

void fault_clear(struct fault *f)
{
    for (size_t i = 0; i < KNOBS; i++)
        *at(f, &knobs[i]) = knobs[i].rest;
}

bool fault_known(const char *name)
{
    for (size_t i = 0; i < KNOBS; i++)
        if (strcmp(knobs[i].name, name) == 0)
            return true;
    return false;
}

bool fault_set(struct fault *f, const json_t *switches, char *error, size_t size)
{
    struct fault changed = *f;

    for (size_t i = 0; i < KNOBS; i++) {
        json_t *v = json_object_get(switches, knobs[i].name);
        json_int_t n;

        if (!v)
            continue;
        n = json_is_boolean(v) ? json_is_true(v) : json_integer_value(v);
        if ((!json_is_integer(v) && !json_is_boolean(v)) || n < knobs[i].min || n > knobs[i].max) {
            snprintf(error, size, "%s: a number from %d to %d", knobs[i].name, knobs[i].min, knobs[i].max);
            return false;
        }
        *at(&changed, &knobs[i]) = (int)n;
    }
    *f = changed;
    return true;
}

json_t *fault_json(const struct fault *f)
{
    struct fault copy = *f;
    json_t *o = json_object();

    for (size_t i = 0; i < KNOBS; i++)
        json_object_set_new(o, knobs[i].name, json_integer(*at(&copy, &knobs[i])));
    return o;
}

bool fault_take(int *count)
{
    if (*count <= 0)
        return false;
    --*count;
    return true;
}

void fault_help(void)
{
    for (size_t i = 0; i < KNOBS; i++)
        printf("  %-18s %s\n", knobs[i].name, knobs[i].help);
}
