#include "store/parcels.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/blocking.h"
#include "store/store.h"

static const char *const parcel_states[STORE_SMS_STATES] = {
    [STORE_SMS_WAITING] = "waiting", [STORE_SMS_TAKEN] = "taken", [STORE_SMS_ACCEPTED] = "accepted",
    [STORE_SMS_SENT] = "sent", [STORE_SMS_DELIVERED] = "delivered", [STORE_SMS_UNDELIVERED] = "undelivered",
    [STORE_SMS_FAILED] = "failed",
};

const char *parcel_state(int state)
{
    return state >= 0 && state < STORE_SMS_STATES ? parcel_states[state] : "?";
}

int parcel_state_of(const char *name)
{
    for (int i = 0; i < STORE_SMS_STATES; i++)
        if (strcmp(parcel_states[i], name) == 0)
            return i;
    return -1;
}

static const char parcels_sum[] =
    "SELECT o.class, o.state, count(*), coalesce(sum(o.segments), 0), min(coalesce(o.later, o.due))"
    " FROM kheya.outbox o GROUP BY o.class, o.state ORDER BY array_position('{otp,emergency,transactional,gov_info}'::text[], o.class),"
    " o.state";

/* "" first: what has no lane yet. */
static const char parcels_lane[] =
    "SELECT coalesce(l.name, w.link), coalesce(l.seen, 0), coalesce(w.n, 0) FROM kheya.lane l"
    " FULL JOIN (SELECT o.link, count(*) AS n FROM kheya.outbox o WHERE o.state = 0 GROUP BY o.link) w ON w.link = l.name"
    " ORDER BY 1";

/* A code is not shown while it counts. */
static const char parcels_row[] =
    "SELECT o.id, o.due, coalesce(o.later, 0), o.created, o.changed, o.tries, o.segments, o.quiet, o.asked, o.cause,"
    " o.receiver, o.link, o.lang, o.class, o.state, o.note, CASE WHEN o.class = 'otp' THEN '' ELSE o.text END, o.other,"
    " o.approval, o.discreet, o.whose FROM kheya.outbox o"
    " WHERE ($1::smallint < 0 OR o.state = $1::smallint) AND ($2::text = '' OR o.class = $2::text)"
    " AND ($3::text = '' OR o.receiver = $3::text) AND ($4::bigint = 0 OR o.id = $4::bigint)"
    " AND ($5::text = '' OR o.cause = $5::text)"
    " ORDER BY o.created DESC, o.id DESC LIMIT $6::integer";

static const char parcels_stop[] =
    "UPDATE kheya.outbox o SET state = 6, note = 'dropped by ' || $2::text, lease_until = NULL,"
    " changed = (extract(epoch FROM now()) * 1000)::bigint, text = CASE WHEN o.class = 'otp' THEN '' ELSE o.text END"
    " WHERE o.id = $1::bigint AND o.state = 0 RETURNING o.id";

static const char parcels_open[] =
    "WITH u AS (INSERT INTO kheya.outbox (bucket, cause, receiver, lang, class, text, dial, due, created, changed)"
    " SELECT kheya.bucket($1::text), $5::text, $1::text, $4::text, 'transactional', $3::text, $2::text, n, n, n"
    " FROM (SELECT (extract(epoch FROM now()) * 1000)::bigint AS n) t ON CONFLICT (bucket, cause) DO NOTHING RETURNING id)"
    " SELECT u.id, kheya.audit_act('outbox/' || u.id, 'dialogue_pushed', jsonb_build_object('dial', $2::text)) FROM u";

#define PARCELS_KNOW(column, type) \
    "WITH u AS (INSERT INTO kheya.citizen AS z (bucket, msisdn, lang, link, seen, " column ")" \
    " VALUES (kheya.bucket($1::text), $1::text, '', '', 0, $2::" type ")" \
    " ON CONFLICT (bucket, msisdn) DO UPDATE SET " column " = EXCLUDED." column " RETURNING z.bucket, z.msisdn)" \
    " SELECT u.bucket, kheya.audit_act('phone/' || u.msisdn, 'messages_" column "', jsonb_build_object('set', $2::text)) FROM u"

static const char parcels_other[] = PARCELS_KNOW("other", "text");
static const char parcels_quiet[] = PARCELS_KNOW("quiet", "smallint");

/* --- asking -------------------------------------------------------------------------- */

static int64_t parcels_whole(const PGresult *rows, int row, int column)
{
    return strtoll(PQgetvalue(rows, row, column), NULL, 10);
}

bool parcels_sums(const char *conninfo, parcel_sum_fn fn, void *arg, char *err, size_t n)
{
    PGresult *rows = blocking_once(conninfo, parcels_sum, 0, NULL, err, n);

    for (int i = 0; rows != NULL && i < PQntuples(rows); i++) {
        const struct parcel_sum sum = { PQgetvalue(rows, i, 0), parcel_state((int)parcels_whole(rows, i, 1)),
                                        parcels_whole(rows, i, 2), parcels_whole(rows, i, 3), parcels_whole(rows, i, 4) };

        fn(arg, &sum);
    }
    PQclear(rows);
    return rows != NULL;
}

