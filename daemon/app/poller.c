#include "app/poller.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "app/backends.h"
#include "app/desk.h"
#include "app/generations.h"
#include "app/letter.h"
#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/stats.h"
#include "store/polls.h"
#include "store/store.h"
#include "wire/hook.h"

#define POLLER_LOOK_MS 1000             /* after a look that found nothing, or could not ask */
#define POLLER_IDLE_MS (INT64_C(24) * 3600 * 1000)      /* of a case that its agency cannot move now */
#define POLLER_LOGGED 5                 /* rejected lines of one answer that the log tells */
#define POLLER_NAME 64

/* One of a batch. */
struct poller_case {
    int16_t bucket;
    int64_t number;
    int news;
    bool answered;                      /* this answer has it already */
    char state[POLLER_NAME], heard[POLLS_HEARD_MAX], word[POLLS_HEARD_MAX], to[POLLER_NAME];
};

enum poller_state { POLLER_RESTS = 0, POLLER_TAKES, POLLER_ASKS, POLLER_ORDERS };

/* One back end; as many as menus ever named. */
struct poller_place {
    LIST_ENTRY(poller_place) link;
    struct poller *owner;
    char *name;
    enum poller_state state;
    uint64_t ticket;
    int64_t next;                       /* clock_mono(): not before */
    int orders;                         /* at the desk */
    int rejected;                       /* lines of this answer */
    struct poller_case cases[POLLS_BATCH_MAX];
    int count;
};

struct poller {
    struct poller_args args;
    LIST_HEAD(, poller_place) places;
    struct polls_teller teller;
    uint64_t tickets;
};

static void poller_on_taken(void *arg, uint64_t ticket, const struct polls_case *list, int count);
static void poller_on_answer(void *arg, const struct hook_answer *answer);

/* --- life -------------------------------------------------------------------------------- */

struct poller *poller_new(const struct poller_args *args)
{
    struct poller *p = xcalloc(1, sizeof *p);

    p->args = *args;
    LIST_INIT(&p->places);
    p->teller = (struct polls_teller){ poller_on_taken, p };
    backends_on_polled(args->backends, poller_on_answer, p);
    return p;
}

void poller_free(struct poller *p)
{
    struct poller_place *b;

    if (p == NULL)
        return;
    while ((b = LIST_FIRST(&p->places)) != NULL) {
        LIST_REMOVE(b, link);
        free(b->name);
        free(b);
    }
    free(p);
}

static const struct menu_backend *poller_backend(const struct poller *p, const char *name)
{
    const struct menu *m = generations_current(p->args.generations);

    for (int i = 0; i < m->backend_count; i++)
        if (strcmp(m->backends[i].name, name) == 0 && m->backends[i].kind == MENU_BACKEND_HTTP && m->backends[i].poll != NULL)
            return &m->backends[i];
    return NULL;
}

static struct poller_place *poller_find(struct poller *p, uint64_t ticket)
{
    struct poller_place *b;

    LIST_FOREACH(b, &p->places, link)
        if (b->ticket == ticket)
            return b;
    return NULL;
}

static struct poller_place *poller_place(struct poller *p, const char *name)
{
    struct poller_place *b;

    LIST_FOREACH(b, &p->places, link)
        if (strcmp(b->name, name) == 0)
            return b;
    b = xcalloc(1, sizeof *b);
    b->owner = p;
    b->name = xstrdup(name);
    LIST_INSERT_HEAD(&p->places, b, link);
    return b;
}

static void poller_rest(struct poller_place *b, int64_t ms)
{
    b->state = POLLER_RESTS;
    b->count = 0;
    b->next = clock_mono() + ms;
}

void poller_wake(struct poller *p, int16_t bucket, int64_t number)
{
    polls_next(p->args.store, bucket, number, 1);
}

/* --- asking ------------------------------------------------------------------------------ */

/* The menus that know where a case stands; NULL: none do. */
static const struct menu *poller_menu(const struct poller *p, const struct casefile *f)
{
    const struct menu *m = generations_current(p->args.generations);
    bool missing;

    if (desk_knows(m, f))
        return m;
    m = f->generation != 0 ? generations_find(p->args.generations, f->generation, &missing) : NULL;
    return m != NULL && desk_knows(m, f) ? m : NULL;
}

/* May its agency move it?  One that is over is never asked about again, one that waits for her in a day. */
static bool poller_wants(struct poller *p, const struct polls_case *c)
{
    const struct casefile f = { .number = c->number, .service = c->service, .agency = c->agency, .state = c->state,
                                .generation = c->generation, .msisdn = "", .contact = "" };
    const struct menu *m = poller_menu(p, &f);
    const char *moves[DESK_MOVES_MAX];
    bool over = true;

    if (m == NULL || desk_moves(m, &f, DESK_AGENCY, moves) > 0)
        return m != NULL;
    for (int kind = 0; kind < DESK_ACTORS; kind++)
        over = over && desk_moves(m, &f, (enum desk_actor)kind, moves) == 0;
    polls_next(p->args.store, c->bucket, c->number, over ? 0 : clock_now() + POLLER_IDLE_MS);
    return false;
}

