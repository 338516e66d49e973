/*
 * facts.h - a tree of menus as a flat list of what it says, which two trees can
 * be compared by.
 *
 * "option 3" of "main" "leads to" soon.land; "type nid4" "takes" [0-9]{4}.  In
 * the order of the files; no two facts have the same subject, part and key.
 */
#ifndef CLI_FACTS_H
#define CLI_FACTS_H

#include <stdbool.h>

#include "base/arena.h"
#include "menu/model.h"

struct fact {
    const char *subject;                /* "main", a screen; "type nid4" */
    const char *part;                   /* "option 3"; "" the whole subject */
    const char *key;                    /* "leads to" */
    const char *value;
    bool screen;                        /* the subject is one */
    bool words;                         /* the value is a text */
};

struct facts {
    struct arena *arena;
    struct fact *list;                  /* malloced */
    int count, cap;
    const struct names *names;          /* "subject\npart\nkey", "subject\npart" and "subject" to the first fact of it */
};

/* Of a tree without errors. */
void facts_init(struct facts *f, const struct menu *m);
void facts_fini(struct facts *f);

/* MENU_NONE when there is none; part and key may be NULL: any. */
int facts_find(const struct facts *f, const char *subject, const char *part, const char *key);

#endif
