#include "app/gateway.h"

#include <assert.h>
#include <event2/event.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/agencies.h"
#include "app/alerts.h"
#include "app/alerts_file.h"
#include "app/almanac.h"
#include "app/backends.h"
#include "app/bearer.h"
#include "app/cashier.h"
#include "app/desk.h"
#include "app/feeder.h"
#include "app/generations.h"
#include "app/handover.h"
#include "app/lookups.h"
#include "app/numbers.h"
#include "app/officers.h"
#include "app/postman.h"
#include "app/recent.h"
#include "app/openings.h"
#include "app/reminders.h"
#include "app/pins.h"
#include "app/poller.h"
#include "app/sealer.h"
#include "app/sweeper.h"
#include "app/tally.h"
#include "app/secret.h"
#include "app/spool.h"
#include "app/throttle.h"
#include "app/timekeeper.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/stats.h"
#include "engine/flow.h"
#include "engine/session.h"
#include "store/cases.h"
#include "store/store.h"

#define GATEWAY_WORKS_MAX 8             /* events of one session that wait; a handset sends one at a time */
#define GATEWAY_ENDED_MS 5000           /* an ended dialogue stays in memory for resends */
#define GATEWAY_EXPIRE_MAX 2048         /* idle sessions forgotten in one turn of the loop */
#define GATEWAY_RECENT_MAX (16u << 20)  /* octets of answers that may be given again */
#define GATEWAY_LOOK_MS 1000            /* how often the current generation and the warning are asked for */
#define GATEWAY_DROPPED_MS (3600 * INT64_C(1000))       /* after the last moment at which a dialogue can be continued */
#define GATEWAY_SWEEP_MS 10000          /* how often unused ones are looked for */
#define GATEWAY_TICK_MS 200
#define GATEWAY_TEXTS_DIGITS 10         /* of a number that a person has; shorter ones are services */

/* One event of one session, from its arrival until it is acknowledged. */
struct work {
    struct work *next;
    struct bearer *bearer;
    struct bearer_from from;
    struct flow_out *out;               /* while it runs */
    bool unsure;                        /* a step of it was sent and its answer lost: it must run again */
    bool told;                          /* she has been told that the line is busy */
    bool unsent;                        /* the link could not take its page */
    bool fresh;                         /* its session was read for it: no other process has gone on since */
    bool early;                         /* it came before the page of the event before it left: it answers no other page */
    struct event ev;
    char text[];                        /* what ev.text and ev.code point to */
};

/* The gateway's part of a session: session->works. */
struct queue {
    struct work *head, *tail;
    int count;
    const char *learned;                /* road that the citizen's row names */
    bool stranded;                      /* in g->stranded */
};

struct gateway {
    const struct conf *conf;
    struct generations *generations;
    const struct menu *menu;            /* the current generation */
    struct event_base *base;
    struct bearer *bearers[CONF_LINKS_MAX];
    int bearer_count;
    struct store *store;
    struct session_table *table;
    struct numbers *numbers;
    struct postman *postman;
    struct recent *recent;
    struct alerts *alerts;
    struct alerts_file *alerts_file;    /* NULL: nothing is kept */
    struct feeder *feeder;
    struct sweeper *sweeper;            /* forgets what was kept long enough */
    struct tally *tally;                /* where dialogues are left, how long they keep the network */
    struct sealer *sealer;              /* the audit's chain of hashes */
    struct backends *backends;
    struct pins *pins;
    struct desk *desk;                  /* moves cases on */
    struct store_case_to case_to;       /* gateway_on_case() */
    struct handover *handover;          /* brings them to agencies' systems */
    struct poller *poller;              /* asks those what became of them */
    struct spool *spool;                /* and to those that take files */
    struct almanac *almanac;
    struct timekeeper *timekeeper;
    struct openings *openings;          /* lists of services that are closed */
    struct reminders *reminders;        /* who is to be told something today */
    struct cashier *cashier;            /* payments */
    struct officers *officers;          /* who answer cases by text message */
    struct agencies *agencies;          /* the ministry API */
    struct throttle *texts;             /* answers to text messages, by number */
    struct throttle *fruitless;         /* and to those that lead nowhere, one after the other */
    struct lookups *lookups;            /* questions about people */
    unsigned char secret[SECRET_SIZE];  /* codes of consents are hashed under it */
    unsigned char keyed[SECRET_SIZE];   /* numbers of persons */
    unsigned char seal[SECRET_SIZE];    /* what people say, in the rows of their dialogues */
    struct event *tick;
    struct buf state;                   /* scratch: a session's durable form */
    struct buf page;                    /* scratch: a static page */
    struct flow_out **spare;            /* flow_outs not in use */
    int spare_count, spare_cap;
    uint64_t *stranded;                 /* ids of sessions that wait for the database */
    int stranded_count, stranded_cap;
    uint64_t *awaiting;                 /* ids of sessions whose generation is being fetched */
    int awaiting_count, awaiting_cap;
    int64_t looked;                     /* clock_mono() ms: when the two were last asked for */
    int64_t swept;                      /* and when unused ones were last freed */
    int64_t down_since;                 /* clock_mono() ms; 0 while the database answers */
    size_t works;                       /* in all queues */
    bool draining;
};

static void gateway_advance(struct gateway *g, struct session *s);

/* --- works -------------------------------------------------------------------- */

static struct queue *work_queue(struct session *s)
{
    if (s->works == NULL)
        s->works = xcalloc(1, sizeof(struct queue));
    return s->works;
}

static const struct event_limits *work_limits(const struct work *w)
{
    return bearer_limits(w->bearer, &w->from);
}

/* Its answer leaves through the outbox, not as a page. */
static bool work_is_text(const struct work *w)
{
    return work_limits(w)->texts;
}

/* She has answered the page meanwhile: once more, it would be taken for what answers that. */
static bool work_is_overtaken(const struct work *w)
{
    return w->next != NULL && !work_is_text(w->next) && !bearer_wants_answer(w->bearer);
}

/* A name for a dialogue on the tape: nobody's number can be found out from it. */
static uint64_t gateway_dice(void)
{
    return (uint64_t)store_tape_name(clock_now(), randombytes_random());
}

static uint32_t work_draw(void *arg)
{
    (void)arg;
    return randombytes_random();
}

static struct flow_env work_env(const struct gateway *g, const struct work *w, const struct session *s)
{
    return (struct flow_env){
        .menu = g->menu,
        .plan = s != NULL ? generations_plan(g->generations, s->menu) : NULL,
        .limits = work_limits(w),
        .link = bearer_name(w->bearer),
        .now = clock_now(),
        .alert = alerts_for(g->alerts, s != NULL ? s->place : "", clock_now()),
        .windows = almanac_windows(g->almanac),
        .secret = g->secret,
        .keyed = g->conf->secret[0] != '\0' ? g->keyed : NULL,
        .draw = work_draw,
        .tape = g->conf->tape_ms > 0,
        .dice = g->conf->tape_ms > 0 ? gateway_dice() : 0,
    };
}

static struct flow_out *work_out_new(struct gateway *g)
{
    struct flow_out *out;

    if (g->spare_count > 0)
        return g->spare[--g->spare_count];
    out = xcalloc(1, sizeof *out);
    flow_out_init(out);
    return out;
}

static void work_out_free(struct gateway *g, struct flow_out *out)
{
    if (out == NULL)
        return;
    if (g->spare_count == g->spare_cap) {
        g->spare_cap = g->spare_cap > 0 ? 2 * g->spare_cap : 64;
        g->spare = xrealloc(g->spare, (size_t)g->spare_cap * sizeof(struct flow_out *));
    }
    g->spare[g->spare_count++] = out;
}

static struct work *work_new(struct bearer *b, const struct bearer_from *from, const struct event *ev)
{
    size_t code = strlen(ev->code) + 1;
    struct work *w = xcalloc(1, sizeof *w + ev->text_len + 1 + code);

