/*
 * sealed.h - a secret that must lie in the database for a while: encrypted under
 * a key that is not there, and bound to its place.
 */
#ifndef SEALED_H
#define SEALED_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

#define SEALED_KEY_SIZE 32

/* Appends to out.  place: what it belongs to; it opens nowhere else. */
void sealed_close(const unsigned char key[SEALED_KEY_SIZE], const char *place, const void *secret, size_t n,
                  struct buf *out);

/* Appends to out; false: another key, another place, or it was changed. */
bool sealed_open(const unsigned char key[SEALED_KEY_SIZE], const char *place, const void *box, size_t n,
                 struct buf *out) __attribute__((warn_unused_result));

#endif