bool parcels_lanes(const char *conninfo, parcel_lane_fn fn, void *arg, char *err, size_t n)
{
    PGresult *rows = blocking_once(conninfo, parcels_lane, 0, NULL, err, n);

    for (int i = 0; rows != NULL && i < PQntuples(rows); i++) {
        const struct parcel_lane lane = { PQgetvalue(rows, i, 0), parcels_whole(rows, i, 1), parcels_whole(rows, i, 2) };

        fn(arg, &lane);
    }
    PQclear(rows);
    return rows != NULL;
}

enum {
    ROW_ID = 0, ROW_DUE, ROW_LATER, ROW_CREATED, ROW_CHANGED, ROW_TRIES, ROW_SEGMENTS, ROW_QUIET, ROW_ASKED, ROW_CAUSE,
    ROW_RECEIVER, ROW_LINK, ROW_LANG, ROW_CLASS, ROW_STATE, ROW_NOTE, ROW_TEXT, ROW_OTHER, ROW_APPROVAL, ROW_DISCREET,
    ROW_WHOSE,
};

static void parcels_tell(const PGresult *rows, int i, parcel_fn fn, void *arg)
{
    const struct parcel p = {
        .id = parcels_whole(rows, i, ROW_ID),
        .due = parcels_whole(rows, i, ROW_DUE),
        .later = parcels_whole(rows, i, ROW_LATER),
        .created = parcels_whole(rows, i, ROW_CREATED),
        .changed = parcels_whole(rows, i, ROW_CHANGED),
        .tries = (int)parcels_whole(rows, i, ROW_TRIES),
        .segments = (int)parcels_whole(rows, i, ROW_SEGMENTS),
        .quiet = (int)parcels_whole(rows, i, ROW_QUIET),
        .asked = PQgetvalue(rows, i, ROW_ASKED)[0] == 't',
        .cause = PQgetvalue(rows, i, ROW_CAUSE),
        .receiver = PQgetvalue(rows, i, ROW_RECEIVER),
        .link = PQgetvalue(rows, i, ROW_LINK),
        .lang = PQgetvalue(rows, i, ROW_LANG),
        .class = PQgetvalue(rows, i, ROW_CLASS),
        .state = parcel_state((int)parcels_whole(rows, i, ROW_STATE)),
        .note = PQgetvalue(rows, i, ROW_NOTE),
        .text = PQgetvalue(rows, i, ROW_TEXT),
        .other = PQgetvalue(rows, i, ROW_OTHER),
        .approval = PQgetvalue(rows, i, ROW_APPROVAL),
        .discreet = PQgetvalue(rows, i, ROW_DISCREET),
        .whose = PQgetvalue(rows, i, ROW_WHOSE),
    };

    fn(arg, &p);
}

bool parcels_list(const char *conninfo, const struct parcel_wanted *w, parcel_fn fn, void *arg, char *err, size_t n)
{
    char state[8], id[24], limit[16];
    const char *values[6] = { state, w->class, w->receiver, id, w->cause, limit };
    PGresult *rows;

    snprintf(state, sizeof state, "%d", w->state[0] != '\0' ? parcel_state_of(w->state) : -1);
    snprintf(id, sizeof id, "%" PRId64, w->id);
    snprintf(limit, sizeof limit, "%d", w->limit);
    rows = blocking_once(conninfo, parcels_row, 6, values, err, n);
    for (int i = 0; rows != NULL && i < PQntuples(rows); i++)
        parcels_tell(rows, i, fn, arg);
    PQclear(rows);
    return rows != NULL;
}

/* --- changing --------------------------------------------------------------------------- */

/* Was there a row? */
static bool parcels_change(const char *conninfo, const char *sql, const char *a, const char *b, char *err, size_t n)
{
    const char *values[2] = { a, b };
    PGresult *rows = blocking_once(conninfo, sql, 2, values, err, n);
    bool any = rows != NULL && PQntuples(rows) > 0;

    PQclear(rows);
    return any;
}

bool parcels_drop(const char *conninfo, int64_t id, const char *who, char *err, size_t n)
{
    char text[24];

    snprintf(text, sizeof text, "%" PRId64, id);
    return parcels_change(conninfo, parcels_stop, text, who, err, n);
}

bool parcels_push(const char *conninfo, const struct parcel_push *p, char *err, size_t n)
{
    const char *values[5] = { p->msisdn, p->dial, p->text, p->lang, p->cause };
    PGresult *rows = blocking_once(conninfo, parcels_open, 5, values, err, n);
    bool any = rows != NULL && PQntuples(rows) > 0;

    PQclear(rows);
    return any;
}

bool parcels_set_other(const char *conninfo, const char *msisdn, const char *other, char *err, size_t n)
{
    return parcels_change(conninfo, parcels_other, msisdn, other, err, n);
}

bool parcels_set_discreet(const char *conninfo, const char *msisdn, bool on, char *err, size_t n)
{
    return parcels_change(conninfo, parcels_quiet, msisdn, on ? "1" : "0", err, n);
}
