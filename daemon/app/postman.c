#include "app/postman.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/bearer.h"
#include "app/lane.h"
#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/gsm.h"
#include "base/log.h"
#include "base/outbox.h"
#include "base/stats.h"
#include "store/store.h"
#include "wire/pending.h"

#define POSTMAN_LOOK_MS 1000            /* how often to look for messages that other processes left */
#define POSTMAN_SOON_MS 2000            /* a message that no link could take is due again after this */
#define POSTMAN_FORGET_MS 15000         /* an acknowledgement so late counts as lost: the lease has run out */
#define POSTMAN_ROOM_MAX 500            /* messages of one take */
#define POSTMAN_NEWS_MAX 512
#define POSTMAN_SHOWN_MS 30000          /* a notice that no handset has shown by then goes as a message */
#define POSTMAN_NOTICES_MAX 4096        /* whose handsets have not told yet; beyond it they go as messages too */

struct postman {
    struct store *store;
    const struct conf *conf;
    struct postman_lane {
        struct lane *pace;
        struct bearer *bearer;
        int n;                          /* of its bearer */
        const char *name;
    } lanes[STORE_LANES_MAX];
    int lane_count;
    char code[24];                      /* "*333#" */
    struct buf news;                    /* scratch: the discreet form */
    postman_dial_fn dial;
    void *dial_arg;
    struct pending *notices;            /* number to token */
    int in_flight;                      /* handed to a link, not yet acknowledged */
    bool called;
    int64_t looked;                     /* clock_mono() ms of the last take */
    int64_t heard;                      /* and of the last hand-over or word of a link */
};

struct postman *postman_new(struct store *store, const struct conf *conf, postman_dial_fn dial, void *arg)
{
    struct postman *p = xcalloc(1, sizeof *p);

    p->store = store;
    p->conf = conf;
    p->dial = dial;
    p->dial_arg = arg;
    p->notices = pending_new(POSTMAN_NOTICES_MAX);
    buf_init(&p->news, POSTMAN_NEWS_MAX);
    return p;
}

void postman_free(struct postman *p)
{
    if (p == NULL)
        return;
    for (int i = 0; i < p->lane_count; i++)
        lane_free(p->lanes[i].pace);
    buf_fini(&p->news);
    pending_free(p->notices);
    free(p);
}

void postman_add_bearer(struct postman *p, struct bearer *b)
{
    for (int i = 0; i < bearer_lane_count(b); i++) {
        const struct bearer_lane *l = bearer_lane(b, i);

        assert(p->lane_count < STORE_LANES_MAX);        /* conf has counted them */
        p->lanes[p->lane_count++] = (struct postman_lane){
            .pace = lane_new(l->rate, p->conf->sms_in_flight), .bearer = b, .n = i, .name = l->name,
        };
    }
}

void postman_code(struct postman *p, const char *code)
{
    snprintf(p->code, sizeof p->code, "%s", code);
}

void postman_call(struct postman *p)
{
    p->called = true;
}

void postman_up(struct postman *p, const struct bearer *b)
{
    for (int i = 0; i < p->lane_count; i++)
        if (p->lanes[i].bearer == b)
            lane_clear(p->lanes[i].pace);
    p->called = true;
}

/* --- take ------------------------------------------------------------------------ */

/* The first that is up; "" none. */
static const char *postman_fallback(const struct postman *p)
{
    for (int i = 0; i < p->lane_count; i++)
        if (bearer_is_up(p->lanes[i].bearer))
            return p->lanes[i].name;
    return "";
}

static int postman_rooms(struct postman *p, struct store_taking *what)
{
    int64_t now = clock_mono();
    int rooms = 0;

    for (int i = 0; i < p->lane_count; i++) {
        struct store_lane *l = &what->lanes[what->lane_count++];

        *l = (struct store_lane){ .name = p->lanes[i].name, .up = bearer_is_up(p->lanes[i].bearer) };
        if (l->up)
            l->room = lane_room(p->lanes[i].pace, now);
        if (l->room > POSTMAN_ROOM_MAX - rooms)
            l->room = POSTMAN_ROOM_MAX - rooms;
        rooms += l->room;
    }
    return rooms;
}

