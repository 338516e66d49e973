/*
 * check_database.h - kheya check --database: the queries of a tree against a
 * database, as it will be asked.
 */
#ifndef CLI_CHECK_DATABASE_H
#define CLI_CHECK_DATABASE_H

#include <stdbool.h>

#include "menu/issue.h"

/* Adds what is wrong.  False, and one line on stderr, without a database. */
bool check_database(const struct menu *m, const char *conninfo, struct menu_issues *issues);

#endif
