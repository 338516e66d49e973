#include "app/cashier.h"

#include <assert.h>
#include <event2/buffer.h>
#include <event2/http.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "app/desk.h"
#include "app/generations.h"
#include "app/receipts.h"
#include "app/tills.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/stats.h"
#include "engine/payment.h"
#include "engine/session.h"
#include "wire/bill.h"
#include "wire/hook.h"
#include "wire/http.h"

#define CASHIER_JOBS_MAX 1024           /* more are refused, and come again */
#define CASHIER_TAKE_MAX 64
#define CASHIER_TAKE_MS 500             /* how often what is due is looked for */
#define CASHIER_WINDOW_MS (5 * 60 * 1000)       /* a call's time may be so far from ours */
#define CASHIER_TRIES 32                /* writes that others were faster than */
#define CASHIER_LEASE_MS 30000          /* store/payments.c's */
#define CASHIER_BODY_MAX 4096
#define CASHIER_NOTE_MAX 200
#define CASHIER_ROUTE "/payments/"

/*
 * A job opens its payment or reads it, asks its provider if it must, writes what
 * has become of it, and ends.  Who loses a race reads again and takes the same
 * news in again.
 */
enum cashier_state {
    CASHIER_OPENING = 0,
    CASHIER_READING,
    CASHIER_ASKING,                     /* the provider */
    CASHIER_MOVING,                     /* the case */
    CASHIER_WRITING,
    CASHIER_PARTING,                    /* writing what became of a part that is to be given back */
    CASHIER_STATES,
};

/* Whom it is for. */
enum cashier_for {
    CASHIER_DIALOGUE = 0,               /* waiter waits for it */
    CASHIER_CALLER,                     /* a provider holds a request open */
    CASHIER_US,                         /* it was due */
};

struct cashier_job {
    TAILQ_ENTRY(cashier_job) link;
    struct cashier *owner;
    uint64_t id;
    enum cashier_state state;
    enum cashier_for whom;
    uint64_t waiter;                    /* session id, or ticket of the held request */
    enum payment_task task;             /* ASKING */
    struct payment p;
    struct store_part part;             /* that is to be asked for, or told of */
    int32_t seq;
    int16_t bucket;
    int64_t paid, back;
    char ref[PAYMENT_REF_SIZE];
    char *msisdn, *provider, *service, *about, *lang;   /* owned */
    bool has_news;
    struct bill_news news;
    enum payment_state told;            /* of the news */
    enum payment_verdict verdict;
    const char *actor;                  /* of the row of its history: "" none */
    char note[CASHIER_NOTE_MAX + 1];
    enum payment_debt paying;           /* a debt that the write pays */
    int tries;
};
TAILQ_HEAD(cashier_jobs, cashier_job);

struct cashier {
    struct cashier_args args;
    struct hook *hook;
    struct tills *tills;
    struct cashier_jobs jobs;
    uint64_t last_id;
    size_t count;
    int64_t looked;                     /* clock_mono() ms */
    bool look;                          /* something is due now */
    struct buf body;                    /* scratch */
};

/* --- jobs ------------------------------------------------------------------------------- */

static struct cashier_job *cashier_job_new(struct cashier *c, enum cashier_for whom, uint64_t waiter)
{
    struct cashier_job *j = xcalloc(1, sizeof *j);

    j->owner = c;
    j->id = ++c->last_id;
    j->whom = whom;
    j->waiter = waiter;
    j->actor = "";
    j->paying = PAYMENT_DEBTS;
    TAILQ_INSERT_TAIL(&c->jobs, j, link);
    c->count++;
    return j;
}

static void cashier_job_forget(struct cashier_job *j)
{
    free(j->msisdn);
    free(j->provider);
    free(j->service);
    free(j->about);
    free(j->lang);
    j->msisdn = j->provider = j->service = j->about = j->lang = NULL;
}

static void cashier_job_drop(struct cashier *c, struct cashier_job *j)
{
    TAILQ_REMOVE(&c->jobs, j, link);
    c->count--;
    cashier_job_forget(j);
    free(j);
}

static struct cashier_job *cashier_job_find(struct cashier *c, uint64_t id)
{
    struct cashier_job *j;

    TAILQ_FOREACH(j, &c->jobs, link) {
        if (j->id == id)
            return j;
    }
    return NULL;
}

