#include "store/messages.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/random.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/outbox.h"
#include "store/array.h"

#define MESSAGES_MARKS_MAX 200000         /* that wait; past it the lease decides */
#define MESSAGES_NOTE_MAX  200            /* bytes kept of a note */
#define MESSAGES_LEASE     "15000"      /* ms */
#define MESSAGES_ARRAY_MAX (32u << 20)
#define MESSAGES_SOME      "500"        /* that one statement expires, or moves to another lane */
#define MESSAGES_TIDY_MS   5000         /* lanes are announced, and lost messages looked for, so often */
#define MESSAGES_GONE      "60000"      /* ms: a lane unseen so long has no messages that cannot wait */
#define MESSAGES_LOST      "3600000"    /* and after this none at all */

/*
 * What is done, in this order, before and in a take.  Each is a transaction of
 * its own and walks the head of an index, however much waits behind it.
 */
enum messages_statement {
    MESSAGES_ANNOUNCE = 0,              /* our lanes are there; every few seconds */
    MESSAGES_STRAY,                     /* what waits for lanes that are gone has none; likewise */
    MESSAGES_CODES,                     /* one-time codes too old end; likewise */
    MESSAGES_EXPIRE,                    /* as all that is too old; likewise */
    MESSAGES_RELEASE,                   /* leases that ran out */
    MESSAGES_SORT,                      /* what has no lane gets one */
    MESSAGES_TAKE,
    MESSAGES_MARK,
    MESSAGES_STATEMENTS,
};

#define MESSAGES_NOW "(extract(epoch FROM now()) * 1000)::bigint"
#define MESSAGES_DUE "coalesce(o.later, o.due)"
#define MESSAGES_BORN "greatest(o.due, o.created)"      /* its age counts from then: due may be 0, for at once */

/* A lane that takes messages of a rank: seen of late by some process. */
#define MESSAGES_ALIVE(lane, rank) \
    "EXISTS (SELECT FROM kheya.lane a WHERE a.name = " lane " AND a.seen > " MESSAGES_NOW \
    " - CASE WHEN " rank " < 2 THEN " MESSAGES_GONE " ELSE " MESSAGES_LOST " END)"

/* The first rows of one rank and lane; FOR UPDATE of each walks only so far. */
#define MESSAGES_HEAD(columns, lane, rank, before, limit) MESSAGES_HEAD_IF(columns, lane, rank, before, "", limit)
#define MESSAGES_HEAD_IF(columns, lane, rank, before, more, limit) \
    "SELECT " columns " FROM kheya.outbox o WHERE o.state = 0 AND o.link = " lane " AND o.rank = " rank \
    " AND " MESSAGES_DUE " <= " before more " ORDER BY " MESSAGES_DUE " LIMIT " limit " FOR UPDATE SKIP LOCKED"

