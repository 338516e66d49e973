#include "store/feeds.h"

#include "store/errands.h"
#include "store/store.h"

/* $1 now, $2 how many may wait, $3 how many at a time */
static const struct errand_sql feeds_statement = { "feeds_some",
    "WITH m AS MATERIALIZED (SELECT m.*, CASE m.class WHEN 'emergency' THEN 1 ELSE 3 END AS goes FROM kheya.mass m"
    "  WHERE m.state = 'running' ORDER BY m.class <> 'emergency', m.id LIMIT 1 FOR UPDATE SKIP LOCKED),"
    " room AS MATERIALIZED (SELECT least($3::integer, $2::integer - count(*)) AS n, count(*) AS w FROM (SELECT FROM m"
    "  CROSS JOIN LATERAL (SELECT l.name FROM kheya.lane l UNION ALL SELECT '') l"
    "  CROSS JOIN LATERAL (SELECT FROM kheya.outbox o WHERE o.state = 0 AND o.link = l.name AND o.rank = m.goes"
    "   LIMIT $2::integer) o LIMIT $2::integer) x),"
    " p AS MATERIALIZED (SELECT p.mass, p.msisdn, p.rank FROM m JOIN kheya.mass_person p ON p.mass = m.id AND NOT p.fed"
    "  ORDER BY p.rank, p.msisdn LIMIT (SELECT greatest(room.n, 0) FROM room)),"
    " u AS (UPDATE kheya.mass_person q SET fed = true FROM p WHERE q.mass = p.mass AND q.msisdn = p.msisdn AND NOT q.fed"
    "  RETURNING q.msisdn, q.rank),"
    " o AS (INSERT INTO kheya.outbox (bucket, cause, receiver, link, lang, class, text, approval, due, created, changed)"
    "  SELECT kheya.bucket(u.msisdn), 'mass/' || m.id || '/' || u.msisdn, u.msisdn, '',"
    "  CASE WHEN z.lang = 'en' AND m.en <> '' THEN 'en' ELSE 'bn' END, m.class,"
    "  CASE WHEN z.lang = 'en' AND m.en <> '' THEN m.en ELSE m.bn END, m.approval, $1::bigint + u.rank, $1::bigint, $1::bigint"
    "  FROM u CROSS JOIN m LEFT JOIN kheya.citizen z ON z.bucket = kheya.bucket(u.msisdn) AND z.msisdn = u.msisdn"
    "  ON CONFLICT (bucket, cause) DO NOTHING),"
    " d AS (UPDATE kheya.mass k SET state = 'done', changed = $1::bigint FROM m, room WHERE k.id = m.id AND room.w = 0"
    "  AND NOT EXISTS (SELECT FROM kheya.mass_person q WHERE q.mass = m.id AND NOT q.fed))"
    " SELECT (SELECT count(*) FROM u)" };

void feeds_prepare(struct pg *pg)
{
    errands_prepare(pg, &feeds_statement, 1);
}

static void feeds_on_fed(void *arg, uint64_t ticket, const PGresult *rows, bool lost)
{
    const struct feeds_teller *to = arg;

    (void)ticket;
    (void)lost;
    to->fed(to->arg, rows != NULL ? (int)errand_cell_int(rows, 0, 0) : -1);
}

void feeds_some(struct store *s, int max, int waiting, int64_t now, struct feeds_teller *to)
{
    const struct errand_done done = { feeds_on_fed, to, 0 };
    struct errand_params p = { .count = 0 };

    errand_int(&p, now);
    errand_int(&p, waiting);
    errand_int(&p, max);
    store_errand(s, &feeds_statement, &p, &done);
}
