/*
 * keyed.h - a person's number as it is kept: its hash under this installation's secret
 * and its last four characters, "3f-0123456789abcdef0123456789abcdef-4821".
 *
 * The same number has the same form, so that it can be found again; without the
 * secret nobody can try out which number it is.  What stands first names the key: after
 * another secret was taken, old forms are seen to be of the old one.
 */
#ifndef KEYED_H
#define KEYED_H

#include <stddef.h>

#include "base/buf.h"

#define KEYED_KEY_SIZE 32
#define KEYED_HEAD (2 + 1 + 32 + 1)     /* characters before the last four */
#define KEYED_WIDTH (KEYED_HEAD + 4)

/* Appends the form of a value that is not empty; of one with fewer than eight characters at most the half is told. */
void keyed_make(const unsigned char key[KEYED_KEY_SIZE], const char *value, size_t n, struct buf *out);

/* Appends a text in which each form is only its last characters: for whoever is told of a case. */
void keyed_hide(const char *text, struct buf *out);

#endif