static const struct messages_sql {
    const char *name;
    const char *sql;
} messages_statements[MESSAGES_STATEMENTS] = {
    /* $1 those that are up */
    [MESSAGES_ANNOUNCE] = { "messages_announce",
        "INSERT INTO kheya.lane AS l (name, seen) SELECT n.name, " MESSAGES_NOW " FROM unnest($1::text[]) AS n(name)"
        " ORDER BY n.name ON CONFLICT (name) DO UPDATE SET seen = EXCLUDED.seen" },
    /* The lanes for which something waits, found without reading what does. */
    [MESSAGES_STRAY] = { "messages_stray",
        "WITH RECURSIVE w(link) AS ("
        "(SELECT o.link FROM kheya.outbox o WHERE o.state = 0 AND o.link > '' ORDER BY o.link LIMIT 1)"
        " UNION ALL SELECT (SELECT o.link FROM kheya.outbox o WHERE o.state = 0 AND o.link > w.link"
        " ORDER BY o.link LIMIT 1) FROM w WHERE w.link IS NOT NULL), t AS ("
        "SELECT m.bucket, m.id FROM w CROSS JOIN unnest($1::smallint[]) AS r(rank) CROSS JOIN LATERAL ("
        MESSAGES_HEAD("o.bucket, o.id", "w.link", "r.rank", MESSAGES_NOW, MESSAGES_SOME) ") m"
        " WHERE w.link IS NOT NULL AND NOT " MESSAGES_ALIVE("w.link", "r.rank") ")"
        " UPDATE kheya.outbox o SET link = '' FROM t WHERE o.bucket = t.bucket AND o.id = t.id" },
    /* $1 now, $2 age.  A code that nobody could send in time does not stay readable. */
    [MESSAGES_CODES] = { "messages_codes",
        "UPDATE kheya.outbox o SET state = 6, text = '', note = 'expired', lease_until = NULL, changed = $1::bigint"
        " WHERE o.class = 'otp' AND o.state < 2 AND o.created < $1::bigint - $2::bigint AND o.due < $1::bigint - $2::bigint"
        " AND (o.state = 0 OR o.lease_until <= " MESSAGES_NOW ")" },
    /* $1 now, $2 lanes, $3 age by rank */
    [MESSAGES_EXPIRE] = { "messages_expire",
        "WITH t AS (SELECT m.bucket, m.id FROM unnest($2::text[]) AS l(link)"
        " CROSS JOIN unnest($3::bigint[]) WITH ORDINALITY AS r(age, n) CROSS JOIN LATERAL ("
        MESSAGES_HEAD_IF("o.bucket, o.id", "l.link", "r.n - 1", "$1::bigint - r.age",
                         " AND " MESSAGES_BORN " <= $1::bigint - r.age", MESSAGES_SOME) ") m)"
        " UPDATE kheya.outbox o SET state = 6, note = 'expired', changed = $1::bigint,"
        " text = CASE WHEN o.class = 'otp' THEN '' ELSE o.text END"
        " FROM t WHERE o.bucket = t.bucket AND o.id = t.id" },
    /* Leases end by the server's clock, which all processes share. */
    [MESSAGES_RELEASE] = { "messages_release",
        "WITH t AS (SELECT o.bucket, o.id FROM kheya.outbox o WHERE o.state = 1 AND o.lease_until <= " MESSAGES_NOW
        " ORDER BY o.lease_until LIMIT " MESSAGES_SOME " FOR UPDATE SKIP LOCKED)"
        " UPDATE kheya.outbox o SET state = 0, lease_until = NULL"
        " FROM t WHERE o.bucket = t.bucket AND o.id = t.id" },
    /* $1 now, $2 ranks, $3 how many, $4 prefixes and $5 their lanes, $6 else.
     * Where her number last dialled in, whatever its first digits say. */
    [MESSAGES_SORT] = { "messages_sort",
        "WITH c AS (SELECT m.* FROM unnest($2::smallint[]) AS r(rank) CROSS JOIN LATERAL ("
        MESSAGES_HEAD("o.bucket, o.id, o.receiver, o.rank", "''", "r.rank", "$1::bigint", "$3::integer") ") m"
        " LIMIT $3::integer), t AS (SELECT c.bucket, c.id, coalesce("
        "(SELECT z.link FROM kheya.citizen z WHERE z.bucket = kheya.bucket(c.receiver) AND z.msisdn = c.receiver"
        " AND " MESSAGES_ALIVE("z.link", "c.rank") "),"
        "(SELECT p.link FROM unnest($4::text[], $5::text[]) AS p(digits, link) WHERE starts_with(c.receiver, p.digits)"
        " AND " MESSAGES_ALIVE("p.link", "c.rank") " ORDER BY length(p.digits) DESC LIMIT 1), $6::text) AS link FROM c)"
        " UPDATE kheya.outbox o SET link = t.link FROM t WHERE o.bucket = t.bucket AND o.id = t.id" },
    /* $1 lanes, $2 room of each, $3 ranks that may go, $4 now, $5 who, $6 day, $7 how many a day, $8 tomorrow,
     * $9 ages by rank, $10 ranks that are counted.  A message is counted when it is first taken. */
    [MESSAGES_TAKE] = { "messages_take",
        "WITH c AS (SELECT m.*, m.rank = ANY ($10::smallint[]) AND NOT m.old AND m.tries = 0 AND $7::integer > 0 AS counted"
        " FROM unnest($1::text[], $2::integer[]) AS l(link, room) CROSS JOIN LATERAL ("
        "SELECT h.* FROM unnest($3::smallint[]) AS r(rank) CROSS JOIN LATERAL ("
        MESSAGES_HEAD("o.bucket, o.id, o.receiver, o.rank, o.tries, o.due,"
                      " " MESSAGES_BORN " + ($9::bigint[])[o.rank + 1] <= $4::bigint AS old",
                      "l.link", "r.rank", "$4::bigint", "l.room") ") h LIMIT l.room) m"
        "), d AS (INSERT INTO kheya.outbox_day AS n (receiver, day, wanted)"
        " SELECT c.receiver, $6::integer, count(*) FROM c WHERE c.counted GROUP BY c.receiver ORDER BY c.receiver"
        " ON CONFLICT (bucket, receiver) DO UPDATE SET day = EXCLUDED.day,"
        " wanted = EXCLUDED.wanted + CASE WHEN n.day = EXCLUDED.day THEN n.wanted ELSE 0 END"
        " RETURNING n.receiver, n.wanted"
        "), j AS (SELECT c.bucket, c.id, CASE WHEN c.old THEN 6"
        " WHEN c.counted AND d.wanted - count(*) OVER w + row_number() OVER (w ORDER BY c.due, c.id) > $7::integer THEN 0"
        " ELSE 1 END AS next"
        " FROM c LEFT JOIN d ON d.receiver = c.receiver WINDOW w AS (PARTITION BY c.receiver, c.counted)"
        "), u AS (UPDATE kheya.outbox o SET state = j.next, changed = $4::bigint,"
        " tries = o.tries + (j.next = 1)::integer,"
        " taker = CASE WHEN j.next = 1 THEN $5::integer ELSE o.taker END,"
        " lease_until = CASE WHEN j.next = 1 THEN " MESSAGES_NOW " + " MESSAGES_LEASE " END,"
        " later = CASE WHEN j.next = 0 THEN least($8::bigint, " MESSAGES_BORN " + ($9::bigint[])[o.rank + 1]) ELSE o.later END,"
        " note = CASE j.next WHEN 6 THEN 'expired' WHEN 0 THEN 'enough for today' ELSE o.note END,"
        " text = CASE WHEN j.next = 6 AND o.class = 'otp' THEN '' ELSE o.text END"
        " FROM j WHERE o.bucket = j.bucket AND o.id = j.id"
        " RETURNING o.*)"
        " SELECT u.bucket::integer, u.id, u.tries, u.receiver, u.link, u.lang, u.class, u.text,"
        " greatest(u.due, u.created) + ($9::bigint[])[u.rank + 1], u.quiet::integer, u.discreet, u.approval, coalesce(z.quiet, 0) > 0, u.asked,"
        " u.pushed > 0, u.dial, u.whose"
        " FROM u LEFT JOIN kheya.citizen z ON z.bucket = kheya.bucket(u.receiver) AND z.msisdn = u.receiver"
        " WHERE u.state = 1 ORDER BY u.rank, u.due, u.id" },
    /* States move forward only.  A message is given back only by the process
     * that holds it: if another has taken it since, it stays with that one.
     * What failed goes on to the other number, but a code is for one phone. */
    [MESSAGES_MARK] = { "messages_mark",
        "WITH u AS (UPDATE kheya.outbox o SET state = k.state, note = k.note, changed = $8::bigint, lease_until = NULL,"
        " text = CASE WHEN o.class = 'otp' AND k.state > 1 THEN '' ELSE o.text END,"
        " later = CASE WHEN k.state = 0 THEN k.later ELSE o.later END,"
        " tries = o.tries - k.untried, pushed = greatest(o.pushed, k.pushed),"
        " segments = CASE WHEN k.segments > 0 THEN k.segments ELSE o.segments END"
        " FROM unnest($1::smallint[], $2::bigint[], $3::smallint[], $4::text[], $5::bigint[], $6::smallint[], $7::smallint[],"
        "             $10::smallint[])"
        "      AS k(bucket, id, state, note, later, untried, segments, pushed)"
        " WHERE o.bucket = k.bucket AND o.id = k.id"
        " AND CASE WHEN k.state = 0 THEN (o.state = 1 AND o.taker = $9::integer)"
        "               OR (k.pushed = 2 AND o.pushed = 1 AND o.state = 0)"
        "          ELSE o.state < k.state AND o.state < 4 END"
        " RETURNING o.*)"
        " INSERT INTO kheya.outbox (bucket, cause, receiver, lang, class, asked, text, quiet, discreet, approval, whose,"
        " due, created, changed)"
        " SELECT f.bucket, f.cause || '/other', x.other, f.lang, f.class, f.asked, f.text, f.quiet, f.discreet, f.approval,"
        " f.receiver, $8::bigint, $8::bigint, $8::bigint"
        " FROM (SELECT u.* FROM u WHERE u.state IN (5, 6) AND u.class <> 'otp' AND u.quiet < 2"
        "       AND u.cause NOT LIKE '%/other' AND (u.class <> 'emergency' OR u.due > $8::bigint - 21600000)) f"
        " CROSS JOIN LATERAL (SELECT coalesce(nullif(f.other, ''), (SELECT z.other FROM kheya.citizen z"
        " WHERE z.bucket = kheya.bucket(f.receiver) AND z.msisdn = f.receiver), '') AS other) x"
        " WHERE x.other NOT IN ('', f.receiver) ON CONFLICT (bucket, cause) DO NOTHING" },
};

