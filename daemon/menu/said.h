/*
 * said.h - what an office says by a number (replies: of a service): which paper
 * is missing, why a case is refused.
 *
 * A case keeps it as a note, in the language of its messages, with the officer's
 * own words behind it: "Copy of the NID. Both sides".  Who reads another language
 * is shown it in hers: a note that begins with a reply of its state is one.
 */
#ifndef SAID_H
#define SAID_H

#include <stddef.h>

#include "base/buf.h"
#include "base/gsm.h"
#include "menu/model.h"

/* State of a service by its name; NULL: none. */
const struct menu_state *said_state(const struct menu_service *s, const char *name, size_t n);

/* The reply of this number; NULL: none.  s may be NULL. */
const struct menu_reply *said_reply(const struct menu_state *s, int number);

/* Its words in a language, and what they cost; NULL: none, or there was an error in them. */
const char *said_words(const struct menu_text *t, int lang, size_t *n, struct gsm_cost *cost);

/* Append it as a note: its words, and a note of the officer's behind them ("" none). */
void said_note(const struct menu_reply *r, int lang, const char *note, struct buf *out);

/* Append a note in another language, at most so many characters of it; as it
 * stands where it is none of the replies.  s may be NULL. */
void said_print(const struct menu *m, const struct menu_state *s, int lang, const char *note, size_t n, int most,
                struct buf *out);

#endif
