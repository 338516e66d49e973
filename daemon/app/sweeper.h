/*
 * sweeper.h - forgets what was kept long enough (store/sweeps.h), some rows at a
 * time: at once again while there are more, else in a minute.
 */
#ifndef SWEEPER_H
#define SWEEPER_H

struct store;
struct sweeper;

/* refused_days: so long a letter that was refused for good is kept.  The store
 * outlives its use; it is freed after the store. */
struct sweeper *sweeper_new(struct store *store, int refused_days);
void sweeper_free(struct sweeper *s);

/* From the loop, some times a second, while the database is up. */
void sweeper_tick(struct sweeper *s);

#endif
