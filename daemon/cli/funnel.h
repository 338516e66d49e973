/*
 * funnel.h - kheya funnel: on which screens dialogues are left, from the tape.
 */
#ifndef CLI_FUNNEL_H
#define CLI_FUNNEL_H

int funnel_main(int argc, char **argv);

#endif
