/*
 * play.h - kheya play: scripted dialogues on the engine, with a clock and a
 * database of their own.
 */
#ifndef CLI_PLAY_H
#define CLI_PLAY_H

/* argv[0] is "play".  Exit status: 0 all passed, 1 not, 2 used wrongly. */
int play_main(int argc, char **argv);

#endif
