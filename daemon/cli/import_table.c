#include "cli/import_table.h"

#include <assert.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/gsm.h"
#include "cli/operator.h"
#include "menu/keys.h"

#define TABLE_FIRST_ROWS 256

struct table_item {
    char *cells[TABLES_COLUMNS_MAX];
    int columns[TABLES_COLUMNS_MAX];    /* where they stand on the line */
    int line;
    int keys;                           /* for qsort(), which passes nothing else */
};

struct table_rows {
    const struct import_list *list;
    const struct table *table;
    int columns;
    struct table_item *items;
    size_t count, room;
};

/* --- cells ---------------------------------------------------------------------------------- */

static size_t table_letters(const char *text)
{
    size_t n = strlen(text), count = 0;
    uint32_t cp;
    int step;

    for (size_t at = 0; at < n && (step = gsm_utf8_next(text + at, n - at, &cp)) > 0; at += (size_t)step)
        count++;
    return count;
}

static bool table_text(struct import *im, const struct import_row *row, int column, const struct table_cell *c)
{
    size_t count = table_letters(row->cells[column]);

    if (count >= (size_t)c->min && count <= (size_t)c->max)
        return true;
    import_error(im, row, column, "expected %d to %d letters, there are %zu", c->min, c->max, count);
    return false;
}

static bool table_digits(struct import *im, const struct import_row *row, int column, const struct table_cell *c)
{
    const char *s = row->cells[column];
    int n = (int)strspn(s, "0123456789");

    if (s[n] == '\0' && (n == c->min || n == c->max))
        return true;
    if (c->min == c->max)
        import_error(im, row, column, "'%.20s': expected %d digits", s, c->max);
    else
        import_error(im, row, column, "'%.20s': expected %d or %d digits", s, c->min, c->max);
    return false;
}

static bool table_whole(struct import *im, const struct import_row *row, int column, const struct table_cell *c)
{
    const char *s = row->cells[column];
    size_t n = strspn(s, "0123456789");

    if (n >= 1 && n <= 6 && s[n] == '\0' && strtol(s, NULL, 10) >= c->min && strtol(s, NULL, 10) <= c->max)
        return true;
    import_error(im, row, column, "'%.20s': expected a number, %d to %d", s, c->min, c->max);
    return false;
}

static bool table_time(struct import *im, const struct import_row *row, int column)
{
    const char *s = row->cells[column];

    if (strlen(s) == 5 && s[2] == ':' && strspn(s, "0123456789") == 2 && strspn(s + 3, "0123456789") == 2 &&
        strtol(s, NULL, 10) < 24 && strtol(s + 3, NULL, 10) < 60)
        return true;
    import_error(im, row, column, "'%.20s': expected hours and minutes, like 09:00", s);
    return false;
}

static bool table_word(struct import *im, const struct import_row *row, int column, const struct table_cell *c)
{
    const char *s = row->cells[column];
    size_t n = strlen(s);

    for (const char *w = c->words; *w != '\0'; w += strcspn(w, " "), w += strspn(w, " "))
        if (strcspn(w, " ") == n && strncmp(w, s, n) == 0)
            return true;
    import_error(im, row, column, "'%.20s': expected one of: %s", s, c->words);
    return false;
}

/* Six digits, and a dash with one more where a union has several. */
static bool table_centre(struct import *im, const struct import_row *row, int column)
{
    const char *s = row->cells[column];
    bool ok = strspn(s, "0123456789") == 6 && (s[6] == '\0' || (s[6] == '-' && strspn(s + 7, "0123456789") == 1 && s[8] == '\0'));

    if (!ok)
        import_error(im, row, column, "'%.20s' is no centre: like 092544, or 092544-2", s);
    return ok;
}

static bool table_name(struct import *im, const struct import_row *row, int column)
{
    const char *s = row->cells[column];
    bool ok = keys_is_name(s, strlen(s));

    if (!ok)
        import_error(im, row, column, "'%.70s' is no name of a service", s);
    return ok;
}

static bool table_mobile(struct import *im, const struct import_row *row, int column)
{
    char msisdn[EVENT_MSISDN_MAX];
    bool ok = operator_mobile(row->cells[column], msisdn);

    if (!ok)
        import_error(im, row, column, "expected a mobile number like 01711000191");
    return ok;
}

static bool table_takes(struct import *im, const struct import_row *row, int column, const struct table_cell *c)
{
    int32_t day;

    if (row->cells[column][0] == '\0') {
        if (!c->optional)
            import_error(im, row, column, "nothing is here");
        return c->optional;
    }
    switch (c->kind) {
    case TABLE_TEXT:
        return table_text(im, row, column, c);
    case TABLE_DIGITS:
        return table_digits(im, row, column, c);
    case TABLE_NAME:
        return table_name(im, row, column);
    case TABLE_WHOLE:
        return table_whole(im, row, column, c);
    case TABLE_MOBILE:
        return table_mobile(im, row, column);
    case TABLE_DAY:
        return import_day(im, row, column, &day);
    case TABLE_TIME:
        return table_time(im, row, column);
    case TABLE_WORD:
        return table_word(im, row, column, c);
    case TABLE_CENTRE:
        return table_centre(im, row, column);
    }
    return false;
}

/* --- rows ------------------------------------------------------------------------------------- */

