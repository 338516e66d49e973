#include "store/sweeps.h"

#include "store/errands.h"
#include "store/store.h"

#define SWEEPS_NOW "(extract(epoch FROM now()) * 1000)::bigint"

enum sweeps_statement { SWEEPS_REFUSED = 0, SWEEPS_NONCES, SWEEPS_STATEMENTS };

/* $1 before, $2 how many */
static const struct errand_sql sweeps_statements[SWEEPS_STATEMENTS] = {
    [SWEEPS_REFUSED] = { "sweeps_refused",
        "WITH t AS (SELECT x.bucket, x.number, x.seq FROM kheya.backend_queue x WHERE x.state = 2 AND x.changed < $1::bigint"
        " ORDER BY x.changed LIMIT $2::integer FOR UPDATE SKIP LOCKED"
        "), d AS (DELETE FROM kheya.backend_queue q USING t WHERE q.bucket = t.bucket AND q.number = t.number AND q.seq = t.seq"
        " RETURNING q.bucket, q.number, q.seq, q.ref, q.backend, q.tries, q.note"
        "), a AS (INSERT INTO kheya.audit (bucket, msisdn, code, turn, at, seq, actor, event, fields)"
        " SELECT kheya.bucket(''), '', 'handover/' || d.number || '/' || d.seq, 1, " SWEEPS_NOW ", 0, 'clock', 'handover_forgotten',"
        " jsonb_build_object(CASE d.ref WHEN '' THEN 'case' ELSE 'payment' END,"
        " CASE d.ref WHEN '' THEN d.number::text ELSE d.ref END, 'backend', d.backend, 'tries', d.tries::text, 'note', d.note) FROM d"
        " ON CONFLICT DO NOTHING) SELECT count(*) FROM d" },
    [SWEEPS_NONCES] = { "sweeps_nonces",
        "WITH t AS (SELECT o.key, o.nonce FROM kheya.api_nonce o WHERE o.until < $1::bigint"
        " ORDER BY o.until LIMIT $2::integer FOR UPDATE SKIP LOCKED"
        "), d AS (DELETE FROM kheya.api_nonce n USING t WHERE n.key = t.key AND n.nonce = t.nonce RETURNING 1)"
        " SELECT count(*) FROM d" },
};

void sweeps_prepare(struct pg *pg)
{
    errands_prepare(pg, sweeps_statements, SWEEPS_STATEMENTS);
}

static void sweeps_on_swept(void *arg, uint64_t ticket, const PGresult *rows, bool lost)
{
    const struct sweeps_teller *to = arg;

    (void)ticket;
    (void)lost;
    to->swept(to->arg, rows != NULL ? (int)errand_cell_int(rows, 0, 0) : -1);
}

static void sweeps_ask(struct store *s, enum sweeps_statement what, int64_t before, struct sweeps_teller *to)
{
    struct errand_params p = { .count = 0 };

    errand_int(&p, before);
    errand_int(&p, SWEEPS_MAX);
    store_errand(s, &sweeps_statements[what], &p, &(struct errand_done){ sweeps_on_swept, to, 0 });
}

void sweeps_refused(struct store *s, int64_t before, struct sweeps_teller *to)
{
    sweeps_ask(s, SWEEPS_REFUSED, before, to);
}

void sweeps_nonces(struct store *s, int64_t before, struct sweeps_teller *to)
{
    sweeps_ask(s, SWEEPS_NONCES, before, to);
}
