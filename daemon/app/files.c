#include "app/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"

#define FILES_QUIET_MS 2000             /* somebody may still be writing a younger one */
#define FILES_REJECT_HEAD "line,reason,case,state\n"

static bool files_fail(char err[FILES_ERR], const char *what)
{
    (void)snprintf(err, FILES_ERR, "%.120s: %s", what, strerror(errno));
    return false;
}

static bool files_path(char out[FILES_PATH_MAX], const char *folder, const char *sub, const char *name, const char *end)
{
    int n = snprintf(out, FILES_PATH_MAX, "%s/%s%s%s%s", folder, sub, name[0] != '\0' ? "/" : "", name, end);

    if (n > 0 && n < FILES_PATH_MAX)
        return true;
    errno = ENAMETOOLONG;
    return false;
}

/* --- folders --------------------------------------------------------------------------- */

/* With those above it. */
static bool files_folder(const char *path)
{
    char part[FILES_PATH_MAX];
    size_t n = strlen(path);

    for (size_t i = 1; i <= n && n < sizeof part; i++) {
        if (path[i] != '/' && path[i] != '\0')
            continue;
        memcpy(part, path, i);
        part[i] = '\0';
        if (mkdir(part, 0750) != 0 && errno != EEXIST)
            return false;
    }
    return n < sizeof part;
}

static bool files_sub(const char *folder, const char *sub, char out[FILES_PATH_MAX])
{
    return files_path(out, folder, sub, "", "") && files_folder(out);
}

/* A name is on the disk only when its folder is. */
static bool files_sync_folder(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool good = fd >= 0 && fsync(fd) == 0;

    if (fd >= 0)
        close(fd);
    return good;
}

/* --- writing ----------------------------------------------------------------------------- */

static bool files_put(int fd, const char *p, size_t n)
{
    while (n > 0) {
        ssize_t put = write(fd, p, n);

        if (put < 0 && errno != EINTR)
            return false;
        p += put > 0 ? put : 0;
        n -= put > 0 ? (size_t)put : 0;
    }
    return true;
}

static bool files_fill(const char *path, const void *data, size_t n)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640);
    bool good = fd >= 0 && files_put(fd, data, n) && fsync(fd) == 0;

    return (fd < 0 || close(fd) == 0) && good;
}

bool files_write(const struct files_content *c, char err[FILES_ERR])
{
    char at[FILES_PATH_MAX], whole[FILES_PATH_MAX], part[FILES_PATH_MAX];

    if (!files_sub(c->folder, c->sub, at))
        return files_fail(err, c->folder);
    if (!files_path(whole, c->folder, c->sub, c->name, "") || !files_path(part, c->folder, c->sub, c->name, ".tmp") ||
        !files_fill(part, c->data, c->size) || rename(part, whole) != 0 || !files_sync_folder(at))
        return files_fail(err, c->name);
    return true;
}

/* --- reading ------------------------------------------------------------------------------- */

static bool files_is_csv(const char *name)
{
    size_t n = strlen(name);

    return name[0] != '.' && n > 4 && n < FILES_NAME_MAX && strcasecmp(name + n - 4, ".csv") == 0;
}

static bool files_is_ready(int folder, const char *name)
{
    struct stat st;

    return fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
           clock_now() - (st.st_mtim.tv_sec * INT64_C(1000) + st.st_mtim.tv_nsec / 1000000) >= FILES_QUIET_MS;
}

/* All of it; NULL: longer than FILES_IN_MAX, or it cannot be read. */
static char *files_read(int fd, size_t *size)
{
    struct stat st;
    char *text;
    size_t n = 0;
    ssize_t got = 1;

    if (fstat(fd, &st) != 0 || st.st_size > FILES_IN_MAX)
        return NULL;
    text = xcalloc(1, (size_t)st.st_size + 1);
    while (got > 0 && n < (size_t)st.st_size) {
        got = read(fd, text + n, (size_t)st.st_size - n);
        n += got > 0 ? (size_t)got : 0;
    }
    *size = n;
    if (got >= 0)
        return text;
    free(text);
    return NULL;
}

bool files_slurp(const char *path, char **text, size_t *size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

    *text = fd >= 0 ? files_read(fd, size) : NULL;
    if (fd >= 0)
        close(fd);
    return *text != NULL;
}

static void files_digest(struct files_in *in)
{
    crypto_generichash_state state;

    crypto_generichash_init(&state, NULL, 0, FILES_DIGEST);
    crypto_generichash_update(&state, (const unsigned char *)in->name, strlen(in->name) + 1);
    if (in->text != NULL)
        crypto_generichash_update(&state, (const unsigned char *)in->text, in->size);
    crypto_generichash_final(&state, in->digest, FILES_DIGEST);
}

/* Whoever holds it keeps others off, until he lets go or dies. */
static bool files_hold(int folder, const char *name, struct files_in *in)
{
    struct stat mine, there;

    in->fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (in->fd >= 0 && flock(in->fd, LOCK_EX | LOCK_NB) == 0 && fstat(in->fd, &mine) == 0 &&
        fstatat(folder, name, &there, AT_SYMLINK_NOFOLLOW) == 0 && mine.st_ino == there.st_ino)
        return true;
    if (in->fd >= 0)
        close(in->fd);
    in->fd = -1;
    return false;
}

