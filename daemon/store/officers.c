#include "store/officers.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "store/errands.h"

#define OFFICERS_ARRAY_MAX (256u * 1024)
#define OFFICERS_DIGESTS "50"           /* asked for at once */
#define OFFICERS_QUEUE_MAX "1000"       /* counted so far; a message says no more */

enum officers_statement {
    OFFICERS_FIND = 0, OFFICERS_DESK, OFFICERS_BURN, OFFICERS_WRONG, OFFICERS_PEND, OFFICERS_FORWARD, OFFICERS_QUEUE,
    OFFICERS_SAY, OFFICERS_DIGESTS_DUE, OFFICERS_DIGEST, OFFICERS_STATEMENTS,
};

#define OFFICERS_COLUMNS \
    "o.id, o.msisdn, o.name, o.agency, o.office, o.rank, o.place, o.lang, o.codes, o.desk, coalesce(o.next, 0)," \
    " o.active::integer, o.epoch, o.counter, o.tries, o.locked_until, o.pending, o.pending_at"
/* $1 bucket, $2 msisdn */
#define OFFICERS_HER "o.bucket = $1::smallint AND o.msisdn = $2::text"
/* $1 bucket, $2 msisdn, $3 cause, $4 link, $5 lang, $6 class, $7 text, $8 due */
#define OFFICERS_MESSAGE \
    "INSERT INTO kheya.outbox (bucket, receiver, cause, link, lang, class, text, due, created, changed)" \
    " SELECT $1::smallint, $2::text, $3::text, $4::text, $5::text, $6::text, $7::text, $8::bigint, $8::bigint, $8::bigint" \
    " WHERE $7::text <> '' ON CONFLICT (bucket, cause) DO NOTHING"