struct messages_mark {
    int64_t id;
    int64_t later;
    char *note;                         /* owned; NULL = "" */
    int16_t bucket;
    int16_t state;
    int16_t untried;
    int16_t segments;
    int16_t pushed;
};

/* The marks of one statement. */
struct messages_marks {
    TAILQ_ENTRY(messages_marks) link;
    struct messages *owner;
    struct pg *pg;
    int count;
    bool bare;                          /* PostgreSQL refused the notes: send without */
    struct messages_mark rows[];          /* batch_max of them */
};
TAILQ_HEAD(messages_list, messages_marks);

enum messages_column {
    MARK_BUCKET = 0, MARK_ID, MARK_STATE, MARK_NOTE, MARK_LATER, MARK_UNTRIED, MARK_SEGMENTS, MARK_PUSHED,
    MARK_COLUMNS,
};

static const enum array_type messages_types[MARK_COLUMNS] = {
    [MARK_BUCKET] = ARRAY_INT2, [MARK_ID] = ARRAY_INT8, [MARK_STATE] = ARRAY_INT2, [MARK_NOTE] = ARRAY_TEXT,
    [MARK_LATER] = ARRAY_INT8, [MARK_UNTRIED] = ARRAY_INT2, [MARK_SEGMENTS] = ARRAY_INT2,
    [MARK_PUSHED] = ARRAY_INT2,
};

