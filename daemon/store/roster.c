/*
 * roster.c - the table of officers, for the command line: who may answer cases by
 * text message.
 *
 * Blocking.  What an operator does to an officer is told in the audit by the same
 * statement.
 */
#include <inttypes.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/blocking.h"
#include "store/officers.h"

#define ROSTER_COLUMNS \
    "o.id, o.msisdn, o.name, o.agency, o.office, o.rank, o.place, o.lang, o.codes, o.desk, coalesce(o.next, 0)," \
    " o.active, o.epoch, o.counter, o.tries, o.locked_until"

/* $1 msisdn, $2 event, $3 who; of the rows in u.  What is done to officers counts its turns: asked alone. */
#define ROSTER_SUBJECT "officers"

#define ROSTER_AUDIT \
    "INSERT INTO kheya.audit (bucket, msisdn, code, turn, at, seq, actor, event, fields)" \
    " SELECT u.bucket, $1::text, 'officer', coalesce((SELECT max(a.turn) FROM kheya.audit a WHERE a.bucket = u.bucket" \
    "        AND a.msisdn = $1::text AND a.code = 'officer'), 0) + 1," \
    " (extract(epoch FROM now()) * 1000)::bigint, 0, 'operator', $2::text, jsonb_build_object('by', $3::text) FROM u"

/* $4 name, $5 agency, $6 office, $7 rank, $8 place, $9 lang, $10 codes, $11 desk, $12 next; NULL: as it was */
static const char roster_add[] =
    "WITH u AS (INSERT INTO kheya.officer AS o (msisdn, name, agency, office, rank, place, lang, codes, desk, next)"
    " VALUES ($1::text, coalesce($4::text, ''), coalesce($5::text, ''), coalesce($6::text, ''), coalesce($7::text, ''),"
    " coalesce($8::text, ''), coalesce($9::text, 'bn'), coalesce($10::text, 'list'), coalesce($11::smallint,"
    " (SELECT min(n) FROM generate_series(1, 999) AS n"
    "  WHERE NOT EXISTS (SELECT FROM kheya.officer x WHERE x.agency = $5::text AND x.desk = n))::smallint), $12::smallint)"
    " ON CONFLICT (bucket, msisdn) DO UPDATE SET name = coalesce($4::text, o.name), agency = coalesce($5::text, o.agency),"
    " office = coalesce($6::text, o.office), rank = coalesce($7::text, o.rank), place = coalesce($8::text, o.place),"
    " lang = coalesce($9::text, o.lang), desk = coalesce($11::smallint, o.desk), next = coalesce($12::smallint, o.next),"
    " epoch = o.epoch + (o.codes <> coalesce($10::text, o.codes))::integer,"
    " counter = CASE WHEN o.codes <> coalesce($10::text, o.codes) THEN 1 ELSE o.counter END,"
    " codes = coalesce($10::text, o.codes)"
    " RETURNING o.bucket, o.desk"
    "), a AS (" ROSTER_AUDIT
    ") SELECT u.desk FROM u";

/* $1 agency, '' all */
static const char roster_list[] =
    "SELECT " ROSTER_COLUMNS " FROM kheya.officer o WHERE $1::text IN ('', o.agency) ORDER BY o.agency, o.desk";

/* $4 lock */
static const char roster_lock[] =
    "WITH u AS (UPDATE kheya.officer o SET active = NOT $4::boolean, tries = 0, locked_until = 0, pending = ''"
    " WHERE o.bucket = kheya.bucket($1::text) AND o.msisdn = $1::text RETURNING o.bucket"
    "), a AS (" ROSTER_AUDIT
    ") SELECT 1 FROM u";

/* $4 renew */
static const char roster_codes[] =
    "WITH u AS (UPDATE kheya.officer o SET epoch = o.epoch + $4::boolean::integer,"
    " counter = CASE WHEN $4::boolean THEN 1 ELSE o.counter END"
    " WHERE o.bucket = kheya.bucket($1::text) AND o.msisdn = $1::text RETURNING o.bucket, " ROSTER_COLUMNS
    "), a AS (" ROSTER_AUDIT
    ") SELECT u.id, u.msisdn, u.name, u.agency, u.office, u.rank, u.place, u.lang, u.codes, u.desk, u.coalesce, u.active,"
    " u.epoch, u.counter, u.tries, u.locked_until FROM u";

