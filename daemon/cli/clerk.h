/*
 * clerk.h - one order about a case, on the command line: read, judged, written,
 * straight to the database, by the rules of kheyad's desk.
 */
#ifndef CLERK_H
#define CLERK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/desk.h"
#include "store/cases.h"

struct clerk;

/* NULL and one line in err. */
struct clerk *clerk_open(const char *conninfo, char *err, size_t n);
void clerk_close(struct clerk *c);

/* What the database said when the outcome is DESK_AWAY. */
const char *clerk_error(const struct clerk *c);

/* Borrowed until the next call. */
void clerk_order(struct clerk *c, const struct desk_order *o, struct desk_answer *a);

/* The desk's own connection, to read by. */
struct store_desk *clerk_desk(struct clerk *c);

/* The menus that know f: the current ones, else its own; NULL. */
const struct menu *clerk_menu(struct clerk *c, const struct casefile *f);

#endif