    w->bearer = b;
    w->from = *from;
    w->ev = *ev;
    memcpy(w->text, ev->text, ev->text_len);
    w->ev.text = w->text;
    memcpy(w->text + ev->text_len + 1, ev->code, code);
    w->ev.code = w->text + ev->text_len + 1;
    return w;
}

/* Take the first work off the queue and free it: it is acknowledged. */
static void work_pop(struct gateway *g, struct session *s)
{
    struct queue *q = work_queue(s);
    struct work *w = q->head;

    q->head = w->next;
    if (q->head == NULL)
        q->tail = NULL;
    q->count--;
    g->works--;
    work_out_free(g, w->out);
    free(w);
}

/* Acknowledge; or, where the send queue was full, ask for the event again: it
 * will be found a duplicate, and its page sent then. */
static void work_ack(const struct work *w)
{
    if (w->from.to.pushed)              /* ours: nobody waits */
        return;
    bearer_ack(w->bearer, &w->ev.id, w->unsent);
}

/* Send a page.  True when the bearer already knows that she sees it. */
static bool work_reply(struct work *w, const char *text, size_t n, bool end, const char *token)
{
    enum bearer_sent sent;

    if (w->told || work_is_text(w))
        return false;
    stats_inc(replies);
    sent = bearer_reply(w->bearer, &w->from, text, n, end, token);
    w->unsent = sent == BEARER_FULL;
    if (w->unsent)
        stats_inc(replies_failed);
    return sent == BEARER_SEEN;
}

/* There is no outbox now: by the link itself, if it can. */
static void work_busy_text(struct gateway *g, struct work *w)
{
    struct profile_sms sms = { .receiver = w->ev.msisdn, .text = buf_str(&g->page), .text_len = g->page.len,
                               .token = "b" };

    if (!bearer_sms_back(w->bearer, &w->from, &sms))
        stats_inc(replies_failed);
}

/* What can be shown without her rows, in the language of her dialogue or else as is remembered of her: while the
 * database is away a warning comes before the news that the line is busy. */
static void work_static(struct gateway *g, const struct work *w, const struct session *s)
{
    struct flow_env env = work_env(g, w, s);
    const char *place;
    int lang;

    (void)alerts_recall(g->alerts, w->ev.msisdn, &place, &lang);
    if (s != NULL && s->menu == env.menu && s->lang_known)
        lang = s->lang;
    else if (lang >= env.menu->lang_count)
        lang = 0;
    env.alert = alerts_blind(g->alerts, place, env.now);
    buf_clear(&g->page);
    if (g->down_since == 0 || !flow_warn(&env, lang, &g->page))
        flow_busy(&env, lang, &g->page);
}

/* The static page: her answer was not taken in, and she is told so. */
static void work_busy(struct gateway *g, struct work *w, const struct session *s)
{
    if (w->told || w->ev.kind == EVENT_ABORT || w->from.to.pushed)
        return;
    work_static(g, w, s);
    stats_inc(replies_busy);
    if (work_is_text(w))
        work_busy_text(g, w);
    else
        work_reply(w, buf_str(&g->page), g->page.len, true, "b");
    w->told = true;
}

/* --- the database is away -------------------------------------------------------- */

static void gateway_strand(struct gateway *g, struct session *s)
{
    struct queue *q = work_queue(s);

    if (q->stranded)
        return;
    q->stranded = true;
    if (g->stranded_count == g->stranded_cap) {
        g->stranded_cap = g->stranded_cap > 0 ? 2 * g->stranded_cap : 256;
        g->stranded = xrealloc(g->stranded, (size_t)g->stranded_cap * sizeof *g->stranded);
    }
    g->stranded[g->stranded_count++] = s->id;
}

static bool gateway_patience_is_over(const struct gateway *g)
{
    return g->down_since != 0 && clock_mono() - g->down_since >= g->conf->hold_ms;
}

/* Forget what memory holds of s and begin again from its row, with its works. */
static void gateway_again(struct gateway *g, struct session *s)
{
    struct queue *q = s->works;
    struct session *fresh;

    for (struct work *w = q->head; w != NULL; w = w->next) {
        work_out_free(g, w->out);
        w->out = NULL;
    }
    q->stranded = false;
    s->works = NULL;
    session_forget(g->table, s);
    fresh = session_open(g->table, s->msisdn, s->code);
    assert(fresh != NULL && fresh->works == NULL);      /* its own place has just become free */
    fresh->works = q;
    gateway_advance(g, fresh);
}

/* The hold is over: say busy to all that wait.  What may have been written is
 * kept un-acknowledged and runs again; the rest was not taken in, and ends here. */
static void gateway_give_up(struct gateway *g)
{
    int kept = 0;

    for (int i = 0; i < g->stranded_count; i++) {
        struct session *s = session_find(g->table, g->stranded[i]);
        struct queue *q;
        bool unsure;

        if (s == NULL || s->state != SESSION_NEW || s->works == NULL)
            continue;
        q = s->works;
        unsure = q->head != NULL && q->head->unsure;
        for (struct work *w = q->head; w != NULL; w = w->next)
            work_busy(g, w, s);
        if (unsure) {
            g->stranded[kept++] = s->id;
            continue;
        }
        while (q->head != NULL) {
            work_ack(q->head);
            work_pop(g, s);
        }
        free(q);
        s->works = NULL;
        session_forget(g->table, s);
    }
    g->stranded_count = kept;
}

static void gateway_publish(struct gateway *g, const struct menu *m, bool again)
{
    const struct store_generation generation = { m->generation, m->sources, m->sources_len,
                                                  m->resume_ms > m->resume_agents_ms ? m->resume_ms : m->resume_agents_ms };

    store_publish(g->store, &generation, again);
}

static void gateway_on_store_state(void *arg, bool up)
{
    struct gateway *g = arg;
    int n = g->stranded_count;
    uint64_t *ids = g->stranded;

    if (!up) {
        if (g->down_since == 0)
            g->down_since = clock_mono();
        return;
    }
    g->down_since = 0;
    gateway_publish(g, g->menu, false);
    g->stranded = NULL;
    g->stranded_count = g->stranded_cap = 0;
    for (int i = 0; i < n; i++) {
        struct session *s = session_find(g->table, ids[i]);

        if (s == NULL || s->works == NULL)
            continue;
        work_queue(s)->stranded = false;
        gateway_advance(g, s);
    }
    free(ids);
}

/* --- one step ---------------------------------------------------------------------- */

static void gateway_forget(struct gateway *g, struct session *s)
{
    struct queue *q = s->works;

    assert(q == NULL || q->head == NULL);
    free(q);
    s->works = NULL;
    session_forget(g->table, s);
}

/* The first work of s is answered: acknowledge it and go on with the next. */
static void gateway_finish(struct gateway *g, struct session *s)
{
    struct queue *q = work_queue(s);
    struct work *w = q->head;
    const struct event_limits *limits = work_limits(w);
    int64_t now = clock_mono();
    int64_t idle = s->mode == SESSION_ENDED ? GATEWAY_ENDED_MS : limits->idle_ms;
    int64_t total = s->began + limits->total_ms - clock_now();

    work_ack(w);
    work_pop(g, s);
    session_enter(s, SESSION_READY);
    if (s->mode != SESSION_ENDED && total < idle)
        idle = total > 1 ? total : 1;
    session_timer_set(g->table, s, now + idle);
    gateway_advance(g, s);
}

static void gateway_ask(struct gateway *g, struct session *s, const struct flow_question *q)
{
    const struct menu_query *query = &s->menu->queries[q->query];
    char name[64];
    struct store_question ask = {
        .name = name,
        .sql = query->sql,
        .args = q->args,
        .arg_count = q->arg_count,
        .timeout_ms = query->timeout_ms,
        .max_rows = q->max_rows,
    };

    snprintf(name, sizeof name, "q_%" PRIx64 "_%d", (uint64_t)s->menu->generation, q->query);
    store_ask(g->store, s->id, &ask);
}