/* The row as it was read. */
static void cashier_job_read(struct cashier_job *j, const struct store_payment *row)
{
    cashier_job_forget(j);
    j->p = (struct payment){
        .state = payment_state_find(row->state), .taka = row->taka, .refund = row->refund, .owes = (unsigned)row->owes,
        .tries = row->tries, .created = row->created, .expires = row->expires,
    };
    (void)snprintf(j->p.trx, sizeof j->p.trx, "%s", row->trx);
    (void)snprintf(j->p.reason, sizeof j->p.reason, "%s", row->reason);
    (void)snprintf(j->ref, sizeof j->ref, "%s", row->ref);
    j->part = row->part;
    if (j->part.given)
        payment_owe(&j->p, PAYMENT_OWES_PART);
    else
        j->p.part = j->part.n;
    j->seq = row->seq;
    j->bucket = row->bucket;
    j->paid = row->paid;
    j->back = row->back;
    j->msisdn = xstrdup(row->msisdn);
    j->provider = xstrdup(row->provider);
    j->service = xstrdup(row->service);
    j->about = xstrdup(row->about);
    j->lang = xstrdup(row->lang);
}

/* --- the end of a job ------------------------------------------------------------------------ */

static void cashier_answer(struct cashier *c, const struct cashier_job *j, bool failed, enum flow_pay pay)
{
    const struct flow_rows rows = { .failed = failed, .pay = pay };

    c->args.answered(c->args.arg, j->waiter, &rows);
}

static void cashier_reply(struct cashier *c, uint64_t ticket, int status, const char *what)
{
    char body[160];
    int n = snprintf(body, sizeof body, "{\"%s\": \"%.100s\"}\n", status == 200 ? "state" : "error", what);

    if (status != 200)
        stats_inc(payment_calls_refused);
    (void)http_finish(c->args.http, ticket, status, "application/json", body, (size_t)n);
}

/* What she is told, by how her payment stands after its provider was asked. */
static enum flow_pay cashier_says(const struct cashier_job *j)
{
    static const enum flow_pay says[PAYMENT_STATES] = {
        [PAYMENT_QUOTED] = FLOW_PAY_LATE,       [PAYMENT_REQUESTED] = FLOW_PAY_ASKED,
        [PAYMENT_APPROVED] = FLOW_PAY_ASKED,    [PAYMENT_FAILED] = FLOW_PAY_REFUSED,
        [PAYMENT_CONFIRMED] = FLOW_PAY_ASKED,   [PAYMENT_REFUNDED] = FLOW_PAY_AGAIN,
    };

    return says[j->p.state];
}

static void cashier_reply_verdict(struct cashier *c, const struct cashier_job *j)
{
    switch (j->verdict) {
    case PAYMENT_MOVED:
    case PAYMENT_KNOWN:
        cashier_reply(c, j->waiter, 200, payment_state_name(j->p.state));
        return;
    case PAYMENT_OTHER_TAKA:
        cashier_reply(c, j->waiter, 409, "taka: another amount was asked for");
        return;
    case PAYMENT_OTHER_TRX:
        cashier_reply(c, j->waiter, 409, "trx: it was confirmed under another number");
        return;
    case PAYMENT_VERDICTS:
        break;
    }
    abort();
}

/* What it is for has happened, or (failed) nobody knows. */
static void cashier_finish(struct cashier *c, struct cashier_job *j, bool failed)
{
    switch (j->whom) {
    case CASHIER_DIALOGUE:
        cashier_answer(c, j, failed, cashier_says(j));
        break;
    case CASHIER_CALLER:
        if (failed)
            cashier_reply(c, j->waiter, 503, "not now: call again");
        else
            cashier_reply_verdict(c, j);
        break;
    case CASHIER_US:
        break;
    }
    cashier_job_drop(c, j);
}

/* --- writing --------------------------------------------------------------------------------- */

static void cashier_log(const struct cashier_job *j, const char *event, const char *reason)
{
    char mask[LOG_MASK_SIZE];

    log_info("payment=%s msisdn=%s event=%s state=%s provider=%s taka=%" PRId64 " reason=\"%s\"", j->ref,
             log_mask(mask, j->msisdn), event, payment_state_name(j->p.state), j->provider, j->p.taka, reason);
}

static void cashier_count(enum payment_state state)
{
    if (state == PAYMENT_CONFIRMED)
        stats_inc(payments_confirmed);
    else if (state == PAYMENT_FAILED)
        stats_inc(payments_failed);
    else if (state == PAYMENT_REFUNDED)
        stats_inc(payments_refunded);
}