static const struct errand_sql officers_statements[OFFICERS_STATEMENTS] = {
    [OFFICERS_FIND] = { "officers_find",
        "SELECT " OFFICERS_COLUMNS " FROM kheya.officer o WHERE " OFFICERS_HER },
    /* $1 agency, $2 desk */
    [OFFICERS_DESK] = { "officers_desk",
        "SELECT " OFFICERS_COLUMNS " FROM kheya.officer o"
        " WHERE o.agency = $1::text AND o.desk = $2::smallint AND o.active" },
    /* $3 epoch, $4 counter, $5 command, $6 message, $7 now.  One row: what became of it; none: two came at once. */
    [OFFICERS_BURN] = { "officers_burn",
        "WITH u AS (UPDATE kheya.officer o SET counter = $4::bigint + 1, tries = 0, attempt = '', pending = ''"
        " WHERE " OFFICERS_HER " AND o.active AND o.epoch = $3::integer AND o.counter <= $4::bigint"
        " AND o.locked_until <= $7::bigint RETURNING o.bucket"
        "), a AS (INSERT INTO kheya.officer_act AS a (bucket, msisdn, epoch, counter, at, command, message)"
        " SELECT u.bucket, $2::text, $3::integer, $4::bigint, $7::bigint, $5::text, $6::text FROM u"
        " RETURNING a.bucket"
        ") SELECT 0 FROM a UNION ALL"
        " SELECT CASE WHEN b.command = $5::text THEN 1 ELSE 2 END FROM kheya.officer o"
        " LEFT JOIN kheya.officer_act b ON b.bucket = o.bucket AND b.msisdn = o.msisdn AND b.epoch = $3::integer"
        "      AND b.counter = $4::bigint"
        " WHERE " OFFICERS_HER " AND o.counter > $4::bigint AND NOT EXISTS (SELECT FROM u)" },
    /* $3 message, $4 max, $5 locked until */
    [OFFICERS_WRONG] = { "officers_wrong",
        "UPDATE kheya.officer o SET attempt = $3::text,"
        " tries = CASE WHEN o.attempt = $3::text THEN o.tries WHEN o.tries + 1 >= $4::integer THEN 0 ELSE o.tries + 1 END,"
        " locked_until = CASE WHEN o.attempt <> $3::text AND o.tries + 1 >= $4::integer THEN $5::bigint"
        "                ELSE o.locked_until END"
        " WHERE " OFFICERS_HER " RETURNING " OFFICERS_COLUMNS },
    /* $3 command, $4 now */
    [OFFICERS_PEND] = { "officers_pend",
        "UPDATE kheya.officer o SET pending = $3::text, pending_at = $4::bigint WHERE " OFFICERS_HER },
    /* $1 number, $2 agency, $3 desk, $4 seq; what is older comes too late */
    [OFFICERS_FORWARD] = { "officers_forward",
        "INSERT INTO kheya.case_desk AS d (number, agency, desk, seq)"
        " VALUES ($1::bigint, $2::text, $3::smallint, $4::integer)"
        " ON CONFLICT (number) DO UPDATE SET agency = EXCLUDED.agency, desk = EXCLUDED.desk, seq = EXCLUDED.seq"
        " WHERE d.seq < EXCLUDED.seq" },
    /* $1 agency, $2 place, $3 desk, $4 services, $5 states, $6 now, $7 rows */
    [OFFICERS_QUEUE] = { "officers_queue",
        "WITH q AS (SELECT c.number, c.service, c.state, c.due, c.changed FROM kheya.case_file c"
        " JOIN unnest($4::text[], $5::text[]) AS w(service, state) ON w.service = c.service AND w.state = c.state"
        " LEFT JOIN kheya.case_desk d ON d.number = c.number AND d.agency = c.agency"
        " WHERE c.agency = $1::text"
        " AND CASE WHEN d.desk IS NULL THEN starts_with(c.place, $2::text) ELSE d.desk = $3::smallint END"
        " ORDER BY c.due = 0, c.due, c.changed LIMIT " OFFICERS_QUEUE_MAX
        ") SELECT count(*) OVER (), count(*) FILTER (WHERE q.due > 0 AND q.due < $6::bigint) OVER (),"
        " q.number, q.due, q.service, q.state FROM q"
        " ORDER BY q.due = 0, q.due, q.changed LIMIT $7::integer" },
    [OFFICERS_SAY] = { "officers_say", OFFICERS_MESSAGE },
    /* $1 day; nobody on one that is not worked */
    [OFFICERS_DIGESTS_DUE] = { "officers_digests_due",
        "SELECT " OFFICERS_COLUMNS " FROM kheya.officer o WHERE o.active AND o.digest < $1::integer"
        " AND coalesce((SELECT h.worked FROM kheya.holiday h WHERE h.day = date '1970-01-01' + $1::integer),"
        "     NOT EXISTS (SELECT FROM kheya.weekend w WHERE w.weekday = extract(dow FROM date '1970-01-01' + $1::integer)))"
        " ORDER BY o.digest, o.id LIMIT " OFFICERS_DIGESTS },
    /* $9 day */
    [OFFICERS_DIGEST] = { "officers_digest",
        "WITH m AS (" OFFICERS_MESSAGE
        ") UPDATE kheya.officer o SET digest = $9::integer WHERE " OFFICERS_HER " AND o.digest < $9::integer" },
};

void officers_prepare(struct pg *pg)
{
    errands_prepare(pg, officers_statements, OFFICERS_STATEMENTS);
}

/* --- answers ---------------------------------------------------------------------- */

enum officers_column {
    COLUMN_ID = 0, COLUMN_MSISDN, COLUMN_NAME, COLUMN_AGENCY, COLUMN_OFFICE, COLUMN_RANK, COLUMN_PLACE, COLUMN_LANG,
    COLUMN_CODES, COLUMN_DESK, COLUMN_NEXT, COLUMN_ACTIVE, COLUMN_EPOCH, COLUMN_COUNTER, COLUMN_TRIES, COLUMN_LOCKED,
    COLUMN_PENDING, COLUMN_PENDING_AT,
};

static enum store_codes officers_codes(const char *name)
{
    return strcmp(name, "sms") == 0 ? STORE_CODES_SMS : strcmp(name, "time") == 0 ? STORE_CODES_TIME : STORE_CODES_LIST;
}