/* The next by name; "" none. */
static void files_next(DIR *dir, char out[FILES_NAME_MAX])
{
    struct dirent *e;
    char after[FILES_NAME_MAX];

    memcpy(after, out, sizeof after);
    out[0] = '\0';
    rewinddir(dir);
    while ((e = readdir(dir)) != NULL) {
        size_t n = strlen(e->d_name);

        if (files_is_csv(e->d_name) && strcmp(e->d_name, after) > 0 && (out[0] == '\0' || strcmp(e->d_name, out) < 0) &&
            files_is_ready(dirfd(dir), e->d_name))
            memcpy(out, e->d_name, n + 1);
    }
}

/* Where its rejects are gathered: another file of the same name has another place. */
static int files_open_part(const char *folder, const struct files_in *in, int flags, char path[FILES_PATH_MAX])
{
    char hex[2 * FILES_DIGEST + 1], end[2 * FILES_DIGEST + 8];

    (void)snprintf(end, sizeof end, ".%s.part", sodium_bin2hex(hex, sizeof hex, in->digest, FILES_DIGEST));
    return files_path(path, folder, "rejected", in->name, end) ? open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0640) : -1;
}

static void files_load(const char *folder, struct files_in *in)
{
    char part[FILES_PATH_MAX];
    int fd;

    in->text = files_read(in->fd, &in->size);
    files_digest(in);
    fd = files_open_part(folder, in, O_RDONLY, part);
    if (fd >= 0) {
        in->rejects = files_read(fd, &in->rejects_size);
        close(fd);
    }
}

bool files_take(const char *folder, struct files_in *in, char err[FILES_ERR])
{
    static const char *const subs[] = { "in", "out", "done", "rejected" };
    char path[FILES_PATH_MAX];
    char name[FILES_NAME_MAX] = "";
    DIR *dir;

    memset(in, 0, sizeof *in);
    in->fd = -1;
    for (size_t i = 0; i < sizeof subs / sizeof subs[0]; i++)
        if (!files_sub(folder, subs[i], path))
            return files_fail(err, folder);
    dir = files_path(path, folder, "in", "", "") ? opendir(path) : NULL;
    if (dir == NULL)
        return files_fail(err, folder);
    do
        files_next(dir, name);
    while (name[0] != '\0' && !files_hold(dirfd(dir), name, in));
    closedir(dir);
    if (name[0] == '\0')
        return true;
    memcpy(in->name, name, sizeof name);
    files_load(folder, in);
    return true;
}

/* --- what is wrong with it --------------------------------------------------------------------- */

bool files_reject(const char *folder, const struct files_in *in, const char *row, char err[FILES_ERR])
{
    char part[FILES_PATH_MAX];
    int fd = files_open_part(folder, in, O_WRONLY | O_CREAT | O_APPEND, part);
    bool good = fd >= 0 && files_put(fd, row, strlen(row));

    if (fd >= 0)
        close(fd);
    return good || files_fail(err, in->name);
}

void files_release(struct files_in *in)
{
    if (in->fd >= 0)
        close(in->fd);
    in->fd = -1;
    free(in->text);
    free(in->rejects);
    in->text = in->rejects = NULL;
}

/* The rows so far under a head, as NAME in rejected; no rows: nothing. */
static bool files_finish_rejects(const char *folder, const struct files_in *in, char part[FILES_PATH_MAX],
                                 char err[FILES_ERR])
{
    char *rows = NULL, *whole;
    size_t n = 0, head = strlen(FILES_REJECT_HEAD);
    int fd = files_open_part(folder, in, O_RDONLY, part);
    bool good;

    if (fd < 0)
        return errno == ENOENT || files_fail(err, in->name);
    rows = files_read(fd, &n);
    close(fd);
    if (rows == NULL)
        return files_fail(err, in->name);
    whole = xcalloc(1, head + n + 1);
    memcpy(whole, FILES_REJECT_HEAD, head);
    memcpy(whole + head, rows, n);
    good = files_write(&(struct files_content){ folder, "rejected", in->name, whole, head + n }, err);
    free(rows);
    free(whole);
    return good;
}

bool files_finish(const char *folder, struct files_in *in, char err[FILES_ERR])
{
    char from[FILES_PATH_MAX], to[FILES_PATH_MAX], part[FILES_PATH_MAX], again[24] = "";
    bool good = files_finish_rejects(folder, in, part, err);

    for (int i = 2; good; i++) {        /* a name may have been used before */
        if (!files_path(from, folder, "in", in->name, "") || !files_path(to, folder, "done", in->name, again)) {
            good = files_fail(err, in->name);
            break;
        }
        if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
            break;
        good = errno == EEXIST || files_fail(err, in->name);
        (void)snprintf(again, sizeof again, ".%d", i);
    }
    if (good && unlink(part) != 0 && errno != ENOENT)
        good = files_fail(err, in->name);
    files_release(in);
    return good;
}
