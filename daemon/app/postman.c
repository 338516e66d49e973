#include "app/postman.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/bearer.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/stats.h"
#include "store/store.h"

#define POSTMAN_LOOK_MS 1000            /* how often to look for messages that other processes left */
#define POSTMAN_RETRY_MS 2000           /* a message that no link could take is due again after this */
#define POSTMAN_FORGET_MS 15000         /* an acknowledgement so late counts as lost: the lease has run out */

struct postman {
    struct store *store;
    struct bearer *bearers[CONF_LINKS_MAX];
    int bearer_count;
    int in_flight;                      /* handed to a link, not yet acknowledged */
    int in_flight_max;
    bool called;
    int64_t looked;                     /* clock_mono() ms of the last take */
    int64_t heard;                      /* and of the last hand-over or word of a link */
};

struct postman *postman_new(struct store *store, int in_flight)
{
    struct postman *p = xcalloc(1, sizeof *p);

    p->store = store;
    p->in_flight_max = in_flight > 0 ? in_flight : 200;
    return p;
}

void postman_free(struct postman *p)
{
    free(p);
}

void postman_add_bearer(struct postman *p, struct bearer *b)
{
    assert(p->bearer_count < CONF_LINKS_MAX);
    p->bearers[p->bearer_count++] = b;
}

void postman_call(struct postman *p)
{
    p->called = true;
}

/* The link she last dialled in from when it can send and is up, else any that is. */
static struct bearer *postman_route(const struct postman *p, const char *name)
{
    struct bearer *any = NULL;

    for (int i = 0; i < p->bearer_count; i++) {
        struct bearer *b = p->bearers[i];

        if (!bearer_sends_sms(b))
            continue;
        if (strcmp(bearer_name(b), name) == 0)
            return b;
        if (any == NULL)
            any = b;
    }
    return any;
}

void postman_flush(struct postman *p)
{
    int room = p->in_flight_max - p->in_flight;

    if (!p->called || room <= 0 || !store_is_up(p->store) || postman_route(p, "") == NULL)
        return;
    p->called = false;
    p->looked = clock_mono();
    store_outbox_take(p->store, room);
}

void postman_tick(struct postman *p)
{
    int64_t now = clock_mono();

    if (now - p->looked >= POSTMAN_LOOK_MS)
        p->called = true;
    if (p->in_flight > 0 && now - p->heard >= POSTMAN_FORGET_MS) {
        log_warn("event=sms_unacknowledged count=%d next=lease_expires", p->in_flight);
        p->in_flight = 0;
    }
}

void postman_send(struct postman *p, const struct store_outgoing *m)
{
    struct bearer *b = postman_route(p, m->link);
    char token[48];
    struct profile_sms sms = {
        .receiver = m->receiver,
        .text = m->text,
        .text_len = strlen(m->text),
        .token = token,
        .report = true,
    };

    snprintf(token, sizeof token, "s/%d/%" PRId64, m->bucket, m->id);
    if (b == NULL || !bearer_sms(b, &sms)) {
        store_outbox_mark(p->store, m->bucket, m->id, STORE_SMS_WAITING, "no link could take it",
                          clock_now() + POSTMAN_RETRY_MS);
        return;
    }
    p->in_flight++;
    p->heard = clock_mono();
    p->called = true;                   /* there may be more */
}

/* What the outbox row becomes on the link's word. */
static const struct postman_rule {
    enum store_sms_state state;
    bool acknowledged;                  /* the in-flight count goes down */
} postman_rules[KANNEL_RESULTS] = {
    [KANNEL_QUEUED] = { STORE_SMS_ACCEPTED, true },
    [KANNEL_REFUSED] = { STORE_SMS_FAILED, true },
    [KANNEL_LATER] = { STORE_SMS_WAITING, true },
    [KANNEL_SUBMITTED] = { STORE_SMS_SENT, false },
    [KANNEL_REJECTED] = { STORE_SMS_FAILED, false },
    [KANNEL_DELIVERED] = { STORE_SMS_DELIVERED, false },
    [KANNEL_UNDELIVERED] = { STORE_SMS_UNDELIVERED, false },
};

void postman_result(struct postman *p, const char *token, enum kannel_result result, const char *reason)
{
    const struct postman_rule *rule = &postman_rules[result];
    int16_t bucket;
    int64_t id;

    if (sscanf(token, "s/%" SCNd16 "/%" SCNd64, &bucket, &id) != 2)
        return;
    p->heard = clock_mono();
    if (rule->acknowledged && p->in_flight > 0)
        p->in_flight--;
    store_outbox_mark(p->store, bucket, id, rule->state, reason, clock_now() + POSTMAN_RETRY_MS);
    if (rule->state == STORE_SMS_SENT)
        stats_inc(sms_sent);
    if (rule->state == STORE_SMS_DELIVERED)
        stats_inc(sms_delivered);
    if (rule->state == STORE_SMS_FAILED) {
        stats_inc(sms_failed);
        log_warn("sms=%" PRId64 " event=sms_refused reason=\"%s\" next=given_up", id, reason);
    }
}

bool postman_is_idle(const struct postman *p)
{
    return p->in_flight == 0;
}
