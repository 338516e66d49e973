#include "store/evidence.h"

#include <inttypes.h>
#include <libpq-fe.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/blocking.h"

/* Blocks in order, in each its places in order; behind them rows that stand in none. */
static const char evidence_sql[] =
    "SELECT coalesce(z.block, s.block), z.at, z.rows, encode(z.prev, 'hex'), encode(z.hash, 'hex'), s.pos, encode(s.hash, 'hex'),"
    " s.bucket, s.id, w.id IS NOT NULL, s.writer, " EVIDENCE_ROW
    " FROM kheya.audit_seal z FULL JOIN kheya.audit_sealed s ON s.block = z.block"
    " FULL JOIN kheya.audit a ON a.bucket = s.bucket AND a.id = s.id"
    " LEFT JOIN kheya.audit_wait w ON w.at = a.at AND w.id = a.id AND w.bucket = a.bucket"
    " ORDER BY 1 NULLS LAST, s.pos, a.at, a.id";

enum {
    EV_BLOCK = 0, EV_AT, EV_ROWS, EV_PREV, EV_HASH, EV_POS, EV_LINK, EV_BUCKET, EV_ID, EV_WAITS, EV_WRITER,
    EV_ROW_BUCKET, EV_ROW_ID, EV_ROW_AT, EV_ROW_MSISDN, EV_ROW_CODE, EV_ROW_TURN, EV_ROW_SEQ, EV_ROW_ACTOR, EV_ROW_EVENT,
};

struct evidence_walk {
    struct evidence *e;
    const char *expect;
    int64_t late_ms;
    int64_t block, rows, pos;           /* of the block that is being read */
    int64_t before_at;                  /* when the block before it was sealed */
    int64_t at;
    unsigned char link[CHAIN_SIZE];
    char hash[CHAIN_HEX_SIZE];          /* as the block says */
};

