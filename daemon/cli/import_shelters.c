/* import_shelters.c - where people of a union go when a storm comes. */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/gsm.h"
#include "cli/import.h"
#include "store/imports.h"

#define SHELTERS_MAX 50000              /* rows; the country has some 8,500 */
#define SHELTERS_WIDE 40                /* characters of a text, as the database says */
#define SHELTERS_WIDE_BN 30
#define SHELTERS_SEQ_MAX 99

enum { SHELTERS_UNION = 0, SHELTERS_SEQ, SHELTERS_EN, SHELTERS_BN, SHELTERS_LATN, SHELTERS_KEEPER, SHELTERS_COLUMNS };

struct shelters_item {
    struct imports_shelter shelter;
    int line;
};

struct shelters {
    struct shelters_item *items;
    size_t count;
};

static void *shelters_begin(const struct import_list *list)
{
    struct shelters *s = xcalloc(1, sizeof *s);

    (void)list;
    s->items = xcalloc(SHELTERS_MAX, sizeof *s->items);
    return s;
}

static void shelters_end(void *data)
{
    struct shelters *s = data;

    for (size_t i = 0; i < s->count; i++)
        for (int k = 0; k < IMPORTS_SHELTER_TEXTS; k++)
            free(s->items[i].shelter.texts[k]);
    free(s->items);
    free(s);
}

static bool shelters_text(struct import *im, const struct import_row *row, int column, size_t max)
{
    const char *text = row->cells[column];
    size_t n = strlen(text), count = 0;
    uint32_t cp;
    int step;

    for (size_t at = 0; at < n && (step = gsm_utf8_next(text + at, n - at, &cp)) > 0; at += (size_t)step)
        count++;
    if (count >= 1 && count <= max)
        return true;
    import_error(im, row, column, "expected 1 to %zu letters, there are %zu", max, count);
    return false;
}

static bool shelters_digits(const char *text, size_t n)
{
    return strlen(text) == n && strspn(text, "0123456789") == n;
}

/* One or two digits. */
static int shelters_seq(const char *text)
{
    return (int)strtol(text, NULL, 10);
}

static bool shelters_look(struct import *im, const struct import_row *row)
{
    const char *union_code = row->cells[SHELTERS_UNION], *seq = row->cells[SHELTERS_SEQ];
    const char *keeper = row->cells[SHELTERS_KEEPER];
    bool ok = true;

    if (!shelters_digits(union_code, 6)) {
        import_error(im, row, SHELTERS_UNION, "'%.20s' is no union: 6 digits, like 092544", union_code);
        ok = false;
    }
    if (!(shelters_digits(seq, 1) || shelters_digits(seq, 2)) || shelters_seq(seq) < 1 || shelters_seq(seq) > SHELTERS_SEQ_MAX) {
        import_error(im, row, SHELTERS_SEQ, "'%.20s': expected a place in the list, 1 to %d", seq, SHELTERS_SEQ_MAX);
        ok = false;
    }
    if (keeper[0] != '\0' && (!shelters_digits(keeper, 11) || strncmp(keeper, "01", 2) != 0 || keeper[2] < '3')) {
        import_error(im, row, SHELTERS_KEEPER, "expected a mobile number of 11 digits that begins with 01, or nothing");
        ok = false;
    }
    ok = shelters_text(im, row, SHELTERS_EN, SHELTERS_WIDE) && ok;
    ok = shelters_text(im, row, SHELTERS_BN, SHELTERS_WIDE_BN) && ok;
    return shelters_text(im, row, SHELTERS_LATN, SHELTERS_WIDE) && ok;
}

static void shelters_row(void *data, struct import *im, const struct import_row *row)
{
    struct shelters *s = data;
    struct shelters_item *item;

    if (!shelters_look(im, row))
        return;
    if (s->count == SHELTERS_MAX) {
        import_error(im, row, SHELTERS_UNION, "more than %d shelters", SHELTERS_MAX);
        return;
    }
    item = &s->items[s->count++];
    item->line = row->line;
    for (int k = 0; k < IMPORTS_SHELTER_TEXTS; k++)
        item->shelter.texts[k] = xstrdup(row->cells[k]);
}

static int shelters_compare(const struct shelters_item *a, const struct shelters_item *b)
{
    int d = strcmp(a->shelter.texts[SHELTERS_UNION], b->shelter.texts[SHELTERS_UNION]);

    return d != 0 ? d : shelters_seq(a->shelter.texts[SHELTERS_SEQ]) - shelters_seq(b->shelter.texts[SHELTERS_SEQ]);
}

static int shelters_compare_lines(const void *x, const void *y)
{
    const struct shelters_item *a = x, *b = y;
    int d = shelters_compare(a, b);

    return d != 0 ? d : a->line < b->line ? -1 : a->line > b->line;
}

/* The same place in the list of a union would be one row of the table. */
static void shelters_check(void *data, struct import *im)
{
    const struct shelters *s = data;

    qsort(s->items, s->count, sizeof *s->items, shelters_compare_lines);
    for (size_t i = 1; i < s->count; i++) {
        const struct import_row row = { .line = s->items[i].line, .columns = { 1, 1, 1, 1, 1, 1 } };

        if (shelters_compare(&s->items[i - 1], &s->items[i]) == 0)
            import_error(im, &row, SHELTERS_SEQ, "the union has a shelter of this number on line %d already",
                         s->items[i - 1].line);
    }
}

static bool shelters_put(void *data, struct import *im, const char *conninfo, char *err, size_t n)
{
    struct shelters *s = data;
    struct imports_shelter *list;
    struct imports_done done;
    bool ok;

    (void)im;
    if (s->count == 0) {
        snprintf(err, n, "no shelter is in the file");
        return false;
    }
    list = xcalloc(s->count, sizeof *list);
    for (size_t i = 0; i < s->count; i++)
        list[i] = s->items[i].shelter;
    ok = imports_shelters(conninfo, list, s->count, &done, err, n);
    free(list);
    if (!ok)
        return false;
    printf("shelters: %zu in the file: %" PRId64 " added, %" PRId64 " changed, %" PRId64 " gone\n", s->count, done.added,
           done.changed, done.gone);
    return true;
}

const struct import_list import_shelters = {
    .name = "shelters",
    .help = "union, seq, en, bn, latn, keeper: stands for the unions in it",
    .columns = { [SHELTERS_UNION] = { "union", true }, [SHELTERS_SEQ] = { "seq", true }, [SHELTERS_EN] = { "en", true },
                 [SHELTERS_BN] = { "bn", true }, [SHELTERS_LATN] = { "latn", true }, [SHELTERS_KEEPER] = { "keeper", true } },
    .begin = shelters_begin,
    .row = shelters_row,
    .check = shelters_check,
    .put = shelters_put,
    .end = shelters_end,
};
