#include "store/seals.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "store/errands.h"
#include "store/evidence.h"
#include "store/store.h"

#define SEALS_LISTS (SEALS_MAX * 96)    /* octets of one list of a block's rows */

enum seals_statement { SEALS_TAKE = 0, SEALS_PUT, SEALS_STATEMENTS };

static const struct errand_sql seals_statements[SEALS_STATEMENTS] = {
    /* $1 how many */
    [SEALS_TAKE] = { "seals_take",
        "SELECT coalesce(l.block, 0), coalesce(l.at, 0), coalesce(encode(l.hash, 'hex'), ''), w.writer, " EVIDENCE_ROW
        " FROM (SELECT x.at, x.id, x.bucket, x.writer FROM kheya.audit_wait x ORDER BY x.at, x.id, x.bucket LIMIT $1::integer) w"
        " JOIN kheya.audit a ON a.bucket = w.bucket AND a.id = w.id"
        " LEFT JOIN (SELECT s.block, s.at, s.hash FROM kheya.audit_seal s ORDER BY s.block DESC LIMIT 1) l ON true"
        " ORDER BY w.at, w.id, w.bucket" },
    /* $1 block, $2 its time, $3 the hash before it, $4 its own, $5 buckets, $6 ids, $7 hashes; who is slower finds the
     * block there and does nothing */
    [SEALS_PUT] = { "seals_put",
        "WITH r AS MATERIALIZED (SELECT w.at, w.id, w.bucket, w.writer, k.hash, k.pos"
        "  FROM unnest($5::smallint[], $6::bigint[], $7::text[]) WITH ORDINALITY AS k(bucket, id, hash, pos)"
        "  JOIN kheya.audit a ON a.bucket = k.bucket AND a.id = k.id"
        "  JOIN kheya.audit_wait w ON w.at = a.at AND w.id = k.id AND w.bucket = k.bucket),"
        " s AS (INSERT INTO kheya.audit_seal (block, at, rows, prev, hash)"
        "  SELECT $1::bigint, $2::bigint, cardinality($6::bigint[]), decode($3::text, 'hex'), decode($4::text, 'hex')"
        "  WHERE (SELECT count(*) FROM r) = cardinality($6::bigint[])"
        "  ON CONFLICT (block) DO NOTHING RETURNING block),"
        " e AS (INSERT INTO kheya.audit_sealed (block, pos, bucket, id, writer, hash)"
        "  SELECT s.block, r.pos, r.bucket, r.id, r.writer, decode(r.hash, 'hex') FROM s CROSS JOIN r),"
        " d AS (DELETE FROM kheya.audit_wait w USING s CROSS JOIN r WHERE w.at = r.at AND w.id = r.id AND w.bucket = r.bucket)"
        " SELECT count(*) FROM s" },
};

void seals_prepare(struct pg *pg)
{
    errands_prepare(pg, seals_statements, SEALS_STATEMENTS);
}

static void seals_on_put(void *arg, uint64_t ticket, const PGresult *rows, bool lost)
{
    struct seals_teller *to = arg;
    bool done = rows != NULL && errand_cell_int(rows, 0, 0) == 1;

    (void)ticket;
    (void)lost;
    to->sealed(to->arg, rows == NULL ? -1 : done ? to->rows : 0, &to->last);
}

static void seals_hex(const unsigned char hash[CHAIN_SIZE], char out[CHAIN_HEX_SIZE])
{
    (void)sodium_bin2hex(out, CHAIN_HEX_SIZE, hash, CHAIN_SIZE);
}

static void seals_list(struct buf *list, const char *item)
{
    buf_addc(list, list->len == 0 ? '{' : ',');
    buf_adds(list, item);
}

/* The columns behind the first three of SEALS_TAKE are a row's parts in the chain: writer, then EVIDENCE_ROW. */
static void seals_link(unsigned char link[CHAIN_SIZE], const PGresult *rows, int row)
{
    const char *parts[EVIDENCE_PARTS];

    for (int i = 0; i < EVIDENCE_PARTS; i++)
        parts[i] = errand_cell(rows, row, 3 + i);
    chain_add(link, parts, EVIDENCE_PARTS);
}

static void seals_put(struct seals_teller *to, const PGresult *rows, int n)
{
    const struct errand_done done = { seals_on_put, to, 0 };
    struct errand_params p = { .count = 0 };
    struct buf buckets, ids, hashes;
    unsigned char link[CHAIN_SIZE] = { 0 };
    char hex[CHAIN_HEX_SIZE];

    buf_init(&buckets, SEALS_LISTS);
    buf_init(&ids, SEALS_LISTS);
    buf_init(&hashes, SEALS_LISTS);
    (void)sodium_hex2bin(link, sizeof link, to->last.hash, strlen(to->last.hash), NULL, NULL, NULL);
    chain_begin(link, link, to->last.block + 1, to->now, n);
    for (int i = 0; i < n; i++) {
        seals_link(link, rows, i);
        seals_hex(link, hex);
        seals_list(&buckets, errand_cell(rows, i, 4));
        seals_list(&ids, errand_cell(rows, i, 5));
        seals_list(&hashes, hex);
    }
    buf_addc(&buckets, '}');
    buf_addc(&ids, '}');
    buf_addc(&hashes, '}');
    to->rows = n;
    errand_int(&p, to->last.block + 1);
    errand_int(&p, to->now);
    errand_text(&p, to->last.hash);
    errand_text(&p, hex);
    errand_text(&p, buf_str(&buckets));
    errand_text(&p, buf_str(&ids));
    errand_text(&p, buf_str(&hashes));
    store_errand(to->store, &seals_statements[SEALS_PUT], &p, &done);
    buf_fini(&buckets);
    buf_fini(&ids);
    buf_fini(&hashes);
}

static void seals_on_taken(void *arg, uint64_t ticket, const PGresult *rows, bool lost)
{
    struct seals_teller *to = arg;
    int n = rows != NULL ? PQntuples(rows) : 0;

    (void)ticket;
    (void)lost;
    if (n == 0) {
        to->sealed(to->arg, rows != NULL ? 0 : -1, &to->last);
        return;
    }
    to->last.block = errand_cell_int(rows, 0, 0);
    to->last.at = errand_cell_int(rows, 0, 1);
    (void)snprintf(to->last.hash, sizeof to->last.hash, "%s", errand_cell(rows, 0, 2));
    if (to->now < to->last.at)
        to->now = to->last.at;          /* another process's clock is ahead */
    seals_put(to, rows, n);
}

void seals_some(struct store *s, int64_t now, struct seals_teller *to)
{
    const struct errand_done done = { seals_on_taken, to, 0 };
    struct errand_params p = { .count = 0 };

    to->store = s;
    to->now = now;
    errand_int(&p, SEALS_MAX);
    store_errand(s, &seals_statements[SEALS_TAKE], &p, &done);
}