/* Take in what the job has heard.  False: nothing of it changes the payment. */
static bool cashier_hear(struct cashier_job *j)
{
    const struct payment_news news = { j->told, j->news.taka, j->news.trx, j->news.reason };
    int64_t at = j->news.at > 0 ? j->news.at : clock_now();

    j->verdict = payment_take(&j->p, &news);
    if (j->verdict == PAYMENT_OTHER_TAKA || j->verdict == PAYMENT_OTHER_TRX)
        log_warn("payment=%s event=payment_differs provider=%s state=%s reason=\"%s\"", j->ref, j->provider, j->news.state,
                 j->verdict == PAYMENT_OTHER_TAKA ? "another amount" : "another number of the transaction");
    if (j->verdict != PAYMENT_MOVED)
        return false;
    if (j->p.state >= PAYMENT_CONFIRMED && j->paid == 0)
        j->paid = at;
    if (j->p.state == PAYMENT_REFUNDED && j->back == 0)
        j->back = at;
    (void)snprintf(j->note, sizeof j->note, "%s", j->p.state == PAYMENT_FAILED ? j->p.reason : j->news.trx);
    return true;
}

static void cashier_on_written(struct cashier *c, struct cashier_job *j, const struct store_payment *row, bool failed)
{
    if (failed) {
        cashier_finish(c, j, true);
        return;
    }
    if (row == NULL) {                  /* somebody was faster: what was heard is to be taken in again */
        if (!j->has_news && j->whom != CASHIER_DIALOGUE) {
            cashier_job_drop(c, j);     /* and what was to be done is due for him */
            return;
        }
        if (++j->tries >= CASHIER_TRIES) {
            cashier_finish(c, j, true);
            return;
        }
        j->state = CASHIER_READING;
        store_payment_load(c->args.store, j->id, j->bucket, j->ref);
        return;
    }
    if (j->verdict == PAYMENT_MOVED && j->has_news) {
        cashier_count(j->p.state);
        cashier_log(j, "payment_moved", j->note);
    }
    c->look |= row->due != 0 && row->due <= clock_now();
    cashier_finish(c, j, false);
}

/* Write the payment as the job has it. */
static void cashier_write(struct cashier *c, struct cashier_job *j)
{
    int64_t now = clock_now();
    bool part = j->paying == PAYMENT_OWES_PART;
    struct payment kept = j->p;
    struct store_payment row = {
        .bucket = j->bucket, .ref = j->ref, .msisdn = j->msisdn, .state = payment_state_name(j->p.state), .trx = j->p.trx,
        .reason = j->p.reason, .refund = j->p.refund, .tries = j->p.tries, .seq = j->seq,
        .due = part ? now : payment_due(&j->p, now), .paid = j->paid, .back = j->back,
    };
    struct store_payment_change change = { .row = &row, .actor = j->actor, .note = j->note };
    struct store_message message;
    struct receipt receipt = {
        .provider = j->provider, .service = j->service, .about = j->about, .lang = j->lang, .trx = j->p.trx,
        .reason = j->p.reason, .ref = j->ref, .taka = part ? j->part.taka : j->p.taka, .part = part ? j->part.n : 0,
    };

    payment_clear_debt(&kept, PAYMENT_OWES_PART);       /* its own row keeps it */
    row.owes = (int32_t)kept.owes;
    if (part)
        row.part = j->part;
    j->state = CASHIER_WRITING;
    buf_clear(&c->body);
    if (j->paying != PAYMENT_DEBTS &&
        receipts_print(generations_current(c->args.generations), &receipt, j->paying, &c->body, &message))
        change.message = &message;
    if (change.message != NULL)
        stats_inc(sms_queued);
    store_payment_write(c->args.store, j->id, &change);
}

/* Its next try comes later. */
static void cashier_put_off(struct cashier *c, struct cashier_job *j)
{
    j->p.tries++;
    j->has_news = false;
    j->actor = "";
    cashier_write(c, j);
}

/* What was heard is to be written, if it changes anything; else the job ends, or its next try is put off. */
static void cashier_settle(struct cashier *c, struct cashier_job *j)
{
    if (cashier_hear(j))
        cashier_write(c, j);
    else if (j->whom == CASHIER_CALLER || j->tries > 0)         /* read again: somebody else has seen to what is due */
        cashier_finish(c, j, false);
    else
        cashier_put_off(c, j);
}

