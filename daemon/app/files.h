/*
 * files.h - the folder of a spool on the disk: out, in, done, rejected.  Blocks: for
 * a thread that may.
 *
 * A file that we write is whole under its name or not there.  One that we read is ours while we hold it; what was
 * found wrong in it so far is kept beside it, so that who is killed goes on where
 * he was.
 */
#ifndef FILES_H
#define FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FILES_NAME_MAX 121              /* with its NUL */
#define FILES_PATH_MAX 4096
#define FILES_IN_MAX (8u << 20)         /* octets of a file that is read */
#define FILES_DIGEST 16
#define FILES_ERR 256

/* FOLDER/SUB/NAME, with the folders above it. */
struct files_content {
    const char *folder, *sub, *name;
    const void *data;
    size_t size;
};
bool files_write(const struct files_content *c, char err[FILES_ERR]) __attribute__((warn_unused_result));

/* All of a file, with a NUL behind it; owned by the caller.  False: it is not there, cannot be read, or has more than
 * FILES_IN_MAX octets. */
bool files_slurp(const char *path, char **text, size_t *size) __attribute__((warn_unused_result));

struct files_in {
    char name[FILES_NAME_MAX];          /* "" nothing is there */
    int fd;                             /* holds it; -1 */
    char *text;                         /* owned; NULL: too long */
    size_t size;
    unsigned char digest[FILES_DIGEST]; /* of its name and content */
    char *rejects;                      /* owned: rows written by files_reject() before we were killed; NULL none */
    size_t rejects_size;
};

/* Hold and read the first file, by name, in FOLDER/in that ends in .csv and has been
 * left alone for two seconds.  False: err says why the folder cannot be read. */
bool files_take(const char *folder, struct files_in *in, char err[FILES_ERR]) __attribute__((warn_unused_result));

/* Another row of what is wrong with it. */
bool files_reject(const char *folder, const struct files_in *in, const char *row, char err[FILES_ERR])
    __attribute__((warn_unused_result));

/* It is done with: to FOLDER/done, and its rejects, if there are any, to FOLDER/rejected.
 * Lets go of it either way. */
bool files_finish(const char *folder, struct files_in *in, char err[FILES_ERR]) __attribute__((warn_unused_result));

/* Let go of it, as it is. */
void files_release(struct files_in *in);

#endif