/* The answer of a question, if it is at hand; else it is asked for, and comes back
 * to gateway_answer(). */
static bool gateway_knows(struct gateway *g, struct session *s, const struct flow_question *q, struct flow_rows *rows)
{
    rows->often = q->people && !lookups_take(g->lookups, s->msisdn, s->agent != NULL, bearer_name(work_queue(s)->head->bearer));
    if (rows->often)
        return true;
    switch (q->kind) {
    case FLOW_NUMBER:
        return numbers_take(g->numbers, q->series, s->id, &rows->number);
    case FLOW_HOOK:
        return backends_ask(g->backends, s->menu, q, s->id, rows);
    case FLOW_WAITLIST:
        openings_ask(g->openings, s->id, q);
        return false;
    case FLOW_PAY:
        return cashier_ask(g->cashier, s, q, rows);
    case FLOW_PIN:
        rows->failed = !pins_ask(g->pins, s->id, s->msisdn, q);
        return rows->failed;
    case FLOW_CASE:
        store_case_read(g->store, q->number, q->key, &g->case_to, s->id);
        return false;
    case FLOW_QUERY:
        break;
    }
    if (recent_get(g->recent, s->menu, q, clock_now(), rows))
        return true;
    gateway_ask(g, s, q);
    return false;
}

/* What the tape keeps of it; false: nothing. */
static bool gateway_tape(const struct session *s, const struct work *w, struct store_tape *tape)
{
    const struct flow_tape *t = &w->out->tape;

    *tape = (struct store_tape){
        .dialogue = (int64_t)s->dialogue,
        .step = s->steps,
        .link = bearer_name(w->bearer),
        .lang = s->menu->langs[s->lang].id,
        .kind = (int16_t)t->kind,
        .how = (int16_t)t->how,
        .state = (int16_t)s->mode,
        .typed = buf_str(&t->typed),
        .facts = buf_str(&t->facts),
    };
    return t->on;
}

/* One message is answered once, however often it comes. */
static const char *gateway_text_cause(const struct event *ev, char out[2 * EVENT_ID_SIZE + 8])
{
    char *p = out + snprintf(out, 8, "text/");

    for (int i = 0; i < EVENT_ID_SIZE; i++)
        p += snprintf(p, 3, "%02x", ev->id.bytes[i]);
    return out;
}

static const char *gateway_text_lang(const struct session *s)
{
    const struct menu_lang *lang = &s->menu->langs[s->lang];

    return lang->sms ? lang->id : s->menu->langs[lang->shows].id;
}

/* What the case puts into its back end's queue. */
static void gateway_hand_over(struct gateway *g, const struct session *s, int i, const struct flow_case *c, int64_t at,
                              struct store_case *out)
{
    const struct letter letter = {
        .number = c->number, .seq = 1, .service = c->service->name, .state = out->state, .at = at,
        .utc_offset_min = s->menu->utc_offset_min, .phone = s->msisdn, .lang = out->lang, .by = out->actor, .note = "",
        .fields = c->fields,
    };
    int backend = c->service->backend;

    handover_write(g->handover, i, backend != MENU_NONE ? &s->menu->backends[backend] : NULL, &letter, c->secrets, out);
}

/* By where she is now; to somebody else by where that one was, which the outbox finds. */
static const char *gateway_road(const struct session *s, const struct flow_message *m, const struct work *w)
{
    return strcmp(m->receiver, s->msisdn) == 0 && bearer_lane_count(w->bearer) > 0 ? bearer_road(w->bearer, &w->from) : "";
}

/* Paper i is for what its agency's system learns of the move. */
static struct store_order gateway_order(struct gateway *g, const struct session *s, int i, const struct flow_order *o,
                                        int64_t at)
{
    int backend = o->service->backend;
    const struct letter letter = {
        .number = o->number, .seq = o->seq + 1, .service = o->service->name, .state = o->texts[FLOW_ORDER_STATE], .at = at,
        .utc_offset_min = s->menu->utc_offset_min, .phone = o->texts[FLOW_ORDER_OPENER], .lang = o->texts[FLOW_ORDER_LANG],
        .by = o->kind, .note = o->texts[FLOW_ORDER_NOTE], .fields = o->texts[FLOW_ORDER_FIELDS],
    };
    struct store_case paper;

    _Static_assert(HANDOVER_PAPERS >= FLOW_CASES_MAX + FLOW_ORDERS_MAX, "a paper for each");
    handover_write(g->handover, i, backend != MENU_NONE ? &s->menu->backends[backend] : NULL, &letter, NULL, &paper);
    return (struct store_order){
        .number = o->number, .msisdn = o->texts[FLOW_ORDER_OPENER], .seq = o->seq, .key = o->key, .kind = o->kind,
        .actor = o->texts[FLOW_ORDER_ACTOR], .state = o->texts[FLOW_ORDER_STATE], .note = o->texts[FLOW_ORDER_NOTE],
        .audit = o->texts[FLOW_ORDER_AUDIT], .audit_fields = o->texts[FLOW_ORDER_TOLD], .ends = o->ends,
        .backend = paper.backend, .letter = paper.letter,
    };
}

/* Is a text message answered that was taken in?  A machine's is not for long: what it
 * says fits nothing, and whatever it says next neither. */
static bool gateway_says(struct gateway *g, const struct session *s, const struct work *w)
{
    char mask[LOG_MASK_SIZE];

    if (!work_is_text(w))
        return false;
    if (!w->out->fruitless) {
        throttle_forget(g->fruitless, s->msisdn);
        return true;
    }
    if (throttle_take(g->fruitless, s->msisdn, clock_mono()))
        return true;
    stats_inc(texts_refused);
    log_info("link=%s msisdn=%s event=text_fruitless next=unanswered", bearer_name(w->bearer), log_mask(mask, s->msisdn));
    return false;
}

/* Give the step to the database; the reply waits for it. */
static void gateway_write(struct gateway *g, struct session *s, struct work *w)
{
    struct queue *q = work_queue(s);
    struct flow_out *out = w->out;
    struct store_case cases[FLOW_CASES_MAX];
    struct store_message messages[FLOW_MESSAGES_MAX + 1];
    char cause[2 * EVENT_ID_SIZE + 8];
    struct store_tape tape;
    struct store_audit audits[FLOW_AUDITS_MAX];
    const char *road = bearer_road(w->bearer, &w->from);
    struct store_order orders[FLOW_ORDERS_MAX];
    bool learn = out->lang_changed || (q->learned != road && !w->from.to.pushed);
    struct store_step step = {
        .msisdn = s->msisdn,
        .code = s->code,
        .turn = s->turn + 1,
        .open = s->mode != SESSION_ENDED,
        .generation = s->menu->generation,
        .at = clock_now(),
        .screen = s->screen >= 0 ? s->menu->screens[s->screen].name : "",
        .lang = learn ? (s->lang_known ? s->menu->langs[s->lang].id : "") : NULL,
        .citizen_link = learn ? road : NULL,
        .cases = cases,
        .case_count = (size_t)out->case_count,
        .messages = messages,
        .message_count = (size_t)out->message_count,
        .tape = gateway_tape(s, w, &tape) ? &tape : NULL,
        .audits = audits,
        .audit_count = (size_t)out->audit_count,
        .orders = orders,
        .order_count = (size_t)out->order_count,
    };

    for (int i = 0; i < out->case_count; i++) {
        const struct flow_case *c = &out->cases[i];

        cases[i] = (struct store_case){
            .number = c->number, .service = c->service->name, .agency = c->service->agency, .fields = c->fields,
            .state = c->state, .contact = c->contact, .place = c->place, .due = c->due,
            .quiet = (int16_t)c->quiet, .person = (int16_t)c->person, .lang = s->menu->langs[s->lang].id,
            .channel = work_is_text(w) ? "sms" : "ussd", .actor = s->agent != NULL ? "agent" : "citizen",
            .name = s->agent,
        };
        gateway_hand_over(g, s, i, c, step.at, &cases[i]);
    }
    for (int i = 0; i < out->message_count; i++) {
        const struct flow_message *m = &out->messages[i];

        messages[i] = (struct store_message){
            .cause = m->cause, .receiver = m->receiver, .link = gateway_road(s, m, w), .lang = m->lang,
            .class = m->class, .text = m->text, .approval = m->approval, .due = step.at,
            .quiet = (int16_t)m->quiet,
        };
    }
    if (gateway_says(g, s, w)) {
        messages[step.message_count++] = (struct store_message){
            .cause = gateway_text_cause(&w->ev, cause), .receiver = s->msisdn, .link = road,
            .lang = gateway_text_lang(s), .class = "service_info", .text = buf_str(&s->reply), .due = step.at,
        };
    }
    for (int i = 0; i < out->audit_count; i++)
        audits[i] = (struct store_audit){ s->agent != NULL ? "agent" : "citizen", out->audits[i].event,
                                          out->audits[i].fields };
    for (int i = 0; i < out->order_count; i++)
        orders[i] = gateway_order(g, s, FLOW_CASES_MAX + i, &out->orders[i], step.at);
    session_enter(s, SESSION_WRITING);
    buf_clear(&g->state);
    if (!session_encode(s, &g->state)) {
        char mask[LOG_MASK_SIZE];

        log_err("msisdn=%s event=session_too_big screen=%s next=busy", log_mask(mask, s->msisdn), step.screen);
        work_busy(g, w, s);
        work_ack(w);
        work_pop(g, s);
        gateway_again(g, s);
        return;
    }
    step.state = g->state.data;
    step.state_len = g->state.len;
    q->learned = road;
    store_write(g->store, s->id, &step);
}