void postman_flush(struct postman *p)
{
    int64_t now = clock_now();
    bool look = clock_mono() - p->looked >= POSTMAN_LOOK_MS;
    struct store_taking what = {
        .prefixes = p->conf->prefixes, .prefix_count = p->conf->prefix_count, .fallback = postman_fallback(p),
        .quiet_now = outbox_awake(&p->conf->quiet, now) > now, .cap = p->conf->day_cap,
        .tomorrow = outbox_tomorrow(&p->conf->quiet, now),
    };

    if ((!p->called && !look) || p->lane_count == 0 || !store_is_up(p->store))
        return;
    if (postman_rooms(p, &what) == 0 && !look)
        return;                         /* called for as long as there is no room */
    p->called = false;
    p->looked = clock_mono();
    store_outbox_take(p->store, &what);
}

/* Their messages are on their way by now. */
static void postman_forget_notices(struct postman *p, int64_t now)
{
    char token[PENDING_TOKEN_SIZE];

    while (pending_oldest(p->notices) < now - POSTMAN_SHOWN_MS)
        pending_take_oldest(p->notices, token);
}

void postman_tick(struct postman *p)
{
    int64_t now = clock_mono();

    for (int i = 0; i < p->lane_count; i++)
        lane_tick(p->lanes[i].pace, now);
    postman_forget_notices(p, now);
    if (p->in_flight > 0 && now - p->heard >= POSTMAN_FORGET_MS) {
        log_warn("event=sms_unacknowledged count=%d next=lease_expires", p->in_flight);
        p->in_flight = 0;
    }
}

/* --- send ------------------------------------------------------------------------- */

static void postman_mark(struct postman *p, const struct store_outgoing *m, enum store_sms_state state,
                         const char *note)
{
    store_outbox_mark(p->store, &(struct store_mark){ .bucket = m->bucket, .id = m->id, .state = (int)state, .note = note,
                                                      .later = clock_now() + POSTMAN_SOON_MS,
                                                      .untried = state == STORE_SMS_WAITING });
}

static struct postman_lane *postman_lane(struct postman *p, const char *name)
{
    for (int i = 0; i < p->lane_count; i++)
        if (strcmp(p->lanes[i].name, name) == 0)
            return &p->lanes[i];
    return NULL;
}

/* What a message says where others read it: that there is news. */
static const char *postman_news(struct postman *p, const char *lang)
{
    int digits = (int)strcspn(p->code + 1, "#");

    buf_clear(&p->news);
    if (strncmp(lang, "bn", 2) == 0)
        buf_addf(&p->news, "%.*s: আপনার একটি খবর আছে। %s ডায়াল করুন।", digits, p->code + 1, p->code);
    else
        buf_addf(&p->news, "%.*s: You have news. Dial %s.", digits, p->code + 1, p->code);
    return buf_str(&p->news);
}

/* And where whoever reads it is not she: whom it could not be delivered to, and how to have no more of it. */
static const char *postman_news_of(struct postman *p, const char *lang, const char *whose)
{
    const char *all = strncmp(whose, "8801", 4) == 0 ? whose + 2 : whose;
    int n = (int)strlen(all), keep = n >= 9 ? 3 : n / 4;
    int digits = (int)strcspn(p->code + 1, "#");

    buf_clear(&p->news);
    if (strncmp(lang, "bn", 2) == 0)
        buf_addf(&p->news, "%.*s: %.*s**%s এর খবর আছে। বলুন, %s ডায়াল করতে। না চাইলে লিখুন: বন্ধ", digits, p->code + 1, keep, all,
                 all + n - keep, p->code);
    else
        buf_addf(&p->news, "%.*s: News for %.*s**%s. Please tell: dial %s. To stop: SMS STOP", digits, p->code + 1, keep, all,
                 all + n - keep, p->code);
    return buf_str(&p->news);
}

