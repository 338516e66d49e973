#define PCRE2_CODE_UNIT_WIDTH 8

#include "menu/pattern.h"

#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"

/* States that a breadth-first match has at once are bounded by the pattern's
 * size; each takes three ints, in two lists. */
#define PATTERN_WORKSPACE (64 * PATTERN_SIZE_MAX)
#define PATTERN_WORKSPACE_FEW 512       /* most patterns have a state or two */
/* Looks ahead, each a match of its own. */
#define PATTERN_MATCH_LIMIT 20000
#define PATTERN_DEPTH_LIMIT 100
#define PATTERN_HEAP_KIB 1024

enum pattern_fault pattern_compile(const char *s, size_t n, long *judged, void **code, struct pattern_error *err)
{
    PCRE2_UCHAR text[128];
    PCRE2_SIZE at = 0;
    int number = 0;
    enum pattern_fault fault;

    *code = NULL;
    if (n > PATTERN_MAX) {
        err->at = 0;
        (void)snprintf(err->text, sizeof err->text, "it is longer than %d octets", PATTERN_MAX);
        return PATTERN_BROKEN;
    }
    *code = pcre2_compile((PCRE2_SPTR)s, n,
                          PCRE2_UTF | PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_NEVER_BACKSLASH_C, &number, &at, NULL);
    if (*code == NULL) {
        (void)pcre2_get_error_message(number, text, sizeof text);
        err->at = at;
        (void)snprintf(err->text, sizeof err->text, "%s", (const char *)text);
        return PATTERN_BROKEN;
    }
    fault = pattern_ways(s, n, judged, err);
    if (fault != PATTERN_GOOD) {
        pattern_free(*code);
        *code = NULL;
    }
    return fault;
}

void pattern_free(void *code)
{
    pcre2_code_free(code);
}

bool pattern_matches(const void *code, const char *s, size_t n)
{
    pcre2_match_context *limits = pcre2_match_context_create(NULL);
    pcre2_match_data *match = pcre2_match_data_create(1, NULL);
    int few[PATTERN_WORKSPACE_FEW];
    bool whole;
    int found;

    if (limits == NULL || match == NULL)
        abort();                        /* out of memory, base/alloc.h */
    (void)pcre2_set_match_limit(limits, PATTERN_MATCH_LIMIT);
    (void)pcre2_set_depth_limit(limits, PATTERN_DEPTH_LIMIT);
    (void)pcre2_set_heap_limit(limits, PATTERN_HEAP_KIB);
    found = pcre2_dfa_match(code, (PCRE2_SPTR)s, n, 0, 0, match, limits, few, PATTERN_WORKSPACE_FEW);
    if (found == PCRE2_ERROR_DFA_WSSIZE) {
        int *many = xcalloc(PATTERN_WORKSPACE, sizeof *many);

        found = pcre2_dfa_match(code, (PCRE2_SPTR)s, n, 0, 0, match, limits, many, PATTERN_WORKSPACE);
        free(many);
    }
    /* the longest comes first; in this way of matching PCRE2 10.42 does not heed its anchor at the end */
    whole = found >= 0 && pcre2_get_ovector_pointer(match)[1] == n;
    pcre2_match_data_free(match);
    pcre2_match_context_free(limits);
    return whole;
}
