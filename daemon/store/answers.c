#include "store/answers.h"

#include <stdio.h>

#include "store/errands.h"

#define ANSWERS_BUCKETS 1024            /* as of subscribers; here the name tells it */
#define ANSWERS_SWEEP "1000"            /* rows at a time */

enum answers_statement { ANSWERS_KEEP = 0, ANSWERS_RECALL, ANSWERS_SWEEP_OLD, ANSWERS_STATEMENTS };

/* $1 bucket, $2 name in hexadecimal */
static const struct errand_sql answers_statements[ANSWERS_STATEMENTS] = {
    [ANSWERS_KEEP] = { "answers_keep",
        "INSERT INTO kheya.backend_answer AS k (bucket, id, at, until, answer)"
        " VALUES ($1::smallint, pg_catalog.decode($2::text, 'hex'), $3::bigint, $4::bigint, $5::text)"
        " ON CONFLICT (bucket, id) DO UPDATE SET at = EXCLUDED.at, until = EXCLUDED.until, answer = EXCLUDED.answer"
        " WHERE k.at <= EXCLUDED.at" },
    [ANSWERS_RECALL] = { "answers_recall",
        "SELECT k.at, k.answer FROM kheya.backend_answer k WHERE k.bucket = $1::smallint"
        " AND k.id = pg_catalog.decode($2::text, 'hex') AND k.until > $3::bigint" },
    [ANSWERS_SWEEP_OLD] = { "answers_sweep",
        "DELETE FROM kheya.backend_answer k WHERE k.ctid = ANY (ARRAY(SELECT o.ctid FROM kheya.backend_answer o"
        " WHERE o.until <= $1::bigint ORDER BY o.until LIMIT " ANSWERS_SWEEP " FOR UPDATE SKIP LOCKED))" },
};

void answers_prepare(struct pg *pg)
{
    errands_prepare(pg, answers_statements, ANSWERS_STATEMENTS);
}

static void answers_name(struct errand_params *p, const unsigned char *id, char hex[2 * ANSWERS_ID_SIZE + 1])
{
    for (size_t i = 0; i < ANSWERS_ID_SIZE; i++)
        (void)snprintf(hex + 2 * i, 3, "%02x", id[i]);
    errand_int(p, (id[0] << 8 | id[1]) % ANSWERS_BUCKETS);
    errand_text(p, hex);
}

/* If it was not kept, the next one will be. */
static void answers_on_done(void *arg, uint64_t ticket, const PGresult *rows, bool lost)
{
    (void)arg;
    (void)ticket;
    (void)rows;
    (void)lost;
}

void store_answer_keep(struct store *s, const struct store_kept_answer *k)
{
    struct errand_params p = { .count = 0 };
    char hex[2 * ANSWERS_ID_SIZE + 1];

    answers_name(&p, k->id, hex);
    errand_int(&p, k->at);
    errand_int(&p, k->until);
    errand_text(&p, k->answer);
    store_errand(s, &answers_statements[ANSWERS_KEEP], &p, &(struct errand_done){ answers_on_done, NULL, 0 });
}

static void answers_on_recalled(void *arg, uint64_t ticket, const PGresult *rows, bool lost)
{
    const struct store_answer_to *to = arg;
    bool there = rows != NULL && PQntuples(rows) == 1;

    (void)lost;
    to->fn(to->arg, ticket, there ? errand_cell_int(rows, 0, 0) : 0, there ? errand_cell(rows, 0, 1) : NULL);
}

void store_answer_recall(struct store *s, const unsigned char *id, int64_t now, struct store_answer_to *to,
                         uint64_t ticket)
{
    struct errand_params p = { .count = 0 };
    char hex[2 * ANSWERS_ID_SIZE + 1];

    answers_name(&p, id, hex);
    errand_int(&p, now);
    store_errand(s, &answers_statements[ANSWERS_RECALL], &p, &(struct errand_done){ answers_on_recalled, to, ticket });
}

void store_answer_sweep(struct store *s, int64_t now)
{
    struct errand_params p = { .count = 0 };

    errand_int(&p, now);
    store_errand(s, &answers_statements[ANSWERS_SWEEP_OLD], &p, &(struct errand_done){ answers_on_done, NULL, 0 });
}
