#include "menu/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "menu/yaml.h"

#define FOLDER_DEPTH_MAX 8              /* folders in folders, against links in a circle */

struct folder {
    const char *dir;                    /* as given, without slashes at its end */
    struct buf *out;
    struct menu_issues *issues;
    char **paths;                       /* of files, inside dir */
    int count, cap;
    bool stop;                          /* beyond a bound; said */
};

/* --- names ------------------------------------------------------------------------------ */

static struct menu_pos folder_pos(const struct folder *f, const char *path)
{
    struct buf name;
    struct menu_pos pos = { "", 1, 1 };

    buf_init(&name, 16384);
    buf_addf(&name, "%s%s%s", f->dir, *path != '\0' ? "/" : "", path);
    pos.file = arena_strdup(f->issues->arena, buf_str(&name));
    buf_fini(&name);
    return pos;
}

static bool folder_ends(const char *s, const char *end)
{
    size_t n = strlen(s), m = strlen(end);

    return n > m && strcmp(s + n - m, end) == 0;
}

static void folder_path(struct folder *f, const char *path)
{
    if (f->count == FOLDER_FILES_MAX) {
        issue_add(f->issues, ISSUE_SIZE, folder_pos(f, ""), "more than %d files", FOLDER_FILES_MAX);
        f->stop = true;
        return;
    }
    if (f->count == f->cap) {
        f->cap = f->cap > 0 ? f->cap * 2 : 32;
        f->paths = xrealloc(f->paths, (size_t)f->cap * sizeof *f->paths);
    }
    f->paths[f->count++] = xstrdup(path);
}

/* --- walking ---------------------------------------------------------------------------- */

static bool folder_walk(struct folder *f, const char *below, int depth);

/* A link that leads nowhere is an error: its name says that it should be read. */
static void folder_entry(struct folder *f, const char *path, int depth)
{
    bool yaml = folder_ends(path, ".yaml") || folder_ends(path, ".yml");
    struct menu_pos pos = folder_pos(f, path);
    struct stat st;

    if (stat(pos.file, &st) != 0) {
        if (yaml)
            issue_add(f->issues, ISSUE_FOLDER, pos, "cannot be read: %s", strerror(errno));
    } else if (S_ISDIR(st.st_mode)) {
        if (yaml)
            issue_add(f->issues, ISSUE_FOLDER, pos, "a folder, where a file was expected");
        else if (strcmp(path, "dialogs") != 0)
            (void)folder_walk(f, path, depth + 1);
    } else if (yaml) {
        folder_path(f, path);
    }
}

static bool folder_walk(struct folder *f, const char *below, int depth)
{
    struct menu_pos pos = folder_pos(f, below);
    const struct dirent *e;
    struct buf path;
    DIR *d;

    if (depth > FOLDER_DEPTH_MAX) {
        issue_add(f->issues, ISSUE_FOLDER, pos, "folders are nested more than %d deep", FOLDER_DEPTH_MAX);
        f->stop = true;
        return false;
    }
    d = opendir(pos.file);
    if (d == NULL) {
        issue_add(f->issues, ISSUE_FOLDER, pos, "cannot be read: %s", strerror(errno));
        return false;
    }
    buf_init(&path, 16384);
    while (!f->stop && (e = readdir(d)) != NULL) {
        if (e->d_name[0] == '.')
            continue;
        buf_clear(&path);
        buf_addf(&path, "%s%s%s", below, *below != '\0' ? "/" : "", e->d_name);
        if (!path.full)
            folder_entry(f, buf_str(&path), depth);
    }
    buf_fini(&path);
    (void)closedir(d);
    return true;
}

/* --- reading ---------------------------------------------------------------------------- */

void folder_add(struct buf *out, const char *path, const char *data, size_t len)
{
    buf_add(out, path, strlen(path) + 1);
    buf_addf(out, "%zu", len);
    buf_add(out, "", 1);
    buf_add(out, data, len);
}

/* At most YAML_FILE_MAX and one octet; -1 with errno. */
static ssize_t folder_slurp(int fd, char *data)
{
    size_t got = 0;
    ssize_t n = 1;

    while (n > 0 && got <= YAML_FILE_MAX) {
        n = read(fd, data + got, YAML_FILE_MAX + 1 - got);
        if (n < 0 && errno == EINTR)
            n = 1;
        else if (n > 0)
            got += (size_t)n;
    }
    return n < 0 ? -1 : (ssize_t)got;
}

