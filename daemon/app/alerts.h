/*
 * alerts.h - the warnings that are on, place by place, kept in memory: they are
 * shown also while the database is away.
 */
#ifndef ALERTS_H
#define ALERTS_H

#include "engine/flow.h"
#include "store/store.h"

struct alerts;

struct alerts *alerts_new(void);
void alerts_free(struct alerts *a);

/* What the database says now, the texts of one warning one after the other;
 * count 0: there is no warning.  False: nothing is new. */
bool alerts_take(struct alerts *a, const struct store_alert_text *texts, int count);

/* Of a place, "" unknown: the gravest of those that are for it, the nearest of
 * equals; NULL none.  Over at now (ms) also while nobody can say so.
 * Borrowed until the next alerts_take(). */
const struct flow_alert *alerts_for(const struct alerts *a, const char *place, int64_t now);

/* Where this number's person lives and which language of the menus she reads: the
 * last of many numbers are remembered, for when the database cannot say. */
void alerts_remember(struct alerts *a, const char *msisdn, const char *place, int lang);

/* False: not known; place is "" then, lang the first.  place is borrowed until
 * the next alerts_remember(). */
bool alerts_recall(const struct alerts *a, const char *msisdn, const char **place, int *lang);

/* As alerts_for() while the database is away; whose place is unknown is shown the
 * gravest of all. */
const struct flow_alert *alerts_blind(const struct alerts *a, const char *place, int64_t now);

#endif
