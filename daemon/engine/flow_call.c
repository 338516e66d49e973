#include "engine/flow_step.h"

/*
 * A call remembers where it was made and what was on the phone then.  While the
 * called dialogue runs, its screens pile up on the stack above that place; key
 * 0 walks down again, and below it the call never was.  A return takes all of
 * them off the stack: key 0 on the caller's next screen leads to the one before
 * the call, not into a dialogue that is done.
 */

enum flow_pass flow_do_call(struct flow *f, const struct menu_action *a)
{
    struct session *s = f->s;

    if (s->frame_count == MENU_CALLS_MAX) {
        flow_complain(f, "calls_too_deep", s->menu->screens[a->call].name);
        return FLOW_BROKEN;
    }
    s->frames[s->frame_count++] = (struct session_frame){
        .screen = f->out->waiting_screen,
        .call = f->out->waiting_action,
        .behind = s->screen != MENU_NONE ? s->depth : -1,
    };
    flow_take(f, &a->call);
    return FLOW_ON;
}

/* Off the stack with the screens of the called dialogue. */
static void flow_unwind(struct session *s, int behind)
{
    if (behind < 0) {
        s->depth = 0;
        s->screen = MENU_NONE;
    } else if (behind < s->depth) {
        s->depth = behind;
        s->screen = s->stack[behind];
    }
}

enum flow_pass flow_do_return(struct flow *f, const struct menu_action *a)
{
    struct session *s = f->s;
    const struct session_frame frame = s->frame_count > 0 ? s->frames[s->frame_count - 1] : (struct session_frame){ 0 };
    const struct menu_action *caller;

    if (s->frame_count == 0) {          /* nobody called: the checker allows no way to here */
        flow_enter(f, s->menu->start);
        return FLOW_ON;
    }
    caller = &s->menu->screens[frame.screen].actions[frame.call];
    if (caller->var != MENU_NONE && a->value != NULL &&
        !flow_set(f, &(struct menu_set){ caller->var, a->value }, 1))
        return FLOW_BROKEN;
    s->frame_count--;
    flow_unwind(s, frame.behind);
    f->out->waiting_screen = frame.screen;
    f->out->waiting_action = frame.call + 1;
    f->out->moves++;
    return FLOW_ON;
}
