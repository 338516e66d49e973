#include "store/wakes.h"


#include "store/errands.h"
#include "store/store.h"

#define WAKES_TEXT_OF(n) #n
#define WAKES_TEXT(n) WAKES_TEXT_OF(n)
#define WAKES_NOW "(extract(epoch FROM now()) * 1000)::bigint"         /* the clock that all processes share */
#define WAKES_HISTORY_MAX "512"

enum wakes_statement { WAKES_TAKE = 0, WAKES_PUT, WAKES_SWEEP, WAKES_PASS_ON, WAKES_STATEMENTS };

static const struct errand_sql wakes_statements[WAKES_STATEMENTS] = {
    /* $1 how many, $2 by which calendar: who has an old one leaves them to the others */
    [WAKES_TAKE] = { "wakes_take",
        "WITH w AS (SELECT c.bucket, c.number FROM kheya.case_file c WHERE c.wake <= " WAKES_NOW
        " AND EXISTS (SELECT FROM kheya.edition e WHERE e.name = 'calendar' AND e.number = $2::bigint)"
        " ORDER BY c.wake, c.bucket, c.number LIMIT $1::integer FOR UPDATE SKIP LOCKED"
        "), u AS (UPDATE kheya.case_file c SET wake = " WAKES_NOW " + " WAKES_TEXT(WAKES_LEASE_MS)
        " FROM w WHERE c.bucket = w.bucket AND c.number = w.number"
        " RETURNING c.bucket, c.number, c.msisdn, c.service, c.state, c.lang, c.generation, c.due, c.seq, c.overdue, c.more, c.wake)"
        " SELECT u.number, u.msisdn, u.service, u.state, u.lang, u.generation, u.due, u.seq, u.overdue, u.more, u.wake,"
        " (SELECT string_agg(h.at || ' ' || h.state, ',' ORDER BY h.seq) FROM ("
        "   SELECT e.at, e.state, e.seq FROM kheya.case_event e WHERE e.bucket = u.bucket AND e.number = u.number"
        "   AND e.seq <= u.seq ORDER BY e.seq LIMIT " WAKES_HISTORY_MAX ") AS h) FROM u" },
    /* $1 bucket, $2 number, $3 seq, $4 due, $5 overdue, $6 office, $7 wake or NULL, $8 lease, 0 none: who woke it meanwhile
     * wants it to be looked at again */
    [WAKES_PUT] = { "wakes_put",
        "UPDATE kheya.case_file c SET due = $4::bigint, overdue = $5::smallint, office = $6::text, wake = $7::bigint"
        " WHERE c.bucket = $1::smallint AND c.number = $2::bigint AND c.seq = $3::integer"
        " AND ($8::bigint = 0 OR c.wake = $8::bigint) RETURNING 1" },
    /* $1 wake, $2 bucket, $3 number: where the last one stopped; $4 how many */
    [WAKES_SWEEP] = { "wakes_sweep",
        "WITH w AS (SELECT c.wake, c.bucket, c.number FROM kheya.case_file c WHERE c.wake IS NOT NULL"
        " AND (c.wake, c.bucket, c.number) > ($1::bigint, $2::smallint, $3::bigint)"
        " ORDER BY c.wake, c.bucket, c.number LIMIT $4::integer"
        "), u AS (UPDATE kheya.case_file c SET wake = 0 FROM w"
        " WHERE c.bucket = w.bucket AND c.number = w.number AND c.wake IS NOT NULL)"
        " SELECT w.wake, w.bucket, w.number, (SELECT count(*) FROM w) FROM w"
        " ORDER BY w.wake DESC, w.bucket DESC, w.number DESC LIMIT 1" },
    /* $1 bucket, $2 number, $3 rank, $4 cause, $5 and $6 texts, $7 now */
    [WAKES_PASS_ON] = { "wakes_pass_on",
        "WITH c AS (SELECT f.agency, f.place FROM kheya.case_file f WHERE f.bucket = $1::smallint AND f.number = $2::bigint"
        "), h AS (SELECT o.bucket, o.id, o.msisdn, o.lang, o.agency = c.agency AS own FROM kheya.officer o, c"
        " WHERE o.active AND lower(o.rank) = lower($3::text) AND starts_with(c.place, o.place))"
        " INSERT INTO kheya.outbox (bucket, cause, receiver, link, lang, class, text, due, created, changed)"
        " SELECT h.bucket, $4::text || '/' || h.id, h.msisdn, '', h.lang, 'transactional',"
        " CASE h.lang WHEN 'en' THEN $6::text ELSE $5::text END, $7::bigint, $7::bigint, $7::bigint FROM h"
        " WHERE h.own OR NOT EXISTS (SELECT FROM h AS x WHERE x.own)"
        " ORDER BY h.id LIMIT 8 ON CONFLICT (bucket, cause) DO NOTHING" },
};

