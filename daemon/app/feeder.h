/*
 * feeder.h - mass messages on their way into the outbox: so many at a time that
 * what is queued there can be called back, and that nothing else waits behind
 * them.  The lanes pace what leaves.
 */
#ifndef FEEDER_H
#define FEEDER_H

struct feeder;
struct store;

/* The store may go first. */
struct feeder *feeder_new(struct store *store);
void feeder_free(struct feeder *f);

/* From the loop's tick, while the database is up. */
void feeder_tick(struct feeder *f);

#endif
