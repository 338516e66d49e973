/*
 * check_asks.h - no text asks for the PIN or code of a bank or a wallet.
 *
 * Callers who pretend to be an office ask for it; so we never do, and people
 * can be told so.  Judged by words, sentence by sentence: "Never tell anyone
 * your PIN" is good, and so is our own PIN where the input is of type pin.
 */
#ifndef CHECK_ASKS_H
#define CHECK_ASKS_H

#include "menu/issue.h"
#include "menu/model.h"

/* Works on a tree with errors: what is missing is passed over. */
void check_asks(const struct menu *m, struct menu_issues *issues);

#endif
