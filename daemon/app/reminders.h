/*
 * reminders.h - who is to be told something today: a service that is for her by
 * the rules, a day that she wished to be reminded of, money that was sent, work that she left.
 *
 * The database finds and marks them; the words are those messages of the
 * current menus that are due for something.
 */
#ifndef REMINDERS_H
#define REMINDERS_H

struct generations;
struct session;
struct reminders;
struct store;

/* Both outlive it, but the store may go first. */
struct reminders *reminders_new(struct store *store, struct generations *generations);
void reminders_free(struct reminders *r);

/* A dialogue goes out of memory: if she left work in it, she is told ten minutes after her last key, once a day at most. */
void reminders_left(struct reminders *r, const struct session *s);

/* From the loop's tick, while the database is up. */
void reminders_tick(struct reminders *r);

#endif
