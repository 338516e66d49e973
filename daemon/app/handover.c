#include "app/handover.h"

#include <assert.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "app/backends.h"
#include "app/desk.h"
#include "app/generations.h"
#include "app/poller.h"
#include "base/sealed.h"
#include "app/secret.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/stats.h"
#include "wire/hook.h"

#define HANDOVER_AT_ONCE 8              /* letters out to one back end */
#define HANDOVER_LOOK_MS 1000           /* how often the queue is looked at */
#define HANDOVER_LEASE_MS 30000         /* more than a back end's time-out: a letter comes again if we die */
#define HANDOVER_PAUSE_MS 1000          /* of a letter that could not be sent at all */
#define HANDOVER_UNREADABLE_MS (10 * 60 * 1000)
#define HANDOVER_NOTE 160
#define HANDOVER_REF 24
#define HANDOVER_NAME (HANDOVER_REF + 8)        /* of a line of the log */

_Static_assert(SECRET_SIZE == SEALED_KEY_SIZE, "a secret is a key");

/* A letter that is out, or whose answer is at the desk. */
struct handover_flight {
    TAILQ_ENTRY(handover_flight) link;
    uint64_t ticket;
    int16_t bucket;
    int64_t number;
    int32_t seq;
    int tries;
    char *backend;
    char ref[HANDOVER_REF];             /* of the payment that it tells of; "" a case */
    char note[HANDOVER_NOTE];           /* for the row */
};
TAILQ_HEAD(handover_flights, handover_flight);

struct handover {
    struct handover_args args;
    bool ready;                         /* there is a key */
    unsigned char key[SECRET_SIZE];
    struct handover_paper {
        struct buf letter, secret;
    } papers[HANDOVER_PAPERS];
    struct buf scratch, opened;
    struct handover_flights flights;
    int flight_count;
    uint64_t tickets;
    bool called, taking;
    int64_t looked;                     /* clock_mono() ms */
};

/* --- life ------------------------------------------------------------------------------- */

bool handover_needs_secret(const struct menu *m)
{
    for (int i = 0; i < m->service_count; i++) {
        const struct menu_service *s = &m->services[i];

        if (s->backend == MENU_NONE || !menu_backend_takes_cases(&m->backends[s->backend]))
            continue;
        for (int k = 0; k < s->field_count; k++)
            if (s->fields[k].type->sensitive && (s->fields[k].type->store == MENU_STORE_WHOLE ||
                                                  s->fields[k].type->store == MENU_STORE_KEYED))
                return true;
    }
    return false;
}

static void handover_on_sent(void *arg, const struct hook_answer *answer);

struct handover *handover_new(const struct handover_args *args, char *err, size_t err_size)
{
    struct handover *h = xcalloc(1, sizeof *h);

    h->args = *args;
    TAILQ_INIT(&h->flights);
    for (int i = 0; i < HANDOVER_PAPERS; i++) {
        buf_init(&h->papers[i].letter, LETTER_MAX);
        buf_init(&h->papers[i].secret, LETTER_MAX);
    }
    buf_init(&h->scratch, LETTER_MAX);
    buf_init(&h->opened, LETTER_MAX);
    h->ready = args->secret[0] != '\0';
    if (h->ready && !secret_read(args->secret, "handover", h->key, err, err_size)) {
        handover_free(h);
        return NULL;
    }
    backends_on_sent(args->backends, handover_on_sent, h);
    return h;
}

/* "case=8123******" or "payment=REF". */
static const char *handover_name(const struct handover_flight *f, char out[HANDOVER_NAME])
{
    char mask[LOG_MASK_SIZE];

    if (f->ref[0] != '\0')
        (void)snprintf(out, HANDOVER_NAME, "payment=%s", f->ref);
    else
        (void)snprintf(out, HANDOVER_NAME, "case=%.24s", log_mask_case(mask, f->number));
    return out;
}

static void handover_end(struct handover *h, struct handover_flight *f)
{
    TAILQ_REMOVE(&h->flights, f, link);
    h->flight_count--;
    stats_set(handovers_in_flight, h->flight_count);
    h->called = true;                   /* there is room again */
    free(f->backend);
    free(f);
}

static void handover_wipe(struct buf *b)
{
    if (b->data != NULL)
        sodium_memzero(b->data, b->len);
    buf_clear(b);
}

