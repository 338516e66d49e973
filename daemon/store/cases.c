#include "store/cases.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "store/blocking.h"
#include "store/cases_rows.h"
#include "store/errands.h"
#include "store/store.h"

#define CASES_ARRAY_MAX (64u * 1024)

enum cases_statement { CASES_READ = 0, CASES_MOVE, CASES_SOURCES, CASES_HISTORY, CASES_LIST, CASES_STATEMENTS };

static const struct errand_sql cases_statements[CASES_STATEMENTS] = {
    /* $1 number, $2 key */
    [CASES_READ] = { "cases_read",
        "SELECT " CASES_COLUMNS ", " CASES_EVENT " FROM kheya.case_file c"
        " LEFT JOIN kheya.case_event e ON e.bucket = c.bucket AND e.number = c.number AND e.key = $2::text"
        " WHERE c.number = $1::bigint" },
    /* The row is locked by the first who comes; who waited for it finds another
     * seq, writes nothing, and reads again: there he finds his key if it was that. */
    [CASES_MOVE] = { "cases_move",
        "WITH c AS (UPDATE kheya.case_file AS c SET seq = c.seq + 1, state = $4::text, changed = greatest(c.changed, $5::bigint),"
        " fields = c.fields || $6::jsonb, due = coalesce($7::bigint, c.due), wake = 0"
        " WHERE c.bucket = $1::smallint AND c.number = $2::bigint AND c.seq = $3::integer"
        " RETURNING c.bucket, c.number, c.service, c.agency, c.msisdn, c.contact, c.state, c.fields, c.lang, c.place,"
        "           c.channel, c.actor, c.generation, c.created, c.changed, c.due, c.seq, c.overdue, c.quiet"
        "), e AS (INSERT INTO kheya.case_event AS e (bucket, number, seq, at, kind, actor, state, note, key)"
        " SELECT c.bucket, c.number, c.seq, $5::bigint, $8::text, $9::text, c.state, $10::text, $11::text FROM c"
        " RETURNING e.seq, e.at, e.kind, e.actor, e.state, e.note, e.key"
        "), a AS (INSERT INTO kheya.audit (bucket, msisdn, code, turn, at, seq, actor, event, fields)"
        " SELECT c.bucket, c.msisdn, 'case/' || c.number, c.seq, $5::bigint, 0, $8::text, $12::text, $13::jsonb FROM c"
        " WHERE $12::text <> ''"
        "), o AS (INSERT INTO kheya.outbox (bucket, cause, receiver, link, lang, class, text, due, created, changed, quiet, approval)"
        " SELECT c.bucket, k.cause, k.receiver, k.link, k.lang, k.class, k.text, k.due, $5::bigint, $5::bigint,"
        " CASE WHEN k.receiver IN (c.msisdn, c.contact) THEN c.quiet ELSE 0 END, k.approval"
        " FROM c, unnest($14::text[], $15::text[], $16::text[], $17::text[], $18::text[], $19::text[], $20::bigint[],"
        "               $21::text[])"
        "      AS k(cause, receiver, link, lang, class, text, due, approval)"
        " ON CONFLICT (bucket, cause) DO NOTHING"
        ") SELECT " CASES_COLUMNS ", " CASES_EVENT " FROM c, e" },
    /* from here on for the command line alone; $1 number */
    [CASES_HISTORY] = { "cases_history",
        "SELECT " CASES_COLUMNS ", " CASES_EVENT " FROM kheya.case_event e"
        " JOIN kheya.case_file c ON c.bucket = e.bucket AND c.number = e.number"
        " WHERE c.number = $1::bigint ORDER BY e.seq" },
    /* $1 agency, $2 service, $3 state, $4 msisdn, $5 due before, $6 how many */
    [CASES_LIST] = { "cases_list",
        "SELECT " CASES_COLUMNS " FROM kheya.case_file c"
        " WHERE ($1::text = '' OR c.agency = $1::text) AND ($2::text = '' OR c.service = $2::text)"
        " AND ($3::text = '' OR c.state = $3::text)"
        " AND ($4::text = '' OR (c.bucket = kheya.bucket($4::text) AND c.msisdn = $4::text))"
        " AND ($5::bigint = 0 OR (c.due > 0 AND c.due < $5::bigint))"
        " ORDER BY c.changed, c.number LIMIT $6::integer" },
    /* $1 generation, 0 the current one */
    [CASES_SOURCES] = { "cases_sources",
        "SELECT g.sources FROM kheya.generation g"
        " WHERE g.id = $1::bigint OR ($1::bigint = 0 AND g.published = (SELECT max(m.published) FROM kheya.generation m))" },
};