/* A code, a storm and a ministry's word to all betray nobody; nor does the answer to
 * what she wrote herself. */
static const char *postman_words(struct postman *p, const struct store_outgoing *m, enum outbox_class class)
{
    bool hers = class == OUTBOX_TRANSACTIONAL || (class == OUTBOX_SERVICE_INFO && !m->asked);

    if (m->whose[0] != '\0' && (hers || m->asked || m->quiet != 0))
        return postman_news_of(p, m->lang, m->whose);
    if (m->quiet == 0 && !(m->shared && hers))
        return m->text;
    return m->discreet[0] != '\0' ? m->discreet : postman_news(p, m->lang);
}

/* Whole seconds from now until it is of no use, for bearerbox and the SMSC. */
static int postman_validity(const struct store_outgoing *m)
{
    int64_t s = (m->expires - clock_now()) / 1000;

    return s < 1 ? 1 : s > INT32_MAX ? INT32_MAX : (int)s;
}

static void postman_hand(struct postman *p, struct postman_lane *l, const struct store_outgoing *m, const char *text)
{
    int segments = gsm_sms_segments(text, strlen(text));
    char token[64];
    struct profile_sms sms = {
        .receiver = m->receiver,
        .text = text,
        .text_len = strlen(text),
        .token = token,
        .report = true,
        .validity_s = postman_validity(m),
    };

    snprintf(token, sizeof token, "s/%d/%" PRId64 "/%d/%d", m->bucket, m->id, m->tries, segments);
    if (!bearer_sms(l->bearer, l->n, &sms)) {
        postman_mark(p, m, STORE_SMS_WAITING, "no link could take it");
        return;
    }
    lane_sent(l->pace, m->bucket, m->id, segments, clock_mono());
    p->in_flight++;
    p->heard = clock_mono();
}

/* --- on her screen ---------------------------------------------------------------- */

/* A number's place among the notices; its last digits are the hash. */
static void postman_key(uint8_t key[16], const char *msisdn)
{
    size_t n = strlen(msisdn);

    memset(key, 0, 16);
    for (size_t i = 0; i < n && i < 16; i++)
        key[i] = (uint8_t)msisdn[n - 1 - i];
}

/* From now on it waits to go as a message, unless her screen is told of first. */
static void postman_mark_pushed(struct postman *p, const struct store_outgoing *m)
{
    int64_t later = clock_now() + POSTMAN_SHOWN_MS;

    store_outbox_mark(p->store, &(struct store_mark){ .bucket = m->bucket, .id = m->id, .state = STORE_SMS_WAITING,
                                                      .note = "on her screen", .later = later, .untried = true,
                                                      .pushed = 1 });
}

static bool postman_fits(const struct bearer *b, const struct bearer_from *from, const char *text)
{
    const struct event_limits *limits = bearer_limits(b, from);
    struct gsm_cost cost = gsm_cost(text, strlen(text));

    return cost.septets >= 0 ? cost.septets <= limits->septets : cost.units <= limits->units;
}

static bool postman_notice(struct postman *p, struct postman_lane *l, const struct store_outgoing *m,
                           enum outbox_class class)
{
    const char *text = postman_words(p, m, class);
    struct bearer_from from;
    uint8_t key[16];
    char token[PENDING_TOKEN_SIZE];

    if (bearer_push(l->bearer) < PROFILE_PUSH_NOTICE || !bearer_toward(l->bearer, m->receiver, p->code, &from) ||
        !postman_fits(l->bearer, &from, text))
        return false;
    snprintf(token, sizeof token, "n/%d/%" PRId64, m->bucket, m->id);
    postman_key(key, m->receiver);
    if (bearer_tells_notices(l->bearer) && !pending_add(p->notices, key, token, clock_mono()))
        return false;                   /* one at a time to a number */
    if (bearer_reply(l->bearer, &from, text, strlen(text), true, token) == BEARER_FULL) {
        pending_take(p->notices, key, token);
        return false;
    }
    return true;
}

