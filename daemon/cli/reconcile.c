#include "cli/reconcile.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "engine/statement.h"
#include "store/ledger.h"

#define RECONCILE_FILE_MAX (256L << 20)
#define RECONCILE_ERRORS_MAX (16u << 20)
#define RECONCILE_DAY_MS INT64_C(86400000)

/* A payment of ours, and what is needed to write it. */
struct reconcile_row {
    struct statement_own own;
    int32_t seq;
    int16_t bucket;
    int64_t created, expires;
    bool refund;
};

struct reconcile {
    const struct reconcile_args *args;
    struct ledger *ledger;
    struct statement statement;
    struct reconcile_row *rows;         /* as they came; later by ref, each once */
    size_t count, cap;
    struct statement_own *own;          /* of rows, in their order */
    struct statement_part *parts;       /* of them, by ref and number */
    size_t part_count, part_cap;
    struct buf line;
    int taken, refused;                 /* differences that were taken in, and could not be */
    bool broken;                        /* the database failed while it was done */
};

bool reconcile_day(const char *text, int64_t *ms)
{
    return statement_time(text, ms);
}

/* --- the file -------------------------------------------------------------------------------- */

static char *reconcile_slurp(const char *path, size_t *n)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    char *text = NULL;
    ssize_t got;

    *n = 0;
    if (fd < 0 || fstat(fd, &st) != 0) {
        fprintf(stderr, "kheya payment: %s: %s\n", path, strerror(errno));
    } else if (!S_ISREG(st.st_mode) || st.st_size > RECONCILE_FILE_MAX) {
        fprintf(stderr, "kheya payment: %s: not a file of at most %ld MB\n", path, RECONCILE_FILE_MAX >> 20);
    } else {
        text = xcalloc(1, (size_t)st.st_size + 1);
        while (*n < (size_t)st.st_size && (got = read(fd, text + *n, (size_t)st.st_size - *n)) > 0)
            *n += (size_t)got;
    }
    if (fd >= 0)
        close(fd);
    return text;
}

static bool reconcile_read(struct reconcile *r)
{
    size_t n;
    char *text = reconcile_slurp(r->args->file, &n);
    struct buf errors;
    bool good;

    if (text == NULL)
        return false;
    buf_init(&errors, RECONCILE_ERRORS_MAX);
    good = statement_read(&r->statement, r->args->file, text, n, &errors);
    fputs(buf_str(&errors), stdout);
    if (!good)
        printf("%d errors in the file: nothing was compared\n", r->statement.errors);
    buf_fini(&errors);
    free(text);
    return good;
}

/* --- what we know -------------------------------------------------------------------------------- */

static void reconcile_add(void *arg, const struct store_payment *p)
{
    struct reconcile *r = arg;
    struct reconcile_row *row;

    if (r->count == r->cap) {
        r->cap = r->cap > 0 ? 2 * r->cap : 1024;
        r->rows = xrealloc(r->rows, r->cap * sizeof *r->rows);
    }
    row = &r->rows[r->count++];
    memset(row, 0, sizeof *row);
    (void)snprintf(row->own.ref, sizeof row->own.ref, "%s", p->ref);
    (void)snprintf(row->own.provider, sizeof row->own.provider, "%s", p->provider);
    (void)snprintf(row->own.trx, sizeof row->own.trx, "%s", p->trx);
    row->own.state = payment_state_find(p->state);
    row->own.taka = p->taka;
    row->own.paid = p->paid;
    row->own.back = p->back;
    row->own.again = p->owes != 0;
    row->seq = p->seq;
    row->bucket = p->bucket;
    row->created = p->created;
    row->expires = p->expires;
    row->refund = p->refund;
}

static int reconcile_by_ref(const void *x, const void *y)
{
    return strcmp(((const struct reconcile_row *)x)->own.ref, ((const struct reconcile_row *)y)->own.ref);
}