/* Act on what flow says until it needs the outside. */
static void gateway_result(struct gateway *g, struct session *s, struct work *w, enum flow_result r)
{
    struct flow_env env = work_env(g, w, s);

    while (r == FLOW_ASK) {
        struct flow_rows rows = { .number = -1 };

        if (!gateway_knows(g, s, &w->out->question, &rows))
            return;
        r = flow_answer(&env, s, &rows, w->out);
    }
    if ((r == FLOW_DROP || (r == FLOW_REPEAT && !w->early)) && !w->fresh) {
        gateway_again(g, s);            /* another process may have gone on with it; nothing that is written tells */
        return;
    }
    switch (r) {
    case FLOW_REPLY:
        gateway_write(g, s, w);
        break;
    case FLOW_REPEAT:
        stats_inc(events_duplicate);
        if (!work_is_overtaken(w))
            work_reply(w, buf_str(&s->reply), s->reply.len, s->reply_end, "r");
        gateway_finish(g, s);
        break;
    case FLOW_DROP:
        stats_inc(events_stale);
        if (bearer_wants_answer(w->bearer))     /* where she is, whatever she asked from */
            work_reply(w, buf_str(&s->reply), s->reply.len, s->reply_end, "r");
        gateway_finish(g, s);
        break;
    case FLOW_CLOSE:
        gateway_finish(g, s);
        break;
    case FLOW_ASK:
    case FLOW_RESULTS:
        abort();
    }
}

/* Do what can be done for s now. */
static void gateway_advance(struct gateway *g, struct session *s)
{
    struct queue *q = s->works;
    struct work *w = q != NULL ? q->head : NULL;
    struct flow_env env;

    if (w == NULL)
        return;
    if (s->state == SESSION_NEW) {
        if (store_is_up(g->store)) {
            session_enter(s, SESSION_LOADING);
            store_load(g->store, s->id, s->msisdn, s->code);
        } else {
            gateway_strand(g, s);
        }
        return;
    }
    if (s->state != SESSION_READY)
        return;
    session_timer_set(g->table, s, 0);
    if (!store_is_up(g->store)) {
        gateway_again(g, s);
        return;
    }
    session_enter(s, SESSION_RUNNING);
    w->out = work_out_new(g);
    env = work_env(g, w, s);
    gateway_result(g, s, w, flow_event(&env, s, &w->ev, w->out));
}

/* --- answers of the store ------------------------------------------------------------ */

/* The row of s runs under a generation that must first be fetched: s waits. */
static void gateway_await(struct gateway *g, struct session *s, int64_t generation)
{
    if (g->awaiting_count == g->awaiting_cap) {
        g->awaiting_cap = g->awaiting_cap > 0 ? 2 * g->awaiting_cap : 64;
        g->awaiting = xrealloc(g->awaiting, (size_t)g->awaiting_cap * sizeof *g->awaiting);
    }
    g->awaiting[g->awaiting_count++] = s->id;
    store_sources(g->store, generation);
}

/* The generation a dialogue ends under: its own while it is open, if there is
 * such a one; NULL: it is being fetched. */
static const struct menu *gateway_menu_of(struct gateway *g, struct session *s, const struct store_session *row)
{
    const struct menu *m;
    bool missing;

    if (row->turn == 0 || !row->open || row->generation == g->menu->generation)
        return g->menu;
    m = generations_find(g->generations, row->generation, &missing);
    if (m != NULL || missing)
        return m != NULL ? m : g->menu;
    gateway_await(g, s, row->generation);
    return NULL;
}

static void gateway_take_row(struct gateway *g, struct session *s, const struct menu *m,
                             const struct store_session *row)
{
    struct queue *q = work_queue(s);

    s->menu = m;
    if (row->turn > 0 && row->state_len == 0) {         /* wiped: too old to be continued */
        session_clear(s);
        s->menu = m;
    } else if (row->turn > 0 && !session_decode(s, m, row->state, row->state_len)) {
        char mask[LOG_MASK_SIZE];

        log_err("msisdn=%s event=session_unreadable turn=%" PRId32 " next=new", log_mask(mask, s->msisdn), row->turn);
        session_clear(s);
        s->menu = m;
    }
    s->turn = row->turn;
    if (row->lang[0] != '\0') {
        int lang = menu_lang_find(m, row->lang);

        if (lang >= 0) {
            s->lang = lang;
            s->lang_known = true;
        }
    }
    session_set_agent(s, row->agent_name, row->agent_centre);
    s->shared = row->shared;
    snprintf(s->place, sizeof s->place, "%s", row->place);
    alerts_remember(g->alerts, s->msisdn, s->place, s->lang);
    for (int i = 0; i < g->bearer_count && q->learned == NULL; i++)
        q->learned = bearer_road_of(g->bearers[i], row->citizen_link);
}

static void gateway_on_loaded(void *arg, uint64_t ticket, const struct store_session *row, bool failed)
{
    struct gateway *g = arg;
    struct session *s = session_find(g->table, ticket);
    const struct menu *m;
    struct queue *q;

    if (s == NULL || s->state != SESSION_LOADING)
        return;
    if (failed) {
        gateway_again(g, s);
        return;
    }
    q = s->works;
    m = gateway_menu_of(g, s, row);
    if (m == NULL)
        return;
    gateway_take_row(g, s, m, row);
    session_enter(s, SESSION_READY);
    if (q != NULL && q->head != NULL)
        q->head->fresh = true;
    gateway_advance(g, s);
}

/* Sources came, or cannot come: those that waited load their rows again. */
static void gateway_on_generation(void *arg, int64_t id, bool retired, const void *sources, size_t n, bool failed)
{
    struct gateway *g = arg;
    uint64_t *ids = g->awaiting;
    int count = g->awaiting_count;

    if (!failed) {
        (void)generations_add(g->generations, id, sources, n);
        (void)generations_retire(g->generations, id, retired);
    }
    desk_on_generation(g->desk);
    g->awaiting = NULL;
    g->awaiting_count = g->awaiting_cap = 0;
    for (int i = 0; i < count; i++) {
        struct session *s = session_find(g->table, ids[i]);

        if (s != NULL && s->state == SESSION_LOADING)
            gateway_again(g, s);
    }
    free(ids);
}

