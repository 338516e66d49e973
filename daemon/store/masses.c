#include "store/masses.h"

#include <stdlib.h>

#include "store/blocking.h"

#define MASSES_NOW "(extract(epoch FROM now()) * 1000)::bigint"

/* $1 class, $2 unions, $3 bn, $4 en, $5 approval; who proposes is a default of the table */
static const char masses_put[] =
    "WITH m AS (INSERT INTO kheya.mass (class, unions, bn, en, approval, created, changed)"
    "  VALUES ($1::text, $2::text[], $3::text, $4::text, $5::text, " MASSES_NOW ", " MASSES_NOW ") RETURNING id),"
    " p AS (INSERT INTO kheya.mass_person (mass, msisdn, rank)"
    "  SELECT m.id, p.msisdn, p.rank FROM m CROSS JOIN kheya.mass_people($2::text[]) p),"
    " e AS (INSERT INTO kheya.mass_event (mass, at, what) SELECT m.id, " MASSES_NOW ", 'propose' FROM m)"
    " SELECT m.id FROM m";

/* $1 id, $2 hash; what was done is told in the same transaction.  back: messages called back */
#define MASSES_MOVE(what, set, from, back) \
    "WITH m AS (UPDATE kheya.mass m SET changed = " MASSES_NOW ", " set " WHERE m.id = $1::bigint AND m.state IN (" from ")" \
    "  AND starts_with(m.hash, $2::text) RETURNING m.id)," \
    " e AS (INSERT INTO kheya.mass_event (mass, at, what) SELECT m.id, " MASSES_NOW ", '" what "' FROM m)" \
    " SELECT m.id, " back " FROM m"
#define MASSES_BACK "kheya.mass_call_back(m.id)"

static const char *const masses_acts[MASSES_ACTS] = {
    [MASSES_APPROVE] = MASSES_MOVE("approve", "state = 'approved', approved_by = session_user", "'proposed'", "0"),
    [MASSES_START] = MASSES_MOVE("start", "state = 'running'", "'approved'", "0"),
    [MASSES_PAUSE] = MASSES_MOVE("pause", "state = 'paused'", "'running'", MASSES_BACK),
    [MASSES_RESUME] = MASSES_MOVE("resume", "state = 'running'", "'paused'", "0"),
    [MASSES_CANCEL] = MASSES_MOVE("cancel", "state = 'cancelled'", "'proposed', 'approved', 'running', 'paused', 'done'", MASSES_BACK),
};

static const char masses_all[] =
    "SELECT m.id, m.class, array_to_string(m.unions, ','), m.bn, m.en, m.approval, m.hash, m.state, m.proposed_by,"
    " m.approved_by, s.people, s.first, s.fed, s.sent, s.failed FROM kheya.mass m CROSS JOIN LATERAL kheya.mass_sums(m.id) s"
    " WHERE $1::text = '' OR m.id::text = $1::text ORDER BY m.id";

static const char masses_share[] =
    "SELECT s.lane, s.digits, s.english, s.people FROM kheya.mass m CROSS JOIN LATERAL kheya.mass_shares(m.id) s"
    " WHERE m.id::text = $1::text";

static int64_t masses_int(const PGresult *rows, int row, int column)
{
    return strtoll(PQgetvalue(rows, row, column), NULL, 10);
}

bool masses_propose(const char *conninfo, const struct mass *m, int64_t *id, char *err, size_t n)
{
    const char *const values[] = { m->class, m->unions, m->bn, m->en, m->approval };
    PGresult *rows = blocking_once(conninfo, masses_put, 5, values, err, n);

    if (rows != NULL)
        *id = masses_int(rows, 0, 0);
    PQclear(rows);
    return rows != NULL;
}

bool masses_do(const char *conninfo, enum masses_act act, const char *id, const char *hash, int64_t *back, char *err, size_t n)
{
    const char *const values[] = { id, hash };
    PGresult *rows = blocking_once(conninfo, masses_acts[act], 2, values, err, n);
    bool done = rows != NULL && PQntuples(rows) == 1;

    if (done)
        *back = masses_int(rows, 0, 1);
    PQclear(rows);
    return done;
}

bool masses_show(const char *conninfo, const char *id, void (*row)(void *arg, const struct mass_row *r), void *arg,
                 char *err, size_t n)
{
    const char *const values[] = { id };
    PGresult *rows = blocking_once(conninfo, masses_all, 1, values, err, n);

    for (int i = 0; rows != NULL && i < PQntuples(rows); i++) {
        const struct mass_row r = {
            PQgetvalue(rows, i, 0), PQgetvalue(rows, i, 1), PQgetvalue(rows, i, 2), PQgetvalue(rows, i, 3),
            PQgetvalue(rows, i, 4), PQgetvalue(rows, i, 5), PQgetvalue(rows, i, 6), PQgetvalue(rows, i, 7),
            PQgetvalue(rows, i, 8), PQgetvalue(rows, i, 9), masses_int(rows, i, 10), masses_int(rows, i, 11),
            masses_int(rows, i, 12), masses_int(rows, i, 13), masses_int(rows, i, 14),
        };

        row(arg, &r);
    }
    PQclear(rows);
    return rows != NULL;
}

bool masses_shares(const char *conninfo, const char *id, void (*row)(void *arg, const struct mass_share *r), void *arg,
                   char *err, size_t n)
{
    const char *const values[] = { id };
    PGresult *rows = blocking_once(conninfo, masses_share, 1, values, err, n);

    for (int i = 0; rows != NULL && i < PQntuples(rows); i++) {
        const struct mass_share r = { PQgetvalue(rows, i, 0), PQgetvalue(rows, i, 1), PQgetvalue(rows, i, 2)[0] == 't',
                                      masses_int(rows, i, 3) };

        row(arg, &r);
    }
    PQclear(rows);
    return rows != NULL;
}
