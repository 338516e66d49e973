/*
 * alert.h - kheya alert: a storm's warning for a union, a district or the country.
 */
#ifndef CLI_ALERT_H
#define CLI_ALERT_H

int alert_main(int argc, char **argv);

#endif
