/* import_places.c - divisions, districts, upazilas and unions by their BBS geocodes, with their names. */
#include <stdio.h>
#include <string.h>

#include "cli/import_table.h"

#define PLACES_MAX 20000                /* rows; the country has some 5,100 */
#define PLACES_WIDE 20                  /* letters, as the database says: they stand in a page of 70 */

#define PLACES_DIVISIONS 12             /* in one list of the menus (menus/place.yaml, sql/0043) */
#define PLACES_DISTRICTS 20
#define PLACES_UPAZILAS 20
#define PLACES_UNIONS 30

enum { PLACES_KIND = 0, PLACES_CODE, PLACES_DIVISION, PLACES_EN, PLACES_BN, PLACES_LATN };

/* A code has the digits of its kind, and only a district says its division: its own digits do not. */
static bool places_look(struct import *im, const struct import_row *row)
{
    const char *kind = row->cells[PLACES_KIND], *division = row->cells[PLACES_DIVISION];
    size_t want = strcmp(kind, "union") == 0 ? 6 : strcmp(kind, "upazila") == 0 ? 4 : 2;
    const char *code = row->cells[PLACES_CODE];
    bool district = strcmp(kind, "district") == 0, ok = strlen(code) == want && strspn(code, "0123456789") == want;

    if (!ok)
        import_error(im, row, PLACES_CODE, "'%s': expected %zu digits of kind %s", code, want, kind);
    if (district == (division[0] != '\0'))
        return ok;
    import_error(im, row, PLACES_DIVISION, district ? "a district needs its division, like 10" : "only a district has a division here");
    return false;
}

/* The row that it lies in: of this kind, and so much of its code. */
static void places_above(const struct table_rows *t, struct import *im, size_t row, const char *kind, const char *code,
                         size_t digits, int column)
{
    char above[8], text[80];

    snprintf(above, sizeof above, "%.*s", (int)digits, code);
    if (table_find(t, (const char *const[]){ kind, above }) >= 0)
        return;
    snprintf(text, sizeof text, "the file has no %s %s for it", kind, above);
    table_error(t, im, row, column, text);
}

/* A list of the menus would lose what comes behind its last row. */
static void places_many(const struct table_rows *t, struct import *im, size_t row, int column, size_t letters, int max)
{
    const char *kind = table_cell(t, row, PLACES_KIND), *above = table_cell(t, row, column);
    char text[80];
    int count = 0;

    for (size_t i = row; i-- > 0 && strcmp(table_cell(t, i, PLACES_KIND), kind) == 0;) {
        if (strncmp(table_cell(t, i, column), above, letters) == 0)
            count++;
        else if (column == PLACES_CODE && letters > 0)
            break;                      /* in the order of codes */
    }
    if (count != max)
        return;
    snprintf(text, sizeof text, "more than %d of kind %s in one list", max, kind);
    table_error(t, im, row, PLACES_CODE, text);
}

/* Nobody could choose between two unions of one name in one upazila.  They lie together: rows are in the order of codes. */
static void places_alike(const struct table_rows *t, struct import *im, size_t row)
{
    const char *code = table_cell(t, row, PLACES_CODE);
    char text[96];

    for (size_t i = row; i-- > 0 && strcmp(table_cell(t, i, PLACES_KIND), "union") == 0 &&
                         strncmp(table_cell(t, i, PLACES_CODE), code, 4) == 0;) {
        for (int k = PLACES_EN; k <= PLACES_LATN; k++) {
            if (strcmp(table_cell(t, i, k), table_cell(t, row, k)) != 0)
                continue;
            snprintf(text, sizeof text, "the upazila has a union of this name on line %d: tell them apart", table_line(t, i));
            table_error(t, im, row, k, text);
            return;
        }
    }
}

static void places_check(const struct table_rows *t, struct import *im)
{
    for (size_t i = 0; i < table_count(t); i++) {
        const char *kind = table_cell(t, i, PLACES_KIND), *code = table_cell(t, i, PLACES_CODE);

        if (strcmp(kind, "division") == 0) {
            places_many(t, im, i, PLACES_CODE, 0, PLACES_DIVISIONS);
        } else if (strcmp(kind, "district") == 0) {
            places_above(t, im, i, "division", table_cell(t, i, PLACES_DIVISION), 2, PLACES_DIVISION);
            places_many(t, im, i, PLACES_DIVISION, 2, PLACES_DISTRICTS);
        } else if (strcmp(kind, "upazila") == 0) {
            places_above(t, im, i, "district", code, 2, PLACES_CODE);
            places_many(t, im, i, PLACES_CODE, 2, PLACES_UPAZILAS);
        } else if (strcmp(kind, "union") == 0) {
            places_many(t, im, i, PLACES_CODE, 4, PLACES_UNIONS);
            places_above(t, im, i, "upazila", code, 4, PLACES_CODE);
            places_alike(t, im, i);
        }
    }
}

static const struct table places_table = {
    .list = TABLES_PLACES,
    .cells = { [PLACES_KIND] = { .kind = TABLE_WORD, .words = "division district upazila union" },
               [PLACES_CODE] = { .kind = TABLE_TEXT, .min = 2, .max = 6 },
               [PLACES_DIVISION] = { .kind = TABLE_DIGITS, .optional = true, .min = 2, .max = 2 },
               [PLACES_EN] = { .kind = TABLE_TEXT, .min = 1, .max = PLACES_WIDE },
               [PLACES_BN] = { .kind = TABLE_TEXT, .min = 1, .max = PLACES_WIDE },
               [PLACES_LATN] = { .kind = TABLE_TEXT, .min = 1, .max = PLACES_WIDE } },
    .keys = 2,
    .max = PLACES_MAX,
    .none = "no place is in the file",
    .look = places_look,
    .check = places_check,
};

const struct import_list import_places = {
    .name = "places",
    .help = "kind (division, district, upazila, union), code, division, en, bn, latn: stands for the districts in it",
    .columns = { [PLACES_KIND] = { "kind", true }, [PLACES_CODE] = { "code", true }, [PLACES_DIVISION] = { "division", true },
                 [PLACES_EN] = { "en", true }, [PLACES_BN] = { "bn", true }, [PLACES_LATN] = { "latn", true } },
    .table = &places_table,
    TABLE_FUNCTIONS,
};