/* Arrays that the statements of a take are given. */
enum messages_given {
    GIVEN_UP = 0,                       /* lanes of ours that are up */
    GIVEN_LANES,                        /* that have room */
    GIVEN_ROOMS,
    GIVEN_ALL,                          /* of ours, and '' */
    GIVEN_RANKS,                        /* all */
    GIVEN_AWAKE,                        /* that may go now */
    GIVEN_COUNTED,
    GIVEN_AGES,
    GIVEN_PREFIXES,
    GIVEN_PREFIX_LANES,
    GIVEN_ARRAYS,
};

static const enum array_type messages_given_types[GIVEN_ARRAYS] = {
    [GIVEN_UP] = ARRAY_TEXT, [GIVEN_LANES] = ARRAY_TEXT, [GIVEN_ROOMS] = ARRAY_INT4, [GIVEN_ALL] = ARRAY_TEXT,
    [GIVEN_RANKS] = ARRAY_INT2, [GIVEN_AWAKE] = ARRAY_INT2, [GIVEN_COUNTED] = ARRAY_INT2, [GIVEN_AGES] = ARRAY_INT8,
    [GIVEN_PREFIXES] = ARRAY_TEXT, [GIVEN_PREFIX_LANES] = ARRAY_TEXT,
};

struct messages {
    const struct store_ops *ops;
    void *arg;
    int batch_max;
    int stall_ms;
    int taker;                          /* who we are in outbox.taker: random */
    struct store_taking wanted;         /* next, if it is */
    bool wants;
    int wanted_rows;                    /* 0: only to look after what waits */
    bool taking;
    int64_t tidied;                     /* clock_mono() ms */
    struct pg *take_pg;
    struct array given[GIVEN_ARRAYS];
    struct messages_list waiting, flying;
    size_t waiting_rows;
    struct array columns[MARK_COLUMNS];
};

void messages_prepare(struct pg *pg)
{
    for (int i = 0; i < MESSAGES_STATEMENTS; i++)
        pg_prepare(pg, messages_statements[i].name, messages_statements[i].sql);
}

/* --- life -------------------------------------------------------------------- */

struct messages *messages_new(const struct store_ops *ops, void *arg, int batch_max, int stall_ms)
{
    struct messages *o = xcalloc(1, sizeof *o);
    uint32_t who = 0;

    if (getrandom(&who, sizeof who, 0) != (ssize_t)sizeof who)
        who = (uint32_t)clock_mono_us();
    o->ops = ops;
    o->arg = arg;
    o->batch_max = batch_max;
    o->stall_ms = stall_ms;
    o->taker = (int)(who & INT32_MAX);
    TAILQ_INIT(&o->waiting);
    TAILQ_INIT(&o->flying);
    for (int i = 0; i < MARK_COLUMNS; i++)
        array_init(&o->columns[i], MESSAGES_ARRAY_MAX);
    for (int i = 0; i < GIVEN_ARRAYS; i++)
        array_init(&o->given[i], MESSAGES_ARRAY_MAX);
    o->tidied = INT64_MIN / 2;
    return o;
}

