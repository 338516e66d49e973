/*
 * cases_rows.h - rows of cases and their events, for the rooms of the store that
 * read them: a case is c, its event e.
 */
#ifndef CASES_ROWS_H
#define CASES_ROWS_H

#include <libpq-fe.h>

#include "base/casefile.h"

#define CASES_COLUMNS \
    "c.number, c.service, c.agency, c.msisdn, c.contact, c.state, c.fields::text, c.lang, c.place, c.channel, c.actor," \
    " c.generation, c.created, c.changed, c.due, c.seq, c.overdue, c.quiet"
#define CASES_EVENT "e.seq, e.at, e.kind, e.actor, e.state, e.note, e.key"

/* Of a row whose first columns are CASES_COLUMNS, as text. */
void cases_take_file(struct casefile *f, const PGresult *rows, int row);

/* Of a row of CASES_COLUMNS and then CASES_EVENT; seq 0: there is none. */
void cases_take_event(struct casefile_event *e, const PGresult *rows, int row);

#endif
