#include "store/ledger.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "store/blocking.h"

#define LEDGER_REFS 5000                /* of one question */
#define LEDGER_ERROR_MAX 512
#define LEDGER_COLUMNS \
    "p.bucket, p.ref, p.msisdn, p.provider, p.service, p.about, p.lang, p.taka, p.state, p.trx, p.reason, p.refund," \
    " p.tries, p.seq, p.created, p.expires, p.paid, p.back," \
    " (SELECT coalesce(sum(r.taka) FILTER (WHERE r.state < 3), 0) FROM kheya.refund r WHERE r.bucket = p.bucket AND r.ref = p.ref)," \
    " (SELECT coalesce(sum(r.taka) FILTER (WHERE r.state IN (1, 2)), 0) FROM kheya.refund r" \
    " WHERE r.bucket = p.bucket AND r.ref = p.ref)"
#define LEDGER_AGAIN \
    "(p.about <> '' AND EXISTS (SELECT FROM kheya.payment o WHERE o.bucket = p.bucket" \
    " AND o.about = p.about AND o.ref <> p.ref AND o.state = 'confirmed' AND (o.paid, o.ref) < (p.paid, p.ref)))"

enum ledger_column {
    LEDGER_BUCKET = 0, LEDGER_REF, LEDGER_MSISDN, LEDGER_PROVIDER, LEDGER_SERVICE, LEDGER_ABOUT, LEDGER_LANG, LEDGER_TAKA,
    LEDGER_STATE, LEDGER_TRX, LEDGER_REASON, LEDGER_REFUND, LEDGER_TRIES, LEDGER_SEQ, LEDGER_CREATED, LEDGER_EXPIRES,
    LEDGER_PAID, LEDGER_BACK, LEDGER_ASKED, LEDGER_GIVEN, LEDGER_OWES,
};

static const char ledger_sql_list[] =
    "SELECT " LEDGER_COLUMNS ", (p.state = 'confirmed' AND " LEDGER_AGAIN ")::integer FROM kheya.payment p"
    " WHERE ($1::text = '' OR p.state = $1::text) AND ($2::text = '' OR p.provider = $2::text)"
    " AND ($3::text = '' OR p.about = $3::text) AND ($5::text = '' OR (p.state = 'confirmed' AND " LEDGER_AGAIN "))"
    " ORDER BY p.created DESC, p.ref LIMIT $4::integer";

static const char ledger_sql_period[] =
    "SELECT " LEDGER_COLUMNS ", " LEDGER_AGAIN "::integer FROM kheya.payment p WHERE p.provider = $1::text AND p.paid > 0"
    " AND ((p.paid >= $2::bigint AND p.paid < $3::bigint) OR (p.back >= $2::bigint AND p.back < $3::bigint)"
    "      OR EXISTS (SELECT FROM kheya.refund r WHERE r.bucket = p.bucket AND r.ref = p.ref AND r.back >= $2::bigint"
    "                 AND r.back < $3::bigint))";

/* Of payments: those that the provider did not refuse. */
static const char ledger_sql_parts[] =
    "SELECT r.ref, r.n, r.taka, r.back, r.trx FROM unnest($1::text[]) AS k(ref)"
    " JOIN kheya.refund r ON r.bucket = left(k.ref, 4)::smallint AND r.ref = k.ref WHERE r.state < 3 ORDER BY r.ref COLLATE \"C\", r.n";

static const char ledger_sql_ask_part[] =
    "SELECT o.outcome, o.n, o.rest FROM kheya.ask_part($1::text, $2::bigint, $3::text, $4::text, $5::text) o";

static const char ledger_sql_part_given[] =
    "UPDATE kheya.refund r SET state = 1, trx = $3::text, back = $4::bigint, actor = $5::text"
    " WHERE r.bucket = left($1::text, 4)::smallint AND r.ref = $1::text AND r.n = $2::smallint AND r.state = 0 RETURNING r.n";

static const char ledger_sql_refs[] =
    "SELECT " LEDGER_COLUMNS ", " LEDGER_AGAIN "::integer FROM unnest($2::text[]) AS k(ref)"
    " JOIN kheya.payment p ON p.bucket = left(k.ref, 4)::smallint AND p.ref = k.ref WHERE p.provider = $1::text";

