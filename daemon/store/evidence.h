/*
 * evidence.h - the audit and its chain of hashes, read for the command line: does
 * each row stand as it was sealed?
 *
 * Blocking; one row at a time is in memory.
 */
#ifndef EVIDENCE_H
#define EVIDENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/chain.h"

/* What the chain holds of a row of kheya.audit a, behind the name of its writer. */
#define EVIDENCE_ROW "a.bucket, a.id, a.at, a.msisdn, a.code, a.turn, a.seq, a.actor, a.event, a.fields::text"
#define EVIDENCE_PARTS 11

#define EVIDENCE_TEXT_SIZE 400

struct evidence {
    int64_t blocks, rows;               /* sealed */
    int64_t waiting;                    /* not yet */
    int64_t broken;                     /* places that are not as they were sealed */
    char first[EVIDENCE_TEXT_SIZE];     /* the first of them in words; "" none */
    char hash[CHAIN_HEX_SIZE];          /* the last one; "" no block */
    bool known;                         /* expect is the hash of a block */
};

/* expect: how the hash of some block begins, "" none.  late_ms: a row that says it is older than the block before its own
 * by more was put in afterwards.  False: it cannot be read, with one line in err. */
bool evidence_check(const char *conninfo, const char *expect, int64_t late_ms, struct evidence *e, char *err, size_t n)
    __attribute__((warn_unused_result));

struct evidence_day {
    char day[16];                       /* "2026-11-26" */
    int64_t first, last;                /* blocks; 0: none */
    int64_t rows;
    char hash[CHAIN_HEX_SIZE];          /* of the last block until then; "" none */
};

/* day NULL: today, by the country's clock. */
bool evidence_digest(const char *conninfo, const char *day, struct evidence_day *d, char *err, size_t n)
    __attribute__((warn_unused_result));

#endif
