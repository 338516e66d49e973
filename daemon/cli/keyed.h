/*
 * keyed.h - kheya keyed: numbers of persons as this installation keeps them, for tables
 * that are filled by hand or from other lists.
 */
#ifndef CLI_KEYED_H
#define CLI_KEYED_H

int keyed_main(int argc, char **argv);

#endif
