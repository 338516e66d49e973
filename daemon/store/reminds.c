#include "store/reminds.h"

#include "base/buf.h"
#include "store/errands.h"
#include "store/store.h"

/* $1 now, $2 how many at a time, $3 to $6 what the words are due for, languages, classes, texts */
#define REMINDS_ASK(of) \
    "SELECT kheya.tell_" of "($1::bigint, $2::integer, array(SELECT row(w.due, w.lang, w.class, w.words)::kheya.words" \
    " FROM unnest($3::text[], $4::text[], $5::text[], $6::text[]) WITH ORDINALITY AS w(due, lang, class, words, n) ORDER BY n))"

static const struct errand_sql reminds_statements[REMINDS_KINDS] = {
    [REMINDS_RULES] = { "reminds_rules", REMINDS_ASK("rules") },
    [REMINDS_WISHES] = { "reminds_wishes", REMINDS_ASK("reminders") },
    [REMINDS_PAYMENTS] = { "reminds_payments", REMINDS_ASK("payments") },
    [REMINDS_DRAFTS] = { "reminds_drafts", REMINDS_ASK("drafts") },
};

static const struct errand_sql reminds_keep_statement = { "reminds_keep",
    "SELECT kheya.keep_draft($1::text, $2::text, $3::integer, $4::bigint)" };

void reminds_prepare(struct pg *pg)
{
    errands_prepare(pg, reminds_statements, REMINDS_KINDS);
    errands_prepare(pg, &reminds_keep_statement, 1);
}

static void reminds_on_told(void *arg, uint64_t ticket, const PGresult *rows, bool lost)
{
    const struct reminds_teller *to = arg;

    (void)ticket;
    (void)lost;
    to->told(to->arg, rows != NULL ? (int)errand_cell_int(rows, 0, 0) : -1);
}

void reminds_some(struct store *s, enum reminds_of of, int max, int64_t now, const struct reminds_words *words,
                  struct reminds_teller *to)
{
    const char *const *const columns[] = { words->dues, words->langs, words->classes, words->texts };
    const struct errand_done done = { reminds_on_told, to, 0 };
    struct errand_params p = { .count = 0 };
    struct buf arrays[sizeof columns / sizeof columns[0]];

    errand_int(&p, now);
    errand_int(&p, max);
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
        errand_array(&arrays[i], columns[i], words->count);
        errand_text(&p, buf_str(&arrays[i]));
    }
    store_errand(s, &reminds_statements[of], &p, &done);
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++)
        buf_fini(&arrays[i]);
}

static void reminds_on_kept(void *arg, uint64_t ticket, const PGresult *rows, bool lost)
{
    (void)arg;
    (void)ticket;
    (void)rows;
    (void)lost;
}

void reminds_keep(struct store *s, const struct reminds_draft *d)
{
    const struct errand_done done = { reminds_on_kept, NULL, 0 };
    struct errand_params p = { .count = 0 };

    errand_text(&p, d->msisdn);
    errand_text(&p, d->code);
    errand_int(&p, d->turn);
    errand_int(&p, d->due);
    store_errand(s, &reminds_keep_statement, &p, &done);
}
