/*
 * phone.h - the commands that talk to a running telco: phone, script, load.
 * Each takes its own arguments (argv[0] is its name) and gives an exit status:
 * 0 good, 1 something was wrong, 2 used wrongly.
 */
#ifndef PHONE_H
#define PHONE_H

#include <stdio.h>

struct json_t;

int phone_main(int argc, char **argv);
int play_main(int argc, char **argv);
int load_main(int argc, char **argv);

/* A screen of the control API as lines for a terminal. */
void phone_print(FILE *out, const struct json_t *screen);
void phone_print_sms(FILE *out, const struct json_t *sms);

#endif
