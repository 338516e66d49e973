#include "app/bearer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/log.h"
#include "wire/aggregator.h"

#define BEARER_PENDING_MAX 65536        /* pages that bearerbox has not yet acknowledged */

struct bearer {
    const struct conf_link *conf;
    struct kannel *kannel;              /* one of the two */
    struct aggregator *aggregator;
    struct bearer_lane lanes[CONF_PROFILES_MAX];
    char names[CONF_PROFILES_MAX][CONF_LANE_SIZE];
    int lane_count;
    int lane_of[CONF_PROFILES_MAX];     /* by profile */
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

static void bearer_on_notified(void *arg, struct kannel *k, const char *msisdn)
{
    struct bearer *b = arg;

    (void)k;
    b->ops->notified(b->arg, b, msisdn);
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
    .notified = bearer_on_notified,
};

/* --- life ------------------------------------------------------------------------ */

static void bearer_add_lane(struct bearer *b, int profile)
{
    struct bearer_lane *l = &b->lanes[b->lane_count];
    char *name = b->names[b->lane_count];

    if (b->lane_count == 0)
        snprintf(name, CONF_LANE_SIZE, "%s", b->conf->name);
    else
        snprintf(name, CONF_LANE_SIZE, "%s/%s", b->conf->name, b->conf->profiles[profile].smsc_id);
    *l = (struct bearer_lane){ .name = name, .profile = profile, .rate = b->conf->ways[profile].rate };
    b->lane_of[profile] = b->lane_count++;
}

/* Those who dial in are reached by the lane that their SMSC id names, else by the first. */
static void bearer_find_lanes(struct bearer *b)
{
    const struct conf_link *conf = b->conf;

    for (int i = 0; i < conf->profile_count; i++)
        if (conf->profiles[i].channel == PROFILE_SMS)
            bearer_add_lane(b, i);
    for (int i = 0; i < conf->profile_count; i++)
        for (int k = 0; k < b->lane_count; k++)
            if (strcmp(conf->profiles[b->lanes[k].profile].smsc_id, conf->ways[i].sms) == 0)
                b->lane_of[i] = k;
}

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

    bearer_find_lanes(b);
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

/* The first profile that lets us begin most; NULL none. */
static const struct profile *bearer_pusher(const struct bearer *b)
{
    const struct profile *best = NULL;

    for (int i = 0; b->kannel != NULL && i < b->conf->profile_count; i++) {
        const struct profile *p = &b->conf->profiles[i];

        if (p->channel == PROFILE_USSD && p->push > (best != NULL ? best->push : PROFILE_PUSH_NONE))
            best = p;
    }
    return best;
}

enum profile_push bearer_push(const struct bearer *b)
{
    const struct profile *p = bearer_pusher(b);

    return p != NULL ? (enum profile_push)p->push : PROFILE_PUSH_NONE;
}

bool bearer_tells_notices(const struct bearer *b)
{
    const struct profile *p = bearer_pusher(b);

    return p != NULL && p->notified.n > 0;
}

bool bearer_toward(const struct bearer *b, const char *msisdn, const char *code, struct bearer_from *from)
{
    const struct profile *p = bearer_pusher(b);

    if (p == NULL || !kannel_is_up(b->kannel) || strlen(msisdn) >= sizeof from->to.receiver ||
        strlen(code) >= sizeof from->to.sender)
        return false;
    *from = (struct bearer_from){ .to = { .profile = (uint16_t)(p - b->conf->profiles), .pushed = true } };
    memcpy(from->to.receiver, msisdn, strlen(msisdn) + 1);
    memcpy(from->to.sender, code, strlen(code) + 1);
    return true;
}

void bearer_ack(struct bearer *b, const struct event_id *id, bool again)
{
    if (b->kannel != NULL)
        kannel_ack(b->kannel, id, again ? BOX_ACK_FAILED_TMP : BOX_ACK_SUCCESS);
}

int bearer_lane_count(const struct bearer *b)
{
    return b->lane_count;
}

const struct bearer_lane *bearer_lane(const struct bearer *b, int i)
{
    return &b->lanes[i];
}

static int bearer_lane_from(const struct bearer *b, const struct bearer_from *from)
{
    return from->to.profile < b->conf->profile_count ? b->lane_of[from->to.profile] : 0;
}

const char *bearer_road(const struct bearer *b, const struct bearer_from *from)
{
    return b->lane_count > 0 ? b->lanes[bearer_lane_from(b, from)].name : b->conf->name;
}

const char *bearer_road_of(const struct bearer *b, const char *name)
{
    for (int i = 0; i < b->lane_count; i++)
        if (strcmp(b->lanes[i].name, name) == 0)
            return b->lanes[i].name;
    return b->lane_count == 0 && strcmp(b->conf->name, name) == 0 ? b->conf->name : NULL;
}

bool bearer_sms(struct bearer *b, int lane, struct profile_sms *sms)
{
    int profile = b->lanes[lane].profile;

    if (!kannel_is_up(b->kannel))
        return false;
    sms->sender = b->conf->ways[profile].sender;
    return kannel_sms(b->kannel, (uint16_t)profile, sms);
}

bool bearer_sms_back(struct bearer *b, const struct bearer_from *from, struct profile_sms *sms)
{
    return b->lane_count > 0 && bearer_sms(b, bearer_lane_from(b, from), sms);
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
