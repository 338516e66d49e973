/*
 * almanac.h - the calendar and the windows of services, kept in memory and renewed
 * when the database has a new edition of them.
 */
#ifndef ALMANAC_H
#define ALMANAC_H

#include <stdint.h>

#include "base/calendar.h"
#include "engine/windows.h"
#include "store/days.h"

struct almanac;
struct store;

struct almanac *almanac_new(struct store *store);
void almanac_free(struct almanac *a);           /* after the store */

/* Ask for the editions, now and then; from the loop's tick, while the database is up. */
void almanac_tick(struct almanac *a);

/* Borrowed until the loop turns; NULL until it was read for the first time. */
const struct calendar *almanac_calendar(const struct almanac *a);

/* When services are open; likewise. */
const struct windows *almanac_windows(const struct almanac *a);

/* The editions as last told; calendar is that of almanac_calendar(). */
const struct days_editions *almanac_editions(const struct almanac *a);

#endif