static void messages_marks_free(struct messages_list *list, struct messages_marks *m)
{
    TAILQ_REMOVE(list, m, link);
    for (int i = 0; i < m->count; i++)
        free(m->rows[i].note);
    free(m);
}

void messages_free(struct messages *o)
{
    struct messages_marks *m;

    if (o == NULL)
        return;
    while ((m = TAILQ_FIRST(&o->waiting)) != NULL)
        messages_marks_free(&o->waiting, m);
    while ((m = TAILQ_FIRST(&o->flying)) != NULL)
        messages_marks_free(&o->flying, m);
    for (int i = 0; i < MARK_COLUMNS; i++)
        array_fini(&o->columns[i]);
    for (int i = 0; i < GIVEN_ARRAYS; i++)
        array_fini(&o->given[i]);
    free(o);
}

/* --- take ------------------------------------------------------------------------ */

void messages_take(struct messages *o, const struct store_taking *what)
{
    assert(what->lane_count <= STORE_LANES_MAX);
    o->wanted = *what;
    o->wants = true;
    o->wanted_rows = 0;
    for (int i = 0; i < what->lane_count; i++)
        o->wanted_rows += what->lanes[i].room;
}

enum {
    TAKE_BUCKET = 0, TAKE_ID, TAKE_TRIES, TAKE_RECEIVER, TAKE_LINK, TAKE_LANG, TAKE_CLASS, TAKE_TEXT, TAKE_EXPIRES,
    TAKE_QUIET, TAKE_DISCREET, TAKE_APPROVAL, TAKE_SHARED, TAKE_ASKED, TAKE_PUSHED, TAKE_DIAL, TAKE_WHOSE,
};

static void messages_tell(const struct messages *o, const PGresult *rows, int i)
{
    const struct store_outgoing m = {
        .id = pg_int8(rows, i, TAKE_ID),
        .bucket = (int16_t)pg_int4(rows, i, TAKE_BUCKET),
        .tries = pg_int4(rows, i, TAKE_TRIES),
        .expires = pg_int8(rows, i, TAKE_EXPIRES),
        .quiet = pg_int4(rows, i, TAKE_QUIET),
        .shared = pg_bool(rows, i, TAKE_SHARED),
        .asked = pg_bool(rows, i, TAKE_ASKED),
        .pushed = pg_bool(rows, i, TAKE_PUSHED),
        .dial = PQgetvalue(rows, i, TAKE_DIAL),
        .whose = PQgetvalue(rows, i, TAKE_WHOSE),
        .receiver = PQgetvalue(rows, i, TAKE_RECEIVER),
        .link = PQgetvalue(rows, i, TAKE_LINK),
        .lang = PQgetvalue(rows, i, TAKE_LANG),
        .class = PQgetvalue(rows, i, TAKE_CLASS),
        .text = PQgetvalue(rows, i, TAKE_TEXT),
        .discreet = PQgetvalue(rows, i, TAKE_DISCREET),
        .approval = PQgetvalue(rows, i, TAKE_APPROVAL),
    };

    o->ops->outgoing(o->arg, &m);
}

static void messages_trouble(const struct messages *o, enum messages_statement which, const struct pg_answer *a)
{
    if (a->outcome != PG_ERROR)
        return;
    log_err("store event=%s_failed reason=\"%s\"", messages_statements[which].name, a->reason);
    if (pg_error_of(a->sqlstate) == PG_ERROR_TROUBLE)
        pg_drop(o->take_pg, PG_SOON, a->reason);
}

static void messages_on_taken(void *arg, const struct pg_answer *a)
{
    struct messages *o = arg;
    int n = a->outcome == PG_DONE ? PQntuples(a->rows) : 0;

    o->taking = false;
    messages_trouble(o, MESSAGES_TAKE, a);
    for (int i = 0; i < n; i++)
        messages_tell(o, a->rows, i);
}

static void messages_on_tidied(void *arg, const struct pg_answer *a)
{
    messages_trouble(arg, MESSAGES_EXPIRE, a);
}

static void messages_on_sorted(void *arg, const struct pg_answer *a)
{
    messages_trouble(arg, MESSAGES_SORT, a);
}

static void messages_give_text(struct messages *o, enum messages_given which, const char *text)
{
    array_bytes(&o->given[which], text, strlen(text));
}

