/*
 * import.h - kheya import: lists as CSV into the database, all of a file or
 * nothing of it.
 *
 * A list names its columns; the file's first row says in which order they stand.
 * Each row is looked at on its own by the list's room, which tells what is
 * wrong by import_error(); only when nothing is wrong the whole is put in.
 */
#ifndef CLI_IMPORT_H
#define CLI_IMPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/csv.h"

#define IMPORT_COLUMNS_MAX 12

int import_main(int argc, char **argv);

/* --- for the rooms of single lists ------------------------------------------------------ */

struct import;
struct table;

struct import_row {
    int line;
    const char *cells[IMPORT_COLUMNS_MAX];      /* by the list's columns; "" where the file lacks one */
    int columns[IMPORT_COLUMNS_MAX];            /* where each stands on the line */
};

struct import_list {
    const char *name;                   /* "holidays" */
    const char *help;
    struct import_column {
        const char *name;               /* NULL: the end */
        bool required;                  /* the file must have it */
    } columns[IMPORT_COLUMNS_MAX];
    const struct table *table;          /* of import_table.h's lists; NULL: a room of its own */
    void *(*begin)(const struct import_list *list);
    void (*row)(void *data, struct import *im, const struct import_row *row);
    void (*check)(void *data, struct import *im);       /* the rows together; NULL: nothing to look at */
    /* False, with a line in err.  Prints what was done. */
    bool (*put)(void *data, struct import *im, const char *conninfo, char *err, size_t n);
    void (*end)(void *data);
};

/* "FILE:LINE:COLUMN: error: ..." for a cell of a row. */
void import_error(struct import *im, const struct import_row *row, int column, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* A day like 2026-11-25 in a cell, of the years 2000 to 2199; false and told. */
bool import_day(struct import *im, const struct import_row *row, int column, int32_t *day)
    __attribute__((warn_unused_result));

/* The same about the list as a whole. */
void import_error_whole(struct import *im, const char *text);

extern const struct import_list import_holidays, import_windows, import_shelters, import_responders, import_rules, import_schedules;
extern const struct import_list import_places, import_centres, import_prices, import_agents, import_fees, import_billers;

#endif
