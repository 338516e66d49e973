#include "cli/export.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "cli/operator.h"
#include "store/tables.h"

#define EXPORT_CONF "conf/kheya.yaml"

static const char export_usage[] =
    "usage: kheya export [-c FILE | --database CONNINFO] LIST\n"
    "Writes a list of the database as CSV, in the form that kheya import takes: holidays, windows, shelters, responders,\n"
    "rules, schedules, places, centres, prices, agents (who are not locked; no PIN), fees or billers.\n"
    "  -c, --config FILE        the daemon's configuration (default " EXPORT_CONF ")\n"
    "  -d, --database CONNINFO  libpq connection string, instead\n"
    "Exit status: 0 done, 1 not, 2 used wrongly.\n";

/* RFC 4180; a blank at an end, or the sign of a remark, is kept by quotes too. */
static void export_cell(const char *cell)
{
    size_t n = strlen(cell);

    if (strpbrk(cell, ",\"\r\n") == NULL && cell[0] != '#' && cell[0] != ' ' && (n == 0 || cell[n - 1] != ' ')) {
        fputs(cell, stdout);
        return;
    }
    putchar('"');
    for (; *cell != '\0'; cell++) {
        if (*cell == '"')
            putchar('"');
        putchar(*cell);
    }
    putchar('"');
}

static void export_row(void *arg, int columns, const char *const *cells)
{
    (void)arg;
    for (int k = 0; k < columns; k++) {
        if (k > 0)
            putchar(',');
        export_cell(cells[k]);
    }
    putchar('\n');
}

static int export_run(void *arg, const char *conninfo, const struct conf *conf)
{
    const char *list = arg;
    char err[512] = "";
    bool ok = tables_get(conninfo, list, export_row, NULL, err, sizeof err);

    (void)conf;
    if (!ok)
        fprintf(stderr, "kheya export: %s\n", err);
    if (ok && (fflush(stdout) != 0 || ferror(stdout) != 0)) {
        perror("kheya export");
        ok = false;
    }
    return ok ? 0 : 1;
}

int export_main(int argc, char **argv)
{
    static const struct option options[] = {
        { "config", required_argument, NULL, 'c' }, { "database", required_argument, NULL, 'd' },
        { "help", no_argument, NULL, 'h' }, { NULL, 0, NULL, 0 },
    };
    const char *conf = EXPORT_CONF, *conninfo = NULL;
    int o;

    optind = 0;                         /* GNU: begin anew */
    while ((o = getopt_long(argc, argv, "c:d:h", options, NULL)) != -1) {
        switch (o) {
        case 'c':
            conf = optarg;
            break;
        case 'd':
            conninfo = optarg;
            break;
        case 'h':
            fputs(export_usage, stdout);
            return 0;
        default:
            fputs(export_usage, stderr);
            return 2;
        }
    }
    if (argc - optind != 1) {
        fputs(export_usage, stderr);
        return 2;
    }
    return operator_run(conf, conninfo, export_run, argv[optind]);
}