static void messages_give_lanes(struct messages *o)
{
    messages_give_text(o, GIVEN_ALL, "");
    for (int i = 0; i < o->wanted.lane_count; i++) {
        const struct store_lane *l = &o->wanted.lanes[i];

        messages_give_text(o, GIVEN_ALL, l->name);
        if (l->up)
            messages_give_text(o, GIVEN_UP, l->name);
        if (l->room > 0) {
            messages_give_text(o, GIVEN_LANES, l->name);
            array_int4(&o->given[GIVEN_ROOMS], l->room);
        }
    }
    for (int i = 0; i < o->wanted.prefix_count; i++) {
        messages_give_text(o, GIVEN_PREFIXES, o->wanted.prefixes[i].digits);
        messages_give_text(o, GIVEN_PREFIX_LANES, o->wanted.prefixes[i].lane);
    }
}

static void messages_give(struct messages *o)
{
    for (int i = 0; i < GIVEN_ARRAYS; i++)
        array_begin(&o->given[i], messages_given_types[i]);
    messages_give_lanes(o);
    for (int rank = 0; rank < OUTBOX_RANKS; rank++) {
        array_int2(&o->given[GIVEN_RANKS], (int16_t)rank);
        array_int8(&o->given[GIVEN_AGES], outbox_rank_expiry(rank));
        if (!o->wanted.quiet_now || !outbox_rank_is_quiet(rank))
            array_int2(&o->given[GIVEN_AWAKE], (int16_t)rank);
        if (outbox_rank_is_capped(rank))
            array_int2(&o->given[GIVEN_COUNTED], (int16_t)rank);
    }
    for (int i = 0; i < GIVEN_ARRAYS; i++)
        array_end(&o->given[i]);
}

static void messages_param(const struct messages *o, struct pg_params *p, enum messages_given which)
{
    pg_param_binary(p, o->given[which].bytes.data, o->given[which].bytes.len);
}

/* One statement with what it is given: texts first where now comes first. */
static void messages_do(struct messages *o, enum messages_statement which, const char *const *texts, int text_count,
                        const enum messages_given *given, int given_count)
{
    struct pg_params p = { 0 };

    for (int i = 0; i < text_count; i++)
        pg_param_text(&p, texts[i]);
    for (int i = 0; i < given_count; i++)
        messages_param(o, &p, given[i]);
    pg_query(o->take_pg, messages_statements[which].name, &p, PG_BINARY);
}

static void messages_send_tidy(struct messages *o, const char *now)
{
    char age[24];
    const char *const texts[2] = { now, age };

    if (clock_mono() - o->tidied < MESSAGES_TIDY_MS)
        return;
    o->tidied = clock_mono();
    snprintf(age, sizeof age, "%" PRId64, outbox_rank_expiry(0));
    messages_do(o, MESSAGES_ANNOUNCE, NULL, 0, (const enum messages_given[]){ GIVEN_UP }, 1);
    messages_do(o, MESSAGES_STRAY, NULL, 0, (const enum messages_given[]){ GIVEN_RANKS }, 1);
    messages_do(o, MESSAGES_CODES, texts, 2, NULL, 0);
    messages_do(o, MESSAGES_EXPIRE, texts, 1, (const enum messages_given[]){ GIVEN_ALL, GIVEN_AGES }, 2);
    pg_end(o->take_pg, o->stall_ms, messages_on_tidied, o);
}

static void messages_send_sort(struct messages *o, const char *now)
{
    struct pg_params p = { 0 };
    char max[16];

    snprintf(max, sizeof max, "%d", o->wanted_rows);
    messages_do(o, MESSAGES_RELEASE, NULL, 0, NULL, 0);
    pg_param_text(&p, now);
    messages_param(o, &p, GIVEN_AWAKE);
    pg_param_text(&p, max);
    messages_param(o, &p, GIVEN_PREFIXES);
    messages_param(o, &p, GIVEN_PREFIX_LANES);
    pg_param_text(&p, o->wanted.fallback);
    pg_query(o->take_pg, messages_statements[MESSAGES_SORT].name, &p, PG_BINARY);
    pg_end(o->take_pg, o->stall_ms, messages_on_sorted, o);
}

