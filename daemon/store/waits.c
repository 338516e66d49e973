#include "store/waits.h"

#include "base/buf.h"
#include "store/errands.h"
#include "store/store.h"

enum waits_statement { WAITS_ADD = 0, WAITS_TELL, WAITS_STATEMENTS };

static const struct errand_sql waits_statements[WAITS_STATEMENTS] = {
    /* who waits already stays as she is; who was told waits anew */
    [WAITS_ADD] = { "waits_add",
        "INSERT INTO kheya.waitlist AS w (bucket, msisdn, service, place, lang, key, since)"
        " VALUES ($1::smallint, $2::text, $3::text, $4::text, $5::text, $6::text, $7::bigint)"
        " ON CONFLICT (bucket, msisdn, service, place) DO UPDATE SET lang = EXCLUDED.lang, key = EXCLUDED.key,"
        " since = EXCLUDED.since, told = NULL WHERE w.told IS NOT NULL AND w.key <> EXCLUDED.key" },
    /* $1 service, $2 open places, $3 is the country, $4 places with windows of their own, $5 now, $6 class,
     * $7 languages, $8 their texts, $9 how many */
    [WAITS_TELL] = { "waits_tell",
        "WITH w AS (SELECT l.bucket, l.msisdn, l.service, l.place FROM kheya.waitlist l"
        " WHERE l.service = $1::text AND l.told IS NULL"
        " AND (l.place = ANY ($2::text[]) OR ($3::boolean AND NOT l.place = ANY ($4::text[])))"
        " LIMIT $9::integer FOR UPDATE SKIP LOCKED"
        "), u AS (UPDATE kheya.waitlist l SET told = $5::bigint FROM w WHERE l.bucket = w.bucket AND l.msisdn = w.msisdn"
        " AND l.service = w.service AND l.place = w.place RETURNING l.bucket, l.msisdn, l.place, l.lang, l.key"
        "), o AS (INSERT INTO kheya.outbox (bucket, cause, receiver, link, lang, class, text, due, created, changed)"
        " SELECT u.bucket, 'list/' || $1::text || '/' || u.place || '/' || u.msisdn || '/' || u.key, u.msisdn, '',"
        " coalesce(t.lang, ($7::text[])[1]), $6::text, coalesce(t.text, ($8::text[])[1]), $5::bigint, $5::bigint, $5::bigint"
        " FROM u LEFT JOIN unnest($7::text[], $8::text[]) AS t(lang, text) ON t.lang = u.lang"
        " ON CONFLICT (bucket, cause) DO NOTHING) SELECT count(*) FROM u" },
};

void waits_prepare(struct pg *pg)
{
    errands_prepare(pg, waits_statements, WAITS_STATEMENTS);
}

static void waits_on_added(void *arg, uint64_t ticket, const PGresult *rows, bool lost)
{
    const struct waits_teller *to = arg;

    (void)lost;
    to->added(to->arg, ticket, rows != NULL);
}

void waits_add(struct store *s, uint64_t ticket, const struct waits_entry *e, struct waits_teller *to)
{
    const struct errand_done done = { waits_on_added, to, ticket };
    struct errand_params p = { .count = 0 };

    errand_int(&p, store_bucket(e->msisdn));
    errand_text(&p, e->msisdn);
    errand_text(&p, e->service);
    errand_text(&p, e->place);
    errand_text(&p, e->lang);
    errand_text(&p, e->key);
    errand_int(&p, e->at);
    store_errand(s, &waits_statements[WAITS_ADD], &p, &done);
}

static void waits_on_told(void *arg, uint64_t ticket, const PGresult *rows, bool lost)
{
    const struct waits_teller *to = arg;

    (void)lost;
    to->told(to->arg, ticket, rows != NULL ? (int)errand_cell_int(rows, 0, 0) : -1);
}

void waits_tell(struct store *s, uint64_t ticket, const struct waits_opened *o, struct waits_teller *to)
{
    const struct errand_done done = { waits_on_told, to, ticket };
    struct errand_params p = { .count = 0 };
    struct buf open, own, langs, texts;

    errand_array(&open, o->open, o->open_count);
    errand_array(&own, o->own, o->own_count);
    errand_array(&langs, o->langs, o->lang_count);
    errand_array(&texts, o->texts, o->lang_count);
    errand_text(&p, o->service);
    errand_text(&p, buf_str(&open));
    errand_text(&p, o->country ? "t" : "f");
    errand_text(&p, buf_str(&own));
    errand_int(&p, o->at);
    errand_text(&p, o->class);
    errand_text(&p, buf_str(&langs));
    errand_text(&p, buf_str(&texts));
    errand_int(&p, o->max);
    store_errand(s, &waits_statements[WAITS_TELL], &p, &done);
    buf_fini(&open);
    buf_fini(&own);
    buf_fini(&langs);
    buf_fini(&texts);
}
