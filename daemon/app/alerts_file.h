/*
 * alerts_file.h - the warnings that are on, kept on the disk: who starts while the
 * database is away shows them all the same.
 */
#ifndef ALERTS_FILE_H
#define ALERTS_FILE_H

#include <stddef.h>

#include "app/alerts.h"

struct alerts_file;
struct event_base;

/* folder: of this process alone; made when there is none.  NULL with the reason in err. */
struct alerts_file *alerts_file_new(struct event_base *base, const char *folder, char *err, size_t err_size);
void alerts_file_free(struct alerts_file *f);

/* a takes what the file says.  Nothing when there is none; logged when it is not
 * ours.  Reads the disk: before the loop runs. */
void alerts_file_read(const struct alerts_file *f, struct alerts *a);

/* As alerts_take(); written by a thread, whole or not, and logged when it cannot be. */
void alerts_file_write(struct alerts_file *f, const struct store_alert_text *texts, int count);

#endif