void cases_prepare(struct pg *pg)
{
    errands_prepare(pg, cases_statements, CASES_SOURCES);
}

/* --- parameters ------------------------------------------------------------------- */

static void cases_read_params(struct errand_params *p, int64_t number, const char *key)
{
    errand_int(p, number);
    errand_text(p, key);
}

enum cases_column {
    CASES_CAUSE = 0, CASES_RECEIVER, CASES_LINK, CASES_LANG, CASES_CLASS, CASES_TEXT, CASES_DUE, CASES_APPROVAL,
    CASES_MESSAGE_COLUMNS,
};

static const char *cases_message_text(const struct store_message *m, enum cases_column c)
{
    switch (c) {
    case CASES_CAUSE:
        return m->cause;
    case CASES_RECEIVER:
        return m->receiver;
    case CASES_LINK:
        return m->link;
    case CASES_LANG:
        return m->lang;
    case CASES_CLASS:
        return m->class;
    case CASES_TEXT:
        return m->text;
    case CASES_APPROVAL:
        return m->approval != NULL ? m->approval : "";
    case CASES_DUE:
    case CASES_MESSAGE_COLUMNS:
        break;
    }
    return "";
}

/* PostgreSQL 8.15.6: an element in quotes, quotes and backslashes in it escaped. */
static void cases_add_element(struct buf *out, const char *s)
{
    buf_addc(out, '"');
    for (; *s != '\0'; s++) {
        if (*s == '"' || *s == '\\')
            buf_addc(out, '\\');
        buf_addc(out, *s);
    }
    buf_addc(out, '"');
}

static void cases_add_array(struct buf *out, const struct store_move *m, enum cases_column c)
{
    buf_addc(out, '{');
    for (int i = 0; i < m->message_count; i++) {
        if (i > 0)
            buf_addc(out, ',');
        if (c == CASES_DUE)
            buf_addf(out, "%lld", (long long)m->messages[i].due);
        else
            cases_add_element(out, cases_message_text(&m->messages[i], c));
    }
    buf_addc(out, '}');
}

/* arrays hold what the last parameters point to. */
static void cases_move_params(struct errand_params *p, const struct store_move *m,
                              struct buf arrays[CASES_MESSAGE_COLUMNS])
{
    assert(m->message_count <= STORE_MOVE_MESSAGES_MAX);
    errand_int(p, store_bucket(m->msisdn));
    errand_int(p, m->number);
    errand_int(p, m->seq);
    errand_text(p, m->state);
    errand_int(p, m->at);
    errand_text(p, m->fields);
    if (m->due == STORE_DUE_KEEP)
        errand_text(p, NULL);
    else
        errand_int(p, m->due);
    errand_text(p, m->kind);
    errand_text(p, m->actor);
    errand_text(p, m->note);
    errand_text(p, m->key);
    errand_text(p, m->audit);
    errand_text(p, m->audit_fields);
    for (int c = 0; c < CASES_MESSAGE_COLUMNS; c++) {
        buf_init(&arrays[c], CASES_ARRAY_MAX);
        cases_add_array(&arrays[c], m, (enum cases_column)c);
        errand_text(p, buf_str(&arrays[c]));
    }
}

static void cases_arrays_fini(struct buf arrays[CASES_MESSAGE_COLUMNS])
{
    for (int c = 0; c < CASES_MESSAGE_COLUMNS; c++)
        buf_fini(&arrays[c]);
}

/* --- answers ----------------------------------------------------------------------- */