/* --- parts ---------------------------------------------------------------------------------------- */

/* What the provider says of the part that it gives back, or (refused) does not. */
static void cashier_part(struct cashier *c, struct cashier_job *j, bool refused, const char *reason)
{
    const struct store_part_news news = {
        .bucket = j->bucket, .ref = j->ref, .n = j->has_news && j->news.part > 0 ? (int)j->news.part : j->p.part,
        .refused = refused, .taka = refused ? 0 : j->news.taka, .trx = refused ? "" : j->news.trx, .reason = reason,
        .actor = "provider", .at = j->has_news && j->news.at > 0 ? j->news.at : clock_now(),
    };

    cashier_log(j, refused ? "part_refused" : "part_given_back", reason);
    j->state = CASHIER_PARTING;
    store_payment_part(c->args.store, j->id, &news);
}

static void cashier_on_parted(struct cashier *c, struct cashier_job *j, const struct store_payment *row, bool failed)
{
    if (failed) {
        cashier_finish(c, j, true);
        return;
    }
    if (row == NULL && j->whom == CASHIER_US) {
        log_warn("payment=%s event=payment_differs provider=%s reason=\"another amount of a part\"", j->ref, j->provider);
        cashier_put_off(c, j);
        return;
    }
    c->look |= row != NULL;             /* she is to be told */
    if (j->whom == CASHIER_CALLER && row == NULL)
        cashier_reply(c, j->waiter, 409, "part: none of this number and amount was asked for");
    else if (j->whom == CASHIER_CALLER)
        cashier_reply(c, j->waiter, 200, payment_state_name(PAYMENT_REFUNDED));
    cashier_job_drop(c, j);
}

/* --- asking a provider ------------------------------------------------------------------------ */

static void cashier_told(struct cashier_job *j, enum payment_state state, const char *reason)
{
    memset(&j->news, 0, sizeof j->news);
    (void)snprintf(j->news.state, sizeof j->news.state, "%s", payment_state_name(state));
    (void)snprintf(j->news.reason, sizeof j->news.reason, "%s", reason);
    j->told = state;
    j->has_news = true;
}

/* Nothing new came of the asking.  answered: the provider said so itself. */
static void cashier_nothing_new(struct cashier *c, struct cashier_job *j, bool answered)
{
    if (j->task != PAYMENT_ASK_REFUND && payment_is_over(&j->p, answered, clock_now())) {
        cashier_told(j, PAYMENT_FAILED, "not approved in time");
        j->actor = "clock";
        cashier_settle(c, j);
        return;
    }
    cashier_put_off(c, j);
}

/* The provider says no: to the request, or to the refund. */
static void cashier_refused(struct cashier *c, struct cashier_job *j, const char *reason)
{
    if (j->task == PAYMENT_ASK) {
        cashier_told(j, PAYMENT_FAILED, reason[0] != '\0' ? reason : "refused");
        j->actor = "provider";
        cashier_settle(c, j);
    } else if (j->task == PAYMENT_ASK_REFUND) {
        j->p.refund = false;
        j->p.tries = 0;
        j->actor = "provider";
        (void)snprintf(j->note, sizeof j->note, "refund refused: %.120s", reason);
        cashier_log(j, "refund_refused", reason);
        cashier_write(c, j);
    } else if (j->task == PAYMENT_ASK_PART) {
        cashier_part(c, j, true, reason[0] != '\0' ? reason : "refused");
    } else {
        cashier_nothing_new(c, j, true);
    }
}

static void cashier_mock(struct cashier *c, struct cashier_job *j, const struct till *till)
{
    static const enum payment_state becomes[PAYMENT_TASKS] = {
        [PAYMENT_ASK] = PAYMENT_REQUESTED, [PAYMENT_ASK_STATUS] = PAYMENT_CONFIRMED,
        [PAYMENT_ASK_REFUND] = PAYMENT_REFUNDED, [PAYMENT_ASK_PART] = PAYMENT_REFUNDED,
    };

    if (till->answer == MENU_MOCK_LATE) {
        cashier_nothing_new(c, j, false);
    } else if (till->answer == MENU_MOCK_REFUSED) {
        cashier_refused(c, j, "mock");
    } else {
        cashier_told(j, becomes[j->task], "");
        if (j->task == PAYMENT_ASK_STATUS)
            (void)snprintf(j->news.trx, sizeof j->news.trx, "MOCK%.8s", j->ref + 4);
        j->actor = "provider";
        if (j->task == PAYMENT_ASK_PART)
            cashier_part(c, j, false, "");
        else
            cashier_settle(c, j);
    }
}

