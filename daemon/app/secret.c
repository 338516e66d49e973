#include "app/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECRET_FILE_MIN 32              /* octets of the file */
#define SECRET_FILE_MAX 4096
#define SECRET_KEY_MIN 16               /* of a back end's key */

/* All of a small file; -1 with errno. */
static ssize_t secret_slurp(const char *path, unsigned char *out, size_t max, mode_t *mode)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    struct stat st;
    ssize_t n = -1;

    if (fd < 0)
        return -1;
    if (fstat(fd, &st) == 0) {
        *mode = st.st_mode;
        n = read(fd, out, max);
    }
    close(fd);
    return n;
}

bool secret_read(const char *path, const char *use, unsigned char key[SECRET_SIZE], char *err, size_t err_size)
{
    unsigned char file[SECRET_FILE_MAX];
    unsigned char root[SECRET_SIZE];
    mode_t mode = 0;
    ssize_t n = secret_slurp(path, file, sizeof file, &mode);

    if (n < 0) {
        snprintf(err, err_size, "secret '%s': %s", path, strerror(errno));
    } else if (n < SECRET_FILE_MIN) {
        snprintf(err, err_size, "secret '%s': at least %d octets, made like this: head -c 32 /dev/urandom > %s", path,
                 SECRET_FILE_MIN, path);
    } else if ((mode & S_IRWXO) != 0) {
        snprintf(err, err_size, "secret '%s': everybody may read it: chmod o= %s", path, path);
        n = 0;
    }
    if (n < SECRET_FILE_MIN)
        return false;
    (void)crypto_generichash(root, sizeof root, file, (size_t)n, NULL, 0);
    (void)crypto_generichash(key, SECRET_SIZE, (const unsigned char *)use, strlen(use), root, sizeof root);
    sodium_memzero(file, sizeof file);
    sodium_memzero(root, sizeof root);
    return true;
}

size_t secret_read_key(const char *path, unsigned char *key, size_t size, char *err, size_t err_size)
{
    unsigned char file[SECRET_FILE_MAX];
    mode_t mode = 0;
    ssize_t n = secret_slurp(path, file, sizeof file, &mode);
    size_t len = 0;

    if (n < 0)
        (void)snprintf(err, err_size, "key '%s': %s", path, strerror(errno));
    while (n > 0 && (file[n - 1] == '\n' || file[n - 1] == '\r'))
        n--;
    if (n >= 0 && n < SECRET_KEY_MIN)
        (void)snprintf(err, err_size, "key '%s': at least %d octets, which the back end has too", path, SECRET_KEY_MIN);
    else if (n >= 0 && (size_t)n > size)
        (void)snprintf(err, err_size, "key '%s': more than %zu octets", path, size);
    else if (n >= 0 && (mode & S_IRWXO) != 0)
        (void)snprintf(err, err_size, "key '%s': everybody may read it: chmod o= %s", path, path);
    else if (n >= 0)
        len = (size_t)n;
    memcpy(key, file, len);
    sodium_memzero(file, sizeof file);
    return len;
}
