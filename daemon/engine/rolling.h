/*
 * rolling.h - codes that are good once, from a secret and a counter.
 *
 * RFC 4226 (HOTP) over HMAC-SHA-256, which RFC 6238 1.2 allows and libsodium has;
 * six digits.  The counter is the number of a code on an officer's paper, or the
 * half minute (RFC 6238 4.2: T = (now - T0) / X, T0 = 0, X = 30 s).
 */
#ifndef ROLLING_H
#define ROLLING_H

#include <stdbool.h>
#include <stdint.h>

#define ROLLING_SECRET_SIZE 32          /* RFC 4226 4 R6: at least 128 bits, 160 recommended */
#define ROLLING_DIGITS 6                /* RFC 4226 4 R4: at least six */
#define ROLLING_STEP_MS 30000           /* RFC 6238 5.2: recommended */

void rolling_code(const unsigned char secret[ROLLING_SECRET_SIZE], int64_t counter, char out[ROLLING_DIGITS + 1]);

/* The counter from first on, count of them, whose code this is; -1: none.  Negative
 * counters are passed over. */
int64_t rolling_find(const unsigned char secret[ROLLING_SECRET_SIZE], int64_t first, int count, const char *code);

int64_t rolling_step(int64_t ms);

/* One officer's secret: of the installation's key, her number, and how often it was
 * renewed.  It is kept nowhere. */
void rolling_secret(const unsigned char key[ROLLING_SECRET_SIZE], const char *msisdn, int epoch,
                    unsigned char out[ROLLING_SECRET_SIZE]);

#endif
