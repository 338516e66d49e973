/*
 * play_diff.h - an expected page beside the one that was shown.
 *
 * A line "..." in the expected page stands for any number of lines.
 */
#ifndef PLAY_DIFF_H
#define PLAY_DIFF_H

#include <stdbool.h>

bool play_diff_same(const char *expected, const char *shown);

/* Print both, line by line: "-" expected and not there, "+" there and not
 * expected. */
void play_diff_print(const char *expected, const char *shown);

/* Print a page as it is. */
void play_diff_print_page(const char *shown);

#endif
