/*
 * check_services.h - the states of services: each has a way in and a way out.
 */
#ifndef CHECK_SERVICES_H
#define CHECK_SERVICES_H

#include "menu/issue.h"
#include "menu/model.h"

void check_services(const struct menu *m, struct menu_issues *issues);

#endif
