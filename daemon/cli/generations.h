/*
 * generations.h - kheya generations: which menus dialogues run under.
 */
#ifndef CLI_GENERATIONS_H
#define CLI_GENERATIONS_H

int generations_main(int argc, char **argv);

#endif
