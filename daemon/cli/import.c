#include "cli/import.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "cli/operator.h"
#include "menu/expr.h"
#include "menu/names.h"

#define IMPORT_CONF "conf/kheya.yaml"
#define IMPORT_FILE_MAX (32u << 20)
#define IMPORT_ERRORS_MAX 100           /* that are told */

static const struct import_list *const import_lists[] = { &import_holidays, &import_windows, &import_shelters,
                                                         &import_responders, &import_rules, &import_schedules,
                                                         &import_places, &import_centres, &import_prices,
                                                         &import_agents, &import_fees, &import_billers };

#define IMPORT_LISTS (sizeof import_lists / sizeof import_lists[0])

struct import {
    const char *path;
    const struct import_list *list;
    int at[IMPORT_COLUMNS_MAX];         /* field of the file for each column of the list; -1 none */
    int fields;                         /* of the first row */
    int errors;
};

static void import_usage(FILE *to)
{
    fputs("usage: kheya import [-c FILE | --database CONNINFO] [-n] LIST FILE.csv\n"
          "Puts a list into the database: all of the file, or nothing while anything in\n"
          "it is wrong.  Its first row names the columns.  FILE.csv - is standard input.\n",
          to);
    for (size_t i = 0; i < IMPORT_LISTS; i++)
        fprintf(to, "  %-10s %s\n", import_lists[i]->name, import_lists[i]->help);
    fputs("  -c, --config FILE        the daemon's configuration (default " IMPORT_CONF ")\n"
          "  -d, --database CONNINFO  libpq connection string, instead\n"
          "  -n, --check              look at the file only\n"
          "Exit status: 0 done, 1 not, 2 used wrongly.\n",
          to);
}

/* --- what is wrong ------------------------------------------------------------------- */

static void import_say(struct import *im, int line, int column, const char *text)
{
    im->errors++;
    if (im->errors <= IMPORT_ERRORS_MAX)
        fprintf(stderr, "%s:%d:%d: error: %s\n", im->path, line, column, text);
    else if (im->errors == IMPORT_ERRORS_MAX + 1)
        fprintf(stderr, "%s: more errors follow\n", im->path);
}

void import_error(struct import *im, const struct import_row *row, int column, const char *fmt, ...)
{
    char text[512];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    import_say(im, row->line, row->columns[column], text);
}

void import_error_whole(struct import *im, const char *text)
{
    import_say(im, 1, 1, text);
}

bool import_day(struct import *im, const struct import_row *row, int column, int32_t *day)
{
    const char *text = row->cells[column];

    if (expr_date(text, strlen(text), day)) {
        int year = clock_date_of(*day).year;

        if (year >= 2000 && year <= 2199)
            return true;
    }
    import_error(im, row, column, "'%.40s' is no day; write year, month and day, like 2026-11-25", text);
    return false;
}

/* --- the first row ----------------------------------------------------------------------- */

static int import_column(const struct import_list *list, const char *name)
{
    for (int i = 0; i < IMPORT_COLUMNS_MAX && list->columns[i].name != NULL; i++)
        if (strcmp(list->columns[i].name, name) == 0)
            return i;
    return -1;
}

static void import_unknown(struct import *im, const struct csv *c, int field)
{
    struct names_best best = { .name = NULL };
    char text[256];
    size_t len = 0;

    for (int i = 0; i < IMPORT_COLUMNS_MAX && im->list->columns[i].name != NULL; i++) {
        names_consider(&best, c->fields[field], strlen(c->fields[field]), im->list->columns[i].name);
        len += (size_t)snprintf(text + len, sizeof text - len, "%s%s", i > 0 ? ", " : "", im->list->columns[i].name);
    }
    if (best.name != NULL)
        snprintf(text, sizeof text, "column '%.40s': no such column; did you mean '%s'?", c->fields[field], best.name);
    else
        snprintf(text + len, sizeof text - len, " are the columns of %s; '%.40s' is none of them", im->list->name,
                 c->fields[field]);
    import_say(im, c->line, c->columns[field], text);
}

static void import_header(struct import *im, const struct csv *c)
{
    char text[128];

    for (int i = 0; i < IMPORT_COLUMNS_MAX; i++)
        im->at[i] = -1;
    im->fields = c->count;
    for (int i = 0; i < c->count; i++) {
        int column = import_column(im->list, c->fields[i]);

        if (column < 0) {
            import_unknown(im, c, i);
        } else if (im->at[column] >= 0) {
            snprintf(text, sizeof text, "column '%s' stands here twice", c->fields[i]);
            import_say(im, c->line, c->columns[i], text);
        } else {
            im->at[column] = i;
        }
    }
    for (int i = 0; i < IMPORT_COLUMNS_MAX && im->list->columns[i].name != NULL; i++) {
        if (!im->list->columns[i].required || im->at[i] >= 0)
            continue;
        snprintf(text, sizeof text, "column '%s' is missing", im->list->columns[i].name);
        import_say(im, c->line, 1, text);
    }
}

/* --- the rows ------------------------------------------------------------------------------ */