/* One request to the provider, for the job's task. */
static void cashier_ask_provider(struct cashier *c, struct cashier_job *j)
{
    const struct till *till = tills_find(c->tills, generations_current(c->args.generations), j->provider);
    const struct bill_ask ask = {
        .ref = j->ref, .taka = j->task == PAYMENT_ASK_PART ? j->part.taka : j->p.taka, .phone = j->msisdn, .about = j->about, .service = j->service,
        .within_s = (int)((j->p.expires - j->p.created) / 1000), .trx = j->p.trx,
        .part = j->task == PAYMENT_ASK_PART ? j->part.n : 0,
    };
    char id[PAYMENT_REF_SIZE + 32];
    struct hook_question q = { .ticket = j->id, .id = id };

    j->state = CASHIER_ASKING;
    if (till != NULL && till->kind == MENU_PROVIDER_MOCK) {
        cashier_mock(c, j, till);
        return;
    }
    buf_clear(&c->body);
    if (j->task == PAYMENT_ASK) {
        q.path = "/payments";
        bill_print_payment(&c->body, &ask);
    } else if (j->task == PAYMENT_ASK_STATUS) {
        q.path = "/status";
        bill_print_status(&c->body, &ask);
    } else {
        q.path = "/refunds";
        bill_print_refund(&c->body, &ask);
    }
    if (ask.part > 0)
        (void)snprintf(id, sizeof id, "%s-%s-%d", j->ref, q.path + 1, ask.part);
    else
        (void)snprintf(id, sizeof id, "%s-%s", j->ref, q.path + 1);
    q.body = buf_str(&c->body);
    if (till == NULL || till->place == NULL) {
        log_warn("payment=%s event=payment_waits provider=%s reason=\"%s\"", j->ref, j->provider,
                 till == NULL ? "the menus name no such provider" : "its key cannot be read");
        cashier_nothing_new(c, j, false);
        return;
    }
    q.timeout_ms = till->timeout_ms;
    q.breaker_fails = till->breaker_fails;
    q.breaker_rest_ms = till->breaker_rest_ms;
    if (!hook_ask(c->hook, till->place, &q))
        cashier_nothing_new(c, j, false);
}

static bool cashier_is_no(int status)
{
    return status >= 400 && status < 500 && status != 408 && status != 429;
}

static void cashier_on_answered(void *arg, const struct hook_answer *a)
{
    struct cashier *c = arg;
    struct cashier_job *j = cashier_job_find(c, a->ticket);
    const char *why = a->reason;
    bool good;

    if (j == NULL || j->state != CASHIER_ASKING)
        return;
    good = a->status != 0 && bill_read(a->body, a->len, &j->news, &why);
    if (cashier_is_no(a->status)) {
        char reason[BILL_REASON_MAX + 1];

        memcpy(reason, good ? j->news.reason : "", good ? sizeof reason : 1);
        cashier_refused(c, j, reason);
        return;
    }
    if (good)
        j->told = payment_state_find(j->news.state);
    if (a->status >= 200 && a->status <= 299 && good && j->told != PAYMENT_STATES &&
        (j->news.ref[0] == '\0' || strcmp(j->news.ref, j->ref) == 0)) {
        bool of_part = j->task == PAYMENT_ASK_PART && j->told == PAYMENT_REFUNDED && j->news.part == j->part.n;

        j->has_news = true;
        j->actor = "provider";
        if (of_part)
            cashier_part(c, j, false, "");
        else if (j->task == PAYMENT_ASK_PART || j->news.part > 0 || j->told <= j->p.state)
            cashier_nothing_new(c, j, true);
        else
            cashier_settle(c, j);
        return;
    }
    log_warn("payment=%s event=provider_failed provider=%s status=%d reason=\"%s\"", j->ref, j->provider, a->status,
             a->status == 0 || !good ? why : "its status, or another payment's answer");
    stats_inc(payment_asks_failed);
    cashier_nothing_new(c, j, false);
}

/* --- what is owed ------------------------------------------------------------------------------- */

