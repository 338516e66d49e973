/*
 * replay.h - kheya replay: recorded dialogues against a draft of the menus.
 */
#ifndef REPLAY_H
#define REPLAY_H

int replay_main(int argc, char **argv);

#endif