enum {
    FILE_NUMBER = 0, FILE_SERVICE, FILE_AGENCY, FILE_MSISDN, FILE_CONTACT, FILE_STATE, FILE_FIELDS, FILE_LANG, FILE_PLACE,
    FILE_CHANNEL, FILE_ACTOR, FILE_GENERATION, FILE_CREATED, FILE_CHANGED, FILE_DUE, FILE_SEQ, FILE_OVERDUE, FILE_QUIET,
    EVENT_SEQ, EVENT_AT, EVENT_KIND, EVENT_ACTOR, EVENT_STATE, EVENT_NOTE, EVENT_KEY,
};

void cases_take_file(struct casefile *f, const PGresult *rows, int row)
{
    *f = (struct casefile){
        .number = errand_cell_int(rows, row, FILE_NUMBER),
        .service = errand_cell(rows, row, FILE_SERVICE),
        .agency = errand_cell(rows, row, FILE_AGENCY),
        .msisdn = errand_cell(rows, row, FILE_MSISDN),
        .contact = errand_cell(rows, row, FILE_CONTACT),
        .state = errand_cell(rows, row, FILE_STATE),
        .fields = errand_cell(rows, row, FILE_FIELDS),
        .lang = errand_cell(rows, row, FILE_LANG),
        .place = errand_cell(rows, row, FILE_PLACE),
        .channel = errand_cell(rows, row, FILE_CHANNEL),
        .actor = errand_cell(rows, row, FILE_ACTOR),
        .generation = errand_cell_int(rows, row, FILE_GENERATION),
        .created = errand_cell_int(rows, row, FILE_CREATED),
        .changed = errand_cell_int(rows, row, FILE_CHANGED),
        .due = errand_cell_int(rows, row, FILE_DUE),
        .seq = (int)errand_cell_int(rows, row, FILE_SEQ),
        .overdue = (int)errand_cell_int(rows, row, FILE_OVERDUE),
        .quiet = (enum casefile_quiet)errand_cell_int(rows, row, FILE_QUIET),
    };
}

void cases_take_event(struct casefile_event *e, const PGresult *rows, int row)
{
    *e = (struct casefile_event){
        .seq = (int)errand_cell_int(rows, row, EVENT_SEQ),
        .at = errand_cell_int(rows, row, EVENT_AT),
        .kind = errand_cell(rows, row, EVENT_KIND),
        .actor = errand_cell(rows, row, EVENT_ACTOR),
        .state = errand_cell(rows, row, EVENT_STATE),
        .note = errand_cell(rows, row, EVENT_NOTE),
        .key = errand_cell(rows, row, EVENT_KEY),
    };
}

/* file holds what a->file points to. */
static void cases_take(struct store_case_answer *a, struct casefile *file, const PGresult *rows, bool lost)
{
    *a = (struct store_case_answer){ .lost = lost, .refused = rows == NULL && !lost };
    if (rows == NULL || PQntuples(rows) == 0)
        return;
    cases_take_file(file, rows, 0);
    cases_take_event(&a->event, rows, 0);
    a->file = file;
}

/* --- in kheyad ----------------------------------------------------------------------- */

static void cases_on_answer(void *arg, uint64_t ticket, const PGresult *rows, bool lost)
{
    const struct store_case_to *to = arg;
    struct store_case_answer a;
    struct casefile file;

    cases_take(&a, &file, rows, lost);
    to->fn(to->arg, ticket, &a);
}

static void cases_ask(struct store *s, enum cases_statement statement, const struct errand_params *p,
                      struct store_case_to *to, uint64_t ticket)
{
    store_errand(s, &cases_statements[statement], p, &(struct errand_done){ cases_on_answer, to, ticket });
}

void store_case_read(struct store *s, int64_t number, const char *key, struct store_case_to *to, uint64_t ticket)
{
    struct errand_params p = { .count = 0 };

    cases_read_params(&p, number, key);
    cases_ask(s, CASES_READ, &p, to, ticket);
}

void store_case_move(struct store *s, const struct store_move *m, struct store_case_to *to, uint64_t ticket)
{
    struct errand_params p = { .count = 0 };
    struct buf arrays[CASES_MESSAGE_COLUMNS];

    cases_move_params(&p, m, arrays);
    cases_ask(s, CASES_MOVE, &p, to, ticket);
    cases_arrays_fini(arrays);
}

