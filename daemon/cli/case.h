/*
 * case.h - kheya case: cases on the operator's desk.
 */
#ifndef CLI_CASE_H
#define CLI_CASE_H

int case_main(int argc, char **argv);

#endif