static void evidence_found(struct evidence_walk *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void evidence_found(struct evidence_walk *w, const char *fmt, ...)
{
    va_list ap;

    if (w->e->broken++ > 0)
        return;
    va_start(ap, fmt);
    (void)vsnprintf(w->e->first, sizeof w->e->first, fmt, ap);
    va_end(ap);
}

static int64_t evidence_int(const PGresult *r, int column)
{
    return strtoll(PQgetvalue(r, 0, column), NULL, 10);
}

/* A block's last row has been read, or there was none yet. */
static void evidence_end_block(struct evidence_walk *w)
{
    char hex[CHAIN_HEX_SIZE];

    if (w->block == 0)
        return;
    (void)sodium_bin2hex(hex, sizeof hex, w->link, sizeof w->link);
    if (w->pos != w->rows)
        evidence_found(w, "block %" PRId64 ": %" PRId64 " places, it was sealed with %" PRId64, w->block, w->pos, w->rows);
    else if (strcmp(hex, w->hash) != 0)
        evidence_found(w, "block %" PRId64 ": its hash is not that of its last row", w->block);
    (void)sodium_hex2bin(w->link, sizeof w->link, w->hash, strlen(w->hash), NULL, NULL, NULL);
    (void)snprintf(w->e->hash, sizeof w->e->hash, "%s", w->hash);
}

static void evidence_begin_block(struct evidence_walk *w, const PGresult *r)
{
    int64_t block = evidence_int(r, EV_BLOCK);

    evidence_end_block(w);
    if (PQgetisnull(r, 0, EV_HASH)) {
        evidence_found(w, "block %" PRId64 " is gone, its places are there", block);
    } else {
        if (block != w->block + 1)
            evidence_found(w, "block %" PRId64 " is gone", w->block + 1);
        if (strcmp(PQgetvalue(r, 0, EV_PREV), w->e->hash) != 0)
            evidence_found(w, "block %" PRId64 ": the hash before it is not that of block %" PRId64, block, w->block);
    }
    w->e->blocks++;
    w->block = block;
    w->rows = evidence_int(r, EV_ROWS);
    w->pos = 0;
    w->before_at = w->at;
    w->at = evidence_int(r, EV_AT);
    (void)snprintf(w->hash, sizeof w->hash, "%s", PQgetvalue(r, 0, EV_HASH));
    w->e->known = w->e->known || (w->expect[0] != '\0' && strncmp(w->hash, w->expect, strlen(w->expect)) == 0);
    chain_begin(w->link, w->link, block, w->at, w->rows);
}

/* A place of the block that is being read. */
static void evidence_place(struct evidence_walk *w, const PGresult *r)
{
    const char *parts[EVIDENCE_PARTS];
    char hex[CHAIN_HEX_SIZE];

    if (PQgetisnull(r, 0, EV_POS))
        return;                         /* a block without places: told at its end */
    w->e->rows++;
    w->pos++;
    if (evidence_int(r, EV_POS) != w->pos)
        evidence_found(w, "block %" PRId64 ": place %" PRId64 " is gone", w->block, w->pos);
    if (PQgetisnull(r, 0, EV_ROW_ID)) {
        evidence_found(w, "block %" PRId64 " place %s: row %s of bucket %s was deleted", w->block, PQgetvalue(r, 0, EV_POS),
                       PQgetvalue(r, 0, EV_ID), PQgetvalue(r, 0, EV_BUCKET));
    } else {
        for (int i = 0; i < EVIDENCE_PARTS; i++)
            parts[i] = PQgetvalue(r, 0, EV_WRITER + i);
        chain_add(w->link, parts, EVIDENCE_PARTS);
        (void)sodium_bin2hex(hex, sizeof hex, w->link, sizeof w->link);
        if (strcmp(hex, PQgetvalue(r, 0, EV_LINK)) != 0)
            evidence_found(w, "block %" PRId64 " place %s: row %s of bucket %s (%s) was changed, or stood elsewhere", w->block,
                           PQgetvalue(r, 0, EV_POS), PQgetvalue(r, 0, EV_ID), PQgetvalue(r, 0, EV_BUCKET),
                           PQgetvalue(r, 0, EV_ROW_EVENT));
        else if (w->before_at - evidence_int(r, EV_ROW_AT) > w->late_ms)
            evidence_found(w, "block %" PRId64 " place %s: row %s of bucket %s (%s) is older than the block before it: it was "
                           "put in afterwards, by '%s'", w->block, PQgetvalue(r, 0, EV_POS), PQgetvalue(r, 0, EV_ID),
                           PQgetvalue(r, 0, EV_BUCKET), PQgetvalue(r, 0, EV_ROW_EVENT), PQgetvalue(r, 0, EV_WRITER));
    }
    (void)sodium_hex2bin(w->link, sizeof w->link, PQgetvalue(r, 0, EV_LINK), strlen(PQgetvalue(r, 0, EV_LINK)), NULL, NULL,
                         NULL);
}

static void evidence_take(struct evidence_walk *w, const PGresult *r)
{
    if (PQgetisnull(r, 0, EV_BLOCK)) {
        bool waits = PQgetvalue(r, 0, EV_WAITS)[0] == 't';

        w->e->waiting += waits;
        if (!waits)
            evidence_found(w, "row %s of bucket %s (%s) stands in no block and does not wait for one: it was put in past the "
                           "trigger", PQgetvalue(r, 0, EV_ROW_ID), PQgetvalue(r, 0, EV_ROW_BUCKET), PQgetvalue(r, 0, EV_ROW_EVENT));
        return;
    }
    if (evidence_int(r, EV_BLOCK) != w->block)
        evidence_begin_block(w, r);
    evidence_place(w, r);
}

/* Rows that wait and are there no more. */
static bool evidence_gone(PGconn *conn, struct evidence_walk *w, char *err, size_t n)
{
    static const char sql[] =
        "SELECT w.id, w.bucket FROM kheya.audit_wait w"
        " WHERE NOT EXISTS (SELECT FROM kheya.audit a WHERE a.bucket = w.bucket AND a.id = w.id) ORDER BY w.at LIMIT 1";
    PGresult *rows = blocking_ask(conn, sql, 0, NULL, err, n);
    bool good = rows != NULL;

    if (good && PQntuples(rows) == 1)
        evidence_found(w, "row %s of bucket %s was deleted before it was sealed", PQgetvalue(rows, 0, 0), PQgetvalue(rows, 0, 1));
    PQclear(rows);
    return good;
}

bool evidence_check(const char *conninfo, const char *expect, int64_t late_ms, struct evidence *e, char *err, size_t n)
{
    struct evidence_walk w = { .e = e, .expect = expect, .late_ms = late_ms };
    PGconn *conn = PQconnectdb(conninfo);
    PGresult *r;
    bool good = PQstatus(conn) == CONNECTION_OK && PQsendQuery(conn, evidence_sql) == 1 && PQsetSingleRowMode(conn) == 1;

    *e = (struct evidence){ .first = "" };
    if (!good)
        blocking_fail(err, n, PQerrorMessage(conn));
    while (good && (r = PQgetResult(conn)) != NULL) {
        ExecStatusType status = PQresultStatus(r);

        if (status == PGRES_SINGLE_TUPLE) {
            evidence_take(&w, r);
        } else if (status != PGRES_TUPLES_OK) {
            good = false;
            blocking_fail(err, n, PQerrorMessage(conn));
        }
        PQclear(r);
    }
    evidence_end_block(&w);
    good = good && evidence_gone(conn, &w, err, n);
    PQfinish(conn);
    return good;
}

bool evidence_digest(const char *conninfo, const char *day, struct evidence_day *d, char *err, size_t n)
{
    static const char sql[] =
        "SELECT to_char(k.day, 'YYYY-MM-DD'), coalesce(min(s.block), 0), coalesce(max(s.block), 0), coalesce(sum(s.rows), 0),"
        " coalesce((SELECT encode(p.hash, 'hex') FROM kheya.audit_seal p WHERE p.at < k.until ORDER BY p.block DESC LIMIT 1), '')"
        " FROM (SELECT x.day, (extract(epoch FROM x.day::timestamp AT TIME ZONE 'Asia/Dhaka') * 1000)::bigint AS since,"
        "   (extract(epoch FROM (x.day + 1)::timestamp AT TIME ZONE 'Asia/Dhaka') * 1000)::bigint AS until"
        "   FROM (SELECT coalesce($1::date, (now() AT TIME ZONE 'Asia/Dhaka')::date) AS day) x) k"
        " LEFT JOIN kheya.audit_seal s ON s.at >= k.since AND s.at < k.until GROUP BY k.day, k.until";
    PGresult *rows = blocking_once(conninfo, sql, 1, &day, err, n);
    bool good = rows != NULL;

    *d = (struct evidence_day){ .first = 0 };
    if (good) {
        (void)snprintf(d->day, sizeof d->day, "%s", PQgetvalue(rows, 0, 0));
        d->first = strtoll(PQgetvalue(rows, 0, 1), NULL, 10);
        d->last = strtoll(PQgetvalue(rows, 0, 2), NULL, 10);
        d->rows = strtoll(PQgetvalue(rows, 0, 3), NULL, 10);
        (void)snprintf(d->hash, sizeof d->hash, "%s", PQgetvalue(rows, 0, 4));
    }
    PQclear(rows);
    return good;
}
