/*
 * mass.h - kheya mass: one message to all people of some unions, by two keys.
 */
#ifndef CLI_MASS_H
#define CLI_MASS_H

int mass_main(int argc, char **argv);

#endif
