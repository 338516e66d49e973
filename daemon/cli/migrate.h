/*
 * migrate.h - kheya migrate: bring a database to this program's version.
 */
#ifndef MIGRATE_H
#define MIGRATE_H

/* kheya migrate [--sql DIR] --database CONNINFO.  Exit code: 0 the database has
 * this version, 1 it could not be brought there (or is newer), 2 used wrongly. */
int migrate_main(int argc, char **argv);

#endif
