#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LOG_LINE_MAX 2048

static enum log_level log_max = LOG_LEVEL_INFO;

void log_set_level(enum log_level max)
{
    log_max = max;
}

__attribute__((format(printf, 2, 0)))
static void log_write(enum log_level level, const char *fmt, va_list ap)
{
    char line[LOG_LINE_MAX];
    int keep = errno;
    int head;
    int body;
    size_t len;

    if (level > log_max)
        return;
    head = snprintf(line, sizeof line, "<%d>", (int)level);
    body = vsnprintf(line + head, sizeof line - (size_t)head - 1, fmt, ap);
    if (body < 0)
        body = 0;
    len = (size_t)(head + body);
    if (len > sizeof line - 2) {
        len = sizeof line - 2;
        memcpy(line + len - 3, "...", 3);
    }
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
            line[i] = '?';
    line[len++] = '\n';
    /* one write, so that lines of several processes do not mix; a full pipe
     * must not stop the service, so what does not go out is lost */
    if (write(STDERR_FILENO, line, len) < 0)
        errno = 0;
    errno = keep;
}

#define LOG_DEFINE(name, level)                 \
    void name(const char *fmt, ...)             \
    {                                           \
        va_list ap;                             \
                                                \
        va_start(ap, fmt);                      \
        log_write(level, fmt, ap);              \
        va_end(ap);                             \
    }

LOG_DEFINE(log_err, LOG_LEVEL_ERR)
LOG_DEFINE(log_warn, LOG_LEVEL_WARN)
LOG_DEFINE(log_info, LOG_LEVEL_INFO)
LOG_DEFINE(log_debug, LOG_LEVEL_DEBUG)

const char *log_mask(char out[LOG_MASK_SIZE], const char *number)
{
    size_t n = strlen(number);

    if (n >= LOG_MASK_SIZE)
        n = LOG_MASK_SIZE - 1;
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)number[i];

        out[i] = (i >= 5 && i + 2 < n) || c < 0x21 || c > 0x7e ? '*' : (char)c;
    }
    out[n] = '\0';
    return out;
}

const char *log_mask_case(char out[LOG_MASK_SIZE], int64_t number)
{
    char digits[24];

    (void)snprintf(digits, sizeof digits, "%" PRId64, number);
    return log_mask(out, digits);
}
