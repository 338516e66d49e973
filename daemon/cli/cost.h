/*
 * cost.h - kheya cost: dialogues in blocks of 90 seconds, from the tape.
 */
#ifndef CLI_COST_H
#define CLI_COST_H

int cost_main(int argc, char **argv);

#endif
