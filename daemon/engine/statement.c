#include "engine/statement.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/csv.h"

#define STATEMENT_TAKA_MAX 99999999
#define STATEMENT_MINUTE INT64_C(60000)
#define STATEMENT_DAY (24 * 60 * STATEMENT_MINUTE)

enum statement_column {
    STATEMENT_COL_TIME = 0, STATEMENT_COL_TRX, STATEMENT_COL_REF, STATEMENT_COL_KIND, STATEMENT_COL_TAKA,
    STATEMENT_COLUMNS,
};

static const char *const statement_columns[STATEMENT_COLUMNS] = { "time", "trx", "ref", "kind", "taka" };
static const char *const statement_kinds[STATEMENT_KINDS] = { "payment", "refund" };

/* --- values ------------------------------------------------------------------------------- */

/* So many digits at s, from min to max. */
static bool statement_digits(const char *s, int n, int min, int max, int *out)
{
    int v = 0;

    for (int i = 0; i < n; i++) {
        if (s[i] < '0' || s[i] > '9')
            return false;
        v = 10 * v + (s[i] - '0');
    }
    *out = v;
    return v >= min && v <= max;
}

/* "", " 10:00" or " 10:00:05", also with a T. */
static bool statement_clock(const char *s, int *seconds)
{
    int h = 0, m = 0, sec = 0;
    size_t n = strlen(s);

    *seconds = 0;
    if (n == 0)
        return true;
    if ((n != 6 && n != 9) || (s[0] != ' ' && s[0] != 'T') || !statement_digits(s + 1, 2, 0, 23, &h) || s[3] != ':' ||
        !statement_digits(s + 4, 2, 0, 59, &m) || (n == 9 && (s[6] != ':' || !statement_digits(s + 7, 2, 0, 59, &sec))))
        return false;
    *seconds = 3600 * h + 60 * m + sec;
    return true;
}

bool statement_time(const char *text, int64_t *ms)
{
    struct clock_date date;
    int32_t day;
    int seconds;

    if (strlen(text) < 10 || !statement_digits(text, 4, 1, 9999, &date.year) || text[4] != '-' ||
        !statement_digits(text + 5, 2, 1, 12, &date.month) || text[7] != '-' ||
        !statement_digits(text + 8, 2, 1, 31, &date.day) || !statement_clock(text + 10, &seconds))
        return false;
    day = clock_day_of(date);
    *ms = day * STATEMENT_DAY + seconds * INT64_C(1000) - STATEMENT_UTC_OFFSET * STATEMENT_MINUTE;
    return day != CLOCK_DATE_NONE;
}

/* "50" or "50.00". */
static bool statement_taka(const char *text, int64_t *taka)
{
    size_t n = strcspn(text, ".");

    *taka = 0;
    if (n == 0 || n > 8 || (text[n] != '\0' && strcmp(text + n, ".0") != 0 && strcmp(text + n, ".00") != 0))
        return false;
    for (size_t i = 0; i < n; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        *taka = 10 * *taka + (text[i] - '0');
    }
    return *taka > 0 && *taka <= STATEMENT_TAKA_MAX;
}

/* --- reading -------------------------------------------------------------------------------- */

struct statement_reader {
    struct statement *s;
    const char *file;
    struct csv csv;
    int at[STATEMENT_COLUMNS];          /* field of each column */
    int width;                          /* fields of the first line */
    struct buf *errors;
};

static void __attribute__((format(printf, 3, 4))) statement_error(struct statement_reader *r, int line, const char *fmt, ...)
{
    char text[256];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    r->s->errors++;
    buf_addf(r->errors, "%s:%d: error: %s\n", r->file, line, text);
}

static void statement_head(struct statement_reader *r)
{
    r->width = r->csv.count;
    for (int c = 0; c < STATEMENT_COLUMNS; c++) {
        r->at[c] = -1;
        for (int i = 0; i < r->csv.count; i++) {
            if (strcmp(r->csv.fields[i], statement_columns[c]) != 0)
                continue;
            if (r->at[c] >= 0)
                statement_error(r, r->csv.line, "column '%s' stands there twice", statement_columns[c]);
            r->at[c] = i;
        }
        if (r->at[c] < 0)
            statement_error(r, r->csv.line, "no column '%s'; the first line names them: time,trx,ref,kind,taka",
                            statement_columns[c]);
    }
}

static bool statement_code(const char *text, size_t size)
{
    size_t n = strlen(text);

    for (size_t i = 0; i < n; i++) {
        if (text[i] <= ' ' || text[i] > '~')
            return false;
    }
    return n > 0 && n < size;
}

