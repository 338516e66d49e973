/*
 * import_table.h - lists of plain cells: what each column takes stands in a
 * table, and so does what makes a row the same as another.
 *
 * What only the database knows (is there such a centre?) is told with the line
 * too; store/tables.h asks.
 */
#ifndef CLI_IMPORT_TABLE_H
#define CLI_IMPORT_TABLE_H

#include "cli/import.h"
#include "store/tables.h"

enum table_kind {
    TABLE_TEXT = 0,                     /* min..max letters */
    TABLE_DIGITS,                       /* min or max digits */
    TABLE_NAME,                         /* a service, as the menus name it */
    TABLE_WHOLE,                        /* min..max */
    TABLE_MOBILE,                       /* 01711000191, kept with 880 before it */
    TABLE_DAY,                          /* 2026-11-25 */
    TABLE_TIME,                         /* 09:00 */
    TABLE_WORD,                         /* one of words */
    TABLE_CENTRE,                       /* a centre's code: 092544, 092544-2 */
};

struct table_cell {
    enum table_kind kind;
    bool optional;                      /* may be empty */
    int min, max;
    const char *words;                  /* "f m" */
};

struct table_rows;

struct table {
    enum tables_list list;
    struct table_cell cells[TABLES_COLUMNS_MAX];        /* by import_list.columns */
    int keys;                           /* so many columns in front make the row */
    size_t max;                         /* rows */
    const char *none;                   /* "no centre is in the file" */
    /* More about a row whose cells are right; NULL.  False, and told. */
    bool (*look)(struct import *im, const struct import_row *row);
    /* About the rows together; sorted by their keys; NULL. */
    void (*check)(const struct table_rows *t, struct import *im);
};

/* The row of the first of these keys; -1.  Sorted as table.check() sees them. */
int table_find(const struct table_rows *t, const char *const *keys);
size_t table_count(const struct table_rows *t);
const char *table_cell(const struct table_rows *t, size_t row, int column);
int table_line(const struct table_rows *t, size_t row);
void table_error(const struct table_rows *t, struct import *im, size_t row, int column, const char *text);

/* What a list of this kind has for its functions. */
void *table_begin(const struct import_list *list);
void table_row(void *data, struct import *im, const struct import_row *row);
void table_check(void *data, struct import *im);
bool table_put(void *data, struct import *im, const char *conninfo, char *err, size_t n);
void table_end(void *data);
#define TABLE_FUNCTIONS .begin = table_begin, .row = table_row, .check = table_check, .put = table_put, .end = table_end

#endif
