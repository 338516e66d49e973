#include "app/desk.h"

#include <assert.h>
#include <event2/event.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "app/generations.h"
#include "base/alloc.h"
#include "base/log.h"
#include "base/stats.h"
#include "store/cases.h"
#include "store/store.h"

#define DESK_JOBS_MAX 4096              /* orders not answered; more are told that the database is away */
#define DESK_TRIES 32                   /* writes that others were faster than */

/*
 * A job reads its case, waits where its case's own menus must be fetched,
 * judges, writes, and is answered.  Who loses a race reads again.
 */
enum desk_state {
    DESK_READING = 0,
    DESK_WAITING,                       /* for the sources of a generation */
    DESK_WRITING,
    DESK_ANSWERED,                      /* with outcome, in the next turn of the loop */
    DESK_STATES,
};

struct desk_job {
    TAILQ_ENTRY(desk_job) link;
    uint64_t id;
    enum desk_state state;
    enum desk_outcome outcome;          /* ANSWERED */
    struct desk_order order;            /* its strings are in text */
    struct desk_field fields[DESK_FIELDS_MAX];
    struct desk_done done;
    bool wrote;                         /* a write of it was sent: its key may be there */
    int tries;
    struct buf text;
};
TAILQ_HEAD(desk_jobs, desk_job);

struct desk {
    struct store *store;
    struct generations *generations;
    struct event *later;
    struct desk_jobs jobs;
    struct desk_plan plan;              /* of the job in hand */
    struct store_case_to read_to, moved_to;
    uint64_t last_id;
    size_t count;
};

static void desk_on_later(evutil_socket_t fd, short what, void *arg);
static void desk_on_read(void *arg, uint64_t ticket, const struct store_case_answer *a);
static void desk_on_moved(void *arg, uint64_t ticket, const struct store_case_answer *a);

/* --- life -------------------------------------------------------------------------- */

struct desk *desk_new(const struct desk_args *args)
{
    struct desk *d = xcalloc(1, sizeof *d);

    d->store = args->store;
    d->generations = args->generations;
    d->read_to = (struct store_case_to){ desk_on_read, d };
    d->moved_to = (struct store_case_to){ desk_on_moved, d };
    d->later = event_new(args->base, -1, 0, desk_on_later, d);
    assert(d->later != NULL);
    TAILQ_INIT(&d->jobs);
    desk_plan_init(&d->plan);
    return d;
}

static void desk_unlink(struct desk *d, struct desk_job *j)
{
    TAILQ_REMOVE(&d->jobs, j, link);
    d->count--;
}

static void desk_job_free(struct desk_job *j)
{
    buf_fini(&j->text);
    free(j);
}

static void desk_drop(struct desk *d, struct desk_job *j)
{
    desk_unlink(d, j);
    desk_job_free(j);
}

void desk_free(struct desk *d)
{
    struct desk_job *j;

    if (d == NULL)
        return;
    while ((j = TAILQ_FIRST(&d->jobs)) != NULL)
        desk_drop(d, j);
    event_free(d->later);
    desk_plan_fini(&d->plan);
    free(d);
}

size_t desk_backlog(const struct desk *d)
{
    return d->count;
}

/* Few are under way at a time, and those that wait longest stand first. */
static struct desk_job *desk_find(const struct desk *d, uint64_t id, enum desk_state state)
{
    struct desk_job *j;

    TAILQ_FOREACH(j, &d->jobs, link)
        if (j->id == id)
            return j->state == state ? j : NULL;
    return NULL;
}

/* --- answers ------------------------------------------------------------------------- */

static void desk_log(const struct desk_job *j, const struct desk_answer *a)
{
    const struct desk_order *o = &j->order;
    char mask[LOG_MASK_SIZE];

    log_info("case=%s event=order outcome=%s by=%s to=%s state=%s seq=%d", log_mask_case(mask, o->number),
             desk_outcome_name(a->outcome), desk_actor_name(o->kind), o->to != NULL ? o->to : "",
             a->file != NULL ? a->file->state : "", a->file != NULL ? a->file->seq : 0);
}