static void poller_add(struct poller_place *b, const struct polls_case *c)
{
    struct poller_case *k = &b->cases[b->count++];

    *k = (struct poller_case){ .bucket = c->bucket, .number = c->number, .news = c->news };
    (void)snprintf(k->state, sizeof k->state, "%s", c->state);
    (void)snprintf(k->heard, sizeof k->heard, "%s", c->heard);
}

/* {"cases": ["8123056783", ...]} */
static bool poller_ask(struct poller *p, struct poller_place *b, const struct menu_backend *of)
{
    char id[48];
    struct buf body;
    struct backends_letter letter = { .of = of, .ticket = b->ticket, .id = id, .path = of->poll };
    bool asked;

    (void)snprintf(id, sizeof id, "poll-%" PRId64 "-%" PRIu64, clock_now(), b->ticket & ~(BACKENDS_CASE | BACKENDS_POLL));
    buf_init(&body, 64 + POLLS_BATCH_MAX * 16);
    buf_adds(&body, "{\"cases\": [");
    for (int i = 0; i < b->count; i++)
        buf_addf(&body, "%s\"%" PRId64 "\"", i > 0 ? ", " : "", b->cases[i].number);
    buf_adds(&body, "]}");
    letter.body = buf_str(&body);
    asked = backends_send(p->args.backends, &letter);
    buf_fini(&body);
    return asked;
}

static void poller_on_taken(void *arg, uint64_t ticket, const struct polls_case *list, int count)
{
    struct poller *p = arg;
    struct poller_place *b = poller_find(p, ticket);
    const struct menu_backend *of = b != NULL ? poller_backend(p, b->name) : NULL;

    if (b == NULL)
        return;
    b->count = 0;
    for (int i = 0; list != NULL && i < count; i++)
        if (poller_wants(p, &list[i]))
            poller_add(b, &list[i]);
    if (b->count > 0 && of != NULL && poller_ask(p, b, of))
        b->state = POLLER_ASKS;
    else
        poller_rest(b, list != NULL && count == POLLS_BATCH_MAX && b->count == 0 ? 0 : POLLER_LOOK_MS);
}

void poller_tick(struct poller *p)
{
    const struct menu *m = generations_current(p->args.generations);

    for (int i = 0; i < m->backend_count; i++) {
        const struct menu_backend *of = &m->backends[i];
        struct poller_place *b;

        if (of->kind != MENU_BACKEND_HTTP || of->poll == NULL)
            continue;
        b = poller_place(p, of->name);
        if (b->state != POLLER_RESTS || clock_mono() < b->next || backends_room(p->args.backends, of) == 0)
            continue;
        b->state = POLLER_TAKES;
        b->ticket = ++p->tickets | BACKENDS_CASE | BACKENDS_POLL;
        polls_take(p->args.store, b->ticket, of->name, POLLS_BATCH_MAX, of->poll_ms, &p->teller);
    }
}

/* --- what it says ----------------------------------------------------------------------------- */

static void poller_reject(struct poller_place *b, int64_t number, const char *why, const char *what)
{
    char mask[LOG_MASK_SIZE] = "-";

    stats_inc(polls_rejected);
    if (b->rejected++ >= POLLER_LOGGED)
        return;
    if (number != 0)
        (void)log_mask_case(mask, number);
    log_warn("case=%s backend=%s event=poll_rejected reason=\"%s%s%.60s%s\"", mask, b->name, why, what[0] != '\0' ? " '" : "", what,
             what[0] != '\0' ? "'" : "");
}

/* The answer is done with: more may be due. */
static void poller_end(struct poller_place *b)
{
    if (b->rejected > POLLER_LOGGED)
        log_warn("backend=%s event=poll_rejected lines=%d", b->name, b->rejected);
    poller_rest(b, b->count == POLLS_BATCH_MAX ? 0 : POLLER_LOOK_MS);
}

static void poller_on_desk(void *arg, uint64_t ticket, const struct desk_answer *a)
{
    struct poller_place *b = arg;
    struct poller_case *k = &b->cases[ticket];

    if (a->outcome == DESK_DONE)
        stats_inc(polls_moved);
    if (a->outcome == DESK_DONE || a->outcome == DESK_REPEATED)
        /* another word that stood under this name: what it says now is news still */
        polls_heard(b->owner->args.store, k->bucket, k->number, k->news, strcmp(a->event.state, k->to) == 0 ? k->word : "");
    else if (a->outcome != DESK_AWAY)
        poller_reject(b, k->number, "moves nothing:", desk_outcome_name(a->outcome));
    if (--b->orders == 0)
        poller_end(b);
}

