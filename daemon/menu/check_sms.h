/*
 * check_sms.h - what may stand in a message, and how long it may be.
 */
#ifndef CHECK_SMS_H
#define CHECK_SMS_H

#include "menu/issue.h"
#include "menu/model.h"

/* Works on a tree with errors: what is missing is passed over. */
void check_sms(const struct menu *m, struct menu_issues *issues);

#endif
