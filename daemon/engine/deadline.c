#include "engine/deadline.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"

/* A promise, while the history is walked. */
struct deadline_promise {
    struct menu_span span;
    int left;                           /* days, from the last time that it ran */
    bool broken;                        /* due is in the past of the walk: it stays */
    int32_t due;                        /* day; of the run in hand */
};

static const struct menu_state *deadline_state(const struct menu_service *s, const char *name)
{
    for (int i = 0; i < s->state_count; i++)
        if (strcmp(s->states[i].name, name) == 0)
            return &s->states[i];
    return NULL;
}

/* Is it the office's turn?  A state that the menus forgot counts as one. */
static bool deadline_runs(const struct menu_state *s)
{
    return s == NULL || (!s->hers && s->to_count > 0);
}

static int32_t deadline_after(const struct calendar *c, int32_t from, int days, bool all)
{
    return all ? from + days : calendar_after(c, from, days);
}

static int deadline_between(const struct calendar *c, int32_t from, int32_t to, bool all)
{
    return all ? to - from : calendar_between(c, from, to);
}

static int32_t deadline_day(const struct deadline_args *a, int64_t at)
{
    return clock_day(at, a->menu->utc_offset_min);
}

static int64_t deadline_end(const struct deadline_args *a, int32_t day)
{
    return calendar_end(day, a->menu->utc_offset_min);
}

static void deadline_begin(struct deadline_promise *p, struct menu_span span)
{
    *p = (struct deadline_promise){ .span = span, .left = span.days };
}

/* The promise runs from one day to another, or (to CLOCK_DATE_NONE) goes on running. */
static void deadline_run(const struct calendar *c, struct deadline_promise *p, int32_t from, int32_t to)
{
    int used;

    if (p->span.days == 0 || p->broken)
        return;
    p->due = deadline_after(c, from, p->left, p->span.all);
    if (to == CLOCK_DATE_NONE)
        return;
    used = deadline_between(c, from, to, p->span.all);
    p->broken = used > p->left;
    p->left -= used;
}

/* Through the history.  *entered: when the case came where it stands. */
static bool deadline_walk(const struct deadline_args *a, struct deadline_promise *p, int64_t *entered)
{
    bool runs = false;
    int64_t at = a->events[0].at;

    deadline_begin(p, (struct menu_span){ a->service->within_days, a->service->within_all });
    *entered = at;
    for (int i = 0; i < a->event_count; i++) {
        const struct menu_state *s = deadline_state(a->service, a->events[i].state);
        int64_t next = i + 1 < a->event_count && a->events[i + 1].at > at ? a->events[i + 1].at : at;

        if (i == 0 || strcmp(a->events[i].state, a->events[i - 1].state) != 0) {
            *entered = at;
            if (s != NULL && s->within.days > 0)
                deadline_begin(p, s->within);
        }
        runs = deadline_runs(s);
        if (runs)
            deadline_run(a->calendar, p, deadline_day(a, at),
                         i + 1 < a->event_count ? deadline_day(a, next) : CLOCK_DATE_NONE);
        at = next;
    }
    return runs && p->span.days > 0;
}

/* When the next step is to be taken. */
static int64_t deadline_step_at(const struct deadline_args *a, const struct deadline_promise *p, int done)
{
    if (done >= a->service->overdue_count)
        return DEADLINE_NEVER;
    return deadline_end(a, deadline_after(a->calendar, p->due, a->service->overdue[done].after, p->span.all));
}

static int64_t deadline_expires_at(const struct deadline_args *a, const struct menu_state *s, int64_t entered)
{
    if (s->expires.days == 0)
        return DEADLINE_NEVER;
    return deadline_end(a, deadline_after(a->calendar, deadline_day(a, entered), s->expires.days, s->expires.all));
}

struct deadline deadline_of(const struct deadline_args *a)
{
    struct deadline d = { .act = DEADLINE_OVER };
    struct deadline_promise promise;
    int64_t entered, step, expires;

    d.state = deadline_state(a->service, a->events[a->event_count - 1].state);
    if (d.state == NULL || d.state->to_count == 0)
        return d;
    if (deadline_walk(a, &promise, &entered)) {
        promise.due += a->more;
        d.due = deadline_end(a, promise.due);
    }
    d.done = d.due != 0 && d.due < a->now ? a->done : 0;
    step = d.due != 0 ? deadline_step_at(a, &promise, d.done) : DEADLINE_NEVER;
    expires = deadline_expires_at(a, d.state, entered);
    if (expires < a->now) {
        d.act = DEADLINE_EXPIRE;
        snprintf(d.key, sizeof d.key, "clock/expires/%" PRId64, entered);
    } else if (step < a->now) {
        d.act = DEADLINE_OVERDUE;
        snprintf(d.key, sizeof d.key, "clock/overdue/%" PRId32 "/%d", promise.due, d.done + 1);
    } else {
        d.act = DEADLINE_WAIT;
        d.wake = step < expires ? step : expires;
        d.wake += d.wake != DEADLINE_NEVER;
    }
    return d;
}

const char *deadline_office(const struct menu_service *s, int done)
{
    for (int i = done < s->overdue_count ? done : s->overdue_count; i > 0; i--)
        if (s->overdue[i - 1].to[0] != '\0')
            return s->overdue[i - 1].to;
    return "";
}