/* By ref, each once. */
static void reconcile_sort(struct reconcile *r)
{
    size_t kept = 0;

    if (r->count > 0)
        qsort(r->rows, r->count, sizeof *r->rows, reconcile_by_ref);
    for (size_t i = 0; i < r->count; i++) {
        if (kept == 0 || strcmp(r->rows[kept - 1].own.ref, r->rows[i].own.ref) != 0)
            r->rows[kept++] = r->rows[i];
    }
    r->count = kept;
    r->own = xcalloc(kept + 1, sizeof *r->own);
    for (size_t i = 0; i < kept; i++)
        r->own[i] = r->rows[i].own;
}

static bool reconcile_load(struct reconcile *r, int32_t from, int32_t to)
{
    const int64_t offset = STATEMENT_UTC_OFFSET * INT64_C(60000);
    const char **refs = xcalloc(r->statement.count + 1, sizeof(const char *));
    size_t count = 0;
    int16_t bucket;
    bool good;

    for (size_t i = 0; i < r->statement.count; i++) {
        if (payment_ref_bucket(r->statement.lines[i].ref, &bucket))
            refs[count++] = r->statement.lines[i].ref;
    }
    good = ledger_refs(r->ledger, r->args->provider, refs, count, reconcile_add, r) &&
           (from == CLOCK_DATE_NONE || ledger_period(r->ledger, r->args->provider, from * RECONCILE_DAY_MS - offset,
                                                     (to + INT64_C(1)) * RECONCILE_DAY_MS - offset, reconcile_add, r));
    free(refs);
    if (good)
        reconcile_sort(r);
    else
        fprintf(stderr, "kheya payment: %s\n", ledger_error(r->ledger));
    return good;
}

static void reconcile_add_part(void *arg, const struct ledger_part *part)
{
    struct reconcile *r = arg;
    struct statement_part *p;

    if (r->part_count == r->part_cap) {
        r->part_cap = r->part_cap > 0 ? 2 * r->part_cap : 64;
        r->parts = xrealloc(r->parts, r->part_cap * sizeof *r->parts);
    }
    p = &r->parts[r->part_count++];
    memset(p, 0, sizeof *p);
    (void)snprintf(p->ref, sizeof p->ref, "%s", part->ref);
    (void)snprintf(p->trx, sizeof p->trx, "%s", part->trx);
    p->n = part->n;
    p->taka = part->taka;
    p->back = part->back;
}

static bool reconcile_load_parts(struct reconcile *r)
{
    const char **refs = xcalloc(r->count + 1, sizeof(const char *));
    bool good;

    for (size_t i = 0; i < r->count; i++)
        refs[i] = r->rows[i].own.ref;
    good = ledger_parts(r->ledger, refs, r->count, reconcile_add_part, r);
    if (!good)
        fprintf(stderr, "kheya payment: %s\n", ledger_error(r->ledger));
    free(refs);
    return good;
}

/* --- taking in --------------------------------------------------------------------------------------- */

static void reconcile_take_part(struct reconcile *r, const struct statement_difference *d)
{
    const struct ledger_part part = { .ref = d->part->ref, .n = d->part->n, .trx = d->line->trx, .back = d->line->at,
                                      .actor = r->args->actor };
    bool there = false;

    if (!ledger_part_given(r->ledger, &part, &there)) {
        r->broken = true;
        return;
    }
    r->taken += there;
    r->refused += !there;
}