/* Codes and warnings go to her screen first, where the network lets us: they are
 * for now, and a code does not stay on the phone. */
static bool postman_push(struct postman *p, struct postman_lane *l, const struct store_outgoing *m,
                         enum outbox_class class)
{
    bool pushed = false;

    if (m->pushed)
        return false;
    if (m->dial[0] != '\0')
        pushed = bearer_push(l->bearer) >= PROFILE_PUSH_DIALOGUE && p->dial(p->dial_arg, l->bearer, m);
    else if (outbox_rules[class].pushed)
        pushed = postman_notice(p, l, m, class);
    if (pushed) {
        stats_inc(pushes);
        postman_mark_pushed(p, m);
    }
    return pushed;
}

void postman_send(struct postman *p, const struct store_outgoing *m)
{
    enum outbox_class class = outbox_class_of(m->class);
    const char *fault = outbox_fault(class, m->text, m->approval);
    struct postman_lane *l = postman_lane(p, m->link);

    p->called = true;                   /* there may be more */
    if (fault != NULL || m->quiet == 2) {
        log_warn("sms=%" PRId64 " class=%s event=sms_withheld reason=\"%s\"", m->id, m->class,
                 fault != NULL ? fault : "not safe to send");
        postman_mark(p, m, STORE_SMS_FAILED, fault != NULL ? fault : "not safe to send");
    } else if (l == NULL) {
        postman_mark(p, m, STORE_SMS_WAITING, "no link could take it");
    } else if (!postman_push(p, l, m, class)) {
        postman_hand(p, l, m, postman_words(p, m, class));
    }
}

/* --- fate ------------------------------------------------------------------------------ */

/* What the outbox row becomes on the link's word. */
static const struct postman_rule {
    enum store_sms_state state;
    bool acknowledged;                  /* by bearerbox */
    bool leaves;                        /* it is not in bearerbox any more */
} postman_rules[KANNEL_RESULTS] = {
    [KANNEL_QUEUED] = { STORE_SMS_ACCEPTED, true, false },
    [KANNEL_REFUSED] = { STORE_SMS_FAILED, true, true },
    [KANNEL_LATER] = { STORE_SMS_WAITING, true, true },
    [KANNEL_SUBMITTED] = { STORE_SMS_SENT, false, true },
    [KANNEL_REJECTED] = { STORE_SMS_FAILED, false, true },
    [KANNEL_DELIVERED] = { STORE_SMS_DELIVERED, false, true },
    [KANNEL_UNDELIVERED] = { STORE_SMS_UNDELIVERED, false, true },
};

/* A connection that fell says nothing about the message: once it goes again at
 * once.  Bearerbox's own "not now" does, and the message waits longer each time. */
static void postman_again(struct store_mark *mark, const struct bearer *b, int tries)
{
    bool fell = !bearer_is_up(b);
    int64_t wait = fell && tries <= 1 ? POSTMAN_SOON_MS : outbox_retry(fell ? tries - 1 : tries);

    mark->later = clock_now() + wait;
    if (wait >= 0)
        return;
    mark->state = STORE_SMS_FAILED;
    mark->note = "bearerbox never took it";
}

static void postman_count(const struct store_mark *mark)
{
    if (mark->state == STORE_SMS_SENT)
        stats_inc(sms_sent);
    if (mark->state == STORE_SMS_DELIVERED)
        stats_inc(sms_delivered);
    if (mark->state == STORE_SMS_FAILED) {
        stats_inc(sms_failed);
        log_warn("sms=%" PRId64 " event=sms_refused reason=\"%s\" next=given_up", mark->id, mark->note);
    }
}

