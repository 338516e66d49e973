#include "cli/check_database.h"

#include <stdio.h>
#include <string.h>

#include "menu/expr.h"
#include "menu/names.h"
#include "store/store.h"

#define SORT(sort) (1u << STORE_##sort)

/* What a field of a kind can be read from, and how SQL says so. */
static const struct database_fit {
    unsigned from;
    const char *wanted;
} database_fields[MENU_TYPE_KINDS] = {
    [MENU_TYPE_TEXT] = { SORT(TEXT) | SORT(WHOLE), "a text" },
    [MENU_TYPE_WORD] = { SORT(TEXT) | SORT(WHOLE), "a text" },
    [MENU_TYPE_WHOLE] = { SORT(WHOLE), "smallint, integer or bigint" },
    [MENU_TYPE_DATE] = { SORT(DATE), "a date" },
    [MENU_TYPE_MSISDN] = { SORT(TEXT) | SORT(WHOLE), "a text" },
    [MENU_TYPE_YESNO] = { SORT(BOOL) | SORT(TEXT), "a boolean" },
    [MENU_TYPE_CASE_NO] = { SORT(TEXT) | SORT(WHOLE), "a text or bigint" },
    [MENU_TYPE_PIN] = { 0, "nothing: a PIN never comes from the database" },
    [MENU_TYPE_PATTERN] = { SORT(TEXT) | SORT(WHOLE), "a text" },
    [MENU_TYPE_CHOICE] = { SORT(TEXT), "a text" },
    [MENU_TYPE_TOLD] = { SORT(TEXT), "a text" },
};

/* What an expression can be given to. */
static const unsigned database_args[EXPR_KINDS] = {
    [EXPR_BOOL] = SORT(BOOL) | SORT(TEXT) | SORT(OTHER),
    [EXPR_WHOLE] = SORT(WHOLE) | SORT(NUMBER) | SORT(TEXT) | SORT(OTHER),
    [EXPR_DATE] = SORT(DATE) | SORT(TEXT) | SORT(OTHER),
    [EXPR_TEXT] = SORT(TEXT) | SORT(OTHER),
};

struct database {
    struct store_probe *probe;
    struct menu_issues *issues;
    const struct menu_query *query;
    const struct store_shape *shape;
};

static const struct menu_field *database_field(const struct menu_record *r, const char *name)
{
    for (int i = 0; i < r->field_count; i++)
        if (strcmp(r->fields[i].name, name) == 0)
            return &r->fields[i];
    return NULL;
}

static int database_column(const struct database *d, const char *name)
{
    for (int i = 0; i < d->shape->column_count; i++)
        if (strcmp(store_probe_column(d->probe, i), name) == 0)
            return i;
    return -1;
}

static void database_no_column(struct database *d, const char *field)
{
    struct names_best best = { .name = NULL };

    for (int i = 0; i < d->shape->column_count; i++)
        names_consider(&best, field, strlen(field), store_probe_column(d->probe, i));
    issue_add(d->issues, ISSUE_SQL_COLUMN, d->query->pos, "query '%s' has no column '%s', a field of record '%s'%s%s%s",
              d->query->name, field, d->query->returns->name, best.name != NULL ? "; did you mean '" : "",
              best.name != NULL ? best.name : "", best.name != NULL ? "'?" : "");
}

static void database_columns(struct database *d)
{
    const struct menu_record *r = d->query->returns;

    for (int i = 0; i < r->field_count; i++) {
        const struct menu_field *f = &r->fields[i];
        const struct database_fit *fit = &database_fields[f->type->kind];
        int column = database_column(d, f->name);
        struct store_type type;

        if (column < 0) {
            database_no_column(d, f->name);
            continue;
        }
        type = store_probe_column_type(d->probe, column);
        if ((fit->from & 1u << type.sort) == 0)
            issue_add(d->issues, ISSUE_SQL_TYPE, d->query->pos,
                      "column '%s' of query '%s' is %s; the field is %s, which takes %s", f->name, d->query->name,
                      type.name, f->type->name, fit->wanted);
    }
    for (int i = 0; i < d->shape->column_count; i++) {
        const char *name = store_probe_column(d->probe, i);

        if (database_field(r, name) == NULL && !d->query->of_cases)
            issue_add(d->issues, ISSUE_SQL_MORE, d->query->pos, "no field of record '%s' takes column '%s' of query '%s'",
                      r->name, name, d->query->name);
    }
}

/* Digits are texts to an expression, and numbers to SQL that wants them. */
static unsigned database_takes(const struct expr *e)
{
    const struct menu_type *t = expr_type(e);
    bool digits = t != NULL && (t->kind == MENU_TYPE_PATTERN || t->kind == MENU_TYPE_MSISDN ||
                                t->kind == MENU_TYPE_CASE_NO || t->kind == MENU_TYPE_CHOICE);

    return database_args[expr_kind(e)] | (digits ? SORT(WHOLE) | SORT(NUMBER) : 0);
}

static void database_arguments(struct database *d)
{
    static const char *const kinds[EXPR_KINDS] = {
        [EXPR_BOOL] = "yes or no", [EXPR_WHOLE] = "a number", [EXPR_DATE] = "a date", [EXPR_TEXT] = "a text",
    };
    const struct menu_query *q = d->query;

    if (d->shape->arg_count != q->arg_count) {
        issue_add(d->issues, ISSUE_SQL_ARGUMENTS, q->pos, "query '%s' has %d args, and the database counts %d", q->name,
                  q->arg_count, d->shape->arg_count);
        return;
    }
    for (int i = 0; i < q->arg_count; i++) {
        struct store_type type = store_probe_arg_type(d->probe, i);

        if ((database_takes(q->args[i]) & 1u << type.sort) == 0)
            issue_add(d->issues, ISSUE_SQL_ARGUMENT, q->pos, "$%d of query '%s' is %s, and its argument is %s", i + 1,
                      q->name, type.name, kinds[expr_kind(q->args[i])]);
    }
}

/* False when the connection has fallen. */
static bool database_query(struct database *d, const struct menu_query *q)
{
    d->query = q;
    switch (store_probe_sql(d->probe, q->sql, &d->shape)) {
    case STORE_PROBED:
        database_arguments(d);
        database_columns(d);
        return true;
    case STORE_PROBE_BAD:
        issue_add(d->issues, ISSUE_SQL, q->pos, "the database does not take the SQL of query '%s': %s", q->name,
                  d->shape->error);
        return true;
    case STORE_PROBE_DENIED:
        issue_add(d->issues, ISSUE_SQL_DENIED, q->pos, "query '%s' may not be asked by the menus: %s", q->name,
                  d->shape->error);
        return true;
    case STORE_PROBE_LOST:
        break;
    }
    fprintf(stderr, "kheya check: the database went away: %s\n", d->shape->error);
    return false;
}

bool check_database(const struct menu *m, const char *conninfo, struct menu_issues *issues)
{
    struct database d = { .issues = issues };
    char err[1024];
    bool good = true;

    d.probe = store_probe_open(conninfo, err, sizeof err);
    if (d.probe == NULL) {
        fprintf(stderr, "kheya check: no database: %s\n", err);
        return false;
    }
    for (int i = 0; i < m->query_count && good; i++)
        good = database_query(&d, &m->queries[i]);
    store_probe_close(d.probe);
    issues_sort(issues);
    return good;
}
