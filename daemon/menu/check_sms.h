/*
 * check_sms.h - what may stand in a message, and how long it may be.
 */
#ifndef CHECK_SMS_H
#define CHECK_SMS_H

#include <stdbool.h>

#include "menu/issue.h"
#include "menu/model.h"

/* Works on a tree with errors: what is missing is passed over. */
void check_sms(const struct menu *m, struct menu_issues *issues);

/* What a text costs as a message in one language, each value at its widest; segments 0: there is no such text. */
struct check_sms_cost {
    int segments;
    int length;                         /* UCS-2 units where ucs2, else septets */
    bool ucs2;
};
struct check_sms_cost check_sms_cost(const struct menu *m, const struct menu_text *text, int lang);

#endif
