/*
 * gsm.h - text as the mobile network counts and carries it.
 *
 * Texts inside Kheya are UTF-8, well formed, without NUL.  Bengali is kept in
 * composed form: U+09DF U+09DC U+09DD instead of a letter and a nukta.
 */
#ifndef GSM_H
#define GSM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum gsm_coding {
    GSM_7BIT = 0,           /* 3GPP TS 23.038 6.2.1: GSM 7 bit default alphabet */
    GSM_UCS2 = 1,           /* 3GPP TS 23.038 6.2.3: UCS2, sent as UTF-16BE */
};

/* What a text costs.  septets is -1 when a character is not in the default
 * alphabet or its extension table; units are UTF-16 code units. */
struct gsm_cost {
    int septets;
    int units;
};

/* Decode one character.  Its length in bytes, 0 at the end, -1 when ill formed
 * (overlong, surrogate, above U+10FFFF, truncated). */
int gsm_utf8_next(const char *s, size_t n, uint32_t *cp);
bool gsm_utf8_valid(const char *s, size_t n);
void gsm_utf8_add(struct buf *out, uint32_t cp);

/* Septets of one character: 1, 2 (extension table), or -1. */
int gsm_char_septets(uint32_t cp);

/* Cost of n bytes of well-formed UTF-8.  Costs add up: the cost of two texts
 * joined is the sum (-1 stays -1). */
struct gsm_cost gsm_cost(const char *s, size_t n);
struct gsm_cost gsm_cost_add(struct gsm_cost a, struct gsm_cost b);

/* Append s in the normal form named above: composed Bengali, CR and CRLF to LF,
 * a tab to a space, other control characters but LF dropped, ill-formed bytes
 * to U+FFFD. */
void gsm_normalise(struct buf *out, const char *s, size_t n);

/* Append what a person typed as an answer: normalised, Bengali digits to
 * ASCII, outer white space (also U+00A0, U+200B..U+200D at the ends, U+FEFF)
 * removed, inner runs of white space to one space. */
void gsm_answer(struct buf *out, const char *s, size_t n);

/* ASCII digits to Bengali digits, the rest unchanged. */
void gsm_bengali_digits(struct buf *out, const char *s, size_t n);

/* Conversions to UTF-8.  False (nothing useful appended) on an odd length, a
 * lone surrogate or a NUL in UTF-16BE; on a byte above 0x7f in unpacked GSM. */
bool gsm_from_utf16be(struct buf *out, const void *p, size_t n) __attribute__((warn_unused_result));
bool gsm_from_gsm(struct buf *out, const void *p, size_t n) __attribute__((warn_unused_result));

/* From UTF-8.  gsm_to_gsm() fails on a character outside the alphabet. */
bool gsm_to_utf16be(struct buf *out, const char *s, size_t n) __attribute__((warn_unused_result));
bool gsm_to_gsm(struct buf *out, const char *s, size_t n) __attribute__((warn_unused_result));

/* SMS segments: 160 septets or 70 units alone, 153 or 67 in a chain
 * (3GPP TS 23.040 9.2.3.24.1; an escape pair and a surrogate pair stay whole).
 * 0 for an empty text. */
int gsm_sms_segments(const char *s, size_t n);

#endif
