/*
 * fault.h - what goes wrong on purpose, per account: a table of switches that
 * the control API sets by name.
 */
#ifndef FAULT_H
#define FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_t;

/* Counts fall to 0 as they are used. */
struct fault {
    int silent;                         /* answer nothing, send nothing */
    int down;                           /* the port answers and closes at once */
    int bind_status;                    /* refuse binds with it */
    int drop_submit;                    /* swallow so many submit_sm: no effect, no answer */
    int drop_submit_resp;               /* take so many, but do not answer */
    int submit_errors;                  /* refuse so many ... */
    int submit_status;                  /* ... with it */
    int submit_resp_ms;                 /* answer submit_sm late */
    int drop_deliver;                   /* lose so many deliver_sm */
    int drop_deliver_resp;              /* lose so many answers to them */
    int deliver_ms;                     /* send deliver_sm late */
    int duplicate;                      /* send each deliver_sm so many times more */
    int duplicate_ms;                   /* ... so much later */
    int reorder;                        /* swap neighbours */
    int receipt_ms;                     /* -1 = as the account says */
    int receipt;                        /* enum receipt_state, -1 = as the account says */
};

void fault_clear(struct fault *f);
/* Set from a JSON object of switches; the whole object is checked first. */
bool fault_set(struct fault *f, const struct json_t *switches, char *error, size_t size)
    __attribute__((warn_unused_result));
/* The name is a switch of this table. */
bool fault_known(const char *name);
struct json_t *fault_json(const struct fault *f);
/* Use up one of a count. */
bool fault_take(int *count);

/* The table for --help and the README. */
void fault_help(void);

#endif
