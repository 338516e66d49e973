/*
 * notice.h - what a case says in a text: its number, its fields, and what has
 * just happened to it, for messages and for the words of its states.
 */
#ifndef NOTICE_H
#define NOTICE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/casefile.h"
#include "menu/model.h"

struct desk_order;
struct expr_scope;
struct desk_plan;

struct notice_case {                    /* borrowed for the call */
    const struct menu *menu;
    const struct menu_service *service;
    const struct casefile *file;        /* its fields */
    const char *fields;                 /* laid over those: a JSON object; NULL none */
    int64_t at;                         /* of the state, ms since the epoch: {at} */
    const char *note;                   /* of the event that led there: {note}; NULL none */
    const struct expr_scope *dialogue;  /* that opens it now: the variables of the tree; NULL: there is none */
};

/* Append a text in a language (menu->langs): {case.no}, {at}, {note}, {due} and the fields
 * of the service; outside a dialogue any other placeholder is empty. */
void notice_print(const struct notice_case *c, const struct menu_text *text, int lang, struct buf *out);

/* The language in which a case's messages go out. */
int notice_lang(const struct menu *m, const char *lang);

/* The messages of a move, into p->notices. */
void notice_plan(const struct menu *m, const struct menu_service *s, const struct casefile *f,
                 const struct desk_order *o, struct desk_plan *p);

/* Is it a field of the service, and a value of its type, as a case keeps it? */
bool notice_field_fits(const struct menu_service *s, const char *name, const char *value);

/* Append a JSON string. */
void notice_add_json(struct buf *out, const char *s);

#endif
