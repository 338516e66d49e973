#include "store/trials.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/alloc.h"
#include "base/log.h"

#define TRIALS_MAX 3                    /* wrong ones in a row, the last of which locks */
#define TRIALS_MAX_AGENT 5              /* of an agent of a digital centre: her PIN is longer */

#define TRIALS_TEXT_OF(n) #n
#define TRIALS_TEXT(n) TRIALS_TEXT_OF(n)
#define TRIALS_OVER "(p.locked_until IS NULL OR p.locked_until <= now())"
#define TRIALS_MOST \
    "(CASE WHEN EXISTS (SELECT FROM kheya.agent a WHERE a.bucket = p.bucket AND a.msisdn = p.msisdn AND a.active)" \
    " THEN " TRIALS_TEXT(TRIALS_MAX_AGENT) " ELSE " TRIALS_TEXT(TRIALS_MAX) " END)"
/* this one included */
#define TRIALS_COUNT "(CASE WHEN p.locked_until <= now() THEN 1 ELSE p.tries + 1 END)"

/* On a number of several persons a good PIN makes the wrong ones before it forgotten too; so one of them could try
 * another's for ever.  There this many wrong ones in a day lock as well. */
#define TRIALS_MAX_DAY 10
#define TRIALS_HERS "kheya.person h WHERE h.bucket = $1::smallint AND h.msisdn = $2::text"
#define TRIALS_DAY "(CASE WHEN p.day = current_date THEN p.wrong + 1 ELSE 1 END)"

/* $1 bucket, $2 msisdn, $3 attempt, or (good) the hash that was found to be hers.
 * Answers: hash (NULL: locked, and not looked
 * at), is it locked now, whose it is, are there others.  No row: she has no PIN, or it was not set.
 * An agent's number is one person's: the first one's. */
static const struct trials_sql {
    const char *name;
    const char *sql;
} trials_statements[STORE_PIN_STEPS] = {
    [STORE_PIN_TRY] = { "pin_try",
        "WITH t AS (UPDATE kheya.pin p SET attempt = $3::text, day = current_date,"
        " wrong = CASE WHEN p.attempt = $3::text THEN p.wrong ELSE " TRIALS_DAY " END,"
        " tries = CASE WHEN p.attempt = $3::text THEN p.tries ELSE " TRIALS_COUNT " END,"
        " locked_until = CASE WHEN p.attempt = $3::text THEN p.locked_until"
        "     WHEN " TRIALS_COUNT " >= " TRIALS_MOST " OR (" TRIALS_DAY " > " TRIALS_TEXT(TRIALS_MAX_DAY)
        "          AND (SELECT count(*) FROM " TRIALS_HERS ") > 1) THEN now() + interval '24 hours' END"
        " WHERE p.bucket = $1::smallint AND p.msisdn = $2::text AND (p.attempt = $3::text OR " TRIALS_OVER ")"
        " RETURNING p.locked_until IS NOT NULL AS locked)"
        " SELECT (SELECT string_agg(h.person || ':' || h.hash, ' ' ORDER BY h.person) FROM " TRIALS_HERS
        "     AND (h.person = (SELECT min(h.person) FROM " TRIALS_HERS ") OR NOT EXISTS (SELECT FROM kheya.agent a"
        "         WHERE a.bucket = $1::smallint AND a.msisdn = $2::text AND a.active))), t.locked, 0, false FROM t UNION ALL"
        " SELECT NULL, true, 0, false FROM kheya.pin p WHERE p.bucket = $1::smallint AND p.msisdn = $2::text"
        " AND NOT EXISTS (SELECT FROM t)" },
    /* $4 whose, $5 the hash from now on */
    [STORE_PIN_GOOD] = { "pin_good",
        "WITH g AS (UPDATE kheya.person h SET hash = $5::text, used = now()"
        " WHERE h.bucket = $1::smallint AND h.msisdn = $2::text AND h.person = $4::smallint AND h.hash = $3::text"
        " RETURNING h.hash)"
        "UPDATE kheya.pin p SET tries = 0, locked_until = NULL, wrong = greatest(p.wrong - 1, 0) FROM g"
        " WHERE p.bucket = $1::smallint AND p.msisdn = $2::text"
        " RETURNING g.hash, false, $4::smallint::integer, (SELECT count(*) FROM " TRIALS_HERS ") > 1" },
    /* $4 hash, $5 whose may be replaced, 0 nobody's, $6 keyed number of whom it is to be, '' not said */
    [STORE_PIN_SET] = { "pin_set",
        "SELECT s.hash, s.locked, s.person::integer, s.shared FROM kheya.set_pin($1::smallint, $2::text, $3::text, $4::text,"
        " $5::smallint, $6::text, " TRIALS_TEXT(TRIALS_MAX) "::smallint) s" },
};

struct trial {
    TAILQ_ENTRY(trial) link;
    struct trials *owner;
    struct pg *pg;
    uint64_t ticket;
    enum store_pin_step step;
    int person;
    char *msisdn, *attempt, *hash, *fresh, *of;
};
TAILQ_HEAD(trial_list, trial);

