/*
 * pages.h - what the ministry API answers: cases, events, services and errors
 * as JSON.
 *
 * Here it is decided what an agency's system does not see: sensitive values
 * but their end, whole phone numbers without the right to them, and the number
 * of a card in any text.
 */
#ifndef PAGES_H
#define PAGES_H

#include <jansson.h>
#include <stdbool.h>

#include "base/casefile.h"
#include "menu/model.h"
#include "wire/api.h"

/* menu: that knows the case's service; NULL: none does.  phones: whole. */
json_t *pages_case(const struct casefile *f, const struct menu *menu, bool phones);

/* f: of its case. */
json_t *pages_event(const struct casefile *f, const struct casefile_event *e);

/* The services of an agency, and where its system may move a case. */
json_t *pages_services(const struct menu *menu, const char *agency);

/* {"error": {"code": ..., "message": ...}} */
json_t *pages_problem(const struct api_problem *p);

/* As one line, appended. */
void pages_write(json_t *body_take, struct buf *out);

/* The octets that it would be. */
size_t pages_size(const json_t *body);

#endif