/* The debt is paid with the next write. */
static void cashier_pay(struct cashier *c, struct cashier_job *j, enum payment_debt debt)
{
    payment_clear_debt(&j->p, debt);
    j->p.tries = 0;
    j->paying = debt;
    cashier_write(c, j);
}

static void cashier_on_moved(void *arg, uint64_t ticket, const struct desk_answer *a)
{
    struct cashier *c = arg;
    struct cashier_job *j = cashier_job_find(c, ticket);
    bool again = a->outcome == DESK_AWAY || a->outcome == DESK_NO_MENUS ||
                 (a->outcome == DESK_NO_CASE && j != NULL && clock_now() < j->p.expires + CASHIER_WINDOW_MS);

    if (j == NULL || j->state != CASHIER_MOVING)
        return;
    if (again) {
        cashier_put_off(c, j);
        return;
    }
    if (a->outcome != DESK_DONE && a->outcome != DESK_REPEATED) {
        char mask[LOG_MASK_SIZE];

        log_warn("payment=%s event=case_not_moved case=%s reason=%s", j->ref, log_mask(mask, j->about),
                 desk_outcome_name(a->outcome));
        j->actor = "desk";
        (void)snprintf(j->note, sizeof j->note, "the case was not moved: %s", desk_outcome_name(a->outcome));
    }
    cashier_pay(c, j, payment_debt(&j->p));
}

/* Her case is to go on, or to know that it is not paid any more. */
static void cashier_move_case(struct cashier *c, struct cashier_job *j, enum payment_debt debt)
{
    const struct menu *m = generations_current(c->args.generations);
    int i = j->service[0] != '\0' ? menu_service_find(m, j->service) : MENU_NONE;
    const struct menu_service *s = i != MENU_NONE ? &m->services[i] : NULL;
    int to = s == NULL ? MENU_NONE : debt == PAYMENT_OWES_CASE ? s->fee_paid : s->fee_back;
    struct desk_order order = { .kind = DESK_PROVIDER, .actor = j->provider };
    const struct desk_done done = { cashier_on_moved, c, j->id };
    char key[PAYMENT_REF_SIZE + 16], note[CASHIER_NOTE_MAX];

    if (to == MENU_NONE || sscanf(j->about, "%10" SCNd64, &order.number) != 1) {
        cashier_pay(c, j, debt);        /* a bill, or a service that says nothing of it */
        return;
    }
    (void)snprintf(key, sizeof key, "pay/%s/%s", j->ref, debt == PAYMENT_OWES_CASE ? "paid" : "back");
    (void)snprintf(note, sizeof note, "Tk %" PRId64 "%s%s", j->p.taka, j->p.trx[0] != '\0' ? " " : "", j->p.trx);
    order.key = key;
    order.to = s->states[to].name;
    order.note = note;
    order.at = clock_now();
    j->state = CASHIER_MOVING;
    desk_order(c->args.desk, &order, &done);
}

static void cashier_pay_debt(struct cashier *c, struct cashier_job *j)
{
    enum payment_debt debt = payment_debt(&j->p);

    switch (debt) {
    case PAYMENT_OWES_CASE:
    case PAYMENT_OWES_CASE_BACK:
        cashier_move_case(c, j, debt);
        return;
    case PAYMENT_OWES_FAILED:
    case PAYMENT_OWES_RECEIPT:
    case PAYMENT_OWES_BACK:
    case PAYMENT_OWES_PART:
    case PAYMENT_DEBTS:
        break;
    }
    cashier_pay(c, j, debt);
}

/* --- the next step of a job ------------------------------------------------------------------------ */

/* What is due is done. */
static void cashier_do_task(struct cashier *c, struct cashier_job *j)
{
    j->task = payment_next(&j->p, clock_now());
    switch (j->task) {
    case PAYMENT_PAY_DEBT:
        cashier_pay_debt(c, j);
        return;
    case PAYMENT_ASK:
    case PAYMENT_ASK_STATUS:
    case PAYMENT_ASK_REFUND:
    case PAYMENT_ASK_PART:
        cashier_ask_provider(c, j);
        return;
    case PAYMENT_EXPIRE:
        cashier_told(j, PAYMENT_FAILED, "the provider did not answer");
        j->actor = "clock";
        cashier_settle(c, j);
        return;
    case PAYMENT_REST:
        cashier_write(c, j);
        return;
    case PAYMENT_TASKS:
        break;
    }
    abort();
}