struct trials {
    const struct store_ops *ops;
    void *arg;
    int stall_ms;
    struct trial_list waiting, flying;
};

void trials_prepare(struct pg *pg)
{
    for (int i = 0; i < STORE_PIN_STEPS; i++)
        pg_prepare(pg, trials_statements[i].name, trials_statements[i].sql);
}

struct trials *trials_new(const struct store_ops *ops, void *arg, int stall_ms)
{
    struct trials *t = xcalloc(1, sizeof *t);

    t->ops = ops;
    t->arg = arg;
    t->stall_ms = stall_ms;
    TAILQ_INIT(&t->waiting);
    TAILQ_INIT(&t->flying);
    return t;
}

static void trials_drop(struct trial_list *list, struct trial *r)
{
    TAILQ_REMOVE(list, r, link);
    free(r->msisdn);
    free(r->attempt);
    free(r->hash);
    free(r->fresh);
    free(r->of);
    free(r);
}

void trials_free(struct trials *t)
{
    struct trial *r;

    if (t == NULL)
        return;
    while ((r = TAILQ_FIRST(&t->waiting)) != NULL)
        trials_drop(&t->waiting, r);
    while ((r = TAILQ_FIRST(&t->flying)) != NULL)
        trials_drop(&t->flying, r);
    free(t);
}

void trials_add(struct trials *t, uint64_t ticket, const struct store_pin *pin)
{
    struct trial *r = xcalloc(1, sizeof *r);

    r->owner = t;
    r->ticket = ticket;
    r->step = pin->step;
    r->person = pin->step == STORE_PIN_GOOD || pin->replaces ? pin->person : 0;
    r->msisdn = xstrdup(pin->msisdn);
    r->attempt = xstrdup(pin->attempt);
    r->hash = pin->hash != NULL ? xstrdup(pin->hash) : NULL;
    r->fresh = pin->fresh != NULL ? xstrdup(pin->fresh) : NULL;
    r->of = xstrdup(pin->of != NULL ? pin->of : "");
    TAILQ_INSERT_TAIL(&t->waiting, r, link);
}

static void trials_tell(const struct trial *r, const struct pg_answer *a)
{
    struct store_pin_row row = { .there = false };

    if (a->outcome != PG_DONE) {
        r->owner->ops->pin(r->owner->arg, r->ticket, NULL);
        return;
    }
    row.there = PQntuples(a->rows) > 0;
    row.hash = row.there && !PQgetisnull(a->rows, 0, 0) ? PQgetvalue(a->rows, 0, 0) : NULL;
    row.locked = row.there && pg_bool(a->rows, 0, 1);
    row.person = row.there ? pg_int4(a->rows, 0, 2) : 0;
    row.shared = row.there && pg_bool(a->rows, 0, 3);
    r->owner->ops->pin(r->owner->arg, r->ticket, &row);
}

static void trials_on_answer(void *arg, const struct pg_answer *a)
{
    struct trial *r = arg;
    struct trials *t = r->owner;

    if (a->outcome == PG_ERROR) {
        log_err("store event=%s_failed reason=\"%s\"", trials_statements[r->step].name, a->reason);
        if (pg_error_of(a->sqlstate) == PG_ERROR_TROUBLE)
            pg_drop(r->pg, PG_SOON, a->reason);
    }
    trials_tell(r, a);
    trials_drop(&t->flying, r);
}

bool trials_wait(const struct trials *t)
{
    return !TAILQ_EMPTY(&t->waiting);
}

void trials_send(struct trials *t, struct pg *pg)
{
    struct trial *r;

    while ((r = TAILQ_FIRST(&t->waiting)) != NULL) {
        struct pg_params p = { 0 };
        char bucket[8], person[12];

        TAILQ_REMOVE(&t->waiting, r, link);
        TAILQ_INSERT_TAIL(&t->flying, r, link);
        snprintf(bucket, sizeof bucket, "%d", store_bucket(r->msisdn));
        pg_param_text(&p, bucket);
        pg_param_text(&p, r->msisdn);
        pg_param_text(&p, r->step == STORE_PIN_GOOD ? r->hash : r->attempt);
        snprintf(person, sizeof person, "%d", r->person);
        if (r->step == STORE_PIN_GOOD) {
            pg_param_text(&p, person);
            pg_param_text(&p, r->fresh);
        } else if (r->step == STORE_PIN_SET) {
            pg_param_text(&p, r->hash);
            pg_param_text(&p, person);
            pg_param_text(&p, r->of);
        }
        r->pg = pg;
        pg_query(pg, trials_statements[r->step].name, &p, PG_BINARY);
        pg_end(pg, t->stall_ms, trials_on_answer, r);
    }
}

void trials_fail(struct trials *t)
{
    static const struct pg_answer away = { .outcome = PG_LOST, .reason = "database away" };
    struct trial_list failed = TAILQ_HEAD_INITIALIZER(failed);
    struct trial *r;

    TAILQ_CONCAT(&failed, &t->waiting, link);   /* first: the callback may ask again */
    while ((r = TAILQ_FIRST(&failed)) != NULL) {
        trials_tell(r, &away);
        trials_drop(&failed, r);
    }
}