void postman_result(struct postman *p, const struct bearer *b, const char *token, enum kannel_result result,
                    const char *reason)
{
    const struct postman_rule *rule = &postman_rules[result];
    struct store_mark mark = { .state = (int)rule->state, .note = reason };
    int tries = 1;

    if (sscanf(token, "s/%" SCNd16 "/%" SCNd64 "/%d/%d", &mark.bucket, &mark.id, &tries, &mark.segments) < 2)
        return;
    p->heard = clock_mono();
    if (rule->acknowledged && p->in_flight > 0)
        p->in_flight--;
    for (int i = 0; rule->leaves && i < p->lane_count; i++)
        if (p->lanes[i].bearer == b)
            lane_told(p->lanes[i].pace, mark.bucket, mark.id);
    if (rule->state == STORE_SMS_WAITING)
        postman_again(&mark, b, tries);
    store_outbox_mark(p->store, &mark);
    postman_count(&mark);
}

/* What a network says to a page that nobody asked for (SMPP 3.4 5.1.3); others
 * have words of their own, and the message goes all the same. */
static const char *postman_refusal(const char *reason)
{
    static const struct { const char *status, *word; } rows[] = {
        { "0x00000064", "busy" },       /* ESME_RX_T_APPN ... */
        { "Retries Exceeded", "busy" }, /* ... which bearerbox does not name: it gives up what is not now */
        { "0x00000066", "refused" },    /* ESME_RX_R_APPN */
        { "0x000000fe", "absent" },     /* ESME_RDELIVERYFAILURE */
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strstr(reason, rows[i].status) != NULL)
            return rows[i].word;
    return "failed";
}

static void postman_not_shown(struct postman *p, struct store_mark *mark, const char *reason)
{
    char note[128];

    snprintf(note, sizeof note, "screen: %s (%.80s)", postman_refusal(reason), reason);
    mark->state = STORE_SMS_WAITING;
    mark->note = note;
    mark->later = clock_now();
    mark->untried = false;
    mark->pushed = 2;
    store_outbox_mark(p->store, mark);
    stats_inc(pushes_failed);
    log_info("sms=%" PRId64 " event=not_on_screen reason=\"%s\" next=message", mark->id, note);
    p->called = true;
}

static void postman_shown(struct postman *p, struct store_mark *mark)
{
    mark->state = STORE_SMS_DELIVERED;
    mark->note = "on her screen";
    store_outbox_mark(p->store, mark);
    stats_inc(pushes_shown);
}

void postman_pushed(struct postman *p, const struct bearer *b, const char *token, enum kannel_result result,
                    const char *reason)
{
    struct store_mark mark = { .state = STORE_SMS_WAITING };
    bool dialogue = token[0] == 'd';

    if (sscanf(token + 1, "/%" SCNd16 "/%" SCNd64, &mark.bucket, &mark.id) != 2)
        return;
    switch (result) {
    case KANNEL_QUEUED:
    case KANNEL_DELIVERED:
    case KANNEL_UNDELIVERED:
        break;
    case KANNEL_SUBMITTED:
        if (dialogue || !bearer_tells_notices(b))
            postman_shown(p, &mark);
        break;
    case KANNEL_REFUSED:
    case KANNEL_LATER:
    case KANNEL_REJECTED:
        postman_not_shown(p, &mark, reason);
        break;
    case KANNEL_RESULTS:
        abort();
    }
}

void postman_notified(struct postman *p, const char *msisdn)
{
    struct store_mark mark = { .state = STORE_SMS_WAITING };
    char token[PENDING_TOKEN_SIZE];
    uint8_t key[16];

    postman_key(key, msisdn);
    if (pending_take(p->notices, key, token) &&
        sscanf(token + 1, "/%" SCNd16 "/%" SCNd64, &mark.bucket, &mark.id) == 2)
        postman_shown(p, &mark);
}

bool postman_is_idle(const struct postman *p)
{
    return p->in_flight == 0;
}