/* The row is here. */
static void cashier_go_on(struct cashier *c, struct cashier_job *j)
{
    if (j->has_news && j->news.part > 0)
        cashier_part(c, j, false, "");
    else if (j->has_news)
        cashier_settle(c, j);
    else if (j->whom == CASHIER_DIALOGUE && j->p.state != PAYMENT_QUOTED)
        cashier_finish(c, j, false);
    else
        cashier_do_task(c, j);
}

static void cashier_on_read(struct cashier *c, struct cashier_job *j, const struct store_payment *row, bool failed)
{
    if (failed) {
        cashier_finish(c, j, true);
        return;
    }
    if (row == NULL && j->whom == CASHIER_DIALOGUE) {
        cashier_answer(c, j, false, FLOW_PAY_AGAIN);
        cashier_job_drop(c, j);
        return;
    }
    /* another provider's payments are not there for it */
    if (row == NULL || (j->whom == CASHIER_CALLER && strcmp(row->provider, j->provider) != 0)) {
        if (j->whom == CASHIER_CALLER)
            cashier_reply(c, j->waiter, 404, "ref: no payment of yours");
        cashier_job_drop(c, j);
        return;
    }
    cashier_job_read(j, row);
    cashier_go_on(c, j);
}

void cashier_stored(struct cashier *c, uint64_t ticket, const struct store_payment *row, bool failed)
{
    struct cashier_job *j = cashier_job_find(c, ticket);

    if (j == NULL)
        return;
    switch (j->state) {
    case CASHIER_OPENING:
    case CASHIER_READING:
        cashier_on_read(c, j, row, failed);
        return;
    case CASHIER_WRITING:
        cashier_on_written(c, j, row, failed);
        return;
    case CASHIER_PARTING:
        cashier_on_parted(c, j, row, failed);
        return;
    case CASHIER_ASKING:
    case CASHIER_MOVING:
    case CASHIER_STATES:
        break;
    }
    abort();
}

void cashier_due(struct cashier *c, const struct store_payment *row)
{
    struct cashier_job *j;

    if (c->count >= CASHIER_JOBS_MAX)
        return;                         /* its lease ends */
    j = cashier_job_new(c, CASHIER_US, 0);
    cashier_job_read(j, row);
    cashier_go_on(c, j);
}

/* --- dialogues ------------------------------------------------------------------------------------- */

bool cashier_ask(struct cashier *c, const struct session *s, const struct flow_question *q, struct flow_rows *rows)
{
    struct cashier_job *j;
    int64_t now = clock_now();
    struct store_payment row = {
        .msisdn = s->msisdn, .provider = q->provider->name, .service = q->fee != NULL ? q->fee->name : "",
        .about = q->about, .backend = q->tells != NULL ? q->tells->name : "", .lang = s->menu->langs[s->lang].id, .taka = q->taka,
        .state = payment_state_name(PAYMENT_QUOTED), .created = now, .expires = now + q->provider->within_ms,
        .due = now + CASHIER_LEASE_MS,  /* this process asks the provider at once; if it dies, another does then */
    };

    *rows = (struct flow_rows){ .failed = true };
    if (c->count >= CASHIER_JOBS_MAX)
        return true;
    stats_inc(payments);
    (void)tills_of(c->tills, q->provider);      /* as its dialogue's menus say, if the current ones say nothing of it */
    j = cashier_job_new(c, CASHIER_DIALOGUE, s->id);
    j->state = CASHIER_OPENING;
    j->bucket = store_bucket(q->about[0] != '\0' ? q->about : s->msisdn);
    payment_ref(j->ref, j->bucket, q->key);
    row.bucket = j->bucket;
    row.ref = j->ref;
    store_payment_open(c->args.store, j->id, &row);
    return false;
}

/* --- calls of providers ---------------------------------------------------------------------------- */

static void cashier_refuse(struct evhttp_request *req, int status, const char *why)
{
    char body[160];
    int n = snprintf(body, sizeof body, "{\"error\": \"%.120s\"}\n", why);

    stats_inc(payment_calls_refused);
    http_answer(req, status, "application/json", body, (size_t)n);
}