void handover_free(struct handover *h)
{
    if (h == NULL)
        return;
    while (!TAILQ_EMPTY(&h->flights))
        handover_end(h, TAILQ_FIRST(&h->flights));
    for (int i = 0; i < HANDOVER_PAPERS; i++) {
        buf_fini(&h->papers[i].letter);
        buf_fini(&h->papers[i].secret);
    }
    handover_wipe(&h->opened);
    buf_fini(&h->opened);
    buf_fini(&h->scratch);
    sodium_memzero(h->key, sizeof h->key);
    free(h);
}

bool handover_is_idle(const struct handover *h)
{
    return h->flight_count == 0;
}

void handover_call(struct handover *h)
{
    h->called = true;
}

/* --- into the queue ----------------------------------------------------------------------- */

/* The menus were refused without a key; others may have come from the database. */
static void handover_seal(struct handover *h, const struct letter *letter, const char *secrets, struct buf *out)
{
    char id[LETTER_ID_SIZE], mask[LOG_MASK_SIZE];

    buf_clear(out);
    if (secrets == NULL)
        return;
    letter_id(letter->number, letter->seq, id);
    if (h->ready)
        sealed_close(h->key, id, secrets, strlen(secrets), out);
    else
        log_err("case=%s event=no_secret reason=\"a case has sensitive values and the setting 'secret' names no file\" "
                "next=\"the last four characters are handed over\"", log_mask_case(mask, letter->number));
}

void handover_write(struct handover *h, int i, const struct menu_backend *of, const struct letter *letter,
                    const char *secrets, struct store_case *out)
{
    struct handover_paper *p = &h->papers[i];

    out->backend = "";
    out->letter = "";
    out->secret = NULL;
    out->secret_len = 0;
    if (of == NULL || !menu_backend_takes_cases(of))
        return;
    buf_clear(&p->letter);
    letter_write(letter, &p->letter);
    handover_seal(h, letter, secrets, &p->secret);
    out->backend = of->name;
    out->letter = buf_str(&p->letter);
    out->secret = p->secret.len > 0 ? p->secret.data : NULL;
    out->secret_len = p->secret.len;
}

/* --- out of it ------------------------------------------------------------------------------ */

static const struct menu_backend *handover_backend(const struct handover *h, const char *name)
{
    const struct menu *m = generations_current(h->args.generations);

    for (int i = 0; i < m->backend_count; i++)
        if (strcmp(m->backends[i].name, name) == 0)
            return &m->backends[i];
    return NULL;
}

static int handover_room(struct handover *h, const struct menu_backend *of)
{
    const struct handover_flight *f;
    int room = HANDOVER_AT_ONCE;

    if (of->kind != MENU_BACKEND_HTTP && of->kind != MENU_BACKEND_MOCK)
        return 0;
    TAILQ_FOREACH(f, &h->flights, link)
        room -= strcmp(f->backend, of->name) == 0;
    if (room > 0 && of->kind == MENU_BACKEND_HTTP) {
        int takes = backends_room(h->args.backends, of);

        room = room < takes ? room : takes;
    }
    return room;
}

void handover_flush(struct handover *h)
{
    const struct menu *m = generations_current(h->args.generations);
    struct store_wanted *list;
    int count = 0;

    if (!h->called || h->taking || !store_is_up(h->args.store))
        return;
    h->called = false;
    h->looked = clock_mono();
    list = xcalloc((size_t)m->backend_count + 1, sizeof *list);
    for (int i = 0; i < m->backend_count; i++) {
        const struct menu_backend *of = &m->backends[i];
        int room = handover_room(h, of);

        if (room > 0)
            list[count++] = (struct store_wanted){ of->name, room, of->timeout_ms + HANDOVER_LEASE_MS };
    }
    h->taking = count > 0;
    if (count > 0)
        store_handover_take(h->args.store, list, count);
    free(list);
}

void handover_tick(struct handover *h)
{
    if (clock_mono() - h->looked >= HANDOVER_LOOK_MS)
        h->called = true;
}

bool handover_open(struct handover *h, const struct store_handover *row, struct buf *out)
{
    char id[LETTER_ID_SIZE], mask[LOG_MASK_SIZE];
    bool good;

    if (row->secret == NULL) {
        buf_adds(out, row->body);
        return !out->full;
    }
    letter_id(row->number, row->seq, id);
    good = h->ready && sealed_open(h->key, id, row->secret, row->secret_len, &h->opened) &&
           letter_complete(row->body, buf_str(&h->opened), out);
    handover_wipe(&h->opened);
    if (!good)
        log_err("case=%s backend=%s event=handover_unreadable reason=\"not sealed under this setting 'secret'\" next=\"waits\"",
                log_mask_case(mask, row->number), row->backend);
    return good;
}

