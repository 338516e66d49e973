/*
 * secret.h - what only this installation knows, out of a file that only kheyad
 * may read.  Keys for different uses are made of it and tell nothing of each
 * other.  All processes on one database share the file.
 */
#ifndef SECRET_H
#define SECRET_H

#include <stdbool.h>
#include <stddef.h>

#define SECRET_SIZE 32
#define SECRET_USE_KEYED "keyed"        /* numbers of persons are hashed under it: base/keyed.h */

/* The key for a use, "consent".  False with the reason in err: no such file, too
 * short, or open to others. */
bool secret_read(const char *path, const char *use, unsigned char key[SECRET_SIZE], char *err, size_t err_size)
    __attribute__((warn_unused_result));

/* The key that a back end and we share: the octets of a file, without the line ends
 * behind them.  Its length, at most size; 0 with the reason in err: no such file,
 * shorter than 16 octets, longer than size, or open to others. */
size_t secret_read_key(const char *path, unsigned char *key, size_t size, char *err, size_t err_size)
    __attribute__((warn_unused_result));

#endif