static const char ledger_sql_one[] =
    "SELECT " LEDGER_COLUMNS ", p.owes FROM kheya.payment p WHERE p.bucket = left($1::text, 4)::smallint AND p.ref = $1::text";

static const char ledger_sql_events[] =
    "SELECT e.at, e.actor, e.state, e.note FROM kheya.payment_event e"
    " WHERE e.bucket = left($1::text, 4)::smallint AND e.ref = $1::text ORDER BY e.seq";

/* $1 bucket, $2 ref, $3 seq, $4 state, $5 trx, $6 reason, $7 refund, $8 owes to be added, $9 paid, $10 back, $11 now,
 * $12 actor, $13 note */
static const char ledger_sql_write[] =
    "WITH u AS (UPDATE kheya.payment p SET state = $4::text, trx = $5::text, reason = $6::text, refund = $7::boolean,"
    "             owes = p.owes | $8::integer, tries = 0, paid = $9::bigint, back = $10::bigint, changed = $11::bigint,"
    "             due = $11::bigint, seq = p.seq + 1"
    "         WHERE p.bucket = $1::smallint AND p.ref = $2::text AND p.seq = $3::integer"
    "         RETURNING p.bucket, p.ref, p.seq, p.state),"
    " e AS (INSERT INTO kheya.payment_event (bucket, ref, seq, at, actor, state, note)"
    "       SELECT u.bucket, u.ref, u.seq, $11::bigint, $12::text, u.state, $13::text FROM u)"
    " SELECT u.seq FROM u";

struct ledger {
    PGconn *conn;
    char error[LEDGER_ERROR_MAX];
};

struct ledger *ledger_open(const char *conninfo, char *err, size_t n)
{
    struct ledger *l = xcalloc(1, sizeof *l);

    l->conn = PQconnectdb(conninfo);
    if (PQstatus(l->conn) == CONNECTION_OK)
        return l;
    blocking_fail(err, n, PQerrorMessage(l->conn));
    ledger_close(l);
    return NULL;
}

void ledger_close(struct ledger *l)
{
    if (l == NULL)
        return;
    PQfinish(l->conn);
    free(l);
}

const char *ledger_error(const struct ledger *l)
{
    return l->error;
}

/* --- rows ------------------------------------------------------------------------------------- */

static int64_t ledger_number(const PGresult *rows, int i, int column)
{
    return strtoll(PQgetvalue(rows, i, column), NULL, 10);
}

static struct store_payment ledger_row(const PGresult *rows, int i)
{
    return (struct store_payment){
        .bucket = (int16_t)ledger_number(rows, i, LEDGER_BUCKET),
        .ref = PQgetvalue(rows, i, LEDGER_REF),
        .msisdn = PQgetvalue(rows, i, LEDGER_MSISDN),
        .provider = PQgetvalue(rows, i, LEDGER_PROVIDER),
        .service = PQgetvalue(rows, i, LEDGER_SERVICE),
        .about = PQgetvalue(rows, i, LEDGER_ABOUT),
        .lang = PQgetvalue(rows, i, LEDGER_LANG),
        .taka = ledger_number(rows, i, LEDGER_TAKA),
        .state = PQgetvalue(rows, i, LEDGER_STATE),
        .trx = PQgetvalue(rows, i, LEDGER_TRX),
        .reason = PQgetvalue(rows, i, LEDGER_REASON),
        .refund = PQgetvalue(rows, i, LEDGER_REFUND)[0] == 't',
        .owes = (int32_t)ledger_number(rows, i, LEDGER_OWES),
        .tries = (int32_t)ledger_number(rows, i, LEDGER_TRIES),
        .seq = (int32_t)ledger_number(rows, i, LEDGER_SEQ),
        .created = ledger_number(rows, i, LEDGER_CREATED),
        .expires = ledger_number(rows, i, LEDGER_EXPIRES),
        .paid = ledger_number(rows, i, LEDGER_PAID),
        .back = ledger_number(rows, i, LEDGER_BACK),
        .asked = ledger_number(rows, i, LEDGER_ASKED),
        .given = ledger_number(rows, i, LEDGER_GIVEN),
    };
}