static void handover_mark(struct handover *h, const struct handover_flight *f, enum store_handover_state state,
                          int64_t wait_ms)
{
    store_handover_mark(h->args.store, &(struct store_handed){
        .bucket = f->bucket, .number = f->number, .seq = f->seq, .tries = f->tries, .state = state, .note = f->note,
        .due = clock_now() + wait_ms });
}

/* It waits, and f is over. */
static void handover_wait(struct handover *h, struct handover_flight *f, int64_t ms, const char *why)
{
    (void)snprintf(f->note, sizeof f->note, "%s", why);
    handover_mark(h, f, STORE_HANDOVER_WAITING, ms);
    handover_end(h, f);
}

static struct handover_flight *handover_find(struct handover *h, uint64_t ticket)
{
    struct handover_flight *f;

    TAILQ_FOREACH(f, &h->flights, link)
        if (f->ticket == ticket)
            return f;
    return NULL;
}

/* --- answers ---------------------------------------------------------------------------------- */

static void handover_done(struct handover *h, struct handover_flight *f)
{
    char name[HANDOVER_NAME];

    stats_inc(handovers);
    log_info("%s backend=%s event=handed_over tries=%d", handover_name(f, name), f->backend, f->tries);
    handover_mark(h, f, STORE_HANDOVER_TAKEN, 0);
    if (f->seq > 1 && f->ref[0] == '\0')
        poller_wake(h->args.poller, f->bucket, f->number);
    handover_end(h, f);
}

static void handover_on_desk(void *arg, uint64_t ticket, const struct desk_answer *a)
{
    struct handover *h = arg;
    struct handover_flight *f = handover_find(h, ticket);

    if (f == NULL)
        return;
    if (a->outcome == DESK_AWAY) {      /* nothing is known: the letter goes out again, under the same name */
        handover_end(h, f);
        return;
    }
    if (a->outcome != DESK_DONE && a->outcome != DESK_REPEATED) {
        log_warn("backend=%s event=answer_not_taken reason=%s", f->backend, desk_outcome_name(a->outcome));
        (void)snprintf(f->note, sizeof f->note, "its answer moved nothing: %s", desk_outcome_name(a->outcome));
    }
    handover_done(h, f);
}

/* The system has it.  What it says of the case is the desk's. */
static void handover_accepted(struct handover *h, struct handover_flight *f, const char *body, size_t n)
{
    const struct menu_backend *of = handover_backend(h, f->backend);
    struct letter_answer said;
    const char *state = NULL;
    char key[CASEFILE_KEY_MAX];

    if (f->ref[0] != '\0') {            /* it has heard of it: there is nothing to move */
        handover_done(h, f);
        return;
    }
    if (!letter_answer(body, n, &said))
        log_warn("backend=%s event=answer_unreadable next=taken", f->backend);
    if (of != NULL && said.word[0] != '\0')
        state = menu_backend_state(of, said.word);
    if (said.word[0] != '\0' && state == NULL)
        (void)snprintf(f->note, sizeof f->note, "its word '%s' means no state", said.word);
    if (of != NULL && state == NULL)
        state = of->taken;
    if (state == NULL && said.note[0] == '\0') {
        handover_done(h, f);
        return;
    }
    (void)snprintf(key, sizeof key, "backend/%.100s/%" PRId64 "/%" PRId32, f->backend, f->number, f->seq);
    desk_order(h->args.desk, &(struct desk_order){
        .number = f->number, .key = key, .kind = DESK_AGENCY, .actor = f->backend, .to = state, .note = said.note,
        .at = clock_now() }, &(struct desk_done){ handover_on_desk, h, f->ticket });
}

static void handover_failed(struct handover *h, struct handover_flight *f, const char *why)
{
    const struct menu_backend *of = handover_backend(h, f->backend);
    int64_t longest = of != NULL ? of->retry_longest_ms : HANDOVER_UNREADABLE_MS;
    int64_t wait = of != NULL ? of->retry_first_ms : HANDOVER_UNREADABLE_MS;
    char name[HANDOVER_NAME];

    for (int i = 1; i < f->tries && wait < longest; i++)
        wait *= 2;
    wait = wait < longest ? wait : longest;
    stats_inc(handovers_failed);
    log_warn("%s backend=%s event=handover_failed try=%d reason=\"%s\" retry_in=%" PRId64 "ms",
             handover_name(f, name), f->backend, f->tries, why, wait);
    handover_wait(h, f, wait, why);
}