static void messages_send_take(struct messages *o, struct pg *pg)
{
    int64_t ms = clock_now();
    char now[24];
    char who[16], day[16], cap[16], tomorrow[24];
    struct pg_params p = { 0 };

    if (o->taking || !o->wants)
        return;
    o->wants = false;
    snprintf(now, sizeof now, "%" PRId64, ms);
    snprintf(who, sizeof who, "%d", o->taker);
    snprintf(day, sizeof day, "%" PRId32, outbox_day(ms));
    snprintf(cap, sizeof cap, "%d", o->wanted.cap);
    snprintf(tomorrow, sizeof tomorrow, "%" PRId64, o->wanted.tomorrow);
    o->take_pg = pg;
    messages_give(o);
    messages_send_tidy(o, now);
    if (o->wanted_rows == 0)
        return;
    o->taking = true;
    messages_send_sort(o, now);
    messages_param(o, &p, GIVEN_LANES);
    messages_param(o, &p, GIVEN_ROOMS);
    messages_param(o, &p, GIVEN_AWAKE);
    pg_param_text(&p, now);
    pg_param_text(&p, who);
    pg_param_text(&p, day);
    pg_param_text(&p, cap);
    pg_param_text(&p, tomorrow);
    messages_param(o, &p, GIVEN_AGES);
    messages_param(o, &p, GIVEN_COUNTED);
    pg_query(pg, messages_statements[MESSAGES_TAKE].name, &p, PG_BINARY);
    pg_end(pg, o->stall_ms, messages_on_taken, o);
}

/* --- mark ---------------------------------------------------------------------------- */

static struct messages_marks *messages_marks_new(struct messages *o)
{
    struct messages_marks *m = xcalloc(1, sizeof *m + (size_t)o->batch_max * sizeof m->rows[0]);

    m->owner = o;
    TAILQ_INSERT_TAIL(&o->waiting, m, link);
    return m;
}

/* The beginning of a note, cut between characters (no UTF-8 sequence begins
 * with 10xxxxxx); NULL for none. */
static char *messages_note(const char *note)
{
    size_t n = note != NULL ? strlen(note) : 0;

    if (n == 0)
        return NULL;
    if (n > MESSAGES_NOTE_MAX) {
        n = MESSAGES_NOTE_MAX;
        while (n > 0 && ((unsigned char)note[n] & 0xc0) == 0x80)
            n--;
    }
    return xmemdup0(note, n);
}

/* A statement may meet a row once only: of two marks of a message the later
 * state stays. */
static bool messages_merge(struct messages_marks *m, const struct store_mark *mark)
{
    for (int i = 0; i < m->count; i++) {
        struct messages_mark *k = &m->rows[i];

        if (k->id != mark->id || k->bucket != mark->bucket)
            continue;
        if (mark->state == STORE_SMS_WAITING && k->state == STORE_SMS_WAITING && mark->pushed > k->pushed) {
            free(k->note);
            k->note = messages_note(mark->note);
            k->later = mark->later;
            k->pushed = (int16_t)mark->pushed;
        }
        if (mark->state > k->state && k->state < STORE_SMS_DELIVERED) {
            free(k->note);
            k->note = messages_note(mark->note);
            k->state = (int16_t)mark->state;
            k->later = mark->later;
            k->untried = 0;
        }
        if (mark->segments > 0)
            k->segments = (int16_t)mark->segments;
        return true;
    }
    return false;
}

void messages_mark(struct messages *o, const struct store_mark *mark)
{
    struct messages_marks *m = TAILQ_LAST(&o->waiting, messages_list);

    assert(mark->state != STORE_SMS_TAKEN && mark->state < STORE_SMS_STATES);
    if (m != NULL && messages_merge(m, mark))
        return;
    if (o->waiting_rows >= MESSAGES_MARKS_MAX) {
        log_err("store event=mark_dropped message=%" PRId64 " state=%d reason=\"too many wait\"", mark->id, mark->state);
        return;
    }
    if (m == NULL || m->count == o->batch_max)
        m = messages_marks_new(o);
    m->rows[m->count++] = (struct messages_mark){
        .id = mark->id,
        .later = mark->later,
        .note = messages_note(mark->note),
        .bucket = mark->bucket,
        .state = (int16_t)mark->state,
        .untried = mark->untried ? 1 : 0,
        .segments = (int16_t)mark->segments,
        .pushed = (int16_t)mark->pushed,
    };
    o->waiting_rows++;
}

/* Whether a mark is worth sending again after its connection fell: a message
 * given back is given back by the end of its lease as well. */
static bool messages_keeps(const struct messages_mark *k)
{
    return k->state != STORE_SMS_WAITING;
}

