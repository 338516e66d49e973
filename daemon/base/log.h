/*
 * log.h - one line per event on stderr: "<priority>subject event=... key=value".
 *
 * The priority is syslog's, as systemd reads it.  Every line keeps errno.
 * Control characters in a line become '?', so a telco cannot forge a line.
 * No PIN and no full number is ever passed here: use log_mask().
 */
#ifndef LOG_H
#define LOG_H

#include <stdint.h>

#include <stddef.h>

enum log_level {
    LOG_LEVEL_ERR = 3,
    LOG_LEVEL_WARN = 4,
    LOG_LEVEL_INFO = 6,
    LOG_LEVEL_DEBUG = 7,
};

#define LOG_MASK_SIZE 24

/* Lines above max are dropped; LOG_LEVEL_INFO until set. */
void log_set_level(enum log_level max);

/* err: someone must act; warn: degraded; info: one line per business event. */
void log_err(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* "8801712345678" to "88017******78" in out; returns out. */
const char *log_mask(char out[LOG_MASK_SIZE], const char *number);

/* The same of the number of a case. */
const char *log_mask_case(char out[LOG_MASK_SIZE], int64_t number);

#endif
