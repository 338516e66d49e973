#include "store/agents.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>

#include "store/blocking.h"

/* $1 msisdn, $2 event, $3 who; of the rows in u.  What is done to agents counts its turns: asked alone. */
#define AGENTS_AUDIT \
    "INSERT INTO kheya.audit (bucket, msisdn, code, turn, at, seq, actor, event, fields)" \
    " SELECT kheya.bucket($1::text), $1::text, 'agent', coalesce((SELECT max(a.turn) FROM kheya.audit a" \
    "        WHERE a.bucket = kheya.bucket($1::text) AND a.msisdn = $1::text AND a.code = 'agent'), 0) + 1," \
    " (extract(epoch FROM now()) * 1000)::bigint, 0, 'operator', $2::text, jsonb_build_object('by', $3::text) FROM u"

/* $4 name, $5 place, $6 sex, $7 since, $8 until; NULL: as it was.  What is shown of a centre is its name. */
static const char agents_add_sql[] =
    "WITH u AS (INSERT INTO kheya.agent AS o (msisdn, name, centre, place, sex, since, until)"
    " VALUES ($1::text, coalesce($4::text, ''), coalesce((SELECT c.en FROM kheya.centre c WHERE c.code = $5::text), $5::text, ''),"
    " $5::text, $6::text, $7::date, $8::date)"
    " ON CONFLICT (bucket, msisdn) DO UPDATE SET name = coalesce($4::text, o.name),"
    " centre = coalesce((SELECT c.en FROM kheya.centre c WHERE c.code = $5::text), $5::text, o.centre),"
    " place = coalesce($5::text, o.place), sex = coalesce($6::text, o.sex), since = coalesce($7::date, o.since),"
    " until = coalesce($8::date, o.until)"
    " RETURNING o.msisdn"
    "), a AS (" AGENTS_AUDIT ") SELECT u.msisdn FROM u";

static const struct agents_sql {
    const char *event, *sql;
} agents_acts[AGENT_ACTS] = {
    [AGENT_LOCK] = { "agent_locked",
        "WITH u AS (UPDATE kheya.agent o SET active = false WHERE o.bucket = kheya.bucket($1::text) AND o.msisdn = $1::text"
        " RETURNING o.msisdn), a AS (" AGENTS_AUDIT ") SELECT 1 FROM u" },
    [AGENT_UNLOCK] = { "agent_unlocked",
        "WITH u AS (UPDATE kheya.agent o SET active = true WHERE o.bucket = kheya.bucket($1::text) AND o.msisdn = $1::text"
        " RETURNING o.msisdn), t AS (UPDATE kheya.pin p SET tries = 0, locked_until = NULL FROM u"
        " WHERE p.bucket = kheya.bucket(u.msisdn) AND p.msisdn = u.msisdn"
        "), a AS (" AGENTS_AUDIT ") SELECT 1 FROM u" },
    [AGENT_NEW_PIN] = { "agent_pin_forgotten",
        "WITH u AS (SELECT o.msisdn FROM kheya.agent o WHERE o.bucket = kheya.bucket($1::text) AND o.msisdn = $1::text"
        "), t AS (DELETE FROM kheya.pin p USING u WHERE p.bucket = kheya.bucket(u.msisdn) AND p.msisdn = u.msisdn"
        "), a AS (" AGENTS_AUDIT ") SELECT 1 FROM u" },
};

static const char agents_daybook_sql[] =
    "SELECT to_char(to_timestamp(d.at / 1000.0) AT TIME ZONE 'Asia/Dhaka', 'HH24:MI'), d.number, coalesce(d.service, ''),"
    " coalesce(d.receiver, ''), d.official, d.taka"
    " FROM kheya.daybook d WHERE d.agent = $1::text"
    " AND d.day = coalesce($2::date, (now() AT TIME ZONE 'Asia/Dhaka')::date) ORDER BY d.at, d.number";

static const char agents_oddities_sql[] =
    "SELECT o.day::text, o.agent, coalesce(a.name, ''), coalesce(a.place, ''), o.kind, o.times, coalesce(o.number::text, '')"
    " FROM kheya.oddity o LEFT JOIN kheya.agent a ON a.bucket = kheya.bucket(o.agent) AND a.msisdn = o.agent"
    " WHERE o.day > (now() AT TIME ZONE 'Asia/Dhaka')::date - $1::integer ORDER BY o.day DESC, a.place, o.agent, o.kind";

bool agents_add(const char *conninfo, const struct agent_new *a, const char *by, char *err, size_t n)
{
    const char *values[] = { a->msisdn, "agent_set", by, a->name, a->place, a->sex, a->since, a->until };
    PGresult *rows = blocking_alone(conninfo, AGENTS_SUBJECT, agents_add_sql, sizeof values / sizeof values[0], values, err, n);
    bool ok = rows != NULL;

    PQclear(rows);
    return ok;
}

bool agents_act(const char *conninfo, const char *msisdn, enum agent_act act, const char *by, char *err, size_t n)
{
    const char *values[] = { msisdn, agents_acts[act].event, by };
    PGresult *rows = blocking_alone(conninfo, AGENTS_SUBJECT, agents_acts[act].sql, 3, values, err, n);
    bool ok = rows != NULL && PQntuples(rows) > 0;

    if (rows != NULL && !ok)
        snprintf(err, n, "no agent has this number");
    PQclear(rows);
    return ok;
}

bool agents_daybook(const char *conninfo, const char *msisdn, const char *day, agent_receipt_fn fn, void *arg, char *err,
                    size_t n)
{
    const char *values[] = { msisdn, day };
    PGresult *rows = blocking_once(conninfo, agents_daybook_sql, 2, values, err, n);
    bool ok = rows != NULL;

    for (int i = 0; ok && i < PQntuples(rows); i++) {
        const struct agent_receipt r = {
            .at = PQgetvalue(rows, i, 0), .number = PQgetvalue(rows, i, 1), .service = PQgetvalue(rows, i, 2),
            .receiver = PQgetvalue(rows, i, 3), .official = (int)strtol(PQgetvalue(rows, i, 4), NULL, 10),
            .taka = (int)strtol(PQgetvalue(rows, i, 5), NULL, 10),
        };

        fn(arg, &r);
    }
    PQclear(rows);
    return ok;
}

bool agents_oddities(const char *conninfo, const char *days, agent_oddity_fn fn, void *arg, char *err, size_t n)
{
    PGresult *rows = blocking_once(conninfo, agents_oddities_sql, 1, &days, err, n);
    bool ok = rows != NULL;

    for (int i = 0; ok && i < PQntuples(rows); i++) {
        const struct agent_oddity o = {
            .day = PQgetvalue(rows, i, 0), .agent = PQgetvalue(rows, i, 1), .name = PQgetvalue(rows, i, 2),
            .place = PQgetvalue(rows, i, 3), .kind = PQgetvalue(rows, i, 4), .times = PQgetvalue(rows, i, 5),
            .number = PQgetvalue(rows, i, 6),
        };

        fn(arg, &o);
    }
    PQclear(rows);
    return ok;
}
