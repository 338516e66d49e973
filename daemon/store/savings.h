/*
 * savings.h - the ledger of savings: for operators, and what everybody may see.  Blocks: for the command line, or a
 * thread that may.
 */
#ifndef SAVINGS_H
#define SAVINGS_H

#include <stdbool.h>
#include <stddef.h>

/* Sums as the database writes them; borrowed. */
struct savings_row {
    const char *service, *scope, *cases, *visits, *minutes, *taka;
};

/* since: a day, or "" all; service "" all. */
bool savings_list(const char *conninfo, const char *since, const char *service, void (*row)(void *arg, const struct savings_row *r),
                  void *arg, char *err, size_t n) __attribute__((warn_unused_result));

/* The document of /public.json, owned by the caller; NULL with a line in err. */
char *savings_public(const char *conninfo, char *err, size_t n) __attribute__((warn_unused_result));

#endif
