/*
 * check.h - kheya check: every error and warning of a menu folder in one run.
 */
#ifndef CLI_CHECK_H
#define CLI_CHECK_H

/* argv[0] is "check".  Exit status: 0 no error, 1 errors, 2 used wrongly. */
int check_main(int argc, char **argv);

#endif
