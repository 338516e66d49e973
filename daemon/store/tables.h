/*
 * tables.h - lists whose rows name rows of other lists: places, centres, their
 * prices, agents, fees.  For the command line.  Blocking.
 *
 * What the database knows better than the file is asked first: each row that
 * names what is not there, and each row of the table that would go and is
 * needed.  Only then the list is put in by one statement, or not at all.
 */
#ifndef TABLES_H
#define TABLES_H

#include <stdbool.h>
#include <stddef.h>

#include "store/imports.h"

/* With their columns, in order; all are texts, "" is none. */
enum tables_list {
    TABLES_PLACES = 0,                  /* kind code division en bn latn; for the districts in it */
    TABLES_CENTRES,                     /* code union en bn phone opens closes ramp power; for the districts in it */
    TABLES_PRICES,                      /* centre service taka; for the centres in it */
    TABLES_AGENTS,                      /* number name centre sex since until; for the centres in it */
    TABLES_FEES,                        /* service official cap option; for all */
    TABLES_BILLERS,                     /* code option en bn latn what_en what_bn what_latn shortest longest example; for all */
    TABLES_LISTS
};
#define TABLES_COLUMNS_MAX 12

struct tables_rows {
    enum tables_list list;
    char *const *cells;                 /* count * columns, row by row */
    size_t count;
    int columns;
};

/* row: of the list, or -1, where the table would lose what is needed. */
typedef void tables_fault_fn(void *arg, int row, int column, const char *text);

/* False: faults were told, or there is a line in err; nothing was changed. */
bool tables_put(const char *conninfo, const struct tables_rows *rows, struct imports_done *done, tables_fault_fn *fault,
                void *arg, char *err, size_t n) __attribute__((warn_unused_result));

/* --- the other way ---------------------------------------------------------------------- */

/* The names of the columns, then each row; borrowed. */
typedef void tables_row_fn(void *arg, int columns, const char *const *cells);

/* A list as `kheya import` reads it, of any name that it knows; false, with a line in err. */
bool tables_get(const char *conninfo, const char *list, tables_row_fn *fn, void *arg, char *err, size_t n)
    __attribute__((warn_unused_result));

#endif