/* What the provider has and we have not heard of is news like any other. */
static void reconcile_take(struct reconcile *r, const struct statement_difference *d)
{
    struct reconcile_row *row = &r->rows[d->own - r->own];
    const struct statement_line *l = d->line;
    struct payment p = { .state = row->own.state, .taka = row->own.taka, .refund = row->refund, .created = row->created,
                         .expires = row->expires };
    const struct payment_news news = {
        .state = l->kind == STATEMENT_PAYMENT ? PAYMENT_CONFIRMED : PAYMENT_REFUNDED, .taka = l->taka, .trx = l->trx,
        .reason = "",
    };
    struct store_payment next = { .bucket = row->bucket, .ref = row->own.ref, .reason = "", .refund = row->refund,
                                  .seq = row->seq };
    char note[PAYMENT_TRX_MAX + 32];
    bool there = false;

    (void)snprintf(p.trx, sizeof p.trx, "%s", row->own.trx);
    if (payment_take(&p, &news) != PAYMENT_MOVED) {
        r->refused++;
        return;
    }
    next.state = payment_state_name(p.state);
    next.trx = p.trx;
    next.owes = (int32_t)p.owes;
    next.paid = row->own.paid != 0 ? row->own.paid : l->at;
    next.back = p.state == PAYMENT_REFUNDED ? l->at : row->own.back;
    (void)snprintf(note, sizeof note, "statement, %s", l->trx);
    if (!ledger_write(r->ledger, &next, r->args->actor, note, &there)) {
        r->broken = true;
        return;
    }
    r->taken += there;
    r->refused += !there;
    row->own.state = p.state;
    row->own.paid = next.paid;
    row->own.back = next.back;
    row->seq++;
    (void)snprintf(row->own.trx, sizeof row->own.trx, "%s", p.trx);
}

static void reconcile_tell(void *arg, const struct statement_difference *d)
{
    struct reconcile *r = arg;
    bool take = r->args->actor != NULL && (d->differs == STATEMENT_MISSED || d->differs == STATEMENT_MISSED_BACK);

    buf_clear(&r->line);
    statement_print(d, &r->line);
    if (d->line != NULL)
        printf("%s:%d: %s%s\n", r->args->file, d->line->line, buf_str(&r->line), take ? ": taken in" : "");
    else
        printf("%s: %s\n", r->args->file, buf_str(&r->line));
    if (take && !r->broken && d->part != NULL)
        reconcile_take_part(r, d);
    else if (take && !r->broken)
        reconcile_take(r, d);
}

/* --- the whole ----------------------------------------------------------------------------------------- */

static int32_t reconcile_bound(const char *text, int32_t otherwise)
{
    int64_t ms = 0;

    return text != NULL && statement_time(text, &ms) ? clock_day(ms, STATEMENT_UTC_OFFSET) : otherwise;
}

static void reconcile_print_sums(const struct statement_result *result)
{
    printf("statement: %" PRId64 " payments Tk %" PRId64 ", %" PRId64 " refunds Tk %" PRId64 "; here: %" PRId64
           " payments Tk %" PRId64 ", %" PRId64 " refunds Tk %" PRId64 "; %d differences\n",
           result->theirs.payments, result->theirs.payment_taka, result->theirs.refunds, result->theirs.refund_taka,
           result->ours.payments, result->ours.payment_taka, result->ours.refunds, result->ours.refund_taka,
           result->differences);
}

/* All that is taken in is, or nothing. */
static int reconcile_compare(struct reconcile *r, int32_t from, int32_t to)
{
    bool writes = r->args->actor != NULL;
    struct statement_known known = { r->own, r->count, r->parts, r->part_count };
    struct statement_result result;

    if (writes && !ledger_begin(r->ledger)) {
        fprintf(stderr, "kheya payment: %s\n", ledger_error(r->ledger));
        return 1;
    }
    result = statement_compare(&r->statement, &known, from, to, reconcile_tell, r);
    reconcile_print_sums(&result);
    if (writes && (r->broken || !ledger_end(r->ledger, true))) {
        fprintf(stderr, "kheya payment: nothing was taken in: %s\n", ledger_error(r->ledger));
        return 1;
    }
    if (writes)
        printf("%d taken in\n", r->taken);
    return result.differences > r->taken;
}

int reconcile_run(const struct reconcile_args *args, struct ledger *l)
{
    struct reconcile r = { .args = args, .ledger = l };
    int status = 1;

    buf_init(&r.line, 4096);
    if (reconcile_read(&r)) {
        int32_t from = reconcile_bound(args->from, r.statement.first);
        int32_t to = reconcile_bound(args->to, r.statement.last);

        if (reconcile_load(&r, from, to) && reconcile_load_parts(&r))
            status = reconcile_compare(&r, from, to);
    }
    statement_free(&r.statement);
    free(r.rows);
    free(r.own);
    free(r.parts);
    buf_fini(&r.line);
    return status;
}
