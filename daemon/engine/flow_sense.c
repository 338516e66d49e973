#include "engine/flow_step.h"

#include <sodium.h>
#include <string.h>

#define FLOW_SKEW_MS 2000               /* between the clocks of two processes */

/*
 * Bearers deliver at least once, and not always in order: bearerbox redelivers
 * what was not acknowledged, in its own time; a telco resends under a new id;
 * an old dialogue's events may come after a new one has begun.  The session's
 * row knows enough to tell all of these apart:
 *
 *   the last event's id             the stored page again
 *   an id older than that           dropped
 *   same kind, text and dialogue
 *   within the resend window        the stored page again
 *   older than the last event, of
 *   another dialogue or of none     dropped
 *   an aggregator's text that has
 *   not grown                       the stored page again
 */

static bool flow_same_id(const struct event_id *a, const struct event_id *b)
{
    return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

/* Begun by us: the network names the dialogue with her first answer. */
static bool flow_is_named_now(const struct session *s, const struct event *ev)
{
    return s->event_count > 0 && ev->kind != EVENT_BEGIN && event_ref_is_pushed(&s->ref);
}

bool flow_same_ref(const struct session *s, const struct event *ev)
{
    if (flow_is_named_now(s, ev))
        return true;
    return s->event_count > 0 && s->ref.len == ev->ref.len && memcmp(s->ref.bytes, ev->ref.bytes, ev->ref.len) == 0;
}

/* A hash in her row must not tell what she typed to who tries all numbers: under the key, of which nobody there knows. */
static uint64_t flow_hash_keyed(const unsigned char *key, const struct event *ev)
{
    unsigned char kind = (unsigned char)ev->kind, hash[crypto_generichash_BYTES_MIN];
    crypto_generichash_state h;
    uint64_t out = 0;

    (void)crypto_generichash_init(&h, key, FLOW_SECRET_SIZE, sizeof hash);
    (void)crypto_generichash_update(&h, &kind, 1);
    (void)crypto_generichash_update(&h, (const unsigned char *)ev->text, ev->text_len);
    (void)crypto_generichash_final(&h, hash, sizeof hash);
    for (size_t i = 0; i < sizeof out; i++)
        out = out << 8 | hash[i];
    return out != 0 ? out : 1;
}

/* Of the kind and the text; never 0.  Without a key FNV-1a. */
static uint64_t flow_hash(const struct flow *f, const struct event *ev)
{
    uint64_t h = (UINT64_C(14695981039346656037) ^ (uint64_t)ev->kind) * UINT64_C(1099511628211);

    if (f->env->keyed != NULL)
        return flow_hash_keyed(f->env->keyed, ev);
    for (size_t i = 0; i < ev->text_len; i++)
        h = (h ^ (unsigned char)ev->text[i]) * UINT64_C(1099511628211);
    return h != 0 ? h : 1;
}

/* A person cannot read a page and answer it so fast: the telco sent it twice. */
static bool flow_is_resend(const struct flow *f, const struct event *ev)
{
    const struct session *s = f->s;
    int64_t apart = ev->seen - s->seen;

    return flow_same_ref(s, ev) && s->answer_hash != 0 && apart <= f->env->limits->resend_ms &&
           apart >= -f->env->limits->resend_ms && flow_hash(f, ev) == s->answer_hash;
}

/* Our own clock was set back since: times tell nothing. */
static bool flow_is_clock_set(const struct session *s, const struct event *ev)
{
    return ev->seen + FLOW_SKEW_MS < s->seen;
}

/* Bearers tell the time in whole seconds.  An HTTP request is never old: what
 * was not answered is gone, and at is our own time. */
static bool flow_is_stale(const struct session *s, const struct event *ev)
{
    bool same = flow_same_ref(s, ev);
    int64_t at = ev->at / 1000;
    int64_t last = s->at / 1000;

    if (s->event_count == 0 || ev->joined || flow_is_clock_set(s, ev))
        return false;
    if (same && ev->ref.len > 0 && !event_ref_is_pushed(&s->ref))
        return false;
    return at < last || (at == last && !same && ev->kind != EVENT_BEGIN);
}

/* Does it answer the page we showed? */
static bool flow_is_ours(const struct session *s, const struct event *ev)
{
    return flow_same_ref(s, ev) && s->mode != SESSION_ENDED && s->screen != MENU_NONE;
}

enum flow_sense flow_sense(const struct flow *f, const struct event *ev)
{
    const struct session *s = f->s;

    for (int i = 0; i < s->event_count; i++)
        if (flow_same_id(&s->events[i], &ev->id))
            return i == 0 ? FLOW_IS_REPEAT : FLOW_IS_STALE;
    if (ev->kind != EVENT_ABORT && flow_is_resend(f, ev))
        return FLOW_IS_REPEAT;
    if (flow_is_stale(s, ev))
        return FLOW_IS_STALE;
    if (ev->kind == EVENT_ABORT)
        return flow_same_ref(s, ev) || ev->ref.len == 0 ? FLOW_IS_ABORT : FLOW_IS_STALE;
    if (ev->kind == EVENT_BEGIN)
        return FLOW_NEW_DIAL;
    if (ev->joined && flow_same_ref(s, ev) && ev->text_len <= s->joined_len)
        return FLOW_IS_REPEAT;
    return flow_is_ours(s, ev) ? FLOW_NEW_ANSWER : FLOW_NEW_DIAL;
}

void flow_remember(struct flow *f, const struct event *ev)
{
    struct session *s = f->s;
    bool secret = ev->kind == EVENT_ANSWER && s->mode == SESSION_AT_SCREEN && s->screen != MENU_NONE &&
                  s->menu->screens[s->screen].secret;

    memmove(s->events + 1, s->events, (SESSION_EVENTS - 1) * sizeof s->events[0]);
    s->events[0] = ev->id;
    if (s->event_count < SESSION_EVENTS)
        s->event_count++;
    s->ref = ev->ref;
    s->at = ev->at;
    s->seen = ev->seen;
    /* four digits could be found out from it; a joined text holds those of earlier screens, and is known by its length */
    s->answer_hash = secret || ev->joined ? 0 : flow_hash(f, ev);
    s->joined_len = ev->joined && ev->kind == EVENT_ANSWER ? (uint32_t)ev->text_len : 0;
}
