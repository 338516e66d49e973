/*
 * selfcheck.h - `telco selfcheck`: the codec and the alphabets prove
 * themselves, without a socket.
 */
#ifndef SELFCHECK_H
#define SELFCHECK_H

int selfcheck_main(int argc, char **argv);

#endif
