/*
 * publisher.h - what everybody may see of the savings: /public.json, and the page /public, which reads without a script.
 *
 * Asked of the database by a thread of its own, on a connection of its own, every few minutes; a request is answered
 * from memory.
 */
#ifndef PUBLISHER_H
#define PUBLISHER_H

#include <stddef.h>

struct event_base;
struct http;
struct publisher;
struct gateway;

/* gateway: whose menus name the services; conninfo: copied.  NULL with the reason in err. */
struct publisher *publisher_new(struct event_base *base, struct http *http, const struct gateway *gateway, const char *conninfo,
                                char *err, size_t err_size);
void publisher_free(struct publisher *p);

#endif
