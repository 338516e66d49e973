/*
 * dial.h - kheya dial: a handset in the terminal, against a running kheyad.
 */
#ifndef DIAL_H
#define DIAL_H

/* kheya dial [-c CONF | --http HOST:PORT] [--msisdn N] [--link L] [--script F]
 * CODE.  Exit code: 0 good, 1 a screen was not the expected one or kheyad did
 * not answer, 2 used wrongly. */
int dial_main(int argc, char **argv);

#endif
