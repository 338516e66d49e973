#include "store/shelf.h"

#include "store/cases_rows.h"
#include "store/errands.h"

enum shelf_statement { SHELF_NONCE = 0, SHELF_ALL, SHELF_STATE, SHELF_CHANGED, SHELF_CASE, SHELF_STATEMENTS };

#define SHELF_LOOKED "2000"             /* cases that one page looks at: a filter that few pass does not hold up the writer */

/* $1 agency, $2 at and $3 number of the case before, $4 service or '', $5 limit,
 * $6 state or ''.  One for each index.  The last case that was looked at is there too
 * when there may be more behind it, whether it fits or not: the next page goes on from it. */
#define SHELF_FITS "($4::text = '' OR c.service = $4::text) AND ($6::text = '' OR c.state = $6::text)"
#define SHELF_PAGE(order, more) \
    "SELECT " CASES_COLUMNS ", " SHELF_FITS " AS fits, c.looked = " SHELF_LOOKED " AS cut" \
    " FROM (SELECT f.*, row_number() OVER (ORDER BY f." order ", f.number) AS looked FROM kheya.case_file f" \
    "       WHERE f.agency = $1::text" more " AND (f." order ", f.number) > ($2::bigint, $3::bigint)" \
    "       ORDER BY f." order ", f.number LIMIT " SHELF_LOOKED ") c" \
    " WHERE (" SHELF_FITS ") OR c.looked = " SHELF_LOOKED " ORDER BY c." order ", c.number LIMIT $5::integer"

static const struct errand_sql shelf_statements[SHELF_STATEMENTS] = {
    [SHELF_NONCE] = { "shelf_nonce",
        "INSERT INTO kheya.api_nonce (key, nonce, until) VALUES ($1::text, $2::text, $3::bigint)"
        " ON CONFLICT (key, nonce) DO NOTHING RETURNING true" },
    [SHELF_ALL] = { "shelf_all", SHELF_PAGE("created", "") },
    [SHELF_STATE] = { "shelf_state", SHELF_PAGE("created", " AND f.state = $6::text") },
    [SHELF_CHANGED] = { "shelf_changed", SHELF_PAGE("changed", "") },
    /* $1 agency, $2 number, $3 seq of the event before, $4 limit */
    [SHELF_CASE] = { "shelf_case",
        "SELECT " CASES_COLUMNS ", " CASES_EVENT " FROM kheya.case_file c"
        " LEFT JOIN kheya.case_event e ON e.bucket = c.bucket AND e.number = c.number AND e.seq > $3::integer"
        " WHERE c.number = $2::bigint AND c.agency = $1::text ORDER BY e.seq LIMIT $4::integer" },
};

void shelf_prepare(struct pg *pg)
{
    errands_prepare(pg, shelf_statements, SHELF_STATEMENTS);
}

/* The answer of an errand, as others know it. */
struct shelf_rows {
    const PGresult *rows;
};

static void shelf_on_answer(void *arg, uint64_t ticket, const PGresult *rows, bool lost)
{
    const struct shelf_done done = *(const struct shelf_done *)arg;
    const struct shelf_rows r = { rows };

    (void)ticket;
    (void)lost;                         /* what the database refuses is as good as lost: it was logged */
    done.fn(done.arg, done.ticket, &(struct shelf_answer){ rows == NULL, rows != NULL ? PQntuples(rows) : 0, &r });
}

static void shelf_ask(struct store *s, enum shelf_statement statement, const struct errand_params *p,
                      struct shelf_done *done)
{
    store_errand(s, &shelf_statements[statement], p, &(struct errand_done){ shelf_on_answer, done, done->ticket });
}

void shelf_nonce(struct store *s, const char *key, const char *nonce, int64_t until, struct shelf_done *done)
{
    struct errand_params p = { .count = 0 };

    errand_text(&p, key);
    errand_text(&p, nonce);
    errand_int(&p, until);
    shelf_ask(s, SHELF_NONCE, &p, done);
}

void shelf_list(struct store *s, const struct shelf_list *list, struct shelf_done *done)
{
    enum shelf_statement statement = list->by_change ? SHELF_CHANGED : list->state[0] != '\0' ? SHELF_STATE : SHELF_ALL;
    bool begins = list->by_change && list->at < list->since;
    struct errand_params p = { .count = 0 };

    errand_text(&p, list->agency);
    errand_int(&p, begins ? list->since : list->at);
    errand_int(&p, begins ? 0 : list->number);          /* no case has the number 0 */
    errand_text(&p, list->service);
    errand_int(&p, list->limit);
    errand_text(&p, list->state);
    shelf_ask(s, statement, &p, done);
}

void shelf_case(struct store *s, const char *agency, int64_t number, int after, int limit, struct shelf_done *done)
{
    struct errand_params p = { .count = 0 };

    errand_text(&p, agency);
    errand_int(&p, number);
    errand_int(&p, after);
    errand_int(&p, limit);
    shelf_ask(s, SHELF_CASE, &p, done);
}

void shelf_file(const struct shelf_rows *rows, int row, struct casefile *f)
{
    cases_take_file(f, rows->rows, row);
}

static bool shelf_says(const struct shelf_rows *rows, int row, const char *column)
{
    int c = PQfnumber(rows->rows, column);

    return c >= 0 && PQgetvalue(rows->rows, row, c)[0] == 't';
}

bool shelf_fits(const struct shelf_rows *rows, int row)
{
    return shelf_says(rows, row, "fits");
}

bool shelf_cuts(const struct shelf_rows *rows, int row)
{
    return shelf_says(rows, row, "cut");
}

void shelf_event(const struct shelf_rows *rows, int row, struct casefile_event *e)
{
    cases_take_event(e, rows->rows, row);
}
