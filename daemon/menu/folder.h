/*
 * folder.h - the files of a menu folder as one string of octets.
 *
 * Each file is "path\0length\0bytes": the path inside the folder, the length
 * in decimal digits.  Sorted by path, so that the same files give the same
 * string, whose hash names the generation.
 */
#ifndef FOLDER_H
#define FOLDER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "menu/issue.h"

#define FOLDER_MAX (16 * 1024 * 1024)
#define FOLDER_FILES_MAX 2000

/* Read all *.yaml and *.yml below dir, but not hidden ones, nor its dialogs/.
 * False when the folder itself cannot be read or has no kheya.yaml; a file that
 * cannot is left out.  All of it is said. */
bool folder_read(const char *dir, struct buf *out, struct menu_issues *issues);

/* The next file of such a string, moving *at and *left on; false at its end or
 * when it is not one. */
struct folder_file {
    const char *path;                   /* with its NUL */
    const char *data;
    size_t len;
};

bool folder_next(const char **at, size_t *left, struct folder_file *file);
void folder_add(struct buf *out, const char *path, const char *data, size_t len);

#endif