static void messages_again(struct messages *o, struct messages_marks *m)
{
    for (int i = 0; i < m->count; i++) {
        const struct messages_mark *k = &m->rows[i];

        if (messages_keeps(k))
            messages_mark(o, &(struct store_mark){ .bucket = k->bucket, .id = k->id, .state = k->state, .note = k->note,
                                                   .later = k->later, .segments = k->segments, .pushed = k->pushed });
    }
}

static void messages_put_marks(struct messages *o, struct messages_marks *m);

/* A note came from a telco and may be ill formed; a state never is.  So the
 * marks of a refused statement go out again without their notes. */
static bool messages_bare(struct messages *o, struct messages_marks *m, const struct pg_answer *a)
{
    if (m->bare || pg_error_of(a->sqlstate) != PG_ERROR_ROW)
        return false;
    m->bare = true;
    messages_put_marks(o, m);
    return true;
}

static void messages_on_marked(void *arg, const struct pg_answer *a)
{
    struct messages_marks *m = arg;
    struct messages *o = m->owner;

    switch (a->outcome) {
    case PG_DONE:
        break;
    case PG_ERROR:
        log_err("store event=messages_mark_failed rows=%d reason=\"%s\"", m->count, a->reason);
        if (messages_bare(o, m, a))
            return;
        if (pg_error_of(a->sqlstate) != PG_ERROR_ROW)
            messages_again(o, m);
        if (pg_error_of(a->sqlstate) == PG_ERROR_TROUBLE)
            pg_drop(m->pg, PG_SOON, a->reason);
        break;
    case PG_LOST:
    case PG_OUTCOMES:
        messages_again(o, m);
        break;
    }
    messages_marks_free(&o->flying, m);
}

static int messages_compare(const void *x, const void *y)
{
    const struct messages_mark *a = x;
    const struct messages_mark *b = y;

    if (a->bucket != b->bucket)
        return a->bucket < b->bucket ? -1 : 1;
    return a->id < b->id ? -1 : a->id > b->id;
}

static void messages_put_marks(struct messages *o, struct messages_marks *m)
{
    char now[24];
    char who[16];
    struct pg_params p = { 0 };

    for (int i = 0; i < MARK_COLUMNS; i++)
        array_begin(&o->columns[i], messages_types[i]);
    for (int i = 0; i < m->count; i++) {
        const struct messages_mark *k = &m->rows[i];

        array_int2(&o->columns[MARK_BUCKET], k->bucket);
        array_int8(&o->columns[MARK_ID], k->id);
        array_int2(&o->columns[MARK_STATE], k->state);
        array_bytes(&o->columns[MARK_NOTE], k->note, k->note != NULL && !m->bare ? strlen(k->note) : 0);
        array_int8(&o->columns[MARK_LATER], k->later);
        array_int2(&o->columns[MARK_UNTRIED], k->untried);
        array_int2(&o->columns[MARK_SEGMENTS], k->segments);
        array_int2(&o->columns[MARK_PUSHED], k->pushed);
    }
    for (int i = 0; i < MARK_COLUMNS; i++)
        array_end(&o->columns[i]);
    for (int i = 0; i < MARK_PUSHED; i++)
        pg_param_binary(&p, o->columns[i].bytes.data, o->columns[i].bytes.len);
    snprintf(now, sizeof now, "%" PRId64, clock_now());
    snprintf(who, sizeof who, "%d", o->taker);
    pg_param_text(&p, now);
    pg_param_text(&p, who);
    pg_param_binary(&p, o->columns[MARK_PUSHED].bytes.data, o->columns[MARK_PUSHED].bytes.len);
    pg_query(m->pg, messages_statements[MESSAGES_MARK].name, &p, PG_BINARY);
    pg_end(m->pg, o->stall_ms, messages_on_marked, m);
}

static void messages_send_marks(struct messages *o, struct pg *pg)
{
    struct messages_marks *m = TAILQ_FIRST(&o->waiting);

    if (m == NULL)
        return;
    TAILQ_REMOVE(&o->waiting, m, link);
    TAILQ_INSERT_TAIL(&o->flying, m, link);
    o->waiting_rows -= (size_t)m->count;
    m->pg = pg;
    qsort(m->rows, (size_t)m->count, sizeof m->rows[0], messages_compare);
    messages_put_marks(o, m);
}

bool messages_waits(const struct messages *o)
{
    return !TAILQ_EMPTY(&o->waiting) || (o->wants && !o->taking);
}

void messages_send(struct messages *o, struct pg *pg)
{
    messages_send_marks(o, pg);
    messages_send_take(o, pg);
}