/* The database names the current generation: swap one pointer. */
static void gateway_on_current(void *arg, int64_t id)
{
    struct gateway *g = arg;
    bool missing;

    if (id == g->menu->generation)
        return;
    if (generations_find(g->generations, id, &missing) == NULL) {
        if (!missing)
            store_sources(g->store, id);
        return;                         /* and adopt it when asked again */
    }
    generations_adopt(g->generations, id);
    g->menu = generations_current(g->generations);
    log_info("generation=%016" PRIx64 " event=current screens=%d", (uint64_t)id, g->menu->screen_count);
}

static bool gateway_open_state(struct gateway *g, char *err, size_t err_size)
{
    if (g->conf->state[0] == '\0')
        return true;
    g->alerts_file = alerts_file_new(g->base, g->conf->state, err, err_size);
    if (g->alerts_file != NULL)
        alerts_file_read(g->alerts_file, g->alerts);
    return g->alerts_file != NULL;
}

static void gateway_on_alert(void *arg, const struct store_alert_text *texts, int count)
{
    struct gateway *g = arg;

    if (alerts_take(g->alerts, texts, count) && g->alerts_file != NULL)
        alerts_file_write(g->alerts_file, texts, count);
}

static void gateway_on_former(void *arg, int64_t id, bool retired)
{
    struct gateway *g = arg;

    if (generations_retire(g->generations, id, retired))
        log_info("generation=%016" PRIx64 " event=%s", (uint64_t)id, retired ? "retired" : "back");
}

static const char *gateway_cell(const void *arg, int row, const char *column)
{
    return store_rows_cell(arg, row, column);
}

static void gateway_answer(struct gateway *g, uint64_t id, const struct flow_rows *rows, enum flow_question_kind kind)
{
    struct session *s = session_find(g->table, id);
    struct work *w;
    struct flow_env env;

    if (s == NULL || s->state != SESSION_RUNNING)
        return;
    w = work_queue(s)->head;
    assert(w != NULL && w->out != NULL && w->out->question.kind == kind);
    env = work_env(g, w, s);
    if (kind == FLOW_QUERY)
        recent_put(g->recent, s->menu, &w->out->question, env.now, rows);
    gateway_result(g, s, w, flow_answer(&env, s, rows, w->out));
}

static void gateway_on_answered(void *arg, uint64_t ticket, const struct store_rows *rows, const char *reason)
{
    struct gateway *g = arg;
    struct flow_rows answer = { .failed = rows == NULL, .cell = gateway_cell, .arg = rows };

    if (rows != NULL)
        answer.count = store_rows_count(rows);
    else
        log_warn("event=query_failed reason=\"%s\"", reason);
    gateway_answer(g, ticket, &answer, FLOW_QUERY);
}

/* The hook that a dialogue waits for. */
static const struct menu_action *gateway_waiting(void *arg, uint64_t ticket)
{
    const struct gateway *g = arg;
    struct session *s = session_find(g->table, ticket);
    const struct work *w = s != NULL && s->state == SESSION_RUNNING ? work_queue(s)->head : NULL;

    return w != NULL && w->out != NULL && w->out->question.kind == FLOW_HOOK ? w->out->question.hook : NULL;
}

static void gateway_on_pin(void *arg, uint64_t waiter, const struct pins_told *told)
{
    const struct flow_rows answer = { .pin = told->pin, .person = told->person, .shared = told->shared };

    gateway_answer(arg, waiter, &answer, FLOW_PIN);
}

static void gateway_on_pin_stored(void *arg, uint64_t ticket, const struct store_pin_row *row)
{
    struct gateway *g = arg;

    pins_stored(g->pins, ticket, row);
}

static void gateway_on_payment(void *arg, uint64_t ticket, const struct store_payment *row, bool failed)
{
    struct gateway *g = arg;

    cashier_stored(g->cashier, ticket, row, failed);
}

static void gateway_on_payment_due(void *arg, const struct store_payment *row)
{
    struct gateway *g = arg;

    cashier_due(g->cashier, row);
}

static void gateway_on_pay(void *arg, uint64_t waiter, const struct flow_rows *rows)
{
    gateway_answer(arg, waiter, rows, FLOW_PAY);
}

/* A case that is to be moved: as it stands, before. */
static void gateway_on_case(void *arg, uint64_t ticket, const struct store_case_answer *a)
{
    const struct flow_rows answer = { .failed = a->lost || a->refused, .file = a->file };

    gateway_answer(arg, ticket, &answer, FLOW_CASE);
}

static void gateway_on_listed(void *arg, uint64_t ticket, const struct flow_rows *rows)
{
    gateway_answer(arg, ticket, rows, FLOW_WAITLIST);
}

static void gateway_on_hook(void *arg, uint64_t ticket, const struct flow_rows *rows)
{
    gateway_answer(arg, ticket, rows, FLOW_HOOK);
}

static void gateway_on_number(void *arg, uint64_t waiter, int64_t n)
{
    struct flow_rows answer = { .failed = n < 0, .number = n };

    gateway_answer(arg, waiter, &answer, FLOW_NUMBER);
}

/* The last page of a dialogue that opened a case was seen: keep that, so that
 * the next dial does not show it again.  If this write is lost, it does. */
static void gateway_seen(struct gateway *g, struct session *s)
{
    struct store_step step = { .msisdn = s->msisdn, .code = s->code };

    flow_seen(s);
    buf_clear(&g->state);
    if (!session_encode(s, &g->state))
        return;
    step.turn = s->turn + 1;
    step.generation = s->menu->generation;
    step.at = clock_now();
    step.screen = s->screen >= 0 ? s->menu->screens[s->screen].name : "";
    step.state = g->state.data;
    step.state_len = g->state.len;
    session_enter(s, SESSION_RUNNING);
    session_enter(s, SESSION_WRITING);
    store_write(g->store, s->id, &step);
}

/* Committed: now, and not before, the reply leaves. */
static void gateway_release(struct gateway *g, struct session *s, struct work *w)
{
    char token[EVENT_MSISDN_MAX + EVENT_CODE_MAX + 24];
    bool seen;

    s->turn++;
    if (!work_is_text(w))
        tally_step(g->tally, s, w->out, bearer_name(w->bearer), work_limits(w)->idle_ms);
    stats_add(cases, w->out->case_count);
    stats_add(sessions_moved, w->out->moved);
    stats_add(sessions_resumed, w->out->resumed);
    if (w->out->case_count + w->out->order_count > 0)
        handover_call(g->handover);
    if (w->out->message_count > 0 || work_is_text(w)) {
        stats_add(sms_queued, w->out->message_count + work_is_text(w));
        postman_call(g->postman);
    }
    if (w->from.to.pushed)
        snprintf(token, sizeof token, "d/%d/%" PRId64, w->from.push_bucket, w->from.push);
    else
        snprintf(token, sizeof token, "%c/%s/%s/%" PRId32, s->unseen ? 'u' : 'p', s->msisdn, s->code, s->turn);
    for (struct work *behind = w->next; behind != NULL; behind = behind->next)
        behind->early = true;
    seen = work_reply(w, buf_str(&s->reply), s->reply.len, s->reply_end, token);
    gateway_finish(g, s);
    if (seen && s->unseen && s->state == SESSION_READY)
        gateway_seen(g, s);
}

