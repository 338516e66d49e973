/*
 * case.h - case numbers: one service digit, eight digits, one Damm digit.
 */
#ifndef CASE_H
#define CASE_H

#include <stdint.h>

/* The number of a lease's n (0 .. 99,999,999) in series 1..9: n is spread over
 * the eight digits by a fixed permutation, so that numbers given on one day do
 * not follow each other. */
int64_t case_number(int series, int64_t n);

#endif
