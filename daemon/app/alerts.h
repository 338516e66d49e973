/*
 * alerts.h - the warning that is on, kept in memory: it is shown also while the
 * database is away.
 */
#ifndef ALERTS_H
#define ALERTS_H

#include "engine/flow.h"
#include "store/store.h"

struct alerts;

struct alerts *alerts_new(void);
void alerts_free(struct alerts *a);

/* What the database says now; count 0: there is no warning. */
void alerts_take(struct alerts *a, const struct store_alert_text *texts, int count);

/* Borrowed until the next alerts_take(). */
const struct flow_alert *alerts_now(const struct alerts *a);

#endif