static void gateway_on_written(void *arg, uint64_t ticket, enum store_outcome outcome)
{
    struct gateway *g = arg;
    struct session *s = session_find(g->table, ticket);
    struct queue *q;

    if (s == NULL || s->state != SESSION_WRITING)
        return;
    q = work_queue(s);
    if (q->head == NULL || q->head->out == NULL) {      /* gateway_seen() wrote */
        if (outcome == STORE_WRITTEN) {
            s->turn++;
            session_enter(s, SESSION_READY);
            session_timer_set(g->table, s, clock_mono() + GATEWAY_ENDED_MS);
            gateway_advance(g, s);
        } else if (q->head == NULL) {
            gateway_forget(g, s);
        } else {
            gateway_again(g, s);
        }
        return;
    }
    switch (outcome) {
    case STORE_WRITTEN:
        gateway_release(g, s, q->head);
        break;
    case STORE_LOST:
        stats_inc(steps_lost);
        gateway_again(g, s);
        break;
    case STORE_UNKNOWN:
        q->head->unsure = true;
        gateway_again(g, s);
        break;
    case STORE_REFUSED:
        work_busy(g, q->head, s);
        work_ack(q->head);
        work_pop(g, s);
        gateway_again(g, s);
        break;
    case STORE_OUTCOMES:
        abort();
    }
}

static void gateway_on_leased(void *arg, uint64_t ticket, int64_t first, int count)
{
    struct gateway *g = arg;

    numbers_leased(g->numbers, ticket, first, count);
}

static void gateway_on_handovers(void *arg, const struct store_handover_file *file, const struct store_handover *list,
                                 int count, bool failed)
{
    struct gateway *g = arg;

    if (file != NULL)
        spool_taken(g->spool, file, list, count, failed);
    else
        handover_taken(g->handover, list, count);
}

static void gateway_on_outgoing(void *arg, const struct store_outgoing *m)
{
    struct gateway *g = arg;

    postman_send(g->postman, m);
}

static const struct store_ops gateway_store_ops = {
    .state = gateway_on_store_state,
    .loaded = gateway_on_loaded,
    .written = gateway_on_written,
    .answered = gateway_on_answered,
    .leased = gateway_on_leased,
    .outgoing = gateway_on_outgoing,
    .handovers = gateway_on_handovers,
    .current = gateway_on_current,
    .alert = gateway_on_alert,
    .pin = gateway_on_pin_stored,
    .payment = gateway_on_payment,
    .payment_due = gateway_on_payment_due,
    .former = gateway_on_former,
    .generation = gateway_on_generation,
};

/* --- events of the bearers ------------------------------------------------------------ */

/* The code whose dialogue this event belongs to. */
static const char *gateway_code(const struct gateway *g, const struct event *ev)
{
    const char *code;
    const char *rest;
    size_t rest_len;

    if (ev->kind == EVENT_BEGIN && menu_code_match(g->menu, ev->text, ev->text_len, &code, &rest, &rest_len))
        return code;
    if (menu_code_match(g->menu, ev->code, strlen(ev->code), &code, &rest, &rest_len))
        return code;
    return g->menu->codes[0];
}

/* "333" for "*333#": what is written to a code is another dialogue than what is
 * dialled. */
static void gateway_text_code(const struct gateway *g, const struct event *ev, char out[EVENT_CODE_MAX])
{
    const char *code = gateway_code(g, ev);

    snprintf(out, EVENT_CODE_MAX, "%.*s", (int)strlen(code) - 2, code + 1);
}

static bool gateway_answers(struct gateway *g, const struct work *w)
{
    char mask[LOG_MASK_SIZE];

    if (strlen(w->ev.msisdn) >= GATEWAY_TEXTS_DIGITS && throttle_take(g->texts, w->ev.msisdn, clock_mono()))
        return true;
    stats_inc(texts_refused);
    log_info("link=%s msisdn=%s event=text_refused next=dropped", bearer_name(w->bearer), log_mask(mask, w->ev.msisdn));
    return false;
}

static void gateway_count(const struct event *ev)
{
    switch (ev->kind) {
    case EVENT_BEGIN:
        stats_inc(events_begin);
        break;
    case EVENT_ANSWER:
        stats_inc(events_answer);
        break;
    case EVENT_ABORT:
        stats_inc(events_abort);
        break;
    case EVENT_KINDS:
        abort();
    }
}

/* Nothing can be done for s in time: she is told now, and her answer not taken in. */
static bool gateway_must_refuse(const struct gateway *g, struct session *s)
{
    int waiting = work_queue(s)->count;

    return waiting >= GATEWAY_WORKS_MAX || (waiting == 0 && gateway_patience_is_over(g));
}

/* Owns w from here. */
static void gateway_begin(struct gateway *g, struct work *w)
{
    struct session *s;
    struct queue *q;
    char code[EVENT_CODE_MAX];

    if (work_is_text(w) && !gateway_answers(g, w)) {
        work_ack(w);
        free(w);
        return;
    }
    if (work_is_text(w))
        gateway_text_code(g, &w->ev, code);
    s = session_open(g->table, w->ev.msisdn, work_is_text(w) ? code : gateway_code(g, &w->ev));
    if (s == NULL || gateway_must_refuse(g, s)) {
        if (s == NULL)
            stats_inc(sessions_refused);
        work_busy(g, w, s);
        work_ack(w);
        free(w);
        if (s != NULL && work_queue(s)->count == 0)
            gateway_forget(g, s);
        return;
    }
    q = work_queue(s);
    if (q->tail != NULL)
        q->tail->next = w;
    else
        q->head = w;
    q->tail = w;
    q->count++;
    g->works++;
    gateway_advance(g, s);
}

/* A text may be an officer's command: then she is answered and it is over. */
static void gateway_take(struct gateway *g, struct work *w)
{
    char cause[2 * EVENT_ID_SIZE + 8];
    const struct officers_text text = {
        .waiter = w, .msisdn = w->ev.msisdn, .link = bearer_road(w->bearer, &w->from), .cause = gateway_text_cause(&w->ev, cause),
        .text = w->ev.text, .text_len = w->ev.text_len, .at = w->ev.at > 0 ? w->ev.at : clock_now(),
    };

    w->ev.seen = clock_now();
    gateway_count(&w->ev);
    if (work_is_text(w) && officers_take(g->officers, &text))
        g->works++;
    else
        gateway_begin(g, w);
}

static void gateway_on_officer_answered(void *arg, void *waiter)
{
    struct gateway *g = arg;
    struct work *w = waiter;

    stats_inc(sms_queued);
    postman_call(g->postman);
    work_ack(w);
    g->works--;
    free(w);
}

static void gateway_on_officer_passed(void *arg, void *waiter)
{
    struct gateway *g = arg;

    g->works--;
    gateway_begin(g, waiter);
}

static void gateway_on_officer_dropped(void *arg, void *waiter)
{
    struct gateway *g = arg;

    g->works--;
    free(waiter);
}

static const struct officers_ops gateway_officers_ops = {
    .answered = gateway_on_officer_answered,
    .passed = gateway_on_officer_passed,
    .dropped = gateway_on_officer_dropped,
};

static void gateway_on_event(void *arg, struct bearer *b, const struct bearer_from *from, const struct event *ev)
{
    gateway_take(arg, work_new(b, from, ev));
}

/* "u/MSISDN/CODE/TURN": the bearer tells what became of a page.  "p/...": of one
 * that needs no confirmation, so that only a failure is looked at. */
static void gateway_on_page(struct gateway *g, const struct bearer *b, const char *token, enum kannel_result result,
                            const char *reason)
{
    char msisdn[EVENT_MSISDN_MAX];
    char code[EVENT_CODE_MAX];
    char mask[LOG_MASK_SIZE];
    bool failed = result == KANNEL_REFUSED || result == KANNEL_REJECTED || result == KANNEL_LATER;
    int32_t turn;
    struct session *s;

    if (!failed && token[0] == 'p')
        return;
    if (sscanf(token + 1, "/%19[0-9]/%23[^/]/%" SCNd32, msisdn, code, &turn) != 3)
        return;
    if (failed) {
        stats_inc(replies_failed);
        log_info("link=%s msisdn=%s event=page_not_shown reason=\"%s\"", bearer_name(b), log_mask(mask, msisdn),
                 reason);
        return;
    }
    s = session_find_key(g->table, msisdn, code);
    if (result == KANNEL_SUBMITTED && s != NULL && s->state == SESSION_READY && s->unseen && s->turn == turn)
        gateway_seen(g, s);
}

