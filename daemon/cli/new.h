/*
 * new.h - kheya new: a small valid tree of menus to begin with.
 */
#ifndef CLI_NEW_H
#define CLI_NEW_H

/* argv[0] is "new".  Exit status: 0 written, 1 not, 2 used wrongly. */
int new_main(int argc, char **argv);

#endif
