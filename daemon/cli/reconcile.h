/*
 * reconcile.h - a provider's statement file against the payments of a database:
 * every difference, and the sums of both.
 */
#ifndef RECONCILE_H
#define RECONCILE_H

#include <stdbool.h>
#include <stdint.h>

struct ledger;

struct reconcile_args {
    const char *file, *provider;
    const char *from, *to;              /* days; NULL: the first and the last of the file */
    const char *actor;                  /* who takes in what was missed; NULL: nobody, it is only told */
};

/* Exit status: 0 all agrees, or what did not was taken in; 1 not. */
int reconcile_run(const struct reconcile_args *args, struct ledger *l);

/* "2026-11-25" to the ms at which it begins. */
bool reconcile_day(const char *text, int64_t *ms);

#endif
