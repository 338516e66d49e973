/* import_billers.c - whose bills are paid here, and what the numbers on their papers look like. */
#include <stdlib.h>
#include <string.h>

#include "cli/import_table.h"

#define BILLERS_MAX 9                   /* in the list of the menus (menus/bill.yaml, sql/0046) */
#define BILLERS_WIDE 18                 /* letters, as the database says: they stand in a page of 70 */
#define BILLERS_WIDE_BN 16
#define BILLERS_LONG 30
#define BILLERS_LONG_BN 20
#define BILLERS_LEAST 4                 /* digits of a number */
#define BILLERS_MOST 20

enum { BILLERS_CODE = 0, BILLERS_OPTION, BILLERS_EN, BILLERS_BN, BILLERS_LATN, BILLERS_WHAT_EN, BILLERS_WHAT_BN, BILLERS_WHAT_LATN,
       BILLERS_FROM, BILLERS_TO, BILLERS_EXAMPLE };

#define BILLERS_LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define BILLERS_DIGITS "0123456789"

/* A code stands on receipts and in what a provider is told. */
static bool billers_is_code(const char *code)
{
    return strspn(code, BILLERS_LETTERS) > 0 && code[strspn(code, BILLERS_LETTERS BILLERS_DIGITS)] == '\0';
}

static bool billers_look(struct import *im, const struct import_row *row)
{
    const char *example = row->cells[BILLERS_EXAMPLE];
    long from = strtol(row->cells[BILLERS_FROM], NULL, 10), to = strtol(row->cells[BILLERS_TO], NULL, 10);
    long digits = (long)strspn(example, BILLERS_DIGITS);

    if (!billers_is_code(row->cells[BILLERS_CODE])) {
        import_error(im, row, BILLERS_CODE, "'%s': a code has capital letters and digits, like BREB", row->cells[BILLERS_CODE]);
        return false;
    }
    if (from > to) {
        import_error(im, row, BILLERS_TO, "at least %ld digits and at most %ld", from, to);
        return false;
    }
    if (example[digits] != '\0' || digits < from || digits > to) {
        import_error(im, row, BILLERS_EXAMPLE, "'%s' is no number of %ld to %ld digits", example, from, to);
        return false;
    }
    return true;
}

static void billers_check(const struct table_rows *t, struct import *im)
{
    for (size_t i = 0; i < table_count(t); i++)
        for (size_t k = 0; k < i; k++)
            if (strcmp(table_cell(t, i, BILLERS_OPTION), table_cell(t, k, BILLERS_OPTION)) == 0)
                table_error(t, im, i, BILLERS_OPTION, "another biller has this place in the list");
}

static const struct table billers_table = {
    .list = TABLES_BILLERS,
    .cells = { [BILLERS_CODE] = { .kind = TABLE_TEXT, .min = 2, .max = 12 },
               [BILLERS_OPTION] = { .kind = TABLE_WHOLE, .min = 1, .max = BILLERS_MAX },
               [BILLERS_EN] = { .kind = TABLE_TEXT, .min = 1, .max = BILLERS_WIDE },
               [BILLERS_BN] = { .kind = TABLE_TEXT, .min = 1, .max = BILLERS_WIDE_BN },
               [BILLERS_LATN] = { .kind = TABLE_TEXT, .min = 1, .max = BILLERS_WIDE },
               [BILLERS_WHAT_EN] = { .kind = TABLE_TEXT, .min = 1, .max = BILLERS_LONG },
               [BILLERS_WHAT_BN] = { .kind = TABLE_TEXT, .min = 1, .max = BILLERS_LONG_BN },
               [BILLERS_WHAT_LATN] = { .kind = TABLE_TEXT, .min = 1, .max = BILLERS_LONG },
               [BILLERS_FROM] = { .kind = TABLE_WHOLE, .min = BILLERS_LEAST, .max = BILLERS_MOST },
               [BILLERS_TO] = { .kind = TABLE_WHOLE, .min = BILLERS_LEAST, .max = BILLERS_MOST },
               [BILLERS_EXAMPLE] = { .kind = TABLE_TEXT, .min = BILLERS_LEAST, .max = BILLERS_MOST } },
    .keys = 1,
    .max = BILLERS_MAX,
    .none = "no biller is in the file",
    .look = billers_look,
    .check = billers_check,
};

const struct import_list import_billers = {
    .name = "billers",
    .help = "code, option, en, bn, latn, what_en, what_bn, what_latn, least, most, example: stands for all",
    .columns = { [BILLERS_CODE] = { "code", true }, [BILLERS_OPTION] = { "option", true }, [BILLERS_EN] = { "en", true },
                 [BILLERS_BN] = { "bn", true }, [BILLERS_LATN] = { "latn", true }, [BILLERS_WHAT_EN] = { "what_en", true },
                 [BILLERS_WHAT_BN] = { "what_bn", true }, [BILLERS_WHAT_LATN] = { "what_latn", true },
                 [BILLERS_FROM] = { "shortest", true }, [BILLERS_TO] = { "longest", true }, [BILLERS_EXAMPLE] = { "example", true } },
    .table = &billers_table,
    TABLE_FUNCTIONS,
};
