/*
 * docket.h - what an officer is told of a case: where it stands, and what it is
 * about.
 */
#ifndef DOCKET_H
#define DOCKET_H

#include "base/buf.h"
#include "base/casefile.h"
#include "menu/model.h"

/* Append the words of a state, or its name where the service has none.  e: the event
 * that led there; NULL: where the case stands now. */
void docket_state(const struct menu *m, const struct casefile *f, const struct casefile_event *e, const char *lang,
                  struct buf *out);

/* Append its service, where it stands, and its fields, each on a line; none that is
 * sensitive. */
void docket_print(const struct menu *m, const struct casefile *f, const char *lang, struct buf *out);

#endif
