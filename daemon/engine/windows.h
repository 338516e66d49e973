/*
 * windows.h - when services take something, for the country and for single
 * places, as the database says beside the menus.
 *
 * A place that has windows of its own goes by them alone, else a service that
 * has windows for the country goes by those, else by its menu.  Only services
 * whose menus give them a window are ever closed.
 */
#ifndef WINDOWS_H
#define WINDOWS_H

#include <stdbool.h>
#include <stdint.h>

#include "menu/model.h"

struct windows;

struct windows *windows_new(void);
void windows_free(struct windows *w);

/* In the order of service, place and opens, by octets; both days are included. */
void windows_add(struct windows *w, const char *service, const char *place, int32_t opens, int32_t closes);

/* w NULL: by the menus alone.  place "": unknown, the country. */
bool windows_is_open(const struct windows *w, const struct menu_service *s, const char *place, int32_t today);

/* Places that have windows of their own, each once. */
void windows_each_place(const struct windows *w, const struct menu_service *s, void (*fn)(void *arg, const char *place),
                        void *arg);

#endif
