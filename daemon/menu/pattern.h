/*
 * pattern.h - the regular expressions of types: PCRE's, as far as they can be
 * matched in time that grows with the answer and no faster.
 *
 * Two guards, one behind the other.  A pattern is refused when some answer
 * could fit it in a number of ways that doubles with every few characters
 * (pattern_ways.c), and so is what no such proof is made of: back references,
 * recursion, conditions.  What is let through is matched breadth-first, which
 * never goes back over an answer.
 */
#ifndef PATTERN_H
#define PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#define PATTERN_MAX 256                 /* octets */
#define PATTERN_SIZE_MAX 500            /* characters, repeats written out */

#define PATTERN_JUDGED_MAX 50000000

enum pattern_fault {
    PATTERN_GOOD = 0,
    PATTERN_BROKEN,                     /* no regular expression, or not one for here */
    PATTERN_EXPONENTIAL,                /* can be matched in exponentially many ways */
};

struct pattern_error {
    size_t at;                          /* octet of the pattern */
    char text[200];
};

/* A pcre2_code in *code, for pattern_free(); the whole answer must match.  What
 * it takes to judge is added to *judged; PATTERN_BROKEN from PATTERN_JUDGED_MAX on,
 * which is some seconds and no honest tree. */
enum pattern_fault pattern_compile(const char *s, size_t n, long *judged, void **code, struct pattern_error *err)
    __attribute__((warn_unused_result));
void pattern_free(void *code);
bool pattern_matches(const void *code, const char *s, size_t n);

/* pattern_ways.c: judge what PCRE takes for a regular expression. */
enum pattern_fault pattern_ways(const char *s, size_t n, long *judged, struct pattern_error *err);

#endif
