/*
 * facts.h - what conditions say of single variables, at load.
 *
 * The values of a variable fall into classes: each value that the tree compares
 * it with or sets it to, what lies between them, anything else, and unset.  A
 * mask has a bit for each class that is still possible.  A condition takes bits
 * away; when none is left, it cannot hold there.  What is not understood takes
 * nothing away.
 */
#ifndef FACTS_H
#define FACTS_H

#include <stdbool.h>
#include <stdint.h>

#include "menu/expr.h"
#include "menu/model.h"

#define FACTS_UNSET (UINT64_C(1) << 63)
#define FACTS_ALL UINT64_MAX

struct facts;

struct facts *facts_new(const struct menu *m);
void facts_free(struct facts *f);

/* Note what e compares variables with; what var is set to.  Before the masks are
 * asked for. */
void facts_learn(struct facts *f, const struct expr *e);
void facts_learn_value(struct facts *f, int var, const struct expr *value);
void facts_learnt(struct facts *f);

/* Any value of the variable's type, typed or from a database. */
uint64_t facts_any(const struct facts *f, int var);
/* What it can be when a dialogue begins. */
uint64_t facts_begin(const struct facts *f, int var);
/* What var can be after it was set to value. */
uint64_t facts_value(const struct facts *f, int var, const struct expr *value);

/* What is known on the way that is looked at. */
struct facts_view {
    uint64_t (*get)(void *arg, int var);
    void (*put)(void *arg, int var, uint64_t mask);
    void *arg;
};

/* e holds, or with truth false does not: put what that leaves.  False when it
 * cannot be so. */
bool facts_assume(const struct facts *f, const struct expr *e, bool truth, const struct facts_view *view);

/* "a and b" fails in two ways: a does not hold, or it does and b does not.  In
 * how many ways can e be so, and that one of them is. */
int facts_ways(const struct expr *e, bool truth);
bool facts_assume_way(const struct facts *f, const struct expr *e, bool truth, int way,
                      const struct facts_view *view);

/* --- of expressions alone --------------------------------------------------------- */

/* The variables that are certainly set when e holds, or does not. */
void facts_implied(const struct expr *e, bool truth, void (*fn)(void *arg, int var), void *arg);

/* What an expression reads, in order.  tested: as a part of a condition, where
 * an unset value equals nothing; else its value is needed.  Behind "and" and
 * "or" it is read only if those before held, or did not. */
struct facts_reader {
    void (*read)(void *arg, int var, struct menu_place place, bool tested);
    void (*assume)(void *arg, const struct expr *e, bool truth);
    void (*save)(void *arg);
    void (*back)(void *arg);
    void *arg;
};

void facts_read(const struct expr *e, bool tested, const struct facts_reader *reader);

#endif
