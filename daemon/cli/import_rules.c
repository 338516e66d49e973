/* import_rules.c - who may get an allowance. */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/gsm.h"
#include "cli/import.h"
#include "store/imports.h"

#define RULES_MAX 10000                 /* rows; each is looked at for each question */
#define RULES_AGE_MAX 150
#define RULES_SOURCE_MAX 80             /* characters, as the database says */

enum { RULES_SERVICE = 0, RULES_SEX, RULES_MIN, RULES_MAX_AGE, RULES_INCOME, RULES_STATUS, RULES_PLACE, RULES_SINCE,
       RULES_UNTIL, RULES_SOURCE };

struct rules_item {
    struct imports_rule rule;
    int line;
};

struct rules {
    struct rules_item *items;
    size_t count;
};

/* Words of a column, as the database knows them; "" among them where it may be empty. */
static const struct rules_words {
    int column;
    const char *words[6];
    const char *expected;
} rules_words[] = {
    { RULES_SERVICE, { "OAA", "WDA", "DIS", "DSS", "MCB" }, "OAA, WDA, DIS, DSS or MCB" },
    { RULES_SEX, { "", "f", "m" }, "f, m, or nothing for both" },
    { RULES_INCOME, { "", "low" }, "low, or nothing for any" },
    { RULES_STATUS, { "", "widow", "disabled", "mother" }, "widow, disabled, mother, or nothing" },
};

static void *rules_begin(const struct import_list *list)
{
    struct rules *r = xcalloc(1, sizeof *r);

    (void)list;
    r->items = xcalloc(RULES_MAX, sizeof *r->items);
    return r;
}

static void rules_end(void *data)
{
    struct rules *r = data;

    for (size_t i = 0; i < r->count; i++)
        for (int k = 0; k < IMPORTS_RULE_TEXTS; k++)
            free(r->items[i].rule.texts[k]);
    free(r->items);
    free(r);
}

/* --- one row ----------------------------------------------------------------------------- */

static bool rules_word(struct import *im, const struct import_row *row, const struct rules_words *w)
{
    for (size_t i = 0; i < sizeof w->words / sizeof w->words[0] && w->words[i] != NULL; i++)
        if (strcmp(row->cells[w->column], w->words[i]) == 0)
            return true;
    import_error(im, row, w->column, "'%.20s': expected %s", row->cells[w->column], w->expected);
    return false;
}

/* Years; nothing is the bound that holds for all. */
static bool rules_age(struct import *im, const struct import_row *row, int column, long *age)
{
    const char *text = row->cells[column];
    size_t n = strlen(text);

    if (n == 0)
        return true;
    if (n <= 3 && strspn(text, "0123456789") == n) {
        *age = strtol(text, NULL, 10);
        if (*age <= RULES_AGE_MAX)
            return true;
    }
    import_error(im, row, column, "'%.20s' is no age: 0 to %d years, or nothing", text, RULES_AGE_MAX);
    return false;
}

static bool rules_place(struct import *im, const struct import_row *row)
{
    const char *place = row->cells[RULES_PLACE];
    size_t n = strlen(place);

    if (n <= 6 && n % 2 == 0 && strspn(place, "0123456789") == n)
        return true;
    import_error(im, row, RULES_PLACE, "'%.20s' is no place: the 2, 4 or 6 first digits of a union, or nothing", place);
    return false;
}

static bool rules_source(struct import *im, const struct import_row *row)
{
    const char *text = row->cells[RULES_SOURCE];
    size_t n = strlen(text), count = 0;
    uint32_t cp;
    int step;

    for (size_t at = 0; at < n && (step = gsm_utf8_next(text + at, n - at, &cp)) > 0; at += (size_t)step)
        count++;
    if (count >= 1 && count <= RULES_SOURCE_MAX)
        return true;
    import_error(im, row, RULES_SOURCE, "expected where the rule is written, 1 to %d letters", RULES_SOURCE_MAX);
    return false;
}

static bool rules_bounds(struct import *im, const struct import_row *row)
{
    const char *since = row->cells[RULES_SINCE], *until = row->cells[RULES_UNTIL];
    long min = 0, max = RULES_AGE_MAX;
    int32_t from = INT32_MIN, to = INT32_MAX;
    bool ok = rules_age(im, row, RULES_MIN, &min);

    ok = rules_age(im, row, RULES_MAX_AGE, &max) && ok;
    ok = (since[0] == '\0' || import_day(im, row, RULES_SINCE, &from)) && ok;
    ok = (until[0] == '\0' || import_day(im, row, RULES_UNTIL, &to)) && ok;
    if (ok && max < min)
        import_error(im, row, RULES_MAX_AGE, "till %ld years, which is before %ld", max, min);
    if (ok && to < from)
        import_error(im, row, RULES_UNTIL, "ends on %s, before it begins on %s", until, since);
    return ok && min <= max && from <= to;
}

