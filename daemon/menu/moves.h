/*
 * moves.h - the steps of all screens, compiled to a flat list that is gone
 * through again and again: see ways.h for what they are.
 *
 * Of variables only those that something reads.  The program's own always have
 * a value.
 */
#ifndef MOVES_H
#define MOVES_H

#include <stdbool.h>
#include <stdint.h>

#include "menu/facts.h"
#include "menu/model.h"
#include "menu/ways.h"

#define MOVES_NESTED_MAX 256            /* saves in saves: the parentheses of an expression have a bound below it */

enum move_op {
    MOVE_USE = 0,                       /* var is read, and has to be set; index: into reads */
    MOVE_TEST,                          /* the same in a condition */
    MOVE_SET,                           /* var; expr */
    MOVE_UNSET,                         /* var: a question that was to fill it found nothing */
    MOVE_KNOW,                          /* var is set, or what was assumed would not hold; maybe: another column of
                                         * its row is, so it counts as set, though SQL may have said NULL */
    MOVE_SHOW,                          /* PINs are forgotten */
    MOVE_ASSUME,                        /* expr, truth */
    MOVE_SAVE,                          /* index: the MOVE_BACK that belongs to it */
    MOVE_BACK,
    MOVE_LEAVE,                         /* to; why */
    MOVE_ENTER,                         /* to: what is called begins with what is known here */
    MOVE_CALLED,                        /* to: what is called has returned */
    MOVE_RETURN,
    MOVES,
};

struct move {
    uint8_t op, why;                    /* enum move_op, enum ways_why */
    bool truth, maybe;
    int var;                            /* of the tree; MENU_NONE */
    int to;                             /* screen */
    int index;
    const struct expr *expr;
};

/* Where and for what something is read. */
struct move_read {
    enum ways_place place;
    int index;                          /* as in ways_step */
    struct menu_place at;
    const struct menu_pos *pos;
};

/* Columns come together: who knows one knows the others. */
struct move_row {
    const int *vars;                    /* NULL: of none, or not always of the same */
    int count;
    bool spoilt;
};

struct moves {
    const struct menu *m;
    struct facts *facts;
    int *first;                         /* list[first[s]] to list[first[s + 1] - 1] are screen s's */
    struct move *list;
    int count, cap;
    struct move_read *reads;
    int read_count, read_cap;
    bool *read;                         /* by variable: something reads it */
    struct move_row *rows;              /* by variable: the row that it is a column of */
    bool calls;                         /* there are any */
};

void moves_init(struct moves *v, const struct menu *m);
void moves_fini(struct moves *v);

/* Is it a PIN, which is gone when a page is shown? */
bool moves_is_pin(const struct menu *m, int var);

#endif
