/*
 * statement.h - a provider's statement, compared with the payments that we know.  Pure.
 *
 * A statement is a file of comma-separated values whose first line names its
 * columns: time, trx, ref, kind and taka, in any order; others are not looked at.
 * All that is wrong in the file is found in one pass, and then nothing is
 * compared.
 */
#ifndef STATEMENT_H
#define STATEMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "engine/payment.h"

#define STATEMENT_LINES_MAX 5000000
#define STATEMENT_UTC_OFFSET 360        /* minutes: statements are in Bangladesh's time */

enum statement_kind { STATEMENT_PAYMENT = 0, STATEMENT_REFUND, STATEMENT_KINDS };

struct statement_line {
    int line;                           /* of the file */
    enum statement_kind kind;
    int64_t at;                         /* ms since the epoch */
    int64_t taka;
    char ref[PAYMENT_REF_SIZE];         /* "": none of ours, as it was written */
    char trx[PAYMENT_TRX_MAX + 1];
};

struct statement {
    struct statement_line *lines;       /* owned */
    size_t count, cap;
    int32_t first, last;                /* days, clock.h, of the first and last line; CLOCK_DATE_NONE: it is empty */
    int errors;
};

/* Read a file's text; what is wrong is appended to errors, "FILE:LINE: error: text".
 * False: there are errors. */
bool statement_read(struct statement *s, const char *file, const char *text, size_t n, struct buf *errors)
    __attribute__((warn_unused_result));
void statement_free(struct statement *s);

/* A payment as we know it. */
struct statement_own {
    char ref[PAYMENT_REF_SIZE];
    char provider[64];
    char trx[PAYMENT_TRX_MAX + 1];
    enum payment_state state;
    int64_t taka;
    int64_t paid, back;                 /* ms since the epoch; 0: not */
    bool again;                         /* what it is for was paid by another one too */
};

/* A part of one that was given back, or is to be. */
struct statement_part {
    char ref[PAYMENT_REF_SIZE];
    char trx[PAYMENT_TRX_MAX + 1];
    int n;
    int64_t taka, back;                 /* back 0: it was not yet */
    int line;                           /* of the statement, found while it is compared; 0: none */
};

struct statement_known {
    struct statement_own *own;
    size_t count;
    struct statement_part *parts;       /* by ref and number */
    size_t part_count;
};

enum statement_differs {
    STATEMENT_UNKNOWN = 0,              /* we know no such payment of this provider */
    STATEMENT_MISSED,                   /* it has the money, and here it is not confirmed */
    STATEMENT_MISSED_BACK,              /* it gave the money back, and here it is not refunded */
    STATEMENT_TAKA,                     /* another amount */
    STATEMENT_TRX,                      /* another number of the transaction */
    STATEMENT_TWICE,                    /* the same payment, or refund, stands there before */
    STATEMENT_LACKS,                    /* confirmed here, and not in the statement */
    STATEMENT_LACKS_BACK,               /* refunded here, and not in the statement */
    STATEMENT_NO_PART,                  /* a part was given back that nobody asked for here */
    STATEMENT_PAID_AGAIN,               /* for a thing that was paid already: one of the two is to be given back */
    STATEMENT_DIFFERENCES,
};

struct statement_difference {
    enum statement_differs differs;
    const struct statement_line *line;  /* NULL: of LACKS, LACKS_BACK, PAID_AGAIN */
    const struct statement_own *own;    /* NULL: of UNKNOWN */
    const struct statement_part *part;  /* of MISSED_BACK and LACKS_BACK: this part of it; NULL: all */
    int before;                         /* TWICE: the line before */
};

struct statement_sums {
    int64_t payments, payment_taka, refunds, refund_taka;
};

struct statement_result {
    struct statement_sums theirs, ours; /* ours: of the period */
    int differences;
};

typedef void statement_fn(void *arg, const struct statement_difference *d);

/* Compare with what we know: all that the statement names, and all that was paid or given back from..to (days, both
 * included).  own is sorted by ref here.  fn is told every difference: by line, then those without one by ref. */
struct statement_result statement_compare(const struct statement *s, struct statement_known *known, int32_t from, int32_t to,
                                          statement_fn *fn, void *arg);

/* A difference in words, without the file's name and line. */
void statement_print(const struct statement_difference *d, struct buf *out);

/* "2026-11-25 10:00:05" of the country to ms since the epoch; the time may be missing.  False: it is none. */
bool statement_time(const char *text, int64_t *ms) __attribute__((warn_unused_result));

#endif
