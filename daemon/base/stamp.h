/*
 * stamp.h - times as machines write them to each other: RFC 3339, in UTC.
 */
#ifndef STAMP_H
#define STAMP_H

#include <stdbool.h>
#include <stdint.h>

#define STAMP_SIZE 32

/* ms since the epoch to "2026-11-25T04:00:00.123Z"; returns out.  Before the year
 * 1 and after 9999: the nearest that can be written. */
const char *stamp_write(char out[STAMP_SIZE], int64_t ms);

/* "2026-11-25T10:00:00+06:00", with up to three decimals of a second or without, to ms since the
 * epoch.  False: it is none; *ms is unchanged. */
bool stamp_read(const char *text, int64_t *ms) __attribute__((warn_unused_result));

#endif
