/*
 * stats.h - the counter table: one row per counter with its help.
 *
 * One process, one thread: plain increments.  Printed as Prometheus text.
 */
#ifndef STATS_H
#define STATS_H

#include <stdint.h>

#include "base/buf.h"

/* name, type, help */
#define STATS_TABLE(X) \
    X(events_begin, counter, "dialogues begun by a telco or an aggregator") \
    X(events_answer, counter, "answers received") \
    X(events_abort, counter, "dialogues ended by the telco") \
    X(events_duplicate, counter, "events received again and answered with the same screen") \
    X(events_stale, counter, "events that belong to no dialogue any more, dropped") \
    X(events_bad, counter, "messages refused: no sender, bad text, unknown SMSC id") \
    X(replies, counter, "screens sent") \
    X(replies_busy, counter, "static busy pages sent") \
    X(replies_failed, counter, "screens the telco refused") \
    X(steps_lost, counter, "steps recomputed because another process had written first") \
    X(texts_refused, counter, "text messages not answered: too many from one number, or from none that can be answered") \
    X(sessions_open, gauge, "dialogues in memory") \
    X(sessions_idle, counter, "dialogues that met an idle or total timer") \
    X(sessions_refused, counter, "dialogues refused because the table was full") \
    X(sessions_resumed, counter, "dialogues continued after a drop") \
    X(sessions_moved, counter, "dialogues that went on under newer menus because theirs were retired") \
    X(batches, counter, "batches of steps committed") \
    X(batch_rows, counter, "steps committed") \
    X(batch_splits, counter, "batches split because a row failed") \
    X(rows_refused, counter, "steps PostgreSQL refused for good") \
    X(queries, counter, "questions asked to the database by screens") \
    X(lookups_refused, counter, "questions about people not asked: too many from one number, agent or link, or in all") \
    X(queries_failed, counter, "questions that failed or timed out") \
    X(hooks, counter, "requests that screens and cases had for back ends") \
    X(hooks_refused, counter, "of these, not sent: the back end is left alone, or too many are out") \
    X(hooks_failed, counter, "of those sent, without an answer that could be used") \
    X(hooks_recalled, counter, "requests answered by the last answer, because the back end was away") \
    X(hooks_in_flight, gauge, "requests that wait for a back end") \
    X(handovers, counter, "cases, and news of them, that agencies' systems have taken") \
    X(handovers_failed, counter, "tries to hand one over that failed") \
    X(handovers_refused, counter, "of them, refused for good: an operator must act") \
    X(spool_rejects, counter, "rows of agencies' files that moved nothing") \
    X(handovers_forgotten, counter, "of those refused for good, given up after limits.refused_days") \
    X(polls, counter, "answers of agencies' systems about the cases that they have") \
    X(polls_failed, counter, "questions about them that were not answered, or with nothing of use") \
    X(polls_moved, counter, "cases that moved by such an answer") \
    X(polls_rejected, counter, "lines of such answers that moved nothing: an unknown case or state, or no way there") \
    X(handovers_in_flight, gauge, "cases on their way to a back end") \
    X(payments, counter, "requests for money that screens had for providers") \
    X(payments_confirmed, counter, "payments that a provider confirmed") \
    X(payments_failed, counter, "payments that were refused, or not approved in time") \
    X(payments_refunded, counter, "payments that were given back") \
    X(payment_asks_failed, counter, "requests to providers without an answer that could be used") \
    X(payment_calls, counter, "calls of providers") \
    X(payment_calls_refused, counter, "of these, refused: not signed, bad, unknown, or not now") \
    X(audit_sealed, counter, "rows of the audit that got their place in its chain") \
    X(database_up, gauge, "1 while the database answers") \
    X(cases, counter, "cases accepted") \
    X(sms_queued, counter, "messages put into the outbox") \
    X(sms_sent, counter, "messages accepted by a telco") \
    X(sms_failed, counter, "messages refused for good") \
    X(sms_delivered, counter, "messages a handset confirmed") \
    X(pushes, counter, "pages that nobody asked for: notices, and dialogues that we begin") \
    X(pushes_shown, counter, "of these, on a screen") \
    X(pushes_failed, counter, "of these, refused by the network: busy, absent, refused; they went as messages") \
    X(orders_done, counter, "orders that moved a case on, or noted something of one") \
    X(orders_repeated, counter, "orders that had been done before") \
    X(cases_overdue, counter, "steps taken because an answer was not there in time") \
    X(cases_expired, counter, "cases that the clock moved on") \
    X(orders_refused, counter, "orders that were not done") \
    X(officers_answered, counter, "commands of officers that were answered") \
    X(officers_wrong, counter, "of these, with a wrong code") \
    X(officers_digests, counter, "digests of officers that were written, or not owed") \
    X(box_up, gauge, "bearerbox connections that stand") \
    X(box_frames_in, counter, "frames received from bearerboxes") \
    X(box_frames_out, counter, "frames sent to bearerboxes") \
    X(box_frames_bad, counter, "frames that could not be decoded") \
    X(box_queue, gauge, "messages waiting for a bearerbox") \
    X(http_requests, counter, "HTTP requests served") \
    X(http_refused, counter, "HTTP requests refused") \
    X(api_requests, counter, "requests of agencies' systems") \
    X(api_refused, counter, "of these, answered with an error")

enum stats_counter {
#define X(name, type, help) STATS_##name,
    STATS_TABLE(X)
#undef X
    STATS_COUNT
};

extern uint64_t stats_values[STATS_COUNT];

#define stats_inc(name) ((void)stats_values[STATS_##name]++)
#define stats_add(name, n) ((void)(stats_values[STATS_##name] += (uint64_t)(n)))
#define stats_set(name, n) ((void)(stats_values[STATS_##name] = (uint64_t)(n)))
#define stats_get(name) (stats_values[STATS_##name])

/* Append every counter in the Prometheus text format 0.0.4. */
void stats_print(struct buf *out);

#endif
