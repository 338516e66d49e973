/*
 * gateway.h - the only place where wire, engine and store meet.
 *
 * A message from a bearer becomes a work, queued on its session.  One work of
 * a session runs at a time: load, flow, questions, write; the reply leaves and
 * the bearer's message is acknowledged after the commit.
 */
#ifndef GATEWAY_H
#define GATEWAY_H

#include <stdbool.h>
#include <stddef.h>

#include "app/conf.h"
#include "base/buf.h"
#include "menu/model.h"

struct event_base;
struct gateway;
struct menu;
struct http;

struct gateway_args {
    struct event_base *base;
    const struct conf *conf;            /* borrowed for life */
    struct menu *menu_take;             /* the gateway's from now on, also when it fails */
    struct http *http;                  /* borrowed for life; NULL: no HTTP links */
};

/* NULL with the reason in err: an address that cannot be used. */
struct gateway *gateway_new(const struct gateway_args *args, char *err, size_t err_size);
void gateway_free(struct gateway *g);

/* End of a turn of the loop, in this order: free what died, send the database
 * batch, flush the boxes, publish counters. */
void gateway_after_turn(struct gateway *g);

/* The database answers and every link that is a bearerbox is connected? */
bool gateway_is_ready(const struct gateway *g);

/* The menus that new dialogues run under; good until control goes back to the loop. */
const struct menu *gateway_menu(const struct gateway *g);

/* Read the menu folder again: checked whole, and published to all processes of
 * the database, or refused and nothing changed.  What is wrong with it is in
 * report.  New dialogues run under it as soon as the database names it current;
 * running ones end under theirs, unless it is retired before. */
bool gateway_reload(struct gateway *g, struct buf *report) __attribute__((warn_unused_result));

/* Retire all generations but the current one, for all processes: their dialogues
 * go on under it from their next keypress. */
void gateway_retire(struct gateway *g, struct buf *report);

/* Take no more messages; gateway_is_idle() tells when the last work is done. */
void gateway_drain(struct gateway *g);
bool gateway_is_idle(const struct gateway *g);

#endif
