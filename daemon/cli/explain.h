/*
 * explain.h - kheya explain: what a code of kheya check means.
 */
#ifndef CLI_EXPLAIN_H
#define CLI_EXPLAIN_H

/* argv[0] is "explain".  Exit status: 0 said, 2 used wrongly. */
int explain_main(int argc, char **argv);

#endif
