/*
 * savings.h - kheya savings: the visits, time and cost that finished cases spared citizens.
 */
#ifndef CLI_SAVINGS_H
#define CLI_SAVINGS_H

int savings_main(int argc, char **argv);

#endif