/* All that is wrong with a line is said. */
static bool statement_fields(struct statement_reader *r, struct statement_line *l)
{
    const char *const *f = r->csv.fields;
    const char *kind = f[r->at[STATEMENT_COL_KIND]], *trx = f[r->at[STATEMENT_COL_TRX]];
    int before = r->s->errors;

    l->line = r->csv.line;
    l->kind = strcmp(kind, statement_kinds[STATEMENT_REFUND]) == 0 ? STATEMENT_REFUND : STATEMENT_PAYMENT;
    if (l->kind == STATEMENT_PAYMENT && strcmp(kind, statement_kinds[STATEMENT_PAYMENT]) != 0)
        statement_error(r, l->line, "kind '%.40s': payment or refund", kind);
    if (!statement_time(f[r->at[STATEMENT_COL_TIME]], &l->at))
        statement_error(r, l->line, "time '%.40s': like 2026-11-25 or 2026-11-25 10:00:05", f[r->at[STATEMENT_COL_TIME]]);
    if (!statement_taka(f[r->at[STATEMENT_COL_TAKA]], &l->taka))
        statement_error(r, l->line, "taka '%.40s': a whole number above 0", f[r->at[STATEMENT_COL_TAKA]]);
    if (statement_code(trx, sizeof l->trx))
        (void)snprintf(l->trx, sizeof l->trx, "%s", trx);
    else
        statement_error(r, l->line, "trx '%.60s': 1 to %d letters and digits", trx, PAYMENT_TRX_MAX);
    if (strlen(f[r->at[STATEMENT_COL_REF]]) < sizeof l->ref)    /* a longer one is none of ours */
        (void)snprintf(l->ref, sizeof l->ref, "%s", f[r->at[STATEMENT_COL_REF]]);
    return r->s->errors == before;
}

static void statement_add(struct statement_reader *r)
{
    struct statement *s = r->s;
    struct statement_line line;
    int32_t day;

    memset(&line, 0, sizeof line);
    if (r->csv.count != r->width) {
        statement_error(r, r->csv.line, "%d fields; the first line has %d", r->csv.count, r->width);
        return;
    }
    if (!statement_fields(r, &line))
        return;
    if (s->count == s->cap) {
        s->cap = s->cap > 0 ? 2 * s->cap : 1024;
        s->lines = xrealloc(s->lines, s->cap * sizeof *s->lines);
    }
    s->lines[s->count++] = line;
    day = clock_day(line.at, STATEMENT_UTC_OFFSET);
    s->first = s->first == CLOCK_DATE_NONE || day < s->first ? day : s->first;
    s->last = s->last == CLOCK_DATE_NONE || day > s->last ? day : s->last;
}

static void statement_rows(struct statement_reader *r)
{
    enum csv_read got;

    while ((got = csv_next(&r->csv)) != CSV_END) {
        if (got == CSV_BAD)
            statement_error(r, r->csv.line, "%s", r->csv.reason);
        else if (r->s->count == STATEMENT_LINES_MAX) {
            statement_error(r, r->csv.line, "more than %d lines: split the file", STATEMENT_LINES_MAX);
            return;
        } else
            statement_add(r);
    }
}

bool statement_read(struct statement *s, const char *file, const char *text, size_t n, struct buf *errors)
{
    struct statement_reader r = { .s = s, .file = file, .errors = errors };

    memset(s, 0, sizeof *s);
    s->first = s->last = CLOCK_DATE_NONE;
    csv_init(&r.csv, text, n);
    switch (csv_next(&r.csv)) {
    case CSV_ROW:
        statement_head(&r);
        break;
    case CSV_BAD:
        statement_error(&r, r.csv.line, "%s", r.csv.reason);
        break;
    case CSV_END:
        statement_error(&r, 1, "the file is empty: its first line names the columns: time,trx,ref,kind,taka");
        break;
    }
    if (s->errors == 0)
        statement_rows(&r);
    csv_fini(&r.csv);
    return s->errors == 0;
}

void statement_free(struct statement *s)
{
    free(s->lines);
    s->lines = NULL;
    s->count = s->cap = 0;
}

/* --- comparing --------------------------------------------------------------------------------- */

struct statement_seen {
    int line[STATEMENT_KINDS];          /* where the payment, and the refund, stands; 0: it does not */
};

struct statement_work {
    const struct statement *s;
    struct statement_own *own;
    struct statement_seen *seen;        /* of each own */
    size_t count;
    struct statement_part *parts;
    size_t part_count;
    struct statement_result result;
    statement_fn *fn;
    void *arg;
};

static int statement_by_ref(const void *x, const void *y)
{
    return strcmp(((const struct statement_own *)x)->ref, ((const struct statement_own *)y)->ref);
}

