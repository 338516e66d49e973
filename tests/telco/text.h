/*
 * text.h - what travels in short_message: GSM 7-bit (one septet an octet, as
 * SMPP carries it) and UCS2, to UTF-8 and back, and what a text costs.
 *
 * Texts in the telco are UTF-8, NUL ended.
 */
#ifndef TEXT_H
#define TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum text_coding { TEXT_GSM7 = 0, TEXT_UCS2, TEXT_LATIN1, TEXT_BINARY, TEXT_CODINGS };

struct text_cost {
    int septets;                        /* GSM 7-bit; -1 when a character is not in the alphabet */
    int units;                          /* UTF-16 code units */
};

/* 3GPP TS 23.038 4 and 5; SMPP 3.4 5.2.19. */
enum text_coding text_coding_of(uint8_t data_coding);
const char *text_coding_name(enum text_coding c);

/* A fresh string (free it), NULL when the octets are not text in that coding:
 * an octet above 0x7f in GSM 7-bit, an odd length or a lone surrogate in UCS2,
 * a NUL, binary. */
char *text_decode(enum text_coding c, const uint8_t *p, size_t n);

/* Octets written; -1 when a character cannot be said, the text is ill formed
 * or size does not do.  3GPP TS 23.038 6.2.1.1: an escape takes two septets. */
long text_encode(enum text_coding c, const char *utf8, uint8_t *out, size_t size);

bool text_valid(const char *utf8);
struct text_cost text_cost(const char *utf8);
/* The coding a handset would choose. */
enum text_coding text_choose(const char *utf8);

/* Where to cut the encoded text p of n octets into a part of at most max: never
 * between an escape and its letter, nor between surrogates. */
size_t text_cut(enum text_coding c, const uint8_t *p, size_t n, size_t max);

/* Octets of an USSD string of that many septets (3GPP TS 23.038 6.1.2.3). */
int text_packed(int septets);

#endif
