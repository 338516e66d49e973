#include "store/polls.h"

#include <string.h>

#include "store/errands.h"
#include "store/store.h"

#define POLLS_NOW "(extract(epoch FROM now()) * 1000)::bigint"

enum polls_statement { POLLS_TAKE = 0, POLLS_HEARD, POLLS_NEXT, POLLS_STATEMENTS };

static const struct errand_sql polls_statements[POLLS_STATEMENTS] = {
    /* $1 back end, $2 how many, $3 ms until they are due again */
    [POLLS_TAKE] = { "polls_take",
        "WITH t AS (SELECT x.bucket, x.number FROM kheya.backend_queue x"
        " WHERE x.backend = $1::text AND x.state = 1 AND x.seq = 1 AND x.poll <= " POLLS_NOW
        " ORDER BY x.poll LIMIT $2::integer FOR UPDATE SKIP LOCKED"
        "), u AS (UPDATE kheya.backend_queue o SET poll = " POLLS_NOW " + $3::bigint FROM t"
        " WHERE o.bucket = t.bucket AND o.number = t.number AND o.seq = 1 RETURNING o.bucket, o.number, o.heard, o.news)"
        " SELECT u.number, coalesce(c.generation, 0), c.seq, u.news, c.service, c.agency, c.state, u.heard, u.bucket::integer"
        " FROM u JOIN kheya.case_file c ON c.bucket = u.bucket AND c.number = u.number ORDER BY u.number" },
    /* $1 bucket, $2 number, $3 news, $4 word or '' */
    [POLLS_HEARD] = { "polls_heard",
        "UPDATE kheya.backend_queue o SET news = o.news + 1, heard = CASE WHEN $4::text = '' THEN o.heard ELSE $4::text END"
        " WHERE o.bucket = $1::smallint AND o.number = $2::bigint AND o.seq = 1 AND o.news = $3::integer" },
    /* $1 bucket, $2 number, $3 when; 0 never */
    [POLLS_NEXT] = { "polls_next",
        "UPDATE kheya.backend_queue o SET poll = nullif($3::bigint, 0)"
        " WHERE o.bucket = $1::smallint AND o.number = $2::bigint AND o.seq = 1" },
};

enum polls_column { POLLS_NUMBER = 0, POLLS_GENERATION, POLLS_SEQ, POLLS_NEWS, POLLS_SERVICE, POLLS_AGENCY, POLLS_STATE, POLLS_WORD, POLLS_BUCKET };

void polls_prepare(struct pg *pg)
{
    errands_prepare(pg, polls_statements, POLLS_STATEMENTS);
}

static void polls_on_taken(void *arg, uint64_t ticket, const PGresult *rows, bool lost)
{
    const struct polls_teller *to = arg;
    struct polls_case list[POLLS_BATCH_MAX];
    int n = rows != NULL ? PQntuples(rows) : 0;

    (void)lost;
    for (int i = 0; i < n && i < POLLS_BATCH_MAX; i++)
        list[i] = (struct polls_case){
            .bucket = (int16_t)errand_cell_int(rows, i, POLLS_BUCKET),
            .number = errand_cell_int(rows, i, POLLS_NUMBER), .generation = errand_cell_int(rows, i, POLLS_GENERATION),
            .seq = (int)errand_cell_int(rows, i, POLLS_SEQ), .news = (int)errand_cell_int(rows, i, POLLS_NEWS),
            .service = errand_cell(rows, i, POLLS_SERVICE), .agency = errand_cell(rows, i, POLLS_AGENCY),
            .state = errand_cell(rows, i, POLLS_STATE), .heard = errand_cell(rows, i, POLLS_WORD),
        };
    to->taken(to->arg, ticket, rows != NULL ? list : NULL, n < POLLS_BATCH_MAX ? n : POLLS_BATCH_MAX);
}

void polls_take(struct store *s, uint64_t ticket, const char *backend, int max, int64_t every_ms,
                struct polls_teller *to)
{
    struct errand_params p = { .count = 0 };

    errand_text(&p, backend);
    errand_int(&p, max);
    errand_int(&p, every_ms);
    store_errand(s, &polls_statements[POLLS_TAKE], &p, &(struct errand_done){ polls_on_taken, to, ticket });
}

/* What is lost is heard again. */
static void polls_on_done(void *arg, uint64_t ticket, const PGresult *rows, bool lost)
{
    (void)arg;
    (void)ticket;
    (void)rows;
    (void)lost;
}

void polls_heard(struct store *s, int16_t bucket, int64_t number, int news, const char *word)
{
    struct errand_params p = { .count = 0 };

    errand_int(&p, bucket);
    errand_int(&p, number);
    errand_int(&p, news);
    errand_text(&p, word);
    store_errand(s, &polls_statements[POLLS_HEARD], &p, &(struct errand_done){ polls_on_done, NULL, 0 });
}

void polls_next(struct store *s, int16_t bucket, int64_t number, int64_t at)
{
    struct errand_params p = { .count = 0 };

    errand_int(&p, bucket);
    errand_int(&p, number);
    errand_int(&p, at);
    store_errand(s, &polls_statements[POLLS_NEXT], &p, &(struct errand_done){ polls_on_done, NULL, 0 });
}
