/*
 * control.h - the telco's HTTP API on loopback: what a handset does and shows,
 * faults, load, reports.  Every path is also served below /handset/api, where
 * the web handset looks for it.
 */
#ifndef CONTROL_H
#define CONTROL_H

#include <stddef.h>

struct phone;
struct telco;
struct control;

/* NULL with a line in error. */
struct control *control_new(struct telco *t, char *error, size_t size);
void control_free(struct control *c);
int control_port(const struct control *c);

/* Answer those who wait for a change of p. */
void control_changed(struct control *c, struct phone *p);

/* The routes for --help. */
void control_help(void);

#endif