static bool ledger_each(struct ledger *l, const char *sql, int count, const char *const *values, ledger_fn fn, void *arg)
{
    PGresult *rows = blocking_ask(l->conn, sql, count, values, l->error, sizeof l->error);
    bool good = rows != NULL;

    for (int i = 0; good && i < PQntuples(rows); i++) {
        const struct store_payment row = ledger_row(rows, i);

        fn(arg, &row);
    }
    PQclear(rows);
    return good;
}

static const char *ledger_any(const char *s)
{
    return s != NULL ? s : "";
}

bool ledger_list(struct ledger *l, const struct ledger_filter *filter, ledger_fn fn, void *arg)
{
    char max[16];
    const char *values[] = { ledger_any(filter->state), ledger_any(filter->provider), ledger_any(filter->about), max,
                             filter->twice ? "t" : "" };

    (void)snprintf(max, sizeof max, "%d", filter->max);
    return ledger_each(l, ledger_sql_list, 5, values, fn, arg);
}

bool ledger_period(struct ledger *l, const char *provider, int64_t from, int64_t to, ledger_fn fn, void *arg)
{
    char first[24], last[24];
    const char *values[] = { provider, first, last };

    (void)snprintf(first, sizeof first, "%" PRId64, from);
    (void)snprintf(last, sizeof last, "%" PRId64, to);
    return ledger_each(l, ledger_sql_period, 3, values, fn, arg);
}

/* refs are of digits and letters a to f alone. */
static bool ledger_some_refs(struct ledger *l, const char *provider, const char *const *refs, size_t count, ledger_fn fn,
                             void *arg)
{
    struct buf list;
    const char *values[2] = { provider, NULL };
    bool good;

    buf_init(&list, 64 * LEDGER_REFS);
    buf_addc(&list, '{');
    for (size_t i = 0; i < count; i++)
        buf_addf(&list, "%s%s", i > 0 ? "," : "", refs[i]);
    buf_addc(&list, '}');
    values[1] = buf_str(&list);
    good = ledger_each(l, ledger_sql_refs, 2, values, fn, arg);
    buf_fini(&list);
    return good;
}

bool ledger_refs(struct ledger *l, const char *provider, const char *const *refs, size_t count, ledger_fn fn, void *arg)
{
    for (size_t i = 0; i < count; i += LEDGER_REFS) {
        if (!ledger_some_refs(l, provider, refs + i, count - i < LEDGER_REFS ? count - i : LEDGER_REFS, fn, arg))
            return false;
    }
    return true;
}

/* --- one ------------------------------------------------------------------------------------------ */

struct ledger_counted {
    ledger_fn fn;
    void *arg;
    int count;
};

static void ledger_count(void *arg, const struct store_payment *row)
{
    struct ledger_counted *c = arg;

    c->count++;
    c->fn(c->arg, row);
}

static bool ledger_events(struct ledger *l, const char *ref, ledger_event_fn event, void *arg)
{
    const char *values[] = { ref };
    PGresult *rows = blocking_ask(l->conn, ledger_sql_events, 1, values, l->error, sizeof l->error);

    for (int i = 0; rows != NULL && i < PQntuples(rows); i++) {
        const struct ledger_event e = { ledger_number(rows, i, 0), PQgetvalue(rows, i, 1), PQgetvalue(rows, i, 2),
                                        PQgetvalue(rows, i, 3) };

        event(arg, &e);
    }
    PQclear(rows);
    return rows != NULL;
}

bool ledger_show(struct ledger *l, const char *ref, ledger_fn fn, ledger_event_fn event, void *arg)
{
    const char *values[] = { ref };
    struct ledger_counted c = { fn, arg, 0 };

    l->error[0] = '\0';
    return ledger_each(l, ledger_sql_one, 1, values, ledger_count, &c) && c.count > 0 &&
           (event == NULL || ledger_events(l, ref, event, arg));
}

bool ledger_write(struct ledger *l, const struct store_payment *row, const char *actor, const char *note, bool *there)
{
    char bucket[8], seq[16], owes[16], paid[24], back[24], now[24];
    const char *values[] = { bucket, row->ref, seq, row->state, row->trx, row->reason, row->refund ? "t" : "f", owes, paid,
                             back, now, actor, note };
    PGresult *rows;

    (void)snprintf(bucket, sizeof bucket, "%d", row->bucket);
    (void)snprintf(seq, sizeof seq, "%" PRId32, row->seq);
    (void)snprintf(owes, sizeof owes, "%" PRId32, row->owes);
    (void)snprintf(paid, sizeof paid, "%" PRId64, row->paid);
    (void)snprintf(back, sizeof back, "%" PRId64, row->back);
    (void)snprintf(now, sizeof now, "%" PRId64, clock_now());
    rows = blocking_ask(l->conn, ledger_sql_write, 13, values, l->error, sizeof l->error);
    *there = rows != NULL && PQntuples(rows) > 0;
    PQclear(rows);
    return rows != NULL;
}

