/*
 * publicpage.h - /public as people read it: HTML with plots drawn in it, no script, nothing from elsewhere.
 */
#ifndef PUBLICPAGE_H
#define PUBLICPAGE_H

#include <jansson.h>

#include "base/buf.h"

enum publicpage_lang { PUBLICPAGE_EN = 0, PUBLICPAGE_BN, PUBLICPAGE_LANGS };

/* all: the document of /public.json (kheya-public-1); what is not there is left out. */
void publicpage_write(const json_t *all, enum publicpage_lang lang, struct buf *out);

#endif
