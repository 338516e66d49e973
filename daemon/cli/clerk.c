#include "cli/clerk.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "store/store.h"

#define CLERK_TRIES 32                  /* writes that others were faster than */

struct clerk {
    struct store_desk *desk;
    struct menu *current, *own;         /* own: of own_generation */
    bool has_current;                   /* it was asked for */
    int64_t own_generation;
    struct desk_plan plan;
};

struct clerk *clerk_open(const char *conninfo, char *err, size_t n)
{
    struct store_desk *desk = store_desk_open(conninfo, err, n);
    struct clerk *c;

    if (desk == NULL)
        return NULL;
    c = xcalloc(1, sizeof *c);
    c->desk = desk;
    desk_plan_init(&c->plan);
    return c;
}

void clerk_close(struct clerk *c)
{
    if (c == NULL)
        return;
    store_desk_close(c->desk);
    menu_free(c->current);
    menu_free(c->own);
    desk_plan_fini(&c->plan);
    free(c);
}

struct store_desk *clerk_desk(struct clerk *c)
{
    return c->desk;
}

const char *clerk_error(const struct clerk *c)
{
    return store_desk_error(c->desk);
}

/* --- menus ------------------------------------------------------------------------- */

static struct menu *clerk_load(struct clerk *c, int64_t generation)
{
    struct menu_issues issues;
    struct menu *m;
    size_t n;
    const void *sources = store_desk_sources(c->desk, generation, &n);

    if (sources == NULL)
        return NULL;
    m = menu_load_sources(sources, n, &issues);
    menu_issues_free(&issues);
    return m;
}

const struct menu *clerk_menu(struct clerk *c, const struct casefile *f)
{
    if (!c->has_current)
        c->current = clerk_load(c, 0);
    c->has_current = true;
    if (c->current != NULL && desk_knows(c->current, f))
        return c->current;
    if (f->generation == 0)
        return NULL;
    if (c->own == NULL || c->own_generation != f->generation) {
        menu_free(c->own);
        c->own = clerk_load(c, f->generation);
        c->own_generation = f->generation;
    }
    return c->own != NULL && desk_knows(c->own, f) ? c->own : NULL;
}

/* --- one order ------------------------------------------------------------------------ */

static enum desk_outcome clerk_write(struct clerk *c, const struct casefile *f, const struct desk_order *o,
                                     struct store_case_answer *r)
{
    const struct desk_plan *p = &c->plan;
    struct store_message messages[DESK_NOTICES_MAX];
    struct store_move move;

    for (int i = 0; i < p->notice_count; i++) {
        const struct desk_notice *n = &p->notices[i];

        messages[i] = (struct store_message){
            .cause = n->cause, .receiver = n->receiver, .link = "", .lang = n->lang, .class = n->class,
            .approval = n->approval, .text = n->text, .due = n->due,
        };
    }
    move = (struct store_move){
        .number = f->number, .msisdn = f->msisdn, .seq = f->seq, .key = o->key, .kind = desk_actor_name(o->kind),
        .actor = p->actor, .state = p->state, .note = p->note, .fields = p->fields, .at = o->at,
        .due = p->ends ? 0 : STORE_DUE_KEEP, .messages = messages, .message_count = p->notice_count,
        .audit = p->audit, .audit_fields = p->audit_fields,
    };
    store_desk_move(c->desk, &move, r);
    return r->lost ? DESK_AWAY : DESK_DONE;
}

/* DESK_DONE with no file: another was faster. */
static enum desk_outcome clerk_try(struct clerk *c, const struct desk_order *o, struct desk_answer *a)
{
    struct store_case_answer r;
    const struct menu *m;

    store_desk_read(c->desk, o->number, o->key, &r);
    if (r.lost)
        return DESK_AWAY;
    if (r.file == NULL || !desk_is_his(r.file, o))
        return DESK_NO_CASE;
    a->file = r.file;
    a->event = r.event;
    if (r.event.seq > 0)
        return DESK_REPEATED;
    m = clerk_menu(c, r.file);
    if (m == NULL)
        return DESK_NO_MENUS;
    a->outcome = desk_decide(m, r.file, o, &c->plan, a);
    if (a->outcome != DESK_DONE)
        return a->outcome;
    a->outcome = clerk_write(c, r.file, o, &r);
    a->file = r.file;
    a->event = r.event;
    return a->outcome;
}

void clerk_order(struct clerk *c, const struct desk_order *o, struct desk_answer *a)
{
    *a = (struct desk_answer){ .outcome = desk_looks_right(o) };
    if (a->outcome != DESK_DONE)
        return;
    for (int i = 0; i < CLERK_TRIES; i++) {
        *a = (struct desk_answer){ .outcome = DESK_DONE };
        a->outcome = clerk_try(c, o, a);
        if (a->outcome != DESK_DONE || a->file != NULL)
            return;
    }
    a->outcome = DESK_AWAY;
}