void *table_begin(const struct import_list *list)
{
    struct table_rows *t = xcalloc(1, sizeof *t);

    t->list = list;
    t->table = list->table;
    while (t->columns < TABLES_COLUMNS_MAX && t->columns < IMPORT_COLUMNS_MAX && list->columns[t->columns].name != NULL)
        t->columns++;
    return t;
}

void table_end(void *data)
{
    struct table_rows *t = data;

    for (size_t i = 0; i < t->count; i++)
        for (int k = 0; k < t->columns; k++)
            free(t->items[i].cells[k]);
    free(t->items);
    free(t);
}

static void table_keep(struct table_rows *t, const struct import_row *row)
{
    struct table_item *item;

    if (t->count == t->room) {
        t->room = t->room == 0 ? TABLE_FIRST_ROWS : t->room * 2;
        t->items = xrealloc(t->items, t->room * sizeof *t->items);
    }
    item = &t->items[t->count++];
    item->line = row->line;
    item->keys = t->table->keys;
    for (int k = 0; k < t->columns; k++) {
        char msisdn[EVENT_MSISDN_MAX];
        const char *cell = row->cells[k];

        if (t->table->cells[k].kind == TABLE_MOBILE && cell[0] != '\0' && operator_mobile(cell, msisdn))
            cell = msisdn;
        item->cells[k] = xstrdup(cell);
        item->columns[k] = row->columns[k];
    }
}

void table_row(void *data, struct import *im, const struct import_row *row)
{
    struct table_rows *t = data;
    bool ok = true;

    for (int k = 0; k < t->columns; k++)
        ok = table_takes(im, row, k, &t->table->cells[k]) && ok;
    if (!ok || (t->table->look != NULL && !t->table->look(im, row)))
        return;
    if (t->count == t->table->max)
        import_error(im, row, 0, "more than %zu rows", t->table->max);
    else
        table_keep(t, row);
}

/* --- the rows together --------------------------------------------------------------------------- */

static int table_compare_keys(const struct table_item *a, const struct table_item *b)
{
    int d = 0;

    for (int k = 0; k < a->keys && d == 0; k++)
        d = strcmp(a->cells[k], b->cells[k]);
    return d;
}

static int table_compare(const void *x, const void *y)
{
    const struct table_item *a = x, *b = y;
    int d = table_compare_keys(a, b);

    return d != 0 ? d : (a->line > b->line) - (a->line < b->line);
}

int table_find(const struct table_rows *t, const char *const *keys)
{
    size_t low = 0, high = t->count;

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int d = 0;

        for (int k = 0; k < t->table->keys && d == 0; k++)
            d = strcmp(t->items[mid].cells[k], keys[k]);
        if (d == 0)
            return (int)mid;
        if (d < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return -1;
}

size_t table_count(const struct table_rows *t)
{
    return t->count;
}

const char *table_cell(const struct table_rows *t, size_t row, int column)
{
    return t->items[row].cells[column];
}

int table_line(const struct table_rows *t, size_t row)
{
    return t->items[row].line;
}

void table_error(const struct table_rows *t, struct import *im, size_t row, int column, const char *text)
{
    struct import_row at = { .line = t->items[row].line };

    memcpy(at.columns, t->items[row].columns, sizeof t->items[row].columns);
    import_error(im, &at, column, "%s", text);
}

void table_check(void *data, struct import *im)
{
    struct table_rows *t = data;
    char text[64];

    if (t->count > 0)
        qsort(t->items, t->count, sizeof *t->items, table_compare);
    for (size_t i = 1; i < t->count; i++) {
        if (table_compare_keys(&t->items[i - 1], &t->items[i]) != 0)
            continue;
        snprintf(text, sizeof text, "the same stands on line %d already", t->items[i - 1].line);
        table_error(t, im, i, t->table->keys - 1, text);
    }
    if (t->table->check != NULL)
        t->table->check(t, im);
}

/* --- into the database --------------------------------------------------------------------------- */

struct table_told {
    const struct table_rows *t;
    struct import *im;
};

static void table_fault(void *arg, int row, int column, const char *text)
{
    const struct table_told *told = arg;

    if (row < 0 || (size_t)row >= told->t->count)
        import_error_whole(told->im, text);
    else
        table_error(told->t, told->im, (size_t)row, column, text);
}

bool table_put(void *data, struct import *im, const char *conninfo, char *err, size_t n)
{
    struct table_rows *t = data;
    struct table_told told = { t, im };
    struct imports_done done;
    char **cells;
    bool ok;

    if (t->count == 0) {
        snprintf(err, n, "%s", t->table->none);
        return false;
    }
    cells = xcalloc(t->count * (size_t)t->columns, sizeof *cells);
    for (size_t i = 0; i < t->count; i++)
        for (int k = 0; k < t->columns; k++)
            cells[i * (size_t)t->columns + (size_t)k] = t->items[i].cells[k];
    ok = tables_put(conninfo,
                    &(struct tables_rows){ .list = t->table->list, .cells = cells, .count = t->count, .columns = t->columns },
                    &done, table_fault, &told, err, n);
    free(cells);
    if (ok)
        printf("%s: %zu in the file: %" PRId64 " added, %" PRId64 " changed, %" PRId64 " gone\n", t->list->name, t->count,
               done.added, done.changed, done.gone);
    return ok;
}