/* Is it this provider that calls, and now?  Who cannot show it learns nothing more. */
static bool cashier_is_hers(struct cashier *c, struct evhttp_request *req, const char *name, const char *body, size_t n)
{
    const struct evkeyvalq *headers = evhttp_request_get_input_headers(req);
    const char *time = evhttp_find_header(headers, "X-Kheya-Time");
    const char *signature = evhttp_find_header(headers, "X-Kheya-Signature");
    const struct till *till = tills_find(c->tills, generations_current(c->args.generations), name);
    int64_t at;

    return till != NULL && till->secret_len > 0 && time != NULL && signature != NULL && bill_time(time, &at) &&
           llabs(clock_now() - at) <= CASHIER_WINDOW_MS &&
           bill_is_signed(till->secret, till->secret_len, time, body, n, signature);
}

static void cashier_on_call(void *arg, struct evhttp_request *req, const char *rest)
{
    struct cashier *c = arg;
    struct evbuffer *in = evhttp_request_get_input_buffer(req);
    size_t n = evbuffer_get_length(in);
    const char *body = n > 0 ? (const char *)evbuffer_pullup(in, -1) : "";
    struct bill_news news;
    enum payment_state told;
    const char *why;
    int16_t bucket = 0;
    struct cashier_job *j;

    stats_inc(payment_calls);
    if (!cashier_is_hers(c, req, rest, body, n)) {
        cashier_refuse(req, 401, "X-Kheya-Signature: HMAC-SHA256 of TIME.BODY under your key, X-Kheya-Time: now, in seconds");
        return;
    }
    if (!bill_read(body, n, &news, &why)) {
        cashier_refuse(req, 400, why);
        return;
    }
    told = payment_state_find(news.state);
    if (told == PAYMENT_STATES || told == PAYMENT_QUOTED) {
        cashier_refuse(req, 400, "state: requested, approved, failed, confirmed or refunded");
        return;
    }
    if (news.part > 0 && told != PAYMENT_REFUNDED) {
        cashier_refuse(req, 400, "part: of money that is given back, state refunded");
        return;
    }
    if (!payment_ref_bucket(news.ref, &bucket)) {
        cashier_refuse(req, 404, "ref: no payment of yours");
        return;
    }
    if (c->count >= CASHIER_JOBS_MAX) {
        cashier_refuse(req, 503, "not now: call again");
        return;
    }
    j = cashier_job_new(c, CASHIER_CALLER, http_hold(c->args.http, req));
    j->state = CASHIER_READING;
    j->bucket = bucket;
    j->news = news;
    j->told = told;
    j->has_news = true;
    j->actor = "provider";
    j->provider = xstrdup(rest);
    (void)snprintf(j->ref, sizeof j->ref, "%.20s", news.ref);
    store_payment_load(c->args.store, j->id, bucket, j->ref);
}

/* --- life -------------------------------------------------------------------------------------------- */

struct cashier *cashier_new(const struct cashier_args *args, char *err, size_t err_size)
{
    struct cashier *c = xcalloc(1, sizeof *c);
    const struct hook_args hook = { args->base, args->max, cashier_on_answered, c };

    c->args = *args;
    TAILQ_INIT(&c->jobs);
    buf_init(&c->body, CASHIER_BODY_MAX);
    c->hook = hook_new(&hook, err, err_size);
    c->tills = tills_new(c->hook, args->folder);
    if (c->hook == NULL) {
        cashier_free(c);
        return NULL;
    }
    if (args->http != NULL)
        http_route(args->http, CASHIER_ROUTE, EVHTTP_REQ_POST, cashier_on_call, c);
    return c;
}

void cashier_free(struct cashier *c)
{
    struct cashier_job *j;

    if (c == NULL)
        return;
    if (c->args.http != NULL)
        http_route(c->args.http, CASHIER_ROUTE, EVHTTP_REQ_POST, NULL, NULL);
    hook_free(c->hook);
    while ((j = TAILQ_FIRST(&c->jobs)) != NULL)
        cashier_job_drop(c, j);
    tills_free(c->tills);
    buf_fini(&c->body);
    free(c);
}

void cashier_renew(struct cashier *c)
{
    tills_renew(c->tills);
}

void cashier_tick(struct cashier *c)
{
    int64_t now = clock_mono();

    if (!c->look && now - c->looked < CASHIER_TAKE_MS)
        return;
    if (!store_is_up(c->args.store))
        return;
    c->look = false;
    c->looked = now;
    store_payment_take(c->args.store, CASHIER_TAKE_MAX);
}
