/*
 * ways.h - the ways through a tree: what a screen reads and sets, in the order
 * in which the engine does it, and where it can lead and why.
 *
 * The one place that knows every exit of a screen and every use of a variable
 * in it: what is proved of a tree, drawn of it, compared or counted as visited,
 * walks it by this.  For trees without errors.
 */
#ifndef WAYS_H
#define WAYS_H

#include <stdbool.h>

#include "base/buf.h"
#include "menu/expr.h"
#include "menu/model.h"

/* Why a screen is left.  id, what ways_print() says */
#define WAYS_WHYS(X) \
    X(GOTO, "goto")                     /* it shows nothing and goes on */ \
    X(OPTION, "option")                 /* she chose one */ \
    X(ANSWER, "answer")                 /* her answer fits */ \
    X(ROW, "row")                       /* she chose one of a list */ \
    X(EMPTY, "empty")                   /* a list without rows */ \
    X(NONE, "none")                     /* a question that finds nothing */ \
    X(FAIL, "fail")                     /* one that cannot be asked now */ \
    X(CALL, "call")                     /* into a dialogue that returns to this action */ \
    X(WRONG, "wrong")                   /* a code or PIN that is not the one */ \
    X(EXPIRED, "expired")               /* one that counts no more */ \
    X(LOCKED, "locked")                 /* too many wrong PINs */ \
    X(CLOSED, "closed")                 /* a service that takes nothing from her now */ \
    X(AGAIN, "again")                   /* it is paid, or asked for */ \
    X(REFUSED, "refused")               /* the provider does not ask her; a case may not go there now */ \
    X(LATE, "late")                     /* the provider has not answered yet */

enum ways_why {
#define X(id, text) WAYS_##id,
    WAYS_WHYS(X)
#undef X
    WAYS_WHY_COUNT
};

struct ways_exit {
    enum ways_why why;
    int to;                             /* screen */
    const int *place;                   /* where the model names it: no other way has this one, but for the options that
                                         * stand for the codes of a choice, which share their goto */
    struct menu_pos pos;                /* of the screen's name, where that is known, else of its action */
    const struct menu_option *option;   /* WAYS_OPTION; else NULL */
    int action;                         /* whose exit it is, index; MENU_NONE: the screen's own */
    int branch, branches;               /* which of so many branches of a goto; 0 of 1 where there is no list */
    const struct expr *when;            /* its condition; NULL: always, or where none before held */
};

typedef void ways_exit_fn(void *arg, const struct ways_exit *exit);

/* Every way out of a screen, in the order of the engine. */
void ways_exits(const struct menu *m, int screen, ways_exit_fn *fn, void *arg);

/* "none". */
const char *ways_why_name(enum ways_why why);

/* "option 3", "none", "goto, branch 2 of 3". */
void ways_print(const struct ways_exit *exit, struct buf *out);

/* Where a dialogue can begin: the start, the first screen, the short cuts,
 * the keywords. */
struct ways_begin {
    int screen;
    const char *dialled;                /* of a short cut; else NULL */
    const char *word;                   /* of a keyword; else NULL */
    const int *set;                     /* variables that have a value already */
    int set_count;
};

typedef void ways_begin_fn(void *arg, const struct ways_begin *begin);
void ways_begins(const struct menu *m, ways_begin_fn *fn, void *arg);

/* --- step by step ------------------------------------------------------------------- */

enum ways_op {
    WAYS_READ = 0,                      /* expr or text, whatever is not NULL */
    WAYS_SET,                           /* var has a value from here on */
    WAYS_UNSET,                         /* var has none from here on: a question found nothing */
    WAYS_SHOW,                          /* the page is with her; then the next thing is her answer */
    WAYS_ASSUME,                        /* expr holds from here on, or with truth false does not */
    WAYS_SAVE,                          /* what follows up to WAYS_BACK is one of several ways on */
    WAYS_BACK,                          /* as it was at the WAYS_SAVE, which stand inside one another */
    WAYS_LEAVE,                         /* exit */
    WAYS_OPS,
};

/* What something is read for. */
enum ways_place {
    WAYS_IN_TEXT = 0,                   /* shown */
    WAYS_IN_WHEN,                       /* a condition */
    WAYS_IN_VALUE,                      /* var becomes it */
    WAYS_IN_ARGS,                       /* of query index */
    WAYS_IN_FIELD,                      /* of service index, var is the field's index */
    WAYS_IN_RECEIVER,                   /* of a message */
    WAYS_IN_AUDIT,
    WAYS_IN_CODE,                       /* compared with the code of a consent */
    WAYS_IN_PIN,                        /* checked or set as her PIN */
    WAYS_IN_SMS,                        /* of template index */
    WAYS_IN_MEMBER,                     /* of a request to back end index */
    WAYS_IN_PAYMENT,                    /* told to a provider, and kept */
    WAYS_IN_NOTE,                       /* of a case */
    WAYS_IN_NUMBER,                     /* of one that is moved */
    WAYS_PLACES,
};

struct ways_step {
    enum ways_op op;
    enum ways_place place;              /* WAYS_READ */
    const struct expr *expr;            /* WAYS_READ, WAYS_ASSUME; WAYS_SET: what it becomes, NULL: anything of its type */
    const struct menu_text *text;       /* WAYS_READ */
    const struct menu_pos *pos;         /* WAYS_READ: of the use, where the thing read stands elsewhere; else NULL.
                                         * WAYS_ASSUME: of the branch or option */
    int var;                            /* WAYS_SET, WAYS_UNSET; MENU_NONE */
    int index;                          /* WAYS_READ: query, service or template; MENU_NONE */
    const int *row;                     /* WAYS_SET, WAYS_UNSET: the row that var is a column of; else NULL */
    int row_count;
    bool truth;                         /* WAYS_ASSUME */
    bool maybe;                         /* WAYS_SET: a column of a row, where SQL may have said NULL; WAYS_UNSET: the
                                         * question may have found something */
    const struct ways_exit *exit;       /* WAYS_LEAVE */
};

typedef void ways_step_fn(void *arg, const struct ways_step *step);

/* One call of fn for each step of a screen. */
void ways_walk(const struct menu *m, int screen, ways_step_fn *fn, void *arg);

#endif