static void poller_order(struct poller *p, struct poller_place *b, int i, const char *note)
{
    struct poller_case *k = &b->cases[i];
    char key[CASEFILE_KEY_MAX];

    (void)snprintf(key, sizeof key, "poll/%.100s/%" PRId64 "/%d", b->name, k->number, k->news);
    b->orders++;
    desk_order(p->args.desk, &(struct desk_order){
        .number = k->number, .key = key, .kind = DESK_AGENCY, .actor = b->name, .to = k->to, .note = note, .at = clock_now() },
        &(struct desk_done){ poller_on_desk, b, (uint64_t)i });
}

static const char *poller_text(const json_t *o, const char *name)
{
    const json_t *v = json_object_get(o, name);

    return v == NULL || json_is_null(v) ? "" : json_string_value(v);
}

static int poller_asked(const struct poller_place *b, const char *number)
{
    char text[24];

    for (int i = 0; i < b->count; i++) {
        (void)snprintf(text, sizeof text, "%" PRId64, b->cases[i].number);
        if (strcmp(text, number) == 0)
            return i;
    }
    return MENU_NONE;
}

/* {"case": "8123056783", "state": "Done", "since": "2026-11-26", "note": "Come on Sunday"} */
static void poller_line(struct poller *p, struct poller_place *b, const struct menu_backend *of, const json_t *line)
{
    const char *number = json_string_value(json_object_get(line, "case"));
    const char *word = poller_text(line, "state"), *since = poller_text(line, "since"), *note = poller_text(line, "note");
    int i = number != NULL ? poller_asked(b, number) : MENU_NONE;
    char said[CASEFILE_NOTE_MAX + 1];
    struct poller_case *k;
    const char *state;

    if (i == MENU_NONE || b->cases[i].answered) {
        poller_reject(b, i == MENU_NONE ? 0 : b->cases[i].number, i == MENU_NONE ? "a case that was not asked about" : "a case that stands there twice", "");
        return;
    }
    k = &b->cases[i];
    k->answered = true;
    if (word == NULL || since == NULL || note == NULL || strlen(word) >= LETTER_WORD_MAX || strlen(since) > 40) {
        poller_reject(b, k->number, "state, since and note are texts, of at most 60, 40 and 480 octets", "");
        return;
    }
    if (word[0] == '\0')
        return;
    (void)snprintf(k->word, sizeof k->word, "%s@%s", word, since);
    state = menu_backend_state(of, word);
    if (state == NULL)
        poller_reject(b, k->number, "an unknown state:", word);
    else if (strlen(state) >= sizeof k->to)
        poller_reject(b, k->number, "a state too long:", state);
    else if (strcmp(k->word, k->heard) == 0)
        return;
    else if (strcmp(state, k->state) == 0)
        polls_heard(p->args.store, k->bucket, k->number, k->news, k->word);
    else {
        (void)snprintf(k->to, sizeof k->to, "%s", state);
        letter_note(note, said);
        poller_order(p, b, i, said);
    }
}

static void poller_read(struct poller *p, struct poller_place *b, const struct menu_backend *of, const struct hook_answer *answer)
{
    json_t *o = json_loadb(answer->body, answer->len, JSON_REJECT_DUPLICATES, NULL);
    const json_t *lines = json_object_get(o, "cases");

    if (!json_is_array(lines)) {
        stats_inc(polls_failed);
        log_warn("backend=%s event=poll_unreadable reason=\"no object with an array 'cases'\"", b->name);
    } else {
        stats_inc(polls);
    }
    /* more than were asked about cannot be right; each is looked at, as no body is longer than HOOK_BODY_MAX */
    for (size_t i = 0; i < json_array_size(lines); i++)
        poller_line(p, b, of, json_array_get(lines, i));
    json_decref(o);
}

static void poller_on_answer(void *arg, const struct hook_answer *answer)
{
    struct poller *p = arg;
    struct poller_place *b = poller_find(p, answer->ticket);
    const struct menu_backend *of = b != NULL ? poller_backend(p, b->name) : NULL;

    if (b == NULL || b->state != POLLER_ASKS)
        return;
    b->state = POLLER_ORDERS;
    b->orders = 1;                      /* ours, until all are given */
    b->rejected = 0;
    if (of != NULL && answer->status >= 200 && answer->status <= 299) {
        poller_read(p, b, of, answer);
    } else {
        stats_inc(polls_failed);
        log_warn("backend=%s event=poll_failed status=%d reason=\"%s\" cases=%d", b->name, answer->status,
                 answer->status == 0 ? answer->reason : "its status", b->count);
    }
    if (--b->orders == 0)
        poller_end(b);
}
