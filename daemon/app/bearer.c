#include "app/bearer.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/log.h"
#include "wire/aggregator.h"

#define BEARER_PENDING_MAX 65536        /* pages that bearerbox has not yet acknowledged */

struct bearer {
    const struct conf_link *conf;
    struct kannel *kannel;              /* one of the two */
    struct aggregator *aggregator;
    int sms;                            /* profile that sends messages; -1 none */
    const struct bearer_ops *ops;
    void *arg;
};

/* --- from the wire ------------------------------------------------------------- */

static void bearer_on_event(void *arg, struct kannel *k, const struct profile_to *to, const struct event *ev)
{
    struct bearer *b = arg;
    struct bearer_from from = { .to = *to };

    (void)k;
    b->ops->event(b->arg, b, &from, ev);
}

static void bearer_on_request(void *arg, struct aggregator *a, uint64_t ticket, const struct event *ev)
{
    struct bearer *b = arg;
    struct bearer_from from = { .ticket = ticket };

    (void)a;
    b->ops->event(b->arg, b, &from, ev);
}

static void bearer_on_result(void *arg, struct kannel *k, const char *token, enum kannel_result result,
                             const char *reason)
{
    struct bearer *b = arg;

    (void)k;
    b->ops->result(b->arg, b, token, result, reason);
}

static void bearer_on_state(void *arg, struct kannel *k, bool up)
{
    struct bearer *b = arg;

    (void)k;
    if (up)
        b->ops->up(b->arg, b);
}

static const struct kannel_ops bearer_kannel_ops = {
    .event = bearer_on_event,
    .sms = bearer_on_event,             /* the limits of its profile say that it is a text message */
    .result = bearer_on_result,
    .state = bearer_on_state,
};

/* --- life ------------------------------------------------------------------------ */

static void bearer_open_kannel(struct bearer *b, struct event_base *base)
{
    const struct conf_link *conf = b->conf;
    struct kannel_args args = {
        .base = base,
        .name = conf->name,
        .address = conf->address,
        .box_id = conf->box_id,
        .profiles = conf->profiles,
        .profile_count = conf->profile_count,
        .pending_max = BEARER_PENDING_MAX,
        .ops = &bearer_kannel_ops,
        .arg = b,
    };

    for (int i = conf->profile_count - 1; i >= 0; i--)
        if (conf->profiles[i].channel == PROFILE_SMS)
            b->sms = i;
    b->kannel = kannel_new(&args);
}

static void bearer_open_http(struct bearer *b, struct http *http, const unsigned char *secret)
{
    struct aggregator_args args = {
        .name = b->conf->name,
        .style = b->conf->style,
        .limits = b->conf->profiles[0].limits,
        .secret = secret,
        .event = bearer_on_request,
        .arg = b,
    };

    b->aggregator = aggregator_new(http, &args);
}

struct bearer *bearer_open(const struct bearer_args *args)
{
    struct bearer *b = xcalloc(1, sizeof *b);

    b->conf = args->conf;
    b->sms = -1;
    b->ops = args->ops;
    b->arg = args->arg;
    if (args->conf->kind == CONF_LINK_KANNEL)
        bearer_open_kannel(b, args->base);
    else if (args->http != NULL)
        bearer_open_http(b, args->http, args->secret);
    if (b->kannel == NULL && b->aggregator == NULL) {
        free(b);
        return NULL;
    }
    return b;
}

void bearer_close(struct bearer *b)
{
    if (b == NULL)
        return;
    kannel_free(b->kannel);
    aggregator_free(b->aggregator);
    free(b);
}

/* --- to the wire ------------------------------------------------------------------- */

const char *bearer_name(const struct bearer *b)
{
    return b->conf->name;
}

bool bearer_is_up(const struct bearer *b)
{
    return b->kannel == NULL || kannel_is_up(b->kannel);
}

const struct event_limits *bearer_limits(const struct bearer *b, const struct bearer_from *from)
{
    if (b->kannel != NULL)
        return &kannel_profile(b->kannel, from->to.profile)->limits;
    return aggregator_limits(b->aggregator);
}

bool bearer_wants_answer(const struct bearer *b)
{
    return b->aggregator != NULL;
}

enum bearer_sent bearer_reply(struct bearer *b, const struct bearer_from *from, const char *text, size_t n, bool end,
                              const char *token)
{
    if (b->kannel != NULL)
        return kannel_reply(b->kannel, &from->to, text, n, end, token) ? BEARER_SENT : BEARER_FULL;
    return aggregator_reply(b->aggregator, from->ticket, text, n, end) ? BEARER_SEEN : BEARER_SENT;
}

void bearer_ack(struct bearer *b, const struct event_id *id, bool again)
{
    if (b->kannel != NULL)
        kannel_ack(b->kannel, id, again ? BOX_ACK_FAILED_TMP : BOX_ACK_SUCCESS);
}

bool bearer_sends_sms(const struct bearer *b)
{
    return b->sms >= 0 && kannel_is_up(b->kannel);
}

bool bearer_sms(struct bearer *b, struct profile_sms *sms)
{
    if (!bearer_sends_sms(b))
        return false;
    sms->sender = b->conf->senders[b->sms];
    return kannel_sms(b->kannel, (uint16_t)b->sms, sms);
}

void bearer_flush(struct bearer *b)
{
    if (b->kannel != NULL)
        kannel_flush(b->kannel);
}

void bearer_pause(struct bearer *b)
{
    if (b->kannel != NULL)
        kannel_pause(b->kannel, true);
}