static void statement_tell(struct statement_work *w, struct statement_difference d)
{
    w->result.differences++;
    w->fn(w->arg, &d);
}

static void statement_sum(struct statement_sums *sums, enum statement_kind kind, int64_t taka)
{
    if (kind == STATEMENT_PAYMENT) {
        sums->payments++;
        sums->payment_taka += taka;
    } else {
        sums->refunds++;
        sums->refund_taka += taka;
    }
}

/* The first of its parts; part_count: it has none.  They stand by ref. */
static size_t statement_parts_of(const struct statement_work *w, const char *ref)
{
    size_t low = 0, high = w->part_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (strcmp(w->parts[middle].ref, ref) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < w->part_count && strcmp(w->parts[low].ref, ref) == 0 ? low : w->part_count;
}

static bool statement_has_parts(const struct statement_work *w, const char *ref)
{
    return statement_parts_of(w, ref) < w->part_count;
}

/* How well a part is this line's: 0 not at all. */
static int statement_part_fits(const struct statement_part *part, const struct statement_line *l)
{
    if (part->line != 0 || part->taka != l->taka)
        return 0;
    return part->back == 0 ? 1 : strcmp(part->trx, l->trx) != 0 ? 2 : 3;
}

/* Money that was given back, of a payment that is given back in parts. */
static void statement_line_part(struct statement_work *w, const struct statement_line *l, struct statement_difference d)
{
    struct statement_part *found = NULL;

    for (size_t i = statement_parts_of(w, l->ref); i < w->part_count && strcmp(w->parts[i].ref, l->ref) == 0; i++) {
        struct statement_part *part = &w->parts[i];

        if (part->line != 0 && part->back != 0 && strcmp(part->trx, l->trx) == 0)
            d.before = part->line;
        if (statement_part_fits(part, l) > (found != NULL ? statement_part_fits(found, l) : 0))
            found = part;
    }
    if (d.before != 0) {
        d.differs = STATEMENT_TWICE;
        statement_tell(w, d);
    } else if (found == NULL) {
        d.differs = STATEMENT_NO_PART;
        statement_tell(w, d);
    } else {
        found->line = l->line;
        d.part = found;
        d.differs = STATEMENT_MISSED_BACK;
        if (found->back == 0)
            statement_tell(w, d);
    }
}

static void statement_line(struct statement_work *w, const struct statement_line *l)
{
    struct statement_own key = { .taka = 0 };
    struct statement_difference d = { .line = l };
    struct statement_seen *seen;

    statement_sum(&w->result.theirs, l->kind, l->taka);
    memcpy(key.ref, l->ref, sizeof key.ref);
    d.own = bsearch(&key, w->own, w->count, sizeof *w->own, statement_by_ref);
    if (d.own == NULL) {
        d.differs = STATEMENT_UNKNOWN;
        statement_tell(w, d);
        return;
    }
    if (l->kind == STATEMENT_REFUND && statement_has_parts(w, l->ref)) {
        statement_line_part(w, l, d);
        return;
    }
    seen = &w->seen[d.own - w->own];
    d.before = seen->line[l->kind];
    if (d.before != 0) {
        d.differs = STATEMENT_TWICE;
        statement_tell(w, d);
        return;
    }
    seen->line[l->kind] = l->line;
    if (l->taka != d.own->taka) {
        d.differs = STATEMENT_TAKA;
        statement_tell(w, d);
    } else if (l->kind == STATEMENT_PAYMENT && d.own->state < PAYMENT_CONFIRMED) {
        d.differs = STATEMENT_MISSED;
        statement_tell(w, d);
    } else if (l->kind == STATEMENT_REFUND && d.own->state != PAYMENT_REFUNDED) {
        d.differs = STATEMENT_MISSED_BACK;
        statement_tell(w, d);
    } else if (l->kind == STATEMENT_PAYMENT && d.own->trx[0] != '\0' && strcmp(l->trx, d.own->trx) != 0) {
        d.differs = STATEMENT_TRX;
        statement_tell(w, d);
    }
}

static bool statement_between(int64_t at, int32_t from, int32_t to)
{
    int32_t day = clock_day(at, STATEMENT_UTC_OFFSET);

    return at != 0 && day >= from && day <= to;
}

static void statement_own_parts(struct statement_work *w, struct statement_difference d, int32_t from, int32_t to)
{
    d.differs = STATEMENT_LACKS_BACK;
    for (size_t i = statement_parts_of(w, d.own->ref); i < w->part_count && strcmp(w->parts[i].ref, d.own->ref) == 0; i++) {
        d.part = &w->parts[i];
        if (!statement_between(d.part->back, from, to))
            continue;
        statement_sum(&w->result.ours, STATEMENT_REFUND, d.part->taka);
        if (d.part->line == 0)
            statement_tell(w, d);
    }
}

/* What we know and the statement does not. */
static void statement_own_rows(struct statement_work *w, int32_t from, int32_t to)
{
    for (size_t i = 0; i < w->count; i++) {
        struct statement_difference d = { .own = &w->own[i] };

        if (statement_between(d.own->paid, from, to)) {
            statement_sum(&w->result.ours, STATEMENT_PAYMENT, d.own->taka);
            d.differs = STATEMENT_LACKS;
            if (w->seen[i].line[STATEMENT_PAYMENT] == 0)
                statement_tell(w, d);
        }
        if (statement_between(d.own->back, from, to) && !statement_has_parts(w, d.own->ref)) {
            statement_sum(&w->result.ours, STATEMENT_REFUND, d.own->taka);
            d.differs = STATEMENT_LACKS_BACK;
            if (w->seen[i].line[STATEMENT_REFUND] == 0)
                statement_tell(w, d);
        }
        statement_own_parts(w, d, from, to);
        d.differs = STATEMENT_PAID_AGAIN;
        if (d.own->again && d.own->state == PAYMENT_CONFIRMED && statement_between(d.own->paid, from, to))
            statement_tell(w, d);
    }
}

struct statement_result statement_compare(const struct statement *s, struct statement_known *known, int32_t from, int32_t to,
                                          statement_fn *fn, void *arg)
{
    struct statement_work w = { .s = s, .own = known->own, .count = known->count, .parts = known->parts,
                                .part_count = known->part_count, .fn = fn, .arg = arg };

    w.seen = xcalloc(w.count + 1, sizeof *w.seen);
    if (w.count > 0)
        qsort(w.own, w.count, sizeof *w.own, statement_by_ref);
    for (size_t i = 0; i < s->count; i++)
        statement_line(&w, &s->lines[i]);
    statement_own_rows(&w, from, to);
    free(w.seen);
    return w.result;
}

/* --- words ------------------------------------------------------------------------------------ */

static void statement_print_day(int64_t at, struct buf *out)
{
    struct clock_date d = clock_date_of(clock_day(at, STATEMENT_UTC_OFFSET));

    buf_addf(out, "%04d-%02d-%02d", d.year, d.month, d.day);
}

static void statement_print_own(const struct statement_difference *d, struct buf *out)
{
    const struct statement_own *o = d->own;
    const struct statement_part *part = d->part;
    bool back = d->differs == STATEMENT_LACKS_BACK;
    const char *trx = part != NULL ? part->trx : o->trx;

    buf_addf(out, "%s Tk %" PRId64 " %s on ", o->ref, part != NULL ? part->taka : o->taka, back ? "given back here" : "paid here");
    statement_print_day(part != NULL ? part->back : back ? o->back : o->paid, out);
    if (trx[0] != '\0')
        buf_addf(out, " (%s)", trx);
    buf_adds(out, d->differs == STATEMENT_PAID_AGAIN
                      ? ", for what another payment has paid too: give one back with kheya payment refund"
                      : ", and not in the statement");
}

void statement_print(const struct statement_difference *d, struct buf *out)
{
    const struct statement_line *l = d->line;

    if (l == NULL) {
        statement_print_own(d, out);
        return;
    }
    buf_addf(out, "%s Tk %" PRId64 " %s (%s)", l->ref[0] != '\0' ? l->ref : "(no ref)", l->taka,
             l->kind == STATEMENT_PAYMENT ? "paid" : "given back", l->trx);
    switch (d->differs) {
    case STATEMENT_UNKNOWN:
        buf_adds(out, ", and no such payment of this provider here");
        break;
    case STATEMENT_MISSED:
    case STATEMENT_MISSED_BACK:
        buf_addf(out, ", and %s here", d->part != NULL ? "asked for" : payment_state_name(d->own->state));
        break;
    case STATEMENT_TAKA:
        buf_addf(out, ", and Tk %" PRId64 " here", d->own->taka);
        break;
    case STATEMENT_TRX:
        buf_addf(out, ", and under the number %s here", d->own->trx);
        break;
    case STATEMENT_TWICE:
        buf_addf(out, ", as on line %d before", d->before);
        break;
    case STATEMENT_NO_PART:
        buf_adds(out, ", and nobody asked for such a part here");
        break;
    case STATEMENT_LACKS:
    case STATEMENT_LACKS_BACK:
    case STATEMENT_PAID_AGAIN:
    case STATEMENT_DIFFERENCES:
        break;
    }
}