static void gateway_on_result(void *arg, struct bearer *b, const char *token, enum kannel_result result,
                              const char *reason)
{
    struct gateway *g = arg;

    if (token[0] == 'u' || token[0] == 'p')
        gateway_on_page(g, b, token, result, reason);
    else if (token[0] == 's')
        postman_result(g->postman, b, token, result, reason);
    else if (token[0] == 'n' || token[0] == 'd')
        postman_pushed(g->postman, b, token, result, reason);
}

static void gateway_on_up(void *arg, struct bearer *b)
{
    struct gateway *g = arg;

    postman_up(g->postman, b);
}

static void gateway_on_notified(void *arg, struct bearer *b, const char *msisdn)
{
    struct gateway *g = arg;

    (void)b;
    postman_notified(g->postman, msisdn);
}

/* Begin a dialogue on her screen, as if she had dialled.  She is busy while she
 * has one with us. */
static bool gateway_dial(void *arg, struct bearer *b, const struct store_outgoing *m)
{
    struct gateway *g = arg;
    struct event ev = { .kind = EVENT_BEGIN, .ref = event_ref_pushed(), .text = m->dial, .text_len = strlen(m->dial),
                        .at = clock_now() };
    const struct session *s;
    struct bearer_from from;
    const char *rest;
    size_t rest_len;

    if (!menu_code_match(g->menu, ev.text, ev.text_len, &ev.code, &rest, &rest_len) ||
        strlen(m->receiver) >= sizeof ev.msisdn || !bearer_toward(b, m->receiver, ev.code, &from))
        return false;
    s = session_find_key(g->table, m->receiver, ev.code);
    if (g->draining || (s != NULL && (s->state != SESSION_READY || s->mode != SESSION_ENDED)))
        return false;
    memcpy(ev.msisdn, m->receiver, strlen(m->receiver) + 1);
    memcpy(ev.id.bytes, &m->id, sizeof m->id);          /* of this message, once */
    memcpy(ev.id.bytes + sizeof m->id, &m->bucket, sizeof m->bucket);
    from.push = m->id;
    from.push_bucket = m->bucket;
    gateway_take(g, work_new(b, &from, &ev));
    return true;
}

static const struct bearer_ops gateway_bearer_ops = {
    .event = gateway_on_event,
    .result = gateway_on_result,
    .up = gateway_on_up,
    .notified = gateway_on_notified,
};

/* --- time ------------------------------------------------------------------------------ */

static void gateway_on_idle(void *arg, struct session *s)
{
    struct gateway *g = arg;

    if (s->state != SESSION_READY)
        return;
    if (s->mode != SESSION_ENDED)
        stats_inc(sessions_idle);
    if (store_is_up(g->store))
        reminders_left(g->reminders, s);
    gateway_forget(g, s);
}

static void gateway_use(void *arg, struct session *s)
{
    struct gateway *g = arg;

    if (s->menu != NULL)
        generations_use(g->generations, s->menu);
}

/* Which generation is current, which are retired, and is there a warning?  Which
 * ones does no dialogue run under any more? */
static void gateway_watch(struct gateway *g)
{
    int64_t now = clock_mono();

    if (now - g->looked >= GATEWAY_LOOK_MS && store_is_up(g->store)) {
        g->looked = now;
        store_current(g->store);
        store_alert(g->store);
        store_wipe_dropped(g->store, clock_now() - GATEWAY_DROPPED_MS);
    }
    if (now - g->swept < GATEWAY_SWEEP_MS)
        return;
    g->swept = now;
    if (store_is_up(g->store)) {
        if (g->conf->retire_ms > 0)
            store_retire(g->store, g->conf->retire_ms);
        store_forget_retired(g->store);
        store_cut_tape(g->store, clock_now() - g->conf->tape_ms);
    }
    if (generations_count(g->generations) > 1) {
        session_each(g->table, gateway_use, g);
        if (generations_sweep(g->generations)) {
            recent_free(g->recent);     /* its answers name records of what went */
            g->recent = recent_new(GATEWAY_RECENT_MAX);
        }
    }
}

bool gateway_reload(struct gateway *g, struct buf *report)
{
    const struct menu *m = generations_read(g->generations, g->conf, report);

    if (m == NULL) {
        log_warn("event=reload_refused folder=%s", g->conf->menus);
        return false;
    }
    backends_renew(g->backends);
    cashier_renew(g->cashier);
    agencies_renew(g->agencies);
    gateway_publish(g, m, true);
    g->looked = 0;
    buf_addf(report, "generation %016" PRIx64 ": %d screens, %s\n", (uint64_t)m->generation, m->screen_count,
             m == g->menu ? "already current" : store_is_up(g->store) ? "published" : "waits for the database");
    log_info("generation=%016" PRIx64 " event=reload screens=%d", (uint64_t)m->generation, m->screen_count);
    return true;
}

void gateway_retire(struct gateway *g, struct buf *report)
{
    store_retire(g->store, 0);
    buf_adds(report, "older generations are retired: their dialogues go on under this one\n");
    log_info("event=retire");
}

static void gateway_on_tick(evutil_socket_t fd, short what, void *arg)
{
    struct gateway *g = arg;

    (void)fd;
    (void)what;
    session_expire(g->table, clock_mono(), GATEWAY_EXPIRE_MAX, gateway_on_idle, g);
    if (g->stranded_count > 0 && gateway_patience_is_over(g))
        gateway_give_up(g);
    postman_tick(g->postman);
    backends_tick(g->backends);
    handover_tick(g->handover);
    if (!g->draining)
        spool_tick(g->spool);
    cashier_tick(g->cashier);
    officers_tick(g->officers);
    if (store_is_up(g->store)) {
        almanac_tick(g->almanac);
        timekeeper_tick(g->timekeeper);
        openings_tick(g->openings);
        feeder_tick(g->feeder);
        sealer_tick(g->sealer);
        sweeper_tick(g->sweeper);
        tally_tick(g->tally, g->draining);
        if (!g->draining)
            poller_tick(g->poller);
        reminders_tick(g->reminders);
    }
    gateway_watch(g);
}

void gateway_after_turn(struct gateway *g)
{
    session_reap(g->table);
    postman_flush(g->postman);
    if (!g->draining)
        handover_flush(g->handover);
    store_flush(g->store);
    for (int i = 0; i < g->bearer_count; i++)
        bearer_flush(g->bearers[i]);
    stats_set(sessions_open, session_table_count(g->table));
}

/* --- life -------------------------------------------------------------------------------- */

static bool gateway_open(struct gateway *g, const struct conf_link *conf, struct http *http)
{
    const struct bearer_args args = { g->base, http, conf, g->secret, &gateway_bearer_ops, g };
    struct bearer *b = bearer_open(&args);

    if (b == NULL)
        return false;
    g->bearers[g->bearer_count++] = b;
    postman_add_bearer(g->postman, b);
    return true;
}

/* Without a file, codes that are out end with this process. */
static bool gateway_take_secret(struct gateway *g, char *err, size_t err_size)
{
    if (g->conf->secret[0] != '\0')
        return secret_read(g->conf->secret, "consent", g->secret, err, err_size) &&
               secret_read(g->conf->secret, SECRET_USE_KEYED, g->keyed, err, err_size) &&
               secret_read(g->conf->secret, "dialogue", g->seal, err, err_size);
    randombytes_buf(g->secret, sizeof g->secret);
    if (g->menu->consent != MENU_NONE)
        log_warn("event=no_secret reason=\"the menus ask for consent and the setting 'secret' names no file\" "
                 "next=\"codes that are out end with this process\"");
    return true;
}