void wakes_prepare(struct pg *pg)
{
    errands_prepare(pg, wakes_statements, WAKES_STATEMENTS);
}

enum { TAKE_NUMBER = 0, TAKE_MSISDN, TAKE_SERVICE, TAKE_STATE, TAKE_LANG, TAKE_GENERATION, TAKE_DUE, TAKE_SEQ,
       TAKE_OVERDUE, TAKE_MORE, TAKE_LEASE, TAKE_HISTORY };

static void wakes_on_taken(void *arg, uint64_t ticket, const PGresult *rows, bool lost)
{
    struct wakes_teller *to = arg;
    int n = rows != NULL ? PQntuples(rows) : -1;

    (void)ticket;
    (void)lost;
    for (int i = 0; i < n; i++) {
        const struct wakes_case c = {
            .number = errand_cell_int(rows, i, TAKE_NUMBER),
            .generation = errand_cell_int(rows, i, TAKE_GENERATION),
            .due = errand_cell_int(rows, i, TAKE_DUE),
            .msisdn = errand_cell(rows, i, TAKE_MSISDN),
            .service = errand_cell(rows, i, TAKE_SERVICE),
            .state = errand_cell(rows, i, TAKE_STATE),
            .lang = errand_cell(rows, i, TAKE_LANG),
            .more = (int)errand_cell_int(rows, i, TAKE_MORE),
            .lease = errand_cell_int(rows, i, TAKE_LEASE),
            .history = errand_cell(rows, i, TAKE_HISTORY),
            .seq = (int)errand_cell_int(rows, i, TAKE_SEQ),
            .overdue = (int)errand_cell_int(rows, i, TAKE_OVERDUE),
        };

        to->ops->taken(to->arg, &c);
    }
    to->ops->done(to->arg, n);
}

void wakes_take(struct store *s, int max, int64_t calendar, struct wakes_teller *to)
{
    const struct errand_done done = { wakes_on_taken, to, 0 };
    struct errand_params p = { .count = 0 };

    errand_int(&p, max);
    errand_int(&p, calendar);
    store_errand(s, &wakes_statements[WAKES_TAKE], &p, &done);
}

static void wakes_on_put(void *arg, uint64_t ticket, const PGresult *rows, bool lost)
{
    (void)arg;
    (void)ticket;
    (void)rows;
    (void)lost;                         /* the lease runs out, and it is looked at again */
}

void wakes_put(struct store *s, const struct wakes_set *w)
{
    const struct errand_done done = { wakes_on_put, NULL, 0 };
    struct errand_params p = { .count = 0 };

    errand_int(&p, store_bucket(w->msisdn));
    errand_int(&p, w->number);
    errand_int(&p, w->seq);
    errand_int(&p, w->due);
    errand_int(&p, w->overdue);
    errand_text(&p, w->office);
    if (w->wake == WAKES_NEVER)
        errand_text(&p, NULL);
    else
        errand_int(&p, w->wake);
    errand_int(&p, w->lease);
    store_errand(s, &wakes_statements[WAKES_PUT], &p, &done);
}

void wakes_pass_on(struct store *s, const struct wakes_passed *w)
{
    const struct errand_done done = { wakes_on_put, NULL, 0 };
    struct errand_params p = { .count = 0 };

    errand_int(&p, store_bucket(w->msisdn));
    errand_int(&p, w->number);
    errand_text(&p, w->rank);
    errand_text(&p, w->cause);
    errand_text(&p, w->text_bn);
    errand_text(&p, w->text_en);
    errand_int(&p, w->at);
    store_errand(s, &wakes_statements[WAKES_PASS_ON], &p, &done);
}

static void wakes_on_swept(void *arg, uint64_t ticket, const PGresult *rows, bool lost)
{
    struct wakes_teller *to = arg;

    (void)ticket;
    (void)lost;
    if (rows == NULL)
        to->ops->swept(to->arg, -1, 0, 0, 0);
    else if (PQntuples(rows) == 0)
        to->ops->swept(to->arg, 0, 0, 0, 0);
    else
        to->ops->swept(to->arg, (int)errand_cell_int(rows, 0, 3), errand_cell_int(rows, 0, 0), errand_cell_int(rows, 0, 1),
                      errand_cell_int(rows, 0, 2));
}

void wakes_sweep(struct store *s, int64_t wake, int64_t bucket, int64_t number, int max, struct wakes_teller *to)
{
    const struct errand_done done = { wakes_on_swept, to, 0 };
    struct errand_params p = { .count = 0 };

    errand_int(&p, wake);
    errand_int(&p, bucket);
    errand_int(&p, number);
    errand_int(&p, max);
    store_errand(s, &wakes_statements[WAKES_SWEEP], &p, &done);
}