/* --- on the command line --------------------------------------------------------------- */

struct store_desk {
    PGconn *conn;
    PGresult *rows;                     /* of the last call */
    struct casefile file;
    void *sources;
    char err[512];
};

struct store_desk *store_desk_open(const char *conninfo, char *err, size_t n)
{
    struct store_desk *d = xcalloc(1, sizeof *d);

    d->conn = PQconnectdb(conninfo);
    if (PQstatus(d->conn) == CONNECTION_OK)
        return d;
    blocking_fail(err, n, PQerrorMessage(d->conn));
    store_desk_close(d);
    return NULL;
}

void store_desk_close(struct store_desk *d)
{
    if (d == NULL)
        return;
    PQclear(d->rows);
    if (d->sources != NULL)
        PQfreemem(d->sources);
    PQfinish(d->conn);
    free(d);
}

const char *store_desk_error(const struct store_desk *d)
{
    return d->err;
}

static PGresult *store_desk_ask(struct store_desk *d, enum cases_statement statement, const struct errand_params *p)
{
    PGresult *rows = blocking_ask(d->conn, cases_statements[statement].sql, p->count, p->values, d->err, sizeof d->err);

    PQclear(d->rows);                   /* not before: parameters may be of the last answer */
    d->rows = rows;
    return rows;
}

void store_desk_read(struct store_desk *d, int64_t number, const char *key, struct store_case_answer *a)
{
    struct errand_params p = { .count = 0 };
    PGresult *rows;

    cases_read_params(&p, number, key);
    rows = store_desk_ask(d, CASES_READ, &p);
    cases_take(a, &d->file, rows, rows == NULL);
}

void store_desk_move(struct store_desk *d, const struct store_move *m, struct store_case_answer *a)
{
    struct errand_params p = { .count = 0 };
    struct buf arrays[CASES_MESSAGE_COLUMNS];
    PGresult *rows;

    cases_move_params(&p, m, arrays);
    rows = store_desk_ask(d, CASES_MOVE, &p);
    cases_take(a, &d->file, rows, rows == NULL);
    cases_arrays_fini(arrays);
}

const void *store_desk_sources(struct store_desk *d, int64_t generation, size_t *n)
{
    struct errand_params p = { .count = 0 };
    PGresult *rows;

    if (d->sources != NULL)
        PQfreemem(d->sources);
    d->sources = NULL;
    *n = 0;
    errand_int(&p, generation);
    rows = blocking_ask(d->conn, cases_statements[CASES_SOURCES].sql, p.count, p.values, d->err, sizeof d->err);
    if (rows != NULL && PQntuples(rows) > 0)
        d->sources = PQunescapeBytea((const unsigned char *)PQgetvalue(rows, 0, 0), n);
    PQclear(rows);
    return d->sources;
}

bool store_desk_history(struct store_desk *d, int64_t number, store_event_fn fn, void *arg)
{
    struct errand_params p = { .count = 0 };
    PGresult *rows;

    errand_int(&p, number);
    rows = store_desk_ask(d, CASES_HISTORY, &p);
    for (int i = 0; rows != NULL && i < PQntuples(rows); i++) {
        struct casefile_event e;

        cases_take_event(&e, rows, i);
        fn(arg, &e);
    }
    return rows != NULL;
}

bool store_desk_list(struct store_desk *d, const struct store_case_filter *filter, store_file_fn fn, void *arg)
{
    struct errand_params p = { .count = 0 };
    PGresult *rows;

    errand_text(&p, filter->agency);
    errand_text(&p, filter->service);
    errand_text(&p, filter->state);
    errand_text(&p, filter->msisdn);
    errand_int(&p, filter->due_before);
    errand_int(&p, filter->max);
    rows = store_desk_ask(d, CASES_LIST, &p);
    for (int i = 0; rows != NULL && i < PQntuples(rows); i++) {
        struct casefile f;

        cases_take_file(&f, rows, i);
        fn(arg, &f);
    }
    return rows != NULL;
}
