/*
 * load.h - thousands of scripted handsets at once, inside the centre.
 *
 * Closed: `open` dialogues run at all times, the next begins when one ends.
 * With a rate: that many begin per second while fewer than `open` run.
 */
#ifndef LOAD_H
#define LOAD_H

#include <stdbool.h>
#include <stddef.h>

struct json_t;
struct phone;
struct telco;

/* Start one from {script, phones, first, open, rate, seconds, step_timeout};
 * false: error says why. */
bool load_start(struct telco *t, const struct json_t *args, char *error, size_t size)
    __attribute__((warn_unused_result));
/* Its state and figures. */
struct json_t *load_json(struct telco *t);
/* Let go of all phones; the figures go too. */
void load_stop(struct telco *t);
/* A phone of the test changed. */
void load_changed(struct telco *t, struct phone *p);

#endif