static bool rules_look(struct import *im, const struct import_row *row)
{
    bool ok = true;

    for (size_t i = 0; i < sizeof rules_words / sizeof rules_words[0]; i++)
        ok = rules_word(im, row, &rules_words[i]) && ok;
    ok = rules_bounds(im, row) && ok;
    ok = rules_place(im, row) && ok;
    return rules_source(im, row) && ok;
}

/* What stands for an empty cell. */
static const char *rules_cell(const struct import_row *row, int column)
{
    static const char *const usual[IMPORTS_RULE_TEXTS] = { [RULES_MIN] = "0", [RULES_MAX_AGE] = "150",
                                                           [RULES_SINCE] = "2000-01-01", [RULES_UNTIL] = "2199-12-31" };

    return row->cells[column][0] == '\0' && usual[column] != NULL ? usual[column] : row->cells[column];
}

static void rules_row(void *data, struct import *im, const struct import_row *row)
{
    struct rules *r = data;
    struct rules_item *item;

    if (!rules_look(im, row))
        return;
    if (r->count == RULES_MAX) {
        import_error(im, row, RULES_SERVICE, "more than %d rules", RULES_MAX);
        return;
    }
    item = &r->items[r->count++];
    item->line = row->line;
    for (int k = 0; k < IMPORTS_RULE_TEXTS; k++)
        item->rule.texts[k] = xstrdup(rules_cell(row, k));
}

/* --- all of them ----------------------------------------------------------------------------- */

static int rules_compare(const struct rules_item *a, const struct rules_item *b)
{
    int d = 0;

    for (int k = 0; k < RULES_UNTIL && d == 0; k++)
        d = k == RULES_MIN || k == RULES_MAX_AGE
                ? (int)strtol(a->rule.texts[k], NULL, 10) - (int)strtol(b->rule.texts[k], NULL, 10)
                : strcmp(a->rule.texts[k], b->rule.texts[k]);
    return d;
}

static int rules_compare_lines(const void *x, const void *y)
{
    const struct rules_item *a = x, *b = y;
    int d = rules_compare(a, b);

    return d != 0 ? d : a->line < b->line ? -1 : a->line > b->line;
}

/* Two rows that differ in their end and source only would be one row of the table. */
static void rules_check(void *data, struct import *im)
{
    const struct rules *r = data;

    qsort(r->items, r->count, sizeof *r->items, rules_compare_lines);
    for (size_t i = 1; i < r->count; i++) {
        const struct import_row row = { .line = r->items[i].line, .columns = { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 } };

        if (rules_compare(&r->items[i - 1], &r->items[i]) == 0)
            import_error(im, &row, RULES_SERVICE, "the same rule stands on line %d already", r->items[i - 1].line);
    }
}

static bool rules_put(void *data, struct import *im, const char *conninfo, char *err, size_t n)
{
    struct rules *r = data;
    struct imports_rule *list;
    struct imports_done done;
    bool ok;

    (void)im;
    if (r->count == 0) {
        snprintf(err, n, "no rule is in the file");
        return false;
    }
    list = xcalloc(r->count, sizeof *list);
    for (size_t i = 0; i < r->count; i++)
        list[i] = r->items[i].rule;
    ok = imports_rules(conninfo, list, r->count, &done, err, n);
    free(list);
    if (!ok)
        return false;
    printf("rules: %zu in the file: %" PRId64 " added, %" PRId64 " changed, %" PRId64 " gone\n", r->count, done.added,
           done.changed, done.gone);
    return true;
}

const struct import_list import_rules = {
    .name = "rules",
    .help = "service, sex, min_age, max_age, income, status, place, since, until, source: stands for the services in it",
    .columns = { [RULES_SERVICE] = { "service", true }, [RULES_SEX] = { "sex", true }, [RULES_MIN] = { "min_age", true },
                 [RULES_MAX_AGE] = { "max_age", true }, [RULES_INCOME] = { "income", true },
                 [RULES_STATUS] = { "status", true }, [RULES_PLACE] = { "place", true },
                 [RULES_SINCE] = { "since", true }, [RULES_UNTIL] = { "until", true }, [RULES_SOURCE] = { "source", true } },
    .begin = rules_begin,
    .row = rules_row,
    .check = rules_check,
    .put = rules_put,
    .end = rules_end,
};
