/*
 * admin.h - what the HTTP listener answers besides dialogues: /metrics,
 * /healthz, /readyz, /admin/reload, and in a demonstration the /handset page, whose requests
 * are handed on to the telco simulator's control address.
 */
#ifndef ADMIN_H
#define ADMIN_H

struct admin;
struct event_base;
struct gateway;
struct http;

/* handset: "127.0.0.1:8334" of a simulator, "" for none (then 404). */
struct admin *admin_new(struct event_base *base, struct http *http, struct gateway *gateway,
                        const char *handset);
void admin_free(struct admin *a);

#endif