static int64_t roster_int(const PGresult *rows, int row, int column)
{
    return strtoll(PQgetvalue(rows, row, column), NULL, 10);
}

static enum store_codes roster_codes_of(const char *name)
{
    return strcmp(name, "sms") == 0 ? STORE_CODES_SMS : strcmp(name, "time") == 0 ? STORE_CODES_TIME : STORE_CODES_LIST;
}

static struct store_officer roster_row(const PGresult *rows, int i)
{
    return (struct store_officer){
        .id = (int)roster_int(rows, i, 0),
        .msisdn = PQgetvalue(rows, i, 1),
        .name = PQgetvalue(rows, i, 2),
        .agency = PQgetvalue(rows, i, 3),
        .office = PQgetvalue(rows, i, 4),
        .rank = PQgetvalue(rows, i, 5),
        .place = PQgetvalue(rows, i, 6),
        .lang = PQgetvalue(rows, i, 7),
        .codes = roster_codes_of(PQgetvalue(rows, i, 8)),
        .desk = (int)roster_int(rows, i, 9),
        .next = (int)roster_int(rows, i, 10),
        .active = PQgetvalue(rows, i, 11)[0] == 't',
        .epoch = (int)roster_int(rows, i, 12),
        .counter = roster_int(rows, i, 13),
        .tries = (int)roster_int(rows, i, 14),
        .locked_until = roster_int(rows, i, 15),
        .pending = "",
    };
}

static const char *roster_number(char text[16], int n)
{
    snprintf(text, 16, "%d", n);
    return n > 0 ? text : NULL;
}

bool store_officer_add(const char *conninfo, const struct store_officer_new *o, const char *by, int *desk, char *err,
                       size_t n)
{
    char desk_text[16], next_text[16];
    const char *values[] = { o->msisdn, "officer_set", by, o->name, o->agency, o->office, o->rank, o->place, o->lang,
                             o->codes, roster_number(desk_text, o->desk), roster_number(next_text, o->next) };
    PGresult *rows = blocking_alone(conninfo, ROSTER_SUBJECT, roster_add, sizeof values / sizeof values[0], values, err, n);
    bool ok = rows != NULL;

    if (ok)
        *desk = (int)roster_int(rows, 0, 0);
    PQclear(rows);
    return ok;
}

bool store_officer_list(const char *conninfo, const char *agency, store_officer_row_fn fn, void *arg, char *err, size_t n)
{
    const char *values[] = { agency };
    PGresult *rows = blocking_once(conninfo, roster_list, 1, values, err, n);
    bool ok = rows != NULL;

    for (int i = 0; ok && i < PQntuples(rows); i++) {
        const struct store_officer o = roster_row(rows, i);

        fn(arg, &o);
    }
    PQclear(rows);
    return ok;
}

bool store_officer_lock(const char *conninfo, const char *msisdn, bool lock, const char *by, char *err, size_t n)
{
    const char *values[] = { msisdn, lock ? "officer_locked" : "officer_unlocked", by, lock ? "t" : "f" };
    PGresult *rows = blocking_alone(conninfo, ROSTER_SUBJECT, roster_lock, 4, values, err, n);
    bool ok = rows != NULL && PQntuples(rows) > 0;

    if (rows != NULL && !ok)
        snprintf(err, n, "no officer writes from this number");
    PQclear(rows);
    return ok;
}

bool store_officer_codes(const char *conninfo, const char *msisdn, bool renew, const char *by, store_officer_row_fn fn,
                         void *arg, char *err, size_t n)
{
    const char *values[] = { msisdn, renew ? "officer_codes_renewed" : "officer_codes_shown", by, renew ? "t" : "f" };
    PGresult *rows = blocking_alone(conninfo, ROSTER_SUBJECT, roster_codes, 4, values, err, n);
    bool ok = rows != NULL && PQntuples(rows) > 0;

    if (ok) {
        const struct store_officer o = roster_row(rows, 0);

        fn(arg, &o);
    } else if (rows != NULL) {
        snprintf(err, n, "no officer writes from this number");
    }
    PQclear(rows);
    return ok;
}
