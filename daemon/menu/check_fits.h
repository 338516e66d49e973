/*
 * check_fits.h - every page of every screen fits every link, at its widest.
 */
#ifndef CHECK_FITS_H
#define CHECK_FITS_H

#include "menu/issue.h"
#include "menu/model.h"

/* Errors: an option or a word that no page holds, a sentence of the program that
 * needs a second page, an option whose number is the key for more where there
 * can be more.  Works on a tree with errors: what is missing is passed over. */
void check_fits(const struct menu *m, const struct menu_links *links, struct menu_issues *issues);

/* Warnings: many pages, a first page that some networks cut. */
void check_pages(const struct menu *m, const struct menu_links *links, struct menu_issues *issues);

#endif
