/*
 * generations.h - the menu generations this process holds: the current one,
 * those that dialogues still run under, and how a new one becomes current.
 *
 * The database says which generation is current, for all processes alike; here
 * it is loaded, by its sources, and its pointer swapped.
 */
#ifndef GENERATIONS_H
#define GENERATIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "menu/model.h"

struct conf;
struct generations;
struct session_plan;

/* Takes menu, the first current one. */
struct generations *generations_new(struct menu *menu_take);
void generations_free(struct generations *g);

const struct menu *generations_current(const struct generations *g);

/* A generation in memory; NULL.  *missing: it is known not to exist. */
const struct menu *generations_find(const struct generations *g, int64_t id, bool *missing);

/* Hold a generation by its sources; NULL, with a log line, when they do not load
 * or are NULL: then it counts as missing. */
const struct menu *generations_add(struct generations *g, int64_t id, const void *sources, size_t n);

/* Read the folder of the configuration, for its links, whole: its generation, held but not yet current, or NULL: also when
 * a back end's key cannot be read.  What `kheya check` would print is appended to report either way. */
const struct menu *generations_read(struct generations *g, const struct conf *conf, struct buf *report);

/* Make a generation that is in memory the current one. */
void generations_adopt(struct generations *g, int64_t id);

/* The database says whether it is retired: its dialogues go on under the current
 * one.  True when that is news. */
bool generations_retire(struct generations *g, int64_t id, bool retired);

/* How dialogues under menu go on; NULL: under menu.  Borrowed until another
 * generation becomes current or a sweep. */
const struct session_plan *generations_plan(struct generations *g, const struct menu *menu);

/* Free those that are neither current, nor read and waiting for their
 * publication, nor marked in use since the last sweep.  True when any went. */
void generations_use(struct generations *g, const struct menu *menu);
bool generations_sweep(struct generations *g);
int generations_count(const struct generations *g);

#endif
