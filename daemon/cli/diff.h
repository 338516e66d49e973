/*
 * diff.h - kheya diff: what changes for citizens from one tree to another.
 */
#ifndef CLI_DIFF_H
#define CLI_DIFF_H

/* argv[0] is "diff".  Exit status: 0 the same, 1 different, 2 used wrongly or
 * not to be compared. */
int diff_main(int argc, char **argv);

#endif
