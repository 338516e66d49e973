#include "cli/migrate.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "store/store.h"

#define MIGRATE_SQL "sql"

static const char migrate_help[] =
    "usage: kheya migrate --database CONNINFO [--sql DIR]\n"
    "\n"
    "Bring a database to the version of this program: apply the files NNNN_name.sql\n"
    "of DIR (default: sql) that it does not have yet, in order, each in one\n"
    "transaction.  A database that is newer is refused.\n"
    "\n"
    "  -d, --database CONNINFO  libpq connection string, of a role that may create\n"
    "                           roles and schemas\n"
    "  -s, --sql DIR            where the migrations are\n"
    "\n"
    "Exit code: 0 the database has this version, 1 not, 2 used wrongly.\n";

static int migrate_report(const char *conninfo, const char *dir)
{
    char err[1024];
    int from;
    int to;

    switch (store_migrate(conninfo, dir, &from, &to, err, sizeof err)) {
    case STORE_MIGRATED:
        if (from == to)
            printf("database has version %d: nothing to do\n", to);
        else
            printf("database brought from version %d to %d\n", from, to);
        return 0;
    case STORE_MIGRATE_NEWER:
    case STORE_MIGRATE_FAILED:
        if (to > from)
            fprintf(stderr, "kheya migrate: database brought from version %d to %d only\n", from, to);
        fprintf(stderr, "kheya migrate: %s\n", err);
        return 1;
    }
    return 1;
}

int migrate_main(int argc, char **argv)
{
    static const struct option options[] = {
        { "database", required_argument, NULL, 'd' },
        { "sql", required_argument, NULL, 's' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    const char *conninfo = NULL;
    const char *dir = MIGRATE_SQL;
    int c;

    optind = 0;                         /* GNU: begin anew */
    while ((c = getopt_long(argc, argv, "d:s:h", options, NULL)) != -1) {
        switch (c) {
        case 'd':
            conninfo = optarg;
            break;
        case 's':
            dir = optarg;
            break;
        case 'h':
            fputs(migrate_help, stdout);
            return 0;
        default:
            fputs(migrate_help, stderr);
            return 2;
        }
    }
    if (conninfo == NULL || optind != argc) {
        fputs(migrate_help, stderr);
        return 2;
    }
    return migrate_report(conninfo, dir);
}
