/*
 * publicpage.h - /public as people read it: HTML with plots drawn in it, no script, nothing from elsewhere.
 */
#ifndef PUBLICPAGE_H
#define PUBLICPAGE_H

#include <jansson.h>

#include "base/buf.h"

struct menu;

enum publicpage_lang { PUBLICPAGE_EN = 0, PUBLICPAGE_BN, PUBLICPAGE_LANGS };

/* all: the document of /public.json (kheya-public-1); what is not there is left out.  menu: services are called by their
 * titles there; one that it does not have is called by its name.  NULL: all by their names. */
void publicpage_write(const json_t *all, const struct menu *menu, enum publicpage_lang lang, struct buf *out);

#endif