/* For good: sent again it would be refused again. */
static void handover_refused(struct handover *h, struct handover_flight *f, int status)
{
    char name[HANDOVER_NAME];

    stats_inc(handovers_refused);
    log_err("%s backend=%s event=handover_refused status=%d next=\"an operator must act\"",
            handover_name(f, name), f->backend, status);
    (void)snprintf(f->note, sizeof f->note, "refused with status %d", status);
    handover_mark(h, f, STORE_HANDOVER_REFUSED, 0);
    handover_end(h, f);
}

enum handover_verdict { HANDOVER_TAKEN = 0, HANDOVER_REFUSED, HANDOVER_LATER };

/* RFC 9110 15.5: 400, 413 and 422 say that this very letter is wrong.  409 is a
 * letter that has come before.  Others may be mended at their place or ours. */
static enum handover_verdict handover_judge(int status)
{
    if ((status >= 200 && status <= 299) || status == 409)
        return HANDOVER_TAKEN;
    return status == 400 || status == 413 || status == 422 ? HANDOVER_REFUSED : HANDOVER_LATER;
}

static void handover_on_sent(void *arg, const struct hook_answer *answer)
{
    struct handover *h = arg;
    struct handover_flight *f = handover_find(h, answer->ticket);
    char why[HANDOVER_NOTE];

    if (f == NULL)
        return;
    switch (handover_judge(answer->status)) {
    case HANDOVER_TAKEN:
        handover_accepted(h, f, answer->body, answer->len);
        break;
    case HANDOVER_REFUSED:
        handover_refused(h, f, answer->status);
        break;
    case HANDOVER_LATER:
        if (answer->status != 0)
            (void)snprintf(why, sizeof why, "status %d", answer->status);
        else
            (void)snprintf(why, sizeof why, "%s", answer->reason);
        handover_failed(h, f, why);
        break;
    }
}

/* --- sending ------------------------------------------------------------------------------------ */

static void handover_mock(struct handover *h, struct handover_flight *f, const struct menu_backend *of)
{
    const struct menu_mock *mock = menu_mock_find(of, f->ref[0] != '\0' ? of->payments : of->cases);
    const char *answer = mock != NULL && strcmp(mock->answer, "none") != 0 ? mock->answer : "";

    if (strcmp(answer, "fail") == 0)
        handover_failed(h, f, "the mock says fail");
    else
        handover_accepted(h, f, answer, strlen(answer));
}

static void handover_send(struct handover *h, struct handover_flight *f, const struct menu_backend *of)
{
    char id[LETTER_ID_SIZE];
    const struct backends_letter letter = { of, f->ticket, id, buf_str(&h->scratch), f->ref[0] != '\0' ? of->payments : NULL };

    if (f->ref[0] != '\0')
        (void)snprintf(id, sizeof id, "%s/%d", f->ref, f->seq);
    else
        letter_id(f->number, f->seq, id);
    if (!backends_send(h->args.backends, &letter))
        handover_wait(h, f, HANDOVER_PAUSE_MS, "left alone, or too many requests are out");
}

static void handover_start(struct handover *h, const struct store_handover *row)
{
    const struct menu_backend *of = handover_backend(h, row->backend);
    struct handover_flight *f = xcalloc(1, sizeof *f);

    *f = (struct handover_flight){ .ticket = ++h->tickets | BACKENDS_CASE, .bucket = row->bucket, .number = row->number,
                                   .seq = row->seq, .tries = row->tries, .backend = xstrdup(row->backend) };
    (void)snprintf(f->ref, sizeof f->ref, "%s", row->ref);
    TAILQ_INSERT_TAIL(&h->flights, f, link);
    h->flight_count++;
    stats_set(handovers_in_flight, h->flight_count);
    buf_clear(&h->scratch);
    if (of == NULL)
        handover_wait(h, f, HANDOVER_UNREADABLE_MS, "the menus have no such back end any more");
    else if (!handover_open(h, row, &h->scratch))
        handover_wait(h, f, HANDOVER_UNREADABLE_MS, "cannot be read: another setting 'secret'?");
    else if (of->kind == MENU_BACKEND_MOCK)
        handover_mock(h, f, of);
    else
        handover_send(h, f, of);
    handover_wipe(&h->scratch);
}

void handover_taken(struct handover *h, const struct store_handover *list, int count)
{
    h->taking = false;
    for (int i = 0; i < count; i++)
        handover_start(h, &list[i]);
}