static void desk_tell(struct desk *d, struct desk_job *j, const struct desk_answer *a)
{
    const struct desk_done done = j->done;

    if (a->outcome == DESK_DONE)
        stats_inc(orders_done);
    else if (a->outcome == DESK_REPEATED)
        stats_inc(orders_repeated);
    else
        stats_inc(orders_refused);
    desk_log(j, a);
    desk_unlink(d, j);                  /* the callback may give the next order */
    done.fn(done.arg, done.ticket, a);
    desk_job_free(j);                   /* a->field is one of its texts */
}

/* Nothing is known but the outcome. */
static void desk_tell_outcome(struct desk *d, struct desk_job *j, enum desk_outcome outcome)
{
    const struct desk_answer a = { .outcome = outcome };

    desk_tell(d, j, &a);
}

static void desk_on_later(evutil_socket_t fd, short what, void *arg)
{
    struct desk *d = arg;
    struct desk_job *next;

    (void)fd;
    (void)what;
    for (struct desk_job *j = TAILQ_FIRST(&d->jobs); j != NULL; j = next) {
        next = TAILQ_NEXT(j, link);
        if (j->state != DESK_ANSWERED)
            continue;
        desk_tell_outcome(d, j, j->outcome);
        next = TAILQ_FIRST(&d->jobs);   /* the callback may have changed the list */
    }
}

/* --- one order --------------------------------------------------------------------------- */

static void desk_read(struct desk *d, struct desk_job *j)
{
    j->state = DESK_READING;
    store_case_read(d->store, j->order.number, j->order.key, &d->read_to, j->id);
}

/* Others were faster, or the connection fell: begin again, but not for ever. */
static void desk_again(struct desk *d, struct desk_job *j)
{
    if (++j->tries < DESK_TRIES)
        desk_read(d, j);
    else
        desk_tell_outcome(d, j, DESK_AWAY);
}

/* The menus that judge f; NULL with *outcome, or (DESK_DONE) they are being fetched. */
static const struct menu *desk_menu(struct desk *d, const struct casefile *f, enum desk_outcome *outcome)
{
    const struct menu *m = generations_current(d->generations);
    bool missing;

    if (desk_knows(m, f))
        return m;
    *outcome = DESK_NO_MENUS;
    m = generations_find(d->generations, f->generation, &missing);
    if (m != NULL && desk_knows(m, f)) {
        generations_use(d->generations, m);
        return m;
    }
    if (m != NULL || missing || f->generation == 0)
        return NULL;
    store_sources(d->store, f->generation);
    *outcome = DESK_DONE;
    return NULL;
}

/* The plan as the store takes it; messages are its. */
static struct store_move desk_move_of(const struct desk_job *j, const struct casefile *f, const struct desk_plan *p,
                                      struct store_message messages[DESK_NOTICES_MAX])
{
    for (int i = 0; i < p->notice_count; i++) {
        const struct desk_notice *n = &p->notices[i];

        messages[i] = (struct store_message){
            .cause = n->cause, .receiver = n->receiver, .link = "", .lang = n->lang, .class = n->class,
            .approval = n->approval, .text = n->text, .due = n->due,
        };
    }
    return (struct store_move){
        .number = f->number, .msisdn = f->msisdn, .seq = f->seq, .key = j->order.key,
        .kind = desk_actor_name(j->order.kind), .actor = p->actor, .state = p->state, .note = p->note,
        .fields = p->fields, .at = j->order.at, .due = p->ends ? 0 : STORE_DUE_KEEP,
        .messages = messages, .message_count = p->notice_count, .audit = p->audit, .audit_fields = p->audit_fields,
    };
}

static void desk_write(struct desk *d, struct desk_job *j, const struct casefile *f)
{
    struct store_message messages[DESK_NOTICES_MAX];
    const struct store_move move = desk_move_of(j, f, &d->plan, messages);

    j->state = DESK_WRITING;
    j->wrote = true;
    store_case_move(d->store, &move, &d->moved_to, j->id);
}

static void desk_decide_job(struct desk *d, struct desk_job *j, const struct casefile *f)
{
    struct desk_answer a = { .file = f };
    const struct menu *m = desk_menu(d, f, &a.outcome);

    if (m == NULL && a.outcome == DESK_DONE) {
        j->state = DESK_WAITING;
        return;
    }
    if (m != NULL)
        a.outcome = desk_decide(m, f, &j->order, &d->plan, &a);
    if (a.outcome == DESK_DONE) {
        desk_write(d, j, f);
        return;
    }
    if (a.outcome == DESK_NO_CASE)
        a.file = NULL;
    desk_tell(d, j, &a);
}

