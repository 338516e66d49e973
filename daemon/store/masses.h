/*
 * masses.h - mass messages as operators see them; for the command line only.
 */
#ifndef MASSES_H
#define MASSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mass {
    const char *class, *unions;         /* unions: an array as PostgreSQL writes it */
    const char *bn, *en, *approval;     /* "" none */
};

/* Who asks is the role that conninfo logs in as, a member of kheya_operator. */

/* Proposed, with all its people.  False, with a line in err. */
bool masses_propose(const char *conninfo, const struct mass *m, int64_t *id, char *err, size_t n)
    __attribute__((warn_unused_result));

enum masses_act { MASSES_APPROVE = 0, MASSES_START, MASSES_PAUSE, MASSES_RESUME, MASSES_CANCEL, MASSES_ACTS };

/* hash: how that of the text begins, for approve; else "".  False: it does not
 * stand so that this can be done (err ""), or a line in err.  *back: messages
 * that waited and were called back. */
bool masses_do(const char *conninfo, enum masses_act act, const char *id, const char *hash, int64_t *back, char *err, size_t n) __attribute__((warn_unused_result));

struct mass_row {                       /* borrowed */
    const char *id, *class, *unions, *bn, *en, *approval, *hash, *state, *proposed_by, *approved_by;
    int64_t people, first, fed, sent, failed;   /* first: of the priority lists; sent: handed over */
};
/* id "": all of them. */
bool masses_show(const char *conninfo, const char *id, void (*row)(void *arg, const struct mass_row *r), void *arg,
                 char *err, size_t n) __attribute__((warn_unused_result));

/* People not yet fed by the lane they last dialled in by ("" unknown), the first
 * five digits of their numbers, and whether they read English. */
struct mass_share {
    const char *lane, *digits;
    bool en;
    int64_t people;
};
bool masses_shares(const char *conninfo, const char *id, void (*row)(void *arg, const struct mass_share *r), void *arg,
                   char *err, size_t n) __attribute__((warn_unused_result));

#endif
