/*
 * sealer.h - the audit's new rows get their place in its chain of hashes, within
 * seconds; the log has the hash with which each day ended.
 */
#ifndef SEALER_H
#define SEALER_H

struct sealer;
struct store;

/* The store may go first. */
struct sealer *sealer_new(struct store *store, int utc_offset_min);
void sealer_free(struct sealer *s);

/* From the loop's tick, while the database is up. */
void sealer_tick(struct sealer *s);

#endif