static void folder_file(struct folder *f, const char *path, char *data)
{
    struct menu_pos pos = folder_pos(f, path);
    /* O_NONBLOCK: a pipe of this name must not hold us up */
    int fd = open(pos.file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat st;
    ssize_t n = -1;

    if (fd >= 0 && fstat(fd, &st) == 0 && !S_ISREG(st.st_mode)) {
        issue_add(f->issues, ISSUE_FOLDER, pos, "not a regular file");
        (void)close(fd);
        return;
    }
    if (fd >= 0)
        n = folder_slurp(fd, data);
    if (n < 0)
        issue_add(f->issues, ISSUE_FOLDER, pos, "cannot be read: %s", strerror(errno));
    else if (n > YAML_FILE_MAX)
        issue_add(f->issues, ISSUE_SIZE, pos, "the file is above %d MiB", YAML_FILE_MAX / 1024 / 1024);
    else
        folder_add(f->out, path, data, (size_t)n);
    if (fd >= 0)
        (void)close(fd);
}

static int folder_compare(const void *a, const void *b)
{
    const char *const *x = a, *const *y = b;

    return strcmp(*x, *y);
}

/* The root file first of all: without it this is no menu, and there is nothing
 * to say about the rest. */
static bool folder_has_root(struct folder *f)
{
    struct menu_pos root = folder_pos(f, "kheya.yaml"), dir = folder_pos(f, "");
    struct stat st;

    if (lstat(root.file, &st) == 0)
        return true;
    if (stat(dir.file, &st) == 0 && !S_ISDIR(st.st_mode))
        issue_add(f->issues, ISSUE_FOLDER, dir, "a file, where the folder of a menu was expected");
    else if (stat(dir.file, &st) == 0 && access(dir.file, R_OK | X_OK) == 0)
        issue_add(f->issues, ISSUE_FOLDER, dir, "no kheya.yaml in this folder: it is no menu");
    else
        issue_add(f->issues, ISSUE_FOLDER, dir, "cannot be read: %s", strerror(errno));
    return false;
}

static bool folder_files(struct folder *f)
{
    char *data;

    if (!folder_has_root(f) || !folder_walk(f, "", 0) || f->stop || f->count == 0)
        return false;
    qsort(f->paths, (size_t)f->count, sizeof *f->paths, folder_compare);
    data = xcalloc(YAML_FILE_MAX + 1, 1);
    for (int i = 0; i < f->count && !f->out->full; i++)
        folder_file(f, f->paths[i], data);
    free(data);
    if (f->out->full)
        issue_add(f->issues, ISSUE_SIZE, folder_pos(f, ""), "the folder is above %d MiB", FOLDER_MAX / 1024 / 1024);
    return !f->out->full;
}

bool folder_read(const char *dir, struct buf *out, struct menu_issues *issues)
{
    struct folder f = { .out = out, .issues = issues };
    size_t n = strlen(dir);
    char *trimmed;
    bool good;

    while (n > 1 && dir[n - 1] == '/')
        n--;
    trimmed = xmemdup0(dir, n);
    f.dir = trimmed;
    good = folder_files(&f);
    for (int i = 0; i < f.count; i++)
        free(f.paths[i]);
    free(f.paths);
    free(trimmed);
    return good;
}

/* --- and back ----------------------------------------------------------------------------- */

bool folder_next(const char **at, size_t *left, struct folder_file *file)
{
    const char *end = *at + *left;
    const char *path_end = *left > 0 ? memchr(*at, '\0', *left) : NULL;
    const char *len_end = path_end != NULL ? memchr(path_end + 1, '\0', (size_t)(end - path_end - 1)) : NULL;
    size_t len = 0;

    if (len_end == NULL || len_end == path_end + 1 || path_end == *at)
        return false;
    for (const char *s = path_end + 1; s < len_end; s++) {
        if (*s < '0' || *s > '9' || len > FOLDER_MAX)
            return false;
        len = len * 10 + (size_t)(*s - '0');
    }
    if (len > (size_t)(end - len_end - 1))
        return false;
    *file = (struct folder_file){ *at, len_end + 1, len };
    *at = file->data + len;
    *left = (size_t)(end - *at);
    return true;
}
