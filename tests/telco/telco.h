/*
 * telco.h - the one telco of this process, passed to every room.
 */
#ifndef TELCO_H
#define TELCO_H

#include "conf.h"

struct telco {
    struct event_base *base;
    struct conf conf;
    struct report *report;
    struct handsets *handsets;
    struct centre *centre;
    struct control *control;
    struct load *load;                  /* the load test that runs, or NULL */
};

#endif