static void desk_on_read(void *arg, uint64_t ticket, const struct store_case_answer *r)
{
    struct desk *d = arg;
    struct desk_job *j = desk_find(d, ticket, DESK_READING);
    struct desk_answer a = { .file = r->file, .event = r->event };

    if (j == NULL)
        return;
    if (r->lost || r->refused) {
        desk_tell_outcome(d, j, r->lost ? DESK_AWAY : DESK_BAD_ORDER);
        return;
    }
    if (r->file == NULL || !desk_is_his(r->file, &j->order)) {
        desk_tell_outcome(d, j, DESK_NO_CASE);
        return;
    }
    if (r->event.seq == 0) {
        desk_decide_job(d, j, r->file);
        return;
    }
    a.outcome = j->wrote ? DESK_DONE : DESK_REPEATED;
    desk_tell(d, j, &a);
}

static void desk_on_moved(void *arg, uint64_t ticket, const struct store_case_answer *r)
{
    struct desk *d = arg;
    struct desk_job *j = desk_find(d, ticket, DESK_WRITING);
    struct desk_answer a = { .outcome = DESK_DONE, .file = r->file, .event = r->event };

    if (j == NULL)
        return;
    if (r->refused)
        desk_tell_outcome(d, j, DESK_BAD_ORDER);
    else if (r->file == NULL)
        desk_again(d, j);
    else
        desk_tell(d, j, &a);
}

/* --- orders -------------------------------------------------------------------------------- */

static size_t desk_keep(struct desk_job *j, const char *s)
{
    size_t at = j->text.len;

    buf_adds(&j->text, s);
    buf_addc(&j->text, '\0');
    return at;
}

/* Copies of all strings: first into text, which moves, then pointers to them. */
static void desk_copy(struct desk_job *j, const struct desk_order *o)
{
    const char *const from[] = { o->key, o->actor, o->agency, o->msisdn, o->from, o->to, o->note, o->sms };
    const char **const to[] = { &j->order.key, &j->order.actor, &j->order.agency, &j->order.msisdn, &j->order.from,
                                &j->order.to, &j->order.note, &j->order.sms };
    size_t at[sizeof from / sizeof from[0]], field_at[DESK_FIELDS_MAX][2];

    j->order = *o;
    j->order.fields = j->fields;
    for (size_t i = 0; i < sizeof from / sizeof from[0]; i++)
        at[i] = desk_keep(j, from[i] != NULL ? from[i] : "");
    for (int i = 0; i < o->field_count; i++) {
        field_at[i][0] = desk_keep(j, o->fields[i].name);
        field_at[i][1] = desk_keep(j, o->fields[i].value);
    }
    for (size_t i = 0; i < sizeof from / sizeof from[0]; i++)
        *to[i] = from[i] != NULL ? buf_str(&j->text) + at[i] : NULL;
    for (int i = 0; i < o->field_count; i++)
        j->fields[i] = (struct desk_field){ buf_str(&j->text) + field_at[i][0], buf_str(&j->text) + field_at[i][1] };
}

void desk_order(struct desk *d, const struct desk_order *o, const struct desk_done *done)
{
    struct desk_job *j = xcalloc(1, sizeof *j);

    buf_init(&j->text, 64 * 1024);
    j->id = ++d->last_id;
    j->done = *done;
    j->outcome = d->count >= DESK_JOBS_MAX ? DESK_AWAY : desk_looks_right(o);
    TAILQ_INSERT_TAIL(&d->jobs, j, link);
    d->count++;
    j->order = (struct desk_order){ .number = o->number, .kind = o->kind };
    if (j->outcome != DESK_DONE) {
        j->state = DESK_ANSWERED;
        event_active(d->later, EV_TIMEOUT, 0);
        return;
    }
    desk_copy(j, o);
    desk_read(d, j);
}

void desk_on_generation(struct desk *d)
{
    struct desk_job *next;

    for (struct desk_job *j = TAILQ_FIRST(&d->jobs); j != NULL; j = next) {
        next = TAILQ_NEXT(j, link);
        if (j->state == DESK_WAITING)
            desk_read(d, j);
    }
}