static struct store_officer officers_row(const PGresult *rows, int i)
{
    return (struct store_officer){
        .id = (int)errand_cell_int(rows, i, COLUMN_ID),
        .msisdn = errand_cell(rows, i, COLUMN_MSISDN),
        .name = errand_cell(rows, i, COLUMN_NAME),
        .agency = errand_cell(rows, i, COLUMN_AGENCY),
        .office = errand_cell(rows, i, COLUMN_OFFICE),
        .rank = errand_cell(rows, i, COLUMN_RANK),
        .place = errand_cell(rows, i, COLUMN_PLACE),
        .lang = errand_cell(rows, i, COLUMN_LANG),
        .codes = officers_codes(errand_cell(rows, i, COLUMN_CODES)),
        .desk = (int)errand_cell_int(rows, i, COLUMN_DESK),
        .next = (int)errand_cell_int(rows, i, COLUMN_NEXT),
        .active = errand_cell_int(rows, i, COLUMN_ACTIVE) != 0,
        .epoch = (int)errand_cell_int(rows, i, COLUMN_EPOCH),
        .counter = errand_cell_int(rows, i, COLUMN_COUNTER),
        .tries = (int)errand_cell_int(rows, i, COLUMN_TRIES),
        .locked_until = errand_cell_int(rows, i, COLUMN_LOCKED),
        .pending = errand_cell(rows, i, COLUMN_PENDING),
        .pending_at = errand_cell_int(rows, i, COLUMN_PENDING_AT),
    };
}

static void officers_read_queue(const PGresult *rows, struct store_queue *q)
{
    q->count = PQntuples(rows) < STORE_QUEUE_ROWS ? PQntuples(rows) : STORE_QUEUE_ROWS;
    if (q->count == 0)
        return;
    q->waiting = (int)errand_cell_int(rows, 0, 0);
    q->overdue = (int)errand_cell_int(rows, 0, 1);
    for (int i = 0; i < q->count; i++)
        q->rows[i] = (struct store_queue_row){
            .number = errand_cell_int(rows, i, 2),
            .due = errand_cell_int(rows, i, 3),
            .service = errand_cell(rows, i, 4),
            .state = errand_cell(rows, i, 5),
        };
}

static void officers_tell_each(const struct store_officer_done *done, const PGresult *rows)
{
    struct store_officer_answer a = { .found = true };

    for (int i = 0; i < PQntuples(rows); i++) {
        a.officer = officers_row(rows, i);
        done->fn(done->arg, done->ticket, &a);
    }
}

static void officers_read(const struct store_officer_done *done, enum officers_statement statement,
                          const PGresult *rows, struct store_officer_answer *a)
{
    bool any = PQntuples(rows) > 0;

    switch (statement) {
    case OFFICERS_FIND:
    case OFFICERS_DESK:
    case OFFICERS_WRONG:
        a->found = any;
        if (any)
            a->officer = officers_row(rows, 0);
        break;
    case OFFICERS_BURN:
        a->lost = !any;                 /* another one came between: the caller asks again */
        if (any)
            a->burnt = (enum store_burnt)errand_cell_int(rows, 0, 0);
        break;
    case OFFICERS_QUEUE:
        officers_read_queue(rows, &a->queue);
        break;
    case OFFICERS_DIGESTS_DUE:
        officers_tell_each(done, rows);
        break;
    case OFFICERS_PEND:
    case OFFICERS_FORWARD:
    case OFFICERS_SAY:
    case OFFICERS_DIGEST:
    case OFFICERS_STATEMENTS:
        break;
    }
}

/* ticket: the statement */
static void officers_on_answer(void *arg, uint64_t ticket, const PGresult *rows, bool lost)
{
    const struct store_officer_done *done = arg;
    struct store_officer_answer a = { .lost = rows == NULL };

    (void)lost;                         /* refused for good is logged; who asked can do no better than later */
    if (rows != NULL)
        officers_read(done, (enum officers_statement)ticket, rows, &a);
    done->fn(done->arg, done->ticket, &a);
}

static void officers_ask(struct store *s, enum officers_statement statement, const struct errand_params *p,
                         struct store_officer_done *done)
{
    const struct errand_done back = { officers_on_answer, done, statement };

    store_errand(s, &officers_statements[statement], p, &back);
}

/* --- requests ---------------------------------------------------------------------- */

static void officers_add_her(struct errand_params *p, const char *msisdn)
{
    errand_int(p, store_bucket(msisdn));
    errand_text(p, msisdn);
}

void store_officer_find(struct store *s, const char *msisdn, struct store_officer_done *done)
{
    struct errand_params p = { 0 };

    officers_add_her(&p, msisdn);
    officers_ask(s, OFFICERS_FIND, &p, done);
}