/* --- parts --------------------------------------------------------------------------------------------- */

bool ledger_ask_part(struct ledger *l, const struct ledger_part *part, struct ledger_asked *out)
{
    char taka[24];
    const char *values[] = { part->ref, taka, part->key, part->actor, part->note };
    PGresult *rows;
    bool good;

    (void)snprintf(taka, sizeof taka, "%" PRId64, part->taka);
    rows = blocking_ask(l->conn, ledger_sql_ask_part, 5, values, l->error, sizeof l->error);
    good = rows != NULL && PQntuples(rows) == 1;
    if (good) {
        (void)snprintf(out->outcome, sizeof out->outcome, "%s", PQgetvalue(rows, 0, 0));
        out->n = (int)ledger_number(rows, 0, 1);
        out->rest = ledger_number(rows, 0, 2);
    }
    PQclear(rows);
    return good;
}

static bool ledger_some_parts(struct ledger *l, const char *const *refs, size_t count, ledger_part_fn fn, void *arg)
{
    struct buf list;
    const char *values[1];
    PGresult *rows;

    buf_init(&list, 64 * LEDGER_REFS);
    buf_addc(&list, '{');
    for (size_t i = 0; i < count; i++)
        buf_addf(&list, "%s%s", i > 0 ? "," : "", refs[i]);
    buf_addc(&list, '}');
    values[0] = buf_str(&list);
    rows = blocking_ask(l->conn, ledger_sql_parts, 1, values, l->error, sizeof l->error);
    for (int i = 0; rows != NULL && i < PQntuples(rows); i++) {
        const struct ledger_part part = { .ref = PQgetvalue(rows, i, 0), .n = (int)ledger_number(rows, i, 1),
                                          .taka = ledger_number(rows, i, 2), .back = ledger_number(rows, i, 3),
                                          .trx = PQgetvalue(rows, i, 4) };

        fn(arg, &part);
    }
    buf_fini(&list);
    PQclear(rows);
    return rows != NULL;
}

bool ledger_parts(struct ledger *l, const char *const *refs, size_t count, ledger_part_fn fn, void *arg)
{
    for (size_t i = 0; i < count; i += LEDGER_REFS) {
        if (!ledger_some_parts(l, refs + i, count - i < LEDGER_REFS ? count - i : LEDGER_REFS, fn, arg))
            return false;
    }
    return true;
}

bool ledger_part_given(struct ledger *l, const struct ledger_part *part, bool *there)
{
    char n[16], back[24];
    const char *values[] = { part->ref, n, part->trx, back, part->actor };
    PGresult *rows;

    (void)snprintf(n, sizeof n, "%d", part->n);
    (void)snprintf(back, sizeof back, "%" PRId64, part->back);
    rows = blocking_ask(l->conn, ledger_sql_part_given, 5, values, l->error, sizeof l->error);
    *there = rows != NULL && PQntuples(rows) > 0;
    PQclear(rows);
    return rows != NULL;
}

static bool ledger_do(struct ledger *l, const char *sql)
{
    PGresult *r = NULL, *more;
    bool good;

    if (PQsendQueryParams(l->conn, sql, 0, NULL, NULL, NULL, NULL, 0) == 1) {
        r = PQgetResult(l->conn);
        while ((more = PQgetResult(l->conn)) != NULL)
            PQclear(more);
    }
    good = PQresultStatus(r) == PGRES_COMMAND_OK;
    if (!good)
        blocking_fail(l->error, sizeof l->error, PQerrorMessage(l->conn));
    PQclear(r);
    return good;
}

bool ledger_begin(struct ledger *l)
{
    return ledger_do(l, "BEGIN");
}

bool ledger_end(struct ledger *l, bool commit)
{
    return ledger_do(l, commit ? "COMMIT" : "ROLLBACK");
}
