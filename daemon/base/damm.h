/*
 * damm.h - the check digit of case numbers.
 *
 * H. M. Damm, 2004: a totally anti-symmetric quasigroup of order 10.  Catches
 * every single wrong digit and every swapped pair of neighbours.
 */
#ifndef DAMM_H
#define DAMM_H

#include <stdbool.h>
#include <stddef.h>

/* Check digit ('0'..'9') of n ASCII digits; NUL when one is not a digit. */
char damm_digit(const char *digits, size_t n);

/* n digits whose last is the check digit of those before it? */
bool damm_valid(const char *digits, size_t n);

#endif