static bool gateway_open_backends(struct gateway *g, char *err, size_t err_size)
{
    const struct backends_args args = {
        .base = g->base, .store = g->store, .secret = g->conf->secret, .folder = g->conf->folder, .max = g->conf->hooks,
        .waiting = gateway_waiting, .answered = gateway_on_hook, .arg = g,
    };

    g->backends = backends_new(&args, err, err_size);
    return g->backends != NULL;
}

static bool gateway_open_handover(struct gateway *g, char *err, size_t err_size)
{
    g->poller = poller_new(&(struct poller_args){ g->store, g->backends, g->desk, g->generations });
    const struct handover_args args = { g->store, g->backends, g->desk, g->generations, g->poller, g->conf->secret };

    g->handover = handover_new(&args, err, err_size);
    if (g->handover == NULL)
        return false;
    g->spool = spool_new(&(struct spool_args){ g->base, g->store, g->desk, g->generations, g->handover, g->conf->folder },
                         err, err_size);
    return g->spool != NULL;
}

static bool gateway_open_pins(struct gateway *g, char *err, size_t err_size)
{
    const struct pins_args args = { g->base, g->store, g->conf->secret, gateway_on_pin, g };

    g->pins = pins_new(&args, err, err_size);
    return g->pins != NULL;
}

static bool gateway_open_cashier(struct gateway *g, struct http *http, char *err, size_t err_size)
{
    const struct cashier_args args = { g->base, g->store, g->desk, g->generations, http, g->conf->folder, g->conf->hooks,
                                       gateway_on_pay, g };

    g->cashier = cashier_new(&args, err, err_size);
    return g->cashier != NULL;
}

static bool gateway_open_officers(struct gateway *g, char *err, size_t err_size)
{
    const struct officers_args args = {
        .store = g->store, .desk = g->desk, .generations = g->generations, .secret = g->conf->secret,
        .per_hour = g->conf->officer_texts, .digest_hour = g->conf->officer_digest, .ops = &gateway_officers_ops, .arg = g,
    };

    g->officers = officers_new(&args, err, err_size);
    return g->officers != NULL;
}

struct gateway *gateway_new(const struct gateway_args *args, char *err, size_t err_size)
{
    const struct timeval tick = { 0, GATEWAY_TICK_MS * 1000 };
    const struct conf *conf = args->conf;
    struct gateway *g = xcalloc(1, sizeof *g);
    struct store_args store = {
        .base = args->base,
        .conninfo = conf->database,
        .readers = conf->readers,
        .batch_max = conf->batch_rows,
        .stall_ms = conf->stall_ms,
        .ops = &gateway_store_ops,
        .arg = g,
    };

    g->conf = conf;
    g->generations = generations_new(args->menu_take);
    g->menu = args->menu_take;
    g->base = args->base;
    g->down_since = clock_mono();
    buf_init(&g->state, SESSION_STATE_MAX);
    buf_init(&g->page, EVENT_TEXT_MAX);
    g->table = session_table_new((size_t)conf->sessions);
    session_table_seal(g->table, conf->secret[0] != '\0' ? g->seal : NULL);
    g->store = store_new(&store);
    g->numbers = numbers_new(g->store, gateway_on_number, g);
    g->postman = postman_new(g->store, conf, gateway_dial, g);
    postman_code(g->postman, g->menu->codes[0]);
    g->texts = throttle_new(conf->texts_hour, THROTTLE_HOUR);
    g->fruitless = throttle_new(conf->texts_fruitless, THROTTLE_DAY);
    g->lookups = lookups_new(conf);
    g->recent = recent_new(GATEWAY_RECENT_MAX);
    g->case_to = (struct store_case_to){ gateway_on_case, g };
    g->desk = desk_new(&(struct desk_args){ g->base, g->store, g->generations });
    g->agencies = agencies_new(&(struct agencies_args){ conf, args->http, g->store, g->desk, g->generations });
    g->almanac = almanac_new(g->store);
    g->timekeeper = timekeeper_new(&(struct timekeeper_args){ g->store, g->desk, g->almanac, g->generations });
    g->feeder = feeder_new(g->store);
    g->sweeper = sweeper_new(g->store, conf->refused_days);
    g->tally = tally_new(g->store);
    g->sealer = sealer_new(g->store, g->menu->utc_offset_min);
    g->openings = openings_new(&(struct openings_args){ g->store, g->almanac, g->generations, gateway_on_listed, g });
    g->reminders = reminders_new(g->store, g->generations);
    g->alerts = alerts_new();
    if (!gateway_open_state(g, err, err_size) || !gateway_take_secret(g, err, err_size) || !gateway_open_backends(g, err, err_size) ||
        !gateway_open_pins(g, err, err_size) || !gateway_open_cashier(g, args->http, err, err_size) ||
        !gateway_open_officers(g, err, err_size) ||
        !gateway_open_handover(g, err, err_size)) {
        gateway_free(g);
        return NULL;
    }
    for (int i = 0; i < conf->link_count; i++)
        if (!gateway_open(g, &conf->links[i], args->http)) {
            snprintf(err, err_size, "link '%s' cannot be opened: check its address and style", conf->links[i].name);
            gateway_free(g);
            return NULL;
        }
    g->tick = event_new(g->base, -1, EV_PERSIST, gateway_on_tick, g);
    event_add(g->tick, &tick);
    return g;
}

static void gateway_drop_session(void *arg, struct session *s)
{
    struct gateway *g = arg;
    struct queue *q = s->works;

    while (q != NULL && q->head != NULL)
        work_pop(g, s);
    free(q);
    s->works = NULL;
}

void gateway_free(struct gateway *g)
{
    if (g == NULL)
        return;
    if (g->tick != NULL)
        event_free(g->tick);
    for (int i = 0; i < g->bearer_count; i++)
        bearer_close(g->bearers[i]);
    spool_free(g->spool);
    backends_free(g->backends);
    handover_free(g->handover);
    pins_free(g->pins);
    cashier_free(g->cashier);
    throttle_free(g->texts);
    throttle_free(g->fruitless);
    lookups_free(g->lookups);
    store_free(g->store);
    desk_free(g->desk);
    poller_free(g->poller);
    officers_free(g->officers);
    agencies_free(g->agencies);
    timekeeper_free(g->timekeeper);
    openings_free(g->openings);
    feeder_free(g->feeder);
    sealer_free(g->sealer);
    sweeper_free(g->sweeper);
    tally_free(g->tally);
    reminders_free(g->reminders);
    almanac_free(g->almanac);
    session_each(g->table, gateway_drop_session, g);
    session_table_free(g->table);
    postman_free(g->postman);
    numbers_free(g->numbers);
    recent_free(g->recent);
    alerts_file_free(g->alerts_file);
    alerts_free(g->alerts);
    generations_free(g->generations);
    free(g->awaiting);
    for (int i = 0; i < g->spare_count; i++) {
        flow_out_fini(g->spare[i]);
        free(g->spare[i]);
    }
    free(g->spare);
    free(g->stranded);
    buf_fini(&g->state);
    buf_fini(&g->page);
    free(g);
}

const struct menu *gateway_menu(const struct gateway *g)
{
    return generations_current(g->generations);
}

bool gateway_is_ready(const struct gateway *g)
{
    if (g->draining || !store_is_up(g->store))
        return false;
    for (int i = 0; i < g->bearer_count; i++)
        if (!bearer_is_up(g->bearers[i]))
            return false;
    return true;
}

void gateway_drain(struct gateway *g)
{
    g->draining = true;
    for (int i = 0; i < g->bearer_count; i++)
        bearer_pause(g->bearers[i]);
}

bool gateway_is_idle(const struct gateway *g)
{
    return g->works == 0 && postman_is_idle(g->postman) && handover_is_idle(g->handover) && spool_is_idle(g->spool) &&
           agencies_is_idle(g->agencies) &&
           (tally_is_idle(g->tally) || !store_is_up(g->store));
}
