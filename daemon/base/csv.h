/*
 * csv.h - reads rows of comma-separated values (RFC 4180) from memory.
 *
 * Takes LF and CRLF, quoted fields with line breaks in them, and a byte order
 * mark in front.  Lines with nothing on them are passed over.  A row that is
 * wrong is told with its line and the reason, and reading goes on behind it,
 * so that one pass finds all that is wrong.  Everything is bounded.
 */
#ifndef CSV_H
#define CSV_H

#include <stddef.h>

#include "base/buf.h"

#define CSV_FIELDS_MAX 64
#define CSV_ROW_MAX 65536               /* octets of a row */

enum csv_read { CSV_ROW = 0, CSV_BAD, CSV_END };

struct csv {
    const char *at, *end;
    int next_line;                      /* where at stands */
    struct buf text;                    /* fields of the last row, a NUL behind each */
    size_t starts[CSV_FIELDS_MAX];
    const char *line_start;
    /* the last row: borrowed until the next csv_next() */
    int line;                           /* on which it begins, from 1 */
    int count;                          /* >= 1 after CSV_ROW */
    const char *fields[CSV_FIELDS_MAX]; /* valid UTF-8 without NUL; blanks around them are gone where not quoted */
    int columns[CSV_FIELDS_MAX];        /* octets before each on its line, and one */
    const char *reason;                 /* after CSV_BAD */
};

/* text is borrowed until csv_fini(). */
void csv_init(struct csv *c, const char *text, size_t n);
void csv_fini(struct csv *c);

enum csv_read csv_next(struct csv *c) __attribute__((warn_unused_result));

#endif