void store_officer_desk(struct store *s, const char *agency, int desk, struct store_officer_done *done)
{
    struct errand_params p = { 0 };

    errand_text(&p, agency);
    errand_int(&p, desk);
    officers_ask(s, OFFICERS_DESK, &p, done);
}

void store_officer_burn(struct store *s, const struct store_burn *b, struct store_officer_done *done)
{
    struct errand_params p = { 0 };

    officers_add_her(&p, b->msisdn);
    errand_int(&p, b->epoch);
    errand_int(&p, b->counter);
    errand_text(&p, b->command);
    errand_text(&p, b->message);
    errand_int(&p, b->at);
    officers_ask(s, OFFICERS_BURN, &p, done);
}

void store_officer_wrong(struct store *s, const char *msisdn, const char *message, int max, int64_t until,
                         struct store_officer_done *done)
{
    struct errand_params p = { 0 };

    officers_add_her(&p, msisdn);
    errand_text(&p, message);
    errand_int(&p, max);
    errand_int(&p, until);
    officers_ask(s, OFFICERS_WRONG, &p, done);
}

void store_officer_pend(struct store *s, const char *msisdn, const char *command, int64_t at,
                        struct store_officer_done *done)
{
    struct errand_params p = { 0 };

    officers_add_her(&p, msisdn);
    errand_text(&p, command);
    errand_int(&p, at);
    officers_ask(s, OFFICERS_PEND, &p, done);
}

void store_officer_forward(struct store *s, int64_t number, const char *agency, int desk, int seq,
                           struct store_officer_done *done)
{
    struct errand_params p = { 0 };

    errand_int(&p, number);
    errand_text(&p, agency);
    errand_int(&p, desk);
    errand_int(&p, seq);
    officers_ask(s, OFFICERS_FORWARD, &p, done);
}

/* Names of services and states: no quote or backslash stands in them. */
static void officers_add_array(struct buf *out, const char *const *names, int count)
{
    buf_addc(out, '{');
    for (int i = 0; i < count; i++)
        buf_addf(out, "%s\"%s\"", i > 0 ? "," : "", names[i]);
    buf_addc(out, '}');
}

void store_officer_queue(struct store *s, const struct store_officer *o, const struct store_waiting *w, int64_t now,
                         struct store_officer_done *done)
{
    struct errand_params p = { 0 };
    struct buf services, states;

    buf_init(&services, OFFICERS_ARRAY_MAX);
    buf_init(&states, OFFICERS_ARRAY_MAX);
    officers_add_array(&services, w->services, w->count);
    officers_add_array(&states, w->states, w->count);
    errand_text(&p, o->agency);
    errand_text(&p, o->place);
    errand_int(&p, o->desk);
    errand_text(&p, buf_str(&services));
    errand_text(&p, buf_str(&states));
    errand_int(&p, now);
    errand_int(&p, STORE_QUEUE_ROWS);
    officers_ask(s, OFFICERS_QUEUE, &p, done);
    buf_fini(&services);
    buf_fini(&states);
}

static void officers_add_message(struct errand_params *p, const struct store_message *m)
{
    officers_add_her(p, m->receiver);
    errand_text(p, m->cause);
    errand_text(p, m->link);
    errand_text(p, m->lang);
    errand_text(p, m->class);
    errand_text(p, m->text);
    errand_int(p, m->due);
}

void store_officer_say(struct store *s, const struct store_message *m, struct store_officer_done *done)
{
    struct errand_params p = { 0 };

    officers_add_message(&p, m);
    officers_ask(s, OFFICERS_SAY, &p, done);
}

void store_officer_digests(struct store *s, int32_t day, struct store_officer_done *done)
{
    struct errand_params p = { 0 };

    errand_int(&p, day);
    officers_ask(s, OFFICERS_DIGESTS_DUE, &p, done);
}

void store_officer_digest(struct store *s, const struct store_message *m, int32_t day,
                          struct store_officer_done *done)
{
    struct errand_params p = { 0 };

    officers_add_message(&p, m);
    errand_int(&p, day);
    officers_ask(s, OFFICERS_DIGEST, &p, done);
}