static void import_fields(struct import *im, void *data, const struct csv *c)
{
    struct import_row row = { .line = c->line };
    char text[128];

    if (c->fields[0][0] == '#')         /* a remark */
        return;
    if (c->count != im->fields) {
        snprintf(text, sizeof text, "%d field%s here, and %d in the first row", c->count, c->count == 1 ? "" : "s",
                 im->fields);
        import_say(im, c->line, 1, text);
        return;
    }
    for (int i = 0; i < IMPORT_COLUMNS_MAX; i++) {
        row.cells[i] = im->at[i] >= 0 ? c->fields[im->at[i]] : "";
        row.columns[i] = im->at[i] >= 0 ? c->columns[im->at[i]] : 1;
    }
    im->list->row(data, im, &row);
}

static bool import_read(struct import *im, void *data, const struct buf *file)
{
    struct csv c;
    enum csv_read got;
    bool headed = false;

    csv_init(&c, buf_str(file), file->len);
    while ((got = csv_next(&c)) != CSV_END) {
        if (got == CSV_BAD) {
            import_say(im, c.line, 1, c.reason);
            headed = headed || c.line > 1;
        } else if (!headed && c.fields[0][0] != '#') {
            import_header(im, &c);
            headed = true;
            if (im->errors > 0)
                break;                  /* what stands where is not known */
        } else {
            import_fields(im, data, &c);
        }
    }
    if (!headed && im->errors == 0)
        import_say(im, 1, 1, "nothing is in the file: its first row names the columns");
    csv_fini(&c);
    if (headed && im->list->check != NULL)
        im->list->check(data, im);
    return im->errors == 0;
}

static bool import_load(const char *path, struct buf *out)
{
    FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    char part[8192];
    size_t n;
    bool ok;

    if (f == NULL) {
        fprintf(stderr, "kheya import: %s: %s\n", path, strerror(errno));
        return false;
    }
    errno = 0;
    while ((n = fread(part, 1, sizeof part, f)) > 0 && !out->full)
        buf_add(out, part, n);
    ok = ferror(f) == 0 && !out->full;
    if (!ok)
        fprintf(stderr, "kheya import: %s: %s\n", path, out->full ? "more than 32 MiB" : strerror(errno));
    if (f != stdin)
        (void)fclose(f);
    return ok;
}

/* --- the command ----------------------------------------------------------------------------- */

struct import_args {
    const char *conf, *conninfo;
    bool check, help;
    const struct import_list *list;
    const char *path;
};

static int import_run(void *arg, const char *conninfo, const struct conf *conf)
{
    const struct import_args *a = arg;
    struct import im = { .path = strcmp(a->path, "-") == 0 ? "stdin" : a->path, .list = a->list };
    void *data = a->list->begin(a->list);
    struct buf file;
    char err[512] = "";
    bool ok;

    (void)conf;
    buf_init(&file, IMPORT_FILE_MAX);
    ok = import_load(a->path, &file) && import_read(&im, data, &file);
    if (ok && !a->check)
        ok = a->list->put(data, &im, conninfo, err, sizeof err);
    else if (ok)
        printf("%s: ok\n", im.path);
    if (err[0] != '\0')
        fprintf(stderr, "kheya import: %s\n", err);
    if (!ok)
        fputs("nothing was imported\n", stderr);
    buf_fini(&file);
    a->list->end(data);
    return ok ? 0 : 1;
}

static bool import_words(struct import_args *a, int count, char **words)
{
    if (count != 2)
        return false;
    for (size_t i = 0; i < IMPORT_LISTS; i++)
        if (strcmp(words[0], import_lists[i]->name) == 0)
            a->list = import_lists[i];
    if (a->list == NULL)
        fprintf(stderr, "kheya import: no list '%s'\n", words[0]);
    a->path = words[1];
    return a->list != NULL;
}

static bool import_options(struct import_args *a, int argc, char **argv)
{
    static const struct option options[] = {
        { "config", required_argument, NULL, 'c' }, { "database", required_argument, NULL, 'd' },
        { "check", no_argument, NULL, 'n' }, { "help", no_argument, NULL, 'h' }, { NULL, 0, NULL, 0 },
    };
    int o;

    optind = 0;                         /* GNU: begin anew */
    while ((o = getopt_long(argc, argv, "c:d:nh", options, NULL)) != -1) {
        switch (o) {
        case 'c':
            a->conf = optarg;
            break;
        case 'd':
            a->conninfo = optarg;
            break;
        case 'n':
            a->check = true;
            break;
        case 'h':
            a->help = true;
            return true;
        default:
            return false;
        }
    }
    return import_words(a, argc - optind, argv + optind);
}

int import_main(int argc, char **argv)
{
    struct import_args a = { .conf = IMPORT_CONF };

    if (!import_options(&a, argc, argv) || a.help) {
        import_usage(a.help ? stdout : stderr);
        return a.help ? 0 : 2;
    }
    if (a.check)
        return import_run(&a, NULL, NULL);
    return operator_run(a.conf, a.conninfo, import_run, &a);
}
